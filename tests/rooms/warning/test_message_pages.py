"""The pages of messages and sources: each answers its question, and the acts on it work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from anlan.ground.scope import Scope
from anlan.rooms.warning import source_actions
from anlan.rooms.warning.models import Received, Source, Warning
from tests.rooms.warning.cap import messages
from tests.rooms.warning.test_received import ROUND, VALUES, send

TWO = (
    "垫江县水利局与垫江县气象局2024年7月10日22时15分联合发布山洪灾害气象预警：预计未来6小时，"
    "澄溪镇发生山洪灾害可能性大（橙色预警），永安镇发生山洪灾害可能性较大（黄色预警）。"
)


@pytest.fixture
def source(county_db: str) -> Source:
    """The bureau as a source, now: a sign-in goes by the county's clock too."""
    return source_actions.add_source(Scope.for_command("test"), VALUES)


def alert(identifier: str = "A1", **more: str) -> bytes:
    """A message sent just now."""
    sent = datetime.now(messages.CHINA).isoformat(timespec="seconds")
    return messages.alert(identifier, sent=sent, **more)


@pytest.fixture
def admin(client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The system administrator, who has no place in the county."""
    from anlan.county.models import Account

    client = client_of("duty_officer")
    with Scope.for_command("test").open():
        Account.objects.update(admin_kind="system_admin", post_id=None, person_id=None)
    return client


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.content.decode())


def test_a_text_with_two_colours_shows_both_items(client_of: Callable[..., Any]) -> None:
    client = client_of("duty_officer")
    page = client.post("/warning/paste/", {"text": TWO}, follow=True)
    assert "这份原文有 2 项" in text(page)
    with ROUND.open():
        first, second = Warning.objects.order_by("item")
    assert (first.grade, second.grade) == ("orange", "yellow")
    assert f"/warning/{second.id}/" in text(page)
    page = client.post(
        f"/warning/{second.id}/withdraw/", {"version": "1", "why": "另行发布"}, follow=True
    )
    assert "已撤回，没有发出" in text(page)


def test_the_list_says_what_waits_and_the_page_why(
    source: Source,
    client_of: Callable[..., Any],
) -> None:
    client = client_of("duty_officer")
    assert "还没有收到消息" in text(client.get("/warning/received/"))
    row = send(
        source, alert("C1", kind="Cancel", references="50023141600000,X,2024-07-10T22:00:00+08:00")
    )
    send(
        source,
        alert("T1", status="Test", headline="<script>alert(1)</script>".replace("<", "&lt;")),
    )
    page = text(client.get("/warning/received/"))
    assert "1 条消息等人定" in page and "测试消息" in page and "<script>alert" not in page
    assert "等人定" in text(client.get("/warning/"))
    refused = text(client.get("/warning/received/?state=refused"))
    assert "&lt;script&gt;alert(1)" in refused and "要解除的原消息" not in refused
    assert client.get("/warning/received/?state=x").status_code == 400
    page = text(client.get(f"/warning/received/{row.id}/"))
    assert "没有从这个来源收到过" in page and "据此起草" in page
    done = client.post(f"/warning/received/{row.id}/aside/", {"version": "1", "why": "误发"})
    assert done.status_code == 302
    assert "误发" in text(client.get("/warning/received/"))
    assert client.get("/warning/received/999/").status_code == 404


def test_a_message_is_pasted_and_its_draft_shows_its_words(
    source: Source,
    client_of: Callable[..., Any],
) -> None:
    client = client_of("duty_officer")
    body = alert(description="预计未来3小时仍有50毫米降雨").decode()
    page = text(client.post("/warning/received/paste/", {"text": body}, follow=True))
    assert "已起草，请到草稿核对" in page
    with ROUND.open():
        made = Warning.objects.get()
    assert "预计未来3小时仍有50毫米降雨" in text(client.get(f"/warning/{made.id}/"))
    refused = client.post("/warning/received/paste/", {"text": "<!DOCTYPE a><a/>"})
    assert refused.status_code == 400 and "实体" in refused.content.decode()


def test_the_administrator_lists_a_source_makes_a_token_and_pauses_it(admin: Any) -> None:
    assert "还没有登记来源" in text(admin.get("/system/sources/"))
    fields = {"name": "县气象台", "way": "push", "senders": "a\nb", "every_s": "60",
              "request_key": "0123456789abcdef"}  # fmt: skip
    page = text(admin.post("/system/sources/add/", fields, follow=True))
    assert "还没有令牌" in page
    with ROUND.open():
        row = Source.objects.get()
    assert row.senders == ["a", "b"]
    page = text(admin.post(f"/system/sources/{row.pk}/token/", {"version": "1"}))
    token = page.split("<code>")[1].split("</code>")[0]
    assert len(token) > 40 and "只显示这一次" in page
    assert token not in text(admin.get(f"/system/sources/{row.pk}/"))
    assert "已停用" in text(
        admin.post(f"/system/sources/{row.pk}/pause/", {"version": "2"}, follow=True)
    )
    bad = fields | {
        "name": "x",
        "way": "poll",
        "url": "http://127.1/",
        "request_key": "fedcba9876543210",
    }
    answer = admin.post("/system/sources/add/", bad)
    assert answer.status_code in (400, 502) and "主机名不对" in answer.content.decode()
    assert admin.get("/warning/received/").status_code == 403


def test_a_resting_source_stands_first_for_the_administrator_and_the_officer(
    source: Source,
    admin: Any,
    scope_of: Callable[..., Any],
) -> None:
    poll = source_actions.add_source(
        Scope.for_command("test"),
        VALUES | {"name": "市台", "way": "poll", "url": "http://a.example/x"},
    )
    for _time in range(5):
        source_actions.record_failure(ROUND, poll.pk, "out-slow 10 秒内没有收完")
    page = text(admin.get("/system/sources/"))
    assert "1 个来源取不到消息" in page and "连错 5 次" in page and "out-slow" in page
    with ROUND.open():
        assert not Received.objects.exists()
