"""How the call tree is laid out: by level, and within a level by urgency; filtered by the address.

Flows in: nodes of `callout.queries.tree`, the reader's query string. Flows out: groups with their
counts, and words for why a call stands where it stands. Pure but for gettext.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from anlan.ground.places import span

ANSWERED = ("answered", "help")
STEPS_MAX = 60
OPEN = ("waiting", "ringing", "fallback", "nobody", "help")


@dataclass(frozen=True, slots=True)
class Group:
    """A level of the tree. open: neither answered nor reached."""

    level: int
    label: str
    nodes: list[Any]
    total: int
    answered: int
    reached: int
    nobody: int
    open: int


def level_word(level: int) -> str:
    """县级, 乡镇, 村 for the first three levels of a chain."""
    words = {0: _("县级岗位"), 1: _("乡镇街道"), 2: _("村社区")}
    return words.get(level, _("第 %(n)d 级") % {"n": level + 1})


def reason_word(reason: str) -> str:
    """Why a call stands where it stands, as an officer says it."""
    words = {
        "first-ring": _("第一次叫"),
        "again": _("没有应答，再叫一次"),
        "deputy": _("本人没有应答，改叫副职"),
        "superior": _("本级没有应答，改叫上级"),
        "vacant-post": _("岗位空缺，直接叫上级"),
        "nobody-answered": _("都没有应答，派人上门"),
        "nobody-left": _("没有可叫的人，也没有人可派"),
        "wrong-person": _("接的人说打错了，叫下一位"),
        "superior-answered": _("上级已应答，轮到这一级"),
        "superior-reached": _("上级已上门告知，轮到这一级"),
        "fallback-not-closed": _("派人上门，到时没有登记"),
        "all-clear": _("已解除，不再叫"),
        "changed": _("已变更，按新预警叫"),
        "not-due": _("还没有到时间"),
        "fallback-closed": _("上门告知"),
        "answered-first": _("本人应答"),
        "answered-deputy": _("副职应答"),
        "answered-superior": _("上级应答"),
        "answered-fallback": _("上门的人应答"),
        "stopped": _("叫应已停止"),
        "yielded": _("已让位于真实叫应"),
    }
    return words.get(reason, reason)


def via_word(via: str) -> str:
    """How an answer came."""
    words = {"sms": _("短信"), "link": _("链接"), "keyed": _("代录"), "voice": _("电话按键")}
    return words.get(via, via)


def chosen(
    nodes: Sequence[Any], query: Mapping[str, str], named: Collection[str] = ()
) -> list[Any]:
    """Nodes that the address asks for: state, place (a division and all in it), words of a name.

    named: whom the phone book finds by the same words, by pinyin or initials.
    """
    state, place, sought = (
        query.get("state", ""),
        query.get("place", ""),
        query.get("q", "").strip().lower(),
    )
    lo, hi = span(int(place)) if place.isdigit() and len(place) == 12 else (0, 10**12)
    return [
        node
        for node in nodes
        if lo <= node.division <= hi
        and _in_state(node.state, state)
        and (
            sought in f"{node.division_name}{node.post_title}{node.holder}".lower()
            or node.holder in named
        )
    ]


def _in_state(state: str, wanted: str) -> bool:
    if not wanted:
        return True
    if wanted == "open":
        return state in OPEN and state != "help"
    return state in ANSWERED if wanted == "answered" else state == wanted


def groups(nodes: Sequence[Any]) -> list[Group]:
    """By level, the county first; the order within a level is kept."""
    levels: dict[int, list[Any]] = {}
    for node in nodes:
        levels.setdefault(node.level, []).append(node)
    return [_group(level, rows) for level, rows in sorted(levels.items())]


def _group(level: int, rows: list[Any]) -> Group:
    def of(*states: str) -> int:
        return sum(1 for row in rows if row.state in states)

    return Group(
        level, level_word(level), rows, len(rows), of(*ANSWERED), of("reached_by_fallback"),
        of("nobody"), of("waiting", "ringing", "fallback", "nobody"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """How the call-out stood so long after it was opened; counts of calls."""

    at: datetime
    minutes: float
    answered: int
    reached: int
    nobody: int


def steps(
    nodes: Sequence[Any], nobody: Sequence[datetime], opened_at: datetime, now: datetime
) -> list[Step]:
    """Cumulative answers, fallbacks and nobodies; STEPS_MAX rows at most, the last is `now`."""
    events = [(node.answered_at, 0) for node in nodes if node.answered_at]
    events += [
        (node.fallback.closed_at, 1) for node in nodes
        if node.state == "reached_by_fallback" and node.fallback and node.fallback.closed_at
    ]  # fmt: skip
    events += [(moment, 2) for moment in nobody]
    counts, found = [0, 0, 0], [_step(opened_at, opened_at, (0, 0, 0))]
    for moment, kind in sorted(events):
        counts[kind] += 1
        found.append(_step(moment, opened_at, counts))
    found.append(_step(max(now, found[-1].at), opened_at, counts))
    each = -(-len(found) // STEPS_MAX)
    return [*found[:-1:each], found[-1]]


def _step(moment: datetime, opened_at: datetime, counts: Sequence[int]) -> Step:
    minutes = max(0.0, (moment - opened_at).total_seconds() / 60)
    return Step(moment, round(minutes, 2), counts[0], counts[1], counts[2])
