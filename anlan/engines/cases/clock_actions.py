"""Writes about deadlines: stop and go on, ask for an extension and decide it, what falls due.

Flows in: people with the right, and the rounds. Flows out: deadlines with their new day, a step of
the case's story, a call to the duty post, a case raised to the county.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.county.models import Post
from anlan.county.versions import alone, locked
from anlan.engines.callout import actions as callout
from anlan.engines.callout.launch import Launch
from anlan.engines.cases import decisions, refusals, rows
from anlan.engines.cases.actions import step
from anlan.engines.cases.decisions import Clock, Extends
from anlan.engines.cases.kinds import Kind, Missed
from anlan.engines.cases.models import Case, Deadline, Request
from anlan.ground import calendar, clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.inputs import IN_CHINESE, shown
from anlan.ground.live import tell
from anlan.ground.places import county_of, township_of
from anlan.ground.scope import Scope

WHY_CHARS_MAX = 500


def today() -> date:
    """The day on the county's wall clock."""
    return clock.local(clock.now()).date()


def _why(text: str, what: str) -> str:
    if not text.strip():
        raise Refusal("why-empty", _("请写明原因"), what, _("写清楚为什么"))
    return shown(text.strip(), WHY_CHARS_MAX)


def _clock(row: Case, key: str) -> tuple[Kind, Clock]:
    kind = rows.kind_of_case(row)
    found = rows.current(row).get(key)
    if key not in kind.rules or found is None or not rows.clock_of(found).runs:
        raise NotFound("case-deadline", _("没有在走的这个期限"), key, _("请刷新页面"))
    return kind, rows.clock_of(found)


def _keep(scope: Scope, row: Case, kind: Kind, before: Clock, after: Clock) -> None:
    own = calendar.of_county(scope)
    rows.keep_clocks(scope, row, {before.key: before}, {after.key: after}, own, kind)
    row.version += 1
    row.save(update_fields=["version"])
    tell(scope, "case", row.division, case=row.id)


@action("cases.approve", journal="cases.clock.stop")
def stop(scope: Scope, case_id: int, version: int, key: str, cause: str, why: str) -> Case:
    """The clock of a deadline stands from today on, for one of the pack's causes."""
    row = locked(scope, Case, case_id, version)
    kind, now = _clock(row, key)
    if cause not in kind.rules[key].stops:
        raise Refusal("case-cause", _("不能因此停止计时"), cause,
                      "、".join(kind.rules[key].stops.values()) or _("这个期限不能停"))  # fmt: skip
    if now.stands:
        raise Conflict("case-stands", _("正在停止计时"), kind.rules[key].label, _("请刷新页面"))
    due = decisions.due_on(now, rows.working_of(calendar.of_county(scope)))
    if due is not None and today() > due:
        raise Refusal("case-passed", _("已经过期，不能停止计时"), due.isoformat(), _("按逾期办理"))
    words = f"{kind.rules[key].stops[cause]}：{_why(why, row.title)}"
    _keep(scope, row, kind, now, decisions.stopped(now, today()))
    step(scope, row, "stop", key, words=words)
    journal.line(scope, "cases.clock.stop", row, why=words)
    return row


@action("cases.approve", journal="cases.clock.resume")
def resume(scope: Scope, case_id: int, version: int, key: str, why: str) -> Case:
    """The clock goes on; today counts again."""
    row = locked(scope, Case, case_id, version)
    kind, now = _clock(row, key)
    if not now.stands:
        raise Conflict("case-runs", _("没有停止计时"), kind.rules[key].label, _("请刷新页面"))
    words = _why(why, row.title)
    _keep(scope, row, kind, now, decisions.resumed(now, today()))
    step(scope, row, "resume", key, words=words)
    journal.line(scope, "cases.clock.resume", row, why=words)
    return row


@action("cases.act", journal="cases.extend.ask")
def ask_extension(
    scope: Scope, case_id: int, version: int, key: str, to_on: date, why: str
) -> Request:
    """Ask that a deadline be moved to a later day; another person decides, before the day."""
    row = locked(scope, Case, case_id, version)
    kind, now = _clock(row, key)
    working = rows.working_of(calendar.of_county(scope))
    found = decisions.may_extend(kind.rules[key], now, to_on, today(), working)
    if found is not Extends.MAY:
        raise refusals.of_extension(found)
    words = _why(why, row.title)
    made = alone(
        lambda: Request.objects.create(
            division=row.division, world=scope.world, case=row, kind="extend", key=key,
            to_on=to_on, why=words, asked_at=clock.now(), asked_by=scope.actor.label[:200],
            asked_person=scope.actor.person_id,
        ),
        Conflict("extend-asked", _("已经提过延期，还没有决定"), row.title, _("请刷新页面")),
    )  # fmt: skip
    told = _("延到 %(d)s：%(w)s") % {"d": to_on.isoformat(), "w": words}
    step(scope, row, "ask", key, words=told)
    journal.line(scope, "cases.extend.ask", row, why=told)
    tell(scope, "case", row.division, case=row.id)
    return made


