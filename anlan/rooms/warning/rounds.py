"""What is due in the warning room: sources are asked for messages, each in a thread of its own.

Flows in: sources whose time has come. Flows out: messages taken in, and how each source is doing.
A source that is slow, wrong or hostile costs its own budget (10 s, 5 MB) and then rests; no other
waits for it.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

from django.db import connections

from anlan.ground import outside
from anlan.ground.errors import Refusal
from anlan.ground.markup import read_xml
from anlan.ground.outside import Allowed, Answer, Budget
from anlan.ground.scope import Scope
from anlan.rooms.warning import intake_actions, source_actions
from anlan.rooms.warning.cap.index import Entry, entries
from anlan.rooms.warning.intake_actions import Parcel
from anlan.rooms.warning.models import Received, Source

log = logging.getLogger("anlan.feeds")
FETCHES_MAX = 20
CAP_TYPES = "application/cap+xml, application/atom+xml, application/rss+xml, application/xml;q=0.8"
# An entry that is refused for one of these will not be better the next time.
FOR_GOOD = frozenset({"out-host", "out-address", "out-url", "out-scheme", "out-redirects",
                      "out-encoded", "feed-gone"})  # fmt: skip


def allowed_of(source: Source) -> Allowed:
    """Where the row lets us go."""
    return Allowed(frozenset(source.hosts), outside.networks(source.networks))


class Poller:
    """The round: claims what is due and hands each source to a thread of its own."""

    def __init__(self, allowed=allowed_of, budget=Budget) -> None:  # type: ignore[no-untyped-def]
        self.allowed, self.budget = allowed, budget
        self.pool = ThreadPoolExecutor(source_actions.SOURCES_MAX, "feed")
        self.turn = threading.Lock()
        self.running: set[int] = set()

    def __call__(self, scope: Scope) -> int:
        with self.turn:
            free = source_actions.SOURCES_MAX - len(self.running)
        due = source_actions.claim_due(scope, free) if free else []
        for source in due:
            with self.turn:
                if source.id in self.running:
                    continue
                self.running.add(source.id)
            self.pool.submit(self._visit, scope, source)
        return len(due)

    def _visit(self, scope: Scope, source: Source) -> None:
        try:
            visit(scope, source, self.allowed(source), self.budget())
        except Exception:
            log.exception("source %s: asking it failed", source.id)
        finally:
            connections.close_all()
            with self.turn:
                self.running.discard(source.id)


def visit(scope: Scope, source: Source, allowed: Allowed, budget: Budget) -> int:
    """Ask a source once, take in what is new, and record how it went; returns how many messages."""
    try:
        answer = outside.fetch(source.url, allowed, budget, _headers(source))
        if answer.status == 304:
            source_actions.record_answer(scope, source.id, source.etag, source.modified)
            return 0
        taken, whole = _take(scope, source, _good(answer), allowed, budget)
    except Refusal as refusal:
        source_actions.record_failure(scope, source.id, f"{refusal.code} {refusal}")
        return 0
    said = answer.headers if whole else {}
    source_actions.record_answer(
        scope, source.id, said.get("etag", ""), said.get("last-modified", "")
    )
    return taken


def _headers(source: Source) -> dict[str, str]:
    wanted = {"Accept": CAP_TYPES, "If-None-Match": source.etag,
              "If-Modified-Since": source.modified}  # fmt: skip
    return {name: value for name, value in wanted.items() if value}


def _good(answer: Answer) -> Answer:
    if answer.status in (404, 410):
        raise Refusal(
            "feed-gone", f"对方回答 {answer.status}：没有这个文件", answer.url, "请核对网址"
        )
    if answer.status != 200:
        raise Refusal("feed-status", f"对方回答 {answer.status}", answer.url, "请联系对方")
    return answer


def _take(
    scope: Scope, source: Source, answer: Answer, allowed: Allowed, budget: Budget
) -> tuple[int, bool]:
    """(messages taken in, whether all of the index was seen to)."""
    root = read_xml(answer.content, source.name, outside.TOTAL_BYTES)
    found = entries(root)
    if found is None:
        before = Received.objects.filter(source=source).count
        with scope.open():
            count = before()
        intake_actions.receive(scope, source.id, Parcel(answer.content, "poll", answer.url))
        with scope.open():
            return before() - count, True
    with scope.open():
        seen = set(
            Received.objects.filter(source=source, entry__in=[one.key for one in found])
            .values_list("entry", flat=True)
        )  # fmt: skip
    fresh = [one for one in found if one.key not in seen]
    for entry in fresh[:FETCHES_MAX]:
        _one(scope, source, entry, answer.url, allowed, budget)
    return len(fresh[:FETCHES_MAX]), len(fresh) <= FETCHES_MAX


def _one(
    scope: Scope, source: Source, entry: Entry, base: str, allowed: Allowed, budget: Budget
) -> None:
    """One entry of the index; what can never be fetched is put down as refused."""
    link = urljoin(base, entry.link) if entry.link else base
    parcel = Parcel(entry.inline, "poll", link, entry.key)
    try:
        if not entry.inline:
            answer = _good(outside.fetch(link, allowed, budget, {"Accept": CAP_TYPES}))
            parcel = Parcel(answer.content, "poll", answer.url, entry.key)
    except Refusal as refusal:
        if refusal.code not in FOR_GOOD:
            raise
        intake_actions.refuse_entry(scope, source.id, parcel, refusal)
        return
    intake_actions.receive(scope, source.id, parcel)
