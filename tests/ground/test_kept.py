"""What is kept until a row changes: the stamp sees every change and every scope; the shelf ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Context, Template
from django.utils.translation import override

from anlan.county import unit_actions as units
from anlan.county.models import Unit
from anlan.ground.kept import Kept, stamp
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS

COMMAND = Scope.for_command("test")
UNITS = {"county_unit": ""}


def test_every_change_of_a_row_makes_another_stamp(county_db: str) -> None:
    seen = [stamp(COMMAND, UNITS)]
    assert stamp(COMMAND, UNITS) == seen[0], "nothing changed"
    made = units.add_unit(COMMAND, COUNTY, "县档案馆")
    seen.append(stamp(COMMAND, UNITS))
    with COMMAND.open():
        Unit.objects.filter(pk=made.pk).update(name="县档案局")
    seen.append(stamp(COMMAND, UNITS))
    with COMMAND.open():
        Unit.objects.filter(pk=made.pk).update(name="县档案馆")
    seen.append(stamp(COMMAND, UNITS))
    assert len(set(seen)) == len(seen), "a name that is given back is a change too"
    assert stamp(COMMAND, {"county_unit": f"WHERE id <> {made.pk}"}) != seen[-1]


def test_a_row_that_is_gone_makes_another_stamp(county_db: str, owner_sql: Any) -> None:
    made = units.add_unit(COMMAND, COUNTY, "县档案馆")
    before = stamp(COMMAND, UNITS)
    owner_sql("DELETE FROM county_unit WHERE id = %s", (made.pk,))
    assert stamp(COMMAND, UNITS) != before


def test_a_number_of_ones_own_is_summed_in_place_of_the_version(county_db: str) -> None:
    made = units.add_unit(COMMAND, COUNTY, "县档案馆")
    own = {"county_unit": '|"order"'}
    before = stamp(COMMAND, own)
    with COMMAND.open():
        Unit.objects.filter(pk=made.pk).update(name="县档案局")
    assert stamp(COMMAND, own) == before
    with COMMAND.open():
        Unit.objects.filter(pk=made.pk).update(order=77)
    assert stamp(COMMAND, own) != before


def test_two_scopes_never_share_a_stamp(county_db: str, scope_of: Callable[..., Any]) -> None:
    one, other = (scope_of("township_duty", place) for place in TOWNSHIPS)
    stamps = {stamp(own, UNITS) for own in (COMMAND, one, other, one.in_world(7))}
    assert len(stamps) == 4


def test_what_was_not_asked_for_longest_is_given_up() -> None:
    shelf: Kept[str] = Kept(2)
    made: list[str] = []

    def ask(key: str) -> str:
        return shelf.get(key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    assert [ask(key) for key in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert made == ["a", "b", "c", "b"] and len(shelf.found) == 2


def test_what_fails_is_not_kept() -> None:
    shelf: Kept[str] = Kept(2)

    def fail() -> str:
        raise ValueError("no")

    for _n in range(2):
        try:
            shelf.get("a", fail)
        except ValueError:
            continue
        raise AssertionError("a failure was kept")
    assert shelf.get("a", lambda: "good") == "good"


def test_a_kept_part_of_a_page_goes_by_name_stamp_and_language() -> None:
    page = Template('{% load kept %}{% kept "part" stamp extra %}{{ said }}{% endkept %}')

    def shown(said: str, stamp: str, extra: str = "") -> str:
        return page.render(Context({"said": said, "stamp": stamp, "extra": extra}))

    assert shown("<b>", "s1") == "&lt;b&gt;"
    assert shown("anew", "s1") == "&lt;b&gt;", "kept as it was escaped"
    assert shown("anew", "s2") == "anew"
    assert shown("other", "s1", "x") == "other"
    with override("en"):
        assert shown("english", "s1") == "english"
    assert [shown("a", ""), shown("b", "")] == ["a", "b"], "without a stamp nothing is kept"
