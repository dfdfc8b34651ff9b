"""A photo that is one, drawn here, and the day as a form takes it."""

from __future__ import annotations

import io
from datetime import timedelta

from anlan.engines.cases.actions import Sent
from anlan.ground import clock
from anlan.ground.scope import Scope


def photo(tone: int = 90) -> bytes:
    """A small JPEG."""
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (32, 24), (tone, tone, 60)).save(target, "JPEG")
    return target.getvalue()


def sent(name: str = "现场.jpg", tone: int = 90) -> Sent:
    return Sent(photo(tone), name)


def in_days(count: int) -> str:
    """The day so many days from the county's today, as a form writes it."""
    with Scope.for_command("test").open():
        return (clock.local(clock.now()).date() + timedelta(days=count)).isoformat()
