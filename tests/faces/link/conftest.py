"""A link of the small county with a neighbour that the test plays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def side(county_db: str) -> Any:
    from tests.faces.link.sides import make_side

    return make_side()


@pytest.fixture
def subscribed(side: Any, scope_of: Callable[..., Any]) -> Any:
    """Headcounts every half hour, proposed by the officer and approved by the leader."""
    from tests.faces.link.sides import subscribe

    return subscribe(side, scope_of, "headcount")
