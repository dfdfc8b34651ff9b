"""Our own PostgreSQL: made once, in any folder, mended after a kill; or the site's."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from anlan.ground.machine import own_server, own_server_file
from anlan.ground.machine.postgres import Cluster, ClusterFailed


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name has spaces and Chinese."""
    own = Path(tempfile.mkdtemp(prefix="安澜 a b "))
    own.chmod(0o755)
    yield own
    shutil.rmtree(own, ignore_errors=True)


@pytest.fixture
def made(folder: Path) -> Iterator[Cluster]:
    own = Cluster(folder / "postgres", fast=True)
    own.init()
    yield own
    own.stop()


def test_it_starts_in_a_folder_with_spaces_and_chinese_and_twice_is_once(made: Cluster) -> None:
    made.start()
    made.create_database("anlan")
    made.init()
    assert made.has_database("anlan")
    with psycopg.connect(made.dsn("app", "anlan")) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("anlan_app",)


def test_it_comes_back_after_kill_9_with_its_stale_pid_file(made: Cluster) -> None:
    process = made.start()
    made.create_database("kept")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not made.running()
    for _try in range(50):
        try:
            made.start()
            break
        except ClusterFailed:
            continue
    assert made.has_database("kept")


def test_a_taken_port_is_replaced(made: Cluster) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (made.folder / "port").write_text(str(taken))
        made.start()
        assert made.port != taken


def test_an_interrupted_first_start_is_made_anew(folder: Path) -> None:
    own = Cluster(folder / "postgres", fast=True)
    (folder / "postgres" / "data").mkdir(parents=True)
    (folder / "postgres" / "data" / "PG_VERSION").write_text("18")
    own.init()
    own.start()
    own.stop()


def test_a_wrong_password_opens_nothing(made: Cluster) -> None:
    made.start()
    bare = psycopg.conninfo.make_conninfo(made.dsn("app"), password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(bare)


def test_passwords_are_for_their_owner_only(made: Cluster) -> None:
    assert (made.folder / "passwords.json").stat().st_mode & 0o077 == 0


def test_two_folders_have_two_uids_and_never_root(folder: Path) -> None:
    first, second = Cluster(folder / "a").account.uid, Cluster(folder / "b").account.uid
    if os.geteuid() == 0:
        assert first and second and first != second
    else:
        assert first is None and second is None


def test_the_sites_own_server_gets_our_roles(made: Cluster, folder: Path) -> None:
    made.start()
    made.create_database("site")
    url = made.dsn("superuser", "site")
    for _again in range(2):
        own_server.prepare(url, folder)
    with psycopg.connect(own_server_file.dsn_for(url, "owner", folder)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("anlan_owner",)
        connection.execute("CREATE TABLE t (id int)")
