"""A county under a host name (R70): a real TLS client finds HTTPS, HSTS and secure cookies.

On localhost it is plain HTTP without HSTS, and says so.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.real_county import CODE, RealCounty, real_county

HOST = "anlan.dianjiang.test"
LOGIN = "/accounts/login/"


@pytest.fixture(scope="module")
def county() -> Iterator[RealCounty]:
    """An empty, real county: what it shows before anybody signs in is all that is asked for."""
    with real_county() as own:
        said = own.run("county", "new", CODE, "垫江县")
        assert said.code == 0, (said.answer, said.err)
        own.move_ports()
        yield own


class To(http.client.HTTPSConnection):
    """To this machine, as to the name that DNS would lead there."""

    def __init__(self, port: int, authority: Path | None, name: str = HOST):
        self.context = ssl.create_default_context(cafile=str(authority) if authority else None)
        super().__init__(name, port, timeout=20, context=self.context)

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), 20)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


def asked(connection: http.client.HTTPConnection, path: str, **headers: str) -> Any:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.body = answer.read().decode(errors="replace")  # type: ignore[attr-defined]
    connection.close()
    return answer


def test_plain_on_localhost_and_encrypted_under_a_name(county: RealCounty) -> None:
    answer = county.up()
    assert answer["console"].startswith("http://localhost:")
    plain = http.client.HTTPConnection("localhost", county.site.ports["console"], timeout=20)
    said = asked(plain, LOGIN)
    assert said.status == 200 and said.getheader("Strict-Transport-Security") is None
    assert "secure" not in (said.getheader("Set-Cookie") or "").lower()
    checks = {c["name"]: c for c in county.run("doctor").answer["checks"]}
    assert checks["别的电脑和手机打得开（HTTPS 域名）"]["good"] is False

    assert county.run("https", "local", "127.0.0.1").error["code"] == "https-host"
    told = county.run("https", "local", HOST, "--bind", "127.0.0.1")
    assert told.code == 0, told.answer
    authority = Path(told.answer["authority"])
    county.down()
    answer = county.up()
    assert answer["console"] == f"https://{HOST}:{county.site.ports['console']}/"
    ports = county.site.ports

    said = asked(To(ports["console"], authority), LOGIN)
    assert said.status == 200 and "max-age=31536000" in said.getheader("Strict-Transport-Security")
    cookies = said.headers.get_all("Set-Cookie") or []
    assert cookies and all("secure" in c.lower() for c in cookies)
    assert f"https://{HOST}:{ports['live']}" in said.getheader("Content-Security-Policy")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', said.body)
    assert token is not None
    form = f"csrfmiddlewaretoken={token[1]}&login=nobody&password=x"
    own = f"https://{HOST}:{ports['console']}"
    posted = To(ports["console"], authority)
    posted.request("POST", LOGIN, form, {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": own,
        "Cookie": "; ".join(c.split(";")[0] for c in cookies)})  # fmt: skip
    assert posted.getresponse().status in (200, 302), "its own form passes the check of its origin"
    for part in ("live", "public"):
        assert asked(To(ports[part], authority), "/health").status == 200

    with pytest.raises(ssl.SSLCertVerificationError):
        asked(To(ports["console"], None), LOGIN)
    with pytest.raises(ssl.SSLCertVerificationError):
        asked(To(ports["console"], authority, "other.test"), LOGIN)
    with pytest.raises((http.client.HTTPException, OSError)):
        asked(http.client.HTTPConnection("127.0.0.1", ports["console"], timeout=20), LOGIN)
    forged = asked(To(ports["console"], authority), LOGIN, Host="evil.test")
    assert forged.status == 400
    checks = {c["name"]: c for c in county.run("doctor").answer["checks"]}
    phones = checks["手机认得公众页面的证书"]
    assert phones["good"] is False and phones["mend"]

    assert county.run("https", "off").code == 0
    county.down()
    assert county.up()["console"].startswith("http://localhost:")
