"""Arrivals: every bar as it came in, with its source and what became of it, so that history can be compared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from framework.broker.feed import FeedBar
    from framework.live.barrier import StrayBar

TAKEN = "taken"


class ArrivedBar(NamedTuple):
    """One bar as it arrived: a row of ``market_quotes``."""

    arrived_at: int
    """The runner's clock, UTC nanoseconds; so are open_time and close_time."""
    symbol: str
    timeframe: str
    open_time: int
    close_time: int
    open: float
    """Rupees; so are high, low and close."""
    high: float
    low: float
    close: float
    volume: float
    """Units; NaN = not stated."""
    source: str
    fate: str = TAKEN
    """``taken``, or the cause for which it is in no row."""
    detail: str = ""


def arrived(bar: FeedBar, now: int, stray: StrayBar | None = None) -> ArrivedBar:
    """A bar as it arrived at the clock's ``now``, UTC nanoseconds, with what the barrier said of it."""
    taken = (bar.symbol, bar.timeframe, bar.open_time, bar.close_time, *bar[4:9], bar.source)
    return ArrivedBar(now, *taken) if stray is None else ArrivedBar(now, *taken, stray.why.value, stray.detail)
