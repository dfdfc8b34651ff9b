"""Kernels compiled beforehand, and never from a text that has changed since."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from anlan.science import warm


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(warm, "ROOT", tmp_path)
    monkeypatch.setattr(warm.os, "nice", lambda _by: 19)
    for part in ("_water", "_ground"):
        monkeypatch.setattr(warm, part, lambda: None)
    monkeypatch.setattr("anlan.science.network.warm.warm", lambda: None)
    kept = tmp_path / "water" / "__pycache__"
    kept.mkdir(parents=True)
    (tmp_path / "water" / "step.py").write_text("a = 1\n")
    (kept / "step.sweep-1.py311.nbc").write_text("compiled")
    (kept / "step.sweep-1.py311.nbi").write_text("index")
    return tmp_path


def compiled(library: Path) -> int:
    return len(list(library.rglob("*.nb[ic]")))


def test_what_was_compiled_from_another_text_is_thrown_away_and_from_this_one_kept(
    library: Path,
) -> None:
    warm.main()
    assert compiled(library) == 0
    (library / "water" / "__pycache__" / "step.sweep-1.py311.nbc").write_text("anew")
    warm.main()
    assert compiled(library) == 1
    (library / "water" / "step.py").write_text("a = 2\n")
    warm.main()
    assert compiled(library) == 0


def test_while_another_process_warms_nothing_is_thrown_away(library: Path) -> None:
    (library / "__pycache__").mkdir()
    with (library / "__pycache__" / warm.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        warm.main()
        assert compiled(library) == 2
    warm.main()
    assert compiled(library) == 0


def test_a_warming_that_breaks_off_is_begun_again(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(warm, "_ground", broken)
    with pytest.raises(RuntimeError):
        warm.main()
    (library / "water" / "__pycache__" / "step.sweep-1.py311.nbc").write_text("half")
    assert warm.forget_old() and compiled(library) == 0
