"""Quantities in the words of a plan: operator, value, unit, subject. A grammar, not a word list.

    〈subject〉〈before〉〈number〉〈measure〉〈after〉

`before` and `after` are the comparisons of Chinese administrative prose; measures are measure
words. Years, article and document numbers, names (S206, 4G, 1+7+N, quoted terms), map scales,
scopes (200张床位以上的…) and what is there already (现有26个乡镇) are no quantities.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from anlan.rooms.workplan.reader import subjects
from anlan.rooms.workplan.reader.comparisons import (
    AFTER,
    AFTER_OPS,
    BARE_CHARS_MAX,
    BEFORE,
    BEFORE_END,
    CLEARS,
    COVERS,
    DOING,
    HARM,
    JUDGED,
    ONLY_AFTER,
    ONLY_BEFORE,
    ONLY_FIGURE,
    ONLY_RANGE,
    STOP,
)
from anlan.rooms.workplan.reader.figures import Figure, clause_start, figures
from anlan.rooms.workplan.reader.measures import SHY, TIMES
from anlan.rooms.workplan.reader.numerals import CHARS, plain, value

JUDGEMENT_CHARS_MAX = 30

__all__ = ["DOING", "Quantity", "quantities"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A promise with a number, or one that is judged (value None)."""

    subject: str
    op: str
    value: float | None
    unit: str
    text: str
    high: float | None = None
    relative_to: int | None = None
    assumed: bool = False

    def as_dict(self) -> dict[str, object]:
        """Only what is said: no high without a range, no base year without a comparison."""
        own: dict[str, object] = {
            "subject": self.subject, "op": self.op, "value": self.value, "unit": self.unit, "text": self.text,
            "high": self.high, "relative_to": self.relative_to,
        }  # fmt: skip
        return {k: v for k, v in own.items() if v is not None or k == "value"}


def quantities(
    text: str, name: str = "", year: int | None = None, measure: str = ""
) -> list[Quantity]:
    """Every quantity of a cell or a sentence.

    name: the row's, subject of a bare figure; year: the plan's, so that 同比 has a base; measure:
    what a column of units or a bracket in the header says a bare figure counts.
    """
    bare_name, in_name = subjects.name_and_measure(name)
    shown = text.strip()
    flat = plain(shown)
    bare = _bare(flat, bare_name, year, measure or in_name)
    if bare is not None:
        return [replace(bare, text=shown)]
    seen = figures(flat, year)
    found = [(own.start, _finished(flat, shown, own, seen, bare_name)) for own in seen]
    found += _words(flat, shown, seen)
    if not found and _is_judgement(flat, bare_name):
        found = [(0, Quantity(bare_name, "judged", None, "", shown))]
    ordered = [own for _at, own in sorted(found, key=lambda pair: pair[0])]
    return [own if own.subject else replace(own, subject=bare_name) for own in ordered]


def _is_judgement(flat: str, name: str) -> bool:
    """Words alone in the cell of something that is measured: 严防…发生 for 亡人数."""
    if not subjects.is_measure(name) or not 0 < len(flat) <= JUDGEMENT_CHARS_MAX:
        return False
    return not re.search(rf"^(?:{DOING}|配合|推动|加强|强化|完善|健全)", flat)


# one figure alone in its cell


def _bare(flat: str, name: str, year: int | None, measure: str) -> Quantity | None:
    """A cell that holds nothing but a figure: its subject is the row's name."""
    span = ONLY_RANGE.fullmatch(flat) if len(flat) <= BARE_CHARS_MAX else None
    if span:
        low, high = value(span.group("low")), value(span.group("high"))
        unit = span.group("unit") or span.group("lowunit") or measure
        if low is not None and high is not None and low < high < 1900:
            return Quantity(name, "range", low, unit, flat, high)
    match = ONLY_FIGURE.fullmatch(flat) if len(flat) <= BARE_CHARS_MAX else None
    if match is None or not _number_words(match.group("before"), match.group("after")):
        return None
    if (
        match.group("num")[0] in CHARS
        and not match.group("unit")
        and match.group("num") not in "零〇"
    ):
        return None
    number = value(match.group("num"))
    unit = match.group("unit") or measure
    if number is None or (match.group("unit") in SHY - TIMES - {"分", "村", "组"} and not name):
        return None
    before = BEFORE_END.search(match.group("before"))
    after = AFTER.match(match.group("after"))
    op = BEFORE[before.group("word")] if before else ""
    if after and op in ("", ">="):
        op = (
            AFTER_OPS[after.group("word")[-1]]
            if op == "" or after.group("word")[-1] == "内"
            else op
        )
    assumed = not op and number != 0 and bool(HARM.search(name))
    op = op or ("<=" if number == 0 or assumed else ">=")
    if number == 0 and op == ">=":
        op = "<="
    return Quantity(name, op, number, unit, flat, assumed=assumed)


