"""What is shown of the desk: events with their sources and clocks, doubles, landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import CharField, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.models import Post
from anlan.ground import clock, secrets
from anlan.ground.errors import NotFound
from anlan.ground.places import township_of
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.duty import pack
from anlan.rooms.duty.decisions import Known, Same, same_as
from anlan.rooms.duty.models import Event, Figure, Landmark, Report, Source, Task, WebReport
from anlan.rooms.duty.report_decisions import Clock, clock_of, unit_minutes
from anlan.rooms.duty.rows import title

EVENTS_MAX = 200
LATELY = timedelta(days=30)
WEB_REPORTS_MAX = 200
SAME_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Row:
    """An event of the list. clock: its report's; late_tasks: tasks without an answer in time."""

    event: Event
    title: str
    kind_label: str
    sources: int
    report: Report | None
    clock: Clock | None
    open_tasks: int
    late_tasks: int


@dataclass(frozen=True, slots=True)
class SourceShown:
    """A source as the desk sees it; the number masked."""

    row: Source
    caller: str
    number_masked: str
    text: str
    joined: bool


@dataclass(frozen=True, slots=True)
class Double:
    """An event that may be the same, and why."""

    event: Event
    title: str
    same: Same
    minutes: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An event whole. unit_late_min: minutes by which art. 9's hour may have been passed."""

    event: Event
    title: str
    kind_label: str
    family_label: str
    sources: list[SourceShown]
    doubles: list[Double]
    reports: list[tuple[Report, Clock]]
    figures: list[Figure]
    tasks: list[Task]
    parts: list[Event]
    into: Event | None
    unit_late_min: int | None
    family: dict[str, Any]


def events(scope: Scope, only_open: bool = True) -> list[Row]:
    """Events of the scope: reports that are late first, then the newest."""
    with scope.open():
        rows = Event.objects.exclude(state="joined").order_by("-id")
        if only_open:
            rows = rows.exclude(state="closed")
        found = list(rows[:EVENTS_MAX])
        now = clock.now()
        ids = [row.id for row in found]
        reports = {r.event_id: r for r in Report.objects.filter(
            event_id__in=ids, state__in=("due", "drafted"))}  # fmt: skip
        counted: dict[int, int] = {}
        own = Q(event_id__in=ids) | Q(event__joined_id__in=ids)
        for event_id, joined in Source.objects.filter(own).values_list(
            "event_id", "event__joined_id"
        ):
            counted[joined or event_id] = counted.get(joined or event_id, 0) + 1
        tasks = list(Task.objects.filter(origin_kind="duty.event", origin_id__in=ids, state="open"))
    shown = []
    for row in found:
        report = reports.get(row.id)
        mine = [task for task in tasks if task.origin_id == row.id]
        shown.append(
            Row(row, title(row), pack.kind(row.kind)["label"], counted.get(row.id, 0), report,
                _clock(report, now) if report else None, len(mine),
                sum(1 for task in mine if task.due_at < now))
        )  # fmt: skip
    return sorted(shown, key=lambda r: (not (r.clock and r.clock.state == "late"), -r.event.id))


def _clock(row: Report, now: Any) -> Clock:
    return clock_of(row.due_at, row.limit_at, row.sent_at, now, row.due_runs)


def event(scope: Scope, event_id: int) -> Shown:
    """One event with all that hangs on it; NotFound out of scope."""
    with scope.open():
        row = Event.objects.select_related("joined").filter(id=event_id).first()
        if row is None:
            raise NotFound("event-unknown", _("没有这件事"), str(event_id), _("请返回列表"))
        now = clock.now()
        parts = list(row.parts.order_by("id"))
        sources = [_source(one, row.id) for one in Source.objects.filter(
            Q(event=row) | Q(event__joined=row)).order_by("id")]  # fmt: skip
        family = pack.family(row.kind)
        limit = family.get("unit")
        limit_min = int(values.value(scope, limit["value"]).value) if limit else None
        return Shown(
            row, title(row), pack.kind(row.kind)["label"], family["label"], sources,
            _doubles(scope, row) if row.state in ("open", "stable") else [],
            [(one, _clock(one, now)) for one in row.reports.order_by("-number")],
            list(
                Figure.objects.filter(Q(event=row) | Q(event__joined=row)).order_by("name", "-id")
            ),
            tasks_of(scope, "duty.event", row.id), parts, row.joined,
            unit_minutes(row.happened_at, row.received_at, limit_min), family,
        )  # fmt: skip


