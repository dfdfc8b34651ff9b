"""Steps by place, walls, culverts and rating curves, and why a run stops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.science.errors import BadInput, RunStopped
from anlan.science.inundation import local_inertial as flow
from anlan.science.inundation import tile_kernels
from anlan.science.inundation.link_kernels import culvert_m3_s
from anlan.science.inundation.links import Culvert, Rating, Wall
from anlan.science.inundation.sources import GreenAmpt, Inflow, Rain

G = 9.81


def basin(rows: int = 70, columns: int = 200) -> np.ndarray:
    """A deep channel down the middle of long slopes, so that tiles ask for unlike steps."""
    y, x = np.mgrid[0:rows, 0:columns]
    channel = np.where(np.abs(y - 35) < 2, -4.0, 0.0)
    return np.abs(y - 35) * 0.3 - 0.02 * x + channel + np.sin(x / 9.0) * np.sin(y / 7.0) * 0.2


def flooded(levels: int, **more: object) -> flow.Flood:
    cells = np.array([[34, 0], [35, 0], [36, 0]])
    given_: dict = {
        "manning": 0.05,
        "rain": Rain(np.array([0.0, 1800.0]), np.array([60.0])),
        "inflows": [Inflow(cells, np.array([0.0, 600.0, 7200.0]), np.array([0.0, 60.0, 60.0]))],
        "edges": flow.Edges(east=0.001),
        "losses": GreenAmpt(5.0, 0.1, 0.2),
    }
    return flow.start(basin(), 20.0, levels=levels, **(given_ | more))


def test_steps_by_place_save_work_and_stay_within_two_centimetres_of_one_step_for_all() -> None:
    one, by_place = (flow.advance(flooded(levels), 5400.0) for levels in (0, 4))
    assert by_place.cell_steps < 0.8 * one.cell_steps
    for a, b in (
        (one.depth_m, by_place.depth_m),
        (one.record.deepest_m, by_place.record.deepest_m),
    ):
        wet = np.maximum(a, b) > 0.02
        assert wet.sum() > 500
        assert (np.abs(a - b)[wet] < 0.02).mean() >= 0.99
    assert by_place.balance.error == pytest.approx(0.0, abs=1e-12)
    assert by_place.balance.out_m3 > 0


def test_a_place_that_begins_a_step_takes_at_most_twice_its_neighbours() -> None:
    run = flooded(4)
    seen = set()
    for _ in range(60):
        run._steps.round(5400.0)
        tiles = run._steps.tiles
        step_s = run._steps._step_s(60.0)
        tile_kernels.ask(0, tiles, step_s, 20.0, 0.7, 4, True, False)
        tile_kernels.choose(0, tiles, True)
        level = tiles.level[1:-1, 1:-1].astype(int)
        assert np.abs(np.diff(level, axis=0)).max() <= 1
        assert np.abs(np.diff(level, axis=1)).max() <= 1
        seen |= set(level.ravel().tolist())
    assert len(seen) >= 2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 6), st.booleans())
def test_no_unit_is_lost_between_places(seed: int, levels: int, rain: bool) -> None:
    rng = np.random.default_rng(seed)
    bed = rng.random((37, 140)) * 4 + np.linspace(6, 0, 140)
    depth = np.where(rng.random(bed.shape) < 0.05, 3.0, 0.0)
    falls = Rain(np.array([0.0, 60.0]), np.array([100.0])) if rain else None
    run = flow.start(bed, 5.0, depth_m=depth, levels=levels, rain=falls, manning=0.03)
    flow.advance(run, 120.0)
    assert run.balance.error == 0
    assert (run.h >= 0).all() and not run.h[0].any() and not run.h[:, 0].any()


def test_a_lake_at_rest_stays_when_its_places_step_differently() -> None:
    bed = np.zeros((64, 256))
    bed[:, :64] = -30.0
    run = flow.start(bed, 10.0, depth_m=0.5 - bed, levels=4)
    before = run.h.copy()
    for _ in range(20):
        run._steps.round(1e6)
        assert len(set(run._steps.tiles.level[1:-1, 1:-1].ravel().tolist())) > 1
    np.testing.assert_array_equal(run.h, before)


def test_dry_places_are_not_computed() -> None:
    bed = np.zeros((200, 400))
    depth = np.zeros_like(bed)
    depth[100, 200] = 2.0
    run = flow.advance(flow.start(bed, 10.0, depth_m=depth, levels=0), 60.0)
    assert run.cell_steps < 0.2 * bed.size * run.steps


def test_walls_hold_water_below_their_crest_and_let_the_rest_over() -> None:
    bed = np.zeros((6, 20))
    depth = np.zeros_like(bed)
    depth[:, :10] = 1.0
    across = [Wall((row, 9), (row, 10), 1.5) for row in range(6)]
    held = flow.advance(flow.start(bed, 5.0, depth_m=depth, walls=across), 300.0)
    np.testing.assert_array_equal(held.depth_m, depth)
    low = [Wall((row, 9), (row, 10), 0.6) for row in range(6)]
    over = flow.advance(flow.start(bed, 5.0, depth_m=depth, walls=low), 3600.0)
    assert over.depth_m[:, :10].mean() == pytest.approx(0.6, abs=0.01)
    assert over.depth_m[:, 10:].mean() == pytest.approx(0.4, abs=0.01)
    lying = [Wall((2, column), (3, column), 1.5) for column in range(20)]
    turned = np.zeros_like(bed)
    turned[:3] = 1.0
    kept = flow.advance(flow.start(bed, 5.0, depth_m=turned, walls=lying), 300.0)
    np.testing.assert_array_equal(kept.depth_m, turned)


def test_the_same_water_goes_over_walls_on_two_threads() -> None:
    bed = np.random.default_rng(3).random((400, 700)) + np.linspace(3, 0, 700)
    walls = [Wall((row, 300), (row, 301), 3.0) for row in range(400)]
    walls += [Wall((207, column), (208, column), 4.0) for column in range(700)]
    rain = Rain(np.array([0.0, 600.0]), np.array([90.0]))
    runs = [flow.start(bed, 10.0, walls=walls, rain=rain, threads=n) for n in (1, 2)]
    for run in runs:
        flow.advance(run, 120.0)
    assert runs[1]._steps.threads == 2
    assert runs[0].h.tobytes() == runs[1].h.tobytes()


PIPE = np.array([0.0, 1.0, 1.0, 20.0, 0.25, 0.015])


def test_a_culvert_carries_what_its_mouth_and_its_length_allow() -> None:
    loss = 1.5 + 2 * G * 0.015**2 * 20 / 0.25 ** (4 / 3)
    assert culvert_m3_s(0.1, 5.0, PIPE) == pytest.approx(1.7 * 0.1**1.5)
    assert culvert_m3_s(4.0, 4.0, PIPE) == pytest.approx(
        min(0.6 * (8 * G) ** 0.5, (8 * G / loss) ** 0.5)
    )
    assert culvert_m3_s(4.0, 0.05, PIPE) == pytest.approx((0.1 * G / loss) ** 0.5)
    assert culvert_m3_s(-1.0, 1.0, PIPE) == culvert_m3_s(1.0, 0.0, PIPE) == 0.0


def test_a_culvert_levels_two_ponds_and_loses_nothing() -> None:
    bed = np.zeros((5, 11))
    bed[:, 5] = 50.0
    depth = np.where(np.arange(11) < 5, 2.0, 0.0) * np.ones((5, 1))
    pipe = Culvert((2, 4), (2, 6), 0.0, 1.0, 1.0, 20.0, 0.25)
    run = flow.start(bed, 10.0, depth_m=depth, culverts=[pipe])
    flow.advance(run, 60.0)
    assert 0 < run._steps.links.flow[0] < 6.0
    flow.advance(run, 7200.0)
    assert run.balance.error == 0
    assert run.depth_m[:, :5].mean() == pytest.approx(1.0, abs=0.02)
    assert run.depth_m[:, 6:].mean() == pytest.approx(1.0, abs=0.02)


def test_a_rating_curve_lets_out_what_it_says() -> None:
    bed = np.full((4, 8), 100.0)
    gate = Rating([(0, 7), (1, 7), (2, 7), (3, 7)], [100.0, 101.0, 102.0], [0.0, 2.0, 8.0])
    cells = np.array([[row, 0] for row in range(4)])
    river = Inflow(cells, np.array([0.0, 1e5]), np.array([5.0, 5.0]))
    run = flow.start(bed, 20.0, inflows=[river], ratings=[gate], manning=0.02)
    flow.advance(run, 20_000.0)
    assert run.level_m[:, 7].max() == pytest.approx(101.5, abs=0.03)
    before = run.balance.out_m3
    flow.advance(run, 21_000.0)
    assert (run.balance.out_m3 - before) / 1000 == pytest.approx(5.0, rel=0.01)
    assert abs(run.balance.error) < 1e-12


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"walls": [Wall((0, 0), (0, 2), 1.0)]}, "wall-cell"),
        ({"walls": [Wall((0, 0), (0, -1), 1.0)]}, "wall-cell"),
        ({"walls": [Wall((0, 0), (0, 1), 9e9)]}, "wall-crest"),
        ({"walls": [Wall((0, 0), (0, 1), float("nan"))]}, "wall-crest"),
        ({"culverts": [Culvert((0, 0), (0, 0), 0, 1, 1, 1, 1)]}, "culvert-cell"),
        ({"culverts": [Culvert((0, 0), (9, 0), 0, 1, 1, 1, 1)]}, "culvert-cell"),
        ({"culverts": [Culvert((0, 0), (0, 1), 0, -1, 1, 1, 1)]}, "culvert-size"),
        ({"ratings": [Rating([(0, 0)], [1, 1], [0, 1])]}, "rating-curve"),
        ({"ratings": [Rating([(0, 0)], [1, 2], [0, float("inf")])]}, "rating-curve"),
        ({"ratings": [Rating([(7, 0)], [1, 2], [0, 1])]}, "rating-cell"),
        ({"inflows": [Inflow(np.array([[5, 5]]), np.array([0.0, 1]), np.ones(2))]}, "inflow-cell"),
        ({"levels": 9}, "levels"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        flow.start(np.zeros((4, 4)), 10.0, **change)
    assert refused.value.code == code


def pond() -> flow.Flood:
    return flow.start(np.random.default_rng(1).random((20, 80)), 10.0, depth_m=np.ones((20, 80)))


def test_a_run_stops_where_a_discharge_is_not_a_number() -> None:
    run = pond()
    run.qx[5, 5] = np.nan
    with pytest.raises(RunStopped) as stopped:
        flow.advance(run, 60.0)
    assert stopped.value.code == "not-finite"


def test_a_run_stops_where_no_step_is_short_enough() -> None:
    run = pond()
    run.n2[:] = 0
    run.qx[5, 4:7] = 1e12
    with pytest.raises(RunStopped) as stopped:
        flow.advance(run, 60.0)
    assert stopped.value.code in ("courant", "unstable")


def test_a_run_stops_where_a_depth_is_below_nothing_and_nobody_took_it() -> None:
    run = pond()
    run.h[5, 5] = -(2**30)
    with pytest.raises(RunStopped) as stopped:
        flow.advance(run, 60.0)
    assert stopped.value.code == "unstable"


def test_a_run_stops_where_a_unit_is_missing() -> None:
    run = flow.advance(pond(), 60.0)
    run.h[5, 5] += 1
    with pytest.raises(RunStopped) as stopped:
        flow.advance(run, 120.0)
    assert stopped.value.code == "mass"


def test_a_run_stops_where_water_is_deeper_than_it_can_count() -> None:
    cells = np.array([[1, 1]])
    river = Inflow(cells, np.array([0.0, 1e5]), np.array([3e4, 3e4]))
    run = flow.start(np.zeros((3, 3)), 10.0, inflows=[river])
    with pytest.raises(RunStopped) as stopped:
        flow.advance(run, 600.0)
    assert stopped.value.code == "too-deep"
