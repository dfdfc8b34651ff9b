"""`anlan plan import` and `plan status --json`, `packs check`, `journal verify`, as programs call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anlan.faces.cli import commands, main
from anlan.rooms.workplan import demo
from tests.packs.test_check import INDICATOR, pack


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command against the test's county; (exit code, what it printed)."""
    from anlan.ground.machine import site

    monkeypatch.setattr(commands, "running_county", site)

    def call(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main.main(list(words))
        return int(ended.value.code or 0), capsys.readouterr().out

    return call


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """The demonstration plan as a file."""
    path = tmp_path / demo.NAME
    path.write_bytes(demo.document())
    return path


def test_a_plan_is_imported_and_its_status_read(county_db: str, run: Any, paper: Path) -> None:
    code, out = run("plan", "import", str(paper), "--json")
    assert code == 0 and json.loads(out)["version"]
    assert json.loads(out)["differences"]["rows"] == 121
    code, out = run("plan", "status", "--json")
    found = json.loads(out)
    assert code == 0 and found["schema"] == "anlan.status/1" and len(found["rows"]) == 121
    code, out = run("plan", "status")
    assert code == 0 and "121" in out


def test_the_same_plan_again_and_what_is_none_are_refused(
    county_db: str, run: Any, paper: Path, tmp_path: Path
) -> None:
    run("plan", "import", str(paper), "--json")
    code, out = run("plan", "import", str(paper), "--json")
    assert code == 2 and json.loads(out)["error"]["code"] == "plan-known"
    poem = tmp_path / "诗.txt"
    poem.write_text("床前明月光", encoding="utf-8")
    for path in (poem, tmp_path / "没有.txt", tmp_path):
        code, out = run("plan", "import", str(path), "--json")
        error = json.loads(out)["error"]
        assert code == 2 and set(error) == {"code", "message", "place", "mend"}


def test_packs_check_answers_no_with_faults_and_yes_without(run: Any, tmp_path: Path) -> None:
    code, out = run("packs", "check", "--json")
    assert code == 0 and json.loads(out)["faults"] == []
    pack(tmp_path, indicators={"a": INDICATOR | {"fact": "x_fact_y"}})
    code, out = run("packs", "check", str(tmp_path), "--json")
    (fault,) = json.loads(out)["faults"]
    assert code == 1
    assert set(fault) == {"file", "line", "key", "what", "mend"}
    assert (fault["file"], fault["key"]) == ("boats/indicators.yaml", "a.fact")
    code, out = run("packs", "check", str(tmp_path))
    assert code == 1 and "怎么办" in out
    code, out = run("packs", "check", str(tmp_path / "no"), "--json")
    assert code == 2 and json.loads(out)["error"]["code"] == "folder-missing"


def test_verify_says_lines_read_first_broken_line_and_last_anchor(
    county_db: str, run: Any, owner_sql: Any
) -> None:
    from anlan.ground import journal
    from anlan.ground.machine import site
    from anlan.ground.scope import Scope

    scope = Scope.for_round("test")
    while journal.seal(scope):
        pass
    site().anchors.unlink(missing_ok=True)
    seal = journal.anchor(scope, site().anchors)
    code, out = run("journal", "verify", "--json")
    found = json.loads(out)
    lines = owner_sql("SELECT count(*) FROM ground_journal")[0][0]
    assert code == 0 and found["whole"] and found["lines"] == lines
    assert found["anchor_seal"] == seal and found["anchor_at"]
    victim = owner_sql("SELECT id FROM ground_journal ORDER BY id LIMIT 1 OFFSET 3")[0][0]
    owner_sql("ALTER TABLE ground_journal DISABLE TRIGGER USER")
    owner_sql("UPDATE ground_journal SET why = '改过' WHERE id = %s", (victim,))
    code, out = run("journal", "verify", "--json")
    found = json.loads(out)
    assert code == 1 and found["broken_line"] == victim
    code, out = run("journal", "verify")
    assert code == 1 and f"第 {victim} 行" in out
    site().anchors.unlink()
