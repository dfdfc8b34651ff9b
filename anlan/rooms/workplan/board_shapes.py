"""States as shapes, for the heat table: pure, states in, SVG out. No colour means anything here.

A cell is 12 units wide. One path a state holds every cell of that state, so that 121 rows by 26
townships are a few kilobytes. The four colours of grades are never used, and nothing is green.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

CELL = 12
LABEL_CHARS_MAX = 5
# Drawn from the cell's upper left corner: a full square is missed, an empty box unreported, a box
# without its floor has no base, a dash has no indicator, and hatching is unknown.
SHAPES: dict[str, str] = {
    "missed": "h10v10h-10z",
    "not_reported": "m1 1h8v8h-8z",
    "no_base": "m1 9v-8h8v8",
    "no_indicator": "m3 5h4",
    "awaiting_city": "m5 1l4 8h-8z",
    "judged": "m5 .5l4.5 4.5l-4.5 4.5l-4.5-4.5z",
    "not_due": "m1.5 5a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0",
    "met": "m3 5a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
    "no_objects": "m2 8l6-6",
    "unknown": "m0 4l4-4m-4 10l10-10m-4 10l4-4",
    "support": "m4.2 5a.8.8 0 1 0 1.6 0a.8.8 0 1 0-1.6 0",
}
MARKS = {
    "missed": "■", "not_reported": "□", "no_base": "⊓", "no_indicator": "–", "awaiting_city": "△",
    "judged": "◇", "not_due": "○", "met": "●", "no_objects": "∕",
}  # fmt: skip


def word(state: str) -> str:
    """The word of a state."""
    words = {
        "missed": _("未达标"), "not_reported": _("未报"), "no_base": _("无基数"),
        "no_indicator": _("未设指标"), "awaiting_city": _("待市下达"), "judged": _("列数待判"),
        "not_due": _("未到期"), "met": _("达标"), "no_objects": _("无对象"), "unknown": _("不明"),
    }  # fmt: skip
    return words.get(state, state)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a heat table. cells: a state a column, empty for nothing.

    number: 4/40, written beside the row where cells are large enough to read it.
    """

    href: str
    title: str
    cells: Sequence[str]
    number: str = ""


def heat(rows: Sequence[Row], columns: int, label: str) -> SafeString:
    """Rows under one another as one picture; each row is a link to its page."""
    width, height = columns * CELL, len(rows) * CELL
    links = format_html_join(
        "",
        '<a href="{}" tabindex="-1"><title>{}</title><path class="hit" d="M0 {}h{}v12h-{}z"/></a>',
        ((row.href, row.title, at * CELL, width, width) for at, row in enumerate(rows)),
    )  # fmt: skip
    numbers = format_html_join(
        "", '<text class="no" x="-4" y="{}">{}</text>',
        ((at * CELL + CELL * 0.75, row.number) for at, row in enumerate(rows) if row.number),
    )  # fmt: skip
    return format_html(
        '<svg class="heat" viewBox="0 0 {} {}" role="group" aria-label="{}">{}'
        '<g aria-hidden="true">{}</g>{}</svg>',
        width, height, label, _paths(row.cells for row in rows), numbers, links,
    )  # fmt: skip


def strip(cells: Sequence[str]) -> SafeString:
    """One row as a picture with its counts in words."""
    return format_html(
        '<svg class="heat" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        len(cells) * CELL, CELL, said(cells), _paths([cells]),
    )  # fmt: skip


def said(cells: Iterable[str]) -> str:
    """未报 3，达标 23."""
    counts: dict[str, int] = {}
    for state in cells:
        if state and state != "support":
            counts[state] = counts.get(state, 0) + 1
    return "，".join(f"{word(state)} {count}" for state, count in _sorted(counts))


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    order = list(SHAPES)
    return sorted(counts.items(), key=lambda item: order.index(item[0]))


def _paths(rows: Iterable[Sequence[str]]) -> SafeString:
    drawn: dict[str, list[str]] = {}
    for down, cells in enumerate(rows):
        for across, state in enumerate(cells):
            if state:
                known = state if state in SHAPES else "unknown"
                drawn.setdefault(known, []).append(
                    f"M{across * CELL + 1} {down * CELL + 1}{SHAPES[known]}"
                )
    return format_html_join(
        "", '<path class="s-{}" d="{}"/>',
        ((state, "".join(parts)) for state, parts in sorted(drawn.items())),
    )  # fmt: skip


def heads(names: Sequence[str]) -> SafeString:
    """Names over the columns, written downwards; for a wall only."""
    words = format_html_join(
        "", '<text x="{}" y="4">{}</text>',
        ((at * CELL + CELL / 2, name[:LABEL_CHARS_MAX]) for at, name in enumerate(names)),
    )  # fmt: skip
    return format_html(
        '<svg class="heat heads" viewBox="0 0 {} 56" aria-hidden="true">{}</svg>',
        len(names) * CELL, words,
    )  # fmt: skip
