"""The catalogue holds what the design promises: every table is under forced row-level security."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TABLES = (
    "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1"
)
APP_ROLES = ("anlan_app", "anlan_public", "anlan_watchdog")
MIGRATION_TABLE = "django_migrations"


def test_every_table_forces_row_level_security(empty_db: str, owner_sql: Any) -> None:
    bare = [row[0] for row in owner_sql(TABLES) if not (row[1] and row[2])]
    assert [name for name in bare if name != MIGRATION_TABLE] == []


def test_every_table_has_a_policy(empty_db: str, owner_sql: Any) -> None:
    with_policy = {row[0] for row in owner_sql("SELECT tablename FROM pg_policies")}
    tables = {row[0] for row in owner_sql(TABLES)} - {MIGRATION_TABLE}
    assert tables - with_policy == set()


def test_every_view_runs_with_its_readers_rights(empty_db: str, owner_sql: Any) -> None:
    rows = owner_sql(
        "SELECT c.relname, coalesce(c.reloptions::text, '') FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind = 'v'"
    )
    assert [name for name, options in rows if "security_invoker=true" not in options] == []


def test_there_is_no_materialized_view(empty_db: str, owner_sql: Any) -> None:
    assert owner_sql("SELECT relname FROM pg_class WHERE relkind = 'm'") == []


@pytest.mark.parametrize("role", APP_ROLES)
def test_no_role_of_the_application_owns_or_bypasses(
    empty_db: str, owner_sql: Any, role: str
) -> None:
    rows = owner_sql(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s",
        (role,),
    )
    assert rows == [(False, False, False, False)]
    owned = owner_sql(
        "SELECT relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE rolname = %s",
        (role,),
    )
    assert owned == []


def test_only_the_search_role_sees_past_a_scope_and_it_cannot_log_in(
    empty_db: str, owner_sql: Any
) -> None:
    rows = owner_sql(
        "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'anlan_search'"
    )
    assert rows == [(False, False, False)]
    writes = owner_sql(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'anlan_search' AND privilege_type <> 'SELECT'"
    )
    assert writes == []


def test_a_definer_function_runs_as_the_search_role_with_a_fixed_path(
    empty_db: str, owner_sql: Any
) -> None:
    rows = owner_sql(
        "SELECT p.proname, r.rolname, coalesce(p.proconfig::text, '') FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE n.nspname = 'public' AND p.prosecdef"
    )
    owned = {row[0] for row in rows if row[1] == "anlan_owner"}
    assert owned == {"anlan_blank", "anlan_reseal", "anlan_forget_file"}, "each with its own test"
    wrong = [row[0] for row in rows if row[1] != "anlan_search" or "search_path" not in row[2]]
    assert set(wrong) == owned
    assert all("search_path" in row[2] for row in rows)


@pytest.mark.parametrize("role", ["public", "watchdog"])
def test_only_the_application_may_call_what_writes_as_the_owner(
    empty_db: str, owner_sql: Any, role: str
) -> None:
    rows = owner_sql(
        "SELECT p.proname FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.prosecdef AND r.rolname = 'anlan_owner'"
        " AND has_function_privilege('anlan_' || %s, p.oid, 'EXECUTE')",
        (role,),
    )
    assert rows == []


def test_times_are_stored_with_their_zone(empty_db: str, owner_sql: Any) -> None:
    naive = owner_sql(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'"
    )
    assert naive == []


def test_models_and_migrations_agree(empty_db: str, as_role: Callable[[str], None]) -> None:
    from django.core.management import call_command

    as_role("owner")
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
