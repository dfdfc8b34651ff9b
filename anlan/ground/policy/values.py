"""What a rule value is, where it comes from, and whether it may run.

The county's saved value stands above the shipped one. A shipped value runs when a person has held
it against its source (`verified`); an unverified one only proposes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.policy import packs
from anlan.ground.policy.models import SavedValue
from anlan.ground.scope import Scope

DOCUMENT_CHARS_MAX = 200
TEXT_CHARS_MAX = 500
NUMBER_MAX = 1e9
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """A value with all that makes it trusted. status: verified, unverified or saved."""

    name: str
    label: str
    value: Any
    unit: str
    status: str
    source: str
    on: str
    demo: bool = False

    @property
    def runs(self) -> bool:
        """Whether the program may act on it."""
        return self.status in ("verified", "saved")


def shipped(name: str, at: date) -> PolicyValue:
    """The value that the law files give for the day; NotFound for an unknown name."""
    entry = packs.laws().get(name)
    if entry is None:
        raise _missing(name)
    days = sorted(day for day in entry["values"] if _day(day) <= at)
    if not days:
        raise _missing(name)
    source = (entry.get("source") or {}).get(days[-1]) or {}
    return PolicyValue(
        name,
        entry["label"],
        entry["values"][days[-1]],
        entry.get("unit", ""),
        entry["status"],
        source_text(source),
        str(days[-1]),
    )


def source_text(source: dict[str, Any]) -> str:
    """Where a value comes from, in one line: law and article, standard and clause, or a note."""
    return " ".join(str(part) for part in source.values())


def _day(day: object) -> date:
    return day if isinstance(day, date) else date.fromisoformat(str(day))


def value(scope: Scope, name: str, at: datetime | None = None) -> PolicyValue:
    """The value that runs: the county's own where it saved one, else the shipped one.

    at: a moment to ask about, exactly. None: now, and then a county's first value also holds for
    a clock that stands before it was saved (an exercise set in the past, a clock put back), unless
    it was saved for a later day.
    """
    found = several(scope, (name,), at)
    if name not in found:
        raise _missing(name)
    return found[name]


def several(
    scope: Scope, names: Iterable[str], at: datetime | None = None
) -> dict[str, PolicyValue]:
    """As `value`, for many names in one question; a name that has no value yet is left out."""
    with scope.open():
        moment = at or clock.now()
        saved: dict[str, list[SavedValue]] = {name: [] for name in names}
        for row in SavedValue.objects.filter(name__in=saved).order_by(
            "-world", "-valid_from", "-id"
        ):
            saved[row.name].append(row)
    day = clock.local(moment).date()
    found = {}
    for name, rows in saved.items():
        standing = _standing(rows, moment, at is None)
        base = _shipped_or_none(name, day, first=standing is not None)
        if base is not None:
            found[name] = base if standing is None else own_value(base, standing)
    return found


def _standing(rows: list[SavedValue], moment: datetime, now: bool) -> SavedValue | None:
    """Of a name's rows, world and newest first, the one that stands at the moment."""
    for row in rows:
        if row.valid_from <= moment:
            return row
    first = [row for row in rows if row.valid_from <= row.created_at] if now else []
    return min(first, key=lambda row: row.id, default=None)


def _shipped_or_none(name: str, day: date, first: bool) -> PolicyValue | None:
    try:
        return _first_shipped(name, day) if first else shipped(name, day)
    except NotFound:
        return None


def _missing(name: str) -> NotFound:
    if name not in packs.laws():
        return NotFound("value-unknown", _("没有这个规则值"), name)
    return NotFound("value-not-yet", _("这个规则值当日尚未生效"), name)


def _first_shipped(name: str, at: date) -> PolicyValue:
    """The shipped value of the day, or the first one where the day lies before all of them."""
    days = sorted(_day(day) for day in packs.laws().get(name, {}).get("values", {}))
    return shipped(name, max(at, days[0]) if days else at)


def own_value(base: PolicyValue, saved: SavedValue) -> PolicyValue:
    """What the county saved, under the label and unit of the shipped value."""
    return PolicyValue(
        base.name, base.label, saved.value, base.unit, "saved", saved.document,
        clock.local(saved.valid_from).date().isoformat(), saved.demo,
    )  # fmt: skip


