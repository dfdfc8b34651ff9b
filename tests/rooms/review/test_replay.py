"""The night of 10 to 11 July 2024, replayed: the same seed gives the same night, and it is honest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from anlan.faces.cli import driving, exercises
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from anlan.rooms.review import nights, queries
from tests.rooms.review.exercises import COMMAND

SHIPPED = nights.SHIPPED / "2024-07-10.yaml"
STEPS = ["input", "judged", "run", "draft", "approved", "first_ring", "last_answer", "order",
         "counted", "all_clear"]  # fmt: skip


def zones() -> None:
    from anlan.rooms.evacuation import register_actions as standing
    from tests.conftest import VILLAGES

    command = Scope.for_command("test")
    shelter = standing.add_shelter(command, VILLAGES[0], "小学", 30)
    zone = standing.add_zone(command, VILLAGES[0], "一片", "rainstorm", shelter.id)
    for number in range(4):
        standing.add_household(command, zone.id, f"户主{number}", 3)


def played_by(player_of: Callable[..., Any], night: nights.Night, seed: int) -> Any:
    def make(_space: int, token: str) -> Callable[[], driving.Told]:
        own = player_of(token, seed, night.silent, night.delay_s)

        def turn() -> driving.Told:
            done = own.turn()
            return driving.Told(done.taken, done.answered, done.next_at)

        return turn

    return make


@pytest.fixture
def play(county_db: str, player_of: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    zones()

    def run(seed: int, night: nights.Night | None = None) -> dict[str, Any]:
        own = night or nights.read(SHIPPED)
        return driving.replay(own, SHIPPED.stem, seed, played_by(player_of, own, seed))

    return run


def first_hour() -> nights.Night:
    """The night's beginning: its warning and what comes of it within the hour."""
    whole = nights.read(SHIPPED)
    ends = whole.starts_at + timedelta(hours=1)
    events = tuple(event for event in whole.events if event.at < ends)
    return replace(whole, ends_at=ends, events=events)


def test_the_night_from_the_text_to_the_all_clear(play: Callable[..., dict[str, Any]]) -> None:
    report = play(71124)
    assert set(report) == {"schema", "world", "seed", "steps", "calls", "headcount"}
    assert (report["schema"], report["seed"]) == ("anlan.replay/1", 71124)
    assert [step["step"] for step in report["steps"]] == STEPS
    assert all(set(s) == {"step", "at", "seconds_from_start", "count"} for s in report["steps"])
    at = {step["step"]: datetime.fromisoformat(step["at"]) for step in report["steps"]}
    assert at["input"] == datetime.fromisoformat("2024-07-10T22:15:00+08:00")
    assert at["approved"] == datetime.fromisoformat("2024-07-10T22:21:00+08:00")
    assert at["all_clear"] == datetime.fromisoformat("2024-07-11T07:05:00+08:00")
    assert at["approved"] <= at["first_ring"] < at["last_answer"] < at["all_clear"]
    assert at["order"] < at["counted"] < at["all_clear"]
    calls, heads = report["calls"], report["headcount"]
    assert calls["posts"] == 8 and 0 < calls["answered"] <= 8
    assert heads["to_move"] == 12
    assert heads["to_move"] == sum(v for k, v in heads.items() if k != "to_move")
    assert "演员代答" in exercises._text(report)
    row = queries.exercise(COMMAND, report["world"])
    assert (row.replay, row.ended_why, row.people) == (True, "finished", 0)


def test_the_same_seed_is_the_same_night_and_another_is_another(
    play: Callable[..., dict[str, Any]],
) -> None:
    first, again, other = (play(seed, first_hour()) for seed in (5, 5, 6))
    for report in (first, again, other):
        del report["world"]
    assert first == again
    assert first["steps"] != other["steps"]


def test_nobody_signs_in_to_the_script_and_a_second_account_approves(
    play: Callable[..., dict[str, Any]],
) -> None:
    from anlan.county.models import Account
    from anlan.rooms.warning.models import Approval, Warning

    space = play(1, first_hour())["world"]
    with Scope.for_round("test", space).open():
        row, yes = Warning.objects.get(), Approval.objects.get(act="release")
        assert row.drafted_account is not None and yes.account is not None
        assert row.drafted_account != yes.account and yes.approved_by == "推演脚本·控制员"
        kinds = set(
            JournalLine.objects.filter(world=space, action="warning.approve").values_list(
                "actor_kind", "actor"
            )
        )
    assert kinds == {("script", "推演脚本·控制员")}
    with COMMAND.open():
        for name in (driving.DESK, driving.CONTROL):
            account = Account.objects.get(username=name)
            assert not account.is_active and not account.has_usable_password()


