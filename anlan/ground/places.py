"""Division codes as integers of twelve digits, so that a scope is one range.

County 500231000000, township 500231109000, village 500231109003: the statistical code order
(统计用区划代码) keeps every county's townships, and every township's villages, side by side.
"""

from __future__ import annotations

COUNTY_STEP = 1_000_000
TOWNSHIP_STEP = 1_000
CODE_MIN = 110_000_000_000
CODE_MAX = 999_999_999_999
EVERYWHERE = (0, CODE_MAX)


def parse(text: str | int) -> int:
    """The twelve-digit code of a county (6 digits), a township (9) or a village (12)."""
    digits = str(text).strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) not in (6, 9, 12):
        raise ValueError(f"not a division code: {text!r}")
    return int(digits.ljust(12, "0"))


def level(code: int) -> str:
    """`county`, `township` or `village`."""
    if code % COUNTY_STEP == 0:
        return "county"
    return "township" if code % TOWNSHIP_STEP == 0 else "village"


def span(code: int) -> tuple[int, int]:
    """First and last code of the division and all that lies in it."""
    step = {"county": COUNTY_STEP, "township": TOWNSHIP_STEP, "village": 1}[level(code)]
    return code, code + step - 1


def parent(code: int) -> int | None:
    """The township of a village, the county of a township, None for a county."""
    step = {"county": 0, "township": COUNTY_STEP, "village": TOWNSHIP_STEP}[level(code)]
    return code - code % step if step else None


def county_of(code: int) -> int:
    """The county in which the division lies."""
    return code - code % COUNTY_STEP


def township_of(code: int) -> int | None:
    """The township in which the division lies; None for a county."""
    return None if level(code) == "county" else code - code % TOWNSHIP_STEP
