"""The forms of the county's pages: each takes what it declares and nothing else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.county import choices, division_actions
from anlan.county.rights import table
from anlan.ground.forms import CHOOSE, NONE, Day, Moment, StrictForm, Text, VersionedForm
from anlan.ground.scope import Scope

UNIT_KINDS = [("unit", _("单位")), ("collective", _("集合"))]
REASONS = ("叫应", "核实", "转移联络", "值班联络")


def _post_kinds() -> list[tuple[str, str]]:
    own = table()
    return [CHOOSE, *((kind, own.post_labels[kind]) for kind in own.posts)]  # type: ignore[list-item]


class OfPlace(StrictForm):
    """A form with a place of the scope, as a choice."""

    division = forms.TypedChoiceField(label=_("所在区划"), coerce=int)

    def __init__(self, data: Any = None, *, scope: Scope, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["division"].choices = [CHOOSE, *choices.division_choices(scope)]  # type: ignore[attr-defined]


class UnitForm(OfPlace):
    """A new unit or collective."""

    name = Text(label=_("名称"))
    kind = forms.ChoiceField(label=_("类别"), choices=UNIT_KINDS,
                             help_text=_("集合是几个单位的合称"))  # fmt: skip
    order = forms.IntegerField(label=_("顺序"), initial=0, min_value=-9999, max_value=9999)


class UnitEdit(OfPlace, VersionedForm):
    """A unit as it stands."""

    name = Text(label=_("名称"))
    order = forms.IntegerField(label=_("顺序"), min_value=-9999, max_value=9999)
    keep_old_name = forms.BooleanField(label=_("改名后，旧名称作为别名保留到今天"), required=False)


class EndOn(VersionedForm):
    """Something ends on a day, for a reason."""

    on = Day(label=_("停用日"))
    why = Text(label=_("原因"), max_length=200, required=False)


class EndNow(VersionedForm):
    """Something ends now, for a reason."""

    why = Text(label=_("原因"), max_length=200)


class AliasForm(StrictForm):
    """Another name of a unit."""

    name = Text(label=_("别名"))
    valid_from = Day(label=_("自"), required=False)
    valid_to = Day(label=_("至"), required=False)


class MemberForm(StrictForm):
    """A member of a collective."""

    member = forms.TypedChoiceField(label=_("成员单位"), coerce=int)
    valid_from = Day(label=_("自"), required=False)
    valid_to = Day(label=_("至"), required=False)

    def __init__(self, data: Any = None, *, scope: Scope, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["member"].choices = [CHOOSE, *choices.unit_choices(scope)]  # type: ignore[attr-defined]


class RowEnd(VersionedForm):
    """A dated row ends on a day."""

    on = Day(label=_("至"))


class PostForm(OfPlace):
    """A new post; its superior is chosen on its own page, when its place is known."""

    title = Text(label=_("岗位名称"))
    kind = forms.ChoiceField(label=_("类型"), choices=_post_kinds,
                             help_text=_("类型决定权限和叫应链里的位置"))  # fmt: skip
    unit = forms.TypedChoiceField(label=_("单位"), coerce=int, empty_value=None, required=False)
    superior = forms.TypedChoiceField(
        label=_("上级岗位"), coerce=int, empty_value=None, required=False,
        help_text=_("叫不应时叫上级"),
    )  # fmt: skip
    order = forms.IntegerField(label=_("顺序"), initial=0, min_value=-9999, max_value=9999)

    def __init__(
        self, data: Any = None, *, scope: Scope, place: int, own: int | None = None,
        kept: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data, scope=scope, **kwargs)
        units = choices.unit_choices(scope)
        superiors = choices.post_choices(scope, place, own)
        if kept is not None and str(kept) not in dict(superiors):
            superiors.insert(0, (str(kept), _("（现任上级不在您的范围内）")))  # type: ignore[arg-type]
        self.fields["unit"].choices = [NONE, *units]  # type: ignore[attr-defined]
        self.fields["superior"].choices = [NONE, *superiors]  # type: ignore[attr-defined]


class PostEdit(PostForm, VersionedForm):
    """A post as it stands."""


class PersonForm(OfPlace):
    """A new person."""

    name = Text(label=_("姓名"), max_length=60)
    number = Text(label=_("号码"), max_length=20)
    pinyin = Text(label=_("拼音"), max_length=200, required=False,
                  help_text=_("读法与字典不同的才填，音节之间空一格"))  # fmt: skip


class PersonEdit(PersonForm, VersionedForm):
    """A person as they stand; an empty number stays as it is."""

    number = Text(label=_("新号码"), max_length=20, required=False,
                  help_text=_("不改就留空"))  # fmt: skip


class HoldForm(VersionedForm):
    """Who takes a post or a deputy's place, and from when."""

    person = forms.TypedChoiceField(label=_("接任人"), coerce=int)
    rank = forms.TypedChoiceField(label=_("顺位"), coerce=int, choices=[
        (0, _("任职")), *((n, _("第 %(n)d 副职") % {"n": n}) for n in range(1, 10))])  # fmt: skip
    at = Moment(label=_("交接时间"), required=False,
                help_text=_("不填就是现在；可以是将来；补录过去的要写原因"))  # fmt: skip
    why = Text(label=_("原因"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, scope: Scope, place: int, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["person"].choices = [CHOOSE, *choices.person_choices(scope, place)]  # type: ignore[attr-defined]


class VacateForm(VersionedForm):
    """A post or a deputy's place becomes vacant now."""

    rank = forms.IntegerField(min_value=0, max_value=9)


class ShiftForm(StrictForm):
    """Who is on duty from when to when."""

    person = forms.TypedChoiceField(label=_("值班人"), coerce=int)
    starts_at = Moment(label=_("开始"))
    ends_at = Moment(label=_("结束"))

    def __init__(self, data: Any = None, *, scope: Scope, place: int, **kwargs: Any):
        super().__init__(data, **kwargs)
        self.fields["person"].choices = [CHOOSE, *choices.person_choices(scope, place)]  # type: ignore[attr-defined]


class ShiftEdit(ShiftForm, VersionedForm):
    """A shift as it stands."""


class Bare(VersionedForm):
    """A button about a row: nothing but the row's version."""


def _division_kinds() -> list[tuple[str, str]]:
    return [CHOOSE, *((k, k) for kinds in division_actions.KINDS.values() for k in kinds)]  # type: ignore[list-item]


class DivisionFields(StrictForm):
    """What a division has beside its code."""

    name = Text(label=_("名称"))
    kind = forms.ChoiceField(label=_("类型"), choices=_division_kinds)
    population = forms.IntegerField(label=_("人口"), required=False, min_value=0,
                                    max_value=100_000_000)  # fmt: skip
    label_lat = forms.FloatField(label=_("标注点纬度"), required=False,
                                 help_text=_("WGS-84，例如 30.3300"))  # fmt: skip
    label_lon = forms.FloatField(label=_("标注点经度"), required=False)
    source = Text(label=_("来源"), max_length=200,
                  help_text=_("区划代码出自哪份文件、哪一年"))  # fmt: skip


class DivisionForm(DivisionFields):
    """A new township or village."""

    code = Text(label=_("区划代码"), max_length=12,
                help_text=_("乡镇 9 位、村社区 12 位（统计用区划代码）"))  # fmt: skip
    field_order = ("code",)


class DivisionEdit(DivisionFields, VersionedForm):
    """A division as it stands."""


class OutlineForm(StrictForm):
    """A GeoJSON file of outlines with its source."""

    file = forms.FileField(label=_("界线文件"), required=True,
                           help_text=_("GeoJSON，WGS-84，每个面带 code，不超过 20 MB"))  # fmt: skip
    source = Text(label=_("来源"), max_length=200)


class RevealForm(StrictForm):
    """Why a whole number is looked at."""

    why = Text(label=_("原因"), max_length=200)
