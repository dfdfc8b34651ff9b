"""What a quantity is about: the words before it, else the thing counted after it."""

from __future__ import annotations

import re

from anlan.rooms.workplan.reader.measures import MEASURE

STOPS = "，。；：:！？\n "
SOFT = "、"
LEADING = re.compile(
    r"^(?:其中|并且|并|和|及(?!时|格)|且|以及|同时|年内|今年|全年|本年|力争|确保|保证|要(?!点|求|素|件|害)|须|全县|全区|全市|将|让|"
    r"实现|基本实现|推动|推进|[一二三四五六七八九十\d]+[.、．]|[①-⑳]|继续|进一步|全面|我县|按照|按(?!期|时|规)|至少|不少于|对(?!口|接|标)|"
    r"(?:到|在)?20\d{2}年(?:底|末)?(?:前|内)?|[\d一二三四五六七八九十]+月(?:\d+日|底|末)?(?:之?前|以前)|年底前|汛前|"
    r"\d+年内|[\d]+[—\-至]\d+月)+"
)
PERIOD = re.compile(r"每(?:个)?(?:半年|两年|学期|年度?|季度?|月|周|日|天)")
TRAILING = re.compile(
    r"(?:均|都|分别|动态|全部|^在|要|需|应|须|均要|必须|力争|确保|保持|控制|稳定|达到|实现|至少|总数|以|共|约|平均|每(?:个)?(?:半年|年度?|季度?|月|周|日|天)|且|并|、|，|,|：|:|至|=|≥|≤)+$"
)
VERB = re.compile(
    r"^(?:加强|强化|完成|新建|改建|扩建|建成|建设|建立|创建|打造|购置|新购|购买|配备|配齐|配置|更新|更换|新增|增加|增设|培训|组织|开展|举办|"
    r"安装|改造|整治|治理|整改|修复|加固|搬迁|排查|检查|抽查|组建|储备|发放|印发|编制|修订|制定|出台|召开|推送|发布|实施|落实|设立|设置|"
    r"覆盖|纳入|采购|淘汰|组织开展|更新改造|新改扩建|实行|消除|清理|拆除|推广应用|推广|查处|约谈|储备|清淤|疏通|关闭)+(?![率度量班]|情况|数)"
)
VERB_END = re.compile(
    r"(?:打造|抽查|检查|新建|建设|完成|培训|组织|开展|举办|安装|创建|购置|配备|新增|改造|整治|治理|配合市级部门实现)$"
)
WHOLE_MEASURE = re.compile(MEASURE + "|[%‰％]")
COMPARED = re.compile(r"^(?:至少|不少于|不得少于|不低于|不超过|控制在|达到)")
RATE_WHOLE = re.compile(r"[\u4e00-\u9fff]{2}(?:覆盖|完成|合格|达标|整改|办结|到位)率")
EMPTY_NOUN = re.compile(r"^(?:配合.{0,12}|年度|全年|累计|全县|各级|在.{0,8})$")
MEASURE_END = re.compile(
    r"(?:数|率|数量|总量|指数|比例|比重|占比|满意度|损失|起数|人数|面积|时长|浓度|覆盖面)(?:[（(][^（）()]*[）)])?$"
)
LENGTH_MAX = 40


def name_and_measure(name: str) -> tuple[str, str]:
    """隐患整改率（%） → (隐患整改率, %); other brackets stay."""
    match = re.search(r"[（(]\s*(?:单位[:：])?\s*([%‰％]|[^（）()\d]{1,4})\s*[）)]$", name)
    if match and (is_measure(name[: match.start()]) or WHOLE_MEASURE.fullmatch(match.group(1))):
        return name[: match.start()], match.group(1).replace("％", "%")
    return name, ""


def is_measure(name: str) -> bool:
    """A name that counts: 死亡人数, 整改率."""
    return bool(MEASURE_END.search(name))


Place = tuple[int, int, int]


def subject(flat: str, own: Place, others: list[Place]) -> str:
    """The subject of the quantity at `own` (begin of its phrase, begin and end of its figure)."""
    phrase, _start, end = own
    floor = max((other[2] for other in others if other[2] <= phrase), default=0)
    before = _before(flat, phrase, floor)
    noun = before if RATE_WHOLE.fullmatch(before) else VERB.sub("", before)
    after = _after(
        flat, end, min((other[0] for other in others if other[0] >= end), default=len(flat))
    )
    helps = after and VERB.sub("", after) and (VERB_END.search(noun) or EMPTY_NOUN.search(noun))
    if noun and not helps:
        return noun[-LENGTH_MAX:]
    if after:
        return after[:LENGTH_MAX]
    if not before and floor and re.fullmatch(r"[、和及与以,，\s]*", flat[floor:phrase]):
        left = next((other for other in others if other[2] == floor), None)
        if left is not None:
            return subject(flat, left, [other for other in others if other[1] < left[1]])
    compared = COMPARED.search(flat[phrase : own[1]])
    between = VERB.sub("", flat[phrase + compared.end() : own[1]]) if compared else ""
    return (before or between)[-LENGTH_MAX:]


def _before(flat: str, phrase: int, floor: int) -> str:
    head = _open_bracket(flat[floor:phrase])
    joined = re.search(r"(?:均|都|分别|全部)[^，。；]{0,6}$", head)
    stops = STOPS if joined else STOPS + SOFT
    at = max((head.rfind(char) for char in stops), default=-1) + 1
    words = TRAILING.sub("", PERIOD.sub("", head[at:]).strip())
    words = LEADING.sub("", words).strip("的、，")
    return (
        words.strip("“”")
        if words.count("“") != words.count("”") or (words[:1] == "“" and words[-1:] == "”")
        else words
    )


def _open_bracket(text: str) -> str:
    """What stands inside a bracket that is still open, else the whole."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] in "）)") - (text[at] in "（(")
        if depth < 0:
            return text[at + 1 :]
    return text


def _whole_bracket(text: str) -> str:
    """Up to a bracket that does not close."""
    depth, opened = 0, len(text)
    for at, char in enumerate(text):
        if char in "（(":
            opened = at if depth == 0 else opened
            depth += 1
        elif char in "）)":
            depth -= 1
            if depth < 0:
                return text[:at]
    return text[:opened] if depth > 0 else text


def _after(flat: str, end: int, ceiling: int) -> str:
    rest = flat[end:ceiling]
    places = [rest.find(char) for char in "，。；：:\n“”"]
    at = min((place for place in places if place >= 0), default=len(rest))
    if rest[:1] in ("（", "("):
        return ""
    words = _whole_bracket(rest[:at]).strip().strip("、和及与")
    return re.sub(r"^(?:的|以上|以内|以下|左右|余)+", "", words).strip()


def clause(shown: str, start: int, end: int) -> str:
    """The clause that holds the quantity, as written."""
    low = max(shown.rfind(char, 0, start) for char in "，。；、：\n") + 1
    ends = [shown.find(char, end) for char in "，。；、\n"]
    high = min((place for place in ends if place >= 0), default=len(shown))
    return shown[low:high].strip()