@action("cases.approve", journal="cases.extend.decide")
def decide_extension(scope: Scope, request_id: int, version: int, grant: bool, why: str) -> Request:
    """Grant an extension or refuse it. Nobody grants their own; none is granted after the day."""
    asked = locked(scope, Request, request_id, version)
    if asked.kind != "extend" or asked.state != "asked":
        raise Conflict("extend-decided", _("已经决定过"), asked.why, _("请刷新页面"))
    row = locked(scope, Case, asked.case_id)
    kind, now = _clock(row, asked.key)
    working, to_on = rows.working_of(calendar.of_county(scope)), asked.to_on
    if grant and to_on is not None:
        found = decisions.may_grant(
            kind.rules[asked.key], now, to_on, today(), working, asked.asked_person,
            rows.who_of(scope),
        )  # fmt: skip
        if found is not Extends.MAY:
            raise refusals.of_extension(found)
        _keep(scope, row, kind, now, decisions.extended(now, to_on, today()))
    return decided(scope, row, asked, "granted" if grant else "refused", why, "cases.extend.decide")


def decided(scope: Scope, row: Case, asked: Request, state: str, why: str, name: str) -> Request:
    """Write the decision on a request, in the story and the journal."""
    asked.state, asked.decided_at = state, clock.now()
    asked.decided_by, asked.decided_person = scope.actor.label[:200], scope.actor.person_id
    asked.decided_why = _why(why, row.title)
    asked.version += 1
    asked.save()
    word = {"granted": _("同意"), "refused": _("不同意"), "upheld": _("异议成立")}[state]
    step(scope, row, "decide", asked.key, words=f"{word}：{asked.decided_why}")
    journal.line(scope, name, row, why=f"{word}：{asked.decided_why}")
    tell(scope, "case", row.division, case=row.id)
    return asked


@action(None, open_to="the round that sees a deadline's last day over", journal="cases.fall",
        may_change_nothing=True)  # fmt: skip
@override(IN_CHINESE)
def fall(scope: Scope, deadline_id: int) -> int:
    """The day is over: the deadline fell, in time or not. 0 where another round was faster."""
    own = Deadline.objects.select_for_update(skip_locked=True).filter(
        pk=deadline_id, fell_at=None, due_at__lte=clock.now()
    ).first()  # fmt: skip
    if own is None:
        return 0
    last = clock.local(own.due_at).date() - timedelta(days=1)  # type: ignore[arg-type]
    own.fell_at, own.in_time = clock.now(), own.ended_on is not None and own.ended_on <= last
    own.version += 1
    own.save()
    row = own.case
    if own.ended_on is None:
        label = rows.kind_of_case(row).rules[own.key].label
        step(scope, row, "lapse", own.key, words=_("%(l)s到 %(d)s 没有办完") % {
            "l": label, "d": last.isoformat()})  # fmt: skip
    journal.line(scope, "cases.fall", row, why=f"{own.key} {last} {own.in_time}")
    tell(scope, "case", row.division, case=row.id)
    return 1


@action(None, open_to="the round that presses what is late", journal="cases.press",
        may_change_nothing=True)  # fmt: skip
@override(IN_CHINESE)
def press(scope: Scope, deadline_id: int) -> int:
    """The next thing that a pack says shall happen: the duty post is called, the case raised."""
    own = Deadline.objects.select_for_update(skip_locked=True).filter(
        pk=deadline_id, ended_on=None, next_at__lte=clock.now()
    ).first()  # fmt: skip
    if own is None or own.due_at is None:
        return 0
    missed = rows.kind_of_case(own.case).rules[own.key].missed
    entry = missed[own.missed_done]
    words = _call(scope, own, entry) if entry.then == "call" else _raise(own.case)
    own.missed_done += 1
    last = clock.local(own.due_at).date() - timedelta(days=1)
    own.next_at = None
    if own.missed_done < len(missed):
        days = missed[own.missed_done].after_days
        own.next_at = calendar.end_of_day(last + timedelta(days=days))
    own.version += 1
    own.save()
    step(scope, own.case, "lapse", own.key, words=words)
    journal.line(scope, "cases.press", own.case, why=words)
    tell(scope, "case", own.division, case=own.case_id)
    return 1


def _raise(row: Case) -> str:
    row.level = "county"
    row.version += 1
    row.save(update_fields=["level", "version"])
    return _("提到县级督促")


def _call(scope: Scope, own: Deadline, entry: Missed) -> str:
    """Ring the duty post of the case's township; where there is none, the case is raised."""
    row = own.case
    place = township_of(row.division) or county_of(row.division)
    kind = "township_duty" if township_of(row.division) else "duty_officer"
    post = Post.objects.filter(kind=kind, division=place, ended_at=None).order_by("id").first()
    if post is None:
        return _raise(row)
    label = rows.kind_of_case(row).rules[own.key].label
    text = _("%(l)s已过期：%(t)s（%(n)s）。请督促办理。") % {
        "l": label, "t": _safe(row.title)[:60], "n": row.number}  # fmt: skip
    callout.open_callout(scope, Launch(
        origin_kind="cases.case", origin_id=row.id, chain=entry.chain, grade="", kind="task",
        title=f"{label}：{_safe(row.title)}"[:80], text=text, divisions=(post.division,),
        key=f"case-late-{own.id}-{own.missed_done}", posts=(post.id,), minutes=entry.minutes,
    ))  # fmt: skip
    return _("叫应%(p)s") % {"p": post.title}


def _safe(text: str) -> str:
    return text.replace("{", "（").replace("}", "）")
