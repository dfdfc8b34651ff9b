"""Recorded nights: what came in and when, from a file; each line with its source or 演示数据.

Flows in: a YAML file (`anlan.night/1`), shipped beside this module or written by the county. Flows
out: events in the order of their time. A file is taken whole or refused whole, with the place.

    schema: anlan.night/1
    title: …
    starts_at, ends_at: moments with an offset
    form: comprehensive            # topics, divisions (codes): what it is held for, and where
    player: {seed, silent, delay_s: [low, high]}
    events:
      - {at, kind: bulletin, text, divisions, approve_after_min, source}
      - {at, kind: message | road | silent, text, post: 岗位名称, source}
      - {at, kind: all_clear, approve_after_min, source}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from anlan.ground.errors import Refusal
from anlan.ground.policy import packs
from anlan.ground.policy.packs import PackFault
from anlan.rooms.review.models import FORMS, TOPICS

SCHEMA = "anlan.night/1"
SHIPPED = Path(__file__).parent / "nights"
EVENTS_MAX = 200
LENGTH_MAX = timedelta(days=3)
TEXT_CHARS_MAX = 2000
DELAY_S_MAX = 3600
KINDS = ("bulletin", "message", "road", "silent", "all_clear")
TOP = frozenset({"schema", "title", "starts_at", "ends_at", "form", "topics", "divisions", "player",
                 "events"})  # fmt: skip
OF_EVENT = frozenset({"at", "kind", "text", "divisions", "post", "approve_after_min", "source"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that came in. source: where it is written, or 演示数据 and why it was made up."""

    at: datetime
    kind: str
    text: str
    source: str
    divisions: tuple[int, ...] = ()
    post: str = ""
    approve_after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Night:
    """A recorded night, checked."""

    title: str
    starts_at: datetime
    ends_at: datetime
    form: str
    topics: tuple[str, ...]
    divisions: tuple[int, ...]
    seed: int
    silent: float
    delay_s: tuple[int, int]
    events: tuple[Event, ...] = field(default=())


def shipped() -> dict[str, Night]:
    """The nights that come with the program, by the name of their file."""
    return {path.stem: read(path) for path in sorted(SHIPPED.glob("*.yaml"))}


def read(path: Path) -> Night:
    """The night of a file; Refusal with file, place and mend where it is none."""
    try:
        content = packs.read(path)
    except PackFault as fault:
        raise Refusal(
            "night-file", fault.fault.what, f"{path.name}:{fault.fault.line}", fault.fault.mend
        ) from None
    except OSError as error:
        raise Refusal("file-missing", _("没有这个文件"), str(path), str(error)[:200]) from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise _wrong(path, "schema", _("这不是一夜的记录"), f"schema: {SCHEMA}")
    _known(path, "", content, TOP)
    starts, ends = _moment(path, "starts_at", content), _moment(path, "ends_at", content)
    if not timedelta(0) < ends - starts <= LENGTH_MAX:
        raise _wrong(path, "ends_at", _("结束应在开始之后三天以内"), str(content.get("ends_at")))
    player = content.get("player")
    if not isinstance(player, dict):
        raise _wrong(path, "player", _("要写演员"), "player: {seed, silent, delay_s}")
    low, high = _delays(path, player)
    return Night(
        _text(path, "title", content), starts, ends,
        _one_of(path, "form", content, dict(FORMS)),
        tuple(_listed(path, "topics", content, dict(TOPICS))),
        tuple(_codes(path, "divisions", content)), int(_number(path, "player.seed", player, "seed",
                                                               2**31 - 1)),
        _number(path, "player.silent", player, "silent", 1.0), (low, high),
        _events(path, content, starts, ends),
    )  # fmt: skip


def _events(
    path: Path, content: dict[str, Any], starts: datetime, ends: datetime
) -> tuple[Event, ...]:
    rows = content.get("events")
    if not isinstance(rows, list) or not 0 < len(rows) <= EVENTS_MAX:
        raise _wrong(path, "events", _("要有 1 到 200 件事"), "events: [{at, kind, text, source}]")
    found = [_event(path, f"events[{n}]", row) for n, row in enumerate(rows)]
    for number, event in enumerate(found):
        if not starts <= event.at <= ends:
            raise _wrong(path, f"events[{number}].at", _("时间不在这一夜里"), event.at.isoformat())
    return tuple(sorted(found, key=lambda event: event.at))


