"""An empty, real county walks from nothing to the night and to the plan's two rows.

Nothing is seeded: three administrators, accounts by one-time links, a workbook, pages by hand, rule
values with their document, a plan that two persons let in, zones and households, a bulletin, an SMS
centre that is a program of its own, answers, a knock, a headcount by page, the all-clear. The
county's clock is moved, nobody waits for a call to run out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from anlan.rooms.workplan import demo
from tests.browser.conftest import Box, anlan
from tests.browser.first_county import (
    BULLETIN,
    CODE,
    HOMES,
    MINUTES,
    NAME,
    PEOPLE,
    STEPS_MAX,
    VILLAGE,
    WORDS,
    Story,
    account,
    bind,
    book,
    call_rows,
    fits_a_telephone,
    free_ports,
    said_to,
    shot,
    submit,
    until,
)
from tests.browser.test_plan_review import settle_by_keys
from tests.totp import totp


@pytest.fixture(scope="module")
def story(chromium: str, browser: Any) -> Iterator[Story]:
    """`county new`, `up`, and the telephone box started apart, on ports that the kernel gave."""
    root = Path(tempfile.mkdtemp(prefix="anlan-empty-"))
    root.chmod(0o755)
    ports = free_ports("console", "live", "public", "phonebox", "smpp")
    home = root / "counties" / CODE
    home.mkdir(parents=True)
    facts = {"code": CODE, "name": NAME, "demo": False, "ports": ports}
    (home / "county.json").write_text(json.dumps(facts, ensure_ascii=False))
    log = (root / "box.log").open("wb")
    telephones = subprocess.Popen(
        [sys.executable, "-m", "phonebox", "--smpp-port", str(ports["smpp"]), "--http-port",
         str(ports["phonebox"]), "--store", str(root / "box.db")], stdout=log, stderr=log,
    )  # fmt: skip
    try:
        made = anlan(root, "county", "new", CODE, NAME)
        up = anlan(root, "up")
        up["links"] = up.get("links") or made["links"]
        assert up["demo"] is False and "phonebox" not in up
        yield Story(root, up, Box(f"http://127.0.0.1:{ports['phonebox']}"), browser)
    finally:
        anlan(root, "down")
        telephones.terminate()
        with suppress(subprocess.TimeoutExpired):
            telephones.wait(10)
        log.close()
        shutil.rmtree(root, ignore_errors=True)


# the story, step by step; each test begins where the one before ended


def test_three_administrators_set_themselves_up(story: Story) -> None:
    page = story.window("setup")
    page.goto(story.up["links"]["setup"])
    for kind, word in WORDS.items():
        page.fill(f"#{kind}", word)
    page.click("button.act")
    for kind, word in WORDS.items():
        own = story.window(kind)
        own.goto(story.console + "/accounts/login/")
        own.fill("#login", kind)
        own.fill("#password", word)
        own.click("button.act")
        bind(story, own, kind)
    assert story.at("security_admin", "/county/").locator("h1").inner_text() != "县情"


def test_the_clerk_of_the_vacant_post_brings_the_county_in(story: Story, tmp_path: Path) -> None:
    clerk = account(story, "clerk", "要点管理员", "shen.plan")
    page = story.at("clerk", "/")
    shot(page, "empty-today")
    page = story.at("clerk", "/county/")
    shot(page, "empty-county")
    page = story.at("clerk", "/county/workbook/")
    with page.expect_download() as waiting:
        page.click("a[href='template/']")
    blank = tmp_path / "blank.xlsx"
    waiting.value.save_as(blank)
    for faults in (True, False):
        path = tmp_path / ("第一次.xlsx" if faults else "改好.xlsx")
        book(path, blank, faults)
        page = story.at("clerk", "/county/workbook/")
        page.set_input_files("#id_file", str(path))
        page.click("form[action='send/'] button.act")
        if faults:
            shot(page, "workbook-faults")
            said = page.inner_text("main")
            assert "什么都没有写入" in said
            assert re.search(r"人员\s+4\s+D", said), said
            assert re.search(r"人员\s+6\s+B", said), said
    shot(page, "workbook-preview")
    page.locator("form[action='confirm/'] button.act").click()
    page.wait_for_url("**/county/")
    shot(page, "county-imported")
    assert "2 个乡镇街道，3 个村社区" in page.inner_text("main")
    assert clerk is story.pages["clerk"]


def test_one_person_one_post_one_handover_by_hand(story: Story) -> None:
    page = story.at("clerk", "/county/people/new/")
    submit(page, division="石黄镇", name="杨接任", number="13900000016")
    shot(page, "person")
    assert "139****0016" in page.inner_text("main")
    page = story.at("clerk", f"/county/posts/new/?division={VILLAGE}")
    submit(page, title="丙村网格员", kind="网格员", superior="石黄镇值班室")
    assert "丙村网格员" in page.inner_text("h1")
    page.click("a[href='hold/']")
    submit(page, person="卫丙长")
    page = story.at("clerk", "/county/posts/?kind=township_duty")
    page.locator("main tbody a", has_text="石黄镇值班室").first.click()
    page.click("a[href='hold/']")
    submit(page, person="杨接任")
    shot(page, "handover")
    assert "杨接任" in page.locator("tbody").first.inner_text()
    assert "吴石黄" not in page.locator("tbody").first.inner_text()


def test_rule_values_are_unverified_until_they_are_saved_with_a_document(story: Story) -> None:
    page = story.at("clerk", "/policy/")
    shot(page, "policy")
    assert "待核" in page.inner_text("main")
    for name, value in (("minutes_orange", str(MINUTES)), ("wait_orange", "1"),
                        ("second_person_over", "1000")):  # fmt: skip
        page = story.at("clerk", f"/policy/value/callout.{name}/")
        page.fill("input[name=value]", value)
        page.fill("input[name=document]", "忠县防汛抗旱指挥部〔2026〕3号")
        page.locator("form[action$='/save/'] button").click()
        assert "忠县防汛抗旱指挥部" in page.inner_text("main")
    shot(page, "policy-saved")


def test_the_plan_is_let_in_by_two_persons_and_says_nothing_reported(story: Story) -> None:
    account(story, "second", "要点复核员", "li.second")
    page = story.at("clerk", "/plan/versions/")
    paper = {"name": demo.NAME, "mimeType": "", "buffer": demo.document(datetime.now(UTC).year)}
    page.set_input_files("input[name=file]", paper)
    page.locator("form[action='/plan/import/'] button").click()
    page.wait_for_url(re.compile(r"/plan/versions/\d+/$"))
    version = "/plan/versions/" + page.url.rstrip("/").rpartition("/")[2] + "/"
    settle_by_keys(page)
    assert "要由另一人确认" in page.inner_text("main")
    page = story.at("second", version)
    page.click("[data-confirm]")
    page.wait_for_url("**/changes/**")
    page = story.at("second", "/plan/")
    assert "已确认" in page.inner_text("main")
    shot(page, "plan-empty")
    assert "未报" in story.at("second", "/plan/4/40/").inner_text("h1")
    said = story.at("second", "/plan/5/6/").inner_text("main")
    assert "未报" in said or "无基数" in said
    assert {story.rows()[row]["state"] for row in ("4/40", "5/6")} <= {"not_reported", "no_base"}


def test_zones_shelters_and_twelve_households_are_entered_through_screens(story: Story) -> None:
    page = story.at("clerk", "/zones/")
    shot(page, "zones-empty")
    page = story.at("clerk", "/zones/shelters/new/")
    submit(page, division="甲村", name="甲村小学", capacity="200", lat="30.31", lon="108.02")
    page = story.at("clerk", "/zones/new/?place=500233101201")
    submit(
        page, name="甲村一组河边", hazard="山洪", shelter_id="甲村小学", lat="30.30", lon="108.03"
    )
    assert "还没有住户" in page.inner_text("h1")
    shot(page, "zone-empty")
    page.click("a[href='homes/']")
    page.fill("#id_homes", HOMES.replace("户主05\t3", "户主05\t三"))
    page.click("#main form button.act")
    assert "第 5 行读不出" in page.inner_text("main")
    page.fill("#id_homes", HOMES)
    shot(page, "homes-form")
    page.click("#main form button.act")
    assert "11 户 33 人，人、责任人、去处齐全" in page.inner_text("h1")
    page.click("a[href='home/']")
    submit(page, head="户主12", people="2", needs="卧床，需担架")
    assert "1 户需要帮助，还没有人来接" in page.inner_text("h1")
    page.click("text=户主12")
    submit(page, helper_id="户主01")
    assert "12 户 35 人，人、责任人、去处齐全" in page.inner_text("h1")
    shot(page, "zone")
    fits_a_telephone(story, page.url.removeprefix(story.console))
    page = story.at("second", "/plan/indicator/warning.zones_used/")
    page.click("summary:has-text('录入基数')")
    page.fill("#count", "1")
    page.fill("#authority", "县规划自然资源局")
    page.fill("#document", "忠规资〔2026〕5号")
    page.locator("form[action$='/base/'] button").click()
    assert "忠规资" in page.inner_text("main")
    assert story.rows()["5/6"]["state"] in ("not_reported", "no_base")


def test_a_bulletin_is_pasted_and_a_second_person_sends_it(story: Story) -> None:
    account(story, "duty", "县值班员", "wang.duty")
    account(story, "leader", "带班领导", "zhao.leader")
    day = time.strftime("%Y年%-m月%-d日", time.gmtime(story.moment() + 8 * 3600))
    page = story.at("duty", "/")
    shot(page, "duty-today")
    page.fill("textarea[name=text]", BULLETIN.format(day=day))
    page.click("button.act")
    shot(page, "warning")
    page.click("button[name=then][value=submit]")
    assert page.inner_text("h1") == "等第二人批准"
    assert page.locator("text=批准并发出叫应").count() == 0
    path = page.url.removeprefix(story.console)
    page = story.at("leader", path)
    page.click("button.act")
    page.wait_for_url("**/callout/*/")
    shot(page, "callout")
    assert set(call_rows(story)) == {
        "县领导",
        "水利局值班室",
        "白石镇值班室",
        "甲村书记",
        "乙村书记",
    }


def test_they_answer_by_sms_and_by_a_signed_link_and_one_is_fetched_by_a_knock(
    story: Story, browser: Any
) -> None:
    for name in ("钱县长", "孙水利"):
        story.box.say(PEOPLE[name], said_to(story, name, r"收到请回(\d{4,6})"))
    until(lambda: call_rows(story)["水利局值班室"][1] == "answered", "the SMS was not taken")
    link = said_to(story, "周白石", r"(http://\S+/a/\S+)")
    phone = story.window("phone", viewport={"width": 390, "height": 844}, has_touch=True)
    phone.goto(link)
    shot(phone, "phone-answer")
    phone.click("button.first")
    phone.wait_for_selector("text=已记下")
    story.box.say(PEOPLE["郑甲长"], said_to(story, "郑甲长", r"收到请回(\d{4,6})"))
    until(lambda: call_rows(story)["甲村书记"][1] == "answered", "the village's SMS was not taken")
    for _step in range(STEPS_MAX):
        if call_rows(story)["乙村书记"][1] == "fallback":
            break
        before = call_rows(story)["乙村书记"], story.sql("SELECT count(*) FROM callout_attempt")
        story.move(MINUTES + 0.2)
        story.awake()
        until(lambda b=before: (call_rows(story)["乙村书记"],
                                story.sql("SELECT count(*) FROM callout_attempt")) != b,
              "the call stood still")  # fmt: skip
    assert call_rows(story)["乙村书记"][1] == "fallback"
    page = story.at("duty", "/callout/")
    page.locator("main tbody a").first.click()
    shot(page, "callout-fallback")
    knock = said_to(story, "褚乙格", r"未应答.*?(http://\S+)")
    phone.goto(knock)
    shot(phone, "phone-knock")
    phone.click("button.first")
    phone.wait_for_selector("text=请写明怎样告知的")
    phone.goto(knock)
    phone.fill("#proof", "敲门当面告知，人在家")
    phone.fill("#place", "乙村二组陈家门口")
    phone.click("button.first")
    phone.wait_for_selector("text=已登记")
    until(lambda: call_rows(story)["乙村书记"][1] == "reached_by_fallback", "the knock was lost")


def test_the_village_counts_by_page_and_goes_home_with_the_all_clear(story: Story) -> None:
    phone = story.pages["phone"]
    phone.goto(said_to(story, "郑甲长", r"(http://\S+/h/\S+)"))
    homes = phone.locator("fieldset.home")
    assert homes.count() == 12
    for number in range(12):
        homes.nth(number).locator("label").first.tap()
    shot(phone, "phone-count")
    phone.locator(".sum button").tap()
    phone.wait_for_url("**done=1")
    page = story.at("duty", "/zones/")
    shot(page, "zones-night")
    assert "应转人员全部转移" in page.inner_text("h1")
    page = story.at("duty", "/warning/")
    page.locator("main tbody a").first.click()
    path = page.url.removeprefix(story.console)
    page.click("text=提请解除")
    assert "解除等第二人批准" in page.inner_text("h1")
    page = story.at("leader", path)
    page.click("text=批准解除并通知")
    story.move(2.5)
    story.awake()
    said_to(story, "郑甲长", r"(可以回家)")
    until(lambda: story.sql("SELECT 1 FROM evacuation_opening WHERE state = 'closed'"),
          "the zone was not closed")  # fmt: skip


def test_the_two_rows_show_figures_that_open_into_these_records(story: Story) -> None:
    page = story.at("second", "/plan/4/40/")
    shot(page, "row-4-40")
    target = story.rows()["4/40"]["targets"][0]
    assert (target["numerator"], target["denominator"]) == (5, 5)
    assert page.locator(".records tbody tr").count() == 5
    assert page.locator(".records a").count() == 0, "a clerk may not open call-outs"
    page = story.at("duty", "/plan/4/40/")
    page.locator(".records tbody a").first.click()
    page.wait_for_url("**/callout/*/")
    page = story.at("second", "/plan/5/6/")
    shot(page, "row-5-6")
    target = story.rows()["5/6"]["targets"][0]
    assert (target["numerator"], target["denominator"]) == (1, 1)
    assert story.rows()["5/6"]["state"] == "met"
    page.click(".records tbody a")
    assert "全部已转" in page.inner_text("h1")
    assert anlan(story.root, "journal", "verify")["whole"]


def test_a_handover_takes_the_old_holders_rights_away_and_opens_the_new_ones_account(
    story: Story,
) -> None:
    page = story.at("clerk", "/county/posts/?kind=duty_officer")
    page.locator("main tbody a", has_text="县值班员").first.click()
    page.click("a[href='hold/']")
    submit(page, person="杨接任")
    assert "杨接任" in page.locator("tbody").first.inner_text()
    answer = story.pages["duty"].goto(story.console + "/warning/")
    assert answer.status == 403
    chief = story.window("security_again")
    chief.goto(story.console + "/accounts/login/")
    chief.fill("#login", "security_admin")
    chief.fill("#password", WORDS["security_admin"])
    chief.click("button.act")
    chief.fill("#code", totp(story.secrets["security_admin"], story.moment()))
    chief.click("button.act")
    story.pages["security_admin"] = chief
    page = account(story, "heir", "县值班员", "yang.duty")
    assert page.goto(story.console + "/warning/").status == 200


def test_a_zone_that_has_ended_is_no_record_and_next_year_the_plan_still_shows_its_own(
    story: Story,
) -> None:
    """A plan is asked for the periods of its own year, also once the year is over."""
    page = story.at("clerk", "/zones/")
    page.locator("a", has_text="甲村一组河边").last.click()
    page.click("a[href='end/']")
    submit(page, why="重划片区")
    assert "甲村一组河边" not in page.inner_text("main")
    assert story.rows()["5/6"]["state"] in ("not_reported", "no_base")
    assert story.rows()["4/40"]["state"] == "judged"
    story.move(60 * 24 * 370)
    (target,) = story.rows()["4/40"]["targets"]
    assert (target["state"], target["denominator"]) == ("judged", 5)
    assert story.faults == []
