"""A CAP message in the terms of the room: for each of its parts a reading with its doubts. Pure."""

from __future__ import annotations

from datetime import datetime

from anlan.rooms.warning.cap.message import Info, Message
from anlan.rooms.warning.cap.places import County, match
from anlan.rooms.warning.reader.signals import grades_in
from anlan.rooms.warning.reader.text import Act, Doubt, Reading, find_all, normalise
from anlan.rooms.warning.reader.words import KINDS

ACTS = {"Alert": Act.ISSUE, "Update": Act.CHANGE, "Cancel": Act.LIFT}
# What the bureau's four colours are usually sent as; the message's own words decide where they speak.
SEVERITIES = {"Extreme": "red", "Severe": "orange", "Moderate": "yellow", "Minor": "blue"}
ITEMS_MAX = 8


def readings(message: Message, county: County, now: datetime) -> list[Reading]:
    """One reading a part; parts that say the same of the same places are one."""
    found: list[Reading] = []
    for info in message.infos[:ITEMS_MAX]:
        one = _reading(message, info, county, now)
        same = any((one.kind, one.grade, one.areas) == (r.kind, r.grade, r.areas) for r in found)
        if not same:
            found.append(one)
    if not found:
        nothing = Doubt("info-missing", 0, 0, "", "消息没有写内容，请按原预警核对")
        found.append(
            Reading(ACTS.get(message.kind), "", "", "", message.sender, message.sent_at, (), False,
                    None, "", (nothing,))
        )  # fmt: skip
    return found


def _reading(message: Message, info: Info, county: County, now: datetime) -> Reading:
    doubts: list[Doubt] = []
    kind, label = _kind(info, doubts)
    grade = _grade(info, doubts)
    codes, unsure = match(info.areas, county)
    doubts += [Doubt(one.code, 0, 0, one.seen, one.message) for one in unsure]
    whole = county.code in codes
    start, end = info.starts_at, info.expires_at
    if start is not None and end is not None and end < start:
        doubts.append(_doubt("time-two", "有效期早于起始时间，请核对"))
    if end is not None and end <= now:
        doubts.append(_doubt("time-old", "这一部分已过有效期，请核对"))
    issuer = info.sender_name or message.sender
    return Reading(
        ACTS.get(message.kind), kind, label, grade, issuer, info.starts_at or message.sent_at,
        () if whole else tuple(codes), whole, None, info.description, tuple(doubts),
    )  # fmt: skip


def _doubt(code: str, message: str, seen: str = "") -> Doubt:
    return Doubt(code, 0, 0, seen[:80], message)


def _kind(info: Info, doubts: list[Doubt]) -> tuple[str, str]:
    """The hazard of the event; where the headline names another, a person says."""
    named = find_all(normalise(info.event), list(KINDS))
    told = {KINDS[name] for _at, name in find_all(normalise(info.headline), list(KINDS))}
    kinds = {KINDS[name] for _at, name in named}
    if len(kinds) != 1:
        doubts.append(_doubt("kind-missing", "没有认出灾害种类", info.event))
        return "", info.event[:30]
    if told and kinds.isdisjoint(told):
        doubts.append(_doubt("kind-two", "事件和标题写的灾种不一样，请确认", info.headline))
        return "", ""
    return KINDS[named[0][1]], named[0][1]


def _grade(info: Info, doubts: list[Doubt]) -> str:
    """The colour that the words say; severity alone is an inference, and a contradiction is asked."""
    by_severity = SEVERITIES.get(info.severity, "")
    for words in (info.headline, info.event, info.description):
        said = {grade for _at, grade, _word in grades_in(normalise(words))}
        if len(said) > 1:
            doubts.append(_doubt("grade-two", "出现几个级别，请确认以哪个为准", words))
            return ""
        if said:
            colour = said.pop()
            if by_severity and by_severity != colour:
                doubts.append(
                    _doubt("grade-severity", "颜色和 severity 不一致，请确认", info.severity)
                )
            return colour
    if not by_severity:
        doubts.append(_doubt("grade-missing", "没有写级别，请确认", info.severity))
        return ""
    doubts.append(_doubt("grade-severity", "没有写颜色，按 severity 推定，请确认", info.severity))
    return by_severity
