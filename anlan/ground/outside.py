"""The way out: the one place from which this program fetches an address that somebody typed.

Flows in: a URL, the hosts that its row allows, a budget of seconds and bytes, and what to send
there, if anything. Flows out: an answer, or a `Refusal` that says what was wrong. A name is
resolved once for each request, every address that it yields is checked, and the connection goes to
the checked address itself: a name that answers otherwise a moment later is not asked again.
Redirects are followed by us, a few, each checked like the first. Every read has what is left of the
budget as its limit, so that a server that drips byte by byte is cut off when the budget ends. No
proxy, cookie, credential, compression.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import certifi
import httpcore

from anlan.ground.errors import Refusal

TOTAL_S = 10.0
TOTAL_BYTES = 5 * 1024 * 1024
REDIRECTS_MAX = 3
URL_CHARS_MAX = 500
ADDRESSES_MAX = 16
PORTS = {"http": 80, "https": 443}
MOVED = frozenset({301, 302, 303, 307, 308})
HOST = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z"
)
# Where a county's own intranet may lie. Loopback, link-local and all others never may.
INTRANET = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
# Addresses that carry another one inside: the inner one is checked.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], list[str]]


def ask_system(host: str, port: int) -> list[str]:
    """The addresses of a name, as the machine's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where a row may fetch: `host:port` pairs, and networks of the county's own intranet.

    authority: PEM of one more authority that may have signed the other side's certificate.
    """

    hosts: frozenset[str]
    networks: tuple[Network, ...] = ()
    resolve: Resolve = ask_system
    authority: str = ""


@dataclass(slots=True)
class Budget:
    """What one visit may cost, with all its redirects and parts: seconds and bytes."""

    seconds: float = TOTAL_S
    bytes_left: int = TOTAL_BYTES
    began: float = field(default_factory=time.monotonic)

    def left_s(self) -> float:
        """Seconds left; Refusal where there are none."""
        left = self.began + self.seconds - time.monotonic()
        if left <= 0:
            raise Refusal("out-slow", f"{self.seconds:g} 秒内没有收完", "", "对方太慢，下一次再试")
        return left

    def take(self, count: int) -> None:
        """Count bytes; Refusal where they are too many."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise Refusal(
                "out-large", f"内容超过 {TOTAL_BYTES // 1024 // 1024} MB", "", "请核对这个地址"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. headers: names in small letters; url: where the redirects ended."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str


def split(url: str) -> tuple[SplitResult, str]:
    """The parts of a URL and its `host:port`; Refusal where it is none that we fetch."""
    if len(url) > URL_CHARS_MAX or not url.isascii() or re.search(r"[\x00-\x20\\\x7f]", url):
        raise _refused("out-url", "网址里有不可用的字符", url, "请写 http(s)://主机:端口/路径")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("out-url", "网址不对", url, "请写 http(s)://主机:端口/路径") from None
    if parts.scheme not in PORTS:
        raise _refused("out-scheme", "只能用 http 或 https", url, "请改网址")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _refused("out-url", "网址里不能写用户名或口令", url, "请去掉")
    host = parts.hostname or ""
    if not _is_host(host):
        raise _refused("out-host", "主机名不对", host, "请写域名，或规范写法的 IP 地址")
    shown = f"[{host}]" if ":" in host else host
    return parts, f"{shown}:{PORTS[parts.scheme] if port is None else port}"


