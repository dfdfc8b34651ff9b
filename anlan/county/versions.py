"""How a row of the county is changed: locked, compared with what the clerk saw, written down.

Flows in: a row's key and the version that the screen showed. Flows out: the changed row, a
`Change` that says what became what, a journal line with digests, a notification. A clerk who was
slower meets a Conflict that says who changed what meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.county.models import Change, Division, Person, Post, Unit
from anlan.ground import clock, journal, secrets
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

WIDE_SPAN = 999_999
SHOWN_CHANGES_MAX = 5

# The fields of each kind that people change, in the order in which a screen shows them.
TRACKED: dict[str, tuple[str, ...]] = {
    "county.division": ("name", "kind", "parent_id", "population", "label_lat", "label_lon",
                        "source", "outline_source", "ended_on"),
    "county.unit": ("division", "name", "kind", "order", "ended_on"),
    "county.unitalias": ("unit_id", "name", "valid_from", "valid_to"),
    "county.unitmember": ("collective_id", "member_id", "valid_from", "valid_to"),
    "county.person": ("division", "name", "pinyin", "phone", "ended_at"),
    "county.post": ("division", "kind", "title", "unit_id", "superior_id", "order", "ended_at"),
    "county.holding": ("post_id", "person_id", "rank", "valid_from", "valid_to"),
    "county.rostershift": ("post_id", "person_id", "starts_at", "ends_at", "cancelled_at"),
}  # fmt: skip


# What a field of one kind is called, where that differs from the same field of others.
OWN_WORDS: dict[tuple[str, str], Any] = {
    ("county.person", "name"): _lazy("姓名"),
    ("county.unitalias", "name"): _lazy("别名"),
}


def label(field: str, kind: str = "") -> str:
    """The officer's word for a tracked field of that kind."""
    if (kind, field) in OWN_WORDS:
        return str(OWN_WORDS[kind, field])
    words = {
        "name": _("名称"), "kind": _("类型"), "parent_id": _("上级区划"), "population": _("人口"),
        "label_lat": _("标注点纬度"), "label_lon": _("标注点经度"), "source": _("来源"),
        "outline_source": _("界线来源"), "ended_on": _("停用日"), "division": _("所在区划"),
        "order": _("顺序"), "unit_id": _("单位"), "valid_from": _("自"), "valid_to": _("至"),
        "collective_id": _("集合"), "member_id": _("成员单位"), "pinyin": _("拼音"),
        "phone": _("号码"), "ended_at": _("停用时间"), "title": _("岗位名称"),
        "superior_id": _("上级岗位"), "post_id": _("岗位"), "person_id": _("人员"),
        "rank": _("顺位"), "starts_at": _("开始"), "ends_at": _("结束"),
        "cancelled_at": _("取消时间"),
    }  # fmt: skip
    return words.get(field, field)


def track(kind: str, fields: Mapping[str, Any]) -> None:
    """Rows of a room are kept as those of the county: {field: the officer's word}, in order."""
    TRACKED[kind] = tuple(fields)
    OWN_WORDS.update({(kind, name): word for name, word in fields.items()})


def facts(row: models.Model) -> dict[str, Any]:
    """The tracked fields of the row as they are; a number is whole here, for the digest."""
    return {name: getattr(row, name) for name in TRACKED[row._meta.label_lower]}


def shown(name: str, value: Any) -> str | int | float | None:
    """A value as a Change keeps it: what is sealed is masked, a moment on the county's clock."""
    if name in MASKED:
        return MASKED[name](str(value)) if value else ""
    if isinstance(value, datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else value


# Sealed fields, and what a Change may show of them.
MASKED: dict[str, Callable[[str], str]] = {"phone": secrets.mask_phone}
NAMED: dict[str, tuple[type[models.Model], str]] = {
    "division": (Division, "name"), "parent_id": (Division, "name"), "unit_id": (Unit, "name"),
    "collective_id": (Unit, "name"), "member_id": (Unit, "name"), "post_id": (Post, "title"),
    "superior_id": (Post, "title"), "person_id": (Person, "name"),
}  # fmt: skip


def named(name: str, value: Any) -> Any:
    """What a key points at, by name; the key itself where it is not to be seen."""
    if name not in NAMED or value is None:
        return shown(name, value)
    model, field = NAMED[name]
    found = model._default_manager.filter(pk=value).values_list(field, flat=True).first()
    return shown(field, found) if found else value


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any],
    tell_value: Callable[[str, Any], Any] = named,
) -> dict[str, list[Any]]:  # fmt: skip
    """{field: [before, after]} of what became different, as shown."""
    return {
        name: [tell_value(name, before.get(name)), tell_value(name, value)]
        for name, value in after.items()
        if before.get(name) != value
    }


