"""The preview of a file that waits, made again from the county as it stands now."""

from __future__ import annotations

import base64

from anlan.county.workbook.actions import Preview, _plan, _waiting
from anlan.ground.scope import Scope


def preview(scope: Scope, transfer_id: int) -> Preview:
    """The plan of a file that waits; NotFound for somebody else's, Conflict for a settled one."""
    with scope.open():
        transfer = _waiting(scope, transfer_id)
        plan = _plan(scope, base64.b64decode(transfer.content or ""), transfer.name)
        return Preview(transfer.id, transfer.name, plan)
