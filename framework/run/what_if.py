"""Session of a what-if: a kept run at its end, or an account before its first order, for a review of one more order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.engines.rows import bar_openings, bar_rows
from framework.session import Session
from framework.types import BarRow, Bars, Instrument, Panel
from framework.types.events import BarCloses, PersonSays, Revalue, Wish
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types import Record, RiskRule, Settings


WISHES = {TradingState.REDUCE_ONLY: Wish.REDUCE_ONLY, TradingState.HALTED: Wish.HALT}


class SessionAt(NamedTuple):
    """A session without orders, and the bar at whose close it stands."""

    session: Session
    row: BarRow


def at_the_end(record: Record, rules: Sequence[RiskRule] = ()) -> SessionAt:
    """The account of a run at its last close, without orders: cash, positions, closes and state; costs are not known.

    Rules of the user's own begin anew: what they remembered is not kept with a run.
    """
    session = Session(record.panel.instruments, record.settings, style="on_bar", rules=rules)
    row = _live_through(session, record.panel, record.first_row)
    _take_over(session, row, int(record.cash_paise[-1]), record.positions)
    state = record.breaker_events[-1].after if record.breaker_events else TradingState.ACTIVE
    if state is not TradingState.ACTIVE:
        session.handle(PersonSays(session.moment, WISHES[state]))
    return SessionAt(session, row)


def before_the_first(panel: Panel, settings: Settings, rules: Sequence[RiskRule] = ()) -> SessionAt:
    """An account with nothing but its capital, at the last close of some prices."""
    session = Session(panel.instruments, settings, style="on_bar", rules=rules)
    return SessionAt(session, _live_through(session, panel, len(panel) - 1))


def _live_through(session: Session, panel: Panel, first: int) -> BarRow:
    """Hand every bar from row ``first`` on, without a decision; returns the last one."""
    last = len(panel)
    for opening, row in zip(bar_openings(panel, first, last), bar_rows(panel, first, last), strict=True):
        session.handle(opening)
        session.handle(BarCloses(row.close_time, row))
    return row


def _take_over(session: Session, row: BarRow, cash_paise: int, positions: Sequence[int]) -> None:
    """Hold what is held, at its last close, and have the cash that is there: as a person hands over an account."""
    for i, quantity in enumerate(positions):
        if quantity:
            price = session.account.close[i]
            session.handle(PersonSays(row.close_time, Wish.ADOPT, instrument=i, quantity=quantity, price=price))
    more = cash_paise - session.account.cash_paise
    if more:
        wish = Wish.DEPOSIT if more > 0 else Wish.WITHDRAW
        session.handle(PersonSays(row.close_time, wish, paise=abs(more)))
    session.handle(Revalue(row.close_time))


def one_price(instrument: Instrument, price: float, session: int) -> Panel:
    """A panel of one daily bar at one price; ``session`` in days since 1970-01-01."""
    moment = np.array([session], dtype="datetime64[D]").astype("datetime64[ns]").astype(np.int64)
    prices = np.array([price])
    return Panel.from_bars([Bars.from_arrays(instrument, "1d", moment, prices, prices, prices, prices)])
