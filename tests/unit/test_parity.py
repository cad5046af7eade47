"""Two records of one run: a planted difference of each kind is named with its bar and both values."""

from dataclasses import replace

import numpy as np
import pytest

from framework import Bars, Instrument
from framework.engines import event
from framework.engines.parity import allowed_paise, first_difference
from framework.engines.rows import DecisionArrays
from framework.types import OrderState, Panel, Settings, Verdict

DAY_NS = 86_400 * 10**9
NAN = float("nan")


def record_of(timeframe="1d", step=DAY_NS):
    """Long 10 at the open of bar 1 (102), out at the open of bar 3 (104), refused for its size at bar 3's close."""
    opens = np.array([100.0, 102.0, 103.0, 104.0, 105.0])
    bars = Bars.from_arrays(Instrument("ABC"), timeframe, np.arange(5) * step, opens, opens + 1, opens - 1, opens)
    settings = Settings.of(sizing="fixed:10", charges="percent:0.1", capital=10_000)
    target = np.array([[1.0], [NAN], [0.0], [0.05], [NAN]])  # 5 % of ten units is none
    return event.run(Panel.from_bars([bars]), settings, decisions=DecisionArrays(target))


@pytest.fixture
def record():
    return record_of()


def with_fill(record, number, **changes):
    booked = list(record.settlements)
    fill = booked[number].fill._replace(**{name: value for name, value in changes.items() if name in Fields})
    others = {name: value for name, value in changes.items() if name not in Fields}
    booked[number] = booked[number]._replace(fill=fill, **others)
    return replace(record, engine="compiled", settlements=tuple(booked))


Fields = {"time", "quantity", "price", "instrument", "unslipped"}


def with_order(record, number, **changes):
    orders = list(record.orders)
    orders[number] = orders[number]._replace(**changes)
    return replace(record, engine="compiled", orders=tuple(orders))


def said(one, other, tolerance="exact"):
    return str(first_difference(one, other, tolerance))


def test_the_same_run_twice_has_no_difference(record):
    assert first_difference(record, replace(record_of(), engine="compiled")) is None
    assert first_difference(record, replace(record_of(), engine="backtrader"), "per_cash_movement") is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"price": 102.00000000000001}, "differs in price: event 102.0, compiled 102.00000000000001"),
        ({"quantity": -10}, "differs in quantity: event +10, compiled -10"),
        ({"quantity": 9}, "differs in quantity: event +10, compiled +9"),
        ({"time": 2 * DAY_NS}, "differs in bar: event 1970-01-02, compiled 1970-01-03"),
        ({"charges_paise": 103}, "differs in charges in paise: event +102, compiled +103"),
        ({"reason": "stop_loss"}, "differs in reason: event signal, compiled stop_loss"),
    ],
)
def test_a_fill_that_differs_is_named(record, changes, sentence):
    assert f"fill 1 at 1970-01-02, ABC, {sentence}" == said(record, with_fill(record, 0, **changes))


def test_a_fill_that_only_one_has_is_named(record):
    fewer = replace(record, engine="compiled", settlements=record.settlements[:1])
    sentence = "fill 2 at 1970-01-04, ABC, only event has: bar 1970-01-04, quantity -10, price 104.0"
    assert sentence == said(record, fewer)
    assert sentence == said(fewer, record)


def test_a_verdict_that_differs_is_named(record):
    others = with_order(record, 2, verdict=Verdict(0, "cash"), why="cash")
    assert (
        "order 3, decided 1970-01-05 00:00, ABC, differs in why allowed: event size_below_one_lot, compiled cash"
        == said(record, others)
    )
    assert "order 1, decided 1970-01-05 00:00, ABC, differs in why: event size_below_one_lot, compiled cash" == said(
        record, others, "per_cash_movement"
    )


def test_an_order_that_ends_differently_is_named(record):
    others = with_order(record, 0, state=OrderState.EXPIRED)
    assert "order 1, decided 1970-01-02 00:00, ABC, differs in state: event filled, compiled expired" == said(
        record, others
    )


def test_the_earliest_difference_is_named_an_order_before_its_fill(record):
    others = with_order(with_fill(record, 0, price=101.0), 0, requested=11)
    assert said(record, others).startswith(
        "order 1, decided 1970-01-02 00:00"
    )  # decided at the close of the bar before
    assert said(record, with_order(with_fill(record, 0, price=101.0), 1, requested=-11)).startswith("fill 1")


@pytest.mark.parametrize("name", ["equity", "cash", "exposure"])
def test_an_account_one_paisa_away_is_named_with_its_bar(record, name):
    values = getattr(record, f"{name}_paise").copy()
    values[1] += 1
    others = replace(record, engine="compiled", **{f"{name}_paise": values})
    shown = {"equity": ("9,998.98", "9,998.99"), "cash": ("8,978.98", "8,978.99"), "exposure": ("1,020.00", "1,020.01")}
    one, other = shown[name]
    assert f"{name} at the close of 1970-01-02: event ₹{one}, compiled ₹{other}" == said(record, others)


def test_bars_within_a_day_are_named_with_their_minute():
    record = record_of("15m", 900 * 10**9)
    assert said(record, with_fill(record, 1, price=1.0)).startswith("fill 2 at 1970-01-01 00:45, ABC, differs in price")


# ---------------------------------------------------------------------- against an engine that counts in floats


def test_half_a_paisa_is_allowed_for_each_amount_that_was_rounded(record):
    # Bar 0: nothing. From bar 1: a value, a charge, an open mark and the other's own rounding: 4 halves. From bar 3:
    # two values, two charges, no mark, the other's rounding: 5 halves.
    assert [0, 2, 2, 2.5, 2.5] == allowed_paise(record).tolist()


@pytest.mark.parametrize(
    ("row", "paise", "named"), [(0, 1, True), (1, 2, False), (1, -3, True), (4, 2, False), (4, 3, True)]
)
def test_equity_beyond_half_a_paisa_per_cash_movement_is_named(record, row, paise, named):
    values = record.equity_paise.copy()
    values[row] += paise
    others = replace(record, engine="backtrader", equity_paise=values)
    found = first_difference(record, others, "per_cash_movement")
    assert named == (found is not None and found.what == "account" and found.time == row * DAY_NS)


def test_float_dust_in_a_price_and_a_rounded_charge_are_no_difference(record):
    others = with_fill(record, 0, price=102 * (1 + 1e-12), charges_paise=103)
    assert first_difference(record, others, "per_cash_movement") is None
    named = said(record, with_fill(record, 0, price=102.0001), "per_cash_movement")
    assert "fill 1 at 1970-01-02, ABC, differs in price: event 102.0, compiled 102.0001" == named
    assert "charges in paise" in said(record, with_fill(record, 0, charges_paise=104), "per_cash_movement")


def test_the_sequence_within_a_bar_is_no_difference_there(record):
    first, second = record.settlements
    together = replace(record, settlements=(first, second._replace(fill=second.fill._replace(time=first.fill.time))))
    turned = replace(together, engine="backtrader", settlements=together.settlements[::-1])
    assert first_difference(together, turned, "per_cash_movement") is None
    assert first_difference(together, turned, "exact") is not None
