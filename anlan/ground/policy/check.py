"""`anlan packs check`: every fault of a pack with its file, its line, its key and its mend.

Flows in: a folder of packs, or one pack. Flows out: faults. The form of each section is a JSON
Schema under `packs/_schema`, which editors read too; what a schema cannot say (a fact's columns, a
post's kind, a closed list of placeholders, a source for every date) is checked here. Nothing of a
pack is ever run, and no file outside its folder is opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from anlan.ground.policy import check_cases, check_types, facts, packs
from anlan.ground.policy.packs import Document, Fault, PackFault

SECTIONS = ("pack", "chains", "texts", "indicators", "types", "events", "cases", "situations")
SHARED = {"_core": ("rights", "types"), "_law": None}
DATA_FILES = {
    "_core": {"divisions_500231.csv", "password_words.yaml", "plan_demo.yaml", "surnames.yaml"}
}
HIDDEN = frozenset({"_schema", "_template"})
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FILES_MAX = 200
FAULTS_MAX = 500
PLACEHOLDERS = {
    "chains": frozenset({"text", "code", "link", "post", "title"}),
    "texts": frozenset({"county", "label", "grade", "at", "area", "caution", "measures", "others"}),
    "cases": check_cases.PLACEHOLDERS,
    "": frozenset(),
}
BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked: the packs by name, and every fault found."""

    packs: list[str]
    faults: list[Fault]


@lru_cache(maxsize=16)
def schema(name: str) -> dict[str, Any]:
    """The published schema of a section."""
    path = packs.PACKS / "_schema" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def check(folder: Path = packs.PACKS) -> Checked:
    """Check one pack (a folder with pack.yaml) or a folder of packs, `_law` and `_core` with it."""
    if (folder / "pack.yaml").exists() or (folder / "pack.yaml").is_symlink():
        own = [folder]
    else:
        own = sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in HIDDEN)
    faults: list[Fault] = []
    if not own:
        faults.append(Fault(folder.name, 0, "", "没有规则包", "规则包是有 pack.yaml 的文件夹"))
    for path in own:
        faults += _folder(path)
    return Checked([path.name for path in own], faults[:FAULTS_MAX])


def _folder(folder: Path) -> list[Fault]:
    if folder.is_symlink():
        return [Fault(folder.name, 0, "", "文件夹是链接", "把规则包放进来")]
    if folder.name not in SHARED and not NAME.fullmatch(folder.name):
        return [Fault(folder.name, 0, "", "名称不合规", "小写字母开头，只用小写字母、数字、下划线")]
    faults: list[Fault] = []
    files = sorted(folder.iterdir())[:FILES_MAX]
    if folder.name not in SHARED and not (folder / "pack.yaml").is_file():
        faults.append(
            Fault(f"{folder.name}/pack.yaml", 0, "", "缺少 pack.yaml", "写明名称、层级和质量")
        )
    for path in files:
        faults += _file(folder, path)
    return faults


def _file(folder: Path, path: Path) -> list[Fault]:
    """One file: known by its name, readable, in form, and true to what it names."""
    name = f"{folder.name}/{path.name}"
    if path.name in DATA_FILES.get(folder.name, ()):
        return []
    section = _section(folder, path)
    if section is None:
        return [Fault(name, 0, "", "规则包里没有这种文件", f"只许 {'、'.join(_allowed(folder))}")]
    try:
        document = packs.read_document(path)
    except PackFault as broken:
        return [broken.fault]
    data = _plain(document.data)
    faults = list(_in_form(document, section, data))
    return faults or list(_true(document, section, data))


def _section(folder: Path, path: Path) -> str | None:
    if path.suffix != ".yaml" or path.is_dir():
        return None
    if folder.name == "_law":
        if path.stem == packs.CITATIONS:
            return packs.CITATIONS
        return "law" if NAME.fullmatch(path.stem) else None
    known = SHARED.get(folder.name) or SECTIONS
    return path.stem if path.stem in known else None


def _allowed(folder: Path) -> list[str]:
    if folder.name == "_law":
        return ["*.yaml"]
    return [f"{name}.yaml" for name in SHARED.get(folder.name) or SECTIONS]


