"""Kernels that finish an assignment: whoever is left over is placed by a chain of moves, and
whoever can save time moves into what room there is. Arrays as in
`assign_kernels`; all counts stay whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from anlan.science.network.assign_kernels import RESOURCES, enter, fits, leave


@njit(cache=True, nogil=True, error_model="numpy")
def turn_out(
    at: Any, shelter: Any, rides: Any, use: Any, room: Any, head: Any, after: Any, before: Any
) -> int:
    """Members leave shelters that are still over a limit, the last who came first."""
    turned = 0
    for s in range(room.shape[0]):
        for r in range(RESOURCES):
            h = head[s]
            while room[s, r] < 0 and h >= 0:
                following = after[h]
                units = use[h, r] * rides[h, at[h]] if r == 3 else use[h, r]
                if units > 0:
                    leave(h, at, shelter, rides, use, room, head, after, before)
                    turned += 1
                h = following
    return turned


@njit(inline="always", error_model="numpy")
def _gives_way(m: int, h: int, k: int, s: int, at: Any, rides: Any, use: Any, room: Any) -> bool:
    """Would household h fit into s, as choice k, if member m left?"""
    km = at[m]
    return (
        room[s, 0] + use[m, 0] >= use[h, 0]
        and room[s, 1] + use[m, 1] >= use[h, 1]
        and room[s, 2] + use[m, 2] >= use[h, 2]
        and room[s, 3] + use[m, 3] * rides[m, km] >= use[h, 3] * rides[h, k]
    )


@njit(inline="always", error_model="numpy")
def _hopeless(h: int, k: int, s: int, rides: Any, use: Any, dead: Any) -> bool:
    """No chain was found from s for a household that needed no more than this one."""
    return (
        use[h, 0] >= dead[s, 0]
        and use[h, 1] >= dead[s, 1]
        and use[h, 2] >= dead[s, 2]
        and use[h, 3] * rides[h, k] >= dead[s, 3]
    )


@njit(error_model="numpy")
def _chain(
    h0: int, cost: Any, shelter: Any, rides: Any, use: Any, at: Any, room: Any, head: Any,
    after: Any, dead: Any, dist: Any, done: Any, comer: Any, comer_choice: Any,
) -> int:  # fmt: skip
    """The cheapest chain of moves that makes room for h0 (Dijkstra over shelters).

    comer, comer_choice: who enters each shelter on its way. Returns the shelter where the chain
    ends with room to spare, or -1.
    """
    shelters, choices = room.shape[0], cost.shape[1]
    for s in range(shelters):
        dist[s] = np.inf
        done[s] = 0
    for k in range(choices):
        s = shelter[h0, k]
        if s >= 0 and not _hopeless(h0, k, s, rides, use, dead):
            length = cost[h0, k] * use[h0, 0]
            if length < dist[s]:
                dist[s], comer[s], comer_choice[s] = length, h0, k
    while True:
        s, least = -1, np.inf
        for i in range(shelters):
            if done[i] == 0 and dist[i] < least:
                s, least = i, dist[i]
        if s < 0:
            return -1
        done[s] = 1
        h, k = comer[s], comer_choice[s]
        if fits(h, k, s, rides, use, room):
            return s
        m = head[s]
        while m >= 0:
            if _gives_way(m, h, k, s, at, rides, use, room):
                for j in range(choices):
                    to = shelter[m, j]
                    if to < 0 or done[to] == 1 or _hopeless(m, j, to, rides, use, dead):
                        continue
                    length = least + max((cost[m, j] - cost[m, at[m]]) * use[m, 0], 0.0)
                    if length < dist[to]:
                        dist[to], comer[to], comer_choice[to] = length, m, j
            m = after[m]


@njit(cache=True, nogil=True, error_model="numpy")
def place_left_over(
    order: Any, cost: Any, shelter: Any, rides: Any, use: Any, at: Any, room: Any, head: Any,
    after: Any, before: Any,
) -> int:  # fmt: skip
    """A chain of moves for each household left over, in this order. Returns how many were placed.

    Where a search fails, the shelters that it saw are remembered as out of reach of room for
    whoever needs as much or more, and are not searched for them again.
    """
    shelters = room.shape[0]
    dist = np.empty(shelters, np.float64)
    done = np.empty(shelters, np.uint8)
    comer = np.empty(shelters, np.int32)
    comer_choice = np.empty(shelters, np.int32)
    dead = np.full((shelters, RESOURCES), np.inf)
    placed = 0
    for i in range(order.size):
        h0 = order[i]
        end = _chain(
            h0, cost, shelter, rides, use, at, room, head, after, dead, dist, done, comer,
            comer_choice,
        )  # fmt: skip
        if end < 0:
            for s in range(shelters):
                if done[s] == 1:
                    for r in range(RESOURCES):
                        dead[s, r] = use[h0, r]
            continue
        s = end
        while True:
            h, k = comer[s], comer_choice[s]
            back = -1 if h == h0 else shelter[h, at[h]]
            leave(h, at, shelter, rides, use, room, head, after, before)
            enter(h, k, at, shelter, rides, use, room, head, after, before)
            if h == h0:
                break
            s = back
        placed += 1
    return placed


@njit(cache=True, nogil=True, error_model="numpy")
def use_room(
    passes: int, cost: Any, shelter: Any, rides: Any, use: Any, at: Any, room: Any, head: Any,
    after: Any, before: Any,
) -> int:  # fmt: skip
    """Households move to a cheaper choice that has room. Returns the number of moves."""
    moved = 0
    for _pass in range(passes):
        was = moved
        for h in range(cost.shape[0]):
            chosen = -1
            least = cost[h, at[h]] if at[h] >= 0 else np.float32(np.inf)
            for k in range(cost.shape[1]):
                s = shelter[h, k]
                if s < 0 or cost[h, k] >= least:
                    continue
                stays = at[h] >= 0 and shelter[h, at[h]] == s
                if not stays and fits(h, k, s, rides, use, room):
                    chosen, least = k, cost[h, k]
            if chosen >= 0:
                leave(h, at, shelter, rides, use, room, head, after, before)
                enter(h, chosen, at, shelter, rides, use, room, head, after, before)
                moved += 1
        if moved == was:
            break
    return moved


@njit(cache=True, nogil=True, error_model="numpy")
def relink(
    at: Any, shelter: Any, rides: Any, use: Any, room: Any, head: Any, after: Any, before: Any
) -> None:
    """Build the lists and the room left from a given assignment."""
    for h in range(at.size - 1, -1, -1):
        k = at[h]
        if k >= 0:
            at[h] = -1
            enter(h, k, at, shelter, rides, use, room, head, after, before)
