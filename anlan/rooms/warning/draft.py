"""Drafts the words of a warning from a reading: measures, cautions, the message."""

from __future__ import annotations

from datetime import datetime

from anlan.ground.clock import local
from anlan.ground.policy import packs

GRADES = ("red", "orange", "yellow", "blue")


def texts() -> dict[str, object]:
    return packs.section("warning", "texts")


def kind_text(kind: str) -> dict[str, str]:
    """Label, caution and the law under which the signal stands, for a kind of hazard."""
    kinds: dict[str, dict[str, str]] = texts()["kinds"]  # type: ignore[assignment]
    return kinds.get(kind, kinds["default"])


def measures(grade: str) -> tuple[str, str]:
    """(what to do, articles) for a grade."""
    own = texts()["measures"][grade]  # type: ignore[index]
    return own["text"], own["articles"]


def grade_label(grade: str) -> str:
    """橙色 for orange."""
    return str(texts()["grades"][grade])  # type: ignore[index]


def wall_time(moment: datetime) -> str:
    """7月10日22时15分, as a message says it."""
    at = local(moment)
    return f"{at.month}月{at.day}日{at.hour}时{at.minute:02d}分"


def message(
    template: str, county: str, label: str, grade: str, at: datetime, area: str, caution: str,
    todo: str, others: str = "",
) -> str:  # fmt: skip
    """The SMS; template: warning, all_clear, or one of those for places where others stand."""
    text = str(texts()["sms"][template])  # type: ignore[index]
    values = {
        "{county}": county, "{label}": label, "{grade}": grade_label(grade),
        "{at}": wall_time(at), "{area}": area, "{caution}": caution, "{measures}": todo,
        "{others}": others,
    }  # fmt: skip
    for name, value in values.items():
        text = text.replace(name, value.replace("{", "").replace("}", ""))
    return text
