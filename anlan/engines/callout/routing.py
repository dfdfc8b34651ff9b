"""To which world a message from outside belongs: people answer an exercise from the same telephone.

Flows in: number and text as the SMS centre gave them. Flows out: the real world, unless the sender
was called in a 实叫 and says nothing that the real world waits for. In doubt it is real.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from anlan.county import queries as county
from anlan.engines.callout.actions import plain_number
from anlan.engines.callout.messages import read_answer
from anlan.engines.callout.models import Attempt
from anlan.ground import clock
from anlan.ground.models import World
from anlan.ground.scope import Scope

LATE = timedelta(hours=24)  # a late answer to an exercise is none of the real desk's


def world_of(number: str, text: str) -> int:
    """0, or the 实叫 (open, or ended within a day) whose call the sender answers."""
    real = Scope.for_gateway("routing")
    with real.open():
        recent = Q(ended_at=None) | Q(ended_at__gt=clock.now(0) - LATE)
        lives = list(
            World.objects.filter(recent, kind="live").order_by("-id").values_list("id", flat=True)
        )
        person = county.person_by_number(real, plain_number(number)) if lives else None
    if person is None:
        return 0
    said = read_answer(text)
    code = said.code if said else ""
    if _called(0, person, code):
        return 0
    return next((world for world in lives if _called(world, person, code)), 0)


def _called(world: int, person_id: int, code: str) -> bool:
    """Whether the person was sent a message of the world: with this code, or any where none is."""
    with Scope.for_gateway("routing", world).open():
        rows = Attempt.objects.filter(person_id=person_id, world=world, submits__gt=0)
        if world == 0:
            rows = rows.filter(call__callout__state="open")
        return (rows.filter(call__code=code) if code else rows).exists()
