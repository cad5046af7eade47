"""Product deadlines, by a time of day or by a day (row 17, P5). Mirrors ``framework.session.product``."""

from __future__ import annotations

from framework.engines.kernel.account import notice
from framework.engines.kernel.exchange import close_out
from framework.engines.kernel.layout import (
    EXPIRY,
    NOTICE_EXPIRY,
    NOTICE_SQUARE_OFF,
    SQUARE_OFF,
    Bar,
    Params,
    State,
)
from framework.engines.kernel.orders import carry_out_cancels, plain_exit, withdraw, withdraw_entries
from framework.engines.kernel.protection import forget_intent, leave
from framework.engines.kernel.session import reduce_one, remark
from framework.rules import product


def before_open(s: State, p: Params, bar: Bar, t: int) -> None:
    """Square off what is due before this bar's open."""
    account, session = s.account[0], bar.session[t]
    account.now = bar.time[t]
    while bar.deadline_days[account.deadline] < session:
        account.deadline = account.deadline + 1
    account.over = session if bar.ends_session[t] else session - 1
    for i in range(s.books.shape[0]):
        if bar.square_off[account.deadline, i] <= bar.time[t] and s.books[i].squared_off != session:
            s.books[i].squared_off = session
            give_back(s, p, i, SQUARE_OFF, False)
    carry_out_cancels(s)


def end_session(s: State, p: Params, bar: Bar, t: int) -> None:
    """At a session's last close: what must not last longer and is still there is closed at that close."""
    account, session = s.account[0], bar.session[t]
    account.now = bar.close_time[t]
    for i in range(s.books.shape[0]):
        ends = product.ends_with(session, bar.last_session[i], bar.square_off[account.deadline, i])
        if ends == product.OPEN_END:
            continue
        expires = ends == product.EXPIRY
        if s.books[i].quantity != 0:
            notice(s, NOTICE_EXPIRY if expires else NOTICE_SQUARE_OFF, s.books[i].quantity, i)
        give_back(s, p, i, EXPIRY if expires else SQUARE_OFF, True)
    carry_out_cancels(s)
    close_out(s, p, bar, t)
    remark(s, p, bar, t)


def give_back(s: State, p: Params, i: int, reason: int, anew: bool) -> None:
    """No entries, the intent is 0, and what is held is ordered away; ``anew``: by an order of this reason."""
    withdraw_entries(s, i)
    if s.books[i].quantity == 0:
        forget_intent(s, p, i)
        return
    leave(s, p, i, reason)
    working = plain_exit(s, i)
    if anew and working >= 0 and s.orders[working].reason != reason:
        withdraw(s, working)
    reduce_one(s, i, p.weights)
