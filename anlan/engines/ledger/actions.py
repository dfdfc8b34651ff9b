"""Writes of the ledger: objects, how they stand, which turned out to be one, who regulates.

Flows in: forms and tables. Flows out: rows with their version, a `Change` in an officer's words, a
journal line. Nothing is deleted: what is no more ends, and what was entered twice is merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.models import Change, Unit
from anlan.county.versions import alone, locked, within
from anlan.engines.ledger import decisions
from anlan.engines.ledger.decisions import FieldFault
from anlan.engines.ledger.kinds import Field, ObjectType
from anlan.engines.ledger.models import Duty, ObjectState, RegulatedObject
from anlan.engines.ledger.types import type_of
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

KIND = "ledger.regulatedobject"
LAT_RANGE, LON_RANGE = (3.0, 54.0), (73.0, 136.0)
STATES_MAX = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as somebody writes it. fields: raw values by key; facets: which sides it has."""

    division: int
    name: str
    code: str = ""
    fields: Mapping[str, Any] | None = None
    facets: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None
    source: str = ""


@action("ledger.edit", journal="ledger.object.add")
def add_object(scope: Scope, type_name: str, entry: Entry) -> RegulatedObject:
    """A new object, in the first state of its type from today on."""
    kind = type_of(type_name)
    values = checked(kind, entry)
    row = _alone(kind, entry, lambda: RegulatedObject.objects.create(
        world=scope.world, type=kind.name, state=kind.first_state,
        division=within(scope, entry.division), **values,
    ))  # fmt: skip
    ObjectState.objects.create(
        division=row.division, world=scope.world, object=row, state=kind.first_state,
        from_on=_today(), document=_("录入时"), entered_by=scope.actor.label[:200],
    )  # fmt: skip
    _written(scope, "ledger.object.add", row, {}, _shown(kind, row))
    return row


@action("ledger.edit", journal="ledger.object.change", may_change_nothing=True)
def edit_object(scope: Scope, object_id: int, version: int, entry: Entry) -> RegulatedObject:
    """Another name, place, code or value; values of packs that are off stay as they are."""
    row = _living(locked(scope, RegulatedObject, object_id, version))
    kind = type_of(row.type)
    values = checked(kind, entry)
    known = {one.key for one in kind.fields}
    values["fields"] = {k: v for k, v in row.fields.items() if k not in known} | values["fields"]
    before = _shown(kind, row)
    row.division = within(scope, entry.division)
    for name, value in values.items():
        setattr(row, name, value)
    after = _shown(kind, row)
    if after == before:
        return row
    row.version += 1
    _alone(kind, entry, row.save)
    _written(scope, "ledger.object.change", row, before, after)
    return row


@action("ledger.edit", journal="ledger.object.state")
def set_state(
    scope: Scope, object_id: int, version: int, state: str, from_on: date, document: str
) -> RegulatedObject:
    """It stands otherwise from a day on, by a paper. A day that is past corrects the record."""
    row = _living(locked(scope, RegulatedObject, object_id, version))
    kind = type_of(row.type)
    if state not in kind.states:
        raise Refusal("state-unknown", _("没有这种状态"), state, "、".join(kind.states.values()))
    if from_on > _today():
        raise Refusal("state-future", _("状态不能从将来的日子起"), from_on.isoformat(),
                      _("到那一天再登记"))  # fmt: skip
    if not document.strip():
        raise Refusal("state-document", _("请写明依据"), "", _("例如：停产通知书的文号"))
    if row.states.count() >= STATES_MAX:
        raise Refusal("state-many", _("状态登记超过 500 次"), row.name, _("请核对"))
    before = kind.states.get(row.state, row.state)
    ObjectState.objects.create(
        division=row.division, world=scope.world, object=row, state=state, from_on=from_on,
        document=document.strip()[:200], entered_by=scope.actor.label[:200],
    )  # fmt: skip
    now = decisions.state_on(
        [decisions.StateSpan(s.id, s.state, s.from_on) for s in row.states.all()], _today()
    )
    row.state = now.state if now else row.state
    row.version += 1
    row.save()
    label = _("状态（%(d)s 起）") % {"d": from_on.isoformat()}
    _written(scope, "ledger.object.state", row, {label: before}, {label: kind.states[state]},
             document)  # fmt: skip
    return row


@action("ledger.edit", journal="ledger.object.end")
def end_object(scope: Scope, object_id: int, version: int, why: str) -> RegulatedObject:
    """No object any more (entered by mistake, gone); what points at it still finds it."""
    row = _living(locked(scope, RegulatedObject, object_id, version))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), row.name, _("例如：录入错误、已迁出本县"))
    row.ended_at = clock.now()
    row.version += 1
    row.save()
    _written(scope, "ledger.object.end", row, {_("停用"): ""}, {_("停用"): why}, why)
    return row


