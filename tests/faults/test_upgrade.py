"""A county that an earlier version made: its data survive, or nothing is changed.

The earlier version's database is made by its own migrations, up to where they stood then, and
filled by SQL, for today's models do not know its tables.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anlan.ground import secrets
from anlan.ground.machine import backup, manifest
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.processes import environment
from anlan.ground.machine.upgrade import losses_in_sql
from tests.faults.real_county import CODE, RealCounty

# Where the apps stood in the first version that anybody could have installed.
EARLIER = {"ground": "0001", "county": "0002", "callout": "0002", "evacuation": "0002",
           "warning": "0002", "workplan": "0002"}  # fmt: skip
MIGRATE = """
import json, sys, django; django.setup()
from django.core.management import call_command
for app, name in json.loads(sys.argv[1]).items():
    call_command("migrate", app, name, verbosity=0)
"""
NUMBER = "13800001234"
FILL = """
INSERT INTO ground_county (code, name, demo) VALUES (500231, '垫江县', true);
INSERT INTO county_division (code, name, kind, population, source, demo)
  VALUES (500231109000, '澄溪镇', 'township', 33000, '', true);
INSERT INTO county_person (division, world, version, name, pinyin, initials, phone, demo)
  VALUES (500231109000, 0, 1, '甲', 'jia', 'j', %s, true);
INSERT INTO ground_journal (world, division, actor_kind, actor, address, action, object_kind,
  object_id, why, request_id) VALUES (0, 0, 'command', 'x', '', 'old', '', '', '', '');
"""


def python(county: RealCounty, script: str, *words: str, role: str = "owner") -> str:
    own = environment(county.site, role)
    own.pop("ANLAN_TEST", None)
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, env=own, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def made() -> Iterator[RealCounty]:
    root = Path(tempfile.mkdtemp(prefix="anlan-older-"))
    root.chmod(0o755)
    own = RealCounty(root)
    home = own.home
    home.mkdir(parents=True)
    (home / "files").mkdir()
    (home / "county.json").write_text(json.dumps({"code": CODE, "name": "垫江县", "demo": True}))
    secrets.make_keys(home / "keys")
    cluster = Cluster(home / "postgres", fast=True)
    cluster.init()
    cluster.start()
    try:
        cluster.create_database("anlan")
        python(own, MIGRATE, json.dumps(EARLIER))
        seal = f"from anlan.ground import secrets; print(secrets.seal('{NUMBER}', 'county_person.phone').hex())"
        sealed = python(own, seal).strip()
        own.ask(FILL.replace("%s", f"'\\x{sealed}'"))
        import psycopg

        with psycopg.connect(cluster.dsn("superuser"), autocommit=True) as server:
            server.execute("CREATE DATABASE older TEMPLATE anlan")
        (home / "ready").write_text("")
        yield own
    finally:
        cluster.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def older(made: RealCounty) -> RealCounty:
    """The earlier version's county as it was, before every test."""
    import psycopg

    with psycopg.connect(made.cluster.dsn("superuser"), autocommit=True) as own:
        own.execute("DROP DATABASE IF EXISTS anlan WITH (FORCE)")
        own.execute("CREATE DATABASE anlan TEMPLATE older OWNER anlan_owner")
    (made.home / "schema").write_text("of the earlier version")
    shutil.rmtree(made.root / "before-upgrade", ignore_errors=True)
    return made


def backups(county: RealCounty) -> list[Path]:
    return sorted((county.root / "before-upgrade").glob("*/manifest.json"))


