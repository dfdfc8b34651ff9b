"""One throw-away PostgreSQL for the whole run, and a fresh copy of a migrated database a test.

The server is real and the roles are the ones of a county, so that row-level security, grants and
locks hold in tests as they hold at night. Nothing here reaches beyond this machine.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

COUNTY = 500231000000
TOWNSHIPS = (500231109000, 500231105000)
VILLAGES = (500231109001, 500231109002, 500231105001, 500231105002)
TEMPLATE = "anlan_template"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--drill", action="store_true", help="the long ones too (make drill)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`drill` marks what takes too long for every `make test`; a sample of each runs there."""
    if config.getoption("--drill"):
        return
    later = [item for item in items if item.get_closest_marker("drill")]
    items[:] = [item for item in items if item not in later]
    config.hook.pytest_deselected(items=later)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Two processes share the work by file, and all of the browser's stay in one.

    Tests of a file share what it starts, and the browser's share one county: marks of groups would
    do, were they not lost by the pytest that we lock.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return "browser" if file.startswith("tests/browser/") else file

    return ByFile(config, log)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "drill: long, runs in `make drill` only")
    home = Path(tempfile.mkdtemp(prefix="anlan-test-"))
    home.chmod(0o755)
    for name in ("keys", "files"):
        (home / name).mkdir(mode=0o700)
    os.environ.update(
        ANLAN_HOME=str(home),
        ANLAN_KEYS=str(home / "keys"),
        ANLAN_FILES=str(home / "files"),
        ANLAN_ROLE="console",
        ANLAN_TEST="1",
        DJANGO_SETTINGS_MODULE="anlan.faces.settings",
    )
    from anlan.ground.secrets import make_keys

    make_keys(home / "keys")
    import django

    django.setup()
    _cheap_passwords()
    _keep_log(home / "suite.log")
    config.stash[HOME] = home


def _cheap_passwords() -> None:
    """The same hash with little memory: tests sign in by the hundred, and none is a secret."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.time_cost = 1024, 1
    Argon2PasswordHasher.parallelism = 1


# What tests use as secrets: the log of the whole run holds none of them.
LOG_CANARIES = ("Grünes Licht um 6 Uhr", "Kastanien blühen 7 mal", "Vier Boote ohne Ruder 4",
                "Der Regen zählt 31 Tage", "13987654321", "SecretTokenOfALink0123456789abcdef",
                "500231199001011234")  # fmt: skip


def _keep_log(path: Path) -> None:
    import logging

    from anlan.ground.logs import UtcFormatter

    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(UtcFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)


@pytest.fixture(scope="session", autouse=True)
def _no_secret_in_the_log(home: Path) -> Iterator[None]:
    """The run fails where a password, a token or a number stands in its log; in each process."""
    yield
    path = home / "suite.log"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert [canary for canary in LOG_CANARIES if canary in text] == [], "secrets in the log"


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


HOME: pytest.StashKey[Path] = pytest.StashKey()


@pytest.fixture(scope="session")
def home(request: pytest.FixtureRequest) -> Path:
    return request.config.stash[HOME]


@pytest.fixture(scope="session")
def cluster(home: Path) -> Iterator[Any]:
    """A PostgreSQL of this run alone, without fsync: it is thrown away afterwards."""
    from anlan.ground.machine.postgres import Cluster

    own = Cluster(home / "postgres", fast=True)
    own.init()
    own.start()
    try:
        yield own
    finally:
        own.stop()


def _use_database(cluster: Any, name: str, role: str = "app") -> None:
    from django.db import connections

    connections.close_all()
    parts = psycopg.conninfo.conninfo_to_dict(cluster.dsn(role, name))
    settings = connections["default"].settings_dict
    settings.update(
        NAME=parts["dbname"],
        USER=parts["user"],
        PASSWORD=parts.get("password", ""),
        HOST=parts["host"],
        PORT=str(parts.get("port", "")),
        CONN_MAX_AGE=None,
    )


@pytest.fixture(scope="session")
def template(cluster: Any) -> str:
    """The migrated, empty database that tests copy."""
    from django.core.management import call_command

    cluster.create_database(TEMPLATE)
    _use_database(cluster, TEMPLATE, "owner")
    call_command("migrate", verbosity=0, interactive=False)
    _close()
    return TEMPLATE


def _close() -> None:
    from django.db import connections

    connections.close_all()


_number = iter(range(1, 1_000_000))


def _copy(cluster: Any, template: str) -> Iterator[str]:
    name = f"anlan_t{next(_number)}"
    cluster.create_database(name, template=template)
    _use_database(cluster, name)
    try:
        yield name
    finally:
        _close()
        cluster.drop_database(name)


@pytest.fixture
def empty_db(cluster: Any, template: str) -> Iterator[str]:
    """A migrated database with nothing in it but the real world."""
    yield from _copy(cluster, template)


@pytest.fixture(scope="session")
def small_template(cluster: Any, template: str) -> str:
    """A small county: two townships with two villages each, every post held."""
    from tests import small_county

    name = "anlan_small_template"
    cluster.create_database(name, template=template)
    _use_database(cluster, name)
    small_county.make()
    _close()
    return name


@pytest.fixture
def county_db(cluster: Any, small_template: str) -> Iterator[str]:
    """A fresh copy of the small county."""
    yield from _copy(cluster, small_template)


@pytest.fixture(scope="session")
def night_template(cluster: Any, small_template: str) -> tuple[str, dict[str, Any]]:
    """The small county after one night with something in every table, and the ids of it."""
    from tests import night, small_county

    name = "anlan_night_template"
    cluster.create_database(name, template=small_template)
    _use_database(cluster, name)
    ids = night.make(small_county.scope_of)
    _close()
    return name, ids


@pytest.fixture
def night(cluster: Any, night_template: tuple[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A fresh copy of the night; the ids by the name of the part of an address that they fill."""
    name, ids = night_template
    for _database in _copy(cluster, name):
        yield dict(ids)


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """A page asked for in English leaves its language in the thread; the next test has none."""
    yield
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(scope="session")
def full_template(cluster: Any, template: str) -> str:
    """The demonstration county whole: 26 townships, 301 villages."""
    from anlan.county import demo
    from anlan.ground.scope import Scope

    name = "anlan_full_template"
    cluster.create_database(name, template=template)
    _use_database(cluster, name)
    demo.make(Scope.for_command("test"))
    _close()
    return name


