"""On the frozen forty, and on any of them under other names, times and widths, nothing is wrong.

A field is right or doubted, never wrong without a doubt; and the reader is of use: most of what
can be known from the texts is read.
"""

from __future__ import annotations

import copy
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.rooms.warning.decisions import read_items
from anlan.rooms.warning.reader import areas
from tests.rooms.warning.bulletins import score
from tests.rooms.warning.bulletins.score import NOW, PLACES, TOWNS

RIGHT_MIN = 0.84  # of what needs no doubt, as recorded in FIGURES.md
LINES = score.lines()
SUFFIXES = ("街道", "镇", "乡")
WIDE = str.maketrans("0123456789:", "０１２３４５６７８９：")


def wrong(line: dict[str, Any]) -> list[str]:
    found = score.score(line, read_items(line["text"], PLACES, NOW))
    return [*found.notes, *([found.grave] if found.grave else [])]


@pytest.mark.parametrize("line", LINES, ids=[line["id"] for line in LINES])
def test_no_field_of_the_forty_is_wrong_without_a_doubt(line: dict[str, Any]) -> None:
    assert wrong(line) == []


def test_the_reader_is_of_use() -> None:
    table, _scored = score.run()
    number, share = score.shares(table)
    assert number == 0 and share >= RIGHT_MIN, share


def short(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def renamed(line: dict[str, Any], seed: int) -> dict[str, Any]:
    """Every township under the name of another of its sort."""
    drawn = random.Random(seed)
    pairs: dict[str, str] = {}
    for suffix in SUFFIXES:
        own = [name for name in TOWNS if name.endswith(suffix)]
        pairs |= dict(zip(own, drawn.sample(own, len(own)), strict=True))
    words = pairs | {short(old): short(new) for old, new in pairs.items()}
    pattern = re.compile("|".join(sorted(words, key=len, reverse=True)))
    made = copy.deepcopy(line)
    made["text"] = pattern.sub(lambda found: words[found[0]], line["text"])
    for item in made["gold"]["items"]:
        item["townships"] = [pairs[name] for name in item["townships"]]
        item["except"] = [pairs[name] for name in item["except"]]
    return made


def retimed(line: dict[str, Any], minute: int, hours: int) -> dict[str, Any]:
    """Another minute of issue and another number of hours ahead, where the text says them plainly."""
    made = copy.deepcopy(line)
    gold, text = made["gold"], made["text"]
    ahead = re.search(r"未来(\d+)小时", text)
    if ahead and gold["valid_hours"] == [int(ahead[1])] * 2:
        made["text"] = text = text.replace(ahead[0], f"未来{hours}小时", 1)
        gold["valid_hours"] = [hours, hours]
        at = gold["issued_at"]
        said = f"{int(at[14:16]):02d}分" if at else ""
        if said and text.count(said + "发布") == 1 and gold["valid_from"] == at:
            made["text"] = text.replace(said + "发布", f"{minute:02d}分发布", 1)
            gold["issued_at"] = gold["valid_from"] = f"{at[:14]}{minute:02d}{at[16:]}"
    return made


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(LINES), st.integers(0, 10**6), st.integers(0, 59), st.integers(1, 72),
    st.booleans(),
)  # fmt: skip
def test_under_other_names_times_and_widths_nothing_is_wrong(
    line: dict[str, Any], seed: int, minute: int, hours: int, wide: bool
) -> None:
    made = retimed(renamed(line, seed), minute, hours)
    if wide:
        made["text"] = made["text"].translate(WIDE)
    assert wrong(made) == [], made["text"]


def test_mutant_a_reader_that_takes_an_open_list_for_whole_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(areas.w, "OPEN_LIST", ())
    monkeypatch.setattr(areas, "_counted", lambda *_unused: True)
    caught = [line["id"] for line in LINES if wrong(line)]
    assert {"F13", "F22"} <= set(caught)
