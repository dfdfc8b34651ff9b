"""A round that runs every ten minutes is no alarm after one: the lists of the watch know all of them."""

from __future__ import annotations

from anlan.faces import watchdog
from anlan.faces.console import administration
from anlan.faces.worker import rounds


def test_every_slow_round_has_its_own_patience() -> None:
    for entry in rounds(None):
        patience_s = watchdog.SLOW_ROUNDS.get(entry.name, watchdog.SILENT_S)  # type: ignore[attr-defined]
        assert patience_s > entry.every_s, entry.name  # type: ignore[attr-defined]
        shown = administration.SLOW_ROUNDS.get(entry.name, administration.LATE)  # type: ignore[attr-defined]
        assert shown.total_seconds() > entry.every_s, entry.name  # type: ignore[attr-defined]
