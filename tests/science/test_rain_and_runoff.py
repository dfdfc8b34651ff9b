"""Rain, losses, hydrographs and reservoirs against closed forms and independent sums."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from anlan.science.errors import BadInput
from anlan.science.rain import ensembles, gauges, storm
from anlan.science.runoff import hydrographs, losses, reservoirs, xinanjiang

PAPERS = Path(__file__).resolve().parents[3] / "shared" / "data" / "design_storm_dianjiang.csv"


def test_the_formula_gives_the_countys_own_table() -> None:
    if not PAPERS.exists():
        pytest.skip("the county's table of design storms is not beside the project")
    for row in csv.DictReader(PAPERS.read_text(encoding="utf-8").splitlines()):
        depth = storm.DIANJIANG.depth_mm(float(row["P_years"]), float(row["t_min"]))
        assert depth == pytest.approx(float(row["depth_mm"]), abs=0.02)


def test_an_hour_of_a_twenty_year_storm_worked_out_by_hand() -> None:
    by_hand = 3321 * (1 + 0.997 * 1.30103) / (60 + 14.738) ** 0.83 / 166.67 * 60
    assert storm.DIANJIANG.depth_mm(20, 60) == pytest.approx(by_hand, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.floats(1, 200), st.sampled_from([60, 120, 180, 1440]), st.sampled_from([1, 5, 10]))
def test_a_chicago_storm_holds_the_formulas_depth(years: float, minutes: int, step: int) -> None:
    blocks = storm.chicago_mm(storm.DIANJIANG, years, minutes, step)
    assert blocks.sum() == pytest.approx(storm.DIANJIANG.depth_mm(years, minutes), rel=1e-12)
    assert (blocks > 0).all()
    peak = int(blocks.argmax())
    assert abs(peak * step - 0.4 * minutes) <= step
    assert (np.diff(blocks[:peak]) >= 0).all() and (np.diff(blocks[peak:]) <= 0).all()


def test_kriging_goes_through_its_gauges_and_is_unsure_away_from_them() -> None:
    places = np.array([[0.0, 0], [10_000, 0], [0, 10_000], [8_000, 9_000]])
    rain = np.array([10.0, 50, 30, 80])
    shape = gauges.Variogram(400.0, 8_000.0)
    value, spread = gauges.krige(places, rain, np.vstack([places, [[5e6, 5e6]]]), shape)
    np.testing.assert_allclose(value[:4], rain, atol=1e-9)
    np.testing.assert_allclose(spread[:4], 0, atol=1e-5)
    assert spread[4] > 20.0


def test_two_gauges_share_a_point_between_them() -> None:
    places = np.array([[0.0, 0], [1000, 0]])
    value, _ = gauges.krige(
        places, np.array([20.0, 40]), np.array([[500.0, 0]]), gauges.Variogram(100.0, 500.0)
    )
    assert value[0] == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("places", "rain"),
    [([[0, 0]], [1]), ([[0, 0], [0, 0]], [1, 2]), ([[0, 0], [1, 1]], [1, -2])],
)
def test_gauges_that_cannot_be_are_refused(places: list, rain: list) -> None:
    with pytest.raises(BadInput):
        gauges.krige(np.array(places, float), np.array(rain, float), np.zeros((1, 2)),
                     gauges.Variogram(1.0, 1.0))  # fmt: skip


def test_storms_agree_with_what_was_reported_and_differ_in_the_rest() -> None:
    members = ensembles.consistent_hours_mm(254.6, 75.8, 200, seed=7)
    np.testing.assert_allclose(members.sum(axis=1), 254.6)
    np.testing.assert_allclose(members.max(axis=1), 75.8)
    assert (members >= 0).all()
    assert len({tuple(member.round(6)) for member in members}) == 200
    assert len(set(members.argmax(axis=1))) > 15
    np.testing.assert_array_equal(members, ensembles.consistent_hours_mm(254.6, 75.8, 200, seed=7))
    with pytest.raises(BadInput):
        ensembles.consistent_hours_mm(254.6, 5.0, 1, seed=1)


def test_curve_numbers_by_hand() -> None:
    # CN 80: S = 63.5 mm; P = 100 mm: (100 - 12.7)² / (100 + 50.8) = 50.54 mm
    assert float(losses.curve_number_runoff_mm(np.array(100.0), 80)) == pytest.approx(
        50.54, abs=0.01
    )
    assert float(losses.curve_number_runoff_mm(np.array(12.7), 80)) == 0.0
    assert float(losses.curve_number_runoff_mm(np.array(40.0), 100)) == 40.0
    dry, wet = (losses.curve_number_for_wetness(75, w) for w in ("dry", "wet"))
    assert dry < 75 < wet


def test_green_ampt_ponds_when_mein_and_larson_say() -> None:
    k, suction, deficit, rate = 10.0, 110.0, 0.3, 40.0
    head = suction * deficit
    ponds_h = k * head / (rate - k) / rate
    steps, step_h = 240, 1 / 60
    excess = losses.green_ampt_excess_mm(np.full(steps, rate), step_h, k, suction, deficit)
    first = int(np.flatnonzero(excess > 1e-12)[0])
    assert first * step_h <= ponds_h <= (first + 1) * step_h
    # F after 4 h, solved apart: F - F_p - head ln((head + F)/(head + F_p)) = K (t - t_p)
    start = rate * ponds_h

    def misfit(soaked: float) -> float:
        return soaked - start - head * np.log((head + soaked) / (head + start)) - k * (4 - ponds_h)

    assert rate * 4 - excess.sum() == pytest.approx(brentq(misfit, start, 200), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 150), min_size=1, max_size=40), st.floats(0, 30), st.floats(0, 300))
def test_green_ampt_never_takes_more_than_falls(rates: list, k: float, suction: float) -> None:
    rain = np.array(rates)
    excess = losses.green_ampt_excess_mm(rain, 0.25, k, suction, 0.3)
    assert (excess >= -1e-9).all() and (excess <= rain * 0.25 + 1e-9).all()


def test_nash_shares_sum_to_one_with_the_right_centre() -> None:
    shares = hydrographs.nash_ordinates(3.0, 2.0, 0.5, 400)
    assert shares.sum() == pytest.approx(1.0, abs=1e-9)
    centre = (shares * (np.arange(400) + 0.5) * 0.5).sum()
    assert centre == pytest.approx(3.0 * 2.0 + 0.25, rel=1e-3)
    block, _ = quad(lambda t: t**2 * np.exp(-t / 2) / (2**3 * 2), 0, 10)
    assert hydrographs.nash_ordinates(3.0, 2.0, 1e-4, 100_001)[:100_000].sum() == pytest.approx(
        block, abs=1e-4
    )


def test_ten_millimetres_off_a_hundred_square_kilometres_are_a_million_cubic_metres() -> None:
    flow = hydrographs.convolve_m3_s(np.array([10.0]), np.array([0.25, 0.75]), 100.0, 1.0)
    assert (flow * 3600).sum() == pytest.approx(1e6)


def test_muskingum_by_hand_and_its_limits() -> None:
    # K 2 h, x 0.1, Δt 1 h: C₀ 0.1304, C₁ 0.3043, C₂ 0.5652
    out = hydrographs.muskingum_m3_s(np.array([10.0, 30, 60, 40, 10]), 2.0, 0.1, 1.0)
    by_hand = [10.0]
    for now, before in zip([30, 60, 40, 10], [10, 30, 60, 40], strict=True):
        by_hand.append(0.130435 * now + 0.304348 * before + 0.565217 * by_hand[-1])
    np.testing.assert_allclose(out, by_hand, rtol=1e-5)
    with pytest.raises(BadInput):
        hydrographs.muskingum_m3_s(out, 2.0, 0.4, 1.0)


def test_muskingum_cunge_keeps_the_water_and_lowers_the_peak() -> None:
    t = np.arange(0, 200)
    wave = 20 + 180 * np.exp(-(((t - 40) / 10.0) ** 2))
    out = hydrographs.muskingum_cunge_m3_s(wave, 20_000, 40, 5e-4, 0.035, 900)
    assert out.sum() == pytest.approx(wave.sum() + 0, rel=0.005)
    assert out.max() < wave.max() and out.argmax() > wave.argmax()
    assert (out >= 0).all()


def test_a_reservoir_with_a_weir_against_an_independent_integration() -> None:
    pool = reservoirs.Pool(np.array([0.0, 10.0]), np.array([0.0, 1e6]))
    weir = reservoirs.Weir(4.0, 10.0)
    times = np.arange(0, 36_000, 60.0)
    inflow = 30 * np.exp(-(((times - 9000) / 4000) ** 2))
    out, level = reservoirs.route(pool, [weir], inflow, 60.0, 4.0)

    def rate(t: float, s: np.ndarray) -> np.ndarray:
        head = max(s[0] / 1e5 - 4.0, 0)
        return np.interp(t, times, inflow) - 0.6 * 2 / 3 * (2 * 9.81) ** 0.5 * 10 * head**1.5

    solved = solve_ivp(rate, (0, times[-1]), [4e5], t_eval=times, rtol=1e-9, atol=1e-3, max_step=60)
    np.testing.assert_allclose(level, solved.y[0] / 1e5, atol=1e-4)
    assert out.max() < inflow.max()
    stored = (pool.storage(level[-1]) - 4e5) - np.trapezoid(inflow - out, times)
    assert abs(stored) < 1e-3 * inflow.sum() * 60


def test_a_breach_empties_the_pool_and_no_more() -> None:
    pool = reservoirs.Pool(np.array([0.0, 12.0]), np.array([0.0, 600_000.0]))
    breach = reservoirs.Breach(12.0, 0.0, 600_000.0)
    out, level = reservoirs.route(pool, [breach], np.zeros(20_000), 1.0, 12.0)
    assert out.sum() == pytest.approx(600_000, rel=0.01)
    assert level[-1] < 0.5 and out.max() > 200
    assert (out >= 0).all()


def test_a_gate_is_a_weir_until_its_mouth_is_covered() -> None:
    gate = reservoirs.Gate(0.0, 2.0, (0.0, 100.0), (1.0, 1.0))
    weir = reservoirs.Weir(0.0, 2.0)
    assert gate(0.7, 0) == weir(0.7, 0)
    assert gate(1.0, 0) == pytest.approx(gate(1.0 + 1e-9, 0), rel=1e-6)
    deep = 0.6 * 2.0 * 1.0 * (2 * 9.81 * 19.5) ** 0.5
    assert gate(20.0, 0) == pytest.approx(deep, rel=1e-3)
    assert reservoirs.Gate(0.0, 2.0, (0.0, 100.0), (0.0, 0.0))(5.0, 50) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_xinanjiang_loses_no_water(seed: int, wetness: float) -> None:
    rng = np.random.default_rng(seed)
    rain = rng.gamma(0.3, 15, 400) * (rng.random(400) < 0.4)
    p = xinanjiang.Parameters(sealed=float(rng.uniform(0, 0.2)), curve=float(rng.uniform(0.1, 0.6)))
    run = xinanjiang.run(rain, rng.uniform(0, 6, 400), p, wetness)
    start = wetness * (p.upper_mm + p.lower_mm + p.deep_mm)
    left = (run.wetness[-1] - start) * (1 - p.sealed)
    balance = rain.sum() - run.evaporated.sum() - run.total.sum() - left
    assert balance == pytest.approx(
        run.free_end_mm + run.routed_end_mm, abs=1e-6 * rain.sum() + 1e-9
    )
    assert min(run.surface.min(), run.interflow.min(), run.groundwater.min()) >= 0


def test_a_full_basin_runs_off_what_falls() -> None:
    rain = np.array([50.0])
    run = xinanjiang.run(rain, np.zeros(1), xinanjiang.Parameters(sealed=0.0), 1.0)
    assert run.wetness[0] == pytest.approx(120.0)
    assert run.surface[0] + run.free_end_mm + run.routed_end_mm + run.interflow[
        0
    ] + run.groundwater[0] == pytest.approx(50.0)
