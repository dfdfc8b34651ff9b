"""A hostile document is refused with its place, opens nothing, and costs next to nothing (R31, R32)."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.ground.errors import Refusal
from anlan.ground.markup import ELEMENTS_MAX, XML_BYTES_MAX, XML_DEPTH_MAX, read_xml
from tests.rooms.warning.cap.bombs import bombs

CPU_S_MAX, MEMORY_KB_MAX = 1.0, 100 * 1024
SECRET = "a canary that no document may carry out"
CHILD = """
import json, resource, struct, sys, time
from anlan.ground.errors import Refusal
from anlan.rooms.warning.cap.report import report

def peak_kb():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

while head := sys.stdin.buffer.read(4):
    content = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
    before = time.process_time()
    try:
        said = {"code": "", "valid": report(content, "x")["valid"]}
    except Refusal as refusal:
        said = {"code": refusal.code, "place": refusal.place, "mend": refusal.mend}
    print(json.dumps(said | {"cpu_s": time.process_time() - before, "kb": peak_kb()}))
"""


class Canary:
    """A listener that counts, and a file whose reading shows."""

    def __init__(self, folder: Path) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/canary"
        self.path = folder / "canary.txt"
        self.path.write_text(SECRET)
        self.rest()

    def rest(self) -> None:
        """The file looks as if read before it was written, so that one reading moves its time."""
        os.utime(self.path, (1, 2))

    def hits(self) -> int:
        count = 0
        while True:
            try:
                self.socket.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def was_read(self) -> bool:
        return self.path.stat().st_atime_ns != 10**9


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    own = Canary(tmp_path)
    yield own
    own.socket.close()


def test_every_bomb_is_refused_cheaply_and_touches_nothing(canary: Canary) -> None:
    """One child for all of them, so that what one leaves behind counts against the next."""
    corpus = list(bombs(canary.url, str(canary.path)))
    fed = b"".join(struct.pack(">I", len(content)) + content for _n, content, _c in corpus)
    run = subprocess.run([sys.executable, "-c", CHILD], input=fed, capture_output=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(corpus) > 25
    for (name, _content, code), said in zip(corpus, answers, strict=True):
        if code:
            assert said["code"] == code and said["place"] and said["mend"], (name, said)
        else:
            assert said["code"] or not said["valid"], name
        assert said["cpu_s"] <= CPU_S_MAX and said["kb"] <= MEMORY_KB_MAX, (name, said)
    assert SECRET not in run.stdout.decode()
    assert canary.hits() == 0 and not canary.was_read()


def test_mutant_a_reader_that_resolves_entities_is_caught_by_the_canaries(canary: Canary) -> None:
    from lxml import etree

    careless = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False)
    said = b""
    for name, content, _code in bombs(canary.url, str(canary.path)):
        if name == "file entity":
            said += etree.tostring(etree.fromstring(content, careless))
    assert SECRET.encode() in said
    canary.path.read_text()
    assert canary.was_read(), "this file system keeps no time of reading"
    with socket.create_connection(("127.0.0.1", int(canary.url.split(":")[2].split("/")[0]))):
        assert canary.hits() == 1


def test_what_is_just_within_the_limits_is_read() -> None:
    deep = b"<a>" * XML_DEPTH_MAX + b"</a>" * XML_DEPTH_MAX
    assert sum(1 for _e in read_xml(deep, "x").walk()) == XML_DEPTH_MAX
    many = b"<a>" + b"<b/>" * (ELEMENTS_MAX - 1) + b"</a>"
    assert sum(1 for _e in read_xml(many, "x").walk()) == ELEMENTS_MAX
    full = b"<a>" + b"x" * (XML_BYTES_MAX - 7) + b"</a>"
    assert len(full) == XML_BYTES_MAX and len(read_xml(full, "x").text) == XML_BYTES_MAX - 7
    assert read_xml("\ufeff<a>雨&#38646;&amp;</a>".encode(), "x").text == f"雨{chr(38646)}&"


def test_places_are_those_of_the_document() -> None:
    root = read_xml(b"<a>\n  <b/>\n  <c d='1'/>\n</a>", "x")
    assert [(e.name, e.line, e.column) for e in root.walk()] == [
        ("a", 1, 1),
        ("b", 2, 3),
        ("c", 3, 3),
    ]
    with pytest.raises(Refusal) as refusal:
        read_xml(b"<a>\n<b></a>", "x.xml")
    assert "第 2 行" in refusal.value.place and "x.xml" in refusal.value.place
