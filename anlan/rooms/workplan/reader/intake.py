"""What a file is, by its content; what it may not be, with the mend.

Flows in: bytes and the name that came with them. Flows out: one document. Containers are checked
before they are unpacked and counted while they are; nothing outside the file is ever opened.
"""

from __future__ import annotations

import re

from anlan.rooms.workplan.reader.blocks import Document
from anlan.rooms.workplan.reader.limits import BYTES_MAX, PlanRefused

ANOTHER = "请用 Office 或 WPS 打开，另存为 DOCX 或 XLSX 后再导入"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (OLE, "ole"), (b"{\\rtf", "rtf"),
    (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"BM", "bmp"), (b"II*\0", "image"),
    (b"MM\0*", "image"), (b"Rar!", "archive"), (b"7z\xbc\xaf", "archive"), (b"\x1f\x8b", "archive"),
    (b"MZ", "program"), (b"\x7fELF", "program"), (b"BZh", "archive"), (b"\xfd7zXZ", "archive"),
)  # fmt: skip
SHOWN = {
    "pdf": "PDF", "docx": "DOCX", "xlsx": "XLSX", "xls": "XLS", "html": "HTML", "text": "文本", "doc": "DOC",
    "wps": "WPS", "ofd": "OFD", "odt": "ODT", "image": "图片", "archive": "压缩包", "program": "程序", "rtf": "RTF",
    "pptx": "PPTX", "mht": "MHT", "bmp": "图片", "encrypted": "加密的 Office 文件", "zip": "压缩包", "xml": "XML",
}  # fmt: skip
REFUSED = {
    "doc": ("format-doc", "这是旧版 Word（DOC）或 WPS 文字文件，读不了", "请用 Word 或 WPS 打开，另存为 DOCX 后再导入"),
    "ofd": ("format-ofd", "这是 OFD 版式文件，读不了", "请用阅读器打开，另存为 DOCX，或导出带文字的 PDF 后再导入"),
    "odt": ("format-odf", "这是 OpenDocument 文件，读不了", ANOTHER),
    "rtf": ("format-rtf", "这是 RTF 文件，读不了", "请用 Word 或 WPS 打开，另存为 DOCX 后再导入"),
    "mht": ("format-mht", "这是 MHT 网页归档，读不了", "请在浏览器里打开，另存为“网页，仅 HTML”后再导入"),
    "pptx": ("format-pptx", "这是演示文稿，不是工作要点", "请把要点的表另存为 DOCX 或 XLSX"),
    "image": ("format-image", "这是图片，里面没有文字", "请找带文字的电子版；扫描件先用识别软件转成 DOCX"),
    "bmp": ("format-image", "这是图片，里面没有文字", "请找带文字的电子版；扫描件先用识别软件转成 DOCX"),
    "archive": ("format-archive", "这是压缩包", "请先解压，再选里面的一个文件"),
    "zip": ("format-archive", "这是压缩包，里面不是 Office 文件", "请先解压，再选里面的一个文件"),
    "program": ("format-program", "这是程序，不是文件", "请选择工作要点的电子版"),
    "encrypted": ("encrypted", "文件有打开密码", "请用密码打开，去掉密码后另存再导入"),
    "xml": ("format-xml", "这是 XML 数据，不是文稿", ANOTHER),
}  # fmt: skip
SUFFIXES = {
    "docx": {"docx"}, "docm": {"docx"}, "xlsx": {"xlsx"}, "xlsm": {"xlsx"}, "xls": {"xls"}, "pdf": {"pdf"},
    "html": {"html"}, "htm": {"html"}, "txt": {"text"}, "csv": {"text"}, "tsv": {"text"}, "md": {"text"},
    "doc": {"doc"}, "wps": {"doc", "docx"}, "et": {"xls", "xlsx"}, "ofd": {"ofd"}, "rtf": {"rtf"},
}  # fmt: skip


def checked_size(content: bytes, name: str) -> None:
    """PlanRefused for what is empty or over 20 MB."""
    if len(content) > BYTES_MAX:
        raise PlanRefused("too-large", "文件超过 20 MB", name, "请去掉图片后另存")
    if not content.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise PlanRefused("empty", "文件是空的", name, "请重新导出")


