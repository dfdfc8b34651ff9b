"""10,000 people out and in as a workbook, beside COPY of the same rows into the same table.

    .venv/bin/python -m bench.workbook

Prints seconds of: reading the file alone, preview (guard, reading, checks), confirmation (checks
again, rows, changes, journal), export, the same file in again (nothing to write), and a raw COPY
of the finished rows into an empty table of the same columns and indexes.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from bench.county import throw_away_county
from bench.sizes import measured

PEOPLE = 10_000
CODE = 500231000000
TOWNSHIPS = 26


def workbook() -> bytes:
    """A county of 26 townships and 10,000 people, a post and its holder for every tenth."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    places = [500231100 + n for n in range(TOWNSHIPS)]
    sheet = book.create_sheet("区划")
    sheet.append(["代码", "名称", "类型"])
    for code in places:
        sheet.append([str(code), f"第{code}镇", "镇"])
    sheet = book.create_sheet("人员")
    sheet.append(["编号", "区划代码", "姓名", "号码"])
    surnames, given = "王李张刘陈杨单曾解仇区查", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"
    for n in range(PEOPLE):
        name = surnames[n % 12] + given[n // 12 % 20] + given[n // 240 % 20]
        sheet.append([f"p{n}", str(places[n % TOWNSHIPS]), name, f"100{n:08d}"])
    sheet = book.create_sheet("岗位")
    sheet.append(["编号", "区划代码", "岗位名称", "类型"])
    held = book.create_sheet("任职")
    held.append(["岗位编号", "人员编号"])
    for n in range(0, PEOPLE, 10):
        sheet.append([f"k{n}", str(places[n % TOWNSHIPS]), f"岗位{n}", "乡镇值班"])
        held.append([f"k{n}", f"p{n}"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def timed(name: str, run: Callable[[], Any]) -> tuple[Any, float]:
    """The result and the seconds, which are printed."""
    started = time.perf_counter()
    result = run()
    took = time.perf_counter() - started
    print(f"{name:34} {took:7.2f} s")
    return result, took


def raw_copy(dsn: str) -> float:
    """COPY the finished people into an empty table with the same columns and indexes."""
    import psycopg

    with psycopg.connect(dsn) as own:
        own.execute("CREATE TABLE copied (LIKE county_person INCLUDING ALL)")
        with own.cursor().copy("COPY county_person TO STDOUT") as out:
            content = b"".join(bytes(part) for part in out)
        own.commit()
        started = time.perf_counter()
        with own.cursor().copy("COPY copied FROM STDIN") as into:
            into.write(content)
        own.commit()
        return time.perf_counter() - started


def main() -> None:
    with measured(__doc__):
        with throw_away_county() as cluster:
            from anlan.county.division_actions import found_county
            from anlan.county.workbook import actions, reading
            from anlan.ground.scope import Scope

            scope = Scope.for_command("bench")
            found_county(scope, CODE, "某县")
            content, _made = timed("the file is made", workbook)
            timed("guard and reading alone", lambda: reading.read(content, "a.xlsx"))
            shown, before = timed("preview", lambda: actions.send_in(scope, content, "a.xlsx"))
            assert not shown.plan.faults, shown.plan.faults[:3]
            _counts, written = timed("confirmation", lambda: actions.confirm(scope, shown.transfer))
            out, _took = timed("export", lambda: actions.export(scope, "bench", True))
            again, _took = timed(
                "preview of the export", lambda: actions.send_in(scope, out, "b.xlsx")
            )
            assert again.plan.writes() == 0
            copied = raw_copy(cluster.dsn("superuser", "bench"))
            print(f"{'raw COPY of the same people':34} {copied:7.2f} s")
            both = PEOPLE / (before + written)
            raw = PEOPLE / copied
            print(f"people a second: preview and confirmation {both:,.0f}, COPY {raw:,.0f}")


if __name__ == "__main__":
    main()
