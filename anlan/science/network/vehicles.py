"""Who is fetched by what: trips of a fleet, until everybody who needs a seat has had one.

Flows in: groups (people, minutes there and back), vehicles (seats, when free). Flows out: a list of
trips, when each group is away, and a bound that no fleet order beats. Longest work first
(Graham 1969, doi:10.1137/0117039). Card: docs/models/network-assignment.md, "Vehicles".
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

TRIPS_MAX = 1_000_000

GROUP_FIELDS = (
    Field("people", "persons", ("groups",), 0, 1e6, whole=True),
    Field("there_s", "s", ("groups",), 0, 86_400),
    Field("back_s", "s", ("groups",), 0, 86_400),
)
FLEET_FIELDS = (
    Field("seats", "seats", ("vehicles",), 1, 500, whole=True),
    Field("free_s", "s", ("vehicles",), 0, 604_800),
)


@dataclass(frozen=True)
class Trips:
    """One row a trip: vehicle, group, people, begin_s; away_s: when each group's last trip arrives
    (0 for an empty group); done_s: the last of them; bound_s: no order of trips ends earlier."""

    vehicle: NDArray[np.int64]
    group: NDArray[np.int64]
    people: NDArray[np.int64]
    begin_s: NDArray[np.float64]
    away_s: NDArray[np.float64]
    done_s: float
    bound_s: float


def trips(
    people: ArrayLike, there_s: ArrayLike, back_s: ArrayLike, seats: ArrayLike, free_s: ArrayLike
) -> Trips:
    """Trips in which the vehicle that is free first takes the group with most work left.

    Raises BadInput; also where more than TRIPS_MAX trips would be needed.
    """
    group = check(GROUP_FIELDS, {"people": people, "there_s": there_s, "back_s": back_s})
    fleet = check(FLEET_FIELDS, {"seats": seats, "free_s": free_s})
    if not fleet["seats"].size:
        raise BadInput("seats-none", "a fleet needs one vehicle or more")
    left = group["people"].astype(np.int64).copy()
    if left.sum() / int(fleet["seats"].min()) > TRIPS_MAX:
        raise BadInput("trips", f"{left.sum()} people would need over {TRIPS_MAX:,} trips")
    round_s = group["there_s"].astype(float) + group["back_s"]
    away = np.zeros(left.size)
    waiting = [(float(t), int(v)) for v, t in enumerate(fleet["free_s"])]
    heapq.heapify(waiting)
    rows: list[tuple[int, int, int, float]] = []
    while left.any():
        now, v = heapq.heappop(waiting)
        g = int(np.argmax(left * (round_s + 1.0)))
        took = min(int(left[g]), int(fleet["seats"][v]))
        rows.append((v, g, took, now))
        left[g] -= took
        away[g] = max(away[g], now + round_s[g])
        heapq.heappush(waiting, (now + round_s[g], v))
    table = np.array(rows, float).reshape(-1, 4)
    return Trips(
        table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2].astype(np.int64),
        table[:, 3], away, float(away.max(initial=0.0)), _bound_s(group, round_s, fleet),
    )  # fmt: skip


def _bound_s(
    group: dict[str, NDArray[np.int64]], round_s: NDArray[np.float64], fleet: dict[str, NDArray]
) -> float:
    """Seat-seconds needed over seats at hand from the moment each is free, and the longest trip."""
    needed = float((group["people"] * round_s).sum())
    if needed == 0:
        return 0.0
    order = np.argsort(fleet["free_s"], kind="stable")
    free, seats = fleet["free_s"][order].astype(float), np.cumsum(fleet["seats"][order])
    done = needed + np.cumsum(fleet["seats"][order] * free)
    spread = float(np.min(done / seats))
    longest = float(round_s[group["people"] > 0].max() + free[0])
    return max(spread, longest)