def test_the_drafter_cannot_approve_in_a_replay_either(county_db: str) -> None:
    from anlan.ground.errors import Denied
    from anlan.rooms.warning import actions as warning

    desk = driving.script_scope(driving.DESK, "值班", driving.DESK_RIGHTS)
    text = nights.read(SHIPPED).events[0].text
    row = warning.paste(desk, text)
    codes = [doubt["code"] for doubt in row.doubts]
    row = warning.revise(desk, row.id, row.version, {"settled": codes})
    row = warning.submit(desk, row.id, row.version)
    strong = replace(desk, rights=desk.rights | {"warning.approve"})
    with pytest.raises(Denied, match="不能批准自己"):
        warning.approve(strong, row.id, row.version)


def test_a_replay_that_breaks_off_leaves_no_open_world(
    county_db: str, player_of: Callable[..., Any]
) -> None:
    night = nights.read(SHIPPED)

    def broken(_space: int, _token: str) -> Callable[[], driving.Told]:
        def turn() -> driving.Told:
            raise NotRunning("player-away", "推演的演员没有演下去")

        return turn

    with pytest.raises(NotRunning):
        driving.replay(night, "x", 1, broken)
    assert [row.world.ended_at is not None for row in queries.exercises(COMMAND)] == [True]


def test_every_line_of_the_shipped_night_has_its_source_or_says_that_it_is_made_up() -> None:
    night = nights.read(SHIPPED)
    assert len(night.events) >= 6
    for event in night.events:
        assert "演示数据" in event.source or "http" in event.source or ".com" in event.source
    assert not [e for e in night.events if "死" in e.text or "亡" in e.text]


GOOD = SHIPPED.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("schema: anlan.night/1", "schema: anlan.night/9", "schema"),
        ("22:15:00+08:00\nends", "22:15:00\nends", "starts_at"),
        ("ends_at: 2024-07-11", "ends_at: 2024-08-11", "ends_at"),
        ("form: comprehensive", "form: big", "form"),
        ("topics: [first_response, moving]", "topics: [x]", "topics"),
        ("silent: 0.3", "silent: 3", "player.silent"),
        ("delay_s: [20, 240]", "delay_s: [240, 20]", "player.delay_s"),
        ("kind: road", "kind: fire", "events[4].kind"),
        ("approve_after_min: 6", "approve_after_min: -6", "events[0].approve_after_min"),
        ("at: 2024-07-11T05:30:00+08:00", "at: 2024-07-12T05:30:00+08:00", "events[4].at"),
        ("    text: G243长寿至垫江云台段被淹，断道。\n", "", "events[4].text"),
        ("    kind: road\n", "    kind: road\n    colour: red\n", "events[4].colour"),
        ("divisions: [500231000000]\nplayer", "divisions: [5]\nplayer", "divisions"),
    ],
)
def test_a_file_that_is_no_night_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    assert old in GOOD
    file = tmp_path / "night.yaml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        nights.read(file)
    assert place in refused.value.place and refused.value.mend


@pytest.mark.parametrize("content", [b"", b"[]", b"a: [", b"a: !!python/object:x {}", b"\xff\xfe"])
def test_what_is_not_even_yaml_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "night.yaml"
    file.write_bytes(content)
    with pytest.raises(Refusal):
        nights.read(file)


def test_the_facts_of_the_night_are_those_that_were_reported() -> None:
    import json

    path = Path(__file__).resolve().parents[4] / "shared/data/2024-07-11_chengxi_flood.json"
    if not path.exists():
        pytest.skip(f"the reported facts are not at {path}")
    told = json.loads(path.read_text(encoding="utf-8"))
    text = " ".join(event.text for event in nights.read(SHIPPED).events)
    assert str(told["river"]["rise_m_by_0700"]) in text
    for place in ("向阳", "南华", "双桂", "龙泉村", "永进社区", "G243"):
        assert place in text
    assert f"{told['waterlogging']['max_depth_m']:g}米" in text
