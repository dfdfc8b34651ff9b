"""Tables as this version wants them, nothing lost: for `anlan upgrade` and for every start.

Flows in: a county that another version made. Flows out: its tables brought up to date after a
backup, or a refusal before anything was changed: where this program is the older one, where a
migration would take away what holds something, where no backup could be made.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from anlan.faces.cli.answers import Steps
from anlan.faces.cli.prepare import run_step, schema_mark
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import backup, dumping, manifest, upgrade
from anlan.ground.machine.site import Site

KEPT_BEFORE = 3
FOLDER = "before-upgrade"
COMES_AND_GOES = frozenset({"django_session", "django_migrations", "county_try", "ground_request"})


def bring_up_to_date(
    own: Site, steps: Steps, lose: str = "", backed_up: bool = False
) -> dict[str, Any]:
    """Check, back up, migrate, count again. The database must run.

    lose: why what holds something may go. backed_up: the site made a backup by its own means.
    Returns the migrations that were applied, and where the backup lies.
    """
    upgrade.newer_than_program(own.dsn("owner"))
    planned: dict[str, Any] = json.loads(run_step(own, "plan"))
    if not planned["pending"]:
        (own.home / "schema").write_text(schema_mark())
        return {"applied": [], "backup": None}
    _refuse_losses(own, planned, lose)
    folder = None if backed_up else _back_up(own, steps)
    before = _counts(own)
    steps.next(f"更新表结构：{len(planned['pending'])} 步")
    run_step(own, "migrate")
    (own.home / "schema").write_text(schema_mark())
    _nothing_gone(before, _counts(own), planned, folder)
    return {"applied": planned["pending"], "backup": str(folder) if folder else None}


def _refuse_losses(own: Site, planned: dict[str, Any], lose: str) -> None:
    losses = [upgrade.Loss(**row) for row in planned["losses"]]
    if not losses or lose:
        return
    with psycopg.connect(backup.reader_dsn(own), connect_timeout=upgrade.CONNECT_S_MAX) as own_eyes:
        dumping.may_read(own_eyes)
        upgrade.refuse_losses(own_eyes, losses)


def _back_up(own: Site, steps: Steps) -> Path:
    """Beside the county's folder; the newest KEPT_BEFORE stay."""
    parent = own.home.parent.parent if own.home.parent.name == "counties" else own.home.parent
    folder = parent / FOLDER / f"{own.code}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    steps.next(f"先备份到 {folder}")
    try:
        backup.make(own, folder, beside=True)
    except Refusal as refusal:
        if refusal.code == "backup-right":
            raise Refusal(
                "upgrade-no-backup", "升级前要备份，这个账号看不到全部记录", refusal.place,
                "请数据库管理员备份后运行：anlan upgrade --backed-up",
            ) from refusal  # fmt: skip
        raise
    ours = sorted(p.parent for p in folder.parent.glob(f"{own.code}-*/{manifest.NAME}"))
    for old in ours[:-KEPT_BEFORE]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _counts(own: Site) -> dict[str, int]:
    """Rows of every table; nothing where the account does not see them all."""
    with psycopg.connect(backup.reader_dsn(own), connect_timeout=upgrade.CONNECT_S_MAX) as own_eyes:
        try:
            dumping.may_read(own_eyes)
        except Refusal:
            return {}
        return dumping.count(own_eyes)


def _nothing_gone(
    before: dict[str, int], after: dict[str, int], planned: dict[str, Any], folder: Path | None
) -> None:
    """Whatever a migration did: no table has fewer rows than it had, unless it was said so."""
    said = {row["table"] for row in planned["losses"]} | COMES_AND_GOES
    fewer = [f"{t} {n} → {after.get(t, 0)}" for t, n in before.items()
             if t not in said and after.get(t, 0) < n]  # fmt: skip
    if fewer:
        raise NotRunning(
            "upgrade-fewer", "升级后有的表行数变少了", "、".join(fewer[:5]),
            f"make down；把县目录改名留着，anlan restore {folder} 恢复到升级前，并告诉维护者",
        )  # fmt: skip
