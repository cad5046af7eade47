"""Modes of a paper broker beside the port: in lockstep with the runner's rows, or at the trades of the feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from framework.broker.book import BrokerNews
    from framework.broker.feed import FeedTick
    from framework.broker.port import Broker
    from framework.types.orders import BarRow


class LockstepBroker(Protocol):
    """Broker that fills against the rows it is shown; see ``Capabilities.lockstep``."""

    def drain(self) -> Sequence[BrokerNews]:
        """News of the requests since the last call, oldest first."""
        ...

    def trade_bar(self, book: str, row: BarRow) -> AsyncIterator[BrokerNews]:
        """Executions of a row in one strategy's book, each before the next is decided."""
        ...

    def fill_at_close(self, book: str, row: BarRow) -> AsyncIterator[BrokerNews]:
        """``fill_at: same_close``: what was just decided fills at that close."""
        ...

    def close_out(self, book: str, row: BarRow) -> AsyncIterator[BrokerNews]:
        """After a session's last decisions: forced closes that are still open fill at its last close."""
        ...

    def move_capital(self, book: str, paise: int) -> None:
        """Cash comes into a strategy's book (> 0) or leaves it."""
        ...


class TickBroker(Protocol):
    """Paper broker that fills at the trades of the feed."""

    def see_tick(self, tick: FeedTick) -> None:
        """A trade at the exchange."""
        ...

    def end_session(self, symbols: Collection[str]) -> None:
        """Continuous trading of these instruments is over: their DAY orders expire."""
        ...


def in_lockstep(broker: Broker) -> LockstepBroker | None:
    """The broker as one that is shown rows; None of one that takes its time."""
    return broker if broker.capabilities.lockstep else None  # type: ignore[return-value]


def by_ticks(broker: Broker) -> TickBroker | None:
    """The broker as one that is shown the feed's trades; None of one that has an exchange of its own."""
    return None if broker.capabilities.lockstep or not hasattr(broker, "see_tick") else broker  # type: ignore[return-value]
