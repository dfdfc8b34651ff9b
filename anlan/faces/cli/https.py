"""`anlan https …`: addresses under a host name, encrypted; holds from the next start."""

from __future__ import annotations

import argparse
import ipaddress
from datetime import UTC, datetime
from pathlib import Path

from anlan.faces.cli.answers import Answer
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import Site, certificates, site
from anlan.ground.machine.site import tls_folder

EVERYWHERE = "0.0.0.0"  # noqa: S104
THEN = "make down，再 make up 生效"


def https_local(options: argparse.Namespace) -> Answer:
    """A certificate by the county's own authority."""
    own, host, bind = _made(), certificates.checked_host(options.host), _bind(options.bind)
    folder = tls_folder(own.home)
    certificates.make_local(folder, host, datetime.now(UTC))
    certificates.choose(own, host, bind)
    authority = folder / certificates.AUTHORITY
    text = (
        f"已为 {host} 签发证书，{certificates.SERVER_DAYS} 天内有效；{THEN}\n"
        f"办公电脑要先信任 {authority}（只发这个文件）；\n"
        "村里的手机不认自建的证书：清点链接要给手机用，请用公认机构的证书（anlan https use）"
    )
    return 0, {"schema": "anlan.https/1", "host": host, "authority": str(authority)}, text


def https_use(options: argparse.Namespace) -> Answer:
    """The site's certificate, checked against its key, the name and the date."""
    own, host, bind = _made(), certificates.checked_host(options.host), _bind(options.bind)
    chain, key = _file(options.certificate), _file(options.key)
    certificates.use_sites(tls_folder(own.home), host, chain, key, datetime.now(UTC))
    certificates.choose(own, host, bind)
    return 0, {"schema": "anlan.https/1", "host": host, "authority": None}, f"已换上；{THEN}"


def https_off(_options: argparse.Namespace) -> Answer:
    """This machine only, unencrypted, as at the first start."""
    own = _made()
    certificates.forget(own)
    return 0, {"schema": "anlan.https/1", "host": None}, f"改回 http://localhost；{THEN}"


def _made() -> Site:
    own = site()
    if not (own.home / "ready").exists():
        raise NotRunning("no-county", "本机还没有这个县", str(own.home), "make up")
    return own


def _bind(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError as error:
        raise Refusal(
            "https-bind", "不是本机的地址", address, f"例如 {EVERYWHERE} 或一块网卡的 IP"
        ) from error


def _file(name: str) -> bytes:
    path = Path(name)
    if not path.is_file() or path.stat().st_size > certificates.PEM_BYTES_MAX:
        raise Refusal("file-missing", "没有这个文件，或太大", name, "请核对路径")
    return path.read_bytes()
