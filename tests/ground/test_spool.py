"""The journal cannot be written: privileged acts fail, life-safety goes on, nothing is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import transaction

from anlan.engines.callout import actions as callout
from anlan.engines.callout import rounds
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Call
from anlan.ground import journal, spool
from anlan.ground.errors import NotRunning
from anlan.ground.scope import Scope
from anlan.rooms.warning import actions as warning
from tests.answers import OUTSIDE, answered
from tests.conftest import TOWNSHIPS

ROUND = Scope.for_round("test")
TEXT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪镇。"
BREAKS = {
    "gone": ("ALTER TABLE ground_journal RENAME TO hidden",
             "ALTER TABLE hidden RENAME TO ground_journal"),
    "not ours": ("REVOKE INSERT ON ground_journal FROM anlan_app",
                 "GRANT INSERT ON ground_journal TO anlan_app"),
    "refusing": ("ALTER TABLE ground_journal ADD CONSTRAINT full_ CHECK (false) NOT VALID",
                 "ALTER TABLE ground_journal DROP CONSTRAINT full_"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_spool_left() -> Iterator[None]:
    spool.path().unlink(missing_ok=True)
    yield
    for left in spool.path().parent.glob("journal*"):
        left.unlink()


class Yes:
    """A gateway that takes everything."""

    def ready(self) -> bool:
        return True

    def submit(self, batch: Any) -> list[Any]:
        return [rounds.Outcome(out.attempt_id, out.lease, f"r{out.attempt_id}") for out in batch]


def opened(scope: Any) -> None:
    callout.open_callout(
        scope,
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (TOWNSHIPS[0],), "k"),
    )  # fmt: skip


def lines(owner_sql: Any) -> int:
    return int(owner_sql("SELECT count(*) FROM ground_journal")[0][0])


def test_with_a_journal_that_can_be_written_nothing_is_spooled(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    opened(scope_of("duty_officer"))
    rounds.advance(ROUND)
    sent = rounds.sender(Yes())(ROUND)
    assert sent > 0 and spool.waiting() == 0
    said = owner_sql("SELECT why FROM ground_journal WHERE action = 'callout.sent'")
    assert said == [(f"{sent}/{sent}",)]


@pytest.mark.parametrize("kind", BREAKS)
def test_a_night_goes_on_without_its_journal_and_has_no_gap_afterwards(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Any, move_clock: Any, kind: str
) -> None:
    officer = scope_of("duty_officer")
    opened(officer)
    broken, mended = BREAKS[kind]
    before = lines(owner_sql)
    owner_sql(broken)
    send, acts = rounds.sender(Yes()), 0
    for _turn in range(3):
        rounds.advance(ROUND)
        acts += bool(send(ROUND))
        move_clock(1000)
    with ROUND.open():
        calls = list(Call.objects.filter(state="ringing"))
    assert calls and acts
    for call in calls:
        answered(call)
    callout.receive_message(OUTSIDE, "box", "m1", "10100000001", "1234")
    sent, acts = acts, spool.waiting()
    assert acts >= sent + 2 * len(calls) + 1, "a message and an answer each, and one message more"
    with pytest.raises(NotRunning) as refusal:
        warning.paste(scope_of("duty_officer"), TEXT)
    assert refusal.value.mend
    owner_sql(mended)
    assert spool.merge(ROUND) == acts
    assert (spool.merge(ROUND), spool.waiting()) == (0, 0)
    assert lines(owner_sql) == before + acts
    journal.seal(ROUND)
    assert journal.verify(ROUND).whole
    spooled = "SELECT count(*) FROM ground_journal WHERE action = 'callout.answer'"
    assert owner_sql(spooled)[0][0] == len(calls)


def test_a_journal_that_somebody_locked_delays_an_answer_by_its_limit_only(
    county_db: str, scope_of: Any, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    monkeypatch.setattr(journal, "LOCK_MS_MAX", 50)
    opened(scope_of("duty_officer"))
    with ROUND.open():
        call = Call.objects.first()
    name = connection.settings_dict["NAME"]
    with psycopg.connect(cluster.dsn("superuser", name)) as other:
        other.execute("LOCK TABLE ground_journal")
        answered(call)
        assert spool.waiting() == 2, "the message and the answer"


def test_a_line_of_what_was_rolled_back_does_not_come_in(empty_db: str, owner_sql: Any) -> None:
    owner_sql(BREAKS["gone"][0])

    def rolled_back() -> None:
        with ROUND.open():
            journal.line(ROUND, "callout.answer", None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rolled_back()
    with ROUND.open():
        journal.line(ROUND, "callout.answer", None, why="this one stays")
    owner_sql(BREAKS["gone"][1])
    assert spool.waiting() == 2
    assert spool.merge(ROUND) == 1
    assert owner_sql("SELECT why FROM ground_journal") == [("this one stays",)]


def test_a_line_whose_transaction_still_runs_waits_for_it(empty_db: str, owner_sql: Any) -> None:
    with ROUND.open():
        spool.put([0, 0, "round", None, "甲", None, "", "callout.answer", "", "", "", None, None,
                   "done", ""])  # fmt: skip
        with transaction.atomic():
            assert spool._merge(spool.path().read_bytes().splitlines(keepends=True))[0] == 0
    assert spool.merge(ROUND) == 1


def test_merged_twice_after_a_kill_is_once(empty_db: str, owner_sql: Any) -> None:
    owner_sql(BREAKS["gone"][0])
    with ROUND.open():
        journal.line(ROUND, "callout.answer", None)
    owner_sql(BREAKS["gone"][1])
    kept = spool.path().read_bytes()
    assert spool.merge(ROUND) == 1
    spool.path().write_bytes(kept)
    assert spool.merge(ROUND) == 0
    assert lines(owner_sql) == 1


def test_a_forged_and_a_half_written_entry_are_set_aside(empty_db: str, owner_sql: Any) -> None:
    owner_sql(BREAKS["gone"][0])
    with ROUND.open():
        journal.line(ROUND, "callout.answer", None, why="真的")
    owner_sql(BREAKS["gone"][1])
    real = spool.path().read_bytes()
    spool.path().write_bytes(real + real.replace("真的".encode(), "假的".encode()) + real[:40])
    assert spool.merge(ROUND) == 1
    assert owner_sql("SELECT why FROM ground_journal") == [("真的",)]
    assert len(spool.path().with_suffix(".broken").read_bytes().splitlines()) == 2


def test_mutant_a_spool_for_everything_lets_a_privileged_act_through(
    county_db: str, scope_of: Any, owner_sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_sql(BREAKS["gone"][0])
    monkeypatch.setattr(journal, "_GOING_ON", {"warning.paste"})
    assert warning.paste(scope_of("duty_officer"), TEXT).id
    monkeypatch.setattr(journal, "_GOING_ON", set())
    with pytest.raises(NotRunning):
        warning.paste(scope_of("duty_officer"), TEXT)
    owner_sql(BREAKS["gone"][1])


def test_a_batch_of_sends_writes_its_line_where_the_journal_stands(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Callable[..., Any]
) -> None:
    """A round in one trip has a transaction of its own kind: its line is no reason to spool."""
    opened(scope_of("duty_officer"))
    rounds.advance(ROUND)
    assert rounds.sender(Yes())(ROUND) > 0
    assert spool.waiting() == 0
    assert owner_sql("SELECT count(*) FROM ground_journal WHERE action = 'callout.sent'")[0][0] > 0


def test_a_batch_of_sends_goes_on_and_is_told_later_where_the_journal_is_away(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Callable[..., Any]
) -> None:
    opened(scope_of("duty_officer"))
    rounds.advance(ROUND)
    breaks, mends = BREAKS["not ours"]
    owner_sql(breaks)
    sent = rounds.sender(Yes())(ROUND)
    assert sent > 0 and spool.waiting() > 0
    owner_sql(mends)
    done = "SELECT count(*) FROM callout_attempt WHERE state = 'submitted'"
    assert owner_sql(done)[0][0] == sent
    assert spool.merge(ROUND) > 0
