"""People who hold every right of every post at one place each; the public pages in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def every_right(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Whoever holds a post holds every right that any post has: only the place decides then."""
    from anlan.county.rights import Table, table

    own = table()
    everything = frozenset().union(*own.posts.values())
    wide = Table(
        own.labels, dict.fromkeys(own.posts, everything), own.post_labels, own.administrators
    )
    monkeypatch.setattr("anlan.county.signin.table", lambda: wide)
    return wide


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Serve the public pages in this process, with their own middleware."""
    from django.conf import settings
    from django.urls import clear_url_caches, set_urlconf

    def serve() -> None:
        monkeypatch.setattr(settings, "ROOT_URLCONF", "anlan.faces.portal.urls")
        monkeypatch.setattr(settings, "MIDDLEWARE", settings.PUBLIC_MIDDLEWARE)
        clear_url_caches()
        set_urlconf(None)

    yield serve  # type: ignore[misc]
    monkeypatch.undo()
    clear_url_caches()
    set_urlconf(None)
