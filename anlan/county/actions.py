"""All writes of people, posts, who holds them, and rosters, under one name. Accounts: `accounts`.

Units and divisions are changed in `unit_actions` and `division_actions`, whole workbooks in
`workbook.actions`.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.county.holding_actions import (
    hold,
    vacate,
)
from anlan.county.models import Division
from anlan.county.person_actions import (
    add_person,
    change_number,
    edit_person,
    end_person,
    name_fields,
    number_fields,
    reveal_number,
)
from anlan.county.post_actions import (
    add_post,
    edit_post,
    end_post,
    post_kind,
)
from anlan.county.roster_actions import (
    add_shift,
    cancel_shift,
    edit_shift,
)
from anlan.ground.errors import NotFound

DEMO_PREFIX = "100"

__all__ = [
    "DEMO_PREFIX",
    "add_person",
    "add_post",
    "add_shift",
    "cancel_shift",
    "change_number",
    "division_row",
    "edit_person",
    "edit_post",
    "edit_shift",
    "end_person",
    "end_post",
    "hold",
    "name_fields",
    "number_fields",
    "post_kind",
    "reveal_number",
    "vacate",
]


def division_row(code: int) -> Division:
    """The division; NotFound where the county has none of this code."""
    found = Division.objects.filter(pk=code).first()
    if found is None:
        raise NotFound("division-unknown", _("没有这个区划代码"), str(code))
    return found
