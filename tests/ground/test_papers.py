"""Official papers: what is printed can be read again, whole, with its page numbers and its source."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from anlan.ground import papers
from anlan.ground.errors import Refusal
from anlan.ground.office import guard
from anlan.ground.papers import Heading, Paper, Table

MADE = datetime(2025, 7, 1, 1, 30, tzinfo=UTC)
HOSTILE = "<b>粗</b> & &amp; <font size=99> \x00\x07尾"
PAPER = Paper(
    "关于报送演练情况的督促函", ["第一段。", Heading("一、依据"), HOSTILE,
    Table(("编号", "条目"), tuple((f"4/{n}", f"条目{n}") for n in range(120)), (1, 4))],
    MADE, "安澜 · 工作要点", number="督促函〔2025〕1号", to="县水利局",
    signed_by="要点管理员", signed_on=date(2025, 7, 1), demo=True,
)  # fmt: skip


def pdf_pages(content: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_range() for page in document]


def docx_words(content: bytes) -> str:
    from docx import Document

    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    foot = "".join(node.text or "" for node in document.sections[0].footer._element.iter())
    return "\n".join([*(p.text for p in document.paragraphs), *cells, foot])


def test_a_pdf_reads_back_whole_with_its_page_of_pages_and_its_source() -> None:
    pages = pdf_pages(papers.pdf(PAPER))
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        flat = re.sub(r"\s", "", page)
        assert f"第{number}页共{len(pages)}页" in flat
        assert "演示数据·安澜·工作要点·2025-07-0109:30" in flat
    flat = re.sub(r"\s", "", "".join(pages))
    for words in ("关于报送演练情况的督促函", "督促函〔2025〕1号", "县水利局：", "一、依据",
                  "要点管理员", "2025年7月1日", "条目0", "条目119"):  # fmt: skip
        assert words in flat, words
    assert flat.count("编号条目") == len([p for p in pages if "条目" in p and "4/" in p])


def test_text_is_never_read_as_markup_and_control_characters_are_left_out() -> None:
    flat = re.sub(r"\s", "", "".join(pdf_pages(papers.pdf(PAPER))))
    assert "<b>粗</b>&&amp;<fontsize=99>尾" in flat
    assert "<b>粗</b> & &amp; <font size=99> 尾" in docx_words(papers.docx(PAPER))


def test_a_docx_reads_back_whole_repeats_its_heads_and_passes_our_own_door() -> None:
    content = papers.docx(PAPER)
    assert guard(content, "函.docx").kind == "docx"
    words = docx_words(content)
    for part in ("关于报送演练情况的督促函", "县水利局：", "条目119", "2025年7月1日", "演示数据",
                 "PAGE", "NUMPAGES", "2025-07-01 09:30"):  # fmt: skip
        assert part in words, part
    from docx import Document

    section = Document(io.BytesIO(content)).sections[0]
    shown = (section.page_width, section.left_margin, section.top_margin)
    assert [round(side.mm) for side in shown] == [210, 28, 37]
    assert "w:tblHeader" in Document(io.BytesIO(content)).element.xml
    assert 'w:eastAsia="仿宋"' in Document(io.BytesIO(content)).element.xml


def test_a_paper_in_no_demonstration_county_does_not_say_so() -> None:
    assert "演示数据" not in "".join(pdf_pages(papers.pdf(replace(PAPER, demo=False))))


@pytest.mark.parametrize("write", [papers.pdf, papers.docx])
def test_what_is_too_long_is_refused_with_its_limit(write: object) -> None:
    rows = Table(("一",), (("x",),) * (papers.ROWS_MAX + 1))
    for parts in ([rows], ["x" * (papers.CHARS_MAX + 1)], ["x"] * (papers.PARTS_MAX + 1)):
        with pytest.raises(Refusal) as refused:
            write(replace(PAPER, parts=parts))  # type: ignore[operator]
        assert refused.value.code == "paper-long" and ">" in refused.value.place


def test_a_font_of_the_machine_is_found_by_its_name_and_else_the_built_in_stands_in(
    tmp_path: Path,
) -> None:
    assert papers.find_font([str(tmp_path)]) is None or papers.find_font() is not None
    (tmp_path / "win").mkdir()
    (tmp_path / "win" / "SIMFANG.TTF").write_bytes(b"x")
    assert papers.find_font([str(tmp_path)]) == tmp_path / "win" / "SIMFANG.TTF"
    if papers.find_font() is None:
        assert papers.font_name() == papers.BUILT_IN
