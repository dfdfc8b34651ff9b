"""`anlan link status` and `anlan link test NAME`: how the links to other counties stand."""

from __future__ import annotations

import argparse
from typing import Any

from anlan.faces.cli.answers import Answer
from anlan.faces.cli.looking import running_county
from anlan.ground.errors import Refusal

SCHEMA = "anlan.links/1"
WORDS = {
    "well": "正常", "waiting": "等回执", "failing": "没送到", "silent": "没有回音",
    "no_key": "还没有密钥", "paused": "已停用",
}  # fmt: skip


def link_status(_options: argparse.Namespace) -> Answer:
    """Exit 1 where a link is silent or is not reached."""
    running_county()
    from anlan.faces.link import queries
    from anlan.ground.scope import Scope

    scope = Scope.for_command("link-status", frozenset({"link.read"}))
    rows = [_row(one) for one in queries.links(scope)]
    lines = [
        f"{row['name']} {WORDS[row['state']]}：我方发到 {row['last_number']}，"
        f"{row['waiting']} 份没有回执，对方发到 {row['came']}，最近听到 {row['heard_at'] or '—'}"
        + (f"  {row['error']}" if row["state"] in ("failing", "silent") else "")
        for row in rows
    ]
    bad = any(row["state"] in ("failing", "silent") for row in rows)
    return int(bad), {"schema": SCHEMA, "links": rows}, "\n".join(lines) or "还没有联通"


def _row(one: Any) -> dict[str, Any]:
    heard = one.peer.heard_at
    return {
        "name": one.peer.name, "code": str(one.peer.code), "adapter": one.peer.adapter,
        "state": one.state, "last_number": one.last_number, "waiting": one.waiting,
        "came": one.came, "missing": [list(gap) for gap in one.gaps], "error": one.peer.error,
        "heard_at": heard.isoformat() if heard else None,
    }  # fmt: skip


def link_test(options: argparse.Namespace) -> Answer:
    """A sign of life now, whatever waits; exit 1 where the other side does not answer it."""
    running_county()
    from anlan.faces.link import rounds
    from anlan.faces.link.models import Peer
    from anlan.ground.scope import Scope

    scope = Scope.for_command("link-test", frozenset({"system.manage"}))
    with scope.open():
        named = Peer.objects.filter(name=options.name).first()
        coded = Peer.objects.filter(code=options.name) if options.name.isdecimal() else None
        peer = named or (coded.first() if coded is not None else None)
    if peer is None:
        raise Refusal("peer-unknown", "没有这条联通", options.name, "anlan link status")
    if peer.paused or not peer.key:
        raise Refusal("peer-closed", "这条联通已停用，或还没有密钥", peer.name, "先在系统页办好")
    good, said = rounds.greet(peer, rounds.allowed_of(peer))
    answer = {"schema": SCHEMA, "name": peer.name, "good": good, "said": said}
    return (0 if good else 1), answer, f"{'好' if good else '不行'}  {said}"
