"""What leaves and what came: subscriptions of two persons, numbered letters, receipts.

Flows in: a person's proposal and another person's yes; what subjects say is due; letters and
receipts that an adapter has proved. Flows out: letters stored before they are sent, each number
once; letters taken once, however often and in whatever order they come; what is missing, asked for
again. A letter stays until its receipt: a cut wire, a restart or a restored backup loses none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from anlan.faces.link import decisions, letters
from anlan.faces.link.letters import STATE, Letter, Receipt, refused
from anlan.faces.link.models import Incoming, Instream, Outgoing, Outstream, Peer, Subscription
from anlan.faces.link.subjects import SUBJECTS, Draft
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.models import CountyFact, World
from anlan.ground.scope import Scope

EVERY_S_MIN, EVERY_S_MAX = 300, 24 * 3600
WAITING_MAX = 10_000
BATCH = 50
RESEND = timedelta(seconds=60)
WHY_CHARS_MAX = 200
ABOVE_MAX = 10_000  # numbers beyond the first gap that are looked at in one pass


# subscriptions


@action("link.propose", journal="link.subscription.propose")
def propose(scope: Scope, peer_id: int, what: str, every_s: int) -> Subscription:
    """That something leaves to a peer; nothing does before a second person said yes."""
    peer = Peer.objects.filter(id=peer_id).first()
    if peer is None:
        raise NotFound("peer-unknown", _("没有这条联通"), str(peer_id), _("请从页面上选"))
    if what not in SUBJECTS:
        raise Refusal("subject-unknown", _("没有这种内容"), what[:20], _("请从页面上选"))
    if not EVERY_S_MIN <= every_s <= EVERY_S_MAX:
        raise Refusal(
            "every-range", _("间隔应在 5 分钟到 24 小时之间"), str(every_s), _("请改间隔")
        )
    row = Subscription(
        division=_own().code, world=scope.world, peer=peer, what=what, every_s=every_s,
        proposed_by=scope.actor.label, proposed_account=scope.actor.id,
        proposed_person=scope.actor.person_id, proposed_at=clock.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict("subscribed", _("已有同样的订阅"), peer.name, _("请先停止原来的")) from None
    journal.line(scope, "link.subscription.propose", row, why=f"{peer.name} {what}", after=every_s)
    tell(scope, "link", row.division)
    return row


@action("link.approve", journal="link.subscription.approve")
def approve(scope: Scope, subscription_id: int, version: int) -> Subscription:
    """A second person's yes: from now on its letters leave by themselves."""
    row = _subscription(subscription_id, version)
    if row.state != "proposed":
        raise Conflict("subscription-state", _("这个订阅不在等批准"), row.get_state_display())
    actor = scope.actor
    same = actor.id is not None and actor.id == row.proposed_account
    if same or (actor.person_id is not None and actor.person_id == row.proposed_person):
        raise Denied("second-person", _("提出人不能批准自己的订阅"), actor.label,
                     _("请由另一人批准"))  # fmt: skip
    row.state, row.approved_by = "standing", actor.label
    row.approved_person, row.approved_at = actor.person_id, clock.now()
    return _changed(scope, row, "link.subscription.approve", "")


@action("link.propose", journal="link.subscription.end")
def end(scope: Scope, subscription_id: int, version: int, why: str) -> Subscription:
    """Nothing more is made for it; what has a number still arrives. Also a no to a proposal."""
    row = _subscription(subscription_id, version)
    if not why.strip():
        raise Refusal("why-empty", _("停止须写明原因"), "", _("例如：市局改由别的系统取数"))
    if row.state == "ended":
        raise Conflict("subscription-state", _("这个订阅已经停止"), row.ended_by)
    row.state, row.ended_by, row.ended_at = "ended", scope.actor.label, clock.now()
    row.ended_why = why.strip()[:WHY_CHARS_MAX]
    return _changed(scope, row, "link.subscription.end", row.ended_why)


def _subscription(subscription_id: int, version: int) -> Subscription:
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("peer")
    row = rows.filter(id=subscription_id).first()
    if row is None:
        raise NotFound("subscription-unknown", _("没有这个订阅"), str(subscription_id))
    if row.version != version:
        raise Conflict("changed-meanwhile", _("这个订阅已被修改"), row.peer.name,
                       _("请看新内容后再办"))  # fmt: skip
    return row


