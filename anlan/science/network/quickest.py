"""The least time in which everybody can be out, as far as roads allow: a bound on every plan.

`quickest`: from one place to one (several joined by a free node), by repeating flows over time:
(1) F(T) = Σ_i f_i max(0, T - τ_i), f_i and τ_i from successive shortest paths (Ford & Fulkerson
    1958), and the T at which F(T) = supply (Burkard, Dlaska & Klinz 1993, doi:10.1007/BF01415892)
`earliest`: many places with their own people and shelters with their own room, by a network
expanded over time steps and the fewest steps that carry all. Neither knows of spill-back: a run of
`clearance` takes longer. Card: docs/models/network-quickest.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

from anlan.science.errors import BadInput, RunStopped
from anlan.science.fields import Field, check

PATHS_MAX = 10_000
EXPANDED_ARCS_MAX = 20_000_000
STEPS_MAX = 4096

ARC_FIELDS = (
    Field("a", "node", ("arcs",), 0, 1e6, whole=True),
    Field("b", "node", ("arcs",), 0, 1e6, whole=True),
    Field("transit_s", "s", ("arcs",), 0, 1e6),
    Field("capacity_s", "persons/s", ("arcs",), 0, 1e9),
)


@dataclass(frozen=True)
class Quickest:
    """time_s: the last arrives; flow_s: steady flow on each arc, persons/s; paths: (transit s,
    rate persons/s) of the successive paths."""

    time_s: float
    flow_s: NDArray[np.float64]
    paths: list[tuple[float, float]]


@dataclass(frozen=True)
class Earliest:
    """time_s: the end of the step in which the last arrive; flow: persons on (arc, step of setting
    out)."""

    time_s: float
    flow: NDArray[np.int64]


def quickest(
    nodes: int, a: ArrayLike, b: ArrayLike, transit_s: ArrayLike, capacity_s: ArrayLike,
    *, source: int, sink: int, supply: float,
) -> Quickest:  # fmt: skip
    """The least T in which `supply` persons get from source to sink (eq. 1).

    Raises BadInput; RunStopped ("no-way") where no path has any capacity.
    """
    ok = _arcs(nodes, a, b, transit_s, capacity_s)
    if not (0 <= source < nodes and 0 <= sink < nodes and source != sink and supply > 0):
        raise BadInput("ends", "source and sink are two nodes, supply is more than 0")
    flow = np.zeros(ok["a"].size)
    rate = moment = 0.0
    best = float("inf")
    paths: list[tuple[float, float]] = []
    for _ in range(PATHS_MAX):
        path, tau = _shortest(
            nodes, ok["a"], ok["b"], ok["transit_s"], ok["capacity_s"], flow, source, sink
        )
        if not path.size or tau >= best:
            break
        arc, forward = path >> 1, (path & 1) == 0
        spare = np.where(forward, ok["capacity_s"][arc] - flow[arc], flow[arc])
        more = float(spare.min())
        flow[arc] += np.where(forward, more, -more)
        rate, moment = rate + more, moment + more * tau
        paths.append((tau, more))
        best = (supply + moment) / rate
    if not paths:
        raise RunStopped("no-way", f"no road with capacity leads from {source} to {sink}")
    return Quickest(best, flow, paths)


def _arcs(nodes: int, *columns: ArrayLike) -> dict[str, NDArray]:
    ok = check(ARC_FIELDS, dict(zip(("a", "b", "transit_s", "capacity_s"), columns, strict=True)))
    if not ok["a"].size or max(int(ok["a"].max()), int(ok["b"].max())) >= nodes:
        raise BadInput("arcs", f"arcs must end within the {nodes} nodes")
    return {f: v.astype(np.int64 if f in "ab" else np.float64) for f, v in ok.items()}


@njit(cache=True, nogil=True, error_model="numpy")
def _shortest(nodes, a, b, transit, capacity, flow, source, sink):  # type: ignore[no-untyped-def]
    """(arcs × 2 + 1 where backward, transit) of the shortest way with capacity left."""
    dist = np.full(nodes, np.inf)
    came = np.full(nodes, -1, np.int64)
    dist[source] = 0.0
    for _ in range(nodes):
        better = False
        for i in range(a.size):
            if capacity[i] - flow[i] > 1e-12 and dist[a[i]] + transit[i] < dist[b[i]] - 1e-9:
                dist[b[i]], came[b[i]] = dist[a[i]] + transit[i], 2 * i
                better = True
            if flow[i] > 1e-12 and dist[b[i]] - transit[i] < dist[a[i]] - 1e-9:
                dist[a[i]], came[a[i]] = dist[b[i]] - transit[i], 2 * i + 1
                better = True
        if not better:
            break
    path = np.empty(nodes, np.int64)
    count, v = 0, sink
    while came[v] >= 0 and v != source and count < nodes:
        path[count] = came[v]
        v = b[came[v] >> 1] if came[v] & 1 else a[came[v] >> 1]
        count += 1
    return path[:count][::-1].copy(), dist[sink]


def earliest(
    nodes: int, a: ArrayLike, b: ArrayLike, transit_s: ArrayLike, capacity_s: ArrayLike,
    *, people: ArrayLike, room: ArrayLike, step_s: float = 60.0,
) -> Earliest:  # fmt: skip
    """The fewest steps in which `people` (of each node) reach `room` (of each node), waiting where
    they are allowed to. Transit is rounded up to whole steps, capacity down to whole persons a
    step.

    Raises BadInput ("too-large", "no-room"); RunStopped ("no-way") after STEPS_MAX steps.
    """
    ok = _arcs(nodes, a, b, transit_s, capacity_s)
    stock, beds = np.asarray(people, np.int64), np.asarray(room, np.int64)
    if stock.shape != (nodes,) or beds.shape != (nodes,) or (stock < 0).any() or (beds < 0).any():
        raise BadInput("people-shape", f"people and room: one count of 0 or more for {nodes} nodes")
    if beds.sum() < stock.sum() or stock.sum() >= 2**31:
        raise BadInput("no-room", f"room for {beds.sum()} of {stock.sum()} people")
    lag = np.ceil(ok["transit_s"] / step_s - 1e-9).astype(np.int64)
    per_step = np.minimum(np.floor(ok["capacity_s"] * step_s + 1e-9), 2**30).astype(np.int64)
    low, high = -1, 1
    found = None
    while found is None:
        if high > STEPS_MAX:
            raise RunStopped(
                "no-way", f"not everybody is out after {STEPS_MAX} steps of {step_s:g} s"
            )
        found = _carried(nodes, ok["a"], ok["b"], lag, per_step, stock, beds, high)
        low, high = (low, high) if found is not None else (high, high * 2)
    while high - low > 1:
        middle = (low + high) // 2
        flow = _carried(nodes, ok["a"], ok["b"], lag, per_step, stock, beds, middle)
        low, high, found = (low, middle, flow) if flow is not None else (middle, high, found)
    # Who sets out in a step leaves by its end, and arrives that much later.
    return Earliest((high + 1) * step_s if stock.sum() else 0.0, found)


def _carried(nodes, a, b, lag, per_step, stock, beds, steps):  # type: ignore[no-untyped-def]
    """Flow (arcs, steps) that carries everybody within `steps`, or None."""
    if (a.size + nodes) * steps > EXPANDED_ARCS_MAX:
        raise BadInput("too-large", f"{a.size} arcs × {steps} steps exceed {EXPANDED_ARCS_MAX:,}")
    layers = steps + 1
    begin = np.arange(layers)
    source, sink = nodes * layers, nodes * layers + 1
    # One node for each arc and step keeps parallel arcs apart; the sparse matrix would add them up.
    arc, at = np.nonzero(lag[:, None] + begin[None, :] <= steps)
    middle = sink + 1 + np.arange(arc.size)
    tail, head = a[arc] * layers + at, b[arc] * layers + at + lag[arc]
    stay = (np.arange(nodes)[:, None] * layers + begin[None, :-1]).ravel()
    homes, ends = np.flatnonzero(stock), np.flatnonzero(beds)
    row = np.concatenate([tail, middle, stay, np.full(homes.size, source), ends * layers + steps])
    column = np.concatenate([middle, head, stay + 1, homes * layers, np.full(ends.size, sink)])
    most = np.full(stay.size, 2**30)
    size = np.concatenate([per_step[arc], per_step[arc], most, stock[homes], beds[ends]])
    shape = (sink + 1 + arc.size,) * 2
    graph = coo_array((size.astype(np.int32), (row, column)), shape=shape).tocsr()
    result = maximum_flow(graph, source, sink)
    if result.flow_value < stock.sum():
        return None
    flow = np.zeros((a.size, layers), np.int64)
    flow[arc, at] = np.asarray(result.flow.tocsr()[tail, middle]).ravel()
    return flow
