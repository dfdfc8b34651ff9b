"""The same request twice is once: a key given by the caller, kept with what its action answered.

Flows in: `Idempotency-Key` of a request, or the hidden field `request_key` that a form carries.
Flows out: the first answer again, without a change; the same key with another body is a conflict.
The key is claimed in the transaction of the outermost action, so that a change and its key stand
or fall together, and two at the same moment wait for one another.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from importlib import import_module
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from anlan.ground import clock
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.models import RequestKey
from anlan.ground.scope import Scope

R = TypeVar("R")
KEEP = timedelta(days=7)
FORGET_ROWS_MAX = 10_000
KEY_FORM = re.compile(r"[\x21-\x7e]{8,100}")
HEADER, FIELD = "Idempotency-Key", "request_key"
NOT_BODY = frozenset({FIELD, "csrfmiddlewaretoken"})


@dataclass(slots=True)
class _Key:
    """The key of the running request; `asked` counts the actions that it has run."""

    text: str
    digest: bytes
    asked: int = 0


_key: ContextVar[_Key | None] = ContextVar("anlan_request_key", default=None)
_inside: ContextVar[bool] = ContextVar("anlan_request_inside", default=False)


@contextmanager
def keyed(text: str, body: bytes) -> Iterator[None]:
    """Whatever action runs within does so once for this key; body: what was asked, as bytes."""
    if not KEY_FORM.fullmatch(text):
        raise Refusal(
            "key-form", _("请求键应为 8 到 100 个可见字符"), text[:20], _("请重新打开页面")
        )
    token = _key.set(_Key(text, hashlib.sha256(body).digest()))
    try:
        yield
    finally:
        _key.reset(token)


def once(scope: Scope, name: str, run: Callable[[], R]) -> R:
    """run's answer, or the kept one where this key has run before. Joins the open transaction."""
    key = _key.get()
    if key is None or _inside.get():
        return run()
    number, key.asked = key.asked, key.asked + 1
    actor = f"{scope.actor.kind}:{scope.actor.id}:{scope.actor.person_id}"
    wanted = {"world": scope.world, "actor": actor, "key": key.text, "action": name,
              "number": number}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [json.dumps(wanted)]
        )
    known = RequestKey.objects.filter(**wanted).first()
    if known is not None:
        if bytes(known.digest) != key.digest:
            raise Conflict(
                "key-reused", _("同一请求键已用于另一份内容"), key.text, _("请重新打开页面")
            )
        return _decoded(known.answer)  # type: ignore[no-any-return]
    token = _inside.set(True)
    try:
        answer = run()
    finally:
        _inside.reset(token)
    RequestKey.objects.create(**wanted, digest=key.digest, answer=_encoded(answer))
    return answer


def _encoded(answer: Any) -> Any:
    """An answer as JSON: rows by kind and id, enums by name, lists and plain values as such."""
    if isinstance(answer, models.Model):
        return {"row": answer._meta.label_lower, "id": answer.pk}
    if isinstance(answer, Enum):
        kind = type(answer)
        return {"enum": f"{kind.__module__}:{kind.__qualname__}", "name": answer.name}
    if isinstance(answer, list | tuple):
        return {"list": [_encoded(part) for part in answer], "tuple": isinstance(answer, tuple)}
    if answer is None or isinstance(answer, str | int | float | bool):
        return {"plain": answer}
    raise TypeError(f"an action that a key may repeat cannot answer {type(answer).__name__}")


def _decoded(kept: dict[str, Any]) -> Any:
    if "row" in kept:
        found = apps.get_model(kept["row"])._base_manager.filter(pk=kept["id"]).first()
        if found is None:
            raise NotFound("answer-gone", _("上次办的结果已不在"), f"{kept['row']} {kept['id']}")
        return found
    if "enum" in kept:
        module, _colon, name = kept["enum"].partition(":")
        return getattr(import_module(module), name)[kept["name"]]
    if "list" in kept:
        parts = [_decoded(part) for part in kept["list"]]
        return tuple(parts) if kept["tuple"] else parts
    return kept["plain"]


def forget(scope: Scope) -> int:
    """Keys older than a week are deleted, some at a time; returns how many."""
    with scope.open():
        old = RequestKey.objects.filter(made_at__lt=clock.now() - KEEP).order_by("id")
        ids = list(old.values_list("id", flat=True)[:FORGET_ROWS_MAX])
        return int(RequestKey.objects.filter(id__in=ids).delete()[0])


class Repeats:
    """Middleware: a POST that carries a key runs its actions once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        text = request.headers.get(HEADER) or request.POST.get(FIELD, "")
        if not text:
            return self.get_response(request)
        try:
            with keyed(text, _body(request)):
                return self.get_response(request)
        except Refusal as refusal:
            from anlan.ground.web import refused

            return refused(request, refusal)


def _body(request: HttpRequest) -> bytes:
    """What is asked: address, fields and files, without the key and the form's token."""
    fields = sorted((name, values) for name, values in request.POST.lists() if name not in NOT_BODY)
    files = []
    for name, sent in sorted(request.FILES.items()):
        files.append((name, hashlib.sha256(sent.read()).hexdigest()))
        sent.seek(0)
    is_form = (request.content_type or "").startswith(("multipart/", "application/x-www-form"))
    raw = "" if is_form else hashlib.sha256(request.body).hexdigest()
    return json.dumps([request.path, fields, files, raw], ensure_ascii=False).encode()
