"""Keys in escrow: the passphrase or the offline key opens them, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anlan.ground.errors import Refusal
from anlan.ground.machine import escrow

CONTENT = b'{"current": 1, "keys": {"1": "a2V5"}}'
WORD = "river boat lantern seven"


def refused(run: Any) -> str:
    with pytest.raises(Refusal) as caught:
        run()
    return caught.value.code


def test_a_passphrase_opens_what_it_sealed_and_two_envelopes_differ() -> None:
    one, two = (escrow.with_passphrase(CONTENT, "500231", [1], WORD) for _ in range(2))
    assert escrow.open_with_passphrase(one, WORD) == CONTENT
    assert one["sealed"] != two["sealed"] and one["salt"] != two["salt"]
    assert (
        refused(lambda: escrow.open_with_passphrase(one, "river boat lantern eight"))
        == "escrow-closed"
    )


def test_a_short_passphrase_is_refused() -> None:
    short = "x" * (escrow.PASSPHRASE_CHARS_MIN - 1)
    assert (
        refused(lambda: escrow.with_passphrase(CONTENT, "500231", [1], short)) == "passphrase-short"
    )
    escrow.with_passphrase(CONTENT, "500231", [1], short + "x")


def test_an_offline_key_opens_what_was_sealed_to_it_and_another_does_not() -> None:
    private, public = escrow.make_offline()
    other, _public = escrow.make_offline()
    made = escrow.to_offline(CONTENT, "500231", [1, 2], public)
    assert escrow.open_with_offline(made, private) == CONTENT and made["numbers"] == [1, 2]
    assert refused(lambda: escrow.open_with_offline(made, other)) == "escrow-closed"
    assert refused(lambda: escrow.open_with_offline(made, public)) == "offline-key"
    assert refused(lambda: escrow.open_with_offline(made, b"rubbish")) == "offline-key"
    assert refused(lambda: escrow.to_offline(CONTENT, "500231", [1], private)) == "offline-key"
    assert refused(lambda: escrow.open_with_passphrase(made, WORD)) == "escrow-kind"


@pytest.mark.parametrize("change", [
    {"county": "500233"}, {"numbers": [1, 2]}, {"kind": "offline"}, {"sealed": "AAAA"},
    {"salt": "AAAA"}, {"n": 2**15}, {"n": 2**40}, {"n": 0}, {"nonce": "!"}, {"more": 1},
])  # fmt: skip
def test_whatever_an_envelope_says_is_bound_to_its_content(change: dict[str, Any]) -> None:
    made = escrow.with_passphrase(CONTENT, "500231", [1], WORD) | change
    assert refused(lambda: escrow.open_with_passphrase(made, WORD)) in (
        "escrow-closed", "escrow-kind", "escrow-broken",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "anlan.escrow/1"}', "x" * 10])
def test_a_file_that_is_no_envelope_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "escrow.json"
    assert escrow.read(path) is None
    path.write_text(text)
    assert refused(lambda: escrow.read(path)) == "escrow-broken"
    path.write_text(json.dumps(escrow.with_passphrase(CONTENT, "500231", [1], WORD)))
    assert (escrow.read(path) or {})["county"] == "500231"
