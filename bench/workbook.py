"""10,000 people out and in as a workbook, beside COPY of the same rows into the same table.

    .venv/bin/python -m bench.workbook

Prints seconds of: reading the file alone, preview (guard, reading, checks), confirmation (checks
again, rows, changes, journal), export, the same file in again (nothing to write), and a raw COPY
of the finished rows of every sheet into empty tables of the same columns and indexes. Beside the
seconds of the wall clock stand those of the processor (ours and the database's connection), which
say more on a busy machine.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.county import throw_away_county
from bench.sizes import measured

PEOPLE = 10_000
CODE = 500231000000
TOWNSHIPS = 26
REGISTERS = ("county_division", "county_person", "county_post", "county_holding")


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


def processor_s(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def backend() -> int:
    """The process of Django's connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def timed(name: str, run: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result, and the seconds of wall clock and processor, which are printed."""
    pid = backend()
    started, used = time.perf_counter(), time.process_time() + processor_s(pid)
    result = run()
    took = time.perf_counter() - started
    cost = time.process_time() + processor_s(pid) - used
    print(f"{name:34} {took:7.2f} s  processor {cost:6.2f} s")
    return result, took, cost


def raw_copy(dsn: str) -> tuple[int, float, float]:
    """COPY the finished rows into empty tables of the same columns and indexes.

    Returns (rows, seconds of wall clock, seconds of the processor).
    """
    import psycopg

    rows, took, cost = 0, 0.0, 0.0
    with psycopg.connect(dsn) as own:
        pid = own.info.backend_pid
        for name in REGISTERS:
            own.execute(f"CREATE TABLE copied (LIKE {name} INCLUDING ALL)")
            with own.cursor().copy(f"COPY {name} TO STDOUT") as out:
                content = b"".join(bytes(part) for part in out)
            own.commit()
            started, used = time.perf_counter(), time.process_time() + processor_s(pid)
            with own.cursor().copy("COPY copied FROM STDIN") as into:
                into.write(content)
            own.commit()
            took += time.perf_counter() - started
            cost += time.process_time() + processor_s(pid) - used
            rows += content.count(b"\n")
            own.execute("DROP TABLE copied")
            own.commit()
    return rows, took, cost


def main() -> None:
    with measured(__doc__):
        with throw_away_county() as cluster:
            from anlan.county.division_actions import found_county
            from anlan.county.names import pinyin_of
            from anlan.county.workbook import actions, reading
            from anlan.ground.scope import Scope

            scope = Scope.for_command("bench")
            found_county(scope, CODE, "某县")
            pinyin_of("王伟")  # the library is loaded once a process, not once a file
            content, *_took = timed("the file is made", workbook)
            timed("guard and reading alone", lambda: reading.read(content, "a.xlsx"))
            shown, *before = timed("preview", lambda: actions.send_in(scope, content, "a.xlsx"))
            assert not shown.plan.faults, shown.plan.faults[:3]
            _counts, *written = timed(
                "confirmation", lambda: actions.confirm(scope, shown.transfer)
            )
            out, *_took = timed("export", lambda: actions.export(scope, "bench", True))
            again, *_took = timed(
                "preview of the export", lambda: actions.send_in(scope, out, "b.xlsx")
            )
            assert again.plan.writes() == 0
            rows, *raw = raw_copy(cluster.dsn("superuser", "bench"))
            print(f"{f'raw COPY of the same {rows} rows':34} {raw[0]:7.2f} s"
                  f"  processor {raw[1]:6.2f} s")  # fmt: skip
            for at, name in enumerate(("wall clock", "processor")):
                both = before[at] + written[at]
                print(f"of COPY's speed by {name}: confirmation {raw[at] / written[at]:.0%},"
                      f" preview and confirmation {raw[at] / both:.0%}"
                      f" ({rows / both:,.0f} rows/s, COPY {rows / raw[at]:,.0f})")  # fmt: skip


if __name__ == "__main__":
    main()
