"""Reads packs: folders of YAML and nothing else, by a loader that runs no code.

Flows in: `anlan/packs`. Flows out: plain dictionaries, and faults with file, line and mend.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

PACKS = Path(__file__).resolve().parents[2] / "packs"
FILE_BYTES_MAX = 1_000_000
ALIASES_MAX = 100
DEPTH_MAX = 32
NODES_MAX = 20_000
CITATIONS = "citations"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a pack, where, and how to put it right."""

    file: str
    line: int
    key: str
    what: str
    mend: str


class PackFault(Exception):
    """A pack cannot be read."""

    def __init__(self, fault: Fault):
        super().__init__(f"{fault.file}:{fault.line} {fault.key}: {fault.what}. {fault.mend}")
        self.fault = fault


class _Loader(yaml.SafeLoader):
    """Safe YAML with every tag refused, aliases counted and depth limited."""

    def __init__(self, stream: str):
        super().__init__(stream)
        self.aliases_seen = 0
        self.depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.events.AliasEvent):
            self.aliases_seen += 1
            if self.aliases_seen > ALIASES_MAX:
                raise _at(event, f"别名超过 {ALIASES_MAX} 个", "把重复的内容写开")
        elif getattr(event, "tag", None) is not None:
            raise _at(event, f"不许有类型标记 {event.tag}", "删去标记，只写值")
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise _at(event, f"嵌套超过 {DEPTH_MAX} 层", "减少层次")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Unsafe(yaml.error.MarkedYAMLError):
    """What a pack may not hold, with its place and its mend."""

    mend = "只写普通的 YAML"


def _at(place: Any, what: str, mend: str) -> _Unsafe:
    error = _Unsafe(None, None, what, place.start_mark)
    error.mend = mend
    return error


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a pack as data, with the lines of its keys."""

    file: str
    data: Any
    node: Any

    def line_of(self, path: Sequence[object]) -> int:
        """The line of the deepest part of the path that is there (1 is the first)."""
        node, line = self.node, 1
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            line, node = found
        return line


def _step(node: Any, step: object) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def read(path: Path) -> Any:
    """The content of one YAML file; PackFault where it is too large, unsafe or broken."""
    return read_document(path).data


def read_document(path: Path) -> Document:
    """One YAML file with its lines: no tags, no endless aliases, no way out of its folder."""
    name = f"{path.parent.name}/{path.name}"
    text = _text(path, name)
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                _guard(node, {}, [])
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
        return Document(name, data, node)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or str(error)
        mend = getattr(error, "mend", "只写普通的 YAML")
        raise PackFault(Fault(name, line, "", str(what), mend)) from error


def _text(path: Path, name: str) -> str:
    """The bytes of a plain file within its folder, at most a megabyte, as UTF-8."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise PackFault(Fault(name, 0, "", "不是普通文件（链接、目录或读不了）",
                              "把内容放进规则包自己的文件夹")) from error  # fmt: skip
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise PackFault(Fault(name, 0, "", "不是普通文件", "换成普通的 YAML 文件"))
        content = opened.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise PackFault(Fault(name, 0, "", "文件超过 1 MB", "拆成几个规则包"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PackFault(Fault(name, 0, "", "不是 UTF-8", "另存为 UTF-8")) from error


def _guard(node: Any, sizes: dict[int, int], above: list[int]) -> int:
    """The size of a node with its aliases written out; too large, endless or doubled is refused.

    Two hundred aliases can stand for billions of values, so each shared node is weighed once.
    """
    if id(node) in above:
        raise _at(node, "别名指回自己", "把内容写开")
    if id(node) in sizes:
        return sizes[id(node)]
    above.append(id(node))
    size = 1
    if isinstance(node, yaml.MappingNode):
        _keys_once(node)
        for key, value in node.value:
            size += _guard(key, sizes, above) + _guard(value, sizes, above)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_guard(one, sizes, above) for one in node.value)
    else:
        _plain_scalar(node)
    if size > NODES_MAX:
        raise _at(node, f"展开后超过 {NODES_MAX} 个值", "拆成几个规则包")
    above.pop()
    sizes[id(node)] = size
    return size


def _keys_once(node: Any) -> None:
    seen: set[str] = set()
    for key, _value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _at(key, "键应为一个词", "键只写小写字母、数字和下划线")
        if key.tag == "tag:yaml.org,2002:merge":
            raise _at(key, "不许用 << 合并", "把内容写开")
        if key.value in seen:
            raise _at(key, f"键写了两遍：{key.value}", "删去一个")
        seen.add(key.value)


def _plain_scalar(node: Any) -> None:
    if any(unicodedata.category(c)[0] == "C" and c != "\n" for c in node.value):
        raise _at(node, "有看不见的字符", "重新键入这一行")
    if node.tag == "tag:yaml.org,2002:float" and node.value.strip("+-").lower() in (".inf", ".nan"):
        raise _at(node, "不是一个数", "写一个确定的数")


def folders(root: Path = PACKS) -> list[Path]:
    """The packs: every folder whose name does not begin with an underscore."""
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("_"))


@lru_cache(maxsize=8)
def laws(root: Path = PACKS) -> dict[str, dict[str, Any]]:
    """Dated law values by name, from `_law/*.yaml`."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((root / "_law").glob("*.yaml")):
        if path.stem == CITATIONS:
            continue
        content = read(path) or {}
        for name, entry in content.items():
            found[f"{path.stem}.{name}"] = entry
    return found


@lru_cache(maxsize=8)
def citations(root: Path = PACKS) -> dict[str, dict[str, Any]]:
    """What the law says about rows of a plan, article by article, from `_law/citations.yaml`."""
    path = root / "_law" / f"{CITATIONS}.yaml"
    return (read(path) or {}) if path.exists() else {}


@lru_cache(maxsize=32)
def section(pack: str, name: str, root: Path = PACKS) -> dict[str, Any]:
    """One file of a pack (`chains`, `texts`, `indicators`, …); empty where it has none."""
    path = root / pack / f"{name}.yaml"
    return (read(path) or {}) if path.exists() else {}


def off(root: Path = PACKS) -> list[Fault]:
    """Files of packs that cannot be read: those packs are off, and the others run."""
    faults = []
    for folder in folders(root):
        for path in sorted(folder.glob("*.yaml")):
            try:
                read(path)
            except PackFault as broken:
                faults.append(broken.fault)
    return faults
