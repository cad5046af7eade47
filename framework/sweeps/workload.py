"""Workload: what every set of a sweep runs over, and the statistics of one set."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from framework.engines.decisions import ask_signals, decide_signals, decide_weights
from framework.engines.rows import PRICE_NAMES, DecisionArrays
from framework.engines.summary import RunSummaries, SummaryRunner
from framework.errors import ConfigError, DataError, StrategyError
from framework.run.preflight import refuse_risk_without_stop
from framework.sweeps.figures import Figures
from framework.sweeps.gil_turns import Gate
from framework.sweeps.indicator_cache import Shared
from framework.types.signals import EntryExit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.strategy import Strategy
    from framework.types import Bars, Panel
    from framework.types.settings import RunSettings

Stats = dict[str, float]


@dataclass(frozen=True, eq=False)
class Workload:
    """The prices, the settings and the first row that counts.

    It can be pickled: what is made from these five (the compiled loop among it) stays behind, and is made anew in
    the process that runs a set.
    """

    panel: Panel
    settings: RunSettings
    style: str
    first_row: int
    risk_free: float

    def __post_init__(self) -> None:
        if self.style == "on_bar":
            msg = "a sweep needs decisions as arrays, and on_bar() acts bar by bar; write signals() or allocate()"
            raise ConfigError(msg)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def warm(self) -> None:
        """Make now what every set needs, so that threads do not each make it."""
        _ = self.counter, self.figures, self.series, self.shared, self.gate

    @cached_property
    def counter(self) -> SummaryRunner:
        """The compiled loop over these prices."""
        return SummaryRunner(self.panel, self.settings, self.figures.closes, style=self.style, first_row=self.first_row)

    @cached_property
    def figures(self) -> Figures:
        """Figures common to the statistics of all sets."""
        return Figures(self.panel, self.first_row, self.settings.capital_paise / 100, self.risk_free)

    @cached_property
    def series(self) -> list[Bars]:
        """The bars of each instrument, as strategies see them."""
        return self.seen.bars()

    @cached_property
    def seen(self) -> Panel:
        """The prices as strategies see them."""
        return self.panel.adjusted(self.settings.adjust)

    @cached_property
    def shared(self) -> Shared:
        """Indicators that several sets share."""
        return Shared()

    @cached_property
    def gate(self) -> Gate:
        """Gate at which threads wait for their turn to call the strategy."""
        return Gate()

    def run_many(self, strategies: Sequence[Strategy]) -> list[Stats]:
        """The statistics of several parameter sets, in their order."""
        try:
            with self.shared.used():
                return self._run_all(strategies)
        except OverflowError as error:
            if len(strategies) > 1:  # whose it is, is seen when each runs alone
                return [self.run(strategy) for strategy in strategies]
            msg = f"{strategies[0]!r} left the range of whole paise: {error}; use less capital or leverage"
            raise DataError(msg) from error

    def run(self, strategy: Strategy) -> Stats:
        """The statistics of one parameter set."""
        return self.run_many([strategy])[0]

    def _run_all(self, strategies: Sequence[Strategy]) -> list[Stats]:
        """Sets that only turn are run together, in one call; the others bar by bar, each by itself."""
        flags, turning, others, scanned = self.counter.flags(), [], [], []
        with self.gate.passed(len(strategies)):
            for number, strategy in enumerate(strategies):
                decided = self._decided_or_alone(strategy)
                if isinstance(decided, EntryExit):
                    flags.add(decided)
                    turning.append(number)
                else:
                    self.gate.open()  # going through every bar is work for all threads
                    others.append(number)
                    scanned.append(self.counter.run(decided))
        tallies = [self.counter.run_long_flat(flags)] if turning else []
        tallies += [RunSummaries.joined(scanned)] if scanned else []
        with self.gate.passed(len(strategies)):
            found = [stats for each in tallies for stats in self.figures.of(each)]
        stats = dict(zip([*turning, *others], found, strict=True))
        return [stats[number] for number in range(len(strategies))]

    def _decided_or_alone(self, strategy: Strategy) -> EntryExit | DecisionArrays:
        """Decisions of one set. A strategy that writes into its indicators gets its own from then on."""
        try:
            return self._decided(strategy)
        except StrategyError as error:
            if not self.shared.usable or "read-only" not in str(error.__cause__):
                raise
            self.shared.usable = False
            return self._decided(strategy)

    def _decided(self, strategy: Strategy) -> EntryExit | DecisionArrays:
        if self.style == "allocate":
            return decide_weights(strategy, self.seen, self.settings.leverage, self.first_row)
        if len(self.series) == 1 and len(self.series[0]) == len(self.panel):
            return self._decided_of_one(strategy, self.series[0])
        decisions = decide_signals(strategy, self.seen).arrays
        refuse_risk_without_stop(strategy, self.settings, decisions)
        return decisions

    def _decided_of_one(self, strategy: Strategy, bars: Bars) -> EntryExit | DecisionArrays:
        """Of one gapless instrument: without a copy, and as turns where they are enough."""
        signals = ask_signals(strategy, bars)
        given = {name: getattr(signals, name) for name in PRICE_NAMES}
        prices = {name: (values * bars.factor)[:, None] for name, values in given.items() if values is not None}
        if signals.entry_exit is not None and not prices and self.counter.track is not None:
            return signals.entry_exit
        decisions = DecisionArrays(signals.target[:, None], **prices)
        refuse_risk_without_stop(strategy, self.settings, decisions)
        return decisions
