"""Three administrators and one officer, as they meet the program: links, passwords, codes, the end.

`anlan up`, a real browser, an authenticator of our own. The county is the demonstration county,
the accounts are real ones.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import WATCH, anlan
from tests.totp import totp

WORDS = {
    "system_admin": "Kastanien blühen 7 mal",
    "security_admin": "Vier Boote ohne Ruder 4",
    "audit_admin": "Der Regen zählt 31 Tage",
}
PASSWORD = "Grünes Licht um 6 Uhr"
DEAD_S_MAX = 60
WAIT_MS = 90_000


@pytest.fixture(scope="module")
def county(chromium: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A demonstration county on ports that nobody else was given at the same moment."""
    from anlan.faces.cli.start import DEMO

    root = Path(tempfile.mkdtemp(prefix="anlan-accounts-"))
    root.chmod(0o755)
    home = root / "counties" / str(DEMO["code"])
    home.mkdir(parents=True)
    (home / "county.json").write_text(json.dumps(dict(DEMO) | {"ports": free_ports()}))
    try:
        yield root, anlan(root, "up")
    finally:
        anlan(root, "down")
        shutil.rmtree(root, ignore_errors=True)


def free_ports() -> dict[str, int]:
    """A port for each process, from those that the system gives out."""
    names = ("console", "live", "public", "phonebox", "smpp")
    open_now = [socket.create_server(("127.0.0.1", 0)) for _name in names]
    ports = {name: one.getsockname()[1] for name, one in zip(names, open_now, strict=True)}
    for one in open_now:
        one.close()
    return ports


def own_context(browser: Any, faults: list[str], width: int = 1440) -> Any:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text)
            if m.type == "error" and "40" not in m.text else None)  # fmt: skip
    return page


def bind(page: Any) -> str:
    """Type the secret into the app, give its code, write the recovery codes down."""
    assert page.inner_text("h1") == "绑定验证器"
    shot(page, "bind")
    secret = page.input_value("#secret")
    page.fill("#code", totp(secret, time.time()))
    page.click("button.act")
    assert "只显示这一次" in page.inner_text("h1")
    assert page.locator(".codes code").count() == 10
    shot(page, "codes")
    page.click("a.act")
    return secret


