"""Rain that has set slopes moving before: intensity against duration.

(1) I = α D^-β,  I mean intensity of the event in mm/h, D its duration in h
Flows in: hourly rain, a threshold. Flows out: events, and how far each stands over the line. A
threshold is a line under which few slides are known: it says nothing of one slope.
Card: docs/models/slopes-thresholds.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

HOURS_MAX = 1_000_000
RAIN_FIELDS = (Field("rain_mm", "mm in the hour", ("hours",), 0, 500),)


@dataclass(frozen=True)
class Threshold:
    """Eq. 1 within its range of durations; status: checked where the source was read."""

    name: str
    alpha_mm_h: float
    beta: float
    least_h: float
    most_h: float
    source: str
    status: str

    def intensity_mm_h(self, duration_h: ArrayLike) -> NDArray[np.float64]:
        """The line at these durations; nan outside its range."""
        d = np.asarray(duration_h, np.float64)
        inside = (d >= self.least_h) & (d <= self.most_h)
        return np.where(inside, self.alpha_mm_h * np.where(inside, d, 1.0) ** -self.beta, np.nan)


CAINE_1980 = Threshold(
    "Caine 1980, world", 14.82, 0.39, 1 / 6, 240, "Geografiska Annaler A 62: 23-27", "unverified"
)
GUZZETTI_2008 = Threshold(
    "Guzzetti 2008, world", 2.20, 0.44, 0.1, 1000, "doi:10.1007/s10346-007-0112-1", "unverified"
)
ALEOTTI_2004 = Threshold(
    "Aleotti 2004, Piedmont", 19.0, 0.50, 1, 150, "doi:10.1016/j.enggeo.2004.01.007", "checked"
)


@dataclass(frozen=True)
class Event:
    """Hours begin_h to end_h (not included), their rain, and its stand against the threshold:
    over 1 above the line, nan outside the line's durations."""

    begin_h: int
    end_h: int
    rain_mm: float
    over: float


def events(
    rain_mm: ArrayLike, against: Threshold, *, break_h: int = 6, dry_mm: float = 0.2
) -> list[Event]:
    """Events parted by break_h hours or more of at most dry_mm each. Raises BadInput."""
    rain = check(RAIN_FIELDS, {"rain_mm": rain_mm})["rain_mm"]
    if rain.size > HOURS_MAX or break_h < 1:
        raise BadInput("hours", f"up to {HOURS_MAX:,} hours, a break of 1 h or more")
    wet = np.flatnonzero(rain > dry_mm)
    if not wet.size:
        return []
    parts = np.split(wet, np.flatnonzero(np.diff(wet) > break_h) + 1)
    return [_event(rain, int(part[0]), int(part[-1]) + 1, against) for part in parts]


def highest(rain_mm: ArrayLike, against: Threshold) -> float:
    """The highest stand of any window of whole hours that ends at the last hour: what holds now."""
    rain = check(RAIN_FIELDS, {"rain_mm": rain_mm})["rain_mm"]
    hours = np.arange(1, rain.size + 1)
    line = against.intensity_mm_h(hours)
    over = np.cumsum(rain[::-1]) / hours / line
    return float(np.nanmax(over)) if np.isfinite(over).any() else float("nan")


def _event(rain: NDArray, begin: int, end: int, against: Threshold) -> Event:
    total, hours = float(rain[begin:end].sum()), end - begin
    return Event(begin, end, total, float(total / hours / against.intensity_mm_h(hours)))
