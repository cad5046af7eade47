"""backtesting.py: ``Backtest.run``, which always computes its statistics."""

from __future__ import annotations

import warnings

import backtesting
import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

from bench.peers.measuring import Answer, Job, Work, measure
from bench.workloads import OVERBOUGHT, OVERSOLD, PERIODS, SETS, UNITS

backtesting.backtesting._tqdm = lambda given, **_: given  # noqa: SLF001 - its progress bar would be measured too
warnings.simplefilter("ignore")  # open positions at the end, which every peer keeps


def answer_of(stats: pd.Series) -> Answer:
    """Out of what ``run`` says."""
    closed = len(stats["_trades"])
    still_open = len(stats["_strategy"].trades)
    return {
        "round trips": closed,
        "fills": 2 * closed + still_open,
        "final equity": float(stats["Equity Final [$]"]),
    }


def prepare(job: Job) -> Work:
    """The work of a job."""
    index = pd.to_datetime(job.array("time"))
    names = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name.title(): job.array(name) for name in names}, index)
    rsi = job.array("rsi")

    def one(values: np.ndarray, low: float, high: float) -> pd.Series:
        neutral = np.nan_to_num(values, nan=50.0)  # it begins to decide a bar after an indicator's first value

        class Flips(Strategy):
            def init(self) -> None:
                self.rsi = self.I(lambda: neutral, name="rsi", plot=False)

            def next(self) -> None:
                if not self.position:
                    if self.rsi[-1] < low:
                        self.buy(size=UNITS)
                elif self.rsi[-1] > high:
                    self.position.close()

        stats: pd.Series = Backtest(frame, Flips, cash=job.capital).run()
        return stats

    def work() -> Answer:
        if job.workload != "d":
            return answer_of(one(rsi, OVERSOLD, OVERBOUGHT))
        total = {"round trips": 0.0, "final equity": 0.0, "win rate": 0.0}
        for at in job.sets:
            stats = one(rsi[:, PERIODS.index(SETS[at].period)], SETS[at].low, SETS[at].high)
            found = answer_of(stats) | {"win rate": float(np.nan_to_num(stats["Win Rate [%]"])) / 100}
            total = {name: value + found[name] for name, value in total.items()}
        return total

    return work


if __name__ == "__main__":
    measure(prepare, backtesting.__version__)
