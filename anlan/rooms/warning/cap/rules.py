"""Holds a message to CAP 1.2: each rule broken, with its line, its element and the mend. Pure.

Flows in: the tree of `ground.markup`. Flows out: faults in the order of the document. Where a
rule is more than a kind of text it is a function here; the rest stands as data in `grammar`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from anlan.ground.markup import XSI, Element
from anlan.rooms.warning.cap import grammar as g
from anlan.rooms.warning.cap.geometry import BadShape, read_circle, read_polygon

FAULTS_MAX = 200
SEEN_CHARS_MAX = 80
QUOTED = re.compile(r'"[^"]*"|\S+')


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule broken. rule: its number; path: the element's place; line, column: from 1."""

    rule: str
    path: str
    element: str
    line: int
    column: int
    seen: str
    message: str
    mend: str


class _Faults(list[Fault]):
    def add(
        self, rule: str, at: Element, path: str, message: str, mend: str, seen: str = ""
    ) -> None:
        if len(self) < FAULTS_MAX:
            self.append(
                Fault(rule, path, at.name, at.line, at.column, seen[:SEEN_CHARS_MAX], message, mend)
            )


def check(root: Element) -> list[Fault]:
    """Every rule that the document breaks, at most FAULTS_MAX; empty where it is valid CAP 1.2."""
    faults = _Faults()
    if root.name != "alert" or root.namespace != g.NAMESPACE:
        older = root.name == "alert" and root.namespace in g.OLDER
        message = "这是旧版 CAP，不是 1.2" if older else "根元素不是 CAP 1.2 的 alert"
        mend = f"根元素应为 alert，命名空间 {g.NAMESPACE}"
        faults.add("3.2.1/alert/namespace", root, "/" + root.name, message, mend, root.namespace)
        return faults
    _block(root, "/alert", faults)
    _alert(root, faults)
    return sorted(faults, key=lambda fault: (fault.line, fault.column))


def _block(block: Element, path: str, faults: _Faults) -> None:
    """The children of a block: known, in order, as often as they may be, each of its kind."""
    rules, section = g.BLOCKS[block.name], g.SECTIONS[block.name]
    _attributes(block, path, faults)
    order = {rule.name: number for number, rule in enumerate(rules)}
    counts: dict[str, int] = dict.fromkeys(order, 0)
    furthest = 0
    for child in block.children:
        below = f"{path}/{child.name}"
        if child.namespace == g.SIGNATURE and block.name == "alert":
            furthest = len(rules)
            continue
        if child.namespace != g.NAMESPACE or child.name not in order:
            faults.add(f"3.4/{block.name}/unknown", child, below, f"{block.name} 里没有这个元素",
                       "请去掉，或放进 parameter", child.name)  # fmt: skip
            continue
        rule = rules[order[child.name]]
        counts[child.name] += 1
        if order[child.name] < furthest:
            faults.add(f"3.4/{block.name}/order", child, below,
                       f"{child.name} 的位置不对", f"{block.name} 里的顺序：{_names(rules)}")  # fmt: skip
        furthest = max(furthest, order[child.name])
        if counts[child.name] == rule.most + 1:
            faults.add(f"{section}/{child.name}/once", child, below,
                       f"{child.name} 只能有一个", "请只留一个")  # fmt: skip
        _holds(child, rule, f"{below}[{counts[child.name]}]" if rule.most > 1 else below,
               section, faults)  # fmt: skip
    for rule in rules:
        if counts[rule.name] < rule.least:
            faults.add(f"{section}/{rule.name}/required", block, f"{path}/{rule.name}",
                       f"缺 {rule.name}", f"请在 {block.name} 里写 {rule.name}")  # fmt: skip
    if "".join(block.parts).strip():
        faults.add(f"3.4/{block.name}/text", block, path, f"{block.name} 里有不在元素里的文字",
                   "请去掉", "".join(block.parts).strip())  # fmt: skip


def _names(rules: tuple[g.Holds, ...]) -> str:
    return "、".join(rule.name for rule in rules)


def _attributes(element: Element, path: str, faults: _Faults) -> None:
    strange = [name for name in element.attributes if not name.startswith(XSI + " ")]
    if strange:
        faults.add(f"3.4/{element.name}/attribute", element, path,
                   f"{element.name} 没有属性", "请去掉属性", "、".join(strange))  # fmt: skip


def _holds(child: Element, rule: g.Holds, path: str, section: str, faults: _Faults) -> None:
    if rule.kind in ("block", "pair"):
        _block(child, path, faults)
        return
    _attributes(child, path, faults)
    if child.children:
        faults.add(f"3.4/{child.name}/plain", child, path, f"{child.name} 里只能是文字",
                   "请去掉里面的元素", child.children[0].name)  # fmt: skip
        return
    text = child.text.strip()
    said = _text_fault(text, rule)
    if said is not None:
        code, message, mend = said
        faults.add(f"{section}/{child.name}/{code}", child, path, message, mend, text)


