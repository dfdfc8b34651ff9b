"""Numerals as plans write them: 24, 2,000, 二十四, 一百二十, 百分之九十五."""

from __future__ import annotations

DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "〇": 0,
}
TENS = {"十": 10, "百": 100, "千": 1000}
CHARS = "".join(DIGITS) + "".join(TENS)
FULL_WIDTH = str.maketrans("０１２３４５６７８９％．＋＜＞＝／－", "0123456789%.+<>=/-")


def plain(text: str) -> str:
    """Full-width figures and signs become plain ones, place by place."""
    return text.translate(FULL_WIDTH)


def value(text: str) -> float | None:
    """The number that a numeral says, or None."""
    text = text.replace(",", "")
    if not text:
        return None
    if text[0].isascii() and text[0].isdigit():
        return float(text)
    whole, _, part = text.partition("点")
    if part:
        tail = "".join(str(DIGITS[char]) for char in part if char in DIGITS)
        head = _chinese(whole)
        return None if head is None else float(f"{int(head)}.{tail or 0}")
    return _chinese(whole)


def _chinese(text: str) -> float | None:
    if not text or any(char not in CHARS for char in text):
        return None
    if len(text) > 1 and not any(char in TENS for char in text):
        return float("".join(str(DIGITS[char]) for char in text))
    total, current = 0, 0
    for char in text:
        if char in TENS:
            total += (current or 1) * TENS[char]
            current = 0
        else:
            current = DIGITS[char]
    return float(total + current)


def ordinal(text: str) -> int | None:
    """3, （三）, 三、, 3. as a number of a point or a row; None where it is none."""
    bare = plain(text).strip().strip("（）()、.．,，:：第条项")
    if not bare or len(bare) > 6:
        return None
    if bare.isascii() and bare.isdigit():
        return int(bare)
    found = _chinese(bare)
    return None if found is None else int(found)
