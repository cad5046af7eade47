"""The loop over rows. One call runs a whole history, or as much of it as the growing arrays have room for.

Most bars change nothing. The loop finds that out with plain comparisons and calls the functions that decide and fill
only for the others; it marks positions itself. Skipping is only ever a matter of speed: they would do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.engines.kernel.corporate_actions import go_through_due
from framework.engines.kernel.exchange import end_bar, fill_at_close, open_bar, range_bar
from framework.engines.kernel.layout import LIMIT, MARKET, ORDERS_PER_ROW, STOP, Bar, Curves, Params, State
from framework.engines.kernel.orders import carry_out_cancels
from framework.engines.kernel.product import before_open, end_session
from framework.engines.kernel.protection import look_after
from framework.engines.kernel.risk import begin_session, watch
from framework.engines.kernel.scan import next_asked
from framework.engines.kernel.session import decide, remark
from framework.engines.kernel.skip import skip_quiet
from framework.rules.breaker import is_ruin
from framework.rules.ledger import marked
from framework.rules.targets import EVERY_BAR, outstanding_reduction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def run_rows(s: State, params: NDArray[np.void], bar: Bar, first: int, last: int, curves: Curves, offset: int) -> int:
    """Run rows ``first`` to before ``last``; returns the row it stopped before, for want of room or because it is done.

    Row t is written at t − ``offset`` of the curves.
    """
    p = params[0]
    account = s.account[0]
    ages = p.time_exit > 0 or p.trail_amount > 0.0 or bar.trail.shape[0] > 0
    always_decides = p.limit_follow or p.new_signal or p.rebalance >= EVERY_BAR
    due = bar.deadline_days.shape[0] > 0
    alone = s.books.shape[0] == 1 and not always_decides and not due
    account.first_row = offset
    t = first
    while t < last:
        if is_full(s):
            return t
        if t == offset or bar.ends_session[t - 1]:
            begin_session(s, p, bar, t)
            go_through_due(s, p, bar, t)
        if due:
            before_open(s, p, bar, t)
        if account.cancels > 0:
            carry_out_cancels(s)
        if account.resting > 0:
            fill_bar(s, p, bar, t)
        account.arrivals = 0
        account.now = bar.close_time[t]
        uneasy = mark_all(s, bar, t)
        tripped = watch(s, p) if p.watches or is_ruin(account.equity_paise) else False
        if account.held > 0 and (ages or uneasy or tripped):
            look_after(s, p, bar, t)
            uneasy = True
        elif tripped:
            carry_out_cancels(s)
        if always_decides or uneasy or is_asked(s, p, bar, t):
            decide(s, p, bar, t, always_decides)
        if p.same_close and account.resting > 0:
            fill_at_close(s, p, bar, t)
            remark(s, p, bar, t)
        if due and bar.ends_session[t]:
            end_session(s, p, bar, t)
        curves.equity[t - offset], curves.cash[t - offset] = account.equity_paise, account.cash_paise
        curves.exposure[t - offset] = account.exposure_paise
        t += 1
        if alone and not (ages and account.held > 0):
            t = skip_quiet(s, p, bar, t, last, curves, offset)
    return last


def is_full(s: State) -> bool:
    """True when one more bar might not find room."""
    room = ORDERS_PER_ROW * s.books.shape[0]
    account = s.account[0]
    full: bool = account.orders + room > s.orders.shape[0]
    full = full or account.settlements + room > s.settlements.shape[0]
    full = full or account.events + room > s.events.shape[0]
    return full or account.notices + room > s.notices.shape[0]


def fill_bar(s: State, p: Params, bar: Bar, t: int) -> None:
    """Fill the resting orders that this bar reaches; DAY orders end with their session."""
    busy = s.account[0].done_with_bar > 0
    for position in range(s.account[0].resting):
        if busy:
            break
        order = s.orders[s.resting[position]]
        i = order.instrument
        if order.x_type == MARKET or order.triggered:
            busy = True
        elif order.x_type == LIMIT:
            busy = bar.low[t, i] <= order.x_limit if order.x_side > 0 else bar.high[t, i] >= order.x_limit
        elif order.x_type == STOP:
            busy = bar.high[t, i] >= order.x_trigger if order.x_side > 0 else bar.low[t, i] <= order.x_trigger
        else:
            busy = True
    if busy:
        open_bar(s, p, bar, t)
        range_bar(s, p, bar, t)
    if bar.ends_session[t] and s.account[0].resting_day > 0:
        end_bar(s, p, bar, t)


def mark_all(s: State, bar: Bar, t: int) -> bool:
    """Value every position that has a bar at its close; True when one of them has something to be done."""
    account = s.account[0]
    marks, gross, shorts, uneasy = account.marks_paise, account.exposure_paise, account.shorts_paise, False
    for position in range(account.held):
        i = s.held[position]
        book = s.books[i]
        if not bar.close[t, i] > 0.0:
            continue
        before, after = book.mark_paise, marked(book.quantity, bar.close[t, i])
        book.mark_paise = after
        marks += after - before
        gross += abs(after) - abs(before)
        shorts += max(-after, 0) - max(-before, 0)
        protective = (1 if book.stop_id >= 0 else 0) + (1 if book.target_id >= 0 else 0)
        uneasy = uneasy or book.leaving or book.protect_due or book.open_orders > protective
        uneasy = uneasy or outstanding_reduction(book.quantity, book.desired) != 0
    account.marks_paise, account.exposure_paise, account.shorts_paise = marks, gross, shorts
    account.equity_paise = account.cash_paise + marks
    return uneasy


def is_asked(s: State, p: Params, bar: Bar, t: int) -> bool:
    """True when some instrument's target asks for something."""
    i = next_asked(bar.target[t], s.intents, 0, p.repeats)
    while i < s.books.shape[0]:
        if bar.close[t, i] > 0.0:
            return True
        i = next_asked(bar.target[t], s.intents, i + 1, p.repeats)
    return False
