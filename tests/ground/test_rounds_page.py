"""The rounds show how they run; what points at nothing is listed, and unlisted once it is mended."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import models

from anlan.faces.references import NO_REFERENCE, REFERENCES
from anlan.ground import references, rounds, watch
from anlan.ground.models import RoundRun
from anlan.ground.scope import Scope
from tests.conftest import TOWNSHIPS

ROUND = Scope.for_round("test")
FIND = references.round_of(REFERENCES)


def run_each_once() -> None:
    stop = threading.Event()

    def broken(scope: Scope) -> int:
        raise ValueError("坏了")

    def good(scope: Scope) -> int:
        stop.set()
        return 3

    rounds.run_forever([rounds.Round("broken", 60, broken), rounds.Round("good", 60, good)], stop)


def test_the_page_and_the_status_show_run_error_and_lag(
    county_db: str, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    run_each_once()
    owner_sql("INSERT INTO ground_round (name, last_at, every_s, last_error, last_ms, handled, runs)"
              " VALUES ('slow', clock_timestamp() - interval '1 hour', 5, '', 1, 0, 1)")  # fmt: skip
    page = str(client_of("duty_officer").get("/rounds/").content.decode())
    assert "1 个巡检出错" in page
    order = [page.index(f"<code>{name}</code>") for name in ("broken", "slow", "good")]
    assert order == sorted(order), "what needs a person comes first"
    assert "ValueError: 坏了" in page and "迟了" in page
    with ROUND.open():
        found = {one["name"]: one for one in map(watch.as_dict, watch.seen(RoundRun.objects.all()))}
    assert (found["broken"]["failing"], found["good"]["failing"]) == (True, False)
    assert (found["slow"]["late"], found["good"]["late"]) == (True, False)
    assert 3500 < found["slow"]["lag_s"] < 3700
    assert found["good"]["handled"] == 3 and found["good"]["every_s"] == 60


def test_an_error_stays_readable_after_the_next_good_pass(empty_db: str, owner_sql: Any) -> None:
    run_each_once()
    entry = rounds.Round("broken", 60, lambda scope: 1)
    rounds._observed(entry)
    with ROUND.open():
        seen = watch.judge(RoundRun.objects.get(name="broken"), watch.real_now())
    assert not seen.failing and "坏了" in seen.row.last_error


def test_the_system_administrator_sees_the_rounds_and_a_village_does_not_see_his_page(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    assert client_of("duty_officer").get("/system/rounds/").status_code == 403


def test_every_column_that_names_a_thing_elsewhere_is_declared_or_says_why_not() -> None:
    listed = {f"{r.owner}.{r.field}" for r in REFERENCES} | set(NO_REFERENCE)
    found = set()
    for model in apps.get_models():
        if not model.__module__.startswith("anlan."):
            continue
        for field in model._meta.get_fields():
            plain = isinstance(field, models.BigIntegerField | models.CharField)
            named = re.search(r"(_id|_person)$", field.name)
            if named and plain and not field.is_relation and not field.primary_key:
                found.add(f"{model._meta.label_lower}.{field.name}")
    assert found - listed == set()


def test_a_whole_county_dangles_nowhere(county_db: str) -> None:
    assert FIND(ROUND) == 0
    assert references.dangling(ROUND) == []


def test_what_points_at_nothing_is_listed_with_kind_and_id_until_it_is_mended(
    county_db: str, client_of: Callable[..., Any], scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    from anlan.engines.callout import actions as callout
    from anlan.engines.callout.launch import Launch

    opened = callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 77, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (TOWNSHIPS[0],), "k"),
    )  # fmt: skip
    assert FIND(ROUND) == 1
    assert FIND(ROUND) == 0, "found once is once"
    (row,) = references.dangling(ROUND)
    assert (row.owner, row.field, row.row_id) == ("callout.callout", "origin_id", opened.id)
    assert (row.kind, row.target_id) == ("warning.warning", 77)
    assert "warning.warning 77" in client_of("duty_officer").get("/rounds/").content.decode()
    owner_sql("UPDATE callout_callout SET origin_kind = 'no.such' WHERE id = %s", (opened.id,))
    assert FIND(ROUND) == 2, "one gone, and a kind that nobody knows found"
    owner_sql("DELETE FROM callout_call; DELETE FROM callout_callout")
    assert FIND(ROUND) == 1
    assert references.dangling(ROUND) == []
