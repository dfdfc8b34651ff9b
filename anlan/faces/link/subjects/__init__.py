"""What a subscription can be of, and what a letter of it must hold.

Each subject is a module: `drafts` says what is due to be told out of a world, `check` holds what
came from another county against its schema and its sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anlan.faces.link.models import Outgoing, Subscription
from anlan.faces.link.subjects import headcount, orders
from anlan.faces.link.subjects.draft import Draft
from anlan.ground.scope import Scope

Drafts = Callable[[Scope, Subscription, Outgoing | None, datetime], list[Draft]]
Check = Callable[[dict[str, Any], str], None]


@dataclass(frozen=True, slots=True)
class Subject:
    """drafts: what is due now; check: Refusal where a body that came does not hold."""

    drafts: Drafts
    check: Check


SUBJECTS: dict[str, Subject] = {
    "headcount": Subject(headcount.drafts, headcount.check),
    "orders": Subject(orders.drafts, orders.check),
}

__all__ = ["SUBJECTS", "Draft", "Subject"]
