"""Limits and the circuit breaker. Mirrors ``framework.session.review``, ``exposure`` and ``breaker``."""

from __future__ import annotations

from framework.engines.kernel.account import notice, tariff_at
from framework.engines.kernel.layout import (
    NOTICE_TRIP,
    RISK,
    Bar,
    Params,
    State,
)
from framework.engines.kernel.orders import in_session, plain_exit, withdraw_entries
from framework.engines.kernel.protection import leave
from framework.rules import breaker, limits, reasons, risk, sizing
from framework.rules.exits import rupees_of
from framework.rules.money import share, value


def review(
    s: State, p: Params, bar: Bar, t: int, k: int, worst: float, held: int, power_paise: int, follows: bool
) -> tuple[int, int]:
    """Units that risk leaves of an increase, and why it is fewer. ``follows``: it opens the other side."""
    account, order = s.account[0], s.orders[k]
    if account.state != breaker.ACTIVE:
        return 0, breaker.HELD_BACK[account.state]
    asked, lot = abs(order.quantity), s.books[order.instrument].lot
    if not sizing.can_order(asked, held, worst):
        return 0, reasons.SIZE_BEYOND_LIMIT
    units, why = asked, reasons.NONE
    if p.limited:
        units, why = limited(s, p, bar, t, k)
    allowed = risk.within_order_value(asked, worst, p.max_order_value, lot)
    units, why = limits.stricter(units, why, allowed, reasons.MAX_ORDER_VALUE)
    allowed = risk.within_position_value(asked, held, worst, p.max_position_value, lot)
    units, why = limits.stricter(units, why, allowed, reasons.MAX_POSITION_VALUE)
    if p.limited:
        units, why = exposed(s, p, k, worst, follows, units, why)
    side, blocked = (1, p.long_margin) if order.quantity > 0 else (-1, p.short_margin)
    tariff = tariff_at(s, order.instrument, account.now)
    allowed = risk.within_buying_power(asked, worst, blocked, power_paise, side, tariff, lot)
    return limits.stricter(units, why, allowed, reasons.CASH)


def limited(s: State, p: Params, bar: Bar, t: int, k: int) -> tuple[int, int]:
    """Units left by the limits before an order's value; limits that are not set leave everything."""
    order = s.orders[k]
    i, asked = order.instrument, abs(order.quantity)
    book, close = s.books[i], bar.close[t, i]
    units, why = limits.stricter(asked, reasons.NONE, limits.if_allowed(asked, book.restricted), reasons.RESTRICTED)
    if p.jump_amount > 0.0:
        before = close_before(s, bar, t, i)
        allowed = limits.within_jump(asked, close, before, rupees_of(p.jump_amount, p.jump_percent, before))
        units, why = limits.stricter(units, why, allowed, reasons.MAX_JUMP)
    if p.price_amount > 0.0:
        band = rupees_of(p.price_amount, p.price_percent, close)
        allowed = limits.within_price_band(asked, order.limit, order.trigger, close, band)
        units, why = limits.stricter(units, why, allowed, reasons.PRICE_BAND)
    if p.max_orders > 0:
        allowed = limits.within_orders(asked, in_session(s, i), p.max_orders)
        units, why = limits.stricter(units, why, allowed, reasons.MAX_ORDERS_PER_DAY)
    if p.max_positions > 0 and not is_open(s, i):
        allowed = limits.within_positions(asked, used_beside(s, p, i, -1, False)[1], p.max_positions)
        units, why = limits.stricter(units, why, allowed, reasons.MAX_POSITIONS)
    if p.max_quantity > 0:
        allowed = limits.within_quantity(asked, p.max_quantity, book.lot)
        units, why = limits.stricter(units, why, allowed, reasons.MAX_ORDER_QUANTITY)
    return units, why


