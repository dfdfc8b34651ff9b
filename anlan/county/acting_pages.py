"""Pages of acting posts: one's own switch, and what the security administrator adds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import acting
from anlan.county.access_pages import own_page
from anlan.county.signin import home_of, own_scope
from anlan.ground.errors import NotFound
from anlan.ground.web import act, scope_of


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound("post-unknown", _("没有这个岗位"), text[:40], _("请从列表里选"))
    return int(text)


@own_page(fields=["post"])
def own_posts(request: HttpRequest) -> HttpResponse:
    """Under which post one acts in this browser; the journal names it with every act."""
    account, own = request.user, request.standing
    if request.method == "POST":
        acting.act_under(
            own_scope(request), account.pk, own.sitting_id, _number(request.POST.get("post", ""))
        )
        return redirect(home_of(account))
    found = [] if account.admin_kind else acting.choices(account, own.post_id)
    context = {
        "choices": found, "here": next((one for one in found if one.here), None),
        "home": home_of(account), "now": own.now,
    }  # fmt: skip
    return render(request, "access/posts.html", context)


@act("account.manage", fields=["post_id"])
def add(request: HttpRequest, account_id: int) -> HttpResponse:
    """One more post for an account."""
    post_id = _number(request.POST.get("post_id", ""))
    acting.add_post(scope_of(request), account_id, post_id)
    return redirect(f"/access/{account_id}/")


@act("account.manage")
def end(request: HttpRequest, acting_id: int) -> HttpResponse:
    """The account acts under that post no more."""
    account_id = acting.end_post(scope_of(request), acting_id)
    return redirect(f"/access/{account_id}/")


urlpatterns = [
    path("accounts/posts/", own_posts, name="own-posts"),
    path("access/<int:account_id>/posts/", add, name="access-post-add"),
    path("access/posts/<int:acting_id>/end/", end, name="access-post-end"),
]
