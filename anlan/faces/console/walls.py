"""Wall screens: set up and ended by the security administrator, opened once, and read-only since.

Flows in: a name and a place; a one-time link; a device's token. Flows out: journal lines, and the
scope of a wall, whose rights are to look and none to act. What a wall reads, it reads in a
transaction that the database itself holds to reading.
"""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.utils.translation import gettext as _

from anlan.county.models import Division
from anlan.faces.console.models import Wall
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.inputs import shown
from anlan.ground.live import tell
from anlan.ground.places import level, span
from anlan.ground.scope import Actor, Scope

TOKEN_BYTES = 32
LINK_LIFE = timedelta(hours=1)
DEVICE_S = 400 * 24 * 3600  # the longest that a browser keeps a cookie
SEEN_EVERY = timedelta(minutes=1)
NAME_CHARS_MAX = 60
WALLS_MAX = 100
WALL_BASE = 1 << 40  # a live token names a wall by this and its id, a sign-in by its id alone
RIGHTS = frozenset({"today.read", "map.read", "warning.read", "callout.read", "evacuation.read"})


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def walls() -> list[Wall]:
    """Those that stand first, the newest first."""
    rows = Wall.objects.order_by("-ended_at", "-id")[: WALLS_MAX * 2]
    return sorted(rows, key=lambda row: (row.ended_at is not None, -row.id))


def places(scope: Scope) -> list[tuple[int, str]]:
    """What a wall may show: the county, or one of its townships."""
    with scope.open():
        rows = Division.objects.filter(ended_on=None).order_by("code").values_list("code", "name")
        return [(code, name) for code, name in rows if level(code) in ("county", "township")]


@action("account.manage", journal="wall.make")
def make_wall(scope: Scope, name: str, place: int) -> tuple[Wall, str]:
    """A wall for a place, and the token of the link that opens it once within the hour."""
    label = shown(name, NAME_CHARS_MAX).strip()
    if not label:
        raise Refusal("wall-name", _("请写大屏叫什么"), "", _("例如：指挥大厅大屏"))
    if place not in dict(places(scope)):
        raise Refusal("wall-place", _("没有这个县或乡镇"), str(place), _("请在列表里选"))
    if Wall.objects.filter(ended_at=None).count() >= WALLS_MAX:
        raise Refusal("walls-many", _("大屏太多"), str(WALLS_MAX), _("请先撤销不用的大屏"))
    token = random.token_urlsafe(TOKEN_BYTES)
    made = Wall.objects.create(
        name=label, place=place, link_hash=_hash(token), link_until=clock.now(0) + LINK_LIFE,
        made_by=scope.actor.label[:100],
    )  # fmt: skip
    journal.line(scope, "wall.make", ("console.wall", made.pk), why=label, division=place)
    return made, token


@action("account.manage", journal="wall.end")
def end_wall(scope: Scope, wall_id: int) -> None:
    """The wall's token opens nothing any more; its open screen ends with this commit."""
    found = Wall.objects.select_for_update().filter(pk=wall_id, ended_at=None).first()
    if found is None:
        raise NotFound("wall-unknown", _("没有这块大屏，或已撤销"), str(wall_id))
    found.ended_at = clock.now(0)
    found.save(update_fields=["ended_at"])
    tell(scope, "account", 0, wall=found.pk)
    journal.line(scope, "wall.end", ("console.wall", found.pk), why=found.name,
                 division=found.place)  # fmt: skip


def wall_behind(link: str) -> Wall:
    """The wall that the link opens now; NotFound where it was used, ended, or is past its hour."""
    found = Wall.objects.filter(link_hash=_hash(link), opened_at=None, ended_at=None).first()
    if found is None or found.link_until <= clock.now(0):
        raise NotFound(
            "link-spent", _("这个链接已用过或已过期"), "", _("请安全管理员重新设一块大屏"),
        )  # fmt: skip
    return found


@action(None, open_to="whoever stands at the wall with its one-time link", journal="wall.open")
def open_wall(scope: Scope, link: str) -> str:
    """Spend the link; returns the device's token, of which only the hash is kept."""
    found = wall_behind(link)
    token, moment = random.token_urlsafe(TOKEN_BYTES), clock.now(0)
    opened = Wall.objects.filter(pk=found.pk, opened_at=None, ended_at=None).update(
        opened_at=moment, seen_at=moment, token_hash=_hash(token), address=scope.actor.address[:64]
    )
    if not opened:
        raise NotFound("link-spent", _("这个链接已用过或已过期"))
    journal.line(scope, "wall.open", ("console.wall", found.pk), why=found.name, division=0)
    return token


def wall_of(token: str) -> Wall | None:
    """The standing wall whose token this is; its being seen is noted once a minute."""
    if not token:
        return None
    found = Wall.objects.filter(token_hash=_hash(token), ended_at=None).first()
    moment = clock.now(0)
    if found is not None and (found.seen_at is None or moment - found.seen_at > SEEN_EVERY):
        Wall.objects.filter(pk=found.pk).update(seen_at=moment)
    return found


def scope_of_wall(wall: Wall, address: str = "", request_id: str = "") -> Scope:
    """The real world at the wall's place: rights to look, none to act."""
    actor = Actor("wall", wall.pk, wall.name, address=address, request_id=request_id)
    return Scope("post", *span(wall.place), 0, actor, RIGHTS)


@contextmanager
def reading(scope: Scope) -> Iterator[None]:
    """The scope's transaction, in which the database refuses every write."""
    with scope.open():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield
