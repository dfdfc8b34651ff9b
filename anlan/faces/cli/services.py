"""`anlan service print` and `install`: the county starts again by itself after a power cut."""

from __future__ import annotations

import argparse
import shutil
import subprocess

from anlan.faces.cli.answers import Answer
from anlan.ground.errors import NotRunning
from anlan.ground.machine import Site, service, site

SYSTEMCTL_S_MAX = 60


def service_print(options: argparse.Namespace) -> Answer:
    """The unit, written nowhere."""
    own = _made()
    text, path = service.unit(own, options.user), service.place(own, options.user)
    return 0, {"schema": "anlan.service/1", "path": str(path), "unit": text}, text


def service_install(options: argparse.Namespace) -> Answer:
    """Write the unit and have systemd start it at the next start of the machine."""
    own = _made()
    path = service.place(own, options.user)
    new = service.install(own, path, service.unit(own, options.user))
    scope = ["--user"] if options.user else []
    said = _systemctl([*scope, "daemon-reload"]) or _systemctl([*scope, "enable", path.name])
    then = f"systemctl {' '.join([*scope, 'start', path.name])}"
    text = f"{'已写' if new else '已有'} {path}\n"
    text += (
        f"开机自启还没有打开：{said}" if said else f"开机自启已打开；现在启动：make down，再 {then}"
    )
    if options.user:
        text += "\n没有人登录时也要运行：loginctl enable-linger"
    answer = {"schema": "anlan.service/1", "path": str(path), "new": new, "enabled": not said}
    return (1 if said else 0), answer, text


def _made() -> Site:
    own = site()
    if not (own.home / "ready").exists():
        raise NotRunning("no-county", "本机还没有这个县", str(own.home), "make up")
    return own


def _systemctl(words: list[str]) -> str:
    """Why it failed, else an empty string."""
    if shutil.which("systemctl") is None:
        return "本机没有 systemd（没有 systemctl）"
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False,
                          timeout=SYSTEMCTL_S_MAX)  # fmt: skip
    return (done.stderr or done.stdout).strip()[-300:] if done.returncode else ""
