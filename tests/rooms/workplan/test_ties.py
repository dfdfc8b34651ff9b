"""An indicator takes the row that says what it promises: shifted, of another county, decided once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope
from anlan.rooms.workplan import actions, demo, queries, tie_actions, tie_queries, ties
from anlan.rooms.workplan.models import PlanDoubt, PlanVersion
from anlan.rooms.workplan.ties import Decided, Promise, RowSaid

COMMAND = Scope.for_command("test")
CALLS = Promise("w.calls", "叫应", "4/40", "抓好会商研判和处置应对", "确保预警叫应直达基层")
JSON = {"Accept": "application/json"}


def row(number: str, name: str, text: str) -> RowSaid:
    table, own = number.split("/")
    return RowSaid(int(table) * 100 + int(own), int(table), int(own), name, text)


OWN = row("4/40", "抓好会商研判和处置应对", "综合多种手段，确保预警叫应直达基层。")


def how(rows: list[RowSaid], decided: list[Decided] | None = None, year: int = 2025) -> Any:
    (found,) = ties.matches([CALLS], rows, decided or [], year)
    return found.how, found.row.number if found.row else None


def test_a_row_that_says_the_same_is_taken_wherever_it_stands() -> None:
    moved = row("4/41", OWN.name, OWN.text)
    other = row("4/40", OWN.name, "坚持定期会商。")
    assert how([OWN]) == ("agrees", "4/40")
    assert how([other, moved]) == ("agrees", "4/41"), "its number alone takes nothing"
    wide = row("2/1", "抓好 会商研判，和处置应对", "确保“预警叫应”直达基层；推广联防。")
    assert how([wide]) == ("agrees", "2/1"), "width, spaces and marks say nothing"


def test_another_countys_row_at_the_same_number_is_not_taken() -> None:
    assert how([row("4/40", "加强渔业船舶管理", "渔船检验率100%。")]) == ("nowhere", None)
    same_name = row("4/40", OWN.name, "完善值班制度，落实双人双岗。")
    assert how([same_name])[0] == "proposed"
    same_words = row("4/40", "健全预警机制", OWN.text)
    assert how([same_words])[0] == "proposed"


def test_of_two_that_say_the_same_the_one_at_the_address_is_taken_else_a_person_is_asked() -> None:
    twin = row("4/39", OWN.name, OWN.text)
    assert how([twin, OWN]) == ("agrees", "4/40")
    far = row("6/3", OWN.name, OWN.text)
    assert how([twin, far]) == ("proposed", None)


def test_a_decision_holds_for_what_the_row_says_and_a_refusal_for_its_year() -> None:
    vague = row("3/3", "健全预警机制", OWN.text)
    (key,) = ties.keys([vague])
    yes = Decided(CALLS.indicator, CALLS.key, 2025, key)
    assert how([vague], [yes], 2026) == ("decided", "3/3")
    reworded = row("3/3", "健全预警机制", OWN.text + "另定办法。")
    assert how([reworded], [yes], 2025)[0] == "proposed", "another meaning asks again"
    no = Decided(CALLS.indicator, CALLS.key, 2025, "")
    assert how([OWN], [no], 2025) == ("refused", None)
    assert how([OWN], [no], 2026) == ("agrees", "4/40")
    assert how([vague], [no, yes]) == ("decided", "3/3"), "the newest counts"
    assert how([vague], [Decided("w.other", CALLS.key, 2025, key)])[0] == "proposed"


@given(
    st.lists(st.sampled_from("值班预警叫应会商研判处置直达基层"), max_size=30), st.integers(1, 60)
)
def test_no_row_is_taken_whose_name_or_words_do_not_agree(letters: list[str], at: int) -> None:
    made = row(f"4/{at}", OWN.name, "".join(letters))
    found = how([made])
    pairs = {CALLS.says[n : n + 2] for n in range(len(CALLS.says) - 1)}
    held = sum(pair in OWN.name + made.text for pair in pairs) / len(pairs)
    assert (found[0] == "agrees") == (held >= ties.WORDS_AGREE)


def plan_file(change: Callable[[list[list[str]], int], None], heading: str = "") -> bytes:
    """The demonstration plan with its tables' rows changed; each table with its number."""
    from anlan.ground.policy import packs

    data = packs.read(packs.PACKS / "_core" / "plan_demo.yaml")
    for number, table in enumerate(data["tables"], start=1):
        change(table["rows"], number)
    data["heading"] = heading or data["heading"]
    whole = packs.read
    packs.read = lambda _path: data
    try:
        return demo.document()
    finally:
        packs.read = whole


def down(rows: list[list[str]], number: int) -> None:
    """Every row of the tables of tasks and platforms one further down."""
    if number in (4, 5):
        rows.insert(0, ["新增的第一条", "演示：按新的安排推进。", "县应急管理局"])


def of_another_county(rows: list[list[str]], number: int) -> None:
    """Every row that answers here is its own there and promises something else; 6/1 is alike."""
    if number == 4:
        for own in (26, 27):
            rows[own] = ["推进渔港升级改造", f"演示：完成第{own}批泊位。", "县农业农村委"]
        for own in (38, 39):
            rows[own] = ["加强渔业船舶管理", f"演示：渔船检验率达到9{own - 30}%。", "县农业农村委"]
    if number == 5:
        rows[5] = ["渔船监管在线", "演示：覆盖全部渔港。", "县农业农村委"]
    if number == 6:
        rows[0] = [
            "健全会商研判处置机制",
            "演示：预警叫应要直达村组，确保基层有人应答。",
            "县应急管理局",
        ]


def entered(content: bytes, name: str) -> PlanVersion:
    return actions.import_plan(COMMAND, content, name, demo=True)


