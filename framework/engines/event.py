"""The event engine: Session and the simulated exchange over history, one bar at a time."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from framework.engines.rows import bar_rows
from framework.engines.volatility import with_volatility
from framework.exchange import SimulatedExchange
from framework.session import Session
from framework.types.panel import actions_within
from framework.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.engines.rows import DecisionArrays
    from framework.types import Command, Event, Panel, RiskRule, Settings
    from framework.types.orders import BarRow, CancelRequest, OrderRequest


def run(
    panel: Panel,
    settings: Settings,
    *,
    decisions: DecisionArrays | None = None,
    on_bar: Callable[[Session, int], Sequence[OrderRequest | CancelRequest]] | None = None,
    style: str = "signals",
    first_row: int = 0,
    last_row: int | None = None,
    rules: Sequence[RiskRule] = (),
    progress: Callable[[int], None] | None = None,
) -> Record:
    """Run decisions (or an ``on_bar`` callback) over panel rows [first_row, last_row) and hand back the record.

    ``progress`` is called with the number of rows done, about a hundred times.
    """
    last = len(panel) if last_row is None else last_row
    decisions = decisions and with_volatility(decisions, panel, settings, style)
    actions = actions_within(panel, settings, first_row, last)
    session = Session(panel.instruments, settings, style=style, rules=rules, actions=actions)
    exchange = SimulatedExchange(panel.instruments, settings, session.account)
    same_close = settings.fill_at == "same_close"
    equity: list[int] = []
    cash: list[int] = []
    exposure: list[int] = []
    account = session.account
    answers = repeat(None, last - first_row) if decisions is None else decisions.rows(first_row, last)
    step = max((last - first_row) // 100, 1)

    rows = bar_rows(panel, first_row, last)
    for t, row, answer in zip(range(first_row, last), rows, answers, strict=True):
        for command in session.open_bar(row):
            _carry_out(command, session, exchange)
        for event in exchange.serve(row):
            _tell(event, session, exchange)
        for command in session.close_bar(row):
            _carry_out(command, session, exchange)
        for command in session.decide(row, answer, () if on_bar is None else on_bar(session, t)):
            _carry_out(command, session, exchange)
        if same_close:
            for event in exchange.fill_at_close(row):
                _tell(event, session, exchange)
            session.remark(row)
        if row.deadline is not None:
            _end_session(row, session, exchange)
        equity.append(session.equity_paise)
        cash.append(account.cash_paise)
        exposure.append(account.exposure_paise())
        if progress is not None and (t - first_row) % step == 0:
            progress(t - first_row + 1)
    return Record(
        engine="event",
        panel=panel,
        settings=settings,
        first_row=first_row,
        settlements=tuple(session.settlements),
        orders=session.order_records(),
        notices=tuple(session.notices),
        equity_paise=np.array(equity, dtype=np.int64),
        cash_paise=np.array(cash, dtype=np.int64),
        exposure_paise=np.array(exposure, dtype=np.int64),
        positions=tuple(account.quantity),
        targets=None if decisions is None else decisions.target,
        breaker_events=tuple(session.breaker.events),
        actions=session.applied_actions,
    )


def _end_session(row: BarRow, session: Session, exchange: SimulatedExchange) -> None:
    """Of a session's last bar: what must not last longer is closed."""
    if row.ends_session:
        for command in session.end_session(row):
            _carry_out(command, session, exchange)
        for event in exchange.close_out(row, session.account.close):
            _tell(event, session, exchange)
        session.remark(row)


def _tell(event: Event, session: Session, exchange: SimulatedExchange) -> None:
    """Session hears of an event, and its answer is carried out before the exchange decides the next one."""
    for command in session.receive(event):
        _carry_out(command, session, exchange)


def _carry_out(command: Command, session: Session, exchange: SimulatedExchange) -> None:
    for event in exchange.execute(command):
        _tell(event, session, exchange)
