"""The circuit breaker's history: what changed the trading state, when, and against which limit."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from framework.types.portfolio import TradingState


class BreakerCause(StrEnum):
    """What can change the trading state. The first four trip the breaker, the others end what was tripped."""

    DAILY_LOSS = "daily_loss"
    """``max_daily_loss``: ACTIVE → REDUCE_ONLY."""
    CONSECUTIVE_LOSSES = "consecutive_losses"
    """``max_consecutive_losses``: ACTIVE → REDUCE_ONLY."""
    DRAWDOWN = "drawdown"
    """``max_drawdown``: → HALTED."""
    RUNAWAY = "runaway"
    """``max_orders_per_day``: → HALTED."""
    NEW_SESSION = "new_session"
    """REDUCE_ONLY → ACTIVE."""
    RESET_DUE = "reset_due"
    """``breaker_reset`` sessions have passed: HALTED → ACTIVE."""
    COMMAND = "command"
    """A person said so: → ACTIVE."""


class BreakerEvent(NamedTuple):
    """One change of the trading state."""

    time: int
    """UTC nanoseconds: the close that tripped it, or the open of the session that ended it."""
    before: TradingState
    after: TradingState
    cause: BreakerCause
    value: int
    """What was reached: paise lost (daily loss, drawdown) or a count (losses, orders, sessions); 0 = none."""
    limit: int
    """What it was measured against, in the same unit."""
    instrument: int = -1
    """Index into the run's instruments, of a runaway; −1 = all of them."""
