"""What the command palette finds: pages, places, people, warnings; each within the reader's rights.

Flows in: a few letters or characters. Flows out: at most FOUND_MAX lines with the address of each,
pages first, then places, warnings and people.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.models import Division
from anlan.faces.console.templatetags.anlan import grade_word, state_word
from anlan.ground.places import level
from anlan.ground.scope import Scope
from anlan.rooms.warning import queries as warning

FOUND_MAX = 20
PLACES_MAX = 6
WARNINGS_MAX = 5
WARNINGS_SEARCHED = 100
PEOPLE_MAX = 10

Found = dict[str, str]


def found(scope: Scope, sought: str) -> list[Found]:
    """What the scope may open that holds the words sought; all pages where nothing is."""
    rows = _pages(scope, sought)
    if sought:
        rows += _places(scope, sought) + _warnings(scope, sought) + _people(scope, sought)
    return rows[:FOUND_MAX]


def _pages(scope: Scope, sought: str) -> list[Found]:
    return [
        {"label": label, "note": _("页面"), "url": url}
        for label, url, right in pages()
        if scope.may(right) and (not sought or sought in label)
    ]


def _places(scope: Scope, sought: str) -> list[Found]:
    """Townships before villages; a place of another township is found too, for it is no secret."""
    if not scope.may("county.read"):
        return []
    rows = Division.objects.filter(name__contains=sought, ended_on=None).order_by("code")
    named = list(rows.values_list("code", "name")[: PLACES_MAX * 4])
    named.sort(key=lambda row: level(row[0]) == "village")
    words = {"county": _("县"), "township": _("乡镇街道"), "village": _("村社区")}
    return [
        {"label": name, "note": words.get(level(code), ""), "url": f"/county/divisions/{code}/"}
        for code, name in named[:PLACES_MAX]
    ]


def _warnings(scope: Scope, sought: str) -> list[Found]:
    if not scope.may("warning.read"):
        return []
    rows = [
        (f"{row.kind_label}{grade_word(row.grade)}{_('预警')}", row)
        for row in warning.recent(scope, WARNINGS_SEARCHED)
    ]
    return [
        {
            "label": label,
            "note": f"{state_word(row.state)} {row.area}",
            "url": f"/warning/{row.id}/",
        }
        for label, row in rows
        if sought in f"{label}{row.area}"
    ][:WARNINGS_MAX]


def _people(scope: Scope, sought: str) -> list[Found]:
    if not scope.may("phonebook.read"):
        return []
    return [
        {"label": entry.name, "note": f"{entry.division_name} {'、'.join(entry.posts)}",
         "url": f"/phonebook/?q={entry.name}"}
        for entry in county.phone_book(scope, sought, PEOPLE_MAX)
    ]  # fmt: skip


def pages() -> list[tuple[str, str, str]]:
    """(word, address, right) of the pages that a person goes to by name."""
    return [
        (_("今日"), "/", "today.read"),
        (_("地图"), "/map/", "map.read"),
        (_("预警"), "/warning/", "warning.read"),
        (_("叫应"), "/callout/", "callout.read"),
        (_("转移片区"), "/zones/", "evacuation.read"),
        (_("避难场所"), "/zones/shelters/", "evacuation.read"),
        (_("接报台"), "/desk/", "callout.read"),
        (_("接电话"), "/desk/new/", "duty.take"),
        (_("报送"), "/duty/reports/", "duty.read"),
        (_("交办和批示"), "/duty/tasks/", "duty.read"),
        (_("点名"), "/duty/roll/", "duty.read"),
        (_("值班日志"), "/duty/log/", "duty.read"),
        (_("交接班"), "/handover/", "duty.hand_over"),
        (_("会商"), "/consult/", "consult.read"),
        (_("领导快报"), "/leader/", "leader.read"),
        (_("电话簿"), "/phonebook/", "phonebook.read"),
        (_("要点"), "/plan/", "plan.read"),
        (_("我的事"), "/cases/", "cases.read"),
        (_("台账"), "/ledger/", "ledger.read"),
        (_("督办"), "/oversight/", "oversight.read"),
        (_("县情"), "/county/", "county.read"),
        (_("联通"), "/link/", "link.read"),
        (_("规则值"), "/policy/", "policy.read"),
        (_("巡检"), "/rounds/", "today.read"),
        (_("大屏"), "/wall/", "today.read"),
        (_("日志"), "/journal/", "journal.read"),
        (_("手册"), "/help/", "today.read"),
    ]
