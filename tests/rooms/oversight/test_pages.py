"""Supervision through its pages: proposed, sent, acknowledged, answered, pressed again, in order."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from anlan.county.models import Unit
from anlan.engines.indicators import actions as indicators
from anlan.ground import calendar, clock
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from anlan.rooms.oversight import rounds
from anlan.rooms.oversight.models import Letter
from anlan.rooms.workplan import board_actions
from tests.conftest import TOWNSHIPS

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")

INDICATOR = "warning.reached_in_time"


def text(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.content.decode())


def letters() -> list[Letter]:
    with ROUND.open():
        return list(Letter.objects.order_by("id"))


@pytest.fixture
def proposed(water: int) -> Letter:
    board_actions.confirm_lead(COMMAND, 4, 40, water, "分工表")
    assert rounds.press(ROUND) == 1
    return letters()[0]


@pytest.fixture
def sent(proposed: Letter, client_of: Callable[..., Any]) -> Letter:
    page = text(client_of("plan_clerk"), f"/oversight/{proposed.id}/")
    form = {"version": str(proposed.version), "days": "5", "text": "请核实。\r\n请答复。"}
    assert "发出督促函" in page
    assert client_of("plan_clerk").post(f"/oversight/{proposed.id}/send/", form).status_code == 302
    return letters()[0]


def days_on(days: int) -> str:
    with ROUND.open():
        return (clock.local(clock.now()).date() + timedelta(days=days)).isoformat()


def test_nothing_goes_to_a_proposed_lead_and_the_list_says_so(
    water: int, client_of: Callable[..., Any]
) -> None:
    assert rounds.press(ROUND) == 0
    page = text(client_of("plan_clerk"), "/oversight/")
    assert "没有在督办的" in page and "牵头单位没有确认，不能发函" in page and "/plan/4/40/" in page
    assert letters() == []


def test_a_target_without_an_indicator_is_never_pressed(water: int) -> None:
    board_actions.confirm_lead(COMMAND, 4, 41, water, "分工表")
    assert rounds.press(ROUND) == 0


def test_the_draft_says_what_was_promised_how_it_stands_and_since_when(proposed: Letter) -> None:
    assert proposed.state == "proposed" and proposed.since == date(2025, 12, 31)
    for words in ("2025年全县安全工作要点（演示数据）", "演示府发〔2025〕1号", "第40条", "由县水利局牵头",
                  "没有报送（未报）", "2025年12月31日前完成", "个工作日", "零报告"):  # fmt: skip
        assert words in proposed.text, words
    days = calendar.Calendar().working_days_between(
        date(2025, 12, 31), date.fromisoformat(proposed.facts["on"])
    )
    assert proposed.facts["working_days"] == days and f"（{days}个工作日）" in proposed.text
    assert rounds.press(ROUND) == 0, "the second pass drafts nothing"


def test_a_draft_carries_the_article_that_was_read_for_its_row(
    water: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anlan.ground.policy import packs

    entry = {"law": "生产安全事故应急条例", "article": "第八条", "text_of": "2019-02-17", "says": "应当演练。",
             "plan_year": 2025, "rows": {"4/40": "抓好会商研判和处置应对"}, "checked_on": "2026-11-24"}  # fmt: skip
    other = entry | {"rows": {"4/40": "别的名称"}, "law": "别的法"}
    monkeypatch.setattr(packs, "citations", lambda: {"one": entry, "two": other})
    board_actions.confirm_lead(COMMAND, 4, 40, water, "分工表")
    rounds.press(ROUND)
    assert "生产安全事故应急条例第八条：应当演练。" in letters()[0].text
    assert "别的法" not in letters()[0].text


def test_it_is_sent_by_a_person_with_its_number_and_its_day_in_working_days(
    sent: Letter, client_of: Callable[..., Any]
) -> None:
    with ROUND.open():
        today = clock.local(clock.now()).date()
    assert sent.number == f"督促函〔{today.year}〕1号" and sent.to_title == "县水利局值班室"
    last = calendar.Calendar().add_working_days(today, 5)
    assert sent.due_at == calendar.end_of_day(last.on) and sent.unsure == (not last.sure)
    assert sent.text == "请核实。\n请答复。"
    page = text(client_of("duty_officer"), "/oversight/")
    assert "还有 5 个工作日" in page and "1 份函在办" in page


@pytest.mark.parametrize(
    ("change", "status"),
    [({"version": "9"}, 409), ({"days": "0"}, 400), ({"days": "61"}, 400), ({"days": "-1"}, 400),
     ({"days": "五"}, 400), ({"text": " "}, 400), ({"text": "长" * 8001}, 400)],
)  # fmt: skip
def test_a_wrong_form_sends_nothing(
    proposed: Letter, client_of: Callable[..., Any], change: dict[str, str], status: int
) -> None:
    form = {"version": str(proposed.version), "days": "5", "text": "请核实。"} | change
    answer = client_of("plan_clerk").post(f"/oversight/{proposed.id}/send/", form)
    assert answer.status_code == status and letters()[0].state == "proposed"


def test_who_may_not_send_is_refused_and_a_unit_without_a_post_cannot_be_sent_to(
    water: int, client_of: Callable[..., Any]
) -> None:
    with COMMAND.open():
        forest = Unit.objects.get(name="县林业局").id
    board_actions.confirm_lead(COMMAND, 4, 40, forest, "分工表")
    rounds.press(ROUND)
    row = letters()[0]
    form = {"version": str(row.version), "days": "5", "text": "请核实。"}
    path = f"/oversight/{row.id}/send/"
    for kind in ("duty_officer", "unit_duty"):
        assert client_of(kind).post(path, form).status_code == 403, kind
    assert (
        client_of("township_leader", TOWNSHIPS[0]).get(f"/oversight/{row.id}/").status_code == 403
    )
    refused = client_of("plan_clerk").post(path, form, headers={"Accept": "application/json"})
    assert refused.status_code == 400 and refused.json()["error"]["code"] == "unit-no-post"


def test_the_units_post_acknowledges_and_answers_and_nobody_else_does(
    sent: Letter, client_of: Callable[..., Any]
) -> None:
    own, other = client_of("unit_duty"), client_of("county_leader")
    assert "1 份函等您的岗位办理" in text(own, "/oversight/")
    assert other.post(f"/oversight/{sent.id}/acknowledge/").status_code == 403
    assert own.post(f"/oversight/{sent.id}/acknowledge/").status_code == 302
    assert own.post(f"/oversight/{sent.id}/acknowledge/").status_code == 409
    form = {"text": "已补报。", "promised_on": days_on(3)}
    path = f"/oversight/{sent.id}/answer/"
    assert other.post(path, form).status_code == 403
    for wrong in ({"text": ""}, {"promised_on": "明天"}, {"promised_on": days_on(-1)}):
        assert own.post(path, form | wrong).status_code == 400, wrong
    assert own.post(path, form).status_code == 302
    page = text(client_of("plan_clerk"), f"/oversight/{sent.id}/")
    assert "已补报。" in page and days_on(3) in page
    row = letters()[0]
    assert row.state == "answered" and row.answered_by == "县水利局值班室"
    with ROUND.open():
        named = set(
            JournalLine.objects.filter(action__startswith="oversight.").values_list(
                "action", flat=True
            )
        )
    assert named >= {
        "oversight.propose",
        "oversight.send",
        "oversight.acknowledge",
        "oversight.answer",
    }


def test_no_answer_by_the_day_goes_to_the_leader_in_charge(
    sent: Letter, move_clock: Any, client_of: Callable[..., Any]
) -> None:
    with ROUND.open():
        left = (sent.due_at - clock.now()).total_seconds()  # type: ignore[operator]
    move_clock(left - 60)
    assert rounds.press(ROUND) == 0, "the day is not over"
    move_clock(61)
    assert rounds.press(ROUND) == 1
    second = letters()[1]
    assert (second.step, second.before_id, second.reason) == (2, sent.id, "no-answer")
    assert sent.number in second.text and "至今没有答复" in second.text and "再次" in second.title
    clerk = client_of("plan_clerk")
    form = {"version": str(second.version), "days": "3", "text": second.text}
    assert clerk.post(f"/oversight/{second.id}/send/", form).status_code == 302
    assert letters()[1].to_title == "县领导" and "请督促县水利局核实原因" in second.text
    assert rounds.press(ROUND) == 0, "there is no third letter"
    assert "过期没有答复" in text(clerk, "/oversight/")
    leader = client_of("county_leader")
    answer = {"text": "已约谈。", "promised_on": days_on(30)}
    assert leader.post(f"/oversight/{second.id}/answer/", answer).status_code == 302


def test_a_broken_promise_goes_to_the_leader_in_charge(
    sent: Letter, move_clock: Any, client_of: Callable[..., Any]
) -> None:
    form = {"text": "三日内补报。", "promised_on": days_on(3)}
    client_of("unit_duty").post(f"/oversight/{sent.id}/answer/", form)
    move_clock(3 * 86400)
    assert rounds.press(ROUND) == 0
    move_clock(86400)
    assert rounds.press(ROUND) == 1
    assert letters()[1].reason == "promise-broken" and "至今没有办结" in letters()[1].text


def test_a_report_that_comes_in_ends_the_letter_by_itself(
    sent: Letter, client_of: Callable[..., Any]
) -> None:
    indicators.report_zero(signer(), INDICATOR, date(2025, 12, 31))
    assert rounds.press(ROUND) == 1
    row = letters()[0]
    assert (row.state, row.outcome) == ("closed", "met")
    assert "目标已不再过期" in text(client_of("plan_clerk"), "/oversight/")


def signer() -> Any:
    from tests.small_county import scope_of

    return scope_of("duty_officer")


def test_a_draft_falls_away_with_its_lead_and_the_new_lead_gets_its_own(
    proposed: Letter, client_of: Callable[..., Any]
) -> None:
    with COMMAND.open():
        forest = Unit.objects.get(name="县林业局").id
    board_actions.confirm_lead(COMMAND, 4, 40, forest, "新分工表")
    assert rounds.press(ROUND) >= 1
    rows = letters()
    assert rows[0].state == "dropped" and rows[0].closed_why
    assert rounds.press(ROUND) == 0
    assert len(rows) == 2 and "由县林业局牵头" in rows[1].text and rows[1].step == 1


def test_a_sent_letter_ends_when_somebody_else_leads_and_stays_readable(
    sent: Letter, client_of: Callable[..., Any]
) -> None:
    with COMMAND.open():
        forest = Unit.objects.get(name="县林业局").id
    board_actions.confirm_lead(COMMAND, 4, 40, forest, "新分工表")
    rounds.press(ROUND)
    rows = letters()
    assert (rows[0].state, rows[0].outcome) == ("closed", "moved")
    assert rows[1].state == "proposed" and rows[1].step == 1
    assert sent.number in text(client_of("plan_clerk"), f"/oversight/{sent.id}/")


def test_a_draft_that_a_person_does_not_send_is_not_drafted_again(
    proposed: Letter, client_of: Callable[..., Any]
) -> None:
    clerk = client_of("plan_clerk")
    path = f"/oversight/{proposed.id}/drop/"
    assert clerk.post(path, {"why": " "}).status_code == 400
    assert clerk.post(path, {"why": "已当面督促"}).status_code == 302
    assert rounds.press(ROUND) == 0
    assert "已当面督促" in text(clerk, "/oversight/")


@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_the_letter_is_a_paper_with_number_addressee_and_body(
    sent: Letter, client_of: Callable[..., Any], form: str
) -> None:
    client = client_of("unit_duty")
    answer = client.get(f"/oversight/{sent.id}/file.{form}")
    assert answer.status_code == 200 and answer["X-Content-Type-Options"] == "nosniff"
    if form == "docx":
        from docx import Document

        said = "".join(p.text for p in Document(io.BytesIO(answer.content)).paragraphs)
    else:
        import pypdfium2

        pages = pypdfium2.PdfDocument(answer.content)
        said = "".join(page.get_textpage().get_text_range() for page in pages)
    flat = re.sub(r"\s", "", said)
    for words in (sent.number, "县水利局：", "请核实。", "请答复。", "要点管理员"):
        assert words in flat, words
    assert client.get(f"/oversight/{sent.id}/file.exe").status_code == 404


def test_two_letters_never_bear_one_number(
    sent: Letter, water: int, client_of: Callable[..., Any]
) -> None:
    board_actions.confirm_lead(COMMAND, 5, 6, water, "分工表")
    assert rounds.press(ROUND) == 1
    second = letters()[1]
    form = {"version": str(second.version), "days": "5", "text": "请核实。"}
    client_of("duty_leader").post(f"/oversight/{second.id}/send/", form)
    assert [row.serial for row in letters()] == [1, 2]


def test_the_paper_and_the_page_say_by_which_day_an_answer_is_wanted(
    sent: Letter, proposed: Letter, client_of: Callable[..., Any]
) -> None:
    from anlan.ground.papers import day_text
    from tests.ground.test_papers import docx_words

    assert sent.due_at is not None
    words = f"请于{day_text(clock.local(sent.due_at).date() - timedelta(days=1))}前答复。"
    client = client_of("unit_duty")
    assert words in text(client, f"/oversight/{sent.id}/")
    assert words in docx_words(client.get(f"/oversight/{sent.id}/file.docx").content)


@pytest.mark.parametrize("form", ["xlsx", "docx", "pdf"])
def test_the_list_says_what_is_pressed_since_when_and_what_came_of_it(
    sent: Letter, client_of: Callable[..., Any], form: str
) -> None:
    from tests.ground.test_papers import docx_words, pdf_pages

    days = {"text": "已补报。", "promised_on": days_on(3)}
    client_of("unit_duty").post(f"/oversight/{sent.id}/answer/", days)
    with ROUND.open():
        past = (clock.local(clock.now()).date() - sent.since).days
    client = client_of("duty_officer")
    page = text(client, "/oversight/")
    assert f"已过 {past} 天" in page and f"答复承诺 {days_on(3)} 前办结" in page
    assert "● 已答复 <b>1</b>" in page and "/oversight/file.xlsx" in page
    content = client.get(f"/oversight/file.{form}").content
    if form == "xlsx":
        from openpyxl import load_workbook

        rows = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
        said = "".join(str(cell) for row in rows for cell in row)
    else:
        said = docx_words(content) if form == "docx" else "".join(pdf_pages(content))
    flat = re.sub(r"\s", "", said)
    for part in (
        sent.number,
        "4/40",
        "县水利局",
        f"2025-12-31，已过{past}天",
        "已答复",
        days_on(3),
    ):
        assert re.sub(r"\s", "", part) in flat, part
    assert client.get("/oversight/file.exe").status_code == 404
    assert client.get("/oversight/file.xlsx?state=lost").status_code == 400
    other = client.get("/oversight/file.xlsx?state=sent").content
    assert sent.number not in str(load_rows(other))


def load_rows(content: bytes) -> list[Any]:
    from openpyxl import load_workbook

    return list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True))
