"""Answers as they come in a night: an SMS from the number of whoever holds the post."""

from __future__ import annotations

import uuid
from typing import Any

from anlan.ground.scope import Scope

ROUND = Scope.for_round("test")
OUTSIDE = Scope.for_gateway("box")


def answered(call: Any) -> None:
    """The holder of the call's post answers it by SMS."""
    from anlan.county import queries as county
    from anlan.county.models import Person
    from anlan.engines.callout import actions
    from anlan.engines.callout.evidence import by_message
    from anlan.ground import clock

    with ROUND.open():
        holder = county.contacts(ROUND, [call.post_id], clock.now())[call.post_id][0]
        number = str(Person.objects.get(id=holder.person_id).phone)
    row = actions.receive_message(OUTSIDE, "box", uuid.uuid4().hex, number, call.code)
    assert row is not None
    actions.answer(ROUND, call.id, "received", by_message(row), role="first")
