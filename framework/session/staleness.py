"""Staleness: the session of each last bar and the close before it, which say whether a price can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.types import BarRow

NAN = float("nan")


class Staleness:
    """Lists by instrument, brought along at every close."""

    def __init__(self, instruments: int) -> None:
        self._close = [NAN] * instruments
        self.before = [NAN] * instruments
        """Close of the bar before the latest, rupees; NaN without two bars."""
        self._sessions = 0
        self._session = -1
        self._seen = [-1] * instruments

    def note(self, row: BarRow) -> None:
        """A bar is complete."""
        if row.session != self._session:
            self._session = row.session
            self._sessions += 1
        for i, close in enumerate(row.close):
            if close > 0.0:
                self.before[i], self._close[i] = self._close[i], close
                self._seen[i] = self._sessions

    def carry(self, i: int, factor: float) -> None:
        """A split: the closes in terms of the new shares."""
        self.before[i], self._close[i] = self.before[i] / factor, self._close[i] / factor

    def age(self, i: int) -> int:
        """Sessions since the latest bar, 0 = it is of this one; −1 when there has been none."""
        return self._sessions - self._seen[i] if self._seen[i] >= 0 else -1
