"""CAP messages and their sources as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from anlan.ground import clock, secrets
from anlan.ground.errors import NotFound
from anlan.ground.inputs import shown as harmless
from anlan.ground.scope import Scope
from anlan.rooms.warning.models import Received, Source, Warning

FATES = ("held", "drafted", "refused", "set_aside")
ROWS_MAX = 100
RAW_CHARS_MAX = 20_000
SILENT_AFTER = 3  # passes without an answer


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """A message in the list, with what was drafted from it."""

    row: Received
    warnings: list[Warning]


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message with its text as it came, made harmless for a screen."""

    row: Received
    source: str
    warnings: list[Warning]
    raw: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Health:
    """A source and how it is doing. state: paused, resting, failing, silent, waiting or well."""

    row: Source
    state: str


def received(scope: Scope, state: str = "") -> list[ReceivedRow]:
    """The newest messages, those that wait for a person first."""
    with scope.open():
        rows = Received.objects.select_related("source").defer("content").order_by("-id")
        kept = list(rows.filter(state=state)[:ROWS_MAX] if state else rows[:ROWS_MAX])
        if not state:
            held = rows.filter(state="held").exclude(id__in=[row.id for row in kept])
            kept += list(held[:ROWS_MAX])
        made: dict[int, list[Warning]] = {}
        ids = [row.id for row in kept]
        for one in Warning.objects.filter(received_id__in=ids).order_by("item", "id"):
            made.setdefault(one.received_id or 0, []).append(one)
    found = [ReceivedRow(row, made.get(row.id, [])) for row in kept]
    return sorted(found, key=lambda one: (one.row.state != "held", -one.row.id))


def held_count(scope: Scope) -> int:
    """How many messages wait for a person; for the desk too."""
    with scope.open():
        return Received.objects.filter(state="held").count()


def received_one(scope: Scope, received_id: int) -> ShownMessage:
    """One message; NotFound where the scope does not see it."""
    with scope.open():
        row = Received.objects.select_related("source").filter(id=received_id).first()
        if row is None:
            raise NotFound("received-unknown", "没有这条消息", str(received_id), "请返回列表")
        warnings = list(row.warnings.order_by("item", "id"))
    text = bytes(row.content).decode("utf-8", "replace")
    name = row.source.name if row.source else ""
    return ShownMessage(
        row, name, warnings, harmless(text, RAW_CHARS_MAX), len(text) > RAW_CHARS_MAX
    )


def source_of_token(token: str) -> int | None:
    """The source whose token this is, while it may push; sources stand before any scope."""
    with Scope.for_gateway("cap").open():
        found = Source.objects.filter(
            token_hash=secrets.keyed_hash("cap.token", token), way="push", paused=False
        ).first()
    return found.pk if found is not None else None


def sources() -> list[Health]:
    """Every source, what is wrong first. The open transaction's scope reads them."""
    found = [Health(row, _state(row)) for row in Source.objects.order_by("name")]
    order = ("resting", "failing", "silent", "waiting", "well", "paused")
    return sorted(found, key=lambda one: order.index(one.state))


def source(source_id: int) -> Health:
    """One source; NotFound where there is none."""
    row = Source.objects.filter(id=source_id).first()
    if row is None:
        raise NotFound("source-unknown", "没有这个来源", str(source_id), "请返回列表")
    return Health(row, _state(row))


def source_health(scope: Scope) -> list[Health]:
    """The sources for whoever waits for their messages."""
    with scope.open():
        return sources()


def _state(row: Source) -> str:
    now = clock.now()
    if row.paused:
        return "paused"
    if row.rests_until is not None and row.rests_until > now:
        return "resting"
    if row.failures:
        return "failing"
    if row.way == "push":
        return "well" if row.token_hash is not None else "waiting"
    if row.ok_at is None:
        return "waiting"
    late = timedelta(seconds=row.every_s * SILENT_AFTER + 60)
    return "silent" if now - row.ok_at > late else "well"
