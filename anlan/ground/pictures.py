"""A page of a PDF as a picture (PNG) for a group chat, and how many pages a PDF has.

Where 仿宋 is not embedded the letters come from the machine's own Chinese font; without one every
sign would be the same empty box, so that is looked at first and refused with what to install.
"""

from __future__ import annotations

import io
from functools import lru_cache

from django.utils.translation import gettext as _

from anlan.ground import papers
from anlan.ground.errors import NotRunning

WIDTH_PX = 1240
POINTS_A4_WIDE = 595.28
SAMPLE_SIDE = 40


def page_count(pdf: bytes) -> int:
    """How many pages the PDF has."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        return len(document)
    finally:
        document.close()


def first_page(pdf: bytes) -> bytes:
    """The first page as PNG, WIDTH_PX wide for A4 upright; NotRunning without a Chinese font."""
    if not has_letters():
        raise NotRunning(
            "font-none", _("这台机器没有中文字体，出不了图片"), "",
            _("请管理员安装 fonts-wqy-microhei；PDF 不受影响"),
        )  # fmt: skip
    return _rendered(pdf, WIDTH_PX / POINTS_A4_WIDE)


def _rendered(pdf: bytes, scale: float) -> bytes:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        image = document[0].render(scale=scale).to_pil().convert("L")
    finally:
        document.close()
    target = io.BytesIO()
    image.quantize(16).save(target, "PNG", optimize=True)
    return target.getvalue()


@lru_cache(maxsize=1)
def has_letters() -> bool:
    """Whether two different characters are drawn differently here."""
    return _sample("县") != _sample("一")


def _sample(letter: str) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(SAMPLE_SIDE, SAMPLE_SIDE), invariant=1)
    canvas.setFont(papers.font_name(), SAMPLE_SIDE / 2)
    canvas.drawString(SAMPLE_SIDE / 4, SAMPLE_SIDE / 4, letter)
    canvas.save()
    return _rendered(target.getvalue(), 1.0)
