"""Who answers for a row: names, aliases in brackets, marks of lead and support, collectives, 等.

A grammar of how offices write lists of units; it knows no unit by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

STOPS = "、，,；;\n\r／/| "
PHRASE_STOPS = "，,；;\n\r。"
LEAD_WORD = "(?:牵头|主责|责任|主办|主体|第一责任|落实|总牵头|主要责任|承办|实施)"
HELP_WORD = "(?:配合|协助|参与|参加|协办|协同|支持|辅助|其他责任|责任配合)"
ORGAN = "(?:单位|部门|处室|科室|主体|机构|机关|地区)?"
LEAD_LABEL = re.compile(rf"{LEAD_WORD}{ORGAN}[:：]")
HELP_LABEL = re.compile(rf"{HELP_WORD}{ORGAN}[:：]")
LABEL = re.compile(rf"(?:{LEAD_WORD}|{HELP_WORD}){ORGAN}[:：]")
LEAD_MARK = re.compile(rf"^(?:总?{LEAD_WORD}{ORGAN}|主)$")
HELP_MARK = re.compile(rf"^(?:{HELP_WORD}{ORGAN}|辅)$")
DUTY_NOTE = re.compile(
    r"按(?:照)?(?:各自)?(?:职责|职能|分工)|分别负责|分工负责|共同负责|具体负责|按.{0,6}负责"
)
TAIL_LEAD = re.compile(r"(?:共同|联合)?(?:牵头|主办|主责|负责)(?:负责|落实|实施|组织)?$")
TAIL_HELP = re.compile(r"(?:共同|协同)?(?:配合|参与|协助|协办|参加)(?:实施|落实|做好)?$")
COLLECTIVE = re.compile(
    r"^各(?!自)|成员单位|^(?:全县|全区|全市|县级|区级|市级|县直|区直|市直|辖区)?(?:其他|其它|有关|相关|各)+"
    r"(?:[^、]{0,6}?)(?:部门|单位|乡|镇|街道|企业|行业|责任)|(?:有关|相关)(?:行业|责任|主管|职能|县级|区级|"
    r"市级)*(?:部门|单位)|行业(?:主管|监管)?部门|^(?:全县|全区|全市)|综合行政执法部门$|"
    r"^(?:乡镇|镇街|镇乡|街镇|村|社区)(?:[（(].{1,6}[）)]|、|$)|^(?:所有|全体|每个)|^(?:沿\S{1,2}|涉\S{1,2}|属地|所在|相关|有关|重点|辖区)(?:各)?(?:乡镇|镇乡|镇街|街镇|乡|镇|街道|村)(?:[（(].{1,6}[）)])?$|^(?:县|区|市)(?:级|直)部门$"
)
SAME = {"同上", "〃", "″", "同前"}
EMPTY = {"", "-", "—", "——", "/", "／", "无", "－", "–", "\\"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written. kind: unit, collective or open."""

    name: str
    alias: str
    kind: str
    lead: bool

    def as_dict(self) -> dict[str, object]:
        return {"name": self.name, "alias": self.alias, "kind": self.kind, "lead": self.lead}


@dataclass(slots=True)
class _Named:
    name: str
    alias: str
    kind: str
    mark: str
    spreads: bool = False
    ends_phrase: bool = False


def units(text: str) -> tuple[list[Unit], list[str]]:
    """(units, doubt codes) of one cell. Without marks the first is proposed as the lead."""
    named = _named(text)
    marked = any(own.mark == "lead" for own in named)
    found: list[Unit] = []
    for at, own in enumerate(named):
        proposed = at == 0 and own.mark != "help" and own.kind == "unit"
        lead = own.kind == "unit" and (own.mark == "lead" if marked else proposed)
        found.append(Unit(own.name, own.alias, own.kind, lead))
    return found, _doubts(found)


def units_apart(lead: str, support: str) -> tuple[list[Unit], list[str]]:
    """(units, doubt codes) of a row whose lead and support stand in columns of their own."""
    leads = [
        Unit(own.name, own.alias, own.kind, own.kind != "open" and own.mark != "help")
        for own in _named(lead)
    ]
    helps = [Unit(own.name, own.alias, own.kind, False) for own in _named(support)]
    found = leads + helps
    return found, _doubts(found)


@lru_cache(maxsize=4096)
def looks_like_units(text: str) -> float:
    """0 to 1: how much a cell reads as a list of units and nothing else."""
    bare = text.strip()
    if bare in EMPTY or len(bare) > 600:
        return 0.0
    named = [own for own in _named(bare) if own.kind != "open"]
    if not named:
        return 0.0
    hits = sum(1.0 if own.kind == "collective" else _unit_like(own.name) for own in named)
    return hits / len(named)


UNIT_END = re.compile(
    r"(?:局|委|委员会|办|办公室|部|中心|院|大队|支队|总队|公司|集团|政府|乡镇|街道|街道办|管委会|指挥部|银行|厅|署|"
    r"专班|单位|部门|法院|检察院|工会|协会|办事处|气象台|团委|妇联|工商联|联社|供电所|派出所|红十字会)(?:[）)])?$"
)
WEAK_END = re.compile(
    r"(?:所|队|镇|乡|处|站|社|校|联|会|学院|医院|学校|库|矿|厂|园区|组|科|股|县|区|电力|移动|联通|电信|铁塔|企业)$"
)
PREFIX = re.compile(r"^(?:[县区市省州镇乡村团各]|国网|中国|\S{2,4}[县区市])")


def _unit_like(name: str) -> float:
    """1 for a name that ends as offices do; half for one that only might."""
    if UNIT_END.search(name):
        return 1.0
    return (1.0 if PREFIX.search(name) else 0.4) if WEAK_END.search(name) else 0.0


