"""What a file would change: every row matched, compared, and judged before anything is written."""

from __future__ import annotations

from anlan.county.workbook.checks import check_whole
from anlan.county.workbook.desk import Desk, Plan, Reader
from anlan.county.workbook.items import Snapshot
from anlan.county.workbook.reading import Table
from anlan.county.workbook.rows import READERS


def make(tables: list[Table], snapshot: Snapshot, reader: Reader) -> Plan:
    """The plan of a file."""
    desk = Desk(snapshot, reader)
    for table in tables:
        desk.letters[table.sheet.kind] = table.letters
    for table in tables:
        READERS[table.sheet.kind](desk, table)
    if not desk.plan.faults:
        check_whole(desk)
    return desk.plan
