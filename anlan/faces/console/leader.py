"""The leader's page (领导快报): one page, on screen, as PDF and as a picture for the group chat.

Flows in: what runs at this moment, by the queries of the rooms. Flows out: what, where, who is not
reached, what is needed, as of when. Posts are named, people are not. Lists are cut until it is one
page, and what was cut is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.engines.callout import queries as callout
from anlan.ground import clock, papers, pictures
from anlan.ground.errors import NotFound
from anlan.ground.inputs import IN_CHINESE
from anlan.ground.models import CountyFact
from anlan.ground.papers import Heading, Paper, Table
from anlan.ground.places import township_of
from anlan.ground.scope import Scope
from anlan.ground.web import page, scope_of
from anlan.rooms.duty import hall_queries, report_words
from anlan.rooms.duty import queries as duty
from anlan.rooms.evacuation import queries as evacuation
from anlan.rooms.evacuation.decisions import Figures

OPEN_STATES = ("nobody", "fallback", "ringing", "waiting")
CUTS = (12, 8, 5, 3, 2, 1)
CALLOUTS_MAX = 3
TYPES = {"pdf": "application/pdf", "png": "image/png"}


@dataclass(frozen=True, slots=True)
class Called:
    """A call-out that runs. silent: (township or county, posts without an answer), most first."""

    title: str
    opened_at: datetime
    total: int
    answered: int
    reached: int
    open: int
    silent: list[tuple[str, list[str]]]
    help: list[str]


@dataclass(frozen=True, slots=True)
class Need:
    """Something that somebody must do. late: past its time."""

    who: str
    what: str
    late: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """The page as figures. as_of: when all of it was read, in one transaction."""

    county: str
    as_of: datetime
    demo: bool
    called: list[Called]
    zones: list[Any]
    moved: Figures
    counted: int
    events: list[tuple[str, str, datetime]]
    needs: list[Need]

    @property
    def silent(self) -> int:
        return sum(one.open for one in self.called)


def brief(scope: Scope) -> Brief:
    """Everything of the page, read in one transaction."""
    with scope.open():
        now = clock.now()
        fact = CountyFact.objects.first()
        night = evacuation.night(scope)
        called = [
            _called(scope, row) for row, _counts in callout.recent(scope, 20)
            if row.state == "open" and row.kind == "warning"
        ][:CALLOUTS_MAX]  # fmt: skip
        events = [_event(one) for one in duty.events(scope)]
        needs = [Need(post, _("要求支援"), False) for one in called for post in one.help]
        needs += _needs(scope)
    zones = [one for one in night.rows if one.figures.still_there or one.counted_at is None]
    return Brief(fact.name if fact else "", now, bool(fact and fact.demo), called, zones,
                 night.total, night.counted, events, needs)  # fmt: skip


def _called(scope: Scope, row: Any) -> Called:
    tree = callout.tree(scope, row.id)
    assert tree is not None
    towns: dict[int, list[str]] = {}
    for node in tree.nodes:
        if node.state in OPEN_STATES:
            town = township_of(node.division) or node.division
            towns.setdefault(town, []).append(node.post_title)
    names = _names(scope, list(towns))
    silent = sorted(((names.get(code, ""), posts) for code, posts in towns.items()),
                    key=lambda pair: (-len(pair[1]), pair[0]))  # fmt: skip
    helped = [f"{n.division_name} {n.post_title}" for n in tree.nodes if n.state == "help"]
    counts = tree.counts
    return Called(row.title, row.opened_at, counts.total, counts.answered + counts.help,
                  counts.reached, counts.open, silent, helped)  # fmt: skip


def _names(scope: Scope, codes: list[int]) -> dict[int, str]:
    from anlan.county import queries as county

    return county.place_names(scope, codes)


def _event(one: duty.Row) -> tuple[str, str, datetime]:
    figures = report_words.carried(one.event)
    said = "，".join(f"{f.label} {report_words.number(f.value)} {f.unit}" for f in figures)
    return one.title, said or one.event.what[:60], one.event.received_at


def _needs(scope: Scope) -> list[Need]:
    found = [
        Need(what, str(row.get_kind_display()), own.state == "late")
        for row, own, what in duty.open_reports(scope)
    ]
    for one in hall_queries.tasks(scope):
        if one.row.state == "open":
            found.append(Need(one.row.to_title, one.row.text, one.clock == "late"))
    return sorted(found, key=lambda need: not need.late)


def headline(found: Brief) -> str:
    """The one sentence: who is not reached, who is not moved, else what goes on."""
    parts = []
    if found.silent:
        parts.append(_("%(n)d 个岗位没有应答") % {"n": found.silent})
    if found.moved.still_there:
        parts.append(_("%(n)d 人没有转移") % {"n": found.moved.still_there})
    if found.events:
        parts.append(_("%(n)d 件事在处置") % {"n": len(found.events)})
    return "，".join(parts) or _("没有叫应、转移和在处置的事")


@override(IN_CHINESE)
def paper(found: Brief, cut: int) -> Paper:
    """The page with lists of at most `cut` rows each."""
    at = clock.local(found.as_of).strftime("%m-%d %H:%M:%S")
    parts: list[str | Heading | Table] = [
        _("截至 %(at)s：%(said)s。") % {"at": at, "said": headline(found)}
    ]
    parts.append(Heading(_("一、发生了什么")))
    parts += _what(found, cut)
    parts.append(Heading(_("二、谁没有叫到")))
    parts += _silent(found, cut)
    parts.append(Heading(_("三、转移")))
    parts += _moved(found, cut)
    parts.append(Heading(_("四、需要做什么")))
    late = _("（已超时）")
    needs = [f"{need.who}：{need.what}{late if need.late else ''}" for need in found.needs]
    parts += _listed(needs, cut) or [_("没有。")]
    return Paper(_("%(county)s值班快报") % {"county": found.county}, parts, found.as_of,
                 _("安澜·值班"), demo=found.demo, compact=True)  # fmt: skip


def _listed(lines: list[str], cut: int) -> list[str]:
    left = len(lines) - cut
    more = [_("另有 %(n)d 项，见系统。") % {"n": left}] if left > 0 else []
    return [line[:120] for line in lines[:cut]] + more


def _what(found: Brief, cut: int) -> list[str]:
    lines = []
    for one in found.called:
        at = clock.local(one.opened_at).strftime("%m-%d %H:%M")
        lines.append(
            _("%(at)s %(title)s：共叫 %(all)d，已应答 %(ok)d，兜底到达 %(by)d，没有应答 %(no)d。")
            % {"at": at, "title": one.title, "all": one.total, "ok": one.answered,
               "by": one.reached, "no": one.open}
        )  # fmt: skip
    for title, said, received in found.events:
        lines.append(f"{clock.local(received).strftime('%m-%d %H:%M')} {title}：{said}")
    return _listed(lines, cut) or [_("没有。")]


def _silent(found: Brief, cut: int) -> list[str]:
    lines = []
    for one in found.called:
        for place, posts in one.silent:
            said = "、".join(posts[:4]) + (_("等") if len(posts) > 4 else "")
            lines.append(_("%(place)s %(n)d 个：%(posts)s") % {
                "place": place, "n": len(posts), "posts": said,
            })  # fmt: skip
    return _listed(lines, cut) or [_("没有叫应，或都已应答。")]


def _moved(found: Brief, cut: int) -> list[str | Table]:
    total = found.moved
    if not total.to_move:
        return [_("没有启用的转移片区。")]
    lines: list[str | Table] = [
        _("应转 %(to)d 人，已转 %(moved)d 人，未转 %(left)d 人。") % {
            "to": total.to_move, "moved": total.moved, "left": total.still_there,
        }
    ]  # fmt: skip
    rows = [
        (f"{one.place} {one.row.zone.name}", str(one.figures.to_move),
         _("未报") if one.counted_at is None else str(one.figures.still_there))
        for one in found.zones
    ]  # fmt: skip
    if rows:
        lines.append(Table((_("片区"), _("应转"), _("未转")), tuple(rows[:cut]), (4, 1, 1)))
    if len(rows) > cut:
        lines.append(_("另有 %(n)d 个片区，见系统。") % {"n": len(rows) - cut})
    return lines


@override(IN_CHINESE)
def one_page(found: Brief) -> bytes:
    """The PDF: the longest lists that still fit one page."""
    content = b""
    for cut in CUTS:
        content = papers.pdf(paper(found, cut))
        if pictures.page_count(content) == 1:
            break
    return content


@page("leader.read")
def leader(request: HttpRequest) -> HttpResponse:
    """The same on the screen, with the two files."""
    found = brief(scope_of(request))
    context = {"found": found, "headline": headline(found), "now": found.as_of}
    return render(request, "console/leader.html", context)


@page("leader.read")
def leader_file(request: HttpRequest, form: str) -> HttpResponse:
    """The page as PDF, or as PNG for the group chat."""
    if form not in TYPES:
        raise NotFound("form-unknown", _("没有这种文件"), form[:20], "pdf、png")
    found = brief(scope_of(request))
    content = one_page(found)
    if form == "png":
        content = pictures.first_page(content)
    at = clock.local(found.as_of).strftime("%m%d-%H%M")
    answer = HttpResponse(content, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="brief-{at}.{form}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


urlpatterns = [
    path("leader/", leader, name="leader"),
    path("leader/file.<slug:form>", leader_file, name="leader-file"),
]
