"""What a typed field takes, what a derived one gives, who regulates: pure, with the reason.

Values as stored (JSON): whole → int, number and money → decimal text, date → ISO text, yes_no →
bool, unit and object → id, the rest text. Nothing is guessed: what is not read is a `FieldFault`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from anlan.engines.ledger.kinds import Derived, Field, ObjectType

Value = str | int | bool | None
PERCENT = "%"
DAYS_A_YEAR = 365
USCC_CHARS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
USCC_LENGTH = 18


class FieldFault(ValueError):
    """A value that the field does not take: what is wrong, and what to write instead."""

    def __init__(self, what: str, mend: str):
        super().__init__(what)
        self.what, self.mend = what, mend


def read_value(field: Field, raw: Any) -> Value:
    """The value to store of what was typed or read; None for nothing. Raises FieldFault."""
    text = "" if raw is None else str(raw).strip()
    if text == "" and not isinstance(raw, bool):
        return None
    return _READERS[field.kind](field, text, raw)


def _text(field: Field, text: str, _raw: Any) -> Value:
    if len(text) > field.chars:
        raise FieldFault(f"超过 {field.chars} 个字", "请缩短")
    return text


def _whole(field: Field, text: str, _raw: Any) -> Value:
    found = _decimal(text)
    if found != found.to_integral_value():
        raise FieldFault("不是整数", "请填整数，例如 3")
    _bounded(field, found)
    return int(found)


def _number(field: Field, text: str, _raw: Any) -> Value:
    found = _decimal(text)
    _bounded(field, found)
    if -int(found.as_tuple().exponent) > field.decimals:  # type: ignore[operator, arg-type]
        raise FieldFault(f"小数超过 {field.decimals} 位", "请四舍五入后再填")
    return f"{found:f}"


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise FieldFault("不是数字", "请只填数字，单位已经写在列名里") from None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        raise FieldFault("不是数字", "请只填数字，单位已经写在列名里")
    return found.normalize() if found else Decimal(0)


def _bounded(field: Field, found: Decimal) -> None:
    low, high = field.at_least, field.at_most
    if (low is not None and found < Decimal(str(low))) or (
        high is not None and found > Decimal(str(high))
    ):
        span = f"{'' if low is None else f'{low:g}'} 到 {'' if high is None else f'{high:g}'}"
        raise FieldFault(f"超出范围 {span} {field.unit}", "请核对数和单位")


def _date(_field: Field, text: str, raw: Any) -> Value:
    if isinstance(raw, date):
        return raw.isoformat()[:10]
    for mark in ("年", "月", "/", "."):
        text = text.replace(mark, "-")
    parts = text.replace("日", "").split(" ")[0].split("-")
    try:
        year, month, day = (int(part) for part in parts)
        return date(year, month, day).isoformat()
    except ValueError:
        raise FieldFault("不是日期", "请写成 2026-07-10") from None


def _choice(field: Field, text: str, _raw: Any) -> Value:
    for key, word in field.options.items():
        if text in (key, word):
            return key
    raise FieldFault("没有这一种", "应为：" + "、".join(field.options.values()))


def _yes_no(_field: Field, text: str, raw: Any) -> Value:
    if isinstance(raw, bool):
        return raw
    if text in ("是", "yes", "1", "true", "True", "√"):
        return True
    if text in ("否", "no", "0", "false", "False"):
        return False
    raise FieldFault("只能填“是”或“否”", "不知道就留空")


def _key(_field: Field, text: str, _raw: Any) -> Value:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise FieldFault("不是编号", "请填编号，或从列表选择")
    return int(text)


_READERS = {
    "text": _text, "note": _text, "whole": _whole, "number": _number, "money": _number,
    "date": _date, "choice": _choice, "yes_no": _yes_no, "unit": _key, "object": _key,
}  # fmt: skip


def read_code(form: str, text: str) -> str:
    """The code as stored. uscc: 18 characters of GB 32100 whose last one checks the others."""
    found = "".join(text.split()).upper() if form == "uscc" else text.strip()
    if not found or form != "uscc":
        return found[:60]
    if len(found) != USCC_LENGTH or any(c not in USCC_CHARS for c in found):
        raise FieldFault("统一社会信用代码应为 18 位数字和大写字母", "请核对执照")
    if found[-1] != uscc_check(found[:-1]):
        raise FieldFault("统一社会信用代码最后一位对不上", "请核对执照，有一位写错了")
    return found


def uscc_check(first_17: str) -> str:
    """The check character: 31 − Σ Cᵢ·Wᵢ mod 31, with Wᵢ = 3^(i−1) mod 31 (GB 32100)."""
    total = sum(USCC_CHARS.index(c) * w for c, w in zip(first_17, USCC_WEIGHTS, strict=True))
    return USCC_CHARS[(31 - total % 31) % 31]


def missing(kind: ObjectType, facets: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """The labels of needed fields that have no value."""
    return [
        one.label for one in kind.own_fields(tuple(facets))
        if one.needed and values.get(one.key) in (None, "")
    ]  # fmt: skip


def derive(derived: Derived, values: Mapping[str, Any], today: date) -> Decimal | None:
    """A derived value; None where a part is missing or a ratio would divide by nothing.

    ratio: a ÷ b, in percent where the unit is %; days_left: days from today to the date (negative
    past it); years_since: whole years from the date to today.
    """
    parts = [values.get(key) for key in derived.of]
    if any(part in (None, "") for part in parts):
        return None
    if derived.op in ("days_left", "years_since"):
        day = date.fromisoformat(str(parts[0]))
        if derived.op == "days_left":
            return Decimal((day - today).days)
        return Decimal(today.year - day.year - ((today.month, today.day) < (day.month, day.day)))
    numbers = [Decimal(str(part)) for part in parts]
    if derived.op == "sum":
        return sum(numbers, Decimal(0))
    if derived.op == "difference":
        return numbers[0] - numbers[1]
    if numbers[1] == 0:
        return None
    return numbers[0] / numbers[1] * (100 if derived.unit == PERCENT else 1)


@dataclass(frozen=True, slots=True)
class DutyRule:
    """A line of the county's duty matrix: which unit regulates which objects, and why."""

    id: int
    unit: str
    type: str
    field: str
    value: str
    why: str


def regulators(type_: str, values: Mapping[str, Any], rules: Sequence[DutyRule]) -> list[DutyRule]:
    """The lines under which the object falls; none at all is a blind spot (监管盲区)."""
    return [
        rule for rule in rules
        if rule.type == type_ and (not rule.field or str(values.get(rule.field, "")) == rule.value)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class StateSpan:
    """A state from a day on, as it was entered; of one day, the later entry holds."""

    id: int
    state: str
    from_on: date


def state_on(spans: Sequence[StateSpan], day: date) -> StateSpan | None:
    """How it stood on a day: the last that began by then. None before the first."""
    begun = [span for span in spans if span.from_on <= day]
    return max(begun, key=lambda span: (span.from_on, span.id), default=None)


def same_name(text: str) -> str:
    """A firm's name as it is compared: without brackets, blanks, and legal forms."""
    plain = "".join(c for c in text if c not in " \u3000()（）[]【】·.、，,")
    for form in ("有限责任公司", "股份有限公司", "有限公司", "个体工商户"):
        plain = plain.replace(form, "")
    return plain
