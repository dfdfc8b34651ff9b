"""Pages where the county's people are kept: divisions, units, posts, people, rosters.

A form that was not filled well comes back with its faults beside the fields; a refusal of the
action comes back on top of it, with what somebody else changed meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import actions, division_actions, forms, lists, unit_actions
from anlan.county.filled import filled, with_values
from anlan.county.rights import table
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.forms import posted
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of

SOUGHT_CHARS_MAX = 40
YEARS_AWAY_MAX = 5


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _sought(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:SOUGHT_CHARS_MAX].replace("\0", "")


def _code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 12 else None


def _home(scope: Scope) -> int:
    """The place that a new row of this scope gets first."""
    return scope.lo if scope.lo > 1 else 0


# divisions


@page("county.read")
def county_page(request: HttpRequest) -> HttpResponse:
    """Townships with how many villages and posts, and the doors to everything else."""
    scope = scope_of(request)
    rows = lists.divisions(scope)
    shown = [row for row in rows if row[0].ended_on is None]
    context = {
        "rows": shown,
        "towns": sum(1 for row, _v, _p in shown if row.parent_id is not None),
        "villages": sum(villages for row, villages, _p in shown if row.parent_id is not None),
        "ended": [row for row in rows if row[0].ended_on is not None],
        "vacant": lists.posts(scope, vacant=True).total,
        "wide": scope.hi - scope.lo >= 999_999,
    }
    return render(request, "county/county.html", context)


@page("county.read")
def division_page(request: HttpRequest, code: int) -> HttpResponse:
    """One division: what lies in it, its outline with source, its history."""
    scope = scope_of(request)
    context = {"shown": lists.division(scope, code), "now": clock.now(),
               "wide": scope.hi - scope.lo >= 999_999}  # fmt: skip
    return render(request, "county/division.html", context)


@page("county.edit", fields=forms.DivisionForm.base_fields)
def division_new(request: HttpRequest) -> HttpResponse:
    """A new township or village."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        row = division_actions.add_division(scope, values.pop("code"), **values)
        return f"/county/divisions/{row.code}/"

    return filled(request, forms.DivisionForm, do, title=_("添加区划"), button=_("添加"),
                   back="/county/")  # fmt: skip


@page("county.edit", fields=forms.DivisionEdit.base_fields)
def division_edit(request: HttpRequest, code: int) -> HttpResponse:
    """Change a division; its code never changes."""
    scope = scope_of(request)
    with scope.open():
        row = lists.division(scope, code).row
    initial = {name: getattr(row, name) for name in forms.DivisionEdit.base_fields}
    where = f"/county/divisions/{code}/"

    def do(values: dict[str, Any]) -> str:
        division_actions.edit_division(scope, code, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.DivisionEdit, initial), do, title=row.name,
                   button=_("保存"), back=where)  # fmt: skip


@page("county.edit", fields=forms.EndOn.base_fields)
def division_end(request: HttpRequest, code: int) -> HttpResponse:
    """A division that was merged or dissolved."""
    scope = scope_of(request)
    with scope.open():
        row = lists.division(scope, code).row
    where = f"/county/divisions/{code}/"

    def do(values: dict[str, Any]) -> str:
        division_actions.end_division(scope, code, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.EndOn, {"version": row.version}), do,
                   title=_("停用 %(n)s") % {"n": row.name}, button=_("停用"),
                   back=where)  # fmt: skip


@page("county.edit", fields=forms.OutlineForm.base_fields)
def outlines_page(request: HttpRequest) -> HttpResponse:
    """Outlines from a GeoJSON file with its source."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        upload = values["file"]
        if upload.size > division_actions.OUTLINE_BYTES_MAX:
            raise Refusal(
                "file-too-large", _("文件超过 20 MB"), upload.name, _("请先简化界线"), 413
            )
        division_actions.import_outlines(scope, upload.read(), upload.name, values["source"])
        return "/county/"

    return filled(request, forms.OutlineForm, do, title=_("导入界线"), button=_("检查并导入"),
                   back="/county/")  # fmt: skip


# units


@page("county.read")
def units_page(request: HttpRequest) -> HttpResponse:
    """Units and collectives."""
    sought, ended = _sought(request), request.GET.get("ended") == "1"
    context = {"page": lists.units(scope_of(request), sought, ended, _number(request)),
               "sought": sought, "ended": ended}  # fmt: skip
    return render(request, "county/units.html", context)


@page("county.read")
def unit_page(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One unit: other names, members, posts, history."""
    scope = scope_of(request)
    shown = lists.unit(scope, unit_id)
    context = {"shown": shown, "alias_form": forms.AliasForm(),
               "today": clock.local(clock.now()).date()}  # fmt: skip
    if shown.row.kind == "collective":
        context["member_form"] = forms.MemberForm(scope=scope)
    return render(request, "county/unit.html", context)


