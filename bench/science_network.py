"""Households to shelters beside OR-Tools, clearance beside UXsim's C++ mode, and a road cut.

    pip install -e ".[bench]"; python -m bench.science_network [assign|clear|cut] [--repeats 3]

Wall time, the best of the repeats, and CPU time of this process beside it (on a busy machine the
ratio of CPU times is the fairer one). Kernels are compiled before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from anlan.science.network import assign, clearance, roads

HOUSEHOLDS, SHELTERS, CHOICES, SPARE = 280_000, 400, 8, 1.15
SIDE, VEHICLES, LINK_M, SPEED_M_S, LEAVE_S = 15, 20_000, 500.0, 20.0, 600.0
MEMBERS = 40


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, float, Any]:
    """(best wall s, best CPU s, the last result)."""
    walls, cpus, found = [], [], None
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        found = call()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus), found


def county(seed: int = 1) -> dict[str, Any]:
    """Towns of unequal size on 50 × 30 km and homes between them; beds follow people, unevenly."""
    rng = np.random.default_rng(seed)
    towns, size = rng.uniform(0, 1, (60, 2)) * [50_000, 30_000], rng.pareto(1.2, 60) + 0.3
    home = towns[rng.choice(60, HOUSEHOLDS, p=size / size.sum())]
    home = home + rng.normal(0, 2500, (HOUSEHOLDS, 2))
    rural = rng.random(HOUSEHOLDS) < 0.35
    home[rural] = rng.uniform(0, 1, (rural.sum(), 2)) * [50_000, 30_000]
    share = [0.08, 0.17, 0.22, 0.21, 0.16, 0.10, 0.04, 0.02]
    people = rng.choice(np.arange(1, 9), HOUSEHOLDS, p=share)
    place = home[rng.choice(HOUSEHOLDS, SHELTERS, replace=False)] + rng.normal(
        0, 300, (SHELTERS, 2)
    )
    far, shelter = cKDTree(place).query(home, k=CHOICES)
    cost = np.rint(far * 1.35 / 1.1 * rng.uniform(0.9, 1.15, far.shape)) + 60
    near = np.bincount(shelter[:, :3].ravel(), np.repeat(people, 3), minlength=SHELTERS) + 200
    beds = near * rng.lognormal(0, 0.25, SHELTERS)
    beds = np.floor(beds / beds.sum() * people.sum() * SPARE).astype(np.int64)
    return {"people": people, "shelter": shelter, "cost_s": cost, "beds": beds}


def by_or_tools(of: dict[str, Any]) -> tuple[float, int]:
    """(least person-seconds, households that it splits)."""
    from ortools.graph.python import min_cost_flow

    n, k = of["shelter"].shape
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.repeat(np.arange(n), k), n + of["shelter"].ravel().astype(np.int64),
        np.repeat(of["people"].astype(np.int64), k), of["cost_s"].ravel().astype(np.int64),
    )  # fmt: skip
    flow.add_arcs_with_capacity_and_unit_cost(
        n + np.arange(SHELTERS), np.full(SHELTERS, n + SHELTERS), of["beds"],
        np.zeros(SHELTERS, np.int64),
    )  # fmt: skip
    flow.set_nodes_supplies(np.arange(n), of["people"].astype(np.int64))
    flow.set_node_supply(n + SHELTERS, -int(of["people"].sum()))
    if flow.solve() != flow.OPTIMAL:
        return float("nan"), 0
    return float(flow.optimal_cost()), int(((flow.flows(arcs).reshape(n, k) > 0).sum(1) > 1).sum())


def households(repeats: int) -> None:
    of = county()
    print(f"{HOUSEHOLDS:,} households, {of['people'].sum():,} people, {of['beds'].sum():,} beds")
    assign.assign(assign.problem(**county(2)))
    wall, cpu, plan = timed(lambda: assign.assign(assign.problem(**of)), repeats)
    peer_wall, peer_cpu, (least, split) = timed(lambda: by_or_tools(of), max(1, repeats // 3))
    print(f"  OR-Tools   {peer_wall:6.2f} s wall {peer_cpu:6.2f} s CPU  splits {split} households")
    print(
        f"  ours       {wall:6.2f} s wall {cpu:6.2f} s CPU  {peer_wall / wall:.1f} × wall "
        f"{peer_cpu / cpu:.1f} × CPU  over the optimum {plan.cost_person_s / least - 1:.4%} "
        f"(own bound says {plan.gap:.4%})  left over {plan.people_left_over}"
    )
    slow = {**of, "cost_s": of["cost_s"].copy()}
    hit = (of["shelter"] == of["shelter"][0, 0]) | (of["shelter"] == of["shelter"][1000, 0])
    slow["cost_s"][hit] *= 4
    wall, cpu, again = timed(lambda: assign.replan(assign.problem(**slow), plan), repeats)
    print(
        f"  re-planned {wall:6.2f} s wall {cpu:6.2f} s CPU  {hit.any(axis=1).sum():,} households "
        f"lost a way, {again.moved:,} moved, gap {again.gap:.4%}, "
        f"left over {again.people_left_over}"
    )


def streets() -> tuple[clearance.Streets, clearance.Vehicles]:
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    on = clearance.streets(
        SIDE * SIDE, np.concatenate([a, b]), np.concatenate([b, a]), LINK_M, SPEED_M_S
    )
    goals = node[[7, 2, 2, 12, 12], [7, 2, 12, 2, 12]]
    rng = np.random.default_rng(0)
    groups = VEHICLES // clearance.PLATOON_VEHICLES
    origin = rng.choice(np.setdiff1d(node.ravel(), goals), groups)
    steps = np.abs(origin[:, None] // SIDE - goals // SIDE) + np.abs(
        origin[:, None] % SIDE - goals % SIDE
    )
    leave = np.sort(rng.uniform(0, LEAVE_S, groups))
    return on, clearance.vehicles(origin, goals[steps.argmin(1)], leave, clearance.PLATOON_VEHICLES)


def by_uxsim(on: clearance.Streets, who: clearance.Vehicles, seed: int) -> tuple[float, Any]:
    """(seconds of its run alone, world)."""
    from uxsim import World

    world = World(
        name="", deltan=clearance.PLATOON_VEHICLES, tmax=12_000, print_mode=0, save_mode=0,
        show_mode=0, show_progress=0, random_seed=seed, cpp=True,
        vehicle_logging_timestep_interval=-1,
    )  # fmt: skip
    for node in range(on.nodes):
        world.addNode(str(node), node % SIDE, node // SIDE)
    for number, (a, b) in enumerate(zip(on.a, on.b, strict=True)):
        world.addLink(str(number), str(a), str(b), LINK_M, SPEED_M_S, jam_density=0.2)
    for origin, goal, leave in zip(who.origin, who.goal, who.leave_s, strict=True):
        world.addVehicle(str(origin), str(goal), float(leave))
    began = time.perf_counter()
    world.exec_simulation()
    return time.perf_counter() - began, world


def queues(repeats: int) -> None:
    on, who = streets()
    clearance.clear(on, who)
    wall, cpu, _ = timed(lambda: clearance.clear(on, who), max(repeats, 5))
    ours = [clearance.clear(on, who, seed=seed).clear_s for seed in range(5)]
    took, theirs, trips = [], [], 0
    for seed in range(5):
        seconds, world = by_uxsim(on, who, seed)
        arrived = [
            v.arrival_time * world.DELTAT for v in world.VEHICLES.values() if v.state == "end"
        ]
        took.append(seconds)
        theirs.append(max(arrived))
        trips = len(arrived) * clearance.PLATOON_VEHICLES
    print(f"{VEHICLES:,} vehicles on {SIDE} × {SIDE} streets to 5 shelters")
    print(f"  UXsim C++  {min(took):7.4f} s wall  clears in {sorted(theirs)} s, {trips:,} vehicles")
    print(
        f"  ours       {wall:7.4f} s wall {cpu:7.4f} s CPU  {min(took) / wall:.1f} × wall  clears "
        f"in {sorted(round(s) for s in ours)} s"
    )
    wall, cpu, _ = timed(lambda: clearance.members(on, who, [[]] * MEMBERS, threads=2), repeats)
    print(
        f"  members    {MEMBERS / wall:.0f} a second, 2 threads ({MEMBERS / cpu:.0f} a CPU second)"
    )


def road_cut(repeats: int) -> None:
    """40,000 nodes of streets, 400 shelters: all times, and again after a busy road is cut."""
    side = 200
    node = np.arange(side * side).reshape(side, side)
    a = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    b = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    rng = np.random.default_rng(3)
    graph = roads.roads(side * side, a, b, rng.uniform(20, 90, a.size), both_ways=True)
    at = rng.choice(side * side, SHELTERS, replace=False)
    roads.cut(roads.times(graph, at[:2]), [0])
    wall, cpu, found = timed(lambda: roads.times(graph, at), 1)
    busy = _busiest(graph, found, rng)
    cut_wall, cut_cpu, (after, changed) = timed(lambda: roads.cut(found, [busy]), repeats)
    fresh = roads.times(graph, at, closed=[busy])
    same = bool(np.allclose(after.seconds, fresh.seconds, rtol=1e-5))
    print(f"{graph.nodes:,} nodes, {graph.roads:,} roads, {SHELTERS} shelters")
    print(f"  all times  {wall:6.2f} s wall {cpu:6.2f} s CPU")
    print(
        f"  a road cut {cut_wall:6.2f} s wall {cut_cpu:6.2f} s CPU  times of {changed.sum():,} "
        f"nodes changed, same as from nothing: {same}"
    )


def _busiest(graph: roads.Roads, found: roads.Times, rng: np.random.Generator) -> int:
    """The road on most ways, of 25 nodes taken at random to every shelter."""
    used = np.zeros(graph.roads, np.int64)
    for shelter in range(SHELTERS):
        for node in rng.choice(graph.nodes, 25, replace=False):
            way = found.way(int(node), shelter)
            arcs = found.via[shelter, way[:-1]]
            np.add.at(used, graph.road[arcs], 1)
    return int(used.argmax())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="?", choices=["assign", "clear", "cut"])
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--quick", action="store_true", help="a road cut and queues, once")
    chosen = parser.parse_args()
    chosen.repeats = chosen.repeats or (1 if chosen.quick else 3)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, part in (("assign", households), ("clear", queues), ("cut", road_cut)):
        if chosen.which in (None, name):
            part(chosen.repeats)


if __name__ == "__main__":
    main()
