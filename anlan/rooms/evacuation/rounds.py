"""What is due in an evacuation: zones of a released warning are opened, SMS headcounts are read."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from anlan.engines.callout import actions as callout
from anlan.engines.callout import queries as callouts
from anlan.engines.callout.models import Call, Callout
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import actions, opening_actions, queries
from anlan.rooms.evacuation.decisions import Figures, from_sms, read_headcount
from anlan.rooms.evacuation.models import Basis, Order
from anlan.rooms.evacuation.opening_actions import REACHED, Opener
from anlan.rooms.warning import queries as warnings
from anlan.rooms.warning.lifting import MOVING_GRADES

CALLOUTS_MAX = 500
LINKS_MAX = 200


def open_by_callout(scope: Scope) -> int:
    """Open the zones in the places of orange and red warnings that went out, or join what is open.

    Oldest first; a call-out whose all-clear went out opens nothing any more. Places without zones
    are asked again each time, for a zone may still be listed that night.
    """
    with scope.open():
        over = Callout.objects.filter(
            kind="all_clear", origin_kind=OuterRef("origin_kind"), origin_id=OuterRef("origin_id")
        )
        fresh = Callout.objects.filter(
            ~Exists(over),
            ~Exists(Basis.objects.filter(callout_id=OuterRef("id"))),
            kind="warning", state="open", grade__in=MOVING_GRADES,
        ).order_by("id")[:CALLOUTS_MAX]  # fmt: skip
        return sum(_open(scope, row) for row in fresh)


def _open(scope: Scope, row: Callout) -> int:
    opener = Opener(
        row.origin_kind, row.origin_id, row.title, row.grade, row.id, _order(scope, row)
    )
    return len(opening_actions.open_zones(scope, opener, list(row.divisions)))


def _order(scope: Scope, row: Callout) -> Order | None:
    """The order of a released warning; a call-out that no warning stands behind gives none."""
    if row.origin_kind != "warning.warning":
        return None
    found = warnings.authority_of(scope, row.origin_id)
    if found is None:
        return None
    basis = opening_actions.OrderBasis(
        row.origin_kind, row.origin_id, found.authority, found.approved_by, found.measures
    )
    return opening_actions.give_order(scope, basis, row.id, list(row.divisions))


def send_links(scope: Scope) -> int:
    """Whoever answered for a village, in any of its call-outs, gets the link of its zone."""
    with scope.open():
        reached = Call.objects.filter(
            callout_id=OuterRef("callout_id"), division=OuterRef("division"), state__in=REACHED
        )
        rows = Basis.objects.filter(
            Exists(reached), ended_at=None, link_sent_at=None, opening__state="open"
        )
        ids = list(rows.order_by("id").values_list("id", flat=True)[:LINKS_MAX])
        return sum(opening_actions.send_link(scope, ident) for ident in ids)


def close_by_all_clear(scope: Scope) -> int:
    """End what stood on warnings whose all-clear went out; zones on which nothing stands close."""
    with scope.open():
        over = Callout.objects.filter(
            kind="all_clear", origin_kind=OuterRef("origin_kind"), origin_id=OuterRef("origin_id")
        )
        standing = Basis.objects.filter(Exists(over), ended_at=None)
        origins = sorted(set(standing.values_list("origin_kind", "origin_id")))
        return sum(opening_actions.end_bases(scope, *origin) for origin in origins)


def read_messages(scope: Scope) -> int:
    """Take SMS headcounts from village heads; what contradicts the zone stays for the desk."""
    handled = 0
    with scope.open():
        for row in callouts.unread(scope):
            said = read_headcount(str(row.text))
            opening = (
                queries.opening_of_person(scope, row.person_id)
                if said is not None and row.person_id
                else None
            )
            if said is None or opening is None:
                continue
            figures = from_sms(said, actions.figures_of(opening))
            if figures is None:
                callout.leave_on_desk(scope, row.id, "人数与应转不符")
                handled += 1
                continue
            person = row.person_id or 0
            handled += _take(scope, row.id, person, opening.id, figures, row.received_at)
    return handled


def _take(
    scope: Scope, inbound_id: int, person_id: int, opening_id: int, figures: Figures, at: datetime
) -> int:
    """Record the count in the sender's name; a refusal becomes a line on the desk."""
    try:
        actions.record_headcount(
            scope, opening_id, figures, "sms", person_id=person_id, happened_at=at
        )
    except Refusal as refusal:
        callout.leave_on_desk(scope, inbound_id, str(refusal)[:200])
        return 1
    return int(callout.take_message(scope, inbound_id, "evacuation"))
