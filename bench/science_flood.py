"""The local inertial flow beside itzi and landlab, and waterways beside pyflwdir, in one run.

    pip install -e ".[bench]"; python -m bench.science_flood [stencil|valley|terrain] [--side 1300]

Rounds take turns, so that a machine that slows down slows all; medians. STREAM's triad is measured
in the same rounds, as the bound of what memory can give.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
from numba import njit, prange

BYTES_A_CELL = 32
STEPS, STEP_S, CELL_M, MANNING = 10, 1.0, 30.0, 0.05


@njit(parallel=True)
def _triad(a: Any, b: Any, c: Any) -> None:
    for i in prange(a.size):
        a[i] = b[i] + 3.0 * c[i]


def valley(side: int) -> tuple[np.ndarray, np.ndarray]:
    """(bed, depth) in m: a rough slope under about a metre of water, all of it wet."""
    y, x = np.mgrid[0:side, 0:side]
    bed = 0.002 * x + 0.5 * np.sin(y / 30.0) + 0.3 * np.sin(x / 17.0)
    return bed, 1.0 + 0.2 * np.sin(x / 40.0) + 0.1 * np.cos(y / 25.0)


def ours(bed: np.ndarray, depth: np.ndarray, threads: int) -> Callable[[], np.ndarray]:
    from anlan.science.inundation import local_inertial as flow

    flood = flow.start(bed, CELL_M, manning=MANNING, depth_m=depth, threads=threads, levels=0)

    def run() -> np.ndarray:
        for _ in range(STEPS):
            flood._steps.round(flood.t_s + STEP_S)
        return flood.depth_m

    return run


def itzi(
    bed: np.ndarray, depth: np.ndarray, steps: int = STEPS, step_s: float = STEP_S
) -> Callable[[], np.ndarray]:
    """Its two kernels on bare arrays, as its own loop calls them (θ 0.9, no routing)."""
    from itzi import flow

    shape = bed.shape[0] + 2, bed.shape[1] + 2
    flows = ["qe", "qs", "qe_new", "qs_new", "hfe", "hfs", "v", "vdir", "vmax", "fr", "hmax"]
    sides = ["dire", "dirs", "bctype", "bcvalue", "bcaccum", "bct", "bcv", "ext", "hfix", "herr"]
    a = {name: np.zeros(shape) for name in flows + sides}
    z, h = np.pad(bed, 1, mode="edge"), np.pad(depth, 1, mode="edge")
    n = np.full(shape, MANNING)

    def run() -> np.ndarray:
        for _ in range(steps):
            flow.solve_q(
                a["dire"], a["dirs"], z, n, h, a["qe"], a["qs"], a["hfe"], a["hfs"], a["bctype"],
                a["bcvalue"], a["qe_new"], a["qs_new"], a["bcaccum"], step_s, CELL_M, CELL_M, 9.81,
                0.9, 1e-4, 0.1, 10.0,
            )  # fmt: skip
            flow.solve_h(
                a["ext"], a["qe_new"], a["qs_new"], a["bct"], a["bcv"], h, a["hmax"], a["hfix"],
                a["herr"], a["hfe"], a["hfs"], a["v"], a["vdir"], a["vmax"], a["fr"], CELL_M,
                CELL_M, step_s, 9.81,
            )  # fmt: skip
            a["qe"], a["qe_new"] = a["qe_new"], a["qe"]
            a["qs"], a["qs_new"] = a["qs_new"], a["qs"]
        return h[1:-1, 1:-1]

    return run


def landlab(
    bed: np.ndarray, depth: np.ndarray, steps: int = STEPS, step_s: float = STEP_S
) -> Callable[[], np.ndarray]:
    from landlab import RasterModelGrid
    from landlab.components import OverlandFlow

    grid = RasterModelGrid(bed.shape, xy_spacing=CELL_M)
    grid.add_field("topographic__elevation", bed.ravel().copy(), at="node")
    grid.add_field("surface_water__depth", depth.ravel().copy(), at="node")
    grid.set_closed_boundaries_at_grid_edges(True, True, True, True)
    model = OverlandFlow(grid, mannings_n=MANNING, theta=0.9, steep_slopes=False)

    def run() -> np.ndarray:
        for _ in range(steps):
            model.run_one_step(dt=step_s)
        return grid.at_node["surface_water__depth"].reshape(bed.shape)

    return run


PEERS: dict[str, Callable[..., Callable[[], np.ndarray]]] = {"itzi": itzi, "landlab": landlab}


def pond(side: int) -> tuple[np.ndarray, np.ndarray]:
    """(bed, depth) in m: a winding valley with a lake of water at its head; a twentieth is wet."""
    y, x = np.mgrid[0:side, 0:side]
    middle = side / 2 + side / 8 * np.sin(x / side * 9)
    bed = 0.004 * (side - x) * CELL_M / 10 + np.abs(y - middle) * 0.35
    head = (x < side / 3) & (np.abs(y - middle) < side / 14)
    return bed, np.where(head, np.maximum(4.0 - np.abs(y - middle) * 0.35, 0.0), 0.0)


def valley_flood(side: int, rounds: int) -> None:
    """Five minutes of that lake running off; error against ours at a quarter of the step."""
    from anlan.science.inundation import local_inertial as flow

    bed, depth = pond(side)
    end_s = 300.0

    def own(**more: Any) -> flow.Flood:
        return flow.advance(flow.start(bed, CELL_M, manning=MANNING, depth_m=depth, **more), end_s)

    exact = own(courant=0.175, levels=0).depth_m
    wet = exact > 0.01
    print(f"wet at the end: {wet.mean():.1%}")
    step_s = 0.7 * CELL_M / (9.81 * depth.max()) ** 0.5
    steps = round(end_s / step_s)
    own()
    took: dict[str, list[float]] = {"ours": []}
    for _ in range(rounds):
        began = time.perf_counter()
        found = own().depth_m
        took["ours"].append(time.perf_counter() - began)
        error = np.sqrt(((found - exact)[wet] ** 2).mean())
        said = {"ours": f"rms {error:.1e} m"}
        for name, peer in PEERS.items():
            if not find_spec(name):
                continue
            run = peer(bed, depth, steps, end_s / steps)
            began = time.perf_counter()
            found = run()
            took.setdefault(name, []).append(time.perf_counter() - began)
            said[name] = f"rms {np.sqrt(((found - exact)[wet] ** 2).mean()):.1e} m"
    for name, own_s in took.items():
        turns = [b / a for a, b in zip(took["ours"], own_s, strict=True)]
        print(
            f"{name}: {statistics.median(own_s):.2f} s, {said[name]}, "
            f"{statistics.median(turns):.1f} × ours (reach: 100)"
        )


def stencil(side: int, rounds: int) -> None:
    """Million cell-steps a second of each, and their ratio to ours by turns."""
    bed, depth = valley(side)
    runs = {"ours, 1 thread": ours(bed, depth, 1), "ours, 2 threads": ours(bed, depth, 2)}
    peers = {name: peer for name, peer in PEERS.items() if find_spec(name)}
    runs |= {name: peer(bed, depth) for name, peer in peers.items()}
    answers = {name: run() for name, run in runs.items()}
    inner = np.s_[20:-20, 20:-20]
    for name in peers:
        apart = np.abs(answers[name][inner] - answers["ours, 1 thread"][inner]).max()
        print(f"{name}: depths within {apart:.1e} m of ours after {STEPS} steps")
    arrays = [np.ones(20_000_000) for _ in range(3)]
    _triad(*arrays)
    rates: dict[str, list[float]] = {name: [] for name in [*runs, "triad GB/s"]}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            rates[name].append(bed.size * STEPS / (time.perf_counter() - began) / 1e6)
        began = time.perf_counter()
        _triad(*arrays)
        rates["triad GB/s"].append(3 * arrays[0].nbytes / (time.perf_counter() - began) / 1e9)
    for name, own in rates.items():
        print(f"{name:16} {statistics.median(own):8.1f}  ({min(own):.1f} to {max(own):.1f})")
    best = rates["ours, 2 threads"]
    for name in peers:
        turns = [a / b for a, b in zip(best, rates[name], strict=True)]
        print(f"ours / {name}: {statistics.median(turns):.1f} × (reach: 30)")
    share = [r * BYTES_A_CELL / 1000 / t for r, t in zip(best, rates["triad GB/s"], strict=True)]
    print(f"share of STREAM at {BYTES_A_CELL} bytes a cell: {statistics.median(share):.2f} (0.60)")


def terrain(side: int, rounds: int) -> None:
    """Fill, direct, accumulate on a made terrain of side × side cells."""
    import pyflwdir
    from pyflwdir.dem import fill_depressions
    from scipy import ndimage

    from anlan.science.terrain import waterways

    rng = np.random.default_rng(3)
    z = np.zeros((side, side))
    for scale in (4, 16, 64, 256):
        part = max(side // scale, 2)
        z += ndimage.zoom(rng.standard_normal((part, part)), side / part, order=1)[:side, :side] * (
            scale**0.8
        )
    z = (z + 500).astype(np.float32)

    def peer() -> np.ndarray:
        filled, direction = fill_depressions(z, nodata=-9999.0)
        pyflwdir.from_array(direction, ftype="d8").upstream_area("cell")
        return np.asarray(filled)

    same = np.array_equal(waterways.route(z).filled_m, peer())
    print(f"{z.size / 1e6:.1f} M cells, filled surfaces the same: {same}")
    turns = []
    for _ in range(rounds):
        began = time.perf_counter()
        waterways.route(z)
        middle = time.perf_counter()
        peer()
        turns.append((middle - began, time.perf_counter() - middle))
    own, other = (statistics.median(column) for column in zip(*turns, strict=True))
    ratio = statistics.median(b / a for a, b in turns)
    print(f"ours {own:.2f} s, pyflwdir {other:.2f} s: {ratio:.2f} × (reach: 3)")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["stencil", "valley", "terrain"])
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--side", type=int)
    parser.add_argument("--terrain-side", type=int)
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    side = options.side or (400 if options.quick else 1300)
    rounds = options.rounds or (2 if options.quick else 5)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    missing = [name for name in (*PEERS, "pyflwdir") if not find_spec(name)]
    if missing:
        print(f"not installed, so not beside us: {', '.join(missing)} (the extra `bench` has them)")
    if options.what in (None, "stencil"):
        stencil(side, rounds)
    if options.what in (None, "valley"):
        valley_flood(side, min(rounds, 3))
    if options.what in (None, "terrain") and find_spec("pyflwdir"):
        terrain(options.terrain_side or (1000 if options.quick else 3162), rounds)


if __name__ == "__main__":
    main()
