"""Forms of the ledger, made of what a type declares."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.county import choices
from anlan.county.forms import OfPlace
from anlan.engines.ledger import queries
from anlan.engines.ledger.actions import Entry
from anlan.engines.ledger.kinds import Field, ObjectType
from anlan.engines.ledger.types import all_types
from anlan.ground.forms import CHOOSE, NONE, Day, StrictForm, Text, VersionedForm
from anlan.ground.scope import Scope

OWN = ("division", "name", "code", "lat", "lon", "source", "facets")


class ObjectForm(OfPlace):
    """An object of a type: what all have, and the type's own fields with those of its facets."""

    name = Text(label=_("名称"), max_length=200)
    code = Text(label=_("编号"), max_length=60, required=False)
    lat = forms.FloatField(label=_("纬度"), required=False, help_text=_("WGS-84，例如 30.3300"))
    lon = forms.FloatField(label=_("经度"), required=False)
    source = Text(label=_("来源"), max_length=200, required=False,
                  help_text=_("从哪里抄来的：执照、巡查、名册"))  # fmt: skip
    facets = forms.MultipleChoiceField(label=_("行业侧面"), required=False,
                                       widget=forms.CheckboxSelectMultiple)  # fmt: skip

    def __init__(self, data: Any = None, *, scope: Scope, kind: ObjectType, **kwargs: Any):
        super().__init__(data, scope=scope, **kwargs)
        self.kind = kind
        self.fields["code"].label, self.fields["code"].required = kind.code_label, kind.code_needed
        if kind.facets:
            self.fields["facets"].choices = list(kind.facets.items())  # type: ignore[attr-defined]
        else:
            del self.fields["facets"]
        for field in kind.fields:
            self.fields[field.input] = _input(field, scope)

    def entry(self) -> Entry:
        """What was written, as the action takes it. Fields of facets not chosen are left out."""
        got = self.cleaned_data
        facets = tuple(got.get("facets") or ())
        values = {
            one.key: got.get(one.input)
            for one in self.kind.own_fields(facets)
            if got.get(one.input) not in (None, "")
        }
        return Entry(int(got["division"]), got["name"], got["code"], values, facets, got["lat"],
                     got["lon"], got["source"])  # fmt: skip


class ObjectEdit(ObjectForm, VersionedForm):
    """An object as it stands."""


def _input(field: Field, scope: Scope) -> forms.Field:
    label = f"{field.facet and '· '}{field.head}"
    common: dict[str, Any] = {"label": label, "required": field.needed and not field.facet,
                              "help_text": field.help}  # fmt: skip
    first = CHOOSE if field.needed else NONE
    if field.kind == "choice":
        return forms.ChoiceField(choices=[first, *field.options.items()], **common)
    if field.kind == "yes_no":
        unknown = ("", _("（不清楚）"))
        return forms.ChoiceField(choices=[unknown, ("是", _("是")), ("否", _("否"))], **common)
    if field.kind == "unit":
        return forms.ChoiceField(choices=[first, *choices.unit_choices(scope)], **common)
    if field.kind == "object":
        return forms.ChoiceField(
            choices=[first, *queries.object_choices(scope, field.of)], **common
        )
    if field.kind == "date":
        return Day(**common)
    if field.kind == "note":
        return forms.CharField(max_length=field.chars, widget=forms.Textarea(attrs={"rows": 3}),
                               **common)  # fmt: skip
    return Text(max_length=max(field.chars, 40), **common)


def initial_of(kind: ObjectType, row: Any) -> dict[str, Any]:
    """The form's values of a row."""
    told = {name: getattr(row, name) for name in OWN} | {"version": row.version}
    for field in kind.fields:
        value = row.fields.get(field.key)
        told[field.input] = ("是" if value else "否") if isinstance(value, bool) else value
    return told


def post_fields() -> list[str]:
    """Every field that a form of any type may carry; each form refuses those of others."""
    own = {field.input for kind in all_types().values() for field in kind.fields}
    return sorted({"version", "facets*", *(name for name in OWN if name != "facets"), *own})


class StateForm(VersionedForm):
    """How it stands from a day on, by which paper."""

    state = forms.ChoiceField(label=_("状态"))
    from_on = Day(label=_("自哪一天起"))
    document = Text(label=_("依据"), max_length=200, help_text=_("例如：停产通知书的文号"))

    def __init__(self, data: Any = None, *, kind: ObjectType, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["state"].choices = list(kind.states.items())  # type: ignore[attr-defined]


class MergeForm(StrictForm):
    """Two rows that are one: the kept one and the other, as the screen showed them."""

    kept = forms.IntegerField(min_value=1)
    kept_version = forms.IntegerField(min_value=1)
    other = forms.IntegerField(min_value=1)
    other_version = forms.IntegerField(min_value=1)


class DutyForm(StrictForm):
    """A line of the duty matrix. part: `type`, or `type|field|value`."""

    unit = forms.TypedChoiceField(label=_("监管单位"), coerce=int)
    part = forms.ChoiceField(label=_("管哪些对象"))
    why = Text(label=_("依据"), max_length=200, help_text=_("三定规定、职责分工文件的文号"))

    def __init__(self, data: Any = None, *, scope: Scope, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["unit"].choices = [CHOOSE, *choices.unit_choices(scope)]  # type: ignore[attr-defined]
        self.fields["part"].choices = [CHOOSE, *parts()]  # type: ignore[attr-defined]


def parts() -> list[tuple[str, str]]:
    """What a line of the matrix may cover: whole types, and each choice of their choice fields."""
    found = []
    for kind in all_types().values():
        found.append((kind.name, kind.label))
        for field in kind.fields:
            for key, word in field.options.items():
                found.append((f"{kind.name}|{field.key}|{key}", f"　{kind.label} · {word}"))
    return found


class SendForm(StrictForm):
    """A table of one type."""

    file = forms.FileField(label=_("表格"),
                           help_text=_("从这一页导出的 XLSX，改好再传，不超过 20 MB"))  # fmt: skip


class ConfirmForm(StrictForm):
    """The file whose preview was shown, by its digest, and the digest of what it would change."""

    file = forms.CharField(min_length=64, max_length=64)
    plan = forms.CharField(min_length=64, max_length=64)
    name = Text(max_length=200)
