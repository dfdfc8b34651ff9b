"""Rule values on their page: source and status, the county's own beside, what ran on a day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.policy import packs, values
from anlan.ground.scope import Scope

COMMAND = Scope.for_command("test")
NAME = "callout.minutes_orange"
PAGE = f"/policy/value/{NAME}/"


def text(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.content.decode())


def test_every_value_stands_on_the_page_with_source_date_and_status(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    page = text(client_of("duty_officer"), "/policy/")
    for name, entry in packs.laws().items():
        assert f'href="/policy/value/{name}/"' in page
        assert entry["label"] in page
    assert "待核" in page and "已核" in page and "突发事件应对法" in page and "2024-11-01" in page


def test_a_value_is_saved_with_document_and_editor_and_both_stand_side_by_side(
    county_db: str, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    owner_sql("TRUNCATE policy_value")
    clerk = client_of("plan_clerk")
    before = text(clerk, PAGE)
    assert "还不能用" in before and "15 分钟" in before
    form = {"value": "20", "document": "垫安委〔2025〕8号", "seen": "0"}
    assert clerk.post(PAGE + "save/", form).status_code == 302
    page = text(clerk, PAGE)
    assert "20 分钟" in page and "15 分钟" in page
    assert "垫安委〔2025〕8号" in page and "要点管理员" in page
    with COMMAND.open():
        assert values.running(COMMAND, NAME) == 20
    lines = owner_sql("SELECT actor, why FROM ground_journal WHERE action = 'policy.save'"
                      " ORDER BY id DESC LIMIT 1")  # fmt: skip
    assert lines == [("要点管理员", f"{NAME}: 15 -> 20")]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"value": "许多"}, 400), ({"value": ""}, 400), ({"value": "-5"}, 400),
        ({"value": "nan"}, 400), ({"value": "inf"}, 400), ({"value": "1e12"}, 400),
        ({"document": "  "}, 400), ({"valid_from": "昨天"}, 400), ({"valid_from": "2001-01-01"}, 400),
        ({"seen": "0"}, 409), ({"seen": ""}, 409), ({"seen": "9" * 30}, 409),
    ],
)  # fmt: skip
def test_a_wrong_entry_changes_nothing(
    county_db: str, client_of: Callable[..., Any], changes: dict[str, str], status: int
) -> None:
    before = values.history(COMMAND, NAME)
    seen = str(values.version(before))
    form = {"value": "20", "document": "文", "seen": seen} | changes
    answer = client_of("plan_clerk").post(PAGE + "save/", form)
    assert answer.status_code == status
    assert len(values.history(COMMAND, NAME)) == len(before)


def test_who_may_not_is_refused_and_sees_no_form(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    officer = client_of("duty_officer")
    assert "保存为本县的值" not in text(officer, PAGE)
    assert officer.post(PAGE + "save/", {"value": "1", "document": "文"}).status_code == 403
    assert client_of("township_duty", 500231109000).get("/policy/").status_code == 403
    text(officer, "/policy/value/no.such/", 404)


def test_fifty_editors_of_one_version_make_one_change(county_db: str) -> None:
    from django.db import connections

    seen, outcomes = values.version(values.history(COMMAND, NAME)), []

    def edit(number: int) -> None:
        try:
            values.save(COMMAND, NAME, number, "文", seen=seen)
            outcomes.append("saved")
        except Conflict:
            outcomes.append("conflict")
        connections.close_all()

    for start in range(0, 50, 10):
        threads = [threading.Thread(target=edit, args=(n + 1,)) for n in range(start, start + 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["conflict"] * 49 + ["saved"]


def test_what_ran_on_a_day(
    county_db: str, client_of: Callable[..., Any], move_clock: Any, owner_sql: Any
) -> None:
    owner_sql("TRUNCATE policy_value")
    first = clock.local(clock.now(0)).date()
    values.save(COMMAND, NAME, 20, "文一")
    move_clock(10 * 86400)
    values.save(COMMAND, NAME, 30, "文二")
    later = clock.local(clock.now(0)) + timedelta(days=20)
    values.save(COMMAND, NAME, 40, "文三", valid_from=later)
    client = client_of("duty_officer")

    def runs(on: Any) -> Any:
        import re

        page = text(client, f"/policy/?on={on.isoformat()}")
        row = re.search(rf'{NAME}/">[^<]*</a></td><td class="n">(.*?)</td>', page)
        assert row is not None
        return row[1]

    assert runs(first) == "20 分钟"
    assert runs(first + timedelta(days=9)) == "20 分钟"
    assert runs(first + timedelta(days=10)) == "30 分钟"
    assert runs(first + timedelta(days=29)) == "30 分钟"
    assert runs(first + timedelta(days=31)) == "40 分钟"
    assert "不用" in runs(first - timedelta(days=30)), "nothing of the county's own ran before"
    text(client, "/policy/?on=2023-01-01")
    text(client, "/policy/?on=morgen", 400)


def test_a_clock_before_the_first_value_runs_the_first_value(
    county_db: str, move_clock: Any
) -> None:
    move_clock(-400 * 86400)
    assert values.running(COMMAND, NAME) == 15
    moment = clock.now(0) + timedelta(days=3)
    values.save(COMMAND, "callout.wait_blue", 7, "文", valid_from=moment)
    assert values.running(COMMAND, "callout.wait_blue") == 20, "a later day's value waits for it"


def test_an_unverified_value_never_runs_by_itself(county_db: str, owner_sql: Any) -> None:
    owner_sql("TRUNCATE policy_value")
    with pytest.raises(Refusal, match="待核"):
        values.running(COMMAND, NAME)
    assert values.running(COMMAND, "warning.grade_red") == 1


def test_values_shipped_are_saved_as_demonstration_in_a_demonstration_county_only(
    county_db: str, owner_sql: Any
) -> None:
    owner_sql("UPDATE ground_county SET demo = false")
    with pytest.raises(Refusal, match="演示县"):
        values.save_demo(COMMAND)


def test_the_calendar_page_counts_and_takes_the_countys_notice(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    clerk = client_of("plan_clerk")
    assert "2025-10-09" in text(clerk, "/policy/calendar/?year=2025&from=2025-09-30&count=1")
    page = text(clerk, "/policy/calendar/?year=2035")
    assert "待核" in page and "还没有公布" in page
    form = {"on": "2035-10-01", "working": "no", "name": "国庆节", "document": "国办发明电"}
    assert clerk.post("/policy/calendar/save/", form).status_code == 302
    assert "国办发明电" in text(clerk, "/policy/calendar/?year=2035")
    for wrong in ({"on": ""}, {"on": "x"}, {"working": "maybe"}, {"document": ""}):
        assert clerk.post("/policy/calendar/save/", form | wrong).status_code == 400
    assert client_of("duty_officer").post("/policy/calendar/save/", form).status_code == 403
    for query in ("year=1", "year=x", "count=999", "count=x", "from=x"):
        text(clerk, f"/policy/calendar/?{query}", 400)


def test_a_post_without_the_right_cannot_save_by_the_action_either(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    with pytest.raises(Denied):
        values.save(scope_of("duty_officer"), NAME, 5, "文")