def _text_fault(text: str, rule: g.Holds) -> tuple[str, str, str] | None:
    """(code, message, mend) where the text is not of its kind; None where it is."""
    name = rule.name
    if not text:
        required = rule.kind != "any" and (rule.least or rule.kind != "words")
        return ("empty", f"{name} 是空的", "请填写，或去掉这个元素") if required else None
    if rule.kind == "one_of":
        if text in rule.values:
            return None
        return "value", f"{name} 没有这个取值", "可以写：" + "、".join(rule.values)
    if rule.kind == "moment":
        return _moment_fault(text, name)
    if rule.kind in ("polygon", "circle"):
        return _shape_fault(text, rule.kind)
    if rule.kind == "references":
        return _references_fault(text)
    return _pattern_fault(text, rule)


PATTERNS = {
    "name": (g.NAME, "characters", "不能有空格、逗号、< 和 &", "请换成不含这些字符的写法"),
    "language": (g.LANGUAGE, "form", "不是语言代码", "例如 zh-CN"),
    "uri": (g.URI, "absolute", "不是完整的网址", "请写完整网址，例如 https://…"),
    "whole": (g.WHOLE, "number", "不是整数", "请写整数，单位字节"),
    "decimal": (g.DECIMAL, "number", "不是数", "请写数，单位英尺，高于海平面"),
    "mime": (g.MIME, "form", "不是 MIME 类型", "例如 image/png"),
    "sha1": (g.SHA1, "form", "不是 SHA-1 摘要", "请写 40 位十六进制"),
    "base64": (g.BASE64, "form", "不是 base64", "请用 base64 编码文件内容"),
}


def _pattern_fault(text: str, rule: g.Holds) -> tuple[str, str, str] | None:
    if rule.kind == "uri_ref" and any(char.isspace() for char in text):
        return "form", f"{rule.name} 里有空格", "请写网址，或随附文件的名字"
    if rule.kind == "addresses" and text.count('"') % 2:
        return "quotes", f"{rule.name} 的引号不成对", "含空格的一项请用一对双引号括起来"
    if rule.kind not in PATTERNS:
        return None
    pattern, code, message, mend = PATTERNS[rule.kind]
    return None if pattern.match(text) else (code, f"{rule.name} {message}", mend)


def _moment_fault(text: str, name: str) -> tuple[str, str, str] | None:
    mend = "写成 2024-07-10T22:15:00+08:00 的样子；UTC 写 -00:00，不写 Z"
    if text.endswith(("Z", "z")):
        return "zone-letter", f"{name} 用字母写时区", mend
    if not g.MOMENT.match(text):
        return "form", f"{name} 不是完整的时间", mend
    return None if moment(text) else ("impossible", f"{name}：日历上没有这个时间", mend)


def moment(text: str) -> datetime | None:
    """An aware time of CAP's form; None where it is none."""
    if not g.MOMENT.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


SHAPES = {
    "points-few": ("坐标不足 4 对", "至少 4 对，最后一对和第一对相同"),
    "points-many": ("坐标超过 10000 对", "请简化边界"),
    "open": ("多边形没有闭合", "最后一对坐标要和第一对相同"),
    "number": ("坐标写法不对", "每对写成 纬度,经度，用空格隔开"),
    "range": ("坐标或半径超出范围", "纬度 -90 到 90，经度 -180 到 180，半径单位千米"),
    "swapped": ("像是经度和纬度写反了", "先写纬度，后写经度"),
}


def _shape_fault(text: str, kind: str) -> tuple[str, str, str] | None:
    try:
        if kind == "polygon":
            read_polygon(text)
        else:
            read_circle(text)
    except BadShape as bad:
        message, mend = SHAPES[bad.code]
        return bad.code, f"{kind} {message}" + (f"（{bad.seen}）" if bad.seen else ""), mend
    return None


def _references_fault(text: str) -> tuple[str, str, str] | None:
    for one in text.split():
        pieces = one.split(",")
        if len(pieces) != 3 or not all(pieces):
            return "triple", "references 的一项不是三段", "每项写成 sender,identifier,sent"
        if moment(pieces[2]) is None:
            return "triple-time", "references 里的时间不对", "与所引消息的 sent 一字不差"
    return None


def _alert(root: Element, faults: _Faults) -> None:
    """What hangs together: scope with its restriction or addresses, type with its references."""
    scope, kind = root.said("scope"), root.said("msgType")
    for needed, when in (("restriction", "Restricted"), ("addresses", "Private")):
        if scope == when and not root.said(needed):
            faults.add(f"3.2.1/{needed}/conditional", root, f"/alert/{needed}",
                       f"scope 为 {when} 时要有 {needed}", f"请写 {needed}，或改 scope")  # fmt: skip
    if kind in ("Update", "Cancel", "Ack", "Error") and not root.said("references"):
        faults.add("3.2.1/references/needed", root, "/alert/references",
                   f"msgType 为 {kind} 时要用 references 写明是哪一条", "写 sender,identifier,sent")  # fmt: skip
    for number, info in enumerate(root.all("info"), 1):
        _info(info, f"/alert/info[{number}]", faults)


def _info(info: Element, path: str, faults: _Faults) -> None:
    for number, area in enumerate(info.all("area"), 1):
        ceiling = area.first("ceiling")
        if ceiling is not None and area.first("altitude") is None:
            faults.add("3.2.4/ceiling/altitude", ceiling, f"{path}/area[{number}]/ceiling",
                       "只有 ceiling，没有 altitude", "请一起写 altitude，或去掉 ceiling")  # fmt: skip
