"""Situations that an officer can read, run on the same decisions as a county: `anlan packs test`.

Flows in: `situations.yaml` of a pack, its kinds of cases, the table of rights, the State Council's
calendar. Flows out: for each situation whether it went as written, else the step and what differed.
No county, no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from anlan.engines.cases import decisions
from anlan.engines.cases.decisions import EMPTY, Clock, Extends, Objects, Who
from anlan.engines.cases.kinds import Ask, Kind, Move, Opening
from anlan.engines.ledger.decisions import FieldFault, read_value

ACTS = ("open", "move", "stop", "resume", "extend", "grant", "object", "uphold", "reject", "task",
        "task_done")  # fmt: skip
Step = Mapping[str, Any]
Rights = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A situation: how many steps it has, and the first that went otherwise. step: from 1."""

    name: str
    steps: int
    step: int | None = None
    wanted: str = ""
    found: str = ""

    @property
    def passed(self) -> bool:
        return self.step is None


class _Refused(Exception):
    """The step was not allowed, for this reason."""


def working(on: date) -> bool:
    """Whether a day is worked by the State Council's notice; beyond its years, by its weekday."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(on))
    except NotImplementedError:
        return on.weekday() < 5


def run(name: str, situation: Mapping[str, Any], kind: Kind, rights: Rights) -> Outcome:
    """Play one situation to its end, or to the first step that goes otherwise."""
    player = _Player(kind, situation.get("values", {}), rights)
    steps = situation["steps"]
    for number, step in enumerate(steps, start=1):
        for wanted, found in player.take(step):
            if wanted != found:
                return Outcome(name, len(steps), number, wanted, found)
    return Outcome(name, len(steps))


class _Player:
    """A case in memory, with what its requests and tasks are."""

    def __init__(self, kind: Kind, values: Mapping[str, int], rights: Rights):
        self.kind, self.rights, self.now = kind, rights, EMPTY
        self.asked: dict[str, tuple[str, date]] = {}
        self.raised: dict[str, str] = {}
        self.raised_by: dict[str, str] = {}
        self.decided: dict[str, tuple[str, date]] = {}
        self.tasks: set[str] = set()
        clocks: list[Any] = [*kind.rules.values(), *kind.objections.values()]
        self.lengths = {
            one.key: one.days if one.days is not None else values.get(one.value) for one in clocks
        }

    def take(self, step: Step) -> Iterator[tuple[str, str]]:
        """(wanted, found) of all that the step says must be."""
        act = next((one for one in ACTS if one in step), "")
        refusal = self._try(act, step) if act else ""
        lacks = "缺 " + "、".join(step["lacks"]) if "lacks" in step else ""
        yield step.get("refused", lacks), refusal
        if "then" in step:
            yield from self._then(step["then"], date.fromisoformat(step["day"]))

    def _try(self, act: str, step: Step) -> str:
        """Why the step was not allowed; empty where it was. A name or day that is none is a why."""
        try:
            getattr(self, f"_{act}")(step, date.fromisoformat(step["day"]))
        except _Refused as refused:
            return str(refused)
        except KeyError as unknown:
            return f"没有 {unknown.args[0]}"
        except ValueError:
            return "日期不对"
        return ""

    def _then(self, then: Mapping[str, Any], day: date) -> Iterator[tuple[str, str]]:
        if "state" in then:
            yield f"状态 {then['state']}", f"状态 {self.now.state}"
        if "ended" in then:
            yield f"办结 {then['ended']}", f"办结 {self.kind.ended(self.now.state)}"
        for key, due in then.get("due", {}).items():
            clock = self.now.clocks.get(key)
            found = decisions.due_on(clock, working) if clock else None
            yield f"{key} 期限 {due}", f"{key} 期限 {found.isoformat() if found else None}"
        for key, good in then.get("in_time", {}).items():
            yield f"{key} 按期 {good}", f"{key} 按期 {self._in_time(key, day)}"

    def _in_time(self, key: str, day: date) -> bool | None:
        """Closed by its day; of what still runs, None until the day is over and then False."""
        clock = self.now.clocks.get(key)
        due = decisions.due_on(clock, working) if clock else None
        if clock is None or due is None:
            return None
        if clock.ended_on is not None:
            return clock.ended_on <= due
        return False if day > due else None

    def _who(self, step: Step) -> Who:
        post = step.get("as", "")
        return Who(step.get("by"), self.rights.get(post, frozenset()), post)

    def _open(self, step: Step, day: date) -> None:
        opening = self.kind.openings.get(step["open"])
        if opening is None:
            raise _Refused("unknown")
        if opening.by in ("person", "case"):
            verdict = decisions.may_open(opening, self._who(step))
            if not verdict.may:
                raise _Refused(verdict.reason.value)
        self._after(opening, step, day)

    def _move(self, step: Step, day: date) -> None:
        move = self.kind.moves.get(step["move"])
        verdict = decisions.may_move(self.kind, self.now, move, self._who(step))
        if not verdict.may or move is None:
            raise _Refused(verdict.reason.value)
        self._after(move, step, day)

    def _after(self, own: Opening | Move, step: Step, day: date) -> None:
        said = _read(own.asks, step.get("say", {}))
        copies = getattr(own, "copies", ())
        said |= {key: value for key, value in step.get("say", {}).items() if key in copies}
        faults = decisions.lacking(own.asks, self.now.values, said)
        faults += decisions.day_faults(own.asks, said, day)
        if faults:
            raise _Refused("缺 " + "、".join(faults))
        known = {key: days for key, days in self.lengths.items() if days is not None}
        self.now = decisions.after(
            self.kind, self.now, own, self._who(step), said, day, known, working
        )

    def _clock(self, key: str) -> Clock:
        clock = self.now.clocks.get(key)
        if clock is None or not clock.runs:
            raise _Refused("none")
        return clock

    def _set(self, clock: Clock) -> None:
        self.now = replace(self.now, clocks={**self.now.clocks, clock.key: clock})

    def _may(self, step: Step, right: str) -> None:
        if not self._who(step).may(right):
            raise _Refused("no_right")

    def _stop(self, step: Step, day: date) -> None:
        self._may(step, "cases.approve")
        if not self.kind.rules[step["stop"]].stops:
            raise _Refused("none")
        self._set(decisions.stopped(self._clock(step["stop"]), day))

    def _resume(self, step: Step, day: date) -> None:
        self._may(step, "cases.approve")
        clock = self._clock(step["resume"])
        if not clock.stands:
            raise _Refused("none")
        self._set(decisions.resumed(clock, day))

    def _extend(self, step: Step, day: date) -> None:
        self._may(step, "cases.act")
        key, to_on = step["extend"], date.fromisoformat(step["to"])
        found = decisions.may_extend(
            self.kind.rules[key], self.now.clocks.get(key), to_on, day, working
        )
        if found is not Extends.MAY:
            raise _Refused(found.value)
        self.asked[key] = (step.get("by", ""), to_on)

    def _grant(self, step: Step, day: date) -> None:
        self._may(step, "cases.approve")
        key = step["grant"]
        if key not in self.asked:
            raise _Refused("none")
        by, to_on = self.asked[key]
        clock = self.now.clocks.get(key)
        found = decisions.may_grant(
            self.kind.rules[key], clock, to_on, day, working, by, self._who(step)
        )
        if found is not Extends.MAY or clock is None:
            raise _Refused(found.value)
        del self.asked[key]
        self._set(decisions.extended(clock, to_on, day))

    def _object(self, step: Step, day: date) -> None:
        self._may(step, "cases.act")
        own = self.kind.objections[step["object"]]
        decided_on = self.decided[own.after][1] if own.after in self.decided else None
        length = self.lengths.get(own.key)
        found = decisions.may_object(
            self.kind, own, self.now, self.raised, decided_on, day,
            decisions.DAYS_MAX - 1 if length is None else length, working,
        )  # fmt: skip
        if found is not Objects.MAY:
            raise _Refused(found.value)
        self.raised[own.key], self.raised_by[own.key] = "asked", step.get("by", "")
        self.now = replace(self.now, objected=self.now.objected | {own.key})

    def _decide(self, step: Step, key: str, outcome: str, day: date) -> None:
        self._may(step, "cases.approve")
        if self.raised.get(key) != "asked":
            raise _Refused("none")
        own, by = self.kind.objections[key], step.get("by", "")
        earlier = self.decided[own.after][0] if own.after in self.decided else None
        if by in {self.raised_by[key], earlier, *self.now.made.get(own.to, ())}:
            raise _Refused("same_person")
        self.raised[key], self.decided[key] = outcome, (by, day)
        self.now = replace(self.now, objected=self.now.objected - {key})

    def _uphold(self, step: Step, day: date) -> None:
        self._decide(step, step["uphold"], "upheld", day)
        self.now = decisions.upheld(self.kind, self.now, self.kind.objections[step["uphold"]])

    def _reject(self, step: Step, day: date) -> None:
        self._decide(step, step["reject"], "refused", day)

    def _task(self, step: Step, _day: date) -> None:
        self._may(step, "cases.judge")
        if not self.kind.states[self.now.state].tasks:
            raise _Refused("wrong_state")
        self.tasks.add(step["task"])
        self.now = replace(self.now, open_tasks=len(self.tasks))

    def _task_done(self, step: Step, _day: date) -> None:
        self._may(step, "cases.act")
        self.tasks.discard(step["task_done"])
        self.now = replace(self.now, open_tasks=len(self.tasks))


def _read(asks: tuple[Ask, ...], said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, typed as a form would; a file stands by any word."""
    found: dict[str, Any] = {}
    for one in asks:
        raw = said.get(one.key)
        if raw is None:
            continue
        try:
            value = raw if one.is_paper else read_value(one.field, raw)
        except FieldFault as fault:
            raise _Refused(f"{one.field.label}：{fault.what}") from None
        if value is not None:
            found[one.key] = value
    return found


def of_pack(
    pack: str, situations: Mapping[str, Any], kinds: Mapping[str, Kind], rights: Rights
) -> list[Outcome]:
    """Every situation of a pack; one of a case that is not there fails at its first step."""
    found = []
    for name, situation in situations.items():
        kind = kinds.get(f"{pack}.{situation['case']}")
        if kind is None:
            found.append(
                Outcome(name, len(situation["steps"]), 1, f"有 {situation['case']}", "没有")
            )
        else:
            found.append(run(name, situation, kind, rights))
    return found
