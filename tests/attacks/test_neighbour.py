"""No address shows or changes what belongs to the neighbouring township (R49, R54).

The matrix is made from the URL resolver: a page that somebody adds tomorrow is in it, and fails
here until its parts have a sample in `tests/night.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from anlan.faces.http import live
from anlan.ground.live import TOPICS
from anlan.ground.scope import Actor, Scope
from tests.conftest import COUNTY, TOWNSHIPS
from tests.night import (
    CANARY,
    CANARY_MASKED,
    CANARY_NUMBER,
    CONSOLE,
    QUERIES,
    address,
    words,
)

SPAN = (TOWNSHIPS[0], TOWNSHIPS[0] + 999)
ACCEPTS = ("text/html", "application/json")
HIDDEN = (CANARY, CANARY_NUMBER, CANARY_MASKED)
# What the page of somebody else's account or session would be needs a right that no post has.
NOT_OF_POSTS = ("access/", "audit/", "system/", "accounts/", "first/", "demo/", "language/")


def sample_fields(fields: frozenset[str] | None, ids: dict[str, Any]) -> dict[str, str]:
    """A value for each declared field, good enough to get past the form."""
    good = {"version": "1", "kind": "received", "proof": "敲门告知", "why": "演习", "how": "已回电",
            "text": "暴雨", "account": "1"}  # fmt: skip
    names = (name.rstrip("*").replace("-#", "-1") for name in fields or ())
    return {name: good.get(name, "1") for name in names if name != "happened_at"}


@pytest.fixture
def rows_of_first(owner_sql: Any) -> Callable[[], dict[str, str]]:
    """A digest of every row of the first township, by table; the journal grows by itself."""
    tables = [
        row[0]
        for row in owner_sql(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name = 'division' AND table_name <> 'ground_journal' ORDER BY 1"
        )
    ]
    base = {row[0] for row in owner_sql("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}

    def digest() -> dict[str, str]:
        found = {}
        for name in [one for one in tables if one in base]:
            rows = owner_sql(
                f"SELECT t::text FROM {name} t WHERE division BETWEEN %s AND %s ORDER BY 1", SPAN
            )
            found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
        return found

    return digest


def test_every_part_of_an_address_has_a_sample(night: dict[str, Any]) -> None:
    for path in CONSOLE:
        assert "<" not in address(path, night)


def test_no_page_shows_the_neighbour(
    night: dict[str, Any], client_of: Callable[..., Any], every_right: Any
) -> None:
    client = client_of("township_duty", TOWNSHIPS[1])
    shown = 0
    for path, view in CONSOLE.items():
        if view.access.kind == "act" or path.startswith("accounts/logout"):
            continue
        for query in QUERIES:
            url = address(path, night) + query.format(**night)
            for accept in ACCEPTS if not query else ACCEPTS[:1]:
                answer = client.get(url, headers={"Accept": accept})
                text = words(answer)
                asked = query.partition("=")[2]
                for canary in HIDDEN:
                    times = text.count(canary)
                    assert not times or (canary in asked and CANARY + "王" not in text), (url, text)
                shown += answer.status_code == 200
    assert shown > 100, "the neighbour was signed in and saw pages of their own"


def test_the_canaries_are_there_for_whoever_may_see_them(
    night: dict[str, Any], client_of: Callable[..., Any], every_right: Any
) -> None:
    client = client_of("township_duty", TOWNSHIPS[0])
    seen = ""
    for path, view in CONSOLE.items():
        if view.access.kind != "act" and not path.startswith(NOT_OF_POSTS):
            seen += words(client.get(address(path, night)))
    for canary in (f"{CANARY}王", f"{CANARY}岗位", f"{CANARY}片区", f"{CANARY}户主",
                   f"{CANARY}短信", f"{CANARY}无人应答", CANARY_MASKED):  # fmt: skip
        assert canary in seen, canary


def test_a_neighbour_changes_nothing(
    night: dict[str, Any],
    client_of: Callable[..., Any],
    every_right: Any,
    rows_of_first: Callable[[], dict[str, str]],
) -> None:
    client = client_of("township_duty", TOWNSHIPS[1])
    before = rows_of_first()
    tried = 0
    for path, view in CONSOLE.items():
        if view.access.fields is None or path.startswith(NOT_OF_POSTS):
            continue
        answer = client.post(address(path, night), sample_fields(view.access.fields, night))
        assert CANARY not in words(answer), path
        if "<int:" in path and "table" not in path:
            assert answer.status_code in (400, 403, 404, 409), (path, answer.status_code)
        tried += 1
    assert tried > 10
    assert rows_of_first() == before


def test_the_same_acts_do_change_what_is_ones_own(
    night: dict[str, Any],
    client_of: Callable[..., Any],
    every_right: Any,
    rows_of_first: Callable[[], dict[str, str]],
) -> None:
    client = client_of("township_duty", TOWNSHIPS[0])
    before = rows_of_first()
    for path in ("callout/<int:callout_id>/<int:call_id>/fallback/", "desk/<int:inbound_id>/",
                 "desk/alarm/<int:alarm_id>/"):  # fmt: skip
        fields = sample_fields(CONSOLE[path].access.fields, night)
        assert client.post(address(path, night), fields).status_code == 302, path
    after = rows_of_first()
    assert {name for name in before if before[name] != after[name]} >= {
        "callout_fallback", "callout_inbound", "callout_alarm",
    }  # fmt: skip


def test_mutant_without_the_township_filter_the_matrix_finds_the_neighbour(
    night: dict[str, Any],
    client_of: Callable[..., Any],
    every_right: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("anlan.county.signin.span", lambda _division: (COUNTY, COUNTY + 999_999))
    client = client_of("township_duty", TOWNSHIPS[1])
    assert CANARY in words(client.get("/phonebook/"))
    assert CANARY in words(client.get(address("callout/<int:callout_id>/", night)))


def test_no_whole_number_stands_in_any_answer_but_the_one_that_reveals_it(
    night: dict[str, Any], client_of: Callable[..., Any], every_right: Any
) -> None:
    client = client_of("duty_officer")
    for path, view in CONSOLE.items():
        if view.access.kind == "act" or path.startswith("accounts/logout"):
            continue
        for query in QUERIES:
            if CANARY_NUMBER in query:
                continue
            url = address(path, night) + query.format(**night)
            for accept in ACCEPTS if not query else ACCEPTS[:1]:
                text = words(client.get(url, headers={"Accept": accept}))
                assert CANARY_NUMBER not in text, url
    told = client.post(address("phonebook/<int:person_id>/", night), {"why": "回电"})
    assert CANARY_NUMBER in told.content.decode()


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_screen_hears_no_topic_of_its_neighbour_and_none_without_its_right(topic: str) -> None:
    def screen(lo: int, right: str) -> live.Screen:
        scope = Scope("post", lo, lo + 999, 0, Actor("account"), frozenset({right}))
        return live.Screen(*live.read_token(live.make_token(scope, 1)))

    event = {"topic": topic, "division": TOWNSHIPS[0] + 1, "world": 0}
    assert screen(TOWNSHIPS[0], TOPICS[topic]).hears(event)
    assert not screen(TOWNSHIPS[1], TOPICS[topic]).hears(event)
    assert not screen(TOWNSHIPS[0], "no.such").hears(event)
    assert not screen(TOWNSHIPS[0], TOPICS[topic]).hears(event | {"world": 1})


def test_what_is_told_names_no_person(night: dict[str, Any], monkeypatch: Any) -> None:
    import inspect

    from anlan.ground import live as telling

    assert set(inspect.signature(telling.tell).parameters) == {"scope", "topic", "division", "ids"}
    with pytest.raises(ValueError, match="unknown live topic"):
        telling.tell(Scope.for_round("test"), "gossip", 0)
