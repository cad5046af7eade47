"""Targets of many instruments on one grid: each stands where its own bars are, however it was told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import Bars, Panel, Signals, Strategy
from framework.engines.decisions import decide_signals
from framework.types.signals import PIECE, EntryExit

DAY = 86_400_000_000_000
SAID: dict[str, Signals] = {}
TRUTHS = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=12, max_size=12)


class Said(Strategy):
    """Says what the test wrote down."""

    def signals(self, bars: Bars) -> Signals:
        return SAID[bars.symbol]


def on_days(symbol, there):
    days = np.flatnonzero(there)
    price = np.ones(len(days))
    return Bars.from_arrays(symbol, "1d", days * DAY, price, price, price, price)


def wanted(enter, leave):
    """Word for word: 0 where leave, else 1 where enter, else nothing."""
    return [0.0 if out else 1.0 if into else None for into, out in zip(enter, leave, strict=True)]


def shown(values):
    return [None if np.isnan(value) else value for value in values.tolist()]


@pytest.mark.parametrize("plain", [False, True], ids=["turns", "one of them in targets"])
@given(told=st.lists(TRUTHS, min_size=1, max_size=4))
def test_each_decision_stands_in_its_bar_and_leave_wins(plain, told):
    series, expected = [], {}
    for number, rows in enumerate(told):
        there, enter, leave = (np.array(each) for each in zip(*rows, strict=True))
        there[0] = True
        symbol = f"S{number}"
        SAID[symbol] = Signals.long_flat(enter[there], leave[there])
        if plain and number == 0:
            SAID[symbol] = Signals(SAID[symbol].target)
        series.append(on_days(symbol, there))
        expected[symbol] = dict(zip(np.flatnonzero(there), wanted(enter[there], leave[there]), strict=True))
    panel = Panel.from_bars(series)
    target = decide_signals(Said(), panel).arrays.target
    days = (panel.time // DAY).tolist()
    assert [[expected[name].get(day) for day in days] for name in panel.symbols] == [
        shown(column) for column in target.T
    ]


def test_targets_longer_than_a_piece_are_written_to_their_end():
    enter, leave = (np.random.default_rng(seed).random(2 * PIECE + 3) < 0.3 for seed in (1, 2))
    assert wanted(enter, leave) == shown(EntryExit.of(enter, leave).target())
