"""Histogram of durations in a fixed memory: a million of them must not be seen in the memory that is measured."""

from __future__ import annotations

from array import array
from math import ceil, log

SHORTEST_MS, LONGEST_MS = 0.001, 1_000_000.0
STEP = 1.01
"""Each bin reaches 1 % further than the one before it: so close is what is read from it."""
_LOG_STEP = log(STEP)


class Histogram:
    """Counts of durations, milliseconds, in bins of 1 %; what is read is the end of a bin, at most the longest."""

    def __init__(self) -> None:
        self._counts = array("q", bytes(8 * (ceil(log(LONGEST_MS / SHORTEST_MS) / _LOG_STEP) + 1)))
        self.count = 0
        self.longest_ms = 0.0
        """Exact."""

    def add(self, duration_ms: float) -> None:
        """Count one; what is outside of 1 µs to 1,000 s is in the first bin, or the last."""
        place = ceil(log(max(duration_ms, SHORTEST_MS) / SHORTEST_MS) / _LOG_STEP)
        self._counts[min(place, len(self._counts) - 1)] += 1
        self.count += 1
        self.longest_ms = max(self.longest_ms, duration_ms)

    def at(self, share: float) -> float:
        """Milliseconds that so large a share of them took at most, to 1 %; NaN without any."""
        rank, seen = max(ceil(share * self.count), 1), 0
        for place, count in enumerate(self._counts):
            seen += count
            if seen >= rank:
                return min(SHORTEST_MS * STEP**place, self.longest_ms)
        return float("nan")

    def above(self, limit_ms: float) -> int:
        """Count of those in bins that end above a limit."""
        return sum(count for place, count in enumerate(self._counts) if SHORTEST_MS * STEP**place > limit_ms)
