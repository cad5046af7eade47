"""RSI mean reversion: long from oversold until overbought."""

import talib as ta
from pydantic import Field

from framework import Bars, Signals, Strategy


class RSI(Strategy):
    """Buys weakness: long while Wilder's RSI has been oversold and not yet overbought.

    Enters at a close where RSI(14) is below 30 and leaves at one where it is above 70; in between it keeps what it has.
    On prices that never move the RSI is undefined and TA-Lib says 0, which counts as oversold.
    """

    period: int = Field(14, ge=2, le=100, description="bars")
    oversold: float = Field(30.0, gt=0, lt=50, description="RSI points")
    overbought: float = Field(70.0, gt=50, lt=100, description="RSI points")

    def signals(self, bars: Bars) -> Signals:
        """Target 1 below ``oversold``, 0 above ``overbought``."""
        rsi = ta.RSI(bars.close, self.period)
        return Signals.long_flat(enter=rsi < self.oversold, leave=rsi > self.overbought, columns={"rsi": rsi})
