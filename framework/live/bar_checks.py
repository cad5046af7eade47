"""Checks of prices as they arrive: what is no price is kept apart, with a reason; a true gap is accepted in time.

A price that is held back reaches no strategy and marks no position. Checks are positive: NaN passes none of them.
"""

from __future__ import annotations

from collections import Counter
from math import inf, isfinite
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from framework.broker.feed import FeedBar
    from framework.types.orders import BarRow

AGREEING = 3
"""Prices in a row that agree with each other and not with what was before: then the gap is a true one."""
ON_GRID = 1e-6
"""Share of a tick that a price may lie beside the grid: paise as floats."""


class PriceBounds(NamedTuple):
    """Bounds of one symbol's prices."""

    tick: float = 0.0
    """Smallest step in rupees; 0 = not known, then not checked."""
    max_jump_percent: float = inf
    """How far a price may be from the last one that was accepted, in percent of it."""


NO_BOUNDS = PriceBounds()


def fault_of(bar: FeedBar, tick: float = 0.0) -> str:
    """Reason why a bar is none, as a sentence; empty for a sound one."""
    for name, price in (("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close)):
        fault = price_fault(price, tick)
        if fault:
            return f"its {name} {fault}"
    if not bar.low <= bar.high:
        return f"its high {bar.high:g} is below its low {bar.low:g}"
    if not (bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high):
        return f"its open {bar.open:g} or close {bar.close:g} is outside {bar.low:g} … {bar.high:g}"
    return f"its volume {bar.volume:g} is below 0 or infinite" if bar.volume < 0 or bar.volume == inf else ""


def price_fault(price: float, tick: float = 0.0) -> str:
    """Reason why a price is none; empty for a sound one. ``tick`` in rupees, 0 = not checked."""
    if not (isfinite(price) and price > 0):
        return f"{price:g} is no finite price above 0"
    if tick > 0:
        steps = price / tick
        if not abs(steps - round(steps)) <= ON_GRID:
            return f"{price:g} is not on the tick of {tick:g}"
    return ""


class PriceChecks:
    """Checks of a feed's prices, symbol by symbol, with the last price that was accepted as their memory."""

    def __init__(
        self, bounds: Mapping[str, PriceBounds] | None = None, last: Mapping[str, float] | None = None
    ) -> None:
        """``last``: closes in rupees known before, such as yesterday's; a symbol without one accepts its first."""
        self._bounds = bounds or {}
        self._last = dict(last or {})
        self._held: dict[str, list[float]] = {}
        """Prices in a row that were held back for their jump."""
        self.counted: Counter[str] = Counter()
        """Prices and bars that were held back, by symbol."""

    def hold_bar(self, bar: FeedBar) -> str:
        """Reason to hold a bar back; empty when it is accepted, and its close is the last price then."""
        return self._judge(
            bar.symbol, fault_of(bar, self._of(bar.symbol).tick), (bar.open, bar.high, bar.low, bar.close)
        )

    def hold_price(self, symbol: str, price: float) -> str:
        """The same of a single trade."""
        return self._judge(symbol, price_fault(price, self._of(symbol).tick), (price,))

    def _of(self, symbol: str) -> PriceBounds:
        return self._bounds.get(symbol, NO_BOUNDS)

    def _judge(self, symbol: str, fault: str, prices: Sequence[float]) -> str:
        if not fault:
            fault = self._jump(symbol, prices)
        if fault:
            self.counted[symbol] += 1
            return fault
        self._held.pop(symbol, None)
        self._last[symbol] = prices[-1]
        return ""

    def _jump(self, symbol: str, prices: Sequence[float]) -> str:
        bound = self._of(symbol).max_jump_percent
        last = self._last.get(symbol)
        if last is None or all(_near(price, last, bound) for price in prices):
            return ""
        held = self._held.get(symbol, [])
        if not all(_near(price, before, bound / 2) for before in held for price in prices):
            held = []
        self._held[symbol] = [*held, prices[-1]]
        if len(self._held[symbol]) >= AGREEING:
            return ""
        far = max(prices, key=lambda price: abs(price - last))
        return f"its price {far:g} is more than {bound:g} % away from {last:g}"


def _near(price: float, other: float, percent: float) -> bool:
    return abs(price - other) <= other * percent / 100


class MissingBars:
    """Count of the rows in which a symbol has no bar; nothing is filled forward for it."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._symbols = tuple(symbols)
        self.counted: Counter[str] = Counter()
        """Rows without a bar, by symbol; on the day so far."""
        self.rows = 0

    def take(self, row: BarRow) -> tuple[str, ...]:
        """Symbols that this row lacks; they are counted."""
        self.rows += 1
        missing = tuple(s for s, close in zip(self._symbols, row.close, strict=True) if not isfinite(close))
        self.counted.update(missing)
        return missing

    def begin_day(self) -> None:
        """Begin to count anew."""
        self.counted.clear()
        self.rows = 0
