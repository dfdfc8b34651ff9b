"""Quantities in the words of a plan: operator, value, unit, subject. A grammar, not a word list.

    〈subject〉〈before〉〈number〉〈measure〉〈after〉

`before` and `after` are the comparisons of Chinese administrative prose; measures are measure
words. Years, article and document numbers, names (S206, 4G, 1+7+N, quoted terms), map scales,
scopes (200张床位以上的…) and what is there already (现有26个乡镇) are no quantities.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from anlan.rooms.workplan.reader import subjects
from anlan.rooms.workplan.reader.measures import MEASURE, RATES, SHY, TIMES
from anlan.rooms.workplan.reader.numerals import CHARS, plain, value

DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?"
CHINESE = rf"[{CHARS}]+(?:点[{CHARS}]+)?"
ABOUT = "[余多来]?"
DASH = r"\s*(?:[—\-–~～至到]|——)\s*"
NOT_IN_WORD = r"(?<![A-Za-z\d.+×·/〔第号#])"
NUMBER = re.compile(
    rf"(?P<percent>百分之(?P<pnum>{DIGITS}|{CHINESE}))"
    rf"|{NOT_IN_WORD}(?<![∶:：])(?P<left>\d{{1,4}})\s*[∶:：]\s*(?P<right>\d+(?:\.\d+)?)(?![\d:：])(?!\s*{MEASURE})"
    rf"|{NOT_IN_WORD}(?P<low>{DIGITS})(?P<lowunit>{MEASURE})?{DASH}(?P<high>{DIGITS})\s?{ABOUT}(?P<hunit>{MEASURE})"
    rf"|{NOT_IN_WORD}(?<![∶:：])(?P<num>{DIGITS})\s?{ABOUT}(?P<unit>{MEASURE})"
    rf"|(?P<zhlow>[一二两三四五六七八九])(?:至|到)(?P<zhhigh>[二两三四五六七八九十])(?P<zhhunit>{MEASURE})"
    rf"|(?<![{CHARS}第“])(?P<zh>{CHINESE})(?P<zhunit>{MEASURE})"
    rf"|(?<=[\u4e00-\u9fff）])(?P<free>{DIGITS})(?P<freeunit>(?![年月日号级岁度届时条款章节点版期第类后前内])[\u4e00-\u9fff])(?=[，。；、）]|$)"
    rf"|{NOT_IN_WORD}(?<![∶:：])(?P<bare>{DIGITS})(?![\d.A-Za-z年月日号〕+×:：∶/级类条])"
)

LE = ("不得超过", "不能超过", "不超过", "不超出", "不得高于", "不高于", "不多于", "不得多于", "不大于", "不得大于",
      "控制在", "控制到", "压减到", "压减至", "压降到", "压降至", "压缩到", "压缩至", "下降到", "下降至", "降低到",
      "降低至", "减少到", "减少至", "缩短到", "缩短至", "缩短为", "降到", "降至", "小于等于", "小于或等于", "≤", "⩽",
      "<=", "最多", "至多", "最长")  # fmt: skip
LT = ("低于", "小于", "少于", "不足", "不到", "<")
GE = ("不得少于", "不少于", "不得低于", "不低于", "不得小于", "不小于", "不下于", "至少", "达到", "达", "保持在", "保持",
      "稳定在", "维持在", "大于等于", "大于或等于", "≥", "⩾", ">=", "提高到", "提高至", "提升到", "提升至",
      "增加到", "增加至", "上升到", "上升至", "升至", "扩大到", "扩大至", "最少", "为", "均为", "是")  # fmt: skip
GT = ("高于", "大于", "超过", "多于", "突破", ">")
EQ = ("等于", "=")
BEFORE = {
    word: op
    for op, words in (("<=", LE), ("<", LT), (">=", GE), (">", GT), ("=", EQ))
    for word in words
}
BEFORE_END = re.compile(
    "(?P<word>"
    + "|".join(map(re.escape, sorted(BEFORE, key=len, reverse=True)))
    + r")[的在到：:\s（(]*$"
)
FAR = re.compile(
    "(?P<word>"
    + "|".join(
        sorted(
            (*[w for w in LE if len(w) > 1], *[w for w in GE if len(w) > 2 or w in ("至少",)]),
            key=len,
            reverse=True,
        )
    )
    + r")(?:[^，。；：、\d]{0,16})$"
)
AFTER = re.compile(
    r"(?:\s|（含）|\(含\))*(?P<word>(?:及|或|\(含\)|（含）)?以上|(?:及|或)?以[内下]|之内|内(?![容部涵外的业涝河陆控地])|封顶)"
)
AFTER_OPS = {"上": ">=", "内": "<=", "下": "<=", "顶": "<="}
RELATIVE = re.compile(
    r"(?P<base>(?:较|比|同|与)?(?P<year>20\d{2})年(?:度)?(?:同期|均值|平均)?(?:相比)?|(?:较|比)(?P<last>上年|去年|上一年|上年度|上一年度)(?:度)?(?:同期)?|"
    r"(?:较|比)[^，。；\d]{0,10}?(?:同期|均值|平均值|平均数|基数)|(?P<yoy>同比|年均|环比|逐年)[^，。；\d]{0,6}?)?"
    r"[^，。；\d较比]{0,10}?(?P<way>下降|减少|降低|压降|压减|缩短|下浮|降幅|上升|增长|提高|提升|增加|增幅)"
    r"(?:幅度)?(?P<mod>[^，。；、\d到至]{0,4})$"
)
FALLS = {"下降", "减少", "降低", "压降", "压减", "缩短", "下浮", "降幅"}
PERIOD = re.compile(r"每(?:个)?(?P<per>半年|两年|三年|半月|学期|季度|季|年度|年|月|周|日|天|旬)")
DOING = (
    "完成|新建|改建|扩建|建成|建好|建设|建立|创建|打造|购置|新购|购买|配备|配齐|配置|更新|更换|新增|增加|增设|增配|培训|轮训|"
    "组织|开展|举办|安装|装配|布设|改造|整治|治理|整改|修复|加固|搬迁|转移|排查|检查|抽查|执法|命名|评选|培育|组建|储备|"
    "发放|印发|编制|修订|制定|出台|召开|拍摄|推送|发布|实施|落实|推进|推动|设立|设置|打通|疏通|清淤|清理|淘汰|关闭|取缔|拆除|查处|"
    "办理|投入|投保|覆盖|纳入|征集|曝光|开设|开通|建造|补充|补齐|订购|采购|新改建|新改扩建|维修|更新改造|演练|巡查|暗访|督查|督导|"
    "报送|通报|约谈|挂牌|销号|化解|消除|选派|派驻|聘用|招录|招聘|充实|认定|验收|评估|鉴定|监测|联合|参加|宣讲|走进|"
    "进行|研判|会商|调度|述职|学习|研究|听取|部署|带队|发现|改建|提升"
)
DONE = re.compile(rf"(?:{DOING})(?:了|的|好|不少于|至少|约|共)?$")
FACT = re.compile(
    r"(?:现有|共有|已有|原有|现存|已建成?|已完成|截至|截止|目前|累计已|辖区?(?:内)?|下辖|所辖|[我全][县区市](?:范围内)?(?:现)?(?:的)?)$"
)
HARM = re.compile(
    r"(?:死亡|亡人|受害|漏损|故障|困人|发生|超标|逾期|违法|投诉|溺[水亡]|漏报|迟报|误报|失联|损失|伤亡|受伤|事故|火灾|火警)"
    r"(?:率|人数|起数|总数|总量|次数|件数|数)?$"
)
HARM_NEAR = re.compile(r"死亡|亡人|伤亡|事故|火灾|火警")
SCOPE_NOUN_OK = re.compile(r"^的?(?:目标|要求|标准|任务|水平|比例)")
PERCENT_NEVER_SCOPE = {"%", "‰"}
COVERS = re.compile(r"全覆盖|覆盖所有|覆盖全部|全面覆盖|应(.{1,2}?)尽\1")
CLEARS = re.compile(
    r"清零|归零|为零(?!星)|零(?:死亡|伤亡|事故|亡人|发生|火灾|火情|发案|溺亡|失管|新增)"
)
JUDGED = re.compile(
    r"(?:保持|维持|处于)?历史低位(?:运行)?|(?:保持|维持|总体|持续|稳中|稳步|明显|有所|逐年|大幅|显著|进一步|不断|实现)+(?:保持|趋于|稳定)?"
    r"(?:平稳|稳定|提升|提高|下降|向好|好转|改善|增强|有升|有降|可控|降低|减少|低位|上升)(?:运行|态势|趋势)?(?=[，。；、）]|$)|只降不升|有效遏制(?=[，。；]|$)"
)
STOP = "，。；！？\n"
NOUN_BEFORE = re.compile(r"[\u4e00-\u9fff][\u4e00-\u9fff）”](?<![每某同另第统前后])$")
SIZE_NOUN = re.compile(r"^(?:范围|半径|以外|之外|区域|口径|高度|宽|长|深|等级|机组|线路)")
BARE_CHARS_MAX = 40
NAMED = ("一批", "一系列", "一些", "一体", "一级", "一类", "一把手", "一件事", "一张图", "一张网", "一本账", "一盘棋", "一站式",
         "一线", "一次性", "一道", "一组织", "一方面", "一面", "一部分", "一段时间", "一定", "一项制度")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A promise with a number, or one that is judged (value None)."""

    subject: str
    op: str
    value: float | None
    unit: str
    text: str
    high: float | None = None
    relative_to: int | None = None
    assumed: bool = False

    def as_dict(self) -> dict[str, object]:
        """Only what is said: no high without a range, no base year without a comparison."""
        own: dict[str, object] = {
            "subject": self.subject, "op": self.op, "value": self.value, "unit": self.unit, "text": self.text,
            "high": self.high, "relative_to": self.relative_to,
        }  # fmt: skip
        return {k: v for k, v in own.items() if v is not None or k == "value"}


