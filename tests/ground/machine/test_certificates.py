"""Certificates of the county's own HTTPS, held against a TLS client that is not ours."""

from __future__ import annotations

import json
import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from anlan.ground.errors import Refusal
from anlan.ground.machine import certificates
from anlan.ground.machine.site import DEFAULT_PORTS, Site, site, tls_folder

NOW = datetime.now(UTC)
HOST = "anlan.dianjiang.test"


def code_of(run: object) -> str:
    with pytest.raises(Refusal) as caught:
        run()  # type: ignore[operator]
    assert caught.value.mend
    return caught.value.code


def shaken(folder: Path, name: str, authority: Path) -> str:
    """What Python's TLS client says to a server with these files: ok, or its reason."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / certificates.CHAIN, folder / certificates.KEY)
    client = ssl.create_default_context(cafile=str(authority))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as wrapped:
                wrapped.recv(1)
        except (ssl.SSLError, OSError):
            return

    worker = threading.Thread(target=serve, daemon=True)
    worker.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as wrapped:
            wrapped.send(b"x")
        return "ok"
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        worker.join(5)


def test_a_client_that_trusts_the_authority_takes_the_certificate_for_its_name_only(
    tmp_path: Path,
) -> None:
    certificates.make_local(tmp_path, HOST, NOW)
    authority = tmp_path / certificates.AUTHORITY
    assert shaken(tmp_path, HOST, authority) == "ok"
    assert "mismatch" in shaken(tmp_path, "other.dianjiang.test", authority).lower()
    certificates.make_local(tmp_path / "other", HOST, NOW)
    other = tmp_path / "other" / certificates.AUTHORITY
    assert shaken(tmp_path, HOST, other) not in ("ok", "")
    for name in (certificates.KEY, certificates.AUTHORITY_KEY):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_authority_stays_when_a_certificate_is_renewed(tmp_path: Path) -> None:
    certificates.make_local(tmp_path, HOST, NOW - timedelta(days=398))
    authority = (tmp_path / certificates.AUTHORITY).read_bytes()
    assert "expired" in shaken(tmp_path, HOST, tmp_path / certificates.AUTHORITY)
    certificates.make_local(tmp_path, HOST, NOW)
    assert (tmp_path / certificates.AUTHORITY).read_bytes() == authority
    assert shaken(tmp_path, HOST, tmp_path / certificates.AUTHORITY) == "ok"


@pytest.mark.parametrize("host", [
    "127.0.0.1", "::1", "192.168.1.5", "localhost", "a.localhost", "", "a", "-a.test", "a..test",
    "a_b.test", "a" * 64 + ".test", "x.test/path", "x.test:443", "x.1", "垫江.测试", "a.test\n",
])  # fmt: skip
def test_what_is_no_host_name_is_refused(host: str) -> None:
    if host == "a.test\n":
        assert certificates.checked_host(host) == "a.test"
        return
    assert code_of(lambda: certificates.checked_host(host)) == "https-host"


def test_a_host_name_is_read_in_lower_case_without_its_last_dot() -> None:
    assert certificates.checked_host(" Anlan.Dianjiang.GOV.cn. ") == "anlan.dianjiang.gov.cn"


def files(folder: Path, host: str, now: datetime = NOW) -> tuple[bytes, bytes]:
    certificates.make_local(folder, host, now)
    return (folder / certificates.CHAIN).read_bytes(), (folder / certificates.KEY).read_bytes()


def test_the_sites_certificate_is_checked_against_key_name_and_date(tmp_path: Path) -> None:
    chain, key = files(tmp_path / "a", HOST)
    other_chain, other_key = files(tmp_path / "b", "*.dianjiang.test")
    into = tmp_path / "c"

    def use(host: str, chain: bytes, key: bytes, now: datetime = NOW) -> None:
        certificates.use_sites(into, host, chain, key, now)

    assert code_of(lambda: use(HOST, chain, other_key)) == "https-key"
    assert code_of(lambda: use("other.test", chain, key)) == "https-name"
    assert code_of(lambda: use("a.b.dianjiang.test", other_chain, other_key)) == "https-name"
    assert code_of(lambda: use("dianjiang.test", other_chain, other_key)) == "https-name"
    assert code_of(lambda: use(HOST, chain, key, NOW + timedelta(days=398))) == "https-date"
    assert code_of(lambda: use(HOST, chain, key, NOW - timedelta(days=2))) == "https-date"
    for bad in (b"", b"rubbish", key):
        assert code_of(lambda b=bad: use(HOST, b, key)) == "https-files"
    assert code_of(lambda: use(HOST, chain, chain)) == "https-files"
    locked = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )  # fmt: skip
    assert code_of(lambda: use(HOST, chain, locked)) == "https-files"
    assert not into.exists(), "nothing was kept"
    use(HOST, other_chain, other_key)
    assert (into / certificates.CHAIN).read_bytes() == other_chain


def test_the_countys_addresses_follow_the_choice_and_the_telephone_box_does_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "county.json").write_text(json.dumps({"code": "500231", "demo": True}))
    own = Site(tmp_path, DEFAULT_PORTS, {"code": "500231"})
    assert own.address("console") == "http://localhost:8000/" and own.bind == "127.0.0.1"
    assert certificates.held(own) is None
    certificates.make_local(tls_folder(tmp_path), HOST, NOW)
    certificates.choose(own, HOST, "0.0.0.0")
    now = site(tmp_path)
    assert now.address("console") == f"https://{HOST}:8000/" and now.bind == "0.0.0.0"
    assert now.address("phonebox") == "http://localhost:8003/"
    found = certificates.held(now)
    assert found is not None and found.local and 390 < (found.ends_at - NOW).days < 400
    (tls_folder(tmp_path) / certificates.CHAIN).unlink()
    assert code_of(lambda: certificates.held(now)) == "https-files"
    certificates.forget(now)
    assert site(tmp_path).address("console") == "http://localhost:8000/"
