"""Where something is, as the county's own names say it: villages, townships, landmarks, points."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from anlan.county.models import Division
from anlan.county.names import pinyin_of
from anlan.ground import datums
from anlan.ground.models import CountyFact
from anlan.ground.places import level, parent
from anlan.ground.scope import Scope
from anlan.rooms.duty.decisions import Named, Place, read_place, read_point, short_name
from anlan.rooms.duty.models import Landmark

CONVERT = {"gcj02": datums.gcj_to_wgs, "bd09": datums.bd_to_wgs}
LANDMARKS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """The place for the row. doubt: empty where one place was found."""

    division: int
    label: str
    how: str
    lat: float | None
    lon: float | None
    doubt: str


def names(scope: Scope, with_letters: bool = False) -> list[Named]:
    """Every name of the county. with_letters: initials too, for what is typed in letters."""
    with scope.open():
        rows = list(
            Division.objects.filter(ended_on=None).values_list(
                "code", "name", "label_lat", "label_lon"
            )
        )
        marks = list(Landmark.objects.filter(ended_at=None).order_by("id")[:LANDMARKS_MAX])
    by_code = {row[0]: row[1] for row in rows}
    found = []
    for code, name, lat, lon in rows:
        how = level(code)
        if how == "county":
            continue
        short = short_name(name)
        letters = pinyin_of(short)[1] if with_letters else ""
        inside = by_code.get(parent(code) or 0, "") if how == "village" else ""
        found.append(Named(how, code, name, short, letters, code, inside, lat, lon))
    for mark in marks:
        inside = by_code.get(mark.division, "")
        found.append(Named("landmark", mark.id, mark.name, mark.name, mark.initials, mark.division,
                           short_name(inside), mark.lat, mark.lon))  # fmt: skip
    return found


def suggest(scope: Scope, text: str) -> list[Place]:
    """Places that fit what is being typed, the best first."""
    letters = text.strip().isascii() and text.strip().isalpha()
    known = names(scope, with_letters=letters)
    return read_place(text, known, read_point(text, CONVERT)).found


def find(scope: Scope, text: str, choice: str, point: tuple[float, float] | None) -> Found:
    """The place of an event; what is not found lies in the scope's own division, with a doubt."""
    letters = text.strip().isascii() and text.strip().isalpha()
    known = names(scope, with_letters=letters)
    own = point or read_point(text, CONVERT)
    read = read_place(text, known, own)
    chosen = next((place for place in read.found if place.choice == choice), None)
    best = chosen or read.best
    if best is not None and scope.covers(best.division):
        return Found(best.division, best.label, best.how, best.lat, best.lon, "")
    home = _home(scope)
    if best is not None:
        return Found(home, best.label, "unread", best.lat, best.lon, _("地点不在您的范围内"))
    lat, lon = own or (None, None)
    if read.reason == "several":
        listed = "、".join(place.label for place in read.found[:4])
        doubt = _("地点有几处同样符合：%(list)s") % {"list": listed}
    elif own is not None:
        doubt = _("这个经纬度附近没有村点")
    else:
        doubt = _("地点没有对上村镇或地标")
    return Found(home, "", "unread", lat, lon, doubt)


def _home(scope: Scope) -> int:
    """The division of whoever takes it in; the county for a round or a gateway."""
    if scope.kind == "post":
        return scope.lo
    return CountyFact.objects.values_list("code", flat=True).first() or max(scope.lo, 0)
