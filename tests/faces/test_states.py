"""Five designed states of every page: empty, loading, error, offline, no right.

The pages are those of the console's own list of addresses, so that a new one is held to this too.
What offline looks like in a browser is `tests/browser/test_offline.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from anlan.county.rights import table
from anlan.ground import web
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.night import CONSOLE, address

PLACES = {"county": COUNTY, "township": TOWNSHIPS[0], "village": VILLAGES[0]}
WITHOUT_RIGHT = "village_helper"
LIVE_SHELL = ('id="progress"', 'id="wire"', 'data-live="http')
HEAD = re.compile(r"<h1[^>]*>\s*(.*?)\s*</h1>", re.S)
BARE_TABLE = re.compile(r"<tbody[^>]*>\s*</tbody>")
FILES = re.compile(r"export|photo|original|<str:form>|template|pdf|xlsx")


def pages() -> Iterator[tuple[str, str]]:
    """(address, right) of every page that a person reads."""
    for path, view in CONSOLE.items():
        access = view.access
        if access.kind == "page" and access.right and not FILES.search(path):
            yield path, access.right


def reader(client_of: Callable[..., Any], right: str, known: dict[str, Client]) -> Client | None:
    """A client of the first post that holds the right; None for an administrator's."""
    for kind, rights in table().posts.items():
        if right in rights and kind in ("duty_officer", "plan_clerk", "duty_leader"):
            if kind not in known:
                known[kind] = client_of(kind)
            return known[kind]
    return None


def text_of(answer: Any) -> str:
    return "" if answer.streaming else answer.content.decode(errors="replace")


def test_empty_says_so_and_no_table_stands_without_rows(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    """A county on its first morning: nothing has happened yet."""
    known: dict[str, Client] = {}
    faults, looked = [], 0
    for path, right in pages():
        client = reader(client_of, right, known)
        if client is None or "<" in path:
            continue
        answer = client.get("/" + path)
        if answer.status_code != 200 or "html" not in answer["Content-Type"]:
            faults += [f"{path} {answer.status_code}"] if answer.status_code != 302 else []
            continue
        looked += 1
        text = text_of(answer)
        heads = HEAD.findall(text)
        faults += [f"{path} h1 {heads}"] if len(heads) != 1 or not heads[0] else []
        faults += [f"{path} table without rows"] if BARE_TABLE.search(text) else []
    assert looked >= 15
    assert faults == []


def test_loading_and_offline_have_their_place_on_every_page(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    known: dict[str, Client] = {}
    faults, looked = [], 0
    for path, right in pages():
        client = reader(client_of, right, known)
        answer = client.get(address(path, night)) if client else None
        if answer is None or answer.status_code != 200 or "html" not in answer["Content-Type"]:
            continue
        looked += 1
        text = text_of(answer)
        faults += [f"{path} lacks {mark}" for mark in LIVE_SHELL if mark not in text]
    assert looked >= 25
    assert faults == []


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [(OperationalError("gone"), 503, "没有写入任何内容"),
     (ValueError("inner secret"), 500, "没有写入任何内容")],
)  # fmt: skip
def test_error_says_what_was_not_written_and_what_comes_next(
    night: dict[str, Any], client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch,
    error: Exception, status: int, said: str,
) -> None:  # fmt: skip
    """The database goes away, or we err, as the page is made: the same words everywhere."""
    client = client_of("duty_officer")
    client.raise_request_exception = False

    def wrong(_request: Any) -> Any:
        raise error

    monkeypatch.setattr(web, "scope_of", wrong)
    faults, looked = [], 0
    for path, _right in pages():
        answer = client.get(address(path, night))
        text = text_of(answer)
        looked += 1
        if answer.status_code != status or said not in text or "inner secret" in text:
            faults.append(f"{path} {answer.status_code}")
        if status == 503 and answer["Retry-After"] != "5":
            faults.append(f"{path} does not say when to retry")
    assert looked >= 30
    assert faults == []


def test_no_right_names_the_right_and_the_way_back(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(WITHOUT_RIGHT, VILLAGES[0])
    held, labels = table().of(WITHOUT_RIGHT), table().labels
    faults, looked = [], 0
    for path, right in pages():
        if right in held:
            continue
        answer = client.get(address(path, night))
        text = text_of(answer)
        looked += 1
        good = answer.status_code == 403 and 'class="barred"' in text and labels[right] in text
        faults += [] if good and "怎么办" in text and "返回" in text else [f"{path} {right}"]
    assert looked >= 15
    assert faults == []
