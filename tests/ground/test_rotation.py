"""A new key while the county runs: what was sealed opens throughout, and all of it comes over."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection

from anlan.ground import secrets, upkeep
from anlan.ground.errors import Denied, NotRunning
from anlan.ground.scope import Actor, Scope
from tests.totp import totp

ROUND, COMMAND = Scope.for_round("keys.reseal"), Scope.for_command("t")


@pytest.fixture
def keys(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite's keys in a folder of the test's own."""
    folder = tmp_path / "keys"
    shutil.copytree(home / "keys", folder)
    monkeypatch.setenv("ANLAN_KEYS", str(folder))
    return folder


def numbers() -> dict[int, str | None]:
    from anlan.county.models import Person

    with COMMAND.open():
        return {p.pk: p.phone for p in Person.objects.all()}


def test_every_value_reads_the_same_before_during_and_after(
    night: dict[str, Any], keys: Path
) -> None:
    from anlan.county.models import Person
    from anlan.ground.models import JournalLine

    before = numbers()
    number = next(n for n in before.values() if n)
    all_values = upkeep.check_sealed(COMMAND)
    assert upkeep.under_old_keys(COMMAND) == 0 and upkeep.reseal(ROUND) == 0
    assert upkeep.rotate_keys(COMMAND).current == 2
    assert upkeep.under_old_keys(COMMAND) == all_values and numbers() == before
    with COMMAND.open():
        first = Person.objects.filter(phone_hash=secrets.keyed_hash("phone", number))
        assert first.count() >= 1, "equality search outlives a rotation"
        other = Person.objects.exclude(phone=None).first()
        assert other is not None
        other.save()
    assert upkeep.under_old_keys(COMMAND) == all_values - 1, "new writes are under the new key"
    while upkeep.reseal(ROUND):
        assert numbers() == before
    assert upkeep.under_old_keys(COMMAND) == 0 and numbers() == before
    assert upkeep.check_sealed(COMMAND) == all_values
    with COMMAND.open():
        actions = set(JournalLine.objects.values_list("action", flat=True))
    assert {"keys.rotated", "keys.resealed"} <= actions


def test_a_pass_seals_no_more_than_its_limit_and_goes_on_where_it_stopped(
    night: dict[str, Any], keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "RESEAL_ROWS_MAX", 3)
    left = upkeep.check_sealed(COMMAND)
    upkeep.rotate_keys(COMMAND)
    while left:
        done = upkeep.reseal(ROUND)
        assert 0 < done <= 3
        left -= done
        assert upkeep.under_old_keys(COMMAND) == left


def test_rows_of_an_exercise_come_over_too(
    night: dict[str, Any], keys: Path, owner_sql: Callable[..., Any]
) -> None:
    """Also of one that has ended, which no round of an open world visits."""
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at, ended_at)'
        " VALUES (7, 'tabletop', 'x', now(), interval '0', 1, now(), now())"
    )
    owner_sql(
        "CREATE TABLE copied AS SELECT * FROM county_person WHERE phone IS NOT NULL LIMIT 2;"
        "UPDATE copied SET world = 7, id = id + 900000;"
        "INSERT INTO county_person SELECT * FROM copied; DROP TABLE copied"
    )
    upkeep.rotate_keys(COMMAND)
    while upkeep.reseal(ROUND):
        pass
    old = owner_sql("SELECT count(*) FROM county_person WHERE world = 7 AND get_byte(phone, 1) = 1")
    assert old == [(0,)] and upkeep.under_old_keys(COMMAND) == 0


def test_what_came_from_outside_comes_over_and_is_changed_by_nobody(
    night: dict[str, Any], keys: Path
) -> None:
    """The application may not write a message; the function takes no other text and no older key."""
    from anlan.engines.callout.models import Inbound

    call = "SELECT anlan_reseal('callout_inbound', 'text', %s, %s, %s)"
    with ROUND.open(), connection.cursor() as cursor:
        cursor.execute("SELECT id, text FROM callout_inbound ORDER BY id LIMIT 1")
        ident, were = cursor.fetchone()
        before = Inbound.objects.get(pk=ident).text
        forged = secrets.seal("0" * len(before.encode()), "callout_inbound.text")
        cursor.execute(call, [[ident], [bytes(were)], [forged]])
        assert cursor.fetchone()[0] == 0, "the same key"
    upkeep.rotate_keys(COMMAND)
    with ROUND.open(), connection.cursor() as cursor:
        longer = secrets.seal(before + "x", "callout_inbound.text")
        cursor.execute(call, [[ident], [bytes(were)], [longer]])
        assert cursor.fetchone()[0] == 0, "another length"
        other = secrets.seal(before, "callout_inbound.text")
        cursor.execute(call, [[ident], [b"x" * len(were)], [other]])
        assert cursor.fetchone()[0] == 0, "it changed meanwhile"
    with pytest.raises(ProgrammingError, match="only a round"):
        with COMMAND.open(), connection.cursor() as cursor:
            cursor.execute(call, [[ident], [bytes(were)], [other]])
    while upkeep.reseal(ROUND):
        pass
    with ROUND.open(), connection.cursor() as cursor:
        assert Inbound.objects.get(pk=ident).text == before
        cursor.execute("SELECT get_byte(text, 1) FROM callout_inbound WHERE id = %s", [ident])
        assert cursor.fetchone()[0] == 2


