"""docs/execution.md: row 17 and rows P1 to P6, what a product allows and when it ends."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from framework import Settings, backtest
from framework.errors import ConfigError
from framework.market.products import with_product
from framework.run.preparation import Prepared
from framework.strategy import Strategy
from framework.types import Bars, Instrument, Panel, Signals
from framework.types.deadlines import NEVER, Deadlines
from tests.contract.market import (
    DAY_NS,
    HOUR_NS,
    MONDAY,
    NAN,
    ask,
    at,
    fills,
    fills_by_symbol,
    mirror,
    panel_of,
    play,
    refusals,
    states,
    still,
)

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
MIS = {"product": "MIS"}


def intraday(prices, *, per_session: int, off: int | dict[str, int], expires: int = NEVER, **given) -> Panel:
    """Hourly bars; positions are closed from the open of the bar ``off`` of each session on."""
    panel = panel_of(prices, per_session=per_session, **given)
    days = np.unique(panel.session)
    hours = [off[symbol] if isinstance(off, dict) else off for symbol in panel.symbols]
    moments = days[:, None] * DAY_NS + (4 + np.array(hours)) * HOUR_NS
    last = np.full(len(panel.instruments), expires, dtype=np.int64)
    return replace(panel, deadlines=Deadlines(days, moments, last, moments.max(axis=1)))


# ------------------------------------------------------------------ row 17


@SIDES
def test_row_17_what_is_open_is_closed_at_the_first_open_at_or_after_the_time(side):
    prices = mirror(side, [(100, 100, 100, 100)] * 3 + [(104, 109, 90, 95)] + [(95, 95, 95, 95)] * 4)
    record = play(intraday(prices, per_session=4, off=3), [side], **MIS)
    assert [(1, 10 * side, 100.0, "signal"), (3, -10 * side, at(side, 104), "square_off")] == fills(record)
    assert (0,) == record.positions
    assert () == record.notices


def test_row_17_between_two_bars_the_time_means_the_next_one():
    panel = intraday(still(100, 4), per_session=4, off=2)
    later = panel.deadlines._replace(square_off=panel.deadlines.square_off + 1)
    record = play(replace(panel, deadlines=later), [1], **MIS)
    assert [(1, 10, 100.0, "signal"), (3, -10, 100.0, "square_off")] == fills(record)


@SIDES
def test_row_17_without_a_bar_after_the_time_the_sessions_last_close_counts_and_is_flagged(side):
    """A stops at row 1 of its session, Z goes on; only when the session is over it is known that A does not."""
    prices = {"A": [*mirror(side, [(100, 101, 99, 100), (100, 104, 98, 103)]), None, None], "Z": still(50, 8)}
    record = play(intraday(prices, per_session=4, off=2), {"A": [side]}, slippage="bps:10", **MIS)
    out = at(side, 103) * (1 - side * 0.001)
    assert [(1, side * 10), (3, -side * 10)] == [(row, units) for row, _, units in fills_by_symbol(record)]
    closed = record.settlements[1]
    assert (at(side, 103), True, "square_off") == (
        closed.simulated.unslipped,
        closed.simulated.at_close,
        str(closed.reason),
    )
    assert round(out, 9) == round(closed.fill.price, 9)
    assert ["square_off"] == [notice.code for notice in record.notices]
    assert 0 == record.exposure_paise[3]


def test_row_17_a_session_that_ends_early_ends_at_its_last_close():
    """Two bars a day, the time would have been in the third."""
    record = play(intraday([(100, 100, 100, 100), (101, 103, 99, 102)] * 2, per_session=2, off=2), [1, 1], **MIS)
    assert [(1, 10, 101.0, "signal"), (1, -10, 102.0, "square_off")] == fills(record)[:2]


def test_row_17_an_exit_decided_at_the_last_close_does_not_wait_for_the_next_session():
    prices = [(100, 100, 100, 100), (101, 103, 99, 102), (90, 90, 90, 90), (90, 90, 90, 90)]
    record = play(intraday(prices, per_session=2, off=2), [1, 0], **MIS)
    assert [(1, 10, 101.0, "signal"), (1, -10, 102.0, "square_off")] == fills(record)
    assert [(10, "filled"), (-10, "cancelled"), (-10, "filled")] == states(record)


def test_row_17_resting_orders_are_cancelled():
    prices = [(100, 100, 100, 100)] * 3 + [(100, 100, 80, 100)] * 5
    record = play(intraday(prices, per_session=8, off=3), [1], limit=[90.0], validity="GTC", **MIS)
    assert [] == fills(record)
    assert [(10, "cancelled")] == states(record)


def test_row_17_stops_and_targets_go_with_the_position():
    prices = [(100, 100, 100, 100)] * 3 + [(100, 101, 99, 100), (100, 140, 60, 100)]
    record = play(intraday(prices, per_session=5, off=3), [1], stop_loss="20%", take_profit="20%", **MIS)
    assert ["signal", "square_off"] == [str(one.reason) for one in record.settlements]
    assert ["cancelled", "cancelled"] == [str(one.state) for one in record.orders if one.order.protective]


def test_row_17_nothing_is_entered_after_the_time_and_the_next_session_begins_at_zero():
    # Decided at the close of row 2 it would fill at the very open that is closing time; row 3 is later still.
    record = play(intraday(still(100, 8), per_session=4, off=3), [NAN, NAN, 1, 1, 1, NAN, NAN, NAN], **MIS)
    assert [(10, "after_square_off")] == refusals(record)[:1]
    assert {"after_square_off"} == {why for _, why in refusals(record)}
    # The same target asks anew in the next session.
    assert [(5, 10, 100.0, "signal"), (7, -10, 100.0, "square_off")] == fills(record)


def test_row_17_an_order_of_the_sessions_last_bar_does_not_wait_for_the_next_session():
    # The session ends before the time: at its last close the entry is still allowed, and gone with the session.
    record = play(intraday(still(100, 4), per_session=2, off=5), [NAN, 1, NAN, NAN], **MIS)
    assert [] == fills(record)
    assert [(10, "cancelled")] == states(record)


@SIDES
def test_row_17_a_strategys_own_exit_at_that_open_is_the_square_off(side):
    record = play(intraday(still(100, 5), per_session=5, off=3), [side, NAN, 0], **MIS)
    assert [(1, 10 * side, 100.0, "signal"), (3, -10 * side, 100.0, "signal")] == fills(record)
    # A part of it is not: all of it goes.
    part = play(intraday(still(100, 5), per_session=5, off=3), [side, NAN, 0.5 * side], **MIS)
    assert [(1, 10 * side), (3, -10 * side)] == [(row, units) for row, units, _, _ in fills(part)]
    assert "square_off" == fills(part)[-1][-1]


@SIDES
def test_row_17_a_reversal_at_that_open_is_only_the_exit(side):
    record = play(intraday(still(100, 5), per_session=5, off=3), [side, NAN, -side], **MIS)
    assert [(1, 10 * side), (3, -10 * side)] == [(row, units) for row, units, _, _ in fills(record)]
    assert [(-10 * side, "after_square_off")] == refusals(record)


def test_row_17_instruments_may_have_times_of_their_own():
    panel = intraday({"A": still(100, 6), "B": still(100, 6)}, per_session=6, off={"A": 2, "B": 4})
    record = play(panel, {"A": [1], "B": [1]}, **MIS)
    assert [(1, "A", 10), (1, "B", 10), (2, "A", -10), (4, "B", -10)] == fills_by_symbol(record)


def test_row_17_what_volume_does_not_take_is_closed_at_the_last_close():
    prices = [(100, 100, 100, 100, 1000)] * 3 + [(100, 100, 100, 100, 8), (101, 101, 101, 101, 8)]
    record = play(intraday(prices, per_session=5, off=3), [1], volume_cap=0.5, **MIS)
    # 4 of 10 at each open, the last two at the close that ends the session.
    assert [(1, 10), (3, -4), (4, -4), (4, -2)] == [(row, units) for row, units, _, _ in fills(record)]
    assert ["square_off"] == [notice.code for notice in record.notices]


def test_row_17_what_protection_holds_back_is_closed_at_the_last_close():
    # 15 bps of slippage against 10 of protection: the entry rests at 100.1 and fills at the next open, the square-off
    # rests at 99.9, which the last bar does not reach; its close less the slippage is 97 × 0.9985.
    prices = [(100, 100, 100, 100)] * 3 + [(100, 100, 99, 99), (98, 98, 97, 97)]
    record = play(intraday(prices, per_session=5, off=3), [1], slippage="bps:15", protection_bps=10, **MIS)
    assert [(2, 10, 100.0, "signal"), (4, -10, 96.8545, "square_off")] == fills(record)
    assert ["square_off"] == [notice.code for notice in record.notices]
    slow = play(intraday(prices, per_session=5, off=3), [1], protection_bps=10, **MIS)
    assert [(1, 10), (3, -10)] == [(row, units) for row, units, _, _ in fills(slow)]


def test_row_17_with_explicit_orders_too():
    asked = {0: [ask(10)], 1: [ask(-30)], 2: [ask(5)], 3: [ask(5)]}
    record = play(intraday(still(100, 5), per_session=5, off=3), orders=asked, **MIS)
    assert [(1, 10), (2, -10), (2, -20), (3, 20)] == [(row, units) for row, units, _, _ in fills(record)]
    # The five of row 2 buy back a part of the short; those of row 3 would have been an entry.
    assert [(5, "after_square_off")] == refusals(record)


def test_row_17_daily_bars_are_refused():
    with pytest.raises(ConfigError, match="product MIS keeps nothing overnight, and 1d bars have no time of day"):
        with_product(Settings(product="MIS"), panel_of(still(100, 3)))


def test_row_17_without_known_sessions_the_time_must_be_said():
    panel = panel_of(still(100, 8), per_session=8)
    with pytest.raises(ConfigError, match=r"the sessions of A \(no stated exchange\) are not known here; --square-off"):
        with_product(Settings(product="MIS"), panel)
    _, closed = with_product(Settings(product="MIS", square_off="08:30"), panel)
    assert [[MONDAY * DAY_NS + 17 * HOUR_NS // 2]] == closed.deadlines.square_off.tolist()


def test_a_product_whose_deadlines_were_not_read_does_not_run_as_if_there_were_none():
    with pytest.raises(ConfigError, match="the deadlines of product MIS are not read"):
        Prepared(Short(), panel_of(still(100, 3), per_session=3), Settings(product="MIS"))


# ------------------------------------------------------------------ products


class Short(Strategy):
    """Short from the first bar on."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(target=np.full(len(bars), -1.0))


