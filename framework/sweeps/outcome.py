"""Outcome of a sweep: every set that was tried, the best of them, the Pareto front, and how much to believe it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from framework.report.findings import FEW_ROUND_TRIPS
from framework.sweeps.front import pareto_front
from framework.sweeps.neighbours import edges, plateau
from framework.sweeps.objectives import is_ruined, objectives_of, rising

if TYPE_CHECKING:
    import pandas as pd

    from framework.types import Causality


@dataclass(frozen=True, eq=False, repr=False)
class SweepOutcome:
    """A finished sweep; ``frame`` has one row per parameter set, ``best`` is the first of them by the objective."""

    sweep_id: str
    strategy: str
    axes: dict[str, list[Any]]
    positions: list[tuple[int, ...]]
    """Of every set: index of its value on each axis."""
    stats: list[dict[str, float]]
    objectives: tuple[str, ...]
    """Objectives by which sets are ranked; the first decides, ties go to the next."""
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
    unkept: str = ""
    """Why the sweep is not, or not wholly, in the database; empty when it is, or was not to be."""
    causality: Causality | None = None
    """Causality of the best set; None when it was not checked."""

    @property
    def tried(self) -> int:
        """Number of parameter sets this sweep tried."""
        return len(self.stats)

    @property
    def ruined(self) -> int:
        """Number of sets that lost the whole account: equity at some close was 0 or less."""
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

    def by(self, *objectives: str) -> Self:
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
        """Warnings about the best set, as sentences."""
        said = list(self.data_issues)
        if self.unkept:
            said.append(f"the sweep is not, or not wholly, kept: {self.unkept}")
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