def exposed(s: State, p: Params, k: int, worst: float, follows: bool, units: int, why: int) -> tuple[int, int]:
    """Units left by the limits on sums over instruments."""
    order, equity = s.orders[k], s.account[0].equity_paise
    i, asked = order.instrument, abs(order.quantity)
    book = s.books[i]
    if p.sector_amount > 0.0 and book.sector >= 0:
        used = used_beside(s, p, i, book.sector, follows)[0]
        allowed = limits.within_share(asked, worst, used, p.sector_amount, p.sector_percent, equity, book.lot)
        units, why = limits.stricter(units, why, allowed, reasons.MAX_SECTOR_VALUE)
    if p.gross_amount > 0.0 or p.strategy_amount > 0.0:
        used = used_beside(s, p, i, -1, follows)[0]
        allowed = limits.within_share(asked, worst, used, p.gross_amount, p.gross_percent, equity, book.lot)
        units, why = limits.stricter(units, why, allowed, reasons.MAX_GROSS_EXPOSURE)
        allowed = limits.within_share(asked, worst, used, p.strategy_amount, p.strategy_percent, equity, book.lot)
        units, why = limits.stricter(units, why, allowed, reasons.MAX_STRATEGY_VALUE)
    return units, why


def close_before(s: State, bar: Bar, t: int, i: int) -> float:
    """Close of the instrument's bar before row ``t`` in today's shares, rupees; NaN for its first in the run."""
    row = t - 1
    while row >= s.account[0].first_row and not bar.close[row, i] > 0.0:
        row -= 1
    if row < s.account[0].first_row:
        return float("nan")
    close = float(bar.close[row, i])
    for k in range(s.actions.shape[0]):
        action = s.actions[k]
        if action.instrument == i and row < action.row <= t and action.factor != 1.0:
            close /= action.factor
    return close


def is_open(s: State, i: int) -> bool:
    """True if the instrument is held or has an entry working."""
    if s.books[i].quantity != 0:
        return True
    for position in range(s.books[i].open_orders):
        order = s.orders[s.open_ids[i, position]]
        if not order.reduces and not order.cancelling:
            return True
    return False


def used_beside(s: State, p: Params, i: int, sector: int, follows: bool) -> tuple[int, int]:
    """Worst-case value in paise beside an order of instrument ``i``, and how many others are held or about to be.

    Of one ``sector``, −1 = of all.
    """
    paise, others = 0, 0
    for j in range(s.books.shape[0]):
        book = s.books[j]
        if (book.quantity == 0 and book.open_orders == 0) or (sector >= 0 and book.sector != sector):
            continue
        leaves = plain_exit(s, j) if p.reuse_proceeds else -1
        leaving = abs(s.orders[leaves].quantity - s.orders[leaves].filled) if leaves >= 0 else 0
        staying = limits.stays(book.quantity, leaving, p.reuse_proceeds)
        held_paise, entries_paise, works, behind = 0, 0, False, False
        if staying > 0 and not (j == i and follows):
            held_paise = share(abs(book.mark_paise), staying, abs(book.quantity))
        for position in range(book.open_orders):
            order = s.orders[s.open_ids[j, position]]
            if not order.reduces and not order.cancelling:
                entries_paise += value(order.worst, order.quantity - order.filled)
                works, behind = True, behind or order.needs_flat
        paise += limits.worst_case(held_paise, entries_paise, behind)
        if j != i and (staying > 0 or works):
            others += 1
    return paise, others


# ---------------------------------------------------------------------- the circuit breaker


def begin_session(s: State, p: Params, bar: Bar, t: int) -> None:
    """Losses count from the last session's close; what only lasts for a session is over."""
    account = s.account[0]
    account.session, account.session_start_paise = bar.session[t], account.equity_paise
    if account.state == breaker.HALTED:
        account.halted_for = account.halted_for + 1
    cause = breaker.at_new_session(account.state, account.halted_for, p.breaker_reset)
    if cause == breaker.NEW_SESSION:
        turn(s, bar.time[t], cause, 0, 0, -1)
    elif cause == breaker.RESET_DUE:
        turn(s, bar.time[t], cause, account.halted_for, p.breaker_reset, -1)


