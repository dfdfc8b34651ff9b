"""Drives a recorded night through a world of its own, faster than real: `anlan replay`.

The world's clock stands still and is set from one moment at which something is due to the next:
a line of the night, a deadline of a call, an answer of the player. Flows in: a `Night`. Flows out:
the rows of a 推演, from which `anlan.replay/1` is read. What people do at the desk is done by two
accounts that nobody signs in to, journalled as a script; the second of them approves. All answers
come from the player, a program of its own, by the public pages.
"""

from __future__ import annotations

import heapq
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db.models import Min

from anlan.county import accounts
from anlan.county.models import Account
from anlan.engines.callout import played
from anlan.engines.callout import rounds as calling
from anlan.engines.callout.models import Attempt, Call
from anlan.ground import clock, worlds
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine.site import checkout
from anlan.ground.places import EVERYWHERE
from anlan.ground.scope import Actor, Scope
from anlan.rooms.evacuation import rounds as evacuation
from anlan.rooms.review import actions, queries
from anlan.rooms.review import rounds as review
from anlan.rooms.review.models import Inject
from anlan.rooms.review.nights import Event, Night
from anlan.rooms.warning import actions as warning
from anlan.rooms.warning.models import Warning

GRID = timedelta(seconds=30)  # answers of so long a stretch are taken together
STEPS_MAX = 20_000
PASSES_MAX = 200
DESK, CONTROL = "exercise.desk", "exercise.control"
DESK_RIGHTS = frozenset({"warning.draft", "warning.read"})
CONTROL_RIGHTS = frozenset(
    {"warning.approve", "warning.read", "callout.open", "exercise.control", "exercise.read"}
)


@dataclass(frozen=True, slots=True)
class Told:
    """What the player did in a turn."""

    taken: int
    answered: int
    next_at: datetime | None