def daily(symbol: str = "INFY", exchange: str = "NSE", first: date = date(2024, 1, 1), **others) -> Bars:
    days = (first - date(1970, 1, 1)).days + np.arange(5)
    return Bars.from_arrays(Instrument(symbol, exchange, **others), "1d", days * DAY_NS, *[np.full(5, 100.0)] * 4)


def test_a_plan_names_the_product_and_two_products_are_an_error():
    settings, _ = with_product(Settings(charges="zero:CNC"), Panel.from_bars([daily()]))
    assert "CNC" == settings.product
    assert "MIS" == Settings(product="MIS", charges="upstox:MIS").product
    with pytest.raises(ConfigError, match="product MIS and charges upstox:CNC are two products; give the same, or one"):
        Settings.of(product="MIS", charges="upstox:CNC")
    with pytest.raises(ConfigError, match="square_off 15:15 is only for product MIS"):
        with_product(Settings(square_off="15:15"), Panel.from_bars([daily()]))


def test_without_a_product_there_are_no_product_rules():
    shorted = backtest(Short(), daily(), causality="off")
    assert shorted.record.positions[0] < 0
    assert (None, None) == (shorted.settings.product, shorted.record.panel.deadlines)


def test_delivery_opens_no_short():
    record = backtest(Short(), daily(), product="CNC", causality="off").record
    assert [] == list(record.settlements)
    assert ["short_in_delivery"] == [why for _, why in refusals(record)]


