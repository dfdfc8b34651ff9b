"""`make up` believes an answer only of its own county: servers can share a port unseen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from anlan.faces.cli.start import _answers
from anlan.ground.machine.site import DEFAULT_PORTS, MARK_HEADER, Site


class Says(BaseHTTPRequestHandler):
    mark = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header(MARK_HEADER, self.mark)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_unused: object) -> None:
        return


@pytest.fixture
def answering() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Says)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_another_county_on_our_port_is_no_answer(
    answering: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = tmp_path / "a", tmp_path / "b"
    for home in (ours, other):
        home.mkdir()
    own = Site(ours, DEFAULT_PORTS | {"console": answering}, {})
    assert own.mark != Site(other, DEFAULT_PORTS, {}).mark
    for mark, answers in (("", False), (Site(other, {}, {}).mark, False), (own.mark, True)):
        monkeypatch.setattr(Says, "mark", mark)
        assert _answers(own, "console") is answers


def test_every_process_that_answers_says_whose_it_is(empty_db: str) -> None:
    from django.test import Client

    from anlan.ground.machine import site

    assert Client().get("/health")[MARK_HEADER] == site().mark
