"""Weights brought to their size as bt's ``Rebalance`` does it: the same trades, the same equity at every close.

bt trades at the close at which it decides, in whole units, and looks at no cash: so ours fills at the same close,
without costs, and keeps 5 % in cash. bt is told the same closes and which weights are said on which day: what to trade
is its own.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from framework import Strategy, backtest
from framework.types import Bars, Instrument
from strategies.momentum import Momentum

DAY_NS = 86_400 * 10**9
CAPITAL = 10_000_000.0


class EqualParts(Strategy):
    """Every instrument in equal parts on the first session of each month; NaN in between.

    One that misses such a session is held only after the last it misses: ours keeps what has no bar, bt sells it at an
    old price.
    """

    def allocate(self, panel):
        month = panel.session.astype("datetime64[D]").astype("datetime64[M]").astype(int)
        weights = np.full(panel.close.shape, np.nan)
        first_rows = np.flatnonzero(np.diff(month)) + 1
        there = np.isfinite(panel.close[first_rows])
        for_good = np.logical_and.accumulate(there[::-1])[::-1]
        for row, held in zip(first_rows, for_good, strict=True):
            weights[row] = np.where(held, 0.95 / max(held.sum(), 1), np.nan)
        return weights


class LongAndShort(Strategy):
    """The better half of the past quarter long, the other half short, every ten sessions; zeros between two of them."""

    def allocate(self, panel):
        weights = np.full(panel.close.shape, np.nan)
        for number, row in enumerate(range(60, len(panel), 10)):
            growth = panel.close[row] / panel.close[row - 60]
            better = growth >= np.median(growth)
            weights[row] = np.where(better, 0.4 / better.sum(), -0.2 / (~better).sum()) * (number % 7 != 3)
        return weights


def as_bt_has_it(panel, weights):
    """Units held and equity at every close, int64[T, N] and float64[T]: bt's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, in bt
        import bt

        index, names = pd.to_datetime(panel.session.astype("datetime64[D]")), list(panel.symbols)
        prices = pd.DataFrame(panel.close, index, names).ffill()
        said = pd.DataFrame(weights, index, names).dropna(how="all")
        algos = [bt.algos.WeighTarget(said), bt.algos.Rebalance()]
        strategy = bt.Strategy("weights", algos, names)
        test = bt.Backtest(strategy, prices, initial_capital=CAPITAL, integer_positions=True, progress_bar=False)
        bt.run(test)
        positions = test.strategy.positions.reindex(index=index, columns=names).fillna(0.0)
    return np.rint(positions.to_numpy()).astype(np.int64), test.strategy.values.reindex(index).to_numpy()  # noqa: PD011 - bt's


def ours(strategy, bars):
    """The record of the same, and the units held at every close."""
    record = backtest(
        strategy, bars, causality="off", engine="event", capital=CAPITAL, fill_at="same_close", short_margin=0.2
    ).record
    moves = np.zeros(record.panel.close.shape, dtype=np.int64)
    for one in record.settlements:
        moves[np.searchsorted(record.panel.time, one.fill.time), one.fill.instrument] += one.fill.quantity
    assert {"size_below_one_lot"} >= {order.why for order in record.orders if order.state == "refused"}
    return record, moves.cumsum(axis=0)


def assert_the_same(strategy, bars):
    """The strategy's weights through both, trade by trade; returns how many trades there were."""
    record, held = ours(strategy, bars)
    of_bt, values = as_bt_has_it(record.panel, record.targets)
    np.testing.assert_array_equal(held, of_bt)
    np.testing.assert_allclose(record.equity_paise / 100, values, rtol=0, atol=1e-4)
    trades = np.count_nonzero(np.diff(of_bt, axis=0, prepend=0))
    assert len(record.settlements) == trades
    return trades


def walks(count, days, seed):
    """Prices in whole paise: a random walk each, in steps of whole percents."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        close = [float(rng.integers(5_000, 200_000))]
        for step in rng.integers(-4, 5, days - 1):
            close.append(float(max(round(close[-1] * (100 + step) / 100), 100)))
        prices = np.array(close) / 100
        times = np.arange(days) * DAY_NS
        found.append(
            Bars.from_arrays(Instrument(f"S{i}"), "1d", times, prices, prices, prices, prices, prices * 0 + 1e6)
        )
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("strategy", [EqualParts(), Momentum(lookback=6, top=3)], ids=["equal parts", "momentum"])
def test_made_up_prices_are_traded_as_bt_trades_them(strategy, seed):
    assert assert_the_same(strategy, walks(9, 700, seed)) > 60


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shorts_are_units_apart_because_bt_rounds_them_away_from_zero(seed):
    record, held = ours(LongAndShort(), walks(9, 700, seed))
    of_bt, values = as_bt_has_it(record.panel, record.targets)
    assert np.count_nonzero(held < 0) > 1_000 < np.count_nonzero(held > 0)
    assert np.abs(held - of_bt).max() <= 4
    np.testing.assert_allclose(record.equity_paise / 100, values, rtol=1e-3)


@pytest.fixture(scope="module")
def all_47(shared_folder):
    path = shared_folder / "daily_adjusted_2000_2021.parquet"
    if not path.exists():
        pytest.skip("the adjusted daily prices of the 47 NSE shares are not here")
    frame = pd.read_parquet(path, columns=["symbol", "date", "close", "volume"]).sort_values(["symbol", "date"])
    found = []
    for symbol, rows in frame.groupby("symbol"):
        time = pd.to_datetime(rows["date"]).to_numpy("datetime64[ns]").astype(np.int64)
        close = rows["close"].round(2).to_numpy(np.float64)  # whole paise, so that no ledger rounds
        found.append(Bars.from_arrays(Instrument(str(symbol)), "1d", time, close, close, close, close))
    assert 47 == len(found)
    return found


@pytest.mark.shared
@pytest.mark.parametrize("strategy", [EqualParts(), Momentum()], ids=["equal parts", "momentum"])
def test_47_nse_shares_rebalanced_monthly_are_traded_as_bt_trades_them(all_47, strategy):
    assert assert_the_same(strategy, all_47) > 1_500
