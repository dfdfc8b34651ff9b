"""All writes of the county: posts, people, who holds what, roster. Accounts: `accounts`.

Units and divisions are changed in `unit_actions` and `division_actions`, whole workbooks in
`workbook.actions`. Each write is locked, compared, journalled and told as `versions` does it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext as _

from anlan.county.decisions import BACKDATE_MAX, Span, meeting
from anlan.county.models import Division, Holding, Person, Post, RosterShift
from anlan.county.names import pinyin_of
from anlan.county.versions import facts, locked, made, saved, within
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

DEMO_PREFIX = "100"
RANK_MAX = 9
SUPERIORS_MAX = 20
SHIFT_HOURS_MAX = 72
LISTED_MAX = 5


# people


def number_fields(number: str) -> dict[str, object]:
    """The sealed number with the two hashes under which it is found."""
    digits = number.strip().replace("-", "").replace(" ", "")
    if not digits.isascii() or not digits.isdigit() or not 7 <= len(digits) <= 12:
        raise Refusal(
            "number-form", _("电话号码应为 7 到 12 位数字"), number[:20], _("请核对后重新填写")
        )
    return {
        "phone": digits,
        "phone_hash": secrets.keyed_hash("phone", digits),
        "phone_tail_hash": secrets.keyed_hash("phone_tail", digits[-4:]),
    }


def name_fields(name: str, pinyin: str = "") -> dict[str, str]:
    """The name with the pinyin under which it is found; pinyin: how the person reads it."""
    plain = name.strip()
    if not plain:
        raise Refusal("name-empty", _("姓名不能为空"), "", _("请填写姓名"))
    full, initials = pinyin_of(plain)
    if pinyin.strip():
        full = " ".join(pinyin.lower().split())
        initials = "".join(word[0] for word in full.split())
    return {"name": plain, "pinyin": full, "initials": initials}


@action("county.edit", journal="county.person.add")
def add_person(scope: Scope, division: int, name: str, number: str, pinyin: str = "") -> Person:
    """A person of a division, with the number under which they are called."""
    person = Person.objects.create(
        division=within(scope, division), world=scope.world, **name_fields(name, pinyin),
        **number_fields(number),
    )  # fmt: skip
    made(scope, "county.person.add", person)
    return person


@action("county.edit", journal="county.person.change", may_change_nothing=True)
def edit_person(
    scope: Scope, person_id: int, version: int, *, division: int, name: str, number: str = "",
    pinyin: str = "",
) -> Person:  # fmt: skip
    """Another name, place or number (empty: the number stays)."""
    person = locked(scope, Person, person_id, version)
    before = facts(person)
    if division != person.division:
        person.division = within(scope, division)
    fields: dict[str, object] = {**name_fields(name, pinyin)}
    if number.strip():
        fields |= number_fields(number)
    for field, value in fields.items():
        setattr(person, field, value)
    if facts(person) != before:
        saved(scope, "county.person.change", person, before)
    return person


@action("county.edit", journal="county.person.change")
def change_number(scope: Scope, person_id: int, version: int, number: str) -> Person:
    """Another number for the person; refused where somebody changed the row meanwhile."""
    person = locked(scope, Person, person_id, version)
    before = facts(person)
    for name, value in number_fields(number).items():
        setattr(person, name, value)
    saved(scope, "county.person.change", person, before)
    return person


@action("county.edit", journal="county.person.end")
def end_person(scope: Scope, person_id: int, version: int, why: str = "") -> Person:
    """The person has left; refused while a post or a shift still counts on them."""
    person = locked(scope, Person, person_id, version)
    moment = clock.now()
    counting = [
        _("岗位 %(p)s") % {"p": title}
        for title in Holding.objects.filter(_not_over(moment), person=person)
        .values_list("post__title", flat=True)[:LISTED_MAX]
    ] + [
        _("排班 %(p)s") % {"p": title}
        for title in RosterShift.objects.filter(
            person=person, cancelled_at=None, ends_at__gt=moment
        ).values_list("post__title", flat=True)[:LISTED_MAX]
    ]  # fmt: skip
    if counting:
        raise Refusal(
            "person-counted-on", _("这个人还在任职或排班"), "、".join(counting),
            _("请先交接岗位、调整排班，再办理离开"),
        )  # fmt: skip
    before = facts(person)
    person.ended_at = moment
    saved(scope, "county.person.end", person, before, why=why)
    return person


@action("phonebook.reveal", journal="phonebook.reveal")
def reveal_number(scope: Scope, person_id: int, why: str = "") -> str:
    """The whole number, with a journal line that says who looked, and why."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NotFound("not-found", _("没有这个人"), str(person_id))
    if not why.strip():
        raise Refusal(
            "why-empty", _("请写明为什么要看完整号码"), "", _("例如：叫应、核实、转移联络")
        )
    journal.line(scope, "phonebook.reveal", person, why=why)
    return str(person.phone or "")


