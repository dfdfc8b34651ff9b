"""What the scope costs: list and search at 1 M rows with a township's scope against none.

One table of a million rows over a county's 301 villages, on a throw-away durable PostgreSQL of the
same settings as a county's. "None" is the same query by the table's owner with row-level security
off and the township as an ordinary condition; so the ratio is the price of the policy alone.
Searches go by a definer function, as the program does; beside it stands what operators marked
LEAKPROOF would cost, which only a server of our own could have.

    python -m bench.scope_cost [--rows 1000000]
"""

from __future__ import annotations

import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from anlan.ground.machine.postgres import Cluster
from bench.sizes import measured

COUNTY = 500231000000
TOWNSHIPS = [COUNTY + 1000 * number for number in range(101, 127)]
REPEATS = 200
LEAKPROOF = (
    "arraycontains(anyarray,anyarray)", "jsonb_contains(jsonb,jsonb)", "box_overlap(box,box)",
    "anlan_grams(text)", "anlan_sought(text)", '"position"(text,text)',
)  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂春梅"

TABLE = """
CREATE TABLE bench_object (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, division bigint NOT NULL,
  world int NOT NULL, kind smallint NOT NULL, status smallint NOT NULL, name text NOT NULL,
  attrs jsonb NOT NULL, place box NOT NULL, happened_at timestamptz NOT NULL);
"""
INDEXES = """
CREATE INDEX ON bench_object (kind, status, happened_at DESC);
CREATE INDEX ON bench_object (division, kind, status, happened_at DESC);
CREATE INDEX ON bench_object USING gin (anlan_grams(name));
CREATE INDEX ON bench_object USING gin (attrs jsonb_path_ops);
CREATE INDEX ON bench_object USING gist (place);
VACUUM ANALYZE bench_object;
"""
SEARCHES = {
    "name": (
        "bench_by_name(sought text)",
        "anlan_grams(name) @> anlan_sought(sought) AND position(sought IN name) > 0",
        "王秀英",
    ),
    "json": ("bench_by_attrs(sought text)", "attrs @> sought::jsonb", '{"no": 77123}'),
    "box": (
        "bench_by_place(sought text)",
        "place && sought::box",
        "(107.3000,30.2000),(107.3030,30.2030)",
    ),
}
LIST = (
    "SELECT id, name, happened_at FROM bench_object WHERE kind = 3 AND status = 1 {where}"
    " ORDER BY happened_at DESC LIMIT 50"
)


def fill(connection: psycopg.Connection, rows: int) -> None:
    """Rows by seed: 26 townships, 12 villages each, ten kinds, four states."""
    made = random.Random(20240711)
    columns = "division, world, kind, status, name, attrs, place, happened_at"
    with connection.cursor().copy(f"COPY bench_object ({columns}) FROM STDIN") as copy:
        for number in range(rows):
            village = made.choice(TOWNSHIPS) + made.randint(1, 12)
            name = made.choice(SURNAMES) + made.choice(GIVEN) + made.choice(GIVEN)
            x, y = 107.2 + made.random() * 0.4, 30.0 + made.random() * 0.5
            copy.write_row(
                (
                    village, 0, made.randint(0, 9), made.randint(0, 3), name,
                    f'{{"no": {number}}}', f"({x},{y}),({x},{y})",
                    f"2026-01-{1 + number % 28:02d} 00:00:{number % 60:02d}+00",
                )
            )  # fmt: skip


def turns_ms(*runs: Callable[[], object]) -> list[list[float]]:
    """Milliseconds of REPEATS turns; in each turn every run has its go, one after another, so that
    whatever else the machine does falls on all of them alike.
    """
    for _warm in range(5):
        for run in runs:
            run()
    spent: list[list[float]] = [[] for _run in runs]
    for _turn in range(REPEATS):
        for own, run in zip(spent, runs, strict=True):
            started = time.perf_counter()
            run()
            own.append((time.perf_counter() - started) * 1000)
    return spent


def paired(own: list[float], other: list[float]) -> float:
    """The median of the ratios turn by turn: of neighbours in time, not of two averages."""
    return statistics.median(a / b for a, b in zip(own, other, strict=True))


