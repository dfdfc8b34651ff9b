"""Twelve situations written from the law apart from the pack run as written; a broken pack fails."""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from anlan.county.rights import table
from anlan.engines.cases import situations
from anlan.engines.cases.types import compiled
from anlan.faces.cli import packs as commands
from anlan.ground.errors import Refusal
from anlan.ground.policy import check, packs

CASES = yaml.safe_load(
    (Path(__file__).parent / "law_cases.yaml").read_text(encoding="utf-8")
)  # fmt: skip
OWN = packs.section("hazards", "situations")


def play(name: str, situation: dict[str, Any], entries: dict[str, Any] | None = None) -> Any:
    found = entries or packs.section("hazards", "cases")
    kinds = {f"hazards.{key}": compiled(f"hazards.{key}", one) for key, one in found.items()}
    return situations.of_pack("hazards", {name: situation}, kinds, table().posts)[0]


def test_there_are_twelve_each_with_its_article() -> None:
    assert len(CASES) == 12
    assert all("条" in one["source"] for one in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_the_law_runs_as_written(name: str) -> None:
    outcome = play(name, CASES[name])
    assert outcome.passed, f"第 {outcome.step} 步：应为 {outcome.wanted}，实为 {outcome.found}"


@pytest.mark.parametrize("name", OWN)
def test_the_packs_own_situations_run_as_written(name: str) -> None:
    assert play(name, OWN[name]).passed


def without_four_eyes(entries: dict[str, Any]) -> None:
    for move in entries["hazard"]["moves"].values():
        move.pop("other_than", None)


def without_grade(entries: dict[str, Any]) -> None:
    for move in entries["hazard"]["moves"].values():
        move.pop("when", None)


def calendar_hearing(entries: dict[str, Any]) -> None:
    entries["penalty"]["deadlines"]["hearing"]["counted"] = "calendar"


def no_material(entries: dict[str, Any]) -> None:
    entries["tip"]["moves"]["verify"]["asks"]["material"].pop("needed")


def any_post(entries: dict[str, Any]) -> None:
    entries["tip"]["moves"]["verify_county"].pop("posts")


@pytest.mark.parametrize(
    "breaks", [without_four_eyes, without_grade, calendar_hearing, no_material, any_post]
)
def test_a_broken_pack_is_caught(breaks: Any) -> None:
    """Mutants: each takes away something that the law or the pack asks for."""
    entries = copy.deepcopy(packs.section("hazards", "cases"))
    breaks(entries)
    assert not all(play(name, one, entries).passed for name, one in {**CASES, **OWN}.items())


def test_the_file_of_the_law_is_of_the_published_form() -> None:
    from jsonschema import Draft202012Validator

    assert list(Draft202012Validator(check.schema("situations")).iter_errors(CASES)) == []


def test_the_command_says_which_step_went_otherwise(tmp_path: Path) -> None:
    code, answer, said = commands.test(argparse.Namespace(folder=None))
    assert code == 0 and "都对" in said and answer["schema"] == "anlan.packs.test/1"
    folder = tmp_path / "boats"
    folder.mkdir()
    for name in ("pack", "cases"):
        source = packs.PACKS / "hazards" / f"{name}.yaml"
        (folder / f"{name}.yaml").write_text(
            source.read_text(encoding="utf-8").replace("hazards.", "boats."), encoding="utf-8"
        )
    text = (
        (folder / "cases.yaml")
        .read_text(encoding="utf-8")
        .replace("value: boats.", "value: hazards.")
    )
    (folder / "cases.yaml").write_text(text, encoding="utf-8")
    wrong = {"错的": {"case": "hazard", "steps": [
        {"day": "2025-03-03", "by": "甲", "as": "village_helper", "open": "found",
         "say": {"channel": "self", "what": "油污"}, "then": {"state": "closed"}}]}}  # fmt: skip
    (folder / "situations.yaml").write_text(yaml.safe_dump(wrong, allow_unicode=True))
    code, answer, said = commands.test(argparse.Namespace(folder=str(folder)))
    assert code == 1 and "第 1 步" in said and "closed" in said and "reported" in said, said
    wrong["错的"]["steps"][0]["day"] = "2025-02-30"
    (folder / "situations.yaml").write_text(yaml.safe_dump(wrong, allow_unicode=True))
    packs.section.cache_clear()
    with pytest.raises(Refusal) as refused:
        commands.test(argparse.Namespace(folder=str(folder)))
    assert refused.value.code == "pack-broken"
