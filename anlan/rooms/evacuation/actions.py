"""Headcounts: every version of what was counted in an open zone.

Zones are opened, joined and closed in `opening_actions`; what stands by day (shelters, zones,
households) is written in `register_actions`.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.decisions import Fault, Figures, adds_up, total
from anlan.rooms.evacuation.models import WHERE, Headcount, Opening

STANDINGS = {name for name, _label in WHERE}


def figures_of(row: Opening) -> Figures:
    """The zone's figures as they stand."""
    return Figures(
        row.to_move, row.sheltered, row.relatives, row.elsewhere, row.refused, row.missing,
        row.not_yet,
    )  # fmt: skip


@action(None, open_to="the village head by a signed link or SMS, or who keys a sheet in",
        journal="evacuation.count")  # fmt: skip
def record_headcount(
    scope: Scope,
    opening_id: int,
    figures: Figures,
    via: str,
    *,
    households: dict[str, Any] | None = None,
    person_id: int | None = None,
    happened_at: datetime | None = None,
) -> Headcount:
    """A new version of a zone's count; refused where it does not add up, and nothing is lost."""
    if scope.kind == "post":
        scope.need("evacuation.count")
    row = Opening.objects.select_for_update(of=("self",)).filter(id=opening_id).first()
    if row is None:
        raise NotFound("opening-unknown", _("没有这次转移"), str(opening_id))
    if row.state != "open":
        raise Refusal("opening-closed", _("这次转移已结束"), "", _("请联系乡镇值班室"))
    _check(figures)
    now = clock.now()
    for name, value in asdict(figures).items():
        setattr(row, name, value)
    row.counts += 1
    row.counted_at = now
    row.version += 1
    row.save()
    count = Headcount.objects.create(
        division=row.division, world=row.world, opening=row, number=row.counts,
        figures=asdict(figures), households=households or {}, via=via,
        person_id=person_id or scope.actor.person_id,
        keyed_by=scope.actor.label if via == "keyed" else "",
        happened_at=happened_at or now, received_at=now,
    )  # fmt: skip
    journal.line(scope, "evacuation.count", count, after=asdict(figures))
    tell(scope, "headcount", row.division, opening=row.id)
    return count


def _check(figures: Figures) -> None:
    verdict = adds_up(figures)
    if verdict.fault is Fault.DOES_NOT_ADD_UP:
        raise Refusal(
            "does-not-add-up",
            _("应转 %(a)d 人，四项相加是 %(b)d 人")
            % {"a": figures.to_move, "b": figures.to_move + verdict.off_by},
            _("相差 %(n)d 人") % {"n": abs(verdict.off_by)},
            _("已安置、投亲、自行离开、未转相加应等于应转，请逐户核对"),
        )
    if verdict.fault is not None:
        raise Refusal("figure-range", _("人数不对"), str(verdict.off_by), _("请核对后重填"))


def tally(people: dict[int, int], said: dict[int, tuple[str, int]]) -> Figures:
    """Figures from households: people of each, and (where they are, how many) as counted.

    A household that nobody spoke of is not yet moved; one with fewer than its people leaves the
    rest there.
    """
    rows = []
    for ident, count in people.items():
        where, moved = said.get(ident, ("not_yet", count))
        if where not in STANDINGS or not 0 <= moved <= count:
            raise Refusal("household-where", _("这一户填得不对"), str(ident), _("请重新选择"))
        rows.append(Figures(to_move=count, **_spread(where, moved, count)))
    return total(rows)


def _spread(where: str, moved: int, count: int) -> dict[str, int]:
    if where == "not_yet":
        return {"not_yet": count}
    return {where: moved, "not_yet": count - moved}
