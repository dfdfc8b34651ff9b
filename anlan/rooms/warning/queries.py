"""Warnings as they are shown: the list, one with its text marked, its preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anlan.engines.callout import queries as callout
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.queries import Preview
from anlan.ground import clock
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.warning.drafting import released
from anlan.rooms.warning.lifting import STANDING_STATES, all_clear, title
from anlan.rooms.warning.models import Approval, Warning
from anlan.rooms.warning.received_queries import (
    FATES,
    held_count,
    received,
    received_one,
    source,
    source_health,
    source_of_token,
    sources,
)

__all__ = ["FATES", "Authority", "Piece", "Shown", "authority_of", "held_count", "received",
           "received_one", "recent", "shown", "source", "source_health", "source_of_token",
           "sources"]  # fmt: skip
ROWS_MAX = 100
SENT_STATES = ("released", "approved", "lifted", "changed")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the bulletin; doubt names what is not sure about it."""

    text: str
    doubt: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A warning with all that its page needs.

    checked: doubts of the reader that the drafter settled, for whoever is asked to approve.
    lift_sms: what an all-clear would say now; empty where there is nothing to lift.
    items: all drafts of the same text; targets: warnings in force that it may change or lift.
    """

    row: Warning
    title: str
    items: list[Warning]
    targets: list[Warning]
    pieces: list[Piece]
    approvals: list[Approval]
    preview: Preview | None
    preview_refusal: str
    checked: list[dict[str, Any]]
    lift_sms: str


@dataclass(frozen=True, slots=True)
class Authority:
    """In whose name a warning went out, who said yes to it, and what it asks for."""

    authority: str
    approved_by: str
    measures: str


def authority_of(scope: Scope, warning_id: int) -> Authority | None:
    """The authority of a released warning; an urgent override carries its reason instead."""
    with scope.open():
        row = Warning.objects.filter(id=warning_id, state__in=SENT_STATES).first()
        if row is None:
            return None
        yes = row.approvals.filter(act="release").order_by("-id").first()
    approved = yes.approved_by if yes else f"紧急发布：{row.override_why}"[:200]
    return Authority(row.issuer, approved, row.measures)


def recent(scope: Scope, rows: int = 30) -> list[Warning]:
    """The newest warnings; what waits for approval first."""
    with scope.open():
        found = list(Warning.objects.order_by("-id")[: min(rows, ROWS_MAX)])
    return sorted(found, key=lambda row: (row.state not in ("submitted", "approved"), -row.id))


def shown(scope: Scope, warning_id: int) -> Shown:
    """One warning; NotFound where the scope does not see it."""
    with scope.open():
        rows = Warning.objects.select_related("bulletin", "received", "follows")
        row = rows.filter(id=warning_id).first()
        if row is None:
            raise NotFound("warning-unknown", "没有这份预警", str(warning_id), "请返回列表")
        approvals = list(row.approvals.order_by("id"))
        preview, refusal = _preview(scope, row)
        items, targets = _items(row), _targets(row)
        lift_sms = all_clear(scope, row) if row.state in STANDING_STATES else ""
    checked = _checked(row)
    pieces = _pieces(row, checked or row.doubts)
    return Shown(
        row, title(row), items, targets, pieces, approvals, preview, refusal, checked, lift_sms
    )


def _items(row: Warning) -> list[Warning]:
    """What else was drafted from the same text or message."""
    same = Warning.objects.filter(bulletin=row.bulletin, received=row.received)
    if row.bulletin_id is None and row.received_id is None:
        return [row]
    return list(same.order_by("item", "id"))


def _targets(row: Warning) -> list[Warning]:
    """Warnings in force that a draft may change or lift, the one that it names among them."""
    if row.state != "draft":
        return []
    found = [one for one in released("", clock.now()) if one.id != row.id]
    known = {one.id for one in found}
    return found + ([row.follows] if row.follows and row.follows_id not in known else [])


def _checked(row: Warning) -> list[dict[str, Any]]:
    if row.state != "submitted" or row.bulletin is None:
        return []
    reading = row.bulletin.reading
    items = reading.get("items") or [reading]
    own = items[row.item - 1] if row.item <= len(items) else reading
    return list(own.get("doubts", []))


def _preview(scope: Scope, row: Warning) -> tuple[Preview | None, str]:
    if row.state not in ("draft", "submitted") or not row.grade or not row.divisions:
        return None, ""
    lifts = row.act == "lift" and row.follows is not None
    launch = Launch(
        origin_kind="warning.warning", origin_id=row.id, chain="warning/night", grade=row.grade,
        title=title(row), text=row.sms, divisions=tuple(row.divisions), key="preview",
        kind="all_clear" if lifts else "warning",
        follows=row.follows.callout_id if lifts and row.follows else None,
    )  # fmt: skip
    try:
        return callout.preview(scope, launch), ""
    except Refusal as refusal:
        return None, str(refusal)


def _pieces(row: Warning, doubts: list[dict[str, Any]]) -> list[Piece]:
    """The bulletin cut at these doubts."""
    if row.bulletin is None:
        return []
    text, at, found = row.bulletin.text, 0, []
    marked = sorted((d["start"], d["end"], d["message"]) for d in doubts if d["end"] > d["start"])
    for start, end, message in marked:
        if start < at:
            continue
        found += [Piece(text[at:start], ""), Piece(text[start:end], message)]
        at = end
    return [piece for piece in [*found, Piece(text[at:], "")] if piece.text]
