"""The county's time: asked of the database, in the world of the scope. Nothing else tells time.

A decision never reads a clock; its caller passes `now` in. The node's own clock may be wrong by
minutes without moving a deadline.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from anlan.ground.models import AnlanNow

COUNTY_ZONE = ZoneInfo("Asia/Shanghai")

__all__ = ["COUNTY_ZONE", "AnlanNow", "local", "now", "skew"]


def now(world: int | None = None) -> datetime:
    """The time of the world (None: of the open scope), aware, in UTC."""
    with connection.cursor() as cursor:
        if world is None:
            cursor.execute("SELECT anlan_now()")
        else:
            cursor.execute("SELECT anlan_now(%s)", [world])
        moment: datetime = cursor.fetchone()[0]
    return moment


def local(moment: datetime) -> datetime:
    """The same moment as the county's wall clock shows it."""
    return moment.astimezone(COUNTY_ZONE)


def skew(node_time: datetime) -> timedelta:
    """How far this machine's clock runs ahead of the database's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s - clock_timestamp()", [node_time])
        difference: timedelta = cursor.fetchone()[0]
    return difference
