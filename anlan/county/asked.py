"""What the address of a county's page asks: a page of a list, words, a place."""

from __future__ import annotations

from django.http import HttpRequest

from anlan.ground.scope import Scope

SOUGHT_CHARS_MAX = 40


def page_number(request: HttpRequest) -> int:
    """The page of ?page=, 1 where it is none."""
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def sought_in(request: HttpRequest) -> str:
    """The words of ?q=, bounded."""
    return request.GET.get("q", "").strip()[:SOUGHT_CHARS_MAX].replace("\0", "")


def code_of(text: str) -> int | None:
    """A division's code of twelve digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 12 else None


def home(scope: Scope) -> int:
    """The place that a new row of this scope gets first."""
    return scope.lo if scope.lo > 1 else 0
