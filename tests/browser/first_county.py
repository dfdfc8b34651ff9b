"""A county that began with nothing, the telephones apart from it, and what its people repeat.

For the walk of `test_empty_county`: who they are, where they stand, how they sign in, fill a form
and a workbook. Everything goes through the screens; the database is asked for the time, moved on,
and looked at, never written.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.browser.conftest import Box, anlan
from tests.totp import totp

CODE, NAME = "500233", "忠县"
COUNTY, TOWN, OTHER = "500233000000", "500233101000", "500233102000"
VILLAGE = "500233102201"
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
