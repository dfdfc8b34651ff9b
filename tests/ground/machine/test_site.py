"""What a county holds of this machine, told by its facts alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from anlan.ground.machine.site import BOX, DEFAULT_PORTS, Site

PARTS = {"console", "live", "public"}


@pytest.mark.parametrize(("demo", "names"), [(True, PARTS | set(BOX)), (False, PARTS)])
def test_only_a_demonstration_holds_the_ports_of_a_telephone_box(
    demo: bool, names: set[str]
) -> None:
    own = Site(Path("/nowhere"), DEFAULT_PORTS, {"demo": demo})
    assert set(own.listening) == {DEFAULT_PORTS[name] for name in names}
