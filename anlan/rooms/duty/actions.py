"""All that arrives at the desk and what becomes of it: receive, mend, join, part, close.

`receive_event` is the one door: a person at the telephone, an SMS that nobody understood, the web
page; sensors and CAP come in by it too. Each source arrives once and is never lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.engines.callout import actions as callout
from anlan.engines.callout import queries as calls
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.inputs import IN_CHINESE, shown
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.duty import pack, places
from anlan.rooms.duty.decisions import TEXT_CHARS_MAX, read_words
from anlan.rooms.duty.log import note
from anlan.rooms.duty.models import VIA, Event, Landmark, Source, WebReport
from anlan.rooms.duty.report_actions import keep_figure, make_first_due
from anlan.rooms.duty.rows import changed, county_division, own_event, title

VIAS = frozenset(name for name, _label in VIA)
NAME_CHARS_MAX, NUMBER_CHARS_MAX, PLACE_CHARS_MAX, WHY_CHARS_MAX = 60, 30, 200, 200
KEY_CHARS_MAX = 100
WHAT_CHARS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a source says. via, key: by which way, and its own name for the message (once each).

    text: the words as they came. kind: of the pack, or empty to have it read. place: a name, an
    address, coordinates. choice: which of several places was meant (`Place.choice`). point:
    WGS-84 (lat, lon), where the source knows it. figures: name → value. happened_at: None: now.
    origin_kind, origin_id: the row it came from (a message, a web report, a sensor's event).
    """

    via: str
    key: str
    text: str
    kind: str = ""
    place: str = ""
    choice: str = ""
    point: tuple[float, float] | None = None
    caller: str = ""
    number: str = ""
    figures: dict[str, int] = field(default_factory=dict)
    happened_at: datetime | None = None
    origin_kind: str = ""
    origin_id: int | None = None


@action(None, open_to="whoever holds duty.take, and rounds and gateways that take messages in",
        journal="duty.receive", may_change_nothing=True)  # fmt: skip
@override(IN_CHINESE)
def receive_event(scope: Scope, said: Incoming) -> Event:
    """Take in what a source says; the same (via, key) again is the same event and changes nothing.

    What cannot be read becomes a doubt beside the event; nothing that a person said is refused but
    an empty message.
    """
    if scope.kind == "post":
        scope.need("duty.take")
    _check(said)
    known = Source.objects.filter(via=said.via, key=said.key).select_related("event").first()
    if known is not None:
        return known.event
    try:
        with transaction.atomic():
            return _receive(scope, said)
    except IntegrityError:
        return Source.objects.select_related("event").get(via=said.via, key=said.key).event


def _check(said: Incoming) -> None:
    if said.via not in VIAS or not said.key or len(said.key) > KEY_CHARS_MAX:
        raise Refusal("source-form", _("不知道是从哪里来的"), said.via[:20])
    if not said.text.strip():
        raise Refusal("text-empty", _("没有内容"), "", _("请写明发生了什么"))
    pack.check_kind(said.kind)
    for name, value in said.figures.items():
        pack.figure(name)
        if value < 0:
            raise Refusal("figure-form", _("人数不能小于 0"), str(value), _("没有的留空"))


def _receive(scope: Scope, said: Incoming) -> Event:
    now = clock.now()
    happened = min(said.happened_at or now, now)
    text = shown(said.text.strip(), WHAT_CHARS_MAX)
    kinds = {name: entry["words"] for name, entry in pack.section("kinds").items()}
    figures = {name: entry["words"] for name, entry in pack.section("figures").items()}
    read = read_words(text, kinds, figures)
    where = places.find(scope, said.place or text, said.choice, said.point)
    doubts = _doubts(said, read.kind, {n for n in read.figures if n not in said.figures}, where)
    event = Event.objects.create(
        division=where.division, world=scope.world, kind=said.kind or read.kind or pack.OTHER,
        what=text, place=shown(said.place.strip(), PLACE_CHARS_MAX), place_label=where.label,
        place_how=where.how, lat=where.lat, lon=where.lon, doubts=doubts, happened_at=happened,
        received_at=now, received_by=scope.actor.label,
    )  # fmt: skip
    source = _source(scope, event, said, now)
    journal.line(scope, "duty.receive", event, why=f"{said.via} {event.kind}", after=text)
    note(scope, _("接报：%(what)s") % {"what": title(event)}, event, event.division)
    words = _("%(via)s接报") % {"via": source.get_via_display()}
    for name, value in (read.figures | said.figures).items():
        keep_figure(scope, event, name, value, source=words, happened_at=happened,
                    source_row=source)  # fmt: skip
    tell(scope, "desk", event.division, event=event.id)
    return event


def _doubts(said: Incoming, kind: str, figures: set[str], where: places.Found
            ) -> list[dict[str, Any]]:  # fmt: skip
    found = []
    if not said.kind:
        words = _("种类由文字读出") if kind else _("没有读出种类")
        found.append({"code": "kind", "message": words})
    if figures:
        labels = "、".join(pack.figure(name)["label"] for name in sorted(figures))
        found.append({"code": "figures", "message": _("%(f)s 的数由文字读出") % {"f": labels}})
    if where.doubt:
        found.append({"code": "place", "message": where.doubt})
    return found


