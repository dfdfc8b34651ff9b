"""`anlan county new|list|use`: this machine's counties, each with its own database and keys."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from anlan.faces.cli.answers import Answer, Steps
from anlan.faces.cli.start import (
    DISK_BYTES_FIRST,
    enough_disk,
    first_links,
    link_text,
    make,
    refusing,
    settle_ports,
    starting,
)
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import Site, site
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.processes import environment, supervisor_pid
from anlan.ground.machine.site import current_home, root_folder, write_whole

CODE_DIGITS = 6
NAME_CHARS_MAX = 50


def county_list(_options: argparse.Namespace) -> Answer:
    """The counties of this machine, the current one marked."""
    current = current_home()
    found = []
    folder = root_folder() / "counties"
    for home in sorted(folder.iterdir()) if folder.exists() else []:
        try:
            own = site(home)
        except Refusal as refusal:
            found.append({"code": home.name, "name": "", "demo": False, "current": home == current,
                          "running": False, "fault": refusal.message})  # fmt: skip
            continue
        found.append({"code": home.name, "name": own.facts.get("name", ""), "demo": own.demo,
                      "current": home == current, "running": supervisor_pid(own) is not None,
                      "fault": ""})  # fmt: skip
    lines = [
        f"{'*' if c['current'] else ' '} {c['code']} {c['name']}{' 演示' if c['demo'] else ''}"
        f"{' 在运行' if c['running'] else ''}{c['fault']}"
        for c in found
    ]
    return 0, {"counties": found}, "\n".join(lines) or "还没有，运行 make up"


def county_new(options: argparse.Namespace) -> Answer:
    """An empty, real county; its divisions come from a file, its people by hand or XLSX."""
    home = _place_of(options.code, options.name, options.divisions)
    running = supervisor_pid(Site(current_home(), {}, {})) is not None
    with refusing(site(home)), starting(site(home)):
        enough_disk(home, DISK_BYTES_FIRST)
        facts = {"code": options.code, "name": options.name, "demo": False}
        own = settle_ports(home, facts)
        steps = Steps()
        make(own, steps)
        made = _finish(own, options.divisions)
        steps.end()
    if not running:
        write_whole(root_folder() / "current", options.code)
    then = "make down && anlan county use " + options.code if running else "make up"
    text = f"已建立 {options.name}（空的，不是演示），运行 {then} 启动{link_text(made)}"
    return 0, {"code": options.code, "links": made, "current": not running}, text


def _place_of(code: str, name: str, divisions: str | None) -> Path:
    if not (code.isascii() and code.isdigit() and len(code) == CODE_DIGITS):
        raise Refusal("county-code", "区划代码应为六位数字", code, "例如 500231")
    if not 0 < len(name.strip()) <= NAME_CHARS_MAX:
        raise Refusal("county-name", f"县名应为 1 到 {NAME_CHARS_MAX} 个字", name, "例如 垫江县")
    if divisions and not Path(divisions).is_file():
        raise Refusal("file-missing", "没有这个文件", divisions, "请核对路径")
    home = root_folder() / "counties" / code
    if (home / "ready").exists():
        raise Refusal("county-exists", "这个县已在本机", str(home), f"anlan county use {code}")
    return home


def _finish(own: Site, divisions: str | None) -> dict[str, str]:
    """Divisions and links of a new county, and its database stopped again."""
    cluster = None if own.database_url else Cluster(own.home / "postgres")
    try:
        _found(own, divisions)
        made = first_links(own)
        (own.home / "links.due").unlink(missing_ok=True)
        return made
    except BaseException:
        (own.home / "ready").unlink(missing_ok=True)
        raise
    finally:
        if cluster is not None:
            cluster.stop()


def _found(own: Site, divisions: str | None) -> None:
    """What the county is, its one vacant post, and its divisions where a file is given."""
    os.environ.update(environment(own, "worker"))
    import django

    django.setup()
    from anlan.county.division_actions import found_county
    from anlan.faces.cli.county_files import take_in
    from anlan.ground.models import CountyFact
    from anlan.ground.places import parse
    from anlan.ground.scope import Scope

    scope = Scope.for_command("county-new", frozenset({"county.edit"}))
    with scope.open():
        there = CountyFact.objects.exists()
    if not there:
        found_county(scope, parse(own.code), str(own.facts.get("name", "")))
    if divisions:
        take_in(Path(divisions), "county-new")


def county_use(options: argparse.Namespace) -> Answer:
    """Which county `make up` starts."""
    home = root_folder() / "counties" / options.code
    if not options.code.isalnum() or not (home / "county.json").exists():
        raise Refusal("county-unknown", "本机没有这个县", options.code, "anlan county list")
    current = current_home()
    if current != home and supervisor_pid(Site(current, {}, {})) is not None:
        raise NotRunning("running", "另一个县正在运行", str(current), "请先运行 make down")
    with refusing(site(home)):
        write_whole(root_folder() / "current", options.code)
    return 0, {"current": options.code}, f"当前县：{options.code}，运行 make up 启动"
