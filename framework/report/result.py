"""Result: what a run amounted to. Prints as a table; keeps everything needed to come to the same numbers again."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from framework.report import breaker, bundle, charge_breakdown, frames, held_back_orders, limits, printing
from framework.report.benchmark import NAME
from framework.report.findings import Finding, findings
from framework.report.metrics import drawdowns
from framework.report.observations import Observations, observe
from framework.report.stats import statistics
from framework.report.wording import time_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import plotly.graph_objects as go

    from framework.report.frames import FillRow
    from framework.report.held_back_orders import Intervention
    from framework.report.round_trips import RoundTrip
    from framework.types.causality import Causality
    from framework.types.record import Record
    from framework.types.settings import Settings
    from framework.types.verification import Verification
    from framework.types.without_risk import WithoutRisk


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A finished run with its numbers; two are equal when everything they were computed from is."""

    run_id: str
    strategy: str
    """As the user named it: ``rsi``, ``module:Class`` or a path."""
    parameters: dict[str, Any]
    record: Record
    causality: Causality
    provenance: Mapping[str, str]
    """What it takes to run it again: versions, hashes of the source and of the data, command line."""
    data_issues: tuple[str, ...] = ()
    """Sentences about data issues met in the range."""
    benchmark_name: str = NAME
    risk_free: float = 0.0
    """A year, as a fraction; 0.06 is 6 %."""
    verification: Verification | None = None
    """What the other engines made of the same run; None when they were not asked."""
    without_risk: WithoutRisk | None = None
    """The same decisions without limits and rules of the user's own, run at the first look at one of its fields.

    None when there were no limits and rules. What prints, shows or keeps a Result looks at it; the statistics do not.
    """

    @cached_property
    def observations(self) -> Observations:
        """The run as plain arrays in rupees and days: what the statistics are computed from."""
        return observe(self.record, self.risk_free)

    @cached_property
    def stats(self) -> dict[str, float]:
        """Every statistic by its name with unit, such as ``CAGR [%]``; NaN where there is no answer.

        ``docs/metrics.md`` and ``framework.report.stats.STATS`` give each one's formula and source.
        """
        return statistics(self.observations)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What to know before believing the numbers, most severe first."""
        known = (self.causality, self.data_issues, self.verification, self.held_back)
        return tuple(findings(self.record, self.observations, *known))

    @cached_property
    def held_back(self) -> tuple[Intervention, ...]:
        """Orders that risk or their fill held back, wholly or in part, and entries that ran out."""
        return held_back_orders.interventions(self.record)

    @property
    def trips(self) -> tuple[RoundTrip, ...]:
        """Round trips as tuples: closed ones in the order of their exits, then those still open."""
        return self.observations.every_round_trip

    @property
    def settings(self) -> Settings:
        """How the run was executed."""
        return self.record.settings

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of the run."""
        return self.record.panel.symbols

    @property
    def final_equity(self) -> float:
        """Rupees, to the paisa."""
        equity = self.record.equity_paise
        return int(equity[-1]) / 100 if equity.shape[0] else self.settings.capital_paise / 100

    @cached_property
    def title(self) -> str:
        """Strategy with its parameters."""
        parameters = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.strategy} ({parameters})" if parameters else self.strategy

    @property
    def span(self) -> tuple[str, str]:
        """First and last accounted bar; empty texts when there is none."""
        times = self.record.panel.time[self.record.first_row :]
        if not times.shape[0]:
            return "", ""
        return time_text(self.record.panel, 0, int(times[0])), time_text(self.record.panel, 0, int(times[-1]))

    @property
    def period(self) -> str:
        """Symbols, timeframe and range in one line."""
        names = ", ".join(self.symbols[:5]) + (f" and {len(self.symbols) - 5} more" if len(self.symbols) > 5 else "")  # noqa: PLR2004 - a line's worth
        bars = self.record.equity_paise.shape[0]
        first, last = (text[:16].replace("T", " ") for text in self.span)
        return (
            f"{names} · {self.record.panel.timeframe} · {first} to {last}, {bars:,} bars · {self.record.engine} engine"
        )

    # Tables: pandas is imported when one is asked for.

    @property
    def fills(self) -> pd.DataFrame:
        """DataFrame time, symbol, side, quantity, price, charges, reason; rupees."""
        return frames.fills_frame(self.record)

    def fills_rows(self) -> list[FillRow]:
        """The same without pandas: times as text, charges as text with two decimals."""
        return frames.fill_rows(self.record)

    def save_fills(self, path: str | Path) -> Path:
        """Write the fills as CSV with the header time,symbol,side,quantity,price,charges,reason."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(frames.fills_csv(self.record), encoding="utf-8")
        return target

    @property
    def round_trips(self) -> pd.DataFrame:
        """DataFrame of round trips, the open ones last and marked at the last close; rupees and percent."""
        return frames.round_trips_frame(self.record.panel, self.trips)

    @property
    def equity(self) -> pd.Series[float]:
        """Rupees at each bar's close, by the bar's time."""
        return frames.series(self.record, self.observations.equity, "equity")

    @property
    def drawdown(self) -> pd.Series[float]:
        """Percent below the highest equity so far (the deposit counts), 0..100, by the bar's time."""
        import numpy as np

        values = np.concatenate([[self.observations.capital], self.observations.equity])
        return frames.series(self.record, 100 * drawdowns(values)[1:], "drawdown")

    @property
    def benchmark(self) -> pd.Series[float]:
        """Rupees at each close of holding all instruments in equal parts.

        Each gets 1/N of the capital and is bought at its first open after the first bar, in fractional units, without
        costs; it is marked at its closes and its part is cash until then.
        """
        return frames.series(self.record, self.observations.benchmark, self.benchmark_name)

    # Pictures and files.

    def plot(self, symbol: str | None = None) -> go.Figure:
        """Interactive figure: equity with benchmark, drawdown, and the candles of one symbol with its fills."""
        from framework.report.figure import figure

        return figure(self, symbol)

    def report(self, path: str | Path, *, quantstats: bool = True) -> Path:
        """Write the tearsheet to ``path`` and, beside it, ``round_trips.csv`` and ``quantstats.html``.

        ``held_back_orders.csv`` joins them when orders were held back.
        """
        from framework.report.tearsheet import write

        return write(self, Path(path), quantstats=quantstats)

    def save(self, folder: str | Path) -> Path:
        """Write the bundle: JSON, CSV and arrays from which ``Result.load`` makes an equal result."""
        return bundle.save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a bundle; ``DataError`` says what is wrong with it."""
        return cls(**bundle.load(Path(folder)))

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values; NaN and inf are None."""
        first, last = self.span
        return {
            "run_id": self.run_id,
            "strategy": self.strategy,
            "parameters": self.parameters,
            "symbols": list(self.symbols),
            "timeframe": self.record.panel.timeframe,
            "first": first,
            "last": last,
            "engine": self.record.engine,
            "capital": self.settings.capital,
            "final_equity": self.final_equity,
            "round_trips_closed": self.observations.stays.closed,
            "round_trips_open": len(self.observations.stays) - self.observations.stays.closed,
            "causality": str(self.causality.verdict),
            "causality_detail": self.causality._asdict(),
            "verification": bundle.verification_facts(self.verification),
            "stats": {name: value if math.isfinite(value) else None for name, value in self.stats.items()},
            "findings": [finding._asdict() for finding in self.findings],
            "held_back": held_back_orders.facts(self.record, self.held_back),
            "charges_by_year": charge_breakdown.facts(self.record) if self.settings.charges.plan else [],
            "breaker": breaker.facts(self.record),
            "without_risk": limits.facts(self),
            "fill_rule": self.settings.fill_rule,
            "settings": self.settings.model_dump(mode="json"),
            "provenance": dict(self.provenance),
        }

    def to_json(self, indent: int | None = None) -> str:
        """``to_dict`` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    def __eq__(self, other: object) -> bool:
        return bundle.same(self, other) if isinstance(other, Result) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.run_id)

    def __str__(self) -> str:
        return printing.text(self)

    def __repr__(self) -> str:
        return printing.text(self)

    def _repr_html_(self) -> str:
        return printing.html(self)
