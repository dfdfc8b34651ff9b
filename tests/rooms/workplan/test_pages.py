"""The plan through its pages: a row opens into the night's records, each township sees its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.engines.callout import actions as callout
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Call
from anlan.engines.indicators import compute, kept
from anlan.engines.indicators import rounds as indicator_rounds
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import actions as evacuation
from anlan.rooms.evacuation import register_actions as registers
from anlan.rooms.evacuation import rounds
from anlan.rooms.evacuation.decisions import Figures
from anlan.rooms.evacuation.models import Opening
from anlan.rooms.workplan import actions, demo
from tests.answers import answered
from tests.conftest import TOWNSHIPS, VILLAGES

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")
REACHED = "/plan/indicator/warning.reached_in_time/"
ZONES = "/plan/indicator/warning.zones_used/"


@pytest.fixture
def plan(county_db: str) -> Any:
    with COMMAND.open():
        year = compute.today(COMMAND).year
    version = actions.import_plan(COMMAND, demo.document(year), demo.NAME, demo=True)
    return actions.confirm(COMMAND, version.id)


@pytest.fixture
def counted(plan: Any, scope_of: Callable[..., Any]) -> None:
    """Both townships called; the first village of each answers and counts its zone."""
    for village, name in ((VILLAGES[0], "甲村一片"), (VILLAGES[2], "丙村一片")):
        shelter = registers.add_shelter(COMMAND, village, "小学", 100)
        zone = registers.add_zone(COMMAND, village, name, "rainstorm", shelter.id)
        registers.add_household(COMMAND, zone.id, "户主", 3)
    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               TOWNSHIPS, "k"),
    )  # fmt: skip
    rounds.open_by_callout(ROUND)
    with ROUND.open():
        calls = list(Call.objects.filter(division__in=[VILLAGES[0], VILLAGES[2]]))
        openings = list(Opening.objects.all())
    for call in calls:
        answered(call)
    for opening in openings:
        evacuation.record_headcount(ROUND, opening.id, Figures(3, 3), "keyed")


def text(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.content.decode())


def test_the_board_has_121_rows_and_says_of_each_where_it_stands(
    plan: Any, client_of: Callable[..., Any]
) -> None:
    page = text(client_of("plan_clerk"), "/plan/")
    rows = page.split("<tbody>", 1)[1]
    assert rows.count('<span class="quiet">未设指标</span>') == 114
    assert rows.count('<span class="empty-box">未报</span>') == 7
    assert "121 条" in page


@pytest.mark.parametrize("row", ["4/40", "5/6"])
def test_a_row_opens_into_the_records_of_the_night_and_they_have_pages(
    counted: Any, client_of: Callable[..., Any], row: str
) -> None:
    import re

    client = client_of("duty_officer")
    page = text(client, f"/plan/{row}/")
    links = set(re.findall(r'<td><a href="(/(?:callout|zones)/\d+/)">', page))
    assert links
    for link in links:
        text(client, link)


@pytest.mark.parametrize("row", ["4/40", "5/6"])
def test_without_the_nights_records_the_row_reads_unreported(
    counted: Any, client_of: Callable[..., Any], owner_sql: Any, row: str
) -> None:
    client = client_of("duty_officer")
    assert "未报" not in text(client, f"/plan/{row}/")
    owner_sql("TRUNCATE callout_callout, evacuation_opening CASCADE")
    page = text(client, f"/plan/{row}/")
    assert "未报" in page and "达标" not in page


@pytest.mark.parametrize(("at", "own", "other"), [(0, "甲村", "丙村"), (1, "丙村", "甲村")])
def test_a_township_sees_its_own_share_and_no_name_of_its_neighbour(
    counted: Any, client_of: Callable[..., Any], at: int, own: str, other: str
) -> None:
    client = client_of("township_duty", TOWNSHIPS[at])
    for path in ("/plan/4/40/", "/plan/5/6/", REACHED, ZONES):
        page = text(client, path)
        assert own in page, path
        assert other not in page, path
    assert "1/3" in text(client, "/plan/4/40/")
    assert "1/1" in text(client, "/plan/5/6/")
    assert "2/8" in text(client_of("duty_officer"), "/plan/4/40/")


def test_a_zero_report_is_signed_on_the_page_and_taken_back(
    plan: Any, client_of: Callable[..., Any]
) -> None:
    officer = client_of("duty_officer")
    assert "零报告：" in text(officer, REACHED)
    for _twice in range(2):
        assert officer.post(REACHED + "zero/", {"request_key": "the-same-key"}).status_code == 302
    page = text(officer, REACHED)
    assert "无对象" in page and "县值班员" in page
    assert officer.post(REACHED + "zero/", {}).status_code == 409
    with ROUND.open():
        from anlan.engines.indicators.models import ZeroReport

        report = ZeroReport.objects.get()
    assert officer.post(f"{REACHED}zero/{report.id}/", {"why": ""}).status_code == 400
    other = client_of("plan_clerk")
    assert other.post(f"{REACHED}zero/{report.id}/", {"why": "不是"}).status_code == 302
    assert "未报" in text(officer, REACHED)
    assert client_of("township_leader", TOWNSHIPS[0]).post(REACHED + "zero/").status_code == 403


def test_a_base_is_entered_with_its_source_and_a_figure_is_checked(
    counted: Any, client_of: Callable[..., Any]
) -> None:
    clerk = client_of("plan_clerk")
    assert "无基数" in text(clerk, ZONES)
    form = {"count": "2", "authority": "县水利局", "counted_on": "2025-01-31", "document": "文一"}
    assert clerk.post(ZONES + "base/", form | {"counted_on": "昨天"}).status_code == 400
    assert clerk.post(ZONES + "base/", form | {"count": "许多"}).status_code == 400
    assert clerk.post(ZONES + "base/", form).status_code == 302
    page = text(clerk, ZONES)
    assert "100.0%" in page and "达标" in page and "县水利局" in page
    assert clerk.post(ZONES + "check/", {"shown": "99", "note": "对过"}).status_code == 409
    assert clerk.post(ZONES + "check/", {"shown": "100.0", "note": "对过"}).status_code == 302
    assert "已核" in text(clerk, ZONES)
    assert client_of("duty_officer").post(ZONES + "base/", form).status_code == 403


def test_a_frozen_month_has_its_page_with_members_and_corrections(
    counted: Any, client_of: Callable[..., Any], move_clock: Any, owner_sql: Any
) -> None:
    from anlan.ground import clock

    now = clock.local(clock.now(0))
    move_clock(32 * 86400)
    indicator_rounds.freeze(ROUND)
    if (clock.local(clock.now(0)).year, now.month) == (now.year, now.month):
        owner_sql("UPDATE callout_call SET state = 'nobody' WHERE division = %s", (VILLAGES[0],))
        kept.recompute(ROUND)
        assert indicator_rounds.correct(ROUND) >= 1
    client = client_of("duty_officer")
    last = clock.local(clock.now(0)).replace(day=1)
    month = f"{(last.year * 12 + last.month - 2) // 12}-{(last.month - 2) % 12 + 1:02d}"
    page = text(client, f"{REACHED}{month}/")
    assert "冻结时的记录" in page and "甲村负责人" in page
    assert month in text(client, REACHED)
    text(client, f"{REACHED}2019-13/", 404)
    text(client, f"{REACHED}2019-01/", 404)
    text(client, "/plan/indicator/no.such/", 404)
    share = text(client_of("township_duty", TOWNSHIPS[1]), f"{REACHED}{month}/")
    assert "甲村" not in share
