"""What a field takes, what a derived one gives, how it stood on a day: pure, held to oracles."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.engines.ledger import decisions
from anlan.engines.ledger.decisions import DutyRule, FieldFault, StateSpan
from anlan.engines.ledger.kinds import Derived, Field

WHOLE = Field("staff", "从业人数", "whole", "人", 0, 1000)
NUMBER = Field("height", "高度", "number", "米", 0, 500, decimals=1)
CHOICE = Field("use", "用途", "choice", options={"shop": "商业", "office": "办公"})


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        (WHOLE, "12", 12), (WHOLE, " 1,000 ", 1000), (WHOLE, "", None), (WHOLE, None, None),
        (WHOLE, 7.0, 7), (NUMBER, "33.5", "33.5"), (NUMBER, "33.50", "33.5"), (NUMBER, "0", "0"),
        (CHOICE, "商业", "shop"), (CHOICE, "office", "office"),
        (Field("d", "日期", "date"), "2026年7月10日", "2026-07-10"),
        (Field("d", "日期", "date"), "2026/7/1", "2026-07-01"),
        (Field("d", "日期", "date"), date(2026, 7, 1), "2026-07-01"),
        (Field("y", "小微", "yes_no"), "是", True), (Field("y", "小微", "yes_no"), False, False),
        (Field("m", "投资", "money", "元"), "12.34", "12.34"),
        (Field("o", "企业", "object", of="enterprise"), "15", 15),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_what_is_stored(field: Field, raw: object, value: object) -> None:
    assert decisions.read_value(field, raw) == value


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (WHOLE, "3.5"), (WHOLE, "-1"), (WHOLE, "1001"), (WHOLE, "三"), (WHOLE, "NaN"),
        (NUMBER, "1.25"), (NUMBER, "Infinity"), (NUMBER, "1e400"), (CHOICE, "学校"),
        (Field("d", "日期", "date"), "2026-02-30"), (Field("d", "日期", "date"), "昨天"),
        (Field("y", "小微", "yes_no"), "大概"), (Field("t", "名", "text", chars=3), "四个字了"),
        (Field("o", "企业", "object"), "甲公司"), (Field("o", "企业", "object"), "９"),
    ],
)  # fmt: skip
def test_what_is_no_such_value_is_refused_with_its_mend(field: Field, raw: object) -> None:
    with pytest.raises(FieldFault) as fault:
        decisions.read_value(field, raw)
    assert fault.value.what and fault.value.mend


@given(st.decimals(0, 500, places=1))
def test_a_number_is_stored_exactly(number: Decimal) -> None:
    assert Decimal(str(decisions.read_value(NUMBER, str(number)))) == number


def slow_check(first: str) -> str:
    """The standard's own words, step by step: the weights are powers of three modulo 31."""
    total = 0
    for place, letter in enumerate(first):
        total += "0123456789ABCDEFGHJKLMNPQRTUWXY".index(letter) * pow(3, place, 31)
    rest = 31 - total % 31
    return "0123456789ABCDEFGHJKLMNPQRTUWXY"[0 if rest == 31 else rest]


@given(st.text(decisions.USCC_CHARS, min_size=17, max_size=17))
def test_a_credit_code_is_held_against_its_last_character(first: str) -> None:
    good = first + slow_check(first)
    assert decisions.read_code("uscc", f" {good.lower()} ") == good
    other = next(c for c in decisions.USCC_CHARS if c != good[-1])
    with pytest.raises(FieldFault):
        decisions.read_code("uscc", first + other)


@given(st.text(decisions.USCC_CHARS, min_size=17, max_size=17), st.integers(0, 16), st.data())
def test_one_wrong_character_is_noticed(first: str, place: int, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from([c for c in decisions.USCC_CHARS if c != first[place]]))
    wrong = first[:place] + other + first[place + 1 :] + slow_check(first)
    with pytest.raises(FieldFault):
        decisions.read_code("uscc", wrong)


def test_derived_fields_and_what_they_lack() -> None:
    share = Derived("s", "占比", "ratio", ("a", "b"), "%")
    assert decisions.derive(share, {"a": 3, "b": 12}, date(2026, 1, 1)) == 25
    assert decisions.derive(share, {"a": 3, "b": 0}, date(2026, 1, 1)) is None
    assert decisions.derive(share, {"a": 3}, date(2026, 1, 1)) is None
    left = Derived("d", "距到期", "days_left", ("e",))
    assert decisions.derive(left, {"e": "2026-03-01"}, date(2026, 2, 27)) == 2
    assert decisions.derive(left, {"e": "2026-02-01"}, date(2026, 2, 27)) == -26
    years = Derived("y", "年数", "years_since", ("m",))
    assert decisions.derive(years, {"m": "2020-02-29"}, date(2026, 2, 28)) == 5
    assert decisions.derive(years, {"m": "2020-02-29"}, date(2026, 3, 1)) == 6


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=20),
       st.integers(-5, 40))  # fmt: skip
def test_how_it_stood_on_a_day_is_what_was_entered_last_for_it(
    entered: list[tuple[int, str]], asked: int
) -> None:
    first = date(2026, 1, 1)
    spans = [StateSpan(n, state, first + timedelta(days=day))
             for n, (day, state) in enumerate(entered)]  # fmt: skip
    state = None
    for day in range(0, asked + 1):
        of_day = [one for one in spans if one.from_on == first + timedelta(days=day)]
        state = of_day[-1].state if of_day else state
    found = decisions.state_on(spans, first + timedelta(days=asked))
    assert (found.state if found else None) == state


def test_who_regulates_and_what_is_a_blind_spot() -> None:
    rules = [DutyRule(1, "交通运输委", "enterprise", "industry", "transport", "三定"),
             DutyRule(2, "应急局", "equipment", "", "", "三定")]  # fmt: skip
    assert [r.id for r in decisions.regulators("enterprise", {"industry": "transport"}, rules)] == [
        1
    ]
    assert decisions.regulators("enterprise", {"industry": "food"}, rules) == []
    assert decisions.regulators("enterprise", {}, rules) == []
    assert [r.id for r in decisions.regulators("equipment", {}, rules)] == [2]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("重庆甲商贸有限公司", "重庆甲商贸有限责任公司"),
        ("丙（垫江）厂", "丙(垫江)厂"),
        ("丁 店", "丁店"),
    ],
)
def test_one_firm_under_two_spellings_is_noticed(one: str, other: str) -> None:
    assert decisions.same_name(one) == decisions.same_name(other)
    assert decisions.same_name(one) != decisions.same_name("乙商贸")
