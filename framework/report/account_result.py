"""Result of an account: the runs of several strategies, each on its own capital, and their sum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.report import frames
from framework.report.document import verification_facts
from framework.report.metrics import drawdowns
from framework.report.wording import percent, time_text
from framework.types.rupees import rupees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from framework.report.result import Result

HEADINGS = ("strategy", "orders", "fills", "charges", "capital", "final equity", "return")


class AccountEquity(NamedTuple):
    """Equity of an account at every close of any of its strategies."""

    time: NDArray[np.int64]
    """int64[T]: closes, UTC nanoseconds, rising."""
    paise: NDArray[np.int64]
    """int64[T]: a strategy that has no bar at a close counts with its last one, before its first with its deposit."""


class StrategyOutcome(NamedTuple):
    """Run of one strategy as a few numbers. Money in paise."""

    name: str
    orders: int
    """Orders that left, held back ones apart."""
    held_back: int
    """Orders of which risk left nothing."""
    fills: int
    charges_paise: int
    capital_paise: int
    equity_paise: int
    """At the last close."""


@dataclass(frozen=True, eq=False, repr=False)
class AccountResult:
    """Finished runs of the strategies of one account."""

    name: str
    """Of the deployment."""
    facts: Mapping[str, Any]
    """Facts of the deployment to print along: account, stage, file and its hashes."""
    runs: Mapping[str, Result]
    """Name of the strategy in the deployment → its run."""

    @cached_property
    def equity(self) -> AccountEquity:
        """Sum of the strategies' equity."""
        records = [run.record for run in self.runs.values()]
        times = [record.panel.close_time[record.first_row :] for record in records]
        union = np.unique(np.concatenate(times))
        total = np.zeros(union.shape, dtype=np.int64)
        for record, closes in zip(records, times, strict=True):
            steps = np.concatenate([[record.settings.capital_paise], record.equity_paise])
            total += steps[np.searchsorted(closes, union, side="right")]
        return AccountEquity(union, total)

    @cached_property
    def outcomes(self) -> tuple[StrategyOutcome, ...]:
        """Numbers of each strategy, in the order of the deployment."""
        found = []
        for name, run in self.runs.items():
            left = sum(one.verdict.quantity != 0 for one in run.record.orders)
            found.append(
                StrategyOutcome(
                    name=name,
                    orders=left,
                    held_back=len(run.record.orders) - left,
                    fills=len(run.record.settlements),
                    charges_paise=sum(one.charges_paise for one in run.record.settlements),
                    capital_paise=run.settings.capital_paise,
                    equity_paise=round(run.final_equity * 100),
                )
            )
        return tuple(found)

    @property
    def total(self) -> StrategyOutcome:
        """The account's numbers: the sum of its strategies'."""
        sums = (sum(column) for column in zip(*(one[1:] for one in self.outcomes), strict=True))
        return StrategyOutcome("account", *sums)

    @property
    def final_equity(self) -> float:
        """Rupees, to the paisa."""
        return self.total.equity_paise / 100

    @property
    def max_drawdown(self) -> float:
        """Percent below the account's highest equity so far, its deposit included; 0..100."""
        values = np.concatenate([[self.total.capital_paise], self.equity.paise]).astype(np.float64)
        return float(100 * drawdowns(values).max())

    @property
    def span(self) -> tuple[str, str]:
        """Earliest first and latest last accounted bar of the strategies, by their times."""
        panels = [(run.record.panel, run.record.first_row) for run in self.runs.values()]
        first, row = min(panels, key=lambda one: int(one[0].time[one[1]]))
        last, _ = max(panels, key=lambda one: int(one[0].time[-1]))
        return time_text(first, 0, int(first.time[row])), time_text(last, 0, int(last.time[-1]))

    def to_dict(self) -> dict[str, Any]:
        """The account as plain JSON values; money in rupees, counts of orders and fills, then each of them."""
        first, last = self.span
        strategies = []
        for outcome, run in zip(self.outcomes, self.runs.values(), strict=True):
            strategies.append(
                {
                    **_facts(outcome),
                    "run_id": run.run_id,
                    "strategy": run.strategy,
                    "parameters": run.parameters,
                    "symbols": [str(instrument) for instrument in run.record.panel.instruments],
                    "timeframe": run.record.panel.timeframe,
                    "engine": run.record.engine,
                    "causality": str(run.causality.verdict),
                    "verification": verification_facts(run.verification),
                    "stats": {name: value if math.isfinite(value) else None for name, value in run.stats.items()},
                    "findings": [finding._asdict() for finding in run.findings],
                    "order_rows": frames.order_rows(run.record),
                    "fill_rows": [row._asdict() for row in run.fills_rows()],
                    "provenance": dict(run.provenance),
                }
            )
        return {
            "deployment": self.name,
            **self.facts,
            "first": first,
            "last": last,
            **{name: value for name, value in _facts(self.total).items() if name != "name"},
            "max_drawdown_percent": self.max_drawdown,
            "strategies": strategies,
        }

    def rows(self) -> list[tuple[str, ...]]:
        """Cells of the table: a line for each strategy, then the sum."""
        return [
            (
                one.name,
                f"{one.orders:,}",
                f"{one.fills:,}",
                rupees(one.charges_paise / 100),
                rupees(one.capital_paise / 100),
                rupees(one.equity_paise / 100),
                percent(_return(one)),
            )
            for one in (*self.outcomes, self.total)
        ]

    @property
    def period(self) -> str:
        """Account and range in one line."""
        first, last = (text[:16].replace("T", " ") for text in self.span)
        return f"account {self.facts['account']} · {first} to {last} · {len(self.equity.time):,} closes"

    def __str__(self) -> str:
        table = [HEADINGS, *self.rows()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [f"Deployment {self.name}", self.period, ""]
        for name, *numbers in table:
            cells = [f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True)]
            lines.append("  ".join([f"{name:<{widths[0]}}", *cells]))
        lines += ["", f"Max. drawdown of the account  {percent(self.max_drawdown)}"]
        for name, run in self.runs.items():
            lines.append(f"{name}: causality {run.causality}")
            if run.verification is not None:
                lines.append(f"{name}: verified {run.verification}")
            lines += [f"{name}: {finding.text}" for finding in run.findings]
        return "\n".join(lines)


def _return(outcome: StrategyOutcome) -> float:
    """Percent of the deposit."""
    return 100 * (outcome.equity_paise / outcome.capital_paise - 1)


def _facts(outcome: StrategyOutcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "orders": outcome.orders,
        "held_back": outcome.held_back,
        "fills": outcome.fills,
        "charges": outcome.charges_paise / 100,
        "capital": outcome.capital_paise / 100,
        "final_equity": outcome.equity_paise / 100,
        "total_return_percent": _return(outcome),
    }
