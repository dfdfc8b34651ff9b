"""Holds what a model declares against what it does: each field refused outside its range and shape,
each output inside the range and shape it was declared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from anlan.science.errors import BadInput
from anlan.science.fields import Field


def refuses_what_is_not_declared(
    call: Callable[..., Any], good: Mapping[str, Any], fields: tuple[Field, ...]
) -> None:
    """call(**good) works; with one value of one field beyond its range, or an axis more, it says
    which field."""
    call(**good)
    for field in fields:
        beyond = [v for v in (field.low - 1, field.high * 2 + 1) if np.isfinite(v)]
        for value in beyond:
            _refused(call, good, field, np.where(_first(good[field.name]), value, good[field.name]))
        if field.shape:
            _refused(call, good, field, np.asarray(good[field.name])[None])
        if not field.whole:
            _refused(
                call, good, field, np.where(_first(good[field.name]), np.nan, good[field.name])
            )


def _first(values: Any) -> Any:
    marks = np.zeros(np.shape(values), bool)
    marks.flat[0] = True
    return marks


def _refused(call: Callable[..., Any], good: Mapping[str, Any], field: Field, value: Any) -> None:
    if field.whole and np.issubdtype(value.dtype, np.floating):
        value = value.astype(np.int64)
    with pytest.raises(BadInput) as refusal:
        call(**{**good, field.name: value})
    assert refusal.value.code.startswith(field.name), (field.name, refusal.value.code)


def gives_what_is_declared(found: Mapping[str, Any], fields: tuple[Field, ...]) -> None:
    """Shape, wholeness and range of what came out."""
    lengths: dict[str, int] = {}
    for field in fields:
        values = np.asarray(found[field.name])
        assert values.ndim == len(field.shape), field.name
        for word, length in zip(field.shape, values.shape, strict=True):
            assert lengths.setdefault(word, length) == length, (field.name, word)
        assert not field.whole or values.dtype.kind in "iub", field.name
        assert ((values >= field.low) & (values <= field.high)).all(), field.name
