"""What holds in every run, whatever the prices, the decisions and the settings."""

import math
from collections import defaultdict
from fractions import Fraction

import numpy as np
from hypothesis import given

from framework.types import OrderState, OrderType, Reason
from framework.types.deadlines import NEVER
from framework.types.tariff import Tariff
from framework.types.timeframe import DAY_NS
from tests.contract.market import row_of
from tests.property.scenarios import Scenario, Watched, scenarios

BY_THE_CLOCK = {Reason.SQUARE_OFF, Reason.EXPIRY}
DONE = {OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REFUSED}


def owed(charges, symbol, day, value, units, before, *, due) -> int:
    """Charges of a fill by the law's words, each line in exact fractions, half up."""

    def line(amount, rate):
        return math.floor(Fraction(amount * rate, 10**8) + Fraction(1, 2))

    number = dict(charges.of).get(symbol, 0)
    regimes = charges.others[number - 1] if number else charges.regimes
    regimes = regimes or ((0, Tariff(brokerage_e8=charges.rate_e8, flat_paise=charges.flat_paise)),)
    law = [tariff for first, tariff in regimes if first <= day or (first, tariff) == regimes[0]][-1]
    broker = line(value, law.brokerage_e8)
    if law.brokerage_cap_paise:
        most = law.brokerage_cap_paise
        broker = min(line(before + value, law.brokerage_e8), most) - min(line(before, law.brokerage_e8), most)
    broker += law.flat_paise if not before else 0
    exchange, sebi, dp = line(value, law.exchange_e8), line(value, law.sebi_e8), law.dp_paise if due else 0
    tax = line(value, law.stt_buy_e8) + line(value, law.stamp_e8) if units > 0 else line(value, law.stt_sell_e8)
    gst = line(broker + exchange + (sebi if law.gst_on_sebi else 0), law.gst_e8) + line(dp, law.gst_e8)
    return broker + exchange + sebi + dp + tax + gst


@given(scenarios())
def test_the_ledger_closes_to_the_paisa_after_every_fill(scenario: Scenario):
    record = Watched(scenario).record
    deposit = cash = round(scenario.settings.capital * 100)
    quantity, cost = defaultdict(int), defaultdict(int)
    gross = charges = 0
    filled, delivered = defaultdict(int), set()
    for booked in record.settlements:
        i, units, value = booked.fill.instrument, booked.fill.quantity, booked.value_paise
        assert abs(Fraction(booked.fill.price) * abs(units) * 100 - value) <= Fraction(1, 2) + Fraction(1, 10**4)
        day, order = booked.fill.time // DAY_NS, booked.fill.order_id
        delivers = units < 0 < quantity[i]
        due = delivers and (i, day) not in delivered
        expected = owed(scenario.settings.charges, "ABCD"[i], day, value, units, filled[order], due=due)
        assert expected == booked.charges_paise
        filled[order] += value
        if delivers:
            delivered.add((i, day))
        cash += -booked.charges_paise - value if units > 0 else -booked.charges_paise + value
        charges += booked.charges_paise
        held = quantity[i]
        closes = min(abs(held), abs(units)) if held * units < 0 else 0
        out = cost[i] * closes // abs(held) if closes else 0
        worth = value * closes // abs(units)
        profit = (worth - out) * (1 if held > 0 else -1) if closes else 0
        assert (out, profit) == (booked.cost_out_paise, booked.gross_paise)
        gross += profit
        cost[i] += value - worth - out
        quantity[i] += units
        assert (quantity[i], cash) == (booked.position, booked.cash_paise)
        at_cost = sum(cost[j] if quantity[j] > 0 else -cost[j] for j in cost)
        assert cash + at_cost == deposit + gross - charges
        assert booked.reduces == (closes > 0)


@given(scenarios())
def test_equity_and_cash_at_each_close_are_what_the_fills_say(scenario: Scenario):
    record = Watched(scenario).record
    panel = record.panel
    cash, quantity, mark = round(scenario.settings.capital * 100), defaultdict(int), {}
    pending = list(record.settlements)
    for row in range(len(panel)):
        while pending and row_of(record, pending[0].fill.time) == row:
            booked = pending.pop(0)
            cash = booked.cash_paise
            quantity[booked.fill.instrument] = booked.position
        for i, close in enumerate(panel.close[row]):
            if close > 0:
                mark[i] = Fraction(float(close)) * 100
        held = [i for i in quantity if quantity[i]]
        equity = cash + sum(quantity[i] * mark[i] for i in held)
        exposure = sum(abs(quantity[i]) * mark[i] for i in held)
        assert cash == record.cash_paise[row]
        assert abs(equity - int(record.equity_paise[row])) <= len(held)
        assert abs(exposure - int(record.exposure_paise[row])) <= len(held)
    assert [] == pending
    assert tuple(quantity[i] for i in range(len(panel.instruments))) == record.positions