@dataclass(slots=True)
class _Seen:
    """A number in its place: what it says so far."""

    start: int
    end: int
    value: float
    unit: str
    before: str = ""
    phrase: int = 0
    after: str = ""
    after_end: int = 0
    high: float | None = None
    relative_to: int | None = None
    kind: str = "plain"
    chinese: bool = False
    assumed: bool = False


def quantities(
    text: str, name: str = "", year: int | None = None, measure: str = ""
) -> list[Quantity]:
    """Every quantity of a cell or a sentence.

    name: the row's, subject of a bare figure; year: the plan's, so that 同比 has a base; measure:
    what a column of units or a bracket in the header says a bare figure counts.
    """
    bare_name, in_name = subjects.name_and_measure(name)
    shown = text.strip()
    flat = plain(shown)
    bare = _bare(flat, bare_name, year, measure or in_name)
    if bare is not None:
        return [replace(bare, text=shown)]
    seen = [own for own in _chain(flat, _numbers(flat, year)) if not _is_whole(flat, own)]
    found = [(own.start, _finished(flat, shown, own, seen, bare_name)) for own in seen]
    found += _words(flat, shown, seen)
    if not found and subjects.is_measure(bare_name) and 0 < len(flat) <= 30:
        if not re.search(rf"^(?:{DOING}|配合|推动|加强|强化|完善|健全)", flat):
            found = [(0, Quantity(bare_name, "judged", None, "", shown))]
    ordered = [own for _at, own in sorted(found, key=lambda pair: pair[0])]
    return [own if own.subject else replace(own, subject=bare_name) for own in ordered]


