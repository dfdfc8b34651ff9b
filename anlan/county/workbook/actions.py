"""Workbooks in and out: preview first, then all or nothing in one transaction with one line.

The file waits sealed between preview and confirmation. At the confirmation the plan is made again
and must be the very one that was shown; else nothing is written and the new preview is to be read.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from anlan.county.models import Transfer
from anlan.county.rights import table
from anlan.county.versions import WIDE_SPAN
from anlan.county.workbook import applying, items, planning, reading, writing
from anlan.county.workbook.desk import Plan, Reader
from anlan.county.workbook.sheets import BY_NAME
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope

KEPT = timedelta(hours=24)
WRITE = "county.workbook.write"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would change. transfer: its key for the confirmation, None if refused."""

    transfer: int | None
    name: str
    plan: Plan


def _plan(scope: Scope, content: bytes, name: str, known: bool = False) -> Plan:
    """The plan of the file under the scope; faults of form stand before all others.

    known: these very bytes came through the door before and waited sealed.
    """
    tables, faults = reading.read(content, name, known)
    read = {table.sheet.name for table in tables}
    unread = {BY_NAME[f.sheet].kind for f in faults if f.sheet in BY_NAME and f.sheet not in read}
    fact = CountyFact.objects.first()
    reader = Reader(
        scope.lo, scope.hi, scope.hi - scope.lo >= WIDE_SPAN, fact.code if fact else 0,
        clock.now(), clock.COUNTY_ZONE, name, _kinds(),
    )  # fmt: skip
    plan = planning.make(tables, items.load(), reader, frozenset(unread))
    plan.faults[:0] = faults
    return plan


def _kinds() -> dict[str, str]:
    own = table()
    return {kind: own.post_labels[kind] for kind in own.posts}


def _digest(plan: Plan) -> bytes:
    """What the plan would write to which versions, keyed; an empty beginning counts as "now"."""
    told = [
        [item.kind, item.op, item.id if item.id is not None else -item.row, item.version,
         {name: "now" if item.after[name] == plan.now else _plain(item.after[name])
          for name in sorted(item.changed)}]
        for item in plan.moved()
    ]  # fmt: skip
    content = json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)
    return secrets.digest("workbook", content.encode())


def _plain(value: object) -> object:
    if isinstance(value, items.Item):
        return [value.kind, value.id if value.id is not None else -value.row]
    return value


@action("county.edit", journal="county.workbook.read", may_change_nothing=True)
def send_in(scope: Scope, content: bytes, name: str) -> Preview:
    """Check the file and show what it would change; it waits sealed for the confirmation.

    A file with faults is not kept: the preview names every fault.
    """
    _real_world(scope)
    plan = _plan(scope, content, name)
    if plan.faults:
        return Preview(None, name, plan)
    transfer = Transfer.objects.create(
        division=max(scope.lo, 0), world=scope.world, name=journal.clean(name, 200),
        content=base64.b64encode(content).decode(), plan_digest=_digest(plan),
        counts=plan.counts(), account_id=scope.actor.id,
    )  # fmt: skip
    journal.line(scope, "county.workbook.read", transfer, why=_told(plan))
    return Preview(transfer.id, name, plan)


def _real_world(scope: Scope) -> None:
    if scope.world != 0:
        raise Refusal("other-world", _("演练中不能改真实的县情"), "", _("请退出演练后再改"))


def _told(plan: Plan) -> str:
    """人员 新增 3 修改 1 …"""
    words = {"new": "新增", "changed": "修改", "ended": "停用", "unchanged": "不变"}
    return "；".join(
        f"{sheet} " + " ".join(f"{words[op]} {n}" for op, n in counts.items() if n)
        for sheet, counts in plan.counts().items()
    )


def _waiting(scope: Scope, transfer_id: int, lock: bool = False) -> Transfer:
    rows = Transfer.objects.select_for_update(of=("self",)) if lock else Transfer.objects
    found = rows.filter(pk=transfer_id, account_id=scope.actor.id).first()
    if found is None:
        raise NotFound(
            "transfer-unknown", _("没有这份待确认的表格"), str(transfer_id), _("请重新上传")
        )
    if found.state != "shown" or found.content is None:
        raise Conflict(
            "transfer-settled", _("这份表格已经写入、放弃或过期"), found.name, _("请重新上传")
        )
    return found


@action("county.edit", journal=WRITE)
def confirm(scope: Scope, transfer_id: int) -> dict[str, dict[str, int]]:
    """Write what the preview showed, whole; Conflict where the county changed meanwhile.

    Returns {sheet: {new, changed, ended, unchanged}} as written.
    """
    _real_world(scope)
    transfer = _waiting(scope, transfer_id, lock=True)
    plan = _plan(scope, base64.b64decode(transfer.content or ""), transfer.name, known=True)
    digest = _digest(plan)
    if plan.faults or digest != bytes(transfer.plan_digest):
        raise Conflict(
            "changed-meanwhile", _("预览之后县情有了变动，没有写入"), transfer.name,
            _("请重新上传，看新的预览"),
        )  # fmt: skip
    told, counts = _told(plan), plan.counts()
    applying.write(scope, plan, WRITE)
    _settle(transfer, "written")
    journal.line(scope, WRITE, transfer, why=f"{transfer.name}：{told}", after=digest.hex())
    tell(scope, "county", transfer.division)
    return counts


@action("county.edit", journal="county.workbook.drop")
def drop(scope: Scope, transfer_id: int) -> None:
    """Nothing is written and the file is forgotten."""
    transfer = _waiting(scope, transfer_id, lock=True)
    _settle(transfer, "dropped")
    journal.line(scope, "county.workbook.drop", transfer)


def _settle(transfer: Transfer, state: str) -> None:
    transfer.content = None  # type: ignore[assignment]
    transfer.state, transfer.settled_at = state, clock.now()
    transfer.save(update_fields=["state", "content", "settled_at"])


@action(None, open_to="the round that forgets files a day after their preview",
        journal="county.workbook.forget", may_change_nothing=True)  # fmt: skip
def forget(scope: Scope) -> int:
    """Files that nobody confirmed within a day are gone; returns how many."""
    old = Transfer.objects.filter(state="shown", created_at__lt=clock.now() - KEPT)
    rows = list(old.select_for_update(skip_locked=True))
    for transfer in rows:
        _settle(transfer, "dropped")
        journal.line(scope, "county.workbook.forget", transfer)
    return len(rows)


@action("phonebook.read", journal="county.workbook.export")
def export(scope: Scope, why: str = "", whole_numbers: bool = False) -> bytes:
    """The county of the scope as a workbook. Whole numbers need the right to see them, and why."""
    if whole_numbers:
        scope.need("phonebook.reveal")
        if not why.strip():
            raise Refusal(
                "why-empty", _("请写明为什么要导出完整号码"), "", _("例如：更新值班电话本")
            )
    snapshot = items.load()
    people = sum(1 for item in snapshot["county.person"] if item.living)
    content = writing.workbook(snapshot, _kinds(), whole_numbers)
    numbers = "完整号码" if whole_numbers else "号码遮住"
    journal.line(
        scope, "county.workbook.export", None, why=f"{numbers} {people} 人 {why}".strip(),
        after=secrets.digest("workbook", content).hex(),
    )  # fmt: skip
    return content
