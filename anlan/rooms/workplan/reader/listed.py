"""A plan without tables: tasks as paragraphs, with who and when in brackets behind each.

Flows in: paragraphs such as `1．整治重点路段。……（牵头单位：县甲局；完成时限：汛前）`. Flows out:
one grid with a column for each word before a colon, so that it is read as any table is.
"""

from __future__ import annotations

import re

from anlan.rooms.workplan.reader.blocks import Cell, Document, Grid, Paragraph
from anlan.rooms.workplan.reader.headwords import role_of

TASKS_MIN = 3
NAME_CHARS_MAX = 40
BEHIND = re.compile(r"[（(【\[]\s*([^（(【\[]*?[:：][^【\[]*?)\s*[）)】\]]\s*[。.]?\s*$")
PART = re.compile(r"\s*([^:：；;]{2,10})\s*[:：]\s*([^；;]*?)\s*(?:[；;]|$)")
NUMBER = re.compile(
    r"^\s*(?:[（(]\s*(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s*[）)]|(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s*[.．、])\s*"
)
NAME = re.compile(rf"^(.{{2,{NAME_CHARS_MAX}}}?)[。：:]\s*(.+)$", re.S)
ANSWERS = ("lead", "units", "support")
HEADS = ("工作任务", "目标要求")


def tasks(document: Document, title: str) -> Grid | None:
    """The grid of a plan's tasks; None where fewer than `TASKS_MIN` paragraphs say who answers."""
    found = [(own, parts) for own in document.blocks if isinstance(own, Paragraph)
             for parts in [_parts(own.text)] if parts]  # fmt: skip
    if len(found) < TASKS_MIN:
        return None
    heads = list(dict.fromkeys(head for _own, (_n, _t, parts) in found for head in parts))
    lines = [[*HEADS, *heads]]
    for _own, (name, text, parts) in found:
        lines.append([name, text, *(parts.get(head, "") for head in heads)])
    cells = [[Cell(text, y, x) for x, text in enumerate(line)] for y, line in enumerate(lines)]
    return Grid(cells, found[0][0].place, title)


def _parts(text: str) -> tuple[str, str, dict[str, str]] | None:
    """(name, what is promised, words → what stands behind them) of a paragraph that says who."""
    behind = BEHIND.search(text)
    if behind is None:
        return None
    said = {head.strip(): value.strip() for head, value in PART.findall(behind[1])}
    roles = {role_of(head) for head in said}
    if not roles & set(ANSWERS) or None in roles:
        return None
    body = NUMBER.sub("", text[: behind.start()]).strip()
    split = NAME.match(body)
    if not body:
        return None
    return (split[1], split[2], said) if split else (body.rstrip("。"), body, said)
