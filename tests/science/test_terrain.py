"""Waterways against slow, obvious versions of the same thing, and hostile terrain by name."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.science.errors import BadTerrain
from anlan.science.terrain import shape, waterways
from anlan.science.terrain.flood_kernels import DX, DY, NO_DATA, OUTLET


def rough(seed: int, rows: int = 25, columns: int = 31) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (500 + rng.integers(0, 12, (rows, columns)) + rng.random((rows, columns))).astype("f4")


def around(z: np.ndarray, j: int, i: int) -> list[tuple[int, int, int]]:
    found = []
    for k in range(8):
        a, b = j + DY[k], i + DX[k]
        if 0 <= a < z.shape[0] and 0 <= b < z.shape[1] and not np.isnan(z[a, b]):
            found.append((k, a, b))
    return found


def slowly_filled(z: np.ndarray) -> np.ndarray:
    """Barnes's plain priority flood."""
    out, seen, heap = z.copy(), np.isnan(z), []
    for j in range(z.shape[0]):
        for i in range(z.shape[1]):
            if not seen[j, i] and len(around(z, j, i)) < 8:
                seen[j, i] = True
                heapq.heappush(heap, (float(z[j, i]), j, i))
    while heap:
        level, j, i = heapq.heappop(heap)
        for _k, a, b in around(z, j, i):
            if not seen[a, b]:
                seen[a, b] = True
                out[a, b] = max(z[a, b], np.float32(level))
                heapq.heappush(heap, (float(out[a, b]), a, b))
    return out


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.booleans())
def test_the_filled_surface_is_the_plain_priority_floods(seed: int, holes: bool) -> None:
    z = rough(seed)
    if holes:
        z[np.random.default_rng(seed).random(z.shape) < 0.05] = -9999
    ways = waterways.route(z, nodata=-9999)
    held = np.where(z == -9999, np.nan, z)
    np.testing.assert_array_equal(ways.filled_m, slowly_filled(held))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000))
def test_every_cell_drains_to_an_outlet_downhill_and_is_counted_once(seed: int) -> None:
    z = rough(seed)
    ways = waterways.route(z)
    counted = np.zeros(z.shape, int)
    for j in range(z.shape[0]):
        for i in range(z.shape[1]):
            a, b, steps = j, i, 0
            while True:
                counted[a, b] += 1
                k = ways.direction[a, b]
                if k == OUTLET:
                    break
                c, d = a + DY[k], b + DX[k]
                assert ways.filled_m[c, d] <= ways.filled_m[a, b]
                a, b, steps = c, d, steps + 1
                assert steps < z.size
    np.testing.assert_array_equal(counted, ways.upstream)
    assert ways.upstream[ways.direction == OUTLET].sum() == z.size


def test_where_a_cell_has_a_lower_neighbour_it_takes_the_steepest() -> None:
    ways = waterways.route(rough(4))
    f = ways.filled_m
    for j in range(f.shape[0]):
        for i in range(f.shape[1]):
            drops = {k: (f[j, i] - f[a, b]) / (1, 2**0.5)[k % 2] for k, a, b in around(f, j, i)}
            if ways.direction[j, i] < OUTLET and max(drops.values()) > 0:
                assert drops[int(ways.direction[j, i])] == pytest.approx(max(drops.values()))


def valley() -> np.ndarray:
    """A straight valley down to the south between two slopes."""
    y, x = np.mgrid[0:40, -10:11]
    return (200 + np.abs(x) * 2.0 - y * 0.1).astype("f4")


def test_a_valley_has_its_stream_and_heights_above_it() -> None:
    z = valley()
    ways = waterways.route(z)
    above = waterways.above_nearest_drainage_m(ways, z, 15)
    assert ways.upstream[39, 10] > 0.5 * z.size
    assert above[20, 10] == 0
    assert (above >= -1e-4).all()
    assert above[20, 15] == pytest.approx(10.0, abs=0.6)
    assert waterways.stream_order(ways, 15)[30, 10] >= 1


