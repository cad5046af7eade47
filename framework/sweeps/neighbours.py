"""Neighbours of a parameter set in the grid: a peak that stands alone is luck."""

from __future__ import annotations

import math
from itertools import product
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Position = tuple[int, ...]


def plateau(at: Position, values: Mapping[Position, float], axes: Mapping[str, Sequence[Any]]) -> float:
    """Median of the values one step away on every axis (diagonals too), without its own; NaN where none was tried.

    An axis of texts has no order, so it has no neighbours either.
    """
    steps = [(-1, 0, 1) if _ordered(axis) else (0,) for axis in axes.values()]
    around = (tuple(a + b for a, b in zip(at, step, strict=True)) for step in product(*steps) if any(step))
    found = [values[near] for near in around if not math.isnan(values.get(near, math.nan))]
    return median(found) if found else math.nan


def edges(at: Position, axes: Mapping[str, Sequence[Any]]) -> list[str]:
    """Axes on whose first or last value the set lies, as ``period = 5``: something better may lie beyond."""
    return [
        f"{name} = {axis[here]}"
        for here, (name, axis) in zip(at, axes.items(), strict=True)
        if len(axis) > 2 and _ordered(axis) and here in {_rank(axis, 0), _rank(axis, -1)}  # noqa: PLR2004 - an inside
    ]


def _ordered(axis: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in axis)


def _rank(axis: Sequence[Any], which: int) -> int:
    """Index of the smallest (0) or greatest (−1) value."""
    return sorted(range(len(axis)), key=axis.__getitem__)[which]
