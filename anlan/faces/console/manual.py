"""The manual: the files of `docs/` as pages of the console, so that they are read where they help.

Flows in: Markdown and pictures that came with this version. Flows out: pages without any county's
data, open to whoever reaches the console, for the page on signing in is among them.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.ground.errors import NotFound
from anlan.ground.web import public_page

OPEN = "the manual that came with the program; no county's data"
DOCS = Path(__file__).resolve().parents[3] / "docs"
SOUGHT_CHARS_MAX = 60
FOUND_MAX = 40
EXCERPT_CHARS = 90
# Folder or file below docs/, and what its shelf is called. A file stands on the first that fits.
SHELVES = (
    ("how-to/", _lazy("怎样做")),
    ("", _lazy("查")),
    ("models/", _lazy("灾害模型")),
    ("adr/", _lazy("为什么这样定")),
)
# Which page helps with which address of the console.
HELPS = {
    "warning": "how-to/duty", "callout": "how-to/duty", "desk": "how-to/duty",
    "duty": "how-to/duty", "handover": "how-to/duty", "consult": "how-to/duty",
    "leader": "how-to/duty", "exercise": "how-to/hold-an-exercise",
    "county": "how-to/bring-the-county-in", "phonebook": "how-to/bring-the-county-in",
    "zones": "how-to/first-county", "plan": "how-to/plan", "oversight": "how-to/supervise",
    "policy": "how-to/values", "system": "how-to/operate", "access": "how-to/first-setup",
    "accounts": "how-to/first-setup", "rounds": "how-to/operate",
}  # fmt: skip
PICTURES = {".svg": "image/svg+xml", ".png": "image/png"}
ALIGNED = {"text-align:right": "n", "text-align:center": "middle", "text-align:left": ""}
# A drawing may style itself and nothing more, even opened by itself.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the manual. name: its path below docs/ without the ending."""

    name: str
    title: str
    lead: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page under its heading, for the search."""

    page: Page
    heading: str
    anchor: str
    text: str


@lru_cache(maxsize=1)
def pages() -> dict[str, Page]:
    """Every page by its name, in the order of the shelves."""
    found = {}
    for prefix, _label in SHELVES:
        for file in sorted((DOCS / prefix).glob("*.md")):
            name = prefix + file.stem
            found[name] = _page(name, file.read_text(encoding="utf-8"))
    return found


def _page(name: str, text: str) -> Page:
    title = next((line[2:] for line in text.splitlines() if line.startswith("# ")), name)
    plain = (line for line in text.splitlines() if line and line[0] not in "#|-0123456789 >![")
    return Page(name, title, _plain(next(plain, "")), text)


def _plain(text: str) -> str:
    """A line without its marks of Markdown."""
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*`]", r"\1", text).strip()


def shelves() -> list[tuple[Any, list[Page]]]:
    """The shelves with their pages."""
    groups: dict[str, list[Page]] = {prefix: [] for prefix, _label in SHELVES}
    for one in pages().values():
        groups[one.name.rpartition("/")[0] + "/" if "/" in one.name else ""].append(one)
    return [(label, groups[prefix]) for prefix, label in SHELVES if groups[prefix]]


def page_for(address: str) -> str:
    """The page of the manual that helps with an address of the console, else its first page."""
    name = HELPS.get(address.strip("/").partition("/")[0], "")
    return f"/help/{name}/" if name in pages() else "/help/"


@lru_cache(maxsize=64)
def rendered(name: str) -> SafeString:
    """The page as HTML. No HTML of the file itself is taken over; links stay inside the manual."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(pages()[name].text)
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor_of(tokens[at + 1].content))
        style = token.attrs.pop("style", None)  # the content policy takes no style in the text
        if style:
            token.attrSet("class", ALIGNED[str(style)])
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _link(name, str(child.attrGet("href"))))
            if child.type == "image":
                child.attrSet("src", _picture(name, str(child.attrGet("src"))))
    body = reader.renderer.render(tokens, reader.options, {})
    body = body.replace("<table>", '<div class="scroll"><table>').replace(
        "</table>", "</table></div>"
    )
    return mark_safe(re.sub(r"<th>\s*</th>", "<td></td>", body))  # noqa: S308


def anchor_of(heading: str) -> str:
    """The part of an address that names a heading."""
    return re.sub(r"[^\w]+", "-", _plain(heading)).strip("-").lower()


def _within(name: str, target: str) -> str:
    """A relative path as it stands below docs/."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _link(name: str, href: str) -> str:
    if re.match(r"[a-z]+:|#", href):
        return href
    target, _hash, anchor = href.partition("#")
    inside = _within(name, target.removesuffix(".md").rstrip("/"))
    known = f"/help/{inside}/" if inside in pages() else "/help/"
    return known + (f"#{anchor}" if anchor else "")


def _picture(name: str, source: str) -> str:
    return f"/help/picture/{_within(name, source)}"


def sections() -> list[Section]:
    """Every part of every page under its heading."""
    found = []
    for page in pages().values():
        for piece in re.split(r"(?m)^(?=#{1,4} )", page.text):
            head, _line, body = piece.partition("\n")
            heading = _plain(head.lstrip("# "))
            found.append(Section(page, heading, anchor_of(heading), _plain(body)))
    return found


def search(sought: str) -> list[tuple[Section, str]]:
    """Sections that hold every word, those that say it in their heading first, with an excerpt."""
    words = sought.lower().split()
    if not words:
        return []
    hits = [
        own for own in sections()
        if all(word in f"{own.page.title} {own.heading} {own.text}".lower() for word in words)
    ]  # fmt: skip
    hits.sort(key=lambda own: not all(word in own.heading.lower() for word in words))
    return [(own, _excerpt(own.text, words[0])) for own in hits[:FOUND_MAX]]


def _excerpt(text: str, word: str) -> str:
    flat = re.sub(r"[\s|]+", " ", text)
    at = max(flat.lower().find(word) - EXCERPT_CHARS // 3, 0)
    return ("…" if at else "") + flat[at : at + EXCERPT_CHARS]


@public_page(OPEN)
def index_page(request: HttpRequest) -> HttpResponse:
    """The shelves, or what was found."""
    sought = request.GET.get("q", "").strip()[:SOUGHT_CHARS_MAX]
    context = {"shelves": shelves(), "q": sought, "found": search(sought)}
    return render(request, "console/manual.html", context)


@public_page(OPEN)
def manual_page(request: HttpRequest, name: str) -> HttpResponse:
    """One page of the manual."""
    own = pages().get(name)
    if own is None:
        raise NotFound("manual-unknown", _("手册里没有这一页"), name[:SOUGHT_CHARS_MAX],
                       _("从手册的目录里找"))  # fmt: skip
    context = {"own": own, "body": rendered(name), "shelves": shelves()}
    return render(request, "console/manual_page.html", context)


@public_page(OPEN)
def picture(request: HttpRequest, name: str) -> FileResponse:
    """A picture that a page of the manual shows; nothing else of this machine."""
    file = (DOCS / name).resolve()
    kind = PICTURES.get(file.suffix)
    if kind is None or DOCS not in file.parents or not file.is_file():
        raise NotFound("manual-unknown", _("手册里没有这一页"), "", _("从手册的目录里找"))
    headers = {"Content-Security-Policy": DRAWING_POLICY, "X-Content-Type-Options": "nosniff"}
    return FileResponse(file.open("rb"), content_type=kind, headers=headers)


urlpatterns = [
    path("help/", index_page, name="manual"),
    path("help/picture/<path:name>", picture, name="manual-picture"),
    path("help/<path:name>/", manual_page, name="manual-page"),
]
