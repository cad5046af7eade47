"""Volume that is not there, and bars that were filled forward. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from framework.store.issues import SeriesFinding
from framework.types.localtime import DAY, day_text, time_text

if TYPE_CHECKING:
    from framework.store.quality.series import Series, SeriesContext

FILLED_BARS = 3


INDEX = re.compile(r"^(NIFTY|BANKNIFTY|SENSEX|BANKEX|INDIA ?VIX|CNX|S&P|BSE[ -]?\d)", re.IGNORECASE)
"""Symbols of Indian indices, where no instrument list says what a symbol is."""


def is_index(symbol: str, kind: str) -> bool:
    """True for an index by the kind of its listing, else by its name."""
    return kind == "index" or (not kind and bool(INDEX.match(symbol)))


def no_volume(series: Series, context: SeriesContext) -> list[SeriesFinding]:
    """``no_volume``: not one bar has any; an index has none of its own."""
    if context.of_index or np.nansum(series.volume) > 0:
        return []
    empty = bool(np.isnan(series.volume).all())
    reason = "the source has no volume" if empty else "every bar's volume is 0 or absent"
    return [SeriesFinding("no_volume", int(series.timestamp[0]), int(series.timestamp[-1]), reason)]


def filled_forward(series: Series, _context: SeriesContext) -> list[SeriesFinding]:
    """``filled_forward``: runs of bars without volume that repeat the previous close."""
    still = (series.volume == 0) & (series.high == series.low)
    still[1:] &= series.close[1:] == series.close[:-1]
    still[0] = False
    if not series.dated:
        still[1:] &= np.floor_divide(series.local[1:], DAY) == np.floor_divide(series.local[:-1], DAY)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], still, [False])).astype(np.int8)))
    found = []
    for first, after in edges.reshape(-1, 2).tolist():
        if after - first < FILLED_BARS:
            continue
        begin, end = int(series.local[first]), int(series.local[after - 1])
        when = (
            f"{day_text(begin // DAY)} … {day_text(end // DAY)}"
            if series.dated
            else f"{day_text(begin // DAY)} {time_text(begin % DAY)} … {time_text(end % DAY)}"
        )
        reason = f"{after - first} bars without volume repeat the price {series.close[first]:g}: {when}"
        found.append(
            SeriesFinding("filled_forward", int(series.timestamp[first]), int(series.timestamp[after - 1]), reason)
        )
    return found
