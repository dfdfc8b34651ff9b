"""Where an answer comes from: no answer without something that happened outside our processes.

Flows in: a stored message, a link that was opened from an address, an officer's signed-in scope.
Flows out: the columns of an `Answer`. The database refuses an answer whose evidence does not fit
its person and its call, and which process may write which kind (see the migration 0003).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from anlan.engines.callout.links import Opened
from anlan.engines.callout.models import Inbound
from anlan.ground.errors import Denied
from anlan.ground.scope import Scope


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind an answer. person_id None: an officer heard somebody on the telephone."""

    via: str
    person_id: int | None = None
    inbound_id: int | None = None
    link_id: int | None = None
    account_id: int | None = None
    address: str = ""


def by_message(row: Inbound) -> Evidence:
    """A message that came in through the gateway."""
    return Evidence("sms", row.person_id, inbound_id=row.id)


def by_link(opened: Opened) -> Evidence:
    """A signed link that was used on the public page, from the address that used it."""
    actor = opened.scope.actor
    return Evidence("link", opened.person_id, link_id=actor.id, address=actor.address)


def by_hand(scope: Scope) -> Evidence:
    """An officer who heard the answer keys it in; only somebody signed in can."""
    actor = scope.actor
    if scope.kind != "post" or actor.kind != "account" or actor.id is None:
        raise Denied("no-hand", _("只有登录的值班人员能代录应答"), actor.label)
    return Evidence("keyed", account_id=actor.id, address=actor.address)
