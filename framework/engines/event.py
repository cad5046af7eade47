"""The event engine: Session and the simulated exchange over history, one bar at a time."""

from __future__ import annotations

from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from framework.engines.volatility import with_volatility
from framework.exchange import SimulatedExchange
from framework.session import Session
from framework.types.actions import actions_within
from framework.types.orders import BarRow, Decisions
from framework.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from framework.types import Command, Event, Panel, RiskRule, Settings
    from framework.types.orders import CancelRequest, OrderRequest

AT_A_TIME = 1024
"""Rows that are made into Python's own numbers at once, of up to ``ABREAST`` instruments; of more, fewer."""
ABREAST = 128
Made = TypeVar("Made", BarRow, Decisions)
PRICE_NAMES = ("stop", "take_profit", "trail", "limit", "trigger")


class DecisionArrays(NamedTuple):
    """A strategy's answers on the panel's grid, each float64[T, N]; None where the strategy never gives that price."""

    target: NDArray[np.float64]
    stop: NDArray[np.float64] | None = None
    take_profit: NDArray[np.float64] | None = None
    trail: NDArray[np.float64] | None = None
    limit: NDArray[np.float64] | None = None
    trigger: NDArray[np.float64] | None = None
    volatility: NDArray[np.float64] | None = None
    """Not the strategy's: ``framework.engines.volatility`` measures it where the sizing asks for it."""

    def rows(self, first: int, last: int) -> Iterator[Decisions]:
        """Plain rows of floats from ``first`` to before ``last``."""
        return _rows(Decisions, self, first, last)


def bar_rows(panel: Panel, first: int, last: int) -> Iterator[BarRow]:
    """The panel's rows from ``first`` to before ``last`` as plain floats; a daily panel's last row ends its session."""
    clocks = (panel.time, panel.close_time, panel.session, panel.ends_session)
    tables = (panel.open, panel.high, panel.low, panel.close, panel.volume)
    return _rows(BarRow, (*clocks, *tables, _deadlines(panel)), first, last)


def _deadlines(panel: Panel) -> NDArray[Any] | None:
    """The ``Deadline`` of every row, object[T]; one object for all rows of a session."""
    if panel.deadlines is None:
        return None
    each = panel.deadlines.by_session()
    of_session = np.empty(len(each), dtype=object)
    for k, deadline in enumerate(each):
        of_session[k] = deadline
    return of_session[panel.deadlines.rows_of(panel.session)]


def _rows(kind: type[Made], columns: Sequence[NDArray[Any] | None], first: int, last: int) -> Iterator[Made]:
    """Named tuples of plain numbers row by row: one of an array [T], a tuple of a table [T, N], None without either.

    A thousand rows at a time, or a long history would be there twice.
    """
    breadth = max((column.shape[1] for column in columns if column is not None and column.ndim > 1), default=1)
    rows = max(AT_A_TIME * ABREAST // max(breadth, ABREAST), 1)

    def some(start: int) -> Iterator[Made]:
        stop = min(start + rows, last)
        plain = (repeat(None, stop - start) if column is None else _plain(column[start:stop]) for column in columns)
        return map(partial(tuple.__new__, kind), zip(*plain, strict=True))  # kind(...) is Python, and twice as slow

    return chain.from_iterable(map(some, range(first, last, rows)))


def _plain(column: NDArray[Any]) -> Iterable[Any]:
    return column.tolist() if column.ndim == 1 else zip(*column.T.tolist(), strict=True)


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
