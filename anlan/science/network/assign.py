"""Which shelter each household goes to: whole households, least time, no bed given twice.

Flows in: households (people, beds on the ground floor, medical places, seats), their choices (a
shelter, seconds to it, whether a vehicle is needed) and what each shelter has. Flows out: a choice
for every household, the people left over, and a bound that no plan can beat, so that each plan
carries its own proof of how good it is. Card: docs/models/network-assignment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check
from anlan.science.network import assign_kernels as kernels
from anlan.science.network import repair_kernels as repair

HOUSEHOLDS_MAX = 5_000_000
SHELTERS_MAX = 32_000
CHOICES_MAX = 100
PEOPLE_MAX = 10_000
COST_S_MAX = 1e6
# The least rise of a price as a share of the typical cost: smaller is nearer the optimum, slower.
RISE_SHARE = 0.015
# Being left over costs this many times the dearest choice.
LEFT_OVER_TIMES = 20.0
STEPS_A_SHELTER_MAX = 60
SEARCHES_MAX = 2_000
KEEP_RISES = 4.0
SWEEPS = 2

HOUSEHOLD_FIELDS = (
    Field("people", "persons", ("households",), 1, PEOPLE_MAX, whole=True),
    Field("ground", "beds", ("households",), 0, PEOPLE_MAX, whole=True),
    Field("medical", "places", ("households",), 0, PEOPLE_MAX, whole=True),
    Field("seats", "seats", ("households",), 0, PEOPLE_MAX, whole=True),
)
CHOICE_FIELDS = (
    Field("shelter", "index, -1 none", ("households", "choices"), -1, SHELTERS_MAX - 1, whole=True),
    Field("cost_s", "s a person", ("households", "choices"), 0, COST_S_MAX),
    Field("rides", "0 or 1", ("households", "choices"), 0, 1, whole=True),
)
SHELTER_FIELDS = (
    Field("beds", "beds", ("shelters",), 0, 1e9, whole=True),
    Field("ground", "beds", ("shelters",), 0, 1e9, whole=True),
    Field("medical", "places", ("shelters",), 0, 1e9, whole=True),
    Field("seats", "seats", ("shelters",), 0, 1e9, whole=True),
)
PLAN_FIELDS = (
    Field("choice", "index, -1 left over", ("households",), -1, CHOICES_MAX - 1, whole=True),
    Field("shelter", "index, -1 left over", ("households",), -1, SHELTERS_MAX - 1, whole=True),
    Field("used", "units", ("shelters", "resources"), 0, 1e9, whole=True),
    Field("price_s", "s a unit", ("shelters", "resources"), 0, COST_S_MAX * LEFT_OVER_TIMES),
)


@dataclass(frozen=True)
class Problem:
    """Checked arrays, households sorted by their first choice so that neighbours lie together."""

    order: NDArray[np.int64]
    cost: NDArray[np.float32]
    shelter: NDArray[np.int16]
    rides: NDArray[np.uint8]
    use: NDArray[np.int16]
    plain: NDArray[np.uint8]
    supply: NDArray[np.float64]
    left_over_s: float

    @property
    def rise_s(self) -> float:
        """The least rise of a price, s a person."""
        first = self.cost[:, 0][self.shelter[:, 0] >= 0]
        return max(float(np.median(first)) * RISE_SHARE, 1e-3) if first.size else 1.0


@dataclass(frozen=True)
class Plan:
    """Who goes where, in the order of the households given.

    choice, shelter: -1 where left over; used: units of each resource taken (beds, ground, medical,
    seats); price_s: what one more unit would save; cost_person_s: Σ people × seconds of those
    placed; bound_person_s: no plan, even one that splits households, costs less with everybody
    placed (eq. 4); moved: households sent elsewhere than by the plan this one began with.
    """

    choice: NDArray[np.int8]
    shelter: NDArray[np.int32]
    used: NDArray[np.int64]
    price_s: NDArray[np.float64]
    cost_person_s: float
    bound_person_s: float
    people_left_over: int
    steps: int
    moved: int

    @property
    def gap(self) -> float:
        """How far above the bound the plan may be, as a share; nan while people are left over."""
        if self.people_left_over:
            return float("nan")
        return self.cost_person_s / self.bound_person_s - 1 if self.bound_person_s > 0 else 0.0


def problem(
    *,
    people: ArrayLike,
    shelter: ArrayLike,
    cost_s: ArrayLike,
    beds: ArrayLike,
    ground: ArrayLike = 0,
    medical: ArrayLike = 0,
    seats: ArrayLike = 0,
    rides: ArrayLike = 0,
    shelter_ground: ArrayLike | None = None,
    shelter_medical: ArrayLike | None = None,
    shelter_seats: ArrayLike | None = None,
) -> Problem:
    """Check and arrange what a plan is made from. Fields as declared above; raises BadInput.

    people, ground, medical, seats: of each household (beds it needs, of these on the ground floor,
    of these with care, and seats where its choice `rides`). shelter_…: what each shelter has; left
    out means as many as its beds.
    """
    lengths: dict[str, int] = {}
    n, k = np.shape(shelter) if np.ndim(shelter) == 2 else (0, 0)
    if not (0 < n <= HOUSEHOLDS_MAX and 0 < k <= CHOICES_MAX):
        raise BadInput("shelter-shape", f"choices must be (households, choices), not {n} × {k}")
    homes = {"people": people, "ground": ground, "medical": medical, "seats": seats}
    home = check(HOUSEHOLD_FIELDS, {f: _spread(v, n) for f, v in homes.items()}, lengths)
    rows = {"shelter": shelter, "cost_s": _closed(cost_s, shelter), "rides": _spread(rides, n, k)}
    row = check(CHOICE_FIELDS, rows, lengths)
    given = {"ground": shelter_ground, "medical": shelter_medical, "seats": shelter_seats}
    stock = {"beds": beds, **{f: beds if v is None else v for f, v in given.items()}}
    has = check(SHELTER_FIELDS, stock, lengths)
    _fit(home, row, lengths["shelters"])
    return _arrange(home, row, np.stack([has[f.name] for f in SHELTER_FIELDS], axis=1))


def _spread(value: ArrayLike, *shape: int) -> NDArray[Any]:
    array = np.asarray(value)
    return np.broadcast_to(array, shape) if array.ndim == 0 else array


def _closed(cost_s: ArrayLike, shelter: ArrayLike) -> NDArray[Any]:
    """Costs with 0 where there is no choice, so that an infinite time there is no error."""
    cost = np.asarray(cost_s)
    return np.where(np.asarray(shelter) < 0, 0.0, cost) if cost.shape == np.shape(shelter) else cost


def _fit(home: dict[str, Any], row: dict[str, Any], shelters: int) -> None:
    if shelters > SHELTERS_MAX or (row["shelter"] >= shelters).any():
        raise BadInput(
            "shelter-index", f"a choice names shelter {row['shelter'].max()} of {shelters}"
        )
    for need in ("ground", "medical", "seats"):
        if (home[need] > home["people"]).any():
            where = int(np.argmax(home[need] > home["people"]))
            raise BadInput(
                f"{need}-people", f"household {where} needs more {need} than it has people"
            )


def _arrange(home: dict[str, Any], row: dict[str, Any], supply: NDArray[Any]) -> Problem:
    order = np.argsort(row["shelter"][:, 0], kind="stable")
    use = np.stack([home[f.name] for f in HOUSEHOLD_FIELDS], axis=1).astype(np.int16)
    cost, shelter, rides, use = kernels.gather(
        order, row["cost_s"].astype(np.float32), row["shelter"].astype(np.int16),
        row["rides"].astype(np.uint8), use,
    )  # fmt: skip
    plain = (use[:, 1] == 0) & (use[:, 2] == 0) & ((use[:, 3] == 0) | ~rides.any(axis=1))
    left_over_s = LEFT_OVER_TIMES * max(float(cost.max()), 1.0)
    return Problem(
        order, cost, shelter, rides, use, plain.astype(np.uint8), supply.astype(np.float64),
        left_over_s,
    )  # fmt: skip


def assign(given: Problem) -> Plan:
    """The plan from nothing: prices rise from zero until no shelter is over a limit."""
    work = _Work(given)
    price = np.zeros_like(given.supply)
    kernels.seat_at_best(
        given.cost, given.shelter, given.rides, given.use, given.plain, price,
        given.left_over_s, work.at, work.room, work.head, work.after, work.before,
    )  # fmt: skip
    steps = _settle(given, work, price)
    return _plan(given, work, price, steps, None)


def replan(given: Problem, before: Plan) -> Plan:
    """The plan after something changed (a road cut, a shelter closed), begun at the old one.

    Households keep their choice unless it is gone, or another became cheaper at the old prices by
    more than a few least rises. Prices only rise: after many re-plans in a row the gap grows, and
    `assign` begins afresh.
    """
    if before.choice.shape != given.order.shape or before.price_s.shape != given.supply.shape:
        raise BadInput("plan-shape", "the old plan is of other households or shelters")
    work = _Work(given)
    price = before.price_s.copy()
    work.at[:] = _same_shelter(given, before)
    kernels.keep_or_move(
        KEEP_RISES * given.rise_s, given.cost, given.shelter, given.rides, given.use, given.plain,
        price, given.left_over_s, work.at,
    )  # fmt: skip
    repair.relink(
        work.at, given.shelter, given.rides, given.use, work.room, work.head, work.after,
        work.before,
    )  # fmt: skip
    steps = _settle(given, work, price)
    return _plan(given, work, price, steps, before)


def _same_shelter(given: Problem, before: Plan) -> NDArray[np.int8]:
    """The choice that leads where the old plan sent each household: the same column if it still
    does, else the first that does, else -1 (choices may come in another order after a cut)."""
    old, column = before.shelter[given.order], before.choice[given.order]
    at = np.clip(column, 0, given.shelter.shape[1] - 1).astype(np.int64)
    stays = np.take_along_axis(given.shelter, at[:, None], 1)[:, 0] == old
    leads = given.shelter == old[:, None]
    found = np.where(stays, at, np.where(leads.any(axis=1), leads.argmax(axis=1), -1))
    return np.where(old >= 0, found, -1).astype(np.int8)


class _Work:
    """Where each household is, the lists of members, the room left."""

    def __init__(self, given: Problem):
        households, shelters = given.order.size, len(given.supply)
        self.at = np.full(households, -1, np.int8)
        self.room = given.supply.copy()
        self.head = np.full(shelters, -1, np.int32)
        self.after = np.full(households, -1, np.int32)
        self.before = np.full(households, -1, np.int32)


def _settle(given: Problem, work: _Work, price: NDArray[np.float64]) -> int:
    """Forward steps, then what is left: turn out, chains, room that saves time."""
    places = (work.at, work.room, work.head, work.after, work.before)
    fixed = (given.cost, given.shelter, given.rides, given.use)
    steps = kernels.forward(
        STEPS_A_SHELTER_MAX * len(price), given.rise_s, *fixed, given.plain, price,
        given.left_over_s, *places,
    )  # fmt: skip
    repair.turn_out(work.at, *fixed[1:], *places[1:])
    left = np.flatnonzero(work.at < 0)
    if left.size:
        largest_first = left[np.argsort(-given.use[left, 0].astype(np.int64), kind="stable")]
        repair.place_left_over(largest_first[:SEARCHES_MAX], *fixed, *places)
    repair.use_room(SWEEPS, *fixed, *places)
    return int(steps)


def _plan(
    given: Problem, work: _Work, price: NDArray[np.float64], steps: int, before: Plan | None
) -> Plan:
    bound = kernels.bound(
        given.cost, given.shelter, given.rides, given.use, given.plain, price, given.supply,
        given.left_over_s,
    )  # fmt: skip
    people = given.use[:, 0].astype(np.int64)
    placed = np.flatnonzero(work.at >= 0)
    chosen = work.at[placed]
    cost = float((given.cost[placed, chosen].astype(np.float64) * people[placed]).sum())
    choice = np.empty_like(work.at)
    choice[given.order] = work.at
    shelter = np.full(choice.size, -1, np.int32)
    shelter[given.order[placed]] = given.shelter[placed, chosen]
    moved = 0 if before is None else int((shelter != before.shelter).sum())
    return Plan(
        choice, shelter, (given.supply - work.room).astype(np.int64), price, cost, bound,
        int(people.sum() - people[placed].sum()), steps, moved,
    )  # fmt: skip
