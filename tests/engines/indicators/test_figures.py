"""Figures from facts: count, sum, ratio; by township and period; zero reports, bases, checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError

from anlan.engines.indicators import actions, compute, kept, queries, rounds
from anlan.engines.indicators.decisions import period_of
from anlan.engines.indicators.models import CorrectionDue, FrozenFigure, FrozenMember
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.engines.indicators.facts import ROUND, call, entry

COMMAND = Scope.for_command("test")
JULY = period_of("month", date(2024, 7, 15))
# 24:00 of 30 June in Shanghai is 16:00 in UTC.
FIRST_OF_JULY = datetime(2024, 6, 30, 16, 0, tzinfo=UTC)
LAST_OF_JULY = datetime(2024, 7, 31, 15, 59, 59, tzinfo=UTC)


@pytest.fixture
def july(county_db: str) -> None:
    """Four calls in July, two a township; one just before, one just after."""
    call(FIRST_OF_JULY - timedelta(seconds=1), VILLAGES[0], False)
    call(FIRST_OF_JULY, VILLAGES[0], True, level=2)
    call(datetime(2024, 7, 10, tzinfo=UTC), VILLAGES[1], False, level=2)
    call(datetime(2024, 7, 10, tzinfo=UTC), VILLAGES[2], True, level=3)
    call(LAST_OF_JULY, VILLAGES[3], True, level=1, kind="notice")
    call(LAST_OF_JULY + timedelta(seconds=1), VILLAGES[3], False)


def corrected() -> int:
    """Take the marks, then correct what they touch, as the worker does."""
    kept.recompute(ROUND)
    return rounds.correct(ROUND)


def shown(found: compute.Figure) -> tuple[str, float | None, float | None, float | None]:
    return found.state, found.value, found.numerator, found.denominator


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("missed", 75.0, 3, 4)),
        ({"measure": "count", "numerator": ..., "target": 4}, ("met", 4.0, 4, None)),
        ({"measure": "sum", "numerator": ..., "value": "level", "target": 9},
         ("missed", 8.0, 8, None)),
        ({"value": "level"}, ("missed", 75.0, 6, 8)),
        ({"where": [{"field": "callout_kind", "is": "notice"}]}, ("met", 100.0, 1, 1)),
        ({"where": [{"field": "callout_kind", "not": "notice"}]}, ("missed", 66.7, 2, 3)),
        ({"where": [{"field": "level", "in": [1, 3]}]}, ("met", 100.0, 2, 2)),
        ({"where": [{"field": "level", "at_least": 2}, {"field": "level", "at_most": 2}]},
         ("missed", 50.0, 1, 2)),
        ({"where": [{"field": "answered_at", "empty": True}]}, ("missed", 0.0, 0, 1)),
        ({"where": [{"field": "level", "is": 77}]}, ("not_reported", None, None, None)),
        ({"needs": [{"field": "level", "is": 77}]}, ("not_reported", None, None, None)),
        ({"numerator": {"any": [{"field": "answered", "is": True}, {"field": "level", "is": 2}]}},
         ("met", 100.0, 4, 4)),
    ],
)  # fmt: skip
def test_count_sum_and_ratio_with_filters(
    july: None, declare_as: Callable[..., str], changes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert shown(compute.figure(COMMAND, declare_as(entry(**changes)), JULY)) == expected


def test_a_month_is_the_countys_month(july: None, declare_as: Callable[..., str]) -> None:
    name = declare_as(entry(measure="count", numerator=..., target=1))
    counts = {
        month: compute.figure(COMMAND, name, period_of("month", date(2024, month, 1))).value
        for month in (6, 7, 8, 9)
    }
    assert counts == {6: 1.0, 7: 4.0, 8: 1.0, 9: None}
    assert compute.figure(COMMAND, name, JULY).period == "2024年7月"


def test_each_township_has_its_share_and_sees_only_its_own(
    july: None, declare_as: Callable[..., str], scope_of: Callable[..., Any]
) -> None:
    name = declare_as(entry())
    shares = {f.division: shown(f) for f in compute.by_township(COMMAND, name, JULY)}
    assert shares == {TOWNSHIPS[0]: ("missed", 50.0, 1, 2), TOWNSHIPS[1]: ("met", 100.0, 2, 2)}
    for town in TOWNSHIPS:
        own = scope_of("township_duty", town)
        assert shown(compute.figure(own, name, JULY)) == shares[town]
        assert {r.division // 1000 for r in compute.records(own, name, JULY)} == {town // 1000}


def test_a_zero_counts_after_a_signed_zero_report_only(
    county_db: str, declare_as: Callable[..., str], scope_of: Callable[..., Any]
) -> None:
    name = declare_as(entry(measure="count", numerator=..., op="<=", target=0, unit="起"))
    officer = scope_of("duty_officer")
    assert compute.figure(officer, name).state == "not_reported"
    signed = actions.report_zero(officer, name)
    found = compute.figure(officer, name)
    assert (found.state, found.value) == ("met", 0.0) and "零报告" in found.reason
    assert actions.signature_holds(signed)
    signed.division += 1000
    assert not actions.signature_holds(signed)
    with pytest.raises(Conflict):
        actions.report_zero(officer, name)
    actions.withdraw_zero(officer, signed.id, "后来查到一起")
    assert compute.figure(officer, name).state == "not_reported"
    actions.report_zero(officer, name)
    call(clock.now(0), VILLAGES[0])
    after = compute.figure(officer, name)
    assert (after.state, after.value) == ("missed", 1.0), "a record weighs more than a signature"


def test_who_has_no_post_or_has_records_signs_no_zero(
    county_db: str, declare_as: Callable[..., str], scope_of: Callable[..., Any]
) -> None:
    name = declare_as(entry())
    with pytest.raises(Denied):
        actions.report_zero(COMMAND, name)
    with pytest.raises(Denied):
        actions.report_zero(scope_of("township_leader", TOWNSHIPS[0]), name)
    with pytest.raises(Refusal, match="没有开始"):
        actions.report_zero(scope_of("duty_officer"), name, date(2099, 1, 1))
    call(clock.now(0), VILLAGES[0])
    with pytest.raises(Refusal, match="1 条记录") as refusal:
        actions.report_zero(scope_of("duty_officer"), name)
    assert refusal.value.mend


def test_a_rate_over_a_base_says_how_complete_it_is(
    july: None, declare_as: Callable[..., str], scope_of: Callable[..., Any]
) -> None:
    name = declare_as(entry(base="应叫应的岗位数"))
    bare = compute.figure(COMMAND, name, JULY)
    assert (bare.state, bare.completeness) == ("no_base", None) and "核定数" in bare.reason
    actions.set_base(COMMAND, name, COUNTY, 8, "县水利局", date(2024, 7, 1), "垫水〔2024〕1号")
    found = compute.figure(COMMAND, name, JULY)
    assert shown(found) == ("missed", 37.5, 3, 8) and found.completeness == 0.5
    town = scope_of("township_duty", TOWNSHIPS[0])
    assert compute.figure(town, name, JULY).state == "no_base", "a township's base is its own"


@pytest.mark.parametrize(
    ("count", "authority", "document", "on"),
    [
        ("零", "局", "文", date(2024, 7, 1)), ("NaN", "局", "文", date(2024, 7, 1)),
        ("Infinity", "局", "文", date(2024, 7, 1)), (0, "局", "文", date(2024, 7, 1)),
        (-1, "局", "文", date(2024, 7, 1)), (5, " ", "文", date(2024, 7, 1)),
        (5, "局", "", date(2024, 7, 1)), (5, "局", "文", date(2099, 7, 1)),
    ],
)  # fmt: skip
def test_a_base_without_source_or_sense_is_refused(
    county_db: str, declare_as: Callable[..., str], count: Any, authority: str, document: str,
    on: date,
) -> None:  # fmt: skip
    name = declare_as(entry(base="应叫应的岗位数"))
    with pytest.raises(Refusal):
        actions.set_base(COMMAND, name, COUNTY, count, authority, on, document)


def test_evidence_is_declared_then_evidenced_then_checked_and_a_moved_figure_is_unchecked(
    county_db: str, declare_as: Callable[..., str], scope_of: Callable[..., Any]
) -> None:
    call(clock.now(0), VILLAGES[0])
    assert compute.figure(COMMAND, declare_as(entry())).evidence == "declared"
    name = declare_as(entry(evidence="evidenced"))
    clerk = scope_of("plan_clerk")
    assert compute.figure(clerk, name).evidence == "evidenced"
    with pytest.raises(Conflict):
        actions.check(clerk, name, "12.0", "对过记录")
    actions.check(clerk, name, "100.0", "对过记录")
    assert compute.figure(clerk, name).evidence == "checked"
    call(clock.now(0), VILLAGES[0], False)
    assert compute.figure(clerk, name).evidence == "evidenced"
    with pytest.raises(Denied):
        actions.check(scope_of("duty_officer"), name, "50.0", "")


HOSTILE: list[dict[str, Any]] = [
    {"fact": "county_person"}, {"fact": "pg_shadow"}, {"fact": "callout_call"},
    {"fact": "x_fact_y; DROP TABLE county_post"}, {"fact": 'callout_fact_call" --'},
    {"where": [{"field": "1=1; DROP TABLE county_post", "is": True}]},
    {"where": [{"field": "label", "is": True}]}, {"where": [{"field": "answered", "is": "x"}]},
    {"where": [{"field": "level", "is": True}]}, {"where": [{"field": "level", "like": "%"}]},
    {"where": [{"field": "level", "is": 1, "not": 2}]}, {"where": [{"is": 1}]},
    {"where": [{"field": "level", "in": []}]}, {"where": [{"field": "level", "in": "1,2"}]},
    {"where": [{"field": "answered_at", "is": "2024-01-01"}]},
    {"where": [{"field": "level", "empty": "yes"}]}, {"where": [{"field": ["level"], "is": 1}]},
    {"measure": "sum", "numerator": ..., "value": "label"},
    {"measure": "sum", "numerator": ..., "value": "random()"},
    {"numerator": {"all": [], "any": []}}, {"evidence": {"column": "label"}},
]  # fmt: skip


@pytest.mark.parametrize("changes", HOSTILE, ids=str)
def test_a_hostile_declaration_reads_nothing_and_breaks_no_page(
    july: None, declare_as: Callable[..., str], changes: dict[str, Any]
) -> None:
    found = compute.figure(COMMAND, declare_as(entry(**changes)), JULY)
    assert (found.state, found.value) == ("no_indicator", None)
    assert "规则包" in found.reason
    with ROUND.open():
        from anlan.county.models import Post

        assert Post.objects.exists()


def test_an_injected_value_is_only_a_value(july: None, declare_as: Callable[..., str]) -> None:
    where = [{"field": "callout_kind", "is": "x' OR '1'='1"}]
    assert compute.figure(COMMAND, declare_as(entry(where=where)), JULY).state == "not_reported"


# frozen months


@pytest.fixture
def in_august(july: None, owner_sql: Any) -> None:
    owner_sql(
        "UPDATE ground_world SET \"offset\" = '2024-08-02 04:00+00' - clock_timestamp() WHERE id = 0"
    )


def test_a_months_end_freezes_figures_with_their_members(
    in_august: None, declare_as: Callable[..., str], scope_of: Callable[..., Any]
) -> None:
    name = declare_as(entry())
    assert rounds.freeze(ROUND) == 3
    assert rounds.freeze(ROUND) == 0, "once is once"
    (month,) = queries.months(COMMAND, name)
    assert (month.figure.state, float(month.figure.value)) == ("missed", 75.0)
    assert len(queries.members(COMMAND, name, date(2024, 7, 1))) == 4
    own = scope_of("township_duty", TOWNSHIPS[1])
    (share,) = queries.months(own, name)
    assert (share.figure.state, float(share.figure.value)) == ("met", 100.0)
    assert len(queries.members(own, name, date(2024, 7, 1))) == 2


def test_a_later_fact_makes_a_correction_beside_the_frozen_figure(
    in_august: None, declare_as: Callable[..., str], owner_sql: Any
) -> None:
    name = declare_as(entry())
    rounds.freeze(ROUND)
    assert corrected() == 0
    late = call(datetime(2024, 7, 20, tzinfo=UTC), VILLAGES[0], False)
    owner_sql(
        "UPDATE callout_call SET state = 'nobody' WHERE id = "
        "(SELECT min(id) FROM callout_call WHERE division = %s)", (VILLAGES[2],),
    )  # fmt: skip
    assert corrected() == 3
    assert corrected() == rounds.sweep(ROUND) == 0, "the same fact corrects once"
    (month,) = queries.months(COMMAND, name)
    (made,) = month.corrections
    assert float(month.figure.value) == 75.0, "what was frozen stands"
    assert (float(made.value), made.state) == (40.0, "missed")
    how = {(c["id"], c["how"]) for c in made.changes}
    assert (late, "came") in how and {h for _id, h in how} == {"came", "changed"}
    owner_sql("DELETE FROM callout_call WHERE id = %s", (late,))
    corrected()
    (again,) = queries.months(COMMAND, name)
    assert [float(c.value) for c in again.corrections] == [40.0, 50.0]
    with ROUND.open():
        assert FrozenMember.objects.count() == 4, "members at freezing stay as they were"


def test_a_frozen_figure_is_never_changed_by_the_application(
    in_august: None, declare_as: Callable[..., str]
) -> None:
    declare_as(entry())
    rounds.freeze(ROUND)
    for change in (
        lambda: FrozenFigure.objects.update(value=100),
        lambda: FrozenFigure.objects.all().delete(),
        lambda: FrozenMember.objects.update(counted=True),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            with ROUND.open(), transaction.atomic():
                change()


def test_a_worker_that_slept_for_months_freezes_each_of_them(
    in_august: None, declare_as: Callable[..., str], move_clock: Any
) -> None:
    name = declare_as(entry())
    rounds.freeze(ROUND)
    move_clock(95 * 86400)
    rounds.freeze(ROUND)
    found = [(m.figure.month.month, m.figure.state) for m in queries.months(COMMAND, name)]
    assert found == [(10, "not_reported"), (9, "not_reported"), (8, "missed"), (7, "missed")]


def test_words_that_changed_correct_nothing(
    in_august: None, declare_as: Callable[..., str]
) -> None:
    declare_as(entry())
    rounds.freeze(ROUND)
    declare_as(entry(numerator={"any": [{"field": "level", "is": 2}]}))
    assert rounds.sweep(ROUND) == 0


def due_months() -> list[tuple[str, date]]:
    with ROUND.open():
        return list(CorrectionDue.objects.values_list("indicator", "month"))


def test_only_the_month_that_a_change_touches_is_computed_again(
    in_august: None,
    declare_as: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    move_clock: Any,
) -> None:
    name = declare_as(entry())
    rounds.freeze(ROUND)
    move_clock(31 * 86400)
    rounds.freeze(ROUND)
    corrected()
    asked: list[date] = []
    real = rounds._judgements
    monkeypatch.setattr(
        rounds, "_judgements",
        lambda *own: asked.append(own[3].period.ends_on) or real(*own),
    )  # fmt: skip
    call(datetime(2024, 8, 20, tzinfo=UTC), VILLAGES[0], False)
    assert corrected() > 0 and asked == [date(2024, 8, 31)]
    call(clock.now(0), VILLAGES[0])
    assert corrected() == 0 and len(asked) == 1, "what happens today touches no frozen month"
    assert [len(month.corrections) for month in queries.months(COMMAND, name)] == [1, 0]


def test_a_worker_that_dies_before_it_has_corrected_leaves_the_month_due(
    in_august: None, declare_as: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = declare_as(entry())
    rounds.freeze(ROUND)
    call(datetime(2024, 7, 20, tzinfo=UTC), VILLAGES[0], False)
    kept.recompute(ROUND)
    assert due_months() == [(name, date(2024, 7, 1))]

    def dies(*_own: Any) -> None:
        raise RuntimeError("killed")

    real = rounds._judgements
    monkeypatch.setattr(rounds, "_judgements", dies)
    with pytest.raises(RuntimeError):
        rounds.correct(ROUND)
    assert due_months() == [(name, date(2024, 7, 1))]
    monkeypatch.setattr(rounds, "_judgements", real)
    assert rounds.correct(ROUND) > 0 and due_months() == []


def test_a_zero_report_and_a_base_that_come_later_correct_the_month(
    in_august: None, declare_as: Callable[..., str], scope_of: Callable[..., Any]
) -> None:
    empty = [{"field": "level", "is": 77}]
    name = declare_as(entry(where=empty, measure="count", numerator=..., op="<=", target=0))
    rounds.freeze(ROUND)
    officer = scope_of("duty_officer")
    signed = actions.report_zero(officer, name, date(2024, 7, 31))
    assert corrected() == 1
    (month,) = queries.months(COMMAND, name)
    assert (month.figure.state, month.corrections[-1].state) == ("not_reported", "met")
    actions.withdraw_zero(officer, signed.id, "签错了")
    assert corrected() == 1
    (month,) = queries.months(COMMAND, name)
    assert [one.state for one in month.corrections] == ["met", "not_reported"]


def test_a_base_that_is_counted_later_for_an_earlier_day_corrects_the_month(
    in_august: None, declare_as: Callable[..., str]
) -> None:
    name = declare_as(entry(base="应叫应的岗位数"))
    rounds.freeze(ROUND)
    actions.set_base(COMMAND, name, COUNTY, 8, "县水利局", date(2024, 7, 1), "垫水〔2024〕1号")
    assert corrected() == 1
    (month,) = queries.months(COMMAND, name)
    assert (month.figure.state, month.corrections[-1].state) == ("no_base", "missed")


def test_a_period_that_is_over_is_judged_by_its_own_day(
    in_august: None, declare_as: Callable[..., str], move_clock: Any
) -> None:
    name = declare_as(entry(measure="count", numerator=..., period="year", due="12-31", target=9))
    year = period_of("year", date(2024, 8, 1))
    assert compute.figure(COMMAND, name, year).state == "not_due"
    move_clock(200 * 86400)
    assert compute.figure(COMMAND, name, year).state == "missed"
    assert compute.figure(COMMAND, name).state == "not_reported", "2025 has no records"


def test_mutant_a_figure_that_reads_no_records_as_zero_is_caught(
    county_db: str, declare_as: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = declare_as(entry(measure="count", numerator=..., op="<=", target=0))
    real = compute.judge
    monkeypatch.setattr(
        compute, "judge",
        lambda promise, tally, said, day: real(promise, compute.Tally(1, present=1), said, day),
    )  # fmt: skip
    assert compute.figure(COMMAND, name).state == "met", "the mutant paints an empty county green"
    monkeypatch.setattr(compute, "judge", real)
    assert compute.figure(COMMAND, name).state == "not_reported"
