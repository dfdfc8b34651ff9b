"""Kernels of the full shallow-water equations: finite volumes on a square grid, float64.

Equations, by number as in docs/models/inundation-shallow-water.md:
(1) ∂U/∂t + ∂F/∂x + ∂G/∂y = S,  U = (h, h u, h v)
(2) faces by hydrostatic reconstruction, Audusse et al. 2004, doi:10.1137/S1064827503431090:
    z* = max(z_L, z_R), h*_L = max(0, η_L - z*), h*_R = max(0, η_R - z*)
(3) HLLC flux with the wave speeds of Toro 2001 for wet and dry beds
(4) second order: slopes of η, h, u, v limited by minmod; Heun's two steps in time
(5) friction taken from the new discharge: q' + g Δt n² h^(-7/3) q'² = q, q = |V| h
(6) infiltration after Green and Ampt, explicit in what has soaked: f = K (1 + ψ Δθ / F)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

GRAVITY_M_S2 = 9.81
DRY_M = 1e-6
STILL_M = 1e-4


@njit(inline="always", error_model="numpy")
def minmod(a: Any, b: Any) -> Any:
    """The smaller of two slopes of one sign, else none."""
    if a * b <= 0.0:
        return 0.0
    return a if abs(a) < abs(b) else b


@njit(inline="always", error_model="numpy")
def hllc(hl: Any, ul: Any, vl: Any, hr: Any, ur: Any, vr: Any, g: Any) -> Any:
    """Eq. 3: flux of (mass, normal and tangential momentum) between two states."""
    if hl <= DRY_M and hr <= DRY_M:
        return 0.0, 0.0, 0.0
    cl, cr = np.sqrt(g * hl), np.sqrt(g * hr)
    if hl <= DRY_M:
        sl, sr = ur - 2 * cr, ur + cr
        middle = sl
    elif hr <= DRY_M:
        sl, sr = ul - cl, ul + 2 * cl
        middle = sr
    else:
        us = 0.5 * (ul + ur) + cl - cr
        cs = 0.5 * (cl + cr) + 0.25 * (ul - ur)
        sl, sr = min(ul - cl, us - cs), max(ur + cr, us + cs)
        middle = (sl * hr * (ur - sr) - sr * hl * (ul - sl)) / (hr * (ur - sr) - hl * (ul - sl))
    ml, mr = hl * ul, hr * ur
    fl, fr = ml * ul + 0.5 * g * hl * hl, mr * ur + 0.5 * g * hr * hr
    if sl >= 0.0:
        return ml, fl, ml * vl
    if sr <= 0.0:
        return mr, fr, mr * vr
    mass = (sr * ml - sl * mr + sl * sr * (hr - hl)) / (sr - sl)
    push = (sr * fl - sl * fr + sl * sr * (mr - ml)) / (sr - sl)
    return mass, push, mass * (vl if middle >= 0.0 else vr)


@njit(nogil=True, cache=True, error_model="numpy")
def speeds(h: Any, mx: Any, my: Any, u: Any, v: Any, cell_m: float) -> float:
    """Velocities from momenta; the celerity over Δx, at most, 1/s; nan where a number is none."""
    most = 0.0
    rows, columns = h.shape
    for j in range(rows):
        for i in range(columns):
            depth = h[j, i]
            if not abs(depth) < np.inf:
                return np.nan
            if depth > STILL_M:
                u[j, i], v[j, i] = mx[j, i] / depth, my[j, i] / depth
            elif depth > DRY_M:
                u[j, i] = mx[j, i] * depth / (STILL_M * STILL_M)
                v[j, i] = my[j, i] * depth / (STILL_M * STILL_M)
            else:
                u[j, i] = v[j, i] = 0.0
            if depth > DRY_M:
                wave = np.sqrt(GRAVITY_M_S2 * depth)
                rate = (max(abs(u[j, i]), abs(v[j, i])) + wave) / cell_m
                if not abs(u[j, i]) + abs(v[j, i]) < np.inf:
                    return np.nan
                most = max(most, rate)
    return most


@njit(inline="always", error_model="numpy")
def _reconstructed(
    z0: Any, h0: Any, u0: Any, v0: Any, sz0: Any, sh0: Any, su0: Any, sv0: Any, side: Any
) -> Any:
    """State at a face half a cell away (side +½ or -½): bed, depth, velocities."""
    depth = max(h0 + side * sh0, 0.0)
    level = z0 + h0 + side * sz0
    return level - depth, depth, u0 + side * su0, v0 + side * sv0


@njit(nogil=True, cache=True, error_model="numpy")
def line_fluxes(
    z: Any, h: Any, u: Any, v: Any, dh: Any, dm: Any, dn: Any, work: Any, second: bool, g: float
) -> None:
    """Fluxes and bed slope along one line of cells, added to the rates dh, dm, dn (per Δx).

    u, dm: normal to the faces; v, dn: along them. work: (4, n) slopes of η, h, u, v (eq. 4). The
    first and last cell are ghosts.
    """
    count = z.size
    se, sh, su, sv = work[0], work[1], work[2], work[3]
    for i in range(count):
        se[i] = sh[i] = su[i] = sv[i] = 0.0
    if second:
        for i in range(1, count - 1):
            if h[i - 1] > DRY_M and h[i] > DRY_M and h[i + 1] > DRY_M:
                before, here, after = z[i - 1] + h[i - 1], z[i] + h[i], z[i + 1] + h[i + 1]
                se[i] = minmod(here - before, after - here)
                sh[i] = minmod(h[i] - h[i - 1], h[i + 1] - h[i])
                su[i] = minmod(u[i] - u[i - 1], u[i + 1] - u[i])
                sv[i] = minmod(v[i] - v[i - 1], v[i + 1] - v[i])
    for i in range(count - 1):
        if h[i] <= DRY_M and h[i + 1] <= DRY_M:
            continue
        zl, hl, ul, vl = _reconstructed(z[i], h[i], u[i], v[i], se[i], sh[i], su[i], sv[i], 0.5)
        k = i + 1
        zr, hr, ur, vr = _reconstructed(z[k], h[k], u[k], v[k], se[k], sh[k], su[k], sv[k], -0.5)
        bed = max(zl, zr)
        low, high = max(0.0, hl + zl - bed), max(0.0, hr + zr - bed)  # eq. 2
        mass, push, along = hllc(low, ul, vl, high, ur, vr, g)
        dh[i] -= mass
        dh[k] += mass
        dm[i] -= push + 0.5 * g * (hl * hl - low * low)
        dm[k] += push + 0.5 * g * (hr * hr - high * high)
        dn[i] -= along
        dn[k] += along
        # the part of the bed's slope within a cell, between its own two faces
        dm[i] -= 0.5 * g * (h[i] + hl) * (zl - z[i])
        dm[k] += 0.5 * g * (h[k] + hr) * (zr - z[k])


@njit(nogil=True, cache=True, error_model="numpy")
def rows_fluxes(
    z: Any, h: Any, u: Any, v: Any, dh: Any, dm: Any, dn: Any, second: bool, g: float
) -> None:
    """`line_fluxes` along every inner row."""
    work = np.zeros((4, z.shape[1]))
    for j in range(1, z.shape[0] - 1):
        line_fluxes(z[j], h[j], u[j], v[j], dh[j], dm[j], dn[j], work, second, g)


@njit(nogil=True, cache=True, error_model="numpy")
def friction(h: Any, mx: Any, my: Any, n2: Any, dt: float) -> None:
    """Eq. 5: q' = 2 q / (1 + √(1 + 4 k q)), k = g Δt n² h^(-7/3)."""
    rows, columns = h.shape
    for j in range(1, rows - 1):
        for i in range(1, columns - 1):
            depth = h[j, i]
            if depth <= DRY_M:
                mx[j, i] = my[j, i] = 0.0
                continue
            flow = np.hypot(mx[j, i], my[j, i])
            k = GRAVITY_M_S2 * dt * n2[j, i] * depth ** (-7.0 / 3.0)
            keep = 2.0 / (1.0 + np.sqrt(1.0 + 4.0 * k * flow))
            mx[j, i] *= keep
            my[j, i] *= keep


@njit(nogil=True, cache=True, error_model="numpy")
def soak(h: Any, mx: Any, my: Any, k: Any, head: Any, soaked: Any, dt: float) -> float:
    """Eq. 6 for dt s, at most what is there; what soaks takes its momentum along. k: m/s; head and
    soaked: m, of the inner grid. Returns the depth taken, summed over cells, m.
    """
    taken = 0.0
    rows, columns = k.shape
    for j in range(rows):
        for i in range(columns):
            depth = h[j + 1, i + 1]
            if depth <= 0.0:
                continue
            gone = min(k[j, i] * dt * (1.0 + head[j, i] / max(soaked[j, i], 1e-4)), depth)
            keep = (depth - gone) / depth
            h[j + 1, i + 1] = depth - gone
            mx[j + 1, i + 1] *= keep
            my[j + 1, i + 1] *= keep
            soaked[j, i] += gone
            taken += gone
    return taken
