"""The board is made once for all who see the same rows: every change shows at the next request,
and nothing that one place sees reaches another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.county import unit_actions as units
from anlan.county.models import Division, Unit
from anlan.rooms.workplan import actions, board_actions, board_queries, board_states, demo
from anlan.rooms.workplan.board_models import BoardState
from anlan.rooms.workplan.models import PlanRow, PlanVersion
from tests.conftest import COUNTY, TOWNSHIPS
from tests.rooms.workplan.test_board import COMMAND, ROUND, plan, reissued, text, unit_id

__all__ = ["plan"]


@pytest.fixture
def made(plan: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A board that the round keeps; each entry is one time that it was made of rows."""
    board_states.keep(ROUND)
    told: list[str] = []
    whole = board_queries._board

    def counted(scope: Any, today: Any, seen: str) -> Any:
        told.append(seen)
        return whole(scope, today, seen)

    monkeypatch.setattr(board_queries, "_board", counted)
    return told


def test_the_same_rows_are_read_once_for_any_number_of_readers_and_filters(
    made: list[str], client_of: Callable[..., Any]
) -> None:
    clerk, officer = client_of("plan_clerk"), client_of("duty_officer")
    first = text(clerk, "/plan/")
    assert text(clerk, "/plan/") == first or first
    for path in ("/plan/?table=4", "/plan/?by=unit", "/plan/4/40/", "/plan/beyond/"):
        text(officer, path)
    assert len(made) == 1
    assert "只看" not in first and 'id="row-6-1"' in first
    assert 'id="row-6-1"' not in text(officer, "/plan/?table=4"), "a filter is not kept for another"


def test_a_round_that_finds_the_same_makes_no_other_board(
    made: list[str], client_of: Callable[..., Any], move_clock: Callable[[float], None]
) -> None:
    client = client_of("plan_clerk")
    before = text(client, "/plan/")
    move_clock(300)
    assert board_states.keep(ROUND) == 0
    after = text(client, "/plan/")
    assert len(made) == 1
    stands = [page[page.index("数截至") :][:200] for page in (before, after)]
    assert stands[0] != stands[1], "the age of the figures is never kept"


def frozen() -> None:
    with ROUND.open():
        row = BoardState.objects.get(division=COUNTY)
        row.states["4/40"] = "missed"
        row.figures["4/40"] = [row.figures["4/40"][0] | {"value": 41.5, "state": "missed"}]
        row.save()


def of_a_township() -> None:
    with ROUND.open():
        row = BoardState.objects.get(division=TOWNSHIPS[0])
        row.states["4/40"] = "missed"
        row.save()


def edited() -> None:
    with COMMAND.open():
        PlanRow.objects.filter(table=4, row=40).update(name="换了名称的条目")


def confirmed() -> None:
    second = actions.import_plan(COMMAND, reissued(demo.document()), "plan2.docx", demo=True)
    with COMMAND.open():
        PlanVersion.objects.filter(pk=second.id).update(title="第二版工作要点")
    actions.confirm(COMMAND, second.id)


def entered() -> None:
    second = actions.import_plan(COMMAND, reissued(demo.document()), "plan2.docx", demo=True)
    with COMMAND.open():
        PlanVersion.objects.filter(pk=second.id).update(title="第二版工作要点")


def led() -> None:
    board_actions.confirm_lead(COMMAND, 4, 40, unit_id("县水利局"), "分工表")


def renamed() -> None:
    board_actions.confirm_lead(COMMAND, 4, 40, unit_id("县水利局"), "分工表")
    with COMMAND.open():
        Unit.objects.filter(name="县水利局").update(name="县水务局")


def place_renamed() -> None:
    with COMMAND.open():
        Division.objects.filter(code=TOWNSHIPS[0]).update(name="新名镇")


