"""Reports upwards: clocks by law and by the county, every version of a figure, what changed, late."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from anlan.ground import clock
from anlan.ground.policy import values
from anlan.rooms.duty import pack, rounds
from anlan.rooms.duty.models import Event, Figure, LogLine, Report
from anlan.rooms.duty.report_decisions import (
    Carried,
    changes,
    class_of,
    clock_of,
    follows,
    unit_minutes,
)
from tests.rooms.duty.conftest import ROUND
from tests.rooms.duty.test_desk import page, rows

NOW = datetime(2024, 7, 11, 2, 40, tzinfo=UTC)


def minutes(later: datetime, earlier: datetime) -> int:
    return round((later - earlier).total_seconds() / 60)


# decisions


@pytest.mark.parametrize(
    ("figures", "label", "up_to"),
    [
        ({}, "一般事故", "设区的市"),
        ({"dead": 2}, "一般事故", "设区的市"),
        ({"dead": 3}, "较大事故", "省"),
        ({"dead": 2, "missing": 1}, "较大事故", "省"),
        ({"injured": 10}, "较大事故", "省"),
        ({"dead": 9, "injured": 49}, "较大事故", "省"),
        ({"dead": 10}, "重大事故", "国务院"),
        ({"loss_yuan": 50_000_000}, "重大事故", "国务院"),
        ({"dead": 30}, "特别重大事故", "国务院"),
        ({"injured": 100}, "特别重大事故", "国务院"),
        ({"loss_yuan": 99_999_999}, "重大事故", "国务院"),
        ({"loss_yuan": 100_000_000}, "特别重大事故", "国务院"),
    ],
)
def test_the_class_of_an_accident_by_article_3_and_how_far_up_by_article_10(
    figures: dict[str, int], label: str, up_to: str
) -> None:
    """以上 includes the number itself, 以下 does not."""
    found = class_of({k: Decimal(v) for k, v in figures.items()}, pack.classes())
    assert found.label == label and up_to in found.up_to


def test_changed_casualties_of_an_accident_are_reported_within_the_days_of_article_13() -> None:
    at = NOW - timedelta(days=30)
    assert follows(False, True, True, at, NOW, 30)
    assert not follows(False, True, True, at - timedelta(seconds=1), NOW, 30)
    assert not follows(False, True, True, NOW - timedelta(days=8), NOW, 7), "road and fire: 7 days"
    assert not follows(False, False, True, NOW, NOW, 30), "only casualties"
    assert not follows(False, True, False, NOW, NOW, 30), "the same number again"
    assert follows(True, False, True, NOW, NOW, None), "every figure of a disaster"


def carried(name: str, value: int, number: int) -> Carried:
    return Carried(name, name, "人", Decimal(value), number, "镇里", NOW.isoformat())


def test_what_changed_names_the_new_the_changed_and_the_gone() -> None:
    old = [carried("affected", 6985, 1), carried("dead", 1, 1), carried("moved", 30, 2)]
    new = [carried("affected", 43000, 4), carried("dead", 1, 1), carried("injured", 2, 1)]
    found = {c.name: (c.before, c.after, c.versions) for c in changes(old, new)}
    assert found == {
        "affected": (Decimal(6985), Decimal(43000), 3),
        "injured": (None, Decimal(2), 1),
        "moved": (Decimal(30), None, 0),
    }


def test_late_is_past_the_minute_and_the_laws_limit_stands_apart() -> None:
    due, limit = NOW + timedelta(minutes=30), NOW + timedelta(minutes=120)
    assert clock_of(due, limit, None, due, True).state == "running"
    late = clock_of(due, limit, None, due + timedelta(seconds=1), True)
    assert late.state == "late" and not late.over_limit
    assert clock_of(due, limit, limit + timedelta(seconds=1), NOW, True).over_limit
    assert clock_of(due, limit, due, limit, False) == clock_of(due, limit, due, NOW, False)
    assert clock_of(due, limit, due, NOW, True).state == "sent-in-time"


def test_the_hour_of_article_9_is_a_question() -> None:
    assert unit_minutes(NOW, NOW + timedelta(minutes=60), 60) is None
    assert unit_minutes(NOW, NOW + timedelta(minutes=95), 60) == 95
    assert unit_minutes(NOW, NOW + timedelta(minutes=95), None) is None


# through the pages


def report(event: Any, kind: str) -> Report:
    with ROUND.open():
        found: Report = Report.objects.filter(event=event, kind=kind).order_by("-number")[0]
        return found


def figure(officer: Any, event: Any, name: str, value: str, source: str, **more: str) -> int:
    form = {"name": name, "value": value, "source": source} | more
    return int(officer.post(f"/desk/event/{event.id}/figure/", form).status_code)


def send(officer: Any, leader: Any, row: Report, **more: str) -> int:
    own = {"version": str(row.version), "text": ""} | more
    assert officer.post(f"/duty/report/{row.id}/draft/", own).status_code == 302
    form = {"version": str(row.version + 1), "to": "县人民政府、市应急管理局", "via": "传真"}
    return int(leader.post(f"/duty/report/{row.id}/sign/", form).status_code)


def test_people_hurt_start_the_first_reports_clock_by_the_countys_minutes(take: Any) -> None:
    event = take("滑坡，1人死亡", "甲村", kind="geohazard")
    row = report(event, "first")
    assert minutes(row.due_at, event.received_at) == 30 and row.due_runs and row.limit_at is None
    assert "自然灾害救助条例第十六条第一款" in row.law and "第六十一条" in row.law
    quiet = take("路上有落石", "丙村", kind="geohazard", injured="0")
    assert quiet.reporting_at is None and not rows(Report, event_id=quiet.id)


def test_an_accident_also_has_the_laws_two_hours(take: Any, officer: Any) -> None:
    event = take("工地坍塌，2人受伤", "甲村", kind="work", ago="95")
    row = report(event, "first")
    assert row.limit_at is not None and minutes(row.limit_at, event.received_at) == 120
    assert "第九条" not in row.law and "第十一条" in row.law
    shown = page(officer, f"/desk/event/{event.id}/")
    assert "从发生到接报 95 分钟" in shown and "第九条" in shown


def test_minutes_that_nobody_saved_only_propose_and_say_so(
    take: Any, officer: Any, owner_sql: Callable[..., Any], move_clock: Any
) -> None:
    owner_sql("DELETE FROM policy_value WHERE name LIKE 'duty.%%'")
    event = take("滑坡，1人死亡", "甲村", kind="geohazard")
    row = report(event, "first")
    assert not row.due_runs and "时限待核" in page(officer, f"/duty/report/{row.id}/")
    move_clock(31 * 60)
    rounds.tell_late(ROUND)
    assert any("时限待核" in line.text for line in rows(LogLine))
    fire = take("起火，1人死亡", "乙村", kind="fire")
    assert report(fire, "first").limit_at is not None, "what the law itself writes runs"


def test_first_follow_up_and_final_each_say_what_changed(
    take: Any, officer: Any, leader: Any, move_clock: Any
) -> None:
    event = take("山洪，1人失联", "甲村", kind="flood")
    assert figure(officer, event, "affected", "6,985", "澄溪镇值班室电话") == 302
    first = report(event, "first")
    assert send(officer, leader, first) == 302
    first = report(event, "first")
    assert first.state == "sent" and first.title.endswith("（首报）") and first.changes == []
    assert "受灾人口6,985人" in first.text
    follow = report(event, "follow")
    assert minutes(follow.due_at, first.sent_at) == 24 * 60 and "第十七条第一款" in follow.law
    move_clock(3600)
    assert figure(officer, event, "affected", "21000", "县应急局汇总") == 302
    assert figure(officer, event, "affected", "43000", "县应急局汇总") == 302
    sooner = report(event, "follow")
    assert sooner.id == follow.id and minutes(sooner.due_at, sooner.created_at) < 24 * 60
    assert send(officer, leader, sooner) == 302
    sent = report(event, "follow") if report(event, "follow").state == "sent" else rows(
        Report, event_id=event.id, kind="follow", state="sent"
    )[0]  # fmt: skip
    change = next(c for c in sent.changes if c["name"] == "affected")
    assert (change["before"], change["after"], change["versions"]) == ("6985.00", "43000.00", 2)
    assert "受灾人口由 6,985 人变为 43,000 人" in sent.text and "续报第 1 期" in sent.title
    assert [(int(f.value), f.source) for f in rows(Figure, name="affected")] == [
        (6985, "澄溪镇值班室电话"), (21000, "县应急局汇总"), (43000, "县应急局汇总"),
    ]  # fmt: skip
    with ROUND.open():
        event = Event.objects.get(id=event.id)
    form = {"version": str(event.version), "why": "雨停水退，各镇核清"}
    assert officer.post(f"/desk/event/{event.id}/stable/", form).status_code == 302
    final = report(event, "final")
    assert minutes(final.due_at, final.created_at) == 5 * 24 * 60 and "第十七条第二款" in final.law
    assert rows(Report, event_id=event.id, state="due") == [final], "the daily one fell away"
    assert send(officer, leader, final) == 302
    assert "各项数字没有变化" in report(event, "final").text
    assert rows(Report, event_id=event.id, state="due") == []


def test_the_paper_carries_every_figure_with_its_version_and_the_articles(
    take: Any, officer: Any, leader: Any
) -> None:
    import pypdfium2
    from docx import Document

    event = take("工地坍塌，3人死亡", "甲村", kind="work")
    row = report(event, "first")
    officer.post(f"/duty/report/{row.id}/draft/", {"version": str(row.version), "text": ""})
    unsent = officer.get(f"/duty/report/{row.id}/file.docx")
    words = "\n".join(p.text for p in Document(io.BytesIO(unsent.content)).paragraphs)
    assert "草稿，未报" in words and "事故发生单位概况" in words
    assert "较大事故：逐级上报至省、自治区、直辖市" in words and "第十一条" in words
    cells = [
        c.text for t in Document(io.BytesIO(unsent.content)).tables for r in t.rows for c in r.cells
    ]
    assert "3 人" in cells and "电话接报" in cells
    answer = officer.get(f"/duty/report/{row.id}/file.pdf")
    assert answer["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    assert "死亡" in "".join(p.get_textpage().get_text_range() for p in document)
    assert officer.get(f"/duty/report/{row.id}/file.exe").status_code == 404


def test_late_is_said_once_and_shows_after_it_was_sent(
    take: Any, officer: Any, leader: Any, move_clock: Any
) -> None:
    event = take("滑坡，1人死亡", "甲村", kind="geohazard")
    move_clock(29 * 60)
    assert rounds.tell_late(ROUND) == 0
    move_clock(2 * 60)
    assert rounds.tell_late(ROUND) == 1 and rounds.tell_late(ROUND) == 0
    assert sum("到时没有报出" in line.text for line in rows(LogLine)) == 1
    assert "有 1 份报告到时未报" in page(officer, "/"), "the first page says it first"
    assert "1 份报告到时未报" in page(officer, "/desk/") and "到时未报" in page(
        officer, "/duty/reports/"
    )
    assert send(officer, leader, report(event, "first")) == 302
    assert "迟报" in page(officer, "/duty/reports/")


def test_nobody_signs_figures_that_are_old_and_the_officer_does_not_sign(
    take: Any, officer: Any, leader: Any
) -> None:
    event = take("滑坡，1人死亡", "甲村", kind="geohazard")
    row = report(event, "first")
    form = {"version": str(row.version + 1), "to": "市应急管理局", "via": "传真"}
    assert leader.post(f"/duty/report/{row.id}/sign/", form | {"version": str(row.version)}
                       ).status_code == 409, "not drafted"  # fmt: skip
    officer.post(f"/duty/report/{row.id}/draft/", {"version": str(row.version), "text": ""})
    assert officer.post(f"/duty/report/{row.id}/sign/", form).status_code == 403
    figure(officer, event, "dead", "2", "现场")
    assert leader.post(f"/duty/report/{row.id}/sign/", form).status_code == 409
    assert "重新起草" in page(officer, f"/duty/report/{row.id}/")
    assert send(officer, leader, report(event, "first")) == 302
    assert leader.post(f"/duty/report/{row.id}/sign/", form).status_code == 409, "once"


def test_a_count_that_goes_down_needs_its_reason_and_bad_values_are_refused(
    take: Any, officer: Any
) -> None:
    event = take("滑坡", "甲村", kind="geohazard", dead="2")
    assert figure(officer, event, "dead", "1", "现场") == 400
    assert figure(officer, event, "dead", "1", "现场", why="重复统计") == 302
    for value in ("-1", "1.5", "NaN", "Infinity", "很多", "9" * 30):
        assert figure(officer, event, "dead", value, "现场") == 400, value
    assert figure(officer, event, "nonsense", "1", "现场") == 400
    assert figure(officer, event, "dead", "3", " ") == 400
    assert figure(officer, event, "dead", "3", "现场", as_of="2999-01-01T00:00") == 400
    assert figure(officer, event, "crops_ha", "12.5", "农业农村委") == 302
    assert [int(f.value) for f in rows(Figure, name="dead")] == [2, 1]


def test_after_the_final_report_changed_casualties_of_an_accident_are_still_reported(
    take: Any, officer: Any, leader: Any, move_clock: Any
) -> None:
    event = take("车祸，1人死亡", "甲村", kind="road")
    assert send(officer, leader, report(event, "first")) == 302
    with ROUND.open():
        event = Event.objects.get(id=event.id)
    officer.post(
        f"/desk/event/{event.id}/stable/", {"version": str(event.version), "why": "处置完毕"}
    )
    assert send(officer, leader, report(event, "final")) == 302
    move_clock(6 * 24 * 3600)
    figure(officer, event, "dead", "2", "医院")
    later = report(event, "follow")
    assert later.reason == "figures" and "第十三条" in later.law
    assert send(officer, leader, later) == 302
    move_clock(2 * 24 * 3600)
    figure(officer, event, "dead", "3", "医院")
    assert report(event, "follow").id == later.id, "seven days for road accidents are over"


def test_a_report_that_is_not_needed_is_dropped_by_the_leader_with_the_reason(
    take: Any, officer: Any, leader: Any
) -> None:
    event = take("滑坡，1人死亡", "甲村", kind="geohazard")
    row = report(event, "first")
    path, form = f"/duty/report/{row.id}/drop/", {"version": str(row.version), "why": "误报"}
    assert officer.post(path, form).status_code == 403
    assert leader.post(path, form | {"why": ""}).status_code == 400
    assert leader.post(path, form).status_code == 302
    assert report(event, "first").dropped_why == "误报"
    assert officer.post(f"/desk/event/{event.id}/begin/").status_code == 302, (
        "it can be begun again"
    )
    assert [r.number for r in rows(Report)] == [1, 2]


def test_the_verified_values_are_those_of_the_articles() -> None:
    today = clock.local(datetime(2026, 11, 25, tzinfo=UTC)).date()
    said = {name: values.shipped(f"duty.{name}", today) for name in (
        "accident_unit_min", "accident_level_min", "change_days", "change_days_road_fire",
        "natural_follow_h")}  # fmt: skip
    assert {n: (v.value, v.unit, v.status) for n, v in said.items()} == {
        "accident_unit_min": (60, "min", "verified"),
        "accident_level_min": (120, "min", "verified"),
        "change_days": (30, "天", "verified"),
        "change_days_road_fire": (7, "天", "verified"),
        "natural_follow_h": (24, "h", "verified"),
    }
    own = [n for n in ("accident_first_min", "natural_first_min", "change_min")
           if values.shipped(f"duty.{n}", today).status == "unverified"]  # fmt: skip
    assert len(own) == 3, "the county's own minutes are 待核"


def test_the_laws_that_are_cited_say_what_the_values_say() -> None:
    """Where the laws lie beside the project, each cited article is read again."""
    from pathlib import Path

    folder = Path(__file__).resolve().parents[4] / "shared" / "laws"
    if not folder.is_dir():
        pytest.skip("the laws do not lie beside this checkout")
    accident = next(folder.glob("生产安全事故报告和调查处理条例*")).read_text(encoding="utf-8")
    relief = next(folder.glob("自然灾害救助条例*")).read_text(encoding="utf-8")

    def article(text: str, name: str) -> str:
        found = re.search(
            rf"^{name} (.*?)(?=^第[一二三四五六七八九十百]+条 |\Z)", text, re.M | re.S
        )
        assert found is not None, name
        return found[1]

    assert "1小时内" in article(accident, "第九条")
    assert "每级上报的时间不得超过2小时" in article(accident, "第十一条")
    assert "30日内" in article(accident, "第十三条") and "7日内" in article(accident, "第十三条")
    assert "3人以上10人以下死亡" in article(accident, "第三条")
    assert "立即向本级人民政府和上一级人民政府应急管理部门报告" in article(relief, "第十六条")
    assert "每日逐级上报" in article(relief, "第十七条")
