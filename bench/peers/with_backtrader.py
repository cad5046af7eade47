"""backtrader: Cerebro with a feed that carries the RSI; ``buy`` and ``close`` fill at the next open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import backtrader as bt
import pandas as pd

from bench.peers.measuring import Answer, Job, Work, measure
from bench.workloads import OVERBOUGHT, OVERSOLD, PERIODS, SETS, UNITS

if TYPE_CHECKING:
    import numpy as np


class WithRSI(bt.feeds.PandasData):
    """A feed with one more line."""

    lines = ("rsi",)
    params = (("rsi", -1),)


class Flips(bt.Strategy):
    """Counts what fills and what closes."""

    params = (("low", OVERSOLD), ("high", OVERBOUGHT))

    def __init__(self) -> None:
        self.fills = self.closed = 0

    def notify_order(self, order: bt.Order) -> None:
        """Count a completed order."""
        self.fills += order.status == order.Completed

    def notify_trade(self, trade: bt.Trade) -> None:
        """Count a closed position."""
        self.closed += trade.isclosed

    def next(self) -> None:
        """Decide at a close."""
        if not self.position:
            if self.data.rsi[0] < self.p.low:
                self.buy(size=UNITS)
        elif self.data.rsi[0] > self.p.high:
            self.close()


def prepare(job: Job) -> Work:
    """The work of a job."""
    index = pd.to_datetime(job.array("time"))
    frame = pd.DataFrame({name: job.array(name) for name in ("open", "high", "low", "close", "volume")}, index)
    rsi = job.array("rsi")

    def one(values: np.ndarray, low: float, high: float) -> Answer:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(WithRSI(dataname=frame.assign(rsi=values)))
        cerebro.addstrategy(Flips, low=low, high=high)
        cerebro.broker.setcash(job.capital)
        (strategy,) = cerebro.run()
        value = cerebro.broker.getvalue()
        return {"round trips": strategy.closed, "fills": strategy.fills, "final equity": value}

    def work() -> Answer:
        if job.workload != "d":
            return one(rsi, OVERSOLD, OVERBOUGHT)
        total = {"round trips": 0.0, "final equity": 0.0}
        for at in job.sets:
            found = one(rsi[:, PERIODS.index(SETS[at].period)], SETS[at].low, SETS[at].high)
            total = {name: value + found[name] for name, value in total.items()}
        return total

    return work


if __name__ == "__main__":
    measure(prepare, bt.__version__)
