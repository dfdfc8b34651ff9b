"""Several signals in one text: where each begins, and what of the text is about it. Pure.

Two forms are known. Names follow their grade (暴雨红色预警信号：甲镇；暴雨橙色预警信号：乙镇), or stand
before it (甲镇可能性大（橙色预警），乙镇可能性较大（黄色预警）). Each item is the whole text with the
others' stretches blanked. Where a stretch names no place, or the forms are mixed, the text stays
one, and its doubts say what is said twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from anlan.rooms.warning.reader import words as w
from anlan.rooms.warning.reader.signals import grades_in
from anlan.rooms.warning.reader.text import blanked, find_all

ITEMS_MAX = 8
CLAUSES = "，。；;\n"
SIGNAL = re.compile(
    r"(?P<kind>" + "|".join(sorted(w.KINDS, key=len, reverse=True)) + r")"
    r"(?:灾害)?(?:气象)?(?:风险)?\s*[（(]?\s*(?P<grade>红色|橙色|黄色|蓝色)(?:\s*[）)])?"
    r"(?:气象风险|气象|风险)?(?:预警)?(?:信号)?"
)
OF_CHANGE = re.compile(r"(?:升级|变更|降级|调整|更新|改|降|升)为\s*$")
BEHIND = re.compile(r"(?:为|达|达到|[（(\[]|[1-4一二三四ⅠⅡⅢⅣ]级)\s*$")
BEFORE = re.compile(
    r"(?:气象风险|风险|气象)?(?:预警)?(?:信号)?(?:区域?|等级|范围)?\s*[）)】]?\s*[:：]"
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What of a text is one item's own, from start to end; kind and grade as words."""

    start: int
    end: int
    kind: str
    grade: str


def cut(plain: str, places: Mapping[str, int]) -> list[str]:
    """A text for each item, of the length of the original; one where it holds one signal."""
    for stretches in (_by_signal(plain, places), _by_grade_behind(plain, places),
                      _by_grade_before(plain, places)):  # fmt: skip
        if 2 <= len(stretches) <= ITEMS_MAX:
            return [_only(plain, stretches, number) for number in range(len(stretches))]
    return [plain]


def _only(plain: str, stretches: list[Stretch], number: int) -> str:
    text = plain
    for other, stretch in enumerate(stretches):
        if other != number:
            text = blanked(text, stretch.start, stretch.end)
    return text


def _has_place(plain: str, start: int, end: int, places: Mapping[str, int]) -> bool:
    part = plain[start:end]
    return bool(find_all(part, list(places)) or find_all(part, w.WHOLE_COUNTY))


def _by_signal(plain: str, places: Mapping[str, int]) -> list[Stretch]:
    """暴雨红色预警信号：…；雷电黄色预警信号：…: each with what follows until the next."""
    found = [one for one in SIGNAL.finditer(plain) if not _of_change(plain, one.start())]
    if len({(w.KINDS[one["kind"]], one["grade"]) for one in found}) < max(2, len(found)):
        return []
    ends = [one.start() for one in found[1:]] + [_tail(plain, found[-1].end()) if found else 0]
    stretches = [
        Stretch(one.start(), end, one["kind"], one["grade"])
        for one, end in zip(found, ends, strict=True)
    ]
    have = [_has_place(plain, one.start, one.end, places) for one in stretches]
    if all(have):
        return stretches
    shared = not any(have[:-1]) and all(
        _joined(plain[one.end() : other.start()]) for one, other in pairwise(found)
    )
    if not shared:
        return []
    return [Stretch(one.start(), one.end("grade"), one["kind"], one["grade"]) for one in found]


def _of_change(plain: str, at: int) -> bool:
    """黄色升级为橙色 is one signal that changes, not two."""
    return OF_CHANGE.search(plain[:at]) is not None or bool(
        re.search(r"[将把][^，。；\n]{0,30}$", plain[max(0, at - 32) : at])
    )


def _joined(between: str) -> bool:
    """Whether two signals stand side by side in one list: what follows is then of both."""
    return between.strip() in (
        "、",
        "和",
        "及",
        "与",
        "，",
        "，同时发布",
        "、和",
        "同时发布",
        "并发布",
        "",
    )


def _tail(plain: str, at: int) -> int:
    """Where the last item ends and words for all begin: its sentence's end."""
    stops = [plain.find(mark, at) for mark in "。；\n"]
    return min((stop for stop in stops if stop >= 0), default=len(plain))


def _by_grade_behind(plain: str, places: Mapping[str, int]) -> list[Stretch]:
    """甲镇、乙镇可能性大（橙色预警），丙镇可能性较大（黄色预警）: the clause before each grade."""
    found = [one for one in _merged(plain) if BEHIND.search(plain[: one[0]])]
    if len({grade for _at, grade, _word in found}) < max(2, len(found)):
        return []
    start = max(plain.find("：") + 1, plain.find(":") + 1, 0)
    stretches: list[Stretch] = []
    for at, grade, word in found:
        end = at + len(word)
        begin = max(start, stretches[-1].end if stretches else start)
        stop = next((n for n in range(end, len(plain)) if plain[n] in CLAUSES), len(plain))
        if at < begin or not _has_place(plain, begin, at, places):
            return []
        stretches.append(Stretch(begin, stop, "", grade))
    return stretches


def _merged(plain: str) -> list[tuple[int, str, str]]:
    """Grades, those that a number and a colour say side by side (Ⅲ级（黄色）) as one."""
    kept: list[tuple[int, str, str]] = []
    for at, grade, word in grades_in(plain):
        if kept and kept[-1][1] == grade and at - kept[-1][0] - len(kept[-1][2]) <= 1:
            kept[-1] = (kept[-1][0], grade, plain[kept[-1][0] : at + len(word)])
        else:
            kept.append((at, grade, word))
    return kept


def _by_grade_before(plain: str, places: Mapping[str, int]) -> list[Stretch]:
    """橙色预警区域：甲镇；黄色预警区域：乙镇: each grade with what follows until the next."""
    found = [one for one in _merged(plain) if BEFORE.match(plain, one[0] + len(one[2]))]
    if len(found) > 1 and _title(plain, found, places):
        found = found[1:]
    if len({grade for _at, grade, _word in found}) < max(2, len(found)):
        return []
    ends = [one[0] for one in found[1:]] + [_tail(plain, found[-1][0])]
    stretches = [
        Stretch(at, end, "", grade) for (at, grade, _w), end in zip(found, ends, strict=True)
    ]
    return stretches if all(_has_place(plain, s.start, s.end, places) for s in stretches) else []


def _title(plain: str, found: list[tuple[int, str, str]], places: Mapping[str, int]) -> bool:
    """Whether the first grade is the text's own head, said again below with its places."""
    first, second = found[0], found[1]
    again = any(one[1] == first[1] for one in found[1:])
    return again and not _has_place(plain, first[0], second[0], places)
