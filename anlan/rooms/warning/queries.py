"""Warnings as they are shown: the list, one with its text marked, its preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anlan.engines.callout import queries as callout
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.queries import Preview
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.warning.lifting import STANDING_STATES, all_clear, title
from anlan.rooms.warning.models import Approval, Warning

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
    """

    row: Warning
    title: str
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
        row = Warning.objects.select_related("bulletin").filter(id=warning_id).first()
        if row is None:
            raise NotFound("warning-unknown", "没有这份预警", str(warning_id), "请返回列表")
        approvals = list(row.approvals.order_by("id"))
        preview, refusal = _preview(scope, row)
        lift_sms = all_clear(scope, row) if row.state in STANDING_STATES else ""
    checked = _checked(row)
    pieces = _pieces(row, checked or row.doubts)
    return Shown(row, title(row), pieces, approvals, preview, refusal, checked, lift_sms)


def _checked(row: Warning) -> list[dict[str, Any]]:
    if row.state != "submitted" or row.bulletin is None:
        return []
    return list(row.bulletin.reading.get("doubts", []))


def _preview(scope: Scope, row: Warning) -> tuple[Preview | None, str]:
    if row.state not in ("draft", "submitted") or not row.grade or not row.divisions:
        return None, ""
    launch = Launch(
        origin_kind="warning.warning", origin_id=row.id, chain="warning/night", grade=row.grade,
        title=title(row), text=row.sms, divisions=tuple(row.divisions), key="preview",
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
