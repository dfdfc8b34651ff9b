"""An address that somebody typed reaches nothing of this machine or net, and ends in time (R38, R39)."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from anlan.ground import outside
from anlan.ground.errors import Refusal
from anlan.ground.outside import (
    REDIRECTS_MAX,
    Allowed,
    Budget,
    check_address,
    fetch,
    networks,
    split,
)

LOCAL = (ipaddress.ip_network("127.0.0.0/8"),)
OK = b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 2\r\n\r\nhi'
Serve = Callable[[socket.socket, bytes], None]


class Server:
    """A listener that counts who comes and answers as it is told."""

    def __init__(self, host: str, serve: Serve) -> None:
        self.socket = socket.create_server((host, 0))
        self.port = self.socket.getsockname()[1]
        self.hits: list[bytes] = []
        self.serve = serve
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                own, _who = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(own,), daemon=True).start()

    def _one(self, own: socket.socket) -> None:
        self.hits.append(b"")
        number = len(self.hits) - 1
        with own, contextlib.suppress(OSError):
            asked = b""
            while b"\r\n\r\n" not in asked:
                piece = own.recv(4096)
                if not piece:
                    return
                asked += piece
            self.hits[number] = asked
            self.serve(own, asked)


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(serve: Serve | bytes = OK, host: str = "127.0.0.1") -> Server:
        answer = serve if callable(serve) else lambda own, _asked: own.sendall(serve)
        made.append(Server(host, answer))
        return made[-1]

    yield start
    for one in made:
        one.socket.close()


def allowed(*hosts: str, resolve: Callable[[str, int], list[str]] | None = None,
            nets: tuple = LOCAL) -> Allowed:  # fmt: skip
    return Allowed(frozenset(hosts), nets, resolve or (lambda _host, _port: ["127.0.0.1"]))


def refusal(url: str, where: Allowed, budget: Budget | None = None) -> str:
    with pytest.raises(Refusal) as refused:
        fetch(url, where, budget or Budget(), {})
    assert refused.value.mend
    return refused.value.code


def test_an_allowed_address_answers(server: Callable[..., Server]) -> None:
    own = server()
    answer = fetch(
        f"http://bureau.example:{own.port}/cap?x=1#y", allowed(f"bureau.example:{own.port}"),
        Budget(), {"If-None-Match": '"z"'},
    )  # fmt: skip
    assert (answer.status, answer.content, answer.headers["etag"]) == (200, b"hi", '"a"')
    asked = own.hits[0].decode()
    assert asked.startswith("GET /cap?x=1 HTTP/1.1\r\n") and 'If-None-Match: "z"' in asked
    assert f"Host: bureau.example:{own.port}" in asked and "ookie" not in asked


FORBIDDEN = [
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
    "2001:0:7f00:1::", "not an address",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_of_this_machine_and_net_are_refused(address: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_address(address)
    assert refused.value.code == "out-address"


@pytest.mark.parametrize("address", ["1.1.1.1", "240e::1", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses_are_not(address: str) -> None:
    assert str(check_address(address))


def test_the_intranet_is_reached_only_where_the_row_names_it() -> None:
    own = networks("10.23.0.0/16， 192.168.7.0/24")
    assert check_address("10.23.4.5", own)
    for beyond in ("10.24.0.1", "127.0.0.1", "169.254.169.254", "::1"):
        with pytest.raises(Refusal):
            check_address(beyond, own)
    for wrong in (
        "127.0.0.0/8",
        "169.254.0.0/16",
        "0.0.0.0/0",
        "10.0.0.0/7",
        "::1/128",
        "10.23.1.1/16",
        "x",
    ):
        with pytest.raises(Refusal) as refused:
            networks(wrong)
        assert refused.value.code == "out-network"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://a.example/", "ftp://a.example/", "//a.example/", "a.example",
     "http://", "http:///x", "http://user@a.example/", "http://user:p@a.example/",
     "http://a.example@127.0.0.1/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.0.0.1/",
     "http://127.1/", "http://a.example:99999/", "http://a.example:x/", "http://a_b.example/",
     "http://a.example\\@127.0.0.1/", "http://a.example/\r\nHost: x", "http://a.example/ x",
     "http://ａ.example/", "http://[::ffff:7f00:1]/", "http://a.example/" + "x" * 600],
)  # fmt: skip
def test_urls_that_are_not_plain_are_refused(url: str, server: Callable[..., Server]) -> None:
    own = server()
    where = allowed("a.example:80", f"127.0.0.1:{own.port}", "127.0.0.1:80")
    assert refusal(url, where).startswith("out-")
    assert own.hits == []


def test_a_host_or_a_port_that_the_row_does_not_name_is_not_asked(
    server: Callable[..., Server],
) -> None:
    own = server()
    where = allowed(f"bureau.example:{own.port}")
    for url in (f"http://other.example:{own.port}/", f"http://bureau.example:{own.port + 1}/",
                "http://bureau.example/", f"http://bureau.example.evil.example:{own.port}/"):  # fmt: skip
        assert refusal(url, where) == "out-host"
    assert own.hits == []


def test_a_name_that_points_home_is_refused_with_no_connection(
    server: Callable[..., Server],
) -> None:
    listeners = [server(host=f"127.0.0.{n}") for n in (2, 3, 4)]
    for listener, address in zip(
        listeners, ("127.0.0.2", "::ffff:127.0.0.3", "127.0.0.4"), strict=True
    ):
        where = allowed(
            f"bureau.example:{listener.port}", nets=(),
            resolve=lambda _host, _port, address=address: [address],
        )  # fmt: skip
        assert refusal(f"http://bureau.example:{listener.port}/", where) == "out-address"
    assert [listener.hits for listener in listeners] == [[], [], []]


def test_one_bad_address_among_good_ones_is_enough(server: Callable[..., Server]) -> None:
    own = server(host="127.0.0.2")
    where = allowed(
        f"b.example:{own.port}", nets=(), resolve=lambda _h, _p: ["1.1.1.1", "127.0.0.2"]
    )
    assert refusal(f"http://b.example:{own.port}/", where) == "out-address" and own.hits == []


def test_a_resolver_that_changes_its_answer_is_asked_once(server: Callable[..., Server]) -> None:
    """The first answer is checked and used; the second, which points elsewhere, nobody asks for."""
    good, bad = server(), server(host="127.0.0.2")
    bad_socket_port = bad.port
    answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]]
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    narrow = (ipaddress.ip_network("127.0.0.1/32"),)
    where = allowed(
        f"b.example:{good.port}", f"b.example:{bad_socket_port}", resolve=resolve, nets=narrow
    )
    assert fetch(f"http://b.example:{good.port}/", where, Budget(), {}).content == b"hi"
    assert asked == ["b.example"]
    assert refusal(f"http://b.example:{bad_socket_port}/", where) == "out-address"
    assert bad.hits == []


def redirect(place: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


def test_redirects_are_few_and_each_is_checked(server: Callable[..., Server]) -> None:
    steps: list[str] = []

    def go(own: socket.socket, asked: bytes) -> None:
        path = asked.split()[1].decode()
        steps.append(path)
        number = int(path.strip("/"))
        own.sendall(OK if number == 0 else redirect(f"/{number - 1}"))

    own = server(go)
    where = allowed(f"b.example:{own.port}")
    assert (
        fetch(f"http://b.example:{own.port}/{REDIRECTS_MAX}", where, Budget(), {}).content == b"hi"
    )
    assert len(steps) == REDIRECTS_MAX + 1
    assert refusal(f"http://b.example:{own.port}/{REDIRECTS_MAX + 1}", where) == "out-redirects"
    home = server(host="127.0.0.2")
    for place, code in ((f"http://127.0.0.2:{home.port}/", "out-host"), ("file:///etc/passwd", "out-scheme"),
                        (f"http://c.example:{home.port}/", "out-address"), ("", "out-redirects")):  # fmt: skip
        sends = server(redirect(place))
        names = {"c.example": ["127.0.0.2"]}
        where = allowed(
            f"b.example:{sends.port}", f"c.example:{home.port}",
            resolve=lambda host, _port, names=names: names.get(host, ["127.0.0.1"]),
            nets=(ipaddress.ip_network("127.0.0.1/32"),),
        )  # fmt: skip
        assert refusal(f"http://b.example:{sends.port}/", where) == code
    assert home.hits == []


def test_too_much_is_cut_whether_it_says_so_or_not(server: Callable[..., Server]) -> None:
    def endless(own: socket.socket, _asked: bytes) -> None:
        own.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            own.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")

    for serve in (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", endless):
        own = server(serve)
        where = allowed(f"b.example:{own.port}")
        assert refusal(f"http://b.example:{own.port}/", where) == "out-large"


def test_compressed_content_and_broken_answers_are_refused(server: Callable[..., Server]) -> None:
    for answer, code in (
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
            "out-encoded",
        ),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "out-broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi", "out-broken"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", "out-broken"),
        (b"", "out-broken"),
    ):
        own = server(answer)
        assert refusal(f"http://b.example:{own.port}/", allowed(f"b.example:{own.port}")) == code
    with socket.socket() as nobody:  # bound, and nobody listens
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        assert refusal(f"http://b.example:{port}/", allowed(f"b.example:{port}")) == "out-broken"
    own = server()  # waits for a request that a greeting of TLS is not
    assert (
        refusal(f"https://b.example:{own.port}/", allowed(f"b.example:{own.port}"), Budget(0.3))
        == "out-slow"
    )


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of bureau.example with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bureau.example")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bureau.example")]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "own.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption())
    )  # fmt: skip
    return path


def test_https_trusts_the_name_and_not_only_the_address(
    server: Callable[..., Server], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate)
    own = server(OK)
    plain = own._one

    def secured(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            plain(ours.wrap_socket(sock, server_side=True))

    monkeypatch.setattr(own, "_one", secured)
    where = allowed(f"bureau.example:{own.port}", f"other.example:{own.port}")
    assert refusal(f"https://bureau.example:{own.port}/", where) == "out-tls"
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(outside, "_tls", lambda _authority: trusting)
    assert fetch(f"https://bureau.example:{own.port}/", where, Budget(), {}).content == b"hi"
    assert refusal(f"https://other.example:{own.port}/", where) == "out-tls"


@pytest.mark.parametrize("where", ["headers", "body", "silence"])
def test_a_server_that_drips_is_cut_when_the_budget_ends(
    where: str, server: Callable[..., Server]
) -> None:
    stop = threading.Event()

    def drip(own: socket.socket, _asked: bytes) -> None:
        own.sendall(
            b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 99\r\n\r\n" if where == "body" else b"")
        )
        while not stop.wait(0.02):
            own.sendall({"headers": b"X: y\r\n", "body": b"x", "silence": b""}[where])

    own = server(drip)
    began = time.monotonic()
    # Dripping every 20 ms, it would never meet a limit for a single read.
    assert (
        refusal(f"http://b.example:{own.port}/", allowed(f"b.example:{own.port}"), Budget(0.5))
        == "out-slow"
    )
    stop.set()
    assert time.monotonic() - began < 60, "it ended by itself, not with the server"


def test_a_resolver_that_never_answers_is_left() -> None:
    never = threading.Event()
    where = allowed("b.example:80", resolve=lambda _h, _p: ["127.0.0.1"] if never.wait(30) else [])
    assert refusal("http://b.example/", where, Budget(0.2)) == "out-slow"
    never.set()

    def fails(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("no such name")

    assert refusal("http://b.example/", allowed("b.example:80", resolve=fails)) == "out-resolve"
    assert (
        refusal("http://b.example/", allowed("b.example:80", resolve=lambda _h, _p: []))
        == "out-resolve"
    )


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_a_url(text: str) -> None:
    for url in (text, f"http://{text}", f"http://a.example/{text}"):
        with contextlib.suppress(Refusal):
            _parts, place = split(url)
            assert place.rpartition(":")[2].isdigit()


def test_mutant_a_client_that_resolves_again_would_be_led_home(
    server: Callable[..., Server],
) -> None:
    """What a check before an ordinary client is worth: the listener is hit."""
    home = server(host="127.0.0.2")
    answers = iter([["1.1.1.1"], ["127.0.0.2"]])
    check_address(next(answers)[0])
    with socket.create_connection((next(answers)[0], home.port)) as own:
        own.sendall(b"GET / HTTP/1.1\r\n\r\n")
        own.recv(10)
    assert len(home.hits) == 1
