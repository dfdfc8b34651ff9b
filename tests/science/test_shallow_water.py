"""The full shallow-water equations against exact solutions."""

from __future__ import annotations

import numpy as np
import pytest

from anlan.science.errors import BadInput, RunStopped
from anlan.science.inundation import shallow_water as full
from anlan.science.inundation.sources import GreenAmpt

G = 9.81


def strip(columns: int, depth: np.ndarray, cell_m: float, **more: object) -> full.Water:
    bed = np.zeros((3, columns))
    return full.start(bed, cell_m, np.tile(depth, (3, 1)), **more)  # type: ignore[arg-type]


def l1(computed: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(computed - exact).mean() / np.abs(exact).max())


def test_a_lake_at_rest_with_islands_stays() -> None:
    bed = np.random.default_rng(2).random((30, 40)) * 3
    lake = full.start(bed, 5.0, np.maximum(1.7 - bed, 0))
    full.advance(lake, 100.0)
    wet = lake.depth_m > 0
    np.testing.assert_allclose(lake.level_m[wet], 1.7, atol=1e-12)
    assert max(np.abs(lake.mx).max(), np.abs(lake.my).max()) < 1e-11


def ritter(x: np.ndarray, t: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Ritter 1892: a dam at x = 0 breaks onto a dry bed."""
    c = np.sqrt(G * high)
    depth = np.where(x < -c * t, high, np.where(x < 2 * c * t, (2 * c - x / t) ** 2 / (9 * G), 0))
    speed = np.where((x >= -c * t) & (x < 2 * c * t), 2 / 3 * (c + x / t), 0)
    return depth, speed


def test_a_dam_breaks_onto_a_dry_bed_as_ritter_says() -> None:
    errors = []
    for columns in (200, 400, 800):
        cell = 100 / columns
        x = (np.arange(columns) + 0.5) * cell - 50
        water = strip(columns, np.where(x < 0, 2.0, 0.0), cell)
        full.advance(water, 4.0)
        errors.append(l1(water.depth_m[1], ritter(x, 4.0, 2.0)[0]))
    assert errors[0] < 0.005
    assert errors[2] < errors[1] < errors[0] and errors[2] < 0.4 * errors[0]


def stoker(x: np.ndarray, t: float, high: float, low: float) -> np.ndarray:
    """Stoker 1957: a dam at x = 0 breaks onto still water of depth `low`."""
    ch = np.sqrt(G * high)

    def misfit(middle: float) -> float:
        bore = (middle - low) * np.sqrt(G / 2 * (1 / middle + 1 / low))
        return float(2 * (ch - np.sqrt(G * middle)) - bore)

    lo, hi = low, high
    for _ in range(200):
        mid = (lo + hi) / 2
        lo, hi = (mid, hi) if misfit(mid) > 0 else (lo, mid)
    cm = np.sqrt(G * lo)
    um = 2 * (ch - cm)
    shock = lo * um / (lo - low)
    fan = (2 * ch - x / t) ** 2 / (9 * G)
    return np.select([x < -ch * t, x < (um - cm) * t, x < shock * t], [high, fan, lo], low)


def test_a_dam_breaks_onto_water_with_stokers_bore() -> None:
    errors = []
    for columns in (200, 800):
        cell = 100 / columns
        x = (np.arange(columns) + 0.5) * cell - 50
        water = strip(columns, np.where(x < 0, 2.0, 0.4), cell)
        full.advance(water, 6.0)
        errors.append(l1(water.depth_m[1], stoker(x, 6.0, 2.0, 0.4)))
    assert errors[0] < 0.01 and errors[1] < 0.35 * errors[0]


def thacker(x: np.ndarray, y: np.ndarray, t: float) -> np.ndarray:
    """Thacker 1981, planar surface in a paraboloid: h = 0.1 m, a = 1 m, η₀ = 0.5 m."""
    depth, radius, shift = 0.1, 1.0, 0.5
    omega = np.sqrt(2 * G * depth) / radius
    level = (
        shift * depth / radius**2 * (2 * x * np.cos(omega * t) + 2 * y * np.sin(omega * t) - shift)
    )
    return np.maximum(level - depth * ((x**2 + y**2) / radius**2 - 1), 0)


def test_water_swings_in_a_bowl_and_comes_back_as_thacker_says() -> None:
    count, half = 80, 2.0
    cell = 2 * half / count
    c = (np.arange(count) + 0.5) * cell - half
    x, y = np.meshgrid(c, c)
    bed = 0.1 * (x**2 + y**2 - 1)
    omega = np.sqrt(2 * G * 0.1)
    depth = thacker(x, y, 0.0)
    wet = depth > 0
    speed = (np.zeros_like(x), np.where(wet, 0.5 * omega, 0.0))
    water = full.start(bed, cell, depth, velocity_m_s=speed)
    before = depth.sum()
    full.advance(water, 2 * np.pi / omega)
    assert abs(water.depth_m.sum() - before) < 1e-9 * before
    assert l1(water.depth_m, thacker(x, y, 2 * np.pi / omega)) < 0.02


def test_a_steady_flow_over_a_hill_has_macdonalds_depth() -> None:
    """MacDonald 1996: a bed made so that a chosen depth is the exact steady flow (subcritical)."""
    length, columns, flow, n = 1000.0, 200, 2.0, 0.033
    cell = length / columns
    x = (np.arange(columns) + 0.5) * cell
    shape = np.exp(-16 * (x / length - 0.5) ** 2)
    depth = (4 / G) ** (1 / 3) * (1 + 0.5 * shape)
    rise = np.gradient(depth, x)
    slope = (1 - flow**2 / (G * depth**3)) * rise + n**2 * flow**2 / depth ** (10 / 3)
    bed = -np.concatenate([[0], np.cumsum((slope[1:] + slope[:-1]) / 2 * cell)])
    last = float(depth[-1])
    sides = full.Sides(west=lambda _t: (None, flow), east=lambda _t: (last, None))
    water = full.start(
        np.tile(bed, (3, 1)), cell, np.tile(depth, (3, 1)), manning=n, sides=sides,
        velocity_m_s=(np.tile(flow / depth, (3, 1)), np.zeros((3, columns))),
    )  # fmt: skip
    full.advance(water, 3000.0)
    assert l1(water.depth_m[1, 2:-2], depth[2:-2]) < 0.005
    np.testing.assert_allclose(water.mx[2, 3:-3], flow, rtol=0.01)


def test_a_turned_dam_break_is_the_turned_picture() -> None:
    depth = np.where(np.add.outer(np.arange(30), np.arange(30)) < 20, 2.0, 0.5)
    bed = np.random.default_rng(5).random((30, 30)) * 0.3
    straight, turned = full.start(bed, 2.0, depth), full.start(bed.T, 2.0, depth.T)
    full.advance(straight, 5.0)
    full.advance(turned, 5.0)
    np.testing.assert_allclose(straight.depth_m.T, turned.depth_m, atol=1e-12)


def green_ampt_s(soaked_m: float, k_m_s: float, head_m: float) -> float:
    """When so much has soaked under a pond, Green and Ampt 1911: K t = F - ψΔθ ln(1 + F / ψΔθ)."""
    return (soaked_m - head_m * np.log(1 + soaked_m / head_m)) / k_m_s


def test_a_pond_soaks_away_as_green_and_ampt_say_and_takes_its_momentum_along() -> None:
    losses = GreenAmpt(36.0, 0.1, 0.3)
    pond = full.start(np.zeros((4, 5)), 1.0, np.full((4, 5), 0.5), losses=losses)
    full.advance(pond, 900.0)
    gone = 0.5 - pond.depth_m
    assert pond.soaked_m3 == pytest.approx(gone.sum(), rel=1e-12)
    assert green_ampt_s(float(gone[0, 0]), 1e-5, 0.03) == pytest.approx(900.0, rel=0.02)
    film = full.start(np.zeros((4, 5)), 1.0, np.full((4, 5), 1e-3), losses=losses)
    full.advance(film, 3600.0)
    assert film.depth_m.max() == 0 and film.soaked_m3 == pytest.approx(0.02)
    assert not film.mx.any() and not film.my.any()


def test_a_run_stops_where_a_number_is_none_or_a_depth_is_below_nothing() -> None:
    for value, code in ((np.nan, "not-finite"), (-1.0, "negative")):
        pond = full.start(np.zeros((5, 5)), 1.0, np.full((5, 5), 0.5))
        pond.h[3, 3] = value
        with pytest.raises(RunStopped) as stopped:
            full.advance(pond, 10.0)
        assert stopped.value.code == code
    pond = full.start(np.zeros((5, 5)), 1.0, np.full((5, 5), 0.5))
    pond.my[2, 2] = np.nan
    with pytest.raises(RunStopped, match="not a number"):
        full.advance(pond, 10.0)


def test_bad_input_is_refused_by_name() -> None:
    flat = np.zeros((3, 3))
    for bed, depth, code in (
        (flat, np.zeros((2, 3)), "shape"),
        (flat, flat - 1, "values"),
        (flat + np.nan, flat, "values"),
    ):
        with pytest.raises(BadInput) as refused:
            full.start(bed, 1.0, depth)
        assert refused.value.code == code
