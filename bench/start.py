"""How long a start takes and what it holds: install, first start, warm start, memory after 60 s.

A virtual environment of its own from the package cache, a county of its own, both thrown away.
Seconds are the wall clock's, as a person waits; memory is PSS, summed over every process of the
county and its PostgreSQL, each by name.

    python -m bench.start [--install 0] [--warm 3] [--quick]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from anlan.ground.machine import pids
from anlan.ground.machine.postgres import Cluster
from bench.sizes import measured

CHECKOUT = Path(__file__).resolve().parents[1]
SETTLE_S = 60
COMMAND_S_MAX = 600
COLD_S_MAX, WARM_S_MAX, MEMORY_MB_MAX = 180.0, 5.0, 500.0


def timed(command: list[str], **environment: str) -> float:
    """Seconds of a command that must end well."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ANLAN_")}
    began = time.monotonic()
    subprocess.run(
        command, cwd=CHECKOUT, env=kept | environment, check=True, timeout=COMMAND_S_MAX,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.monotonic() - began


def install() -> float:
    """A fresh environment with everything that a county needs, packages from the cache."""
    with tempfile.TemporaryDirectory(prefix="anlan-bench-venv-") as folder:
        python = str(Path(folder) / "bin" / "python")
        uv = shutil.which("uv")
        fill = [uv, "pip", "install", "-q", "--python", python] if uv else [
            python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]  # fmt: skip
        return timed([sys.executable, "-m", "venv", folder]) + timed(
            [*fill, "--require-hashes", "-r", "requirements/county.txt"]
        )


def pss_mb(pid: int) -> float:
    """Proportional set size of a process in MB; 0 where it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    kib = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return kib * 1024 / 1e6


def memory(home: Path) -> dict[str, float]:
    """MB by process name; PostgreSQL with all its backends is one name."""
    found: dict[str, float] = {}
    for pid, name in pids.of_county(home).items():
        found[name] = found.get(name, 0.0) + pss_mb(pid)
    server = Cluster(home / "postgres").server_pid()
    if server:
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        found["postgres"] = sum(pss_mb(int(pid)) for pid in [server, *children])
    return found


def main() -> None:
    with measured(__doc__, install=(1, 0), warm=(3, 1)) as options:
        installed = install() if options.install else 0.0
        root = Path(tempfile.mkdtemp(prefix="anlan-bench-"))
        root.chmod(0o755)
        anlan = [sys.executable, "-m", "anlan"]
        own = {"ANLAN_ROOT": str(root)}
        try:
            first = timed([*anlan, "up"], **own)
            time.sleep(SETTLE_S)
            held = memory(root / "counties" / "500231")
            warm = []
            for _n in range(options.warm):
                timed([*anlan, "down"], **own)
                warm.append(timed([*anlan, "up"], **own))
            report(installed, first, sorted(warm), held)
        finally:
            timed([*anlan, "down"], **own)
            shutil.rmtree(root, ignore_errors=True)


def report(installed: float, first: float, warm: list[float], held: dict[str, float]) -> None:
    total = sum(held.values())
    print(f"install {installed:.1f} s + first start {first:.1f} s = {installed + first:.1f} s"
          f" (at most {COLD_S_MAX:.0f})")  # fmt: skip
    print(f"warm start {warm[len(warm) // 2]:.1f} s, slowest of {len(warm)} {warm[-1]:.1f} s"
          f" (at most {WARM_S_MAX:.0f})")  # fmt: skip
    print(f"memory {SETTLE_S} s after the start: {total:.0f} MB PSS (at most {MEMORY_MB_MAX:.0f})")
    for name, mb in sorted(held.items(), key=lambda item: -item[1]):
        print(f"  {name:12} {mb:6.1f} MB")
    print(json.dumps({"install_s": round(installed, 1), "first_s": round(first, 1),
                      "warm_s": [round(s, 1) for s in warm], "pss_mb": round(total)}))  # fmt: skip


if __name__ == "__main__":
    main()
