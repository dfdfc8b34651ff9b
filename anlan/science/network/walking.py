"""On foot: how long a way takes whom, and which helper fetches whom.

Flows in: ways (length, slope), the slowest walker of each household, helpers and how many
households each can fetch. Flows out: seconds on foot, who is fetched by whom and in which order,
when each household sets out. Card: docs/models/network-walking.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check
from anlan.science.network.assign import Plan, assign, problem

LEVEL_M_S = 1.4
SLOPE_MAX = 2.0

WAY_FIELDS = (
    Field("length_m", "m", ("ways",), 0, 200_000),
    Field("slope", "rise a run, + is up", ("ways",), -SLOPE_MAX, SLOPE_MAX),
)
FETCH_FIELDS = (
    Field("candidate", "helper, -1 none", ("households", "choices"), -1, 31_999, whole=True),
    Field("reach_s", "s", ("households", "choices"), 0, 1e6),
    Field("capacity", "households", ("helpers",), 0, 100, whole=True),
)


def tobler(slope: ArrayLike) -> NDArray[np.float64]:
    """Speed on a slope as a share of the speed on the level: exp(-3.5 |S + 0.05|) / exp(-0.175).

    Tobler 1993; fitted to fit walkers on paths, fastest gently downhill.
    """
    s = np.asarray(slope, np.float64)
    return np.exp(-3.5 * np.abs(s + 0.05)) / np.exp(-3.5 * 0.05)


def walk_s(
    length_m: ArrayLike, slope: ArrayLike, speed_m_s: ArrayLike = LEVEL_M_S
) -> NDArray[np.float64]:
    """Seconds for each way at a level speed (the slowest of the household). Raises BadInput."""
    ok = check(WAY_FIELDS, {"length_m": length_m, "slope": slope})
    speed = np.asarray(speed_m_s, np.float64)
    if not ((speed > 0.05) & (speed <= 5)).all():
        raise BadInput("speed", "walking speed must be within 0.05 to 5 m/s")
    return ok["length_m"] / (speed * tobler(ok["slope"]))


@dataclass(frozen=True)
class Fetching:
    """helper: of each household (-1 none is left); turn: 0 is the first that a helper fetches;
    ready_s: when the helper stands at the door; plan: the assignment behind it."""

    helper: NDArray[np.int32]
    turn: NDArray[np.int32]
    ready_s: NDArray[np.float64]
    plan: Plan


def fetch(
    candidate: ArrayLike, reach_s: ArrayLike, capacity: ArrayLike, *, to_safety_s: ArrayLike
) -> Fetching:
    """Who fetches whom, least total time to the doors.

    candidate, reach_s (households, choices): helpers at hand and their seconds to the door;
    capacity: households a helper can fetch, one after another; to_safety_s: of each household with
    its helper, out and (for the helper) back again. Raises BadInput.
    """
    ok = check(
        FETCH_FIELDS,
        {"candidate": candidate, "reach_s": reach_s, "capacity": capacity},
    )
    households = len(ok["candidate"])
    back = np.asarray(to_safety_s, np.float64)
    if back.shape != (households,) or not ((back >= 0) & (back <= 1e6)).all():
        raise BadInput("to_safety_s-range", "to_safety_s: one time of 0 to 1,000,000 s a household")
    plan = assign(
        problem(
            people=np.ones(households, np.int64), shelter=ok["candidate"], cost_s=ok["reach_s"],
            beds=ok["capacity"],
        )
    )  # fmt: skip
    turn, ready = np.full(households, -1, np.int32), np.full(households, np.nan)
    reach = np.take_along_axis(ok["reach_s"], np.maximum(plan.choice, 0)[:, None], 1)[:, 0]
    free_s: dict[int, float] = {}
    served: dict[int, int] = {}
    for h in np.lexsort((np.arange(households), reach)):
        who = int(plan.shelter[h])
        if who < 0:
            continue
        ready[h] = free_s.get(who, 0.0) + reach[h]
        turn[h] = served.get(who, 0)
        served[who] = int(turn[h]) + 1
        free_s[who] = ready[h] + 2 * back[h]
    return Fetching(plan.shelter, turn, ready, plan)
