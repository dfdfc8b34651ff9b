"""Pages of posts and their rosters: who holds them, handovers, a month of shifts.

A form that was not filled well comes back with its faults beside the fields; a refusal of the
action comes back on top of it, with what somebody else changed meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import actions, forms, lists, post_lists, roster_lists
from anlan.county.asked import code_of, home, page_number, sought_in
from anlan.county.filled import filled, with_values
from anlan.county.rights import table
from anlan.ground import clock
from anlan.ground.forms import posted
from anlan.ground.web import act, page, scope_of

YEARS_AWAY_MAX = 5


@page("county.read")
def posts_page(request: HttpRequest) -> HttpResponse:
    """Posts with who holds them."""
    kind = request.GET.get("kind", "")
    code = request.GET.get("division", "")
    chosen = {
        "sought": sought_in(request),
        "kind": kind if kind in table().posts else "",
        "division_code": code_of(code),
        "vacant": request.GET.get("vacant") == "1",
    }  # fmt: skip
    context: dict[str, Any] = {
        "page": post_lists.posts(scope_of(request), **chosen, number=page_number(request)),
        "kinds": [(key, table().post_labels[key]) for key in table().posts],
        "labels": table().post_labels,
    }
    return render(request, "county/posts.html", context | chosen)


@page("county.read")
def post_page(request: HttpRequest, post_id: int) -> HttpResponse:
    """One post: who holds it, who did and when, superior, juniors, history."""
    shown = post_lists.post(scope_of(request), post_id)
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
    place = code_of(code) or home(scope)
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
        row = post_lists.post(scope, post_id).row
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
        row = post_lists.post(scope, post_id).row

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
        row = post_lists.post(scope, post_id).row
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
    shown = roster_lists.roster(scope, post_id, year, month)
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
        place = post_lists.post(scope, post_id).row.division
        values = posted(request, forms.ShiftForm, scope=scope, place=place)
    actions.add_shift(scope, post_id, values["person"], values["starts_at"], values["ends_at"])
    return redirect(f"/county/posts/{post_id}/roster/?month={values['starts_at']:%Y-%m}")


@page("county.edit", fields=forms.ShiftEdit.base_fields)
def shift_edit(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Another person or span for a shift."""
    from anlan.county.models import RosterShift

    scope = scope_of(request)
    with scope.open():
        row: RosterShift = lists.one(RosterShift, shift_id)
        title = post_lists.post(scope, row.post_id).row.title
    initial = {"version": row.version, "person": row.person_id, "starts_at": row.starts_at,
               "ends_at": row.ends_at}  # fmt: skip
    where = f"/county/posts/{row.post_id}/roster/?month={clock.local(row.starts_at):%Y-%m}"

    def do(values: dict[str, Any]) -> str:
        actions.edit_shift(scope, shift_id, values["version"], values["person"],
                           values["starts_at"], values["ends_at"])  # fmt: skip
        return where

    make = with_values(forms.ShiftEdit, initial, scope=scope, place=row.division)
    return filled(
        request, make, do, title=_("改班 %(n)s") % {"n": title}, button=_("保存"), back=where
    )


@act("county.edit", fields=forms.Bare.base_fields)
def shift_cancel(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The shift does not take place."""
    values = posted(request, forms.Bare)
    row = actions.cancel_shift(scope_of(request), shift_id, values["version"])
    return redirect(f"/county/posts/{row.post_id}/roster/?month={clock.local(row.starts_at):%Y-%m}")


urlpatterns = [
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
]
