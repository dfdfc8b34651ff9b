"""Zones are opened, joined by a second call-out, and closed when nothing stands any more.

Flows in: an `Opener` (a call-out with its order) and its places. Flows out: one opening a zone in a
world, with a `Basis` for each call-out that it stands on, and links to count for whoever answered.
A household is to move once, however many warnings there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from anlan.engines.callout import actions as callout
from anlan.engines.callout import queries as callouts
from anlan.engines.callout.links import LIFE
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.live import tell
from anlan.ground.places import span
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.decisions import highest
from anlan.rooms.evacuation.models import Basis, Household, Opening, Order, Zone

ORDER_ARTICLES = "突发事件应对法第六十七条第六项"
REACHED = ("answered", "help", "reached_by_fallback")
MESSAGE = (
    "{title}：请清点{zone}（{homes}户{people}人），点 {link} 逐户登记，或回短信“转移几人 剩几人”。"
)


@dataclass(frozen=True, slots=True)
class OrderBasis:
    """What an order to move rests on: a warning, its authority, who said yes, what it says."""

    origin_kind: str
    origin_id: int
    authority: str
    approved_by: str
    text: str


@dataclass(frozen=True, slots=True)
class Opener:
    """What opens zones: title and grade as its call-out carries them.

    callout_id, order: None where a person opens zones by hand.
    """

    origin_kind: str
    origin_id: int
    title: str
    grade: str = ""
    callout_id: int | None = None
    order: Order | None = None


@action("evacuation.open", journal="evacuation.order", may_change_nothing=True)
def give_order(scope: Scope, basis: OrderBasis, callout_id: int, divisions: list[int]) -> Order:
    """The order to move that follows a warning of grade red or orange; once for one warning.

    突发事件应对法 art. 67: after such a warning the county's government takes measures, among them
    (no. 6) to move people; so the order stands in the name of whoever issued the warning, on the
    yes of whoever approved it.
    """
    known = Order.objects.filter(
        world=scope.world, origin_kind=basis.origin_kind, origin_id=basis.origin_id
    ).first()
    if known is not None:
        return known
    row = Order.objects.create(
        division=scope.lo if scope.kind == "post" else min(divisions), world=scope.world,
        origin_kind=basis.origin_kind, origin_id=basis.origin_id, callout_id=callout_id,
        authority=basis.authority, articles=ORDER_ARTICLES, text=basis.text,
        divisions=list(divisions), approved_by=basis.approved_by, given_at=clock.now(),
    )  # fmt: skip
    journal.line(
        scope, "evacuation.order", row, after=[basis.authority, basis.approved_by, basis.text],
        why=f"{basis.authority} {ORDER_ARTICLES}",
    )  # fmt: skip
    return row


@action("evacuation.open", journal="evacuation.open", may_change_nothing=True)
def open_zones(scope: Scope, opener: Opener, divisions: Sequence[int]) -> list[Opening]:
    """Open every zone in the places, all its people still there; join those that are open.

    Safe to repeat. Returns the openings that this opener newly stands under. What was counted in
    a joined zone stays, for nobody has moved back; its grade rises where the opener's is higher.
    """
    within = Q()
    for code in divisions:
        within |= Q(division__range=span(code))
    zones = list(Zone.objects.filter(within, ended_at=None).order_by("division", "id"))
    if not zones or not divisions:
        return []
    rows = _standing(scope, zones, opener)
    bases = _bases_of(rows)
    own = (opener.origin_kind, opener.origin_id, opener.callout_id)
    fresh = [
        row for row in rows
        if own not in {(b.origin_kind, b.origin_id, b.callout_id) for b in bases[row.id]}
    ]  # fmt: skip
    if not fresh:
        return []
    joined = [row for row in fresh if bases[row.id]]
    _found(scope, opener, fresh)
    _say(scope, opener, len(fresh) - len(joined), len(joined), _regrade(rows))
    return fresh


def _standing(scope: Scope, zones: Sequence[Zone], opener: Opener) -> list[Opening]:
    """The one opening of each zone, locked; made where there is none.

    Locked in one order by everybody, so that two call-outs at the same moment wait for each other
    and find what the other made.
    """
    known = {row.zone_id for row in _locked(Q(zone__in=zones))}
    missing = [zone for zone in zones if zone.id not in known]
    people = dict(
        Household.objects.filter(zone__in=missing, ended_at=None)
        .values_list("zone_id")
        .annotate(n=Sum("people"))
    )
    now = clock.now()
    Opening.objects.bulk_create(
        [
            Opening(
                division=zone.division, world=scope.world, zone=zone, grade=opener.grade,
                origin_kind=opener.origin_kind, origin_id=opener.origin_id,
                callout_id=opener.callout_id, order=opener.order, opened_at=now, created_at=now,
                to_move=people.get(zone.id, 0), not_yet=people.get(zone.id, 0),
            )
            for zone in missing
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return _locked(Q(zone__in=zones))


def _locked(condition: Q) -> list[Opening]:
    rows = Opening.objects.select_for_update(of=("self",)).filter(condition, state="open")
    return list(rows.order_by("division", "zone_id"))


def _bases_of(rows: Iterable[Opening]) -> dict[int, list[Basis]]:
    found: dict[int, list[Basis]] = defaultdict(list)
    for basis in Basis.objects.filter(opening__in=[row.id for row in rows]):
        found[basis.opening_id].append(basis)
    return found


def _found(scope: Scope, opener: Opener, rows: Sequence[Opening]) -> None:
    now = clock.now()
    Basis.objects.bulk_create(
        Basis(
            division=row.division, world=scope.world, opening=row, created_at=now,
            origin_kind=opener.origin_kind, origin_id=opener.origin_id,
            callout_id=opener.callout_id, order=opener.order, title=opener.title,
            grade=opener.grade, joined_at=now,
        )
        for row in rows
    )  # fmt: skip


def _regrade(rows: Sequence[Opening]) -> int:
    """Each opening, locked, has the highest grade of what it still stands on; how many changed."""
    bases = _bases_of(rows)
    changed: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        grade = highest(basis.grade for basis in bases[row.id] if basis.ended_at is None)
        if grade != row.grade:
            changed[grade].append(row.id)
    for grade, ids in changed.items():
        Opening.objects.filter(id__in=ids).update(grade=grade)
    return sum(len(ids) for ids in changed.values())


def _say(scope: Scope, opener: Opener, opened: int, joined: int, raised: int) -> None:
    origin = (opener.origin_kind, opener.origin_id)
    if opened:
        journal.line(scope, "evacuation.open", origin, after=opened, why=opener.title)
    if joined:
        why = _("%(title)s：%(n)d 个片区已经启用，%(raised)d 个改为新的级别") % {
            "title": opener.title, "n": joined, "raised": raised,
        }  # fmt: skip
        journal.line(scope, "evacuation.join", origin, after=[joined, raised], why=why)
    tell(scope, "headcount", max(scope.lo, 0), origin=opener.origin_id)


@action("evacuation.open", journal="evacuation.close", may_change_nothing=True)
def end_bases(scope: Scope, origin_kind: str, origin_id: int) -> int:
    """The all-clear of one origin. A zone that still stands on another is not sent home.

    What was counted stays. Returns how many openings stood on it.
    """
    own = Q(bases__origin_kind=origin_kind, bases__origin_id=origin_id, bases__ended_at=None)
    ids = list(Opening.objects.filter(own).values_list("id", flat=True))
    rows, now = _locked(Q(id__in=ids)), clock.now()
    Basis.objects.filter(
        opening__in=ids, origin_kind=origin_kind, origin_id=origin_id, ended_at=None
    ).update(ended_at=now)
    Order.objects.filter(origin_kind=origin_kind, origin_id=origin_id, ended_at=None).update(
        ended_at=now
    )
    if not ids:
        return 0
    standing = set(
        Basis.objects.filter(opening__in=ids, ended_at=None).values_list("opening_id", flat=True)
    )
    kept = [row for row in rows if row.id in standing]
    over = [row.id for row in rows if row.id not in standing]
    Opening.objects.filter(id__in=over).update(state="closed", closed_at=now)
    _regrade(kept)
    why = _("%(n)d 个片区结束，%(kept)d 个还有别的预警") % {"n": len(over), "kept": len(kept)}
    journal.line(
        scope, "evacuation.close", (origin_kind, origin_id), after=[len(over), len(kept)], why=why
    )
    tell(scope, "headcount", max(scope.lo, 0), origin=origin_id)
    return len(ids)


@action(
    None,
    open_to="the round that follows whoever answered for a village",
    journal="evacuation.link",
    may_change_nothing=True,
)
def send_link(scope: Scope, basis_id: int) -> bool:
    """Once the village's call is answered, or somebody knocked: they get the zone's link.

    Whoever holds a good link to this count already gets no second one.
    """
    basis = Basis.objects.select_for_update(of=("self",)).get(id=basis_id)
    row = Opening.objects.select_for_update(of=("self",)).select_related("zone").get(
        id=basis.opening_id
    )  # fmt: skip
    call = callouts.call_for(scope, basis.callout_id or 0, row.division)
    if basis.link_sent_at is not None or call is None or call.state not in REACHED:
        return False
    person = callouts.holder_of_call(scope, call)
    if person is None:
        return False
    now = clock.now()
    holds = Basis.objects.filter(opening=row, link_person_id=person, link_sent_at__gt=now - LIFE)
    if not holds.exists():
        link = callout.issue_link(scope, call.id, person, "headcount", row.id)
        callout.send_more(scope, call.id, person, _message(basis.title, row, link))
        row.link_sent_at = now
        row.save(update_fields=["link_sent_at"])
    basis.link_sent_at, basis.link_person_id = now, person
    basis.save(update_fields=["link_sent_at", "link_person_id"])
    journal.line(scope, "evacuation.link", row, why=basis.title)
    return True


def _message(title: str, row: Opening, link: str) -> str:
    values = {
        "{title}": title,
        "{zone}": row.zone.name,
        "{homes}": str(row.zone.households.filter(ended_at=None).count()),
        "{people}": str(row.to_move),
        "{link}": link,
    }
    text = MESSAGE
    for name, value in values.items():
        text = text.replace(name, value)
    return text
