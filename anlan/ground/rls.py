"""Row-level security as migration operations: what a table is, said once.

Each function returns a migration operation that enables and FORCEs the policies and grants what
the database roles need. A test walks the catalogue: a table without one of these fails.

| kind        | who reads                        | who writes                    |
|-------------|----------------------------------|-------------------------------|
| operational | the span, in the scope's world   | the same                      |
| standing    | the span, world 0 and the scope's| the span, the scope's world   |
| announced   | whoever has a place in its world | the span, the scope's world   |
| reference   | whoever has a scope              | a scope as wide as a county   |
| identity    | console and worker               | console and worker            |
| insert_only | as `read` says                   | INSERT only                   |

Policies compare integers by `BETWEEN` with stable SQL functions that PostgreSQL inlines, so the
list keeps its index. Searches by text, JSON or box go through `definer`: their operators are not
leakproof and would read the whole table under a policy. It is one path for our own cluster and for
a site's server, and measured it costs no more than operators marked leakproof (`bench.scope_cost`).
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

APP, PUBLIC, SEARCH = "anlan_app", "anlan_public", "anlan_search"
SPAN = "division BETWEEN anlan_lo() AND anlan_hi()"
HERE = "world = anlan_world()"
READABLE_WORLDS = "world IN (0, anlan_world())"
SCOPED = "anlan_world() IS NOT NULL"
SOMEWHERE = "anlan_lo() <= anlan_hi()"  # an administrator has no place at all
WIDE = "anlan_hi() - anlan_lo() >= 999999"
# For `definer` functions: `+ 0` keeps the planner from reading a township's whole range of the
# division index beside the index of the search itself (4.0 ms against 0.3 at a million rows).
FOUND_IN_SPAN = "division + 0 BETWEEN anlan_lo() AND anlan_hi() AND world IN (0, anlan_world())"


SCOPE_FUNCTIONS = """
GRANT CREATE, USAGE ON SCHEMA public TO anlan_search;
CREATE FUNCTION anlan_lo() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('anlan.lo', true), '')::bigint $$;
CREATE FUNCTION anlan_hi() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('anlan.hi', true), '')::bigint $$;
CREATE FUNCTION anlan_world() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('anlan.world', true), '')::integer $$;
CREATE FUNCTION anlan_kind() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT current_setting('anlan.kind', true) $$;
CREATE FUNCTION anlan_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('anlan.person', true), '')::bigint $$;
"""

# Text is found by pieces of one and two characters, for a name has two or three and pg_trgm sees no
# letters in Chinese under the locale C. `anlan_grams` is what an index holds
# (`USING gin (anlan_grams(name))`), `anlan_sought` what a search asks of it.
GRAM_FUNCTIONS = """
CREATE FUNCTION anlan_grams(words text) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT coalesce(array_agg(DISTINCT piece), '{}') FROM (
    SELECT substr(lower(words), n, size) AS piece
    FROM generate_series(1, length(words)) n, (VALUES (1), (2)) AS s(size)) p $$;
CREATE FUNCTION anlan_sought(words text) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT coalesce(array_agg(DISTINCT substr(lower(words), n, least(2, length(words)))), '{}')
  FROM generate_series(1, greatest(1, length(words) - 1)) n $$;
