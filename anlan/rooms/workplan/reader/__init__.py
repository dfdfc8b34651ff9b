"""Reads a county's published work plan into `anlan.plan/1`. Pure: no Django, no database.

Flows in: a file as bytes or a path, of any kind that counties send (DOCX, XLSX, XLS, PDF with text,
HTML, flattened text in UTF-8 or GBK). Flows out: plain data with doubts, or a refusal with code,
place and mend. The reading itself runs in a process of its own with limits (`child`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anlan.rooms.workplan.reader.limits import BYTES_MAX, PlanRefused

__all__ = ["PlanRefused", "read_here", "read_plan", "read_whole", "read_whole_here"]


def read_plan(source: Path | str | bytes, name: str = "") -> dict[str, Any]:
    """The plan as `anlan.plan/1`; PlanRefused where it is none or cannot be read within limits."""
    from anlan.rooms.workplan.reader.child import read_apart
    from anlan.rooms.workplan.reader.intake import checked_size

    content, name = _bytes(source, name)
    checked_size(content, name)
    return read_apart(content, name)


def read_here(content: bytes, name: str = "") -> dict[str, Any]:
    """The same in this process, without its limits: for the child itself and for tests."""
    from anlan.rooms.workplan.reader.document import plan_of
    from anlan.rooms.workplan.reader.intake import take_in

    return plan_of(take_in(content, name), name)


def read_whole(content: bytes, name: str = "") -> dict[str, Any]:
    """{"plan", "original"}: the plan, and the document as it was read with a mark on every cell."""
    from anlan.rooms.workplan.reader.child import read_apart
    from anlan.rooms.workplan.reader.intake import checked_size

    checked_size(content, name)
    return read_apart(content, name, whole=True)


def read_whole_here(content: bytes, name: str = "") -> dict[str, Any]:
    """The same as `read_whole` in this process."""
    from anlan.rooms.workplan.reader.document import plan_of
    from anlan.rooms.workplan.reader.intake import take_in
    from anlan.rooms.workplan.reader.original import original
    from anlan.rooms.workplan.reader.rows import Origins

    document = take_in(content, name)
    origins: Origins = {}
    plan = plan_of(document, name, origins)
    return {"plan": plan, "original": original(document, origins)}


def _bytes(source: Path | str | bytes, name: str) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, name
    path = Path(source)
    name = name or path.name
    if path.is_dir():
        raise PlanRefused("folder", "这是文件夹", name, "请选择一个文件")
    if not path.exists():
        raise PlanRefused("file-missing", "没有这个文件", str(path), "请核对路径")
    if not path.is_file():
        raise PlanRefused("not-a-file", "这不是普通文件", str(path), "请选择一个文件")
    if path.stat().st_size > BYTES_MAX:
        raise PlanRefused("too-large", "文件超过 20 MB", name, "请去掉图片后另存")
    return path.read_bytes(), name