def _event(path: Path, place: str, row: Any) -> Event:
    if not isinstance(row, dict):
        raise _wrong(path, place, _("一件事应写成键和值"), "{at, kind, text, source}")
    _known(path, place, row, OF_EVENT)
    kind = _one_of(path, "kind", row, dict.fromkeys(KINDS), place)
    text = "" if kind == "all_clear" else _text(path, "text", row, place)
    if kind == "silent" and not row.get("post"):
        raise _wrong(path, f"{place}.post", _("叫不通要写哪个岗位"), "post: 岗位名称")
    minutes = row.get("approve_after_min", 0)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= 24 * 60:
        raise _wrong(path, f"{place}.approve_after_min", _("分钟应为 0 到 1440"), str(minutes))
    return Event(
        _moment(path, "at", row, place), kind, text, _text(path, "source", row, place),
        tuple(_codes(path, "divisions", row, place)), str(row.get("post", ""))[:100],
        timedelta(minutes=minutes),
    )  # fmt: skip


def _wrong(path: Path, place: str, what: str, mend: str) -> Refusal:
    return Refusal("night-form", what, f"{path.name} {place}", mend[:200])


def _known(path: Path, place: str, row: dict[str, Any], allowed: frozenset[str]) -> None:
    strange = sorted(str(key) for key in row if key not in allowed)
    if strange:
        raise _wrong(
            path, f"{place}.{strange[0]}".strip("."), _("没有这个键"), "、".join(sorted(allowed))
        )


def _moment(path: Path, key: str, row: dict[str, Any], place: str = "") -> datetime:
    value = row.get(key)
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _wrong(
            path, f"{place}.{key}".strip("."), _("时间要带时区"), "2024-07-10T22:15:00+08:00"
        )
    return found


def _text(path: Path, key: str, row: dict[str, Any], place: str = "") -> str:
    value = row.get(key)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= TEXT_CHARS_MAX:
        raise _wrong(path, f"{place}.{key}".strip("."), _("要写 1 到 2000 字"), str(value)[:80])
    return value.strip()


def _one_of(
    path: Path, key: str, row: dict[str, Any], allowed: dict[str, Any], place: str = ""
) -> str:
    value = row.get(key)
    if value not in allowed:
        raise _wrong(path, f"{place}.{key}".strip("."), _("没有这个选项"), "、".join(allowed))
    return str(value)


def _listed(path: Path, key: str, row: dict[str, Any], allowed: dict[str, Any]) -> list[str]:
    values = row.get(key, [])
    if not isinstance(values, list) or any(value not in allowed for value in values):
        raise _wrong(path, key, _("没有这个选项"), "、".join(allowed))
    return [str(value) for value in values]


def _codes(path: Path, key: str, row: dict[str, Any], place: str = "") -> list[int]:
    values = row.get(key, [])
    good = isinstance(values, list) and len(values) <= 400 and all(
        isinstance(value, int) and not isinstance(value, bool) and len(str(value)) == 12
        for value in values
    )  # fmt: skip
    if not good:
        raise _wrong(
            path, f"{place}.{key}".strip("."), _("区划代码应为十二位数字"), "[500231109000]"
        )
    return [int(value) for value in values]


def _number(path: Path, place: str, row: dict[str, Any], key: str, most: float) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _wrong(path, place, _("数字超出范围"), f"0–{most:g}")
    return value


def _delays(path: Path, player: dict[str, Any]) -> tuple[int, int]:
    value: Any = player.get("delay_s")
    good = isinstance(value, list) and len(value) == 2 and all(
        isinstance(one, int) and not isinstance(one, bool) and 0 <= one <= DELAY_S_MAX
        for one in value
    )  # fmt: skip
    if not good or value[0] > value[1]:
        raise _wrong(path, "player.delay_s", _("应答的快慢应为两个秒数"), "[20, 240]")
    return value[0], value[1]
