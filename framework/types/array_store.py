"""Space: where a run's large arrays are put. Here in memory; ``framework.scratch`` has one that goes on in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from framework.types.bars import Bars
    from framework.types.signals import Signals


class ArrayStore:
    """Memory, as much as there is."""

    def empty(self, shape: tuple[int, ...], dtype: type[Any] | np.dtype[Any] = np.float64) -> NDArray[Any]:
        """A new array to write into, C-contiguous; its values are undefined."""
        return np.empty(shape, dtype)

    def keep(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array, or a read-only copy of it where it may stay for as long as the run lasts."""
        return array

    def keep_bars(self, bars: Bars) -> Bars:
        """The same of an instrument's bars."""
        return bars

    def keep_signals(self, signals: Signals) -> Signals:
        """The same of what a strategy said of them."""
        return signals

    def beside(self, path: Path) -> None:
        """The disk on which this file lies is the one for what does not fit, unless another was named."""

    def foresee(self, size: int) -> None:
        """So many bytes will be asked for soon: the moment to refuse what does not fit, or to say where it goes."""


MEMORY = ArrayStore()
