"""Office files of plans: the guard is `ground/containers`, told here in the reader's words.

A list of parts may lie about sizes, name the same bytes twice, or point out of the container; each
is refused with a code. XML of a part is parsed without document types and without entities.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any, TypeVar

from anlan.ground import containers
from anlan.ground.containers import BROKEN, ENTRIES_MAX, XML_BYTES_MAX, XML_ENDINGS, Unfit
from anlan.rooms.workplan.reader.limits import PlanRefused

MB = 1024 * 1024
RESAVE = "请用 Office 或 WPS 打开，另存为新文件后再导入"
AGAIN = "请重新下载或重新导出这个文件"
Found = TypeVar("Found")


def names(content: bytes) -> set[str] | None:
    """Names of the parts, or None where the list cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {info.filename for info in archive.infolist()[:ENTRIES_MAX]}
    except BROKEN:
        return None


class Container:
    """An office file that was checked; parts come out by name, each counted."""

    def __init__(self, content: bytes, name: str):
        self.name = name
        self._own = self._told(lambda: containers.Container(content))
        for part in self._own.names():
            if part.lower().endswith("vbaproject.bin"):
                raise PlanRefused("macro", "文件带宏", f"{name}，{part}",
                                  "请另存为不带宏的 DOCX 或 XLSX 后再导入")  # fmt: skip

    def names(self) -> list[str]:
        return self._own.names()

    def part(self, name: str, limit: int = XML_BYTES_MAX) -> bytes | None:
        """The bytes of a part, or None where there is none."""
        return self._told(lambda: self._own.part(name, limit))

    def check_all(self) -> None:
        """Unpack every part once, counting: for readers that open the container themselves."""
        self._told(self._own.count)
        for name in self._own.names():
            if name.lower().endswith(XML_ENDINGS):
                self._streamed(name)

    def xml(self, name: str) -> Any:
        """The root element of a part, or None; document types and entities are refused."""
        if name not in self._own.names():
            return None
        self._streamed(name)
        content = self.part(name)
        return None if content is None else parse_xml(content, f"{self.name}，{name}")

    def _streamed(self, name: str) -> None:
        self._told(lambda: self._own.stream_xml(name, XML_BYTES_MAX))

    def _told(self, ask: Callable[[], Found]) -> Found:
        try:
            return ask()
        except Unfit as unfit:
            raise self._refused(unfit) from unfit

    def _refused(self, unfit: Unfit) -> PlanRefused:
        place = f"{self.name}，{unfit.part[:80]}" if unfit.part else self.name
        if unfit.code == "encrypted":
            return PlanRefused(
                "encrypted", "文件有打开密码", self.name, "请用密码打开，去掉密码后另存再导入"
            )
        if unfit.code in ("link", "outside"):
            return PlanRefused("unsafe-part", "文件里的部分指向外面", place, RESAVE)
        if unfit.code == "doctype":
            return PlanRefused(
                "entities", "文件的 XML 里有实体定义，Office 文件不会有", place, RESAVE
            )
        if unfit.code in WHOLE:
            return PlanRefused("damaged", WHOLE[unfit.code], place, AGAIN)
        return PlanRefused("zip-bomb", f"{_bomb(unfit)}，不像正常文件", place, RESAVE)


WHOLE = {
    "damaged": "文件不完整，读不出来", "malformed": "文件的内容不完整", "deep": "文件的内容嵌套太深",
    "twice": "有两个同名的部分",
}  # fmt: skip


def _bomb(unfit: Unfit) -> str:
    if unfit.code == "entries":
        return f"里面有 {unfit.figure} 个部分，超过 {ENTRIES_MAX} 个"
    if unfit.code == "shared":
        return "两个部分用了同一段数据"
    if unfit.code == "ratio":
        return f"压缩超过 {containers.RATIO_MAX} 倍"
    most = XML_BYTES_MAX if unfit.code == "xml" else containers.UNPACKED_BYTES_MAX
    return f"展开后超过 {most // MB} MB"


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
