"""Course: what every set of a sweep runs over, and the statistics of one set."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from framework.backtest import refuse_risk_without_stop
from framework.engines.decisions import ask_signals, decide_signals, decide_weights
from framework.engines.event import PRICE_NAMES, DecisionArrays
from framework.engines.tally import Counter
from framework.errors import ConfigError, DataError
from framework.sweeps.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.strategy import Strategy
    from framework.types import Bars, Panel, Settings

Stats = dict[str, float]


@dataclass(frozen=True, eq=False)
class Course:
    """The prices, the settings and the first row that counts.

    It can be pickled: what is made from these five (the compiled loop among it) stays behind, and is made anew in
    the process that runs a set.
    """

    panel: Panel
    settings: Settings
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
        _ = self.counter, self.figures, self.series

    @cached_property
    def counter(self) -> Counter:
        """The compiled loop over these prices."""
        return Counter(self.panel, self.settings, style=self.style, first_row=self.first_row)

    @cached_property
    def figures(self) -> Figures:
        """What the statistics of all sets have in common."""
        return Figures(self.panel, self.first_row, self.settings.capital_paise / 100, self.risk_free)

    @cached_property
    def series(self) -> list[Bars]:
        """The bars of each instrument."""
        return self.panel.bars()

    def run_many(self, strategies: Sequence[Strategy]) -> list[Stats]:
        """The statistics of several parameter sets, in their order."""
        return [self.run(strategy) for strategy in strategies]

    def run(self, strategy: Strategy) -> Stats:
        """The statistics of one parameter set."""
        try:
            return self.figures.of(self.counter.run(self._decisions(strategy)))
        except OverflowError as error:
            msg = f"{strategy!r} left the range of whole paise: {error}; use less capital or leverage"
            raise DataError(msg) from error

    def _decisions(self, strategy: Strategy) -> DecisionArrays:
        if self.style == "allocate":
            return decide_weights(strategy, self.panel, self.settings.leverage, self.first_row)
        decisions = self._signals(strategy)
        refuse_risk_without_stop(strategy, self.settings, decisions)
        return decisions

    def _signals(self, strategy: Strategy) -> DecisionArrays:
        """What ``decide_signals`` comes to, without its columns, and of one gapless instrument without a copy."""
        if len(self.series) == 1 and len(self.series[0]) == len(self.panel):
            bars = self.series[0]
            signals = ask_signals(strategy, bars)
            given = {name: getattr(signals, name) for name in PRICE_NAMES}
            prices = {name: (values * bars.factor)[:, None] for name, values in given.items() if values is not None}
            return DecisionArrays(signals.target[:, None], **prices)
        return decide_signals(strategy, self.panel).arrays
