"""Compiles every kernel of this room on the smallest input that reaches it.

Numba keeps what it compiled on disk; the first call on a machine takes seconds. Whoever must not
wait calls `warm` beforehand, in a process of its own.
"""

from __future__ import annotations

from anlan.science.network import assign, clearance, quickest, roads, staging


def warm() -> None:
    """Compile and keep. Takes seconds the first time, milliseconds afterwards."""
    people, choices = [3, 3, 3], [[0, 1], [1, 2], [0, -1]]
    full = assign.problem(
        people=people, shelter=choices, cost_s=[[1, 9], [1, 9], [1, 0]], beds=people
    )
    assign.replan(full, assign.assign(full))
    graph = roads.roads(3, [0, 1, 0], [1, 2, 2], [1, 1, 5], both_ways=True)
    found, _ = roads.cut(roads.times(graph, [0, 2]), [0])
    roads.nearest(found, 1)
    on = clearance.streets(3, [0, 1], [1, 2], [50.0, 50.0], [10.0, 10.0])
    clearance.clear(on, clearance.vehicles([0], [2], [0.0], [10]))
    quickest.quickest(2, [0], [1], [1], [1], source=0, sink=1, supply=1)
    staging.stage([1], [100.0], [[0]], [1.0], [1.0])
