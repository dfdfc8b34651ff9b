"""Names as the phone book finds them: surnames read as surnames, given names as ever."""

from __future__ import annotations

import pytest

from anlan.county.names import pinyin_of


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("单小军", "shan xiao jun", "sxj"),
        ("曾国强", "zeng guo qiang", "zgq"),
        ("解放军", "xie fang jun", "xfj"),
        ("仇英", "qiu ying", "qy"),
        ("区小明", "ou xiao ming", "oxm"),
        ("查良", "zha liang", "zl"),
        ("朴树", "piao shu", "ps"),
        ("乐毅", "yue yi", "yy"),
        ("盖叫天", "ge jiao tian", "gjt"),
        ("缪荣", "miao rong", "mr"),
        ("覃勇", "qin yong", "qy"),
        ("翟让", "zhai rang", "zr"),
        ("尉迟恭", "yu chi gong", "ycg"),
        ("单于丹", "chan yu dan", "cyd"),
        ("万俟卨", "mo qi xie", "mqx"),
        ("欧阳修", "ou yang xiu", "oyx"),
        ("王小单", "wang xiao dan", "wxd"),
        ("李曾", "li ceng", "lc"),
        ("Anna Li", "anna li", "a"),
    ],
)
def test_a_surname_is_read_as_a_surname(name: str, full: str, initials: str) -> None:
    assert pinyin_of(name)[0] == full
    assert pinyin_of(name)[1].startswith(initials[0])
    if name.isascii() is False:
        assert pinyin_of(name)[1] == initials


def test_two_characters_never_hold_a_compound_surname() -> None:
    assert pinyin_of("单于")[0].startswith("shan")
