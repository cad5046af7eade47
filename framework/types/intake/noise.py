"""Rounding noise of computed prices: a high that lies below the open by the last digits of a float is that open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOISE = 1e-11
"""Share of a price up to which two numbers are one; a float64 tells 1e-16 of it apart, a tick is 1e-6 and more."""


def mend_noise(prices: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mend bars, float64[4, n] (open, high, low, close), whose range fails by rounding alone; True for those mended.

    Two numbers that mean one price become the one with fewer digits: 101.00000000000001 above a high of 101 is 101.
    Works in place; a row that is out by more stays as it is.
    """
    opened, high, low, close = prices
    above, below = np.maximum(opened, close), np.minimum(opened, close)
    wrong = (high < above) | (low > below) | (low > high)
    rows = np.flatnonzero(wrong & np.isfinite(prices).all(axis=0) & (prices > 0).all(axis=0))
    top, bottom = above[rows], low[rows]
    small = (top - high[rows] <= NOISE * top) & (bottom - below[rows] <= NOISE * bottom)
    mended = np.zeros(prices.shape[1], dtype=bool)
    for row in rows[small].tolist():
        bar = dict(zip(("open", "high", "low", "close"), prices[:, row].tolist(), strict=True))
        for name in ("open", "close"):
            for edge, sign in (("high", 1), ("low", -1)):
                if sign * (bar[name] - bar[edge]) > 0:
                    bar[name] = bar[edge] = _fewer_digits(bar[name], bar[edge])
        bar["high"] = max(bar.values())
        bar["low"] = min(bar.values())
        prices[:, row] = list(bar.values())
        mended[row] = True
    return mended


def noise_note(rows: NDArray[np.int64], unit: str = "row") -> tuple[str, ...]:
    """A sentence about mended rows; nothing where there are none."""
    if not rows.size:
        return ()
    what = (
        "1 bar whose range failed by rounding alone was"
        if rows.size == 1
        else (f"{rows.size:,} bars whose range failed by rounding alone were")
    )
    return (f"{what} mended, the first in {unit} {rows[0]}",)


def _fewer_digits(one: float, other: float) -> float:
    return min((one, other), key=lambda price: (len(repr(price)), price))
