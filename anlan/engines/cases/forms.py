"""Forms made of what a step asks for.

An ask's input is `v-<place among the asks>`, so that a case of an older version of its pack has its
fields too. What is asked under a condition is asked of everybody and needed where it holds: the
script hides it, the action decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.county import choices
from anlan.engines.cases.actions import Given, Sent
from anlan.engines.cases.kinds import Ask, Kind
from anlan.engines.ledger import queries as ledger
from anlan.ground.forms import CHOOSE, NONE, Day, Moment, StrictForm, Text, VersionedForm
from anlan.ground.scope import Scope

MARK = "v"
ACCEPTS = {
    "photo": "image/jpeg,image/png",
    "signature": "image/jpeg,image/png,application/pdf",
    "file": ".pdf,.docx,.xlsx,.jpg,.jpeg,.png",
}
FREE = ("happened_at", "lat", "lon")
START_FIELDS = ("division", "title", "object", "place", *FREE, f"{MARK}-#")
STEP_FIELDS = ("version", *FREE, f"{MARK}-#")


class AskForm(StrictForm):
    """What a step asks for, when it happened and where the telephone was."""

    happened_at = Moment(label=_("什么时候"), required=False, help_text=_("不填就是现在"))
    lat = forms.FloatField(label=_("纬度"), required=False, widget=forms.HiddenInput)
    lon = forms.FloatField(label=_("经度"), required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, scope: Scope, asks: Sequence[Ask], **kwargs: Any):
        super().__init__(data, **kwargs)
        self.asks = asks
        by_key = {one.key: f"{MARK}-{n}" for n, one in enumerate(asks)}
        for number, one in enumerate(asks):
            self.fields[f"{MARK}-{number}"] = _input(one, scope, by_key)
        self.order_fields([*(n for n in self.fields if n not in FREE), *FREE])

    def given(self) -> Given:
        """What was said, as the action takes it."""
        got = self.cleaned_data
        values: dict[str, Any] = {}
        papers: dict[str, Sent] = {}
        for number, one in enumerate(self.asks):
            said = got.get(f"{MARK}-{number}")
            if said in (None, ""):
                continue
            if one.is_paper:
                papers[one.key] = Sent(said.read(), said.name or "", got["happened_at"],
                                       got["lat"], got["lon"])  # fmt: skip
                said.seek(0)
            else:
                values[one.key] = said
        return Given(values, papers, got["happened_at"])


class StepForm(AskForm, VersionedForm):
    """A move of a case as the screen showed it."""


class StartForm(AskForm):
    """A new case: its place, what it is about, and what its opening asks."""

    def __init__(
        self, data: Any = None, *, scope: Scope, asks: Sequence[Ask], kind: Kind,
        object_id: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data, scope=scope, asks=asks, **kwargs)
        self.fields["division"] = forms.TypedChoiceField(
            label=_("所在区划"), coerce=int,
            choices=[CHOOSE, *choices.division_choices(scope)],
        )  # fmt: skip
        offered = [pair for name in kind.about for pair in ledger.object_choices(scope, name)]
        if object_id is not None and str(object_id) not in dict(offered):
            object_id = None
        self.fields["object"] = forms.TypedChoiceField(
            label=_("监管对象"), coerce=int, empty_value=None, required=kind.about_needed,
            choices=[CHOOSE if kind.about_needed else NONE, *offered], initial=object_id,
        )  # fmt: skip
        self.fields["place"] = Text(label=_("具体地点"), max_length=200, required=False)
        own = [name for name in self.fields if name.startswith(f"{MARK}-")]
        self.order_fields(["division", "object", "place", *own, *FREE])


def _input(one: Ask, scope: Scope, by_key: Mapping[str, str]) -> forms.Field:
    field = one.field
    needed = field.needed and one.when is None
    common: dict[str, Any] = {"label": field.head, "required": needed, "help_text": field.help}
    made = _typed(one, scope, common)
    if one.when is not None and one.when.field in by_key:
        shown = "|".join(str(value) for value in one.when.values)
        made.widget.attrs["data-when"] = f"{by_key[one.when.field]}={shown}"
    return made


def _typed(one: Ask, scope: Scope, common: dict[str, Any]) -> forms.Field:
    field = one.field
    first = CHOOSE if field.needed else NONE
    if one.is_paper:
        attrs = {"accept": ACCEPTS[field.kind]}
        if field.kind == "photo":
            attrs["capture"] = "environment"
        return forms.FileField(widget=forms.FileInput(attrs=attrs), **common)
    if field.kind == "choice":
        return forms.ChoiceField(choices=[first, *field.options.items()], **common)
    if field.kind == "yes_no":
        return forms.ChoiceField(choices=[first, ("是", _("是")), ("否", _("否"))], **common)
    if field.kind == "unit":
        return forms.ChoiceField(choices=[first, *choices.unit_choices(scope)], **common)
    if field.kind == "object":
        offered = ledger.object_choices(scope, field.of)
        return forms.ChoiceField(choices=[first, *offered], **common)
    if field.kind == "date":
        return Day(**common)
    if field.kind == "note":
        return forms.CharField(
            max_length=field.chars, widget=forms.Textarea(attrs={"rows": 3}), **common
        )
    return Text(max_length=max(field.chars, 40), **common)


class ClockForm(VersionedForm):
    """The clock stands, for one of the pack's causes."""

    cause = forms.ChoiceField(label=_("因什么停"))
    why = Text(label=_("说明"), max_length=200)

    def __init__(self, data: Any = None, *, causes: Mapping[str, str], **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["cause"].choices = list(causes.items())  # type: ignore[attr-defined]


class ExtendForm(VersionedForm):
    """A later day, and why."""

    to_on = Day(label=_("延到哪一天"))
    why = Text(label=_("理由"), max_length=200)


class DecideForm(VersionedForm):
    """A request is granted or not."""

    answer = forms.ChoiceField(label=_("决定"), choices=[("yes", _("同意")), ("no", _("不同意"))])
    why = Text(label=_("理由"), max_length=200)


class WhyForm(VersionedForm):
    """An act on a row with its reason."""

    why = Text(label=_("理由"), max_length=200)


class TaskForm(VersionedForm):
    """A part that a unit does."""

    unit = forms.TypedChoiceField(label=_("交给哪个单位"), coerce=int)
    text = Text(label=_("办什么"), max_length=200)
    due_on = Day(label=_("什么时候以前"))

    def __init__(self, data: Any = None, *, scope: Scope, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["unit"].choices = [CHOOSE, *choices.unit_choices(scope)]  # type: ignore[attr-defined]


class ResultForm(VersionedForm):
    """What came of a part."""

    result = Text(label=_("办得怎样"), max_length=200)
