"""The system administrator's pages of sources: who may send, how asking goes, one source's form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.forms import StrictForm, Text, fields_of
from anlan.ground.web import act, page, scope_of
from anlan.rooms.warning import queries, source_actions
from anlan.rooms.warning.cap.signature import CERTIFICATE_CHARS_MAX

FIELDS = ("name", "way", "url", "hosts", "networks", "senders", "certificate", "every_s")
LINES_CHARS_MAX = 4000


class SourceForm(StrictForm):
    """What a source is."""

    name = Text(max_length=100, label=_lazy("名称"))
    way = forms.ChoiceField(
        label=_lazy("方式"), choices=[("poll", _lazy("我们去取")), ("push", _lazy("对方推送"))]
    )
    url = Text(max_length=500, required=False, label=_lazy("网址（我们去取时）"))
    hosts = forms.CharField(
        max_length=LINES_CHARS_MAX, required=False, label=_lazy("还可以到的主机:端口（每行一个）"),
        widget=forms.Textarea(attrs={"rows": 2, "class": "short"}),
    )  # fmt: skip
    networks = Text(max_length=200, required=False, label=_lazy("内网网段（来源在内网时）"))
    senders = forms.CharField(
        max_length=LINES_CHARS_MAX, label=_lazy("发布者（CAP 的 sender，每行一个）"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "short"}),
    )  # fmt: skip
    certificate = forms.CharField(
        max_length=CERTIFICATE_CHARS_MAX, required=False, strip=True,
        label=_lazy("签名证书（PEM；不写即不带签名）"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "short"}),
    )  # fmt: skip
    every_s = forms.IntegerField(
        min_value=source_actions.EVERY_S_MIN, max_value=source_actions.EVERY_S_MAX, initial=60,
        label=_lazy("间隔（秒）"),
    )  # fmt: skip
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


def _values(request: HttpRequest) -> tuple[dict[str, Any], int]:
    data = request.POST.copy()
    data.pop("request_key", None)
    found = fields_of(SourceForm(data))
    version = found.pop("version") or 0
    for name in ("hosts", "senders"):
        found[name] = [line.strip() for line in found[name].splitlines() if line.strip()]
    return found, version


@page("system.manage")
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source: last asked, last answer, errors, breaker; what is wrong first."""
    rows = queries.sources()
    context = {"rows": rows, "now": clock.now(), "form": SourceForm(),
               "faults": [one for one in rows if one.state in ("resting", "failing")]}  # fmt: skip
    return render(request, "warning/sources.html", context)


@page("system.manage")
def source_show(request: HttpRequest, source_id: int) -> HttpResponse:
    """One source with its form."""
    return _shown(request, source_id, "")


def _shown(request: HttpRequest, source_id: int, token: str) -> HttpResponse:
    one = queries.source(source_id)
    row = one.row
    first = {name: getattr(row, name) for name in FIELDS} | {
        "hosts": "\n".join(row.hosts), "senders": "\n".join(row.senders), "version": row.version,
    }  # fmt: skip
    context = {"one": one, "row": row, "form": SourceForm(initial=first), "token": token,
               "door": request.build_absolute_uri("/in/cap"), "now": clock.now()}  # fmt: skip
    return render(request, "warning/source.html", context)


@act("system.manage", fields=(*FIELDS, "version"))
def add(request: HttpRequest) -> HttpResponse:
    """A new source."""
    values, _version = _values(request)
    return redirect(f"/system/sources/{source_actions.add_source(scope_of(request), values).pk}/")


@act("system.manage", fields=(*FIELDS, "version"))
def change(request: HttpRequest, source_id: int) -> HttpResponse:
    """Change what it is."""
    values, version = _values(request)
    source_actions.change_source(scope_of(request), source_id, version, values)
    return redirect(f"/system/sources/{source_id}/")


@act("system.manage", fields=("version",))
def move(request: HttpRequest, source_id: int, what: str) -> HttpResponse:
    """Pause, resume, ask now, or a new token, which is shown this once."""
    scope = scope_of(request)
    version = int(request.POST.get("version", "0") or 0)
    if what in ("pause", "resume"):
        source_actions.pause_source(scope, source_id, version, what == "pause")
    elif what == "ask":
        source_actions.ask_now(scope, source_id)
    elif what == "token":
        token = source_actions.new_token(scope, source_id, version)
        with scope.open():
            return _shown(request, source_id, token)
    else:
        raise Refusal("act-form", _("没有这种办法"), what[:20], _("请从页面上选"))
    return redirect(f"/system/sources/{source_id}/")


urlpatterns = [
    path("system/sources/", source_list, name="sources"),
    path("system/sources/add/", add, name="source-add"),
    path("system/sources/<int:source_id>/", source_show, name="source"),
    path("system/sources/<int:source_id>/change/", change, name="source-change"),
    path("system/sources/<int:source_id>/<slug:what>/", move, name="source-act"),
]