# posts


def post_kind(kind: str, title: str) -> str:
    """A kind that the table of rights knows; else a Refusal."""
    from anlan.county.rights import table

    if kind not in table().posts:
        raise Refusal(
            "post-kind", _("没有这种岗位：%(k)s") % {"k": kind}, title, _("请从列出的类型里选")
        )
    return kind


@action("county.edit", journal="county.post.add")
def add_post(
    scope: Scope, division: int, kind: str, title: str, superior_id: int | None = None, *,
    unit_id: int | None = None, order: int = 0,
) -> Post:  # fmt: skip
    """A post of a kind that the table of rights knows."""
    if not title.strip():
        raise Refusal("title-empty", _("岗位名称不能为空"), "", _("请填写岗位名称"))
    post = Post.objects.create(
        division=within(scope, division), world=scope.world, kind=post_kind(kind, title),
        title=title.strip(), superior_id=_superior(superior_id, None), unit_id=unit_id, order=order,
    )  # fmt: skip
    made(scope, "county.post.add", post)
    return post


@action("county.edit", journal="county.post.edit", may_change_nothing=True)
def edit_post(
    scope: Scope, post_id: int, version: int, *, division: int, kind: str, title: str,
    superior_id: int | None, unit_id: int | None, order: int,
) -> Post:  # fmt: skip
    """Another title, kind, place, unit, superior or order; holders and shifts go with it."""
    post = locked(scope, Post, post_id, version)
    before = facts(post)
    if not title.strip():
        raise Refusal("title-empty", _("岗位名称不能为空"), "", _("请填写岗位名称"))
    if superior_id != post.superior_id:
        post.superior_id = _superior(superior_id, post.id)
    if division != post.division:
        post.division = within(scope, division)
        Holding.objects.filter(post=post).update(division=division)
        RosterShift.objects.filter(post=post).update(division=division)
    post.kind, post.title = post_kind(kind, title), title.strip()
    post.unit_id, post.order = unit_id, order
    if facts(post) != before:
        saved(scope, "county.post.edit", post, before)
    return post


def _superior(superior_id: int | None, own_id: int | None) -> int | None:
    """A living post that does not stand under this one; else a Refusal."""
    if superior_id is None:
        return None
    above: int | None = superior_id
    for _step in range(SUPERIORS_MAX):
        if above == own_id and own_id is not None:
            raise Refusal(
                "superior-circle", _("上级岗位绕成了圈"), str(superior_id),
                _("请选择不在本岗位之下的岗位"),
            )  # fmt: skip
        row = Post.objects.filter(pk=above, ended_at=None).values_list("superior_id").first()
        if row is None:
            if above == superior_id:
                raise NotFound(
                    "superior-unknown", _("没有这个上级岗位，或已停用"), str(superior_id),
                    _("请重新选择"),
                )  # fmt: skip
            return superior_id
        if row[0] is None:
            return superior_id
        above = row[0]
    raise Refusal("superior-deep", _("上级岗位超过 20 层"), str(superior_id), _("请核对上级岗位"))


@action("county.edit", journal="county.post.end")
def end_post(scope: Scope, post_id: int, version: int, why: str = "") -> Post:
    """The post is no more: holders and coming shifts end with it; what it held stays on record."""
    post = locked(scope, Post, post_id, version)
    if post.ended_at is not None:
        raise Conflict("post-ended", _("这个岗位已停用"), post.title, _("请刷新页面"))
    juniors = Post.objects.filter(superior=post, ended_at=None).values_list("title", flat=True)
    if juniors:
        raise Refusal(
            "post-has-juniors", _("还有 %(n)d 个岗位以它为上级") % {"n": len(juniors)},
            "、".join(juniors[:LISTED_MAX]), _("请先给它们换上级，否则叫不应时没有下一位"),
        )  # fmt: skip
    before, moment = facts(post), clock.now()
    _vacate_from(post, None, moment)
    coming = RosterShift.objects.filter(post=post, cancelled_at=None)
    coming.filter(starts_at__gte=moment).update(cancelled_at=moment, version=F("version") + 1)
    coming.filter(starts_at__lt=moment, ends_at__gt=moment).update(
        ends_at=moment, version=F("version") + 1
    )
    post.ended_at = moment
    saved(scope, "county.post.end", post, before, why=why)
    return post


