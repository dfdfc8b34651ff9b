"""Reads of the board: every row with its state, its lead and its point; a row whole; a unit's list.

All under the reader's scope. States come from `board_states`, leads from confirmations, else from
the document as proposed (拟).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.queries import NamedUnit
from anlan.engines.indicators import compute, declare
from anlan.engines.indicators.decisions import WORST_FIRST, Period, period_of
from anlan.ground import clock
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.kept import Kept, stamped
from anlan.ground.policy import packs
from anlan.ground.scope import Scope
from anlan.rooms.workplan import board_decisions, board_states, queries, tie_queries
from anlan.rooms.workplan.board_decisions import Answers, Beyond
from anlan.rooms.workplan.board_models import Lead
from anlan.rooms.workplan.models import PlanRow, PlanVersion
from anlan.rooms.workplan.ties import Match

HISTORY_MAX = 100
UNKNOWN = "unknown"
# A board is some hundred kilobytes: a county's, its townships', and those of yesterday.
BOARDS_MAX = 32
# Everything that a board is made of, but for the day and the plan's own words on law.
MADE_OF = {
    "workplan_planversion": "",
    "workplan_planrow": "WHERE plan_id IN (SELECT id FROM workplan_planversion"
    " WHERE state NOT IN ('undone', 'replaced'))",
    "workplan_lead": "",
    "workplan_tie": "",
    # The round writes the time into every row; only what it found makes another board.
    "workplan_boardstate": "|jsonb_hash_extended(states, division)::numeric"
    " + jsonb_hash_extended(figures, division + 1)",
    "ground_county": "",
    **county.NAMES_SEEN,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the board. due: its bucket (past, month, quarter, later, none); cells: by township.

    late: its day is over and its state is missed or not reported. names: of its units and aliases.
    """

    row: PlanRow
    key: str
    number: str
    state: str
    figures: list[dict[str, Any]]
    answers: Answers
    point: int | None
    system: str
    due: str
    late: bool
    cells: tuple[str, ...]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; empty is all."""

    table: str = ""
    point: str = ""
    system: str = ""
    state: str = ""
    lead: str = ""
    due: str = ""

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> Filters:
        """The filters of an address; Refusal for a state or a bucket that there is not."""
        found = cls(**{name: str(sent.get(name, ""))[:100] for name in cls.__slots__})
        wrong = [
            value for value, known in (
                (found.state, WORST_FIRST), (found.due, board_decisions.DUE_BUCKETS)
            ) if value and value not in known
        ]  # fmt: skip
        wrong += [v for v in (found.table, found.point) if v and not (v.isascii() and v.isdigit())]
        if wrong:
            raise Refusal("filter-form", _("没有这样的筛选"), wrong[0], _("请从页面上选"))
        return found

    def takes(self, line: Line) -> bool:
        """Whether the line is asked for."""
        return (
            self.table in ("", str(line.row.table))
            and self.point in ("", str(line.point or ""))
            and self.system in ("", line.system)
            and self.state in ("", line.state)
            and self.lead in ("", line.answers.name)
            and self.due in ("", line.due)
        )

    def any(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Board:
    """All rows of the plan, those that the filters take, and by what there is to filter.

    One board serves many readers at once: nothing in it is ever changed. stamp: what it was made
    of; empty where it was computed for this reader now, and nothing made of it may be kept. now:
    when it was asked for; late: lines whose day is over; named: units that a row names, in order of
    protocol, those not of the county last; entered: versions that wait for a second person;
    unmatched: indicators for whose row a person is asked; answering: indicators by row number.
    """

    plan: PlanVersion | None
    lines: list[Line]
    shown: list[Line]
    towns: list[tuple[int, str]]
    units: dict[str, NamedUnit]
    as_of: datetime | None
    today: date
    counts: dict[str, int] = field(default_factory=dict)
    stamp: str = ""
    now: datetime | None = None
    late: tuple[Line, ...] = ()
    named: tuple[str, ...] = ()
    entered: tuple[PlanVersion, ...] = ()
    unmatched: tuple[Match, ...] = ()
    answering: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def tables(self) -> dict[int, str]:
        return {line.row.table: line.row.table_title for line in self.lines}

    @property
    def points(self) -> dict[int, str]:
        listed = self.plan.points if self.plan else []
        return {int(point["number"]): str(point["heading"]) for point in listed}

    @property
    def systems(self) -> list[str]:
        return list(dict.fromkeys(line.system for line in self.lines if line.system))

    @property
    def leads(self) -> list[str]:
        """Units that lead something, in the order of protocol; those not of the county last."""
        counted = Counter(line.answers.name for line in self.lines if line.answers.name)
        return sorted(counted, key=lambda name: _protocol(self.units, name))


def _protocol(units: Mapping[str, NamedUnit], name: str) -> tuple[int, str]:
    return (units[name].order if name in units else 1_000_000, name)


_boards: Kept[Board] = Kept(BOARDS_MAX)


def board(scope: Scope, filters: Filters | None = None) -> Board:
    """The current plan as the reader sees it; made anew where anything in it has changed."""
    with scope.open():
        seen, now, as_of = stamped(scope, MADE_OF, "anlan_now()", board_states.kept_at_sql(scope))
        today = clock.local(now).date()
        key = f"{seen}/{today}"
        if as_of is None:
            found = replace(_board(scope, today, ""), now=now)
        else:
            found = _boards.get(key, lambda: _board(scope, today, key))
            found = replace(found, as_of=as_of, now=now)
    if filters is None or not filters.any():
        return found
    return replace(found, shown=[line for line in found.lines if filters.takes(line)])


def _board(scope: Scope, today: date, seen: str) -> Board:
    """The whole board, made of rows."""
    plan = queries.current(scope)
    entered = tuple(queries.waiting(scope))
    if plan is None:
        return Board(None, [], [], [], {}, None, today, stamp=seen, entered=entered)
    rows = list(plan.rows.all())
    units = county.units_by_name(scope, today)
    leads = confirmed_leads(scope, plan)
    standing = board_states.standing(scope)
    names = county.place_names(scope, standing.towns)
    towns = [(code, names.get(code, str(code))) for code in sorted(standing.towns)]
    tied = tie_queries.tied(scope, plan, rows)
    keys = board_decisions.row_keys((row.name, row.text, row.units) for row in rows)
    lines = [
        _line(row, key, plan, units, leads, standing, towns, today)
        for row, key in zip(rows, keys, strict=True)
    ]
    return Board(
        plan, lines, lines, towns, units, standing.computed_at, today,
        dict(Counter(line.state for line in lines)), seen, None,
        tuple(line for line in lines if line.late), _named(lines, units), entered,
        tuple(tied.waiting()), tied.by_row,
    )  # fmt: skip


def _named(lines: Sequence[Line], units: Mapping[str, NamedUnit]) -> tuple[str, ...]:
    names = {str(unit["name"]) for line in lines for unit in line.row.units
             if unit.get("kind") == "unit"}  # fmt: skip
    return tuple(sorted(names, key=lambda name: _protocol(units, name)))


def _line(
    row: PlanRow, key: str, plan: PlanVersion, units: Mapping[str, NamedUnit],
    leads: Mapping[tuple[str, str], Answers], standing: board_states.Standing,
    towns: Sequence[tuple[int, str]], today: date,
) -> Line:  # fmt: skip
    number = f"{row.table}/{row.row}"
    state = standing.own.get(number, "no_indicator")
    point = board_decisions.point_of(row.name, plan.points)
    answers = board_decisions.who_answers(
        row.units, leads.get((key, "")), {name: unit.id for name, unit in units.items()}
    )
    due = board_decisions.due_bucket(row.deadline, today)
    return Line(
        row, key, number, state, standing.figures.get(number, []), answers,
        int(point["number"]) if point else None, str(point["system"] or "") if point else "", due,
        due == "past" and state in board_decisions.LATE_STATES,
        tuple(standing.towns[code].get(number, "no_indicator") for code, _name in towns),
        frozenset(str(n) for unit in row.units for n in (unit["name"], unit.get("alias")) if n),
    )  # fmt: skip


def confirmed_leads(scope: Scope, plan: PlanVersion) -> dict[tuple[str, str], Answers]:
    """Confirmed leads of the plan's year by row key and target."""
    with scope.open():
        rows = Lead.objects.filter(
            year=plan.year or 0, ended_at=None, world__in=(0, scope.world)
        ).select_related("unit")
        return {
            (row.row_key, row.target): Answers(row.unit.name, "confirmed", row.unit_id, row.id)
            for row in rows
        }


