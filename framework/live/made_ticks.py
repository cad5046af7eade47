"""Ticks made inside the range of stored bars: open, low and high in an order drawn by seed, close; never beyond it."""

from __future__ import annotations

from hashlib import blake2b
from math import isfinite
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from framework.broker.feed import FeedTick
from framework.live.hours import INDIA, local_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.broker.feed import FeedBar

PARTS = 4
"""Ticks of a bar."""


class TickMaker:
    """Maker of ticks from whose trades the same bars come again. Its memory is the volume of the day so far."""

    def __init__(self, seed: int, timezone: str = INDIA) -> None:
        """``timezone``: IANA name of the exchange's zone, in which a day's volume begins anew."""
        self._seed = seed
        self._zone = ZoneInfo(timezone)
        self._traded: dict[str, tuple[int, float]] = {}
        """Day and volume so far, by symbol."""

    def ticks_of(self, bars: Iterable[FeedBar]) -> list[FeedTick]:
        """Ticks of bars that close together, by time; call it in the order of the bars' closes."""
        made = [tick for bar in bars for tick in self._of_bar(bar)]
        return sorted(made, key=lambda tick: (tick.time, tick.symbol))

    def _of_bar(self, bar: FeedBar) -> list[FeedTick]:
        drawn = self._draw(bar)
        low_first = drawn % 2 == 0
        prices = (bar.open, bar.low, bar.high, bar.close) if low_first else (bar.open, bar.high, bar.low, bar.close)
        step = (bar.close_time - bar.open_time) // PARTS
        shift = drawn // 2 % max(step // 2, 1)  # two symbols seldom trade in the same nanosecond
        times = [bar.open_time + k * step + (shift if k else 0) for k in range(PARTS)]
        return [
            FeedTick(bar.symbol, time, price, volume)
            for time, price, volume in zip(times, prices, self._volumes(bar), strict=True)
        ]

    def _volumes(self, bar: FeedBar) -> list[float]:
        """Volume of the day after each tick; whole units, so that their differences are exact."""
        today = local_day(bar.open_time, self._zone)
        day, before = self._traded.get(bar.symbol, (today, 0.0))
        before = before if day == today else 0.0
        after = before + bar.volume
        if isfinite(bar.volume):  # a bar whose volume is not stated says nothing of the day's
            self._traded[bar.symbol] = (today, after)
        return [*(before + bar.volume * k // PARTS for k in range(1, PARTS)), after]

    def _draw(self, bar: FeedBar) -> int:
        """Number ≥ 0 that is the same for the same seed, symbol and bar, in whatever order bars are asked for."""
        text = f"{self._seed} {bar.symbol} {bar.timeframe} {bar.open_time}"
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
