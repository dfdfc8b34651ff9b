"""CAP messages that come in: stored, judged, and drafted from where nothing speaks against it.

Flows in: bytes from a poll, a push or a page. Flows out: a row that says what became of them, and
drafts that a person checks and a second one approves. Nothing here reaches anybody.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.markup import XML_BYTES_MAX, Element, read_xml
from anlan.ground.scope import Scope
from anlan.rooms.warning import drafting
from anlan.rooms.warning.cap import judging, rules, signature
from anlan.rooms.warning.cap.judging import Fate, Known, Verdict
from anlan.rooms.warning.cap.message import Message, read_message
from anlan.rooms.warning.cap.places import County, Town
from anlan.rooms.warning.cap.reading import readings
from anlan.rooms.warning.models import Received, Source, Warning

HOUR_MAX = 120
REASONS_KEPT_MAX = 20
WORDS_CHARS_MAX = 4000
NAME = "消息"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What came: the bytes, how, and through which entry of an index."""

    content: bytes
    way: str
    link: str = ""
    entry: str = ""


@action(None, open_to="a source that proved itself, and the round that asks sources",
        journal="warning.receive", may_change_nothing=True)  # fmt: skip
def receive(scope: Scope, source_id: int, parcel: Parcel) -> Received:
    """Take in a message of a source; the same bytes again change nothing."""
    source = Source.objects.select_for_update().get(id=source_id)
    recent = Received.objects.filter(
        source=source, received_at__gt=clock.now() - timedelta(hours=1)
    ).count()
    known = _same(scope, parcel.content, source)
    if known is not None:
        if parcel.entry and known.entry != parcel.entry:
            known.entry = parcel.entry
            known.save(update_fields=["entry"])
        return known
    if recent >= HOUR_MAX:
        raise Refusal("source-often", _("这个来源一小时内发来的消息太多"), source.name,
                      _("请过一会儿再发"), 429)  # fmt: skip
    Source.objects.filter(id=source.pk).update(took=F("took") + 1)
    return _take(scope, source, parcel)


@action(None, open_to="the round that asks sources", journal="warning.receive")
def refuse_entry(scope: Scope, source_id: int, parcel: Parcel, refusal: Refusal) -> Received:
    """An entry of an index that cannot be fetched: it stands in the list and is not asked again."""
    row = Received(
        division=drafting.county_code(scope), world=scope.world, source_id=source_id,
        way=parcel.way, link=parcel.link[:500], entry=parcel.entry, digest=_digest(b""),
        content=b"", received_at=clock.now(), received_by=scope.actor.label, state="refused",
        reasons=[_reason(refusal.code, refusal.message, refusal.place or refusal.mend)],
    )  # fmt: skip
    return _kept(scope, row)


@action("warning.draft", journal="warning.receive", may_change_nothing=True)
def paste_message(scope: Scope, text: str) -> Received:
    """A message that somebody got by another way; it is judged like one that came by itself."""
    content = text.strip().encode()
    if not content:
        raise Refusal("text-empty", _("没有内容"), "", _("请粘贴 CAP 消息（XML）"))
    known = _same(scope, content, None)
    if known is not None:
        return known
    read_xml(content, NAME)
    return _take(scope, None, Parcel(content, "paste"))


@action("warning.draft", journal="warning.receive.take_up")
def take_up(scope: Scope, received_id: int, version: int) -> Warning:
    """A person decides that a held message is to be drafted; returns the first draft."""
    row = _held(received_id, version)
    root, broken = _opened(bytes(row.content), row.source)
    if broken:
        raise Refusal("signature", _("签名不对"), broken, _("请电话向发布单位核实"))
    message = read_message(root)
    made = _draft(scope, row, message, clock.now())
    row.state, row.version = "drafted", row.version + 1
    _handled(scope, row, "")
    journal.line(scope, "warning.receive.take_up", row, after=len(made))
    return made[0]