def _plain(value: Any) -> Any:
    """Days as ISO text, as JSON knows no dates."""
    if isinstance(value, dict):
        return {_plain(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


# the form


def _in_form(document: Document, section: str, data: Any) -> Iterator[Fault]:
    from jsonschema import Draft202012Validator

    if not isinstance(data, dict) or not all(isinstance(key, str) for key in _keys(data)):
        yield Fault(document.file, 1, "", "应为“键: 值”，键是文字", "参照其他规则包")
        return
    for error in Draft202012Validator(schema(section)).iter_errors(data):
        for one in _deepest(error):
            path = list(one.absolute_path)
            what, mend, more = _words(one)
            yield _fault(document, [*path, *more], what, mend)


def _keys(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _keys(one)
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one)


def _deepest(error: Any) -> list[Any]:
    """Of alternatives, the errors of the one that fits best; else the error itself."""
    if error.validator in ("if", "allOf") and error.context:
        return [inner for one in error.context for inner in _deepest(one)]
    return [error]


def _fault(document: Document, path: Sequence[object], what: str, mend: str) -> Fault:
    key = ".".join(str(step) for step in path)
    return Fault(document.file, document.line_of(path), key, what, mend)


def _words(error: Any) -> tuple[str, str, list[str]]:
    """(what is wrong, the mend, further steps of the key) of a schema's error."""
    kind, wanted, value = error.validator, error.validator_value, error.instance
    if kind == "required":
        lacking = [name for name in wanted if name not in value]
        return f"缺少 {'、'.join(lacking)}", "补上这一项", []
    if kind == "additionalProperties":
        known = set(error.schema.get("properties", {}))
        forms = list(error.schema.get("patternProperties", {}))
        extra = [
            name for name in value
            if name not in known and not any(re.search(form, name) for form in forms)
        ]  # fmt: skip
        allowed = "、".join(sorted(known)) or "、".join(forms)
        return f"没有这一项：{extra[0]}", f"只许 {allowed}", [extra[0]]
    if kind == "pattern" and "一" in str(wanted):
        return "没有中文", "写上中文", []
    if kind == "enum":
        return f"不能是 {value}", f"应为 {'、'.join(str(one) for one in wanted)}", []
    if kind == "type":
        return f"不能是 {str(value)[:40]}", f"应为 {wanted}", []
    if kind == "anyOf" and error.context and all(c.validator == "required" for c in error.context):
        return "没有说回答哪一条", "写 plan_rows、promise，或用 untied 说明为什么都没有", []
    if kind == "not":
        return "这里不该有 numerator", "只有 ratio 才写 numerator", []
    return f"不合要求：{str(value)[:60]}", f"{kind}：{str(wanted)[:100]}", []


# what a schema cannot say


def _true(document: Document, section: str, data: dict[str, Any]) -> Iterator[Fault]:
    yield from _placeholders(document, section, data, [])
    if section == "indicators":
        for name, entry in data.items():
            yield from _indicator(document, name, entry)
    elif section == "chains":
        yield from _chains(document, data)
    elif section == "law":
        for name, entry in data.items():
            yield from _law(document, name, entry)
    elif section == "rights":
        yield from _rights(document, data)
    elif section == "types":
        for path, what, mend in check_types.faults(data, document.file.startswith("_core/")):
            yield _fault(document, path, what, mend)
    elif section == "cases":
        for path, what, mend in check_cases.faults(data, document.file.partition("/")[0]):
            yield _fault(document, path, what, mend)
    elif section == "situations":
        yield from _situations(document, data)
    elif section == "events":
        yield from _events(document, data)


def _placeholders(
    document: Document, section: str, value: Any, path: list[object]
) -> Iterator[Fault]:
    """Braces hold a word of the closed list and nothing else."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in items:
            yield from _placeholders(document, section, one, [*path, key])
        return
    if not isinstance(value, str):
        return
    allowed = PLACEHOLDERS.get(section, PLACEHOLDERS[""])
    left = BRACES.sub("", value)
    wrong = [word for word in BRACES.findall(value) if word not in allowed]
    if wrong or "{" in left or "}" in left or "{%" in value:
        listed = "、".join(f"{{{word}}}" for word in sorted(allowed)) or "这里不许有花括号"
        yield _fault(
            document, path, f"没有这个占位：{(wrong or [value])[0][:40]}", f"只许 {listed}"
        )


def _indicator(document: Document, name: str, entry: dict[str, Any]) -> Iterator[Fault]:
    published = facts.published()
    columns = published.get(entry["fact"])
    if columns is None:
        yield _fault(document, [name, "fact"], f"没有公布这个事实视图：{entry['fact']}",
                     f"只许 {'、'.join(sorted(published))}")  # fmt: skip
        return
    for path, column in _columns(entry):
        if column not in columns:
            yield _fault(document, [name, *path], f"{entry['fact']} 没有这一列：{column}",
                         f"只许 {'、'.join(sorted(columns))}")  # fmt: skip
    if entry.get("high") is not None and entry["high"] < (entry["target"] or 0):
        yield _fault(document, [name, "high"], "上限小于下限", "对调")
    if "base" in entry and entry["measure"] != "ratio":
        yield _fault(document, [name, "base"], "只有 ratio 有基数", "删去 base")


def _columns(entry: dict[str, Any]) -> Iterator[tuple[list[object], str]]:
    """Every column that an indicator names, with its key."""
    for key in ("where", "needs"):
        for at, one in enumerate(entry.get(key, [])):
            yield [key, at, "field"], one["field"]
    for joint, listed in entry.get("numerator", {}).items():
        for at, one in enumerate(listed):
            yield ["numerator", joint, at, "field"], one["field"]
    if "value" in entry:
        yield ["value"], entry["value"]
    if isinstance(entry.get("evidence"), dict):
        yield ["evidence", "column"], entry["evidence"]["column"]


@lru_cache(maxsize=1)
def _post_kinds() -> frozenset[str]:
    found = packs.read(packs.PACKS / "_core" / "rights.yaml")
    return frozenset(found["posts"])


def _chains(document: Document, data: dict[str, Any]) -> Iterator[Fault]:
    known = _post_kinds()
    for name, chain in data.items():
        for at, level in enumerate(chain["levels"]):
            named = [(["posts", n], kind) for n, kind in enumerate(level["posts"])]
            if level["fallback"]:
                named.append((["fallback"], level["fallback"]))
            for path, kind in named:
                if kind not in known:
                    yield _fault(document, [name, "levels", at, *path], f"没有这种岗位：{kind}",
                                 f"只许 {'、'.join(sorted(known))}")  # fmt: skip


def _situations(document: Document, data: dict[str, Any]) -> Iterator[Fault]:
    """Every day is one, and every post is in the table of rights."""
    posts = _post_kinds()
    for name, situation in data.items():
        for at, step in enumerate(situation["steps"]):
            path = [name, "steps", at]
            days = [(key, step[key]) for key in ("day", "to") if key in step]
            days += [("then", day) for day in step.get("then", {}).get("due", {}).values() if day]
            for key, day in days:
                try:
                    date.fromisoformat(day)
                except ValueError:
                    yield _fault(document, [*path, key], f"不是日期：{day}", "写成 2025-03-14")
            if step.get("as", next(iter(posts))) not in posts:
                yield _fault(document, [*path, "as"], f"没有这种岗位：{step['as']}",
                             f"只许 {'、'.join(sorted(posts))}")  # fmt: skip


def _events(document: Document, data: dict[str, Any]) -> Iterator[Fault]:
    """Every kind names a family that is there; every clock names a dated value of `_law`."""
    known = packs.laws()
    for name, kind in data["kinds"].items():
        if kind["family"] not in data["families"]:
            yield _fault(document, ["kinds", name, "family"], f"没有这一类：{kind['family']}",
                         f"只许 {'、'.join(sorted(data['families']))}")  # fmt: skip
    named = [(["kinds", name, "change_days"], kind.get("change_days"))
             for name, kind in data["kinds"].items()]  # fmt: skip
    for name, family in data["families"].items():
        named.append((["families", name, "change_days"], family.get("change_days")))
        named += [
            (["families", name, part, "value"], entry["value"])
            for part, entry in family.items()
            if isinstance(entry, dict) and "value" in entry
        ]
    for path, value in named:
        if value is not None and value not in known:
            yield _fault(document, path, f"没有这个规则值：{value}", "先写进 _law")


def _law(document: Document, name: str, entry: dict[str, Any]) -> Iterator[Fault]:
    """Every dated value has its source; a verified one names a text that can be held against it."""
    for day in entry["values"]:
        try:
            date.fromisoformat(day)
        except ValueError:
            yield _fault(document, [name, "values", day], "没有这一天", "写真实的日期")
        if day not in entry["source"]:
            yield _fault(
                document, [name, "values", day], "这个值没有出处", "在 source 写同一日期的出处"
            )
    for day, source in entry["source"].items():
        if day not in entry["values"]:
            yield _fault(
                document, [name, "source", day], "这个出处没有值", "在 values 写同一日期的值"
            )
        if entry["status"] == "verified" and not set(source) & {"law", "standard", "document"}:
            yield _fault(document, [name, "source", day], "已核的值须有法条、标准或文件",
                         "写明出处，或改为 unverified")  # fmt: skip
    kinds = {type(value) is str for value in entry["values"].values()}
    if len(kinds) > 1:
        yield _fault(document, [name, "values"], "各日期的值类型不同", "统一为数或文字")


def _rights(document: Document, data: dict[str, Any]) -> Iterator[Fault]:
    for group in ("posts", "administrators"):
        for kind, entry in data[group].items():
            for at, right in enumerate(entry["rights"]):
                if right not in data["rights"]:
                    yield _fault(document, [group, kind, "rights", at], f"没有这项权限：{right}",
                                 "先写进 rights")  # fmt: skip
