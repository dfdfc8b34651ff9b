"""Kernels of the local inertial flow along a row: flat functions on plain arrays, by Numba.

Equations, by number as in docs/models/inundation-local-inertial.md:
(1) q' + k |q'| q' = q*,  k = g Δt n² h_f^(-7/3),  q* = θ q + (1-θ)/2 (q₋ + q₊) - g h_f Δt Δη/Δx
    q' = 2 q* / (1 + √(1 + 4 k |q*|))
    de Almeida et al. 2012, doi:10.1029/2011WR011570 (θ = 1: Bates et al. 2010), with the friction
    taken wholly from the new discharge. Their |q| q' swings about the normal flow where a step is
    long beside the friction's own time (a film of rain on a slope), k |q'| q' does not.
(2) h_f = max(η₀, η₁) - max(z₀, z₁), or the crest of a wall that is higher
(3) h' = h + Δt/Δx (Σ q in - Σ q out)

Depths are integers (see `units`): (3) is exact. `tile_kernels` says which faces are due when.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

GRAVITY_M_S2 = 9.81
_F = np.float32
DEPTH_SCALE = _F(2.0**-24)
BED_SCALE = _F(2.0**-20)
UNITS_A_M = 2.0**24
# 64 m of water through a face in a step: beyond any stable step, and no overflow of int32.
CROSSED_MOST = _F(2.0**30)


# Without reference counts: counting each slice of a row costs more than it saves, and threads would
# wait for one another's counts. Kernels make no arrays.
_njit: Any = njit
flat = _njit(nogil=True, error_model="numpy", _nrt=False)
kept = _njit(nogil=True, cache=True, error_model="numpy", _nrt=False)


@intrinsic
def _bits(typing_context: Any, value: Any) -> Any:
    """The bits of a float32 as an int32; of positive numbers, the greater has the greater."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def _float(typing_context: Any, value: Any) -> Any:
    """The float32 of these bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic
def _fused(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once, in one instruction."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.FloatType(), [ir.FloatType()] * 3)
        fma = builder.module.declare_intrinsic("llvm.fma", [ir.FloatType()], kind)
        return builder.call(fma, args)

    return types.float32(types.float32, types.float32, types.float32), generate


@intrinsic
def _nearest(typing_context: Any, value: Any) -> Any:
    """The nearest whole number, as an int32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rint = builder.module.declare_intrinsic("llvm.rint", [ir.FloatType()])
        return builder.fptosi(builder.call(rint, args), ir.IntType(32))

    return types.int32(types.float32), generate


bits_of: Any = _bits
float_of: Any = _float
_fma: Any = _fused
_whole: Any = _nearest


@njit(inline="always", error_model="numpy")
def inverse_cube_root(x: Any) -> Any:
    """x^(-1/3) for float32 x > 0, within 3e-5: a guess from the exponent, then a series in its
    error c = 1 - x y³: y (1 + c/3 + 2c²/9 + 14c³/81).
    """
    y: Any = float_of(np.int32(_fma(_F(bits_of(x)), _F(-0.33333334), _F(1.4199e9))))
    c = _fma(-(x * y), y * y, _F(1.0))
    series = _fma(c, _fma(c, _F(14.0 / 81.0), _F(2.0 / 9.0)), _F(1.0 / 3.0))
    return _fma(y * c, series, y)


@njit(inline="always", error_model="numpy")
def crossing(q: Any, dt_dx: Any) -> Any:
    """What crosses a face in a step, in depth units of a cell, to the nearest unit."""
    x = q * dt_dx
    x = x if x < CROSSED_MOST else CROSSED_MOST
    return _whole(x if x > -CROSSED_MOST else -CROSSED_MOST)