class PlayerProcess:
    """The player as a program of its own: told on its input, a line a turn."""

    def __init__(self, url: str, token: str, night: Night, seed: int):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "player", "--stepped"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, cwd=checkout(),
        )  # fmt: skip
        self._tell({"url": url, "token": token, "seed": seed, "silent": night.silent,
                    "delay_s": list(night.delay_s)})  # fmt: skip

    def _tell(self, line: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def turn(self) -> Told:
        """One turn; NotRunning where the public pages do not answer it."""
        assert self.process.stdout is not None
        try:
            self._tell("turn")
            said = json.loads(self.process.stdout.readline() or "{}")
        except (BrokenPipeError, ValueError):
            said = {}
        if "next" not in said:
            raise NotRunning(
                "player-away", "推演的演员没有演下去", str(said.get("error", ""))[:300],
                "看公众页面是不是在运行：anlan status",
            )  # fmt: skip
        at = datetime.fromisoformat(said["next"]) if said["next"] else None
        return Told(int(said["taken"]), int(said["answered"]), at)

    def end(self) -> None:
        """Close its input and wait."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def script_scope(username: str, label: str, rights: frozenset[str]) -> Scope:
    """The account of a script: nobody can sign in to it, and its lines say what it is."""
    own = Scope.for_command("replay", frozenset({"account.manage"}))
    with own.open():
        account = Account.objects.filter(username=username).first()
    if account is None:
        account = accounts.make_account(own, username, label)
        accounts.disable_account(own, username, "the script of a replay: nobody signs in to it")
    return Scope("command", *EVERYWHERE, 0, Actor("script", account.pk, label), rights)


@dataclass(slots=True)
class Drive:
    """One night under way."""

    night: Night
    space: int
    turn_player: Callable[[], Told]
    desk: Scope
    control: Scope
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Any = field(default_factory=count)
    next_answer: datetime | None = None

    def run(self) -> None:
        """From the night's first moment to its last."""
        for event in self.night.events:
            self._plan(event)
        for _step in range(STEPS_MAX):
            now = self._now()
            acted = False
            while self.agenda and self.agenda[0][0] <= now:
                heapq.heappop(self.agenda)[2]()
                acted = True
            self._settle(acted)
            if now >= self.night.ends_at:
                return
            moment = self._next(now)
            with self.control.open():
                worlds.set_time(self.space, moment)
        raise Refusal("replay-long", "这一夜走不完", f"{STEPS_MAX}", "请缩短这一夜")

    def _now(self) -> datetime:
        with self.control.open():
            return clock.now()

    def _plan(self, event: Event) -> None:
        if event.kind == "bulletin":
            self._at(event.at, lambda: self._paste(event))
        elif event.kind == "all_clear":
            self._at(event.at, lambda: self._lift(event))
        else:
            post = queries.post_by_title(self.control, event.post) if event.post else None
            actions.add_inject(self.control, event.kind, event.text, due_at=event.at, post_id=post,
                               source=event.source)  # fmt: skip

    def _at(self, moment: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (moment, next(self.numbers), do))

    def _paste(self, event: Event) -> None:
        """The desk drafts, settles what the reader doubts as the night says, and hands it on."""
        row = warning.paste(self.desk, event.text)
        changes: dict[str, Any] = {"settled": [doubt["code"] for doubt in row.doubts]}
        if event.divisions:
            changes["divisions"] = list(event.divisions)
        row = warning.revise(self.desk, row.id, row.version, changes)
        row = warning.submit(self.desk, row.id, row.version)
        self._at(event.at + event.approve_after,
                 lambda: _ignore(warning.approve(self.control, row.id, row.version)))  # fmt: skip

    def _lift(self, event: Event) -> None:
        """Every warning that went out is lifted by the same two."""
        with self.desk.open():
            rows = list(Warning.objects.filter(state="released").order_by("id"))
        for row in rows:
            asked = warning.propose_lift(self.desk, row.id, row.version)
            self._at(event.at + event.approve_after,
                     lambda one=asked: _ignore(  # type: ignore[misc]
                         warning.approve_lift(self.control, one.id, one.version)))  # fmt: skip

    def _settle(self, stirred: bool) -> None:
        """Rounds and player take turns until neither finds anything to do at this moment.

        stirred: something was drafted, approved or lifted; then, and after each answer, the rounds
        that follow up are run too.
        """
        scope = Scope.for_round("replay", self.space)
        for _pass in range(PASSES_MAX):
            handled = calling.advance(scope) + review.give_injects(scope)
            if stirred or handled:
                handled += self._follow(scope)
            told = self.turn_player()
            self.next_answer, stirred = told.next_at, told.answered > 0
            if not (handled or told.taken or told.answered):
                return
        raise Refusal("replay-stuck", "这一刻没有尽头", self._now().isoformat(), "请报告给维护者")

    def _follow(self, scope: Scope) -> int:
        """What a worker would run besides in this world, in the order in which data flows."""
        handled = evacuation.open_by_callout(scope) + evacuation.send_links(scope)
        handled += evacuation.close_by_all_clear(scope)
        newest = calling.newest(scope)
        handled += calling.read(scope) + evacuation.read_messages(scope)
        return handled + calling.leave_rest(scope, newest) + calling.expire(scope)

    def _next(self, now: datetime) -> datetime:
        """The next moment at which something is due; the night's end at the latest."""
        with Scope.for_round("replay", self.space).open():
            due = Call.objects.filter(due_at__gt=now, callout__state="open")
            late = Attempt.objects.filter(state="due", not_before__gt=now)
            given = Inject.objects.filter(state="due", due_at__gt=now)
            moments = [
                due.aggregate(at=Min("due_at"))["at"], late.aggregate(at=Min("not_before"))["at"],
                given.aggregate(at=Min("due_at"))["at"],
            ]  # fmt: skip
        moments += [self.agenda[0][0] if self.agenda else None]
        if self.next_answer is not None:
            moments.append(max(self.next_answer, now + GRID))
        return min([moment for moment in moments if moment is not None] + [self.night.ends_at])


def _ignore(_value: object) -> None:
    return None


def replay(
    night: Night, name: str, seed: int, player: Callable[[int, str], Callable[[], Told]]
) -> dict[str, object]:
    """Play the night in a world of its own and end it; the report of it (`anlan.replay/1`).

    player: makes the way to the player from the world and its token.
    """
    plan = actions.Plan(
        kind="tabletop", name=night.title[:100], form=night.form, topics=night.topics, rate=0,
        starts_at=night.starts_at, seed=seed, silent=night.silent, delay_s=night.delay_s,
        source=name, night=night, replay=True, driven=True,
    )  # fmt: skip
    desk = script_scope(DESK, "推演脚本·值班", DESK_RIGHTS)
    control = script_scope(CONTROL, "推演脚本·控制员", CONTROL_RIGHTS)
    made = actions.start(control, plan)
    space = made.space
    try:
        own = Drive(night, space, player(space, played.token(space)), desk.in_world(space),
                    control.in_world(space))  # fmt: skip
        own.run()
    finally:
        actions.stop(control, space, "finished")
        review.record(Scope.for_round("exercise.record"))
    return queries.report(Scope.for_round("replay", space))
