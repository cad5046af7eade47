"""The yardstick of every run: holding its own instruments in equal parts and doing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.record import Record

NAME = "buy and hold"


def buy_and_hold(record: Record) -> NDArray[np.float64]:
    """Value in rupees at each close, float64[R], of buying every instrument once with 1/N of the capital.

    Each is bought at its first open after the bar of ``first_row`` (the next bar's open, as a market order decided at
    the first close would be), in fractional units, without charges or slippage, and marked at its closes; a missing
    bar keeps the last mark. Until then its part is cash, and stays cash if the instrument never opens again.
    No dividends, no rebalancing.
    """
    panel, first = record.panel, record.first_row
    part = record.settings.capital / max(len(panel.instruments), 1)
    value = np.zeros(len(panel) - first)
    for column in range(len(panel.instruments)):
        rows = panel.rows_of(column)
        rows = rows[rows > first]
        worth = np.full(value.shape, part)
        if rows.shape[0]:
            units = part / panel.open[rows[0], column]
            latest = np.full(value.shape, -1)
            latest[rows - first] = np.arange(rows.shape[0])
            latest = np.maximum.accumulate(latest)
            held = latest >= 0
            worth[held] = units * panel.close[rows, column][latest[held]]
        value += worth
    return value
