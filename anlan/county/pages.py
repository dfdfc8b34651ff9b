"""Pages of the county: phone book, places, and the posts of a demonstration."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import (
    actions,
    division_pages,
    forms,
    lists,
    people_pages,
    post_pages,
    queries,
    unit_pages,
)
from anlan.county.access_pages import must_be_demo, sign_in_demo
from anlan.county.models import Account
from anlan.county.workbook import pages as workbook
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.forms import posted
from anlan.ground.web import act, own_path, page, scope_of


@page("phonebook.read")
def phone_book(request: HttpRequest) -> HttpResponse:
    """People by name, pinyin, initials, post, unit, place or number, page by page."""
    scope, sought = scope_of(request), request.GET.get("q", "")[:40]
    number = request.GET.get("page", "1")
    at = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    total = queries.phone_book_count(scope, sought)
    rows = queries.phone_book(scope, sought, page=at)
    context = {"page": lists.Page(list(rows), total, max(at, 1)), "sought": sought,
               "reasons": forms.REASONS}  # fmt: skip
    return render(request, "county/phonebook.html", context)


@act("phonebook.reveal", fields=["why"])
def reveal(request: HttpRequest, person_id: int) -> HttpResponse:
    """The whole number, once, with a journal line that says why."""
    values = posted(request, forms.RevealForm)
    number = actions.reveal_number(scope_of(request), person_id, values["why"])
    return render(request, "county/number.html", {"number": number, "person_id": person_id})


# posts of a demonstration


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0


@page("today.read", fields=["account", "next"])
def demo_posts(request: HttpRequest) -> HttpResponse:
    """In a demonstration county a newcomer may take another post to see the other side."""
    must_be_demo()
    if request.method == "POST":
        account = Account.objects.filter(
            pk=_number(request.POST.get("account", "")), demo=True, is_active=True
        ).first()
        if account is None:
            raise NotFound("account-unknown", _("没有这个演示账号"))
        sign_in_demo(request, account)
        return redirect(own_path(request, request.POST.get("next", "")))
    rows = list(Account.objects.filter(demo=True, is_active=True).order_by("id"))
    then = own_path(request, request.GET.get("next", ""), "")
    context = {"rows": rows, "then": then, "now": clock.now()}
    return render(request, "county/demo.html", context)


urlpatterns = [
    path("phonebook/", phone_book, name="phonebook"),
    path("phonebook/<int:person_id>/", reveal, name="phonebook-reveal"),
    *division_pages.urlpatterns,
    *unit_pages.urlpatterns,
    *post_pages.urlpatterns,
    *people_pages.urlpatterns,
    *workbook.urlpatterns,
    path("demo/", demo_posts, name="demo"),
]
