"""Exposure: classes at their edges, one definition of affected and to move, damage on its curve."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.science.errors import BadInput
from anlan.science.exposure import affected, damage, hazard
from tests.science.declared import gives_what_is_declared, refuses_what_is_not_declared


def test_the_british_rating_worked_out_by_hand() -> None:
    # 0.5 (1 + 0.5) = 0.75; 1 (2 + 0.5) = 2.5; dry is 0 however fast.
    assert hazard.rating([0.5, 1.0, 0.0], [1.0, 2.0, 3.0]).tolist() == [0.75, 2.5, 0.0]
    debris = hazard.rating([0.2, 0.3, 0.2], [1.0, 1.0, 2.5], debris="urban")
    assert debris == pytest.approx([0.3, 1.45, 1.6])


def test_the_british_classes_begin_at_their_edges() -> None:
    rated = [0.0, 0.7499, 0.75, 1.2499, 1.25, 1.9999, 2.0]
    assert hazard.british(rated).tolist() == [0, 0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("depth", "speed", "number"),
    [
        (0.0, 5.0, 0), (0.3, 1.0, 1), (0.3, 1.01, 2), (0.31, 0.1, 2), (0.5, 1.2, 2), (0.51, 0.1, 3),
        (1.2, 0.5, 3), (1.21, 0.1, 4), (1.0, 1.0, 4), (2.0, 0.5, 4), (2.01, 0.1, 5), (0.1, 2.1, 5),
        (2.0, 2.0, 5), (4.0, 1.0, 5), (4.01, 0.1, 6), (0.1, 4.1, 6), (3.0, 1.5, 6),
    ],
)  # fmt: skip
def test_the_australian_classes_at_their_limits(depth: float, speed: float, number: int) -> None:
    assert hazard.australian([depth], [speed]).tolist() == [number]


def test_the_australian_classes_agree_with_limits_raised_one_after_another() -> None:
    # The other way round: begin with the class of d v, then raise it by speed and by depth.
    rng = np.random.default_rng(0)
    d, v = rng.uniform(0.001, 6, 4000), rng.uniform(0, 5, 4000)
    raised = np.array([1, 2, 4, 5, 6])[np.searchsorted([0.3, 0.6, 1.0, 4.0], d * v)]
    for limit, number in ((2.0, 5), (4.0, 6)):
        raised = np.where(v > limit, np.maximum(raised, number), raised)
    for limit, number in ((0.3, 2), (0.5, 3), (1.2, 4), (2.0, 5), (4.0, 6)):
        raised = np.where(d > limit, np.maximum(raised, number), raised)
    assert (hazard.australian(d, v) == raised).all()


@settings(max_examples=80, deadline=None)
@given(st.floats(0, 8), st.floats(0, 8), st.floats(0, 6), st.floats(0, 6))
def test_deeper_and_faster_is_never_less_dangerous(
    d1: float, d2: float, v1: float, v2: float
) -> None:
    d, v = sorted((d1, d2)), sorted((v1, v2))
    assert (np.diff(hazard.rating(d, v, debris="wood")) >= 0).all()
    assert (np.diff(hazard.british(hazard.rating(d, v)).astype(int)) >= 0).all()
    assert (np.diff(hazard.australian(d, v).astype(int)) >= 0).all()


RULE = affected.Definition(depth_m=0.3, product_m2_s=0.3, affected_p=0.2, move_p=0.5)


def test_reached_by_depth_or_by_rush_but_not_by_a_film() -> None:
    found = affected.reached(RULE, [0.3, 0.29, 0.1, 0.04], [0.0, 0.5, 3.0, 40.0])
    assert found.tolist() == [True, False, True, False]


def test_probability_affected_and_to_move_worked_out_by_hand() -> None:
    depth = np.zeros((10, 3))
    depth[:5, 0], depth[:2, 1], depth[:1, 2] = 1.0, 1.0, 1.0
    found = affected.expose(RULE, depth, np.zeros((10, 3)), [4, 6, 9])
    assert found.probability.tolist() == [0.5, 0.2, 0.1]
    assert found.affected.tolist() == [True, True, False]
    assert found.to_move.tolist() == [True, False, False]
    assert (found.people_affected, found.people_to_move) == (10, 4)
    assert found.reached_people.tolist() == [19, 10, 4, 4, 4, 0, 0, 0, 0, 0]
    assert (found.low, found.middle, found.high) == (0, 0, 10)


def test_members_count_by_their_weight() -> None:
    depth = np.array([[1.0], [0.0]])
    found = affected.expose(RULE, depth, depth * 0, [7], weight=[0.9, 0.1])
    assert found.probability.tolist() == [0.9] and found.middle == 7 and found.low == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), st.integers(1, 12), st.integers(1, 15))
def test_who_moves_is_affected_and_more_water_never_moves_fewer(
    seed: int, members: int, places: int
) -> None:
    rng = np.random.default_rng(seed)
    d, v = rng.uniform(0, 0.8, (members, places)), rng.uniform(0, 2, (members, places))
    people = rng.integers(0, 9, places)
    found = affected.expose(RULE, d, v, people)
    more = affected.expose(RULE, d + 0.1, v, people)
    assert (found.to_move <= found.affected).all()
    assert (found.to_move <= more.to_move).all() and more.people_to_move >= found.people_to_move
    assert found.low <= found.middle <= found.high <= people.sum()
    mean = float(found.reached_people.mean())
    assert mean == pytest.approx(float(found.probability @ people), abs=1e-6)


def test_a_definition_that_moves_the_unaffected_is_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        affected.Definition(affected_p=0.5, move_p=0.2)
    assert refusal.value.code == "definition-p"
    with pytest.raises(BadInput, match="add up to 1"):
        affected.expose(RULE, [[1.0]], [[0.0]], [1], weight=[0.5])


LINE = damage.Curve("a line", (0.0, 2.0), (0.0, 0.5), "made up", "checked")


def test_damage_on_a_straight_curve_worked_out_by_hand() -> None:
    found = damage.damage(LINE, [1.0, 1.0, 0.2, 9.0], [0.0, 0.4, 0.4, 0.0], [100.0] * 4)
    assert found == pytest.approx([25.0, 15.0, 0.0, 50.0])


def test_a_cellar_is_not_wet_where_the_ground_is_dry() -> None:
    assert damage.damage(LINE, [0.0, 0.1], [-2.0, -2.0], [100.0, 100.0]).tolist() == [0.0, 50.0]


def test_the_range_of_damage_is_that_of_its_members() -> None:
    depths = np.linspace(0, 2, 11)[:, None]
    low, middle, high = damage.damage_range(LINE, depths, [0.0], [100.0])
    assert (low, middle, high) == pytest.approx((5.0, 25.0, 45.0))


def test_the_shipped_curve_says_that_nobody_held_it_against_its_source() -> None:
    assert damage.JRC_ASIA_HOMES.status == "unverified"
    assert damage.JRC_ASIA_HOMES.at([0, 6, 20]).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("depths", "shares", "status", "code"),
    [
        ((0.0, 1.0), (0.5, 0.2), "checked", "curve-share"),
        ((0.5, 1.0), (0.0, 0.2), "checked", "curve-depth"),
        ((0.0, 1.0), (0.0, 1.2), "checked", "curve-share"),
        ((0.0, 1.0), (0.0, 1.0), "sure", "curve-status"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(
    depths: Any, shares: Any, status: str, code: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        damage.Curve("x", depths, shares, "made up", status)
    assert refusal.value.code == code


def test_declared_fields_hold() -> None:
    cell = {"depth_m": np.array([0.5, 2.0]), "speed_m_s": np.array([1.0, 3.0])}
    refuses_what_is_not_declared(hazard.rating, cell, hazard.FIELDS)
    refuses_what_is_not_declared(hazard.australian, cell, hazard.FIELDS)
    rated = hazard.rating(**cell)
    out = {
        "rating": rated,
        "british": hazard.british(rated),
        "australian": hazard.australian(**cell),
    }
    gives_what_is_declared(out, hazard.OUT_FIELDS)
    place = {"depth_m": np.ones((3, 2)), "speed_m_s": np.ones((3, 2)), "people": np.array([2, 3])}
    refuses_what_is_not_declared(lambda **g: affected.expose(RULE, **g), place, affected.FIELDS)
    found = dataclasses.asdict(affected.expose(RULE, **place))
    gives_what_is_declared(found, affected.OUT_FIELDS)
    home = {"depth_m": np.array([1.0]), "floor_m": np.array([0.1]), "value": np.array([1e5])}
    refuses_what_is_not_declared(lambda **g: damage.damage(LINE, **g), home, damage.FIELDS)
    gives_what_is_declared({"damage": damage.damage(LINE, **home)}, damage.OUT_FIELDS)
