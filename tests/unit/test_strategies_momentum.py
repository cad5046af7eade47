"""Momentum on panels small enough to be worked by hand."""

from datetime import date

import numpy as np
import pytest

from framework import Panel
from framework.errors import ConfigError
from strategies.momentum import Momentum
from tests.walks import bars_of_closes, random_walk

NAN = float("nan")
DATES = ["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-28", "2024-03-01", "2024-03-28", "2024-04-01", "2024-04-30"]


def panel(**closes):
    """Instruments by name, NaN where one has no bar on that date."""
    series = []
    for symbol, values in closes.items():
        there = [row for row, value in enumerate(values) if value == value]  # noqa: PLR0124 - NaN differs from itself
        days = [date.fromisoformat(DATES[row]).toordinal() - date(1970, 1, 1).toordinal() for row in there]
        series.append(bars_of_closes([values[row] for row in there], symbol, days))
    return Panel.from_bars(series)


#            30 Jan 31 Jan  1 Feb 28 Feb  1 Mar 28 Mar  1 Apr 30 Apr
PRICES = {
    "A": [90, 95, 100, 500, 110, 1, 120, 120],  # 1 Feb → 1 Mar: +10 %
    "B": [50, 50, 50, 10, 60, 60, 30, 30],  # +20 %
    "C": [210, 205, 200, 200, 180, 900, 900, 900],  # −10 %
}


def test_it_holds_the_strongest_of_the_month_before_last_from_the_first_session_of_a_month():
    weights = Momentum(lookback=2, skip=1, top=1, invested=0.9).allocate(panel(**PRICES))
    expected = np.full((8, 3), NAN)
    expected[6] = [0.0, 0.9, 0.0]  # 1 April: B rose most from 1 February to 1 March
    np.testing.assert_array_equal(expected, weights)


def test_two_are_held_in_equal_parts_and_the_rest_of_the_equity_stays_cash():
    weights = Momentum(lookback=2, skip=1, top=2, invested=0.8).allocate(panel(**PRICES))
    np.testing.assert_array_equal([0.4, 0.4, 0.0], weights[6])


def test_without_a_skip_the_return_runs_up_to_the_decision_itself():
    # 1 Feb → 1 Mar at 1 March: B. 1 Mar → 1 Apr at 1 April: C (180 → 900).
    weights = Momentum(lookback=1, skip=0, top=1, invested=1.0).allocate(panel(**PRICES))
    expected = np.full((8, 3), NAN)
    expected[4], expected[6] = [0, 1, 0], [0, 0, 1]
    np.testing.assert_array_equal(expected, weights)


def test_an_instrument_without_a_bar_at_the_decision_is_not_ranked():
    prices = PRICES | {"B": [50, 50, 50, 10, 60, 60, NAN, 30]}
    weights = Momentum(lookback=2, skip=1, top=1, invested=0.9).allocate(panel(**prices))
    np.testing.assert_array_equal([0.9, 0.0, 0.0], weights[6])


def test_a_missing_bar_at_one_end_of_the_return_is_read_from_the_last_one_before():
    # A has no bar on 1 March: its last price is 500 of 28 February, so it rose by 400 %.
    prices = PRICES | {"A": [90, 95, 100, 500, NAN, 1, 120, 120]}
    weights = Momentum(lookback=2, skip=1, top=1, invested=0.9).allocate(panel(**prices))
    np.testing.assert_array_equal([0.9, 0.0, 0.0], weights[6])


def test_an_instrument_listed_after_the_start_of_the_return_is_not_ranked():
    prices = PRICES | {"B": [NAN, NAN, NAN, 10, 60, 60, 30, 30]}
    weights = Momentum(lookback=2, skip=1, top=3, invested=0.9).allocate(panel(**prices))
    np.testing.assert_allclose([0.3, 0.0, 0.3], weights[6])


def test_equal_returns_rank_by_symbol():
    same = [1, 1, 1, 1, 2, 2, 2, 2]
    weights = Momentum(lookback=2, skip=1, top=1, invested=1.0).allocate(panel(X=same, A=same, M=same))
    np.testing.assert_array_equal([1, 0, 0], weights[6])


def test_the_weights_of_many_never_add_up_to_more_than_what_is_invested():
    everything = Panel.from_bars([random_walk(500, seed, f"S{seed:02}") for seed in range(12)])
    for top in (1, 3, 7, 12):
        weights = Momentum(top=top).allocate(everything)
        total = weights[np.isfinite(weights).all(axis=1)].sum(axis=1)
        assert total.shape[0] > 2
        assert total.max() <= 0.95 + 1e-12


def test_months_of_a_real_calendar_rebalance_on_their_first_session():
    everything = Panel.from_bars([random_walk(800, seed, f"S{seed}") for seed in range(4)])
    decided = np.flatnonzero(np.isfinite(Momentum().allocate(everything)).all(axis=1))
    dates = everything.session[decided].astype("datetime64[D]")
    assert {"01"} == {str(day)[8:] for day in dates}  # the walk has a bar every calendar day
    # The bars begin on 2002-11-09: December 2002 is the first whole month, and 12 months later the first decision.
    assert str(dates[0]) == "2003-12-01"


def test_a_skip_that_leaves_nothing_is_refused():
    with pytest.raises(ConfigError, match="skip = 3 must be below lookback = 3"):
        Momentum(lookback=3, skip=3)
    with pytest.raises(ConfigError, match="below lookback"):
        Momentum.from_settings({"lookback": 1, "skip": 1})