def scoped(connection: psycopg.Connection, lo: int, hi: int, sql: str, *params: object) -> object:
    """One transaction as the application opens it, then the query."""
    with connection.transaction():
        connection.execute(
            "SELECT set_config('anlan.lo', %s, true), set_config('anlan.hi', %s, true),"
            " set_config('anlan.world', '0', true)",
            (str(lo), str(hi)),
        )
        return connection.execute(sql, params).fetchall()


def prepare(owner: psycopg.Connection, superuser: psycopg.Connection, rows: int) -> None:
    """The table, its rows, its policies, and the definer functions for searches."""
    from anlan.ground.rls import (
        FOUND_IN_SPAN,
        GRAM_FUNCTIONS,
        SCOPE_FUNCTIONS,
        definer,
        operational,
    )

    owner.execute(SCOPE_FUNCTIONS)
    owner.execute(GRAM_FUNCTIONS)
    owner.execute(TABLE)
    fill(owner, rows)
    for statement in INDEXES.strip().split(";\n"):
        owner.execute(statement)
    owner.execute(str(operational("bench_object").sql))
    for signature, condition, _sought in SEARCHES.values():
        body = (
            f"SELECT id FROM bench_object WHERE {FOUND_IN_SPAN} AND {condition.replace('%%', '%')}"
        )
        owner.execute(str(definer(signature, "bigint", body).sql))


def measure(
    app: psycopg.Connection, free: psycopg.Connection
) -> list[tuple[str, float, float, float, float | None]]:
    """(what, median ms with the scope, with none, p50 of the pairs' ratios, the same of leakproof
    operators)."""
    town = TOWNSHIPS[8]
    where = f"AND division BETWEEN {town} AND {town + 999}"

    def query(own: psycopg.Connection, sql: str, *params: object) -> Callable[[], object]:
        return lambda: scoped(own, town, town + 999, sql, *params)

    median = statistics.median
    scoped_ms, none_ms = turns_ms(
        query(app, LIST.format(where="")), query(free, LIST.format(where=where))
    )
    found: list[tuple[str, float, float, float, float | None]] = [
        ("list of 50, three filters", median(scoped_ms), median(none_ms),
         paired(scoped_ms, none_ms), None)
    ]  # fmt: skip
    for function in LEAKPROOF:
        free.execute(f"ALTER FUNCTION {function} LEAKPROOF")
    shown = "SELECT id, name FROM bench_object WHERE "
    for what, (signature, condition, sought) in SEARCHES.items():
        name = signature.split("(")[0]
        bare = re.sub(r"\bsought\b", "%s::text", condition)
        params = [sought] * bare.count("%s")
        scoped_ms, none_ms, leak_ms = turns_ms(
            query(app, shown + f"id = ANY(ARRAY(SELECT {name}(%s))) LIMIT 50", sought),
            query(free, shown + f"{bare} {where} AND world = 0 LIMIT 50", *params),
            query(app, shown + f"{bare} LIMIT 50", *params),
        )
        found.append((f"search by {what}", median(scoped_ms), median(none_ms),
                      paired(scoped_ms, none_ms), paired(leak_ms, none_ms)))  # fmt: skip
    return found


def main() -> None:
    with measured(__doc__, rows=(1_000_000, 300_000)) as options:
        rows = options.rows
        with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
            Path(folder).chmod(0o755)
            cluster = Cluster(Path(folder) / "postgres")
            cluster.init()
            cluster.start()
            try:
                cluster.create_database("bench")
                connect = lambda role: psycopg.connect(  # noqa: E731
                    cluster.dsn(role, "bench"), autocommit=True
                )
                with connect("owner") as owner, connect("app") as app, connect("superuser") as free:
                    prepare(owner, free, rows)
                    app.execute("SET plan_cache_mode = force_custom_plan")
                    print(f"{rows} rows, {REPEATS} pairs, a township's scope against none")
                    for what, with_ms, none_ms, ratio, leak in measure(app, free):
                        print(f"{what:28} {with_ms:8.2f} ms {none_ms:8.2f} ms {ratio:6.2f} x",
                              end="")  # fmt: skip
                        print("" if leak is None else f"   leakproof {leak:.2f} x")
            finally:
                cluster.stop()


if __name__ == "__main__":
    main()