def answering(plan: PlanVersion) -> dict[str, tuple[str, ...]]:
    """What the indicators of two packs answer; other packs may answer more."""
    found = tie_queries.tied(COMMAND, plan).by_row
    own = {row: tuple(name for name in names if name.startswith(("warning.", "drills.")))
           for row, names in found.items()}  # fmt: skip
    return {row: names for row, names in own.items() if names}


def test_a_plan_whose_rows_are_shifted_by_one_keeps_its_figures_at_the_right_rows(
    county_db: str,
) -> None:
    plan = entered(plan_file(down), "shifted.docx")
    assert answering(plan) == {
        "4/28": ("drills.county_exercise",),
        "4/29": ("drills.township_drills", "drills.village_drills"),
        "4/41": ("warning.reached_in_time",), "5/7": ("warning.zones_used",),
    }  # fmt: skip
    actions.confirm(COMMAND, plan.id)
    by_row = {(r["table"], r["row"]): r for r in queries.status(COMMAND)["rows"]}
    assert by_row[4, 40]["state"] == "no_indicator" == by_row[5, 6]["state"]
    assert by_row[4, 41]["state"] == "not_reported" == by_row[5, 7]["state"]


def test_another_countys_rows_take_nothing_and_what_is_alike_is_asked_once_and_remembered(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    clerk = client_of("plan_clerk")
    plan = entered(plan_file(of_another_county), "other.docx")
    assert answering(plan) == {}
    with COMMAND.open():
        (doubt,) = PlanDoubt.objects.filter(plan=plan, code="indicator-row")
    assert (doubt.table, doubt.row, doubt.subject) == (6, 1, "warning.reached_in_time")
    page = clerk.get(f"/plan/versions/{plan.id}/?doubt={doubt.id}").content.decode()
    assert "由这个指标回答的是哪一条" in page and "6/1 健全会商研判处置机制" in page
    address = f"/plan/versions/{plan.id}/doubt/{doubt.id}/accept/"
    refused = clerk.post(address, {"version": "1", "unit": "999999"}, headers=JSON)
    assert refused.json()["error"]["code"] == "tie-row" and refused.json()["error"]["mend"]
    choice = str(doubt.proposal["candidates"][0]["id"])
    assert clerk.post(address, {"version": "1", "unit": choice}).status_code == 302
    assert answering(plan) == {"6/1": ("warning.reached_in_time",)}
    page = clerk.get(f"/plan/versions/{plan.id}/?doubt={doubt.id}").content.decode()
    assert "由它回答 6/1 条" in page

    def other_year(rows: list[list[str]], number: int) -> None:
        of_another_county(rows, number)
        if number == 6:
            rows.insert(0, ["新增的一条", "演示：按新的安排推进。", "县应急管理局"])

    later = entered(plan_file(other_year, "2026年安全工作要点（演示数据）"), "later.docx")
    with COMMAND.open():
        assert not PlanDoubt.objects.filter(plan=later, code="indicator-row").exists()
    assert answering(later) == {"6/2": ("warning.reached_in_time",)}


def test_a_clerk_says_on_the_indicators_page_which_row_it_answers_or_that_none_does(
    county_db: str, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    from anlan.rooms.workplan import board_states

    clerk, duty = client_of("plan_clerk"), client_of("duty_officer")
    plan = entered(demo.document(), demo.NAME)
    actions.confirm(COMMAND, plan.id)
    board_states.keep(Scope.for_round("test"))
    (match,) = tie_queries.tied(COMMAND, plan).of("warning.zones_used")
    page = clerk.get("/plan/indicator/warning.zones_used/").content.decode()
    assert "改对应的条目" in page and "5/6 避险转移" in page
    assert "改对应的条目" not in duty.get("/plan/indicator/warning.zones_used/").content.decode()
    address = "/plan/indicator/warning.zones_used/row/"
    form = {"plan": str(plan.id), "promise": match.promise.key, "row": "none", "why": "本县另列"}
    assert duty.post(address, form).status_code == 403
    for wrong, code in (({"why": " "}, "why-empty"), ({"row": "999999"}, "tie-row"),
                        ({"promise": "x"}, "promise-unknown"), ({"plan": "999999"}, "plan-unknown")):  # fmt: skip
        error = clerk.post(address, form | wrong, headers=JSON).json()["error"]
        assert error["code"] == code and error["mend"], code
    assert clerk.post(address, form).status_code == 302
    assert "5/6" not in answering(plan)
    assert "已定：这份要点里没有这一条" in clerk.get(address[:-4]).content.decode()
    assert "未设指标" in clerk.get("/plan/5/6/").content.decode()
    assert owner_sql("SELECT count(*) FROM workplan_boardstate") == [(0,)]
    with COMMAND.open():
        fifth = plan.rows.get(table=5, row=5)
    assert clerk.post(address, form | {"row": str(fifth.id), "why": "看错了"}).status_code == 302
    assert answering(plan)["5/5"] == ("warning.zones_used",)
    assert owner_sql("SELECT count(*) FROM ground_journal WHERE action = 'plan.tie'") == [(2,)]


def test_a_row_of_another_version_cannot_be_meant(county_db: str) -> None:
    first = entered(demo.document(), demo.NAME)
    other = entered(plan_file(down), "shifted.docx")
    with COMMAND.open():
        foreign = other.rows.first()
    (match,) = tie_queries.tied(COMMAND, first).of("warning.zones_used")
    with pytest.raises(Refusal):
        tie_actions.decide(
            COMMAND, first.id, "warning.zones_used", match.promise.key, str(foreign.id), "试"
        )
