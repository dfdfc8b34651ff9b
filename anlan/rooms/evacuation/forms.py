"""The forms of shelters, zones and households: each takes what it declares and nothing else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.county import choices
from anlan.ground.forms import CHOOSE, NONE, StrictForm, Text, VersionedForm
from anlan.ground.places import level
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import queries
from anlan.rooms.evacuation.models import RISKS
from anlan.rooms.evacuation.register_actions import (
    CAPACITY_MAX,
    HOUSEHOLDS_MAX,
    PEOPLE_MAX,
    Home,
    hazards,
)

LIST_CHARS_MAX = 20_000
CELLS = 4


class _Point(StrictForm):
    lat = forms.FloatField(label=_lazy("纬度"), required=False,
                           help_text=_lazy("WGS-84，例如 30.3300；不填则不上地图"))  # fmt: skip
    lon = forms.FloatField(label=_lazy("经度"), required=False)


class ShelterForm(_Point):
    """A place to go."""

    division = forms.TypedChoiceField(label=_lazy("所在区划"), coerce=int)
    name = Text(label=_lazy("名称"))
    capacity = forms.IntegerField(label=_lazy("能安置多少人"), min_value=1, max_value=CAPACITY_MAX)
    keeper_post_id = forms.TypedChoiceField(
        label=_lazy("管护岗位"), coerce=int, empty_value=None, required=False
    )
    field_order = ("division", "name", "capacity", "keeper_post_id", "lat", "lon")

    def __init__(self, data: Any = None, *, scope: Scope, place: int, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["division"].choices = [CHOOSE, *choices.division_choices(scope)]  # type: ignore[attr-defined]
        keepers = choices.post_choices(scope, place)
        self.fields["keeper_post_id"].choices = [NONE, *keepers]  # type: ignore[attr-defined]


class ShelterEdit(ShelterForm, VersionedForm):
    """A shelter as it stands."""


class ZoneForm(_Point):
    """A zone of a village; the shelter stands first in its own township."""

    division = forms.TypedChoiceField(label=_lazy("村、社区"), coerce=int)
    name = Text(label=_lazy("片区名称"), help_text=_lazy("例如：一组河边，十二户左右一片"))
    hazard = forms.ChoiceField(label=_lazy("受什么威胁"))
    risk = forms.ChoiceField(label=_lazy("风险"), choices=RISKS, initial="high")
    shelter_id = forms.TypedChoiceField(
        label=_lazy("去处"), coerce=int, empty_value=None, required=False
    )
    field_order = ("division", "name", "hazard", "risk", "shelter_id", "lat", "lon")

    def __init__(self, data: Any = None, *, scope: Scope, **kwargs: Any):
        super().__init__(data, **kwargs)
        places = choices.division_choices(scope)
        villages = [(code, name) for code, name in places if level(int(code)) == "village"]
        self.fields["division"].choices = [CHOOSE, *villages]  # type: ignore[attr-defined]
        self.fields["hazard"].choices = [CHOOSE, *hazards()]  # type: ignore[attr-defined]
        shelters = [
            (str(row.id), _("%(name)s（%(n)d 人）") % {"name": row.name, "n": row.capacity})
            for row in queries.shelters(scope)
        ]
        self.fields["shelter_id"].choices = [NONE, *shelters]  # type: ignore[attr-defined]


class ZoneEdit(ZoneForm, VersionedForm):
    """A zone as it stands."""


class HouseholdForm(StrictForm):
    """A household of a zone."""

    head = Text(label=_lazy("户主"), max_length=60)
    people = forms.IntegerField(label=_lazy("人数"), min_value=1, max_value=PEOPLE_MAX)
    needs = Text(label=_lazy("需要的帮助"), max_length=100, required=False,
                 help_text=_lazy("例如：独居老人，行动不便；没有就不填"))  # fmt: skip
    helper_id = forms.TypedChoiceField(
        label=_lazy("谁来接"), coerce=int, empty_value=None, required=False,
        help_text=_lazy("同一片区的另一户；需要帮助的户都要有人来接"),
    )  # fmt: skip

    def __init__(
        self, data: Any = None, *, scope: Scope, zone_id: int, own: int | None = None, **kwargs: Any
    ):
        super().__init__(data, **kwargs)
        homes = queries.homes(scope, zone_id)
        helpers = [(str(row.id), str(row.head)) for row in homes if row.id != own]
        self.fields["helper_id"].choices = [NONE, *helpers]  # type: ignore[attr-defined]


class HouseholdEdit(HouseholdForm, VersionedForm):
    """A household as it stands."""


class HomesForm(StrictForm):
    """A list of households, one a line, as it is copied from a spreadsheet."""

    homes = forms.CharField(
        label=_lazy("一行一户"), max_length=LIST_CHARS_MAX, strip=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_lazy("户主、人数、需要的帮助、谁来接，用制表符或逗号隔开；可以从表格里整块复制"),
    )  # fmt: skip

    def clean_homes(self) -> list[Home]:
        rows = [line for line in self.cleaned_data["homes"].splitlines() if line.strip()]
        if len(rows) > HOUSEHOLDS_MAX:
            raise forms.ValidationError(_("一次最多 60 户"))
        found, faults = [], []
        for number, line in enumerate(rows, 1):
            home = _home(line)
            if home is None:
                faults.append(_("第 %(n)d 行读不出：%(t)s") % {"n": number, "t": line.strip()[:30]})
            else:
                found.append(home)
        if faults:
            raise forms.ValidationError(faults[:10])
        return found


def _home(line: str) -> Home | None:
    """户主、人数、帮助、谁来接; None where the number is none, or there is too much."""
    cells = line.split("\t") if "\t" in line else line.replace("，", ",").split(",")
    cells = [cell.strip() for cell in cells]
    if not 2 <= len(cells) <= CELLS or any(not cell.isprintable() for cell in cells):
        return None
    if not cells[1].isascii() or not cells[1].isdigit() or len(cells[1]) > 4:
        return None
    return Home(cells[0][:60], int(cells[1]), *(cell[:100] for cell in cells[2:]))


class EndNow(VersionedForm):
    """Something ends now, for a reason."""

    why = Text(label=_lazy("原因"), max_length=200)
