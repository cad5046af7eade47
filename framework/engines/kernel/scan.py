"""Speed only: scans of many bars at once, for the end of a stretch, its worth, and the new targets of a row.

Columns are float64[T], one bar beside the next. A question is put to a block of bars without a branch, which the
compiler turns into a few wide instructions; only the block that holds the answer is walked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.engines.kernel.risk import drawdown_limit
from framework.rules.breaker import is_ruin, loss_reached
from framework.rules.ledger import marked_within
from framework.rules.money import fits
from framework.rules.targets import is_asked, is_new

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from framework.engines.kernel.layout import Params

BLOCK = 32
"""Bars of one block. Any number gives the same answers."""


def first_end(ends: NDArray[np.bool_], row: int, last: int) -> int:
    """First row ≥ ``row`` that ends its session; ``last`` without one."""
    while row < last:
        block = ends[row : min(row + BLOCK, last)]
        found = False
        for k in range(block.shape[0]):
            found |= block[k]
        if found:
            break
        row += block.shape[0]
    while row < last and not ends[row]:
        row += 1
    return row


def first_asked(target: NDArray[np.float64], row: int, last: int, intent: float) -> int:
    """First row ≥ ``row`` whose target is another than the intent (NaN: any target); ``last`` without one."""
    while row < last:
        block = target[row : min(row + BLOCK, last)]
        found = False
        for k in range(block.shape[0]):
            found |= is_new(block[k], intent)
        if found:
            break
        row += block.shape[0]
    while row < last and not is_new(target[row], intent):
        row += 1
    return row


def next_asked(target: NDArray[np.float64], intents: NDArray[np.float64], i: int, repeats: bool) -> int:
    """First instrument ≥ ``i`` whose target of this row asks for something; how many there are without one."""
    last = target.shape[0]
    while i < last:
        until = min(i + BLOCK, last)
        wanted, kept = target[i:until], intents[i:until]
        found = False
        for k in range(wanted.shape[0]):
            found |= is_asked(wanted[k], kept[k], repeats)
        if found:
            break
        i = until
    while i < last and not is_asked(target[i], intents[i], repeats):
        i += 1
    return i


def first_unpriced(close: NDArray[np.float64], row: int, last: int, quantity: int) -> int:
    """First row ≥ ``row`` without a close, or with one at which the position is worth more than paise can hold."""
    while row < last:
        block = close[row : min(row + BLOCK, last)]
        found = False
        for k in range(block.shape[0]):
            found |= not ((block[k] > 0.0) & fits(block[k] * abs(quantity)))
        if found:
            break
        row += block.shape[0]
    while row < last and close[row] > 0.0 and fits(close[row] * abs(quantity)):
        row += 1
    return row


def first_touched(
    low: NDArray[np.float64], high: NDArray[np.float64], row: int, last: int, floor: float, ceiling: float
) -> int:
    """First row ≥ ``row`` whose bar reaches down to ``floor`` or up to ``ceiling``; ``last`` without one."""
    while row < last:
        until = min(row + BLOCK, last)
        lows, highs = low[row:until], high[row:until]
        found = False
        for k in range(lows.shape[0]):
            found |= (lows[k] <= floor) | (highs[k] >= ceiling)
        if found:
            break
        row = until
    while row < last and not (low[row] <= floor or high[row] >= ceiling):
        row += 1
    return row


def stay_flat(
    equity: NDArray[np.int64], cash: NDArray[np.int64], exposure: NDArray[np.int64], row: int, last: int, paid: int
) -> None:
    """Write the account of rows [row, last) without a position: ``paid`` paise of cash."""
    equity[row:last] = paid
    cash[row:last] = paid
    exposure[row:last] = 0


def value_held(
    close: NDArray[np.float64],
    equity: NDArray[np.int64],
    cash: NDArray[np.int64],
    exposure: NDArray[np.int64],
    quantity: int,
    paid: int,
) -> int:
    """Write the account at every one of these closes; returns the lowest equity, paise."""
    lowest = paid + marked_within(quantity, close[0])
    for k in range(close.shape[0]):
        mark = marked_within(quantity, close[k])
        equity[k] = paid + mark
        cash[k] = paid
        exposure[k] = abs(mark)
        lowest = min(lowest, paid + mark)
    return lowest


def first_trip(p: Params, equity: NDArray[np.int64], start: int, limit: int, peak: int, falls: bool) -> tuple[int, int]:
    """Index of the first equity that trips the breaker, or how many there are; and the highest before it, paise.

    Ruin does. ``limit`` is the loss since ``start`` that trips, −1 = none; ``falls``: a fall from the peak does too.
    """
    for k in range(equity.shape[0]):
        if is_ruin(equity[k]) or loss_reached(equity[k], start, limit):
            return k, peak
        if falls:
            highest = max(peak, equity[k])
            if loss_reached(equity[k], highest, drawdown_limit(p, highest)):
                return k, peak
            peak = highest
    return equity.shape[0], peak
