"""Random runs through random corporate actions: the ledger closes, and a split alone changes no equity."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.backtest import backtest
from framework.report.round_trips import round_trips
from framework.strategy import Strategy
from framework.types import Bars, Panel, Signals
from framework.types.actions import Action
from tests.property.scenarios import Watched, scenarios

DAY_NS = 86_400_000_000_000


def closes(watched, _row):
    account = watched.session.account
    assert account.cash_paise + account.at_cost_paise() == (
        account.deposit_paise + account.gross_paise + account.dividends_paise - account.charges_paise
    )
    for i, quantity in enumerate(account.quantity):
        assert (quantity != 0) == (i in account.held) == (account.cost_paise[i] != 0 or account.average[i] > 0)


@settings(max_examples=150)
@given(scenarios(max_rows=30, actions=True))
def test_the_ledger_closes_through_corporate_actions(scenario):
    watched = Watched(scenario, closes) if scenario.style == "on_bar" else Watched(scenario)
    record = watched.record
    if watched.session is not None:
        assert watched.session.account.dividends_paise == sum(one.cash_paise for one in record.actions)
    cash = scenario.settings.capital_paise
    events = [(one.fill.time, 1, one) for one in record.settlements] + [(one.time, 0, one) for one in record.actions]
    for _, booked, one in sorted(events, key=lambda event: event[:2]):
        if booked:
            cash += (-1 if one.fill.quantity > 0 else 1) * one.value_paise - one.charges_paise
        else:
            cash += one.cash_paise
    assert int(record.cash_paise[-1]) == cash
    nets = sum(trip.net_paise for trip in round_trips(record))
    assert abs(int(record.equity_paise[-1]) - scenario.settings.capital_paise - nets) <= len(record.actions)


class Swings(Strategy):
    """Of ratios only: long after a rise of a hundredth, out after a fall of one."""

    def signals(self, bars: Bars) -> Signals:
        move = np.append(0.0, np.diff(bars.close) / bars.close[:-1])
        return Signals.long_flat(enter=move > 0.01, leave=move < -0.01)


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(2, 118), st.sampled_from([2, 3, 5, 10]))
def test_a_split_at_a_random_day_changes_no_equity(seed, day, factor):
    rng = np.random.default_rng(seed)
    # Whole multiples of the factor in paise, so that the printed prices after the split are exact; sizes of one lot of
    # ten shares, so that units split without a rest.
    price = np.maximum(np.round(1000 * np.exp(np.cumsum(rng.normal(0, 0.02, 120)))), 10.0) * factor
    start = np.roll(price, 1)
    start[0] = price[0]
    time = np.arange(120) * DAY_NS
    plain = Bars.from_arrays("A", "1d", time, start, np.maximum(start, price), np.minimum(start, price), price)
    after = np.arange(120) >= day
    printed = [np.where(after, column / factor, column) for column in (plain.open, plain.high, plain.low, plain.close)]
    split = Bars.from_arrays("A", "1d", time, *printed).with_actions([Action(day, "split", float(factor))])
    chosen = {"sizing": "fixed:10", "capital": 1e6, "causality": "off", "charges": "percent:0.1", "stop_loss": "4%"}
    one = backtest(Swings(), Panel.from_bars([plain]), **chosen).record
    fixed = backtest(Swings(), Panel.from_bars([split]), **chosen).record
    entries_after = [row.fill for row in fixed.settlements if not row.reduces and row.fill.time >= day * DAY_NS]
    if not entries_after:  # ten shares bought after the split are another bet than ten before it
        assert one.equity_paise.tolist() == fixed.equity_paise.tolist()
    else:
        until = next(row for row in range(120) if time[row] >= entries_after[0].time)
        assert one.equity_paise[:until].tolist() == fixed.equity_paise[:until].tolist()
