"""SweepResult: every set that was tried, the best of them, and how much to believe it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.report.findings import FEW_ROUND_TRIPS
from framework.report.stats import STATS
from framework.report.wording import number, stat_value
from framework.sweeps.front import pareto_front
from framework.sweeps.neighbours import edges, plateau
from framework.sweeps.objectives import is_ruined, objectives_of, rising

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import plotly.graph_objects as go

    from framework.types import Causality

SHOWN = 10
SHOWN_STATS = ("CAGR [%]", "Sharpe", "Max. drawdown [%]", "Win rate [%]", "Round trips")


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult:
    """A finished sweep; ``frame`` has one row per parameter set, ``best`` is the first of them by the objective."""

    sweep_id: str
    strategy: str
    axes: dict[str, list[Any]]
    positions: list[tuple[int, ...]]
    """Of every set: index of its value on each axis."""
    stats: list[dict[str, float]]
    objectives: tuple[str, ...]
    """What makes a set the best; with several, the first decides, ties go to the next."""
    symbols: tuple[str, ...]
    excluded: int
    """Sets that the constraint, or the strategy itself, left out."""
    tried_ever: int
    """Sets of this strategy tried on these symbols in this and every recorded sweep before."""
    resumed: int = 0
    """Of the sets, those that an earlier, interrupted call had tried."""
    data_issues: tuple[str, ...] = ()
    unmodelled: tuple[str, ...] = ()
    """Costs that the settings leave out, as sentences."""
    causality: Causality | None = None
    """Whether the best set sees the future; None when nobody looked."""

    @property
    def tried(self) -> int:
        """How many parameter sets this sweep tried."""
        return len(self.stats)

    @property
    def ruined(self) -> int:
        """How many of the sets lost the whole account: equity at some close was 0 or less."""
        return sum(map(is_ruined, self.stats))

    @property
    def objective(self) -> str:
        """The first of the objectives."""
        return self.objectives[0]

    @cached_property
    def order(self) -> list[int]:
        """Numbers of the sets: the best first, equals as in the grid; those that lack one, then ruined ones."""

        def rank(row: int) -> tuple[bool, bool, list[float], tuple[int, ...]]:
            values = rising(self.stats[row], self.objectives)
            falling = [0.0 if math.isnan(value) else -value for value in values]
            return is_ruined(self.stats[row]), any(map(math.isnan, values)), falling, self.positions[row]

        return sorted(range(self.tried), key=rank)

    @cached_property
    def front_rows(self) -> list[int]:
        """Numbers of the sets on the Pareto front, the best first; with one objective, of the best and its equals.

        No other set is as good in every objective and better in one.
        """
        found = set(pareto_front(np.array([rising(stats, self.objectives) for stats in self.stats])))
        return [row for row in self.order if row in found]

    @property
    def best(self) -> dict[str, Any]:
        """Parameters of the best set, as ``strategy(**result.best)`` takes them."""
        return self.parameters(self.order[0])

    def by(self, *objectives: str) -> SweepResult:
        """The same sets, judged by one or several other objectives; nothing is run."""
        seen = replace(self, objectives=objectives_of(objectives))
        return seen if seen.best == self.best else replace(seen, causality=None)  # nobody looked at that set

    def parameters(self, row: int) -> dict[str, Any]:
        """Parameters of the row-th set."""
        return {name: axis[at] for (name, axis), at in zip(self.axes.items(), self.positions[row], strict=True)}

    def plateau(self, row: int) -> float:
        """Median objective of the row-th set's neighbours in the grid; NaN where none was tried."""
        return plateau(self.positions[row], self._values, self.axes)

    @cached_property
    def _values(self) -> dict[tuple[int, ...], float]:
        return {at: stats[self.objective] for at, stats in zip(self.positions, self.stats, strict=True)}

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against the best set, as sentences."""
        said = list(self.data_issues)
        if self.causality is not None and self.causality.verdict.value == "leak":
            said.append(f"the best set sees the future: {self.causality.finding}")
        if self.ruined:
            sets = f"{self.ruined:,} of {self.tried:,} sets" if self.tried > 1 else "the only set"
            said.append(f"{sets} lost the whole account (ruin) and rank last, whatever the objective")
        trips = self.stats[self.order[0]]["Round trips"]
        if trips < FEW_ROUND_TRIPS:
            plural = "" if trips == 1 else "s"
            said.append(f"the best set closed {trips:.0f} round trip{plural}, too few to tell skill from luck")
        said += [sentence[:1].lower() + sentence[1:].rstrip(".") for sentence in self.unmodelled]
        at_edge = edges(self.positions[self.order[0]], self.axes)
        if at_edge:
            said.append(f"the best set lies on an edge of the grid ({', '.join(at_edge)}): widen it")
        said.append(
            f"the best of {self.tried_ever:,} sets tried is better than it will be again: choose by the plateau, "
            "and test it on prices that were not swept"
        )
        return tuple(said)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per set, the best first: parameters, statistics, ``plateau``."""
        return self._table(self.order)

    @cached_property
    def front(self) -> pd.DataFrame:
        """The rows of ``frame`` that are on the Pareto front of the objectives."""
        return self._table(self.front_rows)

    def _table(self, rows: list[int]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame([{**self.parameters(row), **self.stats[row], "plateau": self.plateau(row)} for row in rows])

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
        """What ``--json`` prints: NaN and infinity are null."""
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
        stats = {name: _said(value) for name, value in self.stats[row].items()}
        return {"parameters": self.parameters(row), "stats": stats, "plateau": _said(self.plateau(row))}

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
            shown = f", the first {SHOWN}" if count > SHOWN else ""
            what = "the one set" if count == 1 else f"{count:,} sets"
            lines += [f"Pareto front: {what} that no other beats in {' and '.join(self.objectives)}{shown}", ""]
            lines += [*self._lines(self.front_rows[:SHOWN]), ""]
        return "\n".join([*lines, *(f"! {sentence}" for sentence in self.warnings)])

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


def _said(value: float) -> float | None:
    return value if math.isfinite(value) else None
