"""Every tool of the bench in turn, and one table of what they said.

Each runs as a program of its own with a limit in seconds; one that fails or is cut stands in the
table as such, and the exit is 1. The table goes to the screen and to build/bench.md.

    python -m bench [--quick] [NAME …]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

TOOLS = ("start", "pages", "night", "replay", "callout", "journal", "scope_cost", "workbook",
         "reader", "signin", "map", "desk", "feeds", "restore", "science_flood", "science_county",
         "science_network")  # fmt: skip
LIMIT_S, QUICK_LIMIT_S = 900, 240
TABLE = Path(__file__).resolve().parents[1] / "build" / "bench.md"
HEAD = ["| tool | seconds | load | what it said |", "| --- | ---: | ---: | --- |"]


def run(name: str, quick: bool) -> tuple[list[str], bool]:
    """Rows of the table, and whether the tool ended well."""
    load, began = os.getloadavg()[0], time.monotonic()
    command = [sys.executable, "-m", f"bench.{name}", *(["--quick"] if quick else [])]
    print(f"== {name}", flush=True)
    limit = QUICK_LIMIT_S if quick else LIMIT_S
    said, code = _hear(command, limit)
    took = time.monotonic() - began
    if code != 0:
        said.append(f"FAILED: {'cut after ' + str(limit) + ' s' if code is None else code}")
    lines = [line for line in said if line and not line.startswith("load ")]
    told = " <br> ".join(line.replace("|", "\\|") for line in lines)
    return [f"| {name} | {took:.0f} | {load:.1f} | {told} |"], code == 0


def _hear(command: list[str], limit_s: int) -> tuple[list[str], int | None]:
    """What a tool printed, and its exit; None where it was cut. SIGINT first: it tidies up."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tool:
        try:
            out, _none = tool.communicate(timeout=limit_s)
            code: int | None = tool.returncode
        except subprocess.TimeoutExpired:
            tool.send_signal(2)
            out, _none = tool.communicate()
            code = None
    print(out, flush=True)
    return out.splitlines(), code


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TOOLS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, 240 s a tool at most")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(TOOLS))
    if unknown:
        parser.error(f"no such tool: {', '.join(unknown)}")
    rows, well = list(HEAD), True
    for name in options.names or TOOLS:
        found, good = run(name, options.quick)
        rows += found
        well = well and good
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
