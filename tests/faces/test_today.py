"""Messages of other authorities that wait for a person stand on today's page and in a handover."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from anlan.faces.console import standing
from anlan.rooms.warning import intake_actions
from tests.night import sent_in


def test_held_messages_stand_on_today_until_somebody_decides(
    county_db: str, client_of: Callable[..., Any], scope_of: Callable[..., Any]
) -> None:
    officer = scope_of("duty_officer")
    received = sent_in()["received_id"]
    page = client_of("duty_officer").get("/").content.decode()
    assert re.search(r"<h1>\s*1 条收到的预警消息等人定", page) and "/warning/received/" in page
    found = [one for one in standing.items(officer) if one.kind == "warning.received"]
    assert [one.url for one in found] == [f"/warning/received/{received}/"]
    assert "等人定" not in client_of("unit_duty").get("/").content.decode(), "it is not theirs"
    intake_actions.set_aside(officer, received, 1, "已电话核实，是误发")
    page = client_of("duty_officer").get("/").content.decode()
    assert "条收到的预警消息等人定" not in page
    assert not [one for one in standing.items(officer) if one.kind == "warning.received"]
