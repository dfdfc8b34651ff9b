"""The bureau as a source, in an evening of July 2024."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def source(county_db: str, owner_sql: Any) -> Any:
    """The bureau as a source, at twenty past ten in the evening of 10 July 2024."""
    from anlan.ground.scope import Scope
    from anlan.rooms.warning import source_actions
    from tests.rooms.warning.test_received import NOW, VALUES

    owner_sql('UPDATE ground_world SET "offset" = %s - clock_timestamp() WHERE id = 0', (NOW,))
    return source_actions.add_source(Scope.for_command("test"), VALUES)
