"""The loop over rows. One call runs a whole history, or as much of it as the growing arrays have room for.

Most bars change nothing. The loop finds that out with plain comparisons and calls the functions that decide and fill
only for the others; it marks positions itself. Skipping is only ever a matter of speed: they would do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.engines.kernel.exchange import end_bar, fill_at_close, open_bar, range_bar
from framework.engines.kernel.layout import (
    ACTIVE,
    LIMIT,
    MARKET,
    ON_CHANGE,
    ORDERS_PER_ROW,
    STOP,
    Bar,
    State,
)
from framework.engines.kernel.protection import look_after
from framework.engines.kernel.session import decide, remark, trip
from framework.rules.exits import rupees_of
from framework.rules.ledger import marked
from framework.rules.money import to_paise
from framework.rules.risk import daily_loss_tripped
from framework.rules.targets import outstanding_reduction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def run_rows(
    s: State,
    params: NDArray[np.void],
    bar: Bar,
    first: int,
    last: int,
    equity: NDArray[np.int64],
    cash: NDArray[np.int64],
    exposure: NDArray[np.int64],
    offset: int,
) -> int:
    """Run rows ``first`` to before ``last``; returns the row it stopped before, for want of room or because it is done.

    ``equity``, ``cash`` and ``exposure`` are int64[R] in paise; row t is written at t − ``offset``.
    """
    p = params[0]
    desk, books, orders, resting = s.desk[0], s.books, s.orders, s.resting
    high, low, close, target = bar.high, bar.low, bar.close, bar.target
    count = books.shape[0]
    room = ORDERS_PER_ROW * count
    most_orders, most_fills, most_notices = orders.shape[0], s.settlements.shape[0], s.notices.shape[0]
    cares = p.time_exit > 0 or p.trail_amount > 0.0 or bar.trail.shape[0] > 0
    always_decides = p.limit_follow or p.new_signal or (p.weights and p.rebalance != ON_CHANGE)
    for t in range(first, last):
        if (
            desk.orders + room > most_orders
            or desk.settlements + room > most_fills
            or desk.notices + room > most_notices
        ):
            return t
        if desk.resting > 0:
            busy = desk.done_with_bar > 0
            for position in range(desk.resting):
                order = orders[resting[position]]
                i = order.instrument
                if order.x_type == MARKET or order.triggered:
                    busy = True
                elif order.x_type == LIMIT:
                    busy = busy or (low[t, i] <= order.x_limit if order.x_side > 0 else high[t, i] >= order.x_limit)
                elif order.x_type == STOP:
                    reached = high[t, i] >= order.x_trigger if order.x_side > 0 else low[t, i] <= order.x_trigger
                    busy = busy or reached
                else:
                    busy = True
            if busy:
                open_bar(s, p, bar, t)
                range_bar(s, p, bar, t)
            if bar.ends_session[t] and desk.resting_day > 0:
                end_bar(s, p, bar, t)
        desk.arrivals = 0

        desk.now = bar.close_time[t]
        if bar.session[t] != desk.session:
            desk.session, desk.session_start_paise, desk.state = bar.session[t], desk.equity_paise, ACTIVE
        uneasy = False
        if desk.held > 0:
            for i in range(count):
                book = books[i]
                if book.quantity == 0 or not close[t, i] > 0.0:
                    continue
                before, after = book.mark_paise, marked(book.quantity, close[t, i])
                book.mark_paise = after
                desk.marks_paise = desk.marks_paise + after - before
                desk.exposure_paise = desk.exposure_paise + abs(after) - abs(before)
                desk.shorts_paise = desk.shorts_paise + max(-after, 0) - max(-before, 0)
                protective = (1 if book.stop_id >= 0 else 0) + (1 if book.target_id >= 0 else 0)
                uneasy = uneasy or book.leaving or book.protect_due or book.open_orders > protective
                uneasy = uneasy or outstanding_reduction(book.quantity, book.desired) != 0
        desk.equity_paise = desk.cash_paise + desk.marks_paise
        if p.loss_amount > 0.0 and desk.state == ACTIVE:
            limit = to_paise(rupees_of(p.loss_amount, p.loss_percent, desk.session_start_paise / 100.0))
            if daily_loss_tripped(desk.equity_paise, desk.session_start_paise, limit):
                trip(s)
        if desk.held > 0 and (cares or uneasy):
            look_after(s, p, bar, t)
            uneasy = True

        decides = always_decides or uneasy
        for i in range(count):
            if decides:
                break
            wanted = target[t, i]
            decides = wanted == wanted and wanted != books[i].intent and close[t, i] > 0.0
        if decides:
            decide(s, p, bar, t)
        if p.same_close and desk.resting > 0:
            fill_at_close(s, p, bar, t)
            remark(s, bar, t)
        equity[t - offset] = desk.equity_paise
        cash[t - offset] = desk.cash_paise
        exposure[t - offset] = desk.exposure_paise
    return last
