"""Kernels of the local inertial flow: flat functions on plain arrays, compiled by Numba.

Equations, by number as in docs/models/inundation-local-inertial.md:
(1) q' + k |q'| q' = q*,  k = g Δt n² h_f^(-7/3),  q* = θ q + (1-θ)/2 (q₋ + q₊) - g h_f Δt Δη/Δx
    q' = 2 q* / (1 + √(1 + 4 k |q*|))
    de Almeida et al. 2012, doi:10.1029/2011WR011570 (θ = 1: Bates et al. 2010), with the friction
    taken wholly from the new discharge. Their |q| q' swings about the normal flow where a step is
    long beside the friction's own time (a film of rain on a slope), k |q'| q' does not.
(2) h_f = max(η₀, η₁) - max(z₀, z₁)
(3) h' = h + Δt/Δx (Σ q in - Σ q out)

One pass over the rows does all three: the two faces of a row are computed from old depths and the
row is then updated in place, so that bed, depth, roughness and both discharges travel from memory
once and back once (32 bytes a cell). Depths are integers (see `units`): (3) is exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

GRAVITY_M_S2 = 9.81
SEGMENT = 128
_F = np.float32
DEPTH_SCALE = _F(2.0**-24)
BED_SCALE = _F(2.0**-20)
FIX_PASSES_MAX = 200


@intrinsic
def _bits(typing_context: Any, value: Any) -> Any:
    """The bits of a float32 as an int32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def _float(typing_context: Any, value: Any) -> Any:
    """The float32 of these bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), generate


_bits_of: Any = _bits
_float_of: Any = _float


@njit(inline="always", error_model="numpy")
def inverse_cube_root(x: Any) -> Any:
    """x^(-1/3) for float32 x > 0, within 2e-5: a guess from the exponent, two Newton steps."""
    y: Any = _float_of(np.int32(_F(1.4199e9) - _F(_bits_of(x)) * _F(0.33333334)))
    third, four = _F(0.33333334), _F(4.0)
    y = y * (four - x * y * y * y) * third
    return y * (four - x * y * y * y) * third


@njit(nogil=True, error_model="numpy")
def _faces(
    count: int, z0: Any, z1: Any, h0: Any, h1: Any, old: Any, before: Any, after: Any, n20: Any,
    n21: Any, q: Any, crossed: Any, theta: Any, gdt: Any, gdt_dx: Any, dt_dx: Any, dry: Any,
) -> Any:  # fmt: skip
    """Eq. 1 for `count` faces in a row, written into q (m²/s) and crossed (depth units of a step).

    z0, h0, n20 and z1, h1, n21: the cells on both sides; before, after: discharges q₋, q₊ of the
    faces next in line. No two of the written and read arrays overlap, so that the loop vectorises.
    Returns the fastest speed in mm/s (an integer, for a maximum of integers vectorises).
    """
    fastest = np.int32(0)
    zero, half, one, two, four = _F(0.0), _F(0.5), _F(1.0), _F(2.0), _F(4.0)
    rest = (one - theta) * half
    for i in range(count):
        dz = _F(np.int32(z1[i] - z0[i])) * BED_SCALE
        rise = dz + _F(np.int32(h1[i] - h0[i])) * DEPTH_SCALE
        left = _F(h0[i]) * DEPTH_SCALE - (dz if dz > zero else zero)
        right = _F(h1[i]) * DEPTH_SCALE + (dz if dz < zero else zero)
        depth = left if left > right else right  # eq. 2
        safe = depth if depth > dry else dry
        r = inverse_cube_root(safe)
        r2 = r * r
        drag = gdt * (half * (n20[i] + n21[i])) * (r2 * r2 * r2 * r)
        pushed = theta * old[i] + rest * (before[i] + after[i]) - gdt_dx * safe * rise
        size = pushed if pushed > zero else -pushed
        new = two * pushed / (one + np.sqrt(one + four * drag * size))  # eq. 1
        new = new if depth > dry else zero
        q[i] = new
        crossed[i] = _units(new, dt_dx)
        speed = np.int32((new if new > zero else -new) * (r2 * r) * _F(1000.0))
        fastest = speed if speed > fastest else fastest
    return fastest


@njit(nogil=True, error_model="numpy")
def _update(count: int, h: Any, fx0: Any, fx1: Any, fy0: Any, fy1: Any) -> Any:
    """Eq. 3 for `count` cells. Returns (deepest, lowest) in depth units."""
    top, low = np.int32(0), np.int32(0)
    for i in range(count):
        new = np.int32(h[i] + np.int32(fx0[i] - fx1[i]) + np.int32(fy0[i] - fy1[i]))
        h[i] = new
        top = new if new > top else top
        low = new if new < low else low
    return top, low


@njit(inline="always", error_model="numpy")
def _units(q: Any, dt_dx: Any) -> Any:
    """What crosses a face in a step, in depth units of a cell, to the nearest unit."""
    magic = _F(12582912.0)  # 1.5 × 2²³: adding and taking it away rounds to whole numbers
    most = _F(1073741824.0)  # 64 m of water in a step: beyond any stable step, and no overflow
    x = q * dt_dx
    x = x if x < most else most
    x = x if x > -most else -most
    small = (x + magic) - magic
    size = x if x > _F(0.0) else -x
    return np.int32(small if size < _F(4194304.0) else x)


@njit(nogil=True, cache=True, error_model="numpy")
def face_row(
    j: int, z: Any, h: Any, qy: Any, n2: Any, saved: Any, crossed: Any, theta: Any, dt: Any,
    dx: Any, dry: Any,
) -> None:  # fmt: skip
    """The row of faces between rows j and j+1, computed ahead; the old ones go to `saved`."""
    gdt = _F(GRAVITY_M_S2 * dt)
    gdt_dx = _F(GRAVITY_M_S2 * dt / dx)
    dt_dx = _F(dt / dx * 2.0**24)
    width = z.shape[1]
    for i in range(width):
        saved[i] = qy[j, i]
    inside = 0 < j < z.shape[0] - 2
    above = qy[j - 1] if inside else saved
    below = qy[j + 1] if inside else saved
    _faces(
        width - 2, z[j, 1:], z[j + 1, 1:], h[j, 1:], h[j + 1, 1:], saved[1:], above[1:], below[1:],
        n2[j, 1:], n2[j + 1, 1:], qy[j, 1:], crossed[1:], theta, gdt, gdt_dx, dt_dx, dry,
    )  # fmt: skip


@njit(nogil=True, error_model="numpy")
def _update_run(h: Any, wet: Any, first: int, end: int, fx: Any, fy0: Any, fy1: Any) -> Any:
    """Eq. 3 for the segments first to end-1 of a row, with the mark of each that holds water."""
    deepest, lowest = np.int32(0), np.int32(0)
    for part in range(first, end):
        p0 = 1 + part * SEGMENT
        count = min(p0 + SEGMENT, h.size - 1) - p0
        top, low = _update(count, h[p0:], fx[p0 - 1 :], fx[p0:], fy0[p0:], fy1[p0:])
        wet[part] = 1 if top > 0 or low < 0 else 0
        deepest, lowest = max(deepest, top), min(lowest, low)
    return deepest, lowest


@njit(nogil=True, cache=True, error_model="numpy")
def step_block(
    j0: int, j1: int, last: bool, z: Any, h: Any, qx: Any, qy: Any, n2: Any, active: Any, wet: Any,
    top_old: Any, bottom_old: Any, rows: Any, crossed: Any, theta: Any, dt: Any, dx: Any, dry: Any,
    result: Any,
) -> None:  # fmt: skip
    """One step of the rows j0 to j1-1 (inner rows start at 1), in place.

    qx[j, i]: face between columns i and i+1; qy[j, i]: between rows j and j+1. top_old, bottom_old:
    discharges of the block's outer faces before this step, which `face_row` has already renewed.
    rows: (3, width) float32 work space; crossed: (3, width) int32. active: segments to compute;
    wet: segments with water afterwards. result (int64): deepest, lowest, out of the four
    sides, fastest (mm/s).
    """
    gdt = _F(GRAVITY_M_S2 * dt)
    gdt_dx = _F(GRAVITY_M_S2 * dt / dx)
    dt_dx = _F(dt / dx * 2.0**24)
    width = z.shape[1]
    segments = active.shape[1]
    x_old, y_above, y_own = rows[0], rows[1], rows[2]
    fx, fy_above, fy = crossed[0], crossed[1], crossed[2]
    deepest, lowest, fastest = np.int32(0), np.int32(0), np.int32(0)
    west = east = north = south = np.int64(0)
    for i in range(width):
        y_above[i] = top_old[i]
        fy_above[i] = _units(qy[j0 - 1, i], dt_dx)
        fy[i] = 0
    if j0 == 1:
        for i in range(1, width - 1):
            north -= fy_above[i]
    for j in range(j0, j1):
        for i in range(width):
            x_old[i] = qx[j, i]
            y_own[i] = qy[j, i]
        ahead = j == j1 - 1 and not last
        if ahead:
            for i in range(width):
                y_own[i] = bottom_old[i]
        known = j == j1 - 2 and not last
        y_below = bottom_old if known else qy[min(j + 1, z.shape[0] - 1)]
        s = 0
        while s < segments:
            if not active[j, s]:
                for i in range(1 + s * SEGMENT, min(1 + (s + 1) * SEGMENT, width - 1)):
                    fy[i] = 0
                wet[j, s] = 0
                s += 1
                continue
            first = s
            while s < segments and active[j, s]:
                s += 1
            c0 = 1 + first * SEGMENT
            c1 = min(1 + s * SEGMENT, width - 1)
            speed = _faces_along(j, c0, c1, z, h, qx, n2, x_old, fx, theta, gdt, gdt_dx, dt_dx, dry)
            fastest = max(fastest, speed)
            if ahead:
                for i in range(c0, c1):
                    fy[i] = _units(qy[j, i], dt_dx)
            else:
                speed = _faces_below(
                    j, c0, c1, z, h, qy, n2, y_above, y_own, y_below, fy, theta, gdt, gdt_dx,
                    dt_dx, dry,
                )  # fmt: skip
                fastest = max(fastest, speed)
            top, low = _update_run(h[j], wet[j], first, s, fx, fy_above, fy)
            deepest, lowest = max(deepest, top), min(lowest, low)
            if c0 == 1:
                west -= fx[0]
            if c1 == width - 1:
                east += fx[width - 2]
        for i in range(width):
            y_above[i] = y_own[i]
            fy_above[i] = fy[i]
    if last:
        for i in range(1, width - 1):
            south += fy[i]
    result[0], result[1] = deepest, lowest
    result[2], result[3], result[4], result[5] = west, east, north, south
    result[6] = fastest


@njit(inline="always", error_model="numpy")
def _faces_along(
    j: int, c0: int, c1: int, z: Any, h: Any, qx: Any, n2: Any, old: Any, fx: Any, theta: Any,
    gdt: Any, gdt_dx: Any, dt_dx: Any, dry: Any,
) -> Any:  # fmt: skip
    """Faces c0-1 to c1-1 of row j; the outermost of the grid have no neighbour beside."""
    last = z.shape[1] - 2
    a, b = max(c0 - 1, 1), min(c1, last)
    fastest = _faces(
        b - a, z[j, a:], z[j, a + 1 :], h[j, a:], h[j, a + 1 :], old[a:], old[a - 1 :],
        old[a + 1 :], n2[j, a:], n2[j, a + 1 :], qx[j, a:], fx[a:], theta, gdt, gdt_dx, dt_dx, dry,
    )  # fmt: skip
    for i in (0, last):
        if c0 - 1 <= i < c1:
            outer = _faces(
                1, z[j, i:], z[j, i + 1 :], h[j, i:], h[j, i + 1 :], old[i:], old[i:], old[i:],
                n2[j, i:], n2[j, i + 1 :], qx[j, i:], fx[i:], theta, gdt, gdt_dx, dt_dx, dry,
            )  # fmt: skip
            fastest = max(fastest, outer)
    return fastest


@njit(inline="always", error_model="numpy")
def _faces_below(
    j: int, c0: int, c1: int, z: Any, h: Any, qy: Any, n2: Any, above: Any, own: Any, below: Any,
    fy: Any, theta: Any, gdt: Any, gdt_dx: Any, dt_dx: Any, dry: Any,
) -> Any:  # fmt: skip
    """Faces between rows j and j+1; those of the grid's last row have no neighbour below."""
    before = own if j == z.shape[0] - 2 else above
    after = own if j == z.shape[0] - 2 else below
    return _faces(
        c1 - c0, z[j, c0:], z[j + 1, c0:], h[j, c0:], h[j + 1, c0:], own[c0:], before[c0:],
        after[c0:], n2[j, c0:], n2[j + 1, c0:], qy[j, c0:], fy[c0:], theta, gdt, gdt_dx, dt_dx,
        dry,
    )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def give_back(h: Any, qx: Any, qy: Any, dt: Any, dx: Any) -> int:
    """Cells that gave more than they had take it back from whom they gave it to.

    Each outgoing face of such a cell is cut by the same share, from the state at the start of a
    pass, so that the order of the cells does not matter. A cell began with no less than nothing,
    so what it gave always covers what it lacks; its receivers may then lack, hence passes. Rare (a
    front that drains within a step). Returns the number of passes, or -1 after FIX_PASSES_MAX.
    """
    dt_dx = _F(dt / dx * 2.0**24)
    ny, nx = h.shape
    for turn in range(FIX_PASSES_MAX):
        lacking = [(0, 0, np.int64(0))][:0]
        for j in range(1, ny - 1):
            for i in range(1, nx - 1):
                if h[j, i] < 0:
                    lacking.append((j, i, -np.int64(h[j, i])))
        if len(lacking) == 0:
            return turn
        for j, i, short in lacking:
            east = np.int64(max(_units(qx[j, i], dt_dx), 0))
            west = np.int64(max(-_units(qx[j, i - 1], dt_dx), 0))
            south = np.int64(max(_units(qy[j, i], dt_dx), 0))
            north = np.int64(max(-_units(qy[j - 1, i], dt_dx), 0))
            total = east + west + south + north
            if total < short:
                return -1
            kept = total - short
            h[j, i] += _cut(h, qx, j, i, j, i + 1, east, kept, total, dt_dx, 1)
            h[j, i] += _cut(h, qx, j, i - 1, j, i - 1, west, kept, total, dt_dx, -1)
            h[j, i] += _cut(h, qy, j, i, j + 1, i, south, kept, total, dt_dx, 1)
            h[j, i] += _cut(h, qy, j - 1, i, j - 1, i, north, kept, total, dt_dx, -1)
    return -1


@njit(inline="always", error_model="numpy")
def _cut(
    h: Any, q: Any, fj: int, fi: int, tj: int, ti: int, gave: Any, kept: Any, total: Any,
    dt_dx: Any, sign: int,
) -> Any:  # fmt: skip
    """Cut the face (fj, fi) to kept/total of what it gave; its receiver (tj, ti) returns the rest.

    The discharge is set a hair low, so that what the face now carries is never more than its share.
    """
    if gave == 0:
        return np.int32(0)
    share = (gave * kept) // total
    q[fj, fi] = _F(sign) * (_F(share) * _F(0.999999) / dt_dx)
    back = np.int32(gave - sign * np.int64(_units(q[fj, fi], dt_dx)))
    h[tj, ti] -= back
    return back


@njit(nogil=True, cache=True)
def spread(wet: Any, active: Any) -> int:
    """active: segments with water and those beside them. Returns how many."""
    rows, segments = wet.shape
    count = 0
    for j in range(1, rows - 1):
        for s in range(segments):
            on = wet[j, s] | wet[j - 1, s] | wet[j + 1, s]
            if s > 0:
                on |= wet[j, s - 1]
            if s < segments - 1:
                on |= wet[j, s + 1]
            active[j, s] = on
            count += on
    return count
