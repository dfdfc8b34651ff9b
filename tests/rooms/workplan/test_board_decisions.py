"""Decisions of the board as tables: who answers, what is late, which clause no row keeps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from anlan.rooms.workplan.board_decisions import (
    Answers,
    beyond_rows,
    day_of,
    due_bucket,
    is_late,
    point_of,
    row_keys,
    who_answers,
)

WATER = {"name": "县水利局", "alias": "", "kind": "unit", "lead": True}
FIRE = {"name": "县消防救援局", "alias": "县消防队", "kind": "unit", "lead": False}
ALL = {"name": "县安委会各成员单位", "alias": "", "kind": "collective", "lead": True}
CONFIRMED = Answers("县应急管理局", "confirmed", 1, 9)
DAY = date(2025, 6, 30)


@pytest.mark.parametrize(
    ("units", "confirmed", "ids", "found"),
    [
        ([WATER, FIRE], None, {"县水利局": 7}, Answers("县水利局", "proposed", 7)),
        ([WATER], None, {}, Answers("县水利局", "proposed", None)),
        ([FIRE | {"lead": True}], None, {"县消防队": 4}, Answers("县消防救援局", "proposed", 4)),
        ([WATER], CONFIRMED, {"县水利局": 7}, CONFIRMED),
        ([FIRE], None, {}, Answers("", "nobody")),
        ([ALL], None, {"县安委会各成员单位": 3}, Answers("", "nobody")),
        ([], None, {}, Answers("", "nobody")),
        ([], CONFIRMED, {}, CONFIRMED),
    ],
)
def test_a_confirmed_lead_stands_above_a_proposed_one_and_no_collective_leads(
    units: list[dict[str, Any]], confirmed: Answers | None, ids: dict[str, int], found: Answers
) -> None:
    assert who_answers(units, confirmed, ids) == found


@pytest.mark.parametrize(
    ("state", "day", "today", "late", "reason", "days"),
    [
        ("missed", DAY, date(2025, 6, 30), False, "not_past", 0),
        ("missed", DAY, date(2025, 7, 1), True, "missed", 1),
        ("not_reported", DAY, date(2025, 7, 31), True, "not_reported", 31),
        ("not_reported", None, date(2025, 7, 31), False, "not_past", 0),
        ("met", DAY, date(2025, 7, 1), False, "fine", 0),
        ("not_due", DAY, date(2025, 7, 1), False, "fine", 0),
        ("no_base", DAY, date(2025, 7, 1), False, "fine", 0),
        ("judged", DAY, date(2025, 7, 1), False, "fine", 0),
        ("awaiting_city", DAY, date(2025, 7, 1), False, "fine", 0),
        ("no_objects", DAY, date(2025, 7, 1), False, "fine", 0),
        ("no_indicator", DAY, date(2025, 7, 1), False, "no_indicator", 0),
    ],
)
def test_only_what_is_missed_or_unreported_past_its_day_is_late(
    state: str, day: date | None, today: date, late: bool, reason: str, days: int
) -> None:
    found = is_late(state, day, today)
    assert (found.late, found.reason, found.days) == (late, reason, days)


def test_the_earliest_day_counts_and_a_word_that_is_no_day_does_not() -> None:
    assert day_of("2025-12-31", date(2025, 10, 31), date(2025, 6, 30)) == date(2025, 6, 30)
    assert day_of("2025-12-31", None, None) == date(2025, 12, 31)
    assert day_of("汛前", None, None) is None


@pytest.mark.parametrize(
    ("deadline", "bucket"),
    [("2025-06-29", "past"), ("2025-06-30", "month"), ("2025-07-31", "month"),
     ("2025-08-01", "quarter"), ("2025-09-30", "quarter"), ("2025-10-01", "later"), ("汛前", "none")],
)  # fmt: skip
def test_a_deadline_falls_into_one_bucket(deadline: str, bucket: str) -> None:
    assert due_bucket(deadline, DAY) == bucket


def test_a_row_keeps_its_key_under_a_new_number_and_loses_it_with_a_new_meaning() -> None:
    same, other = ("演练", "每年1次", [WATER]), ("演练", "每年2次", [WATER])
    first = row_keys([same, same, other])
    assert len(set(first)) == 3
    assert row_keys([other, same, same]) == [first[2], first[0], first[1]]
    assert row_keys([("演练", "每年1次", [WATER | {"lead": False}])])[0] not in first


def test_a_row_belongs_to_the_point_whose_heading_it_bears() -> None:
    points = [{"number": 6, "heading": "加强安全生产 治本攻坚", "system": "风险防范体系"}]
    assert point_of("加强安全生产治本攻坚", points) is points[0]
    assert point_of("加强安全生产", points) is None


RATE = {"op": ">=", "value": 100.0, "unit": "%", "text": "重大事故隐患按期整改率达到100%"}
POINT = {"number": 6, "heading": "治本攻坚", "quantities": [RATE],
         "text": "重大事故隐患按期整改率达到100%；压实总工程师等技术负责人责任。好的。"}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], [("重大事故隐患按期整改率达到100%", "figure"), ("压实总工程师等技术负责人责任", "words")]),
        ([("治本", "重大事故隐患按期整改率达到100%", [RATE])], [("压实总工程师等技术负责人责任", "words")]),
        ([("治本", "重大事故隐患按期整改率达到90%", [RATE | {"value": 90.0}])],
         [("重大事故隐患按期整改率达到100%", "figure"), ("压实总工程师等技术负责人责任", "words")]),
        ([("电梯", "电梯困人率达到100%", [RATE | {"text": "x"}]), ("责任", "压实总工程师技术负责人责任", [])],
         [("重大事故隐患按期整改率达到100%", "figure")]),
    ],
)  # fmt: skip
def test_a_clause_that_no_row_keeps_stands_beside_the_board(
    rows: list[Any], found: list[tuple[str, str]]
) -> None:
    assert [(one.text, one.why) for one in beyond_rows([POINT], rows)] == found
