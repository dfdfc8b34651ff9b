"""How a model declares what flows in and out: name, unit, shape and range of each array.

`check` holds an input against its declaration; one test holds every declaration against what its
model really takes and gives. Shapes are words: equal words within a call must be equal lengths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput


@dataclass(frozen=True)
class Field:
    """name: as in the call; shape: words for its axes, () for a number; low, high: both allowed."""

    name: str
    unit: str
    shape: tuple[str, ...]
    low: float
    high: float
    whole: bool = False
    nan: bool = False


def check(
    fields: tuple[Field, ...], values: Mapping[str, Any], lengths: dict[str, int] | None = None
) -> dict[str, NDArray[Any]]:
    """The values as arrays, each of its declared shape and range. Raises BadInput.

    lengths: known lengths of axes, filled as they are met.
    """
    known = {} if lengths is None else lengths
    return {field.name: _checked(field, values[field.name], known) for field in fields}


def _checked(field: Field, value: Any, lengths: dict[str, int]) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "iufb" or (array.dtype.kind == "f" and field.whole):
        kind = "whole numbers" if field.whole else "numbers"
        raise BadInput(f"{field.name}-kind", f"{field.name} must be {kind}, not {array.dtype}")
    if array.ndim != len(field.shape):
        raise BadInput(
            f"{field.name}-shape", f"{field.name} has axes {field.shape}, not {array.shape}"
        )
    for word, length in zip(field.shape, array.shape, strict=True):
        if lengths.setdefault(word, length) != length:
            raise BadInput(
                f"{field.name}-shape",
                f"{field.name}: {length} {word} where other arrays have {lengths[word]}",
            )
    if array.size and field.nan:
        outside = (array < field.low) | (array > field.high)
    else:
        outside = ~((array >= field.low) & (array <= field.high))
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        raise BadInput(
            f"{field.name}-range",
            f"{field.name}{list(where)} = {array[where]} is outside {field.low:g} to "
            f"{field.high:g} {field.unit}",
        )
    return array