# who holds a post


def _not_over(moment: datetime) -> Q:
    """Holdings that run at the moment or begin later; what was called off is none."""
    return (Q(valid_to=None) | Q(valid_to__gt=moment)) & (
        Q(valid_to=None) | Q(valid_to__gt=F("valid_from"))
    )


def _vacate_from(post: Post, rank: int | None, moment: datetime) -> list[str]:
    """End what runs at the moment and call off what was to begin later; returns the names."""
    held = Holding.objects.filter(_not_over(moment), post=post).select_for_update(of=("self",))
    if rank is not None:
        held = held.filter(rank=rank)
    names = list(held.order_by("rank", "valid_from").values_list("person__name", flat=True))
    held.filter(valid_from__gte=moment).update(valid_to=F("valid_from"), version=F("version") + 1)
    held.filter(valid_from__lt=moment).update(valid_to=moment, version=F("version") + 1)
    return names


def _handover_moment(at: datetime | None, why: str) -> datetime:
    """Now, or the stated moment: to come, or past by a month at most and with its reason."""
    now = clock.now()
    if at is None or at == now:
        return now
    if at < now - BACKDATE_MAX:
        raise Refusal(
            "handover-too-old", _("交接时间早于一个月前"),
            clock.local(at).strftime("%Y-%m-%d %H:%M"),
            _("一个月前的记录不再改动，请核对时间"),
        )  # fmt: skip
    if at < now and not why.strip():
        raise Refusal("why-empty", _("补录过去的交接要写明原因"), "", _("例如：昨日已口头交接"))
    return at


@action("county.edit", journal="county.post.hold")
def hold(
    scope: Scope, post_id: int, person_id: int, rank: int, version: int,
    at: datetime | None = None, why: str = "",
) -> Holding:  # fmt: skip
    """From now (or `at`) the person holds the post (rank 0) or is its deputy; the one before ends.

    Nothing else moves: every duty points at the post, and asks at a time who holds it.
    """
    post = locked(scope, Post, post_id, version)
    if post.ended_at is not None:
        raise Refusal("post-ended", _("这个岗位已停用"), post.title, _("请选择在用的岗位"))
    if not 0 <= rank <= RANK_MAX:
        raise Refusal("rank", _("顺位应为 0 到 9"), str(rank), _("0 为任职，1 起为副职的先后"))
    person = Person.objects.filter(pk=person_id, ended_at=None).first()
    if person is None:
        raise NotFound(
            "person-unknown", _("没有这个人，或已离开"), str(person_id), _("请先添加人员")
        )
    moment = _handover_moment(at, why)
    _not_before_the_last(post, rank, moment)
    before = _vacate_from(post, rank, moment)
    holding = Holding.objects.create(
        division=post.division, world=scope.world, post=post, person=person, rank=rank,
        valid_from=moment,
    )  # fmt: skip
    _post_moved(scope, "county.post.hold", post, rank, before, [person.name], moment, why)
    return holding


def _not_before_the_last(post: Post, rank: int, moment: datetime) -> None:
    """A late entry never reaches back behind the last change of the post."""
    last = (
        Holding.objects.filter(post=post, rank=rank, valid_to__gt=moment)
        .filter(valid_from__lt=F("valid_to"))
        .exclude(valid_to__gt=clock.now()).order_by("-valid_to").first()
    )  # fmt: skip
    if last is not None:
        raise Refusal(
            "handover-overtaken", _("这个岗位在此之后已经交接过"),
            clock.local(last.valid_to or moment).strftime("%Y-%m-%d %H:%M"),
            _("请填写最近一次交接之后的时间"),
        )  # fmt: skip


def _post_moved(
    scope: Scope, name: str, post: Post, rank: int, before: list[str], after: list[str],
    moment: datetime, why: str,
) -> None:  # fmt: skip
    """The post's version rises, and its history says who came after whom, and from when."""
    from anlan.county.models import Change

    post.version += 1
    post.save(update_fields=["version"])
    told = [f"{rank} {'、'.join(before)}".strip(), f"{rank} {'、'.join(after)}".strip()]
    Change.objects.create(
        division=post.division, world=scope.world, object_kind="county.post", object_id=post.id,
        to_version=post.version, action=name, fields={"person_id": told}, why=why[:200],
        actor=scope.actor.label[:200],
    )  # fmt: skip
    journal.line(scope, name, post, why=why, before=told[0], after=[told[1], str(moment)])
    tell(scope, "county", post.division, post=post.id)


