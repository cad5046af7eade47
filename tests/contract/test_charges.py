"""docs/execution.md M10 and M11: a broker's plan charges what was in force on a fill's day, component by component."""

from datetime import date

import numpy as np
import pytest

from framework import Settings, backtest
from framework.errors import ConfigError
from framework.market.rates import with_rates
from framework.strategy import Strategy
from framework.types import Bars, Instrument, Panel, Signals
from framework.types.choices import Charges
from framework.types.tariff import Tariff
from tests.contract.market import MONDAY, play, still

PLAN = Charges(
    plan="made_up:CNC",
    regimes=(
        (MONDAY, Tariff(stt_buy_e8=100_000, stt_sell_e8=100_000)),  # 0.1 % on both sides
        (MONDAY + 3, Tariff(flat_paise=2_000, gst_e8=18_000_000, stamp_e8=15_000, dp_paise=1_850)),
    ),
)


def test_a_fill_is_charged_by_the_rates_of_its_day():
    # Ten units at 100: bought on day 1, sold on day 2, both under the first rates: 0.1 % of 1,000 twice.
    # Bought again on day 3 under the second: ₹20 + 18 % and 0.015 % stamp; sold on day 4: ₹20 + ₹18.50, + 18 %.
    record = play(still(100, 6), [1, 0, 1, 0], sizing="fixed:10", charges=PLAN)
    assert [MONDAY + day for day in (1, 2, 3, 4)] == [one.fill.time // 86_400_000_000_000 for one in record.settlements]
    assert [100, 100, 2_000 + 360 + 15, 2_000 + 1_850 + 360 + 333] == [o.charges_paise for o in record.settlements]


def test_brokerage_is_the_orders_however_many_fills_it_has():
    # 1 % of 1,000 is ₹10, at most ₹4 an order. Five units fit into a bar's volume: two fills of ₹5, cut to 4 and 0.
    capped = Charges(plan="made_up:CNC", regimes=((MONDAY, Tariff(brokerage_e8=1_000_000, brokerage_cap_paise=400)),))
    bars = [(100, 100, 100, 100, 10)] * 5
    record = play(bars, [1], sizing="fixed:10", charges=capped, volume_cap=0.5, per_session=5)
    assert [(5, 400), (5, 0)] == [(one.fill.quantity, one.charges_paise) for one in record.settlements]


def test_the_depository_is_paid_once_a_day_and_instrument():
    plan = Charges(plan="made_up:CNC", regimes=((MONDAY, Tariff(dp_paise=1_850)),))
    bars = [(100, 100, 100, 100, 10)] * 6
    record = play(bars, [1, 0, 1, 0], sizing="fixed:5", charges=plan, volume_cap=0.5, per_session=6)
    assert [0, 1_850, 0, 0] == [one.charges_paise for one in record.settlements]


class Flip(Strategy):
    """In on even days, out on odd ones."""

    def signals(self, bars):
        return Signals(target=(np.arange(len(bars)) % 2 == 0).astype(float))


def days(first: date, count: int, exchange: str = "NSE") -> Bars:
    begin = (first - date(1970, 1, 1)).days
    time = (begin + np.arange(count)) * 86_400_000_000_000
    price = np.full(count, 1500.0)
    return Bars.from_arrays(Instrument("INFY", exchange), "1d", time, price, price, price, price)


def test_assumed_rates_are_those_of_the_accounted_days_and_are_kept_with_the_run(tmp_path):
    """Stamp duty before 2020-07-01 is an assumption of the shipped table; from April 2021 on nothing of NSE's is."""
    from framework.report.result import Result

    bars, choices = days(date(2020, 6, 20), 400), {"charges": "zero:CNC", "capital": 1e6, "causality": "off"}
    early = backtest(Flip(), bars, **choices)
    assert any(text.startswith("stamp ") for text in early.settings.charges.assumed)
    assert early.settings.charges == Result.load(early.save(tmp_path / "run")).settings.charges
    assert () == backtest(Flip(), bars, start="2021-05-01", **choices).settings.charges.assumed


def test_a_run_across_a_change_of_law_takes_the_right_rates_on_each_side():
    # Delivery, 10 at 1,500, ₹15,000 each way; zero brokerage, so that only what is levied is left.
    # Before 2020-07-01 no stamp duty by the union's rate; from that day 0.015 % of each buy, ₹2.25.
    result = backtest(
        Flip(), days(date(2020, 6, 26), 9), charges="zero:CNC", sizing="fixed:10", capital=1e6, causality="off"
    )
    buys = {
        date(1970, 1, 1).toordinal() + one.fill.time // 86_400_000_000_000: one.charges_paise
        for one in result.record.settlements
        if one.fill.quantity > 0
    }
    last_before, first_after = (buys[date(2020, month, day).toordinal()] for month, day in ((6, 29), (7, 1)))
    assert 225 == first_after - last_before


def test_a_kept_run_keeps_the_rates_it_was_charged_by(tmp_path):
    from framework.report.result import Result

    result = backtest(Flip(), days(date(2024, 9, 27), 8), charges="upstox:CNC", causality="off", capital=1e6)
    again = Result.load(result.save(tmp_path / "run"))
    assert result.settings.charges.regimes == again.settings.charges.regimes != ()
    assert "upstox:CNC" == str(again.settings.charges)
    assert result == again


@pytest.mark.parametrize(
    ("charges", "sentence"),
    [
        ("upsotx:CNC", "did you mean 'upstox'"),
        ("upstox:MTF", "MTF is no product of shares; write upstox:CNC or upstox:MIS"),
        ("upstox", "a plan such as upstox:CNC"),
    ],
)
def test_a_plan_that_is_not_understood_is_a_sentence(charges, sentence):
    with pytest.raises(ConfigError, match=sentence):
        backtest(Flip(), days(date(2024, 1, 1), 5), charges=charges)


def test_instruments_of_two_exchanges_are_run_apart():
    panel = Panel.from_bars([days(date(2024, 1, 1), 3), days(date(2024, 1, 1), 3, "BSE")])
    with pytest.raises(ConfigError, match="trades on BSE and NSE"):
        with_rates(Settings(charges="upstox:CNC"), panel)


def test_a_plan_whose_rates_were_not_read_does_not_run_as_if_free():
    with pytest.raises(ConfigError, match="the rates of charges upstox:CNC are not read"):
        play(still(100, 3), [1], charges="upstox:CNC")
