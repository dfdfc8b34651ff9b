"""Kernels of the assignment of whole households to shelters: flat functions on plain arrays.

Equations, by number as in docs/models/network-assignment.md:
(1) v_hk = c_hk + λ_s0 + (u_h1 λ_s1 + u_h2 λ_s2 + r_hk u_h3 λ_s3) / u_h0,  s = shelter of choice k
(2) margin of a member per unit of resource r: (v of its next best choice - v_hk) u_h0 / u_hr
(3) λ_sr rises by the largest margin that had to leave, and by the least rise or more. Bertsekas,
    "The auction algorithm for assignment and other network flow problems", Interfaces 20(4), 1990:
    the beds of a shelter are its "similar objects".
(4) bound = Σ_h u_h0 min_k v_hk - Σ_sr λ_sr B_sr,  the Lagrangian dual: no assignment is cheaper

Arrays: cost (households, choices) float32, s a person; shelter (households, choices) int16, -1
where there is no choice; rides (households, choices) uint8; use (households, 4) int16: beds,
ground-floor beds, medical places, seats (seats count only where the choice rides); plain: 1 where
a household uses beds only. room (shelters, 4): what is left. price (shelters, 4): λ, s a unit.
at: choice of each household, -1 left over. Members of a shelter form a doubly linked list
(head, after, before), so that a move costs the same whatever the shelter's size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

BEDS, GROUND, MEDICAL, SEATS = 0, 1, 2, 3
RESOURCES = 4
ROUNDS_A_RISE = 16


@njit(inline="always", error_model="numpy")
def _used(h: int, k: int, r: int, use: Any, rides: Any) -> Any:
    """Units of resource r that household h takes under choice k."""
    return use[h, r] * rides[h, k] if r == 3 else use[h, r]


@njit(inline="always", error_model="numpy")
def _value(
    h: int, k: int, cost: Any, shelter: Any, rides: Any, use: Any, plain: Any, price: Any
) -> Any:
    """Eq. 1: seconds a person, with the prices of what the choice takes."""
    s = shelter[h, k]
    v = cost[h, k] + price[s, 0]
    if plain[h] == 0:
        more = use[h, 1] * price[s, 1] + use[h, 2] * price[s, 2]
        v += (more + rides[h, k] * use[h, 3] * price[s, 3]) / use[h, 0]
    return v


@njit(inline="always", error_model="numpy")
def fits(h: int, k: int, s: int, rides: Any, use: Any, room: Any) -> bool:
    return (
        room[s, 0] >= use[h, 0]
        and room[s, 1] >= use[h, 1]
        and room[s, 2] >= use[h, 2]
        and room[s, 3] >= use[h, 3] * rides[h, k]
    )


@njit(error_model="numpy")
def leave(
    h: int, at: Any, shelter: Any, rides: Any, use: Any, room: Any, head: Any, after: Any,
    before: Any,
) -> None:  # fmt: skip
    """Household h gives its place up and is left over."""
    k = at[h]
    if k < 0:
        return
    s = shelter[h, k]
    for r in range(RESOURCES):
        room[s, r] += _used(h, k, r, use, rides)
    if before[h] >= 0:
        after[before[h]] = after[h]
    else:
        head[s] = after[h]
    if after[h] >= 0:
        before[after[h]] = before[h]
    at[h] = -1


@njit(error_model="numpy")
def enter(
    h: int, k: int, at: Any, shelter: Any, rides: Any, use: Any, room: Any, head: Any, after: Any,
    before: Any,
) -> None:  # fmt: skip
    """Household h, left over until now, takes choice k, room or no room."""
    s = shelter[h, k]
    for r in range(RESOURCES):
        room[s, r] -= _used(h, k, r, use, rides)
    before[h] = -1
    after[h] = head[s]
    if head[s] >= 0:
        before[head[s]] = h
    head[s] = h
    at[h] = k


@njit(cache=True, nogil=True, error_model="numpy")
def seat_at_best(
    cost: Any, shelter: Any, rides: Any, use: Any, plain: Any, price: Any, leftover: Any, at: Any,
    room: Any, head: Any, after: Any, before: Any,
) -> None:  # fmt: skip
    """Every household goes to its best choice at these prices, room or no room.

    Walks backwards, so that each list runs in the order of the households (and of the memory).
    """
    households, choices = cost.shape
    for h in range(households - 1, -1, -1):
        best, chosen = leftover, -1
        for k in range(choices):
            if shelter[h, k] >= 0:
                v = _value(h, k, cost, shelter, rides, use, plain, price)
                if v < best:
                    best, chosen = v, k
        at[h] = -1
        if chosen >= 0:
            enter(h, chosen, at, shelter, rides, use, room, head, after, before)


@njit(cache=True, nogil=True, error_model="numpy")
def keep_or_move(
    slack: Any, cost: Any, shelter: Any, rides: Any, use: Any, plain: Any, price: Any,
    leftover: Any, at: Any,
) -> None:  # fmt: skip
    """Each household keeps its choice if it is within `slack` s of the best at these prices."""
    for h in range(cost.shape[0]):
        best, chosen = leftover, -1
        for k in range(cost.shape[1]):
            if shelter[h, k] >= 0:
                v = _value(h, k, cost, shelter, rides, use, plain, price)
                if v < best:
                    best, chosen = v, k
        k = at[h]
        if k >= 0 and shelter[h, k] >= 0:
            kept = _value(h, k, cost, shelter, rides, use, plain, price)
            if kept <= best + slack:
                chosen = k
        at[h] = chosen


@njit(inline="always", error_model="numpy")
def _sink(i: int, count: int, key: Any, who: Any, what: Any) -> None:
    """Restore the heap (smallest key on top) below i."""
    kept, kept_who, kept_what = key[i], who[i], what[i]
    while True:
        child = 2 * i + 1
        if child >= count:
            break
        if child + 1 < count and key[child + 1] < key[child]:
            child += 1
        if key[child] >= kept:
            break
        key[i], who[i], what[i] = key[child], who[child], what[child]
        i = child
    key[i], who[i], what[i] = kept, kept_who, kept_what


@njit(inline="always", error_model="numpy")
def _heap(count: int, key: Any, who: Any, what: Any) -> None:
    for i in range(count // 2 - 1, -1, -1):
        _sink(i, count, key, who, what)


@njit(inline="always", error_model="numpy")
def _pop(count: int, key: Any, who: Any, what: Any) -> int:
    """Take the smallest away; returns how many are left."""
    count -= 1
    key[0], who[0], what[0] = key[count], who[count], what[count]
    _sink(0, count, key, who, what)
    return count


@njit(error_model="numpy")
def _forward(
    s: int, r: int, least_rise: Any, cost: Any, shelter: Any, rides: Any, use: Any, plain: Any,
    price: Any, leftover: Any, at: Any, room: Any, head: Any, after: Any, before: Any, key: Any,
    who: Any, what: Any,
) -> int:  # fmt: skip
    """Members of s with the smallest margins leave until resource r fits (eq. 2, 3).

    Returns how many were moved. Their new choices stand in who, what: the caller marks those
    shelters as touched.
    """
    choices = cost.shape[1]
    count = 0
    h = head[s]
    while h >= 0:
        k1 = at[h]
        units = _used(h, k1, r, use, rides)
        if units > 0:
            v1 = _value(h, k1, cost, shelter, rides, use, plain, price)
            v2, k2 = leftover, -1
            for k in range(choices):
                other = shelter[h, k]
                if other >= 0 and (other != s or (r == 3 and rides[h, k] == 0)):
                    v = _value(h, k, cost, shelter, rides, use, plain, price)
                    if v < v2:
                        v2, k2 = v, k
            key[count] = (v2 - v1) * use[h, 0] / units
            who[count] = h
            what[count] = k2
            count += 1
        h = after[h]
    _heap(count, key, who, what)
    moved, rise = 0, 0.0
    total = count
    while room[s, r] < 0 and count > 0:
        h, k2 = who[0], what[0]
        rise = key[0]
        count = _pop(count, key, who, what)
        leave(h, at, shelter, rides, use, room, head, after, before)
        if k2 >= 0:
            enter(h, k2, at, shelter, rides, use, room, head, after, before)
        # The popped slots at the end of the heap are free: they carry the moves to the caller.
        who[count], what[count] = h, k2
        moved += 1
    price[s, r] = min(max(price[s, r] + max(rise, least_rise), 0.0), leftover)
    for i in range(moved):
        who[i], what[i] = who[total - 1 - i], what[total - 1 - i]
    return moved


@njit(cache=True, nogil=True, error_model="numpy")
def forward(
    steps_max: int, least_rise: Any, cost: Any, shelter: Any, rides: Any, use: Any, plain: Any,
    price: Any, leftover: Any, at: Any, room: Any, head: Any, after: Any, before: Any,
) -> int:  # fmt: skip
    """Forward steps on shelters that are over any limit, first come first served.

    The least rise doubles every ROUNDS_A_RISE steps a shelter, so that two shelters that bid
    against each other for people whom neither can hold soon end it. Returns the number of steps; at
    steps_max some shelters may still be over.
    """
    shelters = room.shape[0]
    key = np.empty(cost.shape[0], np.float64)
    who = np.empty(cost.shape[0], np.int32)
    what = np.empty(cost.shape[0], np.int32)
    queue = np.empty(shelters + 1, np.int32)
    queued = np.zeros(shelters, np.uint8)
    first, waiting, steps = 0, 0, 0
    for s in range(shelters):
        queue[waiting] = s
        queued[s] = 1
        waiting += 1
    while waiting > 0 and steps < steps_max:
        s = queue[first]
        first = (first + 1) % (shelters + 1)
        waiting -= 1
        queued[s] = 0
        for r in range(RESOURCES):
            if room[s, r] >= 0:
                continue
            steps += 1
            rise = least_rise * 2.0 ** (steps // (ROUNDS_A_RISE * shelters))
            moved = _forward(
                s, r, rise, cost, shelter, rides, use, plain, price, leftover, at, room,
                head, after, before, key, who, what,
            )  # fmt: skip
            for i in range(moved):
                if what[i] < 0:
                    continue
                to = shelter[who[i], what[i]]
                over = room[to, 0] < 0 or room[to, 1] < 0 or room[to, 2] < 0 or room[to, 3] < 0
                if over and queued[to] == 0:
                    queue[(first + waiting) % (shelters + 1)] = to
                    queued[to] = 1
                    waiting += 1
    return steps


@njit(cache=True, nogil=True, error_model="numpy")
def bound(
    cost: Any, shelter: Any, rides: Any, use: Any, plain: Any, price: Any, beds: Any, leftover: Any
) -> Any:
    """Eq. 4, person-seconds; a household may also be left over at `leftover` s a person."""
    total = 0.0
    for h in range(cost.shape[0]):
        best = np.float64(leftover)
        for k in range(cost.shape[1]):
            if shelter[h, k] >= 0:
                best = min(best, _value(h, k, cost, shelter, rides, use, plain, price))
        total += best * use[h, 0]
    for s in range(beds.shape[0]):
        for r in range(RESOURCES):
            total -= price[s, r] * beds[s, r]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def gather(order: Any, cost: Any, shelter: Any, rides: Any, use: Any) -> Any:
    """The same rows in another order."""
    new_cost, new_shelter = np.empty_like(cost), np.empty_like(shelter)
    new_rides, new_use = np.empty_like(rides), np.empty_like(use)
    for i in range(order.size):
        h = order[i]
        for k in range(cost.shape[1]):
            new_cost[i, k], new_shelter[i, k] = cost[h, k], shelter[h, k]
            new_rides[i, k] = rides[h, k]
        for r in range(RESOURCES):
            new_use[i, r] = use[h, r]
    return new_cost, new_shelter, new_rides, new_use
