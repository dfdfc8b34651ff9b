"""How long a refused sign-in takes, by reason: they must not be told apart (R44).

    python -m bench.signin [--tries 1000] [--quick]

Four accounts (wrong password, unknown, locked, disabled), N tries each in turn (1,000), through the
whole login page, with the real Argon2 on a durable PostgreSQL, in another order each turn. Prints
medians in milliseconds and the largest difference.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from bench.sizes import measured

TRIES = 1000
WORD = "Grünes Licht um 6 Uhr"


def main() -> None:
    with measured(__doc__, tries=(TRIES, 60)) as options:
        home = Path(tempfile.mkdtemp(prefix="anlan-bench-"))
        home.chmod(0o755)
        os.environ.update(
            ANLAN_HOME=str(home), ANLAN_KEYS=str(home / "keys"), ANLAN_FILES=str(home / "files"),
            ANLAN_ROLE="console", ANLAN_TEST="1", DJANGO_SETTINGS_MODULE="anlan.faces.settings",
        )  # fmt: skip
        from anlan.ground.machine.postgres import Cluster
        from anlan.ground.secrets import make_keys

        make_keys(home / "keys")
        cluster = Cluster(home / "postgres")
        cluster.init()
        cluster.start()
        try:
            cluster.create_database("bench")
            _measure(cluster, options.tries)
        finally:
            cluster.stop()
            shutil.rmtree(home, ignore_errors=True)


def _measure(cluster: object, tries: int) -> None:
    import django

    django.setup()
    from tests.conftest import _use_database

    _use_database(cluster, "bench", "owner")
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    _use_database(cluster, "bench")
    from django.test import Client

    from anlan.county import accounts, doors
    from anlan.ground.scope import Scope

    command = Scope.for_command("bench")
    for name in ("wrong.word", "locked.one", "disabled.one"):
        made = accounts.make_account(command, name, "")
        accounts.open_account(Scope.nobody(), accounts.make_link(command, "first", made), WORD)
    accounts.disable_account(command, "disabled.one")
    names = ("wrong.word", "unknown.one", "locked.one", "disabled.one")
    taken: dict[str, list[float]] = {name: [] for name in names}
    client = Client()
    for turn in range(tries):
        for step in range(len(names)):
            name = names[(turn + step) % len(names)]
            doors.forget(doors.ADDRESS, "127.0.0.1")
            if name != "locked.one":
                doors.forget(doors.PASSWORD, f"{name}/")
            began = time.perf_counter()
            client.post("/accounts/login/", {"login": name, "password": "not the one at all 1"})
            taken[name].append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    for name, value in medians.items():
        print(f"{name:14} median {value:7.2f} ms over {tries}")
    print(f"largest difference {max(medians.values()) - min(medians.values()):.2f} ms")


if __name__ == "__main__":
    main()