# one figure alone in its cell


def _bare(flat: str, name: str, year: int | None, measure: str) -> Quantity | None:
    """A cell that holds nothing but a figure: its subject is the row's name."""
    span = ONLY_RANGE.fullmatch(flat) if len(flat) <= BARE_CHARS_MAX else None
    if span:
        low, high = value(span.group("low")), value(span.group("high"))
        unit = span.group("unit") or span.group("lowunit") or measure
        if low is not None and high is not None and low < high < 1900:
            return Quantity(name, "range", low, unit, flat, high)
    match = ONLY_FIGURE.fullmatch(flat) if len(flat) <= BARE_CHARS_MAX else None
    if match is None or not _number_words(match.group("before"), match.group("after")):
        return None
    if match.group("num")[0] in CHARS and not match.group("unit"):
        if match.group("num") not in "零〇":
            return None
    number = value(match.group("num"))
    unit = match.group("unit") or measure
    if number is None or (match.group("unit") in SHY - TIMES - {"分", "村", "组"} and not name):
        return None
    before = BEFORE_END.search(match.group("before"))
    after = AFTER.match(match.group("after"))
    op = BEFORE[before.group("word")] if before else ""
    if after and op in ("", ">="):
        op = (
            AFTER_OPS[after.group("word")[-1]]
            if op == "" or after.group("word")[-1] == "内"
            else op
        )
    assumed = not op and number != 0 and bool(HARM.search(name))
    op = op or ("<=" if number == 0 or assumed else ">=")
    if number == 0 and op == ">=":
        op = "<="
    return Quantity(name, op, number, unit, flat, assumed=assumed)


