"""From the pasted text to the call-out: paste, draft, settle doubts, submit, approve, all-clear."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.engines.callout import actions as callout
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Callout
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.warning import draft as words
from anlan.rooms.warning import drafting
from anlan.rooms.warning.decisions import TEXT_CHARS_MAX, read_items
from anlan.rooms.warning.lifting import all_clear, title
from anlan.rooms.warning.models import Approval, Bulletin, Warning

REVIEW_WITHIN = timedelta(hours=24)
WHY_CHARS_MAX = 200
EDITABLE = ("kind", "grade", "starts_at", "divisions", "caution", "measures", "issuer", "act")
ACTS = ("issue", "change", "lift")


@action("warning.draft", journal="warning.paste")
def paste(scope: Scope, text: str) -> Warning:
    """Keep the text as it came, read it, and draft each warning that it holds; returns the first.

    A text with several signals gives several drafts: each has its own grade, places and chain, and
    each is approved by itself.
    """
    if not text.strip():
        raise Refusal("text-empty", _("没有内容"), "", _("请粘贴气象台发来的原文"))
    if len(text) > TEXT_CHARS_MAX:
        raise Refusal(
            "text-long", _("原文超过 %(n)d 字") % {"n": TEXT_CHARS_MAX}, "",
            _("请只粘贴一份预警的原文"),
        )  # fmt: skip
    now = clock.now()
    found = read_items(text, drafting.township_names(scope), now)
    items = [drafting.plain(asdict(one)) for one in found]
    bulletin = Bulletin.objects.create(
        division=drafting.county_code(scope), world=scope.world, text=text,
        reading={**items[0], "items": items},
        pasted_by=scope.actor.label, received_at=now,
    )  # fmt: skip
    journal.line(scope, "warning.paste", bulletin, after=text)
    rows = [
        drafting.draft(scope, one, now, bulletin=bulletin, item=number)
        for number, one in enumerate(found, 1)
    ]
    return rows[0]


def _row(scope: Scope, warning_id: int, version: int | None = None) -> Warning:
    row = Warning.objects.select_for_update(of=("self",)).filter(id=warning_id).first()
    if row is None:
        raise NotFound("warning-unknown", _("没有这份预警"), str(warning_id))
    if version is not None and row.version != version:
        raise Conflict(
            "changed-meanwhile", _("这份预警已被修改"), f"v{row.version}", _("请看新内容后再办")
        )
    return row


@action("warning.draft", journal="warning.revise")
def revise(scope: Scope, warning_id: int, version: int, changes: dict[str, Any]) -> Warning:
    """Change fields; doubts about a changed field are settled by it. An approval becomes void.

    Whoever changed it last counts as its drafter: nobody approves what they wrote themselves.
    """
    row = _row(scope, warning_id, version)
    if row.state not in ("draft", "submitted"):
        raise Refusal("warning-sent", _("已发出的预警不能修改"), "", _("请发布变更或解除"))
    unknown = set(changes) - set(EDITABLE) - {"settled", "sms", "follows"}
    if unknown:
        raise Refusal("field-unknown", _("不能修改这些字段"), "、".join(sorted(unknown)))
    kept = [name for name in changes if name in EDITABLE]
    before = {name: getattr(row, name) for name in kept}
    settled = set(changes.pop("settled", []))
    target = changes.pop("follows", None)
    own_sms = changes.pop("sms", None)
    _check_changes(changes)
    for name, value in changes.items():
        setattr(row, name, value)
    if "kind" in changes:
        own = words.kind_text(row.kind)
        row.kind_label = own["label"] or row.kind_label
    row.doubts = [doubt for doubt in row.doubts if doubt["code"] not in settled]
    if target is not None or row.act == "issue":
        _point(row, target or 0)
    drafting.reword(scope, row)
    if own_sms:
        row.sms = own_sms.strip()
    row.drafted_by, row.drafted_account = scope.actor.label, scope.actor.id
    row.drafted_person = scope.actor.person_id
    row.state = "draft"
    row.version += 1
    row.save()
    journal.line(scope, "warning.revise", row, before=before, after=changes)
    tell(scope, "warning", row.division, warning=row.id)
    return row


def _point(row: Warning, target_id: int) -> None:
    """The released warning that a change or a lift is about; 0: none, and then it is an issue."""
    if row.act == "issue" or not target_id:
        row.follows = None
        return
    target = Warning.objects.filter(id=target_id, state="released").exclude(act="lift").first()
    if target is None or target.id == row.id:
        raise Refusal(
            "follows-gone", _("选定的原预警不在发出状态"), str(target_id), _("请重新选择")
        )
    if row.follows_id != target.id:
        drafting.settle_target(row, target)


def _check_changes(changes: dict[str, Any]) -> None:
    if "act" in changes and changes["act"] not in ACTS:
        raise Refusal("act-form", _("请选择发布、变更或解除"))
    if "grade" in changes and changes["grade"] not in words.GRADES:
        raise Refusal("grade-form", _("请选择红、橙、黄、蓝之一"))
    if "divisions" in changes and not changes["divisions"]:
        raise Refusal("area-empty", _("没有选定范围"), "", _("请选择乡镇或全县"))


@action("warning.draft", journal="warning.submit")
def submit(scope: Scope, warning_id: int, version: int) -> Warning:
    """Hand it to a second person; open doubts and missing fields stop it here."""
    row = _row(scope, warning_id, version)
    if row.doubts:
        raise Refusal(
            "doubts-open", _("还有 %(n)d 处存疑没有确认") % {"n": len(row.doubts)},
            row.doubts[0]["message"], _("请逐处确认"),
        )  # fmt: skip
    missing = [
        name for name in ("kind_label", "grade", "divisions", "sms") if not getattr(row, name)
    ]
    if missing:
        raise Refusal("fields-missing", _("还缺：种类、级别或范围"), "、".join(missing))
    if row.act != "issue":
        _in_force(row)
    if row.state != "draft":
        raise Refusal("state", _("这份预警不是草稿"), row.state)
    row.state, row.submitted_at = "submitted", clock.now()
    row.save(update_fields=["state", "submitted_at"])
    journal.line(scope, "warning.submit", row)
    tell(scope, "warning", row.division, warning=row.id)
    return row


def _in_force(row: Warning) -> Warning:
    """The warning that a change or a lift is about, locked, still in force; Refusal otherwise."""
    target = Warning.objects.select_for_update(of=("self",)).filter(id=row.follows_id or 0).first()
    if target is None:
        raise Refusal("follows-missing", _("没有选定原预警"), "", _("请选定要变更或解除的是哪一份"))
    if target.state != "released":
        raise Refusal(
            "follows-gone", _("原预警已不在发出状态"), f"{title(target)} {target.area}",
            _("请核对后撤回这份草稿"),
        )  # fmt: skip
    return target


@action("warning.draft", journal="warning.withdraw")
def withdraw(scope: Scope, warning_id: int, version: int, why: str) -> Warning:
    """A draft that nobody needs: kept, with the reason, and out of the way."""
    row = _row(scope, warning_id, version)
    if not why.strip():
        raise Refusal("why-empty", _("撤回须写明原因"), "", _("例如：与前一份重复"))
    if row.state not in ("draft", "submitted"):
        raise Refusal("warning-sent", _("已发出的预警不能撤回"), row.state, _("请提请解除"))
    row.state, row.version = "withdrawn", row.version + 1
    row.save(update_fields=["state", "version"])
    journal.line(scope, "warning.withdraw", row, why=why)
    tell(scope, "warning", row.division, warning=row.id)
    return row


@action("warning.approve", journal="warning.approve")
def approve(scope: Scope, warning_id: int, version: int) -> Callout:
    """A second person's yes; the call-out opens in the same transaction."""
    row = _row(scope, warning_id, version)
    if row.state in ("approved", "released"):
        raise Conflict("approved-already", _("这份预警已由别人批准"), row.area)
    if row.state != "submitted":
        raise Refusal("not-submitted", _("这份预警还没有提交审批"), row.state)
    _other_person(scope, row)
    _approval(scope, row, "release")
    journal.line(scope, "warning.approve", row)
    if row.act == "lift":
        return _lift_by_draft(scope, row)
    return _release(scope, row, approved_by=scope.actor.person_id)