"""


def operational(table: str, *, delete: bool = False, public: str = "") -> RunSQL:
    """Rows that happen: seen within the span and in their own world only."""
    rule = f"{SPAN} AND {HERE}"
    return _secured(table, using=rule, check=rule, delete=delete, public=public)


def standing(table: str, *, delete: bool = False, public: str = "") -> RunSQL:
    """Rows that stand: every world reads world 0; a change belongs to the world it is made in."""
    return _secured(
        table,
        using=f"{SPAN} AND {READABLE_WORLDS}",
        check=f"{SPAN} AND {HERE}",
        delete=delete,
        public=public,
    )


def announced(table: str, *, public: str = "", worlds: str = HERE) -> RunSQL:
    """Rows that whoever is concerned may read wherever they are, and only the span writes.

    worlds: READABLE_WORLDS where those of world 0 are read in every world.
    """
    read = f"CREATE POLICY readable ON {table} FOR SELECT USING ({worlds} AND {SOMEWHERE});"
    read += _searchable(table)
    write = (
        f"CREATE POLICY written ON {table} FOR INSERT WITH CHECK ({SPAN} AND {HERE});"
        f"CREATE POLICY changed ON {table} FOR UPDATE USING ({SPAN} AND {HERE})"
        f" WITH CHECK ({SPAN} AND {HERE});"
    )
    return RunSQL(
        _forced(table) + read + write + _grants(table, False, public),
        reverse_sql=_freed(table, "readable", "written", "changed", "search"),
    )


def reference(table: str, *, delete: bool = False, public: str = "") -> RunSQL:
    """Rows that all of the county reads; written only under a scope as wide as a county."""
    read = f"CREATE POLICY readable ON {table} FOR SELECT USING ({SCOPED});" + _searchable(table)
    write = f"CREATE POLICY writable ON {table} USING ({WIDE}) WITH CHECK ({WIDE});"
    return RunSQL(
        _forced(table) + read + write + _grants(table, delete, public),
        reverse_sql=_freed(table, "readable", "writable", "search"),
    )


def placed(table: str) -> RunSQL:
    """Rows of a `reference` table that only whoever has a place reads: no administrator."""
    return RunSQL(
        f"ALTER POLICY readable ON {table} USING ({SCOPED} AND {SOMEWHERE});",
        reverse_sql=f"ALTER POLICY readable ON {table} USING ({SCOPED});",
    )


def within_worlds(table: str, *, own: bool = False) -> RunSQL:
    """Rows of a `reference` table that carries a world stay in theirs.

    Every world reads those of world 0 beside its own, or with `own` its own only; a change belongs
    to the world that it is made in.
    """
    read = HERE if own else READABLE_WORLDS
    return RunSQL(
        f"CREATE POLICY world ON {table} AS RESTRICTIVE TO {APP}, {PUBLIC}"
        f" USING ({read}) WITH CHECK ({HERE});"
        f"CREATE POLICY world_changed ON {table} AS RESTRICTIVE FOR UPDATE TO {APP}, {PUBLIC}"
        f" USING ({HERE});"
        f"CREATE POLICY world_gone ON {table} AS RESTRICTIVE FOR DELETE TO {APP}, {PUBLIC}"
        f" USING ({HERE});",
        reverse_sql="".join(
            f"DROP POLICY {name} ON {table};" for name in ("world", "world_changed", "world_gone")
        ),
    )


def identity(table: str, *, public: str = "") -> RunSQL:
    """Sessions, accounts and other tables that are read before anybody has a scope."""
    policy = f"CREATE POLICY identity ON {table} TO {APP}, anlan_owner USING (true);"
    return RunSQL(
        _forced(table) + policy + _grants(table, True, public),
        reverse_sql=_freed(table, "identity"),
    )


def insert_only(table: str, *, read: str, public: bool = False) -> RunSQL:
    """Rows that nobody changes: INSERT for all who have a scope, SELECT as the rule says."""
    sql = (
        _forced(table)
        + f"CREATE POLICY readable ON {table} FOR SELECT USING ({read});"
        + f"CREATE POLICY written ON {table} FOR INSERT WITH CHECK ({SCOPED});"
        + f"GRANT SELECT, INSERT ON {table} TO {APP};"
        + (f"GRANT INSERT ON {table} TO {PUBLIC};" if public else "")
    )
    return RunSQL(sql, reverse_sql=_freed(table, "readable", "written"))


def view(name: str, sql: str, *, public: bool = False) -> RunSQL:
    """A fact view: it runs with the reader's rights, so the reader's scope holds in it."""
    grants = f"GRANT SELECT ON {name} TO {APP}" + (f", {PUBLIC};" if public else ";")
    return RunSQL(
        f"CREATE VIEW {name} WITH (security_invoker = true) AS {sql.rstrip().rstrip(';')};"
        + grants,
        reverse_sql=f"DROP VIEW {name}",
    )


def definer(signature: str, returns: str, body: str, *, public: bool = False) -> RunSQL:
    """A search function that keeps its index under a policy.

    body: one SELECT of ids, which must itself restrict to `FOUND_IN_SPAN`; returns: the type of
    an id. Its plan is kept, for only the index of the search can serve it. It runs as
    `anlan_search`, a role without login that may only SELECT and whose policy lets it see every
    row, so that no function reaches past the tables made here.
    """
    role = f"{APP}, {PUBLIC}" if public else APP
    return RunSQL(
        f"CREATE FUNCTION {signature} RETURNS SETOF {returns} LANGUAGE plpgsql STABLE "
        "SECURITY DEFINER SET search_path = public, pg_temp "
        "SET plan_cache_mode = force_generic_plan "
        f"AS $body$ BEGIN RETURN QUERY {body.rstrip().rstrip(';')}; END $body$;"
        f"ALTER FUNCTION {signature} OWNER TO {SEARCH};"
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;"
        f"GRANT EXECUTE ON FUNCTION {signature} TO {role};",
        reverse_sql=f"DROP FUNCTION {signature}",
    )


def _secured(table: str, *, using: str, check: str, delete: bool, public: str) -> RunSQL:
    policy = f"CREATE POLICY scope ON {table} USING ({using}) WITH CHECK ({check});"
    return RunSQL(
        _forced(table) + policy + _searchable(table) + _grants(table, delete, public),
        reverse_sql=_freed(table, "scope", "search"),
    )


def _searchable(table: str) -> str:
    return f"CREATE POLICY search ON {table} FOR SELECT TO {SEARCH} USING (true);"


def _forced(table: str) -> str:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    )


def _freed(table: str, *policies: str) -> str:
    drops = "".join(f"DROP POLICY {policy} ON {table};" for policy in policies)
    return (
        drops
        + f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
        + (
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
            f"REVOKE ALL ON {table} FROM {APP}, {PUBLIC};"
        )
    )


def _grants(table: str, delete: bool, public: str) -> str:
    rights = "SELECT, INSERT, UPDATE" + (", DELETE" if delete else "")
    grants = f"GRANT {rights} ON {table} TO {APP};GRANT SELECT ON {table} TO {SEARCH};"
    return grants + (f"GRANT {public} ON {table} TO {PUBLIC};" if public else "")
