"""Sources are asked in turn: what is new is taken once, what is slow or wrong rests alone (R38, R39)."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from anlan.ground.outside import Allowed, Budget
from anlan.ground.scope import Scope
from anlan.rooms.warning import queries, source_actions
from anlan.rooms.warning.cap.index import entries
from anlan.rooms.warning.models import Received, Source, Warning
from anlan.rooms.warning.rounds import FETCHES_MAX, Poller, visit
from tests.ground.test_outside import Server
from tests.rooms.warning.cap.messages import alert

ROUND, COMMAND = Scope.for_round("test"), Scope.for_command("test")
NOW = datetime(2024, 7, 10, 14, 20, tzinfo=UTC)
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


class Web:
    """A server of pages that a test sets, with what was asked of it."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[tuple[str, bytes]] = []
        self.server = Server("127.0.0.1", self._serve)
        self.host = f"feed.example:{self.server.port}"
        self.url = f"http://{self.host}"

    def _serve(self, own: socket.socket, asked: bytes) -> None:
        path = asked.split()[1].decode()
        self.asked.append((path, asked))
        own.sendall(self.pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))

    def page(self, path: str, content: bytes, head: str = "") -> None:
        length = f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(content)}\r\n\r\n"
        self.pages[path] = length.encode() + content

    def paths(self) -> list[str]:
        return [path for path, _asked in self.asked]


@pytest.fixture
def web(county_db: str, owner_sql: Any) -> Iterator[Web]:
    owner_sql('UPDATE ground_world SET "offset" = %s - clock_timestamp() WHERE id = 0', (NOW,))
    own = Web()
    yield own
    own.server.socket.close()


def allowed(source: Source) -> Allowed:
    return Allowed(frozenset(source.hosts), (ipaddress.ip_network("127.0.0.1/32"),),
                   lambda _host, _port: ["127.0.0.1"])  # fmt: skip


def add(web: Web, name: str = "县气象台", path: str = "/index.xml", **more: Any) -> Source:
    values = {"name": name, "way": "poll", "url": web.url + path, "hosts": [], "networks": "",
              "senders": ["50023141600000"], "certificate": "", "every_s": 60}  # fmt: skip
    return source_actions.add_source(COMMAND, values | more)


def ask(source: Source, budget: Budget | None = None) -> Source:
    visit(ROUND, source, allowed(source), budget or Budget())
    return fresh(source)


def fresh(source: Source) -> Source:
    with ROUND.open():
        return Source.objects.get(id=source.id)


def received() -> list[Received]:
    with ROUND.open():
        return list(Received.objects.order_by("id"))


def atom(*items: tuple[str, str, str]) -> bytes:
    body = "".join(
        f"<entry><id>{ident}</id><updated>{updated}</updated>"
        f'<link type="application/cap+xml" href="{link}"/></entry>'
        for ident, updated, link in items
    )
    return f"<feed {ATOM}><title>x</title>{body}</feed>".encode()


def test_an_index_is_followed_once_oldest_first(web: Web) -> None:
    web.page("/a.xml", alert("A"))
    web.page(
        "/b.xml", alert("B", kind="Cancel", references="50023141600000,A,2024-07-10T22:15:00+08:00")
    )
    web.page("/index.xml", atom(("b", "2024-07-10T22:16:00+08:00", "/b.xml"),
                                ("a", "2024-07-10T22:15:00+08:00", f"{web.url}/a.xml")),
             'ETag: "v1"\r\nLast-Modified: Wed, 10 Jul 2024 14:16:00 GMT\r\n')  # fmt: skip
    source = ask(add(web))
    assert web.paths() == ["/index.xml", "/a.xml", "/b.xml"]
    assert [(row.identifier, row.state) for row in received()] == [
        ("A", "drafted"),
        ("B", "drafted"),
    ]
    assert (source.etag, source.failures, source.took) == (
        '"v1"',
        0,
        2,
    ) and source.ok_at is not None
    web.pages["/index.xml"] = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    source = ask(source)
    assert (
        b'If-None-Match: "v1"' in web.asked[3][1]
        and b"If-Modified-Since: Wed, 10" in web.asked[3][1]
    )
    assert len(web.asked) == 4 and source.failures == 0 and len(received()) == 2


def test_a_changed_index_fetches_only_what_is_new(web: Web) -> None:
    web.page("/a.xml", alert("A"))
    web.page("/c.xml", alert("C"))
    first = ("a", "2024-07-10T22:15:00+08:00", "/a.xml")
    web.page("/index.xml", atom(first))
    source = ask(add(web))
    web.page("/index.xml", atom(first, ("c", "2024-07-10T22:17:00+08:00", "/c.xml")))
    ask(source)
    assert web.paths() == ["/index.xml", "/a.xml", "/index.xml", "/c.xml"]


def test_a_single_message_and_an_rss_index_are_read_too(web: Web) -> None:
    web.page("/one.xml", alert("A"))
    source = ask(add(web, "一条", "/one.xml"))
    ask(source)
    assert [row.identifier for row in received()] == ["A"]
    web.page("/b.xml", alert("B"))
    rss = (
        f"<rss version='2.0'><channel><item><guid>b</guid><link>{web.url}/b.xml</link>"
        "<pubDate>Wed, 10 Jul 2024 22:15:00 +0800</pubDate></item></channel></rss>"
    )
    web.page("/rss.xml", rss.encode())
    ask(add(web, "RSS", "/rss.xml"))
    assert [row.identifier for row in received()] == ["A", "B"]


