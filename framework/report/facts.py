"""Facts of a finished run: its inputs, its outcome, and the findings to know before believing it.

``Result`` has the same facts and can print, draw and keep them; everything that prints, draws or keeps takes these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from framework.report import held_back_orders
from framework.report.benchmark import NAME
from framework.report.finding import worst_first
from framework.report.findings import findings
from framework.report.observations import Observations, observe
from framework.report.price_findings import price_findings
from framework.report.stats import statistics
from framework.report.wording import time_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.report.finding import Finding
    from framework.report.held_back_orders import Intervention
    from framework.report.round_trips import RoundTrip
    from framework.types.causality import Causality
    from framework.types.record import Record
    from framework.types.settings import Settings
    from framework.types.verification import Verification
    from framework.types.without_risk import WithoutRisk


@dataclass(frozen=True, eq=False, repr=False)
class RunFacts:
    """A finished run with its numbers."""

    run_id: str
    strategy: str
    """As the user named it: ``rsi``, ``module:Class`` or a path."""
    parameters: dict[str, Any]
    record: Record
    causality: Causality
    provenance: Mapping[str, str]
    """Provenance for a rerun: versions, hashes of the source and of the data, command line."""
    data_issues: tuple[str, ...] = ()
    """Sentences about data issues met in the range."""
    benchmark_name: str = NAME
    risk_free: float = 0.0
    """A year, as a fraction; 0.06 is 6 %."""
    verification: Verification | None = None
    """Comparison with the other engines; None when they did not run."""
    without_risk: WithoutRisk | None = None
    """The same decisions without limits and rules of the user's own, run at first access of one of its fields.

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
        """Findings to know before believing the numbers, most severe first."""
        known = (self.causality, self.data_issues, self.verification, self.held_back)
        of_prices = price_findings(self.record, self.observations.spans.fills, self.provenance.get("created", ""))
        return tuple(worst_first((*findings(self.record, self.observations, *known), *of_prices)))

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
        """Settings by which the run was executed."""
        return self.record.settings

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of the run."""
        return self.record.panel.symbols

    @property
    def currency(self) -> str:
        """Currency of every amount, three letters."""
        return self.record.panel.currency

    @property
    def final_equity(self) -> float:
        """In the run's currency, to the paisa or cent."""
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
