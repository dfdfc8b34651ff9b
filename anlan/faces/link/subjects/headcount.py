"""The headcount of an evacuation as totals: county and townships, no household and no name.

What was not reported is left out of every sum and said beside it, never 0: where no zone of a
township reported there are no figures of it at all. When the last zone is closed one more letter
says so. 应转 = 已安置 + 投亲 + 自行离开 + 未转 holds in every part, here and on arrival.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from anlan.faces.link import decisions
from anlan.faces.link.letters import hold, refused
from anlan.faces.link.models import Outgoing, Subscription
from anlan.faces.link.subjects.draft import Draft
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import queries as evacuation
from anlan.rooms.evacuation.decisions import Figures, adds_up, total

PLACES_MAX = 200


def drafts(scope: Scope, own: Subscription, last: Outgoing | None, now: datetime) -> list[Draft]:
    """One where a turn is due while something is open, and one when all is closed again."""
    shown = evacuation.night(scope)
    was_open = last is not None and json.loads(last.letter)["body"]["open"]
    if not shown.rows:
        return [Draft({"open": False}, now)] if was_open else []
    before = last.due_at if last is not None and was_open else None
    due_at = decisions.turn(before, timedelta(seconds=own.every_s), now)
    return [] if due_at is None else [Draft(body(scope, shown), due_at)]


def body(scope: Scope, shown: evacuation.Night) -> dict[str, Any]:
    """The open evacuation as it leaves the county."""
    told = _part([row.figures for row in shown.rows if row.counted_at], len(shown.rows))
    told |= {
        "open": True,
        "ordered": sum(row.figures.to_move for row in shown.rows),
        "places": [
            {"name": name} | _part([figures] if reported else [], zones, reported)
            for name, figures, reported, zones in evacuation.by_township(scope, shown)[:PLACES_MAX]
        ],
    }
    return told


def _part(reported: list[Figures], zones: int, count: int | None = None) -> dict[str, Any]:
    """Zones, how many of them reported, and the sum of those: none where nobody did."""
    told: dict[str, Any] = {"zones": zones, "reported": len(reported) if count is None else count}
    return told | ({"figures": asdict(total(reported))} if reported else {})


def check(told: dict[str, Any], place: str) -> None:
    """Held against the schema, then every sum: within a part, and of the parts with the whole."""
    hold(told, "headcount", place)
    if not told["open"]:
        return
    sums = [("figures", told), *((f"places.{n}", one) for n, one in enumerate(told["places"]))]
    for where, part in sums:
        _check_part(part, f"{place} {where}")
    whole = total(Figures(**one["figures"]) for one in told["places"] if "figures" in one)
    counted = sum(one["reported"] for one in told["places"])
    listed = sum(one["zones"] for one in told["places"])
    said = Figures(**told["figures"]) if "figures" in told else Figures()
    if (whole, counted, listed) != (said, told["reported"], told["zones"]):
        raise refused("headcount-sum", "各乡镇相加不等于全县", f"{place} places")
    if told["ordered"] < said.to_move:
        raise refused("headcount-sum", "应转总数小于已报片区的应转", f"{place} ordered")


def _check_part(part: dict[str, Any], place: str) -> None:
    if part["reported"] > part["zones"]:
        raise refused("headcount-zones", "已报的片区比片区多", place)
    if ("figures" in part) != (part["reported"] > 0):
        raise refused("headcount-unreported", "未报的不能有数，已报的不能没有数", place)
    if "figures" in part and adds_up(Figures(**part["figures"])).fault is not None:
        raise refused("headcount-sum", "应转不等于已转加未转", place)