def lead_history(scope: Scope, plan: PlanVersion, key: str) -> list[Lead]:
    """Every confirmation of the row's leads, newest first, ended ones too."""
    with scope.open():
        rows = Lead.objects.filter(year=plan.year or 0, row_key=key).select_related("unit")
        return list(rows.order_by("-id")[:HISTORY_MAX])


def line_of(found: Board, table: int, row: int) -> Line:
    """One line; NotFound where the plan has none."""
    wanted = f"{table}/{row}"
    line = next((one for one in found.lines if one.number == wanted), None)
    if line is None:
        raise NotFound("row-unknown", _("没有这一条"), wanted, _("请返回列表"))
    return line


@dataclass(frozen=True, slots=True)
class Citation:
    """What the law says about a row; text_of: the day of the text that was read."""

    law: str
    article: str
    text_of: str
    says: str
    note: str
    checked_on: str


def citations(plan: PlanVersion, row: PlanRow) -> list[Citation]:
    """Articles that were read for this very row: year, number and name must be the same.

    The demonstration plan has the published plan's rows, whatever year it is made for.
    """
    number = f"{row.table}/{row.row}"
    return [
        Citation(entry["law"], entry["article"], str(entry["text_of"]), entry["says"],
                 entry.get("note", ""), str(entry["checked_on"]))
        for entry in packs.citations().values()
        if (plan.demo or entry["plan_year"] == plan.year) and entry["rows"].get(number) == row.name
    ]  # fmt: skip


