"""The database is away: every page says so with a time to retry, nothing is a fault of ours (R17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from tests.attacks.test_neighbour import sample_fields
from tests.conftest import _use_database
from tests.night import CONSOLE, address

FREE = {"health", "metrics"}  # they ask no session and tell of the machine
KINDS = ("text/html", "application/json")


@pytest.fixture
def away(cluster: Any, night: dict[str, Any], client_of: Callable[..., Any]) -> Iterator[Any]:
    """Stops the server after somebody signed in; it is there again afterwards."""
    client = client_of("duty_officer")
    client.raise_request_exception = False
    assert client.get("/").status_code == 200
    name = connection.settings_dict["NAME"]
    cluster.stop()
    try:
        yield client
    finally:
        if not cluster.running():
            cluster.start()
        _use_database(cluster, name)


def test_every_page_and_every_act_says_when_to_try_again_and_the_county_comes_back(
    away: Any, cluster: Any, night: dict[str, Any]
) -> None:
    said: dict[int, int] = {}
    for path, view in CONSOLE.items():
        where = address(path, night)
        for accept in KINDS:
            answers = [] if view.access.kind in ("act", "machine") else [
                away.get(where, headers={"Accept": accept})]  # fmt: skip
            if view.access.fields is not None:
                fields = sample_fields(view.access.fields, night)
                answers.append(away.post(where, fields, headers={"Accept": accept}))
            for answer in answers:
                said[answer.status_code] = said.get(answer.status_code, 0) + 1
                assert answer.status_code == 503 or path in FREE, (path, answer.status_code)
                if answer.status_code == 503 and path not in FREE:
                    assert answer["Retry-After"] == "5", path
    assert said[503] > 300 and 500 not in said, said
    cluster.start()
    _use_database(cluster, connection.settings_dict["NAME"])
    assert away.get("/").status_code == 200, "without signing in again"
    assert away.get("/callout/").status_code == 200
