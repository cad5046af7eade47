"""Weights and orders that came to nothing because they were given at a row in which their instrument has no bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.engines.decisions import kept_weights
from framework.types.orders import Reason
from framework.types.record import Notice, OrderState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types import Panel, Record, Settings
    from framework.types.record import OrderRecord

CODE = "no_bar"


def orders_told(record: Record) -> tuple[Notice, ...]:
    """One notice of explicit orders that found no bar in their time, or came before the first one; else none."""
    panel = record.panel
    if all(map(panel.is_whole, range(len(panel.instruments)))):
        return ()
    ended = [each for each in record.orders if each.order.reason is Reason.ORDER and _came_to_nothing(each)]
    rows = np.searchsorted(panel.close_time, [each.order.decided_at for each in ended]).tolist()
    lost = [
        (row, each.order)
        for row, each in zip(rows, ended, strict=True)
        if not panel.close[row, each.order.instrument] > 0.0
    ]
    if not lost:
        return ()
    row, order = lost[0]
    what = "an order was given" if len(lost) == 1 else f"{len(lost):,} orders were given"
    text = (
        f"{what} at rows in which the instrument has no bar, and came to nothing before its next one: the first is "
        f"{order.quantity:+d} of {panel.symbols[order.instrument]}. Give it again at its next bar, or with validity GTC"
    )
    return (Notice(int(panel.time[row]), CODE, text),)


def _came_to_nothing(each: OrderRecord) -> bool:
    return not each.filled and (each.state is OrderState.EXPIRED or each.why == "no_price")


def weights_told(
    panel: Panel, settings: Settings, weights: NDArray[np.float64], first: int, last: int
) -> tuple[Notice, ...]:
    """One notice, with their number and the first of them, where any of rows [first, last) is lost; else none.

    Nothing is lost by a weight that says what is in force already; under ``rebalance: on_signal`` it asks for more.
    """
    if all(map(panel.is_whole, range(len(panel.instruments)))):
        return ()
    rows = slice(first, last)
    given = np.isfinite(weights[rows]) & ~np.isfinite(panel.close[rows])
    if not given.any():
        return ()
    kept = kept_weights(weights, panel, first)[rows]
    lost = given & (weights[rows] != kept)
    if settings.rebalance == "on_signal":
        lost |= given & (weights[rows] != 0.0)
    places = np.argwhere(lost)
    if not places.shape[0]:
        return ()
    row, column = (int(position) for position in places[0])
    count = places.shape[0]
    what = "a weight was given" if count == 1 else f"{count:,} weights were given"
    text = (
        f"{what} at rows in which the instrument has no bar, and not acted on: the first is "
        f"{weights[first + row, column]:g} for {panel.symbols[column]}. Give the weight at its next bar again, or "
        "leave NaN where np.isfinite(panel.close) is false"
    )
    return (Notice(int(panel.time[first + row]), CODE, text),)
