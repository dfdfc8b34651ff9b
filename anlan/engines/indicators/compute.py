"""Figures from facts: count, sum or ratio, whole or by township, in a period; and the rows behind.

As a query an indicator yields rows (object, place, in the numerator, weight), so that the county's
figure, a township's share and "which three" are one thing. The reader's scope holds, for fact
views run with the reader's rights. No sector is named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from anlan.county.models import Division
from anlan.engines.indicators import declare, kept
from anlan.engines.indicators.counts import rows_sql, tally
from anlan.engines.indicators.decisions import (
    Judgement,
    Period,
    Reported,
    Tally,
    evidence_of,
    judge,
    period_of,
    rounded,
)
from anlan.engines.indicators.declare import Compiled, declared
from anlan.engines.indicators.models import BaseCount, FigureCheck, ZeroReport
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.models import CountyFact
from anlan.ground.places import level
from anlan.ground.scope import Scope

ROWS_MAX = 500


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator's figure. state: as in anlan.status/1; evidence: declared, evidenced, checked.

    division: None for all that the reader sees, else a township.
    """

    indicator: str
    label: str
    state: str
    value: float | None
    op: str
    target: float | None
    unit: str
    numerator: float | None
    denominator: float | None
    completeness: float | None
    reason: str
    period: str
    evidence: str = "declared"
    division: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A row behind a figure."""

    kind: str
    id: int
    division: int
    label: str
    counted: bool
    weight: Decimal
    happened_at: datetime | None


def today(scope: Scope) -> date:
    """The day on the county's wall clock, in the scope's world."""
    return clock.local(clock.now(scope.world)).date()


def current_period(scope: Scope, name: str) -> Period:
    """The indicator's period in which today lies."""
    return period_of(declare.period_kind(declare.entry_of(name)), today(scope))


def figure(scope: Scope, name: str, period: Period | None = None) -> Figure:
    """The figure of all that the reader sees, with the reason of its state."""
    return _figures(scope, name, period, townships=False)[None]


def by_township(scope: Scope, name: str, period: Period | None = None) -> list[Figure]:
    """A figure for each township that the reader sees, in the order of their codes."""
    found = _figures(scope, name, period, townships=True)
    return [figure for place, figure in sorted(found.items(), key=str) if place is not None]


def everywhere(scope: Scope, name: str, period: Period | None = None) -> dict[int | None, Figure]:
    """The figure of all that the reader sees (None) and of each township, in one computation."""
    return _figures(scope, name, period, townships=True)


def _figures(
    scope: Scope, name: str, period: Period | None, townships: bool
) -> dict[int | None, Figure]:
    entry = declare.entry_of(name)
    with scope.open():
        day = today(scope)
        own = period or period_of(declare.period_kind(entry), day)
        try:
            tallies = kept.tallies(scope, Compiled(name, entry, own))
        except Refusal as refusal:
            return {None: _off(name, entry, own, str(refusal))}
        seen = towns(scope) if townships or entry.get("group") == "township" else []
        said = reported(scope, name, own, seen, tallies)
        checked = set(
            FigureCheck.objects.filter(indicator=name).values_list("figure_digest", flat=True)
        )
    promise = declare.promise_of(entry, own.within(day))
    places: list[int | None] = [None, *(seen if townships else [])]
    return {
        place: _shown(name, entry, own, place, tallies.get(place, Tally()),
                      judge(promise, tallies.get(place, Tally()), said[place], day), checked)
        for place in places
    }  # fmt: skip


def _off(name: str, entry: declare.Entry, own: Period, why: str) -> Figure:
    """An indicator that cannot be computed counts as none, and says why."""
    return Figure(
        name, str(entry.get("label", name)), "no_indicator", None, entry.get("op", "judged"), None,
        str(entry.get("unit", "")), None, None, None, why, period_label(own),
    )  # fmt: skip


def records(scope: Scope, name: str, period: Period | None = None) -> list[Record]:
    """The rows behind the figure, those not counted first; at most ROWS_MAX."""
    entry = declare.entry_of(name)
    with scope.open(), connection.cursor() as cursor:
        own = period or period_of(declare.period_kind(entry), today(scope))
        query = sql.SQL(
            "SELECT object_kind, id, division, label, counted, weight, happened_at FROM ({rows}) r"
            " ORDER BY counted, division, id LIMIT {limit}"
        ).format(rows=rows_sql(Compiled(name, entry, own)), limit=sql.Literal(ROWS_MAX))
        cursor.execute(query.as_string(cursor.connection))
        return [Record(*row) for row in cursor.fetchall()]


