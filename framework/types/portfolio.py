"""The account as a hook or a strategy sees it: a frozen snapshot."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from framework.types.instrument import Instrument


class TradingState(StrEnum):
    """Trading state, set by the circuit breaker. Reductions pass in every state."""

    ACTIVE = "active"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"


class Position(NamedTuple):
    """Position in one instrument."""

    quantity: int = 0
    """Signed units: + long, − short."""
    cost_paise: int = 0
    """Rupees paid (long) or received (short) for it, ≥ 0, without charges."""
    entry_charges_paise: int = 0
    """Charges of the entries that are still open, ≥ 0."""
    mark_paise: int = 0
    """Signed value at the last close: negative for a short."""

    @property
    def value(self) -> float:
        """Signed value at the last close in rupees: negative for a short."""
        return self.mark_paise / 100

    @property
    def average_price(self) -> float:
        """Average entry price in rupees; NaN when flat."""
        return self.cost_paise / abs(self.quantity) / 100 if self.quantity else float("nan")


class Portfolio(NamedTuple):
    """Cash, positions and marks at one moment."""

    time: int
    """UTC nanoseconds."""
    state: TradingState
    cash_paise: int
    equity_paise: int
    session_start_equity_paise: int
    """Equity at the last session's close (the deposit on the first)."""
    buying_power_paise: int
    """Cash less what shorts block and what working entries reserve."""
    instruments: tuple[Instrument, ...]
    positions: tuple[Position, ...]
    closes: tuple[float, ...]
    """Last close of each instrument in rupees; NaN before its first bar."""

    @property
    def equity(self) -> float:
        """Cash plus all positions at their last closes, rupees."""
        return self.equity_paise / 100

    @property
    def cash(self) -> float:
        """Rupees."""
        return self.cash_paise / 100

    @property
    def buying_power(self) -> float:
        """Buying power of a new order, rupees: cash less what shorts block and what working entries reserve."""
        return self.buying_power_paise / 100
