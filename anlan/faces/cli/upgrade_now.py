"""`anlan upgrade`: the tables brought up to date, and what runs started again as this version."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from anlan.faces.cli import start
from anlan.faces.cli.answers import Answer, Steps
from anlan.faces.cli.upgrades import bring_up_to_date
from anlan.ground.errors import NotRunning
from anlan.ground.machine import site
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.processes import stop, supervisor_pid
from anlan.ground.machine.site import Site


def upgrade_county(options: argparse.Namespace) -> Answer:
    """The same by itself; what runs is stopped afterwards and started as the new version."""
    own, steps = site(), Steps()
    if not (own.home / "ready").exists():
        raise NotRunning("no-county", "本机还没有这个县", str(own.home), "make up")
    with start.refusing(own), start.starting(own):
        ran = supervisor_pid(own) is not None
        with database(own):
            done = bring_up_to_date(own, steps, options.lose or "", options.backed_up)
        steps.end()
        if ran:
            stop(own)
            start.start_again(own)
    applied = done["applied"]
    text = f"已更新 {len(applied)} 步，升级前的备份在 {done['backup']}" if applied else "已是最新"
    return 0, {"schema": "anlan.upgrade/1", **done, "restarted": ran}, text


@contextmanager
def database(own: Site) -> Iterator[None]:
    """The county's own server runs meanwhile; one that was started here is stopped again."""
    cluster = None if own.database_url else Cluster(own.home / "postgres")
    started = cluster is not None and not cluster.running()
    if cluster is not None and started:
        cluster.start()
    try:
        yield
    finally:
        if cluster is not None and started:
            cluster.stop()
