"""Growth of an account: simple returns, total return, CAGR."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.types.annualisation import SESSIONS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

NAN = math.nan
PIECE = 32_768
"""Rows: a quarter of a megabyte of each series at a time."""


def simple_returns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Simple returns v[t] / v[t−1] − 1, float64[n−1], of a series of account values.

    From the first value ≤ 0 on (ruin) a return has no meaning and is NaN; the step into ruin itself is kept.
    """
    if values.shape[0] < 2:  # noqa: PLR2004 - a return needs two values
        return np.empty(0)
    before, after = values[:-1], values[1:]
    if np.minimum.reduce(before) > 0:
        returns: NDArray[np.float64] = after / before
        returns -= 1
        return returns
    alive = np.logical_and.accumulate(before > 0)
    result = np.full(after.shape, NAN)
    result[alive] = after[alive] / before[alive] - 1
    return result


def mean(values: NDArray[np.float64]) -> float:
    """Arithmetic mean; NaN of nothing. ``np.mean`` to the bit, without what it does for other kinds of arrays."""
    return float(np.add.reduce(values)) / values.shape[0] if values.shape[0] else NAN


def means_of(rows: int, piece: Callable[[slice], tuple[NDArray[np.float64], ...]]) -> tuple[float, ...]:
    """Means of long series that are made a piece at a time, so that they stay in the cache: ``mean`` to the bit."""
    return tuple(total / rows for total in _sums_of(0, rows, piece))


def _sums_of(first: int, last: int, piece: Callable[[slice], tuple[NDArray[np.float64], ...]]) -> tuple[float, ...]:
    """Sums are made of halves, which is how numpy keeps the rounding of long ones small."""
    if last - first <= PIECE:
        return tuple(float(np.add.reduce(values)) for values in piece(slice(first, last)))
    half = (last - first) // 2
    middle = first + half - half % 8
    left, right = _sums_of(first, middle, piece), _sums_of(middle, last, piece)
    return tuple(one + other for one, other in zip(left, right, strict=True))


def total_return(values: NDArray[np.float64]) -> float:
    """Growth last / first − 1; −1 or below is ruin. NaN without values."""
    if values.shape[0] == 0 or not values[0] > 0:
        return NAN
    return float(values[-1] / values[0] - 1)


def cagr(values: NDArray[np.float64], years: float) -> float:
    """Compound annual growth rate (last / first) ^ (1 / years) − 1; years of 365.25 calendar days.

    −1 after ruin, NaN when no time has passed, inf when a short run extrapolates beyond what a float holds.
    Source: Bacon, Practical Portfolio Performance Measurement and Attribution (2008), annualised return.
    """
    if values.shape[0] == 0 or not values[0] > 0:
        return NAN
    return compounded(float(values[-1] / values[0]), years)


def compounded(times: float, years: float) -> float:
    """``cagr`` of an account that became so many times as large, which is 1 + total return."""
    if not years > 0:
        return NAN
    if times <= 0:
        return -1.0
    exponent = math.log(times) / years
    return math.expm1(exponent) if exponent < math.log(np.finfo(np.float64).max) else math.inf


def per_session(annual: float, per_year: float = SESSIONS_PER_YEAR) -> float:
    """An annual rate (0.06 = 6 % a year) as the rate of one session: (1 + annual) ^ (1 / returns a year) − 1."""
    return math.expm1(math.log1p(annual) / per_year)
