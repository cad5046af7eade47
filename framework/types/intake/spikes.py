"""Spikes: single bars whose high or low stands far outside their neighbours and their own body, as a bad tick does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST = 0.05
"""Smallest distance, log: 5 % beyond everything else there."""
RANGES = 8.0
"""Smallest distance in usual ranges (ln high ÷ low) of the bars around: a wild day has wild neighbours."""
AROUND = 10
"""Bars before and after that say what is usual."""


class Spikes(NamedTuple):
    """Bars with a spike, and how far each stands out."""

    rows: NDArray[np.int64]
    """int64[k], rising."""
    size: NDArray[np.float64]
    """Log distance of the high above everything near (+), or of the low below it (−)."""


def spikes(
    open_: NDArray[np.float64], high: NDArray[np.float64], low: NDArray[np.float64], close: NDArray[np.float64]
) -> Spikes:
    """Bars whose high (low) is beyond their open and close and beyond the bars before and after it, by far.

    Far is 5 % at least, and eight times the median range of the ten bars before and the ten after. One bar before and
    one after must be there, so the first and the last bar are never spikes. Prices are above 0, float64[n].
    """
    count = high.shape[0]
    if count < 3:  # noqa: PLR2004 - a bar between two
        return Spikes(np.empty(0, dtype=np.int64), np.empty(0))
    inner = slice(1, -1)
    top = np.maximum(np.maximum(open_, close)[inner], np.maximum(high[:-2], high[2:]))
    bottom = np.minimum(np.minimum(open_, close)[inner], np.minimum(low[:-2], low[2:]))
    above, below = np.log(high[inner] / top), np.log(bottom / low[inner])
    size = np.where(above >= below, above, -below)
    rows = np.flatnonzero(np.abs(size) >= SMALLEST) + 1
    ranges = np.log(high / low)
    far = [abs(size[row - 1]) >= RANGES * _usual(ranges, row) for row in rows.tolist()]
    kept = rows[np.array(far, dtype=bool)]
    return Spikes(kept, size[kept - 1])


def _usual(ranges: NDArray[np.float64], row: int) -> float:
    return float(np.median(np.concatenate((ranges[max(0, row - AROUND) : row], ranges[row + 1 : row + 1 + AROUND]))))