def _changed(scope: Scope, row: Subscription, code: str, why: str) -> Subscription:
    row.version += 1
    row.save()
    journal.line(scope, code, row, why=f"{row.peer.name} {why}".strip(), after=row.state)
    tell(scope, "link", row.division)
    return row


def _own() -> CountyFact:
    found = CountyFact.objects.first()
    if found is None:
        raise NotFound("no-county", _("还没有建立县"), "", _("请运行 anlan county new"))
    return found


# outbox


@action(None, open_to="the round that makes letters", journal="link.compose",
        may_change_nothing=True)  # fmt: skip
def compose(scope: Scope, subscription_id: int) -> int:
    """Make what a standing subscription owes now; returns how many letters.

    An exercise leaves only to a peer with the exercise flag.
    """
    rows = Subscription.objects.select_related("peer").filter(id=subscription_id, state="standing")
    own = rows.first()
    if own is None or own.peer.paused or (scope.world and not own.peer.exercise):
        return 0
    stream = _outstream(scope, own.peer)
    waiting = Outgoing.objects.filter(world=scope.world, peer=own.peer, receipt_at=None).count()
    last = Outgoing.objects.filter(world=scope.world, subscription=own).order_by("-id").first()
    now = clock.now()
    found = SUBJECTS[own.what].drafts(scope, own, last, now)[: max(0, WAITING_MAX - waiting)]
    for draft in found:
        _store(scope, stream, own, draft, now)
    return len(found)


def _outstream(scope: Scope, peer: Peer) -> Outstream:
    """The counter, locked: two workers never give one number."""
    Outstream.objects.bulk_create(
        [Outstream(division=_own().code, world=scope.world, peer=peer)], ignore_conflicts=True
    )
    return Outstream.objects.select_for_update().get(world=scope.world, peer=peer)


def _store(scope: Scope, stream: Outstream, own: Subscription, draft: Draft, now: datetime) -> None:
    county = _own()
    stream.last_number += 1
    letter = Letter(
        county.code, own.peer.code, scope.world, county.demo, own.what, stream.last_number,
        stream.last_number, now, draft.body,
    )  # fmt: skip
    row = Outgoing.objects.create(
        division=county.code, world=scope.world, peer=own.peer, subscription=own,
        number=stream.last_number, kind=own.what, key=draft.key, letter=letter.text(),
        due_at=draft.due_at, made_at=now, next_at=now,
    )  # fmt: skip
    stream.save(update_fields=["last_number"])
    why = f"{own.peer.name} {own.what} {row.number}"
    journal.line(scope, "link.compose", row, why=why, after=letters.digest(row.letter))
    tell(scope, "link", row.division, number=row.number)


@action(None, open_to="the round that sends letters", journal="link.claim",
        may_change_nothing=True)  # fmt: skip
def claim(scope: Scope, peer_id: int) -> list[Outgoing]:
    """Letters to a peer that wait, in the order of their numbers, taken for this pass.

    Each is due again a minute later, so that what a dying worker held is sent by another.
    """
    now = clock.now()
    rows = list(
        Outgoing.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(world=scope.world, peer=peer_id, receipt_at=None, next_at__lte=now)
        .order_by("number")[:BATCH]
    )
    for row in rows:
        row.next_at, row.sent_at, row.tries = now + RESEND, now, row.tries + 1
    Outgoing.objects.bulk_update(rows, ["next_at", "sent_at", "tries"])
    return rows


@action(None, open_to="the round that sends letters", journal="link.claim",
        may_change_nothing=True)  # fmt: skip
def release(scope: Scope, ids: list[int]) -> None:
    """Letters of a pass that did not get through: due again as soon as the peer is tried."""
    waiting = Outgoing.objects.filter(pk__in=ids, world=scope.world, receipt_at=None)
    waiting.update(next_at=clock.now())


@action(None, open_to="the round that sends letters", journal="link.claim",
        may_change_nothing=True)  # fmt: skip
def beat(scope: Scope, peer_id: int, now_or_never: bool = False) -> Letter | None:
    """A sign of life with the highest number that there is, where one is due; else None.

    now_or_never: it is due now, whenever the last one was.
    """
    peer, county, now = Peer.objects.get(id=peer_id), _own(), clock.now()
    if scope.world and not (peer.exercise and Outstream.objects.filter(peer=peer).exists()):
        return None
    stream = _outstream(scope, peer)
    if not now_or_never and not decisions.beat_due(stream.asked_at, now):
        return None
    stream.asked_at = now
    stream.save(update_fields=["asked_at"])
    last = stream.last_number
    return Letter(county.code, peer.code, scope.world, county.demo, STATE, 0, last, now, {})


