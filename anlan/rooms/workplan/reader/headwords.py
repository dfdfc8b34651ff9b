"""What a column is for: a grammar of the words in its header, weighed against what stands below.

Roles: number, name, group (a wider heading beside the name), text, units, lead, support, deadline,
note, measure (unit of measure), and unused (score, leader, baseline, progress, contact).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from anlan.rooms.workplan.reader.deadlines import looks_like_deadline
from anlan.rooms.workplan.reader.numerals import ordinal
from anlan.rooms.workplan.reader.quantities import quantities
from anlan.rooms.workplan.reader.units import is_empty, looks_like_units

HEADER_CHARS_MAX = 24

ROLES: tuple[tuple[str, str], ...] = (
    ("number", r"^(?:序号|编号|序|号|项次|No\.?|NO\.?|№|序列|顺序|条目号|项号|条款|目录号|任务(?:序|编)号|序码)$"),
    ("units", r"牵头.*(?:配合|协办|参与)|(?:主办|主责).*(?:配合|协办)|(?:单位|部门).*责任人"),
    ("unused", r"(?:责任|分管|牵头|挂帅|包抓|包保|联系|县|区)?(?:领导|责任人|负责人|负责同志|联系人|联络员|联系方式|电话|组长|联络|专班|县长|签字)$|责任领导|分管.*领导"),
    ("unused", r"分值|得分|扣分|计分|评分|权重|赋分|考核(?:标准|办法|方式|细则|分)|打分|加分|分数|^分$|评价(?:方式|标准)|自评"),
    ("unused", r"(?:上年|去年|20\d\d年|基期|历史|现状|当前|目前).{0,6}(?:实绩|完成|实际|基数|基准|现状|情况|数据|水平)|^基(?:期|数|准)值?|基准值|现状值|^现状$|同期数"),
    ("unused", r"(?:完成|进展|推进|落实|办理)(?:情况|状态)|进度(?:情况|安排)?$|^(?:第?[一二三四1-4]季度|[1-4一二三四]季度目标|上半年|下半年|[1-9]\d?月|一月|\d+月份)|督查|督办|数据来源|指标(?:类型|属性|性质)|^属性$|来源$|依据|出处|文件|资金|投资|经费|频次来源|填报|考核(?:单位|部门)|工作来源|^类型$|序时"),
    ("deadline", r"时限|期限|时间|完成日期|^日期|节点|截止|完成时|何时|什么时候|^进度要求"),
    ("lead", r"牵头|主责|主办|主要责任|主体责任|第一责任|承办|总负责|主管"),
    ("support", r"配合|协助|协办|协同|参与|参加|支持|辅助|其他责任|其它责任|联动"),
    ("measure", r"^(?:计量)?单位$|计量|量纲|度量"),
    ("units", r"责任(?:单位|部门|主体|科室|分工|分解|落实|机构|乡镇|处室)?$|单位$|部门$|落实(?:单位|主体)|承担|实施(?:单位|主体)|执行单位|责任$|^由谁|谁来|归口|职能|^分工|负责$"),
    ("note", r"备注|说明|附注|^注$|其他$|其它$|补充"),
    ("text", r"目标|内容|措施|要求|举措|标准|指标值|目标值|^值$|任务分解|怎么|做法|打算|安排|成果|成效|路径|计划(?:值|数)?$|数值|具体|数量|值$|达到|描述|要点|细化|[做干]什么"),
    ("group", r"类别|类型|大类|板块|分类|一级|体系|^类$|维度|归类|专题|系统|章节|方面"),
    ("name", r"名称|事项|项目|指标|领域|二级|三级|工程|行业|题目|主题|内\s*容|对象|条目|^项$|体系|^专项$"),
    ("task", r"任务|工作|重点|事$|事务"),
)  # fmt: skip
COMPILED = tuple((role, re.compile(pattern)) for role, pattern in ROLES)
CORE = {"number", "name", "text", "units", "lead", "support", "deadline", "note", "task", "group"}


@lru_cache(maxsize=4096)
def role_of(words: str) -> str | None:
    """The role that header words say, or None. `task` is name or text: what stands below decides."""
    if len(words) > 4 * HEADER_CHARS_MAX:
        return None
    bare = re.sub(r"[\s\u3000]+", "", words)
    short = re.sub(r"[（(][^（）()]*[）)]", "", bare) or bare
    if re.search(r"^(?:附|表)[件表]|(?:[^量]表|清单|要点|方案)$", short):
        return None
    if not short or len(short) > HEADER_CHARS_MAX or re.search(r"[。；，,]", short):
        return None
    for role, pattern in COMPILED:
        if pattern.search(short):
            return role
    return None


def is_header_cell(text: str) -> bool:
    return role_of(text) is not None


def columns(headers: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> list[str]:
    """A role for each column from its header path (outer to inner) and the cells below it."""
    said = [_by_words(path) for path in headers]
    for at, role in enumerate(said):
        if role is None or (role == "measure" and _mostly_units(below[at])):
            said[at] = "units" if role == "measure" else _by_content(below[at])
        if role == "units" and _mostly_measures(below[at]):
            said[at] = "measure"
    _last_of_times(said, headers)
    roles = _number_once(said, below)
    if not {"units", "lead"} & set(roles):
        _find_units(roles, below)
    return _names_and_texts(roles, headers, below)


BEGINS = re.compile(
    r"^(?:计划|实施|工作)?(?:开始|启动|起始|起步|开工|起)(?:时间|日期|时限|节点|月份)?$"
)


def _last_of_times(said: list[str | None], headers: Sequence[Sequence[str]]) -> None:
    """Of a beginning and an end only the end is a deadline."""
    times = [at for at, role in enumerate(said) if role == "deadline"]
    begins = [
        at for at in times if headers[at] and BEGINS.match(re.sub(r"\s", "", headers[at][-1]))
    ]
    if len(begins) < len(times):
        for at in begins:
            said[at] = "unused"


def _by_words(path: Sequence[str]) -> str | None:
    """The innermost words decide, unless they say too little."""
    inner = [words for words in path if words.strip()]
    for at in range(len(inner) - 1, -1, -1):
        role = role_of(inner[at])
        if role == "measure" and any(
            role_of(words) in ("units", "lead", "support") for words in inner[:at]
        ):
            return "units"
        outer = [role_of(words) for words in inner[:at]]
        if role in ("unused", "name") and "lead" in [*outer, role] and role == "name":
            return "lead"
        if role is not None:
            return role
    return None


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if not is_empty(cell)]


def _mostly_units(cells: Sequence[str]) -> bool:
    own = _filled(cells)
    return bool(own) and sum(looks_like_units(cell) >= 0.5 for cell in own) >= 0.6 * len(own)


def _mostly_measures(cells: Sequence[str]) -> bool:
    own = _filled(cells)
    return bool(own) and all(len(cell) <= 5 for cell in own) and not _mostly_units(cells) and all(
        bool(quantities("不少于1" + cell)) or re.fullmatch(r"[%‰A-Za-z/．.]+", cell) for cell in own
    )  # fmt: skip


def _by_content(cells: Sequence[str]) -> str:
    """The role of a column whose header says nothing."""
    own = _filled(cells)
    if not own:
        return "unused"
    if all(ordinal(cell) is not None for cell in own):
        return "number"
    if _mostly_units(cells):
        return "units"
    if sum(looks_like_deadline(cell) for cell in own) >= 0.7 * len(own):
        return "deadline"
    return "task"


def _number_once(roles: list[str | None], below: Sequence[Sequence[str]]) -> list[str]:
    """One column of numbers: the last one that counts; the others are headings."""
    places = [at for at, role in enumerate(roles) if role == "number"]
    good = [at for at in places if _counts(below[at])]
    keep = good[-1:] or places[:1]
    return [
        ("number" if at in keep else "unused") if role == "number" else str(role)
        for at, role in enumerate(roles)
    ]


def _counts(cells: Sequence[str]) -> bool:
    own = _filled(cells)
    return bool(own) and sum(ordinal(cell) is not None for cell in own) >= 0.8 * len(own)


def _find_units(roles: list[str], below: Sequence[Sequence[str]]) -> None:
    """No header names who answers: the column that reads as units does."""
    for at, role in enumerate(roles):
        if role in ("task", "name", "note", "unused") and _mostly_units(below[at]):
            roles[at] = "units"
            return


def _names_and_texts(
    roles: list[str], headers: Sequence[Sequence[str]], below: Sequence[Sequence[str]]
) -> list[str]:
    """One name; what stands wider is its group; what is long or says what to reach is text."""
    sizes = [_mean(_filled(cells)) for cells in below]
    for at, role in enumerate(roles):
        if role == "task":
            roles[at] = "text" if sizes[at] > 24 else "name"
        if role == "name" and sizes[at] > 60:
            roles[at] = "text"
    if "name" not in roles:
        _promote(roles, headers, sizes)
    names = [at for at, role in enumerate(roles) if role == "name"]
    if "text" not in roles and len(names) > 1:
        longest = max(names, key=lambda at: (sizes[at], at))
        roles[longest] = "text"
        names.remove(longest)
    for at in names[:-1]:
        roles[at] = "group"
    return roles


def _promote(roles: list[str], headers: Sequence[Sequence[str]], sizes: list[float]) -> None:
    """No column is called a name: the heading, or the shortest of several texts, is."""
    texts = [at for at, role in enumerate(roles) if role == "text"]
    groups = [at for at, role in enumerate(roles) if role == "group"]
    tasks = [at for at in texts if re.search("任务|工作|事项|重点", "".join(headers[at]))]
    if len(texts) > 1:
        short = [at for at in texts if sizes[at] <= 30]
        best = min(tasks or short or texts, key=lambda at: at)
        roles[best if (tasks or short or not groups) else groups[-1]] = "name"
    elif groups:
        roles[groups[-1]] = "name"


def _mean(cells: list[str]) -> float:
    return sum(map(len, cells)) / len(cells) if cells else 0.0
