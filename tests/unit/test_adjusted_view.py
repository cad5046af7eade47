"""The adjusted view: printed prices in terms of the last bar's shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import DataError
from framework.types import Bars, Panel
from framework.types.actions import Action, in_force

DAY_NS = 86_400_000_000_000


def bars(closes, actions=(), symbol="A", first_day=0, volume=100.0):
    close = np.array(closes, dtype=float)
    time = (np.arange(close.shape[0]) + first_day) * DAY_NS
    made = Bars.from_arrays(symbol, "1d", time, close, close, close, close, np.full(close.shape, volume))
    return made.with_actions(actions)


def test_a_split_divides_what_came_before_it_and_multiplies_its_volume():
    view = bars([1000, 1005, 202, 204], [Action(2, "split", 5.0)]).adjusted("splits")
    assert [200.0, 201.0, 202.0, 204.0] == view.close.tolist()  # 1000 / 5, 1005 / 5
    assert [500.0, 500.0, 100.0, 100.0] == view.volume.tolist()
    assert [5.0, 5.0, 1.0, 1.0] == view.factor.tolist()


def test_several_actions_multiply():
    view = bars([1200, 600, 400], [Action(1, "bonus", 2.0), Action(2, "bonus", 1.5)]).adjusted("splits")
    assert [400.0, 400.0, 400.0] == view.close.tolist()  # 1200 / 2 / 1.5, 600 / 1.5
    assert [3.0, 1.5, 1.0] == view.factor.tolist()


def test_total_also_takes_dividends_out_and_leaves_the_volume():
    action = Action(1, "dividend", dividend=4.0)
    one = bars([100, 97], [action])
    view = one.adjusted("total")
    assert [96.0, 97.0] == view.close.tolist()  # 100 × (1 − 4 / 100)
    assert [100.0, 100.0] == view.volume.tolist()
    assert np.allclose(one.close, view.close * view.factor, rtol=1e-15)
    assert [100.0, 97.0] == one.adjusted("splits").close.tolist()


def test_without_actions_or_with_none_the_bars_are_the_same():
    plain, with_split = bars([10, 5]), bars([10, 5], [Action(1, "split", 2.0)])
    assert plain is plain.adjusted("splits")
    assert [10.0, 5.0] == with_split.adjusted("none").close.tolist()


def test_a_view_has_no_actions_left_that_a_strategy_could_look_at():
    assert () == bars([10, 5], [Action(1, "split", 2.0)]).adjusted("splits").actions
    assert () == bars([10, 5], [Action(9, "split", 2.0)]).adjusted("splits").actions


def test_an_action_after_the_last_bar_is_not_known_yet():
    one = bars([10, 10, 5], [Action(2, "split", 2.0)])
    assert [10.0, 10.0] == one[:2].adjusted("splits").close.tolist()


def test_an_ex_date_without_a_bar_counts_from_the_next_one():
    time = np.array([0, 1, 4]) * DAY_NS
    close = np.array([10.0, 10.0, 5.0])
    one = Bars.from_arrays("A", "1d", time, close, close, close, close).with_actions([Action(3, "split", 2.0)])
    assert [5.0, 5.0, 5.0] == one.adjusted("splits").close.tolist()


def test_a_dividend_that_is_not_below_the_price_is_named():
    with pytest.raises(DataError, match="dividend of 12 rupees on 1970-01-02 is not below the close of 10"):
        bars([10, 9], [Action(1, "dividend", dividend=12.0)]).adjusted("total")


def test_a_panel_adjusts_each_instrument_by_its_own():
    panel = Panel.from_bars([bars([10, 5], [Action(1, "split", 2.0)]), bars([7, 8], symbol="B")])
    view = panel.adjusted("splits")
    assert [[5.0, 7.0], [5.0, 8.0]] == view.close.tolist()
    assert [[2.0, 1.0], [1.0, 1.0]] == view.factor.tolist()
    assert () == view.actions


def test_a_dividend_comes_before_a_split_of_the_same_day():
    split, dividend = Action(3, "a split", 2.0), Action(3, "dividend", dividend=1.0)
    assert [dividend, split] == [one[2] for one in in_force([[split, dividend]], 0, 9)]
    assert [] == in_force([[split]], 3, 9)  # the first session's own ex-date changes nothing that was held


actions = st.lists(
    st.builds(
        Action,
        st.integers(1, 30),
        st.just("x"),
        st.sampled_from([1.0, 2.0, 5.0, 1.5, 4 / 3, 0.1]),
        st.sampled_from([0.0, 1.0, 2.5]),
    ),
    max_size=4,
)


@given(actions, st.lists(st.floats(50, 500), min_size=2, max_size=30), st.data())
def test_a_shorter_history_is_the_longer_one_times_a_constant(listed, closes, data):
    one = bars(closes, listed)
    cut = data.draw(st.integers(1, len(closes)))
    for basis in ("splits", "total"):
        whole, part = one.adjusted(basis), one[:cut].adjusted(basis)
        ratio = part.close / whole.close[:cut]
        assert np.allclose(ratio, ratio[0], rtol=1e-12)
        assert np.allclose(one.close, whole.close * whole.factor, rtol=1e-12)
        assert 1.0 == whole.factor[-1]
