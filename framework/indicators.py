"""Events and look-backs over arrays that TA-Lib lacks. Row t uses rows up to t only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def crossed_above(a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
    """True at the bars where ``a`` has risen above ``b`` (an array or a number), bool[n].

    That is: at or below it one bar before, above it now. NaN compares false, so there is no crossing before both
    have been known for two bars.
    """
    return _turned_positive(np.subtract(a, b, dtype=np.float64))


def crossed_below(a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
    """True at the bars where ``a`` has fallen below ``b``, bool[n]; the mirror image of ``crossed_above``."""
    return _turned_positive(np.subtract(b, a, dtype=np.float64))


def last_known(values: ArrayLike) -> NDArray[np.float64]:
    """The latest number seen so far in each column, float64[n] or [T, N]; NaN before the first.

    For rankings and indicators over instruments that miss a bar. Never a price to fill an order at.
    """
    given = np.asarray(values, dtype=np.float64)
    rows = np.arange(given.shape[0]).reshape(-1, *[1] * (given.ndim - 1))
    latest = np.maximum.accumulate(np.where(np.isnan(given), 0, rows), axis=0)
    return np.take_along_axis(given, latest, axis=0)


def _turned_positive(gap: NDArray[np.float64]) -> NDArray[np.bool_]:
    turned = np.zeros(gap.shape, dtype=bool)
    turned[1:] = (gap[:-1] <= 0) & (gap[1:] > 0)
    return turned
