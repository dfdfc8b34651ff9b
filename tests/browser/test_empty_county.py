"""An empty, real county walks from nothing to the night and to the plan's two rows.

Nothing is seeded: three administrators, accounts by one-time links, a workbook, pages by hand, rule
values with their document, a plan that two persons let in, zones and households, a bulletin, an SMS
centre that is a program of its own, answers, a knock, a headcount by page, the all-clear. The
county's clock is moved, nobody waits for a call to run out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.browser.conftest import Box, anlan
from tests.totp import totp

CODE, NAME = "500233", "忠县"
COUNTY, TOWN, OTHER = "500233000000", "500233101000", "500233102000"
VILLAGES = {"500233101201": "甲村", "500233101202": "乙村", "500233102201": "丙村"}
WORDS = {
    "system_admin": "Kastanien blühen 7 mal",
    "security_admin": "Vier Boote ohne Ruder 4",
    "audit_admin": "Der Regen zählt 31 Tage",
}
PASSWORD = "Grünes Licht um 6 Uhr"
BULLETIN = "忠县气象台{day}22时15分发布暴雨橙色预警信号：过去3小时，白石镇降雨量已达50毫米以上，预计未来3小时降雨仍将持续，请注意防范。"
WAIT_MS, WAIT_S = 60_000, 90.0
MINUTES = 4
STEPS_MAX = 12
HOMES = "\n".join(
    f"户主{n:02}\t3\t{'独居老人，行动不便' if n in (2, 7) else ''}\t{f'户主{n + 1:02}' if n in (2, 7) else ''}"
    for n in range(1, 12)
)
PEOPLE = {
    "李复核": "13900000001", "王值班": "13900000002", "赵带班": "13900000003",
    "钱县长": "13900000004", "孙水利": "13900000005", "周白石": "13900000006",
    "吴石黄": "13900000007", "郑甲长": "13900000008", "冯甲格": "13900000009",
    "陈乙长": "13900000010", "褚乙格": "13900000011", "卫丙长": "13900000012",
    "蒋副职": "13900000014", "沈要点": "13900000015", "杨接任": "13900000016",
}  # fmt: skip
# post: place, kind as the sheet says it, superior (place, title), holder
POSTS: list[tuple[str, str, str, tuple[str, str] | None, str]] = [
    (COUNTY, "县领导", "县领导", None, "钱县长"),
    (COUNTY, "带班领导", "县带班领导", (COUNTY, "县领导"), "赵带班"),
    (COUNTY, "县值班员", "县值班员", (COUNTY, "带班领导"), "王值班"),
    (COUNTY, "要点复核员", "要点管理员", (COUNTY, "县领导"), "李复核"),
    (COUNTY, "水利局值班室", "部门值班", (COUNTY, "县领导"), "孙水利"),
    (TOWN, "白石镇值班室", "乡镇值班", (COUNTY, "县值班员"), "周白石"),
    (OTHER, "石黄镇值班室", "乡镇值班", (COUNTY, "县值班员"), "吴石黄"),
    ("500233101201", "甲村书记", "村(社区)主要负责人", (TOWN, "白石镇值班室"), "郑甲长"),
    ("500233101201", "甲村网格员", "网格员", (TOWN, "白石镇值班室"), "冯甲格"),
    ("500233101202", "乙村书记", "村(社区)主要负责人", (TOWN, "白石镇值班室"), "陈乙长"),
    ("500233101202", "乙村网格员", "网格员", (TOWN, "白石镇值班室"), "褚乙格"),
    ("500233102201", "丙村书记", "村(社区)主要负责人", (OTHER, "石黄镇值班室"), "卫丙长"),
]


# what stands outside the county


def free_ports(*names: str) -> dict[str, int]:
    doors = [socket.create_server(("127.0.0.1", 0)) for _name in names]
    ports = {name: door.getsockname()[1] for name, door in zip(names, doors, strict=True)}
    for door in doors:
        door.close()
    return ports


@dataclass
class Story:
    """The county, the telephones apart from it, and who sits at which browser."""

    root: Path
    up: dict[str, Any]
    box: Box
    browser: Any
    faults: list[str] = field(default_factory=list)
    pages: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def console(self) -> str:
        return str(self.up["console"]).rstrip("/")

    def window(self, name: str, **options: Any) -> Any:
        context = self.browser.new_context(
            **({"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"} | options)
        )
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.faults.append(f"{name}: {error}"))
        page.on("console", lambda m: self.faults.append(f"{name}: {m.text}")
                if m.type == "error" and "status of 40" not in m.text else None)  # fmt: skip
        self.pages[name] = page
        return page

    def at(self, name: str, path: str) -> Any:
        """The page of that person at the address; their sign-in stays awake by it."""
        page = self.pages[name]
        page.goto(self.console + path)
        return page

    def awake(self) -> None:
        for name in ("clerk", "second", "duty", "leader"):
            if name in self.pages:
                self.at(name, "/")

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        from anlan.ground.machine import site
        from anlan.ground.machine.postgres import Cluster
        from anlan.ground.machine.site import DATABASE

        home = site(self.root / "counties" / CODE).home
        dsn = Cluster(home / "postgres").dsn("superuser", DATABASE)
        with psycopg.connect(dsn, autocommit=True) as own:
            cursor = own.execute(text, values)
            return cursor.fetchall() if cursor.description else []

    def move(self, minutes: float) -> None:
        self.sql(
            'UPDATE ground_world SET "offset" = "offset" + make_interval(secs => %s) WHERE id = 0',
            minutes * 60,
        )

    def moment(self) -> float:
        """The county's own time, in seconds since 1970."""
        return float(self.sql("SELECT extract(epoch FROM anlan_now(0))")[0][0])

    def rows(self) -> dict[str, dict[str, Any]]:
        found = anlan(self.root, "plan", "status")["rows"]
        return {f"{r['table']}/{r['row']}": r for r in found}


