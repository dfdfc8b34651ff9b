"""Forms that take what they declare and nothing else.

Flows in: the fields of a POST. Flows out: typed values, or faults beside their fields. A field
that the form does not declare, and a single field that comes twice, is refused whole: whoever adds
`rights=…` to a request meets a refusal, not silence (R53). A form of a row carries the row's
version, so that the action can tell whether somebody else was faster (R22).
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.web import FREE_FIELDS

# What the frame of every page adds by itself.
FRAME_FIELDS = FREE_FIELDS | {"next"}
SHOWN_FIELDS_MAX = 5
MOMENT_FORMAT = "%Y-%m-%dT%H:%M"


class StrictForm(forms.Form):
    """A Django form that refuses undeclared and doubled fields."""

    required_css_class = "required"
    error_css_class = "bad"

    def __init__(self, data: Any = None, **kwargs: Any):
        kwargs.setdefault("label_suffix", "")
        super().__init__(data, **kwargs)

    def full_clean(self) -> None:
        if self.is_bound:
            self._refuse_strangers()
        super().full_clean()

    def _refuse_strangers(self) -> None:
        known = {self.add_prefix(name) for name in self.fields} | FRAME_FIELDS
        strange = [name for name in self.data if name not in known]
        many = {
            self.add_prefix(name)
            for name, field in self.fields.items()
            if isinstance(field, forms.MultipleChoiceField)
        }
        getlist = getattr(self.data, "getlist", None)
        if getlist is not None:
            strange += [name for name in self.data if name not in many and len(getlist(name)) > 1]
        if strange:
            raise Refusal(
                "form-field",
                _("提交的内容里有这张表单没有的项"),
                "、".join(_harmless(name) for name in sorted(set(strange))[:SHOWN_FIELDS_MAX]),
                _("请刷新页面后重新填写"),
            )


def _harmless(name: str) -> str:
    return "".join(c for c in name if unicodedata.category(c)[0] != "C")[:40]


class VersionedForm(StrictForm):
    """A form of a row that may be changed by others meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class Text(forms.CharField):
    """One line of text: trimmed, bounded, without control and bidirectional marks."""

    def __init__(self, *, max_length: int = 100, **kwargs: Any):
        super().__init__(max_length=max_length, **kwargs)

    def clean(self, value: Any) -> str:
        text = str(super().clean(value) or "")
        if any(unicodedata.category(c)[0] == "C" for c in text):
            raise forms.ValidationError(_("含有看不见的控制字符，请重新输入"))
        return text


class Day(forms.DateField):
    """A day of the county's calendar."""

    def __init__(self, **kwargs: Any):
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **kwargs)


class Moment(forms.CharField):
    """A moment on the county's wall clock, to the minute; aware when it comes out."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}))
        super().__init__(max_length=20, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return clock.local(value).strftime(MOMENT_FORMAT) if isinstance(value, datetime) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return datetime.strptime(text, MOMENT_FORMAT).replace(tzinfo=clock.COUNTY_ZONE)
        except ValueError:
            raise forms.ValidationError(_("时间应为 2026-07-10T08:30 的样子")) from None


def fields_of(form: StrictForm) -> dict[str, Any]:
    """The cleaned values; a Refusal that names every field where there are faults.

    For forms of one or two fields that have no page of their own to show faults beside them.
    """
    if form.is_valid():
        return dict(form.cleaned_data)
    faults = [
        f"{form.fields[name].label or name}：{'；'.join(errors)}" if name in form.fields else
        "；".join(errors)
        for name, errors in form.errors.items()
    ]  # fmt: skip
    raise Refusal("form-fault", _("有几项没有填对"), "　".join(faults), _("请返回改正后再提交"))


def posted(request: HttpRequest, form: type[StrictForm], **kwargs: Any) -> dict[str, Any]:
    """The values of a small form as it was posted."""
    return fields_of(form(request.POST, **kwargs))


CHOOSE = ("", _lazy("（请选择）"))
NONE = ("", _lazy("（没有）"))