@action("warning.draft", journal="warning.receive.set_aside")
def set_aside(scope: Scope, received_id: int, version: int, why: str) -> Received:
    """A person decides that nothing is to be done, and says why."""
    row = _held(received_id, version)
    if not why.strip():
        raise Refusal("why-empty", _("不办须写明原因"), "", _("例如：已电话核实，是误发"))
    row.state, row.version = "set_aside", row.version + 1
    _handled(scope, row, why.strip()[:200])
    journal.line(scope, "warning.receive.set_aside", row, why=why)
    return row


def _held(received_id: int, version: int) -> Received:
    row = Received.objects.select_for_update(of=("self",)).filter(id=received_id).first()
    if row is None:
        raise NotFound("received-unknown", _("没有这条消息"), str(received_id), _("请返回列表"))
    if row.state != "held" or row.version != version:
        raise Refusal("received-settled", _("这条消息已经定过，或不能采用"), row.state,
                      _("请看它现在的状态"), 409)  # fmt: skip
    return row


def _handled(scope: Scope, row: Received, why: str) -> None:
    row.handled_at, row.handled_by, row.handled_why = clock.now(), scope.actor.label, why
    row.save()
    tell(scope, "warning", row.division, received=row.id)


# taking in


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _same(scope: Scope, content: bytes, source: Source | None) -> Received | None:
    """What the very same bytes became before: of this source, or, pasted, of any.

    What was refused is looked at again once the source has been changed.
    """
    rows = Received.objects.filter(world=scope.world, digest=_digest(content))
    if source is None:
        return rows.exclude(state="refused").order_by("id").first()
    known = rows.filter(source=source).order_by("-id").first()
    stale = known is not None and known.state == "refused" and known.received_at < source.changed_at
    return None if stale else known


def _take(scope: Scope, source: Source | None, parcel: Parcel) -> Received:
    now = clock.now()
    row = Received(
        division=drafting.county_code(scope), world=scope.world, source=source, way=parcel.way,
        link=parcel.link[:500], entry=parcel.entry, digest=_digest(parcel.content),
        content=parcel.content if len(parcel.content) <= XML_BYTES_MAX else b"",
        received_at=now, received_by=scope.actor.label, state="refused",
    )  # fmt: skip
    try:
        root, broken = _opened(parcel.content, source)
    except Refusal as refusal:
        row.reasons = [_reason(refusal.code, refusal.message, refusal.place or refusal.mend)]
        return _kept(scope, row)
    message = read_message(root)
    _head(row, message)
    verdict = _judged(scope, row, message, root, source, broken, now)
    row.state = verdict.fate.value
    row.reasons = [
        _reason(one.code, one.message, one.mend) for one in verdict.reasons[:REASONS_KEPT_MAX]
    ]
    _kept(scope, row)
    if verdict.fate is Fate.DRAFT:
        _draft(scope, row, message, now)
    return row


def _reason(code: str, message: str, mend: str) -> dict[str, str]:
    return {"code": code, "message": message, "mend": mend}


def _kept(scope: Scope, row: Received) -> Received:
    row.save()
    why = " ".join(reason["code"] for reason in row.reasons)
    journal.line(scope, "warning.receive", row, why=f"{row.state} {why}", after=row.digest)
    tell(scope, "warning", row.division, received=row.id)
    return row


def _head(row: Received, message: Message) -> None:
    first = message.infos[0] if message.infos else None
    row.identifier, row.sender = message.identifier[:200], message.sender[:200]
    row.sent_at, row.status, row.kind = message.sent_at, message.status[:20], message.kind[:20]
    row.headline = (first.headline or first.event)[:300] if first else ""
    said = [part for info in message.infos for part in (info.headline, info.description,
            info.instruction)]  # fmt: skip
    row.words = "\n".join(dict.fromkeys(part for part in said if part))[:WORDS_CHARS_MAX]
    row.references = [list(one) for one in message.references]


