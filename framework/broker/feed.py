"""Port to market data: bars or ticks as they come, and how far in time the feed is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class FeedBar(NamedTuple):
    """Complete bar of one symbol."""

    symbol: str
    """``NSE:INFY``."""
    timeframe: str
    open_time: int
    """UTC nanoseconds; so is close_time."""
    close_time: int
    open: float
    """Rupees; so are high, low and close."""
    high: float
    low: float
    close: float
    volume: float
    """Units; NaN = not stated."""
    source: str = ""
    """Where it comes from: ``replay``, ``ticks``, a vendor."""


class FeedTick(NamedTuple):
    """Trade, or a snapshot after a reconnect."""

    symbol: str
    time: int
    """UTC nanoseconds, of the exchange."""
    price: float
    volume: float
    """Units traded on this day so far; NaN = not stated."""
    snapshot: bool = False
    """It repeats the last trade; no trade happened."""


class FeedReaches(NamedTuple):
    """Mark: everything up to a moment has been told; what comes of it later is late."""

    time: int
    """UTC nanoseconds."""


class FeedConnection(NamedTuple):
    """Mark: the feed is up or down."""

    up: bool
    why: str = ""


class FeedEnds(NamedTuple):
    """Mark: a replay has come to its end; a live feed never says so."""


FeedEvent = FeedBar | FeedTick | FeedReaches | FeedConnection | FeedEnds


class MarketFeed(Protocol):
    """MarketFeed of market data for a set of symbols."""

    def events(self) -> AsyncIterator[FeedEvent]:
        """Everything from now on, in the order in which it arrives."""
        ...

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        ...
