"""What a county's folder keeps of the site's own server: its address, and our roles' passwords."""

from __future__ import annotations

import json
from pathlib import Path

from psycopg import conninfo

OWN_SERVER = "own_server.json"


def read_address(home: Path) -> str:
    """The address of the site's server that this county lives on; empty on our own."""
    try:
        return str(json.loads((home / OWN_SERVER).read_text()).get("url", ""))
    except (OSError, ValueError):
        return ""


def dsn_for(url: str, role: str, home: Path) -> str:
    """The site's address with the user and password of our role."""
    words = json.loads((home / OWN_SERVER).read_text())
    return conninfo.make_conninfo(url, user=f"anlan_{role}", password=words[role])


def read_backup_account(home: Path) -> str:
    """The connection string of the site's account that may read every row; empty without one."""
    try:
        return str(json.loads((home / OWN_SERVER).read_text()).get("backup_url", ""))
    except (OSError, ValueError):
        return ""
