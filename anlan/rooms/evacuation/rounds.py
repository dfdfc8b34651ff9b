"""What is due in an evacuation: zones of a released warning are opened, SMS headcounts are read."""

from __future__ import annotations

from datetime import datetime

from anlan.engines.callout import actions as callout
from anlan.engines.callout import queries as callouts
from anlan.engines.callout.models import Callout
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import actions, queries
from anlan.rooms.evacuation.decisions import Figures, from_sms, read_headcount
from anlan.rooms.evacuation.models import Opening, Order
from anlan.rooms.warning import queries as warnings

MOVING_GRADES = ("red", "orange")


def open_by_callout(scope: Scope) -> int:
    """Open the zones in the places of orange and red warnings that went out."""
    with scope.open():
        done = Opening.objects.filter(callout_id__isnull=False).values("callout_id")
        fresh = list(
            Callout.objects.filter(kind="warning", state="open", grade__in=MOVING_GRADES).exclude(
                id__in=done
            )[:5]
        )
        opened = 0
        for row in fresh:
            order = _order(scope, row)
            made = actions.open_zones(
                scope, row.origin_kind, row.origin_id, row.id, list(row.divisions), order
            )
            opened += len(made)
        return opened


def _order(scope: Scope, row: Callout) -> Order | None:
    """The order of a released warning; a call-out that no warning stands behind gives none."""
    if row.origin_kind != "warning.warning":
        return None
    found = warnings.authority_of(scope, row.origin_id)
    if found is None:
        return None
    basis = actions.OrderBasis(
        row.origin_kind, row.origin_id, found.authority, found.approved_by, found.measures
    )
    return actions.give_order(scope, basis, row.id, list(row.divisions))


def send_links(scope: Scope) -> int:
    """Whoever answered for a village gets the link of its zone."""
    with scope.open():
        rows = list(
            Opening.objects.filter(state="open", link_sent_at=None, callout_id__isnull=False)[:200]
        )
        titles = dict(
            Callout.objects.filter(id__in={row.callout_id for row in rows}).values_list(
                "id", "title"
            )
        )
        return sum(
            actions.send_link(scope, row.id, titles.get(row.callout_id or 0, "")) for row in rows
        )


def close_by_all_clear(scope: Scope) -> int:
    """End the openings of warnings whose all-clear went out."""
    with scope.open():
        clear = Callout.objects.filter(kind="all_clear").values_list("origin_id", flat=True)
        ids = Opening.objects.filter(
            state="open", origin_kind="warning.warning", origin_id__in=list(clear)
        ).values_list("origin_id", flat=True)
        return sum(actions.close_openings(scope, "warning.warning", ident) for ident in set(ids))


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
