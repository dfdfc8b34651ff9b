"""Kernels of traffic with queues: platoons on links, Newell's simplified kinematic waves at both
ends of each link, first in first out.

Equations, by number as in docs/models/network-clearance.md (a platoon is Δn vehicles; a link has
length L, free speed u, wave speed w, jam density κ, lanes included):
(1) q = κ u w / (u + w)                        capacity, veh/s
(2) a platoon that entered at e may leave at e + L/u or later, Δn/q after the one before it
(3) platoon number i may enter Δn/q after the one before it, and L/w after number i - κL/Δn left:
    the room that it left travels back to the entry as a wave
Newell 1993, doi:10.1016/0191-2615(93)90038-C; the like of UXsim's car following, seen at link ends.
At a node the links in take turns by hash of (seed, step, node); a platoon that cannot enter its
next link holds those behind it. Each renewal of routes counts how long a head has been held, and
lets it choose again: else four full streets round a block would hold one another for ever.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from anlan.science.network.road_kernels import pop, push


@njit(inline="always", error_model="numpy")
def _chance(seed: Any, a: Any, b: Any) -> Any:
    """A number in 0 to 1 that depends on nothing but these three (splitmix64)."""
    z = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(a) * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(b) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) / 9007199254740992.0


@njit(error_model="numpy")
def _prefer(
    share: Any, ends: Any, begin: Any, in_start: Any, in_link: Any, passing_s: Any, dist: Any,
    best: Any, key: Any, what: Any, pref: Any,
) -> None:  # fmt: skip
    """Preferences move by `share` to the fastest way to each end at the present passing times."""
    nodes = in_start.size - 1
    for d in range(ends.size):
        for v in range(nodes):
            dist[v] = np.inf
            best[v] = -1
        dist[ends[d]] = 0.0
        size = push(0, key, what, 0.0, ends[d])
        while size > 0:
            far, v = key[0], what[0]
            size = pop(size, key, what)
            if far > dist[v]:
                continue
            for j in range(in_start[v], in_start[v + 1]):
                link = in_link[j]
                u = begin[link]
                if far + passing_s[link] < dist[u]:
                    dist[u] = far + passing_s[link]
                    best[u] = link
                    size = push(size, key, what, dist[u], u)
        for link in range(begin.size):
            pref[d, link] *= 1.0 - share
        for v in range(nodes):
            if best[v] >= 0:
                pref[d, best[v]] += share


@njit(error_model="numpy")
def _await(
    now: Any, place: Any, queue_start: Any, queue: Any, leave_s: Any, goal: Any, following: Any,
    out_start: Any, out_link: Any, headway_s: Any, pref: Any, passing_s: Any,
) -> None:  # fmt: skip
    """Who waits at an origin lengthens the passing time of the street that it waits for, and may
    choose again."""
    for v in range(place.size):
        for i in range(place[v], queue_start[v + 1]):
            p = queue[i]
            if leave_s[p] > now:
                break
            link, most = -1, 0.0
            for j in range(out_start[v], out_start[v + 1]):
                if pref[goal[p], out_link[j]] > most:
                    link, most = out_link[j], pref[goal[p], out_link[j]]
            if link >= 0:
                passing_s[link] += headway_s[link]
            following[p] = -1


@njit(inline="always", error_model="numpy")
def _choose(
    p: int, node: int, d: int, hop: Any, seed: Any, out_start: Any, out_link: Any, pref: Any,
    shut: Any,
) -> int:  # fmt: skip
    """The next link of a platoon, drawn by preference among links that are open."""
    total = 0.0
    for j in range(out_start[node], out_start[node + 1]):
        if not shut[out_link[j]]:
            total += pref[d, out_link[j]]
    if total <= 0.0:
        return -1
    left = _chance(seed, p, hop) * total
    chosen = -1
    for j in range(out_start[node], out_start[node + 1]):
        link = out_link[j]
        if not shut[link] and pref[d, link] > 0.0:
            chosen = link
            left -= pref[d, link]
            if left < 0.0:
                break
    return chosen


@njit(cache=True, nogil=True, error_model="numpy")
def run(
    step_s: Any, steps_max: int, reroute_s: Any, share: Any, platoon: Any, seed: Any, begin: Any,
    end: Any, pass_s: Any, wave_s: Any, headway_s: Any, room: Any, shut: Any, out_start: Any,
    out_link: Any, in_start: Any, in_link: Any, ends: Any, leave_s: Any, origin: Any, goal: Any,
    queue_start: Any, queue: Any, arrive_s: Any, waited_s: Any, longest: Any,
) -> Any:  # fmt: skip
    """Let every platoon drive. Returns (time of the last arrival, platoons arrived, moves).

    Links: begin, end (nodes), pass_s = L/u, wave_s = L/w, headway_s = Δn/q, room = κL/Δn
    (platoons), shut. ends: nodes of the goals. Platoons: leave_s, origin (node), goal (index in
    ends); queue: platoons of each node by leave_s. Written: arrive_s (nan: never), waited_s (time
    at the origin after leave_s), longest (most platoons at once on each link).
    """
    links, nodes, platoons = begin.size, in_start.size - 1, leave_s.size
    head = np.full(links, -1, np.int32)
    tail = np.full(links, -1, np.int32)
    count = np.zeros(links, np.int32)
    entered = np.zeros(links, np.int64)
    may_enter = np.zeros(links, np.float64)
    may_leave = np.zeros(links, np.float64)
    ring = np.zeros(links + 1, np.int64)
    for i in range(links):
        ring[i + 1] = ring[i] + room[i]
    left_at = np.full(ring[links], -1e18)
    behind = np.full(platoons, -1, np.int32)
    ready = np.zeros(platoons, np.float64)
    following = np.full(platoons, -1, np.int32)
    hops = np.zeros(platoons, np.int32)
    place = queue_start[:-1].copy()
    pref = np.zeros((ends.size, links), np.float64)
    passing = pass_s.copy()
    dist = np.empty(nodes, np.float64)
    best = np.empty(nodes, np.int32)
    key = np.empty(links + nodes + 1, np.float64)
    what = np.empty(links + nodes + 1, np.int32)
    arrived, moves, last, next_reroute = 0, 0, 0.0, 0.0
    for step in range(steps_max):
        now = step * step_s
        if now >= next_reroute:
            for i in range(links):
                passing[i] = np.inf if shut[i] else max(pass_s[i], count[i] * headway_s[i])
                if head[i] >= 0:
                    passing[i] += max(now - max(ready[head[i]], may_leave[i]), 0.0)
                    following[head[i]] = -1
            _await(now, place, queue_start, queue, leave_s, goal, following, out_start, out_link,
                   headway_s, pref, passing)  # fmt: skip
            _prefer(
                1.0 if step == 0 else share, ends, begin, in_start, in_link, passing, dist, best,
                key, what, pref,
            )  # fmt: skip
            next_reroute += reroute_s
        for v in range(nodes):
            ins = in_start[v + 1] - in_start[v]
            waiting = place[v] < queue_start[v + 1] and leave_s[queue[place[v]]] <= now
            turns = ins + 1
            turn = -1
            for j in range(turns):
                if j == ins:
                    if not waiting:
                        continue
                else:
                    i = in_link[in_start[v] + j]
                    if head[i] < 0 or ready[head[i]] > now or may_leave[i] > now:
                        continue
                turn = j
                break
            if turn < 0:
                continue
            first = int(_chance(seed, step, v) * turns)
            for j in range(turns):
                t = (first + j) % turns
                link = -1 if t == ins else in_link[in_start[v] + t]
                if link < 0:
                    if not waiting:
                        continue
                    p = queue[place[v]]
                else:
                    p = head[link]
                    if p < 0 or ready[p] > now or may_leave[link] > now:
                        continue
                done = ends[goal[p]] == v
                # When it really happens, within the step that ends now: steps cost no capacity.
                moment = now - step_s
                if link < 0:
                    moment = max(moment, leave_s[p])
                else:
                    moment = max(moment, ready[p], may_leave[link])
                if not done:
                    to = following[p]
                    if to < 0:
                        to = _choose(p, v, goal[p], hops[p], seed, out_start, out_link, pref, shut)
                        if to < 0:
                            continue
                        following[p] = to
                    if may_enter[to] > now:
                        continue
                    back = left_at[ring[to] + entered[to] % room[to]]
                    if count[to] >= room[to] or back + wave_s[to] > now:  # eq. 3
                        continue
                    moment = max(moment, may_enter[to], back + wave_s[to])
                    may_enter[to] = moment + headway_s[to]
                    ready[p] = moment + pass_s[to]  # eq. 2
                    entered[to] += 1
                    count[to] += 1
                    longest[to] = max(longest[to], count[to])
                    following[p] = -1
                    hops[p] += 1
                if link < 0:
                    place[v] += 1
                    waited_s[p] = moment - leave_s[p]
                    waiting = False
                else:
                    number = entered[link] - count[link]
                    left_at[ring[link] + number % room[link]] = moment
                    count[link] -= 1
                    may_leave[link] = moment + headway_s[link]  # eq. 2
                    head[link] = behind[p]
                    if head[link] < 0:
                        tail[link] = -1
                if done:
                    arrive_s[p] = moment
                    last = max(last, moment)
                    arrived += 1
                else:
                    behind[p] = -1
                    if tail[to] >= 0:
                        behind[tail[to]] = p
                    else:
                        head[to] = p
                    tail[to] = p
                moves += 1
        if arrived == platoons:
            break
    return last, arrived, moves
