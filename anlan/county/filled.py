"""A page that is one form: shown, filled, refused with its faults, or done and left.

Flows in: a form class and what to do with its values. Flows out: the form again with its faults
beside the fields, or with the action's refusal on top, or a redirect to where `do` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from anlan.ground.errors import Denied, Refusal
from anlan.ground.forms import StrictForm
from anlan.ground.web import scope_of


def filled(
    request: HttpRequest, make: Callable[..., StrictForm], do: Callable[[dict[str, Any]], str],
    *, title: str, button: str, back: str, lead: str = "", template: str = "county/form.html",
) -> HttpResponse:  # fmt: skip
    """Show the form; when posted well, do it and go where `do` says. template: the page's own."""
    scope, status = scope_of(request), 200
    refusal: Refusal | None = None
    with scope.open():
        if request.method == "POST":
            form = make(request.POST, files=request.FILES or None)
            valid = form.is_valid()
        else:
            form, valid = make(), False
    if valid:
        try:
            return redirect(do(form.cleaned_data))
        except Denied:
            raise
        except Refusal as found:
            refusal, status = found, found.status
    elif form.is_bound:
        status = 400
    context = {"form": form, "title": title, "button": button, "back": back, "lead": lead,
               "refusal": refusal, "files": form.is_multipart()}  # fmt: skip
    with scope.open():
        return render(request, template, context, status=status)


def with_values(
    form: type[StrictForm], initial: dict[str, Any], **bound: Any
) -> Callable[..., StrictForm]:
    """The form with its row's values and whatever it needs to know."""

    def make(data: Any = None, **kwargs: Any) -> StrictForm:
        return form(data, initial=initial, **bound, **kwargs)

    return make
