"""What is shown of a call-out: the preview, the tree, the counts, the desk, the alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Max

from anlan.county import queries as county
from anlan.engines.callout import launch as launching
from anlan.engines.callout import messages
from anlan.engines.callout.decisions import finish_range_s, rings
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Alarm, Attempt, Call, Callout, Fallback, Inbound
from anlan.ground import clock, secrets
from anlan.ground.scope import Scope

PARTS_PER_S = 50.0
ROWS_MAX = 500
CALLS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who would get a message, and which."""

    level: int
    division: int
    division_name: str
    post_id: int
    post_title: str
    person_id: int
    person_name: str
    number_masked: str
    text: str
    parts: int


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A post that nobody holds."""

    division: int
    division_name: str
    post_title: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent, before anything is. reached: seconds until the last post is settled."""

    recipients: list[Recipient]
    vacancies: list[Vacancy]
    parts_total: int
    reached_low_s: float
    reached_high_s: float
    minutes: int


def preview(scope: Scope, launch: Launch) -> Preview:
    """Exact recipients, texts and parts of the first ring; no gateway is touched."""
    launching.check(launch)
    with scope.open():
        now = clock.now()
        own = launching.chain(launch.chain)
        reached = launching.reached(scope, launch)
        posts = {entry.post.id for entry in reached}
        posts |= {entry.post.superior_id for entry in reached if entry.post.superior_id}
        contacts = county.contacts(scope, sorted(posts), now)
        names = county.place_names(scope, (entry.post.division for entry in reached))
        minutes = launching.minutes(scope, launch)
        wait = launching.wait_minutes(scope, launch.grade)
    link = "x" * launching.LINK_CHARS
    text = launching.text_for(own, launch.text, launching.CODE_PLACE, link)
    shown = launching.text_for(own, launch.text, "····", "…")
    text, shown = (messages.in_world(one, scope.world) for one in (text, shown))
    size = len(messages.parts(text))
    recipients: list[Recipient] = []
    vacancies: list[Vacancy] = []
    levels: list[tuple[int, int]] = []
    for entry in reached:
        people = contacts.get(entry.post.id, [])
        place = names.get(entry.post.division, "")
        upper = contacts.get(entry.post.superior_id or 0, [])
        order = rings([p.person_id for p in people], [p.person_id for p in upper])
        levels.append((entry.level, len(order)))
        if not people:
            vacancies.append(Vacancy(entry.post.division, place, entry.post.title))
            continue
        first = people[0]
        recipients.append(
            Recipient(
                entry.level, entry.post.division, place, entry.post.id, entry.post.title,
                first.person_id, first.name, secrets.mask_phone(first.number), shown, size,
            )
        )  # fmt: skip
    total = size * len(recipients)
    low, high = finish_range_s(total, PARTS_PER_S, levels, minutes, wait)
    return Preview(recipients, vacancies, total, low, high, minutes)


