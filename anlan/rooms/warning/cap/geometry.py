"""Polygons and circles of a CAP area: points in the order latitude, longitude (WGS-84). Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

POINTS_MAX = 10_000
POINTS_MIN = 4
LAT_MAX, LON_MAX = 90.0, 180.0
RADIUS_KM_MAX = 20_038.0  # half way round the earth
NUMBER_CHARS_MAX = 40


class BadShape(ValueError):
    """code: points-few, points-many, open, number, range or swapped; seen: the piece at fault."""

    def __init__(self, code: str, seen: str = "") -> None:
        super().__init__(code)
        self.code, self.seen = code, seen[:NUMBER_CHARS_MAX]


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle: degrees, radius in km."""

    lat: float
    lon: float
    radius_km: float


def read_point(text: str) -> tuple[float, float]:
    """`30.2,107.3` → (latitude, longitude) in degrees; BadShape where it is none."""
    pieces = text.split(",")
    if len(pieces) != 2:
        raise BadShape("number", text)
    lat, lon = (_number(piece, text) for piece in pieces)
    if abs(lat) > LAT_MAX:
        raise BadShape("swapped" if abs(lat) <= LON_MAX and abs(lon) <= LAT_MAX else "range", text)
    if abs(lon) > LON_MAX:
        raise BadShape("range", text)
    return lat, lon


def _number(text: str, seen: str) -> float:
    plain = text.strip()
    if not plain or len(plain) > NUMBER_CHARS_MAX or set(plain) - set("+-.0123456789eE"):
        raise BadShape("number", seen)
    try:
        value = float(plain)
    except ValueError:
        raise BadShape("number", seen) from None
    if not math.isfinite(value):
        raise BadShape("number", seen)
    return value


def read_polygon(text: str) -> list[tuple[float, float]]:
    """The ring as (latitude, longitude) in degrees, first point last again."""
    pieces = text.split()
    if len(pieces) > POINTS_MAX:
        raise BadShape("points-many", f"{len(pieces)}")
    if len(pieces) < POINTS_MIN:
        raise BadShape("points-few", f"{len(pieces)}")
    ring = [read_point(piece) for piece in pieces]
    if ring[0] != ring[-1]:
        raise BadShape("open", f"{pieces[0]} … {pieces[-1]}")
    return ring


def read_circle(text: str) -> Circle:
    """`30.2,107.3 15` → a circle; the radius is in km."""
    pieces = text.split()
    if len(pieces) != 2:
        raise BadShape("number", text)
    lat, lon = read_point(pieces[0])
    radius_km = _number(pieces[1], text)
    if not 0 <= radius_km <= RADIUS_KM_MAX:
        raise BadShape("range", pieces[1])
    return Circle(lat, lon, radius_km)
