"""A backup is one moment, whole, tells of every change to it, and opens with the county's keys only.

The rows are those of a whole night, on a real server; a backup goes back into a database of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from anlan.ground import secrets
from anlan.ground.errors import Refusal
from anlan.ground.machine import backup, backup_days, dumping, escrow, manifest, restore
from anlan.ground.machine.site import DEFAULT_PORTS, Site
from tests.conftest import _use_database

WORD = "river boat lantern seven"
QUIET = backup.quiet
# Reading a policy back, PostgreSQL may set its brackets otherwise.
POLICIES = (
    "SELECT tablename, policyname, roles::text, cmd, translate(qual, '()', ''),"
    " translate(with_check, '()', '') FROM pg_policies ORDER BY 1, 2"
)
FORCED = "SELECT relname FROM pg_class WHERE relforcerowsecurity AND relrowsecurity ORDER BY 1"
OWNERS = (
    "SELECT p.proname, r.rolname, p.prosecdef FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
    " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'"
    " AND p.proname LIKE ANY (ARRAY['anlan%', 'county%', 'ground%', 'callout%']) ORDER BY 1, 2"
)
GRANTS = (
    "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants"
    " WHERE table_schema = 'public' AND grantee LIKE 'anlan%' ORDER BY 1, 2, 3"
)
TRIGGERS = (
    "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
)


@pytest.fixture
def own(
    night: dict[str, Any], home: Path, tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """The county of the night in a folder of its own, with the suite's keys."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    place = tmp_path / "county"
    place.mkdir()
    shutil.copytree(home / "keys", place / "keys")
    shutil.copytree(home / "files", place / "files")
    (place / "keys" / escrow.ENVELOPE).unlink(missing_ok=True)
    monkeypatch.setattr(backup, "reader_dsn", lambda _own: cluster.dsn("superuser", name))
    facts = {"code": "500231", "name": "垫江县", "demo": True}
    (place / "county.json").write_text(json.dumps(facts))
    return Site(place, DEFAULT_PORTS, facts)


def put_in_escrow(own: Site, word: str = WORD) -> None:
    held = secrets.load(own.keys)
    made = escrow.with_passphrase(held.content(), own.code, sorted(held.by_number), word)
    (own.keys / escrow.ENVELOPE).write_text(json.dumps(made))


