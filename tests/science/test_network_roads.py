"""Travel times against SciPy, quickest flow against a flow in time, staging without waiting."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from anlan.science.errors import BadInput, RunStopped
from anlan.science.network import quickest, roads, staging
from tests.science.declared import gives_what_is_declared, refuses_what_is_not_declared


def web(seed: int, nodes: int, count: int) -> dict[str, Any]:
    """Roads between any two nodes, no two alike."""
    rng = np.random.default_rng(seed)
    pairs = np.unique(rng.integers(0, nodes, (count, 2)), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return {"a": pairs[:, 0], "b": pairs[:, 1], "seconds": rng.uniform(1, 100, len(pairs))}


def by_scipy(of: dict[str, Any], nodes: int, shelters: Any, open_: Any) -> Any:
    """Times to the shelters over one-way roads: Dijkstra on the reversed graph."""
    a, b, t = (of[f][open_] for f in ("a", "b", "seconds"))
    return dijkstra(coo_array((t, (b, a)), shape=(nodes, nodes)).tocsr(), indices=shelters)


def test_a_square_worked_out_by_hand() -> None:
    graph = roads.roads(4, [0, 1, 2, 0], [1, 2, 3, 3], [10, 10, 10, 100], both_ways=True)
    found = roads.times(graph, [3])
    assert found.seconds.tolist() == [[30, 20, 10, 0]] and found.way(0, 0) == [0, 1, 2, 3]
    after, changed = roads.cut(found, [1])
    assert after.seconds.tolist() == [[100, 110, 10, 0]]
    assert changed.tolist() == [True, True, False, False]
    gone, _ = roads.cut(after, [2, 3])
    assert np.isinf(gone.seconds[0, :3]).all() and gone.way(0, 0) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60))
def test_times_and_cuts_are_those_of_scipy(seed: int, nodes: int) -> None:
    of = web(seed, nodes, nodes * 3)
    rng = np.random.default_rng(seed)
    shelters = rng.choice(nodes, 3, replace=False)
    open_ = np.ones(of["a"].size, bool)
    found = roads.times(roads.roads(nodes, **of, both_ways=False), shelters)
    np.testing.assert_allclose(found.seconds, by_scipy(of, nodes, shelters, open_), rtol=1e-5)
    for _ in range(3):
        cut = rng.choice(of["a"].size, 2, replace=False)
        open_[cut] = False
        before = found
        found, changed = roads.cut(found, cut)
        np.testing.assert_allclose(found.seconds, by_scipy(of, nodes, shelters, open_), rtol=1e-5)
        assert (found.seconds >= before.seconds).all()
        assert (found.seconds == before.seconds)[:, ~changed].all()


def test_a_way_takes_as_long_as_its_roads() -> None:
    of = web(4, 40, 160)
    found = roads.times(roads.roads(40, **of, both_ways=True), [7])
    length = {}
    for a, b, t in zip(of["a"], of["b"], of["seconds"], strict=True):
        for pair in ((a, b), (b, a)):
            length[pair] = min(t, length.get(pair, np.inf))
    for node in range(40):
        way = found.way(node, 0)
        took = sum(length[pair] for pair in pairwise(way))
        assert way[-1] == 7 and took == pytest.approx(found.seconds[0, node], rel=1e-5)


def test_the_nearest_shelters_come_in_order_and_the_missing_are_marked() -> None:
    graph = roads.roads(5, [0, 1, 2], [1, 2, 3], [5, 5, 5], both_ways=True)
    who, time = roads.nearest(roads.times(graph, [0, 3, 4]), 3)
    assert who[1].tolist() == [0, 1, -1] and time[1, :2].tolist() == [5, 10]
    assert np.isinf(time[1, 2]) and who[4].tolist() == [2, -1, -1]


def test_a_road_or_shelter_beyond_the_nodes_is_refused() -> None:
    graph = roads.roads(3, [0, 1], [1, 2], [1, 1], both_ways=True)
    for wrong, code in (
        (lambda: roads.roads(2, [0, 1], [1, 2], [1, 1], both_ways=True), "road-node"),
        (lambda: roads.times(graph, [3]), "shelters"),
        (lambda: roads.cut(roads.times(graph, [0]), [2]), "road-index"),
        (lambda: roads.nearest(roads.times(graph, [0]), 2), "count"),
    ):
        with pytest.raises(BadInput) as refusal:
            wrong()
        assert refusal.value.code == code


def test_quickest_flow_of_two_ways_worked_out_by_hand() -> None:
    # Two ways of 2 s at 2 a second and 6 s at 3 a second: 2 (T - 2) + 3 (T - 6) = 20, T = 8.4.
    arcs = ([0, 0, 1, 2], [1, 2, 3, 3], [1, 3, 1, 3], [2, 3, 2, 3])
    found = quickest.quickest(4, *arcs, source=0, sink=3, supply=20)
    assert found.time_s == pytest.approx(8.4) and found.paths == [(2.0, 2.0), (6.0, 3.0)]
    few = quickest.quickest(4, *arcs, source=0, sink=3, supply=4)
    assert few.time_s == pytest.approx(4.0) and len(few.paths) == 1


def test_a_way_back_over_a_used_road_is_found() -> None:
    # The shortest way 0-1-2-3 must give arc 1-2 up for two ways to run side by side.
    arcs = ([0, 1, 2, 0, 1], [1, 2, 3, 2, 3], [1, 1, 1, 3, 3], [1, 1, 1, 1, 1])
    found = quickest.quickest(4, *arcs, source=0, sink=3, supply=100)
    assert found.flow_s.tolist() == [1, 0, 1, 1, 1]
    assert found.time_s == pytest.approx((100 + 3 + 5) / 2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60))
def test_both_quickest_flows_agree_within_a_step(seed: int, supply: int) -> None:
    rng = np.random.default_rng(seed)
    of = web(seed, 8, 24)
    transit, capacity = rng.integers(1, 6, of["a"].size), rng.integers(1, 5, of["a"].size)
    arcs = (of["a"], of["b"], transit, capacity)
    people, room = np.zeros(8, int), np.zeros(8, int)
    people[0], room[7] = supply, supply
    try:
        smooth = quickest.quickest(8, *arcs, source=0, sink=7, supply=supply)
    except RunStopped:
        return
    stepped = quickest.earliest(8, *arcs, people=people, room=room, step_s=1.0)
    assert smooth.time_s - 1e-9 <= stepped.time_s <= smooth.time_s + 1 + 1e-9


def test_people_of_many_places_fill_the_room_there_is() -> None:
    arcs = ([0, 1, 1], [2, 2, 3], [60, 60, 120], [1, 1, 1])
    found = quickest.earliest(4, *arcs, people=[60, 120, 0, 0], room=[0, 0, 100, 80])
    # 80 leave for the far shelter in two steps of 60; the second ends at 120 s, the way is 120 s.
    assert found.time_s == 240
    assert found.flow.sum(axis=1).tolist() == [60, 40, 80]


def test_no_way_and_no_room_are_said() -> None:
    with pytest.raises(RunStopped, match="no road"):
        quickest.quickest(3, [0], [1], [1], [1], source=0, sink=2, supply=1)
    with pytest.raises(BadInput, match="room for 3 of 5"):
        quickest.earliest(2, [0], [1], [1], [1], people=[5, 0], room=[0, 3])


def test_zones_take_turns_at_the_bridge_the_threatened_first() -> None:
    found = staging.stage([10, 10], [np.inf, 600], [[0, 2], [1, 2]], [60, 60, 60], [1, 1, 1 / 30])
    assert found.first_s.tolist() == [300, 0] and found.arrive_s.tolist() == [660, 360]
    assert found.late.sum() == 0


def test_who_cannot_make_it_is_counted() -> None:
    found = staging.stage([10], [200], [[0]], [60], [1 / 30])
    assert found.late.tolist() == [10 - 6]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_no_link_is_ever_booked_over_its_capacity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ways = [rng.choice(6, rng.integers(1, 4), replace=False).tolist() for _ in range(5)]
    vehicles, capacity = rng.integers(0, 40, 5), rng.uniform(0.02, 0.2, 6)
    seconds = rng.integers(0, 4, 6) * 60.0
    found = staging.stage(vehicles, rng.uniform(0, 4000, 5), ways, seconds, capacity)
    most = np.maximum(capacity * 60, 1)
    assert (found.booked <= most[:, None] + 1e-9).all()
    held = np.ceil(1 / np.minimum(capacity * 60, 1) - 1e-9)
    for link in range(6):
        through = sum(int(v) for v, way in zip(vehicles, ways, strict=True) if link in way)
        assert found.booked[link].sum() == through * held[link]
    sent = vehicles > 0
    assert (np.isnan(found.first_s) == ~sent).all()
    assert (found.late <= vehicles).all()


def test_a_zone_leaves_no_earlier_than_it_is_ready_and_waits_for_nothing_else() -> None:
    found = staging.stage([3], [np.inf], [[0]], [60], [1.0], ready_s=130)
    assert found.first_s.tolist() == [180] and found.last_s.tolist() == [180]


def test_declared_fields_hold() -> None:
    good = {"a": [0, 1], "b": [1, 2], "seconds": [1.0, 2.0]}
    refuses_what_is_not_declared(
        lambda **g: roads.roads(3, **g, both_ways=True), good, roads.ROAD_FIELDS
    )
    found = roads.times(roads.roads(3, **good, both_ways=True), [0, 2])
    gives_what_is_declared({"seconds": found.seconds, "via": found.via}, roads.TIME_FIELDS)
    arcs = {"a": [0, 1], "b": [1, 2], "transit_s": [1.0, 1.0], "capacity_s": [1.0, 1.0]}
    refuses_what_is_not_declared(
        lambda a, b, transit_s, capacity_s: quickest.quickest(
            3, a, b, transit_s, capacity_s, source=0, sink=2, supply=3
        ),
        arcs,
        quickest.ARC_FIELDS,
    )
    zones = {"vehicles": [3], "cut_off_s": [500.0], "ready_s": [0.0], "seconds": [60.0],
             "capacity_veh_s": [0.5]}  # fmt: skip
    refuses_what_is_not_declared(
        lambda **g: staging.stage(ways=[[0]], **g),
        zones,
        (*staging.ZONE_FIELDS, *staging.LINK_FIELDS),
    )