def _source(row: Source, event_id: int) -> SourceShown:
    number = secrets.mask_phone(str(row.number)) if row.number else ""
    return SourceShown(row, str(row.caller or ""), number, str(row.text), row.event_id != event_id)


def _doubles(scope: Scope, row: Event) -> list[Double]:
    """Events that may be the same, by the county's minutes and metres (they only propose)."""
    within = timedelta(minutes=float(values.value(scope, "duty.same_within_min").value))
    near_m = float(values.value(scope, "duty.same_within_m").value)
    others = {one.id: one for one in Event.objects.filter(
        kind=row.kind, happened_at__range=(row.happened_at - within, row.happened_at + within),
    ).exclude(state__in=("joined", "closed")).exclude(id=row.id)[:EVENTS_MAX]}  # fmt: skip
    found = same_as(_known(row), [_known(one) for one in others.values()], within, near_m)
    return [
        Double(others[same.id], title(others[same.id]), same, round(same.apart_s / 60))
        for same in found[:SAME_SHOWN_MAX]
    ]


def _known(row: Event) -> Known:
    return Known(row.id, row.kind, row.division, row.lat, row.lon, row.happened_at)


def tasks_of(scope: Scope, kind: str, ident: int) -> list[Task]:
    """The tasks that came of something, the earliest first."""
    with scope.open():
        return list(Task.objects.filter(origin_kind=kind, origin_id=ident).order_by("id"))


def duty_post_of(scope: Scope, division: int) -> Post | None:
    """The duty post of the township in which the division lies; None for the county itself."""
    town = township_of(division)
    if town is None:
        return None
    found = county.posts(scope, ["township_duty"], [(town, town)])
    return found[0] if found else None


def posts_to_tell(scope: Scope) -> list[Post]:
    """Posts that a task may go to: duty posts of units and townships, and the county's leaders."""
    kinds = ["unit_duty", "township_duty", "county_leader", "duty_leader"]
    return county.posts(scope, kinds, [(scope.lo, scope.hi)])


def landmarks(scope: Scope) -> list[tuple[Landmark, str]]:
    """Landmarks in use with their place."""
    with scope.open():
        rows = list(Landmark.objects.filter(ended_at=None).order_by("division", "name"))
        names = county.place_names(scope, (row.division for row in rows))
    return [(row, names.get(row.division, "")) for row in rows]


def waiting_web_reports(scope: Scope) -> list[WebReport]:
    """Web reports that no source was made of yet, oldest first."""
    taken = Source.objects.filter(via="web").values("key")
    with scope.open():
        rows = WebReport.objects.annotate(own_key=Cast("id", CharField()))
        return list(rows.exclude(own_key__in=taken).order_by("id")[:WEB_REPORTS_MAX])


def late_reports(scope: Scope) -> list[int]:
    """Reports past their time that nobody was told of."""
    with scope.open():
        rows = Report.objects.filter(
            state__in=("due", "drafted"), due_at__lte=clock.now(), told_late_at=None
        )
        return list(rows.order_by("due_at").values_list("id", flat=True)[:EVENTS_MAX])


def late_tasks(scope: Scope) -> list[int]:
    """Tasks past their time that nobody was told of."""
    with scope.open():
        rows = Task.objects.filter(state="open", due_at__lte=clock.now(), told_late_at=None)
        return list(rows.order_by("due_at").values_list("id", flat=True)[:EVENTS_MAX])


def report(scope: Scope, report_id: int) -> tuple[Report, Clock, Event]:
    """One report with its clock and event; NotFound out of scope."""
    with scope.open():
        row = Report.objects.select_related("event").filter(id=report_id).first()
        if row is None:
            raise NotFound("report-unknown", _("没有这份报告"), str(report_id), _("请返回列表"))
        return row, _clock(row, clock.now()), row.event


def open_reports(scope: Scope) -> list[tuple[Report, Clock, str]]:
    """Reports that are due or drafted, the most urgent first, with what they are about."""
    with scope.open():
        rows = list(
            Report.objects.select_related("event")
            .filter(state__in=("due", "drafted"))
            .order_by("due_at")[:EVENTS_MAX]
        )
        now = clock.now()
        return [(row, _clock(row, now), title(row.event)) for row in rows]


def sent_reports(scope: Scope) -> list[tuple[Report, Clock, str]]:
    """Reports that went out, the newest first, with whether they were in time."""
    with scope.open():
        rows = list(
            Report.objects.select_related("event").filter(state="sent").order_by("-sent_at")[:50]
        )
        now = clock.now()
        return [(row, _clock(row, now), title(row.event)) for row in rows]
