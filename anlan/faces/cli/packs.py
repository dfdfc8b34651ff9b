"""`anlan packs …`: what is wrong in a pack, where, and how to put it right. Needs no county."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from anlan.faces.cli.answers import Answer
from anlan.ground.errors import Refusal

SCHEMA = "anlan.packs/1"


def check(options: argparse.Namespace) -> Answer:
    """Every fault with file, line, key, what is wrong and the mend; 1 where there is any."""
    from anlan.ground.policy import check as checking
    from anlan.ground.policy import packs

    folder = Path(options.folder) if options.folder else packs.PACKS
    if not folder.is_dir():
        raise Refusal("folder-missing", "没有这个文件夹", str(folder), "写规则包所在的文件夹")
    found = checking.check(folder)
    answer = {
        "schema": SCHEMA, "packs": found.packs,
        "faults": [asdict(fault) for fault in found.faults],
    }  # fmt: skip
    if not found.faults:
        return 0, answer, f"{len(found.packs)} 个规则包，没有问题"
    lines = [
        f"{fault.file}:{fault.line} {fault.key}\n    {fault.what}\n    怎么办：{fault.mend}"
        for fault in found.faults
    ]
    return 1, answer, "\n".join([*lines, f"{len(found.faults)} 处问题"])
