"""Writes of units: names, aliases from a day to a day, dated members of collectives."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from anlan.county.models import Post, Unit, UnitAlias, UnitMember
from anlan.county.versions import alone, facts, locked, made, saved, within
from anlan.ground import clock
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.scope import Scope

KINDS = ("unit", "collective")
LISTED_MAX = 5


def _plain_name(name: str) -> str:
    if not name.strip():
        raise Refusal("name-empty", _("名称不能为空"), "", _("请填写名称"))
    return name.strip()


def free_name(name: str, own: int | None = None) -> str:
    """The name, which no other unit bears; else a Conflict."""
    plain = _plain_name(name)
    if Unit.objects.filter(name=plain).exclude(pk=own).exists():
        raise _same_name(plain)
    return plain


def _same_name(name: str) -> Conflict:
    return Conflict(
        "unit-exists", _("已有同名的单位"), name, _("请用原来的那一个；停用的可以在其页面恢复")
    )


@action("county.edit", journal="county.unit.add")
def add_unit(scope: Scope, division: int, name: str, kind: str = "unit", order: int = 0) -> Unit:
    """An office, or a collective of offices."""
    if kind not in KINDS:
        raise Refusal("unit-kind", _("类别应为单位或集合"), kind, _("请重新选择"))
    place, plain = within(scope, division), free_name(name)
    unit = alone(
        lambda: Unit.objects.create(
            division=place, world=scope.world, name=plain, kind=kind, order=order
        ),
        _same_name(plain),
    )
    made(scope, "county.unit.add", unit)
    return unit


@action("county.edit", journal="county.unit.edit", may_change_nothing=True)
def edit_unit(
    scope: Scope, unit_id: int, version: int, *, division: int, name: str, order: int,
    keep_old_name: bool = False,
) -> Unit:  # fmt: skip
    """Another name, place or order; keep_old_name: the old one becomes an alias up to today."""
    unit = locked(scope, Unit, unit_id, version)
    before, today = facts(unit), clock.local(clock.now()).date()
    if division != unit.division:
        unit.division = within(scope, division)
    unit.name, unit.order = free_name(name, unit.id), order
    if facts(unit) == before:
        return unit
    saved(scope, "county.unit.edit", unit, before)
    if keep_old_name and unit.name != before["name"]:
        _add_alias(scope, unit, before["name"], None, today)
    return unit


@action("county.edit", journal="county.unit.end")
def end_unit(scope: Scope, unit_id: int, version: int, on: date, why: str = "") -> Unit:
    """The unit is no more after the day; refused while posts still belong to it."""
    unit = locked(scope, Unit, unit_id, version)
    posts = list(Post.objects.filter(unit=unit, ended_at=None).values_list("title", flat=True))
    if posts:
        raise Refusal(
            "unit-has-posts", _("还有 %(n)d 个岗位属于这个单位") % {"n": len(posts)},
            "、".join(posts[:LISTED_MAX]), _("请先把这些岗位改到别的单位，或停用"),
        )  # fmt: skip
    before = facts(unit)
    unit.ended_on = on
    saved(scope, "county.unit.end", unit, before, why=why)
    for member in UnitMember.objects.filter(_running(on), Q(member=unit) | Q(collective=unit)):
        _end_on(scope, "county.unit.member.end", member, on)
    return unit


@action("county.edit", journal="county.unit.reopen")
def reopen_unit(scope: Scope, unit_id: int, version: int) -> Unit:
    """The unit stands again; its memberships are given anew."""
    unit = locked(scope, Unit, unit_id, version)
    if unit.ended_on is None:
        raise Conflict("unit-open", _("这个单位没有停用"), unit.name, _("请刷新页面"))
    before = facts(unit)
    unit.ended_on = None
    saved(scope, "county.unit.reopen", unit, before)
    return unit


def _running(on: date) -> Q:
    """Dated rows that run on the day or later."""
    return Q(valid_to=None) | Q(valid_to__gt=on)


def _days(valid_from: date | None, valid_to: date | None, place: str) -> None:
    if valid_from and valid_to and valid_to < valid_from:
        raise Refusal("days", _("“至”早于“自”"), place, _("请核对日期"))


def _end_on(scope: Scope, name: str, row: UnitAlias | UnitMember, on: date) -> None:
    before = facts(row)
    row.valid_to = max(on, row.valid_from) if row.valid_from else on
    saved(scope, name, row, before)


# aliases


@action("county.edit", journal="county.unit.alias.add")
def add_alias(
    scope: Scope, unit_id: int, name: str, valid_from: date | None = None,
    valid_to: date | None = None,
) -> UnitAlias:  # fmt: skip
    """Another name under which documents write the unit, from a day to a day."""
    return _add_alias(scope, locked(scope, Unit, unit_id), name, valid_from, valid_to)


def _add_alias(
    scope: Scope, unit: Unit, name: str, valid_from: date | None, valid_to: date | None
) -> UnitAlias:
    plain = _plain_name(name)
    _days(valid_from, valid_to, plain)
    rows = UnitAlias.objects.filter(name=plain).select_related("unit")
    taken = _meeting(rows, valid_from, valid_to)
    owner = taken[0].unit.name if taken else _("别的单位")
    refusal = Conflict(
        "alias-taken", _("这段时间里，这个别名已属于 %(u)s") % {"u": owner}, plain,
        _("请先给那一条写上“至”的日期"),
    )  # fmt: skip
    if taken:
        raise refusal
    alias = alone(
        lambda: UnitAlias.objects.create(
            division=unit.division, world=scope.world, unit=unit, name=plain,
            valid_from=valid_from, valid_to=valid_to,
        ), refusal,
    )  # fmt: skip
    made(scope, "county.unit.alias.add", alias)
    return alias


def _meeting(rows: object, valid_from: date | None, valid_to: date | None) -> list:  # type: ignore[type-arg]
    """Those of the dated rows that share a day with the span."""
    found = rows
    if valid_from is not None:
        found = found.filter(Q(valid_to=None) | Q(valid_to__gte=valid_from))  # type: ignore[attr-defined]
    if valid_to is not None:
        found = found.filter(Q(valid_from=None) | Q(valid_from__lte=valid_to))  # type: ignore[attr-defined]
    return list(found)  # type: ignore[call-overload]


@action("county.edit", journal="county.unit.alias.end")
def end_alias(scope: Scope, alias_id: int, version: int, on: date) -> None:
    """The alias holds up to the day, and no longer."""
    _end_on(scope, "county.unit.alias.end", locked(scope, UnitAlias, alias_id, version), on)


# members of a collective


@action("county.edit", journal="county.unit.member.add")
def add_member(
    scope: Scope, collective_id: int, member_id: int, valid_from: date | None = None,
    valid_to: date | None = None,
) -> UnitMember:  # fmt: skip
    """The unit belongs to the collective from a day to a day; a collective holds units only."""
    collective = locked(scope, Unit, collective_id)
    member = Unit.objects.filter(pk=member_id, ended_on=None).first()
    if collective.kind != "collective":
        raise Refusal("not-collective", _("只有集合才有成员单位"), collective.name)
    if member is None or member.kind != "unit":
        raise NotFound(
            "unit-unknown", _("没有这个单位，或已停用"), str(member_id), _("请从列出的单位里选")
        )
    _days(valid_from, valid_to, member.name)
    rows = UnitMember.objects.filter(collective=collective, member=member)
    refusal = Conflict(
        "member-twice", _("这个单位在这段时间里已是成员"), member.name, _("请核对日期")
    )
    if _meeting(rows, valid_from, valid_to):
        raise refusal
    row = alone(
        lambda: UnitMember.objects.create(
            division=collective.division, world=scope.world, collective=collective,
            member=member, valid_from=valid_from, valid_to=valid_to,
        ), refusal,
    )  # fmt: skip
    made(scope, "county.unit.member.add", row)
    return row


@action("county.edit", journal="county.unit.member.end")
def end_member(scope: Scope, membership_id: int, version: int, on: date | None = None) -> None:
    """The unit is a member up to the day (yesterday where none is given)."""
    day = on or clock.local(clock.now()).date() - timedelta(days=1)
    _end_on(scope, "county.unit.member.end", locked(scope, UnitMember, membership_id, version), day)
