"""Marks of what must be computed again, as migration operations: a change of a record leaves one.

A fact view names, table by table, what it reads and where a changed row stands in it (`Reads`).
The triggers made here write `FactMark` rows (fact, township, day) in the transaction of the change,
so that no figure that was kept is ever older than its records: whoever reads it asks for marks
first. A mark is only ever added, so writers do not wait for one another, and an update that leaves
alone what the fact reads leaves none. A deletion, which is rare, marks all of the fact: what it
took may be gone before its place is asked. Only the real world is marked: exercises keep no
figures.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.migrations.operations import RunSQL

ZONE = "Asia/Shanghai"
TOWNSHIP = "f.division - mod(f.division, 1000)"


@dataclass(frozen=True, slots=True)
class Reads:
    """A table that a fact reads.

    columns: those that the fact shows or decides by; where: a SELECT over `changed` (the rows
    before and after the change) of the fact's `division`, `world` and `moment`.
    """

    table: str
    columns: tuple[str, ...]
    where: str


def marks(fact: str, *read: Reads) -> RunSQL:
    """Triggers for every table that the fact reads."""
    made = "".join(_function(fact, own) + _triggers(fact, own) for own in read)
    gone = "".join(f"DROP FUNCTION {_name(fact, own)}() CASCADE;" for own in read)
    return RunSQL(made, reverse_sql=gone)


def _name(fact: str, own: Reads) -> str:
    return f"mark_{fact}_by_{own.table}"[:63]


def _function(fact: str, own: Reads) -> str:
    new, old = (", ".join(f"{side}.{column}" for column in own.columns) for side in "no")
    both = "FROM after_rows n JOIN before_rows o USING (id)"
    differs = f"{both} WHERE ({new}) IS DISTINCT FROM ({old})"
    changed = {
        "INSERT": "SELECT * FROM after_rows",
        "UPDATE": f"SELECT n.* {differs} UNION ALL SELECT o.* {differs}",
    }
    branches = "".join(
        f"IF TG_OP = '{event}' THEN WITH changed AS ({rows}) {_insert(fact, own)} END IF;"
        for event, rows in changed.items()
    )
    return (
        f"CREATE FUNCTION {_name(fact, own)}() RETURNS trigger LANGUAGE plpgsql"  # noqa: S608
        " SET search_path = public, pg_temp AS $body$ BEGIN"
        f" IF TG_OP IN ('DELETE', 'TRUNCATE') THEN INSERT INTO ground_factmark (fact)"
        f" VALUES ('{fact}'); END IF; {branches} RETURN NULL; END $body$;"
    )


def _insert(fact: str, own: Reads) -> str:
    return (
        "INSERT INTO ground_factmark (fact, division, day)"  # noqa: S608
        f" SELECT DISTINCT '{fact}', {TOWNSHIP}, (f.moment AT TIME ZONE '{ZONE}')::date"
        f" FROM ({own.where}) f WHERE f.world = 0;"
    )


def _triggers(fact: str, own: Reads) -> str:
    shown = {
        "INSERT": "REFERENCING NEW TABLE AS after_rows",
        "UPDATE": "REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows",
        "DELETE": "",
        "TRUNCATE": "",
    }
    return "".join(
        f"CREATE TRIGGER {fact}_{event.lower()} AFTER {event} ON {own.table} {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {_name(fact, own)}();"
        for event, rows in shown.items()
    )