def _is_host(host: str) -> bool:
    """A domain name, or an address in its canonical form: no 0177.1, no 2130706433, no 0x7f.1."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return bool(HOST.match(host))


def networks(text: str) -> tuple[Network, ...]:
    """`10.23.0.0/16, 10.24.1.0/24` → networks; only of the private ranges of an intranet."""
    found: list[Network] = []
    for piece in re.split(r"[\s,，、]+", text.strip()):
        if not piece:
            continue
        try:
            network = ipaddress.ip_network(piece)
        except ValueError:
            raise _refused("out-network", "网段写法不对", piece, "例如 10.23.0.0/16") from None
        if not any(
            network.version == own.version and network.subnet_of(own)  # type: ignore[arg-type]
            for own in INTRANET
        ):
            raise _refused(
                "out-network",
                "只能写内网网段",
                piece,
                "10、172.16 到 172.31、192.168 开头的，或 fc00::/7",
            )
        found.append(network)
    return tuple(found)


def check_address(text: str, own: Iterable[Network] = ()) -> Address:
    """The address where it may be connected to; Refusal for every one of this machine or net."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise _refused("out-address", "解析出的地址不对", text, "请核对域名") from None
    inner = _inner(found)
    within = any(inner.version == network.version and inner in network for network in own)
    if "%" in text or inner.is_multicast or not (inner.is_global or within):
        raise _refused("out-address", "不能连接这个地址", text, "它指向本机、内网或保留地址")
    return found


def _inner(found: Address) -> Address:
    """What an IPv6 address stands for where it carries an IPv4 one."""
    if isinstance(found, ipaddress.IPv4Address):
        return found
    if found.ipv4_mapped is not None:
        return found.ipv4_mapped
    if found.sixtofour is not None:
        return found.sixtofour
    if found.teredo is not None:
        return found.teredo[1]
    if found in NAT64:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found


def fetch(url: str, allowed: Allowed, budget: Budget, headers: Mapping[str, str]) -> Answer:
    """GET the URL, following at most REDIRECTS_MAX redirects within what is allowed."""
    secure = False
    for _step in range(REDIRECTS_MAX + 1):
        parts, place = split(url)
        if place not in allowed.hosts:
            raise _refused(
                "out-host", "这个主机不在来源的名单里", place, "请在来源里登记主机和端口"
            )
        if secure and parts.scheme != "https":
            raise _refused("out-scheme", "不能从 https 跳到 http", url, "请核对这个地址")
        secure = parts.scheme == "https"
        answer = _once(parts, url, allowed, budget, _Asked("GET", headers))
        if answer.status not in MOVED:
            return answer
        url = urljoin(url, answer.headers.get("location", ""))
    raise _refused("out-redirects", f"跳转超过 {REDIRECTS_MAX} 次", url, "请直接登记最后的地址")


def post(
    url: str, allowed: Allowed, budget: Budget, headers: Mapping[str, str], content: bytes
) -> Answer:
    """POST to the URL under the same rules; it is never sent on to where a redirect points."""
    answer = send("POST", url, allowed, budget, headers, content)
    if answer.status in MOVED:
        raise _refused("out-redirects", "对方要求跳转，没有发过去", url, "请直接登记最后的地址")
    return answer


def send(
    method: str, url: str, allowed: Allowed, budget: Budget, headers: Mapping[str, str],
    content: bytes = b"",
) -> Answer:  # fmt: skip
    """One request to an allowed host; a redirect is the answer and is not followed."""
    parts, place = split(url)
    if place not in allowed.hosts:
        raise _refused("out-host", "这个主机不在名单里", place, "请登记主机和端口")
    sized = {"Content-Length": str(len(content))} if content else {}
    asked = _Asked(method, {**sized, **headers}, content or None)
    return _once(parts, url, allowed, budget, asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    headers: Mapping[str, str]
    content: bytes | None = None


def _once(parts: SplitResult, url: str, allowed: Allowed, budget: Budget, asked: _Asked) -> Answer:
    plain = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))
    sent = {"Host": parts.netloc, "User-Agent": "anlan", "Accept-Encoding": "identity",
            **asked.headers}  # fmt: skip
    try:
        with httpcore.ConnectionPool(
            ssl_context=_tls(allowed.authority) if parts.scheme == "https" else None,
            max_connections=1, network_backend=_Checked(allowed, budget),
        ) as pool, pool.stream(
            asked.method, plain, headers=list(sent.items()), content=asked.content
        ) as answer:  # fmt: skip
            said = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in answer.headers
            }
            body = b"" if answer.status in MOVED else _body(answer, said, budget)
            return Answer(answer.status, said, body, url)
    except (httpcore.TimeoutException, TimeoutError):
        budget.left_s()
        raise _refused("out-slow", "对方没有及时回答", url, "下一次再试") from None
    except (
        httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError
    ) as error:  # fmt: skip
        why = str(error)[:100] or type(error).__name__
        if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
            raise _refused("out-tls", f"证书不对：{why}", url, "请核对对方的证书") from None
        raise _refused("out-broken", f"连接不成：{why}", url, "请核对网络和对方") from None


