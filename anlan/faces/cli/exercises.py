"""`anlan exercise start|stop|list` and `anlan replay FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from anlan.faces.cli.answers import Answer, Steps
from anlan.faces.cli.looking import running_county
from anlan.ground.errors import Refusal

SCHEMA = "anlan.exercises/1"
STEP_WORDS = {
    "input": "收到原文", "judged": "判定（原文所写）", "run": "预报（原文所写）", "draft": "起草",
    "approved": "批准", "first_ring": "第一次叫", "last_answer": "最后一个应答",
    "order": "转移指令",    "counted": "最后一次清点", "all_clear": "解除",
}  # fmt: skip


def exercise_start(options: argparse.Namespace) -> Answer:
    """A world of its own, with its clock."""
    running_county()
    from anlan.ground.scope import Scope
    from anlan.rooms.review import actions, nights

    night = nights.shipped().get(options.night) if options.night else None
    if options.night and night is None:
        raise Refusal(
            "night-unknown", "没有这一夜的记录", options.night, "、".join(nights.shipped())
        )
    live = options.kind == "live"
    plan = actions.Plan(
        kind=options.kind, name=options.name, form=options.form, topics=tuple(options.topic or ()),
        rate=1.0 if live else options.rate, seed=options.seed, silent=options.silent,
        starts_at=night.starts_at if night and not live else None, player=not options.no_player,
        source=options.night or "", night=night,
    )  # fmt: skip
    made = actions.start(Scope.for_command("exercise-start", frozenset({"exercise.control"})), plan)
    answer = {"schema": SCHEMA, "world": made.space, "kind": made.kind, "name": made.name}
    return 0, answer, f"已开始 {made.name}（第 {made.space} 场），控制台“演练”页里进入"


def exercise_stop(options: argparse.Namespace) -> Answer:
    """It ends, and what came of it is recorded."""
    running_county()
    from anlan.ground import worlds
    from anlan.ground.scope import Scope
    from anlan.rooms.review import actions, rounds

    scope = Scope.for_command("exercise-stop", frozenset({"exercise.control"}))
    with scope.open():
        was_open = worlds.find(options.world).ended_at is None
    row = actions.stop(scope, options.world)
    rounds.record(Scope.for_round("exercise.record"))
    answer = {"schema": SCHEMA, "world": row.space, "stopped": was_open}
    return 0, answer, f"已结束 {row.name}" if was_open else f"{row.name} 早已结束"


def exercise_list(_options: argparse.Namespace) -> Answer:
    """Open ones first."""
    running_county()
    from anlan.ground.scope import Scope
    from anlan.rooms.review import queries

    scope = Scope.for_command("exercise-list", frozenset({"exercise.read"}))
    found = [_row(row) for row in queries.exercises(scope)]
    lines = [
        f"{row['world']:>4} {'进行中' if row['open'] else '已结束'} {row['kind']:8} {row['name']}"
        f"{' 回放' if row['replay'] else ''} {row['people']} 人 {row['places']} 个乡镇和村"
        for row in found
    ]
    return 0, {"schema": SCHEMA, "exercises": found}, "\n".join(lines) or "还没有演练"


def _row(row: Any) -> dict[str, Any]:
    own, space = row.exercise, row.world
    return {
        "world": own.space, "kind": own.kind, "name": own.name, "form": own.form,
        "open": space.ended_at is None, "rate": space.rate, "seed": own.seed,
        "replay": own.replay, "started_at": own.started_at.isoformat(), "ended_why": own.ended_why,
        "people": own.people, "places": row.places, "findings": row.findings,
    }  # fmt: skip


def replay(options: argparse.Namespace) -> Answer:
    """A recorded night as 推演 in a world of its own."""
    path = Path(options.file)
    if not path.is_file():
        raise Refusal("file-missing", "没有这个文件", options.file, "请核对路径")
    own = running_county()
    from anlan.faces.cli import driving
    from anlan.rooms.review import nights

    night = nights.read(path)
    seed = night.seed if options.seed is None else options.seed
    steps, players = Steps(), []

    def player(_space: int, token: str) -> Any:
        process = driving.PlayerProcess(own.address("public", ""), token, night, seed)
        players.append(process)
        return process.turn

    steps.next(night.title)
    try:
        report = driving.replay(night, path.stem, seed, player)
    finally:
        for process in players:
            process.end()
        steps.end()
    return 0, report, _text(report)


def _text(report: dict[str, Any]) -> str:
    lines = [f"第 {report['world']} 场推演，种子 {report['seed']}"]
    lines += [
        f"  {STEP_WORDS[s['step']]:　<10} {s['at'][:19]}  +{s['seconds_from_start'] // 60} 分"
        f"  {s['count']}"
        for s in report["steps"]
    ]
    calls, heads = report["calls"], report["headcount"]
    told = f"  应转 {heads['to_move']}，安置 {heads['sheltered']}，投亲 {heads['relatives']}，"
    lines.append(f"  岗位 {calls['posts']}，应答 {calls['answered']}，兜底 {calls['fallback']}，"
                 f"叫不到人 {calls['nobody']}")  # fmt: skip
    lines.append(told + f"自行离开 {heads['elsewhere']}，未转 {heads['still_there']}")
    lines.append("  判定、预报两步取自气象台原文自己的话，不是本程序的模型算的；应答都是演员代答的")
    return "\n".join(lines)
