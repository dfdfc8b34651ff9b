"""Signed links: good for one person, one call, one kind of act, until the call closes or 24 h.

The token carries the link's id, place and world under a signature, so that the public process can
open exactly that place before it reads anything.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from anlan.engines.callout.models import Call, Link
from anlan.engines.callout.statements import run, together
from anlan.ground import clock, secrets, worlds
from anlan.ground.errors import NotFound
from anlan.ground.places import span
from anlan.ground.scope import Actor, Scope

LIFE = timedelta(hours=24)
LAYOUT = struct.Struct(">QQi")
ACT_PATH = {"answer": "a", "headcount": "h", "fallback": "f"}

NUMBERS = "SELECT nextval('callout_link_id_seq') FROM generate_series(1, %s)"
INSERT = """
INSERT INTO callout_link (id, division, world, version, call_id, person_id, role, act, expires_at,
  created_at)
SELECT m.id, m.division, %s, 1, m.call_id, m.person_id, m.role, m.act, w.now + %s, w.now
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
  AS m(id, division, call_id, person_id, role, act), (SELECT anlan_now()) AS w(now)
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: a scope of one place, the call, who, and for which act."""

    scope: Scope
    act: str
    call_id: int
    person_id: int
    role: str
    object_id: int | None


def make(call: Call, person_id: int, act: str, role: str = "", object_id: int | None = None) -> str:
    """The address of a new link; runs inside the caller's transaction."""
    link = Link.objects.create(
        division=call.division, world=call.world, call=call, person_id=person_id, role=role,
        act=act, object_id=object_id, expires_at=clock.now(call.world) + LIFE,
    )  # fmt: skip
    return address(link)


def make_many(wanted: Sequence[tuple[Call, int, str, str]]) -> list[str]:
    """The addresses of many new links (call, person, act, role), in order; two statements."""
    if not wanted:
        return []
    world = wanted[0][0].world
    with together() as own:
        numbers = run(own, NUMBERS, [len(wanted)])
    ids = [row[0] for row in numbers.fetchall()]
    columns = [
        ids, [call.division for call, *_rest in wanted], [call.id for call, *_rest in wanted],
        [person for _call, person, *_rest in wanted], [role for *_rest, role in wanted],
        [act for *_rest, act, _role in wanted],
    ]  # fmt: skip
    with together() as own:
        run(own, INSERT, [world, LIFE, *columns])
    sign, place = secrets.signer("link"), base()
    return [
        f"{place}/{ACT_PATH[act]}/{sign(LAYOUT.pack(ident, call.division, world))}"
        for ident, (call, _person, act, _role) in zip(ids, wanted, strict=True)
    ]


def address(link: Link) -> str:
    """The link's address as it stands in a message."""
    payload = LAYOUT.pack(link.id, link.division, link.world)
    return f"{base()}/{ACT_PATH[link.act]}/{secrets.sign('link', payload)}"


def base() -> str:
    """Where the public pages are reached from outside."""
    from anlan.ground.machine import site

    return os.environ.get("ANLAN_PUBLIC_URL") or site().address("public", "")


def open_link(token: str, act: str, address: str = "") -> Opened:
    """What the token opens; NotFound where it is forged, unknown, of another act or too old.

    address: the address that the request came from; it stands in the journal and with an answer.
    """
    gone = NotFound(
        "link-gone",
        _("这个链接已失效"),
        "",
        _("请打电话给乡镇值班室，或直接回复短信编码"),
    )
    try:
        ident, division, world = LAYOUT.unpack(secrets.unsign("link", token))
    except (ValueError, struct.error):
        raise gone from None
    finder = Scope.for_link(division, division, world, Actor("link"), act)
    with finder.open():
        if not worlds.is_open(world):
            raise gone
        link = Link.objects.filter(id=ident, act=act).select_related("call__callout").first()
        if link is None or link.expires_at <= clock.now():
            raise gone
        if link.call.callout.state != "open" and act == "answer":
            raise gone
    actor = Actor(
        "link", link.id, link.call.post_title, link.person_id, link.call.post_id, address
    )  # fmt: skip
    scope = Scope.for_link(*span(division), world, actor, act)
    return Opened(scope, act, link.call_id, link.person_id, link.role, link.object_id)