def is_empty(text: str) -> bool:
    return text.strip() in EMPTY


def _doubts(found: list[Unit]) -> list[str]:
    doubts = []
    names = [own.name for own in found if own.kind != "open"]
    doubts += ["unit-twice"] * (len(names) - len(set(names)))
    if found and not any(own.lead for own in found):
        doubts.append("no-lead")
    return doubts


def _named(text: str) -> list[_Named]:
    """Every unit of a cell in the order written, with the mark that its label or bracket gives."""
    text = re.sub(r"[ \t\u3000\u2002\xa0]+", " ", text.strip()).strip("。.;；")
    if text in EMPTY:
        return []
    found: list[_Named] = []
    for mark, part in _labelled(text):
        for phrase in _cut(part, PHRASE_STOPS):
            own = [named for name in _cut(phrase, STOPS) for named in _one(name, mark)]
            if own:
                own[-1].ends_phrase = True
            found += own
    return _spread_marks(found)


def _labelled(text: str) -> list[tuple[str, str]]:
    """The cell cut at labels such as 牵头单位： and 配合单位：."""
    starts = list(LABEL.finditer(text))
    if not starts:
        return [("", text)]
    parts = [("", text[: starts[0].start()])]
    helped = any(HELP_LABEL.match(match.group(0)) for match in starts)
    for at, match in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        label = match.group(0)
        mark = "help" if HELP_LABEL.match(label) else "lead" if LEAD_LABEL.match(label) else ""
        if mark == "lead" and not helped and not label.startswith(("牵头", "主责", "主办")):
            mark = ""
        parts.append((mark, text[match.end() : end]))
    return parts


def _cut(text: str, stops: str) -> list[str]:
    """Parts between stops that stand outside brackets."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth = max(0, depth + (char in "（(") - (char in "）)"))
        if depth == 0 and char in stops:
            parts.append(current)
            current = ""
        else:
            current += char
    return [part.strip("。.: ：") for part in [*parts, current] if part.strip("。.: ：")]


def _one(part: str, mark: str) -> list[_Named]:
    part, mark, spreads = _duty(part, mark)
    if not part or DUTY_NOTE.fullmatch(part) or re.fullmatch(r"(?:负责|落实|牵头|配合)+", part):
        return []
    name, tail = _open_end(part)
    found = []
    if name:
        bare, alias, own_mark = _brackets(name)
        bare = bare.removeprefix("由") if spreads or len(bare) > 3 else bare
        kind = "collective" if COLLECTIVE.search(bare) else "unit"
        found.append(_Named(bare, alias, kind, own_mark or mark, spreads))
    if tail:
        tail = "等" if re.fullmatch(r"等(?:有关|相关)?(?:部门|单位)?", tail) else tail
        found.append(_Named(tail, "", "open", mark))
    return found


def _duty(part: str, mark: str) -> tuple[str, str, bool]:
    """由A牵头 and B配合 lose their verb and gain its mark; the third says that it had one."""
    part = re.sub(
        r"(?:按(?:照)?(?:各自)?(?:职责|职能)?分工?|分别|共同)(?:负责|落实|配合)$", "", part
    )
    for pattern, own in ((TAIL_LEAD, "lead"), (TAIL_HELP, "help")):
        match = pattern.search(part)
        if match and match.start() > 0:
            tail = match.group(0)
            named = own == "help" or any(word in tail for word in ("牵头", "主办", "主责"))
            return part[: match.start()], own if named else mark, named
    return part, mark, False


def _open_end(part: str) -> tuple[str, str]:
    """A等, A等部门, A等社会应急力量主管部门: the name, and the open end as written."""
    match = re.search(
        r"(?<!高)(?<!同)(?<!均)(?<!平)(?<!初)(?<!中)等(?:(?:[^等]{0,18})(?:部门|单位|企业|机构|乡镇|镇街))?$",
        part,
    )
    if match is None or match.start() == 0:
        return part, ""
    depth = part[: match.start()].count("（") - part[: match.start()].count("）")
    return (part, "") if depth > 0 else (part[: match.start()], match.group(0))


def _brackets(part: str) -> tuple[str, str, str]:
    """(name, alias, mark): brackets after a unit are its alias, its mark or a note of duty."""
    if part.startswith("各"):
        kept, mark = _mark_off(part)
        return kept, "", mark
    alias, mark = "", ""
    while True:
        match = re.search(r"[（(]([^（）()]*(?:[（(][^（）()]*[）)][^（）()]*)*)[）)]$", part)
        if match is None or match.start() == 0:
            return part, alias, mark
        inner = match.group(1).strip()
        if LEAD_MARK.match(inner):
            mark = "lead"
        elif HELP_MARK.match(inner):
            mark = "help"
        elif COLLECTIVE.search(part) and not alias and len(inner) <= 4:
            return part, alias, mark
        elif not DUTY_NOTE.search(inner):
            alias = alias or inner
        part = part[: match.start()].strip()


def _mark_off(part: str) -> tuple[str, str]:
    match = re.search(r"[（(]([^（）()]*)[）)]$", part)
    if match and LEAD_MARK.match(match.group(1)):
        return part[: match.start()], "lead"
    if match and (HELP_MARK.match(match.group(1)) or DUTY_NOTE.search(match.group(1))):
        return part[: match.start()], "help"
    return part, ""


def _spread_marks(found: list[_Named]) -> list[_Named]:
    """A、B牵头，C、D配合: a verb at the end of a phrase holds for the whole phrase."""
    held = ""
    for own in reversed(found):
        if own.ends_phrase or own.spreads:
            held = own.mark if own.spreads else ""
        elif not own.mark:
            own.mark = held
    return found
