"""`anlan county export` and `import`: the county's people as a file, out and in.

`anlan.county/1`: {"schema", "file", "written", "counts": {sheet: {new, changed, ended,
unchanged}}, "faults": [{sheet, row, column, what, value, mend}], "notes": [the same]}.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from anlan.faces.cli.answers import Answer
from anlan.faces.cli.looking import running_county
from anlan.ground.errors import Refusal

FILE_BYTES_MAX = 20 * 1024 * 1024
SHOWN_FAULTS = 50
SCHEMA = "anlan.county/1"


def county_export(options: argparse.Namespace) -> Answer:
    """Write what is in use into a workbook; numbers masked unless a reason is given."""
    target = Path(options.file)
    if target.suffix.lower() != ".xlsx":
        raise Refusal("file-name", "文件名应以 .xlsx 结尾", options.file, "例如 本县.xlsx")
    if not target.parent.is_dir():
        raise Refusal("folder-missing", "没有这个文件夹", str(target.parent), "请先建立")
    running_county()
    from anlan.county.workbook import actions
    from anlan.ground.scope import Scope

    rights = {"phonebook.read"} | ({"phonebook.reveal"} if options.numbers is not None else set())
    scope, why = Scope.for_command("county-export", frozenset(rights)), options.numbers or ""
    content = actions.export(scope, why, options.numbers is not None)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise Refusal("file-write", "文件写不进去", str(error), "请换一个位置") from error
    numbers = "含完整号码" if options.numbers is not None else "号码遮住"
    answer = {"schema": SCHEMA, "file": str(target), "bytes": len(content),
              "whole_numbers": options.numbers is not None}  # fmt: skip
    return 0, answer, f"已导出到 {target}（{numbers}）"


def county_import(options: argparse.Namespace) -> Answer:
    """Check a workbook and write it; with --preview only say what it would change."""
    path = Path(options.file)
    content = _content(path)
    running_county()
    return _answer(path.name, *_run(path.name, content, "county-import", options.preview))


def take_in(path: Path, by: str) -> None:
    """Import without a preview, for a county that is just being made; Refusal with every fault."""
    content = _content(path)
    plan, _counts, _written = _run(path.name, content, by, False)
    if plan.faults:
        shown = "\n".join(str(fault) for fault in plan.faults[:SHOWN_FAULTS])
        raise Refusal("workbook-faults", f"有 {len(plan.faults)} 处不对，没有写入", shown,
                               "改好后运行 anlan county import")  # fmt: skip


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise Refusal("file-missing", "没有这个文件", str(path), "请核对路径")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise Refusal("file-too-large", "文件超过 20 MB", str(path), "请分几次导入")
    return path.read_bytes()


def _run(name: str, content: bytes, by: str, only_look: bool) -> tuple[Any, dict[str, Any], bool]:
    """(plan, counts, whether it was written)."""
    from anlan.county.workbook import actions
    from anlan.ground.scope import Scope

    scope = Scope.for_command(by)
    shown = actions.send_in(scope, content, name)
    counts = shown.plan.counts()
    if shown.transfer is None:
        return shown.plan, counts, False
    if only_look or not shown.plan.writes():
        actions.drop(scope, shown.transfer)
        return shown.plan, counts, False
    actions.confirm(scope, shown.transfer)
    return shown.plan, counts, True


def _answer(name: str, plan: Any, counts: dict[str, Any], written: bool) -> Answer:
    answer = {
        "schema": SCHEMA, "file": name, "written": written, "counts": counts,
        "faults": [asdict(fault) for fault in plan.faults],
        "notes": [asdict(note) for note in plan.notes],
    }  # fmt: skip
    if plan.faults:
        lines = [f"  {fault}" for fault in plan.faults[:SHOWN_FAULTS]]
        return 1, answer, "\n".join([f"{len(plan.faults)} 处不对，什么都没有写入", *lines])
    words = {"new": "新增", "changed": "修改", "ended": "停用", "unchanged": "不变"}
    lines = [
        f"  {sheet} " + "，".join(f"{words[op]} {n}" for op, n in own.items())
        for sheet, own in counts.items()
    ]
    notes = [f"  请留意：{note}" for note in plan.notes[:SHOWN_FAULTS]]
    return 0, answer, "\n".join(["已写入" if written else "没有写入", *lines, *notes])
