"""The circuit breaker's history: what changed the trading state, when, and against which limit."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from collections.abc import Iterable


class BreakerCause(StrEnum):
    """Cause of a change of the trading state. The first four and RUIN trip the breaker, the others end a trip."""

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
    """A person's command: → ACTIVE, or what was said."""
    RUIN = "ruin"
    """Equity at a close was 0 or less: → HALTED, what is held is left, and only money ends it."""
    DEPOSIT = "deposit"
    """Money that brings a ruined account above 0: an ordinary HALTED, which a command ends."""
    SURPRISE = "surprise"
    """The broker contradicted what the session believed: ACTIVE → REDUCE_ONLY, until it is reconciled."""
    RECONCILED = "reconciled"
    """The broker's book settled every doubt: what the surprise did is over."""


class BreakerEvent(NamedTuple):
    """One change of the trading state."""

    time: int
    """UTC nanoseconds: the close that tripped it, or the open of the session that ended it."""
    before: TradingState
    after: TradingState
    cause: BreakerCause
    value: int
    """Value reached: paise lost (daily loss, drawdown), paise of equity (ruin), or a count; 0 = none."""
    limit: int
    """Limit it was measured against, in the same unit."""
    instrument: int = -1
    """Index into the run's instruments, of a runaway; −1 = all of them."""


_STRICTNESS = {TradingState.ACTIVE: 0, TradingState.REDUCE_ONLY: 1, TradingState.HALTED: 2}


def state_of(events: Iterable[BreakerEvent], now_ns: int) -> TradingState:
    """The trading state after all events up to ``now_ns``, given in the order in which they were appended.

    What trips a breaker only ever tightens, and what ends by itself ends only the state that it was written for:
    two writers that did not see each other cannot loosen what either of them tightened. A command is obeyed.
    """
    state = TradingState.ACTIVE
    for event in events:
        tightens = _STRICTNESS[event.after] > _STRICTNESS[state]
        if event.time <= now_ns and (tightens or event.before is state or event.cause is BreakerCause.COMMAND):
            state = event.after
    return state
