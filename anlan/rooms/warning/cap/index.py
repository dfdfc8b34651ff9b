"""An index of messages (Atom, RSS 2.0) as entries: which there are, and where each lies. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from anlan.ground.markup import Element, write_xml
from anlan.rooms.warning.cap.grammar import NAMESPACE

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPES = ("application/cap+xml", "application/common-alerting-protocol+xml")
ENTRIES_MAX = 200
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry. key: digest of its id and when it was updated; inline: the message, where it is in it."""

    key: str
    updated: datetime
    link: str
    inline: bytes


def entries(root: Element) -> list[Entry] | None:
    """The entries, oldest first; None where the document is no index that we know."""
    if root.name == "feed" and root.namespace == ATOM:
        found = [_atom(one) for one in root.all("entry")[:ENTRIES_MAX]]
    elif root.name == "rss" and root.first("channel") is not None:
        channel = root.first("channel") or root
        found = [_rss(one) for one in channel.all("item")[:ENTRIES_MAX]]
    else:
        return None
    return sorted((one for one in found if one.link or one.inline), key=lambda one: one.updated)


def _atom(entry: Element) -> Entry:
    links = [one for one in entry.all("link") if one.attributes.get("rel", "alternate") != "self"]
    best = [one for one in links if one.attributes.get("type", "") in CAP_TYPES] or links
    link = best[0].attributes.get("href", "").strip() if best else ""
    updated = _time(entry.said("updated"))
    return Entry(
        _key(entry.said("id") or link, entry.said("updated")), updated, link, _inline(entry)
    )


def _rss(item: Element) -> Entry:
    link = item.said("link")
    enclosure = item.first("enclosure")
    if enclosure is not None and enclosure.attributes.get("type", "") in CAP_TYPES:
        link = enclosure.attributes.get("url", "").strip()
    updated = _time(item.said("pubDate"))
    return Entry(
        _key(item.said("guid") or link, item.said("pubDate")), updated, link, _inline(item)
    )


def _key(ident: str, updated: str) -> str:
    return hashlib.sha256(f"{ident}\n{updated}".encode()).hexdigest()


def _inline(entry: Element) -> bytes:
    for one in entry.walk():
        if one.name == "alert" and one.namespace == NAMESPACE:
            return write_xml(one)
    return b""


def _time(text: str) -> datetime:
    """A time of Atom or RSS; long ago where there is none, so that it comes first."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text.strip())
        except (ValueError, TypeError, IndexError):
            continue
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return NEVER