@action("ledger.edit", journal="ledger.object.merge")
def merge(
    scope: Scope, kept_id: int, kept_version: int, other_id: int, other_version: int
) -> RegulatedObject:
    """Two entries are one object: the kept one takes what it lacks, the other points at it.

    Nothing is lost: the other row keeps its own values and states, and `unmerge` undoes it.
    """
    if kept_id == other_id:
        raise Refusal("merge-same", _("这是同一条"), str(kept_id), _("请选择另一条"))
    rows = {key: locked(scope, RegulatedObject, key, version) for key, version in
            sorted([(kept_id, kept_version), (other_id, other_version)])}  # fmt: skip
    kept, other = _living(rows[kept_id]), _living(rows[other_id])
    if kept.type != other.type:
        raise Refusal("merge-type", _("类型不同，不能合并"), f"{kept.type} {other.type}",
                      _("一家企业和它的厂房是两个对象"))  # fmt: skip
    kind = type_of(kept.type)
    before = _shown(kind, kept)
    other.ended_at, other.merged_into = clock.now(), kept
    other.version += 1
    other.save()
    kept.fields = {**other.fields, **{k: v for k, v in kept.fields.items() if v is not None}}
    kept.facets = sorted({*kept.facets, *other.facets})
    kept.code = kept.code or other.code
    if kept.lat is None:
        kept.lat, kept.lon = other.lat, other.lon
    kept.version += 1
    kept.save()
    after = _shown(kind, kept) | {_("并入"): f"{other.name} #{other.id}"}
    _written(scope, "ledger.object.merge", kept, before, after)
    _written(scope, "ledger.object.merge", other, {}, {_("并到"): f"{kept.name} #{kept.id}"})
    return kept


@action("ledger.edit", journal="ledger.object.unmerge")
def unmerge(scope: Scope, object_id: int, version: int, why: str) -> RegulatedObject:
    """They were two after all: the merged one stands again, as it was."""
    row = locked(scope, RegulatedObject, object_id, version)
    if row.merged_into_id is None:
        raise Conflict("merge-none", _("这一条没有被合并"), row.name, _("请刷新页面"))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), row.name, _("例如：同名的两家企业"))
    kind = type_of(row.type)
    clash = RegulatedObject.objects.filter(
        world=row.world, type=row.type, code=row.code, ended_at=None
    ).exists()
    kept_code = row.code
    if row.code and clash:
        row.code = ""
    row.ended_at, row.merged_into = None, None
    row.version += 1
    row.save()
    told = {_("恢复"): why}
    if kept_code != row.code:
        told[kind.code_label] = _("%(c)s 留在另一条") % {"c": kept_code}
    _written(scope, "ledger.object.unmerge", row, {}, told, why)
    return row


@action("ledger.duty", journal="ledger.duty.add")
def add_duty(scope: Scope, unit_id: int, type_name: str, field: str, value: str, why: str) -> Duty:
    """A line of the duty matrix; of the whole type where no field is named."""
    kind = type_of(type_name)
    unit = Unit.objects.filter(pk=unit_id, ended_on=None).first()
    if unit is None:
        raise NotFound("unit-unknown", _("没有这个单位，或已停用"), str(unit_id), _("请重新选择"))
    of = kind.field(field) if field else None
    if field and (of is None or of.kind != "choice" or value not in of.options):
        raise Refusal("duty-part", _("这个类型没有这一部分"), f"{field} {value}",
                      _("请选择类型里的一个选项，或留空表示整个类型"))  # fmt: skip
    if not why.strip():
        raise Refusal("why-empty", _("请写明依据"), unit.name,
                      _("例如：县委编办三定规定、县安委会职责分工文件的文号"))  # fmt: skip
    row = alone(
        lambda: Duty.objects.create(
            division=within(scope, unit.division), world=scope.world, unit=unit,
            unit_name=unit.name, type=kind.name, field=field, value=value if field else "",
            why=why.strip()[:200],
        ),
        Conflict("duty-twice", _("职责清单里已有这一条"), unit.name, _("请刷新页面")),
    )  # fmt: skip
    told = {_("监管"): f"{unit.name} {kind.label} {value}"}
    _written(scope, "ledger.duty.add", row, {}, told, why)
    return row


@action("ledger.duty", journal="ledger.duty.end")
def end_duty(scope: Scope, duty_id: int, version: int, why: str) -> Duty:
    """The unit regulates it no more."""
    row = locked(scope, Duty, duty_id, version)
    if row.ended_at is not None:
        raise Conflict("ended", _("这一条已停用"), str(duty_id), _("请刷新页面"))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), "", _("例如：职责已调整到另一个单位"))
    row.ended_at = clock.now()
    row.version += 1
    row.save()
    _written(scope, "ledger.duty.end", row, {}, {_("停用"): why}, why)
    return row


# what they have in common


