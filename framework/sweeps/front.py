"""The Pareto front: what is left when everything goes that something else beats on all counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def pareto_front(values: NDArray[np.float64]) -> list[int]:
    """Rows that no other row dominates, ascending; in every column more is better. A row with a NaN is never one.

    A row dominates another when it is as good in every column and better in one, so equal rows stand together.
    """
    rows = np.flatnonzero(~np.isnan(values).any(axis=1))
    rows = rows[np.lexsort(-values[rows].T[::-1])]  # the best first, by the first column, ties by the next
    kept = _of_two(values[rows]) if values.shape[1] == 2 else _of_many(values[rows])  # noqa: PLR2004 - a plane
    return sorted(rows[kept].tolist())


def _of_two(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Front of two columns, bool[n]: no row before it (as good in the first column) is as good in the second.

    Equal rows stand side by side, and the first of them decides.
    """
    second = values[:, 1]
    better = second > np.concatenate([[-np.inf], np.maximum.accumulate(second)[:-1]])[: second.shape[0]]
    anew = np.concatenate([[True], (values[1:] != values[:-1]).any(axis=1)])[: second.shape[0]]
    better[:1] = True
    decided: NDArray[np.bool_] = better[np.flatnonzero(anew)[np.cumsum(anew) - 1]]
    return decided


def _of_many(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The same for any number of columns: what the first row left dominates goes, until none is left."""
    found = np.zeros(values.shape[0], dtype=bool)
    rows = np.arange(values.shape[0])
    while rows.size:
        # Nothing that comes later dominates the first one, and what dominated it would have taken it away.
        first = values[0]
        found[rows[(values == first).all(axis=1)]] = True
        kept = (values > first).any(axis=1)
        rows, values = rows[kept], values[kept]
    return found
