"""A confirmed plan whose row 4/40 is unreported past its day, and a unit that can lead it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import COUNTY


@pytest.fixture
def plan(county_db: str) -> Any:
    """The demonstration plan of 2025, confirmed; the machine's clock stands after its year."""
    from anlan.rooms.workplan import actions, demo

    version = actions.import_plan(_command(), demo.document(), demo.NAME, demo=True)
    return actions.confirm(_command(), version.id)


@pytest.fixture
def water(plan: Any) -> int:
    """县水利局 with its duty post; another unit without any."""
    from anlan.county import unit_actions as units
    from anlan.county.models import Post

    unit = units.add_unit(_command(), COUNTY, "县水利局")
    units.add_unit(_command(), COUNTY, "县林业局")
    with _command().open():
        Post.objects.filter(kind="unit_duty").update(unit_id=unit.id)
    return int(unit.id)


def _command() -> Any:
    from anlan.ground.scope import Scope

    return Scope.for_command("test")
