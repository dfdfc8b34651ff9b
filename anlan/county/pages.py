"""Pages of the county: phone book, places, and the posts of a demonstration."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import actions, queries
from anlan.county.access_pages import must_be_demo, sign_in_demo
from anlan.county.models import Account
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.web import act, page, scope_of


@page("phonebook.read")
def phone_book(request: HttpRequest) -> HttpResponse:
    """People by name, pinyin, initials, post or number."""
    sought = request.GET.get("q", "")[:40]
    rows = queries.phone_book(scope_of(request), sought)
    return render(request, "county/phonebook.html", {"rows": rows, "sought": sought})


@act("phonebook.reveal", fields=["why"])
def reveal(request: HttpRequest, person_id: int) -> HttpResponse:
    """The whole number, once, with a journal line."""
    number = actions.reveal_number(scope_of(request), person_id, request.POST.get("why", ""))
    return render(request, "county/number.html", {"number": number})


@page("county.read")
def county_page(request: HttpRequest) -> HttpResponse:
    """Townships with how many villages and posts."""
    scope = scope_of(request)
    towns = queries.places(scope, "township")
    villages = queries.places(scope, "village")
    counts = {town.code: sum(1 for v in villages if v.parent == town.code) for town in towns}
    rows = [(town, counts[town.code]) for town in towns]
    return render(request, "county/county.html", {"rows": rows, "villages": len(villages)})


# posts of a demonstration


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0


@page("today.read", fields=["account"])
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
        return redirect("/")
    rows = list(Account.objects.filter(demo=True, is_active=True).order_by("id"))
    return render(request, "county/demo.html", {"rows": rows, "now": clock.now()})


urlpatterns = [
    path("phonebook/", phone_book, name="phonebook"),
    path("phonebook/<int:person_id>/", reveal, name="phonebook-reveal"),
    path("county/", county_page, name="county"),
    path("demo/", demo_posts, name="demo"),
]
