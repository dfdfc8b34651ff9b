"""`anlan gateway test NUMBER`: whether a message goes out, and where it stops if not."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from anlan.faces.cli.answers import Answer
from anlan.faces.cli.looking import running_county


def gateway_test(options: argparse.Namespace) -> Answer:
    """One message to a number whose owner asked for it; exit 1 where a step failed."""
    own = running_county()
    from anlan.engines.callout import trial
    from anlan.engines.callout.gateway import Centre
    from anlan.ground import clock
    from anlan.ground.scope import Scope

    scope = Scope.for_command("gateway-test", frozenset({"system.manage"}))
    centre = Centre.from_environment()
    trial.refuse_outside(centre, own.demo)
    trial.refuse_unconfirmed(scope, centre, options.number)
    with scope.open():
        at = clock.local(clock.now(0))
    text = f"【安澜】{'演示数据 ' if own.demo else ''}测试短信 {at:%H:%M}，收到不用回复。"
    steps = trial.send(centre, options.number, text)
    trial.record(scope, options.number, steps)
    good = all(step.good for step in steps)
    lines = [f"{'好' if step.good else '不行'}  {step.said}" for step in steps]
    answer = {"schema": "anlan.gateway/1", "good": good, "steps": [asdict(s) for s in steps]}
    return (0 if good else 1), answer, "\n".join(lines)
