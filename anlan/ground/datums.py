"""Points of Chinese maps to WGS-84: GCJ-02 (高德、腾讯、天地图以外的多数) and BD-09 (百度).

Pure. GCJ-02 shifts a point by up to some 700 m by a published polynomial (the reverse here is by
three steps of iteration, below 0.1 m); BD-09 shifts that once more. Outside China nothing is moved.
"""

from __future__ import annotations

from math import atan2, cos, pi, sin, sqrt

AXIS_M = 6_378_245.0  # Krasovsky 1940, which GCJ-02 uses
ECCENTRICITY_2 = 0.00669342162296594323
BAIDU_PI = pi * 3000.0 / 180.0
STEPS = 3
LAT_RANGE, LON_RANGE = (3.0, 54.0), (73.0, 136.0)


def in_china(lat: float, lon: float) -> bool:
    """Whether the point (degrees) lies in the box in which the datums differ."""
    return LAT_RANGE[0] <= lat <= LAT_RANGE[1] and LON_RANGE[0] <= lon <= LON_RANGE[1]


def wgs_to_gcj(lat: float, lon: float) -> tuple[float, float]:
    """(lat, lon) in GCJ-02 of a WGS-84 point, degrees."""
    if not in_china(lat, lon):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    ripple = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += 2.0 / 3.0 * ripple
    north += 2.0 / 3.0 * (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi))
    north += 2.0 / 3.0 * (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += 2.0 / 3.0 * ripple
    east += 2.0 / 3.0 * (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi))
    east += 2.0 / 3.0 * (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi))
    phi = lat / 180.0 * pi
    bend = 1.0 - ECCENTRICITY_2 * sin(phi) ** 2
    meridian_m = AXIS_M * (1.0 - ECCENTRICITY_2) / (bend * sqrt(bend))
    return (
        lat + north * 180.0 / (meridian_m * pi),
        lon + east * 180.0 / (AXIS_M / sqrt(bend) * cos(phi) * pi),
    )


def gcj_to_wgs(lat: float, lon: float) -> tuple[float, float]:
    """(lat, lon) in WGS-84 of a GCJ-02 point, degrees."""
    own_lat, own_lon = lat, lon
    for _step in range(STEPS):
        there_lat, there_lon = wgs_to_gcj(own_lat, own_lon)
        own_lat, own_lon = own_lat + lat - there_lat, own_lon + lon - there_lon
    return own_lat, own_lon


def bd_to_wgs(lat: float, lon: float) -> tuple[float, float]:
    """(lat, lon) in WGS-84 of a BD-09 point, degrees."""
    x, y = lon - 0.0065, lat - 0.006
    far = sqrt(x * x + y * y) - 0.00002 * sin(y * BAIDU_PI)
    turn = atan2(y, x) - 0.000003 * cos(x * BAIDU_PI)
    return gcj_to_wgs(far * sin(turn), far * cos(turn))