ONLY_FIGURE = re.compile(
    rf"(?P<before>[^\d]{{0,8}}?)(?P<num>{DIGITS}|{CHINESE})\s*(?P<unit>{MEASURE})?(?P<after>\D{{0,5}}?)[。；;]?"
)
ONLY_RANGE = re.compile(
    rf"(?P<low>{DIGITS})(?P<lowunit>{MEASURE})?{DASH}(?P<high>{DIGITS})(?P<unit>{MEASURE})?[。；;]?"
)
ONLY_BEFORE = re.compile(r"(?:力争|确保|要|须|应)*(?:" + "|".join(map(re.escape, BEFORE)) + r")在?")
ONLY_AFTER = re.compile(AFTER.pattern + r"|左右")


def _number_words(before: str, after: str) -> bool:
    """Whether what stands around the only figure of a cell is a comparison and nothing else."""
    rest = before.strip()
    if rest and not ONLY_BEFORE.fullmatch(rest):
        return False
    return not after.strip() or bool(ONLY_AFTER.fullmatch(after.strip()))


# figures in sentences


def _numbers(flat: str, year: int | None) -> list[_Seen]:
    found: list[_Seen] = []
    floor, fact = 0, -1
    for match in NUMBER.finditer(flat):
        own = _seen(match)
        if own is None or _in_name(flat, match, own):
            continue
        own.phrase = own.start
        _compare(flat, own, floor)
        _relate(flat, own, floor, year)
        _pace(flat, own, floor)
        near_fact = (
            fact >= 0 and not re.search(r"[，。；\n]", flat[fact : own.start]) and not own.before
        )
        if (near_fact and not DONE.search(flat[: own.phrase]) and own.unit not in RATES) or (
            FACT.search(flat[: own.start]) and not own.before and own.unit not in RATES
        ):
            fact = own.end
        elif _is_promise(flat, own):
            found.append(own)
            floor = own.after_end
    return found


def _seen(match: re.Match[str]) -> _Seen | None:
    """The number and the unit of a match."""
    part = match.groupdict()
    start, end = match.span()
    if part["percent"]:
        return _made(start, end, value(part["pnum"]), "%")
    if part["left"]:
        whole, share = float(part["right"]), float(part["left"])
        named = re.search(r"比[^，。；]{0,12}$", match.string[:start])
        if whole == 0 or whole >= 1000 or not (share == 1 or named):
            return None
        return _made(start, end, round(share / whole, 6), "比", kind="ratio")
    if part["low"] or part["zhlow"]:
        low, high = value(part["low"] or part["zhlow"]), value(part["high"] or part["zhhigh"])
        own = _made(start, end, low, part["hunit"] or part["zhhunit"], kind="range")
        if own is not None:
            own.high = high
            own.chinese = bool(part["zhlow"])
        return own
    if part["bare"]:
        return _made(start, end, value(part["bare"]), "", kind="bare")
    if part["free"]:
        return _made(start, end, value(part["free"]), part["freeunit"])
    own = _made(start, end, value(part["num"] or part["zh"]), part["unit"] or part["zhunit"])
    if own is not None:
        own.chinese = bool(part["zh"])
    return own


def _made(
    start: int, end: int, number: float | None, unit: str, kind: str = "plain"
) -> _Seen | None:
    return None if number is None else _Seen(start, end, number, unit, after_end=end, kind=kind)


