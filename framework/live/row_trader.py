"""A row of one strategy, from its open to the decision at its close, in the order of the event backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from framework.errors import StrategyError
from framework.journal.account_entries import StrategyMemory
from framework.journal.held_back import STRATEGY_FAILED
from framework.live.barrier import opening_of
from framework.live.failpoints import failpoint
from framework.types.events import BarCloses, Decided, PersonSays, Revalue, SessionEnds, Wish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from framework.broker.book import BrokerNews
    from framework.live.broker_modes import LockstepBroker
    from framework.live.outbox import Gatekeeper
    from framework.live.reconciler import Reconciler
    from framework.live.runner_journal import RunnerJournal
    from framework.live.traded_strategy import TradedStrategy
    from framework.types.events import Input
    from framework.types.orders import BarRow


class RowHost(Protocol):
    """Runner as the trading of a row sees it."""

    journal: RunnerJournal
    reconciler: Reconciler
    gate: Gatekeeper

    def give(self, traded: TradedStrategy, event: Input) -> object:
        """Hand a session an input."""
        ...

    async def settle_commands(self) -> None:
        """In lockstep every command is carried out before anything else happens."""
        ...

    async def reconcile_when_due(self) -> None:
        """Read the broker's book where the last read is from before the news, or a while ago."""
        ...

    def take_news(self, news: BrokerNews) -> None:
        """Take what the broker tells."""
        ...

    def moment(self, traded: TradedStrategy) -> int:
        """Moment of an input that a session gets now."""
        ...

    def finding(self, code: str, text: str, *, symbol: str = "", session: str = "", question: str = "") -> None:
        """Note something that a person should look at."""
        ...


class RowTrader:
    """Trades rows, each once, from wherever it stands: a process may have died within it."""

    def __init__(self, host: RowHost, lockstep: LockstepBroker | None) -> None:
        """``lockstep``: the broker, where it fills against the rows that it is shown."""
        self._host = host
        self._lockstep = lockstep

    async def trade(self, traded: TradedStrategy, row: BarRow) -> None:
        """Carry a row to its end; one that has come to it already is passed over."""
        if row.close_time:  # else no row has closed yet
            with self._host.gate.row(traded.name):
                await self._trade(traded, row)

    async def _trade(self, traded: TradedStrategy, row: BarRow) -> None:
        host, session, lockstep = self._host, traded.session, self._lockstep
        if row.time > session.last_row.time:
            await self._open_and_close(traded, row)
        if session.awaits_decision:
            await host.reconcile_when_due()
            await self._decide(traded, row)
        if lockstep is not None and traded.settings.fill_at == "same_close":
            await self._take_each(lockstep.fill_at_close(traded.name, row))
            failpoint("same_close")
            await self.give_and_settle(traded, Revalue(host.moment(traded)))
        if row.deadline is not None and session.awaits_end:
            await self.give_and_settle(traded, SessionEnds(host.moment(traded)))
            failpoint("session_ended")
            if lockstep is not None:
                await self._take_each(lockstep.close_out(traded.name, row))
                failpoint("closed_out")
            await self.give_and_settle(traded, Revalue(host.moment(traded)))

    async def give_and_settle(self, traded: TradedStrategy, event: Input) -> None:
        """Hand a session an input and, in lockstep, carry out what follows."""
        self._host.give(traded, event)
        await self._host.settle_commands()

    async def _open_and_close(self, traded: TradedStrategy, row: BarRow) -> None:
        if not traded.session.is_open(row.time):
            await self.give_and_settle(traded, opening_of(row))
            failpoint("row_opened")
        if self._lockstep is not None:
            await self._take_each(self._lockstep.trade_bar(traded.name, row))
            failpoint("bar_traded")
        closed = max(self._host.moment(traded), row.close_time)  # the machine's clock may be behind the feed's
        await self.give_and_settle(traded, BarCloses(closed, row))
        failpoint("row_closed")

    async def _decide(self, traded: TradedStrategy, row: BarRow) -> None:
        host = self._host
        if traded.stopped:
            traded.decider.see(row)
            await self.give_and_settle(traded, Decided(host.moment(traded)))
            return
        try:
            decision = traded.decider.at(row, traded.session)
        except StrategyError as error:
            self._stop(traded, str(error))
            await self.give_and_settle(traded, Decided(host.moment(traded)))
            return
        if decision.memory:
            host.journal.note(StrategyMemory(traded.name, decision.memory))
            failpoint("memory_noted")
        decided = Decided(host.moment(traded), decision.decisions, tuple(decision.requests))
        await self.give_and_settle(traded, decided)
        failpoint("decided")

    def _stop(self, traded: TradedStrategy, why: str) -> None:
        """Its own code failed: it decides no more, its entries are taken back, its stops stay. The others go on."""
        traded.stopped = why
        self._host.finding(STRATEGY_FAILED, why, session=traded.name)
        self._host.give(traded, PersonSays(self._host.moment(traded), Wish.REDUCE_ONLY))

    async def _take_each(self, news: AsyncIterator[BrokerNews]) -> None:
        """Each execution with all that follows from it before the next one is decided."""
        async for one in news:
            failpoint("bar_news")
            self._host.reconciler.read_at = 0  # the broker's figure of funds is from before it
            self._host.take_news(one)
            await self._host.settle_commands()
