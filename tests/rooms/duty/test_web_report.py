"""The public page: anybody reports, under a role that may write and not read, and it reaches the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from anlan.faces.portal.pages import report
from anlan.rooms.duty import rounds
from anlan.rooms.duty.models import Event, Source, WebReport
from tests.conftest import VILLAGES
from tests.rooms.duty.conftest import ROUND
from tests.rooms.duty.test_desk import rows


@pytest.fixture
def visit(county_db: str, as_role: Callable[[str], None], monkeypatch: Any) -> Callable[..., Any]:
    """Sends the public form as the public role; back as the app's afterwards."""
    from types import SimpleNamespace

    monkeypatch.setattr("anlan.faces.portal.pages.site", lambda: SimpleNamespace(code="500231"))

    def send(**form: str) -> Any:
        as_role("public")
        try:
            return report(_request(form))
        finally:
            as_role("app")

    return send


def _request(form: dict[str, str]) -> HttpRequest:
    return RequestFactory().post("/r", form, REMOTE_ADDR="203.0.113.7")


def test_a_report_is_stored_sealed_under_the_public_role_and_comes_to_the_desk(
    visit: Callable[..., Any], owner_sql: Callable[..., Any]
) -> None:
    answer = visit(text="水淹到门口了", place="甲村三组", caller="李四", number="13912340000",
                   form_key="a" * 32)  # fmt: skip
    assert answer.status_code == 302 and answer.url == "/r?done=1"
    raw = str(owner_sql("SELECT text, number, caller FROM duty_webreport"))
    assert "水淹" not in raw and "13912340000" not in raw
    visit(text="水淹到门口了", place="甲村三组", form_key="a" * 32)
    assert len(rows(WebReport)) == 1, "a second press is none"
    assert rounds.take_web_reports(ROUND) == 1 and rounds.take_web_reports(ROUND) == 0
    event, source = rows(Event)[0], rows(Source)[0]
    assert event.division == VILLAGES[0] and event.kind == "flood" and source.via == "web"
    assert str(source.text) == "水淹到门口了" and str(source.number) == "13912340000"


@pytest.mark.parametrize(
    "form", [{"text": " "}, {"text": "长" * 501}, {"text": "x", "rights": "*"}]
)
def test_what_is_no_report_is_refused(visit: Callable[..., Any], form: dict[str, str]) -> None:
    assert visit(**form).status_code == 400
    assert rows(WebReport) == []


def test_the_public_role_reads_no_report_back(
    visit: Callable[..., Any], as_role: Callable[[str], None]
) -> None:
    from django.db import ProgrammingError, connection

    visit(text="水淹", place="甲村")
    as_role("public")
    with pytest.raises((ProgrammingError, psycopg.Error)), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM duty_webreport")
    as_role("app")