@page("county.edit", fields=forms.UnitForm.base_fields)
def unit_new(request: HttpRequest) -> HttpResponse:
    """A new unit."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        return f"/county/units/{unit_actions.add_unit(scope, **values).id}/"

    return filled(request, with_values(forms.UnitForm, {"division": _home(scope)}, scope=scope), do,
                   title=_("添加单位"), button=_("添加"), back="/county/units/")  # fmt: skip


@page("county.edit", fields=forms.UnitEdit.base_fields)
def unit_edit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Change a unit."""
    scope, where = scope_of(request), f"/county/units/{unit_id}/"
    with scope.open():
        row = lists.unit(scope, unit_id).row
    initial = {"version": row.version, "division": row.division, "name": row.name,
               "order": row.order, "keep_old_name": True}  # fmt: skip

    def do(values: dict[str, Any]) -> str:
        unit_actions.edit_unit(scope, unit_id, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.UnitEdit, initial, scope=scope), do, title=row.name,
                   button=_("保存"), back=where)  # fmt: skip


@page("county.edit", fields=forms.EndOn.base_fields)
def unit_end(request: HttpRequest, unit_id: int) -> HttpResponse:
    """A unit that is no more."""
    scope, where = scope_of(request), f"/county/units/{unit_id}/"
    with scope.open():
        row = lists.unit(scope, unit_id).row
        today = clock.local(clock.now()).date()

    def do(values: dict[str, Any]) -> str:
        unit_actions.end_unit(scope, unit_id, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.EndOn, {"version": row.version, "on": today}), do,
                   title=_("停用 %(n)s") % {"n": row.name}, button=_("停用"),
                   back=where)  # fmt: skip


@act("county.edit", fields=forms.Bare.base_fields)
def unit_reopen(request: HttpRequest, unit_id: int) -> HttpResponse:
    """The unit stands again."""
    values = posted(request, forms.Bare)
    unit_actions.reopen_unit(scope_of(request), unit_id, values["version"])
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.AliasForm.base_fields)
def alias_add(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One more name."""
    values = posted(request, forms.AliasForm)
    unit_actions.add_alias(scope_of(request), unit_id, **values)
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.RowEnd.base_fields)
def alias_end(request: HttpRequest, unit_id: int, alias_id: int) -> HttpResponse:
    """The alias ends on a day."""
    values = posted(request, forms.RowEnd)
    unit_actions.end_alias(scope_of(request), alias_id, values["version"], values["on"])
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.MemberForm.base_fields)
def member_add(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One more member of a collective."""
    scope = scope_of(request)
    with scope.open():
        values = posted(request, forms.MemberForm, scope=scope)
    unit_actions.add_member(
        scope, unit_id, values["member"], values["valid_from"], values["valid_to"]
    )
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.RowEnd.base_fields)
def member_end(request: HttpRequest, unit_id: int, membership_id: int) -> HttpResponse:
    """The membership ends on a day."""
    values = posted(request, forms.RowEnd)
    unit_actions.end_member(scope_of(request), membership_id, values["version"], values["on"])
    return redirect(f"/county/units/{unit_id}/")


# posts


