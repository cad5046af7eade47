"""Strategies of a user's own files, one for each style: orders by hand, signals with stops, weights."""

from pathlib import Path

COUNTING = '''
"""Buys each 40th bar, sells each 60th."""
from framework import Strategy


class Counting(Strategy):
    """Counts bars in its own memory."""

    def on_bar(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
        for symbol in ctx.symbols:
            if n % 40 == 1 and not ctx.position(symbol):
                ctx.buy(10, symbol, limit=ctx.bars(symbol).close[-1] * 1.001)
            elif n % 60 == 0 and ctx.position(symbol) > 0:
                ctx.sell(ctx.position(symbol), symbol)
'''
BOTH_WAYS = '''
"""Long when the last close rose, short when it fell, flat each tenth bar."""
import numpy as np

from framework import Bars, Signals, Strategy


class BothWays(Strategy):
    """Both sides, with stops of its own."""

    def signals(self, bars: Bars) -> Signals:
        target = np.sign(np.r_[0.0, np.diff(bars.close)])
        target[np.arange(len(target)) % 7 != 3] = np.nan
        target[::10] = 0.0
        return Signals(target=target, stop=bars.close * (1 - 0.01 * np.nan_to_num(target)))
'''
WEIGHTS = '''
"""Equal weights each hour."""
import numpy as np

from framework import Panel, Strategy


class Weights(Strategy):
    """A third of the account in each, brought back each 60 bars."""

    def allocate(self, panel: Panel):
        weights = np.full(panel.close.shape, np.nan)
        weights[::60] = 0.3
        weights[30::60, 0] = 0.0
        return weights
'''
OWN = {"counting": COUNTING, "both_ways": BOTH_WAYS, "weights": WEIGHTS}


def write_own_strategies(folder: Path):
    """Their files, each by its name."""
    for name, text in OWN.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
