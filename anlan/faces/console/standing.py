"""What stands at this moment over all rooms: for a handover, a consultation, the leader's page.

Flows in: the rooms' queries under the reader's scope. Flows out: rows with kind, id, version, words
and time. Rooms never read to their right; here is where their figures meet.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.engines.callout import queries as callout
from anlan.ground import clock
from anlan.ground.inputs import IN_CHINESE
from anlan.ground.scope import Scope
from anlan.rooms.command import queries as command
from anlan.rooms.duty import hall_queries, report_words
from anlan.rooms.duty import queries as duty
from anlan.rooms.evacuation import queries as evacuation
from anlan.rooms.warning import queries as warning
from anlan.rooms.warning.actions import title as warning_title

TEXT_CHARS = 60
ROWS_EACH_MAX = 100


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is open. kind: label of the row; version: of what it says, as text.

    group: the heading under which a page lists it. due: when it should be done, if it has a clock.
    """

    kind: str
    id: int
    version: str
    group: str
    label: str
    words: str
    at: datetime
    url: str
    due: datetime | None = None
    late: bool = False

    def as_row(self) -> dict[str, Any]:
        """JSON-able, as a handover keeps it."""
        row = asdict(self)
        row["at"] = self.at.isoformat()
        row["due"] = self.due.isoformat() if self.due else None
        return row


def items(scope: Scope) -> list[Item]:
    """Everything that is open now, group by group, what is late first within each."""
    with scope.open():
        now = clock.now()
        found = [
            *_warnings(scope), *_received(scope), *_callouts(scope), *_zones(scope),
            *_events(scope), *_reports(scope), *_tasks(scope, now), *_messages(scope),
            *_alarms(scope), *_consultations(scope),
        ]  # fmt: skip
    return found


@override(IN_CHINESE)
def rows(scope: Scope) -> list[dict[str, Any]]:
    """The same as rows that can be kept."""
    return [item.as_row() for item in items(scope)]


def _warnings(scope: Scope) -> list[Item]:
    if not scope.may("warning.read"):
        return []
    live = ("draft", "submitted", "approved", "released")
    return [
        Item("warning.warning", row.id, str(row.version), _("预警"), warning_title(row),
             f"{row.get_state_display()} · {row.area}", row.released_at or row.created_at,
             f"/warning/{row.id}/")
        for row in warning.recent(scope, 30) if row.state in live
    ]  # fmt: skip


def _received(scope: Scope) -> list[Item]:
    """CAP messages that wait for a person."""
    if not scope.may("warning.read"):
        return []
    return [
        Item("warning.received", one.row.id, str(one.row.version), _("收到的预警消息"),
             one.row.headline or one.row.identifier, str(one.row.get_state_display()),
             one.row.received_at, f"/warning/received/{one.row.id}/")
        for one in warning.received(scope, "held")
    ]  # fmt: skip


def _callouts(scope: Scope) -> list[Item]:
    found = []
    for row, counts in callout.recent(scope, 30):
        if row.state != "open":
            continue
        words = _("共叫 %(all)d，已应答 %(ok)d，兜底到达 %(by)d，没有应答 %(no)d") % {
            "all": counts.total, "ok": counts.answered + counts.help, "by": counts.reached,
            "no": counts.open,
        }  # fmt: skip
        version = f"{counts.answered}/{counts.help}/{counts.reached}/{counts.open}"
        found.append(Item("callout.callout", row.id, version, _("叫应"), row.title, words,
                          row.opened_at, f"/callout/{row.id}/"))  # fmt: skip
    return found


def _zones(scope: Scope) -> list[Item]:
    """Openings that somebody is still in, or that nobody counted."""
    if not scope.may("evacuation.read"):
        return []
    found = []
    for one in evacuation.night(scope).rows:
        figures = one.figures
        if one.counted_at is not None and not figures.still_there:
            continue
        words = _("应转 %(to)d，已转 %(moved)d，未转 %(left)d") % {
            "to": figures.to_move, "moved": figures.moved, "left": figures.still_there,
        }  # fmt: skip
        if one.counted_at is None:
            words += _("，未报")
        version = f"{one.row.version}/{one.row.counts}"
        label = f"{one.place} {one.row.zone.name}"
        at = one.counted_at or one.row.opened_at
        found.append(Item("evacuation.opening", one.row.id, version, _("转移片区"), label, words,
                          at, f"/zones/{one.row.id}/"))  # fmt: skip
    return found[:ROWS_EACH_MAX]


def _events(scope: Scope) -> list[Item]:
    if not scope.may("duty.read"):
        return []
    found = []
    for one in duty.events(scope)[:ROWS_EACH_MAX]:
        figures = report_words.carried(one.event)
        said = "，".join(f"{f.label} {report_words.number(f.value)} {f.unit}" for f in figures)
        mark = "-".join(f"{f.name}{f.number}" for f in figures)
        found.append(Item("duty.event", one.event.id, f"{one.event.version}/{mark}", _("接报"),
                          f"{one.event.id} {one.title}", said or one.event.what[:TEXT_CHARS],
                          one.event.received_at, f"/desk/event/{one.event.id}/"))  # fmt: skip
    return found


def _reports(scope: Scope) -> list[Item]:
    if not scope.may("duty.read"):
        return []
    return [
        Item("duty.report", row.id, str(row.version), _("报送"),
             f"{row.get_kind_display()} {what}", str(row.get_state_display()), row.created_at,
             f"/duty/report/{row.id}/", row.due_at, own.state == "late")
        for row, own, what in duty.open_reports(scope)[:ROWS_EACH_MAX]
    ]  # fmt: skip


def _tasks(scope: Scope, now: datetime) -> list[Item]:
    if not scope.may("duty.read"):
        return []
    return [
        Item("duty.task", one.row.id, str(one.row.version), str(one.row.get_kind_display()),
             one.row.text[:TEXT_CHARS], f"{one.row.to_title} · {one.row.get_state_display()}",
             one.row.said_at, f"/duty/tasks/{one.row.id}/", one.row.due_at, one.clock == "late")
        for one in hall_queries.tasks(scope)[:ROWS_EACH_MAX]
    ]  # fmt: skip


def _messages(scope: Scope) -> list[Item]:
    """By whom and when, not in which words: what is kept in a handover is no copy of a message."""
    if not scope.may("desk.settle"):
        return []
    return [
        Item("callout.inbound", row.id, row.state, _("不明确的短信"), row.post_title or "?",
             _("等人处理"), row.received_at, "/desk/")
        for row in callout.desk(scope)[:ROWS_EACH_MAX]
    ]  # fmt: skip


def _alarms(scope: Scope) -> list[Item]:
    return [
        Item("callout.alarm", row.id, "1", _("警报"), row.text, _("没有人看过"), row.raised_at,
             "/desk/")
        for row in callout.alarms(scope)[:ROWS_EACH_MAX]
    ]  # fmt: skip


def _consultations(scope: Scope) -> list[Item]:
    if not scope.may("consult.read"):
        return []
    return [
        Item("command.consultation", row.id, str(row.version), _("会商"), row.title,
             str(row.get_state_display()), row.called_at, f"/consult/{row.id}/")
        for row in command.consultations(scope) if row.state in ("open", "frozen")
    ]  # fmt: skip


def grouped(found: list[Any]) -> list[tuple[str, list[Any]]]:
    """Items or kept rows by their group, in the order in which the groups first come."""
    groups: dict[str, list[Any]] = {}
    for one in found:
        name = one["group"] if isinstance(one, dict) else one.group
        groups.setdefault(name, []).append(one)
    return list(groups.items())