def test_a_process_that_read_the_keys_before_opens_what_is_sealed_after(
    county_db: str, keys: Path
) -> None:
    opened = secrets.opener("t.f")
    before = secrets.seal("甲", "t.f")
    script = (
        "import os; from pathlib import Path; from anlan.ground import secrets;"
        "p = Path(os.environ['ANLAN_KEYS']); secrets.write_keys(p, secrets.load(p).rotated());"
        "print(secrets.seal('乙', 't.f').hex())"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    after = bytes.fromhex(said.stdout.strip())
    assert after[:2] == b"\0\2" and opened(after) == "乙" and opened(before) == "甲"
    assert secrets.unseal(after, "t.f") == "乙" and secrets.seal("丙", "t.f")[:2] == b"\0\2"


def test_a_value_under_a_key_that_is_gone_is_named(night: dict[str, Any], keys: Path) -> None:
    upkeep.rotate_keys(COMMAND)
    upkeep.reseal(ROUND)
    held = secrets.load(keys)
    secrets.write_keys(keys, secrets.Keys(1, {1: held.by_number[1]}))
    with pytest.raises(NotRunning) as caught:
        upkeep.check_sealed(COMMAND)
    assert caught.value.code == "sealed-closed" and "." in caught.value.place


def test_links_sessions_and_djangos_own_secret_outlive_a_rotation(
    county_db: str, keys: Path
) -> None:
    from anlan.county.signin import SealedSerializer

    link, session = secrets.sign("link", b"x"), SealedSerializer().dumps({"a": 1})
    first = secrets.load(keys).first()
    assert first == (keys / "fields.json").read_bytes()
    upkeep.rotate_keys(COMMAND)
    assert secrets.unsign("link", link) == b"x" and SealedSerializer().loads(session) == {"a": 1}
    assert secrets.load(keys).first() == first != (keys / "fields.json").read_bytes()


def test_a_second_factor_still_opens_after_its_seed_came_over(county_db: str, keys: Path) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    from anlan.county import accounts, second_factors

    account = accounts.make_account(COMMAND, "two-factors", "甲")
    with COMMAND.open():
        TOTP.activate(account, "JBSWY3DPEHPK3PXP")
        codes = RecoveryCodes.activate(account).get_unused_codes()
    upkeep.rotate_keys(COMMAND)
    assert upkeep.reseal(ROUND, (second_factors.reseal,)) >= 2
    assert second_factors.reseal(ROUND, 10) == 0
    with COMMAND.open():
        rows = {row.type: row for row in Authenticator.objects.filter(user=account)}
        for row, name in ((rows["totp"], "secret"), (rows["recovery_codes"], "seed")):
            assert bytes.fromhex(row.data[name])[:2] == b"\0\2"
        assert RecoveryCodes(rows["recovery_codes"]).get_unused_codes() == codes
        import time

        assert TOTP(rows["totp"]).validate_code(totp("JBSWY3DPEHPK3PXP", time.time()))


def test_only_an_administrator_of_the_system_gives_a_new_key(county_db: str, keys: Path) -> None:
    for rights in (frozenset[str](), frozenset({"account.manage"}), frozenset({"journal.audit"})):
        person = Scope("admin", 1, 0, 0, Actor("account", 1, "甲"), rights)
        with pytest.raises(Denied):
            upkeep.rotate_keys(person)
    assert secrets.load(keys).current == 1


def test_a_key_file_is_read_strictly(tmp_path: Path) -> None:
    good = secrets.load(secrets.make_keys(tmp_path).parent)
    assert secrets.parse_keys(good.content()) == good
    for text in (b"", b"[]", b"{}", b'{"current": 1, "keys": {}}', b'{"current": 2, "keys": {"1": "a2V5"}}',
                 b'{"current": 1, "keys": {"1": "a2V5"}}', b'{"current": 1, "keys": {"x": 1}}'):  # fmt: skip
        with pytest.raises(ValueError):
            secrets.parse_keys(text)