@action("warning.override", journal="warning.override")
def override(scope: Scope, warning_id: int, version: int, why: str) -> Callout:
    """Urgent: one person alone, with a reason, reviewed within a day."""
    row = _row(scope, warning_id, version)
    if not why.strip():
        raise Refusal("why-empty", _("紧急发布须写明原因"), "", _("例如：房屋已进水，无法等待"))
    if row.act == "lift":
        raise Refusal("lift-override", _("解除须由第二人批准"), "", _("请提交审批"))
    if row.state not in ("draft", "submitted") or not row.grade or not row.divisions:
        raise Refusal("not-ready", _("这份预警还不完整或已发出"), row.state)
    row.override_why = why.strip()
    row.review_due_at = clock.now() + REVIEW_WITHIN
    journal.line(scope, "warning.override", row, why=why)
    return _release(scope, row, approved_by=-1)


@action("warning.approve", journal="warning.send_back")
def send_back(scope: Scope, warning_id: int, version: int, why: str) -> Warning:
    """The second person says no: a draft again, with the reason as a doubt to be settled."""
    row = _row(scope, warning_id, version)
    if not why.strip():
        raise Refusal("why-empty", _("退回须写明原因"), "", _("例如：范围少了高安镇"))
    if row.state != "submitted":
        raise Refusal("not-submitted", _("这份预警还没有提交审批"), row.state)
    said = _("%(who)s退回：%(why)s") % {
        "who": scope.actor.label,
        "why": why.strip()[:WHY_CHARS_MAX],
    }
    row.state, row.submitted_at, row.version = "draft", None, row.version + 1
    row.doubts = [{"code": "sent-back", "start": 0, "end": 0, "seen": "", "message": said}]
    row.save(update_fields=["state", "submitted_at", "version", "doubts"])
    journal.line(scope, "warning.send_back", row, why=why)
    tell(scope, "warning", row.division, warning=row.id)
    return row