@pytest.fixture
def full_county(cluster: Any, full_template: str) -> Iterator[str]:
    """A fresh copy of the demonstration county."""
    yield from _copy(cluster, full_template)


@pytest.fixture
def as_role(cluster: Any, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Reconnect the open test database as another database role: app, public, watchdog, owner."""

    def reconnect(role: str) -> None:
        from django.db import connection

        _use_database(cluster, connection.settings_dict["NAME"], role)

    return reconnect


@pytest.fixture
def owner_sql(cluster: Any) -> Callable[..., list[tuple[Any, ...]]]:
    """Run SQL as the cluster's superuser on the test's database: for mutants and clocks only."""

    def run(sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        from django.db import connection

        name = connection.settings_dict["NAME"]
        with psycopg.connect(cluster.dsn("superuser", name), autocommit=True) as own:
            cursor = own.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def move_clock(owner_sql: Callable[..., Any]) -> Callable[[float], None]:
    """Move the clock of a world by seconds; no test sleeps."""

    def move(seconds: float, world: int = 0) -> None:
        owner_sql(
            'UPDATE ground_world SET "offset" = "offset" + make_interval(secs => %s) WHERE id = %s',
            (seconds, world),
        )

    return move


@pytest.fixture
def its_county(request: pytest.FixtureRequest) -> str:
    """The small county that the test runs in: after the night where it asks for one."""
    asked = "night" if "night" in request.fixturenames else "county_db"
    return str(request.getfixturevalue(asked))


@pytest.fixture
def scope_of(its_county: str) -> Callable[..., Any]:
    """The scope of a post of the small county: scope_of("township_duty", TOWNSHIPS[0])."""
    from tests import small_county

    return small_county.scope_of


@pytest.fixture
def client_of(its_county: str) -> Callable[..., Any]:
    """A Django test client signed in, second factor and all, as the holder of a post."""
    from tests import small_county

    return small_county.client_of
