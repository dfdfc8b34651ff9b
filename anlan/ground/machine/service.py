"""The unit by which systemd starts the county's supervisor after a power cut, and ends it in order.

Flows in: the county and the account. Flows out: the text of a unit, for the system (root writes it,
the county's own account runs it) or for one user.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from anlan.ground.errors import Refusal
from anlan.ground.machine.processes import STOP_S_MAX
from anlan.ground.machine.site import Site, checkout, write_whole

SYSTEM_FOLDER = Path("/etc/systemd/system")
KEPT = ("ANLAN_HOSTS", "ANLAN_PUBLIC_URL", "ANLAN_ALARM", "ANLAN_SMPP", "ANLAN_SMPP_ID",
        "ANLAN_SMPP_SOURCE", "ANLAN_PASSWORD_RULES", "ANLAN_LOG")  # fmt: skip
SECRETS = "service.env"
STOP_S = int(STOP_S_MAX * 6)


def name_of(own: Site) -> str:
    return f"anlan-{own.code or own.home.name}.service"


def unit(own: Site, user: bool) -> str:
    """The unit's text. user: for the user's own systemd, which names no account."""
    account = pwd.getpwuid(own.home.stat().st_uid).pw_name
    settings = [
        f"ANLAN_HOME={own.home}",
        *(f"{k}={os.environ[k]}" for k in KEPT if k in os.environ),
    ]
    lines = [
        "[Unit]", f"Description=安澜 {own.facts.get('name', '')}", "After=network.target", "",
        "[Service]", *([] if user else [f"User={account}"]),
        f"WorkingDirectory={_escaped(str(checkout()))}",
        *(f"Environment={_quoted(each)}" for each in settings),
        # What is secret (ANLAN_SMPP_PASSWORD) stands in a file that its owner alone reads.
        f"EnvironmentFile=-{_escaped(str(own.home / SECRETS))}",
        f"ExecStart={_quoted(sys.executable)} -m anlan.ground.machine.processes",
        # The supervisor ends its processes one after another, the database last.
        "KillMode=mixed", f"TimeoutStopSec={STOP_S}", "Restart=always", "RestartSec=2",
        "", "[Install]", f"WantedBy={'default' if user else 'multi-user'}.target", "",
    ]  # fmt: skip
    return "\n".join(lines)


def place(own: Site, user: bool) -> Path:
    """Where the unit belongs."""
    if user:
        base = Path(os.environ.get("XDG_CONFIG_HOME", "") or Path.home() / ".config")
        return base / "systemd" / "user" / name_of(own)
    return SYSTEM_FOLDER / name_of(own)


def install(own: Site, path: Path, text: str) -> bool:
    """Write the unit; False where it stood there already. Refusal where another stands there."""
    if path.exists():
        if path.read_text(encoding="utf-8") == text:
            return False
        raise Refusal(
            "service-there", "已有一个内容不同的服务文件，不覆盖", str(path),
            f"比较 anlan service print 的内容；确认不要旧的：rm '{path}' 再来一次",
        )  # fmt: skip
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except PermissionError as error:
        raise Refusal(
            "service-right", "没有权限写系统服务", str(path),
            "用 root 运行，或加 --user 装到自己的账号下",
        ) from error  # fmt: skip
    return True


def _escaped(text: str) -> str:
    """A path of a unit: % begins a specifier there."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escaped(plain)}"'
