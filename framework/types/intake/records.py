"""Rows on their way from cells to bars: whose they are, as arrays, and those that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SeriesKey(NamedTuple):
    """Key of a series: one instrument in one timeframe."""

    symbol: str
    exchange: str
    timeframe: str


class Columns(NamedTuple):
    """Rows of one series as arrays, times strictly rising."""

    timestamp: NDArray[np.int64]
    """UTC seconds, int64[n]."""
    values: NDArray[np.float64]
    """open, high, low, close, volume: float64[5, n]; volume NaN where there is none."""

    def pick(self, mask: NDArray[np.bool_]) -> Columns:
        """The rows where the mask, bool[n], holds."""
        return Columns(self.timestamp[mask], self.values[:, mask])

    def beside(self, others: Columns) -> Columns:
        """These rows and others, none at the same time, in the order of time."""
        times = np.concatenate((self.timestamp, others.timestamp))
        order = np.argsort(times)
        return Columns(times[order], np.concatenate((self.values, others.values), axis=1)[:, order])


class Refusal(NamedTuple):
    """A row that did not reach ``ohlc_data``, or a fact of the file worth a line of its own."""

    kind: str
    reason: str
    line: int | None = None
    symbol: str = ""
    exchange: str = ""
    timeframe: str = ""
    first: int | None = None
    """UTC seconds; None where the time could not be read."""
    last: int | None = None
    rows: int = 1
    """Rows that it stands for; 0 for a fact of the file."""


class Facts(NamedTuple):
    """Facts of an instrument in a price file; None, 0 and 1 mean not given and change nothing."""

    symbol: str
    exchange: str = ""
    name: str | None = None
    isin: str | None = None
    tick: float = 0.0
    lot: int = 1
    timezone: str | None = None
    currency: str | None = None
