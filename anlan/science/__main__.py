"""python -m anlan.science flood DEM --rain …: depths, arrivals and probabilities, and a picture.

--rain 254.6/24h            so much in so long: members draw their courses
--rain 254.6/24h,75.8/1h    and so much in the worst hour
--rain 20a/3h               a Chicago storm of the county's formula, once in 20 years
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from anlan.science import flood, grids
from anlan.science.errors import BadInput, ScienceError
from anlan.science.inundation.sources import GreenAmpt, Rain
from anlan.science.rain import ensembles, storm
from anlan.science.terrain import shape, waterways

MANNING_SPREAD = 0.25
DEPTH = re.compile(r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)h")
YEARS = re.compile(r"(\d+(?:\.\d+)?)a/(\d+(?:\.\d+)?)h")
AFTER_H = 2.0


def storms(text: str, members: int, seed: int) -> list[Rain]:
    """One storm a member from what --rain says. Raises BadInput."""
    designed = YEARS.fullmatch(text)
    if designed:
        minutes = round(float(designed[2]) * 60)
        blocks = storm.chicago_mm(storm.DIANJIANG, float(designed[1]), minutes, 5)
        return [_rain(blocks, 300.0)] * members
    parts = [DEPTH.fullmatch(part) for part in text.split(",")]
    if not all(parts) or len(parts) > 2:
        raise BadInput("rain", f"--rain {text!r}: write 254.6/24h, 254.6/24h,75.8/1h or 20a/3h")
    whole, hours = float(parts[0][1]), int(float(parts[0][2]))  # type: ignore[index]
    if len(parts) == 1:
        return [_rain(np.full(hours, whole / hours), 3600.0)] * members
    if float(parts[1][2]) != 1.0:  # type: ignore[index]
        raise BadInput("rain", f"--rain {text!r}: the second part is of one hour")
    hour = float(parts[1][1])  # type: ignore[index]
    courses = ensembles.consistent_hours_mm(whole, hour, members, seed, hours)
    return [_rain(course, 3600.0) for course in courses]


def _rain(blocks_mm: np.ndarray, step_s: float) -> Rain:
    times = np.arange(len(blocks_mm) + 1, dtype=np.float64) * step_s
    return Rain(times, blocks_mm * 3600 / step_s)


def draw(options: argparse.Namespace) -> list[flood.Member]:
    """The members: storms, and roughness drawn evenly within ± MANNING_SPREAD."""
    rng = np.random.default_rng([options.seed, 1])
    losses = GreenAmpt(options.soak_mm_h, 0.1, 0.2) if options.soak_mm_h else None
    rough = options.manning * (1 + MANNING_SPREAD * rng.uniform(-1, 1, options.members))
    rains = storms(options.rain, options.members, options.seed)
    return [flood.Member(rain, float(n), losses) for rain, n in zip(rains, rough, strict=True)]


def run(options: argparse.Namespace) -> None:
    """Read, run, write; one line for each file on standard output."""
    grid = grids.read(options.dem, options.cell)
    bed = waterways.checked(grid.values.astype(np.float32), None).astype(float)
    if np.isnan(bed).any():
        raise BadInput("no-data", f"{options.dem} has holes: fill or cut them before a run")
    members = draw(options)
    hours = options.hours or members[0].rain.time_s[-1] / 3600 + AFTER_H
    with ProcessPoolExecutor(min(options.processes, len(members))) as pool:
        ranges = flood.run(
            bed, grid.cell_m, members, hours, threshold_m=options.threshold, executor=pool,
            told=_progress,
        )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    for name in ("depth_p50_m", "depth_p90_m", "probability", "arrival_early_s",
                 "arrival_middle_s", "hazard_p90"):  # fmt: skip
        grids.write(options.out / f"{name}.asc", grid, getattr(ranges, name))
        print(options.out / f"{name}.asc")
    shade = shape.hillshade(bed, grid.cell_m)
    grids.write_png(options.out / "depth.png", grids.depth_picture(shade, ranges.depth_p90_m))
    print(options.out / "depth.png")
    wet = float((ranges.probability > 0.5).mean())
    print(
        f"{ranges.members} members, {hours:g} h; over {options.threshold} m in half of them: "
        f"{wet:.1%} of the area; deepest {ranges.depth_p50_m.max():.2f} m (half), "
        f"{ranges.depth_p90_m.max():.2f} m (nine in ten); water balance within "
        f"{ranges.worst_balance_error:.1e}",
        file=sys.stderr,
    )


def _progress(done: int, whole: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{whole}", end="\n" if done == whole else "", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Exit 0 done, 2 refused."""
    parser = argparse.ArgumentParser(prog="python -m anlan.science")
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("flood", help="rain on a terrain: depths, arrivals, probabilities")
    one.add_argument("dem", type=Path, help="ESRI ASCII grid in m, or .npy with --cell")
    one.add_argument("--rain", required=True, help="254.6/24h,75.8/1h or 20a/3h")
    one.add_argument("--cell", type=float, help="cell size in m, for .npy")
    one.add_argument("--out", type=Path, default=Path("flood"))
    one.add_argument("--members", type=int, default=20)
    one.add_argument("--hours", type=float, help="default: the storm and two hours more")
    one.add_argument("--manning", type=float, default=0.06)
    one.add_argument("--soak-mm-h", type=float, default=0.0, help="what soaks in, mm/h")
    one.add_argument("--threshold", type=float, default=0.3, help="m")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    one.set_defaults(run=run)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except ScienceError as refusal:
        print(f"{refusal.code}: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
