"""A hidden danger from its report to its closing, through actions: who, with what, and by when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from anlan.engines.cases import actions, rounds
from anlan.engines.cases.actions import Given, Start
from anlan.engines.cases.models import Case, Deadline, Paper, Step
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.engines.cases.shots import in_days, sent

DAY_S = 86_400
FIVE = {"responsible": "王主任", "measures": "更换", "funds": "1200", "plan": "停用该区域"}
KIND = "hazards.hazard"


@pytest.fixture
def people(county_db: str, scope_of: Callable[..., Any]) -> dict[str, Scope]:
    """Who works on it: the township's duty post, its cadre and leader, a department, a leader."""
    return {
        "helper": scope_of("village_helper", VILLAGES[0]),
        "cadre": scope_of("township_cadre", TOWNSHIPS[0]),
        "duty": scope_of("township_duty", TOWNSHIPS[0]),
        "head": scope_of("township_leader", TOWNSHIPS[0]),
        "unit": scope_of("unit_duty", COUNTY),
        "leader": scope_of("county_leader", COUNTY),
        "other": scope_of("township_duty", TOWNSHIPS[1]),
    }


def report(scope: Scope, **more: Any) -> Case:
    values = {"channel": "township", "what": "灭火器过期"} | more
    return actions.open_case(
        scope, KIND, "found", Start(VILLAGES[0], place="甲村加油站"), Given(values)
    )


def go(scope: Scope, row: Case, key: str, papers: Any = None, **values: Any) -> Case:
    return actions.move(scope, row.id, row.version, key, Given(values, papers or {}))


def ordered(people: dict[str, Scope], days: int = 10, grade: str = "general") -> Case:
    row = go(people["unit"], report(people["helper"]), "assess", grade=grade,
             **({"criteria": "标准第3条"} if grade == "major" else {}))  # fmt: skip
    more = {"suspend": "halt"} if grade == "major" else {}
    return go(people["unit"], row, "order", due_on=in_days(days), **FIVE, **more)


def closed(people: dict[str, Scope], row: Case) -> Case:
    row = go(people["cadre"], row, "finish", {"after": sent()}, report="已更换")
    return go(people["duty"], row, "pass", checked="新灭火器在位")


def test_from_report_to_closing(people: dict[str, Scope]) -> None:
    row = closed(people, ordered(people))
    assert (row.state, row.ended, row.outcome, row.grade) == ("closed", True, "done", "general")
    with people["unit"].open():
        told = [(s.kind, s.key, s.to_state) for s in Step.objects.filter(case=row).order_by("id")]
        deadline = Deadline.objects.get(case=row, key="rectify")
        paper = Paper.objects.get(step__case=row)
    assert told == [("open", "found", "reported"), ("move", "assess", "assessed"),
                    ("move", "order", "ordered"), ("move", "finish", "done"),
                    ("move", "pass", "closed")]  # fmt: skip
    assert deadline.ended_on is not None and deadline.fell_at is None
    assert (paper.kind, paper.key, len(paper.sha256)) == ("photo", "after", 64)
    assert row.values["funds"] == "1200" and row.values["after"] == "现场.jpg"


@pytest.mark.parametrize(
    ("who", "key", "code"),
    [("helper", "assess", "no-right"), ("unit", "order", "case-state"), ("unit", "gone", "case-move"),
     ("unit", "fix_now", "case-state"), ("other", "assess", "not-found")],
)  # fmt: skip
def test_what_may_not_be_done_is_refused(
    people: dict[str, Scope], who: str, key: str, code: str
) -> None:
    row = report(people["helper"])
    with pytest.raises((Denied, Conflict, NotFound)) as refused:
        go(people[who], row, key, grade="general")
    assert refused.value.code == code and refused.value.mend


def test_whoever_rectified_does_not_check(people: dict[str, Scope]) -> None:
    row = go(people["duty"], ordered(people), "finish", {"after": sent()}, report="已更换")
    with pytest.raises(Denied) as refused:
        go(people["duty"], row, "pass", checked="好")
    assert refused.value.code == "case-same-person" and "整改完成" in refused.value.place
    assert go(people["head"], row, "pass", checked="好").state == "closed"


def test_what_is_lacking_is_named_all_at_once_and_nothing_is_written(
    people: dict[str, Scope],
) -> None:
    row = go(people["unit"], report(people["helper"]), "assess", grade="general")
    with pytest.raises(Refusal) as refused:
        go(people["unit"], row, "order", due_on=in_days(-1), funds="一千")
    for label in ("责任人", "整改措施", "整改资金", "整改时限", "应急预案"):
        assert label in refused.value.place
    with pytest.raises(Refusal):
        go(people["unit"], row, "order", due_on=in_days(9), **FIVE, after="假照片")
    with people["unit"].open():
        row.refresh_from_db()
        assert row.state == "assessed" and not Deadline.objects.filter(key="rectify").exists()


