"""State of a runner: the strictest of what its causes demand, and how each cause is lifted.

A cause is a code with the state that it demands: ``feed_mute`` REDUCE_ONLY, ``journal`` HALTED, ``person`` whatever the
person said. The state is the strictest demand of all; a cause that heals itself (a feed that is back) is lifted by the
one who raised it, every other one by a person's ``resume``. A restart clears nothing: the causes are in the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.journal.account_entries import CLEARED, LIFTED, RunnerState, StateChanged
from framework.types.portfolio import TradingState

if TYPE_CHECKING:
    from collections.abc import Callable

STRICTNESS = {
    RunnerState.ACTIVE: 0,
    RunnerState.REDUCE_ONLY: 1,
    RunnerState.STARTING: 2,
    RunnerState.RECONCILING: 2,
    RunnerState.HALTED: 3,
    RunnerState.STOPPED: 4,
}
TRADING = {
    RunnerState.ACTIVE: TradingState.ACTIVE,
    RunnerState.REDUCE_ONLY: TradingState.REDUCE_ONLY,
    RunnerState.STARTING: TradingState.REDUCE_ONLY,
    RunnerState.RECONCILING: TradingState.REDUCE_ONLY,
}
"""What the pre-trade gate makes of a state; HALTED of every other one."""

HEAL_THEMSELVES = ("feed_down", "broker_down", "clock_behind")
"""Causes that only a connection which is back, or a clock that is right, lifts: no word of a person brings it back."""


class RunnerStates:
    """State of one runner with its causes."""

    def __init__(self, note: Callable[[StateChanged], None], demands: dict[str, RunnerState] | None = None) -> None:
        """``note`` takes each change for the journal; ``demands``: cause → state, as the journal has them."""
        self._note = note
        self.demands: dict[str, RunnerState] = dict(demands or {})
        self.state = RunnerState.STARTING

    @property
    def trading(self) -> TradingState:
        """The same for the pre-trade gate."""
        return TRADING.get(self.state, TradingState.HALTED)

    def enter(self, state: RunnerState, cause: str, text: str = "") -> None:
        """A phase of the run itself: STARTING, RECONCILING, STOPPED."""
        self._become(state, cause, text, "")

    def settle(self, cause: str, text: str = "") -> None:
        """Phases are over: the state is what the causes demand, ACTIVE without any."""
        self._become(self._demanded(), cause, text, "")

    def demand(self, cause: str, state: RunnerState, text: str) -> bool:
        """Raise a cause; True if it is new, or stricter than before."""
        known = self.demands.get(cause)
        if known is not None and STRICTNESS[known] >= STRICTNESS[state]:
            return False
        self.demands[cause] = state
        self._become(self._next(), cause, text, str(state))
        return True

    def lift(self, cause: str, text: str = "") -> None:
        """The cause is gone by itself."""
        if self.demands.pop(cause, None) is not None:
            self._become(self._next(), cause, text, LIFTED)

    def resume(self, text: str) -> None:
        """A person resumes: every cause is over, but for a connection that is still down, or a clock that is wrong."""
        still = {cause: self.demands[cause] for cause in HEAL_THEMSELVES if cause in self.demands}
        self.demands.clear()
        self._become(self._next(), "resume", text, CLEARED)
        for cause, state in still.items():
            self.demand(cause, state, "still so when a person resumed")

    def _demanded(self) -> RunnerState:
        return max(self.demands.values(), key=STRICTNESS.__getitem__, default=RunnerState.ACTIVE)

    def _next(self) -> RunnerState:
        """Phases of the run stand until ``settle``, unless a cause demands HALTED."""
        demanded = self._demanded()
        if self.state in {RunnerState.STARTING, RunnerState.RECONCILING} and demanded is not RunnerState.HALTED:
            return self.state
        return demanded

    def _become(self, state: RunnerState, cause: str, text: str, demand: str) -> None:
        if state is not self.state or demand:
            self._note(StateChanged(self.state, state, cause, text, demand))
            self.state = state
