"""SweepResult: every set that was tried, the best of them, and how much to believe it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from framework.report.stats import STATS
from framework.report.wording import number, stat_value
from framework.sweeps.neighbours import edges
from framework.sweeps.outcome import SweepOutcome
from framework.types.visible import visible_text

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

SHOWN = 10
SHOWN_STATS = ("CAGR [%]", "Sharpe", "Max. drawdown [%]", "Win rate [%]", "Round trips")


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult(SweepOutcome):
    """A finished sweep: prints as a table, draws its charts, writes its files."""

    def heatmap(self, x: str | None = None, y: str | None = None, stat: str | None = None) -> go.Figure:
        """A statistic (the objective) over two parameters, the median over all the others."""
        from framework.sweeps.plots import heatmap

        return heatmap(self, x, y, stat)

    def slices(self) -> go.Figure:
        """The objective along each parameter, the others held at the best set's values."""
        from framework.sweeps.plots import slices

        return slices(self)

    def scatter(self, x: str | None = None, y: str | None = None) -> go.Figure:
        """Every set by two statistics (the first two objectives), the Pareto front marked."""
        from framework.sweeps.plots import scatter

        return scatter(self, x, y)

    def save(self, folder: Path) -> list[Path]:
        """Write results.csv, slices.html, heatmap.html (two parameters), front.html (two objectives); no network."""
        from framework.sweeps.plots import save

        return save(self, folder)

    def to_dict(self) -> dict[str, Any]:
        """Result as ``--json`` prints it: NaN and infinity are null."""
        top = [self._row(row) for row in self.order[:SHOWN]]
        several = len(self.objectives) > 1
        return {
            "sweep_id": self.sweep_id,
            "strategy": self.strategy,
            "symbols": list(self.symbols),
            "objective": self.objective,
            "objectives": list(self.objectives),
            "tried": self.tried,
            "tried_ever": self.tried_ever,
            "excluded": self.excluded,
            "ruined": self.ruined,
            "resumed": self.resumed,
            "causality": None if self.causality is None else str(self.causality.verdict),
            "best": {**top[0], "edges": edges(self.positions[self.order[0]], self.axes)},
            "top": top,
            **({"front": [self._row(row) for row in self.front_rows]} if several else {}),
            "warnings": list(self.warnings),
        }

    def _row(self, row: int) -> dict[str, Any]:
        stats = {name: _finite(value) for name, value in self.stats[row].items()}
        return {"parameters": self.parameters(row), "stats": stats, "plateau": _finite(self.plateau(row))}

    def to_json(self) -> str:
        """``to_dict`` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False, default=str)

    def __repr__(self) -> str:
        left_out = f", {self.excluded:,} left out" if self.excluded else ""
        head = f"{self.strategy} on {', '.join(self.symbols[:5])}: {self.tried:,} parameter sets tried{left_out}"
        best = f"best by {', then '.join(self.objectives)}; plateau: median of its neighbours"
        lines = [head, best, "", *self._lines(self.order[:SHOWN]), ""]
        count = len(self.front_rows)
        if len(self.objectives) > 1 and count:
            first = f", the first {SHOWN}" if count > SHOWN else ""
            what = "the one set" if count == 1 else f"{count:,} sets"
            lines += [f"Pareto front: {what} that no other beats in {' and '.join(self.objectives)}{first}", ""]
            lines += [*self._lines(self.front_rows[:SHOWN]), ""]
        return visible_text("\n".join([*lines, *(f"! {sentence}" for sentence in self.warnings)]))

    def _lines(self, rows: list[int]) -> list[str]:
        """A table of some sets, aligned."""
        known = [*dict.fromkeys([*self.objectives, *SHOWN_STATS])]
        cells = [[*self.axes, *known, "plateau"]]
        for row in rows:
            values = [_short(value) for value in self.parameters(row).values()]
            cells.append([*values, *(_stat(key, self.stats[row][key]) for key in known), number(self.plateau(row))])
        widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
        return ["  ".join(f"{text:>{width}}" for text, width in zip(line, widths, strict=True)) for line in cells]


def _stat(key: str, value: float) -> str:
    stat = next((stat for stat in STATS if stat.key == key), None)
    return number(value) if stat is None else stat_value(stat, value)


def _short(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
