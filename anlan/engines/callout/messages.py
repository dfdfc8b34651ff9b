"""Texts out and answers in: placeholders, parts of an SMS, and the code that comes back. Pure.

A long message in UCS-2 goes out in parts of 67 characters, a short one in one part of 70
(3GPP TS 23.040, user data header of six octets).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

SINGLE_CHARS = 70
PART_CHARS = 67
PARTS_MAX = 10
TEXT_CHARS_MAX = PART_CHARS * PARTS_MAX
PLACEHOLDERS = frozenset({"text", "code", "link", "post", "title"})
KINDS = {"": "received", "1": "received", "2": "help", "9": "wrong"}
CODE_DIGITS = 4
EXERCISE_MARK = "【演练】"
SEPARATORS = " ,，。.#＃+-—_:：;；、\t\r\n"


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """A code and what was said with it: received, help or wrong."""

    code: str
    kind: str


def fill(template: str, **values: str) -> str:
    """The template with its placeholders filled; ValueError for a placeholder that is not ours."""
    text, rest = "", template
    while rest:
        before, mark, rest = rest.partition("{")
        text += before
        if not mark:
            break
        name, mark, rest = rest.partition("}")
        if not mark or name not in PLACEHOLDERS:
            raise ValueError(f"unknown placeholder {{{name}}}")
        text += values.get(name, "")
    return text


def in_world(text: str, world: int) -> str:
    """The message as it goes out of its world: one of an exercise says so before anything else."""
    if world == 0 or text.startswith(EXERCISE_MARK):
        return text
    return EXERCISE_MARK + text


def units(text: str) -> int:
    """Length in UTF-16 code units, which is what a part holds."""
    return len(text.encode("utf-16-be")) // 2


def parts(text: str) -> list[str]:
    """The text in parts as they travel; a character outside the BMP is never cut in two."""
    if units(text) <= SINGLE_CHARS:
        return [text]
    found, current, size = [], "", 0
    for char in text:
        width = units(char)
        if size + width > PART_CHARS:
            found.append(current)
            current, size = "", 0
        current += char
        size += width
    return [*found, current]


def read_answer(text: str) -> ReadAnswer | None:
    """`4821`, `4821 1`, `48212`, `４８２１　9`: a code, alone or with a digit; else None."""
    plain = unicodedata.normalize("NFKC", text)
    digits = "".join(char for char in plain if char not in SEPARATORS)
    if not digits.isascii() or not digits.isdigit():
        return None
    code, said = digits[:CODE_DIGITS], digits[CODE_DIGITS:]
    if len(code) != CODE_DIGITS or said not in KINDS:
        return None
    return ReadAnswer(code, KINDS[said])
