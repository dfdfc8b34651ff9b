"""What the writes of a case share: its moment, what was said, files kept, a line of its story.

Flows in: a form as given. Flows out: typed values, or one refusal that names every fault; rows of
papers and steps in the open transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from anlan.engines.callout.photos import keep_photo
from anlan.engines.cases import decisions, refusals
from anlan.engines.cases.kinds import Ask
from anlan.engines.cases.models import Case, Paper, Step
from anlan.engines.ledger.decisions import FieldFault, read_value
from anlan.ground import clock, files, journal
from anlan.ground.errors import Refusal
from anlan.ground.inputs import shown
from anlan.ground.scope import Scope

PAPER_KINDS = {
    "file": frozenset({"pdf", "docx", "xlsx", "png", "jpeg"}),
    "signature": frozenset({"png", "jpeg", "pdf"}),
}
LATE_DAYS_MAX = 7  # how long after it happened a form still counts as of that day
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that came with a form. taken_at, lat, lon: as whoever sent it says."""

    content: bytes
    name: str
    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a form says: values as typed, files by key, when it happened (None: now)."""

    values: Mapping[str, Any] | None = None
    papers: Mapping[str, Sent] | None = None
    happened_at: datetime | None = None


def moment_of(said: datetime | None, now: datetime, row: Case | None) -> datetime:
    """When it happened: as said, not ahead, not before the step before, not too long ago."""
    if said is None:
        return now
    if said > now + AHEAD:
        raise Refusal("case-ahead", _("办理时间在将来"), clock.local(said).strftime("%m-%d %H:%M"),
                      _("请核对手机的时间"))  # fmt: skip
    if said < now - timedelta(days=LATE_DAYS_MAX):
        raise Refusal("case-late", _("办理时间超过 %(n)d 天以前") % {"n": LATE_DAYS_MAX},
                      clock.local(said).strftime("%Y-%m-%d"),
                      _("请按今天登记，在说明里写明哪天办的"))  # fmt: skip
    last = row.steps.order_by("-id").first() if row is not None else None
    if last is not None and said < last.happened_at - timedelta(minutes=1):
        raise Refusal("case-before", _("办理时间早于上一步"),
                      clock.local(last.happened_at).strftime("%m-%d %H:%M"),
                      _("请核对时间"))  # fmt: skip
    return min(said, now)


def read(
    asks: Sequence[Ask], known: Mapping[str, Any], given: Given, happened: datetime
) -> dict[str, Any]:
    """What was said, typed and whole; one Refusal that names every fault.

    Of a file the name stands among the values; the file itself is kept beside the step.
    """
    raw, papers, faults = dict(given.values or {}), given.papers or {}, []
    said: dict[str, Any] = {key: one.name[:100] for key, one in papers.items()}
    by_key = {one.key: one for one in asks}
    strangers = [key for key in said if key not in by_key or not by_key[key].is_paper]
    strangers += [key for key in raw if key not in by_key or by_key[key].is_paper]
    if strangers:
        raise Refusal("case-field", _("这一步没有这一项"), "、".join(strangers), _("请刷新页面"))
    for one in asks:
        if one.is_paper:
            continue
        try:
            value = read_value(one.field, raw.get(one.key))
        except FieldFault as fault:
            faults.append(f"{one.field.label}：{fault.what}，{fault.mend}")
            continue
        if value is not None:
            said[one.key] = value
    faults += refusals.missing(decisions.lacking(asks, known, said))
    faults += refusals.off_days(decisions.day_faults(asks, said, clock.local(happened).date()))
    if faults:
        raise Refusal("case-faults", _("%(n)d 处不对") % {"n": len(faults)}, "；".join(faults),
                      _("请改正后再提交"))  # fmt: skip
    wanted = {one.key for one in decisions.asked(asks, {**known, **said})}
    return {key: value for key, value in said.items() if key in wanted}


def keep_papers(scope: Scope, made: Step, asks: Sequence[Ask], given: Given) -> None:
    """The files of a step, kept by their content; a photo with what it says of itself."""
    for one in asks:
        sent = (given.papers or {}).get(one.key)
        if sent is None or one.key not in made.values:
            continue
        says: dict[str, Any] = {}
        if one.field.kind == "photo":
            photo = keep_photo(scope, sent.content, sent.name)
            key, says = photo.sha256, photo.says
        else:
            key = files.deposit(scope, sent.content, sent.name, PAPER_KINDS[one.field.kind])
        Paper.objects.create(
            division=made.division, world=made.world, step=made, key=one.key, kind=one.field.kind,
            sha256=key, name=journal.clean(sent.name, 200), taken_at=sent.taken_at,
            lat=sent.lat, lon=sent.lon, says=says,
        )  # fmt: skip


def step(
    scope: Scope, row: Case, kind: str, key: str = "", from_state: str = "", to_state: str = "",
    values: Mapping[str, Any] | None = None, words: str = "", happened_at: datetime | None = None,
) -> Step:  # fmt: skip
    """A line of the case's story."""
    now = clock.now()
    return Step.objects.create(
        division=row.division, world=scope.world, case=row, kind=kind, key=key,
        from_state=from_state, to_state=to_state, values=dict(values or {}),
        words=shown(words, 500), happened_at=happened_at or now, received_at=now,
        actor=scope.actor.label[:200], person_id=scope.actor.person_id,
    )  # fmt: skip
