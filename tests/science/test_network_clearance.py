"""Queues against kinematic waves worked out by hand, and what holds on any streets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.science.errors import BadInput, RunStopped
from anlan.science.network import clearance
from tests.science.declared import refuses_what_is_not_declared


def grid(side: int, length_m: float = 500.0, speed_m_s: float = 20.0) -> clearance.Streets:
    """side × side nodes, streets both ways."""
    node = np.arange(side * side).reshape(side, side)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    return clearance.streets(
        side * side, np.concatenate([a, b]), np.concatenate([b, a]), length_m, speed_m_s
    )


def test_capacity_is_that_of_a_triangular_diagram() -> None:
    # u = 20, w = 5 m/s, κ = 0.2 veh/m: q = 0.2 × 20 × 5 / 25 = 0.8 veh/s.
    on = clearance.streets(2, [0], [1], [500.0], [20.0])
    assert on.capacity_veh_s[0] == pytest.approx(0.8)


def test_one_vehicle_drives_at_free_speed() -> None:
    on = clearance.streets(3, [0, 1], [1, 2], [500.0, 500.0], [20.0, 10.0])
    found = clearance.clear(on, clearance.vehicles([0], [2], [100.0], [1]), platoon=1)
    assert found.clear_s == pytest.approx(100 + 25 + 50, abs=2)


def test_a_bottleneck_lets_its_capacity_through() -> None:
    # 400 vehicles through one lane of 0.8 veh/s after two lanes: about 400 / 0.8 = 500 s.
    on = clearance.streets(3, [0, 1], [1, 2], [1000.0, 500.0], [20.0, 20.0], [2, 1])
    found = clearance.clear(on, clearance.vehicles([0], [2], [0.0], [400]))
    assert found.clear_s == pytest.approx(50 + 25 + 400 / 0.8, rel=0.05)
    assert found.longest_veh[0] > 150 and found.longest_veh[1] <= 100


def test_a_queue_that_fills_its_street_holds_the_one_behind() -> None:
    # 0-1 2 km, 1-2 250 m of two lanes, 2-3 one slow lane of q = 0.286 veh/s: the middle street fills
    # to 2 × 0.2 - q/5 = 0.343 veh/m and the rest wait on the first.
    on = clearance.streets(
        4, [0, 1, 2], [1, 2, 3], [2000.0, 250.0, 500.0], [20.0, 20.0, 2.0], [2, 2, 1]
    )
    found = clearance.clear(on, clearance.vehicles([0], [3], [0.0], [300]))
    assert found.longest_veh[1] == pytest.approx(0.343 * 250, abs=5)
    assert found.longest_veh[0] > 120
    slow = 0.2 * 2 * 5 / 7
    assert found.clear_s == pytest.approx(300 / slow + 250 + 112, rel=0.05)


def test_the_wave_of_the_room_given_back_runs_at_the_wave_speed() -> None:
    # In a full street moving at q the density is κ - q/w: 0.2 - 0.286/5 = 0.143 veh/m.
    on = clearance.streets(
        4, [0, 1, 2], [1, 2, 3], [4000.0, 1000.0, 500.0], [20.0, 20.0, 2.0], [1, 1, 1]
    )
    found = clearance.clear(on, clearance.vehicles([0], [3], [0.0], [600]))
    flow = 0.2 * 2 * 5 / 7
    assert found.longest_veh[1] == pytest.approx((0.2 - flow / 5) * 1000, rel=0.05)


def test_with_two_ways_some_take_the_longer_when_the_short_one_queues() -> None:
    on = clearance.streets(4, [0, 1, 0, 2], [1, 3, 2, 3], [500.0, 500.0, 700.0, 700.0], [20.0] * 4)
    found = clearance.clear(on, clearance.vehicles([0], [3], [0.0], [1500]))
    assert found.longest_veh[2] > 0
    assert found.clear_s < 1500 / 0.8


def test_a_closed_street_is_not_entered_and_a_place_cut_off_is_said() -> None:
    on = grid(4)
    who = clearance.vehicles([0], [15], [0.0], [50])
    out = np.flatnonzero(on.a == 0)
    found = clearance.clear(on, who, closed=out[:1])
    assert found.longest_veh[out[0]] == 0 and found.longest_veh[out[1]] > 0
    with pytest.raises(RunStopped, match="50 vehicles had not arrived") as stopped:
        clearance.clear(on, who, closed=out, hours_max=1)
    assert stopped.value.code == "not-clear"
    (member,) = clearance.members(on, who, [out], hours_max=1)
    assert member.stuck_vehicles == 50 and member.clear_s == np.inf


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 400))
def test_everybody_arrives_once_and_nobody_before_the_free_way(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    on = grid(5)
    origin, goal = rng.integers(0, 25, 6), rng.choice([6, 18], 6)
    origin = np.where(origin == goal, 0, origin)
    who = clearance.vehicles(origin, goal, rng.uniform(0, 300, 6), rng.integers(1, count + 1, 6))
    found = clearance.clear(on, who, seed=seed)
    assert np.isfinite(found.arrive_s).all() and found.size.sum() == who.vehicles.sum()
    blocks = np.abs(origin // 5 - goal // 5) + np.abs(origin % 5 - goal % 5)
    assert (found.arrive_s >= found.leave_s + blocks[found.group] * 25 - 1).all()
    assert (found.waited_s >= 0).all()
    assert found.out_by_s(0.5) <= found.out_by_s(1.0) == found.clear_s
    assert (found.longest_veh <= 500 * 0.2).all()


def test_twice_the_vehicles_never_clear_sooner_on_one_street() -> None:
    on = clearance.streets(3, [0, 1], [1, 2], [500.0, 500.0], [15.0, 15.0])
    times = [
        clearance.clear(on, clearance.vehicles([0], [2], [0.0], [n])).clear_s
        for n in (50, 100, 200, 400)
    ]
    assert times == sorted(times)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_a_like_answer() -> None:
    on, rng = grid(8), np.random.default_rng(2)
    who = clearance.vehicles(rng.integers(0, 27, 300), rng.choice([36, 62], 300), 0.0, 8)
    one, two = (clearance.clear(on, who, seed=4) for _ in range(2))
    assert one.arrive_s.tobytes() == two.arrive_s.tobytes()
    other = clearance.clear(on, who, seed=5)
    assert other.arrive_s.tobytes() != one.arrive_s.tobytes()
    assert other.clear_s == pytest.approx(one.clear_s, rel=0.15)
    again = clearance.members(on, who, [[]] * 6, threads=2)
    assert again[4].arrive_s.tobytes() == one.arrive_s.tobytes()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"goal": [99]}, "vehicle-node"),
        ({"origin": [-1]}, "origin-range"),
        ({"leave_s": [1e9]}, "leave_s-range"),
        ({"count": [0]}, "vehicles-range"),
    ],
)
def test_a_wrong_group_is_named(wrong: dict[str, Any], code: str) -> None:
    good: dict[str, Any] = {"origin": [0], "goal": [3], "leave_s": [0.0], "count": [5]}
    with pytest.raises(BadInput) as refusal:
        clearance.clear(grid(2), clearance.vehicles(**{**good, **wrong}))
    assert refusal.value.code == code


def test_declared_fields_hold() -> None:
    good = {"a": [0, 1], "b": [1, 2], "length_m": [10.0, 10.0], "speed_m_s": [5.0, 5.0],
            "lanes": [1, 1], "jam_veh_m": [0.2, 0.2]}  # fmt: skip
    refuses_what_is_not_declared(lambda **g: clearance.streets(3, **g), good, clearance.LINK_FIELDS)
