"""docs/execution.md M10 and M11: a broker's plan charges what was in force on a fill's day, component by component."""

from datetime import date

import numpy as np
import pytest

from framework import Settings, backtest
from framework.errors import ConfigError
from framework.market.rates import with_rates
from framework.strategy import Strategy
from framework.types import Bars, Instrument, Panel, Signals
from framework.types.setting_values import Charges
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


def days(first: date, count: int, instrument: Instrument = Instrument("INFY", "NSE")) -> Bars:  # noqa: B008 - frozen
    begin = (first - date(1970, 1, 1)).days
    time = (begin + np.arange(count)) * 86_400_000_000_000
    price = np.full(count, 1500.0)
    return Bars.from_arrays(instrument, "1d", time, price, price, price, price)


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


ALL_KINDS = (
    Instrument("INFY", "NSE", kind="share", equity_oriented=True),
    Instrument("INFY", "BSE", kind="share", series="A", equity_oriented=True),
    Instrument("TINY", "BSE", kind="share", series="XT", equity_oriented=True),
    Instrument("NIFTYBEES", "NSE", kind="fund", equity_oriented=True),
    Instrument("GOLDBEES", "NSE", kind="fund", equity_oriented=False),
)


@pytest.mark.parametrize("engine", ["event", "compiled"])
def test_each_instrument_is_charged_as_what_it_is(engine):
    """₹15,000 bought and sold on 2024-01-02 and -03, zero brokerage; by hand, in paise.

    SEBI 10 a crore: 1.5 → 2. Stamp 0.015 % of the buy: 225. GST 18 % of (exchange + SEBI), half up.
    NSE 0.00335 % (with IPFT): 50.25 → 50; GST 9.36 → 9. BSE 0.00375 %: 56.25 → 56; GST 10.44 → 10. Group XT 0.1 %:
    1,500; GST 270.36 → 270. STT: shares 0.1 % of both sides, 1,500; an equity-oriented ETF 0.001 % of the sale, 15;
    others none.
    """
    nse, bse, small = 50 + 2 + 9, 56 + 2 + 10, 1_500 + 2 + 270
    series = [days(date(2024, 1, 1), 3, one) for one in ALL_KINDS]
    choices = {"charges": "zero:CNC", "sizing": "fixed:10", "capital": 1e6, "causality": "off", "engine": engine}
    record = backtest(Flip(), series, **choices).record
    paid = {
        (str(record.panel.instruments[one.fill.instrument]), one.fill.quantity > 0): one.charges_paise
        for one in record.settlements
    }
    assert {
        ("NSE:INFY", True): nse + 1_500 + 225,
        ("BSE:INFY", True): bse + 1_500 + 225,
        ("BSE:TINY", True): small + 1_500 + 225,
        ("NSE:NIFTYBEES", True): nse + 225,
        ("NSE:GOLDBEES", True): nse + 225,
        ("NSE:INFY", False): nse + 1_500,
        ("BSE:INFY", False): bse + 1_500,
        ("BSE:TINY", False): small + 1_500,
        ("NSE:NIFTYBEES", False): nse + 15,
        ("NSE:GOLDBEES", False): nse,
    } == paid


def test_instruments_that_are_charged_alike_share_a_table_and_all_are_kept(tmp_path):
    from framework.report.result import Result

    series = [days(date(2024, 1, 1), 4, one) for one in ALL_KINDS]
    result = backtest(Flip(), series, charges="zero:CNC", capital=1e6, causality="off")
    charges = result.settings.charges
    assert {"BSE:INFY": 0, "BSE:TINY": 1, "NSE:GOLDBEES": 2, "NSE:INFY": 3, "NSE:NIFTYBEES": 4} == dict(charges.of)
    assert 4 == len(charges.others)
    loaded = Result.load(result.save(tmp_path / "run"))
    assert (charges, result) == (loaded.settings.charges, loaded)
    alike = backtest(Flip(), [series[0], days(date(2024, 1, 1), 4, Instrument("TCS", "NSE"))], charges="zero:CNC")
    assert ((), ()) == (alike.settings.charges.others, alike.settings.charges.of)


def test_rates_that_were_read_for_other_instruments_are_refused():
    series = [days(date(2024, 1, 1), 4, one) for one in ALL_KINDS]
    read = with_rates(Settings(charges="zero:CNC"), Panel.from_bars(series))
    with pytest.raises(ConfigError, match="read for other instruments than NSE:TCS; write zero:CNC again"):
        backtest(Flip(), days(date(2024, 1, 1), 4, Instrument("TCS", "NSE")), settings=read)


@pytest.mark.parametrize(("exchange", "series"), [("NSE", "BE"), ("NSE", "BZ"), ("BSE", "T"), ("BSE", "XT")])
def test_what_settles_trade_by_trade_is_not_traded_intraday(exchange, series):
    bars = days(date(2024, 1, 1), 4, Instrument("INFY", exchange, kind="share", series=series))
    with pytest.raises(ConfigError, match=rf"{exchange}:INFY \({series}\) settles trade by trade.*zero:CNC"):
        backtest(Flip(), bars, charges="zero:MIS")
    # Delivered it pays the transaction tax of every share.
    assert 100_000 == backtest(Flip(), bars, charges="zero:CNC").settings.charges.regimes[0][1].stt_buy_e8


def test_an_exchange_without_rates_is_named():
    with pytest.raises(ConfigError, match="no exchange 'NYSE'"):
        backtest(Flip(), days(date(2024, 1, 1), 4, Instrument("IBM", "NYSE")), charges="zero:CNC")


def test_a_plan_whose_rates_were_not_read_does_not_run_as_if_free():
    with pytest.raises(ConfigError, match="the rates of charges upstox:CNC are not read"):
        play(still(100, 3), [1], charges="upstox:CNC")
