"""What the statistics look at: a run reduced to plain float64 arrays, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framework.report.benchmark import buy_and_hold
from framework.report.metrics import simple_returns
from framework.report.round_trips import RoundTrip, round_trips
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.record import Record

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """A run in rupees and calendar days. R accounted bars; S points: the deposit and every later session's close."""

    capital: float
    equity: NDArray[np.float64]
    """float64[R] at each bar's close."""
    exposure: NDArray[np.float64]
    """float64[R], Σ |value of positions|."""
    benchmark: NDArray[np.float64]
    """float64[R]."""
    days: NDArray[np.float64]
    """float64[R], days since 1970-01-01 of each close, with fractions within the day."""
    sessions: NDArray[np.int64]
    """int64[S], trading dates of the points as days since 1970-01-01."""
    returns: NDArray[np.float64]
    """float64[S−1] from point to point."""
    benchmark_returns: NDArray[np.float64]
    round_trips: tuple[RoundTrip, ...]
    """Closed ones."""
    open_round_trips: tuple[RoundTrip, ...]
    bought: float
    """Value of all purchases, rupees ≥ 0."""
    sold: float
    charges: float
    """≥ 0."""
    slippage: float
    """What slippage cost against the prices the bars showed; + is a cost."""
    risk_free: float
    """A year, as a fraction."""

    @property
    def years(self) -> float:
        """Calendar time from the first to the last close in years of 365.25 days."""
        return float(self.days[-1] - self.days[0]) / DAYS_PER_YEAR if self.days.shape[0] else 0.0

    @property
    def profits(self) -> NDArray[np.float64]:
        """Net profit of every closed round trip, rupees."""
        return np.array([one.net_paise / 100 for one in self.round_trips], dtype=np.float64)

    @property
    def profit_returns(self) -> NDArray[np.float64]:
        """Return of every closed round trip, as a fraction of its entry value."""
        return np.array([one.return_percent / 100 for one in self.round_trips], dtype=np.float64)


def session_rows(record: Record) -> NDArray[np.int64]:
    """Rows (of the account's arrays) of the points: 0 for the deposit, then the last row of every later session.

    The deposit stands at the first close, where the first decision is made: on daily bars that is the first session's
    own close, on intraday bars the first session gives a return too.
    """
    session = record.panel.session[record.first_row :]
    if session.shape[0] == 0:
        return np.empty(0, dtype=np.int64)
    last = np.flatnonzero(np.append(np.diff(session) != 0, True))
    return np.concatenate([[0], last[last > 0]]).astype(np.int64)


def observe(record: Record, risk_free: float = 0.0) -> Observations:
    """Reduce a record to what the statistics need; ``risk_free`` is a yearly fraction, 0.06 for 6 %."""
    panel, first = record.panel, record.first_row
    capital = record.settings.capital_paise / 100
    equity = record.equity_paise / 100
    benchmark = buy_and_hold(record)
    rows = session_rows(record)
    every = round_trips(record)
    bought = sold = slippage = 0.0
    for one in record.settlements:
        fill = one.fill
        value = one.value_paise / 100
        bought, sold = (bought + value, sold) if fill.quantity > 0 else (bought, sold + value)
        slippage += (fill.price - fill.unslipped) * fill.quantity
    return Observations(
        capital=capital,
        equity=equity,
        exposure=record.exposure_paise / 100,
        benchmark=benchmark,
        days=panel.close_time[first:] / DAY_NS,
        sessions=panel.session[first:][rows],
        returns=simple_returns(_from_deposit(capital, equity, rows)),
        benchmark_returns=simple_returns(_from_deposit(capital, benchmark, rows)),
        round_trips=tuple(one for one in every if not one.open),
        open_round_trips=tuple(one for one in every if one.open),
        bought=bought,
        sold=sold,
        charges=sum(one.charges_paise for one in record.settlements) / 100,
        slippage=slippage,
        risk_free=risk_free,
    )


def _from_deposit(capital: float, values: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The points of a series: the deposit in place of the first."""
    points = values[rows]
    if points.shape[0]:
        points[0] = capital
    return points
