"""Messages from outside become answers; what nobody understands goes to the desk of a person."""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.engines.callout import actions, messages
from anlan.engines.callout.evidence import by_message
from anlan.engines.callout.models import Attempt, Inbound
from anlan.ground.scope import Scope

INBOX_BATCH = 100


def read(scope: Scope) -> int:
    """Turn messages that carry a code into answers; the others wait for other rooms' rounds."""
    with scope.open():
        rows = list(
            Inbound.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state="new")
            .order_by("id")[:INBOX_BATCH]
        )
        handled = 0
        for row in rows:
            said = messages.read_answer(str(row.text))
            if said is not None:
                handled += _answer_from(scope, row, said)
    return handled


def _answer_from(scope: Scope, row: Inbound, said: messages.ReadAnswer) -> int:
    """An answer counts only from the number that was called with this code."""
    attempt = (
        Attempt.objects.filter(
            call__code=said.code, person_id=row.person_id, call__callout__state="open"
        )
        .exclude(role="fallback")
        .order_by("-id")
        .first()
        if row.person_id
        else None
    )
    if attempt is None:
        return 0
    actions.answer(
        scope, attempt.call_id, said.kind, by_message(row), role=attempt.role,
        happened_at=row.received_at,
    )  # fmt: skip
    actions.take_message(scope, row.id, "callout")
    return 1


def newest(scope: Scope) -> int:
    """The id of the newest message; what comes after it is for the next pass."""
    with scope.open():
        return Inbound.objects.order_by("-id").values_list("id", flat=True).first() or 0


def leave_rest(scope: Scope, up_to: int | None = None) -> int:
    """What no room has taken is for a person: it goes to the desk.

    up_to: the newest message that the rooms have had before them in this pass.
    """
    before = {} if up_to is None else {"id__lte": up_to}
    with scope.open():
        rows = list(
            Inbound.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state="new", **before)
            .order_by("id")[:INBOX_BATCH]
        )
        for row in rows:
            known = _("号码不在电话簿") if row.person_id is None else _("内容不明确")
            actions.leave_on_desk(scope, row.id, known)
    return len(rows)
