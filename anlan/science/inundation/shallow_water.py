"""The full shallow-water equations over a grid: breaches, shocks, steep and fast water.

Flows in: a bed, roughness, water at rest or moving, what the sides do. Flows out: depths and
velocities. Second order in space and time, well balanced (a lake at rest stays), depths never
negative. Slower than `local_inertial` by far: for small areas. Card:
docs/models/inundation-shallow-water.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput, RunStopped
from anlan.science.inundation import shallow_kernels as kernels
from anlan.science.inundation.sources import GreenAmpt

COURANT = 0.45
STEP_S_MAX = 60.0
STEPS_MAX = 5_000_000
Array = NDArray[np.float64]
Side = Literal["wall", "open"]
Given = Callable[[float], tuple[float | None, float | None]]


@dataclass(frozen=True)
class Sides:
    """What each side does: a wall, open (as inside), or a function of time giving (depth in m,
    discharge into the grid in m²/s); None of either takes it from inside.
    """

    north: Side | Given = "wall"
    east: Side | Given = "wall"
    south: Side | Given = "wall"
    west: Side | Given = "wall"


@dataclass
class Water:
    """A running flow. Arrays carry a ring of ghosts; h in m, mx and my in m²/s (east, south)."""

    cell_m: float
    z: Array
    h: Array
    mx: Array
    my: Array
    n2: Array
    sides: Sides
    second_order: bool = True
    t_s: float = 0.0
    steps: int = 0
    soaked_m3: float = 0.0
    soil: tuple[Array, Array, Array] | None = None
    _rates: list[Array] = field(default_factory=list)

    @property
    def depth_m(self) -> Array:
        return self.h[1:-1, 1:-1]

    @property
    def level_m(self) -> Array:
        return self.z[1:-1, 1:-1] + self.depth_m

    @property
    def velocity_m_s(self) -> tuple[Array, Array]:
        """(eastward, southward) m/s; zero where dry."""
        depth = self.depth_m
        wet = depth > kernels.STILL_M
        zero = np.zeros_like(depth)
        east = np.divide(self.mx[1:-1, 1:-1], depth, out=zero.copy(), where=wet)
        return east, np.divide(self.my[1:-1, 1:-1], depth, out=zero, where=wet)


def start(
    bed_m: Array,
    cell_m: float,
    depth_m: Array,
    *,
    velocity_m_s: tuple[Array, Array] | None = None,
    manning: float | Array = 0.0,
    sides: Sides = Sides(),
    second_order: bool = True,
    losses: GreenAmpt | None = None,
) -> Water:
    """Water on a bed. Arrays (rows, columns); losses: what soaks away. Raises BadInput where a
    value is not finite, a depth is negative or Manning's n outside 0 to 1 s/m^(1/3).
    """
    bed, depth = np.asarray(bed_m, float), np.asarray(depth_m, float)
    if bed.ndim != 2 or depth.shape != bed.shape:
        raise BadInput("shape", f"bed {bed.shape} and depth {depth.shape} must be one grid")
    if not (np.isfinite(bed).all() and np.isfinite(depth).all()) or (depth < 0).any():
        raise BadInput("values", "bed and depth must be finite, and no depth negative")
    rough = np.broadcast_to(np.asarray(manning, float), bed.shape)
    if not ((rough >= 0) & (rough <= 1)).all():
        raise BadInput("manning", "Manning's n must be within 0 to 1 s/m^(1/3)")
    east, south = velocity_m_s or (np.zeros_like(bed), np.zeros_like(bed))
    water = Water(
        cell_m, _ringed(bed), _ringed(depth), _ringed(depth * east), _ringed(depth * south),
        _ringed(rough**2), sides, second_order,
    )  # fmt: skip
    if losses is not None:
        k, head = losses.fields((bed.shape[0], bed.shape[1]))
        water.soil = k.astype(float), head.astype(float), np.zeros_like(bed)
    water._rates = [np.zeros_like(water.h) for _ in range(5)]
    return water


def _ringed(field_: Array) -> Array:
    return np.pad(field_, 1, mode="edge")


def advance(water: Water, until_s: float, *, wall_s_max: float = float("inf")) -> Water:
    """Go on until `until_s`. Raises RunStopped: not finite, out of steps or of time."""
    began = time.monotonic()
    while water.t_s < until_s - 1e-12:
        _edge(water)
        u, v = water._rates[3], water._rates[4]
        fastest = kernels.speeds(water.h, water.mx, water.my, u, v, water.cell_m)
        if not np.isfinite(fastest):
            raise RunStopped("not-finite", f"not a number at {water.t_s:.3f} s")
        dt = min(COURANT / max(fastest, 1e-9), STEP_S_MAX, until_s - water.t_s)
        _heun(water, dt)
        if water.soil is not None:
            taken_m = kernels.soak(water.h, water.mx, water.my, *water.soil, dt)
            water.soaked_m3 += taken_m * water.cell_m**2
        water.t_s += dt
        water.steps += 1
        if water.steps > STEPS_MAX or time.monotonic() - began > wall_s_max:
            raise RunStopped("too-long", f"stopped at {water.t_s:.1f} s after {water.steps} steps")
    return water


def _heun(water: Water, dt: float) -> None:
    """Two Euler steps, averaged (eq. 4); one Euler step in first order."""
    before = [water.h.copy(), water.mx.copy(), water.my.copy()]
    _euler(water, dt)
    if not water.second_order:
        return
    _edge(water)
    kernels.speeds(water.h, water.mx, water.my, water._rates[3], water._rates[4], water.cell_m)
    _euler(water, dt)
    for now, old in zip((water.h, water.mx, water.my), before, strict=True):
        now += old
        now *= 0.5


def _euler(water: Water, dt: float) -> None:
    dh, dm, dn, u, v = water._rates
    for rate in (dh, dm, dn):
        rate.fill(0.0)
    _sweeps(water, dh, dm, dn, u, v)
    scale = dt / water.cell_m
    inner = np.s_[1:-1, 1:-1]
    water.h[inner] += scale * dh[inner]
    if (water.h[inner] < 0).any():
        low = float(water.h[inner].min())
        if low < -1e-9:
            raise RunStopped("negative", f"depth of {low:.3g} m at {water.t_s:.3f} s")
        np.maximum(water.h[inner], 0.0, out=water.h[inner])
    water.mx[inner] += scale * dm[inner]
    water.my[inner] += scale * dn[inner]
    kernels.friction(water.h, water.mx, water.my, water.n2, dt)


def _sweeps(water: Water, dh: Array, dm: Array, dn: Array, u: Array, v: Array) -> None:
    """Fluxes along every row and every column."""
    g, second = kernels.GRAVITY_M_S2, water.second_order
    kernels.rows_fluxes(water.z, water.h, u, v, dh, dm, dn, second, g)
    bed, depth, normal, along = (np.ascontiguousarray(a.T) for a in (water.z, water.h, v, u))
    down_h, down_m, down_n = (np.zeros_like(bed) for _ in range(3))
    kernels.rows_fluxes(bed, depth, normal, along, down_h, down_m, down_n, second, g)
    dh += down_h.T
    dn += down_m.T
    dm += down_n.T


def _edge(water: Water) -> None:
    """Fill the ghosts."""
    views = (
        (water.sides.west, np.s_[:, 0], np.s_[:, 1], water.mx, water.my, 1.0),
        (water.sides.east, np.s_[:, -1], np.s_[:, -2], water.mx, water.my, -1.0),
        (water.sides.north, np.s_[0, :], np.s_[1, :], water.my, water.mx, 1.0),
        (water.sides.south, np.s_[-1, :], np.s_[-2, :], water.my, water.mx, -1.0),
    )
    for side, ghost, inside, across, along, inward in views:
        water.h[ghost] = water.h[inside]
        along[ghost] = along[inside]
        across[ghost] = -across[inside] if side == "wall" else across[inside]
        if callable(side):
            depth, flow = side(water.t_s)
            if depth is not None:
                water.h[ghost] = depth
            if flow is not None:
                across[ghost] = inward * flow
