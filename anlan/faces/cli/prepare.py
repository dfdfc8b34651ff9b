"""Makes a county whole, step by step; every step may be repeated after an interruption.

Runs in processes of its own, for each step needs another database role.
"""

from __future__ import annotations

import json
import subprocess
import sys

from anlan.ground.machine.processes import environment
from anlan.ground.machine.site import Site

STEPS = ("migrate", "demo", "links")


class StepFailed(Exception):
    """A step did not end well; the message is the end of what it said."""


def run_step(own: Site, step: str) -> str:
    """Run one step in a process of its own; returns what it printed last."""
    role = "owner" if step == "migrate" else "worker"
    done = subprocess.run(
        [sys.executable, "-m", "anlan.faces.cli.prepare", step], capture_output=True, text=True,
        env=environment(own, role), check=False,
    )  # fmt: skip
    if done.returncode:
        raise StepFailed((done.stderr or done.stdout).strip()[-1500:])
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


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


def _plan(scope: object) -> None:
    """The demonstration plan: the shape and figures of a county's, in our own words."""
    from anlan.county.demo import DIVISIONS
    from anlan.ground.scope import Scope
    from anlan.rooms.workplan import actions, queries

    own = Scope.for_command("first-start")
    if queries.current(own) is None:
        path = DIVISIONS / "plan_demo.txt"
        version = actions.import_plan(own, path.read_bytes(), path.name, demo=True)
        actions.confirm(own, version.id)


def _accounts(scope: object) -> None:
    from anlan.county import accounts
    from anlan.county.models import Account, Holding, Post
    from anlan.ground.scope import Scope

    own = Scope.for_command("first-start")
    with own.open():
        if Account.objects.filter(demo=True).exists():
            return
        posts = list(
            Post.objects.filter(
                kind__in=["duty_officer", "duty_leader", "county_leader", "plan_clerk"]
            )
        )
        posts += list(Post.objects.filter(kind="township_duty", division=500231109000))
        posts += list(Post.objects.filter(kind="village_head").order_by("division")[:1])
        for post in posts:
            held = Holding.objects.filter(post=post, rank=0, valid_to=None).first()
            if held is not None:
                accounts.make_account(
                    own, f"{post.kind}-{post.id}", post.title, post_id=post.id,
                    person_id=held.person_id, demo=True,
                )  # fmt: skip


def links() -> dict[str, object]:
    """Two one-time links: set-up, and the duty officer of a demonstration county."""
    from anlan.county import accounts
    from anlan.county.models import Account, Post
    from anlan.ground.machine import site
    from anlan.ground.scope import Scope

    own = Scope.for_command("first-start")
    with own.open():
        setup = accounts.make_link(own, "setup")
        post = Post.objects.filter(kind="duty_officer").order_by("id").first()
        account = Account.objects.filter(post_id=post.id).first() if post else None
        duty = accounts.make_link(own, "first", account) if account else ""
    base = site().address("console", "")
    return {
        "setup": f"{base}/first/setup/{setup}",
        "duty": f"{base}/first/duty/{duty}" if duty else "",
    }


def main() -> None:
    import django

    django.setup()
    step = {"migrate": migrate, "demo": demo, "links": links}[sys.argv[1]]
    print(json.dumps(step(), ensure_ascii=False))


if __name__ == "__main__":
    main()
