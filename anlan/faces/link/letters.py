"""The words of a letter and of its receipt, and what is held against them before they are believed.

Flows in: bytes from another county, or what is to be told. Flows out: a `Letter` or a `Receipt`,
or a `Refusal` that names the place and the mend. JSON is bounded in bytes, depth and names; what
the schema beside this file does not declare is refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from anlan.ground.errors import Refusal
from anlan.ground.inputs import shown

LETTER_BYTES_MAX = 64 * 1024
DEPTH_MAX = 12
SCHEMA, RECEIPT_SCHEMA = "anlan.letter/1", "anlan.receipt/1"
STATE = "state"  # a sign of life: it bears no number and changes nothing but what is known
ASK_SENDER = "请对方核对程序版本和内容后重发"
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Letter:
    """From whom to whom, out of which world, its number, and the highest that there is.

    sender, receiver: division codes. stream: the sender's world, 0 for the real one. number: 0 for
    a sign of life. last: the highest number of this stream so far.
    """

    sender: int
    receiver: int
    stream: int
    demo: bool
    kind: str
    number: int
    last: int
    as_of: datetime
    body: dict[str, Any]

    def text(self) -> str:
        """The same bytes for the same letter, so that a digest and a signature hold."""
        told = {
            "schema": SCHEMA, "from": str(self.sender), "to": str(self.receiver),
            "stream": self.stream, "exercise": self.stream != 0, "demo": self.demo,
            "kind": self.kind, "number": self.number, "last": self.last,
            "as_of": self.as_of.isoformat(), "body": self.body,
        }  # fmt: skip
        return canonical(told)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver knows now. state: taken, known or refused.

    highest: of the stream; missing: ranges, ends included, that it asks for again.
    """

    sender: int
    receiver: int
    stream: int
    number: int
    state: str
    highest: int = 0
    missing: tuple[tuple[int, int], ...] = ()
    error: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """As it is signed and sent."""
        told = asdict(self) | {
            "schema": RECEIPT_SCHEMA, "sender": str(self.sender), "receiver": str(self.receiver),
        }  # fmt: skip
        return canonical(told)


def canonical(told: Any) -> str:
    """JSON with sorted names and no spaces."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """Of a letter's words."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_letter(content: bytes, place: str) -> Letter:
    """The letter in the bytes; Refusal where it is none that we take."""
    told = read_json(content, place)
    hold(told, "letter", place)
    if told["exercise"] != (told["stream"] != 0):
        raise refused("letter-world", "演练标志和编号流对不上", f"{place} exercise")
    return Letter(
        int(told["from"]), int(told["to"]), told["stream"], told["demo"], told["kind"],
        told["number"], told["last"], moment(told["as_of"], f"{place} as_of"), told["body"],
    )  # fmt: skip


def read_receipt(content: bytes, place: str) -> Receipt:
    """The receipt in the bytes; Refusal where it is none."""
    told = read_json(content, place)
    hold(told, "receipt", place)
    ranges = tuple((low, high) for low, high in told["missing"])
    return Receipt(
        int(told["sender"]), int(told["receiver"]), told["stream"], told["number"], told["state"],
        told["highest"], ranges, told["error"],
    )  # fmt: skip


def read_json(content: bytes, place: str, most: int = LETTER_BYTES_MAX) -> Any:
    """JSON within the bounds: bytes, depth, no name twice, no number that is none."""
    if len(content) > most:
        raise refused("letter-large", f"超过 {most // 1024} KB", place, 413)
    try:
        text = content.decode("utf-8")
        if _deep(text):
            raise refused("letter-deep", f"嵌套超过 {DEPTH_MAX} 层", place)
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        spot = f"{place} 第 {error.lineno} 行第 {error.colno} 列"
        raise refused("letter-json", "不是完整的 JSON", spot) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise refused("letter-json", "内容读不出", f"{place} {shown(str(error), 80)}") from None


def _deep(text: str) -> bool:
    """Whether brackets outside of strings nest too far; counted before anything is parsed."""
    depth, within, escaped = 0, False, False
    for sign in text:
        if within:
            within = escaped or sign != '"'
            escaped = not escaped and sign == "\\"
        elif sign == '"':
            within = True
        elif sign in "[{":
            depth += 1
            if depth > DEPTH_MAX:
                return True
        elif sign in "]}":
            depth -= 1
    return False


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def hold(told: Any, schema: str, place: str, mend: str = ASK_SENDER) -> None:
    """Refuse what the schema of this name does not allow, with the place in it."""
    fault = next(_validator(schema).iter_errors(told), None)
    if fault is None:
        return
    where = ".".join(shown(str(part), 40) for part in fault.absolute_path) or "整份"
    raise refused("letter-schema", f"不合格式 {schema}：{shown(fault.message, 120)}",
                  f"{place} {where}", mend=mend)  # fmt: skip


@lru_cache(maxsize=16)
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    path = next(HERE.rglob(f"{name}.schema.json"))
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def moment(text: str, place: str) -> datetime:
    """An aware moment; Refusal for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise refused("letter-time", "时间写法不对", place) from None
    if found.tzinfo is None:
        raise refused("letter-time", "时间没有写时区", place)
    return found


def refused(
    code: str, message: str, place: str, status: int = 422, mend: str = ASK_SENDER
) -> Refusal:
    """In Chinese whatever a screen speaks: it is told to another county."""
    return Refusal(code, message, place, mend, status)
