"""The site's own PostgreSQL, named by `DATABASE_URL`: a role that may create roles in its database.

Our roles are made there once with passwords of their own, which lie in the county's folder.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from anlan.ground.machine.postgres import LOGIN_ROLES, SEARCH_ROLE


def _passwords(home: Path) -> Path:
    return home / "own_server.json"


def prepare(url: str, home: Path) -> None:
    """Make or renew our roles on the site's server, and give the owner its database."""
    path = _passwords(home)
    if not path.exists():
        made = {role: secrets.token_urlsafe(24) for role in LOGIN_ROLES}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            json.dump(made, handle)
    words = json.loads(path.read_text())
    with psycopg.connect(url, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in LOGIN_ROLES:
            verb = "ALTER" if f"anlan_{role}" in known else "CREATE"
            name = sql.Identifier(f"anlan_{role}")
            connection.execute(
                sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(name, words[role])
            )
        if SEARCH_ROLE not in known:
            connection.execute(f"CREATE ROLE {SEARCH_ROLE} NOLOGIN")
        connection.execute(f"GRANT {SEARCH_ROLE} TO anlan_owner")
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO anlan_owner").format(database))


def dsn_for(url: str, role: str, home: Path) -> str:
    """The site's address with the user and password of our role."""
    words = json.loads(_passwords(home).read_text())
    return psycopg.conninfo.make_conninfo(url, user=f"anlan_{role}", password=words[role])
