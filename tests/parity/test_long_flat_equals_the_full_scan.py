"""The long-or-flat run equals the event engine, which visits every bar."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.engines import event
from framework.engines.kernel import long_flat as kernel
from framework.engines.long_flat import EntryExitFlags, takes_long_flat
from framework.engines.rows import DecisionArrays
from framework.engines.summary import SummaryRunner
from framework.errors import InvariantError
from framework.types import Bars, Instrument, Panel, Settings
from framework.types.signals import EntryExit
from tests.property.scenarios import DATED, bars_of, cells, columns

FLAGS = (False, False, False, True)
STOPS = (None, None, "0.5%", "2%", "rs:5", "rs:0.3", "150%", "2000")
TARGETS = (None, None, "0.5%", "3%", "rs:8", "rs:0.2")


@st.composite
def runs(draw, max_rows: int, sets: int = 0):
    """A panel of one gapless instrument, settings, turns (or a list of so many), and the first row.

    The settings leave a position alone but for a stop and a target: so narrow that one bar reaches both, so wide that
    none does, with a slippage that puts an entry beyond them.
    """
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
        exits={
            "stop_loss": pick(*STOPS),
            "take_profit": pick(*TARGETS),
            "active_from": pick("entry_bar", "next_bar"),
            "both": pick("stop", "target"),
        },
    )
    flags = pick(FLAGS, (False,) * 15 + (True,), (False, True))
    several = [EntryExit.of(cells(draw, flags, rows), cells(draw, flags, rows)) for _ in range(sets or 1)]
    return panel, chosen, several if sets else several[0], draw(st.integers(0, rows - 1))


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


def as_the_long_flat_run_says(panel, chosen, turns, first, *, compiled):
    rows = np.arange(first, len(panel))
    return run_one(SummaryRunner(panel, chosen, rows, first_row=first, compiled=compiled), turns)


def run_one(counter, turns):
    """Equity at the closes, depth and profits of a single set."""
    flags = counter.flags()
    flags.add(turns)
    found = counter.run_long_flat(flags)
    assert found.equity_paise[:, -1].tolist() == found.final_paise.tolist()
    assert found.trips.tolist() == [found.profits_paise.shape[0]]
    return found.equity_paise[0].tolist(), found.depth[0], found.profits_paise.tolist()


@settings(max_examples=1_500)
@given(runs(max_rows=60))
def test_every_equity_the_depth_and_every_profit_are_the_event_engines(run):
    assert as_the_event_engine_says(*run) == as_the_long_flat_run_says(*run, compiled=True)


@settings(max_examples=200)
@given(runs(max_rows=200))
def test_so_they_are_uncompiled_and_over_several_blocks(run):
    assert as_the_event_engine_says(*run) == as_the_long_flat_run_says(*run, compiled=False)


@settings(max_examples=100)
@given(runs(max_rows=80, sets=10))
def test_several_sets_in_one_call_are_each_as_if_alone(run):
    panel, chosen, several, first = run
    counter = SummaryRunner(panel, chosen, np.arange(first, len(panel)), first_row=first)
    expected = [run_one(counter, turns) for turns in several]
    flags = counter.flags()
    for turns in several:
        flags.add(turns)
    found = counter.run_long_flat(flags)
    ends = np.cumsum(found.trips)
    profits = [one.tolist() for one in np.split(found.profits_paise, ends[:-1])]
    assert expected == list(zip(found.equity_paise.tolist(), found.depth.tolist(), profits, strict=True))


@settings(max_examples=300)
@given(runs(max_rows=60))
def test_the_full_scan_of_a_sweep_says_the_same(run):
    panel, chosen, turns, first = run
    counter = SummaryRunner(panel, chosen, np.arange(first, len(panel)), first_row=first)
    found = counter.run(DecisionArrays(turns.target()[:, None]))
    told = found.equity_paise[0].tolist(), found.depth[0], found.profits_paise.tolist()
    assert as_the_event_engine_says(*run) == told


@pytest.mark.parametrize("exits", [{}, {"stop_loss": "6%"}, {"stop_loss": "9%", "take_profit": "15%"}], ids=str)
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("block", [1, 7, 64])
def test_long_holds_and_any_size_of_block_are_exact(seed, block, exits, monkeypatch):
    """Thousands of bars, so that blocks are passed over; the depth is that of a loop over every close."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 5_000))), 2)
    time = np.arange(5_000, dtype=np.int64) * 86_400_000_000_000
    high, low = np.round(close * 1.01, 2), np.round(close * 0.99, 2)
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", time, close, high, low, close)])
    turns = EntryExit.of(rng.random(5_000) < 0.02, rng.random(5_000) < 0.004)
    chosen = Settings.of(sizing="equity:95%", charges="percent:0.1", **exits)
    monkeypatch.setattr(kernel, "BLOCK", block)
    monkeypatch.setattr("framework.engines.long_flat.BLOCK", block)
    expected = as_the_event_engine_says(panel, chosen, turns, 0)
    assert expected == as_the_long_flat_run_says(panel, chosen, turns, 0, compiled=False)
    assert len(expected[2]) > 5


