"""What is to be told, before it has a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """due_at: the turn that it is for. key: what it tells, where that leaves only once."""

    body: dict[str, Any]
    due_at: datetime
    key: str = ""
