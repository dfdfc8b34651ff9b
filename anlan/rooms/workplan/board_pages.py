"""Pages of the board: the heat table with its filters, a row whole, a unit's list, exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.engines.indicators import compute
from anlan.engines.indicators import queries as kept
from anlan.engines.indicators.decisions import WORST_FIRST, Period, worst
from anlan.ground import clock
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of
from anlan.rooms.workplan import (
    board_actions,
    board_decisions,
    board_queries,
    board_shapes,
    exports,
    queries,
)
from anlan.rooms.workplan.behind import addresses
from anlan.rooms.workplan.board_queries import Board, Filters, Line, Owed
from anlan.rooms.workplan.models import PlanVersion
from anlan.rooms.workplan.reader.deadlines import in_text

DUE_WORDS = ("past", "month", "quarter", "later", "none")


@page("plan.read")
def board(request: HttpRequest) -> HttpResponse:
    """Every row by table: at one glance as shapes, then as a list."""
    scope = scope_of(request)
    filters = Filters.read(request.GET)
    found = board_queries.board(scope, filters)
    by_unit = request.GET.get("by") == "unit"
    # What the template keeps (`{% kept %}`) is not computed where it is not asked for.
    context = {
        "plan": found.plan, "board": found, "filters": filters, "by_unit": by_unit,
        "maps": cache(lambda: _maps(found, by_unit)),
        "legend": cache(lambda: [(s, board_shapes.word(s)) for s in WORST_FIRST]),
        "columns": cache(lambda: _columns(found, by_unit)),
        "late": found.late, "total": len(found.lines),
        "answered": sum(1 for line in found.lines if line.figures),
        "states": cache(lambda: [(s, found.counts[s], board_shapes.word(s)) for s in WORST_FIRST
                                 if s in found.counts]),
        "due_words": cache(lambda: [(name, _due_word(name)) for name in DUE_WORDS]),
        "waiting": found.unmatched,
        "beyond": cache(lambda: len(board_queries.beyond(found))), "named": found.named,
        "query": request.GET.urlencode(), "versions": found.entered, "now": found.now,
        "forms": exports.FORMS,
    }  # fmt: skip
    return render(request, "workplan/board.html", context)


def _due_word(name: str) -> str:
    words = {"": _("全部"), "season": _("汛前"), "past": _("已到期"),
             "month": _("一个月内"), "quarter": _("一季度内"), "later": _("更晚"),
             "none": _("没有日期")}  # fmt: skip
    return words[name]


def _columns(found: Board, by_unit: bool) -> list[str]:
    return found.leads if by_unit else [name for _code, name in found.towns]


def _maps(found: Board, by_unit: bool) -> list[dict[str, Any]]:
    """A picture a table: rows down, townships or leading units across."""
    columns = _columns(found, by_unit)
    maps = []
    for table, title in found.tables.items():
        lines = [line for line in found.shown if line.row.table == table]
        if lines and columns:
            rows = [
                board_shapes.Row(
                    f"/plan/{line.number}/",
                    f"{line.number} {line.row.name} · {board_shapes.word(line.state)}",
                    _unit_cells(line, columns) if by_unit else line.cells,
                    line.number,
                )
                for line in lines
            ]
            label = f"{title}：{board_shapes.said(line.state for line in lines)}"
            maps.append({
                "title": title, "count": len(lines), "heads": board_shapes.heads(columns),
                "heat": board_shapes.heat(rows, len(columns), label),
            })  # fmt: skip
    return maps


def _unit_cells(line: Line, columns: Sequence[str]) -> list[str]:
    named = {str(unit["name"]) for unit in line.row.units}
    return [
        line.state if name == line.answers.name else "support" if name in named else ""
        for name in columns
    ]


@page("plan.read")
def row_page(request: HttpRequest, table: int, row: int) -> HttpResponse:
    """What a row promises, how it stands and why, who answers, and everything behind it."""
    scope = scope_of(request)
    found = board_queries.board(scope)
    line = board_queries.line_of(found, table, row)
    assert found.plan is not None
    periods = {name: queries.asked(scope, found.plan, name, found.today)
               for name in found.answering.get(line.number, ())}  # fmt: skip
    shares = {name: compute.everywhere(scope, name, period) for name, period in periods.items()}
    months = {name: _of_year(kept.months(scope, name), found.plan) for name in periods}
    figures = [(shares[name][None], records(scope, shares[name][None], period), months[name])
               for name, period in periods.items()]  # fmt: skip
    leads = board_queries.confirmed_leads(scope, found.plan)
    state = worst(figure.state for figure, _r, _m in figures)
    towns = _towns(scope, shares)
    context = {
        "line": line, "plan": found.plan, "figures": figures, "state": state,
        "towns": towns, "strip": board_shapes.strip([one for _name, one in towns]),
        "target_leads": [(figure, leads.get((line.key, figure.indicator)))
                         for figure, _r, _m in figures],
        "history": board_queries.lead_history(scope, found.plan, line.key),
        "units": _choices(found, line), "citations": board_queries.citations(found.plan, line.row),
        "point": board_decisions.point_of(line.row.name, found.plan.points),
        "beyond": [one for one in board_queries.beyond(found) if one.point == line.point],
        "now": found.now,
    }  # fmt: skip
    return render(request, "workplan/row.html", context)


def _of_year(months: list[kept.Month], plan: PlanVersion) -> list[kept.Month]:
    """Frozen months of the plan's own year."""
    return [one for one in months if plan.year in (None, one.figure.month.year)]


