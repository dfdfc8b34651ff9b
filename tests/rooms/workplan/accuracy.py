"""How much of a frozen plan the reader found: rows, names, units with lead, quantities.

Compared as the makers' NOTES say: rows by order and name, subjects and systems with slack (one holds
the other), seasons by any day that carries a doubt, and the title of the plan or of its notice. A
row is found when it stands in the same place of the same table; its number is the printed one where
every row has one, else its place. A unit counts when name, alias,
kind and lead are right; a quantity when operator, value, unit, upper end and base year are. What
the truth calls optional is neither missed nor wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anlan.rooms.workplan.reader import PlanRefused, read_here

FROZEN = Path(__file__).parent / "frozen"
SECOND = Path(__file__).parent / "second"


@dataclass
class Score:
    """Counts over one plan or many; faults name what was not right, by place."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.counts += other.counts
        self.faults += other.faults

    def share(self, right: str, whole: str) -> float:
        """In percent; 100 where there is nothing to find."""
        return 100 * self.counts[right] / self.counts[whole] if self.counts[whole] else 100.0

    def figures(self) -> dict[str, float]:
        return {
            "rows and names": self.share("row right", "row"),
            "units with lead": self.share("unit right", "unit"),
            "quantities recall": self.share("quantity right", "quantity"),
            "quantities precision": self.share("quantity found right", "quantity found"),
            "subjects": self.share("subject right", "quantity right"),
            "deadlines": self.share("deadline right", "deadline"),
            "inherited": self.share("inherited right", "inherited"),
            "doubts": self.share("doubt right", "doubt"),
            "points": self.share("point right", "point"),
            "head": self.share("head right", "head"),
            "table titles": self.share("title right", "title"),
        }


def truths(folder: Path = FROZEN) -> list[dict[str, Any]]:
    return [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.truth.json"))
    ]


def score(truth: dict[str, Any], folder: Path = FROZEN) -> Score:
    """The score of one file."""
    found = Score()
    content = (folder / truth["file"]).read_bytes()
    if truth.get("refused"):
        found.counts["refusal"] = 1
        try:
            read_here(content, truth["file"])
            found.faults.append(f"{truth['file']}: taken for a plan")
        except PlanRefused as refused:
            found.counts["refusal right"] = refused.code == "not-a-plan"
            if refused.code != "not-a-plan":
                found.faults.append(f"{truth['file']}: refused as {refused.code}")
        return found
    try:
        plan = read_here(content, truth["file"])
    except PlanRefused as refused:
        plan = {"document": {}, "points": [], "tables": [], "doubts": []}
        found.faults.append(f"{truth['file']}: refused: {refused}")
    _head(truth, plan, found)
    for at, table in enumerate(truth["tables"]):
        read = (
            plan["tables"][at]
            if at < len(plan["tables"])
            else {"number": 0, "title": "", "rows": []}
        )
        _table(truth["file"], table, read, found, plan)
    for table in plan["tables"][len(truth["tables"]) :]:
        found.counts["row"] += len(table["rows"])
        found.faults.append(f"{truth['file']}: a table too many, {table['title']}")
    _doubts(truth, plan, found)
    return found


def _tell(found: Score, what: str, right: bool, fault: str) -> None:
    found.counts[what] += 1
    found.counts[f"{what} right"] += right
    if not right:
        found.faults.append(fault)


def _head(truth: dict[str, Any], plan: dict[str, Any], found: Score) -> None:
    for key in ("title", "number", "issuer", "date", "year"):
        own, read = truth["document"].get(key), plan["document"].get(key)
        right = (read or None) == (own or None) or (
            key == "title" and read == truth["document"].get("title_of_notice")
        )
        _tell(found, "head", right, f"{truth['file']}: {key}: {read!r} for {own!r}")
    for point in truth.get("points", []):
        hit = any(
            p["number"] == point["number"] and p["heading"] == point["heading"]
            and (p["system"] or "") in (point["system"] or "")
            for p in plan["points"]
        )  # fmt: skip
        _tell(found, "point", hit, f"{truth['file']}: point {point['number']} {point['heading']}")


def _doubted(plan: dict[str, Any], table: dict[str, Any], row: dict[str, Any] | None) -> bool:
    """Whether the row's deadline carries a doubt."""
    return row is not None and any(
        d["code"].startswith("deadline")
        and d["table"] == table["number"]
        and d["row"] == row["row"]
        for d in plan["doubts"]
    )