@given(scenarios())
def test_every_fill_is_a_price_of_its_bar_and_no_better(scenario: Scenario):
    record = Watched(scenario).record
    panel, cap = record.panel, scenario.settings.volume_cap
    orders = {o.order.order_id: o.order for o in record.orders}
    filled_in_bar: dict[tuple[int, int], int] = defaultdict(int)
    for booked in record.settlements:
        fill, order = booked.fill, orders[booked.fill.order_id]
        row, i, side = row_of(record, fill.time), fill.instrument, 1 if fill.quantity > 0 else -1
        assert panel.time[row] == fill.time
        assert side * (fill.price - booked.simulated.unslipped) >= 0
        assert order.quantity * side > 0
        if booked.simulated.at_close and booked.reason in BY_THE_CLOCK and panel.ends_session[row]:  # whatever traded
            known = panel.close[: row + 1, i]
            assert booked.simulated.unslipped == known[np.isfinite(known)][-1]
            continue
        assert np.isfinite(panel.open[row, i]), "filled where there was no bar"
        assert panel.low[row, i] <= booked.simulated.unslipped <= panel.high[row, i]
        if booked.simulated.at_open:
            assert booked.simulated.unslipped == panel.open[row, i]
        if booked.simulated.at_close:
            assert scenario.settings.fill_at == "same_close"
            assert booked.simulated.unslipped == panel.close[row, i]
        if order.limit > 0:
            assert (
                order.type is OrderType.STOP_LIMIT or fill.price == booked.simulated.unslipped
            )  # row 7 slips up to the limit
            assert side * (order.limit - fill.price) >= 0
        elif order.type is OrderType.STOP:
            assert booked.simulated.at_open or side * (booked.simulated.unslipped - order.trigger) >= 0
        if cap is not None:
            filled_in_bar[row, fill.order_id] += abs(fill.quantity)
            assert filled_in_bar[row, fill.order_id] <= panel.volume[row, i] * cap


@given(scenarios())
def test_no_order_fills_at_or_before_its_decision_and_day_orders_only_in_their_session(scenario: Scenario):
    record = Watched(scenario).record
    panel = record.panel
    orders = {o.order.order_id: o.order for o in record.orders}
    for booked in record.settlements:
        order, fill = orders[booked.fill.order_id], booked.fill
        row = row_of(record, fill.time)
        if booked.reason in BY_THE_CLOCK:
            assert order.decided_at <= panel.close_time[row]
            continue
        if booked.simulated.at_close:
            assert not order.protective
            assert order.decided_at == panel.close_time[row] or order.decided_at < panel.time[row] + 1
            continue
        assert fill.time >= order.decided_at
        if not order.protective:
            decided = int(np.searchsorted(panel.close_time, order.decided_at))
            assert panel.close_time[decided] == order.decided_at
            assert decided < row
            if order.validity == "DAY":
                assert panel.session[row] == panel.session[decided + 1]


@given(scenarios())
def test_reductions_reduce_and_no_order_by_target_crosses_zero(scenario: Scenario):
    record = Watched(scenario).record
    orders = {o.order.order_id: o.order for o in record.orders}
    position = defaultdict(int)
    for booked in record.settlements:
        before, after = position[booked.fill.instrument], booked.position
        if orders[booked.fill.order_id].reduces:
            assert abs(after) < abs(before)
            assert before * after >= 0, "a reduction crossed zero"
        elif scenario.style != "on_bar":
            assert abs(after) > abs(before)
            assert before * after >= 0
        position[booked.fill.instrument] = after


@given(scenarios())
def test_risk_never_enlarges_and_every_order_ends_in_a_sane_state(scenario: Scenario):
    record = Watched(scenario).record
    filled = defaultdict(int)
    for booked in record.settlements:
        filled[booked.fill.order_id] += booked.fill.quantity
    ids = [o.order.order_id for o in record.orders]
    assert sorted(set(ids)) == ids == list(range(1, len(ids) + 1))
    for o in record.orders:
        order, side = o.order, 1 if o.order.quantity > 0 else -1
        assert o.filled == filled[order.order_id]
        assert 0 <= side * o.filled <= side * order.quantity
        assert 0 <= side * o.verdict.quantity <= side * o.requested
        lot = record.panel.instruments[order.instrument].lot
        if scenario.settings.volume_cap is None and not order.protective:
            assert order.quantity % lot == 0
        assert (o.state in DONE) == (o.ended_at > 0)
        assert (o.state is OrderState.FILLED) == (o.filled == order.quantity)
        if o.verdict.quantity == 0:
            assert (o.state, o.filled) == (OrderState.REFUSED, 0)
            assert o.why == o.verdict.reason != ""
            assert not order.reduces
        elif not order.protective:
            assert side * o.filled <= side * order.quantity <= side * o.verdict.quantity
        if o.state is OrderState.REFUSED:
            assert o.why


