"""What a line of the journal says of an act through a page (R55), and of one that was refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FIELDS = ("at", "actor_kind", "actor_id", "actor", "post_id", "address", "action", "object_kind",
          "object_id", "before", "after", "result", "request_id")  # fmt: skip
PAGE = "/policy/value/callout.minutes_orange/save/"


def newest(owner_sql: Any) -> dict[str, Any]:
    (row,) = owner_sql(f"SELECT {', '.join(FIELDS)} FROM ground_journal ORDER BY id DESC LIMIT 1")
    return dict(zip(FIELDS, row, strict=True))


def test_a_line_says_who_when_where_what_from_what_to_what_and_in_which_request(
    county_db: str, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    from anlan.ground.policy import values
    from anlan.ground.scope import Scope

    seen = values.version(values.history(Scope.for_command("t"), "callout.minutes_orange"))
    answer = client_of("plan_clerk").post(PAGE, {"value": "17", "document": "文", "seen": seen})
    assert answer.status_code == 302
    line = newest(owner_sql)
    assert line["at"].utcoffset() is not None
    assert (line["action"], line["object_kind"]) == ("policy.save", "policy.savedvalue")
    assert line["actor"] == "要点管理员" and line["actor_id"] and line["post_id"]
    assert line["address"] == "127.0.0.1" and line["object_id"]
    assert line["before"] != line["after"] and len(line["after"]) == 32
    assert line["result"] == "done"
    assert line["request_id"] == answer["X-Request-ID"]


def test_what_was_refused_has_a_line_too(
    county_db: str, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    answer = client_of("duty_officer").post(PAGE, {"value": "17", "document": "文"})
    assert answer.status_code == 403
    line = newest(owner_sql)
    assert (line["result"], line["actor"]) == ("denied", "县值班员")
    assert line["request_id"] == answer["X-Request-ID"]
