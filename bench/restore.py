"""How long a year's county takes to back up and to come back, and how much room each thing wants.

An empty county of its own, filled by SQL with a year of journal lines (sealed by its own worker)
and attachments; everything else through the command line. Thrown away afterwards.

    python -m bench.restore [--lines 1000000] [--files 1000] [--quick]
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from anlan.ground.machine.postgres import Cluster
from bench.journal import FILL
from bench.sizes import measured

FILE_BYTES = 400_000
RESTORE_S_MAX = 1800.0
SEAL_S_MAX = 900.0
CODE = "500231"
WORD = "river boat lantern seven"
SIZES = (
    "SELECT c.relname, pg_total_relation_size(c.oid), c.reltuples FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
    " AND c.relkind = 'r' AND c.reltuples > 300 ORDER BY 2 DESC LIMIT 8"
)


def anlan(root: Path, *words: str) -> tuple[float, dict[str, Any]]:
    """Seconds of a command that must end well, and its answer."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ANLAN_")}
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "anlan", *words, "--json"], capture_output=True,
                          text=True, env=kept | {"ANLAN_ROOT": str(root)}, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return time.monotonic() - began, dict(json.loads(done.stdout))


def fill(home: Path, lines: int, files: int) -> None:
    """A year of lines, waited for until they are sealed, and attachments that do not compress."""
    made = random.Random(71124)
    with psycopg.connect(Cluster(home / "postgres").dsn("superuser", "anlan")) as own:
        own.execute(FILL, [lines])
        for _n in range(files):
            content = made.randbytes(FILE_BYTES)
            key = hashlib.sha256(content).hexdigest()
            path = home / "files" / key[:2] / key
            path.parent.mkdir(exist_ok=True, mode=0o700)
            path.write_bytes(content)
            own.execute("INSERT INTO ground_file (sha256, size_bytes, kind, name) VALUES"
                        " (%s, %s, 'unknown', 'x')", [key, FILE_BYTES])  # fmt: skip
        own.commit()
        own.autocommit = True
        deadline, sealed = time.monotonic() + SEAL_S_MAX, 0
        while sealed < lines and time.monotonic() < deadline:
            time.sleep(1)
            row = own.execute("SELECT coalesce(sum(count), 0) FROM ground_seal").fetchone()
            sealed = int(row[0]) if row else 0
        own.execute("ANALYZE")


def sizes(home: Path) -> list[str]:
    """The largest tables: bytes a row with its indexes."""
    with psycopg.connect(Cluster(home / "postgres").dsn("superuser", "anlan")) as own:
        rows = own.execute(SIZES).fetchall()
    return [f"{name} {total / 1e6:.0f} MB, {total / n:.0f} bytes a row" for name, total, n in rows]


def main() -> None:
    with measured(__doc__, lines=(1_000_000, 100_000), files=(1_000, 100)) as options:
        folder = Path(tempfile.mkdtemp(prefix="anlan-bench-"))
        folder.chmod(0o755)
        (folder / "word").write_text(WORD)
        first, other = folder / "first", folder / "other"
        try:
            anlan(first, "county", "new", CODE, "垫江县")
            anlan(first, "up")
            home = first / "counties" / CODE
            fill(home, options.lines, options.files)
            anlan(first, "keys", "escrow", "--passphrase-file", str(folder / "word"))
            told = sizes(home)
            backed_s, made = anlan(first, "backup", str(folder / "b"))
            anlan(first, "down")
            shutil.rmtree(home / "files")
            restored_s, back = anlan(
                other, "restore", str(folder / "b"), "--passphrase-file", str(folder / "word")
            )
            print(f"{made['rows']} rows, {made['files']} attachments: backup {backed_s:.0f} s,"
                  f" {made['bytes'] / 1e6:.0f} MB")  # fmt: skip
            print(f"restored and verified ({back['lines']} lines, {back['opened']} sealed values)"
                  f" in {restored_s:.0f} s (promise: {RESTORE_S_MAX:.0f})")  # fmt: skip
            print("\n".join(told))
        finally:
            for root in (first, other):
                own = os.environ | {"ANLAN_ROOT": str(root)}
                subprocess.run([sys.executable, "-m", "anlan", "down"], check=False, env=own,
                               capture_output=True)  # fmt: skip
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
