"""A photo as proof: kept by its content, looked at before anything decodes it.

Flows in: the bytes of an upload. Flows out: the digest under which the file is kept, and what the
photo says of its own place and time (EXIF), which anybody can write and nobody takes for the truth.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from anlan.ground import files
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope

KINDS = frozenset({"jpeg", "png"})
MEGAPIXELS_MAX = 50
SAYS_CHARS_MAX = 40
GPS_BLOCK, TAKEN_AT = 0x8825, 0x0132
LATITUDE_SIDE, LATITUDE, LONGITUDE_SIDE, LONGITUDE = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Photo:
    """A kept photo. says: lat, lon (WGS-84 degrees) and taken_at as the file has them."""

    sha256: str
    says: dict[str, Any]


def keep_photo(scope: Scope, content: bytes, name: str) -> Photo:
    """Keep an upload; Refusal where it is no photo, too large, or has too many pixels."""
    files.check(content, name, KINDS)
    says = _look(content, name)
    return Photo(files.deposit(scope, content, name, KINDS), says)


def _look(content: bytes, name: str) -> dict[str, Any]:
    """Read the header only: size in pixels and what EXIF says."""
    from PIL import Image

    broken = Refusal("photo-broken", _("照片打不开"), name, _("请重新拍一张"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=["JPEG", "PNG"])
            if image.width * image.height > MEGAPIXELS_MAX * 1_000_000:
                raise _too_large(name)
            if image.format != "JPEG":  # of a PNG the pixels would be decoded for it
                return {}
            exif = image.getexif()
            says = _place(dict(exif.get_ifd(GPS_BLOCK)))
            taken = str(exif.get(TAKEN_AT, ""))
    except Image.DecompressionBombError:
        raise _too_large(name) from None
    except Refusal:
        raise
    except Exception as error:
        raise broken from error
    if taken:
        says["taken_at"] = "".join(c for c in taken if c.isprintable())[:SAYS_CHARS_MAX]
    return says


def _too_large(name: str) -> Refusal:
    return Refusal(
        "photo-pixels", _("照片超过 %(n)d 百万像素") % {"n": MEGAPIXELS_MAX}, name,
        _("请用普通大小重拍"), status=413,
    )  # fmt: skip


def _place(gps: dict[int, Any]) -> dict[str, Any]:
    """Degrees from degrees, minutes and seconds; empty where they are none or impossible."""
    try:
        lat = _degrees(gps[LATITUDE]) * (-1 if gps.get(LATITUDE_SIDE) == "S" else 1)
        lon = _degrees(gps[LONGITUDE]) * (-1 if gps.get(LONGITUDE_SIDE) == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return {}
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        return {}
    return {"lat": round(lat, 6), "lon": round(lon, 6)}


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