def checked(kind: ObjectType, entry: Entry) -> dict[str, Any]:
    """The columns of a row of what was written; a Refusal that names every fault at once."""
    faults: list[str] = []
    name = entry.name.strip()
    if not name or len(name) > 200:
        faults.append(_("名称：要填，不超过 200 字"))
    facets = tuple(sorted(set(entry.facets)))
    faults += [_("没有这一面：%(f)s") % {"f": one} for one in facets if one not in kind.facets]
    code = _code(kind, entry.code, faults)
    values = _values(kind.own_fields(facets), entry.fields or {}, faults)
    faults += [f"{label}：{_('要填')}" for label in decisions.missing(kind, facets, values)]
    if not _good_point(entry.lat, entry.lon):
        faults.append(_("经纬度：纬度 3 到 54、经度 73 到 136，两项都填或都不填"))
    if faults:
        raise Refusal("object-faults", _("%(n)d 处不对，没有写入") % {"n": len(faults)},
                      "；".join(faults[:20]), _("请改正后再保存"))  # fmt: skip
    return {"name": name, "code": code, "fields": values, "facets": list(facets),
            "lat": entry.lat, "lon": entry.lon, "source": entry.source.strip()[:200]}  # fmt: skip


def _code(kind: ObjectType, raw: str, faults: list[str]) -> str:
    try:
        code = decisions.read_code(kind.code_form, raw)
    except FieldFault as fault:
        faults.append(f"{kind.code_label}：{fault.what}，{fault.mend}")
        return ""
    if kind.code_needed and not code:
        faults.append(f"{kind.code_label}：{_('要填')}")
    return code


def _values(fields: tuple[Field, ...], raw: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    known = {one.key: one for one in fields}
    faults += [_("没有这个字段：%(f)s") % {"f": key} for key in raw if key not in known]
    values: dict[str, Any] = {}
    for key, field in known.items():
        try:
            value = decisions.read_value(field, raw.get(key))
        except FieldFault as fault:
            faults.append(f"{field.label}：{fault.what}，{fault.mend}")
            continue
        if value is not None:
            values[key] = value
    faults += list(_dangling(fields, values))
    return values


def _dangling(fields: tuple[Field, ...], values: dict[str, Any]) -> list[str]:
    """What is pointed at must be there, in the reader's sight, and of the right type."""
    found = []
    for field in fields:
        key = values.get(field.key)
        if key is None or field.kind not in ("unit", "object"):
            continue
        there = (
            Unit.objects.filter(pk=key, ended_on=None)
            if field.kind == "unit"
            else RegulatedObject.objects.filter(pk=key, type=field.of, ended_at=None)
        )
        if not there.exists():
            told = {"f": field.label, "k": key}
            found.append(_("%(f)s：没有编号 %(k)s，或不在您的范围内") % told)
    return found


def _good_point(lat: float | None, lon: float | None) -> bool:
    if lat is None and lon is None:
        return True
    return (
        lat is not None and lon is not None
        and LAT_RANGE[0] <= lat <= LAT_RANGE[1] and LON_RANGE[0] <= lon <= LON_RANGE[1]
    )  # fmt: skip


def _alone(kind: ObjectType, entry: Entry, write: Any) -> Any:
    return alone(write, Conflict(
        "object-code", _("这个编号已有一条：%(l)s") % {"l": kind.code_label}, entry.code,
        _("请打开那一条修改；确是两条的，请核对编号"),
    ))  # fmt: skip


def _living(row: RegulatedObject) -> RegulatedObject:
    if row.ended_at is not None:
        raise Conflict("ended", _("这一条已停用"), row.name, _("请刷新页面"))
    return row


def _shown(kind: ObjectType, row: RegulatedObject) -> dict[str, Any]:
    """What a Change shows of the row: labels and words, not keys."""
    told: dict[str, Any] = {
        _("名称"): row.name, kind.code_label: row.code, _("所在区划"): row.division,
        _("行业侧面"): "、".join(kind.facets.get(one, one) for one in row.facets),
        _("经纬度"): "" if row.lat is None else f"{row.lat}, {row.lon}", _("来源"): row.source,
    }  # fmt: skip
    for field in kind.fields:
        value = row.fields.get(field.key)
        told[field.label] = field.options.get(str(value), value) if value is not None else ""
    return told


def _today() -> date:
    return clock.local(clock.now()).date()


def _written(
    scope: Scope, name: str, row: Any, before: Mapping[str, Any], after: Mapping[str, Any],
    why: str = "",
) -> None:  # fmt: skip
    changed = {
        label: [before.get(label, ""), value]
        for label, value in after.items() if before.get(label, "") != value
    }  # fmt: skip
    Change.objects.create(
        division=row.division, world=scope.world, object_kind=row._meta.label_lower,
        object_id=row.pk, to_version=row.version, action=name, fields=changed, why=why[:200],
        actor=scope.actor.label[:200],
    )  # fmt: skip
    journal.line(
        scope, name, row, why=why, before={k: v[0] for k, v in changed.items()} or None,
        after={k: v[1] for k, v in changed.items()}, division=row.division,
    )  # fmt: skip
    tell(scope, "ledger", row.division)
