"""All writes about figures: zero reports, base counts, checks by a person.

No figure is written here by hand: figures come from facts, and these say only what a post signs,
what an authority counted, and what a person held against its records.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from anlan.engines.indicators import compute, declare, due
from anlan.engines.indicators.decisions import judge, period_of
from anlan.engines.indicators.models import BaseCount, FigureCheck, ZeroReport
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

COUNT_MAX = Decimal(10) ** 12
WORDS_CHARS_MAX = 200


@action("indicator.report", journal="indicator.zero")
def report_zero(scope: Scope, name: str, on: date | None = None) -> ZeroReport:
    """The post signs that there was nothing in the period of the day (today where None).

    Refused while records say otherwise, for a period that has not begun, and without a post.
    """
    if scope.actor.post_id is None:
        raise Denied("zero-post", _("零报告须由岗位签署"), scope.actor.label)
    entry = declare.entry_of(name)
    day = compute.today(scope)
    period = period_of(declare.period_kind(entry), on or day)
    if period.starts_on is not None and period.starts_on > day:
        raise Refusal("zero-early", _("这个周期还没有开始"), compute.period_label(period))
    found = compute.tally(declare.Compiled(name, entry, period)).get(None)
    if found is not None and found.rows:
        raise Refusal(
            "zero-records", _("有 %(n)d 条记录，不能零报告") % {"n": found.rows}, entry["label"],
            _("记录有误的，请先更正记录"),
        )  # fmt: skip
    first = period.starts_on or date.min
    same = ZeroReport.objects.filter(
        indicator=name, division=scope.lo, starts_on=first, ends_on=period.ends_on,
        withdrawn_at=None,
    ).first()  # fmt: skip
    if same is not None:
        raise Conflict("zero-known", _("这个周期已有零报告"), same.signed_by)
    moment = clock.now()
    said = f"{name}|{scope.lo}|{first}|{period.ends_on}|{scope.actor.post_id}|{moment.isoformat()}"
    row = ZeroReport.objects.create(
        division=scope.lo, world=scope.world, indicator=name, starts_on=first,
        ends_on=period.ends_on, post_id=scope.actor.post_id, person_id=scope.actor.person_id,
        signed_by=scope.actor.label, signed_at=moment,
        signature=secrets.digest("zero-report", said.encode()).hex(),
    )  # fmt: skip
    due.mark(scope, name, scope.lo, first if period.starts_on else None)
    journal.line(scope, "indicator.zero", row, why=compute.period_label(period), after=said)
    tell(scope, "indicator", scope.lo, indicator=name)
    return row


def signature_holds(row: ZeroReport) -> bool:
    """Whether the report is what the post signed, word for word."""
    said = (
        f"{row.indicator}|{row.division}|{row.starts_on}|{row.ends_on}|{row.post_id}"
        f"|{row.signed_at.isoformat()}"
    )
    return secrets.digest("zero-report", said.encode()).hex() == row.signature


@action("indicator.report", journal="indicator.zero.withdraw")
def withdraw_zero(scope: Scope, report_id: int, why: str) -> ZeroReport:
    """Taken back with a reason; it stays readable and counts no more."""
    row = ZeroReport.objects.select_for_update(of=("self",)).filter(id=report_id).first()
    if row is None or row.withdrawn_at is not None or row.division != scope.lo:
        raise NotFound("zero-unknown", _("没有这份零报告"), str(report_id))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"))
    row.withdrawn_at, row.withdrawn_why = clock.now(), why.strip()[:WORDS_CHARS_MAX]
    row.version += 1
    row.save(update_fields=["withdrawn_at", "withdrawn_why", "version"])
    first = row.starts_on if row.starts_on > date.min else None
    due.mark(scope, row.indicator, row.division, first)
    journal.line(scope, "indicator.zero.withdraw", row, why=why)
    tell(scope, "indicator", row.division, indicator=row.indicator)
    return row


@action("plan.enter", journal="indicator.base")
def set_base(
    scope: Scope, name: str, division: int, count: object, authority: str, counted_on: date,
    document: str, demo: bool = False,
) -> BaseCount:  # fmt: skip
    """How many there are, by which authority's count, at which day, in which document."""
    entry = declare.entry_of(name)
    if "base" not in entry:
        raise Refusal("base-unwanted", _("这个指标不用基数"), entry["label"])
    try:
        number = Decimal(str(count))
    except InvalidOperation:
        raise Refusal("base-form", _("请填写数字"), str(count)[:40]) from None
    if not (number.is_finite() and 0 < number < COUNT_MAX):
        raise Refusal("base-form", _("基数应大于零"), str(count)[:40], _("没有对象的，请零报告"))
    if not authority.strip() or not document.strip():
        raise Refusal("base-source", _("请写明核定单位和依据文件"), entry["label"])
    if counted_on > compute.today(scope):
        raise Refusal("base-future", _("核定日期不能晚于今天"), counted_on.isoformat())
    row = BaseCount.objects.create(
        division=division, world=scope.world, indicator=name, count=number,
        authority=authority.strip()[:100], counted_on=counted_on,
        document=document.strip()[:WORDS_CHARS_MAX], editor=scope.actor.label, demo=demo,
    )  # fmt: skip
    due.mark(scope, name, division, None)
    journal.line(scope, "indicator.base", row, after=[str(number), authority, document])
    tell(scope, "indicator", division, indicator=name)
    return row


@action("plan.confirm", journal="indicator.check")
def check(
    scope: Scope, name: str, shown: str, note: str, on: date | None = None
) -> FigureCheck:  # fmt: skip
    """A person held the figure of the day's period (today's where None) against its records; a
    figure that moves is unchecked again.

    shown: the figure as the person saw it; Conflict where it has moved since.
    """
    entry = declare.entry_of(name)
    day = compute.today(scope)
    period = period_of(declare.period_kind(entry), on or day)
    figure = compute.figure(scope, name, period)
    if figure.value is None:
        raise Refusal("check-nothing", _("没有数，不能核"), figure.reason)
    if shown != f"{figure.value}":
        raise Conflict("changed-meanwhile", _("数已经变了"), f"{figure.value}{figure.unit}",
                       _("请看新数后再核"))  # fmt: skip
    tallied = compute.tally(declare.Compiled(name, entry, period))
    said = compute.reported(scope, name, period, compute.towns(scope), tallied)
    promise = declare.promise_of(entry, period.within(day))
    judged = judge(promise, tallied[None], said[None], day)
    row = FigureCheck.objects.create(
        division=scope.lo, world=scope.world, indicator=name,
        figure_digest=compute.figure_digest(name, period, None, judged),
        shown=f"{figure.value}{figure.unit}", note=note.strip()[:WORDS_CHARS_MAX],
        checked_by=scope.actor.label, person_id=scope.actor.person_id, checked_at=clock.now(),
    )  # fmt: skip
    journal.line(scope, "indicator.check", row, why=note, after=row.shown)
    tell(scope, "indicator", scope.lo, indicator=name)
    return row
