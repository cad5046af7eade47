"""The axes of a grid as Optuna's distributions, and back: what it proposes is always a value of the grid."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.distributions import BaseDistribution

CHOICES = (bool, int, float, str)
NEARLY_WHOLE = 1e-9
"""A tenth of what Optuna allows a number of steps to miss a whole one by."""


class OptunaAxis:
    """One axis as Optuna sees it; ``says`` is Optuna's own value for each value of the axis."""

    def __init__(self, name: str, distribution: BaseDistribution, says: Sequence[Any]) -> None:
        self.name = name
        """Of the parameter in the study: the strategy's, or ``period (rank)`` where it stands for a place in order."""
        self.distribution = distribution
        self.says = says
        self.places = {self._step(said): at for at, said in enumerate(says)}

    def index(self, parameters: Mapping[str, Any]) -> int | None:
        """The index on the axis; None when a trial has no such parameter, or another value."""
        return self.places.get(self._step(parameters[self.name])) if self.name in parameters else None

    def _step(self, said: Any) -> Any:
        """Numbers with a fraction by their step, whatever binary makes of them; all others as they are."""
        from optuna.distributions import FloatDistribution

        if isinstance(self.distribution, FloatDistribution) and self.distribution.step is not None:
            return round((said - self.distribution.low) / self.distribution.step)
        return said


class OptunaSpace:
    """All axes that have something to choose from."""

    def __init__(self, axes: Mapping[str, Sequence[Any]]) -> None:
        self.axes = axes
        self.scales = {name: _scale(name, values) for name, values in axes.items() if len(values) > 1}

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Distributions for ``study.ask``."""
        return {scale.name: scale.distribution for scale in self.scales.values()}

    def position(self, parameters: Mapping[str, Any]) -> tuple[int, ...] | None:
        """Position of a trial's parameters in the grid; None when they are not of it."""
        found = [self.scales[name].index(parameters) if name in self.scales else 0 for name in self.axes]
        return None if None in found else tuple(at for at in found if at is not None)

    def parameters(self, position: Sequence[int]) -> dict[str, Any]:
        """A trial's parameters at a place in the grid."""
        places = dict(zip(self.axes, position, strict=True))
        return {scale.name: scale.says[places[name]] for name, scale in self.scales.items()}


def _scale(name: str, values: Sequence[Any]) -> OptunaAxis:
    """Numbers in even steps are a scale of numbers, other numbers one of ranks; the rest are choices without order."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        known = [value if value is None or isinstance(value, CHOICES) else repr(value) for value in values]
        return OptunaAxis(name, CategoricalDistribution(known), known)
    order = sorted(range(len(values)), key=values.__getitem__)
    numbers = [Decimal(str(values[at])) for at in order]
    steps = {after - before for before, after in pairwise(numbers)}
    floats = [float(value) for value in values]
    if len(steps) > 1 or not _on_steps(floats, numbers[0], min(steps)):
        ranks = sorted(range(len(values)), key=order.__getitem__)
        return OptunaAxis(f"{name} (rank)", IntDistribution(0, len(values) - 1), ranks)
    low, high, step = numbers[0], numbers[-1], steps.pop()
    if all(isinstance(value, int) for value in values):
        return OptunaAxis(name, IntDistribution(int(low), int(high), step=int(step)), values)
    return OptunaAxis(name, FloatDistribution(float(low), float(high), step=float(step)), floats)


def _on_steps(values: Sequence[float], low: Decimal, step: Decimal) -> bool:
    """True if Optuna, to which low and step are floats, finds every value a whole number of steps above the lowest.

    It does not where a float cannot say the step (of 1.2355609328951687 and 66.14589036093093), or where counting
    steps loses too many digits: 16.0000001 is not quite one of 1e-7 above 16.
    """
    counted = [(value - float(low)) / float(step) for value in values]
    return Decimal(str(float(step))) == step and all(abs(count - round(count)) < NEARLY_WHOLE for count in counted)