def _towns(
    scope: Scope, shares: Mapping[str, Mapping[int | None, compute.Figure]]
) -> list[tuple[str, str]]:  # fmt: skip
    """Each township that the reader sees by name, with the worst state of the row's targets."""
    states: dict[int, list[str]] = {}
    for found in shares.values():
        for place, share in found.items():
            if place is not None:
                states.setdefault(place, []).append(share.state)
    places = county.place_names(scope, states)
    return [(places.get(code, str(code)), worst(states[code])) for code in sorted(states)]


def _choices(found: Board, line: Line) -> list[Any]:
    """Units that can be confirmed: those that the row names first, then by protocol."""
    named = {name for unit in line.row.units for name in (unit["name"], unit.get("alias")) if name}
    units = {unit.id: unit for unit in found.units.values() if unit.kind == "unit"}
    first = {found.units[name].id for name in named if name in found.units}
    return sorted(units.values(), key=lambda unit: (unit.id not in first, unit.order, unit.id))


def records(scope: Scope, figure: compute.Figure, period: Period) -> list[dict[str, Any]]:
    """The records behind a figure of the period, each with its place by name and its page."""
    if figure.state == "no_indicator":
        return []
    found = compute.records(scope, figure.indicator, period)
    pages = addresses(scope, found)
    names = county.place_names(scope, {record.division for record in found})
    return [
        {"record": record, "url": pages.get((record.kind, record.id), ""),
         "place": names.get(record.division, str(record.division))}
        for record in found
    ]  # fmt: skip


@act("plan.confirm", fields=("unit", "document", "target"))
def confirm_lead(request: HttpRequest, table: int, row: int) -> HttpResponse:
    """A person confirms who leads the row, or one target of it."""
    post = request.POST
    unit = post.get("unit", "")
    if not (unit.isascii() and unit.isdigit() and len(unit) <= 18):
        raise Refusal("unit-form", _("请选一个单位"), unit[:40], _("从列表里选"))
    board_actions.confirm_lead(
        scope_of(request), table, row, int(unit), post.get("document", ""), post.get("target", "")
    )
    return redirect(f"/plan/{table}/{row}/")


@act("plan.confirm", fields=("lead", "why"))
def end_lead(request: HttpRequest, table: int, row: int) -> HttpResponse:
    """A confirmation is taken back."""
    lead = request.POST.get("lead", "")
    if not (lead.isascii() and lead.isdigit() and len(lead) <= 18):
        raise NotFound("lead-unknown", _("没有这个确认"), lead[:40])
    board_actions.end_lead(scope_of(request), int(lead), request.POST.get("why", ""))
    return redirect(f"/plan/{table}/{row}/")


@page("plan.read")
def find_unit(request: HttpRequest) -> HttpResponse:
    """A unit's name chosen on the board leads to its list."""
    name = request.GET.get("unit", "").strip()[:100]
    return redirect("plan-unit", unit=name) if name else redirect("plan")