def take_in(content: bytes, name: str) -> Document:
    """The one document of a file of any kind that is read; PlanRefused for the rest."""
    checked_size(content, name)
    kind = kind_of(content)
    _named_rightly(kind, name)
    if kind in REFUSED:
        code, message, mend = REFUSED[kind]
        raise PlanRefused(code, message, name, mend)
    return _reader(kind, content, name)


def _reader(kind: str, content: bytes, name: str) -> Document:
    if kind == "docx":
        from anlan.rooms.workplan.reader.formats import docx

        return docx.read(content, name)
    if kind in ("xlsx", "xls"):
        from anlan.rooms.workplan.reader.formats import sheet

        return sheet.read(content, name, kind)
    if kind == "pdf":
        from anlan.rooms.workplan.reader.formats import pdf

        return pdf.read(content, name)
    if kind == "html":
        from anlan.rooms.workplan.reader.formats import html

        return html.read(content, name)
    from anlan.rooms.workplan.reader.formats import text

    return text.read(content, name)


def kind_of(content: bytes) -> str:
    """docx, xlsx, xls, pdf, html, text, or a kind that is refused."""
    for mark, kind in SIGNATURES:
        if content.startswith(mark) and (kind != "bmp" or b"\0" in content[:64]):
            if kind == "zip":
                return _zip_kind(content)
            return _ole_kind(content) if kind == "ole" else kind
    if b"%PDF-" in content[:1024]:
        return "pdf"
    return _text_kind(content)


def _zip_kind(content: bytes) -> str:
    """By the names in the container; the container itself is checked when it is opened."""
    from anlan.rooms.workplan.reader.container import names

    found = names(content)
    if found is None:
        return _zip_by_bytes(content)
    for part, kind in (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("OFD.xml", "ofd"),
                       ("ppt/presentation.xml", "pptx"), ("xl/workbook.bin", "zip")):  # fmt: skip
        if part in found:
            return kind
    if "content.xml" in found and "mimetype" in found:
        return "odt"
    if any(own.startswith("word/") for own in found):
        return "docx"
    return "xlsx" if any(own.startswith("xl/") for own in found) else "zip"


def _zip_by_bytes(content: bytes) -> str:
    """A container whose list of names is lost: what the parts' own heads say."""
    for part, kind in (
        (b"word/", "docx"),
        (b"xl/", "xlsx"),
        (b"OFD.xml", "ofd"),
        (b"[Content_Types].xml", "docx"),
    ):
        if part in content:
            return kind
    return "zip"


def _ole_kind(content: bytes) -> str:
    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        return "encrypted"
    if holds("Workbook") or (holds("Book") and not holds("WordDocument")):
        return "xls"
    return "doc"


def _text_kind(content: bytes) -> str:
    head = content[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    low = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if low.startswith(b"mime-version:") and b"multipart/related" in low:
        return "mht"
    if low.startswith(
        (
            b"<!doctype html",
            b"<html",
            b"<head",
            b"<body",
            b"<table",
            b"<meta",
            b"<div",
            b"<p>",
            b"<p ",
            b"<h1",
        )
    ):
        return "html"
    if low.startswith(b"<?xml") or low.startswith(b"<!doctype") or low.startswith(b"<!--"):
        return "html" if re.search(rb"<html|<table|<body", content[:65536].lower()) else "xml"
    return "text"


def _named_rightly(kind: str, name: str) -> None:
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    allowed = SUFFIXES.get(suffix)
    if allowed is None or kind in allowed or kind == "encrypted":
        return
    shown = SHOWN.get(kind, kind)
    if kind == "zip" and suffix in ("docx", "xlsx", "docm", "xlsm"):
        raise PlanRefused(
            "damaged", f"{suffix.upper()} 里没有正文", name, "请用 Office 或 WPS 打开，另存后再导入"
        )
    if kind in ("text",) and suffix not in SUFFIXES:
        return
    raise PlanRefused(
        "mislabelled", f"文件名是 .{suffix}，内容却是{shown}", name,
        f"请确认文件没有传错；如果内容无误，用能打开它的程序另存为 {suffix.upper() if suffix != 'doc' else 'DOCX'} 后再导入",
    )  # fmt: skip