@page("county.read")
def posts_page(request: HttpRequest) -> HttpResponse:
    """Posts with who holds them."""
    kind = request.GET.get("kind", "")
    code = request.GET.get("division", "")
    chosen = {
        "sought": _sought(request),
        "kind": kind if kind in table().posts else "",
        "division_code": _code(code),
        "vacant": request.GET.get("vacant") == "1",
    }  # fmt: skip
    context: dict[str, Any] = {
        "page": lists.posts(scope_of(request), **chosen, number=_number(request)),
        "kinds": [(key, table().post_labels[key]) for key in table().posts],
        "labels": table().post_labels,
    }
    return render(request, "county/posts.html", context | chosen)


@page("county.read")
def post_page(request: HttpRequest, post_id: int) -> HttpResponse:
    """One post: who holds it, who did and when, superior, juniors, history."""
    shown = lists.post(scope_of(request), post_id)
    context = {"shown": shown, "kind": table().post_labels.get(shown.row.kind, shown.row.kind),
               "now": clock.now(), "month": clock.local(clock.now()).strftime("%Y-%m")}  # fmt: skip
    return render(request, "county/post.html", context)


def _post_values(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "division": values["division"], "kind": values["kind"], "title": values["title"],
        "superior_id": values["superior"], "unit_id": values["unit"], "order": values["order"],
    }  # fmt: skip


@page("county.edit", fields=forms.PostForm.base_fields)
def post_new(request: HttpRequest) -> HttpResponse:
    """A new post."""
    scope = scope_of(request)
    code = request.POST.get("division") or request.GET.get("division") or ""
    place = _code(code) or _home(scope)
    make = with_values(forms.PostForm, {"division": place}, scope=scope, place=place)

    def do(values: dict[str, Any]) -> str:
        return f"/county/posts/{actions.add_post(scope, **_post_values(values)).id}/"

    return filled(request, make, do, title=_("添加岗位"), button=_("添加"),
                   back="/county/posts/")  # fmt: skip


@page("county.edit", fields=forms.PostEdit.base_fields)
def post_edit(request: HttpRequest, post_id: int) -> HttpResponse:
    """Change a post; its holders and shifts go with it."""
    scope, where = scope_of(request), f"/county/posts/{post_id}/"
    with scope.open():
        row = lists.post(scope, post_id).row
    initial = {"version": row.version, "division": row.division, "title": row.title,
               "kind": row.kind, "unit": row.unit_id, "superior": row.superior_id,
               "order": row.order}  # fmt: skip
    make = with_values(forms.PostEdit, initial, scope=scope, place=row.division, own=row.id,
                 kept=row.superior_id)  # fmt: skip

    def do(values: dict[str, Any]) -> str:
        actions.edit_post(scope, post_id, values["version"], **_post_values(values))
        return where

    return filled(request, make, do, title=row.title, button=_("保存"), back=where)


@page("county.edit", fields=forms.EndNow.base_fields)
def post_end(request: HttpRequest, post_id: int) -> HttpResponse:
    """A post that is no more."""
    scope, where = scope_of(request), f"/county/posts/{post_id}/"
    with scope.open():
        row = lists.post(scope, post_id).row

    def do(values: dict[str, Any]) -> str:
        actions.end_post(scope, post_id, values["version"], values["why"])
        return where

    return filled(request, with_values(forms.EndNow, {"version": row.version}), do,
                   title=_("停用 %(n)s") % {"n": row.title}, button=_("停用"), back=where,
                   lead=_("任职和以后的排班随之结束，过去的记录保留。"))  # fmt: skip


@page("county.edit", fields=forms.HoldForm.base_fields)
def post_hold(request: HttpRequest, post_id: int) -> HttpResponse:
    """Hand the post over, now or at a stated moment."""
    scope, where = scope_of(request), f"/county/posts/{post_id}/"
    with scope.open():
        row = lists.post(scope, post_id).row
    rank = request.GET.get("rank", "0")
    initial = {"version": row.version, "rank": int(rank) if rank in set("0123456789") else 0}
    make = with_values(forms.HoldForm, initial, scope=scope, place=row.division)

    def do(values: dict[str, Any]) -> str:
        actions.hold(scope, post_id, values["person"], values["rank"], values["version"],
                     values["at"], values["why"])  # fmt: skip
        return where

    return filled(request, make, do, title=_("交接 %(n)s") % {"n": row.title}, button=_("交接"),
                   back=where, lead=_("岗位上的一切职责随岗位走，不用另改。"))  # fmt: skip


