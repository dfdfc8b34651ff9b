"""A throw-away county for measuring: durable PostgreSQL, migrated, gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


@contextmanager
def throw_away_county(name: str = "bench") -> Iterator[Any]:
    """Yields the cluster; Django is set up and connected as the application's role."""
    from anlan.ground.machine.postgres import Cluster
    from anlan.ground.secrets import make_keys

    with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        (home / "files").mkdir(mode=0o700)
        make_keys(home / "keys")
        os.environ.update(
            ANLAN_HOME=folder,
            ANLAN_KEYS=str(home / "keys"),
            ANLAN_FILES=str(home / "files"),
            ANLAN_ROLE="worker",
            ANLAN_TEST="1",
            DJANGO_SETTINGS_MODULE="anlan.faces.settings",
        )
        import django

        django.setup()
        cluster = Cluster(home / "postgres")
        cluster.init()
        cluster.start()
        try:
            cluster.create_database(name)
            _migrate(cluster, name)
            connect(cluster, name, "app")
            yield cluster
        finally:
            _close()
            cluster.stop()


def connect(cluster: Any, name: str, role: str) -> None:
    """Point Django's connection at the database under the role."""
    from django.db import connections

    connections.close_all()
    parts = psycopg.conninfo.conninfo_to_dict(cluster.dsn(role, name))
    connections["default"].settings_dict.update(
        NAME=parts["dbname"],
        USER=parts["user"],
        PASSWORD=parts.get("password", ""),
        HOST=parts["host"],
        PORT=str(parts.get("port", "")),
    )


def _migrate(cluster: Any, name: str) -> None:
    from django.core.management import call_command

    connect(cluster, name, "owner")
    call_command("migrate", verbosity=0, interactive=False)


def _close() -> None:
    from django.db import connections

    connections.close_all()
