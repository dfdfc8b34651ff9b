"""The shape of a terrain: slope, aspect, curvature, hillshade. Arrays in, arrays out.

Slope and aspect: Horn 1981, third-order finite differences over eight neighbours             (1)
Curvature: Zevenbergen & Thorne 1987, profile and plan from a partial quartic surface          (2)
Hillshade: cosine of the angle between sun and ground                                          (3)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _windows(elevation_m: Array) -> list[list[Array]]:
    """The nine shifted views, by row and column; the rim is held."""
    z = np.pad(np.asarray(elevation_m, float), 1, mode="edge")
    rows, columns = elevation_m.shape
    return [[z[a : a + rows, b : b + columns] for b in range(3)] for a in range(3)]


def gradient(elevation_m: Array, cell_m: float) -> tuple[Array, Array]:
    """(eastward, southward) rise per metre (eq. 1)."""
    w = _windows(elevation_m)
    east = (w[0][2] + 2 * w[1][2] + w[2][2] - w[0][0] - 2 * w[1][0] - w[2][0]) / (8 * cell_m)
    south = (w[2][0] + 2 * w[2][1] + w[2][2] - w[0][0] - 2 * w[0][1] - w[0][2]) / (8 * cell_m)
    return east, south


def slope_deg(elevation_m: Array, cell_m: float) -> Array:
    """Angle to the horizontal, degrees."""
    return np.degrees(np.arctan(np.hypot(*gradient(elevation_m, cell_m))))


def aspect_deg(elevation_m: Array, cell_m: float) -> Array:
    """Where the slope faces, degrees clockwise from north; nan where flat."""
    east, south = gradient(elevation_m, cell_m)
    facing = np.degrees(np.arctan2(-east, south)) % 360
    return np.where((east == 0) & (south == 0), np.nan, facing)


def curvature_per_m(elevation_m: Array, cell_m: float) -> tuple[Array, Array]:
    """(profile, plan) curvature, 1/m (eq. 2); zero where flat."""
    w = _windows(elevation_m)
    d = ((w[1][0] + w[1][2]) / 2 - w[1][1]) / cell_m**2
    e = ((w[0][1] + w[2][1]) / 2 - w[1][1]) / cell_m**2
    f = (-w[0][0] + w[0][2] + w[2][0] - w[2][2]) / (4 * cell_m**2)
    g = (w[1][2] - w[1][0]) / (2 * cell_m)
    h = (w[0][1] - w[2][1]) / (2 * cell_m)
    steep = g**2 + h**2
    safe = np.where(steep > 0, steep, 1.0)
    profile = -2 * (d * g**2 + e * h**2 + f * g * h) / safe
    plan = 2 * (d * h**2 + e * g**2 - f * g * h) / safe
    return np.where(steep > 0, profile, 0.0), np.where(steep > 0, plan, 0.0)


def hillshade(
    elevation_m: Array, cell_m: float, sun_azimuth_deg: float = 315.0, sun_height_deg: float = 45.0
) -> NDArray[np.uint8]:
    """Light on the ground, 0 dark to 255 (eq. 3)."""
    east, south = gradient(elevation_m, cell_m)
    azimuth, height = np.radians(sun_azimuth_deg), np.radians(sun_height_deg)
    sun = np.sin(azimuth) * np.cos(height), -np.cos(azimuth) * np.cos(height), np.sin(height)
    light = (-east * sun[0] - south * sun[1] + sun[2]) / np.sqrt(1 + east**2 + south**2)
    return np.rint(255 * np.clip(light, 0, 1)).astype(np.uint8)
