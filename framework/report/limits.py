"""With and without risk limits: the two runs of the same decisions side by side."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.report.observations import observe
from framework.report.wording import number, percent
from framework.types.currency import money_text

if TYPE_CHECKING:
    from framework.report.facts import RunFacts


class Compared(NamedTuple):
    """One number of both runs."""

    name: str
    unit: str
    """₹, % or empty for a count."""
    limited: float
    unlimited: float

    @property
    def difference(self) -> float:
        """Effect of the limits: the figure as run, less the figure without them."""
        return self.limited - self.unlimited

    def texts(self, currency: str) -> tuple[str, ...]:
        """Name, as run, without limits, and the difference: of percentages in points."""
        points = f"{number(self.difference)} points" if self.unit == "%" else self._text(self.difference, currency)
        return self.name, self._text(self.limited, currency), self._text(self.unlimited, currency), points

    def _text(self, value: float, currency: str) -> str:
        if self.unit == "₹":
            return money_text(value, currency)
        return percent(value) if self.unit else number(value, 0)


def compared(result: RunFacts) -> list[Compared]:
    """Final equity, returns, drawdown, fills and charges; empty when there was no second run."""
    other = result.without_risk
    if other is None or not other.equity_paise.shape[0]:
        return []
    seen = result.observations
    again = observe(replace(result.record, equity_paise=other.equity_paise))
    capital = seen.capital
    return [
        Compared("Final equity", "₹", float(seen.ends[1]), float(again.ends[1])),
        Compared("Total return", "%", *(100 * (float(one.grown[1]) / capital - 1) for one in (seen, again))),
        Compared("CAGR", "%", 100 * seen.cagr, 100 * again.cagr),
        Compared("Max. drawdown", "%", 100 * seen.max_drawdown, 100 * again.max_drawdown),
        Compared("Fills", "", float(len(result.record.settlements)), float(other.fills)),
        Compared("Charges", "₹", seen.charges, other.charges_paise / 100),
    ]


def facts(result: RunFacts) -> dict[str, Any] | None:
    """The comparison as JSON values; None when no limit was set."""
    other = result.without_risk
    if other is None:
        return None
    names = {"Final equity": "final_equity", "Total return": "total_return_percent", "CAGR": "cagr_percent",
             "Max. drawdown": "max_drawdown_percent", "Fills": "fills", "Charges": "charges"}  # fmt: skip
    rows = {
        names[one.name]: {
            name: round(value, 6) if math.isfinite(value) else None
            for name, value in (("as_run", one.limited), ("without", one.unlimited), ("difference", one.difference))
        }
        for one in compared(result)
    }
    return {"engine": other.engine, "left_out": other.left_out, **rows}
