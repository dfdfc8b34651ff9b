"""The words of a letter (督促函), drafted from facts: what was promised, how it stands, the law.

Flows in: a target as the board has it. Flows out: title and text that a person may change before it
is sent. Nothing stands in it that is not in the plan, the figures or an article that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from anlan.ground.papers import day_text
from anlan.rooms.oversight.decisions import TO_LEADER, TO_UNIT
from anlan.rooms.workplan.board_queries import TargetNow

STATE_WORDS = {"missed": "没有达到目标", "not_reported": "没有报送（未报）"}
AGAIN = {
    "no-answer": "前函{number}要求于{due}前答复，至今没有答复。",
    "promise-broken": "前函{number}的答复承诺于{promised}前办结，至今没有办结。",
}


def facts_of(target: TargetNow, today: date, working_days: int) -> dict[str, Any]:
    """What the letter stands on, kept with it."""
    figure, row = target.figure, target.line.row
    return {
        "plan": target.plan.title, "plan_number": str(target.plan.document.get("number") or ""),
        "row": target.line.number, "table": row.table_title, "name": row.name, "text": row.text,
        "deadline": row.deadline, "label": figure.label, "state": figure.state,
        "reason": figure.reason, "value": figure.value, "unit": figure.unit, "op": figure.op,
        "target": figure.target, "period": figure.period,
        "day": target.late.day.isoformat() if target.late.day else "", "on": today.isoformat(),
        "days": target.late.days, "working_days": working_days,
    }  # fmt: skip


def articles_of(target: TargetNow) -> list[dict[str, str]]:
    """Articles that were read for the row."""
    return [{"law": one.law, "article": one.article, "says": one.says, "text_of": one.text_of}
            for one in target.articles]  # fmt: skip


def title(facts: dict[str, Any], step: int) -> str:
    """The title in official form."""
    again = "再次" if step == TO_LEADER else ""
    return f"关于{again}督促办理“{facts['name'][:60]}”（{facts['row']}）的函"


def text(
    facts: dict[str, Any], articles: Sequence[dict[str, str]], unit: str, again: str = "",
    step: int = TO_UNIT,
) -> str:  # fmt: skip
    """The body: basis, how it stands, the law, what is asked; of a leader, to see to it."""
    number = f"（{facts['plan_number']}）" if facts["plan_number"] else ""
    parts = [
        f"《{facts['plan']}》{number}{facts['table']}第{facts['row'].split('/')[1]}条"
        f"（编号{facts['row']}）由{unit}牵头，时限为{_day(facts['deadline'])}。"
        f"条目内容：“{facts['text'].rstrip('。')}”。",
        f"截至{_day(facts['on'])}，目标“{facts['label']}”（{facts['period']}）{_stands(facts)}。"
        f"应于{_day(facts['day'])}前完成，已过{facts['days']}日（{facts['working_days']}个工作日）。",
    ]
    if again:
        parts.append(again)
    parts += [f"{one['law']}{one['article']}：{one['says']}" for one in articles]
    asked = f"督促{unit}" if step == TO_LEADER else ""
    parts.append(f"请{asked}核实原因，补报记录或者零报告，并答复办结日期和措施。")
    return "\n".join(parts)


def until(due: date, unsure: bool) -> str:
    """The day by which the letter wants its answer: known once it is sent."""
    return f"请于{day_text(due)}前答复。" + ("（其间有待核的工作日）" if unsure else "")


def _stands(facts: dict[str, Any]) -> str:
    said = STATE_WORDS[facts["state"]]
    if facts["value"] is not None:
        said += f"，为{facts['value']}{facts['unit']}"
        if facts["target"] is not None:
            said += f"，目标{facts['op']}{facts['target']}{facts['unit']}"
    return f"{said}：{facts['reason']}"


def _day(text: str) -> str:
    try:
        return day_text(date.fromisoformat(text))
    except ValueError:
        return text


def again_text(reason: str, number: str, due: date | None, promised: date | None) -> str:
    """Why there is a second letter."""
    return AGAIN[reason].format(
        number=number,
        due=day_text(due) if due else "",
        promised=day_text(promised) if promised else "",
    )