def test_a_message_that_stands_in_the_index_itself_is_taken(web: Web) -> None:
    inside = f"<feed {ATOM}><entry><id>a</id><updated>x</updated><content>{alert('A').decode()}</content></entry></feed>"
    web.page("/index.xml", inside.encode())
    ask(add(web))
    assert web.paths() == ["/index.xml"]
    assert [(row.identifier, row.state) for row in received()] == [("A", "drafted")]


def test_links_that_lead_elsewhere_are_put_down_and_never_asked(web: Web) -> None:
    home = Server("127.0.0.2", lambda own, _asked: own.sendall(b""))
    bad = (f"http://127.0.0.2:{home.port}/", "http://other.example/", "file:///etc/passwd")
    web.page("/index.xml", atom(*((link, "2024-07-10T22:15:00+08:00", link) for link in bad)))
    source = ask(add(web))
    ask(source)
    assert {row.state for row in received()} == {"refused"} and len(received()) == 3
    assert {reason["code"] for row in received() for reason in row.reasons} == {
        "out-host",
        "out-scheme",
    }
    assert home.hits == [] and source.failures == 0
    home.socket.close()


def test_a_bomb_of_a_source_is_a_failure_of_that_source(web: Web) -> None:
    source = add(web)
    for content in (
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a>" * 70,
        b"x" * (5 * 1024 * 1024 + 1),
    ):
        web.page("/index.xml", content)
        source = ask(source)
    assert source.failures == 3 and source.error.startswith("out-large") and received() == []


def test_after_five_failures_a_source_rests_and_then_is_tried_once(
    web: Web, move_clock: Callable[[float], None], owner_sql: Any
) -> None:
    source = add(web)
    poller = Poller(allowed)
    for _time in range(7):
        poller(ROUND)
        wait(poller)
        move_clock(61)
    assert len(web.asked) == 5 and fresh(source).failures == 5
    assert [h.state for h in queries.source_health(COMMAND)] == ["resting"]
    lines = owner_sql("SELECT count(*) FROM ground_journal WHERE action = 'warning.source.failed'")
    assert lines == [(2,)], "the first failure and the one that opens the breaker"
    move_clock(900)
    poller(ROUND)
    wait(poller)
    assert len(web.asked) == 6
    web.page("/index.xml", atom())
    move_clock(1000)
    poller(ROUND)
    wait(poller)
    assert fresh(source).failures == 0 and fresh(source).rests_until is None


def wait(poller: Poller) -> None:
    """Until every thread of the pass has come back."""
    poller.pool.shutdown(wait=True)
    poller.pool = type(poller.pool)(source_actions.SOURCES_MAX, "feed")


def test_a_source_that_hangs_holds_no_other_up(
    web: Web, move_clock: Callable[[float], None]
) -> None:
    stop = threading.Event()

    def hang(_own: socket.socket, _asked: bytes) -> None:
        stop.wait(60)

    slow = Web()
    slow.server.serve = hang
    add(slow, "慢")
    good = add(web, "好")
    web.page("/index.xml", atom())
    poller = Poller(allowed, lambda: Budget(30))
    assert poller(ROUND) == 2
    for _time in range(3):
        wait_for(lambda: fresh(good).asked_at == fresh(good).ok_at or bool(fresh(good).ok_at))
        wait_for(lambda: good.id not in poller.running)
        move_clock(61)
        poller(ROUND)
    assert web.paths().count("/index.xml") >= 3
    assert len(slow.server.hits) == 1, "one that has not come back is not asked again"
    stop.set()
    poller.pool.shutdown(wait=True)
    slow.server.socket.close()


def wait_for(holds: Callable[[], bool]) -> None:
    for _time in range(2000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came")


def test_a_long_index_is_taken_in_parts_and_none_is_lost(web: Web) -> None:
    count = FETCHES_MAX + 3
    for n in range(count):
        web.page(f"/{n}.xml", alert(f"N{n}", status="Test"))
    web.page("/index.xml", atom(*((str(n), "2024-07-10T22:15:00+08:00", f"/{n}.xml") for n in range(count))),
             'ETag: "v1"\r\n')  # fmt: skip
    source = ask(add(web))
    assert len(received()) == FETCHES_MAX and source.etag == ""
    source = ask(source)
    assert len(received()) == count and source.etag == '"v1"'


def test_a_slow_entry_leaves_the_rest_for_the_next_time(web: Web) -> None:
    web.page("/a.xml", alert("A"))
    web.pages["/b.xml"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    web.page("/index.xml", atom(("a", "2024-07-10T22:14:00+08:00", "/a.xml"),
                                ("b", "2024-07-10T22:15:00+08:00", "/b.xml")), 'ETag: "v1"\r\n')  # fmt: skip
    source = ask(add(web))
    assert (
        source.failures == 1 and source.etag == "" and [r.identifier for r in received()] == ["A"]
    )
    web.page("/b.xml", alert("B"))
    source = ask(source)
    assert source.failures == 0 and [r.identifier for r in received()] == ["A", "B"]


def test_a_page_that_is_no_index_and_no_message_says_so(web: Web) -> None:
    web.page("/index.xml", b"<html/>")
    source = ask(add(web))
    assert [row.state for row in received()] == ["refused"] and source.failures == 0
    with ROUND.open():
        assert not Warning.objects.exists()
    assert entries.__doc__