def until(what: Callable[[], Any], said: str) -> Any:
    """Asks again until there is something; the processes of the county work meanwhile."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, said
        time.sleep(0.3)


def shot(page: Any, name: str) -> None:
    folder = os.environ.get("ANLAN_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"county-{name}.png"), full_page=True)


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


# steps that people repeat


def bind(story: Story, page: Any, name: str) -> None:
    assert page.inner_text("h1") == "绑定验证器"
    story.secrets[name] = page.input_value("#secret")
    page.fill("#code", totp(story.secrets[name], story.moment()))
    page.click("button.act")
    assert "只显示这一次" in page.inner_text("h1")
    page.click("a.act")


def account(story: Story, name: str, post: str, username: str) -> Any:
    """The security administrator makes it for a post; its owner opens it by the one-time link."""
    chief = story.at("security_admin", f"/access/?post={post}")
    chief.locator("tr", has=chief.get_by_text(post, exact=True)).locator("input").check()
    chief.fill("#username", username)
    chief.click("form[action='/access/make/'] button.act")
    link = chief.input_value("#link")
    page = story.window(name)
    page.goto(link)
    page.fill("#password1", PASSWORD)
    page.fill("#password2", PASSWORD)
    page.click("button.act")
    bind(story, page, name)
    return page


def submit(page: Any, **fields: str) -> None:
    """Fill a form of the county's pages and press its one filled button."""
    for name, value in fields.items():
        one = page.locator(f"#id_{name}")
        if one.evaluate("e => e.tagName") == "SELECT":
            text = one.locator("option", has_text=value).first.inner_text()
            one.select_option(label=text)
        else:
            one.fill(value)
    page.locator("#main form button.act").click()


