"""HTTPS of the county's own processes: the site's certificate, or one by a local authority.

Flows in: a host name, and a certificate with its key where the site has one. Flows out: files in
the county's key folder and a note in its facts; from the next start every address is HTTPS. A local
authority (made by `cryptography`) serves office machines that were told to trust it; a telephone
trusts only a certificate that everybody trusts.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from anlan.ground.errors import Refusal
from anlan.ground.machine.site import Site, read_facts, tls_folder, write_facts

CHAIN, KEY, AUTHORITY, AUTHORITY_KEY = "server.pem", "server.key", "ca.pem", "ca.key"
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME = re.compile(rf"(?=.{{4,253}}\Z)({LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
AUTHORITY_DAYS, SERVER_DAYS, SOON_DAYS = 3650, 397, 30
PEM_BYTES_MAX = 1_000_000
BACK = dt.timedelta(hours=1)  # clocks of office machines run behind
SERVER_AUTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


@dataclass(frozen=True, slots=True)
class Held:
    """The certificate in use. ends_at: UTC. local: by the county's own authority."""

    host: str
    ends_at: dt.datetime
    local: bool


def checked_host(host: str) -> str:
    """The name in lower case; Refusal where it is an address, or no name that DNS could hold."""
    name = host.strip().rstrip(".").lower()
    try:
        ipaddress.ip_address(name)
        raise _host_refusal(host, "不能用 IP 地址：通行密钥和证书都认域名")
    except ValueError:
        pass
    if not HOST_NAME.fullmatch(name) or name.endswith(".localhost"):
        raise _host_refusal(host, "不是域名")
    return name


def _host_refusal(host: str, why: str) -> Refusal:
    return Refusal("https-host", why, host, "例如 anlan.dianjiang.gov.cn，先在域名服务里指到本机")


def make_local(folder: Path, host: str, now: dt.datetime) -> None:
    """A certificate by the county's own authority, which is made once and stays."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / AUTHORITY).exists():
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder / AUTHORITY_KEY, _key_pem(key))
        _write(folder / AUTHORITY, _authority(key, now).public_bytes(serialization.Encoding.PEM))
    issuer = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
    signing = serialization.load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    own = ec.generate_private_key(ec.SECP256R1())
    _write(folder / KEY, _key_pem(own))
    _write(folder / CHAIN, _server(own, host, issuer, signing, now))


def _authority(key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "安澜 本县自建证书机构")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - BACK)
        .not_valid_after(now + dt.timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    own: ec.EllipticCurvePrivateKey, host: str, issuer: x509.Certificate,
    signing: ec.EllipticCurvePrivateKey, now: dt.datetime,
) -> bytes:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    made = (
        x509.CertificateBuilder(
            issuer.subject, subject, own.public_key(), x509.random_serial_number()
        )
        .not_valid_before(now - BACK)
        .not_valid_after(now + dt.timedelta(days=SERVER_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(SERVER_AUTH, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), False
        )
        .sign(signing, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def use_sites(folder: Path, host: str, chain: bytes, key: bytes, now: dt.datetime) -> None:
    """Keep the site's certificate; Refusal where host, date or key do not fit it."""
    try:
        first = x509.load_pem_x509_certificates(chain)[0]
        own = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm) as error:
        raise Refusal(
            "https-files", "读不懂证书或私钥", str(error)[:200], "要 PEM 格式，私钥不加口令"
        ) from error
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if own.public_key().public_bytes(*spki) != first.public_key().public_bytes(*spki):
        raise Refusal("https-key", "私钥不是这张证书的", "", "找出和证书一起生成的私钥")
    if not any(_covers(name, host) for name in _names(first)):
        told = "、".join(_names(first)) or "没有域名"
        raise Refusal("https-name", "证书不是给这个域名的", told, f"申请 {host} 的证书")
    if not first.not_valid_before_utc <= now <= first.not_valid_after_utc:
        raise Refusal(
            "https-date", "证书还没有生效或已过期",
            f"{first.not_valid_before_utc:%Y-%m-%d} 到 {first.not_valid_after_utc:%Y-%m-%d}",
            "换一张在有效期内的",
        )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder / KEY, _key_pem(own))  # type: ignore[arg-type]
    _write(folder / CHAIN, chain)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in found.value.get_values_for_type(x509.DNSName)]


def _covers(name: str, host: str) -> bool:
    """As browsers read it: a star stands for one label, the first."""
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host


def choose(own: Site, host: str, bind: str) -> None:
    """Note it in the county's facts; it holds from the next start."""
    facts = read_facts(own.home)
    facts["https"] = {"host": host, "bind": bind}
    write_facts(own.home, facts)


def forget(own: Site) -> None:
    """Plain HTTP on localhost again; the files stay."""
    facts = read_facts(own.home)
    facts.pop("https", None)
    write_facts(own.home, facts)


def held(own: Site) -> Held | None:
    """The certificate in use, None on plain HTTP; Refusal where its files are gone."""
    if not own.https_host:
        return None
    folder = tls_folder(own.home)
    try:
        chain = x509.load_pem_x509_certificates((folder / CHAIN).read_bytes())
        first = chain[0]
    except (OSError, ValueError, IndexError) as error:
        raise Refusal(
            "https-files", "证书文件不见了或读不懂", str(folder / CHAIN),
            "再运行 anlan https local 或 anlan https use；anlan https off 改回本机",
        ) from error  # fmt: skip
    local = (folder / AUTHORITY).exists() and first.issuer == x509.load_pem_x509_certificate(
        (folder / AUTHORITY).read_bytes()
    ).subject
    return Held(own.https_host, first.not_valid_after_utc, local)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """For its owner only, whole or not at all."""
    fresh = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(path)
