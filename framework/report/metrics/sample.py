"""A sample: values with what several measures need of them, worked out once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from framework.report.metrics.growth import NAN, mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

DUST = 1e-14
"""A deviation at or below this is rounding of 64-bit returns, not variance."""


class ReturnSample:
    """Values, float64[n], their mean and how far they lie from it. ``deviation`` is that of ``deviation()``."""

    __slots__ = ("_moments", "deviation", "mean", "size", "squares", "steps", "values")

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values, self.size = values, int(values.shape[0])
        self.mean = mean(values)
        self.steps: NDArray[np.float64] = values - self.mean
        self.squares = float(np.add.reduce(self.steps * self.steps))
        spread = math.sqrt(self.squares / (self.size - 1)) if self.size > 1 else NAN
        self.deviation = 0.0 if spread <= DUST else spread
        self._moments: tuple[float, float, float] | None = None

    @classmethod
    def of(cls, values: NDArray[np.float64] | ReturnSample) -> ReturnSample:
        """The values as a sample; a sample as it is."""
        return values if isinstance(values, ReturnSample) else cls(values)

    def less(self, level: float) -> ReturnSample:
        """A sample of the values minus a level."""
        return ReturnSample(self.values - level) if level else self

    @property
    def moments(self) -> tuple[float, float, float]:
        """Means of the second, third and fourth power of the steps; there must be a deviation.

        In units of the greatest step: neither skewness nor kurtosis has a scale, and powers of tiny returns would
        underflow. The powers are products, which are the same on every machine; ``**3`` is not.
        """
        if self._moments is None:
            steps = self.steps / float(np.maximum.reduce(np.abs(self.steps)))
            square = steps * steps
            self._moments = mean(square), mean(square * steps), mean(square * square)
        return self._moments
