"""Whether a message may become a draft, waits for a person, or goes no further. Pure.

Flows in: the message, its faults, what the county knows of its sender and of messages before.
Flows out: a verdict with every reason that led to it. Nothing here reaches the public: the best
that a message becomes is a draft that one person checks and a second approves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from anlan.rooms.warning.cap.message import Message
from anlan.rooms.warning.cap.rules import Fault

AHEAD = timedelta(minutes=5)
OLD = timedelta(hours=24)
SHOWN_MAX = 5
# Without these nobody can say what the message is; and a bad shape warns the wrong people.
FATAL = ("3.2.1/alert/", "3.2.1/identifier/", "3.2.1/sender/", "3.2.1/sent/", "3.2.1/status/",
         "3.2.1/msgType/", "3.2.4/polygon/", "3.2.4/circle/")  # fmt: skip
STATUS_WORDS = {"Exercise": "演练", "Test": "测试", "Draft": "草稿", "System": "系统"}


class Fate(Enum):
    """What becomes of a message."""

    DRAFT = "drafted"
    HOLD = "held"
    REFUSE = "refused"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why. fate: what this reason alone would lead to."""

    fate: Fate
    code: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the county knows when a message comes in.

    sender_known: the source, or for a pasted one any source, names this sender. signature: empty
    where it holds or none is asked for, else why not. seen: the identifier was used by another
    message. references_known: for each reference whether a message of the same source bears it.
    exercise: the world is an exercise.
    """

    sender_known: bool
    signature: str
    seen: bool
    references_known: tuple[bool, ...]
    exercise: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate is that of the gravest reason; no reason at all is a draft."""

    fate: Fate
    reasons: tuple[Reason, ...]


def judge(message: Message, faults: Sequence[Fault], known: Known, now: datetime) -> Verdict:
    """The verdict over a message that was well-formed XML. now: aware."""
    reasons = [
        *_form(faults), *_sender(message, known), *_status(message, known),
        *_times(message, now), *_references(message, known),
    ]  # fmt: skip
    for fate in (Fate.REFUSE, Fate.HOLD):
        if any(reason.fate is fate for reason in reasons):
            return Verdict(fate, tuple(reasons))
    return Verdict(Fate.DRAFT, tuple(reasons))


def _form(faults: Sequence[Fault]) -> list[Reason]:
    return [
        Reason(
            Fate.REFUSE if fault.rule.startswith(FATAL) else Fate.HOLD, "cap-rule",
            f"第 {fault.line} 行 {fault.element}：{fault.message} [{fault.rule}]", fault.mend,
        )
        for fault in sorted(faults, key=lambda fault: not fault.rule.startswith(FATAL))[:SHOWN_MAX]
    ]  # fmt: skip


def _sender(message: Message, known: Known) -> list[Reason]:
    found = []
    if not known.sender_known:
        found.append(Reason(Fate.REFUSE, "sender-unknown", f"来源里没有登记发布者 {message.sender}",
                            "请系统管理员核对来源登记的发布者"))  # fmt: skip
    if known.signature:
        found.append(Reason(Fate.REFUSE, "signature", f"签名不对：{known.signature}",
                            "请电话向发布单位核实"))  # fmt: skip
    if known.seen:
        found.append(Reason(Fate.REFUSE, "replayed", "这个标识已被另一条消息用过",
                            "请电话向发布单位核实"))  # fmt: skip
    return found


def _status(message: Message, known: Known) -> list[Reason]:
    found = []
    if message.status in STATUS_WORDS and not (known.exercise and message.status == "Exercise"):
        word = STATUS_WORDS[message.status]
        found.append(Reason(Fate.REFUSE, "status", f"这是{word}消息（{message.status}），不是真实预警",
                            "不用办理"))  # fmt: skip
    if known.exercise and message.status == "Actual":
        found.append(Reason(Fate.HOLD, "status-real", "演练里收到真实消息",
                            "请回到真实值守办理"))  # fmt: skip
    if message.kind in ("Ack", "Error"):
        found.append(Reason(Fate.REFUSE, "kind", f"{message.kind} 是回执，不是预警", "不用办理"))
    if message.scope in ("Restricted", "Private"):
        found.append(Reason(Fate.HOLD, "scope", "消息限定了知悉范围，不向社会公开",
                            "请按限定的范围办理"))  # fmt: skip
    if not message.infos and message.kind in ("Alert", "Update"):
        found.append(
            Reason(Fate.HOLD, "info-missing", "消息没有写内容（info）", "请电话向发布单位核实")
        )
    return found


def _times(message: Message, now: datetime) -> list[Reason]:
    found = []
    end = message.expires_at
    if end is not None and end <= now and message.kind != "Cancel":
        found.append(Reason(Fate.REFUSE, "expired", "消息已过有效期", "不用办理"))
    if message.sent_at is not None and message.sent_at > now + AHEAD:
        found.append(Reason(Fate.HOLD, "sent-ahead", "发送时间在现在之后", "请核对两边的时钟"))
    if message.sent_at is not None and message.sent_at < now - OLD:
        found.append(Reason(Fate.HOLD, "sent-old", "发送时间已过去一天以上", "请核对是否仍有效"))
    return found


def _references(message: Message, known: Known) -> list[Reason]:
    if message.kind not in ("Update", "Cancel"):
        return []
    if known.references_known and all(known.references_known):
        return []
    what = "变更" if message.kind == "Update" else "解除"
    return [Reason(Fate.HOLD, "reference-unknown", f"要{what}的原消息没有从这个来源收到过",
                   "请核对是哪一份预警")]  # fmt: skip
