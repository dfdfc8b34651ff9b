"""Makes a county whole, step by step; every step may be repeated after an interruption.

Runs in processes of its own, for each step needs another database role.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine.processes import environment
from anlan.ground.machine.site import Site, checkout
from anlan.ground.machine.upgrade import Loss, losses_in_sql

if TYPE_CHECKING:
    from anlan.ground.scope import Scope

STEPS = ("plan", "migrate", "demo", "links", "restored")


WITH_TABLES = ("Django", "django-allauth")
STEP_S_MAX = 600
REFUSED = 2


class StepFailed(Exception):
    """A step did not end well; the message is the end of what it said."""

    def refusal(self, home: Path) -> Refusal:
        """The same for a person, with what to type."""
        if "No space left on device" in str(self):
            return NotRunning(
                "disk-full", "磁盘满了", str(home), "请腾出空间再运行 make up，会从中断处继续"
            )
        return NotRunning(
            "step-failed",
            "这一步没有完成",
            str(self)[-800:],
            "改正后再运行 make up，会从中断处继续",
        )


def run_step(own: Site, step: str) -> str:
    """Run one step in a process of its own; returns what it printed last.

    Raises the step's own Refusal, or StepFailed.
    """
    role = "owner" if step in ("plan", "migrate") else "worker"
    done = subprocess.run(
        [sys.executable, "-m", "anlan.faces.cli.prepare", step], capture_output=True, text=True,
        env=environment(own, role, "prepare"), check=False, cwd=checkout(), timeout=STEP_S_MAX,
    )  # fmt: skip
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if done.returncode == REFUSED:
        raise Refusal(**json.loads(last)["error"])
    if done.returncode:
        raise StepFailed((done.stderr or done.stdout).strip()[-1500:])
    return last


def schema_mark() -> str:
    """Which tables this version wants: changes with any migration of ours or of what we use."""
    names = sorted(
        str(path.relative_to(checkout()))
        for path in (checkout() / "anlan").rglob("migrations/[0-9]*.py")
    )
    names += [f"{name} {importlib.metadata.version(name)}" for name in WITH_TABLES]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def plan() -> dict[str, object]:
    """What `migrate` would do, and which tables and columns it would take away."""
    from dataclasses import asdict

    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    todo = executor.migration_plan(executor.loader.graph.leaf_nodes())
    state = executor._create_project_state(with_applied_migrations=True)
    losses: list[dict[str, object]] = []
    for migration, _backwards in todo:
        name = f"{migration.app_label}.{migration.name}"
        for operation in migration.operations:
            losses += [asdict(x) for x in _losses(name, migration.app_label, operation, state)]
            operation.state_forwards(migration.app_label, state)
    return {"pending": [f"{m.app_label}.{m.name}" for m, _ in todo], "losses": losses}


def _losses(name: str, label: str, operation: Any, state: Any) -> list[Loss]:
    """What one operation takes away, by its kind."""
    from django.db import migrations

    if isinstance(operation, migrations.SeparateDatabaseAndState):
        inner = operation.database_operations
        return [loss for one in inner for loss in _losses(name, label, one, state)]
    if isinstance(operation, migrations.RunSQL):
        parts = operation.sql if isinstance(operation.sql, (list, tuple)) else [operation.sql]
        words = [part if isinstance(part, str) else part[0] for part in parts]
        return [loss for word in words for loss in losses_in_sql(name, word)]
    if isinstance(operation, migrations.DeleteModel):
        model = state.apps.get_model(label, operation.name)
        return [Loss(name, model._meta.db_table)]
    if isinstance(operation, migrations.RemoveField):
        model = state.apps.get_model(label, operation.model_name)
        column = model._meta.get_field(operation.name).column
        return [Loss(name, model._meta.db_table, column)] if column else []
    return []


def migrate() -> dict[str, object]:
    """Bring the tables up to date."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    return {}


