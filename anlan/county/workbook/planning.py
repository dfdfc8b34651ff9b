"""What a file would change: every row matched, compared, and judged before anything is written."""

from __future__ import annotations

from anlan.county.workbook.checks import check_whole
from anlan.county.workbook.desk import Desk, Plan, Reader
from anlan.county.workbook.items import Snapshot
from anlan.county.workbook.reading import Table
from anlan.county.workbook.rows import READERS


def make(
    tables: list[Table], snapshot: Snapshot, reader: Reader, unread: frozenset[str] = frozenset()
) -> Plan:
    """The plan of a file. unread: kinds whose sheet is there and could not be read."""
    desk = Desk(snapshot, reader)
    desk.unread = unread
    for table in tables:
        desk.letters[table.sheet.kind] = table.letters
    for table in tables:
        READERS[table.sheet.kind](desk, table)
        desk.lose(table)
    if not desk.plan.faults:
        check_whole(desk)
    return desk.plan
