"""MACD trend following: long from the histogram's turn upwards to its turn downwards."""

from typing import Self

import talib as ta
from pydantic import Field, model_validator

from framework import Bars, Signals, Strategy, crossed_above, crossed_below


class MACD(Strategy):
    """Follows momentum: long from the close where the MACD histogram turns positive until it turns negative.

    MACD is EMA(12) − EMA(26) of the close, its signal line the EMA(9) of that, the histogram their difference.
    A histogram that is positive from the first bar it exists is no turn: the strategy waits for the next one.
    """

    fast: int = Field(12, ge=2, le=200, description="bars of the fast average, below slow")
    slow: int = Field(26, ge=3, le=400, description="bars of the slow average")
    signal: int = Field(9, ge=1, le=200, description="bars of the signal line")

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.fast >= self.slow:
            msg = f"fast = {self.fast} must be below slow = {self.slow}"
            raise ValueError(msg)
        return self

    def signals(self, bars: Bars) -> Signals:
        """Target 1 where the histogram turns positive, 0 where it turns negative."""
        macd, signal, histogram = ta.MACD(bars.close, self.fast, self.slow, self.signal)
        return Signals.long_flat(
            enter=crossed_above(histogram, 0),
            leave=crossed_below(histogram, 0),
            columns={"macd": macd, "signal": signal, "histogram": histogram},
        )
