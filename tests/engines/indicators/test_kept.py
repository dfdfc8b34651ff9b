"""A change of a record marks what must be counted again: only that is, and no figure is ever old."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from anlan.engines.callout.models import Call, Callout, Fallback
from anlan.engines.indicators import compute, counts, declare, kept
from anlan.engines.indicators.decisions import Period, Tally, period_of
from anlan.engines.indicators.models import KeptPeriod, KeptTally
from anlan.ground import clock
from anlan.ground.models import FactMark
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.models import Household, Opening, Zone
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.engines.indicators.facts import ROUND, call, entry

COMMAND = Scope.for_command("test")
ZONES: dict[str, Any] = {
    "label": "片区用过", "untied": "测试", "fact": "evacuation_fact_zone", "measure": "ratio",
    "where": [{"field": "risk", "is": "high"}], "period": "year", "stands": True, "unit": "%",
    "numerator": {"all": [{"field": "peopled", "is": True},
                          {"field": "used_at", "within": "period"}]},
    "op": ">=", "target": 100, "why": "测试",
}  # fmt: skip
DECLARED: dict[str, Any] = {
    "t.month": entry(),
    "t.year": entry(period="year", measure="count", numerator=...),
    "t.week": entry(period="week", measure="sum", numerator=..., value="level"),
    "t.ever": entry(period="none", where=[{"field": "callout_kind", "is": "warning"}]),
    "t.zones": ZONES,
}


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found = dict(DECLARED)
    for module in (declare, compute):
        monkeypatch.setattr(module, "declared", lambda: found)
    return found


def now() -> datetime:
    with ROUND.open():
        return clock.now()


def today() -> date:
    return clock.local(now()).date()


def marks() -> set[tuple[str, int | None, str]]:
    with ROUND.open():
        return {
            (fact, place, str(day or ""))
            for fact, place, day in FactMark.objects.values_list("fact", "division", "day")
        }


def told(found: dict[Any, Tally]) -> dict[Any, tuple[Any, ...]]:
    """Tallies without places that have none."""
    return {
        place: (own.rows, own.part, own.whole, own.present, own.evidenced)
        for place, own in found.items() if own.rows
    }  # fmt: skip


def both(scope: Scope, name: str, period: Period) -> tuple[Any, Any]:
    """(as it is read, from the records alone)."""
    with scope.open():
        own = declare.Compiled(name, declare.entry_of(name), period)
        return told(kept.tallies(scope, own)), told(counts.tally(own))


def all_equal() -> None:
    for name, own in declare.declared().items():
        for period in kept.periods(own, today()):
            for scope in (COMMAND, _at(TOWNSHIPS[0]), _at(VILLAGES[2])):
                read, fresh = both(scope, name, period)
                assert read == fresh, (name, period, scope.lo)


def _at(division: int) -> Scope:
    from dataclasses import replace

    from anlan.ground.places import span

    lo, hi = span(division)
    return replace(COMMAND, kind="post", lo=lo, hi=hi)


def test_a_change_marks_its_fact_its_township_and_the_day_on_which_it_happened(
    county_db: str, declared: Any, owner_sql: Any
) -> None:
    assert kept.marked("callout_fact_call") and kept.marked("evacuation_fact_zone")
    kept.recompute(ROUND)
    assert marks() == set()
    # 23:30 of the ninth in UTC is the tenth in the county.
    made = call(datetime(2024, 7, 9, 23, 30, tzinfo=UTC), VILLAGES[1], answered=False)
    assert marks() == {("callout_fact_call", TOWNSHIPS[0], "2024-07-10")}
    kept.recompute(ROUND)
    with ROUND.open():
        Call.objects.filter(id=made).update(version=9)
    assert marks() == set(), "what the fact does not read leaves no mark"
    with ROUND.open():
        Call.objects.filter(id=made).update(state="stopped")
    assert marks() == {("callout_fact_call", TOWNSHIPS[0], "2024-07-10")}
    kept.recompute(ROUND)
    with ROUND.open():
        Callout.objects.update(opened_at=datetime(2024, 8, 1, 12, tzinfo=UTC))
    assert {day for _fact, _place, day in marks()} == {"2024-07-10", "2024-08-01"}, "both days"
    kept.recompute(ROUND)
    owner_sql("DELETE FROM callout_call")
    assert marks() == {("callout_fact_call", None, "")}, "what a deletion took is not asked for"


def test_only_what_is_marked_is_counted_again(
    county_db: str, declared: Any, owner_sql: Any
) -> None:
    moment = now()
    for village in VILLAGES:
        call(moment, village, answered=False)
    assert kept.recompute(ROUND) > 0
    assert kept.recompute(ROUND) == 0, "nothing changed"
    owner_sql("UPDATE indicators_kepttally SET rows = rows + 1000")
    call(moment, VILLAGES[0], answered=False)
    # A month, a year, a week and all time of one township; no zone, no period before.
    assert kept.recompute(ROUND) == 4
    with ROUND.open():
        spoilt = {(row.indicator, row.division) for row in KeptTally.objects.filter(rows__gt=900)}
        fresh = {(row.indicator, row.division) for row in KeptTally.objects.filter(rows=3)}
    assert fresh == {(name, TOWNSHIPS[0]) for name in ("t.month", "t.year", "t.week", "t.ever")}
    assert spoilt == {(name, TOWNSHIPS[1]) for name in ("t.month", "t.year", "t.week", "t.ever")}


def test_a_figure_is_right_before_any_round_has_run_again(county_db: str, declared: Any) -> None:
    call(now(), VILLAGES[0], answered=False)
    kept.recompute(ROUND)
    assert compute.figure(COMMAND, "t.year").value == 1.0
    call(now(), VILLAGES[2], answered=False)
    assert compute.figure(COMMAND, "t.year").value == 2.0
    assert len(marks()) == 1, "read, not taken"
    all_equal()


def test_other_words_of_a_pack_are_computed_at_once_and_kept_by_the_next_round(
    county_db: str, declared: dict[str, Any]
) -> None:
    call(now(), VILLAGES[0], answered=False)
    call(now(), VILLAGES[0], answered=False, kind="notice")
    kept.recompute(ROUND)
    declared["t.year"] = declared["t.year"] | {"where": [{"field": "callout_kind", "is": "notice"}]}
    assert compute.figure(COMMAND, "t.year").value == 1.0
    kept.recompute(ROUND)
    all_equal()
    del declared["t.year"]
    kept.recompute(ROUND)
    with ROUND.open():
        assert not KeptPeriod.objects.filter(indicator="t.year").exists()
        assert not KeptTally.objects.filter(indicator="t.year").exists()


def test_a_fact_of_which_a_table_leaves_no_marks_is_never_kept(
    county_db: str, declared: Any, owner_sql: Any
) -> None:
    owner_sql("DROP TRIGGER callout_fact_call_update ON callout_fallback")
    kept._marked.cache_clear()
    try:
        kept.recompute(ROUND)
        with ROUND.open():
            names = set(KeptPeriod.objects.values_list("indicator", flat=True))
        assert names == {"t.zones"}
    finally:
        kept._marked.cache_clear()


def test_an_exercise_keeps_nothing_and_marks_nothing(
    county_db: str, declared: Any, owner_sql: Any
) -> None:
    kept.recompute(ROUND)
    call(now(), VILLAGES[0], answered=False)
    kept.recompute(ROUND)
    owner_sql("UPDATE callout_call SET world = 5")
    assert marks() == {("callout_fact_call", TOWNSHIPS[0], str(today()))}, "it left the real world"
    kept.recompute(ROUND)
    owner_sql("UPDATE callout_call SET state = 'stopped'")
    assert marks() == set() and kept.recompute(Scope.for_round("test", 5)) == 0


class Change:
    """Random changes of records, as rooms and engines make them, and a few that only a hand does."""

    def __init__(self, luck: random.Random, owner_sql: Any):
        self.luck, self.owner_sql = luck, owner_sql

    def one(self) -> str:
        name = self.luck.choice(
            ["call", "call", "answer", "state", "fallback", "move", "when", "zone", "household",
             "open", "count", "end", "delete", "truncate"]
        )  # fmt: skip
        getattr(self, name)()
        return name

    def _moment(self) -> datetime:
        return now() - timedelta(days=self.luck.choice([0, 0, 1, 6, 20, 31, 200, 366]))

    def _any(self, model: Any) -> Any:
        rows = list(model.objects.order_by("id"))
        return self.luck.choice(rows) if rows else None

    def call(self) -> None:
        call(self._moment(), self.luck.choice(VILLAGES), self.luck.random() < 0.5,
             self.luck.choice([1, 2, 3]), self.luck.choice(["warning", "notice"]))  # fmt: skip

    def answer(self) -> None:
        self.owner_sql("UPDATE callout_call SET answered_at = started_at + interval '1 hour'"
                       " WHERE mod(id, 3) = %s AND answered_at IS NOT NULL", (self.luck.randrange(3),))  # fmt: skip

    def state(self) -> None:
        with ROUND.open():
            row = self._any(Call)
            if row is not None:
                Call.objects.filter(id=row.id, answered_at=None).update(
                    state=self.luck.choice(["stopped", "nobody"])
                )

    def fallback(self) -> None:
        with ROUND.open():
            row = self._any(Call)
            if row is not None and not Fallback.objects.filter(call=row).exists():
                Fallback.objects.create(
                    division=row.division, call=row, step="敲门", person_id=1, post_title="岗位",
                    given_at=now(), closed_at=now() if row.id % 2 else None,
                )  # fmt: skip

    def move(self) -> None:
        self.owner_sql("UPDATE callout_call SET division = %s WHERE mod(id, 4) = %s",
                       (self.luck.choice(VILLAGES), self.luck.randrange(4)))  # fmt: skip

    def when(self) -> None:
        self.owner_sql("UPDATE callout_callout SET opened_at = %s WHERE mod(id, 4) = %s",
                       (self._moment(), self.luck.randrange(4)))  # fmt: skip

    def zone(self) -> None:
        with ROUND.open():
            Zone.objects.create(division=self.luck.choice(VILLAGES), name="片", hazard="rainstorm",
                                risk=self.luck.choice(["high", "low"]))  # fmt: skip

    def household(self) -> None:
        with ROUND.open():
            zone = self._any(Zone)
            if zone is not None:
                Household.objects.create(
                    division=zone.division, zone=zone, head="户主", people=2,
                )  # fmt: skip

    def open(self) -> None:
        with ROUND.open():
            zone = self._any(Zone)
            if zone is not None:
                standing = Opening.objects.filter(zone=zone, state="open")  # open once at a time
                standing.update(state="closed", closed_at=now())
                Opening.objects.create(
                    division=zone.division, zone=zone, origin_kind="t.t",
                    origin_id=Opening.objects.count() + 1, opened_at=self._moment(), to_move=2,
                    not_yet=2,
                )  # fmt: skip

    def count(self) -> None:
        with ROUND.open():
            row = self._any(Opening)
            if row is not None:
                Opening.objects.filter(id=row.id).update(counts=row.counts + 1)

    def end(self) -> None:
        with ROUND.open():
            for model in (Zone, Household):
                row = self._any(model)
                if row is not None and self.luck.random() < 0.5:
                    model.objects.filter(id=row.id).update(ended_at=now())

    def delete(self) -> None:
        self.owner_sql("DELETE FROM callout_fallback WHERE mod(id, 2) = 0")

    def truncate(self) -> None:
        if self.luck.random() < 0.2:
            self.owner_sql("TRUNCATE callout_callout CASCADE")


STEPS = 60


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_equal_a_full_recomputation_after_every_change(
    county_db: str, declared: Any, owner_sql: Any, seed: int
) -> None:
    luck = random.Random(seed)
    change = Change(luck, owner_sql)
    kept.recompute(ROUND)
    done = []
    for step in range(STEPS):
        done.append(change.one())
        if step % 3 == 0:
            all_equal()
        if luck.random() < 0.3:
            kept.recompute(ROUND)
    kept.recompute(ROUND)
    assert marks() == set()
    all_equal()
    with ROUND.open():
        assert KeptTally.objects.filter(rows__gt=0).exists(), done


def test_without_marks_the_same_comparison_fails(
    county_db: str, declared: Any, owner_sql: Any
) -> None:
    call(now(), VILLAGES[0], answered=False)
    kept.recompute(ROUND)
    owner_sql("ALTER TABLE callout_call DISABLE TRIGGER callout_fact_call_insert")
    call(now(), VILLAGES[0], answered=False)
    with pytest.raises(AssertionError):
        all_equal()


def test_a_new_day_and_a_new_month_are_kept_by_the_next_round(
    county_db: str, declared: Any, move_clock: Callable[[float], None]
) -> None:
    call(now(), VILLAGES[0], answered=False)
    kept.recompute(ROUND)
    move_clock(40 * 86400)
    all_equal()
    assert compute.figure(COMMAND, "t.month").value is None
    kept.recompute(ROUND)
    with ROUND.open():
        ends = set(KeptPeriod.objects.filter(indicator="t.month").values_list("ends_on", flat=True))
        whole = set(KeptPeriod.objects.values_list("division", flat=True))
    month = period_of("month", today())
    last_year = date(today().year - 1, 12, 31)
    before = month.starts_on - timedelta(days=1) if month.starts_on else None
    assert ends == {month.ends_on, before, last_year} and whole == {COUNTY}
    all_equal()
