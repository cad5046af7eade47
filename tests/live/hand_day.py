"""A day that can be worked out by hand: one share of whole rupees, 10 units bought at 101 and sold at 104."""

import numpy as np

from framework.store import open_store
from framework.types import Bars, Instrument
from tests.live.market import DAYS, opens_of, write_deployment

SYMBOL = "NSE:HAND"
FIRST_CLOSES = [100.0, 101.0, 102.0, 103.0, 104.0, 105.0]
"""Closes of the first minutes; each bar opens at the close before, and the day stays at 105."""
SCRIPTED = '''
"""Buys 10 at the open of the second bar, sells them at the open of the fifth."""
from framework import Strategy


class Scripted(Strategy):
    """By the number of the bar."""

    def on_bar(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
        if n == 2:
            ctx.buy(10, ctx.symbols[0])
        if n == 5:
            ctx.sell(10, ctx.symbols[0])
'''


def store_hand_day(path, days=DAYS[:1]):
    """Store the day; each further one is the same again."""
    with open_store(path) as store:
        time = np.concatenate([opens_of(day, 1) for day in days])
        close = np.concatenate([FIRST_CLOSES + [105.0] * (375 - len(FIRST_CLOSES)) for _ in days])
        opened = np.r_[close[0], close[:-1]]
        opened[::375] = 100.0
        bars = Bars.from_arrays(
            Instrument("HAND", "NSE", tick=0.05, timezone="Asia/Kolkata"), "1m", time, opened,
            np.maximum(opened, close), np.minimum(opened, close), close, np.full(len(time), 1000.0),
        )  # fmt: skip
        store.save_bars(bars)
    return path


def write_hand_deployment(folder, **settings):
    """Deployment ``morning`` of the scripted strategy; charges are 0.1 % of each fill's value."""
    (folder / "scripted.py").write_text(SCRIPTED)
    settings = {"charges": "percent:0.1", **settings}
    return write_deployment(folder / "deployments", ("hand", "./scripted.py:Scripted", [SYMBOL], "1m", settings))
