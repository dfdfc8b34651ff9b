"""The worlds of exercises (推演空间): opened, their clocks moved, ended. World 0 is never touched.

Flows in: a controller's wish, from the room that keeps exercises. Flows out: rows of
`ground_world`, by which `anlan_now(world)` tells the time of every deadline in it. Each function
is part of an action of that room, which has the right and writes the journal line.

    anlan_now(world) = anchored_at + offset + (real time - anchored_at) × rate
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.models import World

OPEN_MAX = 4  # every round goes over every open world: more would slow the real one down
RATE_MAX = 3600.0
JUMP_MAX = timedelta(hours=24)
NAME_CHARS_MAX = 100
KINDS = ("tabletop", "live")

OPEN = """
INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at, driven)
SELECT (SELECT coalesce(max(id), 0) + 1 FROM ground_world), %s, %s, t.now,
  coalesce(%s, anlan_now(0)) - t.now, %s, anlan_now(0), %s
FROM (SELECT clock_timestamp() AS now) t RETURNING id
"""
# The moment is read once, so that no instant of the world's time is lost or told twice.
MOVE = """
UPDATE ground_world w SET anchored_at = t.now,
  "offset" = w.anchored_at + w."offset" + (t.now - w.anchored_at) * w.rate - t.now
    + make_interval(secs => %s),
  rate = coalesce(%s, w.rate)
FROM (SELECT clock_timestamp() AS now) t
WHERE w.id = %s AND w.id > 0 AND w.ended_at IS NULL
"""
SET_TIME = """
UPDATE ground_world w SET anchored_at = t.now, "offset" = %s - t.now
FROM (SELECT clock_timestamp() AS now) t
WHERE w.id = %s AND w.id > 0 AND w.ended_at IS NULL AND w.rate = 0
  AND w.anchored_at + w."offset" <= %s
"""
END = """
UPDATE ground_world w SET anchored_at = t.now, rate = 0, ended_at = anlan_now(0),
  "offset" = w.anchored_at + w."offset" + (t.now - w.anchored_at) * w.rate - t.now
FROM (SELECT clock_timestamp() AS now) t WHERE w.id = %s AND w.id > 0 AND w.ended_at IS NULL
"""


def open_world(
    kind: str, name: str, starts_at: datetime | None, rate: float, driven: bool = False
) -> int:
    """A new world. starts_at: what its clock shows first; None: the real time.

    kind: tabletop (推演) or live (实叫). driven: its rounds are run by the command that opened it
    and by no worker. A live one has real people in it: its clock goes as theirs.
    """
    if kind not in KINDS or not 0 < len(name.strip()) <= NAME_CHARS_MAX:
        raise Refusal("world-form", _("演练要有类型和名称"), kind, _("名称最多 100 字"))
    _check_rate(kind, rate)
    if kind == "live" and starts_at is not None:
        raise Refusal("live-clock", _("实叫的时钟就是真实的时钟"), "", _("不要另设时间"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('ground_world', 0))")
        open_now = list(World.objects.filter(ended_at=None, id__gt=0))
        if len(open_now) >= OPEN_MAX:
            raise Conflict(
                "worlds-many", _("同时最多 %(n)d 场演练") % {"n": OPEN_MAX}, open_now[0].name,
                _("请先结束一场"),
            )  # fmt: skip
        if kind == "live" and any(world.kind == "live" for world in open_now):
            raise Conflict("live-open", _("已有一场实叫在进行"), "", _("请先结束它"))
        cursor.execute(OPEN, [kind, name.strip(), starts_at, rate, driven])
        return int(cursor.fetchone()[0])


def set_rate(world: int, rate: float) -> World:
    """Faster, slower, or 0 to pause; the time that it shows now stays."""
    own = world_open(world)
    _check_rate(own.kind, rate)
    _run(MOVE, [0, rate, world])
    return world_open(world)


def jump(world: int, by: timedelta) -> World:
    """The clock goes on by so much at once; what falls due on the way is due now."""
    own = world_open(world)
    if own.kind == "live":
        raise Refusal("live-clock", _("实叫的时钟不能拨"), own.name, _("叫的是真实的人"))
    if not timedelta(0) < by <= JUMP_MAX:
        raise Refusal("jump-range", _("只能向前拨，一次最多 24 小时"), str(by), _("请分几次拨"))
    _run(MOVE, [by.total_seconds(), None, world])
    return world_open(world)


def set_time(world: int, moment: datetime) -> None:
    """A paused clock shows the moment, which does not lie before what it shows now."""
    if _run(SET_TIME, [moment, world, moment]) != 1:
        raise Refusal(
            "time-back", _("时钟没有暂停，或要拨到过去"), moment.isoformat(), _("只能向前拨")
        )


def end(world: int) -> bool:
    """It ends, and its clock stands where it stood; False where it had ended before."""
    return _run(END, [world]) == 1


def find(world: int) -> World:
    """An exercise's world, open or ended; NotFound where there is none, or it is the real one."""
    found = World.objects.filter(id=world, id__gt=0).first()
    if found is None:
        raise NotFound("world-unknown", _("没有这场演练"), str(world), _("请返回演练列表"))
    return found


def world_open(world: int) -> World:
    """As `find`, and it has not ended."""
    found = find(world)
    if found.ended_at is not None:
        raise Conflict("world-ended", _("这场演练已经结束"), found.name, _("可以看它的复盘"))
    return found


def is_open(world: int) -> bool:
    """Whether rows of the world may still change: the real one always."""
    return world == 0 or World.objects.filter(id=world, ended_at=None).exists()


def kind_of(world: int) -> str:
    """real, tabletop or live; the empty word for none."""
    return World.objects.filter(id=world).values_list("kind", flat=True).first() or ""


def _check_rate(kind: str, rate: float) -> None:
    if not 0 <= rate <= RATE_MAX:
        raise Refusal("rate-range", _("快慢应在 0 到 3600 倍之间"), str(rate), _("0 为暂停"))
    if kind == "live" and rate != 1:
        raise Refusal("live-clock", _("实叫的时钟不能拨"), str(rate), _("叫的是真实的人"))


def _run(sql: str, values: list[object]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