@action(None, open_to="a peer that proved itself", journal="link.receipt",
        may_change_nothing=True)  # fmt: skip
def take_receipt(scope: Scope, peer_id: int, receipt: Receipt) -> int:
    """What the peer knows now: what it has is done, what it misses is sent again at once.

    Returns how many letters are to be sent again.
    """
    peer = Peer.objects.get(id=peer_id)
    if (receipt.sender, receipt.receiver, receipt.stream) != (
        peer.code, _own().code, scope.world
    ):  # fmt: skip
        raise refused("receipt-strange", "回执不是这条联通的", f"{receipt.stream}")
    stream, now = _outstream(scope, peer), clock.now()
    if receipt.state == "refused":
        _refusal(scope, stream, receipt)
        return 0
    again = _sent_again(scope, peer, receipt, now)
    if receipt.highest > stream.last_number:
        why = f"{peer.name} {stream.last_number} {receipt.highest}"
        stream.last_number = receipt.highest
        stream.save(update_fields=["last_number"])
        journal.line(scope, "link.count", stream, why=why)
    return again


def _sent_again(scope: Scope, peer: Peer, receipt: Receipt, now: datetime) -> int:
    own = Outgoing.objects.filter(world=scope.world, peer=peer)
    ranges = receipt.missing
    # Beyond the last range that fits in a receipt nothing is known.
    known = receipt.highest if len(ranges) < decisions.RANGES_MAX else ranges[-1][1]
    done = own.filter(number__lte=known, receipt_at=None)
    again = 0
    for low, high in ranges:
        done = done.exclude(number__range=(low, high))
        lost = own.filter(number__range=(low, high))
        again += lost.exclude(receipt_at=None).update(receipt_at=None, next_at=now)
        again += lost.filter(next_at__gt=now, sent_at__lt=now).update(next_at=now)
    done.update(receipt_at=now, said="")
    if again:
        journal.line(scope, "link.again", peer, why=f"{peer.name} {again}", division=0)
    return again


def _refusal(scope: Scope, stream: Outstream, receipt: Receipt) -> None:
    """Why the peer did not take a letter; one whose number it has seen with other words gets a
    new one, as after the restore of an older backup of ours."""
    row = Outgoing.objects.filter(
        world=scope.world, peer=stream.peer, number=receipt.number, receipt_at=None
    ).first()
    if row is None:
        return
    row.said = " · ".join(receipt.error.get(name, "") for name in ("message", "place", "mend"))[
        :500
    ]
    row.next_at = clock.now() + decisions.back_off(row.tries)
    if receipt.error.get("code") == "number-reused":
        before, stream.last_number = row.number, max(stream.last_number, receipt.highest) + 1
        stream.save(update_fields=["last_number"])
        told = letters.read_letter(row.letter.encode(), "letter")
        row.number = stream.last_number
        row.letter = replace(told, number=row.number, last=row.number).text()
        row.next_at, row.said = clock.now(), ""
        journal.line(scope, "link.count", row, why=f"{stream.peer.name} {before} {row.number}",
                     after=letters.digest(row.letter))  # fmt: skip
    row.save()


# inbox


@action(None, open_to="a peer that proved itself", journal="link.take", may_change_nothing=True)
def take(scope: Scope, peer_id: int, letter: Letter) -> Receipt:
    """Take a letter in, once; the receipt says what is known afterwards and what is missing.

    Refusal where it is not for us, of another kind of county, or does not hold: whole, with the
    place and the mend, and nothing is changed.
    """
    peer = Peer.objects.get(id=peer_id)
    _check_ends(scope, peer, letter)
    stream = _instream(scope, peer, letter.stream)
    stream.last_said = max(stream.last_said, letter.last, letter.number)
    state = "known"
    if letter.kind != STATE:
        SUBJECTS[letter.kind].check(letter.body, f"{letter.kind} {letter.number} body")
        state = _keep(scope, peer, stream, letter)
    above = _advance(stream)
    gaps = decisions.missing(stream.whole_to, above, stream.last_said)
    return Receipt(_own().code, peer.code, letter.stream, letter.number, state, stream.highest,
                   tuple(gaps))  # fmt: skip