def beyond(found: Board) -> list[Beyond]:
    """What the points promise and no row holds; figures first within a point."""
    if found.plan is None:
        return []
    if not found.stamp:
        return _compared(found.plan, found.lines)
    plan, lines = found.plan, found.lines
    return _beyond_known.get(found.stamp, lambda: _compared(plan, lines))


def _compared(plan: PlanVersion, lines: Sequence[Line]) -> list[Beyond]:
    """Comparing a plan's words takes a tenth of a second; the same words give the same answer."""
    rows = tuple((line.row.name, line.row.text, line.row.quantities) for line in lines)
    said = hashlib.sha256(repr((plan.points, rows)).encode()).hexdigest()
    known = _same_words.get(said, lambda: board_decisions.beyond_rows(plan.points, rows))
    return sorted(known, key=lambda one: (one.point, one.why != "figure"))


_beyond_known: Kept[list[Beyond]] = Kept(BOARDS_MAX)
_same_words: Kept[list[Beyond]] = Kept(4)


# a unit's page


@dataclass(frozen=True, slots=True)
class Owed:
    """What a unit owes: rows that it leads by confirmation, as proposed, supports, or through a
    collective; each late first, then by deadline."""

    name: str
    unit: NamedUnit | None
    confirmed: list[Line]
    proposed: list[Line]
    support: list[Line]
    joint: list[tuple[str, Line]]
    board: Board

    @property
    def late(self) -> list[Line]:
        return [line for line in (*self.confirmed, *self.proposed) if line.late]

    @property
    def total(self) -> int:
        return len(self.confirmed) + len(self.proposed) + len(self.support) + len(self.joint)


