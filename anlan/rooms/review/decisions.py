"""What was done and when, held against what was asked. Pure: numbers and moments are passed in.

A line says what was asked (and where that stands), what was done, and whether it fell short. What
the county has not saved yet (待核) is shown and never judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

STEPS = ("input", "judged", "run", "draft", "approved", "first_ring", "last_answer", "order",
         "counted", "all_clear")  # fmt: skip
MET, SHORT, SHOWN = "met", "short", "shown"
ANSWER_SOURCE = "callout.minutes"
ORDER_SOURCE = "突发事件应对法第六十七条第六项"
NAMES_MAX = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a night. at None: it did not happen."""

    step: str
    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Called:
    """A call as the comparison needs it. minutes: the county's for its grade; level as in chain."""

    post: str
    state: str
    started_at: datetime | None
    answered_at: datetime | None
    fallback_given_at: datetime | None = None
    fallback_closed_at: datetime | None = None
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Zoned:
    """An opened zone: how many were to move, how many are still there, when it was counted last."""

    zone: str
    to_move: int
    still_there: int
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Injected:
    """Something that was put in: when, whether it was dealt with, and when where that is kept."""

    text: str
    given_at: datetime
    settled: bool
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Night:
    """All that is compared. now: the exercise's clock; minutes_saved: the county's own minutes run
    (else they are 待核 and judge nothing). moving: a red or orange warning went out.
    """

    now: datetime
    steps: Sequence[Step]
    calls: Sequence[Called] = ()
    zones: Sequence[Zoned] = ()
    injects: Sequence[Injected] = ()
    minutes_saved: bool = True
    moving: bool = False
    alarms_unseen: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the comparison. code: stable, for the finding it may become; names: who."""

    code: str
    what: str
    asked: str
    source: str
    done: str
    verdict: str
    names: list[str] = field(default_factory=list)


def compare(night: Night) -> list[Line]:
    """Every line, what fell short first."""
    lines = [*_answers(night), *_fallbacks(night), *_moving(night), *_counted(night),
             *_injects(night), *_spans(night)]  # fmt: skip
    order = {SHORT: 0, SHOWN: 1, MET: 2}
    return sorted(lines, key=lambda line: order[line.verdict])


def _answers(night: Night) -> list[Line]:
    """Each post that was rung answers within the county's minutes of its grade."""
    rung = [call for call in night.calls if call.started_at is not None]
    if not rung:
        return []
    late = [call for call in rung if not _in_time(call)]
    asked = "、".join(f"{m} 分钟" for m in sorted({call.minutes for call in rung}))
    verdict = (MET if not late else SHORT) if night.minutes_saved else SHOWN
    lines = [
        Line("answers-late", "被叫的岗位按时应答", f"{asked}内", ANSWER_SOURCE,
             f"{len(rung) - len(late)}/{len(rung)}", verdict, _names(late))
    ]  # fmt: skip
    nobody = [call for call in rung if call.state == "nobody"]
    lines.append(
        Line("nobody", "没有岗位叫不到人", "0 个", ANSWER_SOURCE, f"{len(nobody)} 个",
             SHORT if nobody else MET, _names(nobody))
    )  # fmt: skip
    return lines


def _in_time(call: Called) -> bool:
    if call.answered_at is None or call.started_at is None:
        return False
    return call.answered_at <= call.started_at + timedelta(minutes=call.minutes)


def _names(calls: Sequence[Called]) -> list[str]:
    return [call.post for call in calls[:NAMES_MAX]]


def _fallbacks(night: Night) -> list[Line]:
    """Whoever was sent to knock says so within the same minutes."""
    sent = [call for call in night.calls if call.fallback_given_at is not None]
    if not sent:
        return []
    open_ones = [
        call for call in sent
        if call.fallback_closed_at is None or call.fallback_given_at is None
        or call.fallback_closed_at > call.fallback_given_at + timedelta(minutes=call.minutes)
    ]  # fmt: skip
    verdict = (MET if not open_ones else SHORT) if night.minutes_saved else SHOWN
    return [
        Line("fallback-late", "上门告知按时登记", "与应答同样的分钟", ANSWER_SOURCE,
             f"{len(sent) - len(open_ones)}/{len(sent)}", verdict, _names(open_ones))
    ]  # fmt: skip


def _moving(night: Night) -> list[Line]:
    """After a red or orange warning there is an order to move."""
    if not night.moving:
        return []
    given = any(step.step == "order" for step in night.steps)
    return [
        Line("order-missing", "橙、红预警后下达转移指令", "有", ORDER_SOURCE,
             "有" if given else "没有", MET if given else SHORT)
    ]  # fmt: skip


def _counted(night: Night) -> list[Line]:
    """Every zone that was opened is counted, and nobody is still there."""
    if not night.zones:
        return []
    silent = [zone for zone in night.zones if zone.counted_at is None]
    there = [zone for zone in night.zones if zone.still_there]
    people, to_move = (sum(getattr(z, name) for z in night.zones)
                       for name in ("still_there", "to_move"))  # fmt: skip
    return [
        Line("zones-uncounted", "启用的片区都清点到户", f"{len(night.zones)} 片", ORDER_SOURCE,
             f"{len(night.zones) - len(silent)} 片", SHORT if silent else MET,
             [zone.zone for zone in silent[:NAMES_MAX]]),
        Line("people-left", "应转的人都已转移", f"{to_move} 人", ORDER_SOURCE,
             f"{to_move - people} 人", SHORT if people else MET,
             [zone.zone for zone in there[:NAMES_MAX]]),
    ]  # fmt: skip


def _injects(night: Night) -> list[Line]:
    """What was put in was dealt with; how long it took is shown where it is known."""
    return [
        Line(
            f"inject-{number}", f"控制员给出：{item.text[:60]}", "有人处理", "",
            _dealt(item), MET if item.settled else SHORT,
        )
        for number, item in enumerate(night.injects, start=1)
    ]  # fmt: skip


def _dealt(item: Injected) -> str:
    if not item.settled:
        return "没有人处理"
    return _gap(item.given_at, item.settled_at) if item.settled_at else "已处理"


SPANS = (("input", "draft", "收到原文到起草"), ("draft", "approved", "起草到批准"),
         ("approved", "first_ring", "批准到第一次叫"),
         ("first_ring", "last_answer", "第一次叫到最后一个应答"),
         ("order", "counted", "转移指令到最后一次清点"))  # fmt: skip


def _spans(night: Night) -> list[Line]:
    """How long each part took. No law gives minutes for these: shown, never judged."""
    at = {step.step: step.at for step in night.steps}
    return [
        Line(f"span-{first}", what, "", "", _gap(at[first], at[last]), SHOWN)
        for first, last, what in SPANS
        if first in at and last in at
    ]


def _gap(first: datetime, last: datetime) -> str:
    seconds = max(0, round((last - first).total_seconds()))
    if seconds < 90:
        return f"{seconds} 秒"
    return (
        f"{seconds // 60} 分 {seconds % 60} 秒"
        if seconds < 3600
        else (f"{seconds // 3600} 小时 {seconds % 3600 // 60} 分")
    )
