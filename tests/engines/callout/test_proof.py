"""A fallback is closed with time and proof: a photo, or a note with its place, from the link's page."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from PIL import Image

from anlan.engines.callout import actions, links, queries
from anlan.engines.callout.models import Call, Fallback, Link
from anlan.engines.callout.photos import keep_photo
from anlan.faces.portal import pages
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope
from tests.conftest import VILLAGES
from tests.engines.callout.test_night import MINUTES, Box, launch, turn

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")


def jpeg(gps: bool = True, size: tuple[int, int] = (40, 30)) -> bytes:
    image, out = Image.new("RGB", size, "navy"), io.BytesIO()
    exif = Image.Exif()
    if gps:
        exif[0x0132] = "2024:07:10 22:40:00"
        exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 19.0, 48.0), 3: "E", 4: (107.0, 20.0, 24.0)})
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large and holds nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.fixture
def knocking(
    county_db: str, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> tuple[Call, str]:
    """A village call in its fallback, and the token of the helper's link."""
    actions.open_callout(scope_of("duty_officer"), launch())
    for _step in range(7):
        move_clock(MINUTES * 60 + 1)
        turn(Box())
    with ROUND.open():
        call = Call.objects.get(division=VILLAGES[0])
        link = Link.objects.get(call=call, act="fallback")
    return call, links.address(link).rpartition("/")[2]


def post(token: str, **fields: Any) -> Any:
    request = RequestFactory().post(f"/f/{token}", fields, REMOTE_ADDR="10.1.2.3")
    return pages.fallback(request, token)


def task_of(call: Call) -> Fallback:
    with ROUND.open():
        return Fallback.objects.get(call=call)


def test_a_photo_closes_it_from_the_links_page_and_is_shown_on_the_tree(
    knocking: tuple[Call, str], as_role: Callable[[str], None], client_of: Callable[..., Any]
) -> None:
    call, token = knocking
    content = jpeg()
    as_role("public")
    upload = SimpleUploadedFile("IMG.HEIC", content, "image/heic")
    done = post(token, photo=upload, lat="30.33", lon="107.34", ago="5")
    assert done.status_code == 302
    as_role("app")
    task = task_of(call)
    assert task.photo_says == {"lat": 30.33, "lon": 107.34, "taken_at": "2024:07:10 22:40:00"}
    assert (task.lat, task.lon) == (30.33, 107.34)
    assert task.closed_at is not None and task.happened_at is not None
    assert 290 < (task.closed_at - task.happened_at).total_seconds() < 310
    officer = client_of("duty_officer")
    page = officer.get(f"/callout/{call.callout_id}/").content.decode()
    address = f"/callout/{call.callout_id}/{call.id}/photo/"
    assert address in page
    shown = officer.get(address)
    assert shown.content == content and shown["Content-Type"] == "image/jpeg"
    assert "attachment" in shown["Content-Disposition"]
    assert shown["X-Content-Type-Options"] == "nosniff"
    neighbour = client_of("village_helper", VILLAGES[2])
    assert neighbour.get(address).status_code in (403, 404)


def test_a_note_needs_a_place_and_an_empty_form_is_refused(
    knocking: tuple[Call, str], as_role: Callable[[str], None]
) -> None:
    call, token = knocking
    as_role("public")
    for fields in ({}, {"proof": "敲门告知"}, {"place": "一组"}, {"proof": " ", "lat": "30"},
                   {"proof": "敲门告知", "lat": "95"}):  # fmt: skip
        assert post(token, **fields).status_code == 400, fields
    assert post(token, proof="敲门告知，在家", place="一组张家").status_code == 302
    as_role("app")
    task = task_of(call)
    assert (task.proof, task.place, task.proof_file) == ("敲门告知，在家", "一组张家", "")
    with ROUND.open():
        assert Call.objects.get(id=call.id).state == "reached_by_fallback"


def test_what_is_no_photo_or_too_large_is_refused_before_it_is_decoded(county_db: str) -> None:
    wrong = {
        b"": "file-empty",
        b"%PDF-1.7 not a photo": "file-kind",
        b"\xff\xd8\xff broken": "photo-broken",
        png_header(30_000, 30_000): "photo-pixels",
        png_header(7_100, 7_100): "photo-pixels",
        jpeg() + b"\0" * (20 * 1024 * 1024): "file-too-large",
    }
    for content, code in wrong.items():
        with pytest.raises(Refusal) as refusal:
            keep_photo(COMMAND, content, "x.jpg")
        assert refusal.value.code == code and refusal.value.mend


def test_a_photo_is_kept_once_by_its_content_and_may_say_nothing(
    county_db: str, owner_sql: Any
) -> None:
    first = keep_photo(COMMAND, jpeg(gps=False), "a.jpg")
    again = keep_photo(COMMAND, jpeg(gps=False), "b.png")
    assert first == again and first.says == {}
    assert owner_sql("SELECT count(*) FROM ground_file") == [(1,)]


def test_an_unknown_outcome_is_shown_as_such(
    county_db: str, scope_of: Callable[..., Any], move_clock: Callable[..., None],
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    """Twice claimed and never marked: nobody knows, the tree says 未知, the call goes on."""
    from anlan.engines.callout import rounds
    from anlan.engines.callout.rounds.sending import LEASE_S

    opened = actions.open_callout(scope_of("duty_officer"), launch())
    rounds.advance(ROUND)
    for _death in range(2):
        assert rounds.claim(ROUND)
        move_clock(LEASE_S + 1)
        rounds.expire(ROUND)
    tree = queries.tree(ROUND, opened.id)
    assert tree is not None
    assert {node.unknown for node in tree.nodes if node.level == 0} == {1}
    assert "未知 1" in client_of("duty_officer").get(f"/callout/{opened.id}/").content.decode()
    move_clock(MINUTES * 60)
    assert len(turn(Box())) >= 2, "rung again at its time"
