"""Who a launch reaches: the posts of its chain in its places, level by level, and their texts.

Preview and opening both ask here, so that what is shown is what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.models import Post
from anlan.engines.callout import messages
from anlan.engines.callout.models import Attempt, Call, Callout, Fallback
from anlan.ground.errors import Refusal
from anlan.ground.places import county_of, span, township_of
from anlan.ground.policy import packs, values
from anlan.ground.scope import Scope

# A call that is about no warning (a roll-call, a task) has no grade and its own minutes.
PRIORITY = {"red": 0, "orange": 1, "yellow": 2, "blue": 3, "": 3}
WARNINGS = frozenset({"warning", "all_clear", "notice"})
UNGRADED = frozenset({"roll_call", "task"})
KINDS = WARNINGS | UNGRADED
OWN_MINUTES_MAX = 7 * 24 * 60
CODE_PLACE = "0" * messages.CODE_DIGITS
LINK_CHARS = 80


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be called out. key makes it once: the same key again gives the same call-out.

    divisions: townships, villages or the county; the chain decides which posts of them.
    drafted_by, approved_by: persons, for what needs a second one. minutes: until it is rung on, for
    kinds without a grade. posts: these and no others, whatever the chain names.
    """

    origin_kind: str
    origin_id: int
    chain: str
    grade: str
    title: str
    text: str
    divisions: tuple[int, ...]
    key: str
    kind: str = "warning"
    follows: int | None = None
    drafted_by: int | None = None
    approved_by: int | None = None
    minutes: int | None = None
    posts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of a pack: its levels in order and its texts."""

    name: str
    levels: list[dict[str, Any]]
    texts: dict[str, str]
    fallback_step: str


@dataclass(frozen=True, slots=True)
class Reached:
    """A post that the launch reaches, with its level and who would knock for it."""

    post: Post
    level: int
    fallback_kind: str


def chain(name: str) -> Chain:
    """`warning/night` → the chain `night` of the pack `warning`; Refusal for an unknown one."""
    pack, _slash, own = name.partition("/")
    found = packs.section(pack, "chains").get(own)
    if found is None:
        raise Refusal("chain-unknown", _("没有这条叫应链"), name)
    return Chain(name, found["levels"], found["texts"], found["fallback_step"])


def minutes(scope: Scope, launch: Launch) -> int:
    """The launch's own minutes for an answer, else the county's for a call of its grade."""
    if launch.minutes is not None:
        return launch.minutes
    return int(values.running(scope, f"callout.minutes_{launch.grade}"))


def wait_minutes(scope: Scope, grade: str) -> int:
    """How long a level waits for its superior before it is called all the same."""
    return int(values.running(scope, f"callout.wait_{grade}")) if grade else 0


def check(launch: Launch) -> None:
    """Refuse a launch that could not be sent as it stands."""
    if launch.grade not in PRIORITY or launch.kind not in KINDS:
        raise Refusal("launch-grade", _("叫应的级别或类型不对"), launch.grade)
    if (launch.grade == "") != (launch.kind in UNGRADED):
        raise Refusal("launch-grade", _("叫应的级别或类型不对"), launch.kind)
    if launch.grade and (launch.minutes is not None or launch.posts):
        raise Refusal("launch-grade", _("预警的叫应按级别定时限，按链定岗位"), launch.grade)
    if not launch.grade and not 0 < (launch.minutes or 0) <= OWN_MINUTES_MAX:
        raise Refusal("launch-minutes", _("应答时限应在 1 分钟到 7 天之间"), str(launch.minutes))
    if not launch.divisions:
        raise Refusal("launch-nowhere", _("没有选定范围"), "", _("请选择乡镇或全县"))
    if not launch.text.strip() or messages.units(launch.text) > messages.TEXT_CHARS_MAX - 200:
        raise Refusal("launch-text", _("短信内容为空或过长"), "", _("请缩短到 400 字以内"))
    if "{" in launch.text:
        raise Refusal("launch-braces", _("短信内容不能含有花括号"), "", _("请删去花括号"))


def reached(scope: Scope, launch: Launch) -> list[Reached]:
    """Every post that the launch reaches, upper levels first.

    An all-clear goes to whom the warning went, plus who joined the chain since.
    """
    if launch.posts:
        return _named(scope, launch)
    own = chain(launch.chain)
    found: list[Reached] = []
    for index, level in enumerate(own.levels):
        for post in county.posts(scope, level["posts"], _spans(launch.divisions, level["level"])):
            found.append(Reached(post, index, level.get("fallback") or ""))
    if launch.kind == "all_clear" and launch.follows is not None:
        return _told(scope, launch.follows, found)
    if not found:
        raise Refusal("launch-nobody", _("选定范围内没有可叫应的岗位"), "", _("请核对岗位设置"))
    return found


def _named(scope: Scope, launch: Launch) -> list[Reached]:
    """The posts that the launch names, where the scope sees them."""
    with scope.open():
        rows = list(Post.objects.filter(id__in=launch.posts, ended_at=None).order_by("id"))
    if len(rows) != len(set(launch.posts)):
        raise Refusal("launch-post", _("没有这个岗位，或不在您的范围内"), "", _("请重新选择岗位"))
    return [Reached(row, 0, "") for row in rows]


def _told(scope: Scope, callout_id: int, chain_now: list[Reached]) -> list[Reached]:
    """The posts that a call-out rang, those that rang or knocked for them, and newcomers.

    A post of the chain that the warning never rang (it was stopped before) hears no all-clear;
    one that was made after the warning was opened has joined.
    """
    with scope.open():
        warning = Callout.objects.filter(id=callout_id).first()
        if warning is None:
            return chain_now
        calls = list(Call.objects.filter(callout_id=callout_id))
        knocked = set(Fallback.objects.filter(call__in=calls).values_list("call_id", flat=True))
        rung = set(
            Attempt.objects.filter(call__in=calls, role="superior").values_list(
                "call_id", flat=True
            )
        )
        level_of = {call.post_id: call.level for call in calls if call.rings or call.answered_at}
        for call in calls:
            if call.id in rung and call.superior_post_id:
                level_of.setdefault(call.superior_post_id, call.level)
        known = {entry.post.id: entry for entry in chain_now}
        others = Post.objects.filter(id__in=set(level_of) - set(known), ended_at=None)
        found = [entry for entry in chain_now if entry.post.id in level_of]
        found += [
            entry for entry in chain_now
            if entry.post.id not in level_of and _joined(scope, entry.post, warning)
        ]  # fmt: skip
        found += [
            Reached(post, level_of[post.id], "") for post in others.order_by("division", "id")
        ]
        kinds = {(call.division, call.fallback_kind): call.level for call in calls
                 if call.id in knocked}  # fmt: skip
        helpers = Post.objects.filter(
            kind__in={kind for _place, kind in kinds}, ended_at=None,
            division__in={place for place, _kind in kinds},
        )  # fmt: skip
        taken = {entry.post.id for entry in found}
        found += [
            Reached(post, kinds[post.division, post.kind], "")
            for post in helpers.order_by("division", "id")
            if (post.division, post.kind) in kinds and post.id not in taken
        ]
    return sorted(found, key=lambda entry: (entry.level, entry.post.division, entry.post.id))


def _joined(scope: Scope, post: Post, warning: Callout) -> bool:
    """Whether the post was made after the warning; in an exercise the county stands still."""
    return scope.world == 0 and post.created_at > warning.opened_at


def _spans(divisions: Iterable[int], level: str) -> list[tuple[int, int]]:
    """Where posts of a level lie: the county's own seat, the townships, or all that is within."""
    if level == "county":
        return sorted({(county_of(code), county_of(code)) for code in divisions})
    if level == "township":
        seats: set[tuple[int, int]] = set()
        for code in divisions:
            town = township_of(code)
            seats.add(span(code) if town is None else (town, town))
        return sorted(seats)
    return sorted({span(code) for code in divisions})


def text_for(own: Chain, launch_text: str, code: str, link: str) -> str:
    """The message to somebody of the post itself."""
    return messages.fill(own.texts["call"], text=launch_text, code=code, link=link)
