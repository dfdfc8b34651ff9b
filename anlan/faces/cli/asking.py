"""Secrets that a person gives to a command: from a file or from the terminal, never as a word.

A word of a command line is everybody's to read on the machine, and stays in the shell's history.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from anlan.ground.errors import Refusal

FILE_BYTES_MAX = 10_000


def passphrase(file: str | None, prompt: str, twice: bool = False) -> str:
    """The first line of the file, else what is typed; empty where there is no terminal to ask at.

    twice: typed a second time, for what was mistyped would be lost for ever.
    """
    if file:
        path = Path(file)
        if not path.is_file() or path.stat().st_size > FILE_BYTES_MAX:
            raise Refusal("file-missing", "没有这个口令文件", file, "请核对路径")
        lines = path.read_text(encoding="utf-8").splitlines()
        return lines[0].strip() if lines else ""
    if not sys.stdin.isatty():
        return ""
    word = getpass.getpass(prompt)
    if twice and getpass.getpass("再输入一次：") != word:
        raise Refusal("passphrase-differs", "两次输入的口令不一样", "", "再来一次；什么都没有改")
    return word
