"""Writes that open a case and move it, each with its evidence, its step and its journal line.

Flows in: forms, another case, a period, the public's report. Flows out: a case one step further,
deadlines that start and end, and a `Step` with when it happened and when it was received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.county.versions import locked, within
from anlan.engines.callout.photos import keep_photo
from anlan.engines.cases import decisions, refusals, rows
from anlan.engines.cases.decisions import EMPTY, Standing
from anlan.engines.cases.kinds import Ask, Kind, Move, Opening
from anlan.engines.cases.models import Case, Grammar, Link, Paper, Step
from anlan.engines.cases.types import digest, entries, kept, written
from anlan.engines.ledger.decisions import FieldFault, read_value
from anlan.engines.ledger.models import RegulatedObject
from anlan.ground import calendar, clock, files, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.inputs import shown
from anlan.ground.live import tell
from anlan.ground.scope import Scope

PAPER_KINDS = {
    "file": frozenset({"pdf", "docx", "xlsx", "png", "jpeg"}),
    "signature": frozenset({"png", "jpeg", "pdf"}),
}
LATE_DAYS_MAX = 7  # how long after it happened a form still counts as of that day
AHEAD = timedelta(minutes=5)
TITLE_CHARS_MAX, PLACE_CHARS_MAX = 200, 200


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that came with a form. taken_at, lat, lon: as whoever sent it says."""

    content: bytes
    name: str
    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where and about what a case is. source_id: the case that it comes of."""

    division: int
    title: str = ""
    object_id: int | None = None
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    source_id: int | None = None
    period_key: str = ""
    door_id: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a form says: values as typed, files by key, when it happened (None: now)."""

    values: Mapping[str, Any] | None = None
    papers: Mapping[str, Sent] | None = None
    happened_at: datetime | None = None


@action("cases.read", journal="cases.open")
def open_case(scope: Scope, type_name: str, opening_key: str, start: Start, given: Given) -> Case:
    """A new case, opened by a person. Who may is said by the opening's right."""
    kind, grammar = _grammar(type_name)
    opening = kind.openings.get(opening_key)
    verdict = decisions.may_open(opening, rows.who_of(scope))
    if not verdict.may or opening is None:
        raise refusals.of(kind, verdict)
    return begin(scope, kind, grammar, opening, start, given)


@action(None, open_to="the rounds that open what comes round or what the public reported",
        journal="cases.open", may_change_nothing=True)  # fmt: skip
def open_by_round(
    scope: Scope, type_name: str, opening_key: str, start: Start, given: Given
) -> Case | None:
    """A case that no person opens; None where the period already has one for the object."""
    kind, grammar = _grammar(type_name)
    opening = kind.openings[opening_key]
    if start.period_key and Case.objects.filter(
        type=kind.name, period_key=start.period_key
    ).exists():  # fmt: skip
        return None
    if start.door_id and Case.objects.filter(door_id=start.door_id).exists():
        return None
    return begin(scope, kind, grammar, opening, start, given)


def _grammar(type_name: str) -> tuple[Kind, Grammar]:
    """The kind as it is declared today, kept as cases opened today will read it."""
    entry = entries().get(type_name)
    if entry is None:
        raise NotFound("case-kind", _("没有这一类事项"), type_name, _("请从“我的事”里选择"))
    row = Grammar(digest=digest(entry), type=type_name, content=written(entry))
    Grammar.objects.bulk_create([row], ignore_conflicts=True)
    return kept(type_name, row.content), row


def begin(
    scope: Scope, kind: Kind, grammar: Grammar, opening: Opening, start: Start, given: Given
) -> Case:
    """The case with its first step. Whoever calls has found that it may be opened."""
    source = _source(scope, opening, start)
    if source is not None:
        start = replace(start, division=source.division, object_id=source.object_id,
                        title=start.title or source.title, place=start.place or source.place,
                        lat=source.lat, lon=source.lon)  # fmt: skip
    now = clock.now()
    happened = moment_of(given.happened_at, now, None)
    said = _copied(opening, source) | read(opening.asks, {}, given, happened)
    own = calendar.of_county(scope)
    who = rows.who_of(scope)
    after = decisions.after(
        kind, EMPTY, opening, who, said, clock.local(happened).date(),
        rows.lengths(scope, kind), rows.working_of(own),
    )  # fmt: skip
    row = Case.objects.create(
        division=within(scope, start.division), world=scope.world, type=kind.name,
        grammar=grammar, opening=opening.key, state=after.state, values=dict(after.values),
        grade=str(after.values.get(kind.grade, "")), title=_title(kind, start, after),
        object=_object(kind, start.object_id), place=shown(start.place.strip(), PLACE_CHARS_MAX),
        lat=start.lat, lon=start.lon, opened_at=happened, period_key=start.period_key,
        door_id=start.door_id,
    )  # fmt: skip
    if source is not None:
        Link.objects.create(division=row.division, world=scope.world, source=source, case=row,
                            kind=opening.link)  # fmt: skip
        step(scope, source, "link", opening.link, words=f"{opening.label}：{row.title}")
    made = step(scope, row, "open", opening.key, "", after.state, said, happened_at=happened)
    keep_papers(scope, made, opening.asks, given)
    rows.keep_clocks(scope, row, {}, after.clocks, own, kind)
    journal.line(scope, "cases.open", row, why=row.title, after=[kind.name, dict(after.values)])
    tell(scope, "case", row.division, case=row.id)
    return row


