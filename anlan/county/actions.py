"""All writes of the county: posts, people, who holds what, roster. Accounts: `accounts`."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from anlan.county.models import Division, Holding, Person, Post, RosterShift
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

DEMO_PREFIX = "100"


def pinyin_of(name: str) -> tuple[str, str]:
    """(wang xiaoming, wxm): full pinyin with spaces, and initials."""
    from pypinyin import Style, lazy_pinyin  # 55 MB, for whoever edits names only

    full = " ".join(lazy_pinyin(name))
    return full, "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()


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


def _must_exist(model: type, key: int, what: str) -> object:
    found = model.objects.select_for_update(of=("self",)).filter(pk=key).first()  # type: ignore[attr-defined]
    if found is None:
        raise NotFound("not-found", _("没有这条记录"), f"{what} {key}", _("请返回列表重新选择"))
    return found


def check_version(row: Post | Person, version: int) -> None:
    """Refuse a change made on an older picture of the row (no lost update)."""
    if row.version != version:
        raise Conflict(
            "changed-meanwhile",
            _("这条记录已被别人修改"),
            f"{row._meta.verbose_name} {row.pk}",
            _("请刷新后在新内容上修改"),
        )


@action("county.edit", journal="county.person.add")
def add_person(scope: Scope, division: int, name: str, number: str) -> Person:
    """A person of a division, with the number under which they are called."""
    if not name.strip():
        raise Refusal("name-empty", _("姓名不能为空"), "", _("请填写姓名"))
    pinyin, initials = pinyin_of(name.strip())
    person = Person.objects.create(
        division=division,
        world=scope.world,
        name=name.strip(),
        pinyin=pinyin,
        initials=initials,
        **number_fields(number),
    )
    journal.line(scope, "county.person.add", person, after={"name": name, "number": number})
    tell(scope, "county", division, person=person.id)
    return person


@action("county.edit", journal="county.person.change")
def change_number(scope: Scope, person_id: int, version: int, number: str) -> Person:
    """Another number for the person; refused where somebody changed the row meanwhile."""
    person: Person = _must_exist(Person, person_id, "person")  # type: ignore[assignment]
    check_version(person, version)
    before = {"number": person.phone}
    for name, value in number_fields(number).items():
        setattr(person, name, value)
    person.version += 1
    person.save()
    journal.line(scope, "county.person.change", person, before=before, after={"number": number})
    return person


@action("county.edit", journal="county.post.add")
def add_post(
    scope: Scope, division: int, kind: str, title: str, superior_id: int | None = None
) -> Post:
    """A post of a kind that the table of rights knows."""
    from anlan.county.rights import table

    if kind not in table().posts:
        raise Refusal("post-kind", _("没有这种岗位：%(k)s") % {"k": kind}, title)
    post = Post.objects.create(
        division=division, world=scope.world, kind=kind, title=title, superior_id=superior_id
    )
    journal.line(scope, "county.post.add", post)
    return post


@action("county.edit", journal="county.post.hold")
def hold(scope: Scope, post_id: int, person_id: int, rank: int, version: int) -> Holding:
    """From now on the person holds the post (rank 0) or is its deputy; the one before ends now.

    Nothing else moves: every duty points at the post, and asks at a time who holds it.
    """
    post: Post = _must_exist(Post, post_id, "post")  # type: ignore[assignment]
    check_version(post, version)
    moment = clock.now()
    held = Holding.objects.filter(post=post, rank=rank, valid_to=None)
    before = list(held.values_list("person_id", flat=True))
    held.update(valid_to=moment)
    holding = Holding.objects.create(
        division=post.division,
        world=scope.world,
        post=post,
        person_id=person_id,
        rank=rank,
        valid_from=moment,
    )
    post.version += 1
    post.save(update_fields=["version"])
    journal.line(scope, "county.post.hold", post, before=before, after=[person_id, rank])
    tell(scope, "county", post.division, post=post.id)
    return holding


@action("county.edit", journal="county.post.vacate")
def vacate(scope: Scope, post_id: int, rank: int, version: int) -> None:
    """The post (or the deputy's place) is vacant from now on."""
    post: Post = _must_exist(Post, post_id, "post")  # type: ignore[assignment]
    check_version(post, version)
    ended = Holding.objects.filter(post=post, rank=rank, valid_to=None).update(valid_to=clock.now())
    post.version += 1
    post.save(update_fields=["version"])
    journal.line(scope, "county.post.vacate", post, after=[rank, ended])
    tell(scope, "county", post.division, post=post.id)


@action("county.edit", journal="county.roster.add")
def add_shift(
    scope: Scope, post_id: int, person_id: int, starts_at: datetime, ends_at: datetime
) -> RosterShift:
    """The person is on duty at the post for the span."""
    post: Post = _must_exist(Post, post_id, "post")  # type: ignore[assignment]
    if ends_at <= starts_at:
        raise Refusal("shift-span", _("班次结束应在开始之后"), post.title, _("请核对时间"))
    shift = RosterShift.objects.create(
        division=post.division,
        world=scope.world,
        post=post,
        person_id=person_id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    journal.line(scope, "county.roster.add", shift)
    return shift


@action("phonebook.reveal", journal="phonebook.reveal")
def reveal_number(scope: Scope, person_id: int, why: str = "") -> str:
    """The whole number, with a journal line that says who looked."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NotFound("not-found", _("没有这个人"), str(person_id))
    journal.line(scope, "phonebook.reveal", person, why=why)
    return str(person.phone or "")


def division_row(code: int) -> Division:
    """The division; NotFound where the county has none of this code."""
    found = Division.objects.filter(pk=code).first()
    if found is None:
        raise NotFound("division-unknown", _("没有这个区划代码"), str(code))
    return found