def shot(page: Any, name: str) -> None:
    """A screenshot where somebody wants to look (ANLAN_SHOTS names a folder)."""
    folder = os.environ.get("ANLAN_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def sign_in(page: Any, console: str, name: str, word: str) -> None:
    page.goto(console + "/accounts/login/")
    page.fill("#login", name)
    page.fill("#password", word)
    page.click("button.act")


@pytest.fixture(scope="module")
def walked(county: tuple[Path, dict[str, Any]], browser: Any) -> dict[str, Any]:
    """The walk, once: what each page said is what the tests below look at."""
    _root, up = county
    faults: list[str] = []
    console = up["console"].rstrip("/")
    page = own_context(browser, faults)
    page.goto(up["links"]["setup"])
    shot(page, "setup")
    for kind, word in WORDS.items():
        page.fill(f"#{kind}", word)
    page.click("button.act")
    pages = {}
    for kind, word in WORDS.items():
        own = own_context(browser, faults)
        sign_in(own, console, kind, word)
        bind(own)
        pages[kind] = own
        shot(own, kind)
    chief = pages["security_admin"]
    chief.fill("input[name=post]", "值班员")
    chief.click("button.act")
    chief.locator("input[name=post_id]").first.check()
    chief.fill("#username", "wang.duty")
    shot(chief, "make")
    chief.click("form[action='/access/make/'] button.act")
    shot(chief, "made")
    link = chief.input_value("#link")
    officer = own_context(browser, faults)
    officer.goto(link)
    shot(officer, "first")
    officer.fill("#password1", PASSWORD)
    officer.fill("#password2", PASSWORD)
    officer.click("button.act")
    secret = bind(officer)
    return {"console": console, "pages": pages, "officer": officer, "secret": secret,
            "faults": faults, "link": link}  # fmt: skip


def test_each_administrator_arrives_at_the_page_of_their_own_and_nowhere_else(
    walked: dict[str, Any],
) -> None:
    homes = {"system_admin": "/system/", "security_admin": "/access/", "audit_admin": "/audit/"}
    for kind, home in homes.items():
        page = walked["pages"][kind]
        for other in homes.values():
            answer = page.goto(walked["console"] + other)
            assert answer.status == (200 if other == home else 403), (kind, other)
        for business in ("/warning/", "/callout/", "/phonebook/", "/zones/", "/county/", "/plan/"):
            assert page.goto(walked["console"] + business).status == 403, (kind, business)
        assert page.goto(walked["console"] + "/").url.endswith(home)
        entries = page.eval_on_selector_all("nav a", "all => all.map(a => a.pathname)")
        rounds = ["/system/rounds/"] if kind == "system_admin" else []
        assert entries == [home, *rounds], "an entry for each page that opens, and no other"
        assert all(page.goto(walked["console"] + path).status == 200 for path in entries)


def test_the_auditor_verifies_the_journal_on_the_page(walked: dict[str, Any]) -> None:
    page = walked["pages"]["audit_admin"]
    page.goto(walked["console"] + "/audit/?action=account.sign_in")
    assert page.locator("tbody tr").count() >= 4
    page.click("form[action='/audit/verify/'] button")
    assert "日志完整" in page.inner_text("h1")
    shot(page, "verified")


def test_the_officer_does_their_work_and_signs_in_again_with_a_new_code(
    walked: dict[str, Any], browser: Any
) -> None:
    page = walked["officer"]
    page.goto(walked["console"] + "/")
    page.fill(
        "textarea[name=text]", "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪镇。"
    )
    page.click("button.act")
    assert re.search(r"/warning/\d+/$", page.url)
    assert page.goto(walked["console"] + "/access/").status == 403
    again = own_context(browser, walked["faults"])
    sign_in(again, walked["console"], "wang.duty", PASSWORD)
    shot(again, "code")
    again.fill("#code", "000000")
    again.click("button.act")
    assert "验证码不对" in again.inner_text("main")
    again.fill("#code", totp(walked["secret"], time.time() + 30))
    again.click("button.act")
    assert again.url == walked["console"] + "/"


def device_of(page: Any) -> Any:
    """A virtual authenticator of Chromium in the page's browser; a finger is always on it."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})  # fmt: skip
    return wire


def test_a_passkey_signs_in_at_the_host_name_and_is_not_offered_at_a_number(
    walked: dict[str, Any], browser: Any
) -> None:
    console, page = walked["console"], walked["officer"]
    assert console.startswith("http://localhost")
    page.add_init_script(WATCH)
    device_of(page)
    page.goto(console + "/accounts/")
    page.click("text=添加通行密钥")
    if page.locator("#password").count():  # the walk took longer than a confirmation counts
        page.fill("#password", PASSWORD)
        page.fill("#code", totp(walked["secret"], time.time() + 30))
        page.click("button.act")
    assert page.inner_text("h1") == "添加通行密钥"
    page.fill("#name", "值班室电脑")
    shot(page, "passkey-add")
    assert violations(page) == []
    page.click("#passkey-add")
    page.wait_for_selector("text=值班室电脑")
    assert (
        page.locator("tr", has_text="值班室电脑").locator("td").nth(1).inner_text() == "localhost"
    )
    shot(page, "passkeys")
    assert violations(page) == []
    page.context.clear_cookies()
    sign_in(page, console, "wang.duty", PASSWORD)
    assert page.inner_text("h1") == "用通行密钥，或输入验证码"
    shot(page, "passkey-use")
    assert violations(page) == []
    page.click("#passkey-use")
    page.wait_for_url(console + "/")
    assert page.evaluate("window.violations ?? []") == []
    number = own_context(browser, walked["faults"])
    sign_in(number, console.replace("localhost", "127.0.0.1"), "wang.duty", PASSWORD)
    assert number.inner_text("h1") == "输入验证码"
    assert number.locator("#passkey-use").count() == 0


def test_a_machine_without_the_passkey_is_told_so_in_words(
    walked: dict[str, Any], browser: Any
) -> None:
    page = own_context(browser, walked["faults"], width=390)
    device_of(page)
    sign_in(page, walked["console"], "wang.duty", PASSWORD)
    page.click("#passkey-use")
    page.wait_for_selector("#passkey-fault:visible")
    assert "没有完成" in page.inner_text("#passkey-fault")
    shot(page, "passkey-fault-390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
    assert violations(page) == []


def test_sign_in_pages_fit_a_telephone_and_speak_chinese(
    walked: dict[str, Any], browser: Any
) -> None:
    page = own_context(browser, walked["faults"], width=390)
    page.goto(walked["console"] + "/accounts/login/")
    assert page.inner_text("h1") == "登录"
    shot(page, "login-390")
    chief = walked["pages"]["security_admin"]
    for own, path in ((page, "/accounts/login/"), (chief, "/access/"), (chief, "/accounts/"),
                      (walked["pages"]["system_admin"], "/system/"),
                      (walked["pages"]["audit_admin"], "/audit/")):  # fmt: skip
        own.set_viewport_size({"width": 390, "height": 844})
        own.goto(walked["console"] + path)
        shot(own, "390" + path.replace("/", "-"))
        assert own.evaluate("document.documentElement.scrollWidth") <= 391, path
        assert violations(own) == [], path


def test_a_disabled_account_is_out_everywhere_and_its_wire_is_dead(
    walked: dict[str, Any],
) -> None:
    officer, chief = walked["officer"], walked["pages"]["security_admin"]
    officer.goto(walked["console"] + "/callout/")
    assert officer.evaluate("document.body.dataset.live").startswith("http://")
    chief.goto(walked["console"] + "/access/?q=wang.duty")
    chief.click("tbody a")
    chief.click("details:has(#why-disable) summary")
    chief.fill("#why-disable", "离岗")
    chief.click("form[action$='/disable/'] button")
    began = time.monotonic()
    officer.wait_for_url("**/accounts/login/**", timeout=DEAD_S_MAX * 1000)
    print(
        f"the open screen was out {time.monotonic() - began:.1f} s after the account was disabled"
    )
    shot(chief, "disabled")
    assert "已停用" in chief.inner_text("h1")
    assert walked["faults"] == []


def test_the_spent_link_opens_nothing_and_no_log_holds_it(
    walked: dict[str, Any], county: tuple[Path, dict[str, Any]]
) -> None:
    root, up = county
    page = walked["pages"]["audit_admin"]
    assert page.goto(walked["link"]).status == 404
    tokens = [walked["link"].rsplit("/", 1)[1], up["links"]["setup"].rsplit("/", 1)[1]]
    logs = b"".join(path.read_bytes() for path in root.rglob("log/*.log*"))
    assert logs
    for hidden in [*tokens, walked["secret"], PASSWORD, *WORDS.values()]:
        assert hidden.encode() not in logs
    assert anlan(root, "journal", "verify")["whole"]