@flat
def faces(
    count: int, z0: Any, z1: Any, h0: Any, h1: Any, old: Any, before: Any, after: Any, n20: Any,
    n21: Any, q: Any, crossed: Any, fast: Any, theta: Any, dt: Any, dx: Any, dry: Any,
) -> None:  # fmt: skip
    """Eq. 1 for `count` faces in a row, written into q (m²/s) and crossed (depth units of a step).

    z0, h0, n20 and z1, h1, n21: the cells on both sides; before, after: discharges q₋, q₊ of the
    faces next in line. fast: bits of the highest speed so far (m/s), by face. No two of the written
    and read arrays overlap, so that the loop vectorises.
    """
    zero, one = _F(0.0), _F(1.0)
    rest = (one - theta) * _F(0.5)
    gdt2, gdt_dx = _F(2.0 * GRAVITY_M_S2) * dt, _F(GRAVITY_M_S2) * dt / dx
    dt_dx = dt / dx * _F(UNITS_A_M)
    for i in range(count):
        dz = _F(np.int32(z1[i] - z0[i])) * BED_SCALE
        rise = _fma(_F(np.int32(h1[i] - h0[i])), DEPTH_SCALE, dz)
        left = _fma(_F(h0[i]), DEPTH_SCALE, -(dz if dz > zero else zero))
        right = _fma(_F(h1[i]), DEPTH_SCALE, dz if dz < zero else zero)
        depth = left if left > right else right  # eq. 2
        safe = depth if depth > dry else dry
        r = inverse_cube_root(safe)
        r3 = r * r * r
        drag = gdt2 * (n20[i] + n21[i]) * (r3 * r3 * r)
        held = _fma(rest, before[i] + after[i], theta * old[i])
        pushed = _fma(-(gdt_dx * safe), rise, held)
        new = (pushed + pushed) / (one + np.sqrt(_fma(drag, math.fabs(pushed), one)))  # eq. 1
        new = new if depth > dry else zero
        q[i] = new
        crossed[i] = crossing(new, dt_dx)
        speed = bits_of(math.fabs(new) * r3)
        fast[i] = speed if speed > fast[i] else fast[i]


@flat
def face_over(
    crest: int, z0: int, z1: int, h0: int, h1: int, old: Any, n2: Any, theta: Any, dt: Any, dx: Any,
    dry: Any,
) -> Any:  # fmt: skip
    """Eq. 1 for one face with a wall on it: the water over `crest` (bed units) flows, no other."""
    rise = _F(z1 - z0) * BED_SCALE + _F(np.int64(h1) - np.int64(h0)) * DEPTH_SCALE
    left = _F(h0) * DEPTH_SCALE + _F(z0 - crest) * BED_SCALE
    right = _F(h1) * DEPTH_SCALE + _F(z1 - crest) * BED_SCALE
    depth = max(left, right)  # eq. 2
    if not depth > dry:
        return _F(0.0)
    drag = _F(GRAVITY_M_S2) * dt * n2 * depth ** _F(-7.0 / 3.0)
    pushed = theta * old - _F(GRAVITY_M_S2) * dt / dx * depth * rise
    return _F(2.0) * pushed / (_F(1.0) + np.sqrt(_F(1.0) + _F(4.0) * drag * abs(pushed)))


@flat
def update(
    count: int, h: Any, fx0: Any, fx1: Any, fy0: Any, fy1: Any, rain: Any, top: Any
) -> None:  # fmt: skip
    """Eq. 3 for `count` cells, and the rain of the step. top: the deepest so far by column, as
    unsigned, so that a depth below nothing is the deepest of all.
    """
    for i in range(count):
        new = np.int32(h[i] + np.int32(fx0[i] - fx1[i]) + np.int32(fy0[i] - fy1[i]) + rain)
        h[i] = new
        most = np.uint32(new)
        top[i] = most if most > top[i] else top[i]


@flat
def soak_row(count: int, h: Any, k: Any, head: Any, soaked: Any, dt: Any) -> Any:
    """Green and Ampt for `count` cells: f = K (1 + ψ Δθ / F), explicit in F (m), at most what is
    there. Returns the units taken.
    """
    taken = np.int64(0)
    scale, floor_m = _F(UNITS_A_M), _F(1e-4)
    most, zero = _F(2.0**30), np.int32(0)
    for i in range(count):
        f = soaked[i] if soaked[i] > floor_m else floor_m
        wanted = k[i] * dt * (_F(1.0) + head[i] / f) * scale
        gone = np.int32(wanted if wanted < most else most)
        here = h[i] if h[i] > zero else zero
        gone = gone if gone < here else here
        h[i] = np.int32(h[i] - gone)
        soaked[i] += _F(gone) * DEPTH_SCALE
        taken += gone
    return taken