def within(scope: Scope, division: int) -> int:
    """The division, which the scope covers and the county has; else a Refusal."""
    if not scope.covers(division):
        raise Denied(
            "division-outside", _("这个区划不在您的范围内"), str(division),
            _("请选择本级或下级的区划，或请上级办理"),
        )  # fmt: skip
    if not Division.objects.filter(pk=division, ended_on=None).exists():
        raise NotFound(
            "division-unknown", _("没有这个区划代码"), str(division), _("请先在“区划”里添加")
        )
    return division


def county_wide(scope: Scope) -> None:
    """Refuse whoever is narrower than a county: divisions and their outlines are the county's."""
    if scope.hi - scope.lo < WIDE_SPAN:
        raise Denied(
            "division-county-only", _("区划由县级维护"), scope.actor.label, _("请联系县级经办人")
        )


M = TypeVar("M", bound=models.Model)


def locked(scope: Scope, model: type[M], key: int, version: int | None = None) -> M:
    """The row, locked, of this world, and no other than the screen showed; else a Refusal."""
    row = model._default_manager.select_for_update(of=("self",)).filter(pk=key).first()
    if row is None:
        raise NotFound("not-found", _("没有这条记录"), str(key), _("请返回列表重新选择"))
    if getattr(row, "world", scope.world) != scope.world:
        raise Refusal("other-world", _("演练中不能改真实的县情"), str(key), _("请退出演练后再改"))
    if version is not None and row.version != version:  # type: ignore[attr-defined]
        raise Conflict(
            "changed-meanwhile",
            _("这条记录已被别人修改"),
            _meanwhile(row, version),
            _("请刷新后在新内容上修改"),
        )
    return row


def _meanwhile(row: models.Model, version: int) -> str:
    """Who changed what since the version that the clerk saw."""
    changes = Change.objects.filter(
        object_kind=row._meta.label_lower, object_id=row.pk, to_version__gt=version
    ).order_by("-id")[:SHOWN_CHANGES_MAX]
    told = [
        _("%(who)s %(when)s：%(what)s")
        % {"who": change.actor, "when": shown("", change.created_at), "what": in_words(change)}
        for change in changes
    ]
    return "；".join(told) or f"{row._meta.label_lower} {row.pk}"


def in_words(change: Change) -> str:
    """名称 甲→乙，顺序 1→2 in the words of its kind; the reason where no field changed."""
    kind = change.object_kind
    parts = [
        f"{label(name, kind)} {_told(kind, name, before)}→{_told(kind, name, after)}"
        for name, (before, after) in change.fields.items()
    ]
    return "，".join(parts) or change.why or change.action


def _told(kind: str, name: str, value: Any) -> str:
    """A kept value in an officer's words: a kind by its label, a place by its name."""
    if value is None or value == "":
        return "（空）"
    words = WORDED.get((kind, name))
    if words is not None:
        return str(words().get(value, value))
    return str(named(name, value)) if name == "division" and isinstance(value, int) else str(value)


def _post_labels() -> Mapping[str, str]:
    from anlan.county.rights import table

    return table().post_labels


# Fields whose values are codes, and what the codes are called.
WORDED: dict[tuple[str, str], Callable[[], Mapping[str, Any]]] = {
    ("county.post", "kind"): _post_labels,
    ("county.unit", "kind"): lambda: dict(Unit._meta.get_field("kind").flatchoices),
}


def made(scope: Scope, action: str, row: models.Model, *, why: str = "") -> None:
    """A new row is written down: its first Change, its journal line, a notification."""
    _written(scope, action, row, {}, why)


def saved(
    scope: Scope, action: str, row: models.Model, before: Mapping[str, Any], *, why: str = ""
) -> None:
    """Save the changed row one version further, and write down what became what."""
    row.version += 1  # type: ignore[attr-defined]
    row.save()
    _written(scope, action, row, before, why)


def _written(
    scope: Scope, action: str, row: models.Model, before: Mapping[str, Any], why: str
) -> None:
    after = facts(row)
    changed = differences(before, after)
    place = _place(row)
    Change.objects.create(
        division=place, world=scope.world, object_kind=row._meta.label_lower, object_id=row.pk,
        to_version=row.version, action=action, fields=changed, why=why[:200],  # type: ignore[attr-defined]
        actor=scope.actor.label[:200],
    )  # fmt: skip
    whole = {name: after[name] for name in changed}
    journal.line(
        scope, action, row, why=why, before={name: before.get(name) for name in changed} or None,
        after=whole, division=place,
    )  # fmt: skip
    tell(scope, "county", place)


def _place(row: models.Model) -> int:
    return int(row.division)  # type: ignore[attr-defined]


def alone(create: Callable[[], M], refusal: Refusal) -> M:
    """Create a row that the database lets stand only once; the refusal where one was faster."""
    try:
        with transaction.atomic():
            return create()
    except IntegrityError:
        raise refusal from None


def history(scope: Scope, kind: str, key: int, rows: int = 50) -> list[Change]:
    """What was done to a row, newest first."""
    with scope.open():
        found = Change.objects.filter(object_kind=kind, object_id=key).order_by("-id")
        return list(found[:rows])
