"""What a password must be: two rules, one switch (`ANLAN_PASSWORD_RULES`), one block list.

`mlps3` (GB/T 22239-2019, level 3): three of four kinds of characters, none of the last five, a new
one every 90 days. `asvs` (OWASP ASVS 5.0, 6.2): neither composition nor periodic change. Both: at
least 12 characters, up to 128, none that is common, none made of the county's own words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import yaml
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.utils.translation import gettext as _

from anlan.ground.errors import Refusal

WORDS = Path(__file__).resolve().parents[1] / "packs" / "_core" / "password_words.yaml"
CHARS_MIN, CHARS_MAX = 12, 128
KINDS_MIN = 3
KEPT = 5
LIFE = timedelta(days=90)
REST_MIN = 8  # characters that must remain when the county's words are taken out
DIFFERENT_MIN = 5


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """The passwords that everybody tries first (Django's list, lower case)."""
    return frozenset(CommonPasswordValidator().passwords)


@lru_cache(maxsize=1)
def local_words() -> tuple[str, ...]:
    """Words of the county and of its program, the longest first."""
    words = yaml.safe_load(WORDS.read_text(encoding="utf-8"))["words"]
    return tuple(sorted((str(word).casefold() for word in words), key=len, reverse=True))


def faults(password: str, own_words: Iterable[str] = (), rules: str = "") -> list[str]:
    """What is wrong with the password, in the officer's words; empty where nothing is."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    found = []
    if len(password) < CHARS_MIN:
        found.append(_("口令至少 %(n)d 位") % {"n": CHARS_MIN})
    if len(password) > CHARS_MAX:
        found.append(_("口令最多 %(n)d 位") % {"n": CHARS_MAX})
    if plain in common() or plain.strip("0123456789!@#$%^&*._-") in common():
        found.append(_("这个口令太常见"))
    if len(set(plain)) < DIFFERENT_MIN or _is_run(plain):
        found.append(_("不要用重复或连续的字符"))
    if len(_without(plain, [*own_words, *local_words()])) < min(REST_MIN, len(plain)):
        found.append(_("口令不要用本县、单位或账号的名称拼成"))
    if _mlps3(rules) and _kinds(password) < KINDS_MIN:
        found.append(_("大写字母、小写字母、数字、其他符号，至少用三种"))
    return found


def check(password: str, own_words: Iterable[str] = (), used: Sequence[str] = ()) -> None:
    """Refuse a password with a fault, or one of the last ones (their hashes are in `used`)."""
    found = faults(password, own_words)
    repeated = _mlps3() and any(check_password(password, before) for before in used[-KEPT:])
    if repeated:
        found.append(_("最近 %(n)d 次用过的口令不能再用") % {"n": KEPT})
    if found:
        raise Refusal("password-weak", "；".join(found), "", _("请换一个口令"))


def expired(set_at: datetime | None, now: datetime) -> bool:
    """Whether the rules ask for a new one: 90 days under mlps3, never under asvs."""
    return _mlps3() and set_at is not None and now - set_at > LIFE


def asks_kinds() -> bool:
    """Whether a password needs characters of several kinds, so that a form can say so first."""
    return _mlps3()


def _mlps3(rules: str = "") -> bool:
    return (rules or settings.PASSWORD_RULES) in ("mlps3",)


def _kinds(password: str) -> int:
    tests = (str.isupper, str.islower, str.isdigit, lambda c: not c.isalnum() or ord(c) > 127)
    return sum(any(test(c) for c in password) for test in tests)


def _without(plain: str, words: Iterable[str]) -> str:
    for word in words:
        if len(word) >= 2:
            plain = plain.replace(word.casefold(), "")
    return plain


def _is_run(plain: str) -> bool:
    """abcdefghijkl, 987654321098: each character follows the one before by one step."""
    steps = {(ord(b) - ord(a)) % 10 if b.isdigit() else ord(b) - ord(a)
             for a, b in pairwise(plain)}  # fmt: skip
    return len(plain) > 1 and steps in ({1}, {-1}, {9}, {0})
