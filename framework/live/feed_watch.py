"""Watch over a feed that falls silent while its connection is up: clocks of the whole feed and of every symbol.

Silence counts within continuous trading only, from the later of the last price and the start of the window.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.live.hours import SessionHours


class FeedState(IntEnum):
    """State of a feed; the higher the worse."""

    FINE = 0
    WARN = 1
    REDUCE_ONLY = 2
    """No new risk: what is decided would stand on old prices."""
    RECONNECT = 3


class SilenceLimits(NamedTuple):
    """Nanoseconds without a price beyond the interval at which one is due."""

    warn: int = 5 * SECOND_NS
    reduce_only: int = 10 * SECOND_NS
    reconnect: int = 30 * SECOND_NS


class FeedHealth(NamedTuple):
    """Health of a feed at a moment."""

    state: FeedState
    age_ns: int
    """Since the last price of any symbol, within this window of trading; 0 outside of trading."""
    mute: tuple[str, ...] = ()
    """Symbols that are silent for longer than ``reduce_only`` while the feed is not: no new risk in them."""


CLOSED_NOW = FeedHealth(FeedState.FINE, 0)


class FeedWatch:
    """Watch of one feed."""

    def __init__(
        self,
        symbols: Iterable[str],
        *,
        every_ns: int = 0,
        symbol_ns: int = 0,
        limits: SilenceLimits | None = None,
        began: int = 0,
    ) -> None:
        """``every_ns``: how often a price is due anyway, a minute for minute bars, 0 for ticks.

        ``symbol_ns``: the same of a single symbol, which may not trade for a while; by default as long. ``began``: the
        moment from which it listens, UTC nanoseconds: what was before is no silence.
        """
        self._heard = dict.fromkeys(symbols, 0)
        self._any = self._marked = 0
        self._every = every_ns
        self._symbol = symbol_ns or every_ns
        self._limits = limits or SilenceLimits()
        self._began = began

    @property
    def last_heard(self) -> int:
        """Moment of the last price of any symbol, UTC nanoseconds; 0 = none so far."""
        return self._any

    def hear(self, symbol: str, now: int) -> None:
        """A price came in; ``now``: the clock, not the price's own time: a feed may tell old ones."""
        self._any = max(self._any, now)
        if symbol in self._heard:
            self._heard[symbol] = max(self._heard[symbol], now)

    def hear_mark(self, now: int) -> None:
        """The feed itself says that it has told everything, as a replay does: there was nothing to tell.

        A mark that a timer of ours makes proves nothing of the kind.
        """
        self._marked = max(self._marked, now)

    def age_ns(self, symbol: str, hours: SessionHours | None, now: int) -> int:
        """Silence of one symbol within this window of trading; 0 outside of trading."""
        begins = self._from(hours, now)
        return 0 if begins is None else now - max(begins, self._heard.get(symbol, 0))

    def look(self, hours: SessionHours | None, now: int) -> FeedHealth:
        """Health at a moment, UTC nanoseconds; ``hours`` of today's session, None without one."""
        begins = self._from(hours, now)
        if begins is None:
            return CLOSED_NOW
        age = now - max(begins, self._any, self._marked)
        late = age - self._every
        steps = (self._limits.warn, self._limits.reduce_only, self._limits.reconnect)
        state = FeedState(sum(late >= step for step in steps))
        if state >= FeedState.REDUCE_ONLY:
            return FeedHealth(state, age)
        bound = self._symbol + self._limits.reduce_only
        mute = tuple(symbol for symbol, heard in self._heard.items() if now - max(begins, heard) >= bound)
        return FeedHealth(state, age, mute)

    def _from(self, hours: SessionHours | None, now: int) -> int | None:
        """Moment from which silence counts; None outside of trading."""
        if hours is None:
            return None
        return next((max(start, self._began) for start, end in hours.windows if start <= now < end), None)
