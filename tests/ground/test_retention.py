"""Personal data goes when its days are over, and never before what is open is closed (R61)."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection
from PIL import Image

from anlan.faces.retention import FILE_COLUMNS, NOT_OF_PEOPLE, RULES
from anlan.ground import files, journal, retention, upkeep
from anlan.ground.models import JournalLine, KeptFile, RetentionState
from anlan.ground.scope import Scope
from tests.conftest import COUNTY
from tests.ground.test_labels import labels
from tests.night import CANARY, CANARY_NUMBER

ROUND, COMMAND = Scope.for_round("retention.purge"), Scope.for_command("test")
DAY = 86_400


def purge() -> int:
    """Passes until one finds nothing; how many rows and files went."""
    done = 0
    while found := retention.purge(ROUND, RULES, FILE_COLUMNS):
        done += found
    return done


def end_everything(owner_sql: Callable[..., Any]) -> None:
    """The night is over: call-outs, zones, events and tasks are closed, people have left."""
    for sql in (
        "UPDATE callout_callout SET state = 'closed', ended_at = anlan_now(0)",
        "UPDATE callout_inbound SET state = 'done'",
        "UPDATE callout_attempt SET state = 'sent' WHERE open",
        "UPDATE callout_fallback SET closed_at = anlan_now(0)",
        "UPDATE evacuation_opening SET state = 'closed', closed_at = anlan_now(0)",
        "UPDATE evacuation_household SET ended_at = anlan_now(0)",
        "UPDATE duty_task SET state = 'closed', closed_at = anlan_now(0)",
        "UPDATE duty_event SET state = 'closed', closed_at = anlan_now(0) WHERE state <> 'joined'",
        "UPDATE county_holding SET valid_to = anlan_now(0)",
        "UPDATE county_rostershift SET ends_at = anlan_now(0), starts_at = anlan_now(0) - interval '1 hour'"
        " WHERE ends_at > anlan_now(0)",
        "UPDATE county_person SET ended_at = anlan_now(0)",
        "UPDATE county_account SET is_active = false, disabled_at = anlan_now(0)",
        "UPDATE county_actingpost SET ended_at = anlan_now(0)",
        "UPDATE county_sitting SET ended_at = anlan_now(0)",
        "UPDATE ground_world SET ended_at = anlan_now(0) WHERE id > 0",
    ):
        owner_sql(sql)


def left(owner_sql: Callable[..., Any]) -> dict[str, int]:
    """Rows of each labelled model in which anything personal stands."""
    found = {}
    for one in retention.batches(RULES):
        where = retention._left(one)
        rows = owner_sql(f"SELECT count(*) FROM {one.table} t WHERE {where}")
        found[one.name] = int(rows[0][0])
    return found


def test_every_labelled_field_has_a_rule() -> None:
    ruled = {f"{rule.model}.{name}" for rule in RULES for name in rule.fields}
    labelled = {f"{model._meta.label_lower}.{name}" for model, name, _label in labels()}
    assert labelled - ruled == set(NOT_OF_PEOPLE)
    assert ruled <= labelled


def test_nothing_goes_before_its_days_are_over(
    night: dict[str, Any], owner_sql: Any, move_clock: Callable[..., None]
) -> None:
    end_everything(owner_sql)
    move_clock(2 * DAY)
    purge()
    before = left(owner_sql)
    assert before["county.transfer 1"] == 0, "a workbook that nobody confirmed"
    assert before["callout.inbound 730"] and before["county.person 730"]
    assert before["evacuation.household 365"] and before["county.sitting 400"]
    move_clock(362 * DAY)
    assert purge() == 0
    assert left(owner_sql) == before
    move_clock(2 * DAY)
    purge()
    after = left(owner_sql)
    assert after["evacuation.household 365"] == 0
    assert after["county.person 730"] == before["county.person 730"]
    move_clock(36 * DAY)
    purge()
    assert left(owner_sql)["county.sitting 400"] == 0


def test_all_of_it_goes_in_the_end_and_a_line_proves_each_batch(
    night: dict[str, Any], owner_sql: Any, move_clock: Callable[..., None]
) -> None:
    end_everything(owner_sql)
    before = left(owner_sql)
    counts = {table: owner_sql(f"SELECT count(*) FROM {table}") for table in
              ("county_person", "callout_inbound", "callout_answer", "duty_source")}  # fmt: skip
    move_clock(800 * DAY)
    assert purge() > 0
    assert set(left(owner_sql).values()) == {0}
    for table, rows in counts.items():
        assert owner_sql(f"SELECT count(*) FROM {table}") == rows, "rows stay"
    names = owner_sql("SELECT count(*) FROM county_person WHERE name LIKE %s", (f"%{CANARY}%",))
    assert names == [(0,)]
    with COMMAND.open():
        lines = list(JournalLine.objects.filter(action="retention.purge"))
        assert {line.object_kind for line in lines} == {
            name.partition(" ")[0] for name, count in before.items() if count
        }
        assert all(line.before and len(line.before) == 32 for line in lines), "keyed digests"
        told = " ".join(f"{line.why} {line.object_id}" for line in lines)
        assert CANARY not in told and CANARY_NUMBER not in told
        from anlan.county.models import Person
        from anlan.engines.callout.models import Inbound

        assert not Person.objects.exclude(phone=None).exists()
        assert {(row.number, row.text) for row in Inbound.objects.all()} == {("", "")}
    assert upkeep.check_sealed(COMMAND) >= 0 and upkeep.under_old_keys(COMMAND) == 0
    journal.seal(ROUND)
    assert journal.verify(ROUND).whole
    assert purge() == 0, "a second pass finds nothing"


HOLDERS = {
    "callout.inbound 730": "UPDATE callout_inbound SET state = 'desk'",
    "evacuation.household 365": "UPDATE evacuation_opening SET state = 'open', closed_at = NULL",
    "duty.source 730": "UPDATE duty_event SET state = 'open', closed_at = NULL WHERE state <> 'joined'",
    "duty.event 730": "UPDATE duty_event SET state = 'stable'",
    "duty.task 730": "UPDATE duty_task SET state = 'open'",
    "callout.fallback 730": "UPDATE callout_callout SET state = 'open', ended_at = NULL",
    "county.person 730": "UPDATE county_holding SET valid_to = NULL WHERE id IN"
    " (SELECT max(id) FROM county_holding GROUP BY person_id)",
}


@pytest.mark.parametrize("name", HOLDERS)
def test_what_something_open_needs_stays_and_is_counted_as_held(
    night: dict[str, Any], owner_sql: Any, move_clock: Callable[..., None], name: str
) -> None:
    end_everything(owner_sql)
    owner_sql("UPDATE callout_fallback SET proof = '敲门告知'")
    before = left(owner_sql)
    owner_sql(HOLDERS[name])
    move_clock(800 * DAY)
    purge()
    after = left(owner_sql)
    assert before[name] > 0 and after[name] > 0, name
    with COMMAND.open():
        state = RetentionState.objects.get(name=name)
    assert state.due == 0 and (state.held > 0 or name in ("duty.source 730", "duty.event 730"))
    end_everything(owner_sql)
    move_clock(800 * DAY)
    purge()
    assert left(owner_sql)[name] == 0


def test_mutant_a_rule_that_holds_nothing_is_caught(
    night: dict[str, Any], owner_sql: Any, move_clock: Callable[..., None]
) -> None:
    from dataclasses import replace

    end_everything(owner_sql)
    owner_sql(HOLDERS["callout.inbound 730"])
    move_clock(800 * DAY)
    blind = [replace(rule, held="false") for rule in RULES]
    retention.purge(ROUND, blind, FILE_COLUMNS)
    assert left(owner_sql)["callout.inbound 730"] == 0


def photograph() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "JPEG")
    return out.getvalue()


def test_a_photograph_goes_with_the_last_row_that_names_it(
    night: dict[str, Any], owner_sql: Any, move_clock: Callable[..., None]
) -> None:
    kept = files.keep(COMMAND, photograph(), "门前.jpg", frozenset({"jpeg"}))
    path = Path(files._path(kept.sha256))
    owner_sql("UPDATE callout_fallback SET proof_file = %s, proof = '敲门'", (kept.sha256,))
    move_clock(800 * DAY)
    purge()
    assert path.is_file(), "the call-out is open"
    end_everything(owner_sql)
    purge()
    assert path.is_file(), "its days have just begun"
    move_clock(800 * DAY)
    purge()
    assert not path.exists()
    with COMMAND.open():
        assert not KeptFile.objects.filter(sha256=kept.sha256).exists()
        assert JournalLine.objects.filter(
            action="retention.file", object_id=kept.sha256
        ).count() == 1  # fmt: skip


def test_rows_of_an_exercise_wait_for_its_end(
    night: dict[str, Any], owner_sql: Any, move_clock: Callable[..., None]
) -> None:
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
        " VALUES (7, 'tabletop', 'x', now(), interval '0', 1, now())"
    )
    owner_sql(
        "CREATE TABLE copied AS SELECT * FROM callout_inbound LIMIT 1;"
        "UPDATE copied SET world = 7, id = id + 900000, message_id = 'x7', state = 'done',"
        " received_at = '2020-01-01';"
        "INSERT INTO callout_inbound SELECT * FROM copied; DROP TABLE copied"
    )
    count = "SELECT count(*) FROM callout_inbound WHERE world = 7 AND length(text) > 0"
    move_clock(10 * DAY)
    purge()
    assert owner_sql(count) == [(1,)], "it is still played"
    owner_sql("UPDATE ground_world SET ended_at = anlan_now(0) WHERE id = 7")
    move_clock(729 * DAY)
    purge()
    assert owner_sql(count) == [(1,)]
    move_clock(2 * DAY)
    purge()
    assert owner_sql(count) == [(0,)]


@pytest.mark.parametrize(("args", "why"), [
    (["county_person", "name", [1], "王五"], "only a round"),
    (["county_person", "division", [1], ""], "no empty value"),
    (["county_person", "name", [10**9], ""], "rows of"),
    (["pg_authid", "rolname", [1], ""], "does not exist"),
])  # fmt: skip
def test_the_function_that_empties_can_put_nothing_else(
    night: dict[str, Any], args: list[Any], why: str
) -> None:
    with pytest.raises(ProgrammingError if why != "no empty value" else Exception, match=why):
        with ROUND.open(), connection.cursor() as cursor:
            cursor.execute("SELECT anlan_blank(%s, %s, %s, %s)", args)


def test_only_a_round_empties(night: dict[str, Any], scope_of: Callable[..., Any]) -> None:
    for scope in (COMMAND, scope_of("duty_officer")):
        with pytest.raises(ProgrammingError, match="only a round"):
            with scope.open(), connection.cursor() as cursor:
                cursor.execute("SELECT anlan_blank('callout_inbound', 'text', '{1}', '')")


def test_the_security_administrator_sees_counts_and_no_content(
    night: dict[str, Any], owner_sql: Any, move_clock: Callable[..., None],
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    from anlan.county.models import Account

    owner_sql("UPDATE callout_callout SET state = 'closed', ended_at = anlan_now(0)")
    owner_sql("UPDATE callout_inbound SET state = 'done'")
    move_clock((730 - 10) * DAY)
    purge()
    client = client_of("duty_officer")
    assert client.get("/access/retention/").status_code == 403
    Account.objects.filter(username=f"duty_officer-{COUNTY}").update(
        admin_kind="security_admin", post_id=None, person_id=None, is_active=True
    )
    page = client.get("/access/retention/")
    text = page.content.decode()
    assert page.status_code == 200 and "没有到期未清除" in text
    assert "突发事件应对法第六十四条" in text and CANARY not in text
    with COMMAND.open():
        state = RetentionState.objects.get(name="callout.inbound 730")
    assert (state.soon, state.due, state.held) == (state.kept, 0, 0) and state.kept > 0
