"""A session as it stands, to ask it something: at the end of a kept run, or before the first order of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.engines.rows import bar_rows
from framework.rules import ledger
from framework.session import Session
from framework.types import BarRow, Bars, Instrument, Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types import Record, RiskRule, Settings


class SessionAt(NamedTuple):
    """A session without orders, and the bar at whose close it stands."""

    session: Session
    row: BarRow


def at_the_end(record: Record, rules: Sequence[RiskRule] = ()) -> SessionAt:
    """The account of a run at its last close, without orders: cash, positions, closes and state; costs are not known.

    Rules of the user's own begin anew: what they remembered is not kept with a run.
    """
    session = Session(record.panel.instruments, record.settings, style="on_bar", rules=rules)
    last = len(record.panel) - 1
    for row in bar_rows(record.panel, record.first_row, last):
        session.account.mark(row.close)
        session.seen.last_bars.note(row)
    (row,) = bar_rows(record.panel, last, last + 1)
    _take_over(session, row, int(record.cash_paise[-1]), record.positions)
    if record.breaker_events:
        session.breaker.state = record.breaker_events[-1].after
    return SessionAt(session, row)


def before_the_first(panel: Panel, settings: Settings, rules: Sequence[RiskRule] = ()) -> SessionAt:
    """An account with nothing but its capital, at the last close of some prices."""
    session = Session(panel.instruments, settings, style="on_bar", rules=rules)
    (row,) = bar_rows(panel, len(panel) - 1, len(panel))
    _take_over(session, row, settings.capital_paise, [0] * len(panel.instruments))
    return SessionAt(session, row)


def one_price(instrument: Instrument, price: float, session: int) -> Panel:
    """A panel of one daily bar at one price; ``session`` in days since 1970-01-01."""
    moment = np.array([session], dtype="datetime64[D]").astype("datetime64[ns]").astype(np.int64)
    prices = np.array([price])
    return Panel.from_bars([Bars.from_arrays(instrument, "1d", moment, prices, prices, prices, prices)])


def _take_over(session: Session, row: BarRow, cash_paise: int, positions: Sequence[int]) -> None:
    """Begin the bar's session without a position, then hold what is held and value it at its close."""
    session.open_bar(row)
    session.seen.last_bars.note(row)
    account = session.account
    account.cash_paise = cash_paise
    account.quantity[:] = positions
    account.held[:] = [i for i, quantity in enumerate(positions) if quantity]
    session.remark(row)
    for i in account.held:
        account.mark_paise[i] = ledger.marked(positions[i], account.close[i])
    session.equity_paise = account.equity_paise()