@act("county.edit", fields=forms.VacateForm.base_fields)
def post_vacate(request: HttpRequest, post_id: int) -> HttpResponse:
    """The post or a deputy's place is vacant from now on."""
    values = posted(request, forms.VacateForm)
    actions.vacate(scope_of(request), post_id, values["rank"], values["version"])
    return redirect(f"/county/posts/{post_id}/")


# rosters


@page("county.read")
def roster_page(request: HttpRequest, post_id: int) -> HttpResponse:
    """A month of a post's roster: who is on duty, and the hours without anybody."""
    scope = scope_of(request)
    year, month = _month(request)
    shown = lists.roster(scope, post_id, year, month)
    context: dict[str, Any] = {"shown": shown, "now": clock.now()}
    if scope.may("county.edit"):
        initial = {"starts_at": f"{shown.first.isoformat()}T08:00",
                   "ends_at": f"{shown.first.replace(day=2).isoformat()}T08:00"}  # fmt: skip
        context["form"] = forms.ShiftForm(scope=scope, place=shown.post.division, initial=initial)
    return render(request, "county/roster.html", context)


def _month(request: HttpRequest) -> tuple[int, int]:
    """The month of ?month=2026-07, this one where it is none or years away."""
    today = clock.local(clock.now()).date()
    year, _dash, month = request.GET.get("month", "").partition("-")
    plain = all(part.isascii() and part.isdigit() and len(part) <= 4 for part in (year, month))
    if plain and abs(int(year) - today.year) <= YEARS_AWAY_MAX and 1 <= int(month) <= 12:
        return int(year), int(month)
    return today.year, today.month


@act("county.edit", fields=forms.ShiftForm.base_fields)
def shift_add(request: HttpRequest, post_id: int) -> HttpResponse:
    """One more shift."""
    scope = scope_of(request)
    with scope.open():
        place = lists.post(scope, post_id).row.division
        values = posted(request, forms.ShiftForm, scope=scope, place=place)
    actions.add_shift(scope, post_id, values["person"], values["starts_at"], values["ends_at"])
    return redirect(f"/county/posts/{post_id}/roster/?month={values['starts_at']:%Y-%m}")


