"""What a text does, with which signal, of which grade. Pure."""

from __future__ import annotations

import re

from anlan.rooms.warning.reader import words as w
from anlan.rooms.warning.reader.text import Act, Text, blanked, find_all

# 7月10日20时15分发布的: the object of a lift or a change names when it was issued.
EARLIER_ISSUE = re.compile(
    r"(?:[于在]?\s*(?:\d{1,4}\s*[年月日时分点:：]?\s*){1,10})?(?:已|曾|所)?发布的"
)
# 前期发布的…预警信号继续有效: a signal that stands beside this one.
EARLIER = re.compile(
    r"(?:前期|此前|之前|早前|原)(?:已)?(?:发布的)?[^，。；\n]{0,20}?预警(?:信号)?"
    r"(?:继续有效|仍然有效|仍有效|维持不变|继续生效)?"
)
STILL_VALID = re.compile(
    r"预警(?:信号)?[^，。；\n]{0,6}(?:继续有效|仍然有效|仍有效|维持不变|继续生效|生效中)"
)


def set_aside(work: Text) -> None:
    """Blank what is not this signal: advice, and clauses about an earlier one."""
    for at, _name in find_all(work.plain, w.ADVICE)[:1]:
        work.plain = blanked(work.plain, at, len(work.plain))
    for found in list(EARLIER_ISSUE.finditer(work.plain)):
        work.plain = blanked(work.plain, found.start(), found.end())
    for found in list(EARLIER.finditer(work.plain)):
        before = work.plain[max(0, found.start() - 3) : found.start()]
        if "将" in before or "把" in before or "解除" in before:
            continue
        work.doubt("act-earlier", "提到了另一份预警，请核对", found.start(), found.end())
        work.plain = blanked(work.plain, found.start(), found.end())
    valid = STILL_VALID.search(work.plain)
    if valid is not None:
        work.doubt("act-earlier", "提到了仍有效的预警，请核对", valid.start(), valid.end())


LIFTS = re.compile(
    r"解除(?!之前|前|后|时|以前|之后|之日)[^。；\n]{0,60}?预警|预警(?:信号)?(?:现已|已经|已|予以|即日起|现)?解除(?!之前|前|后|时|以前)|【解除"
)
SURE_EXERCISE = re.compile(
    r"[【（(\[]\s*(?:演练|演习|测试|模拟)[^】）)\]\n]{0,12}[】）)\]]"
    r"|(?:系统|内容|信息)(?:的)?(?:测试|演练)|(?:测试|演练)(?:内容|信息|用语|消息|文本)|(?:仅供|这是|本次为|此为)(?:测试|演练)"
)
NO_EXERCISE = re.compile(
    r"(?:原定|取消|推迟|暂停|停止)[^。；\n]{0,30}?(?:演练|演习)|(?:演练|演习)[^。；\n]{0,6}?(?:取消|推迟|暂停|改期)"
)


def read_exercise(work: Text) -> bool:
    """Whether the text says of itself that it is no real one; a doubt where that is not plain."""
    if SURE_EXERCISE.search(work.plain):
        return True
    plain = NO_EXERCISE.sub(lambda found: " " * len(found[0]), work.plain)
    for at, name in find_all(plain, w.NOT_REAL)[:1]:
        work.doubt("exercise", f"写了“{name}”，请确认是不是真的预警", at, at + len(name))
    return False


def read_act(work: Text) -> Act | None:
    """Issue, change or lift; None with a doubt where it is not said or said twice."""
    for at, name in find_all(work.plain, w.NOT_YET)[:1]:
        work.doubt("act-not-yet", f"写的是“{name}”，请确认是否已经发布", at, at + len(name))
        return None
    for words, code, said in ((w.HEARSAY, "act-hearsay", "像是在问，不像正式发布"),
                              (w.CORRECTING, "act-correction", "是一份更正，请对照原文逐项核对"),
                              (w.PARTLY, "act-part", "只变更或维持了一部分，请逐项核对")):  # fmt: skip
        for at, name in find_all(work.plain, words)[:1]:
            work.doubt(code, said, at, at + len(name))
    lifted = [found.start() for found in LIFTS.finditer(work.plain)]
    changed = find_all(work.plain, w.CHANGED)
    targets = [mark for mark in w.TARGETS if mark in work.plain]
    issued = [one for one in find_all(work.plain, w.ISSUED) if not _of_change(work.plain, one[0])]
    if lifted and (issued or targets):
        work.doubt("act-two", "同时写了发布和解除，请确认是哪一种", lifted[0], lifted[0] + 2)
        return None
    if lifted:
        return Act.LIFT
    if changed:
        at, name = changed[0]
        if issued and not targets:
            work.doubt("act-two", f"同时写了发布和“{name}”，请确认是哪一种", at, at + len(name))
            return None
        return Act.CHANGE
    if issued:
        return Act.ISSUE
    work.doubt("act-missing", "没有看到发布、变更或解除")
    return None


def _of_change(plain: str, at: int) -> bool:
    return plain[max(0, at - 2) : at] in ("升级", "变更", "降级", "更新")


WHAT_OF_KIND = {
    "geohazard": "risk",
    "flash_flood": "risk",
    "flood": "flood",
    "waterlogging": "flood",
}


