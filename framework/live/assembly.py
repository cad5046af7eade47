"""Assembly of what a runner trades: each strategy of a deployment with its settings, history, session and days.

Everything that the market database knows is read here, before the runner begins: settings with their rates, the bars
before the first day, corporate actions, deadlines. A replay's own days are read too, and handed to the feed alone: no
decision sees a bar before the feed has told it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.broker.feed import FeedBar
from framework.errors import DataError
from framework.journal.writer import Began, Origin, header_of
from framework.live.decide import Decider
from framework.live.traded_strategy import KnownPrice, TradedStrategy
from framework.run.preparation import Prepared, prepare
from framework.run.provenance import strategy_hash, versions
from framework.session import Session
from framework.types.panel import actions_within
from framework.usercode.find import find_rule, find_strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from pathlib import Path

    from framework.journal.entries import JournalHeader
    from framework.live.deployment import DeployedStrategy, Deployment
    from framework.strategy import Strategy
    from framework.types import RiskRule
    from framework.types.actions import Due
    from framework.types.deadlines import Deadline


@dataclass(frozen=True, eq=False)
class RecordedStrategy:
    """A strategy of a deployment with the days that it will be replayed over."""

    deployed: DeployedStrategy
    strategy: Strategy
    prepared: Prepared
    rules: tuple[RiskRule, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """``NSE:INFY``, in the order of a row."""
        return tuple(map(str, self.prepared.panel.instruments))

    def header(self) -> JournalHeader:
        """Header of its session in the journal."""
        panel, first = self.prepared.panel, self.prepared.first_row
        session = self.session()
        origin = Origin(
            strategy=self.deployed.strategy,
            parameters=self.strategy.model_dump(mode="json"),
            strategy_sha256=strategy_hash(type(self.strategy)),
            versions=versions(),
            rules=tuple(type(rule).__name__ for rule in self.rules),
        )
        began = Began(
            int(panel.time[first]),
            self.strategy.style(),
            panel.timeframe,
            name=self.deployed.session,
            actions=tuple(self._actions()),
        )
        return header_of(origin, session, began)

    def session(self) -> Session:
        """A session before its first input."""
        prepared = self.prepared
        return Session(
            prepared.panel.instruments,
            prepared.settings,
            style=self.strategy.style(),
            rules=self.rules,
            actions=self._actions(),
            name=self.deployed.session,
        )

    def _actions(self) -> list[Due]:
        prepared = self.prepared
        return actions_within(prepared.panel, prepared.settings, prepared.first_row, len(prepared.panel))

    def traded(self, session: Session, memory: str = "", last_row: int = 0) -> TradedStrategy:
        """The strategy as the runner drives it; ``last_row``: open of the last bar that the session has closed."""
        panel, first = self.prepared.panel, self.prepared.first_row
        known = max(first, int(panel.time.searchsorted(last_row, side="right")) if last_row else first)
        stored = [bars[: int(bars.time.searchsorted(panel.time[known]))] if known < len(panel) else bars
                  for bars in panel.bars()]  # fmt: skip
        decider = Decider(self.strategy, self.prepared.settings, stored, memory)
        prices = {str(bars.instrument): KnownPrice(float(bars.close[-1]), int(bars.close_time[-1]))
                  for bars in stored if len(bars)}  # fmt: skip
        return TradedStrategy(self.deployed, session, self.prepared.settings, decider, self.symbols, prices)

    def feed_bars(self, source: str) -> list[FeedBar]:
        """Bars of the replayed days as a feed tells them."""
        panel, first = self.prepared.panel, self.prepared.first_row
        if first >= len(panel):
            return []
        begins = int(panel.time[first])
        found = []
        for bars in panel.bars():
            start = int(bars.time.searchsorted(begins))
            symbol = str(bars.instrument)
            columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
            clocks = (bars.time[start:].tolist(), bars.close_time[start:].tolist())
            prices = zip(*(column[start:].tolist() for column in columns), strict=True)
            found += [
                FeedBar(symbol, bars.timeframe, opened, closed, open_, high, low, close, volume, source)
                for opened, closed, (open_, high, low, close, volume) in zip(*clocks, prices, strict=True)
            ]
        return found

    def deadline_of(self) -> Callable[[int], Deadline | None]:
        """Deadlines by session; None where the product has none."""
        deadlines = self.prepared.panel.deadlines
        if deadlines is None:
            return lambda _session: None
        by_day = dict(zip(deadlines.days.tolist(), deadlines.by_session(), strict=True))
        return by_day.get


def recorded_strategies(deployment: Deployment, db: Path, first_day: date, last_day: date) -> list[RecordedStrategy]:
    """Every strategy with its prices up to the end of the last day; ``DataError`` names the strategy and the fix."""
    found = []
    for deployed in deployment.strategies:
        strategy = find_strategy(deployed.strategy).from_settings(dict(deployed.parameters))
        try:
            prepared = prepare(
                strategy,
                list(deployed.symbols),
                settings=deployed.settings,
                start=first_day,
                end=last_day,
                timeframe=deployed.timeframe,
                db=db,
            )
        except DataError as error:
            msg = f"{deployment.file}, {deployed.name}: {error}"
            raise DataError(msg) from error
        rules = tuple(find_rule(rule)() for rule in deployed.risk_rules)
        found.append(RecordedStrategy(deployed, strategy, prepared, rules))
    return found


def sessions_traded(recorded: Sequence[RecordedStrategy]) -> tuple[str, ...]:
    """Names of the sessions."""
    return tuple(one.deployed.session for one in recorded)