def watch(s: State, p: Params) -> bool:
    """At a close: keep the peak, and judge where something is reached; True when the trading state changed."""
    account = s.account[0]
    account.peak_paise = max(account.peak_paise, account.equity_paise)
    return judge(s, p) if would_trip(s, p) else False


def judge(s: State, p: Params) -> bool:
    """Trip what was reached, and hold back what would increase; True when something was."""
    account = s.account[0]
    before, equity = account.events, account.equity_paise
    if breaker.is_ruin(equity):
        turn(s, account.now, breaker.RUIN, equity, 0, -1)
        hold_back(s, p)
        return True
    limit = daily_limit(s, p)
    if breaker.loss_reached(equity, account.session_start_paise, limit):
        turn(s, account.now, breaker.DAILY_LOSS, account.session_start_paise - equity, limit, -1)
    if breaker.count_reached(account.losses, p.max_losses):
        turn(s, account.now, breaker.CONSECUTIVE_LOSSES, account.losses, p.max_losses, -1)
    limit = drawdown_limit(p, account.peak_paise)
    if breaker.loss_reached(equity, account.peak_paise, limit):
        turn(s, account.now, breaker.DRAWDOWN, account.peak_paise - equity, limit, -1)
    if account.events == before:
        return False
    hold_back(s, p)
    return True


def daily_limit(s: State, p: Params) -> int:
    """Loss since the last session's close that trips, paise; −1 = none."""
    return breaker.limit_paise(p.loss_amount, p.loss_percent, s.account[0].session_start_paise)


def drawdown_limit(p: Params, peak_paise: int) -> int:
    """Fall from the peak that trips, paise; −1 = none."""
    return breaker.limit_paise(p.drawdown_amount, p.drawdown_percent, peak_paise)


def would_trip(s: State, p: Params) -> bool:
    """True if a close at this equity trips something."""
    account = s.account[0]
    if would_ruin(s):
        return True
    if not p.watches or account.state >= breaker.HALTED:
        return False
    equity, peak = account.equity_paise, max(account.peak_paise, account.equity_paise)
    trips = breaker.loss_reached(equity, peak, drawdown_limit(p, peak))
    if account.state == breaker.ACTIVE:
        trips = trips or breaker.loss_reached(equity, account.session_start_paise, daily_limit(s, p))
        trips = trips or breaker.count_reached(account.losses, p.max_losses)
    return trips


def would_ruin(s: State) -> bool:
    """True if a close at this equity ruins an account that was not ruined before."""
    account = s.account[0]
    return account.state != breaker.RUINED and breaker.is_ruin(account.equity_paise)


def hold_back(s: State, p: Params) -> None:
    """Withdraw what would still increase; after ruin, and with ``on_trip: flatten``, leave what is held."""
    for i in range(s.books.shape[0]):
        withdraw_entries(s, i)
    if p.flattens or s.account[0].state == breaker.RUINED:
        for position in range(s.account[0].held):
            i = s.held[position]
            if not s.books[i].leaving:
                leave(s, p, i, RISK)


def turn(s: State, now: int, cause: int, reached: int, limit: int, instrument: int) -> None:
    """Change the trading state as the rulebook says; nothing when it stays what it is."""
    account = s.account[0]
    before, after = account.state, breaker.state_after(account.state, cause)
    if before == after:
        return
    account.state, account.halted_for = after, 0
    if after == breaker.ACTIVE:
        account.losses = 0
        if before == breaker.HALTED:
            account.peak_paise = account.equity_paise
    else:
        notice(s, NOTICE_TRIP, account.events, 0)
    row = s.events[account.events]
    account.events = account.events + 1
    row.time, row.before, row.after, row.cause = now, before, after, cause
    row.value, row.limit, row.instrument = reached, limit, instrument
