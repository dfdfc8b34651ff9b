"""A flood as a range: members that differ in what nobody knows, run side by side.

Flows in: a bed, storms (one a member), roughness with its range. Flows out: for each cell the depth
that half and nine in ten members stay under, the share of members over a threshold, and when it is
first passed. Any `concurrent.futures` executor runs the members.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput
from anlan.science.inundation import local_inertial
from anlan.science.inundation.local_inertial import Edges
from anlan.science.inundation.sources import GreenAmpt, Rain

MEMBERS_MAX = 1000
OPEN = Edges(0.001, 0.001, 0.001, 0.001)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Member:
    """What one member assumes."""

    rain: Rain
    manning: float
    losses: GreenAmpt | None = None


@dataclass(frozen=True)
class Outcome:
    """What one member found: arrays (rows, columns) and its water balance error."""

    deepest_m: NDArray[np.float32]
    arrival_s: NDArray[np.float32]
    fastest_m_s: NDArray[np.float32]
    hazard: NDArray[np.float32]
    balance_error: float


@dataclass(frozen=True)
class Ranges:
    """depth_p50_m, depth_p90_m; probability of passing the threshold; the early (one in ten) and
    the middle arrival in s among members that arrive, nan where none does.
    """

    depth_p50_m: Array
    depth_p90_m: Array
    probability: Array
    arrival_early_s: Array
    arrival_middle_s: Array
    hazard_p90: Array
    members: int
    worst_balance_error: float


def run_member(
    bed_m: Array, cell_m: float, member: Member, hours: float, threshold_m: float, edges: Edges
) -> Outcome:
    """One member from dry ground to `hours`. Raises RunStopped as the flow does."""
    flood = local_inertial.start(
        bed_m, cell_m, manning=member.manning, rain=member.rain, losses=member.losses, edges=edges,
        threshold_m=threshold_m,
    )  # fmt: skip
    local_inertial.advance(flood, hours * 3600)
    kept = flood.record
    return Outcome(
        kept.deepest_m, kept.arrival_s, kept.fastest_m_s, kept.hazard, flood.balance.error
    )


def run(
    bed_m: Array,
    cell_m: float,
    members: Sequence[Member],
    hours: float,
    *,
    threshold_m: float = 0.3,
    edges: Edges = OPEN,
    executor: Executor | None = None,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Ranges:
    """All members, and what they say together. told: called after each with (done, all)."""
    if not 1 <= len(members) <= MEMBERS_MAX:
        raise BadInput("members", f"{len(members)} members: 1 to {MEMBERS_MAX}")
    if not 0 < hours <= 240:
        raise BadInput("hours", f"{hours} h is outside 0 to 240")
    given = [(bed_m, cell_m, member, hours, threshold_m, edges) for member in members]
    found: list[Outcome] = []
    if executor is None:
        for one in given:
            found.append(run_member(*one))
            told(len(found), len(given))
    else:
        for waiting in [executor.submit(run_member, *one) for one in given]:
            found.append(waiting.result())
            told(len(found), len(given))
    return together(found, threshold_m)


def together(found: Sequence[Outcome], threshold_m: float) -> Ranges:
    """The range over members. Its order does not matter."""
    depth = np.stack([one.deepest_m for one in found]).astype(float)
    arrival = np.stack([one.arrival_s for one in found]).astype(float)
    hazard = np.stack([one.hazard for one in found]).astype(float)
    none = np.isnan(arrival).all(axis=0)
    late = np.where(none[None], 0.0, arrival)
    early, middle = np.nanquantile(late, [0.1, 0.5], axis=0)
    half, nine = np.quantile(depth, [0.5, 0.9], axis=0)
    return Ranges(
        half,
        nine,
        (depth > threshold_m).mean(axis=0),
        np.where(none, np.nan, early),
        np.where(none, np.nan, middle),
        np.quantile(hazard, 0.9, axis=0),
        len(found),
        max(abs(one.balance_error) for one in found),
    )
