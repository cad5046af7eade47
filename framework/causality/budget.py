"""Time budget of the check: a history that would overrun it by much is not begun."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from framework.causality.cuts import Mode

OVERRUN = 0.25
"""Share of the budget by which a history may be expected to overrun it."""


class Pace:
    """Measures what deciding a history costs and expects the next one to cost in proportion to its rows.

    The first is always allowed, and so is everything in the modes that have no budget.
    """

    def __init__(self, mode: Mode, budget_s: float, clock: Callable[[], float]) -> None:
        self._limited = mode == "default"
        self._budget, self._clock = budget_s, clock
        self._began = clock()
        self._longest = 0
        self._per_row = 0.0

    @property
    def row_s(self) -> float:
        """Seconds a row of the longest history measured so far; 0 when none was."""
        return self._per_row

    def left(self, share: float = 1.0) -> float:
        """Seconds until this share of the budget is used up; infinite without a budget."""
        return self._began + share * self._budget - self._clock() if self._limited else float("inf")

    def allows(self, rows: int, share: float = 1.0) -> bool:
        """True if a history of ``rows`` bars may be decided now."""
        if not self._limited or not self._longest:
            return True
        left = self.left(share)
        return left >= 0 and self._per_row * rows <= left + OVERRUN * self._budget

    @contextmanager
    def deciding(self, rows: int) -> Iterator[None]:
        """Measure the block, which decides a history of ``rows`` bars."""
        began = self._clock()
        yield
        per_row = (self._clock() - began) / max(rows, 1)
        if rows >= self._longest:
            self._longest, self._per_row = rows, per_row
        elif 2 * rows >= self._longest:  # about as long: the first one may have paid for imports
            self._per_row = min(self._per_row, per_row)
