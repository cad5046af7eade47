"""Speed only: quiet bars of a run with one instrument, in which nothing can happen; they are valued, and that is all.

Most of a long history is such bars: flat without a signal, or held between a stop and a target. The next bar in which
anything could fill, trip or be decided is left to the loop.
"""

from __future__ import annotations

from framework.engines.kernel.layout import LIMIT, STOP, Bar, Curves, Params, State
from framework.engines.kernel.risk import daily_limit, would_trip
from framework.engines.kernel.scan import (
    first_asked,
    first_end,
    first_touched,
    first_trip,
    first_unpriced,
    stay_flat,
    value_held,
)
from framework.rules.breaker import ACTIVE, HALTED, REDUCE_ONLY, is_ruin, loss_reached
from framework.rules.targets import outstanding_reduction

INFINITY, NAN = float("inf"), float("nan")


def skip_quiet(s: State, p: Params, bar: Bar, t: int, last: int, curves: Curves, offset: int) -> int:
    """Value the quiet rows from ``t`` on and write them; returns the first row that is not, or ``last``."""
    account, book = s.account[0], s.books[0]
    calm, floor, ceiling = bounds(s)
    if not calm or would_trip(s, p):
        return t
    until = first_loud(s, p, bar, t, last, floor, ceiling)
    if until <= t:
        return t
    equity, cash, exposure = curves
    paid, begin = account.cash_paise, t - offset
    if book.quantity == 0:
        stay_flat(equity, cash, exposure, begin, until - offset, paid)
    else:
        end = until - offset
        close, worth = bar.close.reshape(bar.close.shape[0])[t:until], equity[begin:end]
        lowest = value_held(close, worth, cash[begin:end], exposure[begin:end], book.quantity, paid)
        limit = daily_limit(s, p) if account.state == ACTIVE else -1
        falls = p.drawdown_amount > 0.0 and account.state < HALTED
        if falls or is_ruin(lowest) or loss_reached(lowest, account.session_start_paise, limit):
            quiet, account.peak_paise = first_trip(
                p, worth, account.session_start_paise, limit, account.peak_paise, falls
            )
            until = t + quiet
        if until == t:
            return t
    if first_end(bar.ends_session, t - 1, until - 1) < until - 1:
        # Without a position, or nobody asks what a session began with.
        account.session, account.session_start_paise = bar.session[until - 1], equity[until - 1 - offset]
    account_at(s, equity[until - 1 - offset])
    return until


def first_loud(s: State, p: Params, bar: Bar, t: int, last: int, floor: float, ceiling: float) -> int:
    """First row from ``t`` on in which something may happen that does not depend on what the account is worth."""
    account, book = s.account[0], s.books[0]
    if account.next_action < s.actions.shape[0]:
        last = min(last, s.actions[account.next_action].row)
    # A new session may end what the breaker holds, and its losses count anew: without a position there are none.
    held_back = account.state == REDUCE_ONLY or (account.state == HALTED and p.breaker_reset > 0)
    if held_back or (book.quantity != 0 and p.loss_amount > 0.0):
        last = min(last, first_end(bar.ends_session, t - 1, last) + 1)
    intent = NAN if p.repeats else s.intents[0]  # every number is another than NaN
    last = first_asked(bar.target.reshape(bar.target.shape[0]), t, last, intent)
    if book.quantity != 0:
        rows = bar.close.shape[0]
        last = first_unpriced(bar.close.reshape(rows), t, last, book.quantity)
        if floor > -INFINITY or ceiling < INFINITY:
            last = first_touched(bar.low.reshape(rows), bar.high.reshape(rows), t, last, floor, ceiling)
    return last


def account_at(s: State, equity: int) -> None:
    """The account after the last quiet bar."""
    account, book = s.account[0], s.books[0]
    mark = equity - account.cash_paise
    book.mark_paise = account.marks_paise = mark
    account.equity_paise, account.exposure_paise, account.shorts_paise = equity, abs(mark), max(-mark, 0)


def bounds(s: State) -> tuple[bool, float, float]:
    """Bounds of a quiet stretch: True if only a price at or below the second number, or at or above the third, acts."""
    account, book = s.account[0], s.books[0]
    floor, ceiling = -INFINITY, INFINITY
    if account.done_with_bar > 0 or account.resting_day > 0 or account.resting != book.open_orders:
        return False, floor, ceiling
    if book.quantity == 0:
        return account.resting == 0, floor, ceiling
    protective = (1 if book.stop_id >= 0 else 0) + (1 if book.target_id >= 0 else 0)
    if account.resting != protective or book.leaving or book.protect_due:
        return False, floor, ceiling
    if outstanding_reduction(book.quantity, book.desired) != 0:
        return False, floor, ceiling
    for position in range(account.resting):
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
