"""What every rule says of an order: by hand, and the strictest of them is what the session then really does."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.run.what_if import at_the_end, before_the_first, one_price
from framework.session.explain import MEASURES, explain_order
from framework.types import (
    BreakerCause,
    BreakerEvent,
    Instrument,
    OrderRequest,
    Rule,
    Settings,
    TradingState,
    Verdict,
)
from framework.types.events import Decided
from framework.types.record import OrderRecord
from tests.report.records import Trade, bars, make_record

NAN = math.nan
A, B, C = (Instrument(symbol, "NSE", 0.05, lot) for symbol, lot in (("A", 1), ("B", 5), ("C", 1)))
SERIES = [bars([100, 110, 120], A), bars([50, 50, 50], B), bars([20, 20, 10], C)]


def recorded(trades=(), series=SERIES, **settings):
    """What was run with ₹10,000, to be asked under these settings."""
    record = make_record(series, trades, capital=10_000)
    return replace(record, settings=Settings.of(capital=10_000, **settings))


def standing(trades=(), rules=(), **settings):
    return at_the_end(recorded(trades, **settings), rules)


def said(answer):
    return {one.rule: (one.units, one.value, one.bound, one.unit) for one in answer.reports}


LONG_A = [Trade(0, 1, 20, 100.0)]
"""20 of A at 100, now 120 each: cash 8,000, equity 10,400."""


def test_the_account_stands_as_the_run_left_it():
    session, row = standing([*LONG_A, Trade(1, 2, -10, 50.0)])
    # Cash 10,000 − 2,000 + 500; A is worth 2,400 and B −500.
    assert (850_000, 1_040_000, [20, -10, 0]) == (
        session.account.cash_paise,
        session.equity_paise,
        session.account.quantity,
    )
    assert [240_000, -50_000, 0] == session.account.mark_paise
    assert (120.0, 50.0, 10.0) == tuple(row.close)
    # 8,500 less what buying B back takes, less its margin of as much.
    assert 750_000 == session.account.buying_power_paise()
    assert TradingState.ACTIVE is session.state


@pytest.mark.parametrize(
    ("name", "limits", "report"),
    [
        ("product", {}, (30, "allowed", "any", "words")),
        ("state", {}, (30, "active", "active", "words")),
        ("no_price", {}, (30, "known", "known", "words")),
        ("restricted", {"restricted": ("NSE:A",)}, (0, "NSE:A", "NSE:A", "words")),
        ("restricted", {"restricted": ("B", "C")}, (30, "NSE:A", "B, C", "words")),
        ("max_age", {"max_age": 0}, (30, 0, 0, "")),
        ("max_jump", {"max_jump": "rs:10"}, (30, 10.0, 10.0, "₹")),  # 110 → 120
        ("max_jump", {"max_jump": "rs:9.99"}, (0, 10.0, 9.99, "₹")),
        ("price_band", {"price_band": "5%"}, (30, 6.0, 6.0, "₹")),  # 114 against 120
        ("price_band", {"price_band": "rs:5.9"}, (0, 6.0, 5.9, "₹")),
        ("max_orders_per_day", {"max_orders_per_day": 1}, (30, 1, 1, "")),
        ("max_positions", {"max_positions": 2}, (30, 1, 2, "")),
        ("max_order_quantity", {"max_order_quantity": 29}, (29, 30, 29, "units")),
        ("max_order_value", {"max_order_value": 2000}, (17, 3420.0, 2000.0, "₹")),  # 30 × 114
        ("max_position_value", {"max_position_value": 5000}, (23, 5700.0, 5000.0, "₹")),  # with the 20 held: 50 × 114
        ("max_gross_exposure", {"max_gross_exposure": "50%"}, (24, 5820.0, 5200.0, "₹")),  # 2,400 + 3,420 of 10,400
        ("max_strategy_value", {"max_strategy_value": "5820"}, (30, 5820.0, 5820.0, "₹")),
        ("cash", {}, (30, 3420.0, 8000.0, "₹")),
    ],
)
def test_each_rule_tells_what_it_measured(name, limits, report):
    session, _ = standing(LONG_A, **limits)
    assert report == said(explain_order(session, 0, 30, 114.0))[name]


def test_a_sector_counts_its_own_and_an_instrument_without_one_is_not_asked():
    limits = {"sectors": {"X": ("A", "B")}, "max_sector_value": "3000"}
    session, _ = standing(LONG_A, **limits)
    assert (10, 3400.0, 3000.0, "₹") == said(explain_order(session, 1, 20, 50.0))["max_sector_value"]
    assert (20, "no sector", "", "words") == said(explain_order(session, 2, 20, 10.0))["max_sector_value"]


def test_a_market_order_is_within_every_band_and_a_product_refuses_a_short():
    session, _ = standing(price_band="1%", product="CNC")
    told = said(explain_order(session, 0, -5))
    assert (5, 0.0, 1.2, "₹") == told["price_band"]
    assert (0, "short in delivery", "CNC", "words") == told["product"]
    assert Verdict(0, "short_in_delivery") == explain_order(session, 0, -5).verdict


def test_an_instrument_that_never_had_a_price_is_refused():
    session, _ = standing()
    session.account.close[0] = NAN
    answer = explain_order(session, 0, 5)
    assert (0, "none", "known", "words") == said(answer)["no_price"]
    assert ["product", "state", "no_price"] == list(said(answer))
    assert Verdict(0, "no_price") == answer.verdict


def test_a_halted_account_lets_only_reductions_through():
    record = recorded(LONG_A)
    event = BreakerEvent(1, TradingState.ACTIVE, TradingState.HALTED, BreakerCause.DRAWDOWN, 1, 1)
    session, _ = at_the_end(replace(record, breaker_events=(event,)))
    answer = explain_order(session, 0, -25)
    assert (20, 5, Verdict(0, "halted")) == (answer.reducing, answer.increasing, answer.verdict)
    assert (0, "halted", "active", "words") == said(answer)["state"]
    reduced = explain_order(at_the_end(replace(record, breaker_events=(event,))).session, 0, -20)
    assert (20, 0, (), Verdict(-20)) == reduced


class Halves(Rule):
    def pre_order(self, order, state):
        return Verdict(order.quantity // 2, "half")


class Refuses(Rule):
    def pre_order(self, order, state):
        return Verdict(0)


def test_rules_of_ones_own_are_asked_about_what_is_left_and_once():
    session, _ = standing(rules=[Halves(), Refuses(), Halves()], max_order_quantity=9)
    answer = explain_order(session, 0, 10, 100.0)
    assert [("Halves", 9, 4, "half"), ("Refuses", 4, 0, "Refuses")] == [
        (one.rule, one.asked, one.units, one.reason) for one in answer.reports if one.rule not in MEASURES
    ]
    assert Verdict(0, "Refuses") == answer.verdict


def test_before_the_first_order_there_is_only_the_capital():
    session, row = before_the_first(one_price(B, 50.0, 20_000), Settings(capital=1_000))
    assert (100_000, [0], (50.0,), 20_000) == (
        session.equity_paise,
        session.account.quantity,
        tuple(row.close),
        row.session,
    )
    assert Verdict(20, "cash") == explain_order(session, 0, 25, 50.0).verdict


LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "restricted": st.just(("B",)),
        "max_jump": st.sampled_from(["5%", "12%"]),
        "price_band": st.sampled_from(["1%", "rs:10"]),
        "max_orders_per_day": st.integers(1, 2),
        "max_positions": st.integers(1, 3),
        "max_order_quantity": st.integers(1, 40),
        "max_order_value": st.floats(100, 5_000),
        "max_position_value": st.floats(100, 8_000),
        "max_gross_exposure": st.sampled_from(["50%", "120%", "3000"]),
        "max_strategy_value": st.sampled_from(["80%", "2500"]),
        "max_sector_value": st.sampled_from(["30%", "2000"]),
        "charges": st.sampled_from(["percent:0.1", "flat:20"]),
        "slippage": st.sampled_from(["bps:20", "ticks:2"]),
        "product": st.just("CNC"),
        "reuse_proceeds": st.booleans(),
    },
)


@given(
    LIMITS,
    st.lists(st.tuples(st.integers(0, 2), st.integers(-6, 6).filter(bool)), max_size=4),
    st.integers(0, 2),
    st.integers(-60, 60).filter(bool),
    st.sampled_from([NAN, 0.95, 1.0, 1.03]),
    st.booleans(),
)
def test_the_strictest_opinion_is_what_the_session_then_does(limits, held, i, lots, at, own):
    if "max_sector_value" in limits:
        limits = limits | {"sectors": {"X": ("A", "B")}}
    trades = [Trade(j, 1, 5 * units, float(SERIES[j].open[1])) for j, units in held]
    record = recorded(trades, **limits)
    rules = [Halves()] if own else []
    quantity, limit = lots * record.panel.instruments[i].lot, at * float(record.panel.close[-1, i])
    answer = explain_order(at_the_end(record, rules).session, i, quantity, limit)

    session, row = at_the_end(record, rules)
    told = session.handle(Decided(row.close_time, None, (OrderRequest(i, quantity, limit),)))
    ended = [fact for fact in told.facts if isinstance(fact, OrderRecord)]
    placed = [*ended, *(one for one in session.open_orders() if not one.order.protective)]
    assert answer.reducing == sum(abs(one.order.quantity) for one in placed if one.order.reduces)
    reviewed = [one for one in placed if not one.order.reduces]
    assert [answer.verdict] * bool(answer.increasing) == [one.verdict for one in reviewed]
    assert answer.increasing == sum(abs(one.requested) for one in reviewed)


def test_the_bars_before_the_last_are_remembered():
    gap = bars([20, 20, 20], C)
    other = bars([5, 5, 5, 5, 5], Instrument("D"))
    session, row = at_the_end(recorded(series=[gap, other], max_age=1))
    assert np.isnan(row.close[1]) or np.isnan(row.close[0])
    i = [one.symbol for one in session.instruments].index("C")
    assert (0, 2, 1, "") == said(explain_order(session, i, 5, 20.0))["max_age"]


def test_a_size_that_no_order_can_hold_is_said_as_such():
    session, _ = standing()
    answer = explain_order(session, 0, 2 * 10**9, 1e12)
    assert (0, "size_beyond_limit") == answer.verdict
    assert "size_beyond_limit" == answer.reports[-1].rule
