"""Slopes held to closed forms and values worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from anlan.science.errors import BadInput
from anlan.science.slopes import grades, infinite_slope, runout, shalstab, thresholds
from tests.science.declared import gives_what_is_declared, refuses_what_is_not_declared

HOUR = 3600.0


def sandy(**other: Any) -> infinite_slope.Soil:
    given_soil: dict[str, Any] = {
        "slope_deg": 35.0, "depth_m": 2.0, "table_m": 2.0, "cohesion_pa": 2000.0,
        "friction_deg": 33.0, "weight_n_m3": 19_000.0, "conductivity_m_s": 1e-5,
        "diffusivity_m2_s": 1e-4,
    }  # fmt: skip
    return infinite_slope.soil(**{**given_soil, **other})


def test_the_response_is_the_integral_of_a_step_of_flux() -> None:
    # R(t*) solves diffusion under a constant flux: dR/dt* = exp(-1/t*) / √(4 π t*)... integrated.
    for t in (0.05, 0.3, 1.0, 4.0, 50.0):
        by_integral, _ = quad(lambda s: np.exp(-1 / s) / np.sqrt(np.pi * s) / 2, 0, t)
        assert infinite_slope.response(t) == pytest.approx(by_integral, rel=1e-6)


def test_the_response_at_one_worked_out_by_hand() -> None:
    # √(1/π) e⁻¹ - erfc(1) = 0.56419 × 0.36788 - 0.15730 = 0.05026
    assert infinite_slope.response(1.0) == pytest.approx(0.05026, abs=2e-5)
    assert infinite_slope.response([-1.0, 0.0]).tolist() == [0.0, 0.0]


def test_dry_sand_stands_at_its_angle_of_friction() -> None:
    dry = sandy(slope_deg=33.0, cohesion_pa=0.0)
    assert infinite_slope.safety(dry, 0.0) == pytest.approx([1.0])


def test_a_slope_full_of_water_has_the_closed_form_of_seepage() -> None:
    # ψ = Z cos²α: FS = (1 - γw/γs) tan φ / tan α without cohesion.
    full = sandy(cohesion_pa=0.0, table_m=0.0)
    head = infinite_slope.head_m(full, 0.0, [], [], [])
    assert head == pytest.approx(2.0 * np.cos(np.radians(35)) ** 2)
    closed = (1 - 9810 / 19_000) * np.tan(np.radians(33)) / np.tan(np.radians(35))
    assert infinite_slope.safety(full, head) == pytest.approx([closed])


def test_rain_in_pieces_is_the_rain_as_a_whole() -> None:
    whole = infinite_slope.head_m(sandy(), 6 * HOUR, [0.0], [4 * HOUR], [4e-6])
    pieces = infinite_slope.head_m(
        sandy(), 6 * HOUR, [0.0, HOUR, 3 * HOUR], [HOUR, 3 * HOUR, 4 * HOUR], [4e-6] * 3
    )
    assert pieces == pytest.approx(whole, rel=1e-12)


def test_pressure_still_rises_at_depth_after_the_rain_has_ended() -> None:
    slow = sandy(diffusivity_m2_s=2e-5)
    heads = [
        infinite_slope.head_m(slow, h * HOUR, [0.0], [2 * HOUR], [9e-6])[0] for h in (2, 8, 48, 500)
    ]
    assert heads[0] < heads[1] < heads[2] > heads[3]


def test_the_hour_of_failure_and_its_probability() -> None:
    times = np.arange(0, 48) * HOUR
    rain: Any = ([0.0], [24 * HOUR], [8e-6])
    when = infinite_slope.failure_s(sandy(), times, *rain)[0]
    before, at = (
        infinite_slope.safety(sandy(), infinite_slope.head_m(sandy(), t, *rain))[0]
        for t in (when - HOUR, when)
    )
    assert before >= 1 > at
    many = sandy(cohesion_pa=np.linspace(0, 14_000, 50))
    share = infinite_slope.failing_share(many, times, *rain)
    assert (np.diff(share) >= 0).all() and 0 < share[-1] < 1
    assert np.isnan(infinite_slope.failure_s(sandy(cohesion_pa=50_000.0), times, *rain)).all()


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1e-5), st.floats(0, 1e-5), st.floats(1, 72))
def test_more_rain_never_makes_a_slope_safer(one: float, two: float, hours: float) -> None:
    low, high = sorted((one, two))
    fs = [
        infinite_slope.safety(
            sandy(), infinite_slope.head_m(sandy(), hours * HOUR, [0.0], [12 * HOUR], [r])
        )[0]
        for r in (low, high)
    ]
    assert fs[1] <= fs[0] + 1e-12


def test_at_its_critical_wetness_shalstab_and_the_infinite_slope_both_say_one() -> None:
    slope, friction, dense, cohesion, depth = 30.0, 36.0, 1800.0, 1500.0, 1.5
    wet = float(shalstab.wetness(slope, friction, dense, cohesion, depth))
    assert 0 < wet < 1
    of = sandy(
        slope_deg=slope, friction_deg=friction, weight_n_m3=dense * 9.81, cohesion_pa=cohesion,
        depth_m=depth, table_m=depth * (1 - wet),
    )  # fmt: skip
    head = infinite_slope.head_m(of, 0.0, [], [], [])
    assert infinite_slope.safety(of, head) == pytest.approx([1.0], abs=1e-9)


def test_critical_rain_worked_out_by_hand_and_the_two_classes_without_rain() -> None:
    # ρs/ρw (1 - tan 30/tan 40) = 1.7 × 0.31194 = 0.53030; q = 65 × 0.5 / 100 × 0.5303 = 172.3 mm/day
    found = shalstab.critical_mm_day([30.0, 45.0, 10.0], 100.0, 40.0, 65.0, 1700.0)
    assert found[0] == pytest.approx(172.35, abs=0.05)
    assert found[1] == 0 and np.isinf(found[2])


def test_a_larger_hollow_bears_less_rain() -> None:
    found = shalstab.critical_mm_day(30.0, np.array([10.0, 50, 250]), 40.0, 65.0)
    assert found[0] == pytest.approx(5 * found[1]) and found[1] == pytest.approx(5 * found[2])


def test_a_threshold_read_in_its_source() -> None:
    # I = 19 D^-0.50: 19 mm/h over one hour, 9.5 over four, 3.878 over a day.
    line = thresholds.ALEOTTI_2004
    assert line.status == "checked"
    np.testing.assert_allclose(line.intensity_mm_h([1, 4, 24]), [19, 9.5, 3.8784], rtol=1e-4)
    assert np.isnan(line.intensity_mm_h(1000))
    assert {thresholds.CAINE_1980.status, thresholds.GUZZETTI_2008.status} == {"unverified"}


def test_events_are_parted_by_dry_hours_and_stand_against_the_line() -> None:
    rain = np.zeros(40)
    rain[2:6], rain[20] = 19.0, 5.0
    first, second = thresholds.events(rain, thresholds.ALEOTTI_2004, break_h=6)
    assert (first.begin_h, first.end_h, first.rain_mm) == (2, 6, 76.0)
    assert first.over == pytest.approx(2.0) and second.over == pytest.approx(5 / 19)
    assert thresholds.events(np.zeros(5), thresholds.ALEOTTI_2004) == []
    assert thresholds.highest(rain[:6], thresholds.ALEOTTI_2004) == pytest.approx(2.0)


MADE_UP = grades.Table(
    grade=((5, 5, 4), (5, 4, 3), (4, 3, 1)), rain_mm=(50.0, 100.0), decay=0.5, source="made up"
)


def test_the_countys_table_gives_the_grade() -> None:
    found = grades.grade(MADE_UP, [0, 1, 2, 2], [0.0, 0, 0, 100.0], [60.0, 60, 99, 50])
    assert found.tolist() == [5, 4, 3, 1]


def test_a_table_that_falls_with_rain_is_refused() -> None:
    for rows, code in (
        (((4, 5),), "table-order"),
        (((1, 6),), "table-range"),
        (((1,),), "table-shape"),
    ):
        with pytest.raises(BadInput) as refusal:
            grades.Table(rows, (50.0,), 0.5, "made up")
        assert refusal.value.code == code


def test_a_unit_has_the_grade_that_a_tenth_of_it_reaches() -> None:
    g, unit = np.full(40, 5), np.repeat([0, 2], 20)
    g[0], g[20:22], g[22] = 1, 2, 1
    assert grades.by_unit(g, unit, share=0.1).tolist() == [5, 5, 2]
    assert grades.by_unit(g, unit, share=0.05).tolist() == [1, 5, 1]


def test_over_members_the_grade_is_what_a_share_reaches() -> None:
    members = np.array([[1, 5], [2, 5], [4, 5], [4, 4], [5, 5]])
    assert grades.likely(members, at_least=0.4).tolist() == [2, 5]
    assert grades.likely(members, at_least=0.2).tolist() == [1, 4]


def test_points_come_gravest_first_with_the_people_below() -> None:
    points = grades.by_point([3, 1, 3], ["东坡", "西坡", "北坡"], [0, 1, 2], [5, 2, 40])
    assert [(p.name, p.grade) for p in points] == [("西坡", 1), ("北坡", 3), ("东坡", 3)]


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 300), st.floats(0, 300), st.integers(0, 2))
def test_more_rain_is_never_a_lower_risk(one: float, two: float, prone: int) -> None:
    low, high = sorted((one, two))
    found = grades.grade(MADE_UP, [prone, prone], [0.0, 0.0], [low, high])
    assert found[1] <= found[0]


def test_a_slide_runs_on_a_plain_as_far_as_its_angle_says() -> None:
    # A cliff of 50 m over a plain, tan ω = 0.5: 100 m from the crest, five cells of 20 m.
    bed = np.zeros((3, 12))
    bed[1, 0] = 50.0
    angle = np.degrees(np.arctan(0.5))
    line = runout.reached(bed, 20.0, [1], [0], [angle])
    assert line[1, 1:7].round(6).tolist() == [40, 30, 20, 10, 0, 0]
    hit, people = runout.people_below(line, [1, 1], [4, 5], [7, 9])
    assert hit.tolist() == [True, False] and people == 7


def test_a_ridge_on_the_way_shelters_what_is_behind_it() -> None:
    bed = np.zeros((1, 12))
    bed[0, 0], bed[0, 3] = 50.0, 35.0
    line = runout.reached(bed, 20.0, [0], [0], [np.degrees(np.arctan(0.3))])
    assert (line[0, 1:3] > 0).all() and (line[0, 3:] == 0).all()


def test_a_gentler_angle_reaches_all_that_a_steeper_one_does_and_turning_changes_nothing() -> None:
    bed = np.random.default_rng(1).uniform(0, 30, (20, 20))
    bed[10, 10] = 120
    steep, gentle = (runout.reached(bed, 10.0, [10], [10], [a]) for a in (35.0, 25.0))
    assert ((steep > 0) <= (gentle > 0)).all() and (gentle > 0).sum() > (steep > 0).sum()
    flat = np.zeros((21, 21))
    flat[10, 10] = 60
    line = runout.reached(flat, 10.0, [10], [10], [30.0])
    assert np.array_equal(line, np.rot90(line)) and np.array_equal(line, line[:, ::-1])


def test_declared_fields_hold() -> None:
    given_soil = {f.name: np.array([v]) for f, v in zip(
        infinite_slope.SOIL_FIELDS, (35.0, 2.0, 2.0, 2e3, 33.0, 19e3, 1e-5, 1e-4), strict=True)}  # fmt: skip
    refuses_what_is_not_declared(infinite_slope.soil, given_soil, infinite_slope.SOIL_FIELDS)
    of = infinite_slope.soil(**given_soil)
    head = infinite_slope.head_m(of, HOUR, [0.0], [HOUR], [1e-5])
    out = {"head_m": head, "safety": infinite_slope.safety(of, head)}
    gives_what_is_declared(out, infinite_slope.OUT_FIELDS)
    rain = {"begin_s": [0.0], "end_s": [HOUR], "rain_m_s": [1e-6]}
    refuses_what_is_not_declared(
        lambda **g: infinite_slope.head_m(of, HOUR, **g), rain, infinite_slope.RAIN_FIELDS[2:]
    )
    stable = {f.name: np.array([v]) for f, v in zip(
        shalstab.FIELDS, (30.0, 100.0, 40.0, 65.0, 1700.0, 0.0, 1.0), strict=True)}  # fmt: skip
    refuses_what_is_not_declared(shalstab.critical_mm_day, stable, shalstab.FIELDS)
    found = shalstab.critical_mm_day(**stable)
    gives_what_is_declared({"critical_mm_day": found}, shalstab.OUT_FIELDS)
    risk = {"prone": [1], "antecedent_mm": [5.0], "forecast_mm": [60.0]}
    refuses_what_is_not_declared(lambda **g: grades.grade(MADE_UP, **g), risk, grades.FIELDS)
    gives_what_is_declared({"grade": grades.grade(MADE_UP, **risk)}, grades.OUT_FIELDS)
    run = {"bed_m": np.zeros((4, 4)), "row": [1], "column": [1], "angle_deg": [20.0]}
    refuses_what_is_not_declared(
        lambda bed_m, **g: runout.reached(bed_m, 10.0, **g),
        run,
        (runout.FIELDS[0], *runout.FIELDS[3:]),
    )
    with pytest.raises(BadInput, match="crest 0 is outside"):
        runout.reached(np.zeros((4, 4)), 10.0, [9], [1], [20.0])