@action("county.edit", journal="county.post.vacate")
def vacate(
    scope: Scope, post_id: int, rank: int, version: int, at: datetime | None = None, why: str = ""
) -> None:
    """The post (or the deputy's place) is vacant from now on, or from the stated moment."""
    post = locked(scope, Post, post_id, version)
    moment = _handover_moment(at, why)
    _not_before_the_last(post, rank, moment)
    before = _vacate_from(post, rank, moment)
    _post_moved(scope, "county.post.vacate", post, rank, before, [], moment, why)


# roster


def _shift_span(post: Post, starts_at: datetime, ends_at: datetime, own: int | None) -> None:
    """Refuse a span that is none, too long, or already somebody else's at this post."""
    if ends_at <= starts_at:
        raise Refusal("shift-span", _("班次结束应在开始之后"), post.title, _("请核对时间"))
    if ends_at - starts_at > timedelta(hours=SHIFT_HOURS_MAX):
        raise Refusal("shift-long", _("一班超过 72 小时"), post.title, _("请拆成几班"))
    others = RosterShift.objects.filter(
        post=post, cancelled_at=None, starts_at__lt=ends_at, ends_at__gt=starts_at
    ).exclude(pk=own)
    taken = [Span(row.starts_at, row.ends_at, row.person.name) for row in
             others.select_related("person")]  # fmt: skip
    met = meeting(Span(starts_at, ends_at, ""), taken)
    if met is not None:
        shown = " ".join(clock.local(t).strftime("%m-%d %H:%M") for t in (met.start, met.end))
        raise Conflict(
            "shift-taken", _("这段时间已有人值班"), f"{met.who} {shown}",
            _("请改时间，或先取消那一班"),
        )  # fmt: skip


def _living(person_id: int) -> Person:
    person = Person.objects.filter(pk=person_id, ended_at=None).first()
    if person is None:
        raise NotFound(
            "person-unknown", _("没有这个人，或已离开"), str(person_id), _("请先添加人员")
        )
    return person


@action("county.edit", journal="county.roster.add")
def add_shift(
    scope: Scope, post_id: int, person_id: int, starts_at: datetime, ends_at: datetime
) -> RosterShift:
    """The person is on duty at the post for the span."""
    post = locked(scope, Post, post_id)
    if post.ended_at is not None:
        raise Refusal("post-ended", _("这个岗位已停用"), post.title, _("请选择在用的岗位"))
    _shift_span(post, starts_at, ends_at, None)
    shift = RosterShift.objects.create(
        division=post.division, world=scope.world, post=post, person=_living(person_id),
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    made(scope, "county.roster.add", shift)
    return shift


@action("county.edit", journal="county.roster.edit", may_change_nothing=True)
def edit_shift(
    scope: Scope, shift_id: int, version: int, person_id: int, starts_at: datetime,
    ends_at: datetime,
) -> RosterShift:  # fmt: skip
    """Another person or another span for a shift that is not over."""
    shift = _open_shift(scope, shift_id, version)
    before = facts(shift)
    _shift_span(locked(scope, Post, shift.post_id), starts_at, ends_at, shift.id)
    if person_id != shift.person_id:
        shift.person = _living(person_id)
    shift.starts_at, shift.ends_at = starts_at, ends_at
    if facts(shift) != before:
        saved(scope, "county.roster.edit", shift, before)
    return shift


@action("county.edit", journal="county.roster.cancel")
def cancel_shift(scope: Scope, shift_id: int, version: int) -> RosterShift:
    """The shift does not take place; one that has begun ends now and stays on record."""
    shift = _open_shift(scope, shift_id, version)
    before, moment = facts(shift), clock.now()
    if shift.starts_at < moment:
        shift.ends_at = moment
    else:
        shift.cancelled_at = moment
    saved(scope, "county.roster.cancel", shift, before)
    return shift


def _open_shift(scope: Scope, shift_id: int, version: int) -> RosterShift:
    shift = locked(scope, RosterShift, shift_id, version)
    if shift.cancelled_at is not None or shift.ends_at <= clock.now():
        raise Refusal("shift-over", _("这一班已结束或已取消"), "", _("过去的排班是记录，不再改动"))
    return shift


def division_row(code: int) -> Division:
    """The division; NotFound where the county has none of this code."""
    found = Division.objects.filter(pk=code).first()
    if found is None:
        raise NotFound("division-unknown", _("没有这个区划代码"), str(code))
    return found
