"""A whole county on the site's own server, and each thing that such a server can lack.

The site's server is a PostgreSQL of its own in another folder; its accounts are plain ones.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from anlan.ground.errors import Refusal
from anlan.ground.machine import own_server, soundness
from anlan.ground.machine.ports import free
from anlan.ground.machine.postgres import Cluster
from tests.faults import nights
from tests.faults.real_county import RealCounty, Said, real_county, until

# Whichever versions the system's packages offer, the oldest first.
SYSTEMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda own: int(own.parent.name))
WORD = "a plain word"


class Server:
    """The site's: accounts and databases are made as its administrator would."""

    def __init__(self, folder: Path):
        self.cluster = Cluster(folder / "site")
        self.cluster.init()
        self.cluster.start()
        for role in ("owner", "app", "public", "watchdog", "search"):
            self.ask(f"DROP OWNED BY anlan_{role}")
            self.ask(f"DROP ROLE anlan_{role}")

    def ask(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.cluster.dsn("superuser", database), autocommit=True) as own:
            cursor = own.execute(sql)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def account(self, name: str, rights: str, database: str) -> str:
        """A plain account with its own database; returns its DATABASE_URL."""
        self.ask(f"CREATE ROLE {name} LOGIN PASSWORD '{WORD}' {rights}")
        self.ask(f"CREATE DATABASE {database} OWNER {name}")
        return self.url(name, database)

    def url(self, name: str, database: str, word: str = WORD) -> str:
        quoted = word.replace(" ", "%20")
        return f"postgresql://{name}:{quoted}@127.0.0.1:{self.cluster.port}/{database}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="anlan-site-"))
    folder.chmod(0o755)
    own = Server(folder)
    try:
        yield own
    finally:
        own.cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def refused(url: str) -> Said:
    with real_county() as own:
        said = own.run("up", DATABASE_URL=url)
        assert said.code in (2, 3) and not (own.home / "ready").exists()
        assert not (own.home / "postgres").exists(), "no server of our own beside it"
        assert WORD not in said.out
        return said


def test_a_wrong_password_a_missing_database_and_nobody_there(server: Server) -> None:
    url = server.account("asks", "CREATEROLE", "asks")
    said = refused(server.url("asks", "asks", "another word"))
    assert said.code == 2 and said.error["code"] == "database-password"
    assert "DATABASE_URL" in said.error["mend"]
    said = refused(server.url("asks", "nowhere"))
    assert said.code == 2 and said.error["code"] == "database-missing"
    assert "createdb" in said.error["mend"]
    said = refused(url.replace(f":{server.cluster.port}/", ":1/"))
    assert said.code == 3 and said.error["code"] == "database-away"
    said = refused("postgresql://[half")
    assert said.code == 2 and said.error["code"] == "database-url"


def test_a_right_that_is_missing_is_named_with_the_statement_that_gives_it(server: Server) -> None:
    said = refused(server.account("plain", "", "plain"))
    assert said.error["code"] == "database-right"
    assert "ALTER ROLE plain CREATEROLE" in said.error["mend"]
    server.account("maker", "CREATEROLE", "maker")
    said = refused(server.url("maker", "plain"))
    assert said.error["code"] == "database-right"
    assert "ALTER DATABASE plain OWNER TO maker" in said.error["mend"]