CHANGES: list[tuple[Callable[[], None], str]] = [
    (frozen, "41.5"), (of_a_township, ""), (edited, "换了名称的条目"),
    (confirmed, "第二版工作要点"), (entered, "第二版工作要点"), (led, "县水利局</a></td>"),
    (renamed, "县水务局"), (place_renamed, "新名镇"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_a_change_shows_at_the_next_request(
    made: list[str], client_of: Callable[..., Any], change: Callable[[], None], said: str
) -> None:
    client = client_of("plan_clerk")
    before = text(client, "/plan/")
    text(client, "/plan/")
    assert not said or said not in before
    change()
    after = text(client, "/plan/")
    assert said in after
    assert shapes(after) != shapes(before) or said
    assert len(made) >= 2


def shapes(page: str) -> str:
    return page[page.index('class="maps"') : page.index("</section>")]


def test_a_day_that_passes_makes_what_was_due_late(
    made: list[str], client_of: Callable[..., Any], move_clock: Callable[[float], None]
) -> None:
    with COMMAND.open():
        today = board_queries.compute.today(COMMAND)
        PlanRow.objects.filter(table=4, row=40).update(deadline=today.isoformat())
    assert board_queries.line_of(board_queries.board(COMMAND), 4, 40).due != "past"
    move_clock(24 * 3600)
    assert board_queries.line_of(board_queries.board(COMMAND), 4, 40).due == "past"


# scope


def differ() -> None:
    """The county and its two townships each stand otherwise in one row."""
    states = {COUNTY: "met", TOWNSHIPS[0]: "missed", TOWNSHIPS[1]: "not_reported"}
    with ROUND.open():
        for place, state in states.items():
            row = BoardState.objects.get(division=place)
            row.states["4/40"] = state
            row.save()


def seen(client: Any) -> str:
    """The state of 4/40 as the reader's own list says it, and how many townships stand beside."""
    page = text(client, "/plan/")
    own = page[page.index('id="row-4-40"') :].partition("</tr>")[0]
    word = next(w for w in ("未达标", "未报", "达标") if w in own)
    heads = page[page.index("每一列是哪个乡镇街道") :].partition("</details>")[0]
    return word + str(sum(name in heads for name in ("澄溪", "沙坪")))


def leaks(client_of: Callable[..., Any]) -> list[str]:
    """What somebody saw that is not theirs, each after each other."""
    differ()
    readers = {"达标": client_of("plan_clerk")}
    readers["未达标"] = client_of("township_duty", TOWNSHIPS[0])
    readers["未报"] = client_of("township_duty", TOWNSHIPS[1])
    found = []
    for _turn in range(2):
        for word, client in readers.items():
            said = seen(client)
            if not said.startswith(word):
                found.append(f"{word}: {said}")
    return found


def test_no_place_sees_the_board_of_another(made: list[str], client_of: Callable[..., Any]) -> None:
    assert leaks(client_of) == []
    assert len(made) == 3, "one board a place, each made once"


def test_a_stamp_without_the_scope_would_be_caught(
    made: list[str], client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: one board for everybody."""
    whole = board_queries.stamped
    monkeypatch.setattr(board_queries, "stamped", lambda *of: ["same", *whole(*of)[1:]])
    assert leaks(client_of) != []


def test_a_change_that_was_rolled_back_is_seen_by_nobody(made: list[str]) -> None:
    from django.db import transaction

    before = board_queries.board(COMMAND)
    with COMMAND.open():
        units.add_unit(COMMAND, COUNTY, "县档案馆")
        assert "县档案馆" in board_queries.board(COMMAND).units
        transaction.set_rollback(True)
    assert "县档案馆" not in board_queries.board(COMMAND).units
    assert before.units.keys() == board_queries.board(COMMAND).units.keys()


def test_without_kept_states_the_board_is_computed_for_each_reader(
    plan: Any, client_of: Callable[..., Any]
) -> None:
    found = board_queries.board(COMMAND)
    assert found.stamp == "" and found.lines
    assert text(client_of("plan_clerk"), "/plan/")