def towns(scope: Scope) -> list[int]:
    """The townships that the reader sees, in the order of their codes."""
    codes = Division.objects.order_by("code").values_list("code", flat=True)
    return [code for code in codes if level(code) == "township" and scope.covers(code)]


def reported(
    scope: Scope, name: str, period: Period, seen: list[int], tallies: dict[int | None, Tally]
) -> dict[int | None, Reported]:
    """Zero reports and base counts, of each township and of all that the reader sees."""
    first = period.starts_on or date.min
    zeros = set(
        ZeroReport.objects.filter(
            indicator=name, withdrawn_at=None, starts_on__lte=first,
            ends_on__gte=period.ends_on,
        ).values_list("division", flat=True)
    )  # fmt: skip
    bases: dict[int, Decimal] = {}
    counted = BaseCount.objects.filter(indicator=name, counted_on__lte=period.ends_on)
    for place, count in counted.order_by("counted_on", "id").values_list("division", "count"):
        bases[place] = count
    heard = [town for town in seen if town in zeros or tallies.get(town, Tally()).rows]
    found: dict[int | None, Reported] = {
        town: Reported(town in zeros, bases.get(town), 1, int(town in heard)) for town in seen
    }
    top = _top(scope)
    zero = top in zeros or (bool(seen) and all(town in zeros for town in seen))
    found[None] = Reported(zero, bases.get(top), len(seen), len(heard))
    return found


def whole_county() -> int:
    """The county's code, under which figures of the whole stand; 0 before there is a county."""
    return CountyFact.objects.values_list("code", flat=True).first() or 0


def _top(scope: Scope) -> int:
    """The place whose reports and counts stand for all that the reader sees."""
    return scope.lo if scope.kind == "post" else whole_county()


def figure_digest(name: str, period: Period, place: int | None, judged: Judgement) -> str:
    """What a person checks: this figure of this period and place, and no other."""
    numbers = [str(n) for n in (judged.numerator, judged.denominator, judged.value)]
    content = {"name": name, "from": str(period.starts_on), "kind": period.kind, "at": place}
    return declare.digest(content | {"is": numbers})


def _shown(
    name: str, entry: declare.Entry, period: Period, place: int | None, tally: Tally,
    judged: Judgement, checked: set[str],
) -> Figure:  # fmt: skip
    promise = declare.promise_of(entry, period.ends_on)
    value = None if judged.value is None else float(rounded(judged.value, promise))
    return Figure(
        name, entry["label"], judged.state, value, promise.op, _float(promise.target),
        entry.get("unit", ""), _float(judged.numerator), _float(judged.denominator),
        None if judged.completeness is None else round(float(judged.completeness), 4),
        reason_text(judged), period_label(period),
        evidence_of(tally, figure_digest(name, period, place, judged) in checked), place,
        entry.get("why", ""),
    )  # fmt: skip


def _float(value: Decimal | None) -> float | None:
    """A whole number as such, so that 3 of 7 does not read 3.0 of 7.0."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def reason_text(judged: Judgement) -> str:
    """Why the figure stands where it stands, in words."""
    due = judged.due.isoformat() if judged.due else ""
    words = {
        "by-city": _("市里下达后才有数"),
        "no-base": _("分母没有主管部门的核定数和日期"),
        "some-silent": _("还有 %(n)d 个地方没有报") % {"n": judged.missing},
        "no-records": _("没有记录，也没有零报告"),
        "none-done": _("有登记，还没有一条用过或办过的记录"),
        "zero-report": _("零报告"),
        "judged": _("列数，由人判定"),
        "within-limit": _("没有超过限值，%(d)s 到期") % {"d": due},
        "met": _("达到目标"),
        "not-due": _("%(d)s 到期") % {"d": due},
        "over-limit": _("超过限值"),
        "below-target": _("没有达到目标"),
    }
    return words[judged.reason]


def period_label(period: Period) -> str:
    """2024年7月, 2024年三季度, 2024年, 2024年第28周, or 截至 a day."""
    first = period.starts_on
    if first is None:
        return _("截至 %(d)s") % {"d": period.ends_on.isoformat()}
    if period.kind == "month":
        return _("%(y)d年%(m)d月") % {"y": first.year, "m": first.month}
    if period.kind == "quarter":
        return _("%(y)d年第%(q)d季度") % {"y": first.year, "q": (first.month + 2) // 3}
    if period.kind == "week":
        year, week, _day = first.isocalendar()
        return _("%(y)d年第%(w)d周") % {"y": year, "w": week}
    return _("%(y)d年") % {"y": first.year}


__all__ = [
    "Figure", "Record", "by_township", "current_period", "declared", "everywhere", "figure",
    "records", "tally",
]  # fmt: skip
