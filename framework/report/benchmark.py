"""The yardstick of every run: holding its own instruments in equal parts and doing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.record import Record

NAME = "buy and hold"


def buy_and_hold(record: Record, rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Value in rupees at each close, float64[R], of buying every instrument once with 1/N of the capital.

    Each is bought at its first open after the bar of ``first_row`` (the next bar's open, as a market order decided at
    the first close would be), in fractional units, without charges or slippage, and marked at its closes; a missing
    bar keeps the last mark. Until then its part is cash, and stays cash if the instrument never opens again.
    No dividends, no rebalancing. With ``rows`` (of the account's arrays, rising) only at those closes.
    """
    panel, first = record.panel, record.first_row
    part = record.settings.capital / max(len(panel.instruments), 1)
    count = len(panel) - first if rows is None else rows.shape[0]
    value = np.zeros(count)
    for column in range(len(panel.instruments)):
        close = panel.close[first:, column]
        there = np.isfinite(close)
        there[:1] = False  # the bar of the first decision
        opens = int(there.argmax()) if there.size else 0
        if not (there.size and there[opens]):
            value += part
            continue
        units = part / panel.open[first + opens, column]
        if not there[opens:].all():
            close = close[np.maximum.accumulate(np.where(there, np.arange(there.shape[0]), 0))]
        worth = units * (close if rows is None else close[rows])
        worth[: opens if rows is None else rows.searchsorted(opens)] = part
        value += worth
    return value
