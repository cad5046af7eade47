"""Bars of a run with one instrument in which nothing can happen: they are valued, and that is all.

Most of a long history is such bars: flat without a signal, or held between a stop and a target. The next bar in which
anything could fill, trip or be decided is left to the loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.engines.kernel.layout import LIMIT, STOP, Bar, Params, State
from framework.engines.kernel.risk import daily_limit, drawdown_limit, would_trip
from framework.rules.breaker import ACTIVE, HALTED, REDUCE_ONLY, loss_reached
from framework.rules.ledger import marked
from framework.rules.targets import outstanding_reduction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INFINITY = float("inf")


def skip_quiet(
    s: State,
    p: Params,
    bar: Bar,
    t: int,
    last: int,
    equity: NDArray[np.int64],
    cash: NDArray[np.int64],
    exposure: NDArray[np.int64],
    offset: int,
) -> int:
    """Value the quiet rows from ``t`` on and write them; returns the first row that is not, or ``last``."""
    desk, book = s.desk[0], s.books[0]
    calm, floor, ceiling = bounds(s)
    if not calm or would_trip(s, p):
        return t
    if desk.next_action < s.actions.shape[0]:
        last = min(last, max(s.actions[desk.next_action].row, t))
    limit = daily_limit(s, p) if desk.state == ACTIVE else -1
    falls, peak = p.drawdown_amount > 0.0 and desk.state != HALTED, desk.peak_paise
    ends = p.loss_amount > 0.0 or desk.state == REDUCE_ONLY or (desk.state == HALTED and p.breaker_reset > 0)
    begin, quantity, intent, paid, mark = t, book.quantity, book.intent, desk.cash_paise, book.mark_paise
    while t < last:
        wanted = bar.target[t, 0]
        if wanted == wanted and wanted != intent:
            break
        if bar.ends_session[t - 1]:
            if ends:
                break
            desk.session_start_paise = paid + mark
        if quantity != 0:
            price = bar.close[t, 0]
            if not price > 0.0 or bar.low[t, 0] <= floor or bar.high[t, 0] >= ceiling:
                break
            marked_now = marked(quantity, price)
            if loss_reached(paid + marked_now, desk.session_start_paise, limit):
                break
            if falls:
                highest = max(peak, paid + marked_now)
                if loss_reached(paid + marked_now, highest, drawdown_limit(p, highest)):
                    break
                peak = highest
            mark = marked_now
        equity[t - offset], cash[t - offset], exposure[t - offset] = paid + mark, paid, abs(mark)
        t += 1
    if t > begin:
        desk.session, desk.now = bar.session[t - 1], bar.close_time[t - 1]
        book.mark_paise = desk.marks_paise = mark
        desk.equity_paise, desk.peak_paise = paid + mark, peak
        desk.exposure_paise, desk.shorts_paise = abs(mark), max(-mark, 0)
    return t


def bounds(s: State) -> tuple[bool, float, float]:
    """Whether only a price at or below the second number, or at or above the third, can make anything happen."""
    desk, book = s.desk[0], s.books[0]
    floor, ceiling = -INFINITY, INFINITY
    if desk.done_with_bar > 0 or desk.resting_day > 0 or desk.resting != book.open_orders:
        return False, floor, ceiling
    if book.quantity == 0:
        return desk.resting == 0, floor, ceiling
    protective = (1 if book.stop_id >= 0 else 0) + (1 if book.target_id >= 0 else 0)
    if desk.resting != protective or book.leaving or book.protect_due:
        return False, floor, ceiling
    if outstanding_reduction(book.quantity, book.desired) != 0:
        return False, floor, ceiling
    for position in range(desk.resting):
        order = s.orders[s.resting[position]]
        if order.triggered or order.cancelling:
            return False, floor, ceiling
        if order.x_type == STOP:
            if order.x_side > 0:
                ceiling = min(ceiling, order.x_trigger)
            else:
                floor = max(floor, order.x_trigger)
        elif order.x_type == LIMIT:
            if order.x_side > 0:
                floor = max(floor, order.x_limit)
            else:
                ceiling = min(ceiling, order.x_limit)
        else:
            return False, floor, ceiling
    return True, floor, ceiling
