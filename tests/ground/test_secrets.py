"""Sealed fields, keyed hashes, signatures: nothing opens without its key, purpose and bytes."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.ground import secrets


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(text: str) -> None:
    assert secrets.unseal(secrets.seal(text, "t.f"), "t.f") == text


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert secrets.seal("13800000000", "t.f") != secrets.seal("13800000000", "t.f")


def test_another_purpose_does_not_open() -> None:
    with pytest.raises(ValueError, match="does not open"):
        secrets.unseal(secrets.seal("甲", "person.phone"), "person.name")


@given(st.integers(0, 10_000))
def test_any_changed_byte_is_noticed(place: int) -> None:
    sealed = bytearray(secrets.seal("13800000000", "t.f"))
    sealed[place % len(sealed)] ^= 1
    with pytest.raises(ValueError):
        secrets.unseal(bytes(sealed), "t.f")


def test_keyed_hashes_are_equal_only_within_a_purpose() -> None:
    assert secrets.keyed_hash("phone", "1") == secrets.keyed_hash("phone", "1")
    assert secrets.keyed_hash("phone", "1") != secrets.keyed_hash("name", "1")


@given(st.binary(max_size=64), st.integers(0, 10_000))
def test_a_signed_text_holds_and_a_forged_one_does_not(payload: bytes, place: int) -> None:
    text = secrets.sign("link", payload)
    assert secrets.unsign("link", text) == payload
    with pytest.raises(ValueError):
        secrets.unsign("other", text)
    at = place % len(text)
    forged = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    with contextlib.suppress(ValueError):
        assert secrets.unsign("link", forged) == payload, "only unused padding bits may differ"


@pytest.mark.parametrize("text", ["", "a", "中文", "====", "a" * 1000])
def test_rubbish_is_no_signed_text(text: str) -> None:
    with pytest.raises(ValueError):
        secrets.unsign("link", text)


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = secrets.make_keys(tmp_path / "keys")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    secrets.make_keys(tmp_path / "keys")
    assert path.read_text() == before, "a second start must not make a second key"


def test_masks_keep_only_what_recognises() -> None:
    assert secrets.mask_phone("13812345678") == "138****5678"
    assert secrets.mask_phone("12345") == "****"
    assert secrets.mask_name("王小明") == "王**"