def book(path: Path, blank: Path, faults: bool) -> None:
    """The blank workbook, filled as a clerk would; with faults in two cells when asked."""
    from openpyxl import load_workbook

    sheets = load_workbook(blank)

    def write(sheet: str, rows: list[dict[str, str]]) -> None:
        own = sheets[sheet]
        heads = {str(cell.value).rstrip("*"): cell.column for cell in own[1]}
        for number, row in enumerate(rows, 2):
            for head, value in row.items():
                own.cell(number, heads[head], value)

    places = {TOWN: ("白石镇", "镇", COUNTY), OTHER: ("石黄镇", "镇", COUNTY)}
    places |= {code: (name, "村", code[:9] + "000") for code, name in VILLAGES.items()}
    write("区划", [
        {"代码": code, "名称": name, "类型": kind, "上级代码": above, "来源": "2025年统计用区划代码",
         "纬度": "30.30", "经度": f"108.0{n}"}
        for n, (code, (name, kind, above)) in enumerate(places.items())
    ])  # fmt: skip
    write("单位", [{"区划代码": COUNTY, "名称": "县水利局"}])
    homes = {holder: place for place, _t, _k, _s, holder in POSTS}
    people = [
        {"区划代码": homes.get(name, COUNTY), "姓名": name, "号码": number}
        for name, number in PEOPLE.items()
        if name != "杨接任"
    ]
    if faults:
        people[2]["号码"] = "一三九"
        people[4]["区划代码"] = "500999101000"
    write("人员", people)
    write("岗位", [
        {"区划代码": place, "岗位名称": title, "类型": kind,
         "上级岗位区划代码": above[0] if above else "", "上级岗位": above[1] if above else ""}
        for place, title, kind, above, _who in POSTS
    ])  # fmt: skip
    held = [(place, title, "0", who) for place, title, _k, _s, who in POSTS]
    held += [(COUNTY, "要点管理员", "0", "沈要点"), (TOWN, "白石镇值班室", "1", "蒋副职")]
    write("任职", [
        {"岗位区划代码": place, "岗位": title, "顺位": rank, "姓名": who}
        for place, title, rank, who in held
    ])  # fmt: skip
    write("排班", [
        {"岗位区划代码": COUNTY, "岗位": "水利局值班室", "姓名": "孙水利",
         "开始": "2030-01-01 08:00", "结束": "2030-01-01 20:00"},
    ])  # fmt: skip
    sheets.save(path)


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


VILLAGE = "500233102201"


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
    plan = Path(__file__).resolve().parents[2] / "anlan/packs/_core/plan_demo.txt"
    page = story.at("clerk", "/plan/")
    page.click("summary:has-text('读入新的一版')")
    page.set_input_files("input[name=file]", str(plan))
    page.locator("form[action='/plan/import/'] button").click()
    page.wait_for_url("**/plan/")
    page.click("text=确认这一版")
    assert "录入人不能确认" in page.inner_text("main")
    page = story.at("second", "/plan/")
    page.click("text=确认这一版")
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


def fits_a_telephone(story: Story, zone: str) -> None:
    page = story.pages["clerk"]
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (zone, zone + "homes/", zone + "home/", zone + "edit/", "/zones/",
                 "/zones/new/", "/zones/shelters/", "/zones/shelters/new/"):  # fmt: skip
        story.at("clerk", path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 391, path
    story.at("clerk", zone)
    shot(page, "zone-390")
    page.set_viewport_size({"width": 1440, "height": 900})


def call_rows(story: Story) -> dict[str, tuple[Any, ...]]:
    found = story.sql(
        "SELECT post_title, state, id FROM callout_call WHERE callout_id = "
        "(SELECT min(id) FROM callout_callout)"
    )
    return {str(row[0]): row for row in found}


def said_to(story: Story, name: str, pattern: str) -> str:
    """The newest message to a person that fits; waits until it has come."""

    def look() -> str:
        for row in reversed(story.box.ask(f"/api/phones/{PEOPLE[name]}")):
            found = re.search(pattern, row["text"])
            if found and row["direction"] == "in":
                return found[1]
        return ""

    return str(until(look, f"{name} got no message like {pattern}"))


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
    assert page.locator("main tbody tr").count() == 5
    page.locator("main tbody a").first.click()
    assert "/callout/" in page.url or page.locator("h1").count()
    page = story.at("second", "/plan/5/6/")
    shot(page, "row-5-6")
    target = story.rows()["5/6"]["targets"][0]
    assert (target["numerator"], target["denominator"]) == (1, 1)
    assert story.rows()["5/6"]["state"] == "met"
    page.click("main tbody a")
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


def test_without_these_records_the_rows_say_nothing_reported_again(story: Story) -> None:
    """Next year has no call-out yet, and a zone that has ended is no record of the plan."""
    page = story.at("clerk", "/zones/")
    page.locator("a", has_text="甲村一组河边").last.click()
    page.click("a[href='end/']")
    submit(page, why="重划片区")
    assert "甲村一组河边" not in page.inner_text("main")
    assert story.rows()["5/6"]["state"] in ("not_reported", "no_base")
    assert story.rows()["4/40"]["state"] == "judged"
    story.move(60 * 24 * 370)
    assert story.rows()["4/40"]["state"] == "not_reported"
    assert story.faults == []
