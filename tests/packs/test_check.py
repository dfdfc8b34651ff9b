"""`anlan packs check`: shipped packs are whole; a fault has its file, line, key and mend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from anlan.ground.policy import check, facts, packs

SHIPPED = packs.PACKS
SCHEMAS = sorted((SHIPPED / "_schema").glob("*.json"))


def test_the_shipped_packs_are_whole() -> None:
    found = check.check()
    assert found.faults == []
    assert {"_core", "_law", "warning"} <= set(found.packs)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda p: p.stem)
def test_each_published_schema_is_one(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_every_section_that_exists_has_its_schema() -> None:
    published = {path.stem for path in SCHEMAS}
    assert published == {*check.SECTIONS, "law", "rights", "citations"}


def test_columns_read_from_the_files_are_those_of_the_catalogue(empty_db: str) -> None:
    from django.db import connection

    from anlan.ground.scope import Scope

    with Scope.for_round("test").open(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname::text) FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind = 'v' AND c.relname LIKE '%\\_fact\\_%'"
            " AND a.attnum > 0 GROUP BY 1"
        )
        catalogue = {name: frozenset(columns) for name, columns in cursor.fetchall()}
    assert facts.published() == catalogue


def test_every_shipped_indicator_compiles_against_the_catalogue(county_db: str) -> None:
    from anlan.engines.indicators import compute, declare
    from anlan.ground.scope import Scope

    names = list(declare.declared())
    assert names
    for name in names:
        figure = compute.figure(Scope.for_command("test"), name)
        assert figure.state == "not_reported", (name, figure.reason)


INDICATOR: dict[str, Any] = {
    "label": "按时应答率", "fact": "callout_fact_call", "measure": "ratio",
    "plan_rows": [{"row": "4/40", "name": "会商研判", "says": "叫应直达基层"}],
    "numerator": {"all": [{"field": "answered", "is": True}]}, "unit": "%", "op": ">=",
    "target": 90, "why": "测试",
}  # fmt: skip
PACK = {"label": "测试包", "tier": "bronze", "quality": {"done": [], "todo": []}}


def pack(folder: Path, name: str = "boats", **sections: Any) -> Path:
    own = folder / name
    own.mkdir()
    for section, content in ({"pack": PACK} | sections).items():
        if content is not None:
            text = (
                content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
            )
            (own / f"{section}.yaml").write_text(text, encoding="utf-8")
    return own


def test_a_small_pack_is_whole(tmp_path: Path) -> None:
    own = pack(tmp_path, indicators={"answered": INDICATOR})
    assert check.check(own).faults == []
    assert check.check(tmp_path).packs == ["boats"]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"label": "English only"}, "a.label", "没有中文"),
    ({"label": ...}, "a", "缺少 label"),
    ({"fact": "county_fact_person"}, "a.fact", "没有公布"),
    ({"fact": "county_person"}, "a.fact", "不合要求"),
    ({"where": [{"field": "salary", "is": 1}]}, "a.where.0.field", "没有这一列"),
    ({"numerator": {"all": [{"field": "x_y", "is": 1}]}}, "a.numerator.all.0.field", "没有这一列"),
    ({"numerator": ...}, "a", "缺少 numerator"),
    ({"measure": "count"}, "a", "numerator"),
    ({"measure": "median"}, "a.measure", "不能是"),
    ({"op": "~"}, "a.op", "不能是"),
    ({"op": "range"}, "a", "缺少 high"),
    ({"op": "range", "high": 80}, "a.high", "上限小于下限"),
    ({"target": None}, "a.target", "不能是"),
    ({"plan_rows": ["4/40"]}, "a.plan_rows.0", "不能是"),
    ({"plan_rows": [{"row": "4/40", "name": "会商研判"}]}, "a.plan_rows.0", "缺少 says"),
    (
        {"plan_rows": [{"row": "4-40", "name": "会商研判", "says": "叫应直达基层"}]},
        "a.plan_rows.0.row",
        "不合要求",
    ),
    ({"plan_rows": ...}, "a", "没有说回答哪一条"),
    ({"sql": "SELECT 1"}, "a.sql", "没有这一项"),
    ({"where": [{"field": "level", "like": "%"}]}, "a.where.0", "没有这一项"),
    ({"where": [{"field": "level", "is": 1, "not": 2}]}, "a.where.0", "不合要求"),
    ({"where": [{"field": "1=1 OR", "is": 1}]}, "a.where.0.field", "不合要求"),
    ({"why": "{label.__class__}，测试"}, "a.why", "没有这个占位"),
    ({"base": "基数", "measure": "count", "numerator": ...}, "a.base", "只有 ratio"),
    ({"due": "02-31-2025"}, "a.due", "不合要求"),
]


@pytest.mark.parametrize(("changes", "key", "what"), WRONG, ids=str)
def test_a_wrong_indicator_has_its_line_key_and_mend(
    tmp_path: Path, changes: dict[str, Any], key: str, what: str
) -> None:
    entry = {k: v for k, v in (INDICATOR | changes).items() if v is not ...}
    own = pack(tmp_path, indicators={"good": INDICATOR, "a": entry})
    faults = check.check(own).faults
    assert faults
    fault = next(f for f in faults if what in f.what)
    assert (fault.key.startswith(key.split(".")[0]) and key in fault.key) or fault.key == key
    assert fault.file == "boats/indicators.yaml" and fault.mend
    text = (own / "indicators.yaml").read_text(encoding="utf-8").splitlines()
    first = text.index("a:") + 1 if text[0] == "a:" or "a:" in text else 1
    assert first <= fault.line <= len(text)


def test_the_line_is_the_very_line(tmp_path: Path) -> None:
    text = ("answered:\n  label: 按时\n  untied: 测试\n  fact: callout_fact_call\n"
            "  measure: ratio\n  numerator:\n    all:\n      - {field: answered, is: true}\n"
            "      - {field: nowhere, is: true}\n  unit: '%'\n  op: '>='\n  target: 9\n  why: 测试\n")  # fmt: skip
    (fault,) = check.check(pack(tmp_path, indicators=text)).faults
    assert (fault.line, fault.key) == (9, "answered.numerator.all.1.field")


VALUE: dict[str, Any] = {
    "label": "时限", "unit": "min", "values": {"2024-01-01": 10},
    "source": {"2024-01-01": {"law": "突发事件应对法", "article": "第六十四条"}},
    "status": "unverified", "checked_on": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"unit": ...}, "缺少 unit"), ({"source": {}}, "不合要求"),
        ({"values": {"2024-01-01": 10, "2025-01-01": 12}}, "没有出处"),
        ({"values": {"2024-02-30": 1}, "source": {"2024-02-30": {"law": "法"}}}, "没有这一天"),
        ({"values": {"昨天": 1}}, "没有这一项"),
        ({"status": "checked"}, "不能是"), ({"status": "verified"}, "不能是"),
        ({"status": "verified", "checked_on": "2026-01-01",
          "source": {"2024-01-01": {"note": "听说"}}}, "已核的值须有"),
        ({"source": {"2024-01-01": {"rumour": "听说"}}}, "没有这一项"),
        ({"values": {"2024-01-01": 10, "2025-01-01": "十"},
          "source": {"2024-01-01": {"law": "法"}, "2025-01-01": {"law": "法"}}}, "类型不同"),
        ({"values": {"2024-01-01": [1]}}, "不能是"),
    ],
)  # fmt: skip
def test_a_value_without_unit_date_source_or_status_is_a_fault(
    tmp_path: Path, changes: dict[str, Any], what: str
) -> None:
    law = tmp_path / "_law"
    law.mkdir()
    entry = {k: v for k, v in (VALUE | changes).items() if v is not ...}
    (law / "test.yaml").write_text(
        yaml.safe_dump({"minutes": entry}, allow_unicode=True), encoding="utf-8"
    )
    faults = check.check(tmp_path).faults
    assert any(what in fault.what for fault in faults), faults
    assert all(fault.mend and fault.line for fault in faults)


def test_a_chain_names_posts_that_there_are_and_words_that_there_are(tmp_path: Path) -> None:
    chain = yaml.safe_load((SHIPPED / "warning" / "chains.yaml").read_text(encoding="utf-8"))
    chain["night"]["levels"][0]["posts"] = ["emperor"]
    chain["night"]["texts"]["call"] = "{text}请回{code!r:>9999}{{x}}"
    found = {f.key: f for f in check.check(pack(tmp_path, chains=chain)).faults}
    assert "没有这种岗位：emperor" in found["night.levels.0.posts.0"].what
    assert "没有这个占位" in found["night.texts.call"].what


def test_the_shipped_values_of_the_night_are_those_of_the_rules_beside_the_project() -> None:
    path = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "rules.json"
    if not path.exists():
        pytest.skip("the collected rules lie outside the project and are not here")
    rules = json.loads(path.read_text(encoding="utf-8"))
    law = packs.laws()
    colours = {"红": "red", "橙": "orange", "黄": "yellow", "蓝": "blue"}
    minutes = rules["call_answer_limits_min"]
    for word, grade in colours.items():
        entry = law[f"callout.minutes_{grade}"]
        assert list(entry["values"].values()) == [minutes[word]]
        assert entry["status"] == "unverified"
    for rule in rules["rainstorm_signal"]["rule"]:
        entry = law[f"warning.rainstorm_{colours[rule['color']]}_mm_{rule['hours']}h"]
        assert list(entry["values"].values()) == [rule["mm"]]
        assert entry["status"] == "unverified", "a public page is not the text"
    assert [law[f"warning.grade_{g}"]["status"] for g in colours.values()] == ["verified"] * 4