def test_delivery_sells_what_is_held_on_the_same_day_too_and_no_more():
    record = play(still(100, 6), [1, -1, NAN, 1], per_session=6, product="CNC")
    # The reversal is its closing leg; the intent stays, and the next target buys again.
    assert [(1, 10), (2, -10), (4, 10)] == [(row, units) for row, units, _, _ in fills(record)]
    assert [(-10, "short_in_delivery")] == refusals(record)
    # Explicit orders: of thirty to sell ten are held.
    asked = play(still(100, 6), orders={0: [ask(10)], 1: [ask(-30)]}, product="CNC")
    assert [(1, 10), (2, -10)] == [(row, units) for row, units, _, _ in fills(asked)]
    assert [(-20, "short_in_delivery")] == refusals(asked)


# ------------------------------------------------------------------ margins


def test_a_long_takes_its_margin_of_the_equity():
    # ₹1,000 of equity at a margin of a fifth carry ₹5,000: 50 units at 100; the 51st is cut off.
    record = play(still(100, 3), [1], sizing="fixed:60", capital=1000, long_margin=0.2)
    assert [(1, 50)] == [(row, units) for row, units, _, _ in fills(record)]
    assert -4_000_00 == record.cash_paise[1]
    assert () == record.notices
    # At a full margin, the default, it is 10, and nothing is lent.
    assert [(1, 10)] == [(r, u) for r, u, _, _ in fills(play(still(100, 3), [1], sizing="fixed:60", capital=1000))]


def test_sizes_are_shares_of_equity_also_above_all_of_it():
    record = play(still(100, 3), [1], sizing="equity:400%", capital=1000, long_margin=0.2)
    assert [(1, 40)] == [(row, units) for row, units, _, _ in fills(record)]


def test_what_nothing_covers_is_noticed_on_margin_too():
    # 50 units of 100 on 1,000; they fall to 85 and half of them are sold: 2,500 × 0.85 of cash comes in.
    # Cash −4,000 + 2,125 = −1,875; four fifths of the 2,125 left are lent, 1,700: 175 are covered by nothing.
    prices = [*still(100, 2), (85, 85, 85, 85), (85, 85, 85, 85)]
    record = play(prices, [1, 0.5], sizing="fixed:50", capital=1000, long_margin=0.2)
    assert ["cash_below_zero"] == [notice.code for notice in record.notices]