def world_of(letter: Letter) -> int:
    """In which of our worlds a letter belongs: the real one, or the one exercise that runs here."""
    if letter.stream == 0:
        return 0
    open_now = list(World.objects.filter(id__gt=0, ended_at=None, driven=False)[:2])
    if len(open_now) == 1:
        return int(open_now[0].id)
    why = "我方没有在进行的演练" if not open_now else "我方有几场演练在进行"
    raise refused("exercise-none", why, f"stream {letter.stream}", 409,
                  "请先约好，双方各开始一场演练，对方会再发")  # fmt: skip


def _check_ends(scope: Scope, peer: Peer, letter: Letter) -> None:
    own = _own()
    if (letter.sender, letter.receiver) != (peer.code, own.code):
        raise refused("letter-ends", "发件县或收件县不对", f"{letter.sender} {letter.receiver}")
    if letter.demo != own.demo:
        raise refused("letter-demo", "演示县和真实的县之间不互送", "demo", mend="请核对地址")
    if letter.stream and not peer.exercise:
        raise refused("letter-exercise", "这条联通没有演练标志，不收演练", "exercise", 409,
                      "请双方系统管理员打开演练标志")  # fmt: skip
    if (letter.stream != 0) != (scope.world != 0):
        raise RuntimeError("a letter of an exercise was opened in the real world")


def _instream(scope: Scope, peer: Peer, stream: int) -> Instream:
    """What is known of the stream, locked; an exercise stays in the world in which it began."""
    Instream.objects.bulk_create(
        [Instream(division=_own().code, world=scope.world, peer=peer, stream=stream)],
        ignore_conflicts=True,
    )
    found = Instream.objects.select_for_update(of=("self",)).filter(peer=peer, stream=stream)
    row = found.filter(world=scope.world).first()
    if row is None:
        raise refused("exercise-ended", "这场演练在我方已经结束", f"stream {stream}", 409,
                      "请双方重新开始一场演练")  # fmt: skip
    return row


def _keep(scope: Scope, peer: Peer, stream: Instream, letter: Letter) -> str:
    words = letters.digest(letter.text())
    rows = Incoming.objects.filter(peer=peer, stream=letter.stream, number=letter.number)
    known = rows.first()
    if known is not None and (known.kind, known.digest) != (letter.kind, words):
        raise _Reused(stream.highest, letter.number)
    if known is not None:
        rows.update(times=F("times") + 1)
        return "known"
    row = Incoming.objects.create(
        division=_own().code, world=scope.world, peer=peer, stream=letter.stream,
        number=letter.number, kind=letter.kind, body=letter.body, digest=words,
        as_of=letter.as_of, received_at=clock.now(),
    )  # fmt: skip
    stream.highest = max(stream.highest, letter.number)
    why = f"{peer.name} {letter.kind} {letter.number}"
    journal.line(scope, "link.take", row, why=why, after=words)
    tell(scope, "link", row.division, number=row.number)
    return "taken"


class _Reused(Refusal):
    """A number that was taken with other words; the receipt says how far the numbers go."""

    def __init__(self, highest: int, number: int) -> None:
        super().__init__("number-reused", "这个编号收过，内容不同", str(number),
                         f"请从 {highest + 1} 号起重编", 409)  # fmt: skip
        self.highest = highest


def _advance(stream: Instream) -> list[int]:
    """Move `whole_to` on; the numbers that are here beyond the first gap."""
    above = list(
        Incoming.objects.filter(peer=stream.peer_id, stream=stream.stream,
                                number__gt=stream.whole_to)
        .order_by("number").values_list("number", flat=True)[:ABOVE_MAX]
    )  # fmt: skip
    stream.whole_to = decisions.whole_to(stream.whole_to, above)
    stream.save(update_fields=["whole_to", "highest", "last_said"])
    return [number for number in above if number > stream.whole_to]


def answer_of(letter: Letter, refusal: Refusal) -> Receipt:
    """The receipt of a letter that was refused."""
    highest = refusal.highest if isinstance(refusal, _Reused) else 0
    error = {name: text[:300] for name, text in refusal.as_dict().items()}
    return Receipt(letter.receiver, letter.sender, letter.stream, letter.number, "refused",
                   highest, (), error)  # fmt: skip
