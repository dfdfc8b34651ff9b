"""Counts that are kept, and the round that counts again only what a change has marked.

Flows in: marks of facts (`ground/marks`), written in the transaction of each change. Flows out:
the counts of an indicator by township, equal at every moment to a computation from the records:
whoever reads them asks for marks first, and counts a marked township from its records.

Kept are the running period of each indicator, the one before it and the last of the year before, in
the real world, for facts all of whose tables leave marks. Anything else is computed from the
records as it is asked for. No journal line is written: nothing is said here that the records, which
have theirs, do not say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

from anlan.engines.indicators import declare, due
from anlan.engines.indicators.counts import tally
from anlan.engines.indicators.decisions import Period, Tally, period_of
from anlan.engines.indicators.declare import Compiled, Entry
from anlan.engines.indicators.models import KeptPeriod, KeptTally
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.models import CountyFact, FactMark
from anlan.ground.places import TOWNSHIP_STEP
from anlan.ground.scope import Scope

MARKS_MAX = 20_000
Tallies = dict[int | None, Tally]
READS = """
SELECT DISTINCT t.relname FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
  AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
JOIN pg_class v ON v.oid = r.ev_class JOIN pg_class t ON t.oid = d.refobjid AND t.relkind = 'r'
JOIN pg_namespace n ON n.oid = v.relnamespace AND n.nspname = 'public' WHERE v.relname = %s
"""
MARKED = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s AND tgenabled <> 'D'"


@dataclass(frozen=True, slots=True)
class Dirty:
    """What is marked of a fact in a period: all of it, or these townships."""

    whole: bool
    towns: frozenset[int]


def tallies(scope: Scope, own: Compiled) -> Tallies:
    """Counts of all that the reader sees (None) and of each township, from what is kept where it
    is, else from the records."""
    if not _keeps(scope, own):
        return tally(own)
    dirty = _dirty(own)
    header = KeptPeriod.objects.filter(
        indicator=own.name, starts_on=own.period.starts_on, ends_on=own.period.ends_on,
        declared_digest=declare.digest(own.entry), world=scope.world,
    )  # fmt: skip
    if dirty.whole or not header.exists():
        return tally(own)
    return _with_marked(own, dirty)


def _with_marked(own: Compiled, dirty: Dirty) -> Tallies:
    """What is kept, with the marked townships counted from their records."""
    rows = KeptTally.objects.filter(
        indicator=own.name, starts_on=own.period.starts_on, ends_on=own.period.ends_on
    ).values_list("division", "rows", "part", "whole", "present", "evidenced")
    found: Tallies = {row[0]: Tally(*row[1:]) for row in rows if row[0] not in dirty.towns}
    if dirty.towns:
        found |= tally(own, sorted(dirty.towns))
    found[None] = _sum(one for place, one in found.items() if place is not None)
    return found


def _sum(parts: Iterable[Tally]) -> Tally:
    whole = Tally()
    for own in parts:
        whole = Tally(
            whole.rows + own.rows, whole.part + own.part, whole.whole + own.whole,
            whole.present + own.present, whole.evidenced + own.evidenced,
        )  # fmt: skip
    return whole


def _keeps(scope: Scope, own: Compiled) -> bool:
    """Kept counts are of whole townships in the real world, of facts that leave marks."""
    aligned = scope.lo % TOWNSHIP_STEP == 0 and scope.hi % TOWNSHIP_STEP == TOWNSHIP_STEP - 1
    return scope.world == 0 and aligned and scope.lo <= scope.hi and marked(own.entry["fact"])


def marked(fact: str) -> bool:
    """Whether every table that the fact reads leaves marks for it."""
    return _marked(connection.settings_dict["NAME"], fact)


@lru_cache(maxsize=256)
def _marked(database: str, fact: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(READS, [fact])
        reads = {row[0] for row in cursor.fetchall()}
        cursor.execute(MARKED, [f"{fact}_update"])
        return bool(reads) and reads <= {row[0] for row in cursor.fetchall()}


def _dirty(own: Compiled) -> Dirty:
    marks = FactMark.objects.filter(fact=own.entry["fact"]).values_list("division", "day")
    return _of(own.entry, own.period, marks.distinct())


def _of(entry: Entry, period: Period, marks: Iterable[tuple[int | None, date | None]]) -> Dirty:
    """Which of a fact's marks touch an indicator's period."""
    touched = [place for place, day in marks if day is None or touches(entry, period, day)]
    return Dirty(None in touched, frozenset(place for place in touched if place is not None))


def touches(entry: Entry, period: Period, day: date) -> bool:
    """Whether a change of what happened on the day can move the period's counts."""
    if day > period.ends_on:
        return False
    return declare.stands(entry) or period.starts_on is None or day >= period.starts_on


