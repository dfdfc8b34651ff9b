"""No answer is made inside our own process: the database holds it, and here each lie is tried.

A worker, a console page and the public page are given every way to write an answer that nobody
gave; only one that points at what really came from outside gets through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from anlan.county.models import Person
from anlan.engines.callout import actions, links, rounds
from anlan.engines.callout.evidence import Evidence, by_hand, by_link, by_message
from anlan.engines.callout.models import Answer, Call, Callout, Inbound, Link
from anlan.ground.errors import Denied
from anlan.ground.scope import Actor, Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.engines.callout.test_night import (
    OUTSIDE,
    ROUND,
    Box,
    code_of,
    launch,
    number_of,
    sms,
    turn,
)

PORTAL = Scope.for_link(COUNTY, COUNTY + 999_999, 0, Actor("link"), "answer")


@pytest.fixture
def ringing(county_db: str, scope_of: Callable[..., Any]) -> Call:
    """A call of the water bureau that rings, with the link that its message carries."""
    actions.open_callout(scope_of("duty_officer"), launch())
    turn(Box())
    with ROUND.open():
        return Call.objects.get(post_title="县水利局值班室")


def write(scope: Scope, call: Call, **evidence: Any) -> None:
    """An answer row written past the action, as a process that lies would."""
    with scope.open():
        Answer.objects.create(
            division=call.division, world=0, call=call, kind="received", counts=True,
            happened_at=timezone.now(), **evidence,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(scope: Scope, call: Call, **evidence: Any) -> bool:
    try:
        with transaction.atomic():
            write(scope, call, **evidence)
    except DatabaseError:
        return True
    return False


def stored_message(number: str, text: str = "4821") -> Inbound:
    row = actions.receive_message(OUTSIDE, "box", f"{number}{text}", number, text)
    assert row is not None
    return row


def link_of(call: Call) -> Link:
    with ROUND.open():
        return Link.objects.get(call=call, act="answer")


def test_an_answer_without_evidence_is_refused_whoever_writes_it(
    ringing: Call, scope_of: Callable[..., Any], as_role: Callable[[str], None]
) -> None:
    scopes = [ROUND, OUTSIDE, scope_of("duty_officer"), Scope.for_command("test")]
    for scope in scopes:
        for via in ("sms", "link", "keyed", "voice", ""):
            assert refused(scope, ringing, via=via, person_id=1), (scope.kind, via)
    as_role("public")
    for via in ("sms", "link", "keyed"):
        assert refused(PORTAL, ringing, via=via, person_id=1, address="10.0.0.1"), via


def test_a_message_that_never_came_or_came_from_another_person_is_no_evidence(
    ringing: Call,
) -> None:
    row = stored_message(number_of("unit_duty", COUNTY))
    other = stored_message(number_of("village_head", VILLAGES[0]))
    assert refused(ROUND, ringing, via="sms", person_id=row.person_id, inbound_id=row.id + 999)
    assert refused(ROUND, ringing, via="sms", person_id=row.person_id, inbound_id=other.id)
    assert not refused(ROUND, ringing, via="sms", person_id=row.person_id, inbound_id=row.id)
    assert refused(ROUND, ringing, via="sms", person_id=row.person_id, inbound_id=row.id), "twice"


def test_a_worker_or_a_page_cannot_use_a_link_that_it_made_itself(
    ringing: Call, scope_of: Callable[..., Any], as_role: Callable[[str], None]
) -> None:
    link = link_of(ringing)
    used = {"via": "link", "link_id": link.id, "person_id": link.person_id, "address": "10.0.0.1"}
    for scope in (ROUND, OUTSIDE, scope_of("duty_officer"), PORTAL):
        assert refused(scope, ringing, **used), scope.kind
    as_role("public")
    assert refused(PORTAL, ringing, **(used | {"address": ""})), "no address"
    assert refused(PORTAL, ringing, **(used | {"person_id": link.person_id + 1})), "not theirs"
    assert not refused(PORTAL, ringing, **used)


def test_a_link_of_one_call_answers_no_other(ringing: Call, as_role: Callable[[str], None]) -> None:
    with ROUND.open():
        other = Call.objects.exclude(id=ringing.id).order_by("id").first()
    assert other is not None
    link = link_of(ringing)
    as_role("public")
    assert refused(
        PORTAL, other, via="link", link_id=link.id, person_id=link.person_id, address="10.0.0.1"
    )


def test_no_round_and_no_page_can_take_in_a_message(
    ringing: Call, scope_of: Callable[..., Any]
) -> None:
    number = number_of("unit_duty", COUNTY)
    for scope in (ROUND, scope_of("duty_officer"), Scope.for_command("test")):
        with pytest.raises(Denied):
            actions.receive_message(scope, "box", "made up", number, "4821")
    with ROUND.open():
        assert Inbound.objects.count() == 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE callout_inbound SET person_id = 1",
        "UPDATE callout_answer SET counts = true",
        "UPDATE callout_link SET person_id = 1",
        "DELETE FROM callout_answer",
    ],
)
def test_what_came_from_outside_is_never_changed(ringing: Call, sql: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), ROUND.open():
        with connection.cursor() as cursor:
            cursor.execute(sql)


def test_a_call_cannot_be_called_answered_where_nobody_answered(ringing: Call) -> None:
    for state in ("answered", "help"):
        with pytest.raises(DatabaseError, match="no answer decides it"), ROUND.open():
            Call.objects.filter(id=ringing.id).update(state=state)


def test_only_somebody_signed_in_keys_an_answer_in(
    ringing: Call, client_of: Callable[..., Any], scope_of: Callable[..., Any]
) -> None:
    with pytest.raises(Denied):
        by_hand(ROUND)
    with pytest.raises(Denied):
        actions.answer(ROUND, ringing.id, "received", Evidence("keyed", account_id=1, address="x"))
    client = client_of("duty_officer")
    done = client.post(f"/callout/{ringing.callout_id}/{ringing.id}/answer/", {"kind": "received"})
    assert done.status_code == 302
    with ROUND.open():
        kept = Answer.objects.get(call=ringing)
    assert (kept.via, kept.account_id is not None, kept.address) == ("keyed", True, "127.0.0.1")


def test_each_door_leaves_its_evidence(ringing: Call, as_role: Callable[[str], None]) -> None:
    sms(number_of("unit_duty", COUNTY), code_of("unit_duty", COUNTY))
    turn(Box())
    with ROUND.open():
        by_sms = Answer.objects.get(call=ringing)
        row = Inbound.objects.get(id=by_sms.inbound_id)
        assert (by_sms.via, row.person_id) == ("sms", by_sms.person_id)
        other = Call.objects.get(post_title="县领导")
    link = link_of(other)
    token = links.address(link).rpartition("/")[2]
    as_role("public")
    opened = links.open_link(token, "answer", "10.9.8.7")
    actions.answer(opened.scope, opened.call_id, "received", by_link(opened), role=opened.role)
    as_role("app")
    with ROUND.open():
        kept = Answer.objects.get(call=other)
        assert (kept.via, kept.link_id, kept.address) == ("link", link.id, "10.9.8.7")


def test_the_evidence_of_a_message_is_the_sender_and_nobody_else(ringing: Call) -> None:
    row = stored_message(number_of("township_duty", TOWNSHIPS[0]))
    with ROUND.open():
        phone = Person.objects.get(id=row.person_id).phone
    assert phone == number_of("township_duty", TOWNSHIPS[0])
    assert by_message(row) == Evidence("sms", row.person_id, inbound_id=row.id)


def test_the_whole_night_runs_without_a_door_of_its_own(
    county_db: str, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    """Nobody outside says anything: after a night of rounds there is not one answer."""
    made: Callout = actions.open_callout(scope_of("duty_officer"), launch())
    for _step in range(8):
        move_clock(15 * 60 + 1)
        turn(Box())
    assert rounds.advance(ROUND) == 0
    with ROUND.open():
        assert Answer.objects.count() == 0
        assert not Call.objects.filter(callout=made, state__in=("answered", "help")).exists()
