"""Households to shelters: against linear programming, by hand, and what must hold for any county."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import coo_array

from anlan.science.errors import BadInput
from anlan.science.network import assign, roads, robust, vehicles, walking
from tests.science.declared import gives_what_is_declared, refuses_what_is_not_declared


def county(seed: int, households: int, shelters: int, choices: int, spare: float) -> dict[str, Any]:
    """Homes and shelters strewn over a square, the nearest as choices, some people with needs."""
    rng = np.random.default_rng(seed)
    home, place = rng.uniform(0, 10_000, (households, 2)), rng.uniform(0, 10_000, (shelters, 2))
    far = np.hypot(*(home[:, None] - place[None]).transpose(2, 0, 1))
    shelter = np.argsort(far, axis=1, kind="stable")[:, :choices]
    people = rng.integers(1, 7, households)
    near = (
        np.bincount(shelter[:, :2].ravel(), np.repeat(people, min(choices, 2)), minlength=shelters)
        + 5
    )
    beds = np.ceil(near / near.sum() * people.sum() * spare).astype(int) + 1
    return {
        "people": people, "shelter": shelter, "beds": beds,
        "cost_s": np.take_along_axis(far, shelter, 1) / 1.2,
    }  # fmt: skip


def least_by_linear_programming(of: dict[str, Any]) -> float:
    """The least person-seconds where households may be split (HiGHS); inf where it cannot be."""
    n, k = of["shelter"].shape
    people, beds = of["people"], of["beds"]
    column = np.arange(n * k)
    row = coo_array((np.ones(n * k), (np.repeat(np.arange(n), k), column)))
    use = [np.ones(n * k) * np.repeat(people, k)]
    limit = [beds]
    for need, has in (("ground", "shelter_ground"), ("medical", "shelter_medical")):
        if need in of:
            use.append(np.repeat(of[need], k).astype(float))
            limit.append(of[has])
    at = of["shelter"].ravel()
    taken = [coo_array((u, (at, column)), shape=(beds.size, n * k)).toarray() for u in use]
    result = linprog(
        (of["cost_s"] * people[:, None]).ravel(), A_ub=np.vstack(taken), b_ub=np.concatenate(limit),
        A_eq=row.toarray(), b_eq=np.ones(n), method="highs",
    )  # fmt: skip
    return float(result.fun) if result.status == 0 else float("inf")


def holds(of: dict[str, Any], plan: assign.Plan) -> None:
    """Whole households, no limit passed, people add up, costs as said."""
    shelters = of["beds"].size
    sent = plan.choice >= 0
    chosen = np.take_along_axis(of["shelter"], np.maximum(plan.choice, 0)[:, None].astype(int), 1)
    assert (plan.shelter[sent] == chosen[sent, 0]).all() and (plan.shelter[~sent] == -1).all()
    for number, (need, has) in enumerate(
        (("people", "beds"), ("ground", "shelter_ground"), ("medical", "shelter_medical"))
    ):
        if need in of:
            used = np.bincount(plan.shelter[sent], of[need][sent], minlength=shelters)
            assert (used == plan.used[:, number]).all()
            assert (used <= of[has]).all()
    assert plan.people_left_over + plan.used[:, 0].sum() == of["people"].sum()
    cost = np.take_along_axis(of["cost_s"], np.maximum(plan.choice, 0)[:, None].astype(int), 1)[
        :, 0
    ]
    assert plan.cost_person_s == pytest.approx((cost * of["people"])[sent].sum(), rel=1e-5)


def test_three_households_and_two_shelters_worked_out_by_hand() -> None:
    plan = assign.assign(
        assign.problem(
            people=[2, 2, 2], shelter=[[0, 1], [0, 1], [0, 1]], beds=[4, 2],
            cost_s=[[10, 20], [10, 50], [10, 30]],
        )
    )  # fmt: skip
    assert plan.shelter.tolist() == [1, 0, 0]
    assert plan.cost_person_s == 2 * (20 + 10 + 10)
    assert plan.bound_person_s <= plan.cost_person_s + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_within_one_per_cent_of_linear_programming(seed: int) -> None:
    of = county(seed, 900, 25, 6, 1.15)
    least = least_by_linear_programming(of)
    plan = assign.assign(assign.problem(**of))
    holds(of, plan)
    assert plan.people_left_over == 0
    assert plan.bound_person_s <= least * (1 + 1e-5)
    assert least <= plan.cost_person_s * (1 + 1e-5) and plan.cost_person_s <= least * 1.01


def test_needs_of_ground_floor_and_care_are_met_near_the_optimum() -> None:
    of = county(11, 700, 20, 6, 1.3)
    rng = np.random.default_rng(0)
    of["ground"] = np.minimum(rng.integers(0, 3, 700) * (rng.random(700) < 0.2), of["people"])
    of["medical"] = np.minimum((rng.random(700) < 0.05).astype(int), of["people"])
    of["shelter_ground"] = of["beds"] // 6 + 2
    of["shelter_medical"] = np.where(np.arange(20) % 3 == 0, 15, 1)
    plan = assign.assign(assign.problem(**of))
    holds(of, plan)
    least = least_by_linear_programming(of)
    assert np.isfinite(least) and plan.people_left_over == 0
    assert plan.bound_person_s <= least * (1 + 1e-5)
    assert plan.cost_person_s <= least * 1.01


def test_who_needs_a_seat_gets_one_or_walks_to_the_next_shelter() -> None:
    given_to = assign.problem(
        people=[4, 4], seats=[4, 4], shelter=[[0, 1], [0, 1]], cost_s=[[10, 100], [10, 30]],
        rides=[[1, 0], [1, 0]], beds=[50, 50], shelter_seats=[5, 0],
    )  # fmt: skip
    plan = assign.assign(given_to)
    assert plan.shelter.tolist() == [0, 1]
    assert plan.used[:, 3].tolist() == [4, 0]


def test_a_chain_of_moves_makes_room_for_the_last_household() -> None:
    # Only shelter 2 has room, and only household 1 can go there: 0 must push 1 out of shelter 1.
    of = {
        "people": np.array([3, 3, 3]), "beds": np.array([3, 3, 3]),
        "shelter": np.array([[0, 1], [1, 2], [0, -1]]),
        "cost_s": np.array([[1.0, 900.0], [1.0, 900.0], [1.0, 0.0]]),
    }  # fmt: skip
    plan = assign.assign(assign.problem(**of))
    assert plan.shelter.tolist() == [1, 2, 0] and plan.people_left_over == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 120), st.integers(1, 9), st.floats(0.4, 1.6))
def test_for_any_county_no_bed_is_given_twice_and_all_people_are_counted(
    seed: int, households: int, shelters: int, spare: float
) -> None:
    of = county(seed, households, shelters, min(shelters, 4), spare)
    plan = assign.assign(assign.problem(**of))
    holds(of, plan)
    free = of["beds"] - plan.used[:, 0]
    for h in np.flatnonzero(plan.choice < 0):
        assert (free[of["shelter"][h]] < of["people"][h]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_more_beds_never_cost_more(seed: int) -> None:
    of = county(seed, 150, 8, 4, 1.2)
    tight, wide = (
        assign.assign(assign.problem(**{**of, "beds": of["beds"] * times})) for times in (1, 3)
    )
    if tight.people_left_over == 0:
        assert wide.cost_person_s <= tight.cost_person_s * 1.0001


@pytest.mark.parametrize("spare", [1.0, 0.97])
def test_where_beds_are_short_as_few_stay_as_a_flow_would_leave(spare: float) -> None:
    of = county(3, 600, 20, 6, spare)
    of["beds"] = np.floor(of["beds"] * (of["people"].sum() * spare / of["beds"].sum())).astype(int)
    plan = assign.assign(assign.problem(**of))
    holds(of, plan)
    n, k = of["shelter"].shape
    column = np.arange(n * k)
    placed = linprog(
        -np.repeat(of["people"], k).astype(float),
        A_ub=np.vstack([
            coo_array((np.repeat(of["people"], k), (of["shelter"].ravel(), column)), shape=(20, n * k)).toarray(),
            coo_array((np.ones(n * k), (np.repeat(np.arange(n), k), column))).toarray(),
        ]),
        b_ub=np.concatenate([of["beds"], np.ones(n)]), method="highs",
    )  # fmt: skip
    must_stay = of["people"].sum() + placed.fun
    assert plan.people_left_over <= must_stay + 0.01 * of["people"].sum()


def test_the_same_county_gives_the_same_bytes() -> None:
    of = county(5, 800, 20, 6, 1.1)
    one, two = (assign.assign(assign.problem(**of)) for _ in range(2))
    assert one.choice.tobytes() == two.choice.tobytes()
    assert one.price_s.tobytes() == two.price_s.tobytes()


def test_after_a_road_is_cut_few_others_move_and_the_plan_is_still_near_its_bound() -> None:
    of = county(8, 3000, 40, 6, 1.15)
    first = assign.assign(assign.problem(**of))
    cut = {**of, "cost_s": of["cost_s"].copy()}
    hit = (of["shelter"] == 3) & (np.arange(3000)[:, None] % 2 == 0)
    cut["cost_s"][hit] *= 5
    again = assign.replan(assign.problem(**cut), first)
    holds(cut, again)
    assert again.people_left_over == 0 and again.gap < 0.01
    assert 0 < again.moved < 3000 * 0.15


def test_nothing_changed_moves_nobody() -> None:
    of = county(9, 1000, 25, 6, 1.15)
    first = assign.assign(assign.problem(**of))
    again = assign.replan(assign.problem(**of), first)
    assert again.moved <= 10 and again.cost_person_s <= first.cost_person_s * 1.0005


def test_from_roads_to_a_plan_and_again_after_a_bridge_is_cut() -> None:
    # Two villages of 8 × 8 streets with one bridge and a long way round; a shelter on each bank.
    side = np.arange(64).reshape(8, 8)
    a = np.concatenate([side[:, :-1].ravel(), side[:-1].ravel()])
    b = np.concatenate([side[:, 1:].ravel(), side[1:].ravel()])
    a, b = np.concatenate([a, a + 64, [63, 0]]), np.concatenate([b, b + 64, [64, 127]])
    seconds = np.concatenate([np.full(a.size - 2, 30.0), [60.0, 900.0]])
    graph = roads.roads(128, a, b, seconds, both_ways=True)
    people, home = np.full(128, 3), np.arange(128)
    beds = [150, 250]

    def planned(times: roads.Times) -> assign.Problem:
        who, far = roads.nearest(times, 2)
        return assign.problem(people=people, shelter=who[home], cost_s=far[home], beds=beds)

    before = roads.times(graph, [20, 100])
    first = assign.assign(planned(before))
    after, changed = roads.cut(before, [a.size - 2])
    again = assign.replan(planned(after), first)
    assert first.people_left_over == again.people_left_over == 0
    assert first.used[:, 0].max() <= 250 and again.used[:, 0].tolist() == first.used[:, 0].tolist()
    assert changed.any() and again.cost_person_s > first.cost_person_s
    assert again.gap < 0.01


def test_choices_that_come_in_another_order_move_nobody() -> None:
    of = county(9, 500, 15, 5, 1.2)
    first = assign.assign(assign.problem(**of))
    turned = {**of, "shelter": of["shelter"][:, ::-1], "cost_s": of["cost_s"][:, ::-1]}
    again = assign.replan(assign.problem(**turned), first)
    holds(turned, again)
    assert again.moved <= 5


def test_a_closed_shelter_is_left_by_everybody() -> None:
    of = county(10, 800, 20, 8, 1.5)
    first = assign.assign(assign.problem(**of))
    gone = {**of, "shelter": np.where(of["shelter"] == 4, -1, of["shelter"])}
    again = assign.replan(assign.problem(**gone), first)
    holds(gone, again)
    assert (again.shelter != 4).all() and again.people_left_over == 0


def test_a_plan_that_gives_a_bed_twice_or_loses_people_is_caught() -> None:
    of = county(2, 60, 5, 3, 1.0)
    plan = assign.assign(assign.problem(**of))
    crowded, lost = plan.shelter.copy(), plan.choice.copy()
    crowded[:] = 0
    lost[np.flatnonzero(plan.choice >= 0)[0]] = -1
    for broken in (
        dataclasses.replace(plan, shelter=crowded),
        dataclasses.replace(plan, choice=lost),
        dataclasses.replace(plan, people_left_over=plan.people_left_over + 1),
        dataclasses.replace(plan, used=plan.used + 1),
    ):
        with pytest.raises(AssertionError):
            holds(of, broken)


def test_the_gap_is_not_a_number_while_people_are_left_over() -> None:
    plan = assign.assign(assign.problem(people=[5], shelter=[[0]], cost_s=[[9]], beds=[4]))
    assert plan.people_left_over == 5 and np.isnan(plan.gap) and plan.cost_person_s == 0


def test_declared_fields_hold() -> None:
    of = county(1, 30, 5, 3, 1.5)
    good = {**of, "ground": np.zeros(30, int), "medical": np.zeros(30, int),
            "seats": np.zeros(30, int), "rides": np.zeros((30, 3), int)}  # fmt: skip
    fields = (*assign.HOUSEHOLD_FIELDS, *assign.CHOICE_FIELDS)
    refuses_what_is_not_declared(assign.problem, good, fields)
    refuses_what_is_not_declared(assign.problem, good, assign.SHELTER_FIELDS[:1])
    plan = assign.assign(assign.problem(**good))
    gives_what_is_declared(dataclasses.asdict(plan), assign.PLAN_FIELDS)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"shelter": [[0, 7]]}, "shelter-index"),
        ({"ground": [5]}, "ground-people"),
        ({"cost_s": [[1.0, np.inf]]}, "cost_s-range"),
        ({"people": [2.5]}, "people-kind"),
        ({"shelter": [0, 1]}, "shelter-shape"),
    ],
)
def test_a_wrong_value_is_named(wrong: dict[str, Any], code: str) -> None:
    good = {"people": [3], "shelter": [[0, 1]], "cost_s": [[1.0, 2.0]], "beds": [5, 5]}
    with pytest.raises(BadInput) as refusal:
        assign.problem(**{**good, **wrong})
    assert refusal.value.code == code


def test_an_old_plan_of_other_households_is_refused() -> None:
    small, large = county(1, 20, 4, 3, 1.5), county(1, 21, 4, 3, 1.5)
    plan = assign.assign(assign.problem(**small))
    with pytest.raises(BadInput, match="other households"):
        assign.replan(assign.problem(**large), plan)


def test_the_plan_with_least_regret_worked_out_by_hand() -> None:
    found = robust.choose([[1, 9], [5, 5], [4, 6]])
    assert found.regret.tolist() == [4, 4, 3] and found.best == 2
    assert robust.choose([[1, 9], [5, 5]], tail_share=1.0).tail.tolist() == [5, 5]


def test_over_a_forecast_the_robust_plan_regrets_no_more_than_any_members_own() -> None:
    of = county(12, 400, 12, 5, 1.3)
    forecast = []
    for member in range(4):
        slow = np.random.default_rng(member).uniform(1, 4, 12)[of["shelter"]]
        forecast.append(assign.problem(**{**of, "cost_s": of["cost_s"] * slow}))
    choice, made = robust.plans(forecast)
    assert choice.cost.shape == (5, 4) and len(made) == 5
    assert (choice.cost[np.arange(4), np.arange(4)] <= choice.cost.min(axis=0) * 1.01).all()
    assert choice.regret[choice.best] == choice.regret.min()


def test_who_was_sent_where_no_road_leads_counts_as_stranded() -> None:
    one = assign.problem(people=[2], shelter=[[0, 1]], cost_s=[[10, 20]], beds=[5, 5])
    two = assign.problem(people=[2], shelter=[[-1, 1]], cost_s=[[10, 20]], beds=[5, 5])
    choice, made = robust.plans([one, two], stranded_s=1000)
    assert choice.cost[0].tolist() == [20, 2000]
    assert made[choice.best].shelter.tolist() == [1]


def test_trips_worked_out_by_hand() -> None:
    found = vehicles.trips([90, 0], [600, 1], [600, 1], [45, 45], [0, 300])
    assert found.begin_s.tolist() == [0, 300] and found.people.tolist() == [45, 45]
    assert found.done_s == 1500 and found.away_s.tolist() == [1500, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3000)), min_size=1, max_size=8),
    st.lists(st.integers(5, 60), min_size=1, max_size=6),
)
def test_all_are_fetched_once_by_vehicles_with_seats(groups: Any, seats: list[int]) -> None:
    people, there = [g[0] for g in groups], [g[1] for g in groups]
    found = vehicles.trips(people, there, there, seats, np.zeros(len(seats)))
    carried = np.bincount(found.group, found.people, minlength=len(groups))
    assert (carried == people).all()
    assert (found.people <= np.array(seats)[found.vehicle]).all()
    assert found.done_s >= found.bound_s - 1e-6
    for v in range(len(seats)):
        own = found.vehicle == v
        rounds = 2.0 * np.array(there)[found.group[own]]
        assert (np.diff(found.begin_s[own]) >= rounds[:-1] - 1e-9).all()


def test_a_kilometre_on_the_level_and_up_and_down() -> None:
    level, up, down, gentle = walking.walk_s([1000.0] * 4, [0, 0.3, -0.3, -0.05])
    assert level == pytest.approx(1000 / 1.4)
    assert up / level == pytest.approx(np.exp(3.5 * 0.3))
    assert gentle < level < down < up


def test_a_helper_fetches_the_nearest_first_and_goes_back_for_the_next() -> None:
    found = walking.fetch([[0], [0], [0]], [[20.0], [5.0], [7.0]], [2], to_safety_s=[100, 100, 100])
    assert found.helper.tolist() == [-1, 0, 0] and found.turn.tolist() == [-1, 0, 1]
    assert found.ready_s[1:].tolist() == [5.0, 5.0 + 200.0 + 7.0]


def test_fields_of_walking_vehicles_and_robust_hold() -> None:
    refuses_what_is_not_declared(
        walking.walk_s, {"length_m": [10.0], "slope": [0.1]}, walking.WAY_FIELDS
    )
    refuses_what_is_not_declared(
        lambda **g: walking.fetch(**g, to_safety_s=[1.0]),
        {"candidate": [[0]], "reach_s": [[1.0]], "capacity": [1]},
        walking.FETCH_FIELDS[1:],
    )
    good = {"people": [3], "there_s": [1.0], "back_s": [1.0], "seats": [5], "free_s": [0.0]}
    refuses_what_is_not_declared(
        vehicles.trips, good, (*vehicles.GROUP_FIELDS, *vehicles.FLEET_FIELDS)
    )
    refuses_what_is_not_declared(robust.choose, {"cost": [[1.0, 2.0]]}, robust.COST_FIELDS)
