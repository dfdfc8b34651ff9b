"""A made county in the rain: steps by place beside one step for all, members, and cost by size.

    python -m bench.science_county [county|members|sizes] [--side 1300] [--hours 6]

Members run over a process pool, and over Dask where it is installed (`pip install distributed`):
both give the executor that `anlan.science.flood.run` takes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from importlib.util import find_spec

import numpy as np
from scipy import ndimage

from anlan.science import flood
from anlan.science.inundation import local_inertial as flow
from anlan.science.inundation.sources import Rain
from anlan.science.terrain import waterways

CELL_M, MANNING, WET_M = 30.0, 0.05, 0.05
SCALES = (16, 48, 144, 432)


def terrain(side: int, seed: int = 5) -> np.ndarray:
    """Hills of several sizes on a slope, without hollows, in m."""
    rng = np.random.default_rng(seed)
    z = 400 + np.mgrid[0:side, 0:side][1] * 0.2
    for scale in SCALES:
        part = max(side // scale, 2) + 2
        hills = ndimage.zoom(rng.standard_normal((part, part)), side / (part - 2), order=3)
        at = min(scale // 2, hills.shape[0] - side)
        z += hills[at : at + side, at : at + side] * scale * 0.35
    return waterways.route(z.astype(np.float32)).filled_m.astype(float)


def storm() -> Rain:
    return Rain(np.array([0.0, 3600.0, 7200.0]), np.array([40.0, 75.0]))


def rained(bed: np.ndarray, hours: float, levels: int, threads: int) -> tuple[flow.Flood, float]:
    """(a flood that ran, its seconds)."""
    run = flow.start(
        bed, CELL_M, manning=MANNING, rain=storm(), edges=flood.OPEN, levels=levels, threads=threads
    )
    began = time.perf_counter()
    flow.advance(run, hours * 3600)
    return run, time.perf_counter() - began


def county(side: int, hours: float) -> None:
    """One member by place and with one step for all, and how far apart their depths are."""
    bed = terrain(side)
    rained(bed[:64, :64].copy(), 0.1, flow.LEVELS, 1)
    found = {levels: rained(bed, hours, levels, 2) for levels in (flow.LEVELS, 0)}
    for levels, (run, took) in found.items():
        name = "by place" if levels else "one step for all"
        print(
            f"{name}: {took:.1f} s (reach at 1300, 6 h: 15), {run.steps} substeps, "
            f"{run.cell_steps / 1e6:.0f} M cell-steps, balance error {run.balance.error:.1e}"
        )
    one, place = (found[levels][0].record.deepest_m for levels in (0, flow.LEVELS))
    wet = np.maximum(one, place) > WET_M
    near = (np.abs(one - place)[wet] < 0.02).mean()
    print(f"deepest within 2 cm in {near:.2%} of wet cells (reach: 99), {wet.mean():.1%} wet")


def executors(processes: int) -> Iterator[tuple[str, Executor]]:
    """The executors at hand, each of so many processes, one after the other."""
    with ProcessPoolExecutor(processes) as pool:
        yield "pool", pool
    if find_spec("distributed"):
        from distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=":0") as near,
            Client(near) as client,
            client.get_executor() as executor,
        ):
            yield "dask", executor


def members(side: int, hours: float, count: int) -> None:
    """The same members at one process and at two."""
    bed = terrain(side)
    drawn = [flood.Member(storm(), n) for n in np.linspace(0.04, 0.08, count)]
    took: dict[str, list[float]] = {}
    for processes in (1, 2):
        for name, executor in executors(processes):
            flood.run(bed[:64, :64].copy(), CELL_M, drawn, 0.1, executor=executor)
            began = time.perf_counter()
            flood.run(bed, CELL_M, drawn, hours, executor=executor)
            took.setdefault(name, []).append(time.perf_counter() - began)
    for name, (one, two) in took.items():
        share = one / two / 2
        print(
            f"{count} members, {name}: {one:.1f} s at 1, {two:.1f} s at 2: {share:.0%} (reach: 85)"
        )


def sizes(side: int) -> None:
    """An hour of rain at 1, 4, 16 and 64 times the cells."""
    for factor in (1, 2, 4, 8):
        bed = terrain(side * factor)
        run, took = rained(bed, 1.0, flow.LEVELS, 1)
        print(
            f"{bed.size / 1e6:6.2f} M cells: {took:6.2f} s, {took / bed.size * 1e6:.2f} µs a cell, "
            f"{run.steps} substeps"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["county", "members", "sizes"])
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--side", type=int)
    parser.add_argument("--hours", type=float)
    parser.add_argument("--members", type=int)
    options = parser.parse_args()
    side = options.side or (300 if options.quick else 1300)
    hours = options.hours or (1.0 if options.quick else 6.0)
    count = options.members or (4 if options.quick else 20)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    if options.what in (None, "county"):
        county(side, hours)
    if options.what in (None, "members"):
        members(side, hours, count)
    if options.what in (None, "sizes"):
        sizes(100 if options.quick else 160)


if __name__ == "__main__":
    main()
