"""The forms that moves print: titles and paragraphs of the pack with closed placeholders filled.

Flows in: a case and a step of it. Flows out: a `Paper` for DOCX and PDF.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from anlan.engines.cases import queries
from anlan.engines.cases.kinds import Move
from anlan.engines.cases.queries import Shown, Told
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.models import CountyFact
from anlan.ground.papers import Heading, Paper, Table, day_text
from anlan.ground.scope import Scope


def of_move(scope: Scope, case_id: int, move_key: str) -> Paper:
    """The form of the last time that the move was made."""
    with scope.open():
        shown = queries.shown(scope, case_id)
        move = shown.kind.moves.get(move_key)
        made = [told for told in shown.story
                if told.step.kind == "move" and told.step.key == move_key]  # fmt: skip
        if move is None or move.form is None or not made:
            raise NotFound(
                "case-sheet", _("这一步没有文书，或还没有办"), move_key, _("请看已办的步骤")
            )
        return _paper(shown, move, made[-1])


def _paper(shown: Shown, move: Move, told: Told) -> Paper:
    assert move.form is not None
    own = clock.local(told.step.happened_at).date()
    filled = _words(shown, move, day_text(own))
    parts: list[str | Heading | Table] = [fill(line, filled) for line in move.form.text]
    if told.values:
        parts += [Heading(_("附表")), Table((_("项目"), _("内容")),
                                            tuple((label, text) for label, text in told.values),
                                            (1, 3))]  # fmt: skip
    return Paper(
        move.form.title, parts, clock.now(), f"{shown.kind.label} {shown.case.number}",
        number=shown.case.number, signed_by=told.step.actor, signed_on=own, demo=shown.case.demo,
    )  # fmt: skip


def _words(shown: Shown, move: Move, day: str) -> dict[str, str]:
    county = CountyFact.objects.first()
    due = next((day_text(c.due_on) for c in shown.clocks if c.due_on and c.row.ended_on is None),
               _("（未定）"))  # fmt: skip
    law = f"《{move.law.law}》{move.law.article}" if move.law else _("（待录入）")
    if move.law and not move.law.verified:
        law += _("（待核）")
    about = shown.case.object.name if shown.case.object else _("有关单位")
    return {
        "county": county.name if county else "", "case": shown.case.title,
        "number": shown.case.number, "object": about,
        "place": shown.case.place or shown.place, "day": day, "due": due,
        "who": shown.state, "law": law,
    }  # fmt: skip


def fill(line: str, words: Mapping[str, str]) -> str:
    """The line with each placeholder replaced; what was put in is not read again."""
    found, rest = "", line
    while "{" in rest:
        before, _brace, after = rest.partition("{")
        key, _brace, rest = after.partition("}")
        found += before + words.get(key, "")
    return found + rest


def story(scope: Scope, case_id: int) -> Paper:
    """The whole case on paper: how it stands, its deadlines, each step with its times."""
    with scope.open():
        shown = queries.shown(scope, case_id)
        steps = tuple(
            (clock.local(t.step.happened_at).strftime("%Y-%m-%d %H:%M"), t.what, t.step.actor,
             _said(t))
            for t in shown.story
        )  # fmt: skip
        parts: list[str | Heading | Table] = [
            _("%(k)s，%(p)s，%(s)s。")
            % {"k": shown.kind.label, "p": shown.case.place or shown.place, "s": shown.state},
            Table((_("时间"), _("办什么"), _("谁"), _("内容")), steps, (2, 2, 2, 5)),
        ]  # fmt: skip
        return Paper(shown.case.title, parts, clock.now(),
                     f"{shown.kind.label} {shown.case.number}", number=shown.case.number,
                     demo=shown.case.demo)  # fmt: skip


def _said(told: Told) -> str:
    parts = [f"{label}：{text}" for label, text in told.values]
    parts += [f"{label}：{paper.name}" for paper, label in told.papers]
    return "；".join([*parts, *([told.step.words] if told.step.words else [])])