def _source(scope: Scope, event: Event, said: Incoming, now: datetime) -> Source:
    number = "".join(c for c in said.number if c.isdigit() or c in "+-")[:NUMBER_CHARS_MAX]
    return Source.objects.create(
        division=event.division, world=scope.world, event=event, via=said.via, key=said.key,
        caller=shown(said.caller.strip(), NAME_CHARS_MAX) or None, number=number or None,
        number_hash=secrets.keyed_hash("phone", number) if number else None,
        text=shown(said.text.strip(), WHAT_CHARS_MAX), origin_kind=said.origin_kind,
        origin_id=said.origin_id, taken_by=scope.actor.label, received_at=now,
    )  # fmt: skip


@action("duty.take", journal="duty.receive.message")
def receive_message(scope: Scope, inbound_id: int) -> Event:
    """An unclear SMS becomes an event; the message is settled by it, and kept as its source."""
    row = next((one for one in calls.desk(scope) if one.id == inbound_id), None)
    if row is None:
        raise NotFound("message-settled", _("这条短信已处理"), str(inbound_id))
    event = receive_event(
        scope,
        Incoming("sms", str(row.id), str(row.text), caller=row.post_title, number=str(row.number),
                 happened_at=row.received_at, origin_kind="callout.inbound", origin_id=row.id),
    )  # fmt: skip
    callout.settle_message(scope, row.id, _("转为接报 %(n)d 号") % {"n": event.id})
    journal.line(scope, "duty.receive.message", event, why=str(inbound_id))
    return event


@action(None, open_to="a visitor of the public page: stored before it is answered",
        journal="duty.web", may_change_nothing=True)  # fmt: skip
def leave_web_report(
    scope: Scope, form_key: str, text: str, place: str, caller: str, number: str
) -> bool:
    """Keep what somebody wrote on the public page; False where this very form was sent before.

    The public role may insert and not read, so the row is written without asking for its id.
    """
    division = county_division()
    if not text.strip():
        raise Refusal("text-empty", _("没有内容"), "", _("请写明发生了什么、在哪里"))
    if len(text) > TEXT_CHARS_MAX:
        raise Refusal("text-long", _("内容太长"), f"{len(text)}", _("请缩短到 500 字以内"))
    sealed: dict[str, bytes | None] = {}
    limits = {"text": TEXT_CHARS_MAX, "place": PLACE_CHARS_MAX, "caller": NAME_CHARS_MAX,
              "number": NUMBER_CHARS_MAX}  # fmt: skip
    given = {"text": text, "place": place, "caller": caller, "number": number}
    for name, limit in limits.items():
        kept = shown(given[name].strip(), limit)
        needed = name in ("text", "place")
        sealed[name] = secrets.seal(kept, f"duty_webreport.{name}") if kept or needed else None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO duty_webreport (division, world, caller, number, text, place, address,"
                " form_key) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [division, scope.world, sealed["caller"], sealed["number"], sealed["text"],
                 sealed["place"], scope.actor.address[:64], form_key[:64]],
            )  # fmt: skip
    except IntegrityError:
        return False
    journal.line(scope, "duty.web", ("duty.webreport", form_key[:64]), division=division)
    return True


@action(None, open_to="the round that takes web reports in", journal="duty.receive",
        may_change_nothing=True)  # fmt: skip
def take_web_report(scope: Scope, row: WebReport) -> Event:
    """A kept web report as an event of the desk; once, whatever dies in between."""
    return receive_event(
        scope,
        Incoming("web", str(row.id), str(row.text), place=str(row.place),
                 caller=str(row.caller or ""), number=str(row.number or ""),
                 happened_at=row.received_at, origin_kind="duty.webreport", origin_id=row.id),
    )  # fmt: skip


@action("duty.take", journal="duty.mend")
def mend(scope: Scope, event_id: int, version: int, kind: str, place: str, choice: str, what: str
         ) -> Event:  # fmt: skip
    """A person puts kind, place and words right; the doubts are settled by it."""
    event = own_event(event_id, version)
    if not what.strip():
        raise Refusal("text-empty", _("没有内容"), "", _("请写明发生了什么"))
    before = [event.kind, event.place, event.what]
    where = places.find(scope, place, choice, None)
    event.kind, event.what = pack.check_kind(kind), shown(what.strip(), WHAT_CHARS_MAX)
    if place.strip() != event.place or choice:
        event.place = shown(place.strip(), PLACE_CHARS_MAX)
        event.division, event.place_label, event.place_how = where.division, where.label, where.how
        event.lat, event.lon = where.lat, where.lon
        for rows in (event.sources, event.figures, event.reports):
            rows.update(division=where.division)
    event.doubts = []
    return changed(scope, event, "duty.mend", before=before, after=[event.kind, event.place])


