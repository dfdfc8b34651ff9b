"""Sign-ins that stand: what each is worth now, by the database's clock and nobody else's.

One question serves the console and the live wire: `live` may read and act; `resting` idled or
stands too long while its person is on a duty shift, so it may read on, and acting asks again;
`dead` is over. This module imports no Django at its top, for the live wire asks it by psycopg.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

IDLE_S = 30 * 60
IDLE_ADMIN_S = 15 * 60
BIND_S = 3600  # how long a new password stands alone: as long as the one-time link before it
ABSOLUTE_S = 12 * 3600
RESTING_S = 24 * 3600  # a shift keeps a screen readable at most this long after the sign-in
TOUCH_S = 10  # a request moves `seen_at` on only where it is older than this
BROWSER_CHARS_MAX = 120

STATES = f"""
SELECT s.id, s.account_id, s.factor, extract(epoch FROM n.now - s.seen_at)::float8,
  extract(epoch FROM n.now - s.confirmed_at)::float8,
  CASE
    WHEN s.ended_at IS NOT NULL OR NOT a.is_active THEN 'dead'
    WHEN s.factor = '' AND n.now - coalesce(a.password_at, s.began_at)
      > make_interval(secs => {BIND_S}) THEN 'dead'
    WHEN n.now - s.began_at <= make_interval(secs => {ABSOLUTE_S})
      AND n.now - s.seen_at <= make_interval(secs =>
        CASE WHEN a.admin_kind = '' THEN {IDLE_S} ELSE {IDLE_ADMIN_S} END) THEN 'live'
    WHEN s.factor <> '' AND a.admin_kind = '' AND a.person_id IS NOT NULL
      AND n.now - s.began_at <= make_interval(secs => {RESTING_S})
      AND EXISTS (SELECT 1 FROM county_on_shift(a.person_id, n.now)) THEN 'resting'
    ELSE 'dead'
  END,
  n.now, g.post_id, g.label,
  EXISTS (SELECT 1 FROM county_actingpost o WHERE o.account_id = a.id AND o.ended_at IS NULL)
FROM county_sitting s JOIN county_account a ON a.id = s.account_id
  LEFT JOIN county_actingpost g
    ON g.account_id = a.id AND g.post_id = s.post_id AND g.ended_at IS NULL,
  (SELECT anlan_now(0) AS now) n
WHERE s.id = ANY(%s)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Standing:
    """What a sign-in is worth now. state: live, resting or dead; ages in seconds.

    now: the real world's time, as it was asked with the rest. post_id, post_label: the added post
    under which it acts, None for the account's own; more_posts: whether there is any to choose.
    """

    sitting_id: int
    account_id: int
    factor: str
    idle_s: float
    confirmed_s: float
    state: str
    now: datetime
    post_id: int | None
    post_label: str | None
    more_posts: bool


def states(ids: Sequence[int]) -> dict[int, Standing]:
    """What each of the sign-ins is worth now; one that is unknown is missing."""
    from anlan.ground.scope import asked

    return {row[0]: Standing(*row) for row in asked(STATES, [list(ids)])}


def standing(sitting_id: object) -> Standing | None:
    """What the sign-in of a session is worth now; None where there is none."""
    return states([sitting_id]).get(sitting_id) if isinstance(sitting_id, int) else None


def touch(standing_: Standing) -> None:
    """The person did something: the idle time begins anew."""
    from django.db import connection

    if standing_.idle_s < TOUCH_S:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE county_sitting SET seen_at = anlan_now(0) WHERE id = %s AND ended_at IS NULL",
            [standing_.sitting_id],
        )


def end(why: str, **of: Any) -> list[int]:
    """End the open sign-ins that match (id or account_id); returns their ids."""
    from anlan.county.models import Sitting
    from anlan.ground import clock

    found = Sitting.objects.filter(ended_at=None, **of)
    ids = list(found.values_list("id", flat=True))
    Sitting.objects.filter(id__in=ids, ended_at=None).update(
        ended_at=clock.now(0), ended_why=why[:20]
    )
    return ids
