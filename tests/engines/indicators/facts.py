"""Facts for tests: call-outs with their calls, placed in time and space, and packs made of dicts."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from anlan.county import accounts
from anlan.county.models import Account
from anlan.engines.callout.models import Answer, Call, Callout
from anlan.ground.scope import Scope

ROUND = Scope.for_round("test")


def call(
    at: datetime, division: int, answered: bool = True, level: int = 1, kind: str = "warning"
) -> int:
    """A call at a moment, answered in time or not; returns its id."""
    with ROUND.open():
        opened = Callout.objects.create(
            division=500231000000, kind=kind, origin_kind="t.t", origin_id=1, chain="warning/night",
            grade="orange", title="暴雨", text="暴雨", divisions=[division], key=uuid.uuid4().hex,
            body_digest=b"", minutes=15, wait_minutes=3, opened_at=at, opened_by="甲",
            state="closed",
        )  # fmt: skip
        made = Call.objects.create(
            division=division, callout=opened, level=level, post_id=1, post_title=f"岗位{division}",
            code="1000", state="nobody", started_at=at,
        )  # fmt: skip
    if answered:
        answer(made, at)
    return int(made.id)


def answer(made: Call, at: datetime) -> None:
    """Keyed in by an account, since the database keeps no answered call without its evidence."""
    keyed_by = Account.objects.filter(username="keys.in").first() or accounts.make_account(
        Scope.for_command("test"), "keys.in", "值班员"
    )
    with replace(ROUND, kind="post").open():
        Answer.objects.create(
            call=made, division=made.division, kind="received", via="keyed", counts=True,
            happened_at=at, account_id=keyed_by.pk, address="127.0.0.1", role="first",
        )  # fmt: skip
    with ROUND.open():
        Call.objects.filter(pk=made.pk).update(
            state="answered", answered_at=at, answered_role="first"
        )


def entry(**changes: Any) -> dict[str, Any]:
    """An indicator over calls: the share answered in time, by month."""
    base: dict[str, Any] = {
        "label": "按时应答率", "plan_rows": [{"row": "9/9", "name": "测试条目", "says": "按时应答"}], "fact": "callout_fact_call",
        "measure": "ratio", "numerator": {"all": [{"field": "answered_in_time", "is": True}]},
        "period": "month", "unit": "%", "op": ">=", "target": 90, "why": "测试",
    }  # fmt: skip
    return {key: value for key, value in (base | changes).items() if value is not ...}