def test_two_streams_of_one_order_make_the_next() -> None:
    z = np.full((9, 9), 50, "f4")
    for step, (j, i) in enumerate([(1, 1), (2, 2), (3, 3), (1, 7), (2, 6), (3, 5)]):
        z[j, i] = 20 - step % 3
    z[4:9, 4] = np.arange(10, 5, -1)
    order = waterways.stream_order(waterways.route(z), 1)
    assert order[8, 4] > order[1, 1]


def test_basins_part_the_whole_terrain() -> None:
    ways = waterways.route(rough(9))
    numbers = waterways.basins(ways)
    assert (numbers > 0).all()
    sizes = np.bincount(numbers.ravel())[1:]
    np.testing.assert_array_equal(sizes, ways.upstream[ways.direction == OUTLET])


def test_burning_a_stream_draws_water_to_it() -> None:
    z = valley()
    channel = np.zeros(z.shape, bool)
    channel[:, 3] = True
    before, after = waterways.route(z), waterways.route(waterways.burned(z, channel, 30.0))
    assert before.upstream[39, 3] < 10
    assert after.upstream[39, 3] >= 3 * 40
    with pytest.raises(BadTerrain):
        waterways.burned(z, channel, -1.0)


@pytest.mark.parametrize(
    ("z", "nodata", "code"),
    [
        (np.ones((1, 1)), None, "one-cell"),
        (np.full((4, 4), np.nan), None, "no-data-at-all"),
        (np.full((4, 4), -9999.0), -9999, "no-data-at-all"),
        (np.array([[1.0, np.inf], [1, 1]]), None, "not-finite"),
        (np.array([[300.0, -32768], [310, 320]]), None, "out-of-range"),
        (np.array([[300.0, 0], [310, 320]]), None, "nodata-as-zero"),
        (np.array([[300.0, 5000], [310, 320]]), None, "cliff"),
    ],
)
def test_hostile_terrain_is_refused_by_name(z: np.ndarray, nodata: float, code: str) -> None:
    with pytest.raises(BadTerrain) as refused:
        waterways.route(z, nodata)
    assert refused.value.code == code


def test_an_all_flat_terrain_drains_and_is_not_changed() -> None:
    z = np.full((20, 20), 100, "f4")
    ways = waterways.route(z)
    np.testing.assert_array_equal(ways.filled_m, z)
    assert (ways.direction != NO_DATA).all() and ways.upstream.max() > 1


def test_slope_aspect_and_curvature_of_surfaces_known_by_formula() -> None:
    y, x = np.mgrid[0:20, 0:20] * 10.0
    plane = 0.3 * x - 0.4 * y
    inner = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(shape.slope_deg(plane, 10)[inner], np.degrees(np.arctan(0.5)))
    facing = shape.aspect_deg(plane, 10)[inner]
    np.testing.assert_allclose(facing, np.degrees(np.arctan2(-0.3, -0.4)) % 360)
    profile, plan = shape.curvature_per_m(plane, 10)
    np.testing.assert_allclose(profile[inner], 0, atol=1e-12)
    np.testing.assert_allclose(plan[inner], 0, atol=1e-12)
    trough = (x - 100) ** 2 / 2000
    bend, _ = shape.curvature_per_m(trough, 10)
    np.testing.assert_allclose(bend[5, 3:9], -2 * 0.5e-3, rtol=1e-6)


def test_a_slope_towards_the_sun_is_lighter_than_one_away() -> None:
    y, x = np.mgrid[0:10, 0:10]
    to_north_west, to_south_east = (x + y) * 5.0, -(x + y) * 5.0
    assert shape.hillshade(to_north_west, 10)[5, 5] > 240
    assert shape.hillshade(to_south_east, 10)[5, 5] < 100
    assert (shape.hillshade(np.zeros((5, 5)), 10) == 180).all()
