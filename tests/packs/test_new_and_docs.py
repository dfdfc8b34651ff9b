"""`anlan packs new` and `docs`: a pack begins whole, and has a page that says what it says."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from anlan.faces.cli import packs as commands
from anlan.ground.errors import Refusal
from anlan.ground.policy import check, facts, packs


def new(folder: Path, label: str) -> Any:
    return commands.new(argparse.Namespace(folder=str(folder), label=label))


def docs(folder: Path | None = None, to: Path | None = None, only_facts: bool = False) -> Any:
    own = argparse.Namespace(
        folder=str(folder) if folder else None, to=str(to) if to else None, facts=only_facts
    )
    return commands.docs(own)


def test_a_new_pack_is_whole_and_bears_its_name(tmp_path: Path) -> None:
    code, answer, said = new(tmp_path / "boats", "渔船：检验和停航 #1")
    assert code == 0 and answer["files"] == ["indicators.yaml", "pack.yaml"] and "check" in said
    assert check.check(tmp_path / "boats").faults == []
    assert packs.read(tmp_path / "boats" / "pack.yaml")["label"] == "渔船：检验和停航 #1"
    assert packs.read(packs.PACKS / "_template" / "pack.yaml")["label"] == commands.TEMPLATE_LABEL


@pytest.mark.parametrize(
    ("name", "label", "code"),
    [("Boats", "渔船", "pack-name"), ("渔船", "渔船", "pack-name"), ("../x/9", "渔船", "pack-name"),
     ("boats", "English", "pack-label"), ("boats", "", "pack-label"),
     ("boats", "渔船{label}", "pack-label"), ("none/boats", "渔船", "folder-missing")],
)  # fmt: skip
def test_what_cannot_be_a_pack_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, label: str, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        new(tmp_path / name, label)
    assert refused.value.code == code and refused.value.mend
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "boats").mkdir()
    (tmp_path / "boats" / "mine.txt").write_text("mine")
    with pytest.raises(Refusal) as refused:
        new(tmp_path / "boats", "渔船")
    assert refused.value.code == "pack-there"
    assert [path.name for path in (tmp_path / "boats").iterdir()] == ["mine.txt"]


def test_every_shipped_pack_has_its_page_with_every_entry(tmp_path: Path) -> None:
    code, answer, _said = docs(to=tmp_path)
    assert code == 0 and answer["schema"] == "anlan.packs.docs/1"
    assert {page["pack"] for page in answer["pages"]} == {p.name for p in packs.folders()}
    for folder in packs.folders():
        text = (tmp_path / f"{folder.name}.md").read_text(encoding="utf-8")
        own = packs.read(folder / "pack.yaml")
        assert text.startswith(f"# {own['label']}") and own["tier"] in text
        for name, entry in packs.section(folder.name, "indicators").items():
            assert f"`{name}`" in text and entry["label"] in text
            assert all(row["says"] in text for row in entry.get("plan_rows", []))


def test_a_section_that_has_no_words_of_its_own_here_is_shown_all_the_same(tmp_path: Path) -> None:
    new(tmp_path / "boats", "渔船")
    (tmp_path / "boats" / "chains.yaml").write_text(
        (packs.PACKS / "warning" / "chains.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    text = docs(tmp_path / "boats")[1]["pages"][0]["text"]
    assert "县、乡镇、村逐级叫应" in text and "village_head" in text


def test_facts_list_every_view_and_column() -> None:
    text = docs(only_facts=True)[1]["pages"][0]["text"]
    for name, columns in facts.published().items():
        assert f"`{name}`" in text and all(f"`{column}`" in text for column in columns)


def test_a_broken_pack_and_a_folder_without_any_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        docs(tmp_path)
    assert refused.value.code == "folder-missing" and refused.value.mend
    new(tmp_path / "boats", "渔船")
    (tmp_path / "boats" / "pack.yaml").write_text("- !!python/object:os.system\n")
    with pytest.raises(Refusal) as refused:
        docs(tmp_path / "boats")
    assert refused.value.code == "pack-broken"
