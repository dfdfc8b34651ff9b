"""Kernels that make water run off a terrain: filling, directions, accumulation, basins.

The filled surface is the lowest over all paths to an outlet of the highest point on the path; it is
one surface whatever the order (Barnes et al. 2014, doi:10.1016/j.cageo.2013.04.024). Cells on a
slope need no queue by height (Zhou et al. 2016, doi:10.1016/j.cageo.2016.02.021): they are traced
upwards from where they were met, and only cells that may spill go through the heap.

Directions are codes 0 to 7 clockwise from east (D8), 8 for an outlet, 255 for no data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

OUTLET = 8
NO_DATA = 255
# dy, dx of direction k, clockwise from east; its way back is (k + 4) % 8.
DY = np.array([0, 1, 1, 1, 0, -1, -1, -1], np.int64)
DX = np.array([1, 1, 0, -1, -1, -1, 0, 1], np.int64)


@intrinsic
def _bits(typing_context: Any, value: Any) -> Any:
    """The bits of a float32 as an int32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), generate


_bits_of: Any = _bits


@njit(inline="always")
def _key(height: Any, cell: Any) -> Any:
    """Height and cell in one number that sorts as the height does, then as the cell."""
    bits = np.int64(_bits_of(height))
    sorted_bits = bits if bits >= 0 else np.int64(-2147483648) - bits
    return (sorted_bits << np.int64(32)) | np.int64(cell)


@njit(inline="always")
def _push(heap: Any, size: Any, key: Any) -> Any:
    """Into the heap of four children a node; returns the new size."""
    at = size
    while at > 0:
        up = (at - 1) >> 2
        if heap[up] <= key:
            break
        heap[at] = heap[up]
        at = up
    heap[at] = key
    return size + 1


@njit(inline="always")
def _pop(heap: Any, size: Any) -> Any:
    """The lowest out of the heap; returns (its cell, new size)."""
    found = heap[0] & np.int64(0xFFFFFFFF)
    size -= 1
    key = heap[size]
    at = 0
    while True:
        low = 4 * at + 1
        if low >= size:
            break
        best = low
        for child in range(low + 1, min(low + 4, size)):
            if heap[child] < heap[best]:
                best = child
        if heap[best] >= key:
            break
        heap[at] = heap[best]
        at = best
    heap[at] = key
    return found, size


@njit(cache=True, nogil=True, boundscheck=False)
def fill(z: Any, way: Any, offsets: Any) -> int:
    """Fill depressions in place and give every cell a way out along the order of filling.

    z: flat float32 with a ring of no data around; way: flat uint8, NO_DATA where there is none,
    OUTLET + 1 elsewhere (not met yet). offsets: of the eight directions in the flat array.
    Returns how many cells went through the heap.
    """
    count = z.size
    seen_not = np.uint8(OUTLET + 1)
    room = 1 << 16
    heap = np.empty(room, np.int64)
    size = 0
    pits, slopes = np.empty(room, np.int64), np.empty(room, np.int64)
    queued = 0
    for c in range(count):
        if way[c] != seen_not:
            continue
        for k in range(8):
            if way[c + offsets[k]] == NO_DATA:
                way[c] = OUTLET
                if size == heap.size:
                    heap = _wider(heap)
                size = _push(heap, size, _key(z[c], c))
                break
    while size > 0:
        start, size = _pop(heap, size)
        queued += 1
        level = z[start]
        pit_at, pit_end, slope_end = 0, 1, 0
        pits[0] = start
        while pit_at < pit_end or slope_end > 0:
            if pit_at < pit_end:
                here = pits[pit_at]
                pit_at += 1
                if pit_at == pit_end:
                    pit_at = pit_end = 0
            else:
                slope_end -= 1
                here = slopes[slope_end]
            own = z[here]
            for k in range(8):
                there = here + offsets[k]
                if way[there] != seen_not:
                    continue
                way[there] = np.uint8((k + 4) & 7)
                if z[there] <= own:
                    z[there] = own
                    if own > level or own < level:
                        if size == heap.size:
                            heap = _wider(heap)
                        size = _push(heap, size, _key(own, there))
                    else:
                        if pit_end == pits.size:
                            pits = _wider(pits)
                        pits[pit_end] = there
                        pit_end += 1
                elif _spills(z, way, offsets, there, seen_not):
                    if size == heap.size:
                        heap = _wider(heap)
                    size = _push(heap, size, _key(z[there], there))
                else:
                    if slope_end == slopes.size:
                        slopes = _wider(slopes)
                    slopes[slope_end] = there
                    slope_end += 1
    return queued


@njit(inline="always")
def _spills(z: Any, way: Any, offsets: Any, cell: Any, seen_not: Any) -> bool:
    """Whether a neighbour not met yet lies no higher: water there may have to come over here."""
    for k in range(8):
        there = cell + offsets[k]
        if way[there] == seen_not and z[there] <= z[cell]:
            return True
    return False


@njit(cache=True)
def _wider(a: Any) -> Any:
    out = np.empty(a.size * 2, a.dtype)
    out[: a.size] = a
    return out


@njit(cache=True, nogil=True, boundscheck=False)
def steepest(z: Any, way: Any, offsets: Any, begin: int, end: int) -> None:
    """Turn each cell that has a lower neighbour to the steepest of them; flats keep their way."""
    across = z.dtype.type(0.7071067811865476)
    for c in range(begin, end):
        if way[c] >= OUTLET:
            continue
        best, at = z.dtype.type(0.0), -1
        for k in range(8):
            there = c + offsets[k]
            if way[there] == NO_DATA:
                continue
            drop = z[c] - z[there]
            if k & 1:
                drop *= across
            if drop > best:
                best, at = drop, k
        if at >= 0:
            way[c] = np.uint8(at)


@njit(cache=True, nogil=True, boundscheck=False)
def accumulate(way: Any, offsets: Any, area: Any) -> int:
    """Cells upstream of each cell, itself included, into `area` (flat, ones on entry where data).

    Returns how many cells had a way; fewer than those with data means a loop.
    """
    waiting = np.zeros(way.size, np.uint8)
    for c in range(way.size):
        if way[c] < OUTLET:
            waiting[c + offsets[way[c]]] += 1
    done = 0
    for c in range(way.size):
        if way[c] == NO_DATA or waiting[c] != 0:
            continue
        here = c
        while True:
            done += 1
            waiting[here] = 255
            if way[here] >= OUTLET:
                break
            there = here + offsets[way[here]]
            area[there] += area[here]
            waiting[there] -= 1
            if waiting[there] != 0:
                break
            here = there
    return done
