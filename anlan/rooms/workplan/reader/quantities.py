"""Quantities in the words of a plan: operator, value, unit, subject. A grammar, not a word list.

    〈subject〉〈before〉〈number〉〈unit〉〈after〉

`before` and `after` are the comparisons of Chinese administrative prose; units are measure words.
Years, article and document numbers, names (S206, 4G, 1+7+N, quoted terms), map scales and scopes
(200张床位以上的…) are no quantities.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace

UNITS = (
    "万平方米",
    "平方公里",
    "平方米",
    "公里",
    "千米",
    "万元",
    "亿元",
    "万人",
    "万吨",
    "分钟",
    "小时",
    "个月",
    "％",
    "%",
    "‰",
    "个",
    "座",
    "艘",
    "套",
    "台",
    "家",
    "处",
    "人",
    "次",
    "支",
    "名",
    "项",
    "件",
    "起",
    "条",
    "辆",
    "户",
    "所",
    "场",
    "篇",
    "类",
    "部",
    "份",
    "期",
    "间",
    "具",
    "顶",
    "只",
    "张",
    "组",
    "批",
    "吨",
    "米",
    "天",
    "元",
    "宗",
    "村",
    "栋",
    "株",
    "亩",
    "队",
    "站",
    "步",
    "道",
    "块",
    "面",
    "门",
    "口",
)
UNIT = "(?:" + "|".join(map(re.escape, UNITS)) + ")"
NUMBER = r"\d+(?:\.\d+)?"
DASH = r"[—\-–~～至]+"
CHINESE = "一二两三四五六七八九十百"
DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}

BEFORE = {
    "<=": ("不超过", "不高于", "不多于", "不大于", "控制在", "压减到", "小于等于"),
    "<": ("低于", "小于", "少于", "不足", "不到"),
    ">=": ("不少于", "不低于", "不小于", "至少", "达到", "达", "保持", "大于等于", "完成"),
    ">": ("高于", "大于", "超过", "多于"),
}
AFTER = {"<=": ("以内", "之内", "以下", "内"), ">=": ("及以上", "以上")}
SCOPE_AFTER = ("以上的", "以下的", "及以上的", "以上）", "以上)", "张床位", "立方米以上")
COVERS = (
    "全覆盖",
    "覆盖所有",
    "应设尽设",
    "应建尽建",
    "应装尽装",
    "应检尽检",
    "应查尽查",
    "全面覆盖",
)
CLEARS = ("清零",)
JUDGED = ("保持历史低位运行", "历史低位", "稳中有降", "持续下降", "只降不升")
STOP = "，。；、：！？（）()《》“”\n "

PATTERN = re.compile(
    rf"(?P<rel>较(?P<year>\d{{4}})年(?P<fall>下降|减少|上升|增长|提高)(?P<relnum>{NUMBER})(?P<relunit>{UNIT}))"
    rf"|(?P<every>每(?P<per>半年|年|季度|月|周|日))(?:[^，。；、]{{0,8}}?)(?P<atleast>至少|不少于)?"
    rf"(?:[^，。；、\d]{{0,12}}?)(?P<evnum>{NUMBER}|[{CHINESE}])(?P<evunit>次|场|遍|轮)"
    rf"|(?P<ratio>(?<!\d)1[∶:：](?P<of>\d{{1,3}})(?!\d))"
    rf"|(?P<low>{NUMBER}){DASH}(?P<high>{NUMBER})(?P<runit>{UNIT})"
    rf"|(?<![A-Za-z\d.+∶:])(?P<num>{NUMBER})(?P<unit>{UNIT})"
    rf"|(?P<zh>[{CHINESE}]+)(?P<zhunit>辆|个|座|家|支|套|台|名|次|处|项)(?![月日级类条批般定])"
)


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

    def as_dict(self) -> dict[str, object]:
        found = asdict(self)
        return {k: v for k, v in found.items() if v is not None or k == "value"}


def quantities(text: str, name: str = "") -> list[Quantity]:
    """Every quantity of a cell or a sentence; name: the row's, subject of a bare figure."""
    plain = text.strip().replace("％", "%")
    bare = _bare(plain, name)
    if bare is not None:
        return [bare]
    found: list[tuple[int, Quantity]] = []
    for match in PATTERN.finditer(plain):
        own = _read(plain, match)
        if own is not None:
            found.append((match.start(), own))
    found += _words(plain)
    ordered = [own for _at, own in sorted(found, key=lambda pair: pair[0])]
    return [replace(own, subject=own.subject or name) for own in ordered]


def _bare(text: str, name: str) -> Quantity | None:
    """A cell that holds nothing but a figure or a judgement: its subject is the row's name."""
    if re.fullmatch(NUMBER, text):
        value = float(text)
        return Quantity(name, "<=" if value == 0 else ">=", value, _counted(name), text)
    match = re.fullmatch(rf"({NUMBER})({UNIT})(以内|之内|以下|以上|及以上)?", text)
    if match:
        after = match.group(3) or ""
        op = "<=" if after in AFTER["<="] else ">="
        return Quantity(name, op, float(match.group(1)), match.group(2), text)
    if text in JUDGED:
        return Quantity(name, "judged", None, "", text)
    return None


