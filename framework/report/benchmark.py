"""The yardstick of every run: holding its own instruments in equal parts and doing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.report.split_factors import SplitFactors, ex_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.report.split_factors import ExRow
    from framework.types.record import Record

NAME = "buy and hold"


def buy_and_hold(record: Record, rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Value in rupees at each close, float64[R], of buying every instrument once with 1/N of the capital.

    Each is bought at its first open after the bar of ``first_row`` (the next bar's open, as a market order decided at
    the first close would be), in fractional units, without charges or slippage, and marked at its closes; a missing
    bar keeps the last mark. Until then its part is cash, and stays cash if the instrument never opens again.
    Splits and dividends are gone through as the account goes through them (fractions of shares are kept, and a
    dividend stays cash); no rebalancing. With ``rows`` (of the account's arrays, rising) only at those closes.
    """
    panel, first = record.panel, record.first_row
    part = record.settings.capital / max(len(panel.instruments), 1)
    count = len(panel) - first if rows is None else rows.shape[0]
    value, actions = np.zeros(count), ex_rows(record)
    units = (part / panel.open[first + 1]).tolist() if len(panel) - first > 1 else None  # of those bought at once
    waiting = 1 if rows is None else rows.searchsorted(1)
    for column in range(len(panel.instruments)):
        if units is not None and column not in actions and panel.is_whole(column):
            close = panel.closes_of(column)[first:]
            worth = (close if rows is None else close[rows]) * units[column]
            worth[:waiting] = part
            value += worth
        else:
            value += _worth(record, column, part, rows, actions)
    return value


def _worth(
    record: Record, column: int, part: float, rows: NDArray[np.int64] | None, actions: dict[int, list[ExRow]]
) -> NDArray[np.float64] | float:
    """Worth of one part at each close, where bars are missing or corporate actions happen."""
    panel, first = record.panel, record.first_row
    close = panel.close[first:, column]
    there = np.isfinite(close)
    there[:1] = False  # the bar of the first decision
    opens = int(there.argmax()) if there.size else 0
    if not (there.size and there[opens]):
        return part
    units = part / panel.open[first + opens, column]
    at: NDArray[np.int64] | slice = slice(None)
    if not there[opens:].all() or column in actions:
        at = np.maximum.accumulate(np.where(there, np.arange(there.shape[0]), 0))
        close = close[at]
    worth: NDArray[np.float64] = units * (close if rows is None else close[rows])
    if column in actions:
        worth = _carried(units * close, units, actions[column], first + opens, first + np.arange(there.size)[at])
        worth = worth if rows is None else worth[rows]
    worth[: opens if rows is None else rows.searchsorted(opens)] = part
    return worth


def _carried(
    worth: NDArray[np.float64], units: float, actions: list[ExRow], bought_at: int, marked_at: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Value at each close, float64[R], of units bought at the open of a row, with what became of them and was paid.

    ``worth`` is that of the units as they were bought, ``marked_at`` the panel's row of each close, int64[R].
    """
    scale, cash = SplitFactors(actions), np.zeros(worth.shape[0])
    first = int(marked_at[0])
    bought = float(scale.at(np.array([bought_at]))[0])
    for one in actions:
        if one.action.dividend > 0.0 and one.row > bought_at:
            held = units * float(scale.before(np.array([one.row]))[0]) / bought
            cash[one.row - first :] += held * one.action.dividend
    return worth * (scale.at(marked_at) / bought) + cash
