"""A plan becomes rows: whole kinds at a time, in the transaction that is open.

What is changed is locked and held against the version that the plan saw. Every record gets its
`Change`; the journal gets one line for the whole file, written by the caller.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from anlan.county import versions
from anlan.county.models import Change, Post
from anlan.county.workbook import bulk
from anlan.county.workbook.desk import Plan
from anlan.county.workbook.items import MODELS, NEW, ORDER, Item
from anlan.ground import secrets
from anlan.ground.errors import Conflict
from anlan.ground.places import parent
from anlan.ground.scope import Scope

BATCH_ROWS = 2_000


def write(scope: Scope, plan: Plan, action: str) -> int:
    """Write everything that moved; returns how many records. Conflict where one was faster."""
    moved = plan.moved()
    try:
        with transaction.atomic():
            _hold_rules("DEFERRED")
            for kind in ORDER:
                _write_kind(scope, kind, [item for item in moved if item.kind == kind])
            _superiors(moved)
            _touch_posts(moved)
            _hold_rules("IMMEDIATE")
    except IntegrityError:
        raise _overtaken() from None
    _write_changes(scope, moved, action)
    return len(moved)


def _hold_rules(when: str) -> None:
    """What may not overlap is held against all rows of the file together: two may change places."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS holding_once, shift_once, alias_once, member_once {when}")


def _overtaken() -> Conflict:
    return Conflict(
        "changed-meanwhile", _("预览之后，有记录被别人改了"), "", _("请重新上传，看新的预览")
    )


def _write_kind(scope: Scope, kind: str, items: list[Item]) -> None:
    model = MODELS[kind]
    fresh = [item for item in items if item.op == NEW]
    known = [item for item in items if item.op != NEW]
    if known:  # first: who ends makes room for who begins
        _change_known(model, known)
    if fresh:
        _add(scope, kind, model, fresh)


def _add(scope: Scope, kind: str, model: type[models.Model], fresh: list[Item]) -> None:
    names, rows = _rows(scope, kind, fresh)
    for item, key in zip(fresh, bulk.insert(model, names, rows), strict=True):
        item.id, item.version = key, 1
        item.before = dict.fromkeys(item.after)


def _change_known(model: type[models.Model], items: list[Item]) -> None:
    rows = {
        row.pk: row
        for row in model._default_manager.select_for_update(of=("self",)).filter(
            pk__in=[item.id for item in items]
        )
    }
    touched: set[str] = {"version"}
    for item in items:
        row = rows.get(item.id)
        if row is None or row.version != item.version:  # type: ignore[attr-defined]
            raise _overtaken()
        item.version += 1
        row.version = item.version  # type: ignore[attr-defined]
        fields = [name for name in item.changed if name != "superior_id"]
        for name, value in _columns(item, fields).items():
            setattr(row, name, value)
            touched.add(name)
    model._default_manager.bulk_update(list(rows.values()), sorted(touched), batch_size=BATCH_ROWS)


def _rows(scope: Scope, kind: str, fresh: list[Item]) -> tuple[list[str], list[list[Any]]]:
    """Columns, and the new records in them; a superior is set once all posts have their id."""
    made = []
    for item in fresh:
        columns = _columns(item, [name for name in item.after if name != "superior_id"])
        if kind == "county.division":
            columns["parent_id"] = parent(columns["code"])
        else:
            if "division" not in columns:
                columns["division"] = _division(item)
            columns["world"] = scope.world
        made.append(columns)
    names = list(dict.fromkeys(name for columns in made for name in columns))
    return names, [[columns.get(name) for name in names] for columns in made]


def _division(item: Item) -> int:
    """Where a record lies that has no place of its own: with its unit, its collective, its post."""
    holder = next(item.after[name] for name in ("unit_id", "collective_id", "post_id")
                  if name in item.after)  # fmt: skip
    return int(holder.after["division"])


def _columns(item: Item, names: list[str]) -> dict[str, Any]:
    """The columns of these fields, references as ids, a number with its hashes."""
    found: dict[str, Any] = {}
    for name in names:
        value = item.after[name]
        found[name] = value.id if isinstance(value, Item) else value
    if found.get("phone"):
        digits = found["phone"]
        found["phone_hash"] = secrets.keyed_hash("phone", digits)
        found["phone_tail_hash"] = secrets.keyed_hash("phone_tail", digits[-4:])
    if "pinyin" in found:
        found["initials"] = "".join(word[0] for word in found["pinyin"].split())
    return found


def _superiors(moved: list[Item]) -> None:
    """Superiors are set once every new post has its id."""
    pairs = {
        item.id: above.id if isinstance(above, Item) else above
        for item in moved
        if item.kind == "county.post" and "superior_id" in item.changed
        for above in (item.after["superior_id"],)
    }
    rows = list(Post.objects.filter(pk__in=pairs))
    for row in rows:
        row.superior_id = pairs[row.pk]
    Post.objects.bulk_update(rows, ["superior_id"], batch_size=BATCH_ROWS)


def _touch_posts(moved: list[Item]) -> None:
    """A post whose holders changed has a new version: an older form of it is refused.

    A post that moves takes its holders and shifts along.
    """
    from anlan.county.models import Holding, RosterShift

    held = {item.after["post_id"].id for item in moved if item.kind == "county.holding"}
    own = {item.id for item in moved if item.kind == "county.post"}
    Post.objects.filter(pk__in=held - own).update(version=F("version") + 1)
    for item in moved:
        if item.kind == "county.post" and item.before.get("division") not in (
            None, item.after["division"],
        ):  # fmt: skip
            for model in (Holding, RosterShift):
                model._default_manager.filter(post_id=item.id).update(
                    division=item.after["division"]
                )


CHANGE = ("division", "world", "object_kind", "object_id", "to_version", "action", "fields",
          "why", "actor")  # fmt: skip


def _write_changes(scope: Scope, moved: list[Item], action: str) -> None:
    """One `Change` a record."""
    actor = scope.actor.label[:200]
    rows = [
        (_place(item), scope.world, item.kind, item.id or 0, item.version, action,
         json.dumps(_fields(item), ensure_ascii=False), "", actor)
        for item in moved
    ]  # fmt: skip
    bulk.insert(Change, CHANGE, rows)


def _place(item: Item) -> int:
    own = item.id if item.kind == "county.division" else item.after.get("division")
    return int(own or _division(item))


def _fields(item: Item) -> dict[str, list[Any]]:
    after = {name: item.after[name] for name in _told(item)}
    return versions.differences(item.before, after, tell_value=shown)


def _told(item: Item) -> list[str]:
    return [name for name in item.after if name != "code"]


def shown(name: str, value: Any) -> Any:
    """A value as a screen shows it, a reference by its name."""
    if isinstance(value, Item):
        return value.after.get("title") or value.after.get("name") or value.id
    return versions.shown(name, value)
