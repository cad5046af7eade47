"""Desk at which a person's commands reach the parts of a runner; see ``person_commands.CommandedRunner``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.live.person_commands import KILLED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.journal.entries import Body
    from framework.live.broker_modes import LockstepBroker
    from framework.live.lookout import Lookout
    from framework.live.outbox import Outbox
    from framework.live.pretrade_world import PretradeWorld
    from framework.live.reconciler import Reconciler
    from framework.live.runner_journal import RunnerJournal
    from framework.live.runner_state import RunnerStates
    from framework.live.traded_strategy import TradedStrategy
    from framework.types.events import Input


@dataclass(slots=True)
class PersonDesk:
    """Parts of one runner that a person's commands change."""

    account_name: str
    traded: dict[str, TradedStrategy]
    states: RunnerStates
    journal: RunnerJournal
    outbox: Outbox
    reconciler: Reconciler
    world: PretradeWorld
    lookout: Lookout
    lockstep: LockstepBroker | None
    hand_over: Callable[[TradedStrategy, Input], object]
    moment: Callable[[TradedStrategy], int]
    end: Callable[[str], None]
    """Ends the run after what is being taken now; takes the cause."""
    killed: Callable[[], str]
    """Reason why nothing but cancels may leave from this moment on; empty while it may."""

    def give(self, traded: TradedStrategy, event: Input) -> object:
        """Hand a session an input."""
        return self.hand_over(traded, event)

    def stop(self, cause: str) -> None:
        """End after what is being taken now."""
        self.end(cause)

    @property
    def closed(self) -> str:
        """Reason why nothing but cancels may leave; empty while it may."""
        return self.outbox.closed or self.killed()

    def note(self, body: Body) -> None:
        """Note an entry."""
        self.journal.note(body)

    def moment_of(self, traded: TradedStrategy) -> int:
        """Moment of a person's input to a session: now; by bars the latest bar's, since nothing has traded after it."""
        return traded.session.moment if self.lockstep is not None else self.moment(traded)

    def adopt_units(self, traded: TradedStrategy, symbol: str, quantity: int) -> None:
        """A strategy is about to take over signed units that are the account's."""
        self.reconciler.adopt(traded.name, symbol, quantity)

    def ignore_units(self, symbol: str) -> int:
        """Signed units that the broker shows of a symbol beyond the books, which stay nobody's."""
        return self.reconciler.ignore(symbol)

    def release(self, tag: str) -> str:
        """An absent order counts no more; its symbol and units, empty where no absent order has the tag."""
        return self.world.release(tag)

    @property
    def absent(self) -> Sequence[str]:
        """Tags of absent orders that count still."""
        return self.world.absent

    def trust_symbols(self) -> None:
        """Symbols that were halted may be traded again; what the feed is worried about is looked at anew."""
        self.world.resume_symbols()
        self.lookout.forget()

    def close_outbox(self, why: str) -> None:
        """Nothing but cancels leaves from here on; empty: it may again, unless something else forbids it."""
        if not self.outbox.closed or self.outbox.closed == KILLED:
            self.outbox.closed = why

    def move_capital(self, traded: TradedStrategy, paise: int) -> None:
        """Have the broker's book of a strategy get cash (> 0) or lose it, where it has one."""
        if self.lockstep is not None:
            self.lockstep.move_capital(traded.name, paise)
