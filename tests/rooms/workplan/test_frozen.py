"""Plans that were written apart from the reader and frozen before it saw them."""

from __future__ import annotations

import hashlib

import pytest

from anlan.rooms.workplan.reader import rows as reader_rows
from tests.rooms.workplan.accuracy import FROZEN, Score, score, truths

ASKED = {
    "rows and names": 100.0,
    "units with lead": 99.0,
    "quantities recall": 97.0,
    "quantities precision": 95.0,
}


def whole() -> Score:
    found = Score()
    for truth in truths():
        found.add(score(truth))
    return found


def test_the_frozen_files_are_the_ones_that_were_frozen() -> None:
    lines = (FROZEN / "SHA256SUMS").read_text(encoding="utf-8").split("\n")
    listed = [line.split(maxsplit=1) for line in lines if line.strip()]
    assert len(listed) >= 34
    for digest, name in listed:
        assert hashlib.sha256((FROZEN / name.lstrip("*")).read_bytes()).hexdigest() == digest, name


def test_rows_units_and_quantities_of_all_frozen_plans() -> None:
    found = whole()
    assert found.counts["row"] >= 306
    for name, least in ASKED.items():
        assert found.figures()[name] >= least, (name, found.faults[:20])


@pytest.mark.parametrize("name", ["n01-minutes", "n02-budget", "n03-news"])
def test_what_is_no_plan_is_refused_as_none(name: str) -> None:
    truth = next(own for own in truths() if own["file"].startswith(name))
    assert score(truth).counts["refusal right"] == 1


def test_mutants_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that never inherits, and one that reads no quantities, fall below what is asked."""
    truth = [own for own in truths() if own["file"].startswith(("p04", "p12"))]
    with monkeypatch.context() as broken:
        broken.setattr(reader_rows, "_take", lambda *_: None)
        assert any(score(own).figures()["units with lead"] < 99 for own in truth)
    with monkeypatch.context() as broken:
        broken.setattr(reader_rows, "quantities", lambda *_a, **_k: [])
        assert all(score(own).figures()["quantities recall"] < 97 for own in truth)
