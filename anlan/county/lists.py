"""What the county's lists have in common: a page of rows, one row or a refusal, place names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.county.models import (
    Division,
)
from anlan.ground.errors import NotFound

ROWS = 50
PAGES_MAX = 400
CHOICES_MAX = 2_000
RECORDS_MAX = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its rows, how many there are in all, and the pages beside it."""

    rows: list[Any]
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS))

    @property
    def before(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.number + 1 if self.number < min(self.pages, PAGES_MAX) else None


def paged(found: QuerySet[Any], number: int) -> Page:
    """The page of that number (1 and on), at most PAGES_MAX deep."""
    number = min(max(number, 1), PAGES_MAX)
    first = (number - 1) * ROWS
    return Page(list(found[first : first + ROWS]), found.order_by().count(), number)


def one(model: type[models.Model], key: int) -> Any:
    row = model._default_manager.filter(pk=key).first()
    if row is None:
        raise NotFound("not-found", _("没有这条记录"), str(key), _("请返回列表重新选择"))
    return row


def names_of(codes: Any) -> dict[int, str]:
    """Names of the divisions by code."""
    return dict(Division.objects.filter(code__in=set(codes)).values_list("code", "name"))
