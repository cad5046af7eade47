"""Buy and hold: the benchmark every other strategy has to beat."""

import numpy as np

from framework import Bars, Signals, Strategy


class BuyAndHold(Strategy):
    """Buys at the first bar and never sells.

    It wants the full exposure at every close, so it enters wherever a run starts; asking again changes nothing.
    """

    def signals(self, bars: Bars) -> Signals:
        """Target 1 at every close."""
        return Signals(np.ones(len(bars)))
