"""Veil over the future: while a causality check looks, bars that close after a moment show other values than they have.

A strategy can reach prices beside those it is given: a table in its module, a class attribute, the store. Cutting the
given history short does not cut those. Under the veil they keep their times (the calendar is known) and lose what is
not known yet: a decision that needs it comes out different.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SomeBars = TypeVar("SomeBars", bound=Any)
"""``Bars``, which this file does not import: bars made of a frame come through here."""
SETTLED = ("open", "high", "low", "close", "volume")
GOLDEN = 0.618_033_988_749_895


class Veil(NamedTuple):
    """Veil over the future: hides everything that is settled after ``moment``, UTC nanoseconds."""

    moment: int
    turn: int
    """Another number, other values in the place of the unknown ones."""

    def over(self, values: NDArray[np.float64], unknown: NDArray[np.bool_], column: int) -> NDArray[np.float64]:
        """Values, float64[n], with the unknown ones a half to twice of what they are, by factors of row and column.

        One factor for a row would leave it open whether its close lies above its open.
        """
        spread = (np.arange(values.shape[0]) * GOLDEN + self.turn * 0.37 + column * 0.29) % 1.0
        changed: NDArray[np.float64] = np.where(unknown, values * 2.0 ** (2.0 * spread - 1.0), values)
        changed.setflags(write=False)
        return changed

    def over_bars(self, bars: SomeBars) -> SomeBars:
        """Bars of which only those are as they are that closed by the moment; an open is known once it is past."""
        unknown = bars.close_time > self.moment
        if not unknown.any():
            return bars
        to_come = bars.time >= self.moment
        arrays = {
            name: self.over(getattr(bars, name), to_come if name == "open" else unknown, column)
            for column, name in enumerate(SETTLED)
        }
        changed: SomeBars = replace(bars, **arrays)
        return changed


_drawn: ContextVar[Veil | None] = ContextVar("veil", default=None)


@contextmanager
def drawn(veil: Veil) -> Iterator[None]:
    """While the block runs, what is loaded or made of a frame is seen through the veil."""
    token = _drawn.set(veil)
    try:
        yield
    finally:
        _drawn.reset(token)


def seen(bars: SomeBars) -> SomeBars:
    """The bars as a strategy may see them now: as they are, unless a check has drawn a veil."""
    veil = _drawn.get()
    return bars if veil is None else veil.over_bars(bars)
