"""Where the county of this process lives: folder, database, keys, ports.

`ANLAN_HOME` names the county's folder. Without it the current county of this checkout is taken:
as root under /var/lib/anlan, else under the user's data folder, keyed by the checkout so that two
checkouts never meet. `county.json` is written whole and has a copy beside it; a half-written one
is mended from the copy.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import own_server_file

DATABASE = "anlan"
DEMO_CODE = "500231"
COPY = "county.copy.json"
LOOPBACK = "127.0.0.1"
MARK_HEADER = "X-Anlan-County"
DEFAULT_PORTS = {
    "console": 8000,
    "live": 8001,
    "public": 8002,
    "phonebox": 8003,
    "smpp": 2775,
    "postgres": 0,
}
BOX = ("phonebox", "smpp")  # a demonstration county's telephones
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
        """The site's own server: what `DATABASE_URL` names, else where this county was made."""
        return os.environ.get("DATABASE_URL", "") or own_server_file.read_address(self.home)

    @property
    def listening(self) -> list[int]:
        """The ports of its processes; its database looks after its own.

        A real county has no telephone box: those ports are none of its own, for whoever has one.
        """
        others = ("postgres",) if self.demo else ("postgres", *BOX)
        return [port for name, port in self.ports.items() if name not in others]

    @property
    def mark(self) -> str:
        """Which folder of this machine it lives in, in 16 hexadecimal digits; told by `/health`."""
        place = self.home.stat()
        told = f"{self.home} {place.st_dev} {place.st_ino}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def dsn(self, process: str) -> str:
        """Connection string for a process role: console, live, worker, public, watchdog, owner."""
        role = ROLE_OF_PROCESS[process]
        if self.database_url:
            return own_server_file.dsn_for(self.database_url, role, self.home)
        from anlan.ground.machine.postgres import Cluster

        return Cluster(self.home / "postgres").dsn(role, DATABASE)

    @property
    def https_host(self) -> str:
        """The name under which its own processes speak HTTPS; empty on plain HTTP for localhost."""
        told = self.facts.get("https")
        return str(told.get("host", "")) if isinstance(told, dict) else ""

    @property
    def bind(self) -> str:
        """The address on which console, live and public listen."""
        told = self.facts.get("https")
        return str(told.get("bind", LOOPBACK)) if isinstance(told, dict) else LOOPBACK

    def address(self, part: str, path: str = "/") -> str:
        """Where a part is found from; the telephone box never leaves this machine."""
        if self.https_host and part != "phonebox":
            return f"https://{self.https_host}:{self.ports[part]}{path}"
        return f"http://localhost:{self.ports[part]}{path}"


def tls_folder(home: Path) -> Path:
    """Where a county keeps the certificate and key of its own HTTPS."""
    return home / "keys" / "tls"


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
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else _home() / ".local" / "share") / "anlan" / key


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise Refusal(
            "no-home", "这个用户没有主目录，不知道县放在哪里", f"用户编号 {os.geteuid()}",
            "写明位置再运行：ANLAN_ROOT=/目录 make up",
        ) from error  # fmt: skip


def current_home() -> Path:
    """The current county's folder: `ANLAN_HOME`, else what `anlan county use` chose last."""
    if "ANLAN_HOME" in os.environ:
        return Path(os.environ["ANLAN_HOME"]).absolute()
    pointer = root_folder() / "current"
    code = pointer.read_text().strip() if pointer.exists() else ""
    return root_folder() / "counties" / (code or DEMO_CODE)


def site(home: Path | None = None) -> Site:
    """The county of this process; a folder that has no facts yet gives defaults.

    Refusal where its facts cannot be read, by this user or by anybody.
    """
    own = home or current_home()
    try:
        facts = read_facts(own)
    except PermissionError as error:
        raise other_users(own) from error
    return Site(own, DEFAULT_PORTS | facts.get("ports", {}), facts)


def read_facts(home: Path) -> dict[str, Any]:
    """`county.json`, or its copy where that is damaged; empty before the county is made."""
    paths = [home / "county.json", home / COPY]
    if not any(path.exists() for path in paths):
        return {}
    for path in paths:
        try:
            found = json.loads(path.read_text())
            if isinstance(found, dict) and isinstance(found.get("ports", {}), dict):
                return found
        except (FileNotFoundError, ValueError):
            continue
    raise NotRunning(
        "county-file", "county.json 写坏了，副本也读不出", str(home / "county.json"),
        '数据没有动。写成 {"code": "六位代码", "name": "县名", "demo": false} 再运行 make up'
        "（演示县 demo 写 true）",
    )  # fmt: skip


def write_facts(home: Path, facts: dict[str, Any]) -> None:
    """The copy first, then `county.json`: one of them is whole, whenever the power fails."""
    text = json.dumps(facts, ensure_ascii=False)
    write_whole(home / COPY, text)
    write_whole(home / "county.json", text)


def write_whole(path: Path, text: str) -> None:
    """A file that is the old one or the new one, whenever the power fails."""
    fresh = path.with_suffix(path.suffix + ".new")
    with fresh.open("w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(path)


def other_users(folder: Path) -> Refusal:
    """The refusal where the county belongs to another user of this machine."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        name = folder.owner()
    except (KeyError, OSError):
        name = "另一个用户"
    return Refusal(
        "other-user", f"这个县的目录属于 {name}", str(folder),
        f"请以 {name} 运行，例如 runuser -u {name} -- make up；或换目录：ANLAN_ROOT=/目录 make up",
    )  # fmt: skip
