"""The door for XML from outside (CAP, feeds, links): nothing is built before it has passed here.

Flows in: bytes. Flows out: a small tree whose elements know their line and column. It is built by
one streaming pass that refuses a document type (and so every entity, internal or external), too
much depth, too many elements or attributes, inclusions, and encodings other than UTF-8. Nothing is
ever opened, fetched or expanded: there is no resolver to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree  # writes only: what is read comes through expat below
from xml.parsers import expat

from anlan.ground.errors import Refusal

XML_BYTES_MAX = 1024 * 1024
XML_DEPTH_MAX = 64
ELEMENTS_MAX = 20_000
ATTRIBUTES_MAX = 32
ATTRIBUTE_CHARS_MAX = 16_384
CHUNK_BYTES = 16_384
SEPARATOR = " "
XINCLUDE = "http://www.w3.org/2001/XInclude"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")


@dataclass(slots=True)
class Element:
    """An element. attributes: by plain name, or `namespace name`; line, column: from 1.

    text: what stands directly in it, children left out.
    """

    name: str
    namespace: str
    line: int
    column: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def all(self, name: str) -> list[Element]:
        """The children of this name, in the element's own namespace."""
        return [c for c in self.children if c.name == name and c.namespace == self.namespace]

    def first(self, name: str) -> Element | None:
        """The first child of this name, in the element's own namespace."""
        return next(iter(self.all(name)), None)

    def said(self, name: str) -> str:
        """The trimmed text of the first child of this name; empty where there is none."""
        found = self.first(name)
        return found.text.strip() if found is not None else ""

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in the order of the document."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_xml(content: bytes, name: str, bytes_max: int = XML_BYTES_MAX) -> Element:
    """The tree of a hostile document; Refusal with line and column where it is none we read.

    bytes_max: bytes; an index of messages may be larger than a message.
    """
    if len(content) > bytes_max:
        raise Refusal(
            "xml-large", f"XML 超过 {bytes_max // 1024} KB",
            f"{name} {len(content)} B", "一份预警消息不应这么大，请核对来源", 413,
        )  # fmt: skip
    if content.startswith(UTF16_MARKS):
        raise _encoding("UTF-16", name)
    builder = _Builder(name)
    parser = builder.parser
    try:
        for at in range(0, len(content), CHUNK_BYTES):
            parser.Parse(content[at : at + CHUNK_BYTES], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        why = expat.errors.messages.get(error.code, str(error.code))
        raise Refusal(
            "xml-broken", f"不是完整的 XML：{why}",
            _place(name, error.lineno, error.offset + 1), "请从原系统重新导出，不要手改",
        ) from None  # fmt: skip
    except UnicodeError:
        raise _encoding("?", name) from None
    if builder.root is None:
        raise Refusal("xml-broken", "没有内容", name, "请核对文件")
    return builder.root


def _place(name: str, line: int, column: int) -> str:
    return f"{name} 第 {line} 行第 {column} 列"


def _encoding(found: str, name: str) -> Refusal:
    return Refusal("xml-encoding", f"编码不是 UTF-8：{found[:40]}", name,
                   "请以 UTF-8 编码发送")  # fmt: skip


def write_xml(element: Element) -> bytes:
    """The element as a document of its own, every name in its namespace."""
    made = ElementTree.Element(_full(element))
    _fill(made, element)
    return ElementTree.tostring(made, encoding="utf-8")


def _full(element: Element) -> str:
    return f"{{{element.namespace}}}{element.name}" if element.namespace else element.name


def _fill(made: ElementTree.Element, element: Element) -> None:
    made.text = element.text
    for name, value in element.attributes.items():
        namespace, _space, plain = name.rpartition(SEPARATOR)
        made.set(f"{{{namespace}}}{plain}" if namespace else plain, value)
    for child in element.children:
        _fill(ElementTree.SubElement(made, _full(child)), child)


class _Builder:
    """Builds the tree while the document streams by, and stops it at the first thing refused."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.XmlDeclHandler = self._declared
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._words
        for handler in ("StartDoctypeDeclHandler", "EntityDeclHandler", "SkippedEntityHandler",
                        "UnparsedEntityDeclHandler", "ExternalEntityRefHandler"):  # fmt: skip
            setattr(self.parser, handler, self._doctype)

    def _refuse(self, code: str, message: str, mend: str) -> Refusal:
        place = _place(
            self.name, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        )
        return Refusal(code, message, place, mend)

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in UTF8:
            raise _encoding(encoding, self.name)

    def _doctype(self, *_unused: object) -> None:
        raise self._refuse(
            "xml-dtd", "XML 里有文档类型声明或实体", "预警消息不需要 DTD，请核对来源"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        namespace, _space, name = tag.rpartition(SEPARATOR)
        if namespace == XINCLUDE:
            raise self._refuse("xml-include", "XML 里要求引入别的文件", "请核对来源")
        if len(self.open) >= XML_DEPTH_MAX:
            raise self._refuse("xml-deep", f"XML 嵌套超过 {XML_DEPTH_MAX} 层", "请核对来源")
        if self.count > ELEMENTS_MAX:
            raise self._refuse("xml-many", f"XML 元素超过 {ELEMENTS_MAX} 个", "请核对来源")
        long = any(len(value) > ATTRIBUTE_CHARS_MAX for value in attributes.values())
        if long or len(attributes) > ATTRIBUTES_MAX:
            raise self._refuse("xml-attribute", "XML 属性过多或过长", "请核对来源")
        made = Element(
            name, namespace, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1,
            attributes,
        )  # fmt: skip
        if self.open:
            self.open[-1].children.append(made)
        else:
            self.root = made
        self.open.append(made)

    def _end(self, _tag: str) -> None:
        self.open.pop()

    def _words(self, text: str) -> None:
        if self.open:
            self.open[-1].parts.append(text)
