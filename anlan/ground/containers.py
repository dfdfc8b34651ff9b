"""The one guard of office containers (.xlsx, .docx, .zip): checked before and while unpacking.

Flows in: bytes. Flows out: parts by name, each counted as it is unpacked, and XML that was streamed
once without a document type. What is unfit is told by a code (`Unfit`); who asked puts it in words:
uploads in `files` and `office`, the plan reader in its own process, for which no Django is needed.

Limits: 200 MB unpacked, 2,000 entries, a ratio of 100 for parts above 1 MiB, by the list of parts
and by really counting; XML 64 MB, 256 elements deep, no DTD.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise
from xml.parsers import expat

UNPACKED_BYTES_MAX = 200 * 1024 * 1024
ENTRIES_MAX = 2_000
RATIO_MAX = 100
RATIO_FLOOR_BYTES = 1024 * 1024
XML_BYTES_MAX = 64 * 1024 * 1024
XML_DEPTH_MAX = 256
CHUNK_BYTES = 65_536
LOCAL_HEADER_BYTES = 30
LINK_MODE = 0o120000
XML_ENDINGS = (".xml", ".rels", ".vml")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
          RuntimeError, KeyError, IndexError, UnicodeDecodeError, OverflowError)  # fmt: skip
Start = Callable[[str, dict[str, str]], None]


class Unfit(Exception):
    """Why a container is not read.

    code: damaged, entries, unpacked, ratio, shared (two parts in the same bytes), twice (a name),
    encrypted, link, outside, doctype, deep, xml (too much of it), malformed. part: where; figure:
    how many, how much, or what the parser said.
    """

    def __init__(self, code: str, part: str = "", figure: object = ""):
        super().__init__(f"{code} {part} {figure}")
        self.code, self.part, self.figure = code, part, figure


class Container:
    """A container whose list of parts is in order; parts come out by name, each counted."""

    def __init__(self, content: bytes):
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
            infos = self._archive.infolist()
        except BROKEN as error:
            raise Unfit("damaged") from error
        _check(infos, len(content))
        self._infos = {info.filename: info for info in infos}
        self._unpacked = 0

    def names(self) -> list[str]:
        """The parts in the order of the list."""
        return list(self._infos)

    def part(self, name: str, limit: int = UNPACKED_BYTES_MAX) -> bytes | None:
        """The bytes of a part, or None where there is none."""
        if name not in self._infos:
            return None
        whole = io.BytesIO()
        self._unpack(name, limit, whole.write)
        return whole.getvalue()

    def count(self) -> None:
        """Unpack every part once and keep nothing: for a list of parts that may lie."""
        for name in self._infos:
            self._unpack(name, UNPACKED_BYTES_MAX, lambda _chunk: None)

    def stream_xml(self, name: str, left: int, start: Start | None = None) -> int:
        """One XML part through the parser; start hears each element. Returns its bytes."""
        parser = _parser(name, start)
        counted = 0

        def take(chunk: bytes) -> None:
            nonlocal counted
            counted += len(chunk)
            if counted > left:
                raise Unfit("xml", name, left)
            parser.Parse(chunk, False)

        try:
            self._unpack(name, UNPACKED_BYTES_MAX, take)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Unfit("malformed", name, error) from None
        return counted

    def _unpack(self, name: str, limit: int, take: Callable[[bytes], object]) -> None:
        info, so_far = self._infos[name], 0
        try:
            with self._archive.open(info) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    so_far += len(chunk)
                    self._unpacked += len(chunk)
                    self._weigh(info, so_far, limit)
                    take(chunk)
        except expat.ExpatError:
            raise
        except BROKEN as error:
            raise Unfit("damaged", name) from error

    def _weigh(self, info: zipfile.ZipInfo, so_far: int, limit: int) -> None:
        if so_far > limit:
            raise Unfit("xml" if limit < UNPACKED_BYTES_MAX else "unpacked", info.filename, limit)
        # A reader may go over the parts twice: once to check, once to read.
        if self._unpacked > 2 * UNPACKED_BYTES_MAX:
            raise Unfit("unpacked", info.filename, UNPACKED_BYTES_MAX)
        if so_far > RATIO_FLOOR_BYTES and so_far > RATIO_MAX * max(1, info.compress_size):
            raise Unfit("ratio", info.filename, RATIO_MAX)


def _check(infos: list[zipfile.ZipInfo], size: int) -> None:
    """What the list of parts says of itself."""
    if len(infos) > ENTRIES_MAX:
        raise Unfit("entries", "", len(infos))
    if sum(info.file_size for info in infos) > UNPACKED_BYTES_MAX:
        raise Unfit("unpacked", "", UNPACKED_BYTES_MAX)
    for info in infos:
        _check_one(info)
    entries = sorted(infos, key=lambda info: info.header_offset)
    ends = [info.header_offset + LOCAL_HEADER_BYTES + info.compress_size for info in entries]
    starts = [info.header_offset for info in entries[1:]] + [size]
    if any(end > start for end, start in zip(ends, starts, strict=True)):
        raise Unfit("shared")
    names = sorted(info.filename for info in infos)
    if any(one == other for one, other in pairwise(names)):
        raise Unfit("twice")


def _check_one(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 1:
        raise Unfit("encrypted", info.filename)
    if (info.external_attr >> 16) & 0o170000 == LINK_MODE:
        raise Unfit("link", info.filename)
    steps = info.filename.replace("\\", "/").split("/")
    if ".." in steps or info.filename.startswith(("/", "\\")) or ":" in steps[0]:
        raise Unfit("outside", info.filename)
    packed = max(1, info.compress_size)
    if info.file_size > RATIO_FLOOR_BYTES and info.file_size > RATIO_MAX * packed:
        raise Unfit("ratio", info.filename, info.file_size // packed)


def _parser(name: str, heard: Start | None) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > XML_DEPTH_MAX:
            raise Unfit("deep", name, XML_DEPTH_MAX)
        if heard is not None:
            heard(tag, attributes)

    def end(_tag: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_arguments: object) -> None:
        raise Unfit("doctype", name)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    return parser
