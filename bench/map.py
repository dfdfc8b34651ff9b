"""What the map costs the screen's main thread while 10,000 things change under it.

A demonstration county with a night in it, to which villages with calls are added until the map has
POINTS of them; the real page in Debian's Chromium, the real live wire. While the browser's own
trace runs, calls change state in the database and the wire tells of it, and the map is moved by
keys. Script is counted for each frame of the page's main thread: the outermost script events
between two frames, by the thread's own clock, so that a busy machine does not count. Idle frames
count too, for they are what a person sees between two answers.

    python -m bench.map [--points 10000] [--turns 12]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anlan.ground.machine import site
from anlan.ground.machine.processes import environment
from bench.pages import NIGHT
from bench.sizes import measured

SCRIPT_MS_MAX = 8.0
STEP_S_MAX = 300
WAIT_MS = 240_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic",
         "--no-first-run", "--disable-background-networking"]  # fmt: skip
SCRIPT = {"FunctionCall", "EvaluateScript", "v8.callFunction", "RunMicrotasks", "TimerFire",
          "FireAnimationFrame", "EventDispatch", "MajorGC", "MinorGC"}  # fmt: skip
FRAME = "BeginMainThreadFrame"
KEYS = ("ArrowRight", "ArrowLeft", "Equal", "Minus")
# Villages and calls beside those of the seed; the call that is copied stands in every column.
MORE = """
INSERT INTO county_division (code, name, kind, parent_id, label_lat, label_lon, source, demo)
SELECT t.code + 400 + n, '演示村' || n, 'village', t.code,
  t.label_lat + (n % 20 - 10) * 0.0021, t.label_lon + (n / 20 - 10) * 0.0023, '演示数据', true
FROM county_division t, generate_series(0, {each} - 1) n
WHERE t.code % 1000 = 0 AND t.code % 1000000 <> 0 AND t.label_lat IS NOT NULL
ON CONFLICT DO NOTHING;
"""
CALLS = """
INSERT INTO callout_call ({columns}) SELECT {values} FROM callout_call c,
  county_division d WHERE c.id = (SELECT max(id) FROM callout_call WHERE level = 2)
  AND d.name LIKE '演示村%'
"""
CHANGE = """
UPDATE callout_call
SET state = (ARRAY['waiting', 'nobody', 'ringing', 'fallback'])[1 + (random() * 3)::int]
WHERE state NOT IN ('answered', 'help', 'reached_by_fallback')
  AND (division % 997 = {turn} * 37 % 997 OR division % 13 = {turn} % 13);
SELECT pg_notify('anlan_live', json_build_object('topic', 'call', 'world', 0, 'division',
  (SELECT code FROM ground_county))::text);
