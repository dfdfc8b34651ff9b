"""`anlan cap check`: bytes in, the verdict as data out (`anlan.cap/1`). Needs no county."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from anlan.ground.markup import read_xml
from anlan.rooms.warning.cap import profile
from anlan.rooms.warning.cap.rules import check

SCHEMA = "anlan.cap/1"
HEAD = ("identifier", "sender", "sent", "status", "msgType", "scope", "references")
HEAD_CHARS_MAX = 200


def report(content: bytes, name: str) -> dict[str, Any]:
    """Valid or not, each rule broken with its place; Refusal where the bytes are no XML we read."""
    root = read_xml(content, name)
    faults = check(root)
    return {
        "schema": SCHEMA,
        "file": name,
        "valid": not faults,
        "message": {key: root.said(key)[:HEAD_CHARS_MAX] for key in HEAD},
        "faults": [asdict(fault) for fault in faults],
        "profile": {
            "name": profile.NAME,
            "status": profile.STATUS,
            "notes": [asdict(note) for note in profile.notes(root)],
        },
    }


def as_text(found: dict[str, Any]) -> str:
    """The verdict for people: the first line answers, then each fault with its line and mend."""
    faults = found["faults"]
    lines = ["符合 CAP 1.2" if found["valid"] else f"不符合 CAP 1.2：{len(faults)} 处"]
    for fault in faults:
        lines.append(
            f"  第 {fault['line']} 行 {fault['path']}：{fault['message']} [{fault['rule']}]"
        )
        if fault["seen"]:
            lines.append(f"    写的是：{fault['seen']}")
        lines.append(f"    怎么改：{fault['mend']}")
    for note in found["profile"]["notes"]:
        lines.append(f"  第 {note['line']} 行 {note['element']}：{note['message']}，{note['mend']}"
                     f"（{found['profile']['name']} {note['rule']}，待核，不影响结论）")  # fmt: skip
    return "\n".join(lines)