def demo() -> dict[str, object]:
    """The demonstration county, its zones, its plan, its accounts; nothing where it is there."""
    from anlan.county import demo as county
    from anlan.ground.scope import Scope
    from anlan.rooms.evacuation import demo as evacuation

    scope = Scope.for_command("first-start")
    county.make(scope)
    evacuation.make(scope)
    _plan(scope)
    _accounts(scope)
    return {}


def _plan(scope: Scope) -> None:
    """The demonstration plan of this year, in our own words; read and confirmed at once or not at
    all."""
    from anlan.engines.indicators import compute
    from anlan.rooms.workplan import actions, demo, queries

    with scope.open():
        if queries.current(scope) is None:
            year = compute.today(scope).year
            version = actions.import_plan(scope, demo.document(year), demo.NAME, demo=True)
            actions.confirm(scope, version.id)
            _bases(scope)


def _bases(scope: Scope) -> None:
    """What an authority would have counted, of the zones that the seed made: 演示数据."""
    from anlan.engines.indicators import actions, compute
    from anlan.rooms.evacuation import queries as evacuation

    zones = [row for row in evacuation.zones(scope) if row.zone.risk == "high"]
    if zones:
        actions.set_base(
            scope, "warning.zones_used", compute.whole_county(), len(zones), "演示数据",
            compute.today(scope), "演示数据", demo=True,
        )  # fmt: skip


def _accounts(own: Scope) -> None:
    from anlan.county import accounts
    from anlan.county.models import Account, Holding, Post

    with own.open():
        if Account.objects.filter(demo=True).exists():
            return
        posts = list(
            Post.objects.filter(
                kind__in=["duty_officer", "duty_leader", "county_leader", "plan_clerk"]
            )
        )
        posts += list(Post.objects.filter(kind="township_duty", division=500231109000))
        posts += list(Post.objects.filter(kind="unit_duty").order_by("order", "id")[:2])
        posts += list(Post.objects.filter(kind="village_head").order_by("division")[:1])
        for post in posts:
            held = Holding.objects.filter(post=post, rank=0, valid_to=None).first()
            if held is not None:
                accounts.make_account(
                    own, f"{post.kind}-{post.id}", post.title, post_id=post.id,
                    person_id=held.person_id, demo=True,
                )  # fmt: skip


def links() -> dict[str, object]:
    """Paths of two one-time links: set-up, and the duty officer of a demonstration county."""
    from anlan.county import accounts
    from anlan.county.models import Account, Post
    from anlan.ground.scope import Scope

    own = Scope.for_command("first-start")
    with own.open():
        setup = accounts.make_link(own, "setup")
        post = Post.objects.filter(kind="duty_officer").order_by("id").first()
        account = Account.objects.filter(post_id=post.id, demo=True).first() if post else None
        duty = accounts.make_link(own, "first", account) if account else ""
    return {"setup": f"/first/setup/{setup}", "duty": f"/first/duty/{duty}" if duty else ""}


def restored() -> dict[str, object]:
    """Hold a restored county against itself: its journal verifies, every sealed value opens."""
    from anlan.ground import journal, upkeep
    from anlan.ground.machine import site
    from anlan.ground.machine.restore import RESTORING
    from anlan.ground.scope import Scope

    scope, own = Scope.for_command("restore"), site()
    found = journal.verify(scope, own.anchors)
    if not found.whole:
        place = f"{found.broken_line} {found.broken_seal} {found.reason}"
        raise Refusal("restore-journal", "恢复出来的日志核验不过", place, "换一份备份再恢复")
    opened = upkeep.check_sealed(scope)
    made_at, mark = (own.home / RESTORING).read_text().split()
    upkeep.record_restore(scope, made_at, mark)
    return {"lines": found.lines, "seals": found.seals, "opened": opened}


def main() -> None:
    import django

    django.setup()
    steps = {"plan": plan, "migrate": migrate, "demo": demo, "links": links, "restored": restored}
    step = steps[sys.argv[1]]
    try:
        print(json.dumps(step(), ensure_ascii=False))
    except Refusal as refusal:
        print(json.dumps({"error": refusal.as_dict()}, ensure_ascii=False))
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
