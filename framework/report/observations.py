"""Observations for the statistics: a run reduced to plain float64 arrays, each made at first access."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from framework.report import metrics as m
from framework.report.benchmark import buy_and_hold
from framework.report.position_spans import PositionSpans
from framework.report.round_trips import RoundTrip, round_trips
from framework.rules.breaker import is_ruin
from framework.types.annualisation import DAYS_PER_YEAR, returns_a_year
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.record import Record


@dataclass(frozen=True, eq=False)
class Observations:
    """A run in rupees and calendar days. R accounted bars; S points: the deposit and every later session's close."""

    record: Record
    risk_free: float = 0.0
    """A year, as a fraction."""

    @cached_property
    def capital(self) -> float:
        """The deposit."""
        return self.record.settings.capital_paise / 100

    @cached_property
    def equity(self) -> NDArray[np.float64]:
        """float64[R] at each bar's close."""
        return self.record.equity_paise / 100

    @cached_property
    def ends(self) -> NDArray[np.float64]:
        """float64[2]: the deposit, and the equity at the last close."""
        account = self.record.equity_paise
        return np.array((self.capital, float(account[-1]) / 100 if account.shape[0] else self.capital))

    @cached_property
    def ruined(self) -> bool:
        """Ruin: equity at some close was 0 or less, and growth since the deposit is −100 %, whatever came after."""
        lows = self.descents.lows
        return bool(lows.shape[0]) and is_ruin(int(np.minimum.reduce(lows)))

    @cached_property
    def grown(self) -> NDArray[np.float64]:
        """float64[2]: the deposit, and what growth counts as become of it: 0 after ruin."""
        return np.array((self.capital, 0.0)) if self.ruined else self.ends

    @cached_property
    def descents(self) -> m.Descents:
        """Every time below a peak, in paise; the deposit counts, so that a loss in the first bar does."""
        return m.descents(self.record.equity_paise, self.record.settings.capital_paise)

    @cached_property
    def exposure(self) -> NDArray[np.float64]:
        """float64[R], Σ |value of positions|."""
        return self.record.exposure_paise / 100

    @cached_property
    def benchmark(self) -> NDArray[np.float64]:
        """float64[R]."""
        return buy_and_hold(self.record)

    @cached_property
    def days(self) -> NDArray[np.float64]:
        """float64[R], days since 1970-01-01 of each close, with fractions within the day."""
        return self.record.panel.close_time[self.record.first_row :] / DAY_NS

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """int64[S]: where the points lie among the R bars."""
        return session_rows(self.record)

    @property
    def sessions(self) -> NDArray[np.int64]:
        """int64[S], trading dates of the points as days since 1970-01-01."""
        return self.record.panel.session[self.record.first_row :][self.rows]

    @cached_property
    def returns(self) -> NDArray[np.float64]:
        """float64[S−1] from point to point."""
        return m.simple_returns(self._from_deposit(self._at_points(self.record.equity_paise) / 100))

    @cached_property
    def benchmark_points(self) -> NDArray[np.float64]:
        """float64[S]: the benchmark at the points, the deposit in place of the first."""
        every = self.rows.shape == self.record.equity_paise.shape
        return self._from_deposit(buy_and_hold(self.record, None if every else self.rows))

    @cached_property
    def benchmark_ends(self) -> NDArray[np.float64]:
        """The deposit and the benchmark's last value; empty without a bar."""
        last = self.benchmark_points if self.rows.shape[0] > 1 else self.benchmark
        return np.array([self.capital, last[-1]]) if last.shape[0] else last

    @cached_property
    def benchmark_returns(self) -> NDArray[np.float64]:
        """float64[S−1] from point to point."""
        return m.simple_returns(self.benchmark_points)

    @cached_property
    def spans(self) -> PositionSpans:
        """Position spans that the round trips are made of."""
        return PositionSpans.of(self.record.settlements, self.record.actions)

    @cached_property
    def every_round_trip(self) -> tuple[RoundTrip, ...]:
        """Closed ones, then open ones."""
        return round_trips(self.record, self.spans)

    @property
    def round_trips(self) -> tuple[RoundTrip, ...]:
        """Closed ones."""
        return self.every_round_trip[: self.spans.closed]

    @property
    def open_round_trips(self) -> tuple[RoundTrip, ...]:
        """Those still held at the end."""
        return self.every_round_trip[self.spans.closed :]

    @cached_property
    def profits(self) -> NDArray[np.float64]:
        """Net profit of every closed round trip, rupees."""
        return self.spans.nets_paise / 100

    @cached_property
    def profit_returns(self) -> NDArray[np.float64]:
        """Return of every closed round trip, as a fraction of its entry value."""
        return self.spans.return_percents / 100

    @cached_property
    def turned_over(self) -> tuple[float, float]:
        """Value of all purchases and of all sales, rupees ≥ 0."""
        bought, values = self.spans.fills["quantity"] > 0, self.spans.fills["value_paise"] / 100
        return _summed(values[bought]), _summed(values[~bought])

    @property
    def bought(self) -> float:
        """Value of all purchases, rupees ≥ 0."""
        return self.turned_over[0]

    @property
    def sold(self) -> float:
        """Value of all sales, rupees ≥ 0."""
        return self.turned_over[1]

    @cached_property
    def charges(self) -> float:
        """≥ 0."""
        return int(np.add.reduce(self.spans.fills["charges_paise"])) / 100

    @cached_property
    def slippage(self) -> float:
        """Cost of slippage against the prices of the bars; + is a cost."""
        fills = self.spans.fills
        return _summed((fills["price"] - fills["unslipped"]) * fills["quantity"])

    @cached_property
    def years(self) -> float:
        """Calendar time from the first to the last close in years of 365.25 days."""
        close_time = self.record.panel.close_time[self.record.first_row :]
        if not close_time.shape[0]:
            return 0.0
        first, last = (close_time[[0, -1]] / DAY_NS).tolist()
        return float(last - first) / DAYS_PER_YEAR

    @cached_property
    def per_year(self) -> float:
        """Returns a year, by which everything yearly is scaled; see ``types.annualisation``."""
        return returns_a_year(self.sessions, self.record.panel.timeframe)

    @cached_property
    def risk_free_rate(self) -> float:
        """Of one session, as a fraction."""
        return m.per_session(self.risk_free, self.per_year)

    @cached_property
    def cagr(self) -> float:
        """Compound annual growth rate, as a fraction."""
        return m.cagr(self.grown, self.years)

    @cached_property
    def means(self) -> tuple[float, float]:
        """Mean equity in rupees, and mean share of it that is invested, over the closes; the share NaN after ruin."""
        equity_paise, exposure_paise = self.record.equity_paise, self.record.exposure_paise
        if not equity_paise.shape[0]:
            return m.NAN, m.NAN
        if self.ruined:
            return m.mean(self.equity), m.NAN

        def piece(rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            equity, share = equity_paise[rows].astype(np.float64), exposure_paise[rows].astype(np.float64)
            equity /= 100
            share /= 100
            share /= equity
            return equity, share

        equity, share = m.means_of(equity_paise.shape[0], piece)
        return equity, share

    @cached_property
    def max_drawdown(self) -> float:
        """Greatest share below an earlier peak, 0..1."""
        return m.deepest(self.descents.peaks / 100, self.descents.lows / 100)

    @cached_property
    def sample(self) -> m.ReturnSample:
        """The returns with their mean and deviation."""
        return m.ReturnSample(self.returns)

    @cached_property
    def benchmark_sample(self) -> m.ReturnSample:
        """The benchmark's returns with theirs."""
        return m.ReturnSample(self.benchmark_returns)

    @cached_property
    def active(self) -> m.ReturnSample:
        """Returns above the benchmark's."""
        return m.ReturnSample(self.returns - self.benchmark_returns)

    @cached_property
    def value_at_risk(self) -> float:
        """The return that a twentieth of the sessions fell below."""
        return m.value_at_risk(self.returns)

    @cached_property
    def beta(self) -> float:
        """Against the benchmark."""
        return m.beta(self.sample, self.benchmark_sample)

    def _at_points(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """A series at the points; of daily bars every close is one."""
        return values if self.rows.shape == values.shape else values[self.rows]

    def _from_deposit(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The points of a series: the deposit in place of the first."""
        points[:1] = self.capital
        return points


def _summed(values: NDArray[np.float64]) -> float:
    """One after the other, as fills happen: a pairwise sum would round otherwise."""
    return 0.0 + float(values.cumsum()[-1]) if values.shape[0] else 0.0


def session_rows(record: Record) -> NDArray[np.int64]:
    """Rows (of the account's arrays) of the points: 0 for the deposit, then the last row of every later session.

    The deposit stands at the first close, where the first decision is made: on daily bars that is the first session's
    own close, on intraday bars the first session gives a return too.
    """
    first, last = record.first_row, len(record.panel) - 1
    if first > last:
        return np.empty(0, dtype=np.int64)
    ends = record.panel.session_ends
    between = ends[ends.searchsorted(first, side="right") : ends.searchsorted(last)]
    return np.concatenate(((first,), between, (last,) if last > first else ())).astype(np.int64) - first


def observe(record: Record, risk_free: float = 0.0) -> Observations:
    """Reduce a record to what the statistics need; ``risk_free`` is a yearly fraction, 0.06 for 6 %."""
    return Observations(record, risk_free)
