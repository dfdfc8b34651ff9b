"""What a rule value is, where it comes from, and whether it may run.

The county's saved value stands above the shipped one. A shipped value runs when a person has held
it against its source (`verified`); an unverified one only proposes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.policy import packs
from anlan.ground.policy.models import SavedValue
from anlan.ground.scope import Scope


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
        raise NotFound("value-unknown", _("没有这个规则值"), name)
    days = sorted(day for day in entry["values"] if _day(day) <= at)
    if not days:
        raise NotFound("value-not-yet", _("这个规则值当日尚未生效"), name)
    source = (entry.get("source") or {}).get(days[-1]) or {}
    return PolicyValue(
        name,
        entry["label"],
        entry["values"][days[-1]],
        entry.get("unit", ""),
        entry["status"],
        " ".join(str(part) for part in source.values()),
        str(days[-1]),
    )


def _day(day: object) -> date:
    return day if isinstance(day, date) else date.fromisoformat(str(day))


def value(scope: Scope, name: str) -> PolicyValue:
    """The value now: the county's own where it saved one, else the shipped one."""
    with scope.open():
        moment = clock.now()
        saved = (
            SavedValue.objects.filter(name=name, valid_from__lte=moment)
            .order_by("-world", "-valid_from", "-id")
            .first()
        )
    base = shipped(name, clock.local(moment).date())
    if saved is None:
        return base
    return PolicyValue(
        name, base.label, saved.value, base.unit, "saved", saved.document,
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


def every(scope: Scope) -> list[PolicyValue]:
    """All values as they are now, for the page."""
    return [value(scope, name) for name in packs.laws()]


@action("policy.edit", journal="policy.save")
def save(scope: Scope, name: str, new: Any, document: str, demo: bool = False) -> SavedValue:
    """The county's own value from now on, with editor and document."""
    base = shipped(name, clock.local(clock.now()).date())
    if type(new) is not type(base.value) and not (
        isinstance(new, int | float) and isinstance(base.value, int | float)
    ):
        raise Refusal(
            "value-kind", _("值的类型不对"), name, _("应为 %(v)s 这样的值") % {"v": base.value}
        )
    if isinstance(new, int | float) and not 0 <= new < 1e9:
        raise Refusal("value-range", _("值超出范围"), name, _("请核对后重新填写"))
    if not document.strip():
        raise Refusal("value-document", _("请写明依据文件"), name, _("填写文件名称或文号"))
    saved = SavedValue.objects.create(
        division=max(scope.lo, 0), world=scope.world, name=name, value=new,
        document=document.strip(), editor=scope.actor.label, demo=demo, valid_from=clock.now(),
    )  # fmt: skip
    journal.line(scope, "policy.save", saved, before=base.value, after=new)
    tell(scope, "policy", saved.division, name=name)
    return saved


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
