"""The local inertial flow against exact solutions, and the properties that it promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.science.errors import BadInput, RunStopped
from anlan.science.inundation import local_inertial as flow
from anlan.science.inundation.sources import GreenAmpt, Inflow, Rain
from anlan.science.inundation.units import DEPTH_UNIT_M, to_bed


def bumpy(rows: int = 40, columns: int = 150, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((rows, columns)) * 3


def resting(bed: np.ndarray, level_m: float) -> np.ndarray:
    """Depths that make a level surface to the unit, over the bed as the model rounds it."""
    units, datum = to_bed(bed)
    level = round((level_m - datum) * 2**20)
    return np.maximum(level - units.astype(np.int64), 0) * 16 * DEPTH_UNIT_M


def test_a_lake_at_rest_with_dry_islands_stays_to_the_last_unit() -> None:
    bed = bumpy()
    lake = flow.start(bed, 10.0, depth_m=resting(bed, 1.7))
    before = lake.h.copy()
    flow.advance(lake, 600.0)
    assert (before > 0).any() and (before[1:-1, 1:-1] == 0).any()
    np.testing.assert_array_equal(lake.h, before)
    assert not lake.qx.any() and not lake.qy.any()


def storm() -> Rain:
    return Rain(np.array([0.0, 300.0, 900.0]), np.array([120.0, 20.0]))


def test_every_unit_of_rain_inflow_loss_and_outflow_is_accounted_for() -> None:
    bed = bumpy() + np.linspace(4, 0, 150)
    inflow = Inflow(np.array([[20, 0], [21, 0]]), np.array([0.0, 900.0]), np.array([3.0, 5.0]))
    flood = flow.start(
        bed, 5.0, rain=storm(), inflows=[inflow], losses=GreenAmpt(10.0, 0.1, 0.3),
        edges=flow.Edges(east=0.01), manning=0.04,
    )  # fmt: skip
    flow.advance(flood, 1200.0)
    balance = flood.balance
    assert min(balance.rain_m3, balance.inflow_m3, balance.out_m3, balance.soaked_m3) > 0
    assert abs(balance.error) < 1e-12
    assert balance.rain_m3 == pytest.approx(bed.size * 25 * 13.3333333e-3, rel=1e-6)
    assert balance.inflow_m3 == pytest.approx(3600.0, rel=1e-6)
    assert (flood.h >= 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 8.0), st.floats(0.02, 0.1))
def test_no_water_is_made_or_lost_where_fronts_run_dry(seed: int, high: float, n: float) -> None:
    rng = np.random.default_rng(seed)
    bed = rng.random((12, 20)) * 6
    depth = np.where(rng.random(bed.shape) < 0.3, high, 0.0)
    flood = flow.start(bed, 2.0, depth_m=depth, manning=n)
    whole = flood.h.sum(dtype=np.int64)
    flow.advance(flood, 60.0)
    assert flood.h.sum(dtype=np.int64) == whole
    assert (flood.h >= 0).all()


def test_the_same_input_gives_the_same_bytes_on_one_thread_and_on_two() -> None:
    bed = bumpy(400, 700) + np.linspace(3, 0, 700)
    runs = [flow.start(bed, 10.0, rain=storm(), threads=threads) for threads in (1, 2, 2)]
    for run in runs:
        flow.advance(run, 120.0)
    assert runs[1]._steps.threads == 2
    assert len({run.h.tobytes() + run.qx.tobytes() + run.qy.tobytes() for run in runs}) == 1


def ponds(turn: Callable[[np.ndarray], np.ndarray], levels: int) -> np.ndarray:
    """Ponds that run off a slope for five minutes, on a turned grid; depths turned back are equal."""
    bed = bumpy(60, 60) + np.linspace(2, 0, 60)
    run = flow.start(turn(bed), 10.0, depth_m=turn(np.where(bed < 1.5, 1.0, 0.0)), levels=levels)
    return flow.advance(run, 300.0).h[1:-1, 1:-1]


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose, np.rot90])
def test_a_mirrored_or_turned_valley_floods_as_its_mirror_image(turn: Callable) -> None:
    """To the unit with one step for all; tiles lie otherwise on a turned grid, and steps with them."""
    np.testing.assert_array_equal(turn(ponds(np.asarray, 0)), ponds(turn, 0))
    apart_m = np.abs(turn(ponds(np.asarray, 4)) - ponds(turn, 4)) * DEPTH_UNIT_M
    assert apart_m.max() < 0.03 and apart_m.mean() < 0.001


def test_more_rain_is_nowhere_less_water_in_a_closed_bowl() -> None:
    y, x = np.mgrid[-20:21, -20:21]
    bed = (x**2 + y**2) / 100.0
    depths = []
    for rate in (30.0, 60.0, 120.0):
        run = flow.start(bed, 10.0, rain=Rain(np.array([0.0, 1800.0]), np.array([rate])))
        flow.advance(run, 3600.0)
        depths.append(run.record.deepest_m[20, 20])
    assert depths == sorted(depths) and depths[0] < depths[-1]


def test_a_steady_channel_runs_at_mannings_normal_depth() -> None:
    slope, n, width, unit_flow = 0.002, 0.03, 5, 0.8
    length = 400
    bed = np.tile(-slope * 10.0 * np.arange(length), (width, 1))
    cells = np.array([[row, 0] for row in range(width)])
    inflow = Inflow(cells, np.array([0.0, 1e5]), np.full(2, unit_flow * 10 * width))
    run = flow.start(bed, 10.0, manning=n, inflows=[inflow], edges=flow.Edges(east=slope))
    flow.advance(run, 12_000.0)
    normal_m = (n * unit_flow / slope**0.5) ** 0.6
    np.testing.assert_allclose(run.depth_m[:, 100:300], normal_m, rtol=2e-3)


def test_rain_on_a_plane_follows_the_kinematic_wave() -> None:
    """Henderson and Wooding 1964: rise q = α (i t)^(5/3) until t_c, then q = i L."""
    slope, n, length_m, cell_m = 0.02, 0.03, 200.0, 2.0
    columns, rate = int(length_m / cell_m), 60.0
    i = rate / 3.6e6
    alpha = slope**0.5 / n
    rise_s = (length_m / (alpha * i ** (2 / 3))) ** 0.6
    bed = np.tile(-slope * cell_m * np.arange(columns), (3, 1))
    rain = Rain(np.array([0.0, 3 * rise_s]), np.array([rate]))
    run = flow.start(bed, cell_m, manning=n, rain=rain, edges=flow.Edges(east=slope))
    for part in (0.4, 0.6, 0.8):
        flow.advance(run, part * rise_s)
        exact = alpha * (i * run.t_s) ** (5 / 3)
        assert float(run.qx[2, -2]) == pytest.approx(exact, rel=0.03)
    flow.advance(run, 2 * rise_s)
    assert float(run.qx[2, -2]) == pytest.approx(i * length_m, rel=0.01)


def hunter_depth_m(x: np.ndarray, t_s: float, speed: float, n: float) -> np.ndarray:
    """Hunter et al. 2005, non-breaking wave on a flat bed: h = [7/3 n² u² (u t - x)]^(3/7)."""
    return np.maximum(7 / 3 * n**2 * speed**2 * (speed * t_s - x), 0) ** (3 / 7)


def test_a_wave_runs_over_a_flat_bed_as_hunter_says() -> None:
    n, speed, cell_m, end_s = 0.03, 0.4, 10.0, 3600.0
    columns = 200
    bed = np.zeros((3, columns))
    times = np.linspace(0, end_s, 721)
    flows = speed * hunter_depth_m(np.zeros(1), 1.0, speed, n) * times ** (3 / 7) * cell_m * 3
    cells = np.array([[row, 0] for row in range(3)])
    run = flow.start(bed, cell_m, manning=n, inflows=[Inflow(cells, times, flows)])
    flow.advance(run, end_s)
    x = (np.arange(columns) + 0.0) * cell_m
    exact = hunter_depth_m(x, end_s, speed, n)
    error = run.depth_m[1] - exact
    assert np.sqrt((error[exact > 0.05] ** 2).mean()) < 0.02
    front_m = x[run.depth_m[1] > 0.02].max()
    assert front_m == pytest.approx(speed * end_s, abs=5 * cell_m)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bed_m": np.full((3, 3), np.nan)}, "bed-not-finite"),
        ({"bed_m": np.zeros(3)}, "bed-shape"),
        ({"bed_m": np.array([[0.0, 0], [0, 5000]])}, "relief"),
        ({"cell_m": 0.0}, "cell-size"),
        ({"manning": 0.0}, "manning"),
        ({"depth_m": np.full((3, 3), -1.0)}, "depth-range"),
        ({"depth_m": np.full((3, 3), 200.0)}, "depth-range"),
    ],
)
def test_bad_input_is_refused_by_name(change: dict, code: str) -> None:
    given_ = {"bed_m": np.zeros((3, 3)), "cell_m": 10.0} | change
    with pytest.raises(BadInput) as refused:
        flow.start(given_.pop("bed_m"), given_.pop("cell_m"), **given_)
    assert refused.value.code == code


def test_a_run_stops_when_its_time_is_up() -> None:
    run = flow.start(bumpy(), 10.0, rain=storm())
    with pytest.raises(RunStopped) as stopped:
        flow.advance(run, 1e6, wall_s_max=0.0)
    assert stopped.value.code == "too-long"
