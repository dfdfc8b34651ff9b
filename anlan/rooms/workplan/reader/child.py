"""The reader in a process of its own, so that a hostile file can hurt nobody else.

The parent sends the bytes and waits at most WALL_S seconds, longer (up to BUSY_WALL_S) only where the
machine is so busy that the child has hardly run at all; the child may use MEMORY_BYTES_MAX of
memory and CPU_S seconds, opens no file for writing, and knows none of the parent's environment.
What comes back is the plan or a refusal, as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from anlan.rooms.workplan.reader.limits import (
    ANSWER_BYTES_MAX,
    BUSY_CPU_S,
    BUSY_LOOK_S,
    BUSY_WALL_S,
    CPU_S,
    MEMORY_BYTES_MAX,
    WALL_S,
    PlanRefused,
)

ROOT = Path(__file__).resolve().parents[4]
SIMPLER = "请只保留工作要点正文和附表，去掉图片和多余的表，另存后再导入"


def read_apart(content: bytes, name: str, whole: bool = False) -> dict[str, Any]:
    """The plan, read by a child; PlanRefused with the limit that was met where it gave none.

    whole: {"plan", "original"} instead, with the document as it was read.
    """
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), "LANG": "C.UTF-8",
                   "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "anlan.rooms.workplan.reader.child",
        name,
        "whole" if whole else "",
    ]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
    ) as child:
        try:
            answer = _wait(child, content)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise _too_slow(name) from None
    return _answer(answer, child.returncode, name)


def _wait(child: subprocess.Popen[bytes], content: bytes) -> bytes:
    """What the child says; TimeoutExpired where it ran and did not end, or nothing helped."""
    start = time.monotonic()
    wait, rest = WALL_S, content
    while True:
        try:
            return child.communicate(rest, timeout=wait)[0]
        except subprocess.TimeoutExpired:
            rest = b""
            if _spent_s(child.pid) >= BUSY_CPU_S or time.monotonic() - start > BUSY_WALL_S:
                raise
            wait = BUSY_LOOK_S


def _spent_s(pid: int) -> float:
    """Processor seconds of a process so far; without end where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return float("inf")


def _answer(answer: bytes, code: int, name: str) -> dict[str, Any]:
    if code == 0:
        found: dict[str, Any] = json.loads(answer)
        if "error" in found:
            raise PlanRefused(**found["error"])
        return found
    if code in (-24, -9):
        raise _too_slow(name)
    raise PlanRefused("reader-died", f"读这份文件的进程中断了（{code}）", name, SIMPLER)


def _too_slow(name: str) -> PlanRefused:
    return PlanRefused("limit-time", f"{WALL_S:g} 秒内没有读完", name, SIMPLER)


def _too_big(name: str) -> PlanRefused:
    return PlanRefused(
        "limit-memory",
        f"读这份文件要用的内存超过 {MEMORY_BYTES_MAX // 1024 // 1024} MB",
        name,
        SIMPLER,
    )


# in the child


def _limit() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)) if os.geteuid() else None


def main(name: str, whole: bool = False) -> int:
    """Read standard input, answer on standard output."""
    _limit()
    content = sys.stdin.buffer.read()
    try:
        from anlan.rooms.workplan.reader import read_here, read_whole_here

        found: dict[str, Any] = (read_whole_here if whole else read_here)(content, name)
    except PlanRefused as refused:
        found = {"error": refused.as_dict()}
    except MemoryError:
        found = {"error": _too_big(name).as_dict()}
    answer = json.dumps(found, ensure_ascii=False).encode()
    if len(answer) > ANSWER_BYTES_MAX:
        answer = json.dumps({"error": _too_big(name).as_dict()}, ensure_ascii=False).encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:3] == ["whole"]))
