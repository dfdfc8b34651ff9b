"""Office files are containers: checked before they are unpacked, counted while they are.

A list of parts may lie about sizes, name the same bytes twice, or point out of the container;
each is refused with a code. XML of a part is parsed without document types and without entities.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from itertools import pairwise
from typing import Any

from anlan.rooms.workplan.reader.limits import (
    UNPACKED_BYTES_MAX,
    XML_BYTES_MAX,
    ZIP_ENTRIES_MAX,
    ZIP_RATIO_FROM_BYTES,
    ZIP_RATIO_MAX,
    PlanRefused,
)

CHUNK = 1024 * 1024
RESAVE = "请用 Office 或 WPS 打开，另存为新文件后再导入"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, KeyError,
          IndexError, UnicodeDecodeError, OverflowError)  # fmt: skip
LINK_MODE = 0o120000


def names(content: bytes) -> set[str] | None:
    """Names of the parts, or None where the list cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {info.filename for info in archive.infolist()[:ZIP_ENTRIES_MAX]}
    except BROKEN:
        return None


class Container:
    """An office file that was checked; parts come out by name, each counted."""

    def __init__(self, content: bytes, name: str):
        self.name = name
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
            infos = self._archive.infolist()
        except BROKEN as error:
            raise self._damaged("文件不完整，读不到目录") from error
        self._check(infos)
        self._infos = {info.filename: info for info in infos}
        self._unpacked = 0

    def names(self) -> list[str]:
        return list(self._infos)

    def part(self, name: str, limit: int = XML_BYTES_MAX) -> bytes | None:
        """The bytes of a part, or None where there is none."""
        info = self._infos.get(name)
        if info is None:
            return None
        whole = io.BytesIO()
        try:
            with self._archive.open(info) as stream:
                while chunk := stream.read(CHUNK):
                    whole.write(chunk)
                    self._count(len(chunk), whole.tell(), info, limit)
        except BROKEN as error:
            raise self._damaged(f"文件不完整，{name} 读不出来") from error
        return whole.getvalue()

    def check_all(self) -> None:
        """Unpack every part once, counting: for readers that open the container themselves."""
        for name in self._infos:
            content = self.part(name, UNPACKED_BYTES_MAX)
            if name.endswith((".xml", ".rels", ".vml")) and content is not None:
                self.refuse_types(content, name)

    def xml(self, name: str) -> Any:
        """The root element of a part, or None; document types and entities are refused."""
        content = self.part(name)
        if content is None:
            return None
        self.refuse_types(content, name)
        return parse_xml(content, f"{self.name}，{name}")

    def refuse_types(self, content: bytes, name: str) -> None:
        head = content[:200]
        wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"<\0" in head or b"\0<" in head
        shown = content.replace(b"\0", b"") if wide else content
        if b"<!DOCTYPE" in shown or b"<!ENTITY" in shown:
            raise PlanRefused(
                "entities",
                "文件的 XML 里有实体定义，Office 文件不会有",
                f"{self.name}，{name}",
                RESAVE,
            )
        if len(content) > XML_BYTES_MAX:
            raise self._bomb(f"{name} 展开后超过 {XML_BYTES_MAX // CHUNK} MB")

    # what is refused

    def _check(self, infos: list[zipfile.ZipInfo]) -> None:
        if len(infos) > ZIP_ENTRIES_MAX:
            raise self._bomb(f"里面有 {len(infos)} 个部分，超过 {ZIP_ENTRIES_MAX} 个")
        if sum(info.file_size for info in infos) > UNPACKED_BYTES_MAX:
            raise self._bomb(f"展开后超过 {UNPACKED_BYTES_MAX // CHUNK} MB")
        spans = sorted(
            (info.header_offset, info.header_offset + info.compress_size) for info in infos
        )
        for info in infos:
            self._check_one(info)
        if any(left[1] > right[0] for left, right in pairwise(spans)):
            raise self._bomb("两个部分用了同一段数据")
        if len({info.filename for info in infos}) < len(infos):
            raise self._damaged("有两个同名的部分")

    def _check_one(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & 1:
            raise PlanRefused(
                "encrypted", "文件有打开密码", self.name, "请用密码打开，去掉密码后另存再导入"
            )
        if (info.external_attr >> 16) & 0o170000 == LINK_MODE:
            raise PlanRefused(
                "unsafe-part", "文件里有指向别处的链接", f"{self.name}，{info.filename}", RESAVE
            )
        parts = info.filename.replace("\\", "/").split("/")
        if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise PlanRefused(
                "unsafe-part", "文件里的部分指向外面", f"{self.name}，{info.filename[:80]}", RESAVE
            )
        if info.filename.lower().endswith("vbaproject.bin"):
            raise PlanRefused("macro", "文件带宏", f"{self.name}，{info.filename}",
                              "请另存为不带宏的 DOCX 或 XLSX 后再导入")  # fmt: skip
        if info.file_size > ZIP_RATIO_FROM_BYTES and info.file_size > ZIP_RATIO_MAX * max(
            1, info.compress_size
        ):
            raise self._bomb(
                f"{info.filename} 压缩了 {info.file_size // max(1, info.compress_size)} 倍，超过 {ZIP_RATIO_MAX} 倍"
            )

    def _count(self, step: int, so_far: int, info: zipfile.ZipInfo, limit: int) -> None:
        self._unpacked += step
        if so_far > limit:
            raise self._bomb(f"{info.filename} 展开后超过 {limit // CHUNK} MB")
        if self._unpacked > 2 * UNPACKED_BYTES_MAX or so_far > UNPACKED_BYTES_MAX:
            raise self._bomb(f"展开后超过 {UNPACKED_BYTES_MAX // CHUNK} MB")
        if so_far > ZIP_RATIO_FROM_BYTES and so_far > ZIP_RATIO_MAX * max(1, info.compress_size):
            raise self._bomb(f"{info.filename} 压缩超过 {ZIP_RATIO_MAX} 倍")

    def _bomb(self, message: str) -> PlanRefused:
        return PlanRefused("zip-bomb", f"{message}，不像正常文件", self.name, RESAVE)

    def _damaged(self, message: str) -> PlanRefused:
        return PlanRefused("damaged", message, self.name, "请重新下载或重新导出这个文件")


def parse_xml(content: bytes, place: str) -> Any:
    """The root of XML that has no document type; depth is held by the parser (256)."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PlanRefused("damaged", "文件的内容不完整或嵌套太深", place, RESAVE) from error
    if root.getroottree().docinfo.doctype:
        raise PlanRefused("entities", "文件的 XML 里有实体定义，Office 文件不会有", place, RESAVE)
    return root
