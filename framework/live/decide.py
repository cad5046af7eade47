"""Decisions at the close of a row: the strategy's own methods on the history up to now, and their last row.

A backtest calls ``signals`` once over all bars and reads every row; a runner calls it at each close over the bars so
far and reads the last. The two are equal because a strategy sees no later bar (the causality check proves it), and
``tulya parity`` compares them every day.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from framework.engines.context import BarContext
from framework.engines.decisions import ask_signals, decide_weights
from framework.engines.rows import PRICE_NAMES
from framework.engines.volatility import MEASURED, volatility_of
from framework.live.history import History
from framework.types.orders import NAN, Decisions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session import Session
    from framework.strategy import Strategy
    from framework.types import Bars, Settings
    from framework.types.orders import BarRow, CancelRequest, OrderRequest


class Decision(NamedTuple):
    """Decision at one close."""

    decisions: Decisions | None = None
    requests: tuple[OrderRequest | CancelRequest, ...] = ()
    memory: str = ""
    """Memory of an ``on_bar`` strategy afterwards, plain JSON; empty where it has not changed."""


class Decider:
    """Decider of one strategy: give it each row once, in order."""

    def __init__(self, strategy: Strategy, settings: Settings, stored: Sequence[Bars], memory: str = "") -> None:
        """``stored``: bars before the first row, by instrument; ``memory``: as the journal has it."""
        self._strategy = strategy
        self._settings = settings
        self._style = strategy.style()
        self.history = History(stored)
        self._first = self.history.rows
        self._memory = memory or "{}"

    def see(self, row: BarRow) -> None:
        """Take a row without deciding: the journal has what was decided at it."""
        self.history.append(row)

    def at(self, row: BarRow, session: Session) -> Decision:
        """Take a row and decide at its close; ``StrategyError`` when the strategy broke its contract."""
        there = self.history.append(row)
        if self._style == "signals":
            return Decision(self._signals(there))
        if self._style == "allocate":
            return Decision(self._weights())
        return self._requests(session)

    def _signals(self, there: list[int]) -> Decisions:
        """Last row of every instrument's signals, rupees on the printed basis; NaN where there is no bar."""
        basis = self._settings.adjust
        count = len(self.history.series)
        target = [NAN] * count
        prices: dict[str, list[float]] = {}
        for i in there:
            bars = self.history.series[i].bars().adjusted(basis)
            signals = ask_signals(self._strategy, bars)
            target[i] = float(signals.target[-1])
            factor = float(bars.factor[-1])
            for name in PRICE_NAMES:
                if (values := getattr(signals, name)) is not None:
                    prices.setdefault(name, [NAN] * count)[i] = float(values[-1]) * factor
        volatility = None
        if self._settings.sizing.kind in MEASURED:
            measured = volatility_of(
                self.history.panel(), self._settings.volatility_bars, across_splits=basis != "none"
            )
            volatility = tuple(measured[-1].tolist())
        return Decisions(tuple(target), **{name: tuple(row) for name, row in prices.items()}, volatility=volatility)

    def _weights(self) -> Decisions:
        view = self.history.panel().adjusted(self._settings.adjust)
        weights = decide_weights(self._strategy, view, self._settings.leverage, self._first).target
        return Decisions(tuple(weights[-1].tolist()))

    def _requests(self, session: Session) -> Decision:
        context = BarContext(self.history.panel(), self._settings.adjust)
        context.state = json.loads(self._memory)
        requests = context.ask(self._strategy, session, self.history.rows - 1)
        memory = json.dumps(context.state, sort_keys=True, separators=(",", ":"))
        changed, self._memory = memory != self._memory, memory
        return Decision(None, tuple(requests), memory if changed else "")
