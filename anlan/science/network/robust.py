"""Which plan holds over a forecast: each plan tried in each member, and how much it would regret.

Flows in: what each plan costs in each member (or plans, and the times of each member). Flows out:
mean, worst, tail and regret of each plan, and the plan with the least worst regret.
(1) regret_pm = cost_pm - min_p cost_pm;  chosen: min_p max_m regret_pm (Savage 1951)
(2) tail: mean of the worst share of the members (conditional value at risk)
Card: docs/models/network-robust.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check
from anlan.science.network.assign import Plan, Problem, assign

TAIL_SHARE = 0.2
MEMBERS_MAX = 1000
COST_FIELDS = (Field("cost", "any one unit", ("plans", "members"), 0, 1e18),)


@dataclass(frozen=True)
class Choice:
    """One number a plan: mean, worst, tail (of the worst share), regret (worst over members).

    best: least regret, then least mean, then the first; cost: as given (plans, members).
    """

    best: int
    cost: NDArray[np.float64]
    mean: NDArray[np.float64]
    worst: NDArray[np.float64]
    tail: NDArray[np.float64]
    regret: NDArray[np.float64]


def choose(
    cost: ArrayLike, *, weight: ArrayLike | None = None, tail_share: float = TAIL_SHARE
) -> Choice:
    """Eq. 1 and 2. weight: of the members in the mean, adding up to 1. Raises BadInput."""
    table = check(COST_FIELDS, {"cost": cost})["cost"].astype(np.float64)
    if not table.size:
        raise BadInput("cost-empty", "one plan and one member or more")
    members = table.shape[1]
    w = np.full(members, 1 / members) if weight is None else np.asarray(weight, np.float64)
    if w.shape != (members,) or (w < 0).any() or abs(w.sum() - 1) > 1e-9:
        raise BadInput("weight", f"{members} weights of 0 or more that add up to 1")
    if not 0 < tail_share <= 1:
        raise BadInput("tail_share", "the tail is a share within 0 to 1")
    regret = (table - table.min(axis=0)).max(axis=1)
    mean = table @ w
    tail = np.array([_tail(row, w, tail_share) for row in table])
    best = int(np.lexsort((np.arange(len(table)), mean, regret))[0])
    return Choice(best, table, mean, table.max(axis=1), tail, regret)


def _tail(row: NDArray[np.float64], w: NDArray[np.float64], share: float) -> float:
    order = np.argsort(-row, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(w[order])[:-1]])
    taken = np.clip(share - before, 0.0, w[order])
    return float((taken * row[order]).sum() / taken.sum())


def plans(
    forecast: Sequence[Problem], *, stranded_s: float = 86_400.0
) -> tuple[Choice, list[Plan]]:
    """The best plan for each member and one for their mean times, each tried in all members.

    forecast: one Problem a member, of the same households, choices and shelters, costs apart; a
    choice that is gone in a member (shelter -1) strands whoever was sent there: `stranded_s` a
    person, as does being left over. Returns the choice and the plans, the mean's last.
    """
    if not 0 < len(forecast) <= MEMBERS_MAX:
        raise BadInput("members", f"{len(forecast)} members: 1 to {MEMBERS_MAX} are possible")
    if len({one.cost.shape for one in forecast}) != 1:
        raise BadInput("members-shape", "members differ in their households or choices")
    made = [assign(one) for one in forecast] + [assign(_mean(forecast, stranded_s))]
    table = np.array([[_cost(plan, one, stranded_s) for one in forecast] for plan in made])
    return choose(table), made


def _by_household(one: Problem, stranded_s: float) -> tuple[NDArray, NDArray, NDArray]:
    """(seconds, shelter, people) in the order of the households, lost choices at stranded_s."""
    back = np.empty_like(one.order)
    back[one.order] = np.arange(one.order.size)
    seconds = np.where(one.shelter < 0, np.float32(stranded_s), one.cost)
    return seconds[back], one.shelter[back], one.use[back, 0].astype(np.float64)


def _cost(plan: Plan, one: Problem, stranded_s: float) -> float:
    seconds, _, people = _by_household(one, stranded_s)
    taken = np.take_along_axis(seconds, np.maximum(plan.choice, 0)[:, None].astype(np.int64), 1)[
        :, 0
    ]
    return float((np.where(plan.choice < 0, stranded_s, taken) * people).sum())


def _mean(forecast: Sequence[Problem], stranded_s: float) -> Problem:
    """A problem whose times are the members' mean, a lost choice counting as stranded."""
    rows = [_by_household(one, stranded_s) for one in forecast]
    seconds = np.mean([row[0] for row in rows], axis=0).astype(np.float32)
    shelter = np.max([row[1] for row in rows], axis=0)
    first = forecast[0]
    cost = np.where(shelter < 0, np.float32(0), seconds)[first.order]
    left_over = max(one.left_over_s for one in forecast)
    return replace(first, cost=cost, shelter=shelter[first.order], left_over_s=left_over)
