import numpy as np

from strategies.buy_and_hold import BuyAndHold
from tests.walks import random_walk


def test_it_wants_everything_at_every_close_so_that_it_enters_wherever_a_run_starts():
    np.testing.assert_array_equal(np.ones(50), BuyAndHold().signals(random_walk(50)).target)


def test_no_bars_are_no_decisions():
    assert len(BuyAndHold().signals(random_walk(0))) == 0
