"""How long until all are out: vehicles on streets, with queues that spill back.

Flows in: links, vehicles by origin, shelter and hour of leaving. Flows out: when each arrives, how
long it waited, where queues stood, and the clearance time, for one run or for many members.
Mesoscopic: platoons, kinematic waves at link ends, routes renewed by the present times. Not for
signals, overtaking or vehicles of different speed. Card: docs/models/network-clearance.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput, RunStopped
from anlan.science.fields import Field, check
from anlan.science.network import clearance_kernels as kernels

PLATOON_VEHICLES = 5
REACTION_S = 1.0
STEP_S = 1.0
REROUTE_S = 300.0
REROUTE_SHARE = 0.5
HOURS_MAX = 72.0
VEHICLES_MAX = 5_000_000
LINKS_MAX = 1_000_000
MEMBERS_MAX = 10_000

LINK_FIELDS = (
    Field("a", "node", ("links",), 0, LINKS_MAX, whole=True),
    Field("b", "node", ("links",), 0, LINKS_MAX, whole=True),
    Field("length_m", "m", ("links",), 1, 100_000),
    Field("speed_m_s", "m/s", ("links",), 0.3, 50),
    Field("lanes", "lanes", ("links",), 1, 10, whole=True),
    Field("jam_veh_m", "veh/m a lane", ("links",), 0.01, 1),
)
VEHICLE_FIELDS = (
    Field("origin", "node", ("groups",), 0, LINKS_MAX, whole=True),
    Field("goal", "node", ("groups",), 0, LINKS_MAX, whole=True),
    Field("leave_s", "s", ("groups",), 0, HOURS_MAX * 3600),
    Field("vehicles", "veh", ("groups",), 1, VEHICLES_MAX, whole=True),
)


@dataclass(frozen=True)
class Streets:
    """One-way links as arrays; links in and out of each node in compressed rows."""

    nodes: int
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    length_m: NDArray[np.float64]
    speed_m_s: NDArray[np.float64]
    lanes: NDArray[np.float64]
    jam_veh_m: NDArray[np.float64]
    out_start: NDArray[np.int64]
    out_link: NDArray[np.int32]
    in_start: NDArray[np.int64]
    in_link: NDArray[np.int32]

    @property
    def wave_m_s(self) -> NDArray[np.float64]:
        """Speed of the wave back through a queue, m/s: one jam spacing a reaction time."""
        return 1.0 / (self.jam_veh_m * REACTION_S)

    @property
    def capacity_veh_s(self) -> NDArray[np.float64]:
        """Eq. 1, all lanes, veh/s."""
        u, w = self.speed_m_s, self.wave_m_s
        return self.lanes * self.jam_veh_m * u * w / (u + w)


@dataclass(frozen=True)
class Vehicles:
    """Groups that leave one after another from leave_s on, as fast as their street takes them."""

    origin: NDArray[np.int32]
    goal: NDArray[np.int32]
    leave_s: NDArray[np.float64]
    vehicles: NDArray[np.int64]


@dataclass(frozen=True)
class Clearance:
    """clear_s: last arrival, s; arrive_s, waited_s: of each platoon, in order of the groups (nan:
    not arrived); group: whose it is; size: its vehicles; longest_veh: most vehicles on each
    link."""

    clear_s: float
    arrive_s: NDArray[np.float64]
    waited_s: NDArray[np.float64]
    leave_s: NDArray[np.float64]
    group: NDArray[np.int64]
    size: NDArray[np.int64]
    longest_veh: NDArray[np.int64]
    stuck_vehicles: int

    def out_by_s(self, share: float) -> float:
        """The time by which this share of the vehicles has arrived, s; inf if they never do."""
        arrived = np.nan_to_num(self.arrive_s, nan=np.inf)
        order = np.argsort(arrived, kind="stable")
        reached = np.cumsum(self.size[order]) >= share * self.size.sum() - 1e-9
        return float(arrived[order][np.argmax(reached)])


def streets(
    nodes: int, a: ArrayLike, b: ArrayLike, length_m: ArrayLike, speed_m_s: ArrayLike,
    lanes: ArrayLike = 1, jam_veh_m: ArrayLike = 0.2,
) -> Streets:  # fmt: skip
    """One-way links between nodes 0 to nodes-1. Raises BadInput."""
    n = np.size(a)
    rows = {"a": a, "b": b, "length_m": length_m, "speed_m_s": speed_m_s, "lanes": lanes,
            "jam_veh_m": jam_veh_m}  # fmt: skip
    ok = check(
        LINK_FIELDS,
        {f: np.broadcast_to(v, n) if np.ndim(v) == 0 else v for f, v in rows.items()},
    )
    if not 0 < n <= LINKS_MAX or max(int(ok["a"].max()), int(ok["b"].max())) >= nodes:
        raise BadInput("links", f"{n} links on {nodes} nodes: a link ends beyond the nodes")
    start = np.arange(nodes + 1)
    out, into = np.argsort(ok["a"], kind="stable"), np.argsort(ok["b"], kind="stable")
    return Streets(
        nodes, ok["a"].astype(np.int32), ok["b"].astype(np.int32),
        ok["length_m"].astype(np.float64), ok["speed_m_s"].astype(np.float64),
        ok["lanes"].astype(np.float64), ok["jam_veh_m"].astype(np.float64),
        np.searchsorted(ok["a"][out], start), out.astype(np.int32),
        np.searchsorted(ok["b"][into], start), into.astype(np.int32),
    )  # fmt: skip


def vehicles(origin: ArrayLike, goal: ArrayLike, leave_s: ArrayLike, count: ArrayLike) -> Vehicles:
    """Groups of vehicles; raises BadInput."""
    n = np.size(origin)
    rows = {"origin": origin, "goal": goal, "leave_s": leave_s, "vehicles": count}
    ok = check(
        VEHICLE_FIELDS,
        {f: np.broadcast_to(v, n) if np.ndim(v) == 0 else v for f, v in rows.items()},
    )
    if not 0 < int(ok["vehicles"].sum()) <= VEHICLES_MAX:
        raise BadInput("vehicles", f"{ok['vehicles'].sum()} vehicles: 1 to {VEHICLES_MAX:,}")
    return Vehicles(
        ok["origin"].astype(np.int32), ok["goal"].astype(np.int32),
        ok["leave_s"].astype(np.float64), ok["vehicles"].astype(np.int64),
    )  # fmt: skip


def clear(
    on: Streets, who: Vehicles, *, closed: ArrayLike = (), seed: int = 0,
    platoon: int = PLATOON_VEHICLES, hours_max: float = HOURS_MAX,
) -> Clearance:  # fmt: skip
    """Let everybody drive until all have arrived. closed: links that nobody enters.

    Raises RunStopped ("not-clear") where some have not arrived after hours_max; BadInput.
    """
    found = _run(on, who, closed, seed, platoon, hours_max)
    if found.stuck_vehicles:
        raise RunStopped(
            "not-clear",
            f"{found.stuck_vehicles} vehicles had not arrived after {hours_max:g} h: no way, or a "
            "jam that holds itself",
        )
    return found


def members(
    on: Streets, who: Vehicles, closed: Sequence[ArrayLike], *, threads: int = 1,
    platoon: int = PLATOON_VEHICLES, hours_max: float = HOURS_MAX,
) -> list[Clearance]:  # fmt: skip
    """One run a member, each with its own closed links and its own seed (its number).

    A member where some cannot get out is an answer, not an error: see stuck_vehicles.
    """
    if not 0 < len(closed) <= MEMBERS_MAX:
        raise BadInput("members", f"{len(closed)} members: 1 to {MEMBERS_MAX} are possible")
    with ThreadPoolExecutor(max(1, threads)) as pool:
        jobs = [
            pool.submit(_run, on, who, shut, number, platoon, hours_max)
            for number, shut in enumerate(closed)
        ]
        return [job.result() for job in jobs]


def _run(
    on: Streets, who: Vehicles, closed: ArrayLike, seed: int, platoon: int, hours_max: float
) -> Clearance:
    if max(int(who.origin.max()), int(who.goal.max())) >= on.nodes:
        raise BadInput("vehicle-node", f"a group begins or ends beyond the {on.nodes} nodes")
    if not (1 <= platoon <= 100 and 0 < hours_max <= HOURS_MAX and seed >= 0):
        raise BadInput("run", f"platoon {platoon}, hours {hours_max:g}, seed {seed}: out of range")
    shut = np.zeros(on.a.size, np.uint8)
    shut[_closed(closed, on.a.size)] = 1
    group, size = _platoons(who, platoon)
    leave_s = who.leave_s[group]
    queue = np.lexsort((np.arange(group.size), leave_s, who.origin[group]))
    queue_start = np.searchsorted(who.origin[group][queue], np.arange(on.nodes + 1))
    ends, goal = np.unique(who.goal, return_inverse=True)
    arrive, waited = np.full(group.size, np.nan), np.full(group.size, np.nan)
    longest = np.zeros(on.a.size, np.int64)
    room = np.maximum((on.jam_veh_m * on.lanes * on.length_m / platoon).astype(np.int64), 1)
    clear_s, _arrived, _moves = kernels.run(
        STEP_S, int(hours_max * 3600 / STEP_S), REROUTE_S, REROUTE_SHARE, platoon, seed, on.a, on.b,
        on.length_m / on.speed_m_s, on.length_m / on.wave_m_s, platoon / on.capacity_veh_s, room,
        shut, on.out_start, on.out_link, on.in_start, on.in_link, ends.astype(np.int32), leave_s,
        who.origin[group], goal[group].astype(np.int32), queue_start, queue.astype(np.int32),
        arrive, waited, longest,
    )  # fmt: skip
    stuck = int(size[np.isnan(arrive)].sum())
    clear_s = float("inf") if stuck else clear_s
    return Clearance(clear_s, arrive, waited, leave_s, group, size, longest * platoon, stuck)


def _closed(closed: ArrayLike, links: int) -> NDArray[np.int64]:
    index = np.asarray(closed, np.int64).reshape(-1)
    if index.size and (index.min() < 0 or index.max() >= links):
        raise BadInput("link-index", f"a closed link is not within 0 to {links - 1}")
    return index


def _platoons(who: Vehicles, platoon: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(group, vehicles) of each platoon: full ones, the last with what is left."""
    parts = -(-who.vehicles // platoon)
    group = np.repeat(np.arange(parts.size), parts)
    size = np.full(group.size, platoon, np.int64)
    ends = np.cumsum(parts) - 1
    size[ends] = who.vehicles - (parts - 1) * platoon
    return group, size
