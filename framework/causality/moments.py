"""Moments at which a run decides: none before its bars are over, and nothing fills before the moment it was decided.

Panels are made so (``Panel.from_bars`` refuses others) and Session refuses an early fill. This looks at what was run
all the same, for a panel can be changed after it was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.types.clocks import Span
from framework.types.periods import ends_of
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from framework.types import Bars, Panel, Record


def untimely(given: Bars | Panel) -> str:
    """A row that is decided on before its bars are over, or after the next one opens; empty where there is none."""
    frame = Timeframe.parse(given.timeframe)
    opens, decided, session = given.time[:-1], given.close_time[:-1], given.session
    over = ends_of(frame, opens)
    shortened = (session[1:] > session[:-1]) & (decided == given.time[1:]) & (frame.daily or not frame.dated)
    instruments = (given.instrument,) if not hasattr(given, "instruments") else given.instruments
    unclosed = np.flatnonzero((decided < over) & ~shortened)
    if unclosed.size:
        row = int(unclosed[0])
        bar = Span(instruments[0], int(opens[row]), int(over[row]))
        early_s = (bar.close - int(decided[row])) / 1e9
        return f"bar {bar} is decided on {early_s:g} s before it closes"
    late = np.flatnonzero(decided > given.time[1:])
    if late.size:
        row = int(late[0])
        bar = Span(instruments[0], int(opens[row]), int(decided[row]))
        early_s = (bar.close - int(given.time[row + 1])) / 1e9
        return f"what the row of {bar} decides fills in one that opens {early_s:g} s before that: bars overlap"
    return ""


def early_fill(record: Record) -> str:
    """The first fill in a bar that opened before its order was decided; empty where there is none."""
    orders = {each.order.order_id: each.order for each in record.orders}
    for booked in record.settlements:
        fill, order = booked.fill, orders.get(booked.fill.order_id)
        if order is None or booked.simulated.at_close or not fill.time < order.decided_at:
            continue
        at = np.datetime64(fill.time, "ns").astype("datetime64[m]")
        before_s = (order.decided_at - fill.time) / 1e9
        return f"{record.panel.symbols[fill.instrument]} filled at {at} UTC, {before_s:g} s before it was decided"
    return ""
