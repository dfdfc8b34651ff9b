"""No row, count, list, search, export or feed of one world shows in another (R68).

The matrix is made from the URL resolver, as that of the neighbouring township is: a page that
somebody adds tomorrow is in it. Two worlds hold the same kinds of rows, each with a word of its
own; whoever looks holds every right in the whole county, so that only the world decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.faces.http import live
from anlan.ground.live import TOPICS
from anlan.ground.places import EVERYWHERE
from anlan.ground.scope import Actor, Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.night import CONSOLE, INDICATOR, PORTAL, QUERIES, address, on_duty, words

REAL_WORD, DRILL_WORD = "黄鹂", "画眉"
ACCEPTS = ("text/html", "application/json")
OWN_WORLD = "exercise/<int:world>/"  # pages that stand in the world of their address
NOT_OF_POSTS = ("access/", "audit/", "system/", "accounts/", "first/", "demo/", "language/")
# A word that was searched for may be said again; with one of these behind it, it is a row's.
MARKS = "(?:短信|无人应答|警示|函|条目|敲门|门口|上门|请核实|，影响|滑坡|来电|交办|交代|会商)"
TEXT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：{word}，影响澄溪镇。"


def fill(scope_of: Callable[..., Any], world: int, word: str) -> dict[str, Any]:
    """One night's rows of every kind that happens, in the world, each bearing the word."""
    from anlan.county.models import Holding, Post
    from anlan.engines.callout import actions as callout
    from anlan.engines.callout.models import Alarm, Call, Fallback, Inbound
    from anlan.ground import clock
    from anlan.rooms.evacuation import actions as evacuation
    from anlan.rooms.evacuation import rounds as evacuation_rounds
    from anlan.rooms.evacuation.models import Opening
    from anlan.rooms.warning import actions as warning

    round_ = Scope.for_round("test", world)
    officer, leader = (scope_of(k).in_world(world) for k in ("duty_officer", "duty_leader"))
    row = warning.paste(officer, TEXT.format(word=word))
    row = warning.revise(
        officer, row.id, row.version,
        {"settled": [d["code"] for d in row.doubts], "caution": f"{word}警示"},
    )  # fmt: skip
    row = warning.submit(officer, row.id, row.version)
    opened = warning.approve(leader, row.id, row.version)
    evacuation_rounds.open_by_callout(round_)
    outside = Scope.for_gateway("smpp", world)
    callout.receive_message(outside, "smpp", f"m-{word}", "13800007777", f"{word}短信")
    with round_.open():
        head = Post.objects.get(kind="village_head", division=VILLAGES[0])
        person = Holding.objects.filter(post=head, rank=0).first().person
        call = Call.objects.get(division=VILLAGES[0], post_id=head.id, callout_id=opened.id)
        inbound = Inbound.objects.get(message_id=f"m-{word}")
        callout.leave_on_desk(round_, inbound.id, "unclear")
        callout.raise_alarm(call, "nobody", f"{word}无人应答", clock.now())
        alarm = Alarm.objects.get(call=call)
        Fallback.objects.create(
            call=call, division=call.division, world=world, step="knock", person_id=person.id,
            post_title=f"{word}上门", given_at=clock.now(),
        )  # fmt: skip
        Call.objects.filter(id=call.id).update(state="fallback")
        opening = Opening.objects.get(division=VILLAGES[0], state="open")
    callout.close_fallback(officer, call.id, f"{word}敲门", place=f"{word}门口")
    figures = evacuation.figures_of(opening)
    evacuation.record_headcount(
        scope_of("township_duty", TOWNSHIPS[0]).in_world(world), opening.id, figures, "keyed"
    )
    take_back_handover(officer)
    paper = lettered(world, word)
    token = callout.issue_link(round_, call.id, person.id, "answer").rsplit("/", 1)[1]
    return {
        "warning_id": row.id, "callout_id": opened.id, "call_id": call.id, "alarm_id": alarm.id,
        "opening_id": opening.id, "inbound_id": inbound.id, "token": token, "letter_id": paper,
        "report_id": zeroed(scope_of, world),
    } | on_duty(scope_of, world, word)  # fmt: skip


def take_back_handover(officer: Scope) -> None:
    """The one that waits for its second signature, so that the next can be signed."""
    from anlan.rooms.duty import hall_actions as hall
    from anlan.rooms.duty.models import Handover

    with officer.open():
        waiting = Handover.objects.filter(state="offered").first()
    if waiting is not None:
        hall.withdraw_handover(officer, waiting.id, waiting.version)


