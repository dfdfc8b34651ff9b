"""From what was read to a draft: a text's or a message's items become rows with their doubts.

Flows in: readings of a bulletin or of a CAP message. Flows out: unsaved or saved drafts, each with
the released warning that it changes or lifts, where exactly one fits; else a doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.ground.errors import NotFound
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.places import county_of, level
from anlan.ground.scope import Scope
from anlan.rooms.warning import draft as words
from anlan.rooms.warning import lifting
from anlan.rooms.warning.decisions import Act, Doubt, Reading
from anlan.rooms.warning.models import Bulletin, Received, Warning

FOLLOWED_STEPS_MAX = 50
GONE_AFTER = timedelta(days=7)
# What a text may be that asks for no warning by itself: a person says so before it goes on.
NO_WARNING = {
    "exercise": "写明是演练或测试，不是真的预警，请确认",
    "briefing": "这是气象信息专报，不是预警信号，请确认要不要发预警",
    "none": "读下来不是预警，请确认",
    "correction": "这是更正，请对照原文核对",
}


def township_names(scope: Scope) -> dict[str, int]:
    """Every township under its full name and without 镇, 乡, 街道."""
    names: dict[str, int] = {}
    for place in county.places(scope, "township"):
        names[place.name] = place.code
        short = place.name.removesuffix("街道").removesuffix("镇").removesuffix("乡")
        if len(short) >= 2:
            names[short] = place.code
    return names


def plain(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON-able: times as ISO text, enums as their value."""
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, Act):
            value = value.value
        elif name == "doubts":
            value = [dict(doubt) for doubt in value]
        kept[name] = value
    return kept


def county_code(scope: Scope) -> int:
    """The county of the scope; of a round or a gateway, the one that there is."""
    return county_of(scope.lo) if scope.kind == "post" else fact().code


def fact() -> CountyFact:
    """The county that this database is of."""
    found = CountyFact.objects.first()
    if found is None:
        raise NotFound("no-county", _("还没有建立县"), "", _("请运行 anlan county new"))
    return found


def authority() -> str:
    """In whose name the warning goes out (突发事件应对法 art. 64: the county's government)."""
    return f"{fact().name}人民政府"


def reword(scope: Scope, row: Warning) -> None:
    """Area and message follow the fields."""
    names = county.place_names(scope, row.divisions)
    whole = any(level(code) == "county" for code in row.divisions)
    listed = "、".join(names.get(code, str(code)) for code in sorted(row.divisions))
    row.area = "全县" if whole else listed
    if row.act == "lift" and row.follows is not None:
        row.sms = lifting.all_clear(scope, row.follows)
    elif row.grade:
        row.sms = words.message(
            "warning", fact().name, row.kind_label, row.grade, row.starts_at, row.area,
            row.caution, row.measures,
        )  # fmt: skip


def draft(
    scope: Scope,
    found: Reading,
    now: datetime,
    *,
    bulletin: Bulletin | None = None,
    received: Received | None = None,
    item: int = 1,
    targets: Sequence[Warning] = (),
) -> Warning:
    """Save a draft of one item; its doubts stay open until a person settles them.

    targets: what earlier messages became that this one refers to.
    """
    todo, law = words.measures(found.grade or "blue")
    own = words.kind_text(found.kind)
    place = county_code(scope)
    divisions = list(found.areas) or ([place] if found.whole_county else [])
    row = Warning(
        division=place, world=scope.world, bulletin=bulletin, received=received, item=item,
        act=(found.act or Act.ISSUE).value, kind=found.kind,
        kind_label=own["label"] or found.kind_label, grade=found.grade,
        starts_at=found.issued_at or now, divisions=divisions, caution=own["caution"],
        measures=todo, measures_law=law, issuer=authority(), signal_issuer=found.issuer[:100],
        doubts=[asdict(doubt) for doubt in found.doubts], drafted_by=scope.actor.label,
        drafted_account=scope.actor.id, drafted_person=scope.actor.person_id,
    )  # fmt: skip
    if found.left_out:
        towns = [place.code for place in county.places(scope, "township")]
        row.divisions = [code for code in towns if code not in found.left_out]
    if found.what in NO_WARNING and not (found.what == "exercise" and scope.world != 0):
        _doubt(row, f"what-{found.what}", NO_WARNING[found.what])
    if row.act != "issue":
        _follow(row, targets, now)
    reword(scope, row)
    row.save()
    tell(scope, "warning", row.division, warning=row.id)
    return row


def released(kind: str, now: datetime) -> list[Warning]:
    """Warnings in force of a kind (empty: of every kind), newest first."""
    rows = Warning.objects.filter(state="released", released_at__gt=now - GONE_AFTER)
    rows = rows.exclude(act="lift").order_by("-id")
    return list(rows.filter(kind=kind) if kind else rows)


def _follow(row: Warning, targets: Sequence[Warning], now: datetime) -> None:
    """Which warning it changes or lifts: the one of its kind in force, else a person says."""
    fitting = [one for one in targets if one.state == "released" and one.act != "lift"]
    same = [one for one in fitting if one.kind == row.kind]
    fitting = same or fitting
    if not targets:
        fitting = released(row.kind, now) if row.kind else []
    if len(fitting) > 1:
        _doubt(row, "follows-two", f"有 {len(fitting)} 份预警在发，请选定是哪一份")
    settle_target(row, fitting[0] if len(fitting) == 1 else None)


def settle_target(row: Warning, target: Warning | None) -> None:
    """Take this warning as the one that the draft changes or lifts, and doubt what differs."""
    what = "变更" if row.act == "change" else "解除"
    row.follows = target
    if target is None:
        if not any(doubt["code"] == "follows-two" for doubt in row.doubts):
            _doubt(row, "follows-missing", f"没有找到要{what}的那份预警，请选定")
        return
    if row.act == "lift":
        _as_target(row, target)
    elif set(target.divisions) - set(row.divisions) and not _covers(row, target):
        _doubt(row, "follows-less", "范围比原预警小，去掉的地方是否解除，请确认")


def _as_target(row: Warning, target: Warning) -> None:
    """A lift ends the whole warning: what the text leaves open is taken from it."""
    named = set(row.divisions)
    if named and named != set(target.divisions) and not _covers(row, target):
        _doubt(row, "lift-part", "原文只写了部分乡镇，解除会结束整份预警，请确认")
    if row.grade and row.grade != target.grade:
        _doubt(row, "lift-grade", "解除的级别和原预警不一样，请确认")
    row.kind, row.kind_label = target.kind, target.kind_label
    row.grade, row.divisions = target.grade, list(target.divisions)
    settled = ("area-missing", "area-open", "grade-missing", "kind-missing")
    row.doubts = [doubt for doubt in row.doubts if doubt["code"] not in settled]


def _covers(row: Warning, target: Warning) -> bool:
    return any(level(code) == "county" for code in row.divisions)


def _doubt(row: Warning, code: str, message: str) -> None:
    row.doubts = [*row.doubts, asdict(Doubt(code, 0, 0, "", message))]


def head_id(row: Warning) -> int:
    """The id of the first warning of a chain of changes: its zones and its all-clear go by it."""
    for _step in range(FOLLOWED_STEPS_MAX):
        if row.act == "issue" or row.follows is None:
            break
        row = row.follows
    return row.id