def test_a_product_brings_its_margins_unless_they_are_given():
    panel = Panel.from_bars([daily(first=date(2024, 1, 1), kind="index_future")])
    settings, _ = with_product(Settings(product="NRML"), panel)
    assert (0.12, 0.12) == (settings.long_margin, settings.short_margin)
    given, _ = with_product(Settings(product="NRML", long_margin=0.5), panel)
    assert (0.5, 0.12) == (given.long_margin, given.short_margin)
    delivery, _ = with_product(Settings(product="CNC"), Panel.from_bars([daily()]))
    assert (1.0, 1.0) == (delivery.long_margin, delivery.short_margin)
    unsaid, _ = with_product(Settings(product="NRML"), Panel.from_bars([daily()]))
    assert (0.25, 0.25) == (unsaid.long_margin, unsaid.short_margin)


# ------------------------------------------------------------------ contracts that expire


def contract(expiry: str, kind: str = "share_future") -> Bars:
    """Five days from Monday 2024-01-01, a price a day from 100 on."""
    days = MONDAY + np.arange(5)
    price = 100.0 + np.arange(5)
    instrument = Instrument("INFY24JANFUT", "NSE", kind=kind, expiry=expiry)
    return Bars.from_arrays(instrument, "1d", days * DAY_NS, price, price, price, price)


class Hold(Strategy):
    """Long from the first bar on."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(target=np.full(len(bars), 1.0))


def test_a_contract_is_closed_at_its_last_sessions_last_close():
    given = {"product": "NRML", "sizing": "fixed:10", "causality": "off"}
    record = backtest(Hold(), contract("2024-01-03"), **given).record
    assert [(1, 10, 101.0, "signal"), (2, -10, 102.0, "expiry")] == fills(record)
    assert {(10, "expired")} == set(refusals(record))
    assert ["expiry"] == [notice.code for notice in record.notices]
    assert "settles by delivery, which is not modelled" in record.notices[0].text
    assert 0 == record.exposure_paise[2]
    # An index contract settles in cash, and one that expires later stays open.
    index = backtest(Hold(), contract("2024-01-03", "index_future"), **given).record
    assert "delivery" not in index.notices[0].text
    later = backtest(Hold(), contract("2024-01-25"), **given).record
    assert ((10,), ()) == (later.positions, later.notices)


def test_an_expiry_without_a_session_means_the_one_before():
    # Friday 2024-01-26 was a holiday: the contract's last session is Thursday.
    days = (date(2024, 1, 24) - date(1970, 1, 1)).days + np.arange(2)
    instrument = Instrument("NIFTY24JANFUT", "NSE", kind="index_future", expiry="2024-01-26")
    bars = Bars.from_arrays(instrument, "1d", days * DAY_NS, *[np.full(2, 100.0)] * 4)
    record = backtest(Hold(), bars, product="NRML", sizing="fixed:1", causality="off").record
    assert [(1, 1, 100.0, "signal"), (1, -1, 100.0, "expiry")] == fills(record)


def test_a_series_of_contracts_pays_the_charges_of_contracts():
    # Futures of 2024-01: STT 0.0125 % of a sale, stamp duty 0.002 % of a buy; delivery of shares pays 0.1 % both ways.
    given = {"sizing": "fixed:1000", "capital": 1e6, "causality": "off"}
    future = backtest(Hold(), contract("2024-01-03"), charges="zero:NRML", **given).record
    bought, sold = (one.charges_paise for one in future.settlements)
    # Of ₹1,01,000: stamp 202 paise, exchange and IPFT 0.0019 % about 192, SEBI fee 0.0001 % 10, GST on both.
    assert 202 < bought < 202 + 2 * 250
    # Of ₹1,02,000: STT 1,275 paise, no stamp.
    assert 1_275 < sold < 1_275 + 2 * 250
    with pytest.raises(ConfigError, match="CNC is no product of futures; write zero:NRML or zero:MIS"):
        backtest(Hold(), contract("2024-01-03"), charges="zero:CNC", **given)


@pytest.mark.parametrize(
    ("product", "kind", "sentence"),
    [
        ("CNC", "index_future", "product CNC delivers shares, and NSE:INFY is a contract"),
        ("NRML", "share", "product NRML carries futures and options, and NSE:INFY is a share"),
        ("NRML", "share_option", "the margin of a short share_option is no share of its premium; give --short-margin"),
    ],
)
def test_what_a_product_is_not_for_is_refused(product, kind, sentence):
    with pytest.raises(ConfigError, match=sentence):
        with_product(Settings(product=product), Panel.from_bars([daily(kind=kind)]))
