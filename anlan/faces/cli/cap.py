"""`anlan cap check FILE`: whether a message is CAP 1.2, each rule broken with its place."""

from __future__ import annotations

import argparse
from pathlib import Path

from anlan.faces.cli.answers import Answer
from anlan.ground.errors import Refusal


def check(options: argparse.Namespace) -> Answer:
    """Exit 0 valid, 1 rules broken; a file that is no XML we read is refused (2)."""
    from anlan.ground.markup import XML_BYTES_MAX
    from anlan.rooms.warning.cap.report import as_text, report

    path = Path(options.file)
    try:
        with path.open("rb") as handle:
            content = handle.read(XML_BYTES_MAX + 1)
    except FileNotFoundError:
        raise Refusal("file-missing", "没有这个文件", options.file, "请核对路径") from None
    except OSError as error:
        raise Refusal(
            "file-unreadable", f"读不了：{error.strerror}", options.file, "请核对路径和权限"
        ) from None
    found = report(content, path.name)
    return (0 if found["valid"] else 1), found, as_text(found)
