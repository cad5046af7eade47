"""bt: an algo that transacts a fixed number of units.

bt fills at the price it decides on. So it is given the opens, and at each the signal of the bar before: the same fills.
Its own value is then marked at the last open; the answer here marks what is held at the last close, as the others do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bt
import numpy as np
import pandas as pd

from bench.peers.measuring import Answer, Job, Work, measure
from bench.workloads import OVERBOUGHT, OVERSOLD, PERIODS, SETS, UNITS

if TYPE_CHECKING:
    from bt.core import StrategyBase


class Flip(bt.Algo):
    """Buys where the signal is +1, sells where it is −1, one row of signals per date."""

    def __init__(self, signals: np.ndarray, names: list[str]) -> None:
        super().__init__()
        self.signals, self.names, self.row = signals, names, 0
        self.held = np.zeros(len(names), dtype=bool)
        self.fills = 0

    def __call__(self, target: StrategyBase) -> bool:
        """Trade the instruments whose signal asks for it."""
        signal = self.signals[self.row]
        self.row += 1
        for column in np.flatnonzero(((signal < 0) & self.held) | ((signal > 0) & ~self.held)):
            buys = not self.held[column]
            target.transact(UNITS if buys else -UNITS, child=self.names[column])
            self.held[column] = buys
            self.fills += 1
        return True


def prepare(job: Job) -> Work:
    """The work of a job."""
    index = pd.to_datetime(job.array("time"))
    open_, close, rsi = (np.atleast_2d(job.array(name).T).T for name in ("open", "close", "rsi"))
    names = [f"S{column:03}" for column in range(open_.shape[1])]
    opens = pd.DataFrame(open_, index, names)

    def one(values: np.ndarray, low: float, high: float) -> Answer:
        signals = np.zeros(values.shape, dtype=np.int8)
        signals[1:][values[:-1] < low] = 1
        signals[1:][values[:-1] > high] = -1
        asked = bt.Strategy("flips", [Flip(signals, names)], names)
        done = bt.Backtest(asked, opens, initial_capital=job.capital, integer_positions=True, progress_bar=False)
        bt.run(done)
        (flip,), cash = done.strategy.stack.algos, float(done.strategy.capital)
        still_open = int(flip.held.sum())
        return {
            "round trips": (flip.fills - still_open) // 2,
            "fills": flip.fills,
            "final equity": cash + float(UNITS * close[-1][flip.held].sum()),
        }

    def work() -> Answer:
        if job.workload != "d":
            return one(rsi, OVERSOLD, OVERBOUGHT)
        total = {"round trips": 0.0, "final equity": 0.0}
        for at in job.sets:
            found = one(rsi[:, [PERIODS.index(SETS[at].period)]], SETS[at].low, SETS[at].high)
            total = {name: value + found[name] for name, value in total.items()}
        return total

    return work


if __name__ == "__main__":
    measure(prepare, bt.__version__)
