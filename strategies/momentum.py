"""Cross-sectional momentum: hold the strongest instruments of the past year, chosen anew each month."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from framework import Panel, Strategy
from framework.indicators import last_known


class Momentum(Strategy):
    """Ranks all instruments by their 12−1 month return and holds the top ones in equal parts.

    Decides at the first bar of each month (by session dates), brings every holding to its part then, winners too, and
    keeps all of them until the next (``rebalance: on_signal``). The return runs
    from the first bar of the month ``lookback`` months ago to the first bar of the month ``skip`` months ago: the
    latest month is left out because it tends to reverse. An instrument is ranked if it has a bar at the decision and a
    price at both ends; with fewer than ``top`` of them, the rest stays in cash. Equal returns rank by symbol.
    """

    lookback: int = Field(12, ge=1, le=60, description="months back to the start of the return")
    skip: int = Field(1, ge=0, le=12, description="latest months left out of it, below lookback")
    top: int = Field(5, ge=1, le=500, description="instruments held")
    invested: float = Field(0.95, gt=0, le=1, description="share of equity held; the rest pays charges and gaps")

    @model_validator(mode="after")
    def _skips_less_than_it_looks_back(self) -> Self:
        if self.skip >= self.lookback:
            msg = f"skip = {self.skip} must be below lookback = {self.lookback}"
            raise ValueError(msg)
        return self

    def allocate(self, panel: Panel) -> NDArray[np.float64]:
        """Weights at the first bar of each month; NaN, which trades nothing, elsewhere and without history enough."""
        month = panel.session.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        first_rows = np.flatnonzero(np.diff(month)) + 1  # the history may begin within a month, so row 0 is none
        row_of = dict(zip(month[first_rows].tolist(), first_rows.tolist(), strict=True))
        close = last_known(panel.close)
        weights = np.full(panel.close.shape, np.nan)
        for now, row in row_of.items():
            start, end = row_of.get(now - self.lookback), row_of.get(now - self.skip)
            if start is None or end is None:
                continue
            growth = np.where(np.isfinite(panel.close[row]), close[end] / close[start], np.nan)
            strongest = np.argsort(-growth, kind="stable")[: self.top]  # NaN sorts last
            held = strongest[np.isfinite(growth[strongest])]
            if held.size:
                weights[row] = 0.0
                weights[row, held] = self.invested / self.top
        return weights