def test_a_major_one_is_listed_checked_and_lifted_by_three_people(people: dict[str, Scope]) -> None:
    row = ordered(people, grade="major")
    with pytest.raises(Conflict):
        go(people["cadre"], row, "finish", {"after": sent()}, report="好")
    row = go(people["leader"], row, "list", list_number="垫安委〔2026〕1号")
    with pytest.raises(Refusal) as refused:
        go(people["cadre"], row, "finish_major", {"after": sent()}, report="好", spent="1")
    assert "签字" in refused.value.place
    row = go(people["cadre"], row, "finish_major", {"after": sent(), "principal": sent("签字.jpg")},
             report="好", spent="900")  # fmt: skip
    row = go(people["duty"], row, "pass_major", {"check_photo": sent()}, checked="到位")
    with pytest.raises(Refusal) as refused:
        go(people["leader"], row, "lift", lift_number="2号")
    assert "恢复生产" in refused.value.place
    row = go(people["leader"], row, "lift", lift_number="2号", resume="是")
    assert (row.state, row.values["suspend"], row.values["resume"]) == ("closed", "halt", True)


def test_who_was_slower_is_told(people: dict[str, Scope]) -> None:
    row = report(people["helper"])
    go(people["unit"], row, "assess", grade="general")
    with pytest.raises(Conflict) as late:
        go(people["unit"], row, "dismiss", why_none="不是")
    assert late.value.code == "changed-meanwhile"


def test_a_covert_visit_needs_its_photo(people: dict[str, Scope]) -> None:
    with pytest.raises(Refusal) as refused:
        report(people["helper"], channel="unannounced")
    assert "暗访照片" in refused.value.place
    values = {"channel": "unannounced", "what": "消防通道堵塞"}
    row = actions.open_case(people["duty"], KIND, "found", Start(VILLAGES[0]),
                            Given(values, {"covert": sent()}))  # fmt: skip
    assert row.title == "消防通道堵塞" or row.title


def test_a_neighbour_neither_opens_here_nor_sees_it(people: dict[str, Scope]) -> None:
    with pytest.raises((Denied, NotFound)):
        report(people["other"])
    row = report(people["helper"])
    with people["other"].open():
        assert not Case.objects.filter(pk=row.id).exists()


def test_closed_by_its_date_is_in_time_and_after_it_is_not(
    people: dict[str, Scope], move_clock: Callable[..., None]
) -> None:
    """The last second of the last day still counts; the next day does not."""
    good, late = ordered(people, 2), ordered(people, 2)
    closed(people, good)
    round_ = Scope.for_round("test")
    assert rounds.fall_due(round_) == 0
    move_clock(3 * DAY_S)
    assert rounds.fall_due(round_) == 2 and rounds.fall_due(round_) == 0
    with people["unit"].open():
        fell = dict(Deadline.objects.filter(key="rectify").values_list("case_id", "in_time"))
    assert fell == {good.id: True, late.id: False}
    with people["unit"].open():
        late.refresh_from_db()
        assert Step.objects.filter(case=late, kind="lapse").count() == 1
    closed(people, late)
    with people["unit"].open():
        assert Deadline.objects.get(case=late, key="rectify").in_time is False


def test_a_case_keeps_the_version_under_which_it_was_opened(
    people: dict[str, Scope], monkeypatch: pytest.MonkeyPatch
) -> None:
    from anlan.engines.cases import rows, types

    row = report(people["helper"])
    entry = types.entries()[KIND]
    other = {**entry, "moves": {k: v for k, v in entry["moves"].items() if k != "dismiss"}}
    monkeypatch.setattr(types, "entries", lambda: {KIND: other})
    monkeypatch.setattr(actions, "entries", lambda: {KIND: other})
    younger = report(people["helper"])
    with people["unit"].open():
        assert "dismiss" in rows.kind_of_case(Case.objects.get(pk=row.id)).moves
        assert "dismiss" not in rows.kind_of_case(Case.objects.get(pk=younger.id)).moves
    with pytest.raises(NotFound):
        go(people["unit"], younger, "dismiss", why_none="x")
    assert go(people["unit"], row, "dismiss", why_none="不是隐患").outcome == "void"


def test_an_exercise_has_its_own_cases(people: dict[str, Scope], owner_sql: Any) -> None:
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
        " VALUES (7, 'tabletop', '推演', now(), '0', 1, now())"
    )
    there = replace(people["helper"], world=7)
    report(there)
    with people["unit"].open():
        assert Case.objects.count() == 0
    with people["unit"].in_world(7).open():
        assert Case.objects.count() == 1
