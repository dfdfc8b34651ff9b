"""Who leaves when, so that nobody waits on the road: zones take turns by what threatens them.

Flows in: zones (vehicles, the links of their way, when water cuts them off), links (seconds,
capacity). Flows out: when each zone begins and ends to leave, when its last vehicle arrives, and
which zones cannot make it. Each link is booked in slots: a vehicle leaves in the first slot in
which every link of its way still has room when it gets there. Card: docs/models/network-staging.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput, RunStopped
from anlan.science.fields import Field, check

SLOT_S = 60.0
SLOTS_MAX = 100_000
BOOKED_MAX = 200_000_000

ZONE_FIELDS = (
    Field("vehicles", "veh", ("zones",), 0, 1e6, whole=True),
    Field("cut_off_s", "s", ("zones",), 0, float("inf")),
    Field("ready_s", "s", ("zones",), 0, 1e6),
)
LINK_FIELDS = (
    Field("seconds", "s", ("links",), 0, 1e5),
    Field("capacity_veh_s", "veh/s", ("links",), 0, 100),
)


@dataclass(frozen=True)
class Stages:
    """first_s, last_s: a zone's first and last vehicle leave (nan where it has none); arrive_s: its
    last one arrives; late: vehicles that arrive after cut_off_s; done_s: all have arrived; booked
    (links, slots): vehicles that hold each link in each slot."""

    first_s: NDArray[np.float64]
    last_s: NDArray[np.float64]
    arrive_s: NDArray[np.float64]
    late: NDArray[np.int64]
    done_s: float
    booked: NDArray[np.float64]


def stage(
    vehicles: ArrayLike, cut_off_s: ArrayLike, ways: Sequence[Sequence[int]], seconds: ArrayLike,
    capacity_veh_s: ArrayLike, *, ready_s: ArrayLike = 0.0, slot_s: float = SLOT_S,
) -> Stages:  # fmt: skip
    """Departures in order of slack (cut_off_s less the way, less the time to let the zone out).

    ways: links of each zone in order. Raises BadInput; RunStopped ("too-long") beyond SLOTS_MAX
    slots.
    """
    n = np.size(vehicles)
    ready = np.broadcast_to(ready_s, n) if np.ndim(ready_s) == 0 else ready_s
    zone = check(ZONE_FIELDS, {"vehicles": vehicles, "cut_off_s": cut_off_s, "ready_s": ready})
    link = check(LINK_FIELDS, {"seconds": seconds, "capacity_veh_s": capacity_veh_s})
    links = link["seconds"].size
    if len(ways) != n or any(not 0 <= i < links for way in ways for i in way):
        raise BadInput("ways", f"one way a zone, of links within 0 to {links - 1}")
    if not 1 <= slot_s <= 3600:
        raise BadInput("slot_s", "a slot is 1 to 3600 s")
    start = np.concatenate([[0], np.cumsum([len(way) for way in ways])]).astype(np.int64)
    flat = np.array([i for way in ways for i in way], np.int64)
    capacity = link["capacity_veh_s"].astype(float) * slot_s
    travel = np.array([link["seconds"][list(way)].sum() if way else 0.0 for way in ways])
    narrow = np.array([capacity[list(way)].min() if way else np.inf for way in ways])
    if ((narrow <= 0) & (zone["vehicles"] > 0)).any():
        raise BadInput("capacity", "a way leads over a link without capacity")
    out_s = zone["vehicles"] / np.maximum(narrow, 1e-12) * slot_s
    order = np.lexsort((np.arange(n), zone["cut_off_s"] - travel - out_s))
    slots = _slots(zone, capacity, flat, travel, slot_s)
    if slots * links > BOOKED_MAX:
        raise BadInput("too-large", f"{slots} slots × {links} links exceed {BOOKED_MAX:,}")
    first, last = np.full(n, np.nan), np.full(n, np.nan)
    late = np.zeros(n, np.int64)
    book = np.zeros((links, slots))
    full = _book(
        order, start, flat, zone["vehicles"].astype(np.int64), zone["ready_s"].astype(float),
        zone["cut_off_s"].astype(float), travel, link["seconds"].astype(float), capacity, slot_s,
        book, first, last, late,
    )  # fmt: skip
    if full:
        raise RunStopped("too-long", f"not everybody has left after {slots} slots of {slot_s:g} s")
    arrive = last + travel
    return Stages(first, last, arrive, late, float(np.nanmax(arrive, initial=0.0)), book)


def _slots(zone: Any, capacity: Any, flat: Any, travel: Any, slot_s: float) -> int:
    """Enough slots for all vehicles one link after another, within SLOTS_MAX."""
    narrow = capacity[flat].min() if flat.size else np.inf
    longest = zone["vehicles"].sum() / max(narrow, 1e-9) * 2 + 2
    moving = (float(zone["ready_s"].max(initial=0)) + float(travel.max(initial=0))) / slot_s + 2
    return int(min(longest + moving, SLOTS_MAX)) + 1


@njit(inline="always", error_model="numpy")
def _held(capacity: Any) -> int:
    """Slots for which one vehicle holds a link of this capacity (vehicles a slot)."""
    return 1 if capacity >= 1.0 else int(np.ceil(1.0 / capacity - 1e-9))


@njit(error_model="numpy")
def _free(
    z: int, slot: int, start: Any, flat: Any, seconds: Any, capacity: Any, slot_s: Any, book: Any
) -> bool:
    """Does every link of the way have room when a vehicle that leaves in this slot gets there?"""
    at = slot * slot_s
    for j in range(start[z], start[z + 1]):
        link, there = flat[j], int(at / slot_s)
        most = max(capacity[link], 1.0)
        for k in range(there, there + _held(capacity[link])):
            if k >= book.shape[1] or book[link, k] + 1.0 > most + 1e-9:
                return False
        at += seconds[link]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _book(
    order: Any, start: Any, flat: Any, vehicles: Any, ready: Any, cut_off: Any, travel: Any,
    seconds: Any, capacity: Any, slot_s: Any, book: Any, first: Any, last: Any, late: Any,
) -> bool:  # fmt: skip
    """Book one vehicle at a time. A link that takes less than one vehicle a slot is held for as
    many slots as one vehicle needs. Returns whether the slots ran out."""
    slots = book.shape[1]
    for z in order:
        slot = int(np.ceil(ready[z] / slot_s - 1e-9))
        for _ in range(vehicles[z]):
            while slot < slots and not _free(z, slot, start, flat, seconds, capacity, slot_s, book):
                slot += 1
            if slot >= slots:
                return True
            at = slot * slot_s
            for j in range(start[z], start[z + 1]):
                there = int(at / slot_s)
                for k in range(there, min(there + _held(capacity[flat[j]]), slots)):
                    book[flat[j], k] += 1.0
                at += seconds[flat[j]]
            leaves = slot * slot_s
            if np.isnan(first[z]):
                first[z] = leaves
            last[z] = leaves
            if leaves + travel[z] > cut_off[z]:
                late[z] += 1
    return False