def _clause_start(flat: str, at: int, stops: str = STOP) -> int:
    return max((flat.rfind(char, 0, at) for char in stops), default=-1) + 1


def _compare(flat: str, own: _Seen, floor: int) -> None:
    """The comparison before the number, next to it or a few words off, and the one after it."""
    head = flat[max(floor, _clause_start(flat, own.start)) : own.start]
    near = BEFORE_END.search(head)
    if near:
        own.before = BEFORE[near.group("word")]
        own.phrase = own.start - (len(head) - near.start())
    else:
        far = FAR.search(head)
        if far and not re.search(r"的$", head):
            own.before = BEFORE[far.group("word")]
            own.phrase = own.start - (len(head) - far.start())
    after = AFTER.match(flat, own.end)
    if after:
        own.after = AFTER_OPS[after.group("word")[-1]]
        own.after_end = after.end()


def _relate(flat: str, own: _Seen, floor: int, year: int | None) -> None:
    """较2024年下降10%: the value turns negative and the base year is kept."""
    head = flat[max(floor, _clause_start(flat, own.start)) : own.start]
    match = RELATIVE.search(head)
    if match is None or own.kind not in ("plain", "range"):
        return
    based = bool(match.group("base"))
    harm = own.unit == "起" or HARM_NEAR.search(flat[_clause_start(flat, own.start) : own.end + 8])
    if not based and own.unit not in RATES and (match.group("way") not in FALLS or not harm):
        return
    falls = match.group("way") in FALLS
    own.kind = "relative"
    begin = match.start("base") if based else match.start("way")
    own.phrase = own.start - (len(head) - begin)
    capped = own.before == "<=" or own.after == "<="
    own.before = ("<=" if falls else ">=") if not capped else (">=" if falls else "<=")
    own.after = ""
    own.value = -own.value if falls else own.value
    if own.high is not None:
        own.value, own.high = (-own.high, own.value) if falls else (own.value, own.high)
    if match.group("year"):
        own.relative_to = int(match.group("year"))
    elif year and (match.group("last") or match.group("yoy") in ("同比",)):
        own.relative_to = year - 1


def _pace(flat: str, own: _Seen, floor: int) -> None:
    """每年, 每半年 before a count: so many a year."""
    if own.kind not in ("plain", "range") or own.unit in RATES or "/" in own.unit:
        return
    start = _clause_start(flat, own.start, STOP + "（(")
    found = list(PERIOD.finditer(flat, start, own.start))
    if not found:
        return
    if own.unit in TIMES and not re.search(r"培训|学习|巡查|值班", flat[start : own.start]):
        return
    own.unit = f"{own.unit}/{found[-1].group('per').replace('年度', '年')}"
    own.kind = "pace" if own.kind == "plain" else own.kind
    if not own.before:
        own.phrase = own.start


def _in_name(flat: str, match: re.Match[str], own: _Seen) -> bool:
    """Part of a name: quoted, a date, between Latin letters and signs, or a fixed saying."""
    before, after = flat[: match.start()], flat[match.end() :]
    if before.count("“") > before.count("”") or before.count("《") > before.count("》"):
        return True
    if before.count("「") > before.count("」") or before.count("‘") > before.count("’"):
        return True
    if re.match(r"[A-Za-z+]", after) or re.search(r"[第〔＋+]$|[A-Za-z]\d*[-—.]$", before):
        return True
    if own.unit == "日" and re.search(r"月$", before):
        return True
    if own.chinese and (
        flat[match.start() :].startswith(NAMED) or re.search(r"[同之统唯进]$", before)
    ):
        return True
    if before.endswith("每") and own.kind == "plain":
        return True
    if re.match(r"[年月](?![以度])", after) and own.kind == "bare":
        return True
    if own.kind == "range" and re.search(r"\d$", before):
        return True
    return own.unit.startswith("次") and bool(re.match(r"性|死亡|伤亡|生灾", after))


