"""Workload A as a person writes it for backtesting.py: a CSV file, TA-Lib's RSI, ``Backtest.run``, the statistics."""

import sys

import pandas as pd
import talib
from backtesting import Backtest, Strategy


class RSI(Strategy):
    """Long from below 30 until above 70."""

    def init(self) -> None:
        """Compute the RSI of all bars."""
        self.rsi = self.I(talib.RSI, self.data.Close, 14)

    def next(self) -> None:
        """Decide at a close."""
        if not self.position:
            if self.rsi[-1] < 30:
                self.buy(size=10)
        elif self.rsi[-1] > 70:
            self.position.close()


prices = pd.read_csv(sys.argv[1], parse_dates=["date"], index_col="date")
prices.columns = [name.title() for name in prices.columns]
print(Backtest(prices, RSI, cash=1_000_000).run())
