"""CAP messages on the screen: what came, why it is where it is, and what a person decides.

The door for programs (`POST /in/cap`) stands here too: a source proves itself by its token.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import doors
from anlan.ground import clock
from anlan.ground.errors import Denied, Refusal
from anlan.ground.markup import XML_BYTES_MAX
from anlan.ground.scope import Scope
from anlan.ground.web import act, machine_page, page, scope_of
from anlan.rooms.warning import intake_actions, queries
from anlan.rooms.warning.intake_actions import Parcel

PASTE_CHARS_MAX = 300_000
TOKEN_CHARS_MAX = 200
UNPROCESSABLE = 422


@page("warning.read")
def received_list(request: HttpRequest) -> HttpResponse:
    """What waits for a person first, then what came of the others."""
    scope = scope_of(request)
    wanted = request.GET.get("state", "")
    if wanted not in ("", *queries.FATES):
        raise Refusal("filter-form", _("没有这样的筛选"), wanted[:40], _("请从页面上选"))
    rows = queries.received(scope, wanted)
    context = {"rows": rows, "wanted": wanted, "fates": queries.FATES, "now": clock.now(),
               "held": queries.held_count(scope), "sources": queries.source_health(scope),
               "chars_max": PASTE_CHARS_MAX}  # fmt: skip
    return render(request, "warning/received.html", context)


@page("warning.read")
def received_show(request: HttpRequest, received_id: int) -> HttpResponse:
    """One message: its facts, its reasons, its text as it came."""
    shown = queries.received_one(scope_of(request), received_id)
    return render(request, "warning/message.html", {"shown": shown, "row": shown.row,
                                                    "now": clock.now()})  # fmt: skip


@act("warning.draft", fields=["text"])
def paste(request: HttpRequest) -> HttpResponse:
    """A message that came by another way."""
    text = request.POST.get("text", "")
    if len(text) > PASTE_CHARS_MAX:
        raise Refusal("text-long", _("消息过长"), f"{len(text)}", _("请核对是不是一份预警消息"))
    row = intake_actions.paste_message(scope_of(request), text)
    return redirect(f"/warning/received/{row.id}/")


@act("warning.draft", fields=["version"])
def take_up(request: HttpRequest, received_id: int) -> HttpResponse:
    """Draft from a held message."""
    version = int(request.POST.get("version", "0") or 0)
    made = intake_actions.take_up(scope_of(request), received_id, version)
    return redirect(f"/warning/{made.id}/")


@act("warning.draft", fields=["version", "why"])
def set_aside(request: HttpRequest, received_id: int) -> HttpResponse:
    """Nothing is to be done about it."""
    version = int(request.POST.get("version", "0") or 0)
    intake_actions.set_aside(scope_of(request), received_id, version, request.POST.get("why", ""))
    return redirect("/warning/received/")


@machine_page("a source proves itself by its token; what it sends is stored and judged")
def door(request: HttpRequest) -> HttpResponse:
    """`POST /in/cap`, Authorization: Bearer; answered after the commit."""
    token = request.headers.get("Authorization", "").partition("Bearer ")[2].strip()
    source_id = queries.source_of_token(token) if 0 < len(token) <= TOKEN_CHARS_MAX else None
    if source_id is None:
        doors.check_address(request)
        raise Denied(
            "token", _("令牌不对，或这个来源已停用"), "", _("请向系统管理员要新的令牌")
        ) from None
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or len(length) > 12 or int(length) > XML_BYTES_MAX:
        raise Refusal("xml-large", _("消息超过 1 MB，或没有写长度"), length[:20], "", 413)
    row = intake_actions.receive(Scope.for_gateway("cap"), source_id, Parcel(request.body, "push"))
    said = intake_actions.shown(row)
    if row.state != "refused":
        return JsonResponse(said)
    first = row.reasons[0]
    error = {"code": first["code"], "message": first["message"], "place": row.identifier,
             "mend": first["mend"]}  # fmt: skip
    return JsonResponse({"error": error, **said}, status=UNPROCESSABLE)


urlpatterns = [
    path("warning/received/", received_list, name="received"),
    path("warning/received/paste/", paste, name="received-paste"),
    path("warning/received/<int:received_id>/", received_show, name="received-one"),
    path("warning/received/<int:received_id>/draft/", take_up, name="received-draft"),
    path("warning/received/<int:received_id>/aside/", set_aside, name="received-aside"),
    path("in/cap", door, name="cap-door"),
]