def test_a_server_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own PostgreSQL (15 on Debian 12), started as its package would.

    Where that is new enough already, the least version is moved above it.
    """
    if not SYSTEMS or os.geteuid() != 0:
        print("NOT RUN: as root: apt-get install postgresql")
        pytest.skip("NOT RUN: no PostgreSQL of the system: as root, apt-get install postgresql")
    old = SYSTEMS[0]
    version = int(old.parent.name)
    folder = Path(tempfile.mkdtemp(prefix="anlan-old-"))
    shutil.chown(folder, "nobody")
    port = next(p for p in range(35000, 36000) if free(p))
    word = folder / "word"
    word.write_text(WORD)
    shutil.chown(word, "nobody")
    common: dict[str, object] = {"user": "nobody", "cwd": folder, "check": True, "timeout": 60,
                                 "capture_output": True}  # fmt: skip
    data = folder / "data"
    subprocess.run(
        [old / "initdb", "-D", data, "-U", "site", "--pwfile", word, "-A", "scram-sha-256", "-N"],
        **common,
    )  # fmt: skip
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    command = [old / "pg_ctl", "-w", "-D", data]
    subprocess.run([*command, "-l", folder / "log", "-o", options, "start"], **common)
    try:
        url = f"postgresql://site:{WORD.replace(' ', '%20')}@127.0.0.1:{port}/postgres"
        if version * 10_000 < soundness.VERSION_MIN:
            said = refused(url)
            assert said.code == 2 and said.error["code"] == "database-too-old"
            assert str(version) in said.error["message"] and "16" in said.error["message"]
            return
        monkeypatch.setattr(soundness, "VERSION_MIN", (version + 1) * 10_000)
        with pytest.raises(Refusal) as refusal:
            own_server.prepare(url, folder)
        assert refusal.value.code == "database-too-old" and str(version) in refusal.value.message
    finally:
        subprocess.run([*command, "-m", "immediate", "stop"], **common)
        shutil.rmtree(folder, ignore_errors=True)


def calls_reach_telephones(county: RealCounty, server: Server, database: str) -> None:
    opened = nights.begin(county)
    sql = f"SELECT count(*) FROM callout_attempt WHERE state = 'submitted' AND submits > 0 AND {opened} > 0"
    until(lambda: int(str(server.ask(sql, database)[0][0])) > 0)


def whole_county(server: Server, url: str, database: str) -> None:
    with real_county() as own:
        answer = own.up(DATABASE_URL=url)
        assert set(answer["links"]) == {"setup", "duty"}
        assert not (own.home / "postgres").exists()
        for pid in own.processes().values():
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"DATABASE_URL" not in environment, "the site's account stays with the command"
        assert own.run("user", "list").code == 0, "later commands know the server by themselves"
        calls_reach_telephones(own, server, database)
        assert own.run("journal", "verify").answer["whole"] is True
        assert own.down().answer["stopped"] is True
        assert server.cluster.running(), "the site's server is not ours to stop"
        assert "links" not in own.up()
        rows = own.run("plan", "status").answer["rows"]
        assert rows, "what was there is there"
        another = own.run("county", "new", "500232", "乙县", DATABASE_URL=url)
        assert another.code == 2, "a second county never writes into the first one's database"
        assert another.error["code"] == "database-taken"
        kept = json.loads((own.home / "own_server.json").read_text())
        assert WORD not in json.dumps(kept) and "user" not in kept["url"]
        assert (own.home / "own_server.json").stat().st_mode & 0o077 == 0
        own.down()
        moved = own.run("up", DATABASE_URL=server.url("site_super", "postgres"))
        assert moved.error["code"] == "database-empty", moved
        server.ask("ALTER SYSTEM SET synchronous_commit = off")
        server.ask("SELECT pg_reload_conf()")
        try:
            said = own.run("up")
            assert said.code == 2 and said.error["code"] == "database-not-durable"
        finally:
            server.ask("ALTER SYSTEM RESET synchronous_commit")
            server.ask("SELECT pg_reload_conf()")


def test_a_night_on_the_sites_server_as_a_plain_owner(server: Server) -> None:
    server.ask(f"CREATE ROLE site_super LOGIN SUPERUSER PASSWORD '{WORD}'")
    url = server.account("site_owner", "CREATEROLE", "county_a")
    whole_county(server, url, "county_a")


@pytest.mark.drill
def test_a_night_on_the_sites_server_as_its_superuser_after_another_county_left(
    server: Server,
) -> None:
    server.ask("CREATE DATABASE county_b")
    url = server.url("site_super", "county_b")
    said = refused(url)
    assert said.error["code"] == "database-shared" and "county_a" in said.error["place"]
    server.ask("DROP DATABASE county_a")
    whole_county(server, url, "county_b")
