"""All writes of rosters: a shift, another one, none.

Each write is locked, compared, journalled and told as `versions` does it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from anlan.county.decisions import Span, meeting
from anlan.county.models import Person, Post, RosterShift
from anlan.county.versions import facts, locked, made, saved
from anlan.ground import clock
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.scope import Scope

SHIFT_HOURS_MAX = 72


def _shift_span(post: Post, starts_at: datetime, ends_at: datetime, own: int | None) -> None:
    """Refuse a span that is none, too long, or already somebody else's at this post."""
    if ends_at <= starts_at:
        raise Refusal("shift-span", _("班次结束应在开始之后"), post.title, _("请核对时间"))
    if ends_at - starts_at > timedelta(hours=SHIFT_HOURS_MAX):
        raise Refusal("shift-long", _("一班超过 72 小时"), post.title, _("请拆成几班"))
    others = RosterShift.objects.filter(
        post=post, cancelled_at=None, starts_at__lt=ends_at, ends_at__gt=starts_at
    ).exclude(pk=own)
    taken = [Span(row.starts_at, row.ends_at, row.person.name) for row in
             others.select_related("person")]  # fmt: skip
    met = meeting(Span(starts_at, ends_at, ""), taken)
    if met is not None:
        shown = " ".join(clock.local(t).strftime("%m-%d %H:%M") for t in (met.start, met.end))
        raise Conflict(
            "shift-taken", _("这段时间已有人值班"), f"{met.who} {shown}",
            _("请改时间，或先取消那一班"),
        )  # fmt: skip


def _living(person_id: int) -> Person:
    person = Person.objects.filter(pk=person_id, ended_at=None).first()
    if person is None:
        raise NotFound(
            "person-unknown", _("没有这个人，或已离开"), str(person_id), _("请先添加人员")
        )
    return person


@action("county.edit", journal="county.roster.add")
def add_shift(
    scope: Scope, post_id: int, person_id: int, starts_at: datetime, ends_at: datetime
) -> RosterShift:
    """The person is on duty at the post for the span."""
    post = locked(scope, Post, post_id)
    if post.ended_at is not None:
        raise Refusal("post-ended", _("这个岗位已停用"), post.title, _("请选择在用的岗位"))
    _shift_span(post, starts_at, ends_at, None)
    shift = RosterShift.objects.create(
        division=post.division, world=scope.world, post=post, person=_living(person_id),
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    made(scope, "county.roster.add", shift)
    return shift


@action("county.edit", journal="county.roster.edit", may_change_nothing=True)
def edit_shift(
    scope: Scope, shift_id: int, version: int, person_id: int, starts_at: datetime,
    ends_at: datetime,
) -> RosterShift:  # fmt: skip
    """Another person or another span for a shift that is not over."""
    shift = _open_shift(scope, shift_id, version)
    before = facts(shift)
    _shift_span(locked(scope, Post, shift.post_id), starts_at, ends_at, shift.id)
    if person_id != shift.person_id:
        shift.person = _living(person_id)
    shift.starts_at, shift.ends_at = starts_at, ends_at
    if facts(shift) != before:
        saved(scope, "county.roster.edit", shift, before)
    return shift


@action("county.edit", journal="county.roster.cancel")
def cancel_shift(scope: Scope, shift_id: int, version: int) -> RosterShift:
    """The shift does not take place; one that has begun ends now and stays on record."""
    shift = _open_shift(scope, shift_id, version)
    before, moment = facts(shift), clock.now()
    if shift.starts_at < moment:
        shift.ends_at = moment
    else:
        shift.cancelled_at = moment
    saved(scope, "county.roster.cancel", shift, before)
    return shift


def _open_shift(scope: Scope, shift_id: int, version: int) -> RosterShift:
    shift = locked(scope, RosterShift, shift_id, version)
    if shift.cancelled_at is not None or shift.ends_at <= clock.now():
        raise Refusal("shift-over", _("这一班已结束或已取消"), "", _("过去的排班是记录，不再改动"))
    return shift
