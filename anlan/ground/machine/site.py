"""Where the county of this process lives: folder, database, keys, ports.

`ANLAN_HOME` names the county's folder. Without it the current county of this checkout is taken:
as root under /var/lib/anlan, else under the user's data folder, keyed by the checkout so that two
checkouts never meet.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

DATABASE = "anlan"
DEFAULT_PORTS = {
    "console": 8000,
    "live": 8001,
    "public": 8002,
    "phonebox": 8003,
    "smpp": 2775,
    "postgres": 0,
}
ROLE_OF_PROCESS = {
    "console": "app",
    "live": "app",
    "worker": "app",
    "public": "public",
    "watchdog": "watchdog",
    "owner": "owner",
}


@dataclass(frozen=True)
class Site:
    """A county on this machine."""

    home: Path
    ports: dict[str, int]
    facts: dict[str, object]

    @property
    def code(self) -> str:
        return str(self.facts.get("code", ""))

    @property
    def demo(self) -> bool:
        return bool(self.facts.get("demo", False))

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def files(self) -> Path:
        return self.home / "files"

    @property
    def anchors(self) -> Path:
        return self.home / "anchors" / "journal"

    @property
    def database_url(self) -> str:
        """The site's own server where `DATABASE_URL` names one."""
        return os.environ.get("DATABASE_URL", "")

    def dsn(self, process: str) -> str:
        """Connection string for a process role: console, live, worker, public, watchdog, owner."""
        role = ROLE_OF_PROCESS[process]
        if self.database_url:
            from anlan.ground.machine.own_server import dsn_for

            return dsn_for(self.database_url, role, self.home)
        from anlan.ground.machine.postgres import Cluster

        return Cluster(self.home / "postgres").dsn(role, DATABASE)

    def address(self, part: str, path: str = "/") -> str:
        return f"http://localhost:{self.ports[part]}{path}"


def checkout() -> Path:
    """The folder that holds the package: a checkout, or site-packages."""
    return Path(__file__).resolve().parents[3]


def root_folder() -> Path:
    """Where this checkout keeps its counties."""
    if "ANLAN_ROOT" in os.environ:
        return Path(os.environ["ANLAN_ROOT"])
    key = f"{zlib.crc32(str(checkout()).encode()):08x}"
    if os.geteuid() == 0:
        return Path("/var/lib/anlan") / key
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "anlan" / key


def current_home() -> Path:
    """The current county's folder: `ANLAN_HOME`, else what `anlan county use` chose last."""
    if "ANLAN_HOME" in os.environ:
        return Path(os.environ["ANLAN_HOME"])
    pointer = root_folder() / "current"
    code = pointer.read_text().strip() if pointer.exists() else "500231"
    return root_folder() / "counties" / code


def site(home: Path | None = None) -> Site:
    """The county of this process; a folder that has no facts yet gives defaults."""
    own = home or current_home()
    path = own / "county.json"
    facts = json.loads(path.read_text()) if path.exists() else {}
    return Site(own, DEFAULT_PORTS | facts.get("ports", {}), facts)
