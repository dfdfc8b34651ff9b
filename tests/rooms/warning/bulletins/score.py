"""Scores the reader on the frozen bulletins by the rules of README.md beside this file.

`python -m tests.rooms.warning.bulletins.score` prints the table; `-v` what was wrong, line by line.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from anlan.rooms.warning.decisions import Reading, read_items

FROZEN = Path(__file__).with_name("frozen.jsonl")
CHINA = timezone(timedelta(hours=8))
# The reader gets the text alone: what is old or lies ahead is judged by a clock, and not scored.
BY_CLOCK = {"time-old", "time-ahead"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUPS = ("what", "hazard", "level", "area", "time", "valid", "rain", "issuer")
TOWNS = ["桂溪街道", "桂阳街道", "新民镇", "沙坪镇", "周嘉镇", "普顺镇", "永安镇", "高安镇", "高峰镇",
         "五洞镇", "澄溪镇", "太平镇", "鹤游镇", "坪山镇", "砚台镇", "曹回镇", "杠家镇", "包家镇",
         "白家镇", "永平镇", "三溪镇", "裴兴镇", "黄沙镇", "长龙镇", "沙河乡", "大石乡"]  # fmt: skip
PLACES = {name: n for n, name in enumerate(TOWNS)} | {
    name.removesuffix("街道").removesuffix("镇").removesuffix("乡"): n
    for n, name in enumerate(TOWNS)
}
HAZARDS = {
    "rainstorm": "暴雨", "lightning": "雷电", "gale": "大风", "hail": "冰雹", "fog": "大雾",
    "heat": "高温", "cold_wave": "寒潮", "icy_road": "道路结冰", "forest_fire": "森林火险",
    "geohazard": "地质灾害", "flash_flood": "山洪", "flood": "洪水",
}  # fmt: skip
PREFIXES = {"act": "what", "exercise": "what", "too": "what", "what": "what", "kind": "hazard",
            "grade": "level", "area": "area", "time": "time", "date": "time", "hours": "valid",
            "valid": "valid", "rain": "rain", "issuer": "issuer"}  # fmt: skip


@dataclass
class Scored:
    """The mark of each group of a line: right, doubted (good or needless) or wrong."""

    marks: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    grave: str = ""


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FROZEN.read_text("utf-8").splitlines()]


def doubted(found: tuple[Reading, ...]) -> set[str]:
    codes = {d.code for one in found for d in one.doubts} - BY_CLOCK
    groups = {PREFIXES[code.partition("-")[0]] for code in codes}
    if "what" in groups:
        return set(GROUPS)
    return groups | ({"valid"} if "time" in groups else set())


def what(found: tuple[Reading, ...]) -> str:
    return found[0].what


def area(one: Reading) -> tuple[Any, ...]:
    kind = "county" if one.whole_county else "townships" if one.areas else ""
    left_out = sorted(TOWNS[code] for code in one.left_out)
    return kind, sorted(TOWNS[code] for code in one.areas), left_out


def moment(value: datetime | None) -> str | None:
    return value.astimezone(CHINA).isoformat(timespec="minutes") if value else None


def valid(one: Reading) -> tuple[Any, ...]:
    return moment(one.valid_from), one.valid_hours


def issuers(text: str) -> set[str]:
    names = set()
    for name in text.split("、"):
        for head in ("重庆市垫江县", "垫江县", "县"):
            if name.startswith(head):
                name = name.removeprefix(head)
                break
        names.add(name)
    return names - {""}


def score(line: dict[str, Any], found: tuple[Reading, ...]) -> Scored:
    gold, out = line["gold"], Scored()
    unsure, must = doubted(found), set(gold["must_doubt"])
    read_what = what(found)

    def mark(group: str, equal: bool, note: str = "") -> None:
        if group in unsure:
            out.marks[group] = "doubted" if group in must or "what" in must else "needless"
        elif equal and group not in must:
            out.marks[group] = "right"
        else:
            out.marks[group] = "wrong"
            out.notes.append(f"{group}: {note}")

    mark("what", read_what == gold["what"], f"{read_what} for {gold['what']}")
    if "what" not in unsure and read_what != gold["what"]:
        drill = "exercise" in (read_what, gold["what"])
        if drill or (gold["what"] == "signal" and read_what in ("lift", "none")):
            out.grave = f"{read_what} for {gold['what']}"
    if gold["what"] == "none":
        return out
    outside = any(item["area_kind"] == "outside" for item in gold["items"])
    pairs, extra = pair(gold["items"], found, "hazard" in unsure)
    if not outside:
        same = not extra and all(HAZARDS.get(r.kind, r.kind) == i["hazard"] for i, r in pairs)
        mark(
            "hazard",
            same,
            f"{[r.kind_label for r in found]} for {[i['hazard'] for i in gold['items']]}",
        )
        levels = all((r.grade or None) == i["level"] for i, r in pairs)
        before = found[0].replaces or None
        mark("level", levels and before == gold["replaces_level"],
             f"{[r.grade for r in found]} {before} for {[i['level'] for i in gold['items']]} {gold['replaces_level']}")  # fmt: skip
    same = all(
        area(r) == (i["area_kind"], sorted(i["townships"]), sorted(i["except"])) for i, r in pairs
    )
    mark(
        "area",
        same,
        f"{[area(r) for r in found]} for {[(i['area_kind'], i['townships'], i['except']) for i in gold['items']]}",
    )
    first = found[0]
    mark(
        "time",
        moment(first.issued_at) == gold["issued_at"],
        f"{moment(first.issued_at)} for {gold['issued_at']}",
    )
    mark(
        "issuer",
        issuers(first.issuer) == issuers(gold["issuer"] or ""),
        f"{first.issuer} for {gold['issuer']}",
    )
    if not outside:
        hours = tuple(gold["valid_hours"]) if gold["valid_hours"] else None
        mark(
            "valid",
            valid(first) == (gold["valid_from"], hours),
            f"{valid(first)} for {gold['valid_from']} {hours}",
        )
        rain = (first.rain_fallen_mm, first.rain_expected_mm)
        wanted = (
            gold["rain_fallen_mm"],
            tuple(gold["rain_expected_mm"]) if gold["rain_expected_mm"] else None,
        )
        mark("rain", rain == wanted, f"{rain} for {wanted}")
    return out


def pair(
    items: list[dict[str, Any]], found: tuple[Reading, ...], loose: bool
) -> tuple[list[tuple[dict[str, Any], Reading]], int]:
    """Gold items with readings: by hazard and level, by hazard, then in order; how many are over."""
    left, pairs, rest = list(found), [], list(items)
    for test in (
        lambda i, r: HAZARDS.get(r.kind, r.kind) == i["hazard"] and (r.grade or None) == i["level"],
        lambda i, r: HAZARDS.get(r.kind, r.kind) == i["hazard"],
        lambda _i, _r: loose or True,
    ):
        for item in list(rest):
            fit = next((one for one in left if test(item, one)), None)
            if fit is not None:
                pairs.append((item, fit))
                left.remove(fit)
                rest.remove(item)
    return pairs, len(left) + len(rest)


def run() -> tuple[dict[str, Counter[str]], list[tuple[str, Scored]]]:
    """Marks by group, and every line with its marks."""
    table: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    scored = []
    for line in lines():
        one = score(line, read_items(line["text"], PLACES, NOW))
        for group, said in one.marks.items():
            table[group][said] += 1
        scored.append((line["id"], one))
    return table, scored


def shares(table: dict[str, Counter[str]]) -> tuple[int, float]:
    """(wrong marks, share of right among groups that need no doubt)."""
    total: Counter[str] = sum(table.values(), Counter())
    sure = total["right"] + total["needless"] + total["wrong"]
    return total["wrong"], total["right"] / sure


def main() -> None:
    table, scored = run()
    print("| group | right | doubted | needless | wrong |\n| --- | --- | --- | --- | --- |")
    for group, marks in table.items():
        print(
            f"| {group} | {marks['right']} | {marks['doubted']} | {marks['needless']} | {marks['wrong']} |"
        )
    wrong, share = shares(table)
    total: Counter[str] = sum(table.values(), Counter())
    print(
        f"| all | {total['right']} | {total['doubted']} | {total['needless']} | {total['wrong']} |"
    )
    print(f"\nwrong {wrong}; right among those that need no doubt {share:.1%}")
    print("grave:", [(name, one.grave) for name, one in scored if one.grave] or "none")
    if "-v" in sys.argv:
        for name, one in scored:
            needless = [g for g, m in one.marks.items() if m == "needless"]
            print(name, one.notes, "needless", needless)


if __name__ == "__main__":
    main()
