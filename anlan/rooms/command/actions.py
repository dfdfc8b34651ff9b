"""All writes of a consultation: called, inputs frozen, opinions, decision."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.inputs import shown
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope
from anlan.rooms.command.models import Consultation, Opinion

TITLE_CHARS_MAX, WHO_CHARS_MAX = 200, 100
TEXT_CHARS_MAX = 4_000
INPUTS_MAX = 200
OPINIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class Input:
    """A figure or a state that the meeting stands on: which row, in which version, what it said.

    words: as it was at that moment, so that what the meeting knew can be read when the row has
    changed. at: of when it is, ISO.
    """

    kind: str
    id: int
    version: str
    label: str
    words: str
    at: str


@action("consult.hold", journal="consult.call")
def call(scope: Scope, title: str, chair: str, about_kind: str = "", about_id: int | None = None
         ) -> Consultation:  # fmt: skip
    """A consultation is called; its inputs are not frozen yet."""
    if not title.strip() or not chair.strip():
        raise Refusal("consult-form", _("请写明会商什么、谁主持"), "",
                      _("例如：澄溪镇山洪，县长主持"))  # fmt: skip
    county = CountyFact.objects.values_list("code", flat=True).first() or max(scope.lo, 0)
    row = Consultation.objects.create(
        division=county, world=scope.world, title=shown(title.strip(), TITLE_CHARS_MAX),
        chair=shown(chair.strip(), WHO_CHARS_MAX), about_kind=about_kind, about_id=about_id,
        called_at=clock.now(), called_by=scope.actor.label,
    )  # fmt: skip
    journal.line(scope, "consult.call", row, why=row.title)
    tell(scope, "consult", row.division, consultation=row.id)
    return row


@action("consult.hold", journal="consult.freeze")
def freeze(
    scope: Scope, consultation_id: int, version: int, attendees: str, inputs: list[Input]
) -> Consultation:
    """From here on the meeting speaks about these inputs, whatever the rows become."""
    row = _own(consultation_id, version, "open")
    if not inputs:
        raise Refusal("inputs-none", _("没有选定依据"), "", _("请至少选一项会商依据"))
    if len(inputs) > INPUTS_MAX:
        raise Refusal("inputs-many", _("依据太多"), str(len(inputs)), _("最多 200 项"))
    row.inputs = [asdict(one) for one in inputs]
    row.attendees = shown(attendees.strip(), TEXT_CHARS_MAX)
    row.state, row.frozen_at, row.frozen_by = "frozen", clock.now(), scope.actor.label
    return _changed(scope, row, "consult.freeze", after=row.inputs)


@action("consult.read", journal="consult.opinion")
def say(scope: Scope, consultation_id: int, who: str, text: str) -> Opinion:
    """One opinion, under a name, kept as said."""
    row = _own(consultation_id, None, "frozen")
    if not who.strip() or not text.strip() or len(text) > TEXT_CHARS_MAX:
        raise Refusal("opinion-form", _("请写明谁的意见、内容"), "", _("最多 4000 字"))
    if row.opinions.count() >= OPINIONS_MAX:
        raise Refusal("opinions-many", _("意见太多"), str(OPINIONS_MAX))
    made = Opinion.objects.create(
        division=row.division, world=row.world, consultation=row, said_at=clock.now(),
        who=shown(who.strip(), WHO_CHARS_MAX), text=shown(text.strip(), TEXT_CHARS_MAX),
        keyed_by=scope.actor.label,
    )  # fmt: skip
    journal.line(scope, "consult.opinion", made, why=made.who, after=made.text)
    tell(scope, "consult", row.division, consultation=row.id)
    return made


@action("consult.decide", journal="consult.decide")
def decide(scope: Scope, consultation_id: int, version: int, decision: str) -> Consultation:
    """What was decided, by whom; orders that follow name this consultation as their origin."""
    row = _own(consultation_id, version, "frozen")
    if not decision.strip() or len(decision) > TEXT_CHARS_MAX:
        raise Refusal("decision-form", _("请写明决定"), "", _("最多 4000 字"))
    row.state, row.decided_at, row.decided_by = "decided", clock.now(), scope.actor.label
    row.decided_person = scope.actor.person_id
    row.decision = shown(decision.strip().replace("\r\n", "\n"), TEXT_CHARS_MAX)
    return _changed(scope, row, "consult.decide", after=row.decision)


@action("consult.hold", journal="consult.drop")
def drop(scope: Scope, consultation_id: int, version: int, why: str) -> Consultation:
    """It is not held after all."""
    row = _own(consultation_id, version, "open", "frozen")
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"))
    row.state, row.decision = "dropped", shown(why.strip(), TITLE_CHARS_MAX)
    return _changed(scope, row, "consult.drop", why=why)


def _own(consultation_id: int, version: int | None, *states: str) -> Consultation:
    row = Consultation.objects.select_for_update(of=("self",)).filter(id=consultation_id).first()
    if row is None:
        raise NotFound("consult-unknown", _("没有这次会商"), str(consultation_id))
    if row.state not in states:
        raise Conflict("consult-state", _("这次会商已不在这一步"), row.get_state_display(),
                       _("请看它现在的状态"))  # fmt: skip
    if version is not None and row.version != version:
        raise Conflict("changed-meanwhile", _("这次会商刚被别人改过"), f"v{row.version}",
                       _("请看新内容后再办"))  # fmt: skip
    return row


def _changed(scope: Scope, row: Consultation, name: str, **line: Any) -> Consultation:
    row.version += 1
    row.save()
    journal.line(scope, name, row, **line)
    tell(scope, "consult", row.division, consultation=row.id)
    return row