def _copied(opening: Opening, source: Case | None) -> dict[str, Any]:
    """What is taken over from the case before, as it was read there."""
    known = source.values if source is not None else {}
    return {key: known[key] for key in opening.copies if key in known}


def _source(scope: Scope, opening: Opening, start: Start) -> Case | None:
    if opening.by != "case":
        return None
    row = Case.objects.select_for_update(of=("self",)).filter(pk=start.source_id).first()
    if row is None or row.type != opening.source or row.world != scope.world:
        raise NotFound("case-source", _("没有这件事，或不能由它办出这一类"), str(start.source_id),
                       _("请从那件事的页面办理"))  # fmt: skip
    if row.outcome == "void":
        raise Conflict("case-void", _("那件事不成立"), row.title, _("请刷新页面"))
    twice = row.led_to.filter(case__opening=opening.key).exclude(case__outcome="void")
    if twice.exists():
        raise Conflict("case-twice", _("已经办出过一件"), row.title, _("请打开关联的那一件"))
    return row


def _title(kind: Kind, start: Start, after: Standing) -> str:
    """What a list calls it: as said, else the first words that the opening was given."""
    words = [key for key, one in kind.fields.items() if one.kind in ("note", "text")]
    first = next((str(after.values[key]) for key in words if after.values.get(key)), "")
    title = shown((start.title or first or kind.label).strip(), TITLE_CHARS_MAX)
    return title.split("\n")[0][:60] if not start.title else title


def _object(kind: Kind, object_id: int | None) -> RegulatedObject | None:
    if object_id is None:
        if kind.about_needed:
            raise Refusal("case-object", _("要选监管对象"), kind.label, _("请从台账选择"))
        return None
    row = RegulatedObject.objects.filter(pk=object_id, ended_at=None).first()
    if row is None or row.type not in kind.about:
        raise NotFound("case-object", _("没有这个监管对象，或不在您的范围内"), str(object_id),
                       _("请从台账选择"))  # fmt: skip
    return row


@action("cases.read", journal="cases.move")
def move(scope: Scope, case_id: int, version: int, move_key: str, given: Given) -> Case:
    """The case one step further. Who may is said by the move; what it needs by what it asks."""
    row = locked(scope, Case, case_id, version)
    kind, before, who = rows.kind_of_case(row), rows.standing_of(row), rows.who_of(scope)
    own = kind.moves.get(move_key)
    verdict = decisions.may_move(kind, before, own, who)
    if not verdict.may or own is None:
        raise refusals.of(kind, verdict)
    _far_enough(row, own)
    happened = moment_of(given.happened_at, clock.now(), row)
    said = read(own.asks, before.values, given, happened)
    days = calendar.of_county(scope)
    after = decisions.after(
        kind, before, own, who, said, clock.local(happened).date(),
        rows.lengths(scope, kind), rows.working_of(days),
    )  # fmt: skip
    _advance(row, kind, after)
    made = step(scope, row, "move", own.key, before.state, after.state, said, happened_at=happened)
    keep_papers(scope, made, own.asks, given)
    rows.keep_clocks(scope, row, before.clocks, after.clocks, days, kind)
    journal.line(scope, "cases.move", row, why=f"{own.label}：{row.title}", before=before.state,
                 after=[after.state, said])  # fmt: skip
    tell(scope, "case", row.division, case=row.id)
    return row


def _advance(row: Case, kind: Kind, after: Standing) -> None:
    row.state, row.values = after.state, dict(after.values)
    row.grade = str(after.values.get(kind.grade, ""))
    row.ended = kind.ended(after.state)
    row.outcome = kind.states[after.state].end
    row.ended_at = clock.now() if row.ended else None
    row.version += 1
    row.save()


def _far_enough(row: Case, own: Move) -> None:
    """Refuse where a regulated object of the type stands nearer than the move allows."""
    if own.apart is None:
        return
    type_name, least_m = own.apart
    if row.lat is None or row.lon is None:
        raise Refusal("case-point", _("没有位置，判断不了距离"), own.label, _("请先补上经纬度"))
    near = [
        (decisions.metres(row.lat, row.lon, lat, lon), name)
        for name, lat, lon in _around(type_name, row.lat, row.lon, least_m)
    ]
    if near and min(near)[0] < least_m:
        told = {"m": f"{min(near)[0]:.0f}", "n": min(near)[1], "l": f"{least_m:g}"}
        raise Refusal("case-near", _("离 %(n)s 只有 %(m)s 米，不到 %(l)s 米") % told, own.label,
                      _("请核对位置，或另选地点"))  # fmt: skip


def _around(type_name: str, lat: float, lon: float, m: float) -> QuerySet[Any, Any]:
    """(name, lat, lon) of objects of the type in the square around; a degree is 111 km or less."""
    north, east = m / 110_000, m / (110_000 * max(0.2, abs(1 - abs(lat) / 90)))
    return RegulatedObject.objects.filter(
        type=type_name, ended_at=None, lat__range=(lat - north, lat + north),
        lon__range=(lon - east, lon + east),
    ).values_list("name", "lat", "lon")  # fmt: skip


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