@page("county.edit", fields=forms.ShiftEdit.base_fields)
def shift_edit(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Another person or span for a shift."""
    from anlan.county.models import RosterShift

    scope = scope_of(request)
    with scope.open():
        row: RosterShift = lists._one(RosterShift, shift_id)
        title = lists.post(scope, row.post_id).row.title
    initial = {"version": row.version, "person": row.person_id, "starts_at": row.starts_at,
               "ends_at": row.ends_at}  # fmt: skip
    where = f"/county/posts/{row.post_id}/roster/?month={clock.local(row.starts_at):%Y-%m}"

    def do(values: dict[str, Any]) -> str:
        actions.edit_shift(scope, shift_id, values["version"], values["person"],
                           values["starts_at"], values["ends_at"])  # fmt: skip
        return where

    return filled(request, with_values(forms.ShiftEdit, initial, scope=scope, place=row.division), do,
                   title=_("改班 %(n)s") % {"n": title}, button=_("保存"), back=where)  # fmt: skip


@act("county.edit", fields=forms.Bare.base_fields)
def shift_cancel(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The shift does not take place."""
    values = posted(request, forms.Bare)
    row = actions.cancel_shift(scope_of(request), shift_id, values["version"])
    return redirect(f"/county/posts/{row.post_id}/roster/?month={clock.local(row.starts_at):%Y-%m}")


# people


@page("phonebook.read")
def person_page(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person: posts held now and before, coming shifts, history; the number is masked."""
    context = {"shown": lists.person(scope_of(request), person_id), "now": clock.now(),
               "reasons": forms.REASONS}  # fmt: skip
    return render(request, "county/person.html", context)


@page("county.edit", fields=forms.PersonForm.base_fields)
def person_new(request: HttpRequest) -> HttpResponse:
    """A new person."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        return f"/county/people/{actions.add_person(scope, **values).id}/"

    return filled(request, with_values(forms.PersonForm, {"division": _home(scope)}, scope=scope), do,
                   title=_("添加人员"), button=_("添加"), back="/phonebook/")  # fmt: skip


@page("county.edit", fields=forms.PersonEdit.base_fields)
def person_edit(request: HttpRequest, person_id: int) -> HttpResponse:
    """Another name, place or number."""
    from anlan.county.names import pinyin_of

    scope, where = scope_of(request), f"/county/people/{person_id}/"
    with scope.open():
        row = lists.person(scope, person_id).row
    own_reading = row.pinyin if row.pinyin != pinyin_of(row.name)[0] else ""
    initial = {"version": row.version, "division": row.division, "name": row.name,
               "pinyin": own_reading}  # fmt: skip

    def do(values: dict[str, Any]) -> str:
        actions.edit_person(scope, person_id, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.PersonEdit, initial, scope=scope), do, title=row.name,
                   button=_("保存"), back=where)  # fmt: skip


@page("county.edit", fields=forms.EndNow.base_fields)
def person_end(request: HttpRequest, person_id: int) -> HttpResponse:
    """Somebody who has left."""
    scope, where = scope_of(request), f"/county/people/{person_id}/"
    with scope.open():
        row = lists.person(scope, person_id).row

    def do(values: dict[str, Any]) -> str:
        actions.end_person(scope, person_id, values["version"], values["why"])
        return where

    return filled(request, with_values(forms.EndNow, {"version": row.version}), do,
                   title=_("%(n)s 离开") % {"n": row.name}, button=_("办理离开"), back=where,
                   lead=_("离开后不再出现在电话簿里，过去的记录保留。"))  # fmt: skip


urlpatterns = [
    path("county/", county_page, name="county"),
    path("county/divisions/new/", division_new, name="division-new"),
    path("county/divisions/<int:code>/", division_page, name="division"),
    path("county/divisions/<int:code>/edit/", division_edit, name="division-edit"),
    path("county/divisions/<int:code>/end/", division_end, name="division-end"),
    path("county/outlines/", outlines_page, name="outlines"),
    path("county/units/", units_page, name="units"),
    path("county/units/new/", unit_new, name="unit-new"),
    path("county/units/<int:unit_id>/", unit_page, name="unit"),
    path("county/units/<int:unit_id>/edit/", unit_edit, name="unit-edit"),
    path("county/units/<int:unit_id>/end/", unit_end, name="unit-end"),
    path("county/units/<int:unit_id>/reopen/", unit_reopen, name="unit-reopen"),
    path("county/units/<int:unit_id>/alias/", alias_add, name="alias-add"),
    path("county/units/<int:unit_id>/alias/<int:alias_id>/end/", alias_end, name="alias-end"),
    path("county/units/<int:unit_id>/member/", member_add, name="member-add"),
    path("county/units/<int:unit_id>/member/<int:membership_id>/end/", member_end,
         name="member-end"),
    path("county/posts/", posts_page, name="posts"),
    path("county/posts/new/", post_new, name="post-new"),
    path("county/posts/<int:post_id>/", post_page, name="post"),
    path("county/posts/<int:post_id>/edit/", post_edit, name="post-edit"),
    path("county/posts/<int:post_id>/end/", post_end, name="post-end"),
    path("county/posts/<int:post_id>/hold/", post_hold, name="post-hold"),
    path("county/posts/<int:post_id>/vacate/", post_vacate, name="post-vacate"),
    path("county/posts/<int:post_id>/roster/", roster_page, name="roster"),
    path("county/posts/<int:post_id>/roster/add/", shift_add, name="shift-add"),
    path("county/shifts/<int:shift_id>/", shift_edit, name="shift-edit"),
    path("county/shifts/<int:shift_id>/cancel/", shift_cancel, name="shift-cancel"),
    path("county/people/new/", person_new, name="person-new"),
    path("county/people/<int:person_id>/", person_page, name="person"),
    path("county/people/<int:person_id>/edit/", person_edit, name="person-edit"),
    path("county/people/<int:person_id>/end/", person_end, name="person-end"),
]  # fmt: skip
