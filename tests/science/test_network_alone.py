"""The science rooms are usable alone: arrays in, arrays out, no Django, no database."""

from __future__ import annotations

import subprocess
import sys

from numba.core.dispatcher import Dispatcher

from anlan.science.network import (
    assign_kernels,
    clearance_kernels,
    quickest,
    repair_kernels,
    road_kernels,
    staging,
)
from anlan.science.network.warm import warm

ROOMS = ("network", "slopes", "exposure")
SCRIPT = """
import importlib, pkgutil, sys
import anlan.science
for room in {rooms!r}:
    package = importlib.import_module("anlan.science." + room)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(package.__name__ + "." + module.name)
heavy = {{"django", "psycopg", "shapely", "matplotlib", "pandas"}} & set(sys.modules)
sys.exit(" ".join(sorted(heavy)) or 0)
"""


def test_every_model_imports_without_django_or_a_database() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(rooms=ROOMS)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_after_warming_no_kernel_is_left_to_compile() -> None:
    warm()
    rooms = (assign_kernels, clearance_kernels, quickest, repair_kernels, road_kernels, staging)
    kernels = [k for room in rooms for k in vars(room).values() if isinstance(k, Dispatcher)]
    kept = [k for k in kernels if k.targetoptions.get("nogil")]
    assert len(kept) > 8
    assert [k.__name__ for k in kept if not k.signatures] == []
