"""Panels: alignment on the union of times, against a table filled cell by cell."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from framework import Bars, Panel

DAY_NS = 86_400 * 10**9
VALUES = ("open", "high", "low", "close", "volume", "factor")


def bars_on(symbol, days):
    time = np.array(days, dtype=np.int64)
    close = 10.0 + time
    return Bars.from_arrays(symbol, "1d", time * DAY_NS, close - 1, close + 2, close - 2, close, close * 7)


@given(st.lists(st.sets(st.integers(0, 12), min_size=1), min_size=1, max_size=70))
def test_every_cell_holds_the_bar_of_its_time_and_instrument_or_nothing(days):
    series = [bars_on(f"S{number:02}", sorted(own)) for number, own in enumerate(days)]
    panel = Panel.from_bars(series[::-1])
    union = sorted(set().union(*days))
    assert union == panel.session.tolist()
    assert [day * DAY_NS for day in union] == panel.time.tolist()
    assert [(day + 1) * DAY_NS for day in union] == panel.close_time.tolist()
    for name in VALUES:
        expected = np.full((len(union), len(series)), np.nan)
        for column, bars in enumerate(series):
            for day, value in zip(sorted(days[column]), getattr(bars, name).tolist(), strict=True):
                expected[union.index(day), column] = value
        table = getattr(panel, name)
        np.testing.assert_array_equal(expected, table)
        assert table.flags.c_contiguous
        assert not table.flags.writeable


def test_one_instrument_is_not_copied():
    bars = bars_on("ONE", [1, 2, 3])
    panel = Panel.from_bars([bars])
    assert all(np.shares_memory(getattr(bars, name), getattr(panel, name)) for name in (*VALUES, "time"))
