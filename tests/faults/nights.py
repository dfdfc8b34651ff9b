"""A night in a real county, from the bureau's text to calls, run in a process of the county.

`NIGHT` pastes, settles the doubts, submits as one person and approves as another; it prints the
call-out's id. The county's own worker then calls by itself.
"""

from __future__ import annotations

import subprocess
import sys

from anlan.ground.machine.processes import environment
from tests.faults.real_county import RealCounty

NIGHT_S_MAX = 180
NIGHT = """
import django; django.setup()
from dataclasses import replace
from anlan.ground.scope import Scope
from anlan.rooms.warning import actions
TEXT = ("垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：过去3小时，澄溪、沙坪等乡镇"
        "降雨量已达50毫米以上，预计未来3小时降雨仍将持续，请注意防范。")
scope = Scope.for_command("night")
one, other = (replace(scope, actor=replace(scope.actor, id=n, person_id=n)) for n in (1, 2))
row = actions.paste(one, TEXT)
row = actions.revise(one, row.id, row.version, {"settled": [d["code"] for d in row.doubts]})
row = actions.submit(one, row.id, row.version)
print(actions.approve(other, row.id, row.version).id)
"""


def begin(county: RealCounty) -> int:
    """Draft and approve; returns the call-out's id."""
    own = environment(county.site, "worker")
    own.pop("ANLAN_TEST", None)
    done = subprocess.run(
        [sys.executable, "-c", NIGHT], capture_output=True, text=True, timeout=NIGHT_S_MAX,
        env=own, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