def _other_person(scope: Scope, row: Warning) -> None:
    """Neither the drafter's account nor the same human under another account."""
    actor = scope.actor
    same_account = actor.id is not None and actor.id == row.drafted_account
    same_person = actor.person_id is not None and actor.person_id == row.drafted_person
    if same_account or same_person:
        raise Denied(
            "second-person", _("起草人不能批准自己的预警"), actor.label, _("请由另一人批准")
        )


def _approval(scope: Scope, row: Warning, act: str) -> None:
    try:
        with transaction.atomic():
            Approval.objects.create(
                division=row.division, world=row.world, warning=row, act=act,
                of_version=row.version, approved_by=scope.actor.label, account=scope.actor.id,
                person=scope.actor.person_id, approved_at=clock.now(),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("approved-already", _("这份预警已由别人批准"), row.area) from None


def _release(scope: Scope, row: Warning, approved_by: int | None) -> Callout:
    target = _in_force(row) if row.act == "change" else None
    opened = callout.open_callout(
        scope,
        Launch(
            origin_kind="warning.warning", origin_id=drafting.head_id(row), chain="warning/night",
            grade=row.grade, title=title(row), text=row.sms, divisions=tuple(row.divisions),
            key=f"warning-{row.id}-{row.version}", drafted_by=row.drafted_person,
            follows=target.callout_id if target else None, approved_by=approved_by,
        ),
    )  # fmt: skip
    row.state, row.released_at, row.callout_id = "released", clock.now(), opened.id
    row.save()
    if target is not None:
        target.state, target.version = "changed", target.version + 1
        target.save(update_fields=["state", "version"])
        journal.line(scope, "warning.changed", target, why=title(row))
    tell(scope, "warning", row.division, warning=row.id)
    return opened


@action("warning.draft", journal="warning.lift.submit")
def propose_lift(scope: Scope, warning_id: int, version: int) -> Warning:
    """Ask for the all-clear; a second person approves it."""
    row = _row(scope, warning_id, version)
    if row.state != "released":
        raise Refusal("not-released", _("只有已发出的预警可以解除"), row.state)
    row.submitted_at = clock.now()
    row.version += 1
    row.drafted_account, row.drafted_person = scope.actor.id, scope.actor.person_id
    row.drafted_by = scope.actor.label
    row.state = "approved"
    row.save()
    journal.line(scope, "warning.lift.submit", row)
    tell(scope, "warning", row.division, warning=row.id)
    return row


@action("warning.approve", journal="warning.lift")
def approve_lift(scope: Scope, warning_id: int, version: int) -> Callout:
    """All-clear by the same chain; where another warning stands nobody is told to go home."""
    row = _row(scope, warning_id, version)
    if row.state != "approved":
        raise Refusal("no-lift", _("没有待批准的解除"), row.state)
    _other_person(scope, row)
    _approval(scope, row, "lift")
    text = all_clear(scope, row)
    opened = _all_clear(scope, row, text, f"lift-{row.id}-{row.version}", row.drafted_person)
    journal.line(scope, "warning.lift", row)
    return opened


def _lift_by_draft(scope: Scope, row: Warning) -> Callout:
    """What the bureau's own lift asked for, once a second person agreed to it."""
    target = _in_force(row)
    opened = _all_clear(
        scope, target, all_clear(scope, target), f"lift-draft-{row.id}", row.drafted_person
    )
    row.state, row.released_at, row.callout_id = "released", clock.now(), opened.id
    row.save()
    journal.line(scope, "warning.lift", target, why=title(row))
    return opened


def _all_clear(
    scope: Scope, target: Warning, text: str, key: str, drafted_by: int | None
) -> Callout:
    opened = callout.open_callout(
        scope,
        Launch(
            origin_kind="warning.warning", origin_id=drafting.head_id(target),
            chain="warning/night", grade=target.grade, title=title(target) + "解除", text=text,
            divisions=tuple(target.divisions), key=key, kind="all_clear",
            follows=target.callout_id, drafted_by=drafted_by, approved_by=scope.actor.person_id,
        ),
    )  # fmt: skip
    target.state, target.lifted_callout_id = "lifted", opened.id
    target.save()
    tell(scope, "warning", target.division, warning=target.id)
    return opened
