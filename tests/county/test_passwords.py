"""Two rules for passwords, one switch, one block list (R45)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anlan.county import passwords

CASES = [
    # password, faults under mlps3, faults under asvs
    ("Grünes Licht um 6 Uhr", 0, 0),
    ("correct horse battery staple", 1, 0),
    ("四更天还亮着一盏灯等你回家", 1, 0),
    ("Kurz1!", 1, 1),
    ("x" * 64 + "Y7kqmwz", 0, 0),
    ("aB3$" * 32, 1, 1),
    ("Zt8 qLm2 vRx5 Wp " * 8, 1, 1),
    ("Aaaaaaaaaaa1", 1, 1),
    ("abcdefghijklmno", 2, 1),
    ("098765432109876", 2, 1),
    ("Password123456!", 1, 1),
    ("Dianjiang500231", 1, 1),
    ("垫江应急值班2026!Aa", 1, 1),
    ("WangDuty-wang.duty7", 1, 1),
    ("iloveyou2024!!A", 1, 1),
]


@pytest.mark.parametrize(("word", "mlps3", "asvs"), CASES)
def test_the_two_rules(word: str, mlps3: int, asvs: int) -> None:
    own = ["wang.duty", "wangduty"]
    for rules, wanted in (("mlps3", mlps3), ("asvs", asvs)):
        found = passwords.faults(word, own, rules)
        assert bool(found) == bool(wanted), (rules, word, found)


def test_sixty_four_and_more_characters_are_taken() -> None:
    word = "Ein langer Satz, den 7 Leute kennen, aber niemand errät, weil er klingt."
    assert len(word) >= 64
    assert passwords.faults(word, [], "mlps3") == []
    assert passwords.faults("Qz7 " + "wieso denn nicht " * 7, [], "asvs") == []


def test_the_block_list_is_long_and_the_common_ones_are_on_it() -> None:
    assert len(passwords.common()) >= 3000
    assert len(passwords.local_words()) > 40
    assert passwords.faults("qwertyuiop12", [], "asvs")


def test_only_mlps3_asks_for_a_new_one_after_ninety_days(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    now = datetime(2026, 6, 1, tzinfo=UTC)
    old, fresh = now - timedelta(days=91), now - timedelta(days=89)
    monkeypatch.setattr(settings, "PASSWORD_RULES", "mlps3")
    assert passwords.expired(old, now) and not passwords.expired(fresh, now)
    assert not passwords.expired(None, now)
    monkeypatch.setattr(settings, "PASSWORD_RULES", "asvs")
    assert not passwords.expired(old, now)


def test_an_unknown_rule_stops_the_start() -> None:
    import os
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"], capture_output=True, text=True,
        env=os.environ | {"ANLAN_PASSWORD_RULES": "none"}, check=False,
    )  # fmt: skip
    assert done.returncode and "ANLAN_PASSWORD_RULES" in done.stderr
