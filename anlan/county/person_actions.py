"""All writes of people: a name, a number that is sealed, a reading, an end.

Each write is locked, compared, journalled and told as `versions` does it.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.county.holding_actions import not_over
from anlan.county.models import Holding, Person, RosterShift
from anlan.county.names import pinyin_of
from anlan.county.versions import facts, locked, made, saved, within
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.scope import Scope

LISTED_MAX = 5


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
        for title in Holding.objects.filter(not_over(moment), person=person)
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
