"""The duty hall's pages of links: what leaves to whom on whose yes, and what others counted."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.faces.link import actions, queries
from anlan.faces.link.models import SUBJECTS, Peer
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.forms import StrictForm, fields_of
from anlan.ground.web import act, page, scope_of

PROPOSED = ("peer", "what", "minutes")


class ProposalForm(StrictForm):
    """What is to leave, to whom, how often."""

    peer = forms.ModelChoiceField(
        queryset=Peer.objects.none(), label=_lazy("给谁"), empty_label=_lazy("（请选择）")
    )
    what = forms.ChoiceField(choices=SUBJECTS, label=_lazy("报什么"))
    minutes = forms.IntegerField(
        min_value=actions.EVERY_S_MIN // 60, max_value=actions.EVERY_S_MAX // 60, initial=30,
        label=_lazy("每隔多少分钟（转移进行中；转移指令不论间隔，有就报）"),
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["peer"]
        field.queryset = Peer.objects.filter(paused=False).order_by("name")
        field.label_from_instance = lambda row: row.name


@page("link.read")
def link_list(request: HttpRequest) -> HttpResponse:
    """Whether every other side has what we told, and what they told us."""
    scope = scope_of(request)
    rows = queries.links(scope)
    subscriptions = queries.subscriptions(scope)
    context = {
        "rows": rows, "faults": [one for one in rows if not one.well],
        "silent": [one for one in rows if one.state == "silent"],
        "subscriptions": subscriptions, "counts": queries.received(scope, "headcount"),
        "proposed": sum(one.state == "proposed" for one in subscriptions),
        "orders": queries.received(scope, "orders"), "form": ProposalForm(), "now": clock.now(),
        "real_now": clock.now(0),
    }  # fmt: skip
    return render(request, "link/list.html", context)


@page("link.read")
def link_show(request: HttpRequest, peer_id: int) -> HttpResponse:
    """One link: every number that went and came, with its receipt."""
    shown = queries.peer_shown(scope_of(request), peer_id)
    counts = [queries.told(row) for row in shown.came]
    context = {"shown": shown, "link": shown.link, "peer": shown.link.peer, "counts": counts,
               "now": clock.now()}  # fmt: skip
    return render(request, "link/show.html", context)


@act("link.propose", fields=PROPOSED)
def propose(request: HttpRequest) -> HttpResponse:
    """A subscription that waits for a second person."""
    data = request.POST.copy()
    data.pop("request_key", None)
    found = fields_of(ProposalForm(data))
    minutes = int(found["minutes"])
    actions.propose(scope_of(request), found["peer"].pk, found["what"], minutes * 60)
    return redirect("/link/")


@act("link.read", fields=("version", "why"))
def move(request: HttpRequest, subscription_id: int, what: str) -> HttpResponse:
    """A second person's yes, or an end with its reason; each asks for its own right."""
    scope = scope_of(request)
    said = request.POST.get("version", "")
    version = int(said) if said.isdecimal() and len(said) < 10 else 0
    if what == "approve":
        actions.approve(scope, subscription_id, version)
    elif what == "end":
        actions.end(scope, subscription_id, version, request.POST.get("why", ""))
    else:
        raise Refusal("act-form", _("没有这种办法"), what[:20], _("请从页面上选"))
    return redirect("/link/")


urlpatterns = [
    path("link/", link_list, name="links"),
    path("link/propose/", propose, name="link-propose"),
    path("link/<int:peer_id>/", link_show, name="link"),
    path("link/subscription/<int:subscription_id>/<slug:what>/", move, name="link-act"),
]