def _counted(name: str) -> str:
    """起 for 事故起数, 人 for 死亡人数: the measure word that the name itself counts in."""
    match = re.search(r"(起|件|人|次|处|户)数$", name)
    return match.group(1) if match else ""


def _read(text: str, match: re.Match[str]) -> Quantity | None:
    groups = match.groupdict()
    if groups["rel"]:
        falls = groups["fall"] in ("下降", "减少")
        value = float(groups["relnum"])
        return Quantity(
            _subject(text, match.start()), "<=" if falls else ">=", -value if falls else value,
            groups["relunit"], _around(text, match), relative_to=int(groups["year"]),
        )  # fmt: skip
    if groups["every"]:
        value = _number(groups["evnum"])
        unit = f"{groups['evunit']}/{groups['per']}"
        return Quantity(_subject(text, match.start()), ">=", value, unit, _around(text, match))
    if groups["ratio"]:
        value = round(1 / int(groups["of"]), 6)
        op, start = _before(text, match.start())
        return Quantity(_subject(text, start), op or ">=", value, "比", _around(text, match))
    if groups["low"]:
        if _is_scope(text, match) or groups["runit"] in ("年", "月"):
            return None
        return Quantity(
            _subject(text, match.start()), "range", float(groups["low"]), groups["runit"],
            _around(text, match), high=float(groups["high"]),
        )  # fmt: skip
    return _plain(text, match, groups)


def _plain(text: str, match: re.Match[str], groups: dict[str, str]) -> Quantity | None:
    number, unit = groups["num"] or groups["zh"], groups["unit"] or groups["zhunit"]
    if _is_scope(text, match) or _is_name(text, match):
        return None
    if groups["zh"] and _before(text, match.start())[0] is None and not _is_done(text, match):
        return None
    before, start = _before(text, match.start())
    after = next((op for op, words in AFTER.items() if text[match.end() :].startswith(words)), None)
    op = before or after or ">="
    if before and after == "<=" and before == ">=":
        op = "<="
    return Quantity(_subject(text, start), op, _number(number), unit, _around(text, match))


def _number(text: str) -> float:
    if text[0].isdigit():
        return float(text)
    total, current = 0, 0
    for char in text:
        if char in "十百":
            total += (current or 1) * (10 if char == "十" else 100)
            current = 0
        else:
            current = DIGITS[char]
    return float(total + current)


def _before(text: str, at: int) -> tuple[str | None, int]:
    """The comparison that ends right before the number, and where the number's phrase begins."""
    head = text[:at]
    words = [(word, op) for op, group in BEFORE.items() for word in group if word != "完成"]
    for word, op in sorted(words, key=lambda pair: -len(pair[0])):
        if head.endswith(word):
            return op, at - len(word)
    return None, at


def _is_scope(text: str, match: re.Match[str]) -> bool:
    """A size that says which ones are meant: 200张床位以上的医院, （5万吨以上）."""
    rest = text[match.end() :]
    unit_and_rest = text[match.end() - 1 :]
    if any(rest.startswith(word) or unit_and_rest.startswith(word) for word in SCOPE_AFTER):
        return True
    opened = text.rfind("（", 0, match.start()) > text.rfind("）", 0, match.start())
    return opened and rest.startswith(("以上", "以下"))


def _is_name(text: str, match: re.Match[str]) -> bool:
    """Part of a name: quoted, or between Latin letters and signs."""
    before, after = text[: match.start()], text[match.end() :]
    if before.count("“") > before.count("”") or before.count("《") > before.count("》"):
        return True
    return bool(re.match(r"[A-Za-z+]", after)) or before.endswith(("第", "〔", "+"))


def _is_done(text: str, match: re.Match[str]) -> bool:
    """A numeral in characters counts as the object of a verb of doing."""
    return bool(
        re.search(
            r"(完成|新建|建成|建设|创建|打造|购置|新购|购买|配备|采购|开展)$", text[: match.start()]
        )
    )


def _subject(text: str, end: int) -> str:
    """The words before, back to the last stop."""
    head = text[:end]
    start = max((head.rfind(char) for char in STOP), default=-1) + 1
    return head[start:].strip()


def _around(text: str, match: re.Match[str]) -> str:
    """The clause that holds the quantity."""
    start = max(text.rfind(char, 0, match.start()) for char in "，。；、：\n") + 1
    ends = [text.find(char, match.end()) for char in "，。；、\n"]
    end = min((place for place in ends if place >= 0), default=len(text))
    return text[start:end].strip()


def _words(text: str) -> list[tuple[int, Quantity]]:
    """清零, 全覆盖 and judgements, where no figure of the same clause says it already."""
    found: list[tuple[int, Quantity]] = []
    for words, op, value, unit in ((CLEARS, "<=", 0.0, ""), (COVERS, ">=", 100.0, "%")):
        for word in words:
            for match in re.finditer(re.escape(word), text):
                clause = _around(text, match)
                if not (unit == "%" and "%" in clause):
                    own = Quantity(_subject(text, match.start()), op, value, unit, clause)
                    found.append((match.start(), own))
    for word in JUDGED[:1]:
        at = text.find(word)
        if at >= 0:
            found.append((at, Quantity(_subject(text, at), "judged", None, "", word)))
    return found
