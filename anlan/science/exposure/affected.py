"""Who is affected and who is to move: one definition, by probability over the members.

Flows in: depth and speed at each place in each member, people, a definition. Flows out: how likely
each place is reached, who is to move, and how many people that is, as a range over members.
(1) reached in a member: d ≥ depth_m, or d v ≥ product_m2_s where d ≥ wet_m
(2) p = weighted share of members in which it is reached; affected: p ≥ affected_p; to move:
    p ≥ move_p
Whoever is to move is affected. Card: docs/models/exposure-affected.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

MEMBERS_MAX = 1000
FIELDS = (
    Field("depth_m", "m", ("members", "places"), 0, 100),
    Field("speed_m_s", "m/s", ("members", "places"), 0, 50),
    Field("people", "persons", ("places",), 0, 1e6, whole=True),
)
OUT_FIELDS = (
    Field("probability", "1", ("places",), 0, 1),
    Field("reached_people", "persons", ("members",), 0, 1e9, whole=True),
)


@dataclass(frozen=True)
class Definition:
    """What counts as reached (eq. 1), and how sure one must be (eq. 2).

    affected_p and move_p: shares over 0 up to 1. move_p at or above affected_p, so that
    nobody moves who is not affected.
    """

    depth_m: float = 0.3
    product_m2_s: float = 0.3
    wet_m: float = 0.05
    affected_p: float = 0.1
    move_p: float = 0.3

    def __post_init__(self) -> None:
        if not (0 < self.wet_m <= self.depth_m and self.product_m2_s > 0):
            raise BadInput("definition", "0 < wet_m ≤ depth_m, and product_m2_s over 0")
        if not 0 < self.affected_p <= self.move_p <= 1:
            raise BadInput("definition-p", "0 < affected_p ≤ move_p ≤ 1")


@dataclass(frozen=True)
class Exposure:
    """By place: probability, affected, to_move. By member: reached_people. Of these low, middle
    and high are the 10 %, 50 % and 90 % of the members (by weight); people_to_move is one
    figure."""

    probability: NDArray[np.float64]
    affected: NDArray[np.bool_]
    to_move: NDArray[np.bool_]
    reached_people: NDArray[np.int64]
    low: int
    middle: int
    high: int
    people_affected: int
    people_to_move: int


def reached(by: Definition, depth_m: ArrayLike, speed_m_s: ArrayLike) -> NDArray[np.bool_]:
    """Eq. 1, of any shape."""
    d, v = np.asarray(depth_m, np.float64), np.asarray(speed_m_s, np.float64)
    return (d >= by.depth_m) | ((d >= by.wet_m) & (d * v >= by.product_m2_s))


def expose(
    by: Definition, depth_m: ArrayLike, speed_m_s: ArrayLike, people: ArrayLike,
    *, weight: ArrayLike | None = None,
) -> Exposure:  # fmt: skip
    """depth_m, speed_m_s (members, places): the most at each place; weight: of members, adding up
    to 1. Raises BadInput."""
    ok = check(FIELDS, {"depth_m": depth_m, "speed_m_s": speed_m_s, "people": people})
    members = len(ok["depth_m"])
    if not 0 < members <= MEMBERS_MAX:
        raise BadInput("members", f"{members} members: 1 to {MEMBERS_MAX} are possible")
    w = np.full(members, 1 / members) if weight is None else np.asarray(weight, np.float64)
    if w.shape != (members,) or (w < 0).any() or abs(w.sum() - 1) > 1e-9:
        raise BadInput("weight", f"{members} weights of 0 or more that add up to 1")
    hit = reached(by, ok["depth_m"], ok["speed_m_s"])
    who = ok["people"].astype(np.int64)
    # Whole counts over members keep 3 of 10 at 0.3 and not just under it.
    p = np.clip(np.round(w @ hit, 12), 0.0, 1.0)
    in_members = hit.astype(np.int64) @ who
    affected, move = p >= by.affected_p, p >= by.move_p
    low, middle, high = (_at(in_members, w, share) for share in (0.1, 0.5, 0.9))
    return Exposure(
        p, affected, move, in_members, low, middle, high, int(who[affected].sum()),
        int(who[move].sum()),
    )  # fmt: skip


def _at(values: NDArray[np.int64], w: NDArray[np.float64], share: float) -> int:
    """The least value that this share of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached_share = np.cumsum(w[order]) >= share - 1e-9
    return int(values[order][np.argmax(reached_share)])
