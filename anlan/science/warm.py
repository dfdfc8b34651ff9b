"""Compiles the kernels of this library beforehand, so that nobody waits when water is coming.

    python -m anlan.science.warm

Flows in: nothing. Flows out: Numba's files beside the modules, made anew where the library's own
text has changed since (Numba looks at one file only, not at those that it calls). The first time
takes about a minute, later under five seconds; whoever must not wait starts it in a process of its
own, at a low priority.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

import numba
import numpy as np

ROOT = Path(__file__).resolve().parent
MARK, LOCK = "kernels.sum", "kernels.lock"
LEAST_PRIORITY = 19


def state() -> str:
    """A sum over the library's text and Numba's version."""
    whole = hashlib.sha256(numba.__version__.encode())
    for path in sorted(ROOT.rglob("*.py")):
        whole.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()


def forget_old() -> bool:
    """Throw away what was compiled from another text. True where something was, or may be, old."""
    mark = ROOT / "__pycache__" / MARK
    if mark.exists() and mark.read_text(encoding="ascii") == state():
        return False
    for kept in ROOT.rglob("__pycache__/*.nb[ic]"):
        kept.unlink(missing_ok=True)
    return True


def warm() -> None:
    """Compile every kernel on the smallest input that reaches it, and keep it."""
    old = forget_old()
    _water()
    _ground()
    from anlan.science.network.warm import warm as network

    network()
    if old:
        (ROOT / "__pycache__").mkdir(exist_ok=True)
        (ROOT / "__pycache__" / MARK).write_text(state(), encoding="ascii")


def _water() -> None:
    from anlan.science.inundation import local_inertial, mend_kernels, shallow_water
    from anlan.science.inundation.sources import GreenAmpt, Rain

    bed = np.linspace(1.0, 0.0, 400)[:, None] * np.ones((1, 600))
    rain = Rain(np.array([0.0, 10.0]), np.array([50.0]))
    for threads in (1, 2):
        flood = local_inertial.start(bed, 30.0, rain=rain, threads=threads)
        local_inertial.advance(flood, 60.0)
    steps = flood._steps
    mend_kernels.give_back(
        0, steps.grid, steps.tiles, steps.ground, steps.pace(1.0), steps.account[0]
    )
    pond = shallow_water.start(bed[:4, :4], 1.0, bed[:4, :4], losses=GreenAmpt(1.0, 0.1, 0.1))
    shallow_water.advance(pond, 0.1)


def _ground() -> None:
    from anlan.science.terrain import waterways

    ways = waterways.route(np.random.default_rng(1).random((9, 9)).astype(np.float32) + 100)
    waterways.basins(ways)
    waterways.stream_order(ways, 2)


def main() -> None:
    """Warm at the lowest priority, unless another process does so already."""
    os.nice(LEAST_PRIORITY)
    place = ROOT / "__pycache__"
    place.mkdir(exist_ok=True)
    with (place / LOCK).open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        warm()


if __name__ == "__main__":
    main()