def running(scope: Scope, name: str) -> Any:
    """The value to act on; Refusal where it is 待核 and the county has not saved its own."""
    found = value(scope, name)
    if not found.runs:
        raise Refusal(
            "value-unverified",
            _("规则值待核，尚未由本县保存：%(label)s") % {"label": found.label},
            name,
            _("请在规则值页面核对后保存"),
        )
    return found.value


def history(scope: Scope, name: str) -> list[SavedValue]:
    """Every value that the county saved under the name, newest first."""
    with scope.open():
        return list(SavedValue.objects.filter(name=name).order_by("-id"))


def version(rows: list[SavedValue]) -> int:
    """The row version that a form carries: the newest saved row, or 0."""
    return max((row.id for row in rows), default=0)


@action("policy.edit", journal="policy.save")
def save(
    scope: Scope,
    name: str,
    new: Any,
    document: str,
    demo: bool = False,
    *,
    seen: int | None = None,
    valid_from: datetime | None = None,
) -> SavedValue:
    """The county's own value with editor and document, from now or from a later moment on.

    seen: the version that the editor had before their eyes; Conflict where another was saved since.
    """
    moment = clock.now()
    base = _first_shipped(name, clock.local(moment).date())
    new = _checked(base, new)
    if not document.strip():
        raise Refusal("value-document", _("请写明依据文件"), base.label, _("填写文件名称或文号"))
    if valid_from is not None and valid_from < moment - DAY:
        raise Refusal(
            "value-past", _("不能从过去的日子起改"), base.label, _("当日或以后；过去按当时的值")
        )
    _alone(name)
    known = history(scope, name)
    if seen is not None and seen != version(known):
        raise Conflict(
            "changed-meanwhile", _("这个值刚被别人改过"), known[0].editor if known else "",
            _("请看新值后再保存"),
        )  # fmt: skip
    before = value(scope, name)
    saved = SavedValue.objects.create(
        division=max(scope.lo, 0), world=scope.world, name=name, value=new,
        document=document.strip()[:DOCUMENT_CHARS_MAX], editor=scope.actor.label, demo=demo,
        valid_from=max(valid_from or moment, moment),
    )  # fmt: skip
    journal.line(
        scope, "policy.save", saved, why=f"{name}: {before.value} -> {new}", before=before.value,
        after=new,
    )  # fmt: skip
    tell(scope, "policy", saved.division, name=name)
    return saved


def _alone(name: str) -> None:
    """Two editors of one value wait for one another, so that the second sees the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"policy/{name}"])


def _checked(base: PolicyValue, new: Any) -> Any:
    """The value in the kind of the shipped one; Refusal where it is another, or out of range."""
    wanted = Refusal(
        "value-kind", _("值的类型不对"), base.label, _("应为 %(v)s 这样的值") % {"v": base.value}
    )
    if isinstance(base.value, bool) or isinstance(new, bool):
        if type(new) is not type(base.value):
            raise wanted
        return new
    if isinstance(base.value, int | float):
        if not isinstance(new, int | float):
            raise wanted
        if not 0 <= new < NUMBER_MAX:
            raise Refusal("value-range", _("值超出范围"), base.label, _("请核对后重新填写"))
        whole = isinstance(base.value, int) and float(new).is_integer()
        return int(new) if whole else new
    if type(new) is not type(base.value) or len(str(new)) > TEXT_CHARS_MAX:
        raise wanted
    return new


@action("policy.edit", journal="policy.demo")
def save_demo(scope: Scope) -> int:
    """In a demonstration county the shipped values are saved as 演示数据, so that it runs."""
    if not CountyFact.objects.filter(demo=True).exists():
        raise Refusal("demo-refused", _("只有演示县可以这样做"))
    today = clock.local(clock.now()).date()
    pending = [name for name in packs.laws() if shipped(name, today).status != "verified"]
    for name in pending:
        save(scope, name, shipped(name, today).value, "演示数据", demo=True)
    journal.line(scope, "policy.demo", None, why=f"{len(pending)}")
    return len(pending)
