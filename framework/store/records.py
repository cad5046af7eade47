"""Rows that the store reads and writes besides Bars: frozen, named after their columns."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.types import BreakerEvent, TradingState


class SeriesInfo(NamedTuple):
    """One stored series and its extent."""

    symbol: str
    exchange: str
    timeframe: str
    bars: int
    first_ns: int
    """Open of the first bar, UTC nanoseconds."""
    last_ns: int


class SaveCount(NamedTuple):
    """Counts of bars handed to the store, by outcome; the four add up to the bars given."""

    new: int
    unchanged: int = 0
    """Already stored with the same values."""
    conflicting: int = 0
    """Stored with other values and left as they were."""
    replaced: int = 0
    """Stored with other values and overwritten, as asked."""


class DataIssue(NamedTuple):
    """One thing that is wrong, or looks wrong, in a file or a stored series."""

    kind: str
    symbol: str
    exchange: str
    timeframe: str
    first_ns: int | None
    """UTC nanoseconds of the first bar meant; None where there is no readable time."""
    last_ns: int | None
    file: str
    line: int | None
    """Line of a CSV (the heading is 1) or row of another file; None for a finding over many rows."""
    reason: str

    def __str__(self) -> str:
        owner = f"{self.exchange}:{self.symbol}" if self.exchange else self.symbol
        where = f"{self.file} line {self.line}" if self.line else self.file
        return f"{self.kind}: {' '.join(word for word in (owner, self.timeframe) if word)}: {self.reason} ({where})"


class CorporateAction(NamedTuple):
    """A split, bonus, dividend or the like on its ex-date."""

    symbol: str
    exchange: str
    ex_date_ns: int
    """00:00 UTC of the ex-date, nanoseconds."""
    kind: str
    factor: float
    """Shares after ÷ shares before, > 0."""
    terms: str = ""
    dividend: float = 0.0
    """Rupees for each share held before the ex-date, ≥ 0."""


class RunRow(NamedTuple):
    """One backtest as the store remembers it; money in paise, times in UTC nanoseconds (kept to the second)."""

    run_id: str
    strategy: str
    parameters: Mapping[str, Any]
    settings: Mapping[str, Any]
    symbols: tuple[str, ...]
    timeframe: str
    first_ns: int
    last_ns: int
    engine: str
    capital_paise: int
    final_equity_paise: int
    round_trips_closed: int
    round_trips_open: int
    causality: str
    stats: Mapping[str, Any]
    provenance: Mapping[str, Any]
    bundle_path: str = ""
    created_at: int = 0
    """UTC seconds; 0 = now, when saved."""
    verification: str = ""
    """Comparison with the other engines, in one line; empty while none ran."""


class Owner(NamedTuple):
    """Owner of risk rows: a run, or a paper or live account; the other one is empty."""

    run_id: str = ""
    account: str = ""


class RiskRow(NamedTuple):
    """Risk of an account at the last close of a session, in paise."""

    session: str
    """``2026-11-23``."""
    equity_paise: int
    exposure_paise: int
    """Gross: the sum of |marked value| of all positions, ≥ 0."""
    daily_pnl_paise: int
    """Since the session before; since the deposit on the first."""
    drawdown_paise: int
    """Below the highest equity at a close so far, ≥ 0."""
    drawdown_percent: float
    """Of that highest equity, ≥ 0."""
    buying_power_paise: int
    """Before what working orders keep back."""
    state: TradingState


class BreakerRow(NamedTuple):
    """A change of the trading state as the store remembers it."""

    event: BreakerEvent
    """Its instrument is ``symbol``."""
    symbol: str = ""
    """Of a runaway; empty = all."""
    who: str = ""
    """Of a command. So is why."""
    why: str = ""


class SweepRow(NamedTuple):
    """One sweep as the store remembers it; times in UTC nanoseconds (kept to the second)."""

    sweep_id: str
    strategy: str
    grid: Mapping[str, Any]
    """Parameter → the values it was given."""
    settings: Mapping[str, Any]
    symbols: tuple[str, ...]
    timeframe: str
    first_ns: int
    last_ns: int
    objective: str
    fingerprint: str
    """Hash of the strategy's source, the prices and the settings."""
    provenance: Mapping[str, Any]
    wanted: int = 0
    """Sets planned; 0 = unknown."""
    outcome: Mapping[str, Any] = MappingProxyType({})
    """Outcome at its end; empty until then."""
    created_at: int = 0
    """UTC seconds; 0 = now, when saved."""


class SweepInfo(NamedTuple):
    """One sweep in a list."""

    sweep: SweepRow
    tried: int
    """Sets that were tried."""
    least: float
    """Of its first objective; NaN where no set has a value. So is greatest."""
    greatest: float
