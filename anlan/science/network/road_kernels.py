"""Kernels of shortest travel times: a binary heap and Dijkstra's rule on a compressed graph.

Graph: start (nodes + 1), to, seconds, edge (all of one length): the arcs out of node v stand at
start[v] to start[v+1]-1; edge names the road they belong to. closed[edge] = 1: no passage.
(1) d(v) = min over arcs (u, v) of d(u) + t(u, v),  d(source) = 0.
via[v]: position of the arc that reached v, -1 at the source and where there is no way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(inline="always", error_model="numpy")
def push(size: int, key: Any, what: Any, k: Any, w: Any) -> int:
    """Put (k, w) on the heap (smallest key on top). Returns the new size."""
    i = size
    while i > 0:
        parent = (i - 1) // 2
        if key[parent] <= k:
            break
        key[i], what[i] = key[parent], what[parent]
        i = parent
    key[i], what[i] = k, w
    return size + 1


@njit(inline="always", error_model="numpy")
def pop(size: int, key: Any, what: Any) -> int:
    """Take the smallest away (read it first). Returns the new size."""
    size -= 1
    k, w = key[size], what[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and key[child + 1] < key[child]:
            child += 1
        if key[child] >= k:
            break
        key[i], what[i] = key[child], what[child]
        i = child
    if size > 0:
        key[i], what[i] = k, w
    return size


@njit(error_model="numpy")
def _settle(
    size: int, start: Any, to: Any, seconds: Any, edge: Any, closed: Any, dist: Any, via: Any,
    key: Any, what: Any,
) -> None:  # fmt: skip
    """Eq. 1 from the nodes on the heap outwards."""
    while size > 0:
        d, v = key[0], what[0]
        size = pop(size, key, what)
        if d > dist[v]:
            continue
        for i in range(start[v], start[v + 1]):
            if closed[edge[i]]:
                continue
            if d + seconds[i] < dist[to[i]]:
                before = dist[to[i]]
                dist[to[i]] = d + seconds[i]
                # As stored (float32), so that the heap's time and the node's are the same number.
                if dist[to[i]] < before:
                    via[to[i]] = i
                    size = push(size, key, what, dist[to[i]], to[i])


@njit(cache=True, nogil=True, error_model="numpy")
def from_each(
    sources: Any, start: Any, to: Any, seconds: Any, edge: Any, closed: Any, dist: Any, via: Any
) -> None:
    """Times from each source to every node, into dist and via (sources, nodes)."""
    nodes = start.size - 1
    key = np.empty(to.size + nodes + 1, np.float64)
    what = np.empty(to.size + nodes + 1, np.int32)
    for s in range(sources.size):
        for v in range(nodes):
            dist[s, v] = np.inf
            via[s, v] = -1
        dist[s, sources[s]] = 0.0
        size = push(0, key, what, 0.0, sources[s])
        _settle(size, start, to, seconds, edge, closed, dist[s], via[s], key, what)


@njit(cache=True, nogil=True, error_model="numpy")
def after_cut(
    cut: Any, start: Any, to: Any, seconds: Any, edge: Any, closed: Any, came_from: Any,
    in_start: Any, in_arc: Any, dist: Any, via: Any, changed: Any,
) -> int:  # fmt: skip
    """Repair dist and via after roads were closed; only what hung on them is computed again.

    cut: arcs closed just now (closed holds their road too); came_from: node where each arc begins;
    in_start, in_arc: the arcs into each node. changed (nodes): set to 1 where any time changed.
    Returns the number of (source, node) pairs computed again.
    """
    nodes = start.size - 1
    state = np.empty(nodes, np.uint8)
    stack = np.empty(nodes, np.int32)
    key = np.empty(2 * to.size + nodes + 1, np.float64)
    what = np.empty(2 * to.size + nodes + 1, np.int32)
    redone = 0
    for s in range(dist.shape[0]):
        hit = False
        for i in cut:
            hit = hit or via[s, to[i]] == i
        if not hit:
            continue
        for v in range(nodes):
            state[v] = 1 if via[s, v] < 0 else 0
        for i in cut:
            if via[s, to[i]] == i:
                state[to[i]] = 2
        for v in range(nodes):
            depth, u = 0, v
            while state[u] == 0:
                stack[depth] = u
                depth += 1
                u = came_from[via[s, u]]
            for j in range(depth):
                state[stack[j]] = state[u]
        size = 0
        for v in range(nodes):
            if state[v] != 2:
                continue
            redone += 1
            changed[v] = 1
            dist[s, v] = np.inf
            via[s, v] = -1
            for j in range(in_start[v], in_start[v + 1]):
                i = in_arc[j]
                u = came_from[i]
                if state[u] == 1 and not closed[edge[i]] and dist[s, u] + seconds[i] < dist[s, v]:
                    dist[s, v] = dist[s, u] + seconds[i]
                    via[s, v] = i
            if via[s, v] >= 0:
                size = push(size, key, what, dist[s, v], v)
        _settle(size, start, to, seconds, edge, closed, dist[s], via[s], key, what)
    return redone


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(count: int, dist: Any, who: Any, time: Any, only: Any) -> None:
    """For each node with only[v] = 1 the `count` nearest sources, into (nodes, count) arrays."""
    for v in range(dist.shape[1]):
        if not only[v]:
            continue
        found = 0
        for s in range(dist.shape[0]):
            d = dist[s, v]
            if d == np.inf or (found == count and d >= time[v, count - 1]):
                continue
            i = found if found < count else count - 1
            while i > 0 and time[v, i - 1] > d:
                time[v, i], who[v, i] = time[v, i - 1], who[v, i - 1]
                i -= 1
            time[v, i], who[v, i] = d, s
            found = min(found + 1, count)
        for i in range(found, count):
            time[v, i], who[v, i] = np.inf, -1
