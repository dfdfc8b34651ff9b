"""Cases through their pages: what a list says, what a form asks, what a page lets one do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from anlan.engines.cases.models import Case, Paper
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.engines.cases.shots import in_days, photo

COMMAND = Scope.for_command("test")
NEW = "/cases/new/hazards/hazard/found/"


def text(answer: Any) -> str:
    return answer.content.decode()


def upload(name: str = "后.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, photo(), "image/jpeg")


def ask(kind: str, move: str, **values: Any) -> dict[str, Any]:
    """The fields of a form by what they ask, as the page names them."""
    from anlan.engines.cases.types import kind_of

    own = kind_of(kind)
    step = own.moves.get(move) or own.openings[move]
    places = {one.key: f"v-{n}" for n, one in enumerate(step.asks)}
    return {places[key]: value for key, value in values.items()}


def do(client: Any, row: Case, move: str, **values: Any) -> Any:
    with COMMAND.open():
        row.refresh_from_db()
    body = {"version": row.version, "happened_at": "", "lat": "", "lon": ""}
    return client.post(f"/cases/{row.id}/do/{move}/", body | ask(row.type, move, **values))


@pytest.fixture
def clients(county_db: str, client_of: Callable[..., Any]) -> dict[str, Any]:
    return {
        "helper": client_of("village_helper", VILLAGES[0]),
        "cadre": client_of("township_cadre", TOWNSHIPS[0]),
        "duty": client_of("township_duty", TOWNSHIPS[0]),
        "unit": client_of("unit_duty", COUNTY),
        "leader": client_of("county_leader", COUNTY),
    }


def reported(clients: dict[str, Any]) -> Case:
    answer = clients["helper"].post(NEW, {
        "division": VILLAGES[0], "object": "", "place": "甲村小卖部", "happened_at": "", "lat": "",
        "lon": "", **ask("hazards.hazard", "found", channel="township", what="电线老化裸露"),
    })  # fmt: skip
    assert answer.status_code == 302, text(answer)
    with COMMAND.open():
        return Case.objects.get(pk=int(answer.url.strip("/").rpartition("/")[2]))


def test_the_whole_loop_by_its_pages(clients: dict[str, Any]) -> None:
    assert "没有要办的事" in text(clients["unit"].get("/cases/"))
    row = reported(clients)
    listed = text(clients["unit"].get("/cases/"))
    assert "1 件事要您办" in listed and "电线老化裸露" in listed and "评估定级" in listed
    assert "没有要办的事" in text(clients["helper"].get("/cases/")), "网格员这一步没有要办的"
    assert "电线老化" in text(clients["helper"].get("/cases/?all=1"))
    page = text(clients["unit"].get(f"/cases/{row.id}/"))
    assert "待评估：电线老化裸露" in page and "登记隐患" in page
    for client, move, values in (
        ("unit", "assess", {"grade": "general"}),
        ("unit", "order", {"responsible": "王某", "measures": "换线", "funds": "800",
                           "due_on": in_days(5), "plan": "停电"}),
        ("cadre", "finish", {"report": "换好了", "after": upload(), "spent": "750"}),
        ("duty", "pass", {"checked": "看过"}),
    ):  # fmt: skip
        done = do(clients[client], row, move, **values)
        assert done.status_code == 302, text(done)
    page = text(clients["unit"].get(f"/cases/{row.id}/"))
    assert "已销号：电线老化裸露" in page and "整改后照片：后.jpg" in page
    assert "没有要办的事" in text(clients["unit"].get("/cases/"))
    assert "1 件已办结" in text(clients["unit"].get("/cases/?ended=1&all=1"))


def test_what_is_lacking_is_said_on_the_form_with_what_was_typed(clients: dict[str, Any]) -> None:
    row = reported(clients)
    do(clients["unit"], row, "assess", grade="general")
    page = do(clients["unit"], row, "order", responsible="王某", measures="换线", funds="-3",
              due_on=in_days(-2), plan="停电")  # fmt: skip
    assert page.status_code == 400
    said = text(page)
    assert "整改资金" in said and "整改时限" in said and "王某" in said
    empty = do(clients["unit"], row, "order", responsible="", measures="")
    assert empty.status_code == 400


def test_a_form_takes_no_field_that_it_does_not_have(clients: dict[str, Any]) -> None:
    row = reported(clients)
    body = {"version": row.version, "v-0": "general", "state": "closed"}
    assert clients["unit"].post(f"/cases/{row.id}/do/assess/", body).status_code == 400
    body = {"version": row.version, "v-0": "general", "v-9": "x"}
    assert clients["unit"].post(f"/cases/{row.id}/do/assess/", body).status_code == 400
    with COMMAND.open():
        row.refresh_from_db()
    assert row.state == "reported"


def test_what_the_reader_may_not_do_is_refused_before_the_form(clients: dict[str, Any]) -> None:
    row = reported(clients)
    assert clients["cadre"].get(f"/cases/{row.id}/do/assess/").status_code == 403
    assert clients["unit"].get(f"/cases/{row.id}/do/nothing/").status_code == 404
    assert clients["unit"].get(f"/cases/{row.id}/do/assess/").status_code == 200


@pytest.mark.parametrize("content", [b"not a photo", b"\x89PNG\r\n\x1a\nbroken", b"%PDF-1.4 x"])
def test_a_photo_must_be_one(clients: dict[str, Any], content: bytes) -> None:
    row = reported(clients)
    do(clients["unit"], row, "assess", grade="general")
    bad = SimpleUploadedFile("x.jpg", content, "image/jpeg")
    answer = do(clients["cadre"], row, "fix_now", after=bad, report="好")
    assert answer.status_code in (400, 413)
    with COMMAND.open():
        row.refresh_from_db()
        assert row.state == "assessed" and not Paper.objects.exists()


def test_papers_come_out_as_docx_and_pdf_and_a_photo_as_a_download(clients: dict[str, Any]) -> None:
    import io

    from docx import Document

    row = reported(clients)
    do(clients["unit"], row, "assess", grade="general")
    do(clients["unit"], row, "order", responsible="王某", measures="换线", funds="800",
       due_on=in_days(5), plan="停电")  # fmt: skip
    assert clients["unit"].get(f"/cases/{row.id}/print/finish/pdf/").status_code == 404
    pdf = clients["unit"].get(f"/cases/{row.id}/print/order/pdf/")
    assert pdf.content.startswith(b"%PDF")
    docx = Document(io.BytesIO(clients["unit"].get(f"/cases/{row.id}/print/order/docx/").content))
    said = "\n".join(p.text for p in docx.paragraphs)
    assert "责令整改指令书" in said and "电线老化裸露" in said and "第六十五条" in said
    assert "{" not in said and "甲村小卖部" in said
    assert clients["unit"].get(f"/cases/{row.id}/print/story/pdf/").content.startswith(b"%PDF")
    do(clients["cadre"], row, "finish", report="好", after=upload())
    with COMMAND.open():
        paper = Paper.objects.get()
    answer = clients["duty"].get(f"/cases/paper/{paper.id}/")
    assert answer.content == photo() and "attachment" in answer["Content-Disposition"]


def test_the_same_form_sent_twice_is_one_case(clients: dict[str, Any]) -> None:
    body = {
        "division": VILLAGES[0], "object": "", "place": "", "happened_at": "", "lat": "", "lon": "",
        "request_key": "k" * 20, **ask("hazards.hazard", "found", channel="self", what="地面油污"),
    }  # fmt: skip
    first, second = (clients["cadre"].post(NEW, body) for _turn in range(2))
    assert first.url == second.url
    with COMMAND.open():
        assert Case.objects.count() == 1


def test_an_extension_is_asked_by_one_and_granted_by_another(clients: dict[str, Any]) -> None:
    row = reported(clients)
    do(clients["unit"], row, "assess", grade="general")
    do(clients["unit"], row, "order", responsible="王某", measures="换线", funds="800",
       due_on=in_days(5), plan="停电")  # fmt: skip
    with COMMAND.open():
        row.refresh_from_db()
    url = f"/cases/{row.id}/clock/rectify/extend/"
    body = {"version": row.version, "to_on": in_days(500), "why": "配件未到"}
    assert clients["cadre"].post(url, body).status_code == 400
    assert clients["cadre"].post(url, body | {"to_on": in_days(20)}).status_code == 302
    with COMMAND.open():
        asked = row.requests.get()
    granted = clients["leader"].post(
        f"/cases/request/{asked.id}/", {"version": asked.version, "answer": "yes", "why": "属实"}
    )
    assert granted.status_code == 302, text(granted)
    page = text(clients["unit"].get(f"/cases/{row.id}/"))
    assert f"延到 {in_days(20)}" in page and "延期 1 次" in page and f"原定 {in_days(5)}" in page
    again = clients["cadre"].post(url, {"version": row.version + 2, "to_on": in_days(30),
                                        "why": "还不行"})  # fmt: skip
    assert again.status_code in (400, 409)


def test_a_form_filled_long_ago_or_ahead_is_refused_and_one_of_yesterday_has_both_times(
    clients: dict[str, Any],
) -> None:
    from datetime import timedelta

    from anlan.ground import clock

    with COMMAND.open():
        now = clock.local(clock.now())
    for days, status in ((-30, 400), (2, 400), (-1, 302)):
        said = (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")
        answer = clients["cadre"].post(NEW, {
            "division": VILLAGES[0], "object": "", "place": "", "happened_at": said, "lat": "",
            "lon": "", **ask("hazards.hazard", "found", channel="self", what="地窖无通风"),
        })  # fmt: skip
        assert answer.status_code == status, text(answer)
    assert "收到" in text(clients["cadre"].get(answer.url))