@dataclass(frozen=True, slots=True)
class Node:
    """A call in the tree. unknown: messages of which nobody knows whether they went out (未知)."""

    id: int
    level: int
    division: int
    division_name: str
    post_title: str
    holder: str
    state: str
    reason: str
    rings: int
    due_at: datetime | None
    started_at: datetime | None
    answered_at: datetime | None
    answered_role: str
    via: str
    code: str
    fallback: Fallback | None
    answered_name: str = ""
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How the calls of a call-out stand."""

    total: int
    waiting: int
    ringing: int
    answered: int
    help: int
    fallback: int
    reached: int
    nobody: int
    stopped: int

    @property
    def open(self) -> int:
        """Not answered and not reached."""
        return self.waiting + self.ringing + self.fallback + self.nobody


@dataclass(frozen=True, slots=True)
class Tree:
    """A call-out with its calls: who has not answered first."""

    callout: Callout
    counts: Counts
    nodes: list[Node]
    attempts_sent: int


ORDER = {"nobody": 0, "help": 1, "fallback": 2, "ringing": 3, "waiting": 4,
         "reached_by_fallback": 5, "answered": 6, "stopped": 7}  # fmt: skip


def tree(scope: Scope, callout_id: int) -> Tree | None:
    """The call-out as the scope sees it; None where it sees none."""
    with scope.open():
        callout = Callout.objects.filter(id=callout_id).first()
        if callout is None:
            return None
        calls = list(Call.objects.filter(callout=callout).order_by("level", "division", "id"))
        tasks = {task.call_id: task for task in Fallback.objects.filter(call__callout=callout)}
        names = county.place_names(scope, (call.division for call in calls))
        holders = county.holder_names(scope, [call.post_id for call in calls], clock.now())
        people = county.person_names(scope, (c.answered_by for c in calls if c.answered_by))
        attempts = Attempt.objects.filter(call__callout=callout)
        sent = attempts.filter(state="submitted").count()
        lost_sight = attempts.filter(state="unknown").values_list("call_id")
        unknown = dict(lost_sight.annotate(n=Count("id")).order_by())
    nodes = [
        Node(
            call.id, call.level, call.division, names.get(call.division, ""), call.post_title,
            holders.get(call.post_id, ""), call.state, call.reason, call.rings, call.due_at,
            call.started_at, call.answered_at, call.answered_role, call.answered_via, call.code,
            tasks.get(call.id), people.get(call.answered_by or 0, ""), unknown.get(call.id, 0),
        )
        for call in calls
    ]  # fmt: skip
    nodes.sort(key=lambda node: (ORDER[node.state], node.level, node.division))
    return Tree(callout, _counts([node.state for node in nodes]), nodes, sent)


def nobody_since(scope: Scope, callout_id: int) -> list[datetime]:
    """When it was found that nobody answers, for each call where that is still so."""
    with scope.open():
        rows = Alarm.objects.filter(
            call__callout_id=callout_id, kind="nobody", call__state="nobody"
        )
        return list(rows.order_by("raised_at").values_list("raised_at", flat=True))


def calls_of(scope: Scope, callout_ids: Sequence[int]) -> dict[int, list[Call]]:
    """The calls of call-outs by call-out, in the order of their places; CALLS_MAX in all."""
    found: dict[int, list[Call]] = {ident: [] for ident in callout_ids}
    with scope.open():
        rows = Call.objects.filter(callout_id__in=found).order_by("division", "id")
        for call in rows[:CALLS_MAX]:
            found[call.callout_id].append(call)
    return found


def fallback_of(scope: Scope, callout_id: int, call_id: int) -> Fallback | None:
    """Who was sent to knock for a call, and what they brought back."""
    with scope.open():
        return Fallback.objects.filter(call_id=call_id, call__callout_id=callout_id).first()


def _counts(states: list[str]) -> Counts:
    def of(state: str) -> int:
        return states.count(state)

    return Counts(
        len(states), of("waiting"), of("ringing"), of("answered"), of("help"), of("fallback"),
        of("reached_by_fallback"), of("nobody"), of("stopped"),
    )  # fmt: skip


def counts(scope: Scope, callout_id: int) -> Counts:
    """How the calls stand."""
    with scope.open():
        rows = Call.objects.filter(callout_id=callout_id).values_list("state", flat=True)
        return _counts(list(rows))


def recent(scope: Scope, rows: int = 20) -> list[tuple[Callout, Counts]]:
    """The newest call-outs about warnings with their counts, open ones first."""
    with scope.open():
        found = list(
            Callout.objects.filter(kind__in=launching.WARNINGS).order_by("-id")[
                : min(rows, ROWS_MAX)
            ]
        )
        states: dict[int, list[str]] = {callout.id: [] for callout in found}
        grouped = (
            Call.objects.filter(callout_id__in=states)
            .values("callout_id", "state")
            .annotate(n=Count("id"), last=Max("id"))
        )
        for row in grouped:
            states[row["callout_id"]] += [row["state"]] * row["n"]
    ordered = sorted(found, key=lambda callout: (callout.state != "open", -callout.id))
    return [(callout, _counts(states[callout.id])) for callout in ordered]


def desk(scope: Scope) -> list[Inbound]:
    """Messages that wait for a person, oldest first."""
    with scope.open():
        return list(Inbound.objects.filter(state="desk").order_by("id")[:ROWS_MAX])


def unread(scope: Scope) -> list[Inbound]:
    """New messages that carry no answer code, for the rooms that may understand them."""
    with scope.open():
        return list(
            Inbound.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state="new")
            .order_by("id")[:ROWS_MAX]
        )


def alarms(scope: Scope, unseen: bool = True) -> list[Alarm]:
    """Alarms, newest first."""
    with scope.open():
        rows = Alarm.objects.select_related("call").order_by("-id")
        rows = rows.filter(seen_at=None) if unseen else rows
        return list(rows[:ROWS_MAX])


def states_by_division(scope: Scope, callout_id: int) -> dict[int, str]:
    """The worst state of each division's calls, for the map."""
    with scope.open():
        rows = Call.objects.filter(callout_id=callout_id).values_list("division", "state")
        worst: dict[int, str] = {}
        for division, state in rows:
            known = worst.get(division)
            if known is None or ORDER[state] < ORDER[known]:
                worst[division] = state
        return worst


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """How the calls of one division stand. reached: by a fallback, which is no answer."""

    division: int
    total: int
    answered: int
    help: int
    fallback: int
    reached: int
    waiting: int
    nobody: int
    not_called: int
    worst: str


BY_PLACE = """
SELECT division, count(*),
  count(*) FILTER (WHERE state = 'answered'), count(*) FILTER (WHERE state = 'help'),
  count(*) FILTER (WHERE state = 'fallback'),
  count(*) FILTER (WHERE state = 'reached_by_fallback'),
  count(*) FILTER (WHERE state = 'ringing'), count(*) FILTER (WHERE state = 'nobody'),
  count(*) FILTER (WHERE state IN ('waiting', 'stopped')), array_agg(DISTINCT state)
FROM callout_call WHERE callout_id = %s GROUP BY division ORDER BY division
"""


def counts_by_division(scope: Scope, callout_id: int) -> list[PlaceCounts]:
    """One row a division that has calls, for map and tree; one statement, no names read.

    waiting: rung and not answered yet. not_called: its turn has not come, or it was stopped.
    """
    with scope.open(), connection.cursor() as cursor:
        cursor.execute(BY_PLACE, [callout_id])
        rows = cursor.fetchall()
    found = []
    for row in rows:
        worst = min(row[-1], key=lambda state: ORDER[state])
        found.append(PlaceCounts(*(*row[:9], worst)))
    return found


def call_for(scope: Scope, callout_id: int, division: int) -> Call | None:
    """The call of a division's own post in a call-out (the village head's, say)."""
    with scope.open():
        rows = Call.objects.filter(callout_id=callout_id, division=division)
        return rows.order_by("-level", "id").first()


def holder_of_call(scope: Scope, call: Call) -> int | None:
    """Who answered the call, else who knocked for it, else who is to be called first now."""
    if call.answered_by is not None:
        return call.answered_by
    knocked = Fallback.objects.filter(call=call).exclude(closed_at=None).first()
    if knocked is not None:
        return knocked.person_id
    people = county.contacts(scope, [call.post_id], clock.now())[call.post_id]
    return people[0].person_id if people else None
