"""How fast the plan's board answers with eight clients, in a county with three years behind it.

A demonstration county of its own: three years of versions of the plan, 268 indicators' figures
frozen for twelve months at 26 townships, and a state of every row at every place as the round keeps
it. Signed in as the duty officer, eight clients ask for the board, with and without filters, a
unit's list and a row. The county runs whole, with its worker. The peer asked in between is the
program's own shortest page, which opens no board: what the server and the clients cost by
themselves.

    python -m bench.board [--clients 8] [--times 25]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from anlan.ground.machine import site
from anlan.ground.machine.processes import environment
from bench.pages import measure, sign_in

P99_MS_MAX = 200
FILL = """
import django; django.setup()
import random
from django.db import connection
from anlan.county.models import Division
from anlan.engines.indicators import compute
from anlan.engines.indicators.decisions import WORST_FIRST
from anlan.ground import clock, journal
from anlan.ground.places import level
from anlan.ground.scope import Scope
from anlan.rooms.workplan.board_models import BoardState
from anlan.rooms.workplan.models import PlanRow, PlanVersion
scope = Scope.for_round("bench")
luck = random.Random(7)
# The round that keeps states waits for this lock, else it would write those of real records.
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock(hashtextextended('board/0', 0))")
with scope.open():
    now = clock.now()
    plan = PlanVersion.objects.get(state="confirmed")
    rows = list(plan.rows.all())
    for year in (2022, 2023, 2024):
        old = PlanVersion.objects.create(
            division=plan.division, title=f"{year}", year=year, document=plan.document,
            points=plan.points, doubts=plan.doubts, digest=f"bench{year}", state="replaced",
            entered_by="bench", demo=True)
        PlanRow.objects.bulk_create(PlanRow(
            division=r.division, plan=old, table=r.table, table_title=r.table_title, row=r.row,
            name=r.name, text=r.text, units=r.units, quantities=r.quantities, deadline=r.deadline)
            for r in rows)
    towns = [c for c in Division.objects.values_list("code", flat=True) if level(c) == "township"]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO indicators_frozenfigure (division, world, version, indicator,"
            " declared_digest, label, month, starts_on, ends_on, state, value, unit, reason,"
            " frozen_at) SELECT t, 0, 1, 'bench.i' || i, 'x', 'bench', make_date(2024, m, 1),"
            " '2024-01-01', make_date(2024, m, 28), (%s::text[])[1 + (i + m) %% 9], i, '%%',"
            " 'bench', now() FROM unnest(%s::bigint[]) t, generate_series(1, 268) i,"
            " generate_series(1, 12) m", [list(WORST_FIRST), towns])
        made = cursor.rowcount
    BoardState.objects.all().delete()
    for place in (compute.whole_county(), *towns):
        states = {f"{r.table}/{r.row}": luck.choice(WORST_FIRST) for r in rows}
        figures = {k: [{"indicator": "bench.i0", "label": "bench", "state": s, "value": 12.5,
                        "unit": "%", "period": "2025"}] * 2 for k, s in states.items()}
        BoardState.objects.create(division=place, world=0, states=states,
            figures=figures if place == compute.whole_county() else {}, computed_at=now)
    journal.line(scope, "bench.fill", None, division=0)
print(len(towns), made, flush=True)
input()
"""
PATHS = {
    "board": "/plan/",
    "board, by unit": "/plan/?by=unit",
    "board, one table": "/plan/?table=4",
    "board, one state": "/plan/?state=not_reported",
    "a unit's list": "/plan/unit/%E5%8E%BF%E5%BA%94%E6%80%A5%E7%AE%A1%E7%90%86%E5%B1%80/",
    "a row": "/plan/4/29/",
    "peer: health": "/health",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--times", type=int, default=25)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="anlan-bench-"))
    root.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ANLAN_")}
    own = kept | {"ANLAN_ROOT": str(root)}
    anlan = [sys.executable, "-m", "anlan"]
    filled = None
    try:
        up = subprocess.run([*anlan, "up", "--json"], env=own, capture_output=True, check=True)
        answer = json.loads(up.stdout)
        county = site(root / "counties" / "500231")
        filled = subprocess.Popen(
            [sys.executable, "-c", FILL], env=environment(county, "worker"), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert filled.stdout is not None
        said = filled.stdout.readline().strip()
        assert said, "the county was not filled"
        print(f"townships and frozen figures: {said}")
        cookie = sign_in(answer["links"]["duty"])
        jobs = [(name, county.ports["console"], path) for name, path in PATHS.items()]
        print(f"load {os.getloadavg()[0]:.2f}, {os.cpu_count()} cores, wanted p99 {P99_MS_MAX} ms")
        measure([job for job in jobs if job[0] == "board"], cookie, options.clients, options.times)
        measure(jobs, cookie, options.clients, options.times)
        print(f"load {os.getloadavg()[0]:.2f}")
    finally:
        if filled is not None:
            filled.communicate("done\n", timeout=60)
        subprocess.run([*anlan, "down"], env=own, check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