@page("plan.read")
def unit_page(request: HttpRequest, unit: str) -> HttpResponse:
    """What a unit owes and by when; what is late stands first."""
    scope, due = scope_of(request), _due_asked(request)
    whole = board_queries.owed(scope, unit)
    season = queries.flood_season(scope, whole.board.plan.year if whole.board.plan else None)
    owed = _owed_by(whole, due, season)
    counts = [(name, _due_word(name), _owed_by(whole, name, season).total)
              for name in ("", *UNIT_DUES)]  # fmt: skip
    context = {
        "owed": owed, "now": whole.board.now, "forms": exports.FORMS, "due": due,
        "due_word": _due_word(due), "season": season,
        "dues": [own for own in counts if own[2] or own[0] in ("", "season", due)],
        "query": request.GET.urlencode(),
        "in_points": _in_points(whole.board, season) if due == "season" else [],
    }  # fmt: skip
    return render(request, "workplan/unit.html", context)


UNIT_DUES = ("season", *DUE_WORDS)


def _due_asked(request: HttpRequest) -> str:
    due = request.GET.get("due", "")
    if due and due not in UNIT_DUES:
        raise Refusal("filter-form", _("没有这样的筛选"), due[:40], _("请从页面上选"))
    return due


def _owed_by(owed: Owed, due: str, season: queries.Season) -> Owed:
    """The same list with only what falls due then."""
    if not due:
        return owed

    def takes(line: Line) -> bool:
        if due == "season":
            return board_decisions.due_before(line.row.deadline, season.first)
        return line.due == due

    return replace(
        owed, confirmed=[own for own in owed.confirmed if takes(own)],
        proposed=[own for own in owed.proposed if takes(own)],
        support=[own for own in owed.support if takes(own)],
        joint=[own for own in owed.joint if takes(own[1])],
    )  # fmt: skip


def _in_points(found: Board, season: queries.Season) -> list[Any]:
    """Clauses of the points that name a day before the season and that no row holds."""
    year = found.plan.year if found.plan else None
    return [
        one for one in board_queries.beyond(found)
        if board_decisions.due_before(in_text(one.text, year), season.first)
    ]  # fmt: skip


@page("plan.read")
def beyond_page(request: HttpRequest) -> HttpResponse:
    """What the points promise and no row of the tables holds."""
    found = board_queries.board(scope_of(request))
    grouped: dict[tuple[int, str], list[Any]] = {}
    for one in board_queries.beyond(found):
        grouped.setdefault((one.point, one.heading), []).append(one)
    context = {"groups": grouped.items(), "plan": found.plan, "now": clock.now()}
    return render(request, "workplan/beyond.html", context)


@page("plan.read")
def board_file(request: HttpRequest, form: str) -> HttpResponse:
    """The board with the address's filters as XLSX, DOCX or PDF."""
    found = board_queries.board(scope_of(request), Filters.read(request.GET))
    return exports.answer(exports.of_board(found), form, "plan")


@page("plan.read")
def unit_file(request: HttpRequest, unit: str, form: str) -> HttpResponse:
    """A unit's list as XLSX, DOCX or PDF."""
    scope = scope_of(request)
    owed = board_queries.owed(scope, unit)
    season = queries.flood_season(scope, owed.board.plan.year if owed.board.plan else None)
    listed = _owed_by(owed, _due_asked(request), season)
    return exports.answer(exports.of_unit(listed), form, "unit")


urlpatterns = [
    path("plan/", board, name="plan"),
    path("plan/<int:table>/<int:row>/", row_page, name="plan-row"),
    path("plan/<int:table>/<int:row>/lead/", confirm_lead, name="plan-lead"),
    path("plan/<int:table>/<int:row>/lead/end/", end_lead, name="plan-lead-end"),
    path("plan/unit/", find_unit, name="plan-find-unit"),
    path("plan/unit/<str:unit>/", unit_page, name="plan-unit"),
    path("plan/unit/<str:unit>/file.<slug:form>", unit_file, name="plan-unit-file"),
    path("plan/beyond/", beyond_page, name="plan-beyond"),
    path("plan/file.<slug:form>", board_file, name="plan-file"),
]