@st.composite
def rare_flags(draw):
    """Truth values over several words, few of them true."""
    rows = draw(st.integers(0, 300))
    true = draw(st.lists(st.integers(0, max(rows - 1, 0)), max_size=6))
    return [row in true for row in range(rows)]


@given(rare_flags(), rare_flags(), st.integers(0, 300))
def test_the_next_turn_is_found_over_words_and_ends(enter, leave, row):
    rows = min(len(enter), len(leave))
    enter, leave = enter[:rows], leave[:rows]
    flags = EntryExitFlags(rows)
    flags.add(EntryExit.of(enter, leave))
    wanted = [one and not other for one, other in zip(enter, leave, strict=True)]
    for words, truths in ((flags.enter[0], wanted), (flags.leave[0], leave)):
        expected = next((at for at in range(row, rows) if truths[at]), rows)
        assert expected == kernel.next_true(words, row, rows)


@pytest.mark.parametrize("bit", range(64))
def test_the_lowest_bit_of_a_word_is_found_whatever_is_above_it(bit):
    words = np.array([1 << bit, ((1 << 64) - 1) >> bit << bit], dtype=np.uint64).view(np.int64)
    assert [bit, bit] == [kernel.lowest_bit(word) for word in words]


REFUSED = [
    {"trail": "5%"}, {"time_exit": 3}, {"max_daily_loss": "1%"},
    {"volume_cap": 0.1}, {"protection_bps": 20}, {"fill_at": "same_close"}, {"reenter": "new_signal"},
    {"sizing": "risk:1%"}, {"sizing": "volatility:15%"}, {"sizing": "kelly:50%"}, {"sizing": "equal_risk:95%"},
    {"sizing": "margin:90%"},
]  # fmt: skip


@pytest.mark.parametrize("choice", REFUSED, ids=str)
def test_what_can_end_a_position_in_between_is_left_to_the_full_scan(choice):
    close = np.array([100.0, 101.0, 102.0])
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", np.arange(3) * 86_400 * 10**9, close, close, close, close)])
    assert takes_long_flat(panel, Settings())
    assert not takes_long_flat(panel, Settings.of(**choice))
    counter = SummaryRunner(panel, Settings.of(**choice), np.arange(3))
    with pytest.raises(InvariantError, match="takes_long_flat refuses"):
        run_one(counter, EntryExit.of([True, False, False], [False, False, True]))


def test_two_instruments_share_cash_so_they_are_scanned():
    close = np.array([100.0, 101.0])
    series = [Bars.from_arrays(name, "1d", np.arange(2) * 86_400 * 10**9, *[close] * 4) for name in "AB"]
    assert not takes_long_flat(Panel.from_bars(series), Settings())


def test_an_account_beyond_whole_paise_is_an_overflow_as_in_the_full_scan():
    close = np.array([1e6, 1e6, 1e12])
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", np.arange(3) * 86_400 * 10**9, *[close] * 4)])
    counter = SummaryRunner(panel, Settings.of(sizing="fixed:1000", capital=1e11), np.arange(3))
    turns = EntryExit.of([True, False, False], [False, False, False])
    with pytest.raises(OverflowError):
        counter.run(DecisionArrays(turns.target()[:, None]))
    with pytest.raises(OverflowError):
        run_one(counter, turns)


def test_without_a_drawdown_the_depth_is_one():
    close = np.array([100.0, 101.0, 102.0, 103.0])
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", np.arange(4) * 86_400 * 10**9, *[close] * 4)])
    counter = SummaryRunner(panel, Settings.of(sizing="fixed:1"), np.array([3]))
    assert ([10_000_200], 1.0, []) == run_one(counter, EntryExit.of([1, 0, 0, 0], [0, 0, 0, 0]))


def test_a_stop_a_target_and_an_exit_at_the_same_open_go_by_the_contracts_order():
    """Worked by hand: bought at 100 each time, stop 95, target 110, ten units.

    Row 2 opens at 94, through the stop: sold there. Row 4 reaches both: the stop first. Row 6 opens at 112, but the
    exit decided at the close before is served first, at the same price. Row 8, the entry bar itself, reaches 110.
    """
    open_ = np.array([100, 100, 94, 100, 100, 100, 112, 100, 100, 100.0])
    high = np.array([100, 101, 96, 101, 115, 101, 113, 101, 111, 101.0])
    low = np.array([100, 99, 93, 99, 90, 99, 111, 99, 99, 99.0])
    close = np.array([100, 100, 95, 100, 100, 100, 112, 100, 105, 100.0])
    time = np.arange(10, dtype=np.int64) * 86_400 * 10**9
    panel = Panel.from_bars([Bars.from_arrays("A", "1d", time, open_, high, low, close)])
    enter = np.isin(np.arange(10), [0, 3, 4, 7])
    leave = np.isin(np.arange(10), [5])
    chosen = Settings.of(sizing="fixed:10", stop_loss="5%", take_profit="10%")
    found = run_one(SummaryRunner(panel, chosen, np.array([9])), EntryExit.of(enter, leave))
    assert [-6_000, -5_000, 12_000, 10_000] == found[2]
    assert as_the_event_engine_says(panel, chosen, EntryExit.of(enter, leave), 0)[2] == found[2]