def _is_promise(flat: str, own: _Seen) -> bool:
    rest, head = flat[own.after_end :], flat[: own.phrase]
    ends = not rest or rest[0] in STOP + "、：:）)“” 　"
    if own.kind == "bare":
        return _bare_promise(own, ends)
    if own.kind == "relative":
        return True
    if _is_scope(flat, own, ends):
        return False
    if re.match(r"[^，。；]{0,6}(?:的)?基础上", rest):
        return False
    if own.chinese and not (own.before or own.after or "/" in own.unit or DONE.search(head)):
        return ends and bool(NOUN_BEFORE.search(flat[: own.start]))
    told = own.before or own.after or "/" in own.unit
    if own.unit in TIMES and not told:
        return False
    if own.unit in SHY and not (told or DONE.search(head)):
        noun = ends and bool(NOUN_BEFORE.search(flat[: own.start]))
        return (noun or own.unit in ("村", "队", "组")) and not own.chinese
    if own.unit in TIMES and own.after == ">=" and not ends:
        return False
    return not (
        own.unit in TIMES and re.search(r"近|前|过去|未来|最近|提前$", head[-3:]) and not own.before
    )


def _bare_promise(own: _Seen, ends: bool) -> bool:
    """A figure without a measure is a promise only where a comparison holds it."""
    strong = own.before in ("<=", "<", ">", ">=") or own.after
    return bool(strong) and (ends or bool(own.after)) and own.value < 1900


def _is_scope(flat: str, own: _Seen, ends: bool) -> bool:
    """A size that says which ones are meant: 200张床位以上的医院, （年均5万吨以上）, 超过50人的场所."""
    if own.unit in PERCENT_NEVER_SCOPE or own.kind in ("ratio",):
        return False
    rest = flat[own.after_end :]
    if SIZE_NOUN.match(rest) and not own.before:
        return True
    doing = bool(DONE.search(flat[: own.phrase]))
    frequency = "/" in own.unit
    if not own.after:
        inner = re.match(r"[^，。；、：（）()\d以]{1,5}(?:及)?以[上下](?P<of>的)?", rest)
        if inner and not frequency:
            return bool(inner.group("of")) or not doing
        if own.before in ("<", ">") and rest.startswith("的"):
            return True
        if rest.startswith("的") and not doing and not own.before and not frequency:
            return not SCOPE_NOUN_OK.match(rest)
        return False
    if SCOPE_NOUN_OK.match(rest):
        return False
    if ends:
        return _bracketed(flat, own)
    if own.unit in TIMES and own.after == "<=":
        return False
    if rest.startswith("的"):
        return not (doing or frequency or own.before)
    return not (doing or frequency or own.before)


def _bracketed(flat: str, own: _Seen) -> bool:
    """（年均5万吨以上）: a bracket after a noun that says nothing but a size."""
    opening = max(flat.rfind("（", 0, own.start), flat.rfind("(", 0, own.start))
    closing = max(flat.rfind("）", 0, own.start), flat.rfind(")", 0, own.start))
    rest = flat[own.after_end :]
    if opening <= closing or not rest.startswith(("）", ")")):
        return False
    inner = flat[opening + 1 : own.start]
    return not (
        own.before
        or "/" in own.unit
        or re.search(r"其中|率|不少于|至少|每", inner)
        or DONE.search(inner)
    )


def _is_whole(flat: str, own: _Seen) -> bool:
    """The number says how many there are, and the clause goes on to what holds for all of them."""
    if own.kind != "plain" or own.before or own.after or own.unit in RATES:
        return False
    start = _clause_start(flat, own.start)
    if not re.fullmatch(r"(?:对|全县|全区|全市|确保|所有|辖区)*", flat[start : own.start]):
        return False
    ends = [place for place in (flat.find(char, own.end) for char in STOP) if place >= 0]
    rest = flat[own.end : min(ends, default=len(flat))]
    return bool(COVERS.search(rest) or CLEARS.search(rest) or re.search(r"率.{0,6}\d", rest))


