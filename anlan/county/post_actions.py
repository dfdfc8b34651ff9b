"""All writes of posts: a kind, a title, a superior, an end.

Each write is locked, compared, journalled and told as `versions` does it.
"""

from __future__ import annotations

from django.db.models import F
from django.utils.translation import gettext as _

from anlan.county.holding_actions import vacate_from
from anlan.county.models import Holding, Post, RosterShift
from anlan.county.versions import facts, locked, made, saved, within
from anlan.ground import clock
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.scope import Scope

SUPERIORS_MAX = 20
LISTED_MAX = 5


def post_kind(kind: str, title: str) -> str:
    """A kind that the table of rights knows; else a Refusal."""
    from anlan.county.rights import table

    if kind not in table().posts:
        raise Refusal(
            "post-kind", _("没有这种岗位：%(k)s") % {"k": kind}, title, _("请从列出的类型里选")
        )
    return kind


@action("county.edit", journal="county.post.add")
def add_post(
    scope: Scope, division: int, kind: str, title: str, superior_id: int | None = None, *,
    unit_id: int | None = None, order: int = 0,
) -> Post:  # fmt: skip
    """A post of a kind that the table of rights knows."""
    if not title.strip():
        raise Refusal("title-empty", _("岗位名称不能为空"), "", _("请填写岗位名称"))
    post = Post.objects.create(
        division=within(scope, division), world=scope.world, kind=post_kind(kind, title),
        title=title.strip(), superior_id=_superior(superior_id, None), unit_id=unit_id, order=order,
    )  # fmt: skip
    made(scope, "county.post.add", post)
    return post


@action("county.edit", journal="county.post.edit", may_change_nothing=True)
def edit_post(
    scope: Scope, post_id: int, version: int, *, division: int, kind: str, title: str,
    superior_id: int | None, unit_id: int | None, order: int,
) -> Post:  # fmt: skip
    """Another title, kind, place, unit, superior or order; holders and shifts go with it."""
    post = locked(scope, Post, post_id, version)
    before = facts(post)
    if not title.strip():
        raise Refusal("title-empty", _("岗位名称不能为空"), "", _("请填写岗位名称"))
    if superior_id != post.superior_id:
        post.superior_id = _superior(superior_id, post.id)
    if division != post.division:
        post.division = within(scope, division)
        Holding.objects.filter(post=post).update(division=division)
        RosterShift.objects.filter(post=post).update(division=division)
    post.kind, post.title = post_kind(kind, title), title.strip()
    post.unit_id, post.order = unit_id, order
    if facts(post) != before:
        saved(scope, "county.post.edit", post, before)
    return post


def _superior(superior_id: int | None, own_id: int | None) -> int | None:
    """A living post that does not stand under this one; else a Refusal."""
    if superior_id is None:
        return None
    above: int | None = superior_id
    for _step in range(SUPERIORS_MAX):
        if above == own_id and own_id is not None:
            raise Refusal(
                "superior-circle", _("上级岗位绕成了圈"), str(superior_id),
                _("请选择不在本岗位之下的岗位"),
            )  # fmt: skip
        row = Post.objects.filter(pk=above, ended_at=None).values_list("superior_id").first()
        if row is None:
            if above == superior_id:
                raise NotFound(
                    "superior-unknown", _("没有这个上级岗位，或已停用"), str(superior_id),
                    _("请重新选择"),
                )  # fmt: skip
            return superior_id
        if row[0] is None:
            return superior_id
        above = row[0]
    raise Refusal("superior-deep", _("上级岗位超过 20 层"), str(superior_id), _("请核对上级岗位"))


@action("county.edit", journal="county.post.end")
def end_post(scope: Scope, post_id: int, version: int, why: str = "") -> Post:
    """The post is no more: holders and coming shifts end with it; what it held stays on record."""
    post = locked(scope, Post, post_id, version)
    if post.ended_at is not None:
        raise Conflict("post-ended", _("这个岗位已停用"), post.title, _("请刷新页面"))
    juniors = Post.objects.filter(superior=post, ended_at=None).values_list("title", flat=True)
    if juniors:
        raise Refusal(
            "post-has-juniors", _("还有 %(n)d 个岗位以它为上级") % {"n": len(juniors)},
            "、".join(juniors[:LISTED_MAX]), _("请先给它们换上级，否则叫不应时没有下一位"),
        )  # fmt: skip
    before, moment = facts(post), clock.now()
    vacate_from(post, None, moment)
    coming = RosterShift.objects.filter(post=post, cancelled_at=None)
    coming.filter(starts_at__gte=moment).update(cancelled_at=moment, version=F("version") + 1)
    coming.filter(starts_at__lt=moment, ends_at__gt=moment).update(
        ends_at=moment, version=F("version") + 1
    )
    post.ended_at = moment
    saved(scope, "county.post.end", post, before, why=why)
    return post
