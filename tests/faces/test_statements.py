"""A page asks the database a bounded number of times, however much stands in the county.

The demonstration county whole, with a call-out and its zones: a query a row would show at once.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.engines.callout import actions, rounds
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import demo as zones
from tests import small_county
from tests.engines.callout.test_night import launch
from tests.faces.test_states import pages
from tests.night import address

STATEMENTS_MAX = 60
ROUND = Scope.for_round("test")


@pytest.fixture
def whole(full_county: str) -> dict[str, Any]:
    zones.make(Scope.for_command("test"))
    opened = actions.open_callout(
        small_county.scope_of("duty_officer"), launch(divisions=(500231000000,))
    )
    while rounds.advance(ROUND):
        pass
    return {"callout_id": opened.id}


def test_no_page_asks_a_question_for_each_of_its_rows(whole: dict[str, Any]) -> None:
    client = small_county.client_of("duty_officer")
    many, looked = {}, 0
    for path, _right in pages():
        try:
            own = address(path, whole)
        except KeyError:
            continue
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(own)
        if answer.status_code != 200:
            continue
        looked += 1
        if len(asked) > STATEMENTS_MAX:
            many[own] = len(asked)
    assert many == {}
    assert looked >= 25
