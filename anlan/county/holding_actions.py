"""Who holds a post, from when to when: handovers and vacancies.

Each write is locked, compared, journalled and told as `versions` does it.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q
from django.utils.translation import gettext as _

from anlan.county.decisions import BACKDATE_MAX
from anlan.county.models import Holding, Person, Post
from anlan.county.versions import locked
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

RANK_MAX = 9


def not_over(moment: datetime) -> Q:
    """Holdings that run at the moment or begin later; what was called off is none."""
    return (Q(valid_to=None) | Q(valid_to__gt=moment)) & (
        Q(valid_to=None) | Q(valid_to__gt=F("valid_from"))
    )


def vacate_from(post: Post, rank: int | None, moment: datetime) -> list[str]:
    """End what runs at the moment and call off what was to begin later; returns the names."""
    held = Holding.objects.filter(not_over(moment), post=post).select_for_update(of=("self",))
    if rank is not None:
        held = held.filter(rank=rank)
    names = list(held.order_by("rank", "valid_from").values_list("person__name", flat=True))
    held.filter(valid_from__gte=moment).update(valid_to=F("valid_from"), version=F("version") + 1)
    held.filter(valid_from__lt=moment).update(valid_to=moment, version=F("version") + 1)
    return names


def _handover_moment(at: datetime | None, why: str) -> datetime:
    """Now, or the stated moment: to come, or past by a month at most and with its reason."""
    now = clock.now()
    if at is None or at == now:
        return now
    if at < now - BACKDATE_MAX:
        raise Refusal(
            "handover-too-old", _("交接时间早于一个月前"),
            clock.local(at).strftime("%Y-%m-%d %H:%M"),
            _("一个月前的记录不再改动，请核对时间"),
        )  # fmt: skip
    if at < now and not why.strip():
        raise Refusal("why-empty", _("补录过去的交接要写明原因"), "", _("例如：昨日已口头交接"))
    return at


@action("county.edit", journal="county.post.hold")
def hold(
    scope: Scope, post_id: int, person_id: int, rank: int, version: int,
    at: datetime | None = None, why: str = "",
) -> Holding:  # fmt: skip
    """From now (or `at`) the person holds the post (rank 0) or is its deputy; the one before ends.

    Nothing else moves: every duty points at the post, and asks at a time who holds it.
    """
    post = locked(scope, Post, post_id, version)
    if post.ended_at is not None:
        raise Refusal("post-ended", _("这个岗位已停用"), post.title, _("请选择在用的岗位"))
    if not 0 <= rank <= RANK_MAX:
        raise Refusal("rank", _("顺位应为 0 到 9"), str(rank), _("0 为任职，1 起为副职的先后"))
    person = Person.objects.filter(pk=person_id, ended_at=None).first()
    if person is None:
        raise NotFound(
            "person-unknown", _("没有这个人，或已离开"), str(person_id), _("请先添加人员")
        )
    moment = _handover_moment(at, why)
    _not_before_the_last(post, rank, moment)
    before = vacate_from(post, rank, moment)
    holding = Holding.objects.create(
        division=post.division, world=scope.world, post=post, person=person, rank=rank,
        valid_from=moment,
    )  # fmt: skip
    _post_moved(scope, "county.post.hold", post, rank, before, [person.name], moment, why)
    return holding


def _not_before_the_last(post: Post, rank: int, moment: datetime) -> None:
    """A late entry never reaches back behind the last change of the post."""
    last = (
        Holding.objects.filter(post=post, rank=rank, valid_to__gt=moment)
        .filter(valid_from__lt=F("valid_to"))
        .exclude(valid_to__gt=clock.now()).order_by("-valid_to").first()
    )  # fmt: skip
    if last is not None:
        raise Refusal(
            "handover-overtaken", _("这个岗位在此之后已经交接过"),
            clock.local(last.valid_to or moment).strftime("%Y-%m-%d %H:%M"),
            _("请填写最近一次交接之后的时间"),
        )  # fmt: skip


def _post_moved(
    scope: Scope, name: str, post: Post, rank: int, before: list[str], after: list[str],
    moment: datetime, why: str,
) -> None:  # fmt: skip
    """The post's version rises, and its history says who came after whom, and from when."""
    from anlan.county.models import Change

    post.version += 1
    post.save(update_fields=["version"])
    told = [f"{rank} {'、'.join(before)}".strip(), f"{rank} {'、'.join(after)}".strip()]
    Change.objects.create(
        division=post.division, world=scope.world, object_kind="county.post", object_id=post.id,
        to_version=post.version, action=name, fields={"person_id": told}, why=why[:200],
        actor=scope.actor.label[:200],
    )  # fmt: skip
    journal.line(scope, name, post, why=why, before=told[0], after=[told[1], str(moment)])
    tell(scope, "county", post.division, post=post.id)


@action("county.edit", journal="county.post.vacate")
def vacate(
    scope: Scope, post_id: int, rank: int, version: int, at: datetime | None = None, why: str = ""
) -> None:
    """The post (or the deputy's place) is vacant from now on, or from the stated moment."""
    post = locked(scope, Post, post_id, version)
    moment = _handover_moment(at, why)
    _not_before_the_last(post, rank, moment)
    before = vacate_from(post, rank, moment)
    _post_moved(scope, "county.post.vacate", post, rank, before, [], moment, why)