def code_of(run: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        run()
    assert caught.value.message and caught.value.mend
    return caught.value.code


def of_the_kept_file(own: Site) -> Path:
    from anlan.ground import files
    from anlan.ground.scope import Scope

    os.environ["ANLAN_FILES"], before = str(own.files), os.environ["ANLAN_FILES"]
    try:
        content = f"an attachment of {own.home}".encode()
        key = files.keep(Scope.for_command("test"), content, "a.txt", frozenset({"text"})).sha256
    finally:
        os.environ["ANLAN_FILES"] = before
    return own.files / key[:2] / key


# the way there and back


@pytest.fixture
def fresh(cluster: Any) -> Iterator[str]:
    cluster.create_database("anlan_restored")
    yield "anlan_restored"
    cluster.drop_database("anlan_restored")


def test_a_database_comes_back_with_its_rows_policies_grants_and_journal(
    own: Site, tmp_path: Path, cluster: Any, fresh: str
) -> None:
    from django.db import connection

    from anlan.ground import journal, upkeep
    from anlan.ground.scope import Scope

    while journal.seal(Scope.for_round("seal")):
        pass
    journal.anchor(Scope.for_round("anchor"), own.anchors)
    source = connection.settings_dict["NAME"]
    made = backup.make(own, tmp_path / "b")
    manifest.verify(tmp_path / "b", manifest.read(tmp_path / "b"))
    dumping.restore(cluster.dsn("owner", fresh), tmp_path / "b" / manifest.DUMP, made.counts)
    seen: list[list[Any]] = []
    for name in (source, fresh):
        with psycopg.connect(cluster.dsn("superuser", name)) as both:
            told: list[Any] = [
                both.execute(q).fetchall() for q in (POLICIES, FORCED, OWNERS, GRANTS, TRIGGERS)
            ]
            seen.append([*told, dumping.count(both)])
    assert seen[0] == seen[1] and all(seen[0])
    _use_database(cluster, fresh)
    found = journal.verify(Scope.for_command("t"), tmp_path / "b" / manifest.ANCHORS)
    assert found.whole and found.lines == made.journal["lines"] and found.anchor_seal
    assert upkeep.check_sealed(Scope.for_command("t")) > 10
    _use_database(cluster, source)


def test_what_is_written_after_the_moment_is_not_in_it(
    own: Site, tmp_path: Path, cluster: Any, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts are of the same moment as the dump, however long that takes."""
    from anlan.ground import journal
    from anlan.ground.scope import Scope

    whole = dumping.dump

    def late(dsn: str, path: Path, seen: dumping.Snapshot) -> None:
        scope = Scope.for_command("late")
        with scope.open():
            journal.line(scope, "late", None)
        whole(dsn, path, seen)

    monkeypatch.setattr(dumping, "dump", late)
    made = backup.make(own, tmp_path / "b")
    dumping.restore(cluster.dsn("owner", fresh), tmp_path / "b" / manifest.DUMP, made.counts)


def test_a_dump_of_another_moment_is_caught_by_its_counts(
    own: Site, tmp_path: Path, cluster: Any, fresh: str
) -> None:
    made = backup.make(own, tmp_path / "b")
    wrong = made.counts | {"ground_journal": made.counts["ground_journal"] + 1}
    dump = tmp_path / "b" / manifest.DUMP
    assert (
        code_of(lambda: dumping.restore(cluster.dsn("owner", fresh), dump, wrong))
        == "restore-counts"
    )


# what is refused


def test_nothing_is_overwritten_and_nothing_goes_into_the_county_itself(
    own: Site, tmp_path: Path
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("x")
    assert code_of(lambda: backup.make(own, full)) == "backup-there"
    assert (full / "mine").read_text() == "x" and len(list(full.iterdir())) == 1
    assert code_of(lambda: backup.make(own, full / "mine")) == "backup-there"
    assert code_of(lambda: backup.make(own, own.home / "inside")) == "backup-inside"
    link = tmp_path / "link"
    link.symlink_to(own.home)
    assert code_of(lambda: backup.make(own, link / "inside")) == "backup-inside"
    empty = tmp_path / "empty"
    empty.mkdir()
    backup.make(own, empty)
    assert code_of(lambda: backup.make(own, empty)) == "backup-there"


def test_no_room_is_said_before_anything_is_written(
    own: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**9, 10**9, 1_000_000))
    assert code_of(lambda: backup.make(own, tmp_path / "b")) == "backup-no-room"
    assert not (tmp_path / "b").exists() and not list(tmp_path.glob(".b*"))


def test_a_disk_that_fills_meanwhile_leaves_no_half_backup(
    own: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: Path, _made: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(manifest, "write", full)
    assert code_of(lambda: backup.make(own, tmp_path / "b")) == "backup-write"
    assert not (tmp_path / "b").exists() and not list(tmp_path.glob(".b*"))


def test_an_attachment_that_is_gone_or_changed_stops_the_backup(own: Site, tmp_path: Path) -> None:
    path = of_the_kept_file(own)
    content = path.read_bytes()
    path.write_bytes(content + b"!")
    assert code_of(lambda: backup.make(own, tmp_path / "b")) == "backup-file-broken"
    path.unlink()
    assert code_of(lambda: backup.make(own, tmp_path / "b")) == "backup-file-missing"
    assert not (tmp_path / "b").exists()
    path.write_bytes(content)
    assert path.name in backup.make(own, tmp_path / "b").files


def test_an_account_that_does_not_see_every_row_is_refused(
    own: Site, tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    name = connection.settings_dict["NAME"]
    for role in ("owner", "app", "watchdog"):
        monkeypatch.setattr(backup, "reader_dsn", lambda _own, r=role: cluster.dsn(r, name))
        assert code_of(lambda: backup.make(own, tmp_path / "b")) == "backup-right"


# what a damaged or foreign backup meets


def checked(own: Site, folder: Path, keys: bytes | None = None) -> restore.Checked:
    given = keys if keys is not None else secrets.load(own.keys).content()
    return restore.check(folder, given, None, QUIET)


def test_every_part_that_was_changed_cut_or_lost_is_found(own: Site, tmp_path: Path) -> None:
    of_the_kept_file(own)
    put_in_escrow(own)
    own.anchors.parent.mkdir()
    own.anchors.write_text("")
    backup.make(own, tmp_path / "b")
    checked(own, tmp_path / "b")
    names = [
        p for p in sorted((tmp_path / "b").rglob("*")) if p.is_file() and p.name != manifest.NAME
    ]
    assert len(names) >= 4
    for path in names:
        content = path.read_bytes()
        damaged = [None, content + b"x"]
        damaged += [content[:-1], content[:-1] + bytes([content[-1] ^ 1])] if content else []
        for other in damaged:
            path.unlink()
            if other is not None:
                path.write_bytes(other)
            assert code_of(lambda: checked(own, tmp_path / "b")) == "backup-broken", (path, other)
            path.write_bytes(content)
    checked(own, tmp_path / "b")


def test_a_manifest_that_somebody_wrote_anew_carries_no_mark_of_the_county(
    own: Site, tmp_path: Path
) -> None:
    backup.make(own, tmp_path / "b")
    path = tmp_path / "b" / manifest.NAME
    told = json.loads(path.read_text())
    for key, value in (("made_at", "2020-01-01T00:00:00Z"), ("demo", False),
                       ("counts", told["counts"] | {"ground_journal": 1}), ("mark", "0" * 64)):  # fmt: skip
        path.write_text(json.dumps(told | {key: value}))
        assert code_of(lambda: checked(own, tmp_path / "b")) == "backup-forged", key


@pytest.mark.parametrize("change", [
    {"schema": "anlan.backup/9"}, {"county": "../../etc"}, {"county": 5}, {"parts": {}},
    {"files": {"../../x": 1}}, {"parts": {"/etc/passwd": [1, "x"], "database.dump": [1, "x"]}},
    {"parts": {"../x": [1, "x"], "database.dump": [1, "x"]}}, {"more": 1}, {"counts": None, "files": 3},
])  # fmt: skip
def test_a_manifest_of_another_shape_is_refused(
    own: Site, tmp_path: Path, change: dict[str, Any]
) -> None:
    backup.make(own, tmp_path / "b")
    path = tmp_path / "b" / manifest.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert code_of(lambda: checked(own, tmp_path / "b")) in ("backup-broken", "backup-version")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": 1}', "[" * 5000, "\x00"])
def test_rubbish_is_no_backup(own: Site, tmp_path: Path, text: str) -> None:
    (tmp_path / "b").mkdir()
    assert code_of(lambda: checked(own, tmp_path / "b")) == "backup-none"
    (tmp_path / "b" / manifest.NAME).write_text(text)
    assert code_of(lambda: checked(own, tmp_path / "b")) in ("backup-broken", "backup-version")


def test_a_backup_of_a_newer_program_is_refused(
    own: Site, tmp_path: Path, owner_sql: Callable[..., Any]
) -> None:
    owner_sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('ground', '0999_later', now())"
    )
    backup.make(own, tmp_path / "b")
    assert code_of(lambda: checked(own, tmp_path / "b")) == "program-older"
    owner_sql("UPDATE django_migrations SET app = 'anew' WHERE name = '0999_later'")
    backup.make(own, tmp_path / "c")
    assert code_of(lambda: checked(own, tmp_path / "c")) == "program-older"


# keys


def test_no_key_and_no_number_is_in_a_backup(own: Site, tmp_path: Path) -> None:
    from anlan.county.models import Person
    from anlan.ground.scope import Scope

    put_in_escrow(own)
    with Scope.for_command("t").open():
        numbers = [p.phone for p in Person.objects.exclude(phone=None)]
    assert len(numbers) > 5
    backup.make(own, tmp_path / "b")
    held = secrets.load(own.keys)
    text = subprocess.run(
        [dumping.program("pg_restore"), "-f", "-", str(tmp_path / "b" / manifest.DUMP)],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    everything = text + b"".join(p.read_bytes() for p in (tmp_path / "b").rglob("*") if p.is_file())
    assert b"ground_journal" in everything
    for key in held.by_number.values():
        for form in (key, key.hex().encode(), json.loads(held.content())["keys"]["1"].encode()):
            assert form not in everything
    for number in numbers:
        assert (
            number.encode() not in everything and number.encode().hex().encode() not in everything
        )
    assert all(p.stat().st_mode & 0o077 == 0 for p in (tmp_path / "b").glob("*.*"))
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0


def test_without_the_key_a_restore_says_so_and_with_another_one_too(
    own: Site, tmp_path: Path
) -> None:
    backup.make(own, tmp_path / "b")
    assert code_of(lambda: restore.check(tmp_path / "b", None, None, QUIET)) == "keys-needed"
    other = secrets.Keys(1, {1: b"k" * 32}).content()
    assert code_of(lambda: checked(own, tmp_path / "b", other)) == "keys-wrong"
    assert code_of(lambda: checked(own, tmp_path / "b", b"{}")) == "keys-broken"
    assert checked(own, tmp_path / "b").keys == secrets.load(own.keys)


def test_escrow_opens_with_its_passphrase_alone(own: Site, tmp_path: Path) -> None:
    put_in_escrow(own)
    backup.make(own, tmp_path / "b")

    def opened(word: str) -> restore.Checked:
        return restore.check(
            tmp_path / "b", None, lambda e: escrow.open_with_passphrase(e, word), QUIET
        )

    assert opened(WORD).keys == secrets.load(own.keys)
    for word in ("", WORD + " ", WORD.upper()):
        assert code_of(lambda w=word: opened(w)) == "escrow-closed"  # type: ignore[misc]


def test_a_backup_is_refused_while_escrow_lacks_a_key(own: Site, tmp_path: Path) -> None:
    put_in_escrow(own)
    secrets.write_keys(own.keys, secrets.load(own.keys).rotated())
    assert code_of(lambda: backup.make(own, tmp_path / "b")) == "escrow-behind"
    put_in_escrow(own)
    assert set(backup.make(own, tmp_path / "b").key_marks) == {"1", "2"}


# every day


def test_daily_backups_are_due_link_what_they_have_and_keep_the_newest(
    own: Site, tmp_path: Path
) -> None:
    now = datetime(2026, 7, 10, 14, 0, tzinfo=UTC)
    key = of_the_kept_file(own).name
    assert not backup_days.due(own, now) and backup_days.overdue(own, now) == ""
    assert code_of(lambda: backup.make_daily(own, now)) == "backup-no-folder"
    backup_days.choose(own, tmp_path / "daily")
    assert code_of(lambda: backup.make_daily(own, now)) == "backup-folder-gone"
    (tmp_path / "daily").mkdir()
    assert backup_days.due(own, now) and "还没有每天的备份" in backup_days.overdue(own, now)
    folders = []
    for day in range(backup.DAILY_KEPT + 2):
        folder, made = backup.make_daily(own, now + timedelta(days=day))
        folders.append(folder)
    backup_days.note(own, folder, made, 1.0)
    assert [f.exists() for f in folders] == [False] * 2 + [True] * backup.DAILY_KEPT
    inodes = {(f / manifest.file_part(key)).stat().st_ino for f in folders[2:]}
    assert len(inodes) == 1, "an attachment lies there once, however many backups hold it"
    at = now + timedelta(days=backup.DAILY_KEPT + 1)
    assert made.made_at
    backup.make(own, tmp_path / "by hand")
    assert not backup_days.due(own, at + timedelta(hours=23, minutes=59))
    assert backup_days.due(own, at + timedelta(hours=24)) and not backup_days.overdue(
        own, at + timedelta(hours=35)
    )
    assert "37 小时" in backup_days.overdue(own, at + timedelta(hours=37))
    for made_then in folders[2:]:
        shutil.rmtree(made_then)
    assert backup_days.due(own, at), "a backup that somebody removed counts as none"
    backup_days.choose(own, None)
    assert not backup_days.due(own, at)


def test_the_round_backs_up_when_a_day_has_passed_and_alarms_where_it_cannot(
    own: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, move_clock: Callable[[float], None]
) -> None:
    from anlan.ground import upkeep
    from anlan.ground.machine import alarms
    from anlan.ground.models import JournalLine
    from anlan.ground.scope import Scope

    monkeypatch.setattr(upkeep, "site", lambda: own)
    scope = Scope.for_round("backup.daily")
    assert upkeep.daily(scope) == 0
    backup_days.choose(own, tmp_path / "daily")
    (tmp_path / "daily").mkdir()
    assert upkeep.daily(scope) == 1 and upkeep.daily(scope) == 0
    with scope.open():
        assert JournalLine.objects.filter(action="backup.made").count() == 1
    move_clock(25 * 3600)
    (tmp_path / "daily").rename(tmp_path / "gone")
    (tmp_path / "daily").write_text("a file stands where the disk was mounted")
    with pytest.raises((Refusal, OSError)):
        upkeep.daily(scope)
    assert [a.name for a in alarms.current(own.home)] == [upkeep.FAILED]
    (tmp_path / "daily").unlink()
    (tmp_path / "gone").rename(tmp_path / "daily")
    assert upkeep.daily(scope) == 1 and alarms.current(own.home) == []
