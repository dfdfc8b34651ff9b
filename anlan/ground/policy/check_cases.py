"""What a schema cannot say of `cases.yaml`: every name that a case uses is one that it declares.

Flows in: the section as data, its pack, the other packs' cases. Flows out: (key, what, mend).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from anlan.ground.policy import check_types, packs
from anlan.ground.policy.packs import PackFault

Found = tuple[list[object], str, str]
Entry = dict[str, Any]
PLACEHOLDERS = frozenset(
    {"county", "case", "number", "object", "place", "day", "due", "who", "law"}
)


def faults(data: Entry, pack: str) -> Iterator[Found]:
    """Every fault of the section."""
    for name, entry in data.items():
        for path, what, mend in _case(entry, f"{pack}.{name}", data, pack):
            yield [name, *path], what, mend


def _case(entry: Entry, full: str, data: Entry, pack: str) -> Iterator[Found]:
    types = set(check_types.shared()) | set(_own(pack, "types").get("types", {}))
    for at, kind in enumerate(entry["about"]["types"]):
        yield from _known(["about", "types", at], kind, types, "监管对象")
    if entry["about"].get("needed") and not entry["about"]["types"]:
        yield ["about", "needed"], "没有写可以是哪几类对象", "写 types，或删去 needed"
    yield from _steps(entry, types)
    yield from _openings(entry, full, data)
    yield from _deadlines(entry)
    yield from _objections(entry)
    yield from _reach(entry)


def _steps(entry: Entry, types: set[str]) -> Iterator[Found]:
    fields, states, moves = _fields(entry), entry["states"], entry["moves"]
    for name in entry["opens"]:
        if name in moves:
            yield ["opens", name], "和一步办理同名", "换一个名称"
    for where, name, step in _all(entry):
        yield from _known([where, name, "to"], step["to"], set(states), "状态")
        yield from _conditions([where, name], step, fields)
        for key, ask in step.get("asks", {}).items():
            yield from _ask([where, name, "asks", key], key, ask, fields, types)
    for name, move in moves.items():
        for at, state in enumerate(move["from"]):
            yield from _known(["moves", name, "from", at], state, set(states), "状态")
            if states.get(state, {}).get("end"):
                yield ["moves", name, "from", at], "办结的状态不能再往下走", "去掉这个状态"
        for at, other in enumerate(move.get("other_than", ())):
            known = {*moves, *entry["opens"]}
            yield from _known(["moves", name, "other_than", at], other, known, "步骤")
        for at, link in enumerate(move.get("after_links", ())):
            yield from _known(["moves", name, "after_links", at], link, set(entry.get("links", {})),
                              "关联")  # fmt: skip
        if "apart" in move:
            yield from _known(["moves", name, "apart", "type"], move["apart"]["type"], types,
                              "监管对象")  # fmt: skip
        for at, post in enumerate(move.get("posts", ())):
            yield from _known(["moves", name, "posts", at], post, _posts(), "岗位")
    if "grade" in entry:
        own = fields.get(entry["grade"])
        if own is None or own["kind"] != "choice":
            yield ["grade"], f"没有这个选择项：{entry['grade']}", "写一个 choice 字段"
        for at, grade in enumerate(entry.get("grave", ())):
            yield from _known(["grave", at], grade, set((own or {}).get("options", {})), "级别")


def _ask(
    path: list[object], key: str, ask: Entry, fields: dict[str, Entry], types: set[str]
) -> Iterator[Found]:
    """One field is one thing, wherever it is asked for."""
    first = fields[key]
    same = ("kind", "options", "unit", "of")
    if any(ask.get(part) != first.get(part) for part in same):
        yield path, "同一个字段在别处是另一种", "两处写成一样，或换一个名称"
    if "of" in ask:
        yield from _known([*path, "of"], ask["of"], types, "监管对象")
    low, high = ask.get("at_least"), ask.get("at_most")
    if low is not None and high is not None and high < low:
        yield [*path, "at_most"], "上限小于下限", "对调"
    for part in ("ahead", "most_days"):
        if part in ask and ask["kind"] != "date":
            yield [*path, part], "只有日期可以写这一项", "删去"
    if "when" in ask:
        yield from _conditions(path, ask, fields)


def _conditions(path: list[object], said: Entry, fields: dict[str, Entry]) -> Iterator[Found]:
    own = said.get("when")
    if own is None:
        return
    field = fields.get(own["field"])
    if field is None:
        yield [*path, "when", "field"], f"没有这个字段：{own['field']}", _only(set(fields))
        return
    for value in own.get("in", [own.get("is")]):
        if field["kind"] == "choice" and value not in field["options"]:
            yield [*path, "when"], f"没有这个选项：{value}", _only(set(field["options"]))
        elif field["kind"] == "yes_no" and not isinstance(value, bool):
            yield [*path, "when"], f"这里是 true 或 false：{value}", "改成 true 或 false"
        elif field["kind"] not in ("choice", "yes_no"):
            yield [*path, "when"], "条件只能看选择项和是否项", "换一个字段"


def _openings(entry: Entry, full: str, data: Entry) -> Iterator[Found]:
    for name, own in entry["opens"].items():
        path: list[object] = ["opens", name]
        wants = {"case": ("from", "link"), "every": ("every", "object")}.get(own["by"], ())
        for part in wants:
            if part not in own:
                yield [*path, part], f"{own['by']} 要写 {part}", "补上这一项"
        for part in {"from", "link", "copies", "every", "object", "where"} & set(own):
            if part not in (*wants, "copies" if own["by"] == "case" else "",
                            "where" if own["by"] == "every" else ""):  # fmt: skip
                yield [*path, part], f"{own['by']} 不写 {part}", "删去这一项"
        if own["by"] == "case" and "from" in own:
            other = _other(own["from"], full, data)
            if other is None:
                yield [*path, "from"], f"没有这一类事项：{own['from']}", "写 包.事项"
                continue
            yield from _known([*path, "link"], own.get("link", ""), set(entry.get("links", {})),
                              "关联")  # fmt: skip
            for at, key in enumerate(own.get("copies", ())):
                yield from _known([*path, "copies", at], key,
                                  set(_fields(entry)) & set(_fields(other)), "字段")  # fmt: skip
        if own["by"] in ("public", "every") and any(
            a.get("needed") for a in own.get("asks", {}).values()
        ):
            yield [*path, "asks"], "没有人填这一项", "改成不必填，或在后面的步骤里要"


def _deadlines(entry: Entry) -> Iterator[Found]:
    fields, steps, known = _fields(entry), {*entry["moves"], *entry["opens"]}, packs.laws()
    for name, own in entry.get("deadlines", {}).items():
        path: list[object] = ["deadlines", name]
        for part in ("starts", "ends"):
            for at, step in enumerate(own[part]):
                yield from _known([*path, part, at], step, steps, "步骤")
        yield from _length(path, own, known, ("until", "days", "value"))
        if "until" in own:
            yield from _from_day(path, own, entry, fields)
        elif "counted" not in own:
            yield [*path, "counted"], "没有写怎样数天", "写 calendar 或 working"
        yield from _conditions(path, own, fields)
        for at, one in enumerate(own.get("missed", ())):
            chain = one.get("chain", "/")
            pack, _slash, key = chain.partition("/")
            if one["then"] == "call" and key not in _own(pack, "chains"):
                yield [*path, "missed", at, "chain"], f"没有这条叫应链：{chain}", "写 包/链"


def _from_day(
    path: list[object], own: Entry, entry: Entry, fields: dict[str, Entry]
) -> Iterator[Found]:
    """A date that is the deadline is asked for, needed, by every step that starts it."""
    if fields.get(own["until"], {}).get("kind") != "date":
        yield [*path, "until"], f"没有这个日期字段：{own['on']}", "写一个 date 字段"
        return
    if "counted" in own:
        yield [*path, "counted"], "按日期定的期限不数天", "删去这一项"
    for at, step in enumerate(own["starts"]):
        asks = entry["moves"].get(step, entry["opens"].get(step, {})).get("asks", {})
        own_ask = asks.get(own["until"], {})
        if not own_ask.get("needed") or not own_ask.get("ahead") or "when" in own_ask:
            yield [*path, "starts", at], f"{step} 没有必填这个日期", "在那一步写 needed 和 ahead"


def _objections(entry: Entry) -> Iterator[Found]:
    known = packs.laws()
    for name, own in entry.get("objections", {}).items():
        path: list[object] = ["objections", name]
        yield from _known([*path, "to"], own["to"], set(entry["moves"]), "步骤")
        yield from _known([*path, "back"], own["back"], set(entry["states"]), "状态")
        yield from _length(path, own, known, ("days", "value"))
        if "after" in own:
            yield from _known([*path, "after"], own["after"],
                              set(entry["objections"]) - {name}, "异议")  # fmt: skip
        if entry["states"].get(own["back"], {}).get("end"):
            yield [*path, "back"], "退回的状态已经办结", "退回到还能往下走的状态"


def _length(path: list[object], own: Entry, known: Any, parts: tuple[str, ...]) -> Iterator[Found]:
    said = [part for part in parts if part in own]
    if len(said) != 1:
        yield path, f"期限要写且只写一种：{'、'.join(parts)}", "留下一种"
    if "value" in own and own["value"] not in known:
        yield [*path, "value"], f"没有这个规则值：{own['value']}", "先写进 _law"


def _reach(entry: Entry) -> Iterator[Found]:
    """Every state can be come to, and from every state an end can be."""
    reached = {own["to"] for own in entry["opens"].values()}
    reached |= {own["back"] for own in entry.get("objections", {}).values()} & set(entry["states"])
    ends = {name for name, own in entry["states"].items() if own.get("end")}
    if not ends:
        yield ["states"], "没有办结的状态", "给一个状态写 end: done"
    for _turn in entry["states"]:
        reached |= {m["to"] for m in entry["moves"].values() if set(m["from"]) & reached}
        ends |= {s for m in entry["moves"].values() if m["to"] in ends for s in m["from"]}
    for name in entry["states"]:
        if name not in reached:
            yield ["states", name], "没有一步走到这个状态", "加一步，或删去它"
        elif name not in ends:
            yield ["states", name], "从这个状态办不结", "加一步往下走"


def _fields(entry: Entry) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for _where, _name, step in _all(entry):
        for key, ask in step.get("asks", {}).items():
            found.setdefault(key, ask)
    return found


def _all(entry: Entry) -> Iterator[tuple[str, str, Entry]]:
    for where in ("opens", "moves"):
        for name, step in entry[where].items():
            yield where, name, step


def _other(name: str, full: str, data: Entry) -> Entry | None:
    pack, _dot, key = name.partition(".")
    found = data.get(key) if pack == full.partition(".")[0] else _own(pack, "cases").get(key)
    return found if isinstance(found, dict) else None


def _own(pack: str, section: str) -> Entry:
    """A section of a shipped pack; nothing where it has none or cannot be read."""
    try:
        return packs.section(pack, section) if (packs.PACKS / pack).is_dir() else {}
    except PackFault:
        return {}


def _posts() -> set[str]:
    return set(packs.read(packs.PACKS / "_core" / "rights.yaml")["posts"])


def _known(path: list[object], name: str, known: set[str], what: str) -> Iterator[Found]:
    if name not in known:
        yield path, f"没有这种{what}：{name}", _only(known)


def _only(known: set[str]) -> str:
    return f"只许 {'、'.join(sorted(known))}"
