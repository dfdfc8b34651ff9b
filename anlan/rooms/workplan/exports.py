"""The board and a unit's list as files: XLSX with escaped cells, DOCX and PDF in official form.

Flows in: what the page shows, under the reader's scope. Flows out: bytes with source and time.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from anlan.county.workbook.cells import escaped
from anlan.ground import clock, papers
from anlan.ground.errors import NotFound
from anlan.ground.models import CountyFact
from anlan.ground.papers import Paper, Table
from anlan.rooms.workplan.board_queries import Board, Line, Owed
from anlan.rooms.workplan.board_shapes import word

OFFICE = "application/vnd.openxmlformats-officedocument."
FORMS = ("xlsx", "docx", "pdf")
KINDS = {"xlsx": OFFICE + "spreadsheetml.sheet", "docx": OFFICE + "wordprocessingml.document",
         "pdf": "application/pdf"}  # fmt: skip
SHARES = (5.0, 22.0, 30.0, 10.0, 8.0, 14.0, 11.0)
WIDTH_MIN, WIDTH_A_SHARE = 9, 1.7  # of a sheet's column, in characters


@dataclass(frozen=True, slots=True)
class Listing:
    """What is written: a title, a sentence under it, and rows of text; cells: by township.

    shares: the width of each column as a share of the whole.
    """

    title: str
    lead: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: str
    demo: bool
    cell_heads: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    shares: tuple[float, ...] = SHARES


def _heads() -> tuple[str, ...]:
    return (_("编号"), _("条目"), _("目标（内容）"), _("状态"), _("数"), _("牵头单位"), _("时限"))


def _row(line: Line) -> tuple[str, ...]:
    figures = "；".join(
        f"{one['value']}{one['unit']}" for one in line.figures if one["value"] is not None
    )
    state = word(line.state) + (_("，已过期") if line.late else "")
    return (line.number, line.row.name, line.row.text, state, figures, answers_text(line),
            line.row.deadline)  # fmt: skip


def answers_text(line: Line) -> str:
    """县水利局; 县水利局（拟）; 没有牵头."""
    if line.answers.how == "nobody":
        return _("没有牵头")
    return line.answers.name + ("" if line.answers.confirmed else _("（拟）"))


def of_board(found: Board) -> Listing:
    """The board as the filters show it."""
    if found.plan is None:
        raise NotFound("plan-none", _("还没有工作要点"), "", _("请先读入县里印发的文本"))
    late = sum(1 for line in found.shown if line.late)
    said = _("共 %(n)d 条，其中 %(l)d 条已过期而未达标或未报。") % {
        "n": len(found.shown),
        "l": late,
    }
    return Listing(
        _("%(plan)s落实情况表") % {"plan": found.plan.title}, said, _heads(),
        tuple(_row(line) for line in found.shown), _source(found), found.plan.demo,
        tuple(name for _code, name in found.towns),
        tuple(tuple(word(state) for state in line.cells) for line in found.shown),
    )  # fmt: skip


def of_unit(owed: Owed) -> Listing:
    """A unit's list; what is late stands first."""
    assert owed.board.plan is not None
    groups = ((_("牵头"), owed.confirmed), (_("拟牵头"), owed.proposed), (_("配合"), owed.support),
              (_("共同"), [line for _name, line in owed.joint]))  # fmt: skip
    rows = tuple((part, *_row(line)) for part, lines in groups for line in lines)
    said = _("牵头 %(a)d 条，拟牵头 %(b)d 条，配合 %(c)d 条；已过期 %(l)d 条。") % {
        "a": len(owed.confirmed), "b": len(owed.proposed), "c": len(owed.support),
        "l": len(owed.late),
    }  # fmt: skip
    return Listing(
        _("%(unit)s工作要点任务清单") % {"unit": owed.name}, said, (_("职责"), *_heads()), rows,
        _source(owed.board), owed.board.plan.demo, shares=(6.0, *SHARES),
    )  # fmt: skip


def _source(found: Board) -> str:
    assert found.plan is not None
    number = str(found.plan.document.get("number") or "")
    return " ".join(part for part in (_("安澜·工作要点"), number) if part)


def answer(listing: Listing, form: str, name: str) -> HttpResponse:
    """A download of the listing in the asked form; NotFound for an unknown one."""
    makers = {"xlsx": xlsx, "docx": lambda one: papers.docx(paper(one)),
              "pdf": lambda one: papers.pdf(paper(one))}  # fmt: skip
    if form not in makers:
        raise NotFound("form-unknown", _("没有这种文件"), form[:20], "xlsx、docx、pdf")
    return download(makers[form](listing), form, name)


def download(content: bytes, form: str, name: str) -> HttpResponse:
    """Bytes as an attachment that no browser guesses about."""
    sent = HttpResponse(content, content_type=KINDS[form])
    sent["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    sent["X-Content-Type-Options"] = "nosniff"
    return sent


def paper(listing: Listing) -> Paper:
    """The listing as an official paper, across the page."""
    issuer = CountyFact.objects.values_list("name", flat=True).first() or ""
    moment = clock.now()
    return Paper(
        listing.title,
        [listing.lead, Table(listing.heads, listing.rows, listing.shares)],
        moment, listing.source, signed_by=str(issuer), signed_on=clock.local(moment).date(),
        demo=listing.demo, landscape=True,
    )  # fmt: skip


def xlsx(listing: Listing) -> bytes:
    """A sheet of the rows and, where there are townships, one of states by township."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    widths = [max(WIDTH_MIN, round(share * WIDTH_A_SHARE)) for share in listing.shares]
    _sheet(book, _("清单"), listing.heads, listing.rows, widths)
    if len(listing.cell_heads) > 1:
        rows = [(row[0], row[1], *cells)
                for row, cells in zip(listing.rows, listing.cells, strict=True)]  # fmt: skip
        heads = (*listing.heads[:2], *listing.cell_heads)
        _sheet(book, _("各乡镇街道"), heads, rows, (9, 34))
    said = papers.foot(paper(listing))
    _sheet(book, _("说明"), (_("说明"),), [(listing.title,), (listing.lead,), (said,)], (80,))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _sheet(
    book: Any, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]],
    widths: Sequence[int],
) -> None:  # fmt: skip
    from openpyxl.utils import get_column_letter

    own = book.create_sheet(title)
    own.freeze_panes = "A2"
    for at, width in enumerate(widths, start=1):
        own.column_dimensions[get_column_letter(at)].width = width
    for row in (heads, *rows):
        own.append([escaped(str(cell)) for cell in row])
