"""All writes of an evacuation's night: openings by an order, headcounts, closing.

What stands by day (shelters, zones, households) is written in `register_actions`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from anlan.engines.callout import actions as callout
from anlan.engines.callout import queries as callouts
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.places import span
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.decisions import Fault, Figures, adds_up, total
from anlan.rooms.evacuation.models import WHERE, Headcount, Opening, Order, Zone

ORDER_ARTICLES = "突发事件应对法第六十七条第六项"


@dataclass(frozen=True, slots=True)
class OrderBasis:
    """What an order to move rests on: a warning, its authority, who said yes, what it says."""

    origin_kind: str
    origin_id: int
    authority: str
    approved_by: str
    text: str


REACHED = frozenset({"answered", "help", "reached_by_fallback"})
STANDINGS = {name for name, _label in WHERE}
MESSAGE = (
    "{title}：请清点{zone}（{homes}户{people}人），点 {link} 逐户登记，或回短信“转移几人 剩几人”。"
)


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
def open_zones(
    scope: Scope,
    origin_kind: str,
    origin_id: int,
    callout_id: int,
    divisions: list[int],
    order: Order | None = None,
) -> list[Opening]:
    """Open every zone in the places, all its people still there. Safe to repeat.

    order: the order that opens them; None where a person opens zones by hand.
    """
    opened = []
    for code in divisions:
        zones = Zone.objects.filter(division__range=span(code), ended_at=None)
        for zone in zones.order_by("division", "id"):
            row, new = _open_one(scope, zone, origin_kind, origin_id, callout_id, order)
            if new:
                opened.append(row)
    if opened:
        journal.line(scope, "evacuation.open", (origin_kind, origin_id), after=len(opened))
        tell(scope, "headcount", max(scope.lo, 0), origin=origin_id)
    return opened


def _open_one(
    scope: Scope,
    zone: Zone,
    origin_kind: str,
    origin_id: int,
    callout_id: int,
    order: Order | None,
) -> tuple[Opening, bool]:
    people = zone.households.filter(ended_at=None).aggregate(n=Sum("people"))["n"] or 0
    return Opening.objects.get_or_create(
        world=scope.world, zone=zone, origin_kind=origin_kind, origin_id=origin_id,
        defaults={"division": zone.division, "callout_id": callout_id, "order": order,
                  "to_move": people,
                  "not_yet": people, "opened_at": clock.now()},
    )  # fmt: skip


@action(
    None,
    open_to="the round that follows whoever answered for a village",
    journal="evacuation.link",
    may_change_nothing=True,
)
def send_link(scope: Scope, opening_id: int, title: str) -> bool:
    """Once the village's call is answered, or somebody knocked: they get the zone's link."""
    row = Opening.objects.select_for_update(of=("self",)).select_related("zone").get(id=opening_id)
    call = callouts.call_for(scope, row.callout_id or 0, row.division)
    if row.link_sent_at is not None or call is None or call.state not in REACHED:
        return False
    person = callouts.holder_of_call(scope, call)
    if person is None:
        return False
    link = callout.issue_link(scope, call.id, person, "headcount", row.id)
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
    callout.send_more(scope, call.id, person, text)
    row.link_sent_at = clock.now()
    row.save(update_fields=["link_sent_at"])
    journal.line(scope, "evacuation.link", row)
    return True


def figures_of(row: Opening) -> Figures:
    """The zone's figures as they stand."""
    return Figures(
        row.to_move, row.sheltered, row.relatives, row.elsewhere, row.refused, row.missing,
        row.not_yet,
    )  # fmt: skip


@action(None, open_to="the village head by a signed link or SMS, or who keys a sheet in",
        journal="evacuation.count")  # fmt: skip
def record_headcount(
    scope: Scope,
    opening_id: int,
    figures: Figures,
    via: str,
    *,
    households: dict[str, Any] | None = None,
    person_id: int | None = None,
    happened_at: datetime | None = None,
) -> Headcount:
    """A new version of a zone's count; refused where it does not add up, and nothing is lost."""
    if scope.kind == "post":
        scope.need("evacuation.count")
    row = Opening.objects.select_for_update(of=("self",)).filter(id=opening_id).first()
    if row is None:
        raise NotFound("opening-unknown", _("没有这次转移"), str(opening_id))
    if row.state != "open":
        raise Refusal("opening-closed", _("这次转移已结束"), "", _("请联系乡镇值班室"))
    _check(figures)
    now = clock.now()
    for name, value in asdict(figures).items():
        setattr(row, name, value)
    row.counts += 1
    row.counted_at = now
    row.version += 1
    row.save()
    count = Headcount.objects.create(
        division=row.division, world=row.world, opening=row, number=row.counts,
        figures=asdict(figures), households=households or {}, via=via,
        person_id=person_id or scope.actor.person_id,
        keyed_by=scope.actor.label if via == "keyed" else "",
        happened_at=happened_at or now, received_at=now,
    )  # fmt: skip
    journal.line(scope, "evacuation.count", count, after=asdict(figures))
    tell(scope, "headcount", row.division, opening=row.id)
    return count


def _check(figures: Figures) -> None:
    verdict = adds_up(figures)
    if verdict.fault is Fault.DOES_NOT_ADD_UP:
        raise Refusal(
            "does-not-add-up",
            _("应转 %(a)d 人，四项相加是 %(b)d 人")
            % {"a": figures.to_move, "b": figures.to_move + verdict.off_by},
            _("相差 %(n)d 人") % {"n": abs(verdict.off_by)},
            _("已安置、投亲、自行离开、未转相加应等于应转，请逐户核对"),
        )
    if verdict.fault is not None:
        raise Refusal("figure-range", _("人数不对"), str(verdict.off_by), _("请核对后重填"))


def tally(people: dict[int, int], said: dict[int, tuple[str, int]]) -> Figures:
    """Figures from households: people of each, and (where they are, how many) as counted.

    A household that nobody spoke of is not yet moved; one with fewer than its people leaves the
    rest there.
    """
    rows = []
    for ident, count in people.items():
        where, moved = said.get(ident, ("not_yet", count))
        if where not in STANDINGS or not 0 <= moved <= count:
            raise Refusal("household-where", _("这一户填得不对"), str(ident), _("请重新选择"))
        rows.append(Figures(to_move=count, **_spread(where, moved, count)))
    return total(rows)


def _spread(where: str, moved: int, count: int) -> dict[str, int]:
    if where == "not_yet":
        return {"not_yet": count}
    return {where: moved, "not_yet": count - moved}


@action("evacuation.open", journal="evacuation.close", may_change_nothing=True)
def close_openings(scope: Scope, origin_kind: str, origin_id: int) -> int:
    """You may go home: the openings of an order end; what was counted stays."""
    rows = Opening.objects.filter(origin_kind=origin_kind, origin_id=origin_id, state="open")
    changed = rows.update(state="closed", closed_at=clock.now())
    Order.objects.filter(origin_kind=origin_kind, origin_id=origin_id, ended_at=None).update(
        ended_at=clock.now()
    )
    if changed:
        journal.line(scope, "evacuation.close", (origin_kind, origin_id), after=changed)
        tell(scope, "headcount", scope.lo, origin=origin_id)
    return changed