def _table(
    file: str, table: dict[str, Any], read: dict[str, Any], found: Score, plan: dict[str, Any]
) -> None:
    place = f"{file} table {table['number']}"
    _tell(
        found,
        "title",
        read["title"] == table["title"],
        f"{place}: title {read['title']!r} for {table['title']!r}",
    )
    for at, own in enumerate(table["rows"]):
        row = read["rows"][at] if at < len(read["rows"]) else None
        _row(f"{place} row {own['row']}", own, row, found, _doubted(plan, read, row))
    for extra in read["rows"][len(table["rows"]) :]:
        _tell(found, "row", False, f"{place}: a row too many, {extra['name']!r}")


def _row(
    place: str, own: dict[str, Any], row: dict[str, Any] | None, found: Score, doubted: bool
) -> None:
    if row is None:
        row = {"row": None, "name": "", "units": [], "quantities": [], "deadline": "", "name_inherited": None,
               "units_inherited": None}  # fmt: skip
    same = row["row"] in (own["row"], own.get("printed")) and row["name"] == own["name"]
    _tell(
        found,
        "row",
        same,
        f"{place}: {row['row']} {row['name']!r} for {own['row']} {own['name']!r}",
    )
    season = bool(own.get("deadline_open")) and doubted and bool(row["deadline"])
    _tell(found, "deadline", row["deadline"] == own["deadline"] or season,
          f"{place}: deadline {row['deadline']} for {own['deadline']} ({own.get('deadline_text')})")  # fmt: skip
    for key in ("name_inherited", "units_inherited"):
        _tell(found, "inherited", row[key] == own[key], f"{place}: {key} {row[key]}")
    _units(place, own["units"], row["units"], found)
    _quantities(place, own, row["quantities"], found)


def _units(place: str, own: list[dict[str, Any]], read: list[dict[str, Any]], found: Score) -> None:
    def key(unit: dict[str, Any]) -> tuple[Any, ...]:
        return unit["name"], unit["alias"] or "", unit["kind"], bool(unit["lead"])

    truth, seen = Counter(map(key, own)), Counter(map(key, read))
    right = sum((truth & seen).values())
    found.counts["unit"] += max(len(own), len(read))
    found.counts["unit right"] += right
    if right < max(len(own), len(read)):
        found.faults.append(
            f"{place}: units missed {list(truth - seen)}, wrong {list(seen - truth)}"
        )


def _fact(quantity: dict[str, Any]) -> tuple[Any, ...]:
    value = quantity.get("value")
    return (quantity["op"], None if value is None else round(float(value), 4), quantity.get("unit") or "",
            quantity.get("high"), quantity.get("relative_to"))  # fmt: skip


def _quantities(place: str, own: dict[str, Any], read: list[dict[str, Any]], found: Score) -> None:
    truth, seen = Counter(map(_fact, own["quantities"])), Counter(map(_fact, read))
    optional = Counter(map(_fact, own.get("quantities_optional") or []))
    right = truth & seen
    wrong = seen - truth - optional
    found.counts["quantity"] += sum(truth.values())
    found.counts["quantity right"] += sum(right.values())
    found.counts["quantity found"] += sum(right.values()) + sum(wrong.values())
    found.counts["quantity found right"] += sum(right.values())
    left = list(read)
    for quantity in own["quantities"]:
        hit = next((q for q in left if _fact(q) == _fact(quantity) and _alike(q, quantity)), None)
        if hit is not None:
            left.remove(hit)
            found.counts["subject right"] += 1
    if truth - seen or wrong:
        found.faults.append(f"{place}: quantities missed {list(truth - seen)}, wrong {list(wrong)}")


def _alike(read: dict[str, Any], own: dict[str, Any]) -> bool:
    left, right = read["subject"] or "", own.get("subject") or ""
    return bool(left and right) and (left in right or right in left)


def _doubts(truth: dict[str, Any], plan: dict[str, Any], found: Score) -> None:
    places = {
        (t["number"], r["row"]): at for t in plan["tables"] for at, r in enumerate(t["rows"], 1)
    }
    read = {
        (d["code"], d["table"], places.get((d["table"], d["row"]), d["row"]))
        for d in plan["doubts"]
    }
    for doubt in truth.get("doubts", []):
        key = (doubt["code"], doubt["table"], doubt["row"])
        _tell(found, "doubt", key in read, f"{truth['file']}: no doubt {key}")


def main() -> None:
    """Figures by file and in all; with -v every fault; with --second the second set."""
    import sys

    whole, folder = Score(), SECOND if "--second" in sys.argv else FROZEN
    for truth in truths(folder):
        own = score(truth, folder)
        whole.add(own)
        if not truth.get("refused"):
            print(
                truth["file"],
                " ".join(f"{name} {value:.1f}" for name, value in own.figures().items()),
            )
    print("all", whole.figures(), dict(whole.counts))
    if "-v" in sys.argv:
        print(*whole.faults, sep="\n")


if __name__ == "__main__":
    main()