def owed(scope: Scope, name: str) -> Owed:
    """The unit's list; NotFound where neither the county nor the plan knows the name."""
    with scope.open():
        found = board(scope)
        unit = found.units.get(name)
        own = {one for one, other in found.units.items() if unit and other.id == unit.id} | {name}
        joint_names = county.collectives_of(scope, unit.id, found.today) if unit else []
    lead = [line for line in found.lines if line.answers.name in own]
    named = [line for line in found.lines if line.names & own and line not in lead]
    if unit is None and not lead and not named:
        raise NotFound("unit-unknown", _("没有这个单位"), name[:100], _("请从要点页进入"))
    joint = [(joint, line) for line in found.lines for joint in joint_names
             if joint in line.names and line not in lead and line not in named]  # fmt: skip
    return Owed(
        unit.name if unit else name, unit,
        _late_first(line for line in lead if line.answers.confirmed),
        _late_first(line for line in lead if not line.answers.confirmed), _late_first(named),
        joint, found,
    )  # fmt: skip


def _late_first(lines: Any) -> list[Line]:
    return sorted(
        lines,
        key=lambda line: (not line.late, line.row.deadline, WORST_FIRST.index(line.state),
                          line.row.table, line.row.row),
    )  # fmt: skip


# for supervision


@dataclass(frozen=True)
class TargetNow:
    """A target of a row as it stands for its own period: what supervision asks for.

    day: its last day; answers: who answers for this target. Its figure is computed when it is asked
    for, in the scope's open transaction: a target whose day is not over is not late whatever it is.
    """

    scope: Scope
    plan: PlanVersion
    line: Line
    indicator: str
    period: Period
    day: date | None
    today: date
    answers: Answers

    @cached_property
    def figure(self) -> compute.Figure:
        return compute.figure(self.scope, self.indicator, self.period)

    @cached_property
    def late(self) -> board_decisions.Late:
        """As `board_decisions.is_late`."""
        over = self.day is not None and self.today > self.day
        return board_decisions.is_late(self.figure.state if over else "", self.day, self.today)

    @cached_property
    def articles(self) -> tuple[Citation, ...]:
        return tuple(citations(self.plan, self.line.row))


def targets(
    scope: Scope, wanted: Callable[[Answers], bool] | None = None
) -> list[TargetNow]:  # fmt: skip
    """Every target that an indicator answers, for the plan's own time. wanted: by who answers.

    A figure of a year is asked for the year in which the row falls due; one of a shorter period
    for the last period that has ended.
    """
    with scope.open():
        found = board(scope)
        if found.plan is None or found.plan.state != "confirmed":
            return []
        leads = confirmed_leads(scope, found.plan)
        made = []
        for line in found.lines:
            for name in found.answering.get(line.number, ()):
                answers = leads.get((line.key, name)) or line.answers
                if wanted is None or wanted(answers):
                    made.append(_target(scope, found, line, name, answers))
    return made


def _target(scope: Scope, found: Board, line: Line, name: str, answers: Answers) -> TargetNow:
    entry = declare.entry_of(name)
    period = _asked(declare.period_kind(entry), found, _day(line.row.deadline))
    ended = period.ends_on if declare.period_kind(entry) != "none" else None
    day = board_decisions.day_of(line.row.deadline, _due(entry, period.ends_on), ended)
    assert found.plan is not None
    return TargetNow(scope, found.plan, line, name, period, day, found.today, answers)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _asked(kind: str, found: Board, deadline: date | None) -> Period:
    """The period that a target is asked for today."""
    year = found.plan.year if found.plan else None
    until = deadline or board_decisions.asked_on(year, found.today, False)
    own = period_of(kind, min(found.today, until))
    if own.starts_on is None or kind == "year" or own.ends_on < found.today:
        return own
    before = period_of(kind, own.starts_on - timedelta(days=1))
    return before if before.starts_on and before.starts_on.year == year else own


def _due(entry: Mapping[str, Any], on: date) -> date | None:
    if not entry.get("due"):
        return None
    month, day = str(entry["due"]).split("-")
    return date(on.year, int(month), int(day))
