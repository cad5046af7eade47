"""Traded strategy: one strategy of a deployment as the runner drives it, with its session and its bars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from framework.live.deployment import DeployedStrategy
    from framework.session import Session
    from framework.types.events import Decided  # noqa: F401 - named in docstrings
    from framework.types.orders import BarRow, CancelRequest, Decisions, OrderRequest
    from framework.types.settings import RunSettings, Settings


class DecisionLike(Protocol):
    """Decision at one close, as ``decide.Decision``."""

    @property
    def decisions(self) -> Decisions | None:
        """Targets and prices by instrument."""
        ...

    @property
    def requests(self) -> tuple[OrderRequest | CancelRequest, ...]:
        """Explicit orders of ``on_bar``."""
        ...

    @property
    def memory(self) -> str:
        """Changed memory of ``on_bar``; empty where it has not changed."""
        ...


class DecidesRows(Protocol):
    """Decider of a strategy; ``decide.Decider`` is the real one."""

    def see(self, row: BarRow) -> None:
        """Take a row without deciding."""
        ...

    def at(self, row: BarRow, session: Session) -> DecisionLike:
        """Take a row and decide at its close; ``StrategyError`` when the strategy broke its contract."""
        ...


def product_of(settings: Settings) -> str:
    """Product of a strategy's orders at the broker: the one named, else that of its charges, else delivery."""
    return settings.product or settings.charges.product or "CNC"


class KnownPrice(NamedTuple):
    """Price of one symbol and when it was the last one."""

    price: float
    """Rupees, as it was traded."""
    time_ns: int
    """UTC nanoseconds."""


@dataclass(slots=True)
class TradedStrategy:
    """A strategy on its way through the days."""

    deployed: DeployedStrategy
    session: Session
    settings: RunSettings
    decider: DecidesRows
    symbols: tuple[str, ...]
    """``NSE:INFY``, by instrument of the session."""
    stored_prices: Mapping[str, KnownPrice] = field(default_factory=dict)
    """Last closes of the history that was there before the first row, by symbol."""
    stopped: str = ""
    """Why it decides no more: its own code broke its contract. Its positions and stops are looked after."""
    column: dict[str, int] = field(init=False)
    """Symbol → instrument of the session."""

    def __post_init__(self) -> None:
        self.column = {symbol: i for i, symbol in enumerate(self.symbols)}

    def known_prices(self) -> dict[str, KnownPrice]:
        """The last closes that it knows: of the session's last row, else of the history."""
        closed = self.session.last_row.close_time
        found = dict(self.stored_prices)
        for symbol, close in zip(self.symbols, self.session.account.close, strict=True):
            if close > 0.0 and (symbol not in found or found[symbol].time_ns < closed):
                found[symbol] = KnownPrice(close, closed)
        return found

    @property
    def name(self) -> str:
        """Name of the session, with which its tags begin."""
        return self.deployed.session
