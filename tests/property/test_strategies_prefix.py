"""No shipped strategy changes a decision when bars are added, on random bars of any shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import Bars, Panel
from framework.causality.check import check_allocate, check_signals
from framework.usercode.find import find_strategy, list_strategies
from tests.walks import DAY_NS, bars_of_closes

SIGNALS = [each.name for each in list_strategies() if each.style == "signals"]
SMALL = {
    "rsi": {"period": 3, "oversold": 40.0, "overbought": 60.0},
    "macd": {"fast": 2, "slow": 5, "signal": 3},
}
"""Short periods, so that short histories decide; strategies that are not named run with their defaults."""

moves = st.lists(st.sampled_from([0.0, 0.001, -0.001, 0.02, -0.02, 0.3, -0.3]), max_size=60)


def from_moves(changes, symbol="RANDOM", gaps=None):
    """Daily bars that move by these shares, with days left out where ``gaps`` says so."""
    close = 100 * np.cumprod(1 + np.asarray(changes, dtype=float))
    days = 12_000 + np.cumsum(np.ones(len(changes), dtype=int) if gaps is None else 1 + np.asarray(gaps, dtype=int))
    return bars_of_closes(close, symbol, days)


def test_the_strategies_that_are_shipped_are_the_ones_the_issue_names():
    assert {each.name: each.style for each in list_strategies()}.items() >= {
        "rsi": "signals",
        "macd": "signals",
        "buy_and_hold": "signals",
        "momentum": "allocate",
        "grid": "on_bar",
    }.items()


@pytest.mark.parametrize("name", SIGNALS)
@given(changes=moves)
def test_signals_of_a_prefix_are_the_prefix_of_the_signals(name, changes):
    strategy = find_strategy(name)(**SMALL.get(name, {}))
    bars = from_moves(changes)
    whole = strategy.signals(bars)
    for cut in range(len(bars) + 1):
        part = strategy.signals(bars[:cut])
        np.testing.assert_array_equal(whole.target[:cut], part.target)
        for column in whole.columns:
            np.testing.assert_array_equal(whole.columns[column][:cut], part.columns[column])


@pytest.mark.parametrize("name", SIGNALS)
@given(changes=moves)
def test_the_check_agrees_that_a_shipped_strategy_is_causal(name, changes):
    outcome = check_signals(find_strategy(name)(**SMALL.get(name, {})), [from_moves(changes)], mode="every-bar")
    assert outcome.verdict == ("passed" if changes else "not_checked"), outcome.finding
    assert outcome.checked_decisions == outcome.decisions


columns = st.lists(
    st.lists(st.tuples(st.sampled_from([0.0, 0.01, -0.01, 0.2, -0.2]), st.integers(0, 12)), min_size=1, max_size=40),
    min_size=1,
    max_size=4,
)


@given(columns, st.integers(1, 3), st.integers(1, 3))
def test_weights_of_a_prefix_are_the_prefix_of_the_weights(instruments, lookback, top):
    series = [
        from_moves([change for change, _ in rows], f"S{number}", [gap for _, gap in rows])
        for number, rows in enumerate(instruments)
    ]
    panel = Panel.from_bars(series)
    strategy = find_strategy("momentum")(lookback=lookback, skip=lookback - 1, top=top)
    whole = strategy.allocate(panel)
    for cut in range(len(panel) + 1):
        np.testing.assert_array_equal(whole[:cut], strategy.allocate(panel[:cut]))
    decided = whole[np.isfinite(whole).any(axis=1)]
    assert np.isfinite(decided).all()
    assert (decided.sum(axis=1) <= 0.95 + 1e-12).all()
    assert ((decided > 0).sum(axis=1) <= top).all()
    assert check_allocate(strategy, panel, mode="every-bar").verdict == "passed"


@given(st.data(), moves.filter(bool))
def test_no_decision_changes_when_future_bars_change(data, changes):
    """The other side of the same coin: the same beginning with another end decides the same beginning."""
    cut = data.draw(st.integers(0, len(changes)))
    other = changes[:cut] + data.draw(st.lists(st.sampled_from([-0.5, 0.5, 0.0]), max_size=20))
    for name in SIGNALS:
        strategy = find_strategy(name)(**SMALL.get(name, {}))
        one, two = (strategy.signals(from_moves(each)).target[:cut] for each in (changes, other))
        np.testing.assert_array_equal(one, two)


def test_random_bars_really_make_the_strategies_decide():
    """Guards the properties above against passing on silence."""
    noise = np.random.default_rng(5)
    bars = from_moves(noise.choice([0.02, -0.02, 0.001], 60))
    assert isinstance(bars, Bars)
    assert int(bars.time[0]) == 12_001 * DAY_NS
    for name in SIGNALS:
        target = find_strategy(name)(**SMALL.get(name, {})).signals(bars).target
        assert np.isfinite(target).sum() > 3, name
