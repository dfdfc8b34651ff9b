from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def declare_as(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Declare one indicator `t.x` instead of the shipped ones, wherever it is asked for."""
    from anlan.engines.indicators import compute, declare

    def use(found: dict[str, Any]) -> str:
        for module in (declare, compute):
            monkeypatch.setattr(module, "declared", lambda: {"t.x": found})
        return "t.x"

    return use