def lettered(world: int, word: str) -> int:
    from anlan.county import unit_actions as units
    from anlan.county.models import Unit
    from anlan.rooms.oversight import actions as oversight

    command = Scope.for_command("test")
    with command.open():
        unit = Unit.objects.filter(name="督办单位").first()
    unit = unit or units.add_unit(command, COUNTY, "督办单位")
    draft = oversight.Draft(
        division=COUNTY, plan_id=1, row_key=f"k-{word}", row_number="4/40", row_name=f"{word}条目",
        indicator=INDICATOR, label="叫应", step=1, before_id=None, unit_id=unit.id, reason="late",
        since=date(2024, 12, 31), facts={}, articles=[], title=f"{word}函", text=f"{word}请核实。",
        demo=True,
    )  # fmt: skip
    return oversight.propose(command.in_world(world), draft).id


def zeroed(scope_of: Callable[..., Any], world: int) -> int:
    from dataclasses import replace

    from anlan.engines.indicators import actions as indicators

    signer = scope_of("township_leader", TOWNSHIPS[1]).in_world(world)
    own = replace(signer, rights=frozenset({*signer.rights, "indicator.report"}))
    return indicators.report_zero(own, INDICATOR, date(2024, 6, 1)).id


@pytest.fixture
def two(
    night: dict[str, Any], scope_of: Callable[..., Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(ids of the real night, ids of the exercise's), each with rows of every kind."""
    real = night | fill(scope_of, 0, REAL_WORD)
    drill = night | fill(scope_of, night["world"], DRILL_WORD)
    return real, drill


def seen(client: Any, ids: dict[str, Any], queries: Sequence[str] = QUERIES) -> dict[str, str]:
    """What every page says to the client, by its address."""
    found = {}
    for path, view in CONSOLE.items():
        if view.access.kind == "act" or path.startswith(("accounts/logout", OWN_WORLD)):
            continue
        for query in queries:
            for accept in ACCEPTS if not query else ACCEPTS[:1]:
                url = address(path, ids) + query.format(**ids)
                found[f"{accept} {path}{query}"] = words(
                    client.get(url, headers={"Accept": accept})
                )
    return found


def leaks(pages: dict[str, str], word: str) -> list[str]:
    """Pages that say something of the other world: its word, unless only what was searched for."""
    row = re.compile(word + MARKS)
    return [
        url for url, text in pages.items()
        if row.search(text) or (word in text and f"?q={word}" not in url)
    ]  # fmt: skip


def inside(client: Any, world: int) -> Any:
    assert client.post("/exercise/enter/", {"exercise": str(world)}).status_code == 302
    return client


def test_no_page_of_the_real_county_shows_the_exercise(
    two: tuple[dict[str, Any], dict[str, Any]], client_of: Callable[..., Any], every_right: Any
) -> None:
    real, drill = two
    client = client_of("duty_officer")
    for ids in (real, drill):
        pages = seen(client, ids, (*QUERIES, f"?q={DRILL_WORD}"))
        assert leaks(pages, DRILL_WORD) == []
        if ids is real:
            shown = "".join(pages.values())
            for mark in ("短信", "无人应答", "警示", "函", "门口"):
                assert REAL_WORD + mark in shown, f"the real night is there: {mark}"


def test_no_page_of_the_exercise_shows_the_real_night(
    two: tuple[dict[str, Any], dict[str, Any]], client_of: Callable[..., Any], every_right: Any
) -> None:
    real, drill = two
    client = inside(client_of("duty_officer"), drill["world"])
    for ids in (real, drill):
        pages = seen(client, ids, (*QUERIES, f"?q={REAL_WORD}"))
        assert leaks(pages, REAL_WORD) == []
        if ids is drill:
            shown = "".join(pages.values())
            for mark in ("短信", "无人应答", "警示", "函", "门口"):
                assert DRILL_WORD + mark in shown, f"the exercise is there: {mark}"


def test_a_page_that_stands_in_an_exercise_shows_no_real_row(
    two: tuple[dict[str, Any], dict[str, Any]], client_of: Callable[..., Any], every_right: Any
) -> None:
    _real, drill = two
    client = client_of("duty_officer")
    for path, view in CONSOLE.items():
        if path.startswith(OWN_WORLD) and view.access.kind != "act":
            text = client.get(address(path, drill)).content.decode()
            assert REAL_WORD not in text and "drill-band" in text, path


VOLATILE = re.compile(
    r"<time[^>]*>.*?</time>|data-(?:now|live|rate)=\"[^\"]*\"|value=\"[0-9A-Za-z]{32,64}\"|"
    r"live\?token=[A-Za-z0-9_-]+|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?|\d{4}-\d\d-\d\dT[0-9:.+]+|"
    r"\d+ ?(?:秒|分钟)", re.S
)  # fmt: skip


TOO_OFTEN = ("too-many-tries", "试得太频繁")  # a door that counts tries, asked by this test alone


def unlike(one: str, other: str) -> str:
    """Where two texts part, with what stands around it."""
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
              min(len(one), len(other)))  # fmt: skip
    return f"{one[max(0, at - 120) : at + 80]!r} | {other[max(0, at - 120) : at + 80]!r}"


def test_no_count_of_the_real_county_moves_when_an_exercise_fills(
    night: dict[str, Any],
    scope_of: Callable[..., Any],
    client_of: Callable[..., Any],
    every_right: Any,
) -> None:
    real = night | fill(scope_of, 0, REAL_WORD)
    client = client_of("duty_officer")

    def still() -> dict[str, str]:
        return {url: VOLATILE.sub("", text) for url, text in seen(client, real, ("",)).items()}

    first, second = still(), still()
    steady = {url for url in first if first[url] == second[url]}
    fill(scope_of, night["world"], DRILL_WORD)
    after = still()
    assert len(steady) > 80, sorted(set(first) - steady)
    asked = {url for url in steady if not any(word in after[url] for word in TOO_OFTEN)}
    moved = [url for url in asked if after[url] != first[url]]
    assert moved == [], "\n".join(unlike(first[url], after[url]) for url in moved[:3])


def test_mutant_without_the_world_in_a_policy_the_matrix_sees_the_exercise(
    two: tuple[dict[str, Any], dict[str, Any]],
    client_of: Callable[..., Any],
    every_right: Any,
    owner_sql: Any,
) -> None:
    real, _drill = two
    owner_sql("DROP POLICY scope ON callout_inbound")
    owner_sql("CREATE POLICY scope ON callout_inbound USING (true)")
    shown = seen(client_of("duty_officer"), real, ("",))
    assert any(DRILL_WORD in text for text in shown.values())


def test_an_act_in_one_world_on_a_row_of_another_changes_nothing(
    two: tuple[dict[str, Any], dict[str, Any]],
    client_of: Callable[..., Any],
    every_right: Any,
    owner_sql: Any,
) -> None:
    from tests.attacks.test_neighbour import sample_fields

    real, drill = two
    tables = [
        row[0] for row in owner_sql(
            "SELECT c.table_name FROM information_schema.columns c JOIN pg_class k"
            " ON k.relname = c.table_name WHERE c.table_schema = 'public' AND k.relkind = 'r'"
            " AND c.column_name = 'world' AND c.table_name NOT IN"
            " ('ground_journal', 'ground_request') ORDER BY 1"
        )
    ]  # fmt: skip

    def rows_of(world: int) -> dict[str, Any]:
        return {
            name: owner_sql(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t"
                            " WHERE world = %s", (world,))
            for name in tables
        }  # fmt: skip

    for where, other, ids in ((0, drill["world"], drill), (drill["world"], 0, real)):
        client = inside(client_of("duty_officer"), where)
        before = rows_of(other)
        for path, view in CONSOLE.items():
            if view.access.fields is None or path.startswith((*NOT_OF_POSTS, "exercise/")):
                continue
            if any(part in path for part in ("warning_id", "callout_id", "call_id", "alarm_id",
                                             "opening_id", "inbound_id", "letter_id",
                                             "report_id", "event_id", "task_id", "rollcall_id",
                                             "handover_id", "consultation_id")):  # fmt: skip
                answer = client.post(address(path, ids), sample_fields(view.access.fields, ids))
                assert answer.status_code in (400, 403, 404, 409), (path, answer.status_code)
        after = rows_of(other)
        assert [name for name in tables if before[name] != after[name]] == []


KINDS = ("post", "round", "gateway", "command", "link", "audit", "admin", "security")


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(kind=st.sampled_from(KINDS), world=st.sampled_from([0, "drill", 99]),
       narrow=st.booleans())  # fmt: skip
def test_whoever_asks_no_table_gives_a_row_of_another_world(
    two_open: int, kind: str, world: Any, narrow: bool
) -> None:
    """Straight SQL under every kind of scope: rows of world 0 where they stand, else its own."""
    from django.apps import apps
    from django.db import connection

    from anlan.ground.models import Standing

    own = two_open if world == "drill" else world
    span = (TOWNSHIPS[0], TOWNSHIPS[0] + 999) if narrow else EVERYWHERE
    scope = Scope(kind, *span, own, Actor("account", 1, "x"), frozenset({"*"}))
    checked = 0
    with scope.open(), connection.cursor() as cursor:
        for model in apps.get_models():
            fields = {field.column for field in model._meta.fields}
            if "world" not in fields or model._meta.db_table == "ground_journal":
                continue
            allowed = [0, own] if issubclass(model, Standing) or model._meta.db_table in (
                "review_exercise",) else [own]  # fmt: skip
            cursor.execute(
                f"SELECT count(*) FROM {model._meta.db_table} WHERE NOT world = ANY(%s)", [allowed]
            )
            assert cursor.fetchone()[0] == 0, (model._meta.db_table, kind, own)
            checked += 1
    assert checked > 30


@pytest.fixture
def two_open(two: tuple[dict[str, Any], dict[str, Any]]) -> int:
    return int(two[1]["world"])


def test_the_facts_that_indicators_read_stay_in_their_world(
    two: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    from anlan.engines.indicators import compute, declare

    drill = two[1]["world"]
    for name in declare.declared():
        here = {(r.kind, r.id) for r in compute.records(Scope.for_command("t"), name)}
        there = {
            (r.kind, r.id) for r in compute.records(Scope.for_command("t").in_world(drill), name)
        }
        shared = {kind for kind, _ident in here & there}
        assert shared <= {"evacuation.zone", "review.place"}, (name, "what stands is everybody's")


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_screen_hears_nothing_of_another_world(topic: str) -> None:
    def screen(world: int) -> live.Screen:
        scope = Scope("post", COUNTY, COUNTY + 999_999, world, Actor("account"),
                      frozenset({TOPICS[topic]}))  # fmt: skip
        return live.Screen(*live.read_token(live.make_token(scope, 1)))

    for world in (0, 7):
        event = {"topic": topic, "division": COUNTY, "world": world}
        assert screen(world).hears(event)
        assert not screen(8).hears(event) and not screen(7 - world).hears(event)


def test_the_public_pages_show_nothing_of_an_exercise_but_to_its_own_links(
    two: tuple[dict[str, Any], dict[str, Any]],
    as_role: Callable[[str], None],
    portal: Callable[[], None],
) -> None:
    from django.test import Client

    real, drill = two
    as_role("public")
    portal()
    client = Client()
    for path in PORTAL:
        for ids in (real, drill | {"token": "x" * 40}):
            for ask in (client.get, client.post):
                text = words(ask(address(path, ids)))
                assert DRILL_WORD not in text, path
    own = words(client.get(f"/a/{drill['token']}"))
    assert DRILL_WORD in own and "这是演练" in own and REAL_WORD not in own
    assert client.post("/exercise/outbox").status_code == 403


def test_every_round_of_the_worker_in_an_exercise_makes_no_gateway_call(
    two: tuple[dict[str, Any], dict[str, Any]], move_clock: Callable[..., None]
) -> None:
    from anlan.engines.callout import rounds as calling
    from anlan.engines.callout.models import Attempt
    from anlan.faces.worker import rounds as listed

    class Box:
        ids: list[int] = []

        def ready(self) -> bool:
            return True

        def look(self, _scope: Scope) -> int:
            return 0

        def submit(self, batch: Sequence[calling.Outgoing]) -> list[calling.Outcome]:
            self.ids += [out.attempt_id for out in batch]
            return [calling.Outcome(o.attempt_id, o.lease, "r") for o in batch]

    box, world = Box(), two[1]["world"]
    for _turn in range(6):
        for entry in listed(box):
            if entry.name != "journal.anchor":  # type: ignore[attr-defined]
                entry.run(Scope.for_round(entry.name, world))  # type: ignore[attr-defined]
        move_clock(timedelta(minutes=20).total_seconds(), world)
    with Scope.for_round("test", world).open():
        assert Attempt.objects.filter(state="due").count() > 5
    assert box.ids == []
