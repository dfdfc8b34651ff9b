"""A page a pack, in Markdown: what it is, how far it has come, and every section entry by entry.

Flows in: packs and the schemas of their sections. Flows out: text. Nothing here knows a section:
headings and words come from its schema, so that a section of a later engine has its page too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anlan.ground.policy import check, facts, packs

LINE_CHARS_MAX = 300


def page(folder: Path) -> str:
    """The page of one pack; PackFault where it cannot be read."""
    own = packs.read(folder / "pack.yaml")
    lines = [f"# {own['label']}（`{folder.name}`）", "", f"层级：{own['tier']}", ""]
    for key, words in (("done", "已有"), ("todo", "还没有"), ("exempt", "不需要")):
        listed = own["quality"].get(key)
        if listed:
            lines += [f"{words}：", "", *_listed(listed), ""]
    for path in sorted(folder.glob("*.yaml")):
        if path.stem != "pack":
            lines += _section(path)
    return "\n".join(lines).rstrip() + "\n"


def facts_page() -> str:
    """Every published fact view with its columns: what an indicator may name."""
    lines = ["# 指标可以读的事实视图", ""]
    for name, columns in sorted(facts.published().items()):
        lines += [f"- `{name}`：{'、'.join(f'`{column}`' for column in sorted(columns))}"]
    return "\n".join(lines) + "\n"


def _section(path: Path) -> list[str]:
    title = str(check.schema(path.stem).get("title", path.stem))
    lines = [f"## {title}", ""]
    for name, entry in (packs.read(path) or {}).items():
        label = entry.get("label") if isinstance(entry, dict) else None
        lines += [f"### {label or name}" + (f"（`{name}`）" if label else ""), ""]
        lines += [*_listed({k: v for k, v in entry.items() if k != "label"}
                           if isinstance(entry, dict) else entry), ""]  # fmt: skip
    return lines


def _listed(value: Any) -> Iterator[str]:
    """A value as list items; what is nested stands in one line as it is written in YAML."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"- `{key}`：{_short(one)}"
    elif isinstance(value, list):
        yield from (f"- {_short(one)}" for one in value)
    else:
        yield f"- {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        text = "，".join(f"{key}: {_short(one)}" for key, one in value.items())
        text = f"{{{text}}}"
    elif isinstance(value, list):
        text = "；".join(_short(one) for one in value)
    else:
        text = "—" if value is None else str(value)
    return text if len(text) <= LINE_CHARS_MAX else text[: LINE_CHARS_MAX - 1] + "…"