@given(scenarios())
def test_cash_never_falls_below_zero_without_a_notice_and_never_by_buying(scenario: Scenario):
    record = Watched(scenario).record
    orders = {o.order.order_id: o.order for o in record.orders}
    told = {notice.time for notice in record.notices if notice.code == "cash_below_zero"}
    before = round(scenario.settings.capital * 100)
    if scenario.settings.long_share < 1:
        return  # what is lent covers it: the next test
    for booked in record.settlements:
        if booked.cash_paise < 0 <= before:
            assert booked.fill.time in told
        if booked.fill.quantity > 0 and not orders[booked.fill.order_id].reduces and not booked.reduces:
            assert booked.cash_paise >= 0, "a buy that cash did not cover"
        before = booked.cash_paise


@given(scenarios())
def test_an_opening_buy_on_margin_takes_no_more_than_its_margin_of_what_there_is(scenario: Scenario):
    record = Watched(scenario).record
    margin = Fraction(scenario.settings.long_share)
    if margin == 1 or len(record.panel.instruments) > 1:
        return
    for booked in record.settlements:
        if booked.position == booked.fill.quantity > 0:
            owned = booked.cash_paise + booked.value_paise
            assert owned >= margin * booked.value_paise - 1


@given(scenarios())
def test_session_and_exchange_agree_on_every_order_at_every_close(scenario: Scenario):
    def look(watched: Watched, row: int) -> None:
        session, exchange = watched.session, watched.exchange
        assert session is not None
        assert exchange is not None
        held = [i for i, quantity in enumerate(session.account.quantity) if quantity]
        assert held == session.account.held
        working = [w for i in range(len(session.instruments)) for w in session.working(i)]
        entries = [w for w in working if not w.order.reduces]
        reserved = session._orders.reserved_paise
        assert reserved == sum(w.reserved_paise for w in working)
        assert reserved >= 0
        assert all(w.reserved_paise == 0 for w in working if w.order.reduces)
        if not entries:
            assert reserved == 0
        resting = exchange._resting
        assert {w.order.order_id for w in working if w.state is OrderState.WORKING} == set(resting)
        for w in working:
            assert w.state in {OrderState.WORKING, OrderState.PARKED}
            assert (w.state is OrderState.PARKED) == bool(w.waits_for)
            assert not w.cancelling, "a cancel that nobody answered"
            if w.state is OrderState.WORKING:
                assert resting[w.order.order_id].remaining == abs(w.remaining) > 0
            if w.order.reduces:
                position = session.account.quantity[w.order.instrument]
                assert position * w.remaining < 0, "a reduction of nothing"
                assert abs(w.remaining) <= abs(position)
                if w.order.protective and scenario.settings.exits.active_from == "entry_bar":
                    assert w.remaining == -position
        for i in held:
            protective = [w for w in session.working(i) if w.order.protective]
            assert len(protective) <= 2
        account = session.account
        assert account.cash_paise + account.at_cost_paise() == (
            account.deposit_paise + account.gross_paise - account.charges_paise
        )
        assert all(
            account.cost_paise[i] == account.entry_charges_paise[i] == 0
            for i in range(len(session.instruments))
            if i not in held
        )

    Watched(scenario, look)


@given(scenarios(max_rows=30))
def test_no_intraday_position_outlives_its_session_and_none_is_opened_after_its_time(scenario: Scenario):
    record = Watched(scenario).record
    panel, due = record.panel, record.panel.deadlines
    if due is None:
        return
    session_of = due.rows_of(panel.session)
    position = np.zeros(panel.close.shape, dtype=np.int64)
    for booked in record.settlements:
        row, i = row_of(record, booked.fill.time), booked.fill.instrument
        position[row:, i] = booked.position
        if not booked.reduces:
            assert booked.fill.time < due.square_off[session_of[row], i]
            assert panel.session[row] <= due.last_session[i]
    for row in np.flatnonzero(panel.ends_session):
        ended = (due.square_off[session_of[row]] < NEVER) | (due.last_session <= panel.session[row])
        assert not position[row][ended].any()


@given(scenarios())
def test_delivery_never_goes_short(scenario: Scenario):
    record = Watched(scenario).record
    if scenario.settings.product == "CNC":
        assert all(booked.position >= 0 for booked in record.settlements)
