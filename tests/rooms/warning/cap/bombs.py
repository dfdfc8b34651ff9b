"""A corpus of hostile XML, made here: each by name, with the code of its refusal."""

from __future__ import annotations

from collections.abc import Iterator

NS = 'xmlns="urn:oasis:names:tc:emergency:cap:1.2"'


def bombs(url: str, path: str) -> Iterator[tuple[str, bytes, str]]:
    """(name, content, code). url, path: the canaries that nothing may touch."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    yield (
        "billion laughs",
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a>&l9;</a>'.encode(),
        "xml-dtd",
    )
    long = "A" * 60_000
    yield (
        "quadratic",
        f'<!DOCTYPE a [<!ENTITY b "{long}">]><a>{"&b;" * 60_000}</a>'.encode(),
        "xml-dtd",
    )
    yield (
        "file entity",
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{path}">]><a>&x;</a>'.encode(),
        "xml-dtd",
    )
    yield "url entity", f'<!DOCTYPE a [<!ENTITY x SYSTEM "{url}">]><a>&x;</a>'.encode(), "xml-dtd"
    yield (
        "parameter entity",
        f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{url}"> %p;]><a/>'.encode(),
        "xml-dtd",
    )
    yield "outer subset", f'<!DOCTYPE a SYSTEM "{url}"><a/>'.encode(), "xml-dtd"
    yield "public subset", f'<!DOCTYPE a PUBLIC "-//x" "{url}"><a/>'.encode(), "xml-dtd"
    yield "plain doctype", b"<!DOCTYPE a><a/>", "xml-dtd"
    yield "default attribute", b'<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>', "xml-dtd"
    include = 'xmlns:i="http://www.w3.org/2001/XInclude"'
    yield (
        "inclusion",
        f'<a {include}><i:include href="{url}" parse="text"/></a>'.encode(),
        "xml-include",
    )
    yield (
        "file inclusion",
        f'<a {include}><i:include href="file://{path}"/></a>'.encode(),
        "xml-include",
    )
    yield "deep", b"<a>" * 65 + b"</a>" * 65, "xml-deep"
    yield "very deep", b"<a>" * 120_000 + b"</a>" * 120_000, "xml-deep"
    yield "huge attribute", b'<a b="' + b"x" * 900_000 + b'"/>', "xml-attribute"
    many = " ".join(f'a{n}=""' for n in range(40_000))
    yield "many attributes", f"<a {many}/>".encode(), "xml-attribute"
    spaces = " ".join(f'xmlns:a{n}="u{n}"' for n in range(30_000))
    yield "many namespaces", f"<a {spaces}>".encode() + b"<b/>" * 10_000 + b"</a>", ""
    yield "many elements", b"<a>" + b"<b/>" * 200_000 + b"</a>", "xml-many"
    yield "too large", b"<a>" + b" " * (1024 * 1024) + b"</a>", "xml-large"
    yield "far too large", b"<a>" + b"x" * 30_000_000 + b"</a>", "xml-large"
    yield (
        "utf-16",
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
        "xml-encoding",
    )
    yield "utf-16 bare", "<!DOCTYPE a><a/>".encode("utf-16-le"), "xml-encoding"
    yield "utf-7", b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-', "xml-encoding"
    yield "gbk", '<?xml version="1.0" encoding="GBK"?><a>雨</a>'.encode("gbk"), "xml-encoding"
    yield "bad utf-8", b"<a>\xff\xfe\xfd</a>", "xml-broken"
    yield "no xml", b"PK\x03\x04" + b"\0" * 100, "xml-broken"
    yield "cut", f"<alert {NS}><identifier>x".encode(), "xml-broken"
    yield "undeclared entity", b"<a>&nbsp;</a>", "xml-broken"
    yield "nothing", b"", "xml-broken"
    yield "two roots", b"<a/><a/>", "xml-broken"
    yield "nul", b"<a>\0</a>", "xml-broken"