def columns(county: RealCounty, table: str) -> set[str]:
    return {row[0] for row in county.ask(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s", table)}  # fmt: skip


READ = """
import django; django.setup()
from anlan.county.models import Person
from anlan.ground.scope import Scope
with Scope.for_command("t").open():
    print([(p.name, p.phone) for p in Person.objects.all()])
"""


def test_an_older_county_is_backed_up_and_brought_up_to_date_with_all_its_data(
    older: RealCounty,
) -> None:
    assert "phone_tail_hash" in columns(older, "county_person")
    lines = older.ask("SELECT count(*) FROM ground_journal")
    said = older.run("upgrade")
    assert said.code == 0, (said.answer, said.err)
    assert len(said.answer["applied"]) > 10 and "county.0021_at_a_moment" in said.answer["applied"]
    assert python(older, READ, role="worker").strip() == f"[('甲', '{NUMBER}')]"
    assert older.ask("SELECT name, population FROM county_division") == [("澄溪镇", 33000)]
    assert older.ask("SELECT count(*) FROM ground_journal WHERE action = 'old'") == lines
    kept = backups(older)
    assert [str(p.parent) for p in kept] == [said.answer["backup"]]
    held = manifest.read(kept[0].parent)
    assert ["county", "0021_at_a_moment"] not in held.migrations and held.counts[
        "county_person"
    ] == 1
    again = older.run("upgrade")
    assert again.code == 0 and again.answer["applied"] == [] and len(backups(older)) == 1


def test_a_program_older_than_the_data_changes_nothing(older: RealCounty) -> None:
    older.ask(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('county', '0999_later', now())"
    )
    for words in (("upgrade",), ("up",)):
        said = older.run(*words)
        assert said.code == 2 and said.error["code"] == "program-older", (words, said.answer)
        assert "county.0999_later" in said.error["place"] and said.error["mend"]
        older.cluster.start() if not older.cluster.running() else None
    assert backups(older) == [] and not older.ask("SELECT to_regclass('ground_request')")[0][0]


def test_where_something_would_be_lost_it_is_named_and_nothing_is_changed(
    older: RealCounty, dropping: Callable[[str], None]
) -> None:
    dropping("ALTER TABLE county_person DROP COLUMN name;")
    said = older.run("upgrade")
    assert said.code == 2 and said.error["code"] == "upgrade-loses", said.answer
    assert "county_person.name 1 行" in said.error["place"] and "--lose" in said.error["mend"]
    assert "name" in columns(older, "county_person") and backups(older) == []


def test_what_is_empty_may_go_and_what_a_person_gives_up_too(
    older: RealCounty, dropping: Callable[[str], None]
) -> None:
    older.ask("CREATE TABLE idle (id bigint); ALTER TABLE idle OWNER TO anlan_owner")
    dropping("DROP TABLE idle;")
    assert older.run("upgrade").code == 0 and not older.ask("SELECT to_regclass('idle')")[0][0]
    assert len(backups(older)) == 1, "a backup stands before anything goes"


def test_a_migration_that_loses_rows_by_itself_is_found_out(
    older: RealCounty, dropping: Callable[[str], None]
) -> None:
    """Not seen beforehand, for it hides in a body: the counts tell, and where the backup is."""
    dropping("DO $$ BEGIN TRUNCATE county_person CASCADE; END $$;")
    said = older.run("upgrade")
    assert said.code == 3 and said.error["code"] == "upgrade-fewer", said.answer
    assert "county_person 1 → 0" in said.error["place"] and str(older.root) in said.error["mend"]
    assert manifest.read(backups(older)[0].parent).counts["county_person"] == 1


@pytest.fixture
def dropping() -> Iterator[Callable[[str], None]]:
    """A last migration of the newest version that takes something away; gone afterwards."""
    folder = Path(backup.__file__).parents[2] / "rooms" / "oversight" / "migrations"
    last = sorted(folder.glob("0*.py"))[-1].stem
    path = folder / "0998_taking_away_for_a_test.py"

    def write(statement: str) -> None:
        path.write_text(
            "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
            f"    dependencies = [('oversight', {last!r}), ('county', '0021_at_a_moment')]\n"
            f"    operations = [migrations.RunSQL({statement!r})]\n"
        )

    try:
        yield write
    finally:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize(("statement", "found"), [
    ("ALTER TABLE a ADD COLUMN b int; CREATE INDEX i ON a (b);", []),
    ("DROP TABLE IF EXISTS a;", [("a", "")]),
    ("drop   table a; TRUNCATE b", [("a", ""), ("b", "")]),
    ("ALTER TABLE a DROP COLUMN b;", [("a", "b")]),
    ("DELETE FROM a WHERE x;", [("a", "")]),
    ("DROP POLICY p ON a; DROP FUNCTION f(); DROP INDEX i;", []),
    ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM a $$;", []),
])  # fmt: skip
def test_what_a_statement_takes_away(statement: str, found: list[tuple[str, str]]) -> None:
    assert [(x.table, x.column) for x in losses_in_sql("m", statement)] == found