"""


def own(root: Path, *words: str) -> dict[str, Any]:
    """Run `anlan … --json` on the county of this root."""
    done = subprocess.run(
        [sys.executable, "-m", "anlan", *words, "--json"], capture_output=True, text=True,
        env=os.environ | {"ANLAN_ROOT": str(root)}, check=True, timeout=STEP_S_MAX,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def add_points(sql: Any, points: int) -> int:
    """Villages up to `points` with a call each; returns how many villages there are."""
    towns = sql("SELECT count(*) FROM county_division WHERE code % 1000 = 0")[0][0] - 1
    there = sql("SELECT count(*) FROM county_division WHERE code % 1000 <> 0")[0][0]
    sql(MORE.format(each=max(0, -(-(points - there) // towns))))
    names = [row[0] for row in sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'callout_call'"
        " AND column_name <> 'id'")]  # fmt: skip
    own_values = {"division": "d.code", "state": "'waiting'", "post_id": "-d.code",
                  "code": "lpad((d.code % 10000)::text, 4, '0')",
                  "due_at": "now() + interval '9 hours'"}  # fmt: skip
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(own_values.get(name, f'c."{name}"') for name in names)
    sql(CALLS.format(columns=columns, values=values))
    return int(sql("SELECT count(*) FROM county_division WHERE code % 1000 <> 0")[0][0])


def frames(events: list[dict[str, Any]]) -> Iterator[float]:
    """Script of each frame of the page's main thread, in ms."""
    main = {(e["pid"], e["tid"]) for e in events
            if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"}  # fmt: skip
    page = max(main, key=lambda key: sum(1 for e in events if (e["pid"], e["tid"]) == key))
    rows = sorted((e for e in events if (e["pid"], e["tid"]) == page and "ts" in e),
                  key=lambda e: (e["ts"], -e.get("dur", 0)))  # fmt: skip
    spent, until, begun = 0.0, 0.0, False
    for event in rows:
        if event["name"] == FRAME:
            if begun:
                yield spent / 1000
            spent, begun = 0.0, True
        elif event["name"] in SCRIPT and event.get("ph") == "X" and event["ts"] >= until:
            until = event["ts"] + event.get("dur", 0)
            spent += event.get("tdur", event.get("dur", 0))


def watch(page: Any, change: Any, turns: int) -> list[dict[str, Any]]:
    """The trace of the page while the county changes under it and a hand moves the map."""
    session = page.context.new_cdp_session(page)
    events: list[dict[str, Any]] = []
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    done: list[bool] = []
    session.on("Tracing.tracingComplete", lambda _told: done.append(True))
    categories = "__metadata,devtools.timeline,devtools.timeline.frame,v8"
    session.send("Tracing.start", {"categories": categories, "transferMode": "ReportEvents"})
    page.locator("#map canvas").focus()
    for turn in range(turns):
        with page.expect_response("**/map/points/**", timeout=WAIT_MS):
            change(turn)
        page.keyboard.press(KEYS[turn % len(KEYS)])
        page.wait_for_timeout(1500)
    session.send("Tracing.end")
    while not done:
        page.wait_for_timeout(200)
    return events


def told(spent: list[float]) -> str:
    """The figures of a run."""
    rows = sorted(spent)
    if not rows:
        raise SystemExit("the trace holds no frame of the page: nothing was measured")
    over = sum(1 for ms in rows if ms > SCRIPT_MS_MAX)
    return (f"{len(rows)} frames, script a frame p50 {rows[len(rows) // 2]:.1f} ms,"
            f" p95 {rows[int(len(rows) * 0.95)]:.1f} ms, p99 {rows[int(len(rows) * 0.99)]:.1f} ms,"
            f" most {rows[-1]:.1f} ms; over {SCRIPT_MS_MAX:.0f} ms: {over}")  # fmt: skip


def run(root: Path, points: int, turns: int) -> list[float]:
    import psycopg
    from playwright.sync_api import sync_playwright

    from anlan.ground.machine.postgres import Cluster
    from anlan.ground.machine.site import DATABASE

    up = own(root, "up")
    home = root / "counties" / str(up["county"])
    subprocess.run([sys.executable, "-c", NIGHT], env=environment(site(home), "worker", "bench"),
                   check=True, timeout=STEP_S_MAX)  # fmt: skip
    with psycopg.connect(
        Cluster(home / "postgres").dsn("superuser", DATABASE), autocommit=True
    ) as base:

        def sql(text: str) -> list[Any]:
            cursor = base.execute(text)
            return cursor.fetchall() if cursor.description else []

        print(f"{add_points(sql, points)} villages on the map")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(up["links"]["duty"])
            page.click("button.act")
            page.goto(up["console"].rstrip("/") + "/map/", timeout=WAIT_MS)
            page.wait_for_selector("#map[data-drawn]", timeout=WAIT_MS)
            events = watch(page, lambda turn: sql(CHANGE.format(turn=turn)), turns)
            browser.close()
    return list(frames(events))


def main() -> None:
    root = Path(tempfile.mkdtemp(prefix="anlan-bench-map-"))
    root.chmod(0o755)
    try:
        with measured(str(__doc__), points=(10_000, 2_000), turns=(12, 4)) as options:
            print(told(run(root, options.points, options.turns)))
    finally:
        own(root, "down")
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
