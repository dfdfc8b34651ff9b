"""From the pasted text to the call-out: doubts stop it, a second person approves, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from anlan.engines.callout.models import Callout
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.warning import actions, queries
from anlan.rooms.warning.models import Warning
from tests.conftest import TOWNSHIPS

ROUND = Scope.for_round("test")
TEXT = (
    "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：过去3小时，澄溪等乡镇降雨量"
    "已达50毫米以上，预计未来3小时降雨仍将持续，请注意防范。"
)


@pytest.fixture
def officer(scope_of: Callable[..., Any]) -> Scope:
    return scope_of("duty_officer")  # type: ignore[no-any-return]


@pytest.fixture
def leader(scope_of: Callable[..., Any]) -> Scope:
    return scope_of("duty_leader")  # type: ignore[no-any-return]


def settled(officer: Scope) -> Warning:
    row = actions.paste(officer, TEXT)
    codes = [doubt["code"] for doubt in row.doubts]
    row = actions.revise(officer, row.id, row.version, {"settled": codes})
    return actions.submit(officer, row.id, row.version)


def test_a_draft_has_all_that_article_64_asks_for(officer: Scope) -> None:
    row = actions.paste(officer, TEXT)
    for name in ("kind_label", "grade", "starts_at", "area", "caution", "measures", "issuer"):
        assert getattr(row, name), name
    assert row.issuer == "垫江县人民政府" and row.signal_issuer == "垫江县气象台"
    assert row.divisions == [TOWNSHIPS[0]] and row.area == "澄溪镇"
    assert "暴雨橙色预警" in row.sms and "{" not in row.sms


def test_open_doubts_stop_the_submission_and_are_named(officer: Scope) -> None:
    row = actions.paste(officer, TEXT)
    with pytest.raises(Refusal) as refusal:
        actions.submit(officer, row.id, row.version)
    assert refusal.value.code == "doubts-open" and refusal.value.place


def test_the_drafter_cannot_approve_even_as_somebody_else(officer: Scope, leader: Scope) -> None:
    row = settled(officer)
    with pytest.raises(Denied):
        actions.approve(officer, row.id, row.version)
    disguised = replace(leader, actor=replace(leader.actor, person_id=officer.actor.person_id))
    with pytest.raises(Denied):
        actions.approve(disguised, row.id, row.version)
    with ROUND.open():
        assert Callout.objects.count() == 0


def test_a_second_person_approves_and_the_callout_opens(officer: Scope, leader: Scope) -> None:
    row = settled(officer)
    opened = actions.approve(leader, row.id, row.version)
    assert opened.grade == "orange" and opened.text == row.sms
    assert queries.shown(officer, row.id).row.state == "released"


def test_a_change_after_submission_needs_a_new_approval(officer: Scope, leader: Scope) -> None:
    row = settled(officer)
    actions.revise(officer, row.id, row.version, {"grade": "red"})
    with pytest.raises(Conflict):
        actions.approve(leader, row.id, row.version)
    with pytest.raises(Refusal):
        actions.approve(leader, row.id, row.version + 1)


def test_two_approvals_at_once_are_one_callout(
    officer: Scope, leader: Scope, scope_of: Callable[..., Any]
) -> None:
    from django.db import connections

    row = settled(officer)
    results: list[str] = []

    def go(scope: Scope) -> None:
        try:
            actions.approve(scope, row.id, row.version)
            results.append("opened")
        except Conflict:
            results.append("conflict")
        finally:
            connections.close_all()

    both = [leader, scope_of("county_leader")]
    threads = [threading.Thread(target=go, args=(scope,)) for scope in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["conflict", "opened"]
    with ROUND.open():
        assert Callout.objects.count() == 1


def test_nobody_approves_what_they_changed_themselves(officer: Scope, leader: Scope) -> None:
    row = settled(officer)
    row = actions.revise(leader, row.id, row.version, {"caution": "山洪沟边不停留。"})
    row = actions.submit(leader, row.id, row.version)
    with pytest.raises(Denied) as refusal:
        actions.approve(leader, row.id, row.version)
    assert refusal.value.code == "second-person"
    assert Callout.objects.count() == 0


def test_a_warning_goes_back_with_its_reason_and_comes_again(officer: Scope, leader: Scope) -> None:
    row = settled(officer)
    with pytest.raises(Refusal):
        actions.send_back(leader, row.id, row.version, " ")
    with pytest.raises(Denied):
        actions.send_back(officer, row.id, row.version, "范围少了")
    shown = queries.shown(leader, row.id)
    assert shown.checked and any(piece.doubt for piece in shown.pieces)
    back = actions.send_back(leader, row.id, row.version, "范围少了沙坪镇")
    assert back.state == "draft" and "范围少了沙坪镇" in back.doubts[0]["message"]
    with pytest.raises(Conflict):
        actions.approve(leader, row.id, row.version)
    with pytest.raises(Refusal) as refusal:
        actions.submit(officer, back.id, back.version)
    assert refusal.value.code == "doubts-open"
    again = actions.revise(officer, back.id, back.version, {"settled": ["sent-back"]})
    again = actions.submit(officer, again.id, again.version)
    assert actions.approve(leader, again.id, again.version).id
    with pytest.raises(Conflict):
        actions.send_back(leader, again.id, row.version, "晚了")


def test_an_urgent_override_has_a_reason_and_a_review(officer: Scope, leader: Scope) -> None:
    row = settled(officer)
    with pytest.raises(Refusal):
        actions.override(leader, row.id, row.version, " ")
    actions.override(leader, row.id, row.version, "房屋进水")
    kept = queries.shown(officer, row.id).row
    assert kept.override_why == "房屋进水" and kept.review_due_at is not None


def test_the_all_clear_goes_by_the_same_chain_and_needs_a_second_person(
    officer: Scope, leader: Scope
) -> None:
    row = settled(officer)
    first = actions.approve(leader, row.id, row.version)
    lift = actions.propose_lift(officer, row.id, row.version)
    with pytest.raises(Denied):
        actions.approve_lift(officer, lift.id, lift.version)
    second = actions.approve_lift(leader, lift.id, lift.version)
    assert (second.kind, second.follows_id, second.chain) == ("all_clear", first.id, first.chain)
    assert "解除" in second.text


@pytest.mark.parametrize("text", ["", "   ", "雨" * 2001])
def test_no_text_or_too_much_is_refused_with_a_mend(officer: Scope, text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        actions.paste(officer, text)
    assert refusal.value.mend


def test_extra_fields_are_refused(officer: Scope) -> None:
    row = actions.paste(officer, TEXT)
    with pytest.raises(Refusal):
        actions.revise(officer, row.id, row.version, {"state": "released"})


def test_the_preview_names_everyone_and_marks_the_doubt(officer: Scope) -> None:
    row = actions.paste(officer, TEXT)
    shown = queries.shown(officer, row.id)
    assert shown.preview is not None and len(shown.preview.recipients) == 5
    assert "".join(piece.text for piece in shown.pieces) == TEXT
    assert any(piece.doubt and piece.text == "等乡镇" for piece in shown.pieces)


def test_a_village_cannot_draft(county_db: str, scope_of: Callable[..., Any]) -> None:
    from tests.conftest import VILLAGES

    with pytest.raises(Denied):
        actions.paste(scope_of("village_head", VILLAGES[0]), TEXT)
