"""Speed only: inputs of the long-or-flat fast path of sweeps, and the test for which runs may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.engines.compiled import frozen
from framework.engines.kernel.long_flat import BLOCK, WORD, Track
from framework.types.limits import Limits
from framework.types.panel import actions_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types import Panel, Settings
    from framework.types.signals import EntryExit


def takes_long_flat(panel: Panel, settings: Settings) -> bool:
    """True when between an entry and its exit only a fixed stop or target can happen: one gapless instrument."""
    exits = settings.exits
    quiet = exits.trail is None and exits.time_exit is None
    quiet = quiet and not other_limits(settings.limits) and settings.volume_cap is None
    quiet = quiet and panel.deadlines is None and not settings.protection_bps
    quiet = quiet and settings.sizing.kind in {"fixed", "value", "equity"}
    quiet = quiet and not actions_within(panel, settings, 0, len(panel))
    at_open = settings.fill_at == "next_open" and settings.reenter == "any_bar"
    one_table = not settings.charges.others
    return quiet and at_open and one_table and panel.close.shape[1] == 1 and bool((panel.close > 0).all())


def other_limits(limits: Limits) -> bool:
    """True when more is limited than the value of an order and of a position."""
    return limits != Limits(max_order_value=limits.max_order_value, max_position_value=limits.max_position_value)


def track_of(panel: Panel, closes: NDArray[np.int64]) -> Track:
    """The prices of the only instrument, and of each block of bars their extremes."""
    open_, high, low, close = (panel.open[:, 0], panel.high[:, 0], panel.low[:, 0], panel.close[:, 0])
    begins = np.arange(0, close.shape[0], BLOCK)
    highest, lowest = np.maximum.reduceat, np.minimum.reduceat
    blocks = (highest(high, begins), lowest(low, begins), highest(close, begins), lowest(close, begins))
    arrays = (panel.time, panel.close_time, open_, high, low, close, *blocks, closes)
    return Track(*map(frozen, arrays))


class EntryExitFlags:
    """Entries and exits of several sets, one bit a bar: an eighth of their memory, and 64 bars in one comparison."""

    def __init__(self, rows: int) -> None:
        self.count = 0
        self._words, self._used = -(-rows // WORD), -(-rows // 8)
        self._room(0)

    def _room(self, sets: int) -> None:
        """Begin with room for so many sets; the bits behind the last bar are never set."""
        self._both = np.zeros((2, sets, self._words), dtype=np.int64)
        self._bytes = self._both.view(np.uint8)[:, :, : self._used]

    def add(self, given: EntryExit) -> None:
        """Take one more set; nothing of the arrays is kept."""
        before = self._both
        if self.count == before.shape[1]:
            self._room(max(2 * self.count, 8))
            self._both[:, : self.count] = before
        self._bytes[0, self.count] = np.packbits(given.enter, bitorder="little")
        self._bytes[1, self.count] = np.packbits(given.leave, bitorder="little")
        self.count += 1

    @property
    def enter(self) -> NDArray[np.int64]:
        """int64[count, words]: where a set enters and does not leave."""
        entering: NDArray[np.int64] = self._both[0, : self.count] & ~self.leave
        return entering

    @property
    def leave(self) -> NDArray[np.int64]:
        """int64[count, words]: where it leaves."""
        leave: NDArray[np.int64] = self._both[1, : self.count]
        return leave