def _body(answer: Any, headers: Mapping[str, str], budget: Budget) -> bytes:
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise _refused(
            "out-encoded", "对方发来压缩的内容", headers["content-encoding"], "请对方不要压缩"
        )
    length = headers.get("content-length", "")
    if length.isdigit() and len(length) < 18 and int(length) > budget.bytes_left:
        budget.take(int(length))
    pieces = []
    for piece in answer.iter_stream():
        budget.take(len(piece))
        budget.left_s()
        pieces.append(piece)
    return b"".join(pieces)


@lru_cache(maxsize=16)
def _tls(authority: str = "") -> ssl.SSLContext:
    """The machine's own authorities (a site may have one), the public ones, and one more."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if authority:
        context.load_verify_locations(cadata=authority)
    return context


class _Checked(httpcore.NetworkBackend):
    """Connects to what was checked, and to nothing else."""

    def __init__(self, allowed: Allowed, budget: Budget) -> None:
        self.allowed, self.budget = allowed, budget
        self.plain = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None,
                    local_address: str | None = None,
                    socket_options: Any = None) -> httpcore.NetworkStream:  # fmt: skip
        found = self._resolved(host.strip("[]"), port)
        checked = [check_address(text, self.allowed.networks) for text in found]
        if not checked:
            raise _refused("out-resolve", "域名没有地址", host, "请核对域名")
        stream = self.plain.connect_tcp(str(checked[0]), port, timeout=self.budget.left_s())
        return _Bounded(stream, self.budget)

    def connect_unix_socket(self, path: str, timeout: float | None = None,
                            socket_options: Any = None) -> httpcore.NetworkStream:  # fmt: skip
        raise _refused("out-scheme", "只能用 http 或 https", path, "请改网址")

    def _resolved(self, host: str, port: int) -> list[str]:
        """What the resolver says, asked once, in a thread: it has no limit of its own."""
        said: queue.Queue[list[str] | OSError] = queue.Queue(1)

        def ask() -> None:
            try:
                said.put(self.allowed.resolve(host, port))
            except OSError as error:
                said.put(error)

        threading.Thread(target=ask, daemon=True, name="resolve").start()
        try:
            found = said.get(timeout=self.budget.left_s())
        except queue.Empty:
            raise _refused("out-slow", "域名解析没有及时回答", host, "下一次再试") from None
        if isinstance(found, OSError):
            raise _refused("out-resolve", "域名解析不出", host, "请核对域名和网络") from None
        return found[:ADDRESSES_MAX]


class _Bounded(httpcore.NetworkStream):
    """A stream every step of which may take what is left of the budget."""

    def __init__(self, stream: httpcore.NetworkStream, budget: Budget) -> None:
        self.stream, self.budget = stream, budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, timeout=self.budget.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout=self.budget.left_s())

    def close(self) -> None:
        self.stream.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None,
                  timeout: float | None = None) -> httpcore.NetworkStream:  # fmt: skip
        made = self.stream.start_tls(ssl_context, server_hostname, timeout=self.budget.left_s())
        return _Bounded(made, self.budget)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _refused(code: str, message: str, place: str, mend: str) -> Refusal:
    kept = "".join(c if c.isprintable() else " " for c in place)[:200]
    return Refusal(code, message, kept, mend, 502)
