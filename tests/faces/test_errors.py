"""The designed states of an error: the database away, our own fault, no right, a refused form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.test import Client

from anlan.faces.console.templatetags.anlan import way_back


def test_a_database_that_is_away_before_the_view_is_503_with_a_time_to_retry(
    client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("duty_officer")
    client.raise_request_exception = False

    def away(*_unused: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(SessionStore, "load", away)
    answer = client.get("/callout/")
    assert answer.status_code == 503 and answer["Retry-After"] == "5"
    assert "没有写入任何内容" in answer.content.decode()


def test_our_own_error_is_500_and_shows_no_trace(
    client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("duty_officer")
    client.raise_request_exception = False

    def wrong(*_unused: Any) -> Any:
        raise ValueError("inner secret")

    monkeypatch.setattr(SessionStore, "load", wrong)
    answer = client.get("/callout/")
    assert answer.status_code == 500
    assert "inner secret" not in answer.content.decode()


def test_a_right_that_is_missing_is_called_by_its_name(client_of: Callable[..., Client]) -> None:
    page = client_of("duty_officer").get("/access/").content.decode()
    assert "没有这项权限：管理账号" in page and "account.manage" not in page


@pytest.mark.parametrize(
    ("method", "path", "came", "back"),
    [
        ("POST", "/first/setup/abc", "http://testserver/", "/first/setup/abc"),
        ("GET", "/first/setup/abc", "", "/"),
        ("POST", "/warning/1/approve/", "http://testserver/warning/1/", "/warning/1/"),
        ("POST", "/warning/1/approve/", "http://elsewhere.example/x", "/"),
    ],
)
def test_a_refusal_leads_back_to_where_the_form_stood(
    method: str, path: str, came: str, back: str
) -> None:
    from django.test import RequestFactory

    request = RequestFactory().generic(method, path, headers={"referer": came} if came else {})
    assert way_back({"request": request}) == back  # type: ignore[arg-type]