def _opened(content: bytes, source: Source | None) -> tuple[Element, str]:
    """The tree of what is signed, and why a signature that is asked for does not hold."""
    root = read_xml(content, NAME)
    certificate = source.certificate if source is not None else _certificate_of(root.said("sender"))
    if not certificate:
        return root, ""
    try:
        return read_xml(signature.signed_part(content, certificate), NAME), ""
    except signature.BadSignature as bad:
        return root, str(bad)


def _certificate_of(sender: str) -> str:
    """A pasted message of a sender that signs has to be signed too."""
    signing = Source.objects.filter(paused=False).exclude(certificate="").order_by("id")
    return next((one.certificate for one in signing if sender in one.senders), "")


def _judged(
    scope: Scope, row: Received, message: Message, root: Element, source: Source | None,
    broken: str, now: datetime,
) -> Verdict:  # fmt: skip
    senders = source.senders if source is not None else _all_senders()
    known = message.sender in senders
    seen = False
    if known and not broken and message.identifier:
        seen = not _claim(row)
    references = tuple(_referred(scope, row, one) is not None for one in message.references)
    return judging.judge(
        message, rules.check(root), Known(known, broken, seen, references, scope.world != 0), now
    )


def _all_senders() -> list[str]:
    return [one for row in Source.objects.filter(paused=False) for one in row.senders]


def _claim(row: Received) -> bool:
    """Take the identifier for this row; False where another message of the sender has it."""
    row.first = True
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.first, row.pk = False, None
        return False
    return True


def _referred(scope: Scope, row: Received, reference: tuple[str, str, str]) -> Received | None:
    """The earlier message that a reference names, where it came by a sender of the same source."""
    sender, identifier, _sent = reference
    rows = Received.objects.filter(
        world=scope.world, first=True, sender=sender, identifier=identifier
    ).exclude(state="refused")
    found = rows.exclude(pk=row.pk).first()
    if found is None or row.source_id is None or sender == row.sender:
        return found
    return found if found.source_id == row.source_id else None


# drafting


def _county(scope: Scope) -> County:
    towns = [Town(*one) for one in county.outlined(scope, "township")]
    fact = drafting.fact()
    return County(fact.code, fact.name, towns, drafting.township_names(scope))


def _draft(scope: Scope, row: Received, message: Message, now: datetime) -> list[Warning]:
    """A draft for each part; what it changes or lifts is what the earlier message became."""
    targets = _targets(scope, row, message)
    _disturb(scope, targets, message)
    return [
        drafting.draft(scope, one, now, received=row, item=number, targets=targets)
        for number, one in enumerate(readings(message, _county(scope), now), 1)
    ]


def _targets(scope: Scope, row: Received, message: Message) -> list[Warning]:
    earlier = [_referred(scope, row, one) for one in message.references]
    ids = [one.id for one in earlier if one is not None]
    return list(Warning.objects.filter(received_id__in=ids).order_by("id"))


def _disturb(scope: Scope, targets: list[Warning], message: Message) -> None:
    """A draft whose message was changed or cancelled goes back to whoever drafts, with a doubt."""
    what = "变更" if message.kind == "Update" else "解除"
    for target in targets:
        if target.state not in ("draft", "submitted"):
            continue
        doubt = {"code": "source-changed", "start": 0, "end": 0, "seen": "",
                 "message": f"发布单位已{what}这条预警，请看新收到的消息"}  # fmt: skip
        target.doubts = [*target.doubts, doubt]
        target.state, target.submitted_at = "draft", None
        target.version += 1
        target.save(update_fields=["doubts", "state", "submitted_at", "version"])
        journal.line(scope, "warning.disturbed", target, why=message.identifier)
        tell(scope, "warning", target.division, warning=target.id)


def shown(row: Received) -> dict[str, Any]:
    """The row as an answer to whoever pushed it."""
    return {"received": row.pk, "state": row.state, "identifier": row.identifier,
            "reasons": row.reasons}  # fmt: skip