def read_what(work: Text) -> str:
    """briefing, none, or empty: then it is a signal of some sort, and the act says which."""
    if any(name in work.plain[:200] for name in w.BRIEFINGS):
        return "briefing"
    if any(name in work.plain[:60] for name in w.TEACHING):
        return "none"
    if "预警" in work.plain or "信号" in work.plain:
        return ""
    return "" if grades_in(work.plain) and "应急响应" not in work.plain else "none"


def what_of(act: Act | None, kind: str) -> str:
    """What a text is that acts on a signal of the kind."""
    return "lift" if act is Act.LIFT else WHAT_OF_KIND.get(kind, "signal")


def read_kind(work: Text) -> tuple[str, str]:
    """(key, word) of the one kind whose signal is named; empty with a doubt otherwise."""
    found = find_all(work.plain, list(w.KINDS))
    signal = [(at, name) for at, name in found if _names_signal(work.plain, at, name)]
    kinds = {w.KINDS[name] for _at, name in signal}
    if len(kinds) == 1:
        return w.KINDS[signal[0][1]], signal[0][1]
    if not kinds:
        if found:
            at, name = found[0]
            work.doubt("kind-unsure", f"写了“{name}”，但不像预警信号名称", at, at + len(name))
        else:
            work.doubt("kind-missing", "没有看到灾害种类")
        return "", ""
    at, name = next((at, name) for at, name in signal if w.KINDS[name] != w.KINDS[signal[0][1]])
    work.doubt("kind-two", "一份文本里有几种信号，请分开办理", at, at + len(name))
    return "", ""


def told_kind(work: Text) -> tuple[str, str]:
    """The hazard of a text that is no signal: the first that it names, heavy rain as 暴雨."""
    found = find_all(work.plain, list(w.KINDS))
    return (w.KINDS[found[0][1]], found[0][1]) if found else ("", "")


SIGNAL_AFTER = re.compile(
    r"\s*(?:灾害)?(?:气象)?(?:风险)?\s*[（(\[【]?\s*(?:红色|橙色|黄色|蓝色|[ⅠⅡⅢⅣ]|I{1,3}级|IV级|[一二三四1-4]级)"
    r"|\s*(?:灾害)?(?:气象)?(?:风险)?预警|\s*的|\s*气象风险"
)


def _names_signal(plain: str, at: int, name: str) -> bool:
    """Whether a grade or 预警 follows at once: then the words before name the signal."""
    return SIGNAL_AFTER.match(plain, at + len(name)) is not None


NUMBERED = re.compile(r"[1-4一二三四]级")
NUMBER_GRADES = {"1": "red", "一": "red", "2": "orange", "二": "orange", "3": "yellow",
                 "三": "yellow", "4": "blue", "四": "blue"}  # fmt: skip


def grades_in(plain: str) -> list[tuple[int, str, str]]:
    """(place, grade, word) of every grade, by colour or Roman number, in the order of the text."""
    found = [(at, w.GRADES[name], name) for at, name in find_all(plain, list(w.GRADES))]
    found += [
        (at, w.ROMAN_GRADES[name], name) for at, name in find_all(plain, list(w.ROMAN_GRADES))
    ]
    return sorted(found)


def read_grade(work: Text, act: Act | None) -> str:
    """The one grade; of a change the one that it becomes; empty with a doubt otherwise."""
    found = grades_in(work.plain)
    grades = {grade for _at, grade, _name in found}
    if len(grades) == 1:
        return _with_number(work, found[0])
    if not grades:
        work.doubt("grade-missing", "没有看到预警级别（红橙黄蓝）")
        return ""
    if act is Act.CHANGE:
        last = _target_of_change(work, found)
        if last:
            return last
    at, _grade, name = next(one for one in found if one[1] != found[0][1])
    work.doubt("grade-two", "出现两个级别，请确认以哪个为准", at, at + len(name))
    return ""


def _with_number(work: Text, found: tuple[int, str, str]) -> str:
    """二级（橙色), 橙色(3级): a number beside the colour has to say the same."""
    at, grade, name = found
    beside = work.plain[max(0, at - 4) : at] + "|" + work.plain[at + len(name) : at + len(name) + 4]
    for one in NUMBERED.findall(beside):
        if NUMBER_GRADES[one[0]] != grade:
            work.doubt("grade-two", "颜色和级数不一致，请确认", at, at + len(name))
            return ""
    return grade


def _target_of_change(work: Text, found: list[tuple[int, str, str]]) -> str:
    """The grade after 为: 黄色…升级为…橙色."""
    for mark in w.TARGETS:
        at = work.plain.find(mark)
        after = [grade for place, grade, _name in found if at >= 0 and place > at]
        if after and len(set(after)) == 1:
            return after[0]
    return ""


def read_replaced(work: Text, act: Act | None, grade: str) -> str:
    """The grade that a change puts out of force: the one before 为, of the same text."""
    if act is not Act.CHANGE:
        return ""
    at = min((work.plain.find(mark) for mark in w.TARGETS if mark in work.plain), default=-1)
    before = {one for place, one, _name in grades_in(work.plain) if place < at}
    before.discard(grade)
    if len(before) > 1:
        work.doubt("grade-before", "原级别写了几个，请核对")
        return ""
    return before.pop() if before else ""
