"""The circuit breaker of one run: its state, what it is judged by, and everything it did. Session owns one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import breaker as rules
from framework.rules.reasons import NAMES
from framework.session.order_prices import plain
from framework.types.breaker import BreakerCause, BreakerEvent
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.session.trip_stats import TripStats
    from framework.types import Settings
    from framework.types.events import Fact

STATES = (TradingState.ACTIVE, TradingState.REDUCE_ONLY, TradingState.HALTED, TradingState.HALTED)
"""By the rulebook's codes."""
CAUSES = tuple(BreakerCause)
"""By the rulebook's codes."""


class Breaker:
    """Trips at a close or when an order too many is asked for; ends with a session, after a time, or by a command."""

    def __init__(self, settings: Settings, trips: TripStats, tell: Callable[[Fact], None]) -> None:
        """``tell`` takes every change of the trading state."""
        limits = settings.limits
        self._loss, self._drawdown = plain(limits.max_daily_loss), plain(limits.max_drawdown)
        self._most_losses = limits.max_consecutive_losses or 0
        self._most_orders = limits.max_orders_per_day or 0
        self._reset_after = limits.breaker_reset or 0
        self._code = rules.ACTIVE
        """State by the rulebook's trips."""
        self._said = rules.ACTIVE
        """State by a person's command, until resumed."""
        self._in_doubt = False
        """A surprise is not reconciled yet."""
        self._tell = tell
        self.fresh: list[BreakerEvent] = []
        """Trips during the current input."""
        self.session_start_paise = settings.capital_paise
        """Equity at the last session's close, the deposit on the first: what a daily loss is measured from."""
        self.peak_paise = settings.capital_paise
        """Highest equity at a close, since the run began or was last halted: what a drawdown is measured from."""
        self._trips = trips
        """Counts losses in a row, since the run began or the state last became ACTIVE."""
        self._halted_for = 0
        """Sessions that have begun since it was halted."""
        self._loss_limit_paise, self._loss_limit_of = 0, -1
        """Limit on a session's loss, worked out where it is asked for, and of which beginning."""
        self._caps_loss, self._caps_drawdown = limits.max_daily_loss is not None, limits.max_drawdown is not None
        tripping = (limits.max_daily_loss, limits.max_drawdown, limits.max_consecutive_losses)
        self.watches_closes = any(limit is not None for limit in tripping)

    @property
    def state(self) -> TradingState:
        """Trading state: the strictest of what was tripped, what a person said, and what doubts ask for."""
        return STATES[self._strictest]

    @property
    def _strictest(self) -> int:
        return max(self._code, self._said, rules.REDUCE_ONLY if self._in_doubt else rules.ACTIVE)

    def is_tripped(self) -> bool:
        """Something was tripped and is not over."""
        return self._code != rules.ACTIVE

    @property
    def refusal(self) -> str:
        """Reason code of a refused increase; empty while increases are allowed."""
        if self._code == self._said == rules.ACTIVE and not self._in_doubt:
            return ""  # only for speed: nearly always
        return NAMES[rules.HELD_BACK[self._strictest]]

    # ------------------------------------------------------------------ inputs

    def begin_session(self, now: int, equity_paise: int) -> None:
        """Something is tripped, and a session begins: what only lasts for a session is over."""
        self._halted_for += self._code == rules.HALTED
        cause = rules.at_new_session(self._code, self._halted_for, self._reset_after)
        if cause == rules.NEW_SESSION:
            self._turn(now, cause, 0, 0, equity_paise)
        elif cause == rules.RESET_DUE:
            self._turn(now, cause, self._halted_for, self._reset_after, equity_paise)

    def judge(self, now: int, equity_paise: int) -> list[BreakerEvent]:
        """At a close: what tripped it, in the order daily loss, losses in a row, drawdown; of ruin nothing else."""
        if rules.is_ruin(equity_paise):
            return self._turn(now, rules.RUIN, equity_paise, 0, equity_paise)
        tripped: list[BreakerEvent] = []
        lost = self.session_start_paise - equity_paise
        if self._caps_loss and lost >= 0:
            if self._loss_limit_of != self.session_start_paise:
                self._loss_limit_of = self.session_start_paise
                self._loss_limit_paise = rules.limit_paise(*self._loss, self.session_start_paise)
            if rules.loss_reached(equity_paise, self.session_start_paise, self._loss_limit_paise):
                tripped += self._turn(now, rules.DAILY_LOSS, lost, self._loss_limit_paise, equity_paise)
        if self._most_losses and rules.count_reached(self._trips.losses, self._most_losses):
            tripped += self._turn(now, rules.CONSECUTIVE_LOSSES, self._trips.losses, self._most_losses, equity_paise)
        if self._caps_drawdown:
            self.peak_paise = max(self.peak_paise, equity_paise)
            limit_paise = rules.limit_paise(*self._drawdown, self.peak_paise)
            if rules.loss_reached(equity_paise, self.peak_paise, limit_paise):
                tripped += self._turn(now, rules.DRAWDOWN, self.peak_paise - equity_paise, limit_paise, equity_paise)
        return tripped

    def run_away(self, now: int, i: int, orders: int, equity_paise: int) -> list[BreakerEvent]:
        """An order beyond ``max_orders_per_day`` was asked for: of instrument ``i``, the session's ``orders``-th."""
        return self._turn(now, rules.RUNAWAY, orders, self._most_orders, equity_paise, i)

    def resume(self, now: int, equity_paise: int) -> None:
        """A person's command: whatever tripped it, was said or was doubted is over, but not ruin."""
        before = self.state
        self._said, self._in_doubt = rules.ACTIVE, False
        if not self._turn(now, rules.COMMAND, 0, 0, equity_paise):
            self._note(now, before, BreakerCause.COMMAND)

    def obey(self, state: TradingState, now: int) -> None:
        """A person's command: be at least this strict until told to resume."""
        before, self._said = self.state, STATES.index(state)
        self._note(now, before, BreakerCause.COMMAND)

    def doubt(self, now: int, i: int = -1) -> None:
        """A surprise: increases wait until it is reconciled."""
        before, self._in_doubt = self.state, True
        self._note(now, before, BreakerCause.SURPRISE, i)

    def trust(self, now: int) -> None:
        """It is reconciled."""
        before, self._in_doubt = self.state, False
        self._note(now, before, BreakerCause.RECONCILED)

    def move_capital(self, paise: int) -> None:
        """Capital came (> 0) or went: it is neither profit nor loss."""
        self.session_start_paise += paise
        self.peak_paise += paise

    def refunded(self, now: int, equity_paise: int) -> None:
        """Money came: an account that is above 0 again is ruined no more, but halted."""
        if not rules.is_ruin(equity_paise):
            self._turn(now, rules.DEPOSIT, equity_paise, 0, equity_paise)

    # ------------------------------------------------------------------ the one place where the state changes

    def _turn(
        self, now: int, cause: int, value: int, limit: int, equity_paise: int, instrument: int = -1
    ) -> list[BreakerEvent]:
        """Change what is tripped as the rulebook says; nothing when it stays what it is."""
        before, after = self._code, rules.state_after(self._code, cause)
        if before == after:
            return []
        self._code, self._halted_for = after, 0
        if after == rules.ACTIVE:  # what was counted has had its consequence
            self._trips.losses = 0
            if before == rules.HALTED:
                self.peak_paise = equity_paise
        event = BreakerEvent(now, STATES[before], STATES[after], CAUSES[cause], value, limit, instrument)
        self.fresh.append(event)
        self._tell(event)
        return [event]

    def _note(self, now: int, before: TradingState, cause: BreakerCause, instrument: int = -1) -> None:
        """Tell a change that the rulebook does not know of."""
        if self.state is not before:
            self._tell(BreakerEvent(now, before, self.state, cause, 0, 0, instrument))
