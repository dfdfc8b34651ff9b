"""Letters as files: whole or not there, receipts back, and a hostile file taken in no part."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.faces.link import letters, proof, queries, rounds
from anlan.faces.link.adapters import file_drop
from anlan.faces.link.adapters.file_drop import FILE_BYTES_MAX, SCHEMA, USE, folder
from anlan.faces.link.letters import Letter, Receipt
from anlan.ground.errors import Refusal
from tests.conftest import COUNTY
from tests.faces.link.sides import ROUND, THERE, Side, fresh, inbox, make_side, open_zones, outbox


@pytest.fixture
def side(county_db: str) -> Iterator[Side]:
    import shutil

    own = make_side(adapter="file_drop", url="")
    yield own
    shutil.rmtree(folder(own.peer), ignore_errors=True)


def wrapped(side: Side, told: Letter | Receipt, **more: str) -> dict[str, str]:
    what, content = ("letter" if isinstance(told, Letter) else "receipt"), told.text()
    mark = proof.mark(side.key, USE, what, str(THERE), str(COUNTY), content)
    found = {"schema": SCHEMA, "what": what, "from": str(THERE), "to": str(COUNTY),
             "content": content, "mark": mark}  # fmt: skip
    return found | more


def drop(side: Side, name: str, content: Any) -> Path:
    place = folder(side.peer) / "in"
    place.mkdir(parents=True, exist_ok=True)
    path = place / name
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(raw)
    return path


def out(side: Side) -> dict[str, Any]:
    place = folder(side.peer) / "out"
    return {path.name: json.loads(path.read_text()) for path in sorted(place.glob("*"))}


def test_a_letter_is_dropped_whole_and_again_until_its_receipt_comes_back(
    side: Side, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    from tests.faces.link.sides import subscribe

    subscribe(side, scope_of, "headcount")
    open_zones(scope_of)
    rounds.compose(ROUND)
    rounds.carry(ROUND, side.peer, rounds.allowed_of(side.peer))
    found = out(side)
    assert sorted(found) == ["letter-0-0000000000000001.json", "letter-0-state.json"]
    told = found["letter-0-0000000000000001.json"]
    letters.hold(told, "file_drop", "x")
    assert told["content"] == outbox()[0].letter
    assert proof.holds(side.key, told["mark"], USE, "letter", str(COUNTY), str(THERE),
                       told["content"])  # fmt: skip
    assert outbox()[0].receipt_at is None
    (folder(side.peer) / "out" / "letter-0-0000000000000001.json").unlink()
    move_clock(61)
    rounds.carry(ROUND, side.peer, rounds.allowed_of(side.peer))
    assert "letter-0-0000000000000001.json" in out(side)
    drop(side, "receipt-0-known.json", wrapped(side, side.receipt(1)))
    assert rounds.collect(ROUND) == 1
    assert outbox()[0].receipt_at is not None and queries.links(ROUND)[0].state == "well"
    assert list((folder(side.peer) / "in").iterdir()) == []


def test_what_came_is_taken_once_and_answered_by_a_file(side: Side) -> None:
    for number in (2, 1, 2):
        drop(side, f"letter-0-{number:016d}.json", wrapped(side, side.letter(number)))
        rounds.collect(ROUND)
    assert [(row.number, row.times) for row in inbox()] == [(1, 1), (2, 2)]
    told = out(side)["receipt-0-known.json"]
    receipt = letters.read_receipt(told["content"].encode(), "x")
    assert (receipt.highest, receipt.missing, receipt.state) == (2, (), "known")
    assert fresh(side.peer).heard_at is not None


def test_what_does_not_hold_is_answered_by_a_receipt_of_its_own(side: Side) -> None:
    drop(side, "letter-0-1.json", wrapped(side, side.letter(1, {"open": True})))
    rounds.collect(ROUND)
    told = out(side)["receipt-0-refused-0000000000000001.json"]
    receipt = letters.read_receipt(told["content"].encode(), "x")
    assert receipt.error["code"] == "letter-schema" and receipt.error["mend"]
    assert inbox() == []


def hostile(side: Side) -> dict[str, Any]:
    good = wrapped(side, side.letter(1))
    stranger = Side(side.peer, proof.new_key())
    return {
        "mark.json": (good | {"mark": "0" * 64}, "file-mark"),
        "words.json": (good | {"content": side.letter(2).text()}, "file-mark"),
        "what.json": (good | {"what": "receipt"}, "file-mark"),
        "key.json": (wrapped(stranger, side.letter(1)), "file-mark"),
        "from.json": (wrapped(side, side.letter(1), **{"from": "500101000000"}), "file-mark"),
        "name.json": (good | {"names": ["张三"]}, "letter-schema"),
        "half.json": (json.dumps(good).encode()[:200], "letter-json"),
        "empty.json": (b"", "letter-json"),
        "binary.json": (os.urandom(500), "letter-json"),
        "deep.json": (b"[" * 5000, "letter-deep"),
        "large.json": (b" " * (FILE_BYTES_MAX + 1), "letter-large"),
        "twice.json": (b'{"schema": "a", "schema": "b"}', "letter-json"),
        "other.txt": (good, "file-name"),
        "x.JSON": (good, "file-name"),
        "名字.json": (good, "file-name"),
    }


def test_a_hostile_file_is_refused_whole_with_its_place_and_the_mend(
    side: Side, owner_sql: Any
) -> None:
    cases = hostile(side)
    for name, (content, _code) in cases.items():
        drop(side, name, content)
    rounds.collect(ROUND)
    aside = folder(side.peer) / "refused"
    for name, (_content, code) in cases.items():
        said = (aside / f"{name}.why.txt").read_text().splitlines()
        assert said[0] == code and said[1] and name in said[2] and said[3], (name, said)
    assert inbox() == [] and list((folder(side.peer) / "in").iterdir()) == []
    lines = owner_sql("SELECT count(*) FROM ground_journal WHERE result = 'denied'"
                      " AND action = 'link.take'")  # fmt: skip
    assert lines == [(len(cases),)]


def test_links_pipes_and_folders_are_not_read(side: Side, tmp_path: Path) -> None:
    place = folder(side.peer) / "in"
    place.mkdir(parents=True)
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(wrapped(side, side.letter(1))))
    (place / "link.json").symlink_to(secret)
    os.mkfifo(place / "pipe.json")
    (place / "folder.json").mkdir()
    rounds.collect(ROUND)
    assert inbox() == [] and secret.exists() and list(place.iterdir()) == []
    aside = folder(side.peer) / "refused"
    for name in ("link", "pipe", "folder"):
        assert (aside / f"{name}.json.why.txt").read_text().startswith("file-kind")


def test_a_file_that_is_still_being_copied_is_left_alone(side: Side) -> None:
    path = drop(side, ".letter-0-1.json.7.new", b"half")
    assert rounds.collect(ROUND) == 0 and path.exists()


def test_our_own_files_sent_back_to_us_are_no_letters(side: Side) -> None:
    with ROUND.open():
        letter = side.letter(1, sender=COUNTY, receiver=THERE)
        file_drop.send(side.peer, letter, rounds.allowed_of(side.peer))
    own = folder(side.peer)
    (own / "in").mkdir(exist_ok=True)
    (own / "out" / "letter-0-0000000000000001.json").rename(own / "in" / "a.json")
    rounds.collect(ROUND)
    assert (own / "refused" / "a.json.why.txt").read_text().startswith("file-mark")
    assert inbox() == []


def test_a_folder_that_takes_no_file_is_told_and_the_letter_waits(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any, **_more: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("anlan.faces.link.adapters.file_drop.os.fsync", full)
    letter = side.letter(1, sender=COUNTY, receiver=THERE)
    with ROUND.open(), pytest.raises(Refusal) as refused:
        file_drop.send(side.peer, letter, rounds.allowed_of(side.peer))
    assert refused.value.code == "file-drop" and refused.value.mend
    assert [name for name in out(side) if not name.startswith(".")] == []