def _number_words(before: str, after: str) -> bool:
    """Whether what stands around the only figure of a cell is a comparison and nothing else."""
    rest = before.strip()
    if rest and not ONLY_BEFORE.fullmatch(rest):
        return False
    return not after.strip() or bool(ONLY_AFTER.fullmatch(after.strip()))


# figures in sentences


def _finished(flat: str, shown: str, own: Figure, seen: list[Figure], name: str) -> Quantity:
    subject = subjects.subject(flat, _place(own), [_place(other) for other in seen])
    text = subjects.clause(shown, own.start, own.after_end)
    if own.kind == "range":
        return Quantity(subject, "range", own.value, own.unit, text, own.high, own.relative_to)
    op, assumed = _operator(own, subject or name)
    return Quantity(subject, op, own.value, own.unit, text, None, own.relative_to, assumed)


def _place(own: Figure) -> subjects.Place:
    return own.phrase, own.start, own.after_end


def _operator(own: Figure, subject: str) -> tuple[str, bool]:
    op = own.before
    if own.after and (not op or (op == ">=" and own.after == "<=")):
        op = own.after
    if not op and own.unit in TIMES and own.after:
        op = own.after
    if own.value == 0 and op in ("", ">=", "="):
        return "<=", False
    if (
        not op
        and own.kind != "ratio"
        and HARM.search(subject)
        and own.unit not in ("家", "座", "处")
    ):
        return "<=", True
    return op or ">=", False


# words that stand for figures


def _words(flat: str, shown: str, seen: list[Figure]) -> list[tuple[int, Quantity]]:
    """清零, 全覆盖 and judgements, where no figure of the same clause says it already."""
    found: list[tuple[int, Quantity]] = []
    for pattern, op, number, unit in (
        (CLEARS, "<=", 0.0, ""),
        (COVERS, ">=", 100.0, "%"),
        (JUDGED, "judged", None, ""),
    ):
        for match in pattern.finditer(flat):
            start, end = match.span()
            if _quoted_name(flat, start, end) or _said(flat, start, end, seen, unit):
                continue
            subject = subjects.subject(flat, (start, start, end), [_place(other) for other in seen])
            text = match.group(0) if op == "judged" else subjects.clause(shown, start, end)
            found.append((start, Quantity(subject, op, number, unit, text)))
    return _once_a_clause(flat, found)


def _quoted_name(flat: str, start: int, end: int) -> bool:
    """Inside quotes that hold more than the word itself."""
    opening, closing = flat.rfind("“", 0, start), flat.rfind("”", 0, start)
    if opening <= closing:
        book = flat.rfind("《", 0, start) > flat.rfind("》", 0, start)
        return book
    end_quote = flat.find("”", end)
    return (
        not (opening == start - 1 and end_quote == end)
        and flat[opening + 1 : end_quote] != flat[start:end]
    )


def _said(flat: str, start: int, end: int, seen: list[Figure], unit: str) -> bool:
    """A figure of the same clause that says the same: 去存率100%的清零任务, 100%全覆盖."""
    low = clause_start(flat, start)
    high = min(
        (place for place in (flat.find(char, end) for char in STOP) if place >= 0),
        default=len(flat),
    )
    if unit == "%":
        beside = re.match(r"[，、](?:达到|达|实现|确保)*(?=100%)", flat[high:])
        high += beside.end() + 1 if beside else 0
        ahead = re.search(r"(?:达到|达)100%[，、]$", flat[:low])
        low = ahead.start() if ahead else low
    same = [own for own in seen if low <= own.start < high]
    return any(
        (own.unit == "%" and own.value == 100) or (unit == "" and own.value == 0) for own in same
    )


def _once_a_clause(flat: str, found: list[tuple[int, Quantity]]) -> list[tuple[int, Quantity]]:
    """动态清零、全部清零 of one clause is one promise; two subjects are two."""
    kept: dict[tuple[int, str, str], tuple[int, Quantity]] = {}
    for start, own in found:
        kept.setdefault((clause_start(flat, start), own.op, own.subject), (start, own))
    return list(kept.values())