def _chain(flat: str, seen: list[_Seen]) -> list[_Seen]:
    """3起、2人以内 and 分别不低于90%、95%: figures side by side share their comparison."""
    for at in range(1, len(seen)):
        left, right = seen[at - 1], seen[at]
        between = flat[left.after_end : right.start]
        if (
            left.kind == "relative"
            or right.kind == "relative"
            or not re.fullmatch(r"[、和及与]\s*", between)
        ):
            continue
        if (
            not right.before
            and not right.after
            and left.before
            and (left.unit in RATES) == (right.unit in RATES)
        ):
            right.before = left.before
        elif not left.before and not left.after and right.after:
            left.after = right.after
        elif left.before and not right.before and right.after == left.before:
            right.before = left.before
    return seen


def _finished(flat: str, shown: str, own: _Seen, seen: list[_Seen], name: str) -> Quantity:
    subject = subjects.subject(flat, _place(own), [_place(other) for other in seen])
    text = subjects.clause(shown, own.start, own.after_end)
    if own.kind == "range":
        return Quantity(subject, "range", own.value, own.unit, text, own.high, own.relative_to)
    op, assumed = _operator(own, subject or name)
    return Quantity(subject, op, own.value, own.unit, text, None, own.relative_to, assumed)


def _place(own: _Seen) -> subjects.Place:
    return own.phrase, own.start, own.after_end


def _operator(own: _Seen, subject: str) -> tuple[str, bool]:
    op = own.before
    if own.after and (not op or (op == ">=" and own.after == "<=")):
        op = own.after
    if not op and own.unit in TIMES and own.after:
        op = own.after
    if own.value == 0 and op in ("", ">=", "="):
        return "<=", False
    if (
        not op
        and own.kind != "ratio"
        and HARM.search(subject)
        and own.unit not in ("家", "座", "处")
    ):
        return "<=", True
    return op or ">=", False


# words that stand for figures


def _words(flat: str, shown: str, seen: list[_Seen]) -> list[tuple[int, Quantity]]:
    """清零, 全覆盖 and judgements, where no figure of the same clause says it already."""
    found: list[tuple[int, Quantity]] = []
    for pattern, op, number, unit in (
        (CLEARS, "<=", 0.0, ""),
        (COVERS, ">=", 100.0, "%"),
        (JUDGED, "judged", None, ""),
    ):
        for match in pattern.finditer(flat):
            start, end = match.span()
            if _quoted_name(flat, start, end) or _said(flat, start, end, seen, unit):
                continue
            subject = subjects.subject(flat, (start, start, end), [_place(other) for other in seen])
            text = match.group(0) if op == "judged" else subjects.clause(shown, start, end)
            found.append((start, Quantity(subject, op, number, unit, text)))
    return _once_a_clause(flat, found)


def _quoted_name(flat: str, start: int, end: int) -> bool:
    """Inside quotes that hold more than the word itself."""
    opening, closing = flat.rfind("“", 0, start), flat.rfind("”", 0, start)
    if opening <= closing:
        book = flat.rfind("《", 0, start) > flat.rfind("》", 0, start)
        return book
    end_quote = flat.find("”", end)
    return (
        not (opening == start - 1 and end_quote == end)
        and flat[opening + 1 : end_quote] != flat[start:end]
    )


def _said(flat: str, start: int, end: int, seen: list[_Seen], unit: str) -> bool:
    """A figure of the same clause that says the same: 去存率100%的清零任务, 100%全覆盖."""
    low = _clause_start(flat, start)
    high = min(
        (place for place in (flat.find(char, end) for char in STOP) if place >= 0),
        default=len(flat),
    )
    if unit == "%":
        beside = re.match(r"[，、](?:达到|达|实现|确保)*(?=100%)", flat[high:])
        high += beside.end() + 1 if beside else 0
        ahead = re.search(r"(?:达到|达)100%[，、]$", flat[:low])
        low = ahead.start() if ahead else low
    same = [own for own in seen if low <= own.start < high]
    return any(
        (own.unit == "%" and own.value == 100) or (unit == "" and own.value == 0) for own in same
    )


def _once_a_clause(flat: str, found: list[tuple[int, Quantity]]) -> list[tuple[int, Quantity]]:
    """动态清零、全部清零 of one clause is one promise; two subjects are two."""
    kept: dict[tuple[int, str, str], tuple[int, Quantity]] = {}
    for start, own in found:
        kept.setdefault((_clause_start(flat, start), own.op, own.subject), (start, own))
    return list(kept.values())
