"""The event engine: Session and the simulated exchange over history, one bar at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.exchange import SimulatedExchange
from framework.session import Session
from framework.types.orders import BarRow, Decisions
from framework.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from framework.types import Event, Panel, RiskRule, Settings
    from framework.types.orders import CancelRequest, OrderRequest

PRICE_NAMES = ("stop", "take_profit", "trail", "limit", "trigger")


class DecisionArrays(NamedTuple):
    """A strategy's answers on the panel's grid, each float64[T, N]; None where the strategy never gives that price."""

    target: NDArray[np.float64]
    stop: NDArray[np.float64] | None = None
    take_profit: NDArray[np.float64] | None = None
    trail: NDArray[np.float64] | None = None
    limit: NDArray[np.float64] | None = None
    trigger: NDArray[np.float64] | None = None

    def rows(self, first: int, last: int) -> Iterator[Decisions]:
        """Plain rows of floats from ``first`` to before ``last``."""
        target = self.target[first:last].tolist()
        others = [None if array is None else array[first:last].tolist() for array in self[1:]]
        for t in range(last - first):
            yield Decisions(target[t], *[None if column is None else column[t] for column in others])


def bar_rows(panel: Panel, first: int, last: int) -> Iterator[BarRow]:
    """The panel's rows from ``first`` to before ``last`` as plain floats; a daily panel's last row ends its session."""
    session = panel.session
    ends = np.r_[session[1:] != session[:-1], panel.timeframe == "1d"][first:last]
    arrays = (panel.open, panel.high, panel.low, panel.close, panel.volume)
    return map(
        BarRow,
        panel.time[first:last].tolist(),
        panel.close_time[first:last].tolist(),
        session[first:last].tolist(),
        ends.tolist(),
        *(array[first:last].tolist() for array in arrays),
    )


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
    session = Session(panel.instruments, settings, style=style, rules=rules)
    exchange = SimulatedExchange(panel.instruments, settings, session.account)
    same_close = settings.fill_at == "same_close"
    equity: list[int] = []
    cash: list[int] = []
    exposure: list[int] = []
    account = session.account
    answers = None if decisions is None else decisions.rows(first_row, last)
    step = max((last - first_row) // 100, 1)

    def deliver(events: Iterable[Event]) -> None:
        for event in events:
            for command in session.receive(event):
                deliver(exchange.execute(command))

    for t, row in enumerate(bar_rows(panel, first_row, last), start=first_row):
        if not exchange.idle:
            deliver(exchange.open_bar(row))
            deliver(exchange.range_bar(row))
            deliver(exchange.end_bar(row))
        for command in session.close_bar(row):
            deliver(exchange.execute(command))
        answer = None if answers is None else next(answers)
        for command in session.decide(row, answer, () if on_bar is None else on_bar(session, t)):
            deliver(exchange.execute(command))
        if same_close and not exchange.idle:
            deliver(exchange.fill_at_close(row))
            session.remark(row)
        equity.append(session.equity_paise)
        cash.append(account.cash_paise)
        exposure.append(account.exposure_paise)
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
    )