# the round


def recompute(scope: Scope) -> int:
    """Take the marks that there are and count again what they touch; returns how many counts
    (indicator, township, period) were made anew."""
    if scope.world != 0:
        return 0
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('indicators/kept', 0))")
        # Taken before anything is counted: a change that comes later leaves a mark of its own.
        taken = _take(cursor)
        today = clock.local(clock.now()).date()
        due.note(scope, taken, today)
        wanted = {
            (name, period.starts_on, period.ends_on): (entry, period)
            for name, entry in declare.declared().items() if marked(str(entry["fact"]))
            for period in periods(entry, today)
        }  # fmt: skip
        _forget(set(wanted))
        made = 0
        for (name, _first, _last), (entry, period) in wanted.items():
            made += _again(scope, name, entry, period, taken.get(entry["fact"], []))
    return made


def periods(entry: Entry, today: date) -> list[Period]:
    """The running period, the one before it, and the last of the year before, for which a plan of
    that year is still asked; of kind `none`, today's and that year's end."""
    kind = declare.period_kind(entry)
    now = period_of(kind, today)
    found = [now, period_of(kind, date(today.year - 1, 12, 31))]
    if now.starts_on is not None:
        found.insert(1, period_of(kind, now.starts_on - timedelta(days=1)))
    return list(dict.fromkeys(found))


def _take(cursor: Any) -> dict[str, list[tuple[int | None, date | None]]]:
    cursor.execute(
        "DELETE FROM ground_factmark WHERE id IN (SELECT id FROM ground_factmark ORDER BY id"
        " LIMIT %s) RETURNING fact, division, day",
        [MARKS_MAX],
    )
    found: dict[str, list[tuple[int | None, date | None]]] = {}
    for fact, place, day in cursor.fetchall():
        found.setdefault(fact, []).append((place, day))
    return found


def _forget(wanted: set[tuple[str, date | None, date]]) -> None:
    """Periods that nobody asks for any more go with their counts."""
    for row in list(KeptPeriod.objects.all()):
        if (row.indicator, row.starts_on, row.ends_on) not in wanted:
            KeptTally.objects.filter(
                indicator=row.indicator, starts_on=row.starts_on, ends_on=row.ends_on
            ).delete()
            row.delete()


def _again(
    scope: Scope, name: str, entry: Entry, period: Period,
    marks: list[tuple[int | None, date | None]],
) -> int:  # fmt: skip
    """Count again what is marked; all of it where nothing is kept under these words."""
    try:
        own = Compiled(name, entry, period)
    except Refusal:
        return 0  # it says on its page why it cannot be computed
    digest = declare.digest(entry)
    header = KeptPeriod.objects.filter(
        indicator=name, starts_on=period.starts_on, ends_on=period.ends_on
    ).first()
    dirty = _of(entry, period, marks)
    if header is None or header.declared_digest != digest or dirty.whole:
        return _all(scope, own, digest)
    return _some(scope, own, sorted(dirty.towns), header) if dirty.towns else 0


def _all(scope: Scope, own: Compiled, digest: str) -> int:
    first, last = own.period.starts_on, own.period.ends_on
    KeptTally.objects.filter(indicator=own.name, starts_on=first, ends_on=last).delete()
    KeptPeriod.objects.update_or_create(
        world=scope.world, indicator=own.name, starts_on=first, ends_on=last,
        defaults={"declared_digest": digest, "computed_at": clock.now(),
                  "division": CountyFact.objects.values_list("code", flat=True).first() or 0},
    )  # fmt: skip
    return _keep(scope, own, tally(own))


def _some(scope: Scope, own: Compiled, towns: list[int], header: KeptPeriod) -> int:
    KeptTally.objects.filter(
        indicator=own.name, starts_on=own.period.starts_on, ends_on=own.period.ends_on,
        division__in=towns,
    ).delete()  # fmt: skip
    header.computed_at = clock.now()
    header.save(update_fields=["computed_at"])
    _keep(scope, own, tally(own, towns))
    return len(towns)


def _keep(scope: Scope, own: Compiled, found: Tallies) -> int:
    made = KeptTally.objects.bulk_create(
        KeptTally(
            division=place, world=scope.world, indicator=own.name,
            starts_on=own.period.starts_on, ends_on=own.period.ends_on, rows=one.rows,
            part=one.part, whole=one.whole, present=one.present, evidenced=one.evidenced,
        )
        for place, one in found.items() if place is not None
    )  # fmt: skip
    return len(made)
