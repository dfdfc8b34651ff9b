"""One's own passkeys on screen: add one at this address, take one away.

The scripts are django-allauth's, from its wheel; what they need stands in the page as data.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.views import AddWebAuthnView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from anlan.county import accounts, passkeys
from anlan.county.access_pages import own_page
from anlan.county.signin import AGAIN, CONFIRM_S, own_scope, register_device
from anlan.ground.errors import Denied, Refusal

OWN = "/accounts/"


class AddPasskey(AddWebAuthnView):
    """A passkey for this host name; as the first second factor it makes the sign-in count full."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.demo:
            raise Denied("demo-factor", _("演示账号没有口令和第二因素"))
        if not passkeys.possible(request):
            raise Refusal(
                "passkey-host", _("通行密钥要在域名下用，这里是 IP 地址或没有加密"),
                passkeys.host_of(request), _("请用域名打开；没有域名就绑定验证器"),
            )  # fmt: skip
        if len(passkeys.of_account(request.user)) >= passkeys.PASSKEYS_MAX:
            raise Refusal(
                "passkey-many", _("通行密钥最多 %(n)d 个") % {"n": passkeys.PASSKEYS_MAX}, "",
                _("请先去掉不用的"),
            )  # fmt: skip
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = {"host": passkeys.host_of(self.request), "chars": passkeys.NAME_CHARS_MAX,
               "first": not self.request.standing.factor}  # fmt: skip
        return super().get_context_data(**kwargs) | own

    def form_valid(self, form: Any) -> HttpResponse:
        request = self.request
        scope = own_scope(request)
        with scope.open():
            answer = super().form_valid(form)
            accounts.record_factor(scope, request.user.pk, request.standing.sitting_id, "passkey")
        register_device(request, request.user, answer)
        return answer


add_page = own_page(fields=["name", "credential"])(AddPasskey.as_view())


@own_page(fields=[])
def remove_page(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Take one away; whoever does it has just shown both factors."""
    if request.method == "POST":
        if not request.standing.factor or request.standing.confirmed_s > CONFIRM_S:
            return redirect(f"{AGAIN}?{urlencode({'next': OWN})}")
        passkeys.remove(own_scope(request), request.user.pk, passkey_id)
    return redirect(OWN)


urlpatterns = [
    path("accounts/2fa/passkeys/add/", add_page, name="mfa_add_webauthn"),
    path("accounts/2fa/passkeys/<int:passkey_id>/remove/", remove_page, name="passkey-remove"),
]
