"""The sparse run of a long-or-flat strategy comes to what the event engine comes to, which looks at every bar."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engines import event
from framework.engines.event import DecisionArrays
from framework.engines.kernel import turns as kernel
from framework.engines.tally import Counter, takes_turns
from framework.errors import InvariantError
from framework.types import Bars, Instrument, Panel, Settings
from framework.types.signals import Turns
from tests.property.scenarios import DATED, bars_of, cells, columns

FLAGS = (False, False, False, True)


@st.composite
def runs(draw, max_rows: int):
    """A panel of one gapless instrument, settings that leave a position alone, turns, and the first row."""
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731 - one word in twenty lines
    rows = draw(st.integers(2, max_rows))
    instrument = Instrument("A", tick=pick(0.0, 0.05, 0.25), lot=pick(1, 1, 5))
    panel = Panel.from_bars([bars_of(instrument, draw(columns(rows, whole=True)), pick(0, 2, 5))])
    chosen = Settings(
        capital=pick(100_000, 2_000, 777.77),
        sizing=pick("fixed:10", "fixed:25", "value:3000", "equity:95%", "equity:100%"),
        allotment=pick(None, 0.5),
        charges=pick("none", "percent:0.1", "flat:20", "percent:0.0333+flat:1.11", DATED),
        slippage=pick("none", "bps:10", "bps:137", "ticks:2.5"),
        long_margin=pick(None, None, 0.25),
        short_margin=pick(1.0, 0.3),
        validity=pick("DAY", "GTC"),
        limits={"max_order_value": pick(None, 1_500, 80), "max_position_value": pick(None, 2_500)},
    )
    flags = pick(FLAGS, (False,) * 15 + (True,), (False, True))
    turns = Turns.of(cells(draw, flags, rows), cells(draw, flags, rows))
    return panel, chosen, turns, draw(st.integers(0, rows - 1))


def as_the_event_engine_says(panel, chosen, turns, first):
    """Equity at each close from ``first``, depth, and each round trip's profit, by a plain loop over its record."""
    record = event.run(panel, chosen, decisions=DecisionArrays(turns.target()[:, None]), first_row=first)
    peak, depth = chosen.capital, 1.0
    for paise in record.equity_paise.tolist():
        peak = max(peak, paise / 100)
        depth = min(depth, paise / 100 / peak)
    profits, running = [], 0
    for settlement in record.settlements:
        running += settlement.gross_paise - settlement.charges_paise
        if settlement.position == 0:
            profits.append(running)
            running = 0
    return record.equity_paise.tolist(), depth, profits


def as_the_sparse_run_says(panel, chosen, turns, first, *, compiled):
    rows = np.arange(first, len(panel))
    found = Counter(panel, chosen, rows, first_row=first, compiled=compiled).run_turns(turns)
    assert found.equity_paise[-1] == found.final_paise
    return found.equity_paise.tolist(), found.depth, found.profits_paise.tolist()


@settings(max_examples=1_500)
@given(runs(max_rows=60))
def test_every_equity_the_depth_and_every_profit_are_the_event_engines(run):
    assert as_the_event_engine_says(*run) == as_the_sparse_run_says(*run, compiled=True)


@settings(max_examples=200)
@given(runs(max_rows=200))
def test_so_they_are_uncompiled_and_over_several_blocks(run):
    assert as_the_event_engine_says(*run) == as_the_sparse_run_says(*run, compiled=False)