@action("duty.take", journal="duty.join")
@override(IN_CHINESE)
def join(scope: Scope, event_id: int, into_id: int) -> Event:
    """Two tell of one thing: the first goes into the other; every source stays as it was."""
    if event_id == into_id:
        raise Refusal("join-self", _("不能并入自己"), str(event_id))
    rows = {row.id: row for row in Event.objects.select_for_update(of=("self",))
            .filter(id__in=(event_id, into_id)).order_by("id")}  # fmt: skip
    event, into = rows.get(event_id), rows.get(into_id)
    if event is None or into is None:
        raise NotFound("event-unknown", _("没有这件事"), f"{event_id} {into_id}")
    if event.state == "joined" or into.state == "joined":
        raise Conflict("event-joined", _("其中一件已经并入别的事"), "", _("请看它并入了哪一件"))
    if event.reports.filter(state="sent").exists():
        raise Refusal("event-reported", _("已经上报的事不能并入别的事"), title(event),
                      _("请反过来并入"))  # fmt: skip
    Event.objects.filter(joined=event).update(joined=into)
    event.reports.filter(state__in=("due", "drafted")).update(
        state="dropped", dropped_why=_("并入 %(n)d 号") % {"n": into.id}
    )
    event.state, event.joined = "joined", into
    if event.reporting_at is not None and into.reporting_at is None:
        make_first_due(scope, into, "joined")
    note(scope, _("%(a)d 号并入 %(b)d 号") % {"a": event.id, "b": into.id}, into, into.division)
    changed(scope, event, "duty.join", after=into.id)
    return into


@action("duty.take", journal="duty.part")
@override(IN_CHINESE)
def part(scope: Scope, event_id: int) -> Event:
    """It was another thing after all: it stands by itself again."""
    event = own_event(event_id, None, joined=True)
    if event.joined is None:
        raise Refusal("event-apart", _("这件事没有并入别的事"), str(event_id))
    before, event.joined, event.state = event.joined_id, None, "open"
    said = _("%(a)d 号不再并入 %(b)d 号") % {"a": event.id, "b": before}
    note(scope, said, event, event.division)
    return changed(scope, event, "duty.part", before=before)


@action("duty.take", journal="duty.close")
@override(IN_CHINESE)
def close(scope: Scope, event_id: int, version: int, why: str) -> Event:
    """Nothing more is to be done; what is still open about it stops this."""
    event = own_event(event_id, version)
    if not why.strip():
        raise Refusal("why-empty", _("请写明结果"), "", _("例如：已处置，人员全部脱险"))
    open_report = event.reports.filter(state__in=("due", "drafted")).first()
    if open_report is not None:
        raise Refusal("report-open", _("还有报告没有报"), open_report.get_kind_display(),
                      _("先报，或由带班领导注明不需要报"))  # fmt: skip
    event.state, event.closed_at = "closed", clock.now()
    event.closed_why = why.strip()[:WHY_CHARS_MAX]
    said = _("办结：%(what)s，%(why)s") % {"what": title(event), "why": event.closed_why}
    note(scope, said, event, event.division)
    return changed(scope, event, "duty.close", why=why)


@action("duty.take", journal="duty.number")
def reveal_number(scope: Scope, source_id: int, why: str) -> str:
    """The whole number of whoever called, for calling back; a journal line says who looked."""
    row = Source.objects.filter(id=source_id).first()
    if row is None or row.number is None:
        raise NotFound("number-unknown", _("没有留下号码"), str(source_id))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), "", _("例如：回电核实"))
    journal.line(scope, "duty.number", row, why=why)
    return str(row.number)


@action("duty.take", journal="duty.landmark")
def add_landmark(
    scope: Scope, division: int, name: str, lat: float | None = None, lon: float | None = None
) -> Landmark:
    """A place that people name, so that the next caller's words find it."""
    from anlan.county.names import pinyin_of

    if not 2 <= len(name.strip()) <= NAME_CHARS_MAX:
        raise Refusal("landmark-name", _("地标的名称应为 2 到 60 个字"), name[:60])
    try:
        with transaction.atomic():
            row = Landmark.objects.create(
                division=division, world=scope.world, name=name.strip(), lat=lat, lon=lon,
                initials=pinyin_of(name.strip())[1][:60], added_by=scope.actor.label,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("landmark-known", _("这里已经有这个地标"), name.strip()) from None
    journal.line(scope, "duty.landmark", row, why=row.name)
    return row


@action("duty.take", journal="duty.landmark.end")
def end_landmark(scope: Scope, landmark_id: int) -> Landmark:
    """A landmark that is no more, or was wrong."""
    row = Landmark.objects.select_for_update(of=("self",)).filter(id=landmark_id).first()
    if row is None or row.ended_at is not None:
        raise NotFound("landmark-unknown", _("没有这个地标"), str(landmark_id))
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
    journal.line(scope, "duty.landmark.end", row, why=row.name)
    return row
