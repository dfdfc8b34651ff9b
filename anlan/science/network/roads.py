"""Travel times over roads: from every node to each shelter, and again after a road is cut.

Flows in: nodes, roads (from, to, seconds, one way or both), shelters. Flows out: seconds from each
node to each shelter, the nearest choices of each node, and the way itself. A cut computes again
only what hung on the road. Card: docs/models/network-roads.md.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check
from anlan.science.network import road_kernels as kernels

NODES_MAX = 5_000_000
PAIRS_MAX = 400_000_000
SECONDS_MAX = 1e6

ROAD_FIELDS = (
    Field("a", "node", ("roads",), 0, NODES_MAX - 1, whole=True),
    Field("b", "node", ("roads",), 0, NODES_MAX - 1, whole=True),
    Field("seconds", "s", ("roads",), 0, SECONDS_MAX),
)
TIME_FIELDS = (
    Field("seconds", "s", ("shelters", "nodes"), 0, float("inf")),
    Field("via", "arc, -1 none", ("shelters", "nodes"), -1, 2e9, whole=True),
)


@dataclass(frozen=True)
class Roads:
    """Roads seen backwards: the arcs at a node lead to where one comes from.

    A search from a shelter over them gives the time to that shelter from everywhere.
    """

    nodes: int
    start: NDArray[np.int64]
    to: NDArray[np.int32]
    seconds: NDArray[np.float64]
    road: NDArray[np.int32]
    came_from: NDArray[np.int32]
    in_start: NDArray[np.int64]
    in_arc: NDArray[np.int32]
    roads: int


@dataclass
class Times:
    """seconds (shelters, nodes): inf where there is no way; via: next arc on the way; closed."""

    roads: Roads
    shelters: NDArray[np.int64]
    seconds: NDArray[np.float32]
    via: NDArray[np.int32]
    closed: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def way(self, node: int, shelter: int) -> list[int]:
        """The nodes from `node` to the shelter, both included; empty where there is no way."""
        if not np.isfinite(self.seconds[shelter, node]):
            return []
        nodes = [int(node)]
        while self.via[shelter, nodes[-1]] >= 0:
            nodes.append(int(self.roads.came_from[self.via[shelter, nodes[-1]]]))
        return nodes


def roads(nodes: int, a: ArrayLike, b: ArrayLike, seconds: ArrayLike, *, both_ways: bool) -> Roads:
    """The graph: roads from a to b (and back where both_ways). Raises BadInput."""
    ok = check(ROAD_FIELDS, {"a": a, "b": b, "seconds": seconds})
    if not 0 < nodes <= NODES_MAX:
        raise BadInput("nodes", f"{nodes} nodes: 1 to {NODES_MAX:,} are possible")
    if ok["a"].size and max(int(ok["a"].max()), int(ok["b"].max())) >= nodes:
        raise BadInput("road-node", f"a road ends at a node beyond the {nodes} there are")
    number = np.arange(ok["a"].size)
    heads, tails, names, times = ok["b"], ok["a"], number, ok["seconds"].astype(np.float64)
    if both_ways:
        heads, tails = np.concatenate([ok["b"], ok["a"]]), np.concatenate([ok["a"], ok["b"]])
        names, times = np.tile(number, 2), np.tile(times, 2)
    order = np.argsort(heads, kind="stable")
    start = np.searchsorted(heads[order], np.arange(nodes + 1))
    to = tails[order].astype(np.int32)
    inward = np.argsort(to, kind="stable")
    return Roads(
        nodes, start, to, times[order], names[order].astype(np.int32),
        heads[order].astype(np.int32), np.searchsorted(to[inward], np.arange(nodes + 1)),
        inward.astype(np.int32), int(number.size),
    )  # fmt: skip


def times(graph: Roads, shelters: ArrayLike, *, closed: ArrayLike = (), threads: int = 2) -> Times:
    """Seconds from every node to each shelter; closed: roads that let nobody through."""
    at = np.asarray(shelters, np.int64)
    if at.ndim != 1 or not at.size or at.min() < 0 or at.max() >= graph.nodes:
        raise BadInput("shelters", f"shelters must be nodes within 0 to {graph.nodes - 1}")
    if at.size * graph.nodes > PAIRS_MAX:
        raise BadInput("pairs", f"{at.size} shelters × {graph.nodes} nodes exceed {PAIRS_MAX:,}")
    shape = (at.size, graph.nodes)
    found = Times(graph, at, np.empty(shape, np.float32), np.empty(shape, np.int32))
    found.closed = _marks(graph, closed)
    arcs = (graph.start, graph.to, graph.seconds, graph.road, found.closed)

    def part(a: int, b: int) -> None:
        kernels.from_each(at[a:b], *arcs, found.seconds[a:b], found.via[a:b])

    _share(at.size, threads, part)
    return found


def cut(found: Times, roads_cut: ArrayLike, *, threads: int = 2) -> tuple[Times, NDArray[np.bool_]]:
    """(times with these roads closed too, nodes whose time to any shelter changed)."""
    graph = found.roads
    newly = _marks(graph, roads_cut)
    after = Times(graph, found.shelters, found.seconds.copy(), found.via.copy())
    after.closed = found.closed | newly
    arcs = (graph.start, graph.to, graph.seconds, graph.road, after.closed, graph.came_from)
    lost = np.flatnonzero(newly[graph.road])
    changed = np.zeros(graph.nodes, bool)

    def part(a: int, b: int) -> None:
        own = np.zeros(graph.nodes, np.uint8)
        inward = (graph.in_start, graph.in_arc)
        kernels.after_cut(lost, *arcs, *inward, after.seconds[a:b], after.via[a:b], own)
        changed[own > 0] = True

    _share(found.shelters.size, threads, part)
    return after, changed


def nearest(found: Times, count: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """(shelter, seconds), each (nodes, count): the nearest shelters, -1 and inf where fewer."""
    if not 0 < count <= found.shelters.size:
        raise BadInput("count", f"{count} choices of {found.shelters.size} shelters")
    shape = (found.roads.nodes, count)
    who, time = np.full(shape, -1, np.int32), np.full(shape, np.inf, np.float32)
    kernels.nearest(count, found.seconds, who, time, np.ones(shape[0], np.uint8))
    return who, time


def _share(shelters: int, threads: int, part: Callable[[int, int], None]) -> None:
    """part(a, b) for shelters a to b-1, side by side: no two touch the same rows."""
    count = max(1, min(threads, shelters))
    ends = np.linspace(0, shelters, count + 1).astype(int)
    with ThreadPoolExecutor(count) as pool:
        for job in [pool.submit(part, *pair) for pair in pairwise(ends)]:
            job.result()


def _marks(graph: Roads, which: ArrayLike) -> NDArray[np.uint8]:
    marks = np.zeros(max(graph.roads, 1), np.uint8)
    index = np.asarray(which, np.int64).reshape(-1)
    if index.size and (index.min() < 0 or index.max() >= graph.roads):
        raise BadInput("road-index", f"a closed road is not within 0 to {graph.roads - 1}")
    marks[index] = 1
    return marks
