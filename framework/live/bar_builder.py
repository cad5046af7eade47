"""Bars made from ticks, on the grid of the exchange's sessions; what is no trade of now is left out and counted.

Volume is what the day's volume rose by, never less than 0. The first tick after a start within the session, and a
snapshot after a reconnect, only say where the day's volume stands: no trade of ours happened.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from math import inf, isfinite
from typing import TYPE_CHECKING

from framework.broker.feed import FeedBar
from framework.live.grid import BarGrid
from framework.live.hours import INDIA
from framework.types.orders import NAN
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.broker.feed import FeedTick
    from framework.live.grid import BarSpan
    from framework.live.hours import HoursOf

AHEAD_NS = 2 * SECOND_NS
SOURCE = "ticks"


class TickFate(StrEnum):
    """Fate of a tick."""

    TAKEN = "taken"
    SNAPSHOT = "snapshot"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    """An earlier time than the symbol's tick before it."""
    FUTURE = "future"
    """More than 2 s ahead of the clock."""
    LATE = "late"
    """Its bar was told already: tomorrow's history will have another one (a revision)."""
    OUTSIDE = "outside"
    """There is no continuous trading at that time, as in the pre-open."""
    INSANE = "insane"
    """Its price is none."""


STANDING = frozenset({TickFate.TAKEN, TickFate.SNAPSHOT})
"""Fates of a tick that says where its symbol stands."""


class _Forming:
    """A bar while its trades come in."""

    __slots__ = ("close", "high", "low", "open", "span", "volume")

    def __init__(self, span: BarSpan, price: float, traded: float) -> None:
        self.span = span
        self.open = self.high = self.low = self.close = price
        self.volume = traded

    def add(self, price: float, traded: float) -> None:
        self.close = price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += traded


class _Trail:
    """Memory of one symbol."""

    __slots__ = ("bar", "last", "session", "standing", "told")

    def __init__(self) -> None:
        self.last: FeedTick | None = None
        self.bar: _Forming | None = None
        self.session = 0
        self.standing = NAN
        """Highest volume of the day so far; NaN = not known where it stands."""
        self.told = 0
        """Close of the bar that was told last, UTC nanoseconds."""


class BarBuilder:
    """Builder of the bars of some symbols in one timeframe."""

    def __init__(
        self, symbols: Iterable[str], timeframe: str, hours: HoursOf, *, began: int = 0, timezone: str = INDIA
    ) -> None:
        """``began``: moment from which it has been fed, UTC nanoseconds; a session that opened before is half seen."""
        self.grid = BarGrid(timeframe, hours, timezone)
        self._trails = {symbol: _Trail() for symbol in symbols}
        self._began = began
        self._reached = 0
        self.fates: Counter[TickFate] = Counter()
        """Ticks by what became of them."""
        self.volume_fell: Counter[str] = Counter()
        """Ticks whose volume of the day was below an earlier one, by symbol: their bars are suspect."""
        self.revised: Counter[str] = Counter()
        """Ticks that came after their bar was told, by symbol."""

    def take(self, tick: FeedTick, now: int) -> list[FeedBar]:
        """Bars that a tick completes: the one before its own. ``now``: the clock, UTC nanoseconds."""
        trail = self._trails.get(tick.symbol)
        if trail is None:
            return []
        span = self.grid.span_of(tick.time)
        fate = self._fate(trail, tick, span, now)
        self.fates[fate] += 1
        if span is None or fate not in STANDING:
            if fate is TickFate.LATE:
                self.revised[tick.symbol] += 1
            return []
        traded = self._traded(trail, tick, span)
        trail.last = tick
        if fate is TickFate.SNAPSHOT:
            return []
        bar = trail.bar
        if bar is not None and bar.span.open_time == span.open_time:
            bar.add(tick.price, traded)
            return []
        done = [] if bar is None else [self._told(tick.symbol, trail, bar)]
        trail.bar = _Forming(span, tick.price, traded)
        return done

    def reach(self, time: int) -> list[FeedBar]:
        """Bars whose trading is over by a moment up to which every tick was told, by close and symbol."""
        self._reached = max(self._reached, time)
        done = [
            self._told(symbol, trail, trail.bar)
            for symbol, trail in self._trails.items()
            if trail.bar is not None and trail.bar.span.over <= time
        ]
        return sorted(done, key=lambda bar: (bar.close_time, bar.symbol))

    def _fate(self, trail: _Trail, tick: FeedTick, span: BarSpan | None, now: int) -> TickFate:
        last, moment, fate = trail.last, tick.time, TickFate.TAKEN
        if not 0 < tick.price < inf:
            fate = TickFate.INSANE
        elif moment > now + AHEAD_NS:
            fate = TickFate.FUTURE
        elif span is None or not self.grid.trades_at(moment):
            fate = TickFate.OUTSIDE
        elif last is not None and moment == last.time and _same(tick, last):
            fate = TickFate.DUPLICATE
        elif span.over <= trail.told or span.over <= self._reached:
            fate = TickFate.LATE
        elif last is not None and moment < last.time:
            fate = TickFate.OUT_OF_ORDER
        elif tick.snapshot:
            fate = TickFate.SNAPSHOT
        return fate

    def _traded(self, trail: _Trail, tick: FeedTick, span: BarSpan) -> float:
        """Units traded since the symbol's tick before; NaN where the tick does not say. Remembers where it stands."""
        if span.session != trail.session:
            hours = self.grid.session_at(tick.time)
            seen_whole = hours is not None and self._began <= hours.open_ns
            trail.session, trail.standing = span.session, 0.0 if seen_whole else NAN
        if not isfinite(tick.volume):
            return NAN
        before = trail.standing
        if tick.volume < before:
            self.volume_fell[tick.symbol] += 1
            return 0.0
        trail.standing = tick.volume
        return tick.volume - before if isfinite(before) else 0.0

    def _told(self, symbol: str, trail: _Trail, bar: _Forming) -> FeedBar:
        trail.bar = None
        trail.told = bar.span.over
        span, prices = bar.span, (bar.open, bar.high, bar.low, bar.close)
        return FeedBar(symbol, self.grid.timeframe, span.open_time, span.close_time, *prices, bar.volume, SOURCE)


def _same(tick: FeedTick, other: FeedTick) -> bool:
    """The very same trade, told again; both are of one time."""
    return tick.price == other.price and (
        tick.volume == other.volume or not (isfinite(tick.volume) or isfinite(other.volume))
    )