@settings(max_examples=300)
@given(runs(max_rows=60))
def test_the_full_scan_of_a_sweep_says_the_same(run):
    panel, chosen, turns, first = run
    counter = Counter(panel, chosen, np.arange(first, len(panel)), first_row=first)
    found = counter.run(DecisionArrays(turns.target()[:, None]))
    told = found.equity_paise.tolist(), found.depth, found.profits_paise.tolist()
    assert as_the_event_engine_says(*run) == told


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("block", [1, 7, 64])
def test_long_holds_and_any_size_of_block_are_exact(seed, block, monkeypatch):
    """Thousands of bars, so that blocks are passed over; the depth is that of a loop over every close."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 5_000))), 2)
    time = np.arange(5_000, dtype=np.int64) * 86_400_000_000_000
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", time, close, close, close, close)])
    turns = Turns.of(rng.random(5_000) < 0.02, rng.random(5_000) < 0.004)
    chosen = Settings.of(sizing="equity:95%", charges="percent:0.1")
    monkeypatch.setattr(kernel, "BLOCK", block)
    monkeypatch.setattr("framework.engines.tally.BLOCK", block)
    expected = as_the_event_engine_says(panel, chosen, turns, 0)
    assert expected == as_the_sparse_run_says(panel, chosen, turns, 0, compiled=False)
    assert len(expected[2]) > 5


@given(st.lists(st.booleans(), max_size=100), st.integers(0, 100))
def test_the_next_true_flag_is_found_over_words_and_ends(flags, row):
    array = np.array(flags, dtype=bool)
    words = array[: len(flags) // 8 * 8].view(np.uint64)
    expected = next((at for at in range(row, len(flags)) if flags[at]), len(flags))
    assert expected == kernel.next_true(array, words, row, len(flags))


REFUSED = [
    {"stop_loss": "5%"}, {"take_profit": "5%"}, {"trail": "5%"}, {"time_exit": 3}, {"max_daily_loss": "1%"},
    {"volume_cap": 0.1}, {"protection_bps": 20}, {"fill_at": "same_close"}, {"reenter": "new_signal"},
    {"sizing": "risk:1%"}, {"sizing": "volatility:15%"}, {"sizing": "kelly:50%"}, {"sizing": "equal_risk:95%"},
    {"sizing": "margin:90%"},
]  # fmt: skip


@pytest.mark.parametrize("choice", REFUSED, ids=str)
def test_what_can_end_a_position_in_between_is_left_to_the_full_scan(choice):
    close = np.array([100.0, 101.0, 102.0])
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", np.arange(3) * 86_400 * 10**9, close, close, close, close)])
    assert takes_turns(panel, Settings())
    assert not takes_turns(panel, Settings.of(**choice))
    counter = Counter(panel, Settings.of(**choice), np.arange(3))
    with pytest.raises(InvariantError, match="takes_turns refuses"):
        counter.run_turns(Turns.of([True, False, False], [False, False, True]))


def test_two_instruments_share_cash_so_they_are_scanned():
    close = np.array([100.0, 101.0])
    series = [Bars.from_arrays(name, "1d", np.arange(2) * 86_400 * 10**9, *[close] * 4) for name in "AB"]
    assert not takes_turns(Panel.from_bars(series), Settings())


def test_an_account_beyond_whole_paise_is_an_overflow_as_in_the_full_scan():
    close = np.array([1e6, 1e6, 1e12])
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", np.arange(3) * 86_400 * 10**9, *[close] * 4)])
    counter = Counter(panel, Settings.of(sizing="fixed:1000", capital=1e11), np.arange(3))
    turns = Turns.of([True, False, False], [False, False, False])
    with pytest.raises(OverflowError):
        counter.run(DecisionArrays(turns.target()[:, None]))
    with pytest.raises(OverflowError):
        counter.run_turns(turns)


def test_without_a_drawdown_the_depth_is_one():
    close = np.array([100.0, 101.0, 102.0, 103.0])
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", np.arange(4) * 86_400 * 10**9, *[close] * 4)])
    found = Counter(panel, Settings.of(sizing="fixed:1"), np.array([3])).run_turns(Turns.of([1, 0, 0, 0], [0, 0, 0, 0]))
    assert (1.0, [10_000_200], []) == (found.depth, found.equity_paise.tolist(), found.profits_paise.tolist())
    assert not math.isnan(found.depth)
