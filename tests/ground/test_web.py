"""A write carries what its address declared and nothing else; the refusal names the field."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from anlan.ground.errors import Refusal
from anlan.ground.web import Access, act, check_fields, page, public_page

TAKES = Access("x", fields=frozenset({"why", "divisions*", "people-#"}))


def post(**fields: Any) -> Any:
    return RequestFactory().post("/x/", fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"why": "雨大"},
        {"divisions": ["1", "2"]},
        {"people-12": "3", "people-13": "1"},
        {"csrfmiddlewaretoken": "t", "why": ""},
    ],
)
def test_what_is_declared_passes(fields: dict[str, Any]) -> None:
    check_fields(post(**fields), TAKES)


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        ({"state": "approved"}, "field-unknown", "state"),
        ({"people-": "1"}, "field-unknown", "people-"),
        ({"people-1-2": "1"}, "field-unknown", "people-1-2"),
        ({"people-#": "1"}, "field-unknown", "people-#"),
        ({"divisions*": "1"}, "field-unknown", "divisions*"),
        ({"why": ["a", "b"]}, "field-twice", "why"),
        ({"why": "a\0b"}, "field-nul", "why"),
        ({"x\r\n2026 forged": "1"}, "field-unknown", None),
    ],
)
def test_anything_else_is_refused_by_name(
    fields: dict[str, Any], code: str, place: str | None
) -> None:
    with pytest.raises(Refusal) as caught:
        check_fields(post(**fields), TAKES)
    assert caught.value.code == code
    if place is not None:
        assert caught.value.place == place
    assert "\n" not in caught.value.place and "\r" not in caught.value.place


def test_a_file_that_nobody_asked_for_is_refused() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    with pytest.raises(Refusal) as caught:
        check_fields(post(photo=SimpleUploadedFile("a.png", b"x")), TAKES)
    assert caught.value.place == "photo"


def test_a_body_that_is_no_form_is_refused() -> None:
    request = RequestFactory().post("/x/", '{"why": 1}', content_type="application/json")
    with pytest.raises(Refusal) as caught:
        check_fields(request, TAKES)
    assert (caught.value.code, caught.value.status) == ("write-form", 415)


def test_a_nul_in_an_address_is_refused_on_reading_too() -> None:
    with pytest.raises(Refusal):
        check_fields(RequestFactory().get("/x/?q=%00"), TAKES)


def test_an_address_that_declares_no_fields_takes_no_post() -> None:
    from django.http import HttpResponse

    def view(request: Any) -> HttpResponse:
        return HttpResponse("ok")

    request = RequestFactory()
    assert public_page("test")(view)(request.post("/x/")).status_code == 405
    assert public_page("test")(view)(request.put("/x/")).status_code == 405
    assert page("today.read")(view)(request.post("/x/")).status_code == 405
    assert act("today.read")(view)(request.get("/x/")).status_code == 405
    assert public_page("test", fields=[])(view)(request.post("/x/")).status_code == 200
