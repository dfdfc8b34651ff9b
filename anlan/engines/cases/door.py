"""The public's report of a case (群众举报): kept sealed before it is answered, read by a round.

Flows in: a page without account. Flows out: a row that the public role may add and not read, then
a case; who reported is shown one case at a time, with a line in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from anlan.engines.cases.kinds import Kind, Opening
from anlan.engines.cases.models import Case, DoorReport
from anlan.engines.cases.types import all_kinds
from anlan.ground import journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.inputs import shown
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope

TEXT_CHARS_MAX, PLACE_CHARS_MAX, NAME_CHARS_MAX, NUMBER_CHARS_MAX = 500, 200, 60, 30
WAITING_MAX = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What a reporter wrote; caller and number may be empty."""

    text: str
    place: str
    caller: str = ""
    number: str = ""


def openings() -> list[tuple[Kind, Opening]]:
    """What the public may report: the openings that packs leave to it."""
    return [
        (kind, opening) for kind in all_kinds().values() for opening in kind.openings.values()
        if opening.by == "public"
    ]  # fmt: skip


@action(None, open_to="the public page: stored before it is answered", journal="cases.door",
        may_change_nothing=True)  # fmt: skip
def leave(scope: Scope, kind_name: str, opening: str, form_key: str, said: Said) -> bool:
    """Keep a report; False where this very form was sent before.

    The public role may insert and not read, so the row is written without asking for its id.
    """
    known = {(kind.name, own.key) for kind, own in openings()}
    if (kind_name, opening) not in known:
        raise NotFound("door-unknown", _("不能这样举报"), opening, _("请重新打开页面"))
    if not said.text.strip():
        raise Refusal("text-empty", _("没有内容"), "", _("请写明什么事、在哪里"))
    if len(said.text) > TEXT_CHARS_MAX:
        raise Refusal("text-long", _("内容太长"), f"{len(said.text)}", _("请缩短到 500 字以内"))
    limits = {"text": TEXT_CHARS_MAX, "place": PLACE_CHARS_MAX, "caller": NAME_CHARS_MAX,
              "number": NUMBER_CHARS_MAX}  # fmt: skip
    sealed: dict[str, bytes | None] = {}
    for name, limit in limits.items():
        kept = shown(getattr(said, name).strip(), limit)
        needed = name in ("text", "place")
        sealed[name] = secrets.seal(kept, f"cases_doorreport.{name}") if kept or needed else None
    division = _county()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO cases_doorreport (division, world, type, opening, caller, number,"
                " text, place, address, form_key) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
                [division, scope.world, kind_name, opening, sealed["caller"], sealed["number"],
                 sealed["text"], sealed["place"], scope.actor.address[:64], form_key[:64]],
            )  # fmt: skip
    except IntegrityError:
        return False
    journal.line(scope, "cases.door", ("cases.doorreport", form_key[:64]), division=division)
    return True


def _county() -> int:
    found = CountyFact.objects.values_list("code", flat=True).first()
    if found is None:
        raise NotFound("no-county", _("还没有建立县"))
    return int(found)


def waiting(scope: Scope) -> list[DoorReport]:
    """Reports that no case was made of yet, oldest first."""
    with scope.open():
        return list(DoorReport.objects.filter(case=None).order_by("id")[:WAITING_MAX])


@action("cases.judge", journal="cases.reporter")
def reveal_reporter(scope: Scope, case_id: int) -> tuple[str, str]:
    """(name, number) of who reported, with a line in the journal; empty where not given."""
    row = Case.objects.select_related("door").filter(pk=case_id).first()
    if row is None or row.door is None:
        raise NotFound("reporter-none", _("没有举报人"), str(case_id), _("请看登记内容"))
    journal.line(scope, "cases.reporter", row)
    return str(row.door.caller or ""), str(row.door.number or "")
