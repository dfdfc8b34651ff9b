"""A CAP message as the room reads it: who says what, about which places, until when. Pure.

Flows in: the tree of a message. Flows out: a `Message` whose fields are as they were written; what
they mean for the county is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from anlan.ground.markup import Element
from anlan.rooms.warning.cap.geometry import BadShape, Circle, read_circle, read_polygon
from anlan.rooms.warning.cap.rules import moment

CHINESE = ("zh", "zh-")
REFERENCES_MAX = 200


@dataclass(frozen=True, slots=True)
class Area:
    """Where. polygons: rings of (latitude, longitude) in degrees; geocodes: (name, value)."""

    words: str
    polygons: tuple[tuple[tuple[float, float], ...], ...]
    circles: tuple[Circle, ...]
    geocodes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Info:
    """What is said in one language about one event."""

    language: str
    event: str
    severity: str
    sender_name: str
    headline: str
    description: str
    instruction: str
    starts_at: datetime | None
    expires_at: datetime | None
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message. references: (sender, identifier, sent as written)."""

    identifier: str
    sender: str
    sent: str
    sent_at: datetime | None
    status: str
    kind: str
    scope: str
    references: tuple[tuple[str, str, str], ...]
    infos: tuple[Info, ...]

    @property
    def expires_at(self) -> datetime | None:
        """When the last of it ends; None where a part has no end."""
        ends = [info.expires_at for info in self.infos]
        return max((end for end in ends if end), default=None) if all(ends) else None


def read_message(root: Element) -> Message:
    """The fields of an alert; what is broken in it is empty here and a fault of `rules`."""
    infos = [_info(element) for element in root.all("info")]
    chinese = [info for info in infos if info.language.lower().startswith(CHINESE)]
    triples = [one.split(",") for one in root.said("references").split()[:REFERENCES_MAX]]
    return Message(
        root.said("identifier"), root.said("sender"), root.said("sent"), moment(root.said("sent")),
        root.said("status"), root.said("msgType"), root.said("scope"),
        tuple((one[0], one[1], one[2]) for one in triples if len(one) == 3),
        tuple(chinese or infos),
    )  # fmt: skip


def _info(element: Element) -> Info:
    said = element.said
    return Info(
        said("language") or "en-US", said("event"), said("severity"), said("senderName"),
        said("headline"), said("description"), said("instruction"),
        moment(said("onset")) or moment(said("effective")), moment(said("expires")),
        tuple(_area(area) for area in element.all("area")),
    )  # fmt: skip


def _area(element: Element) -> Area:
    rings, circles = [], []
    for shape in element.children:
        try:
            if shape.name == "polygon":
                rings.append(tuple(read_polygon(shape.text.strip())))
            elif shape.name == "circle":
                circles.append(read_circle(shape.text.strip()))
        except BadShape:
            continue
    codes = tuple((c.said("valueName"), c.said("value")) for c in element.all("geocode"))
    return Area(element.said("areaDesc"), tuple(rings), tuple(circles), codes)
