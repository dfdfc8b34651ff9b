"""The system administrator's pages of links: how each other side is reached, and its key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.faces.link import peer_actions, queries
from anlan.faces.link.adapters.file_drop import folder
from anlan.faces.link.models import ADAPTERS, SIDES, Peer
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.forms import StrictForm, Text, fields_of
from anlan.ground.web import act, page, scope_of

FIELDS = peer_actions.FIELDS
AUTHORITY_CHARS_MAX = 20_000
KEY_CHARS_MAX = 100


class PeerForm(StrictForm):
    """How the other side is reached."""

    name = Text(max_length=100, label=_lazy("对方名称"))
    code = forms.RegexField(
        r"\A[1-9][0-9]{11}\Z", max_length=peer_actions.CODE_DIGITS,
        label=_lazy("对方区划代码（十二位）"),
    )  # fmt: skip
    side = forms.ChoiceField(choices=SIDES, label=_lazy("是本县的"))
    adapter = forms.ChoiceField(choices=ADAPTERS, label=_lazy("方式"))
    url = Text(max_length=500, required=False, label=_lazy("对方收件网址（网络直连时）"))
    networks = Text(max_length=200, required=False, label=_lazy("内网网段（对方在内网时）"))
    authority = forms.CharField(
        max_length=AUTHORITY_CHARS_MAX, required=False, strip=True,
        label=_lazy("对方证书的签发机构（PEM；公共机构不用填）"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "short"}),
    )  # fmt: skip
    exercise = forms.BooleanField(
        required=False, label=_lazy("有演练标志：演练里的数也互送，双方都看得出是演练")
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


def _values(request: HttpRequest) -> tuple[dict[str, Any], int]:
    data = request.POST.copy()
    data.pop("request_key", None)
    found = fields_of(PeerForm(data))
    found["code"] = int(found["code"])
    return found, found.pop("version") or 0


@page("system.manage")
def peer_list(request: HttpRequest) -> HttpResponse:
    """Every link as a machine: reached or not, since when, with which error."""
    rows = list(Peer.objects.order_by("name"))
    context = {"rows": rows, "now": clock.now(0), "form": PeerForm(),
               "faults": [row for row in rows if row.failures and not row.paused]}  # fmt: skip
    return render(request, "link/peers.html", context)


@page("system.manage")
def peer_show(request: HttpRequest, peer_id: int) -> HttpResponse:
    """One link with its form."""
    return _shown(request, peer_id, "")


def _shown(request: HttpRequest, peer_id: int, key: str) -> HttpResponse:
    row = queries.peer(peer_id)
    first = {name: getattr(row, name) for name in (*FIELDS, "version")}
    context = {"row": row, "form": PeerForm(initial=first), "key": key, "now": clock.now(0),
               "door": request.build_absolute_uri(peer_actions.DOOR),
               "folder": folder(row)}  # fmt: skip
    return render(request, "link/peer.html", context)


@act("system.manage", fields=(*FIELDS, "version"))
def add(request: HttpRequest) -> HttpResponse:
    """A new link."""
    values, _version = _values(request)
    made = peer_actions.add_peer(scope_of(request), values)
    return redirect(f"/system/links/{made.pk}/")


@act("system.manage", fields=(*FIELDS, "version"))
def change(request: HttpRequest, peer_id: int) -> HttpResponse:
    """Change how it is reached."""
    values, version = _values(request)
    peer_actions.change_peer(scope_of(request), peer_id, version, values)
    return redirect(f"/system/links/{peer_id}/")


@act("system.manage", fields=("version", "key"))
def move(request: HttpRequest, peer_id: int, what: str) -> HttpResponse:
    """Pause, resume, ask now, take the other side's key, or make one, shown this once."""
    scope, said = scope_of(request), request.POST.get("version", "")
    version = int(said) if said.isdecimal() and len(said) < 10 else 0
    if what in ("pause", "resume"):
        peer_actions.pause_peer(scope, peer_id, version, what == "pause")
    elif what == "ask":
        peer_actions.ask_now(scope, peer_id, version)
    elif what == "take":
        key = request.POST.get("key", "")[:KEY_CHARS_MAX]
        peer_actions.take_key(scope, peer_id, version, key)
    elif what == "make":
        made = peer_actions.make_key(scope, peer_id, version)
        with scope.open():
            return _shown(request, peer_id, made)
    else:
        raise Refusal("act-form", _("没有这种办法"), what[:20], _("请从页面上选"))
    return redirect(f"/system/links/{peer_id}/")


urlpatterns = [
    path("system/links/", peer_list, name="peers"),
    path("system/links/add/", add, name="peer-add"),
    path("system/links/<int:peer_id>/", peer_show, name="peer"),
    path("system/links/<int:peer_id>/change/", change, name="peer-change"),
    path("system/links/<int:peer_id>/<slug:what>/", move, name="peer-act"),
]
