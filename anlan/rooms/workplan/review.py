"""What is proposed for each doubt, and what a person types becomes units and quantities. Pure.

Flows in: a doubt of the reader and its row. Flows out: a proposal: which field becomes what, or
that it stays as read; a person accepts it or says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from anlan.rooms.workplan.reader.units import units as read_units

LINES_MAX = 60
LEAST_SHARE = 0.1  # a smaller bare rate (0.012 deaths per 100 million yuan) is no lost percent sign
UNIT_CHARS_MAX = 20
SUBJECT_CHARS_MAX = 80
OPS = {"<=": "≤", ">=": "≥", "<": "<", ">": ">", "=": "=", "range": "~", "judged": "?"}
TYPED = {"≤": "<=", "≥": ">=", "<=": "<=", ">=": ">=", "<": "<", ">": ">", "=": "="}
NUMBER = r"-?\d{1,15}(?:\.\d{1,6})?"
LINE = re.compile(
    rf"(?P<subject>.*?)\s*(?P<op>≤|≥|<=|>=|<|>|=)\s*(?P<value>{NUMBER})\s*(?P<unit>.*)"
)
RANGE = re.compile(
    rf"(?P<subject>.*?)\s*(?P<value>{NUMBER})\s*~\s*(?P<high>{NUMBER})\s*(?P<unit>.*)"
)
JUDGED = re.compile(r"(?P<subject>.*?)\s*[?？]\s*(?P<text>.*)")


class Unreadable(ValueError):
    """What was typed cannot be taken: which line, and why (a code)."""

    def __init__(self, code: str, line: str):
        super().__init__(code)
        self.code, self.line = code, line


@dataclass(frozen=True, slots=True)
class Proposal:
    """what: keep, seen, no-lead, lead, one-of-two or percent; fields: {field: new value}."""

    what: str
    fields: dict[str, Any]
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"what": self.what, "fields": self.fields, "detail": self.detail}


def propose(code: str, row: dict[str, Any] | None) -> Proposal:
    """For a doubt of the reader; row None: the doubt is about a table or the whole document."""
    if row is None:
        return Proposal("seen", {})
    if code == "no-lead":
        return _lead(row)
    if code == "unit-twice":
        return Proposal("one-of-two", {"units": _once(row["units"])})
    if code == "rate-bare":
        whole = [_percent(own) for own in row["quantities"]]
        if whole != row["quantities"]:
            return Proposal("percent", {"quantities": whole})
    return Proposal("keep", {})


def _lead(row: dict[str, Any]) -> Proposal:
    first = next((own["name"] for own in row["units"] if own["kind"] == "unit"), "")
    if not first:
        return Proposal("no-lead", {})
    return Proposal("lead", {"units": with_lead(row["units"], [first])}, first)


def _once(units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each unit once; it leads where one of its mentions does."""
    kept: dict[str, dict[str, Any]] = {}
    for own in units:
        known = kept.setdefault(own["name"], dict(own))
        known["lead"] = known["lead"] or own["lead"]
        known["alias"] = known["alias"] or own["alias"]
    return list(kept.values())


def _percent(quantity: dict[str, Any]) -> dict[str, Any]:
    value = quantity.get("value")
    bare = not quantity["unit"] and str(quantity["subject"]).endswith("率")
    if not bare or value is None or not LEAST_SHARE <= value <= 1:
        return quantity
    return quantity | {"value": round(value * 100, 6), "unit": "%"}


def with_lead(units: list[dict[str, Any]], leads: list[str]) -> list[dict[str, Any]]:
    """The same units, led by those named."""
    return [own | {"lead": own["name"] in leads} for own in units]


# units and quantities as a person reads and types them


def units_text(units: list[dict[str, Any]]) -> str:
    """县甲局、县乙委（县丙局）、各乡镇（街道）."""
    return "、".join(
        f"{own['name']}（{own['alias']}）" if own["alias"] else own["name"] for own in units
    )


def units_typed(text: str, leads: str, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Units from a list as documents write it; leads: names, each of which must stand in it."""
    units = before if text.strip() == units_text(before) else [
        own.as_dict() for own in read_units(text)[0]
    ]  # fmt: skip
    wanted = [name for name in re.split(r"[、，,;；\s]+", leads) if name]
    for name in wanted:
        own = next((own for own in units if name in (own["name"], own["alias"])), None)
        if own is None:
            raise Unreadable("lead-unknown", name)
        if own["kind"] != "unit":
            raise Unreadable("lead-collective", name)
    names = [str(own["name"]) for own in units if {own["name"], own["alias"]} & set(wanted)]
    return with_lead(units, names)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def quantity_text(own: dict[str, Any]) -> str:
    """电梯故障困人率 < 0.5 %; a range 取水半径 1 ~ 2 公里; judged 死亡人数 ? 保持低位."""
    subject, unit = own["subject"], own["unit"]
    if own["op"] == "judged" or own["value"] is None:
        return f"{subject} ? {own['text']}".strip()
    if own["op"] == "range":
        text = f"{subject} {_number(own['value'])} ~ {_number(own['high'])} {unit}"
    else:
        text = f"{subject} {OPS[own['op']]} {_number(own['value'])} {unit}"
    return text.strip()


def quantities_text(found: list[dict[str, Any]]) -> str:
    """One a line."""
    return "\n".join(quantity_text(own) for own in found)


def quantities_typed(text: str, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Quantities from lines; a line that stands as it was keeps its words and its base year."""
    known = {quantity_text(own): own for own in before}
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) > LINES_MAX:
        raise Unreadable("lines-many", str(len(lines)))
    return [known.get(line) or _typed(line) for line in lines]


def _typed(line: str) -> dict[str, Any]:
    span, plain, judged = RANGE.fullmatch(line), LINE.fullmatch(line), JUDGED.fullmatch(line)
    found = plain or span or judged
    if found is None:
        raise Unreadable("quantity-form", line)
    subject = found["subject"].strip()
    unit = "" if found is judged else found["unit"].strip()
    if len(subject) > SUBJECT_CHARS_MAX or len(unit) > UNIT_CHARS_MAX:
        raise Unreadable("quantity-long", line)
    base = {"subject": subject, "unit": unit, "text": line}
    if found is judged:
        return base | {"op": "judged", "value": None, "text": judged["text"].strip() or line}
    if found is span:
        low, high = float(span["value"]), float(span["high"])
        if high < low:
            raise Unreadable("quantity-range", line)
        return base | {"op": "range", "value": low, "high": high}
    return base | {"op": TYPED[found["op"]], "value": float(found["value"])}


def day_typed(text: str) -> str:
    """A day as 2025-12-31, or nothing."""
    if not text.strip():
        return ""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise Unreadable("day-form", text.strip()[:20]) from None
