"""What limits and the circuit breaker promise in every run, recomputed from the record alone."""

from fractions import Fraction

import numpy as np
from hypothesis import given

from framework.types import BreakerCause, OrderState, TradingState
from tests.property.scenarios import Scenario, Watched, scenarios

TRIPS = (BreakerCause.DAILY_LOSS, BreakerCause.CONSECUTIVE_LOSSES, BreakerCause.DRAWDOWN, BreakerCause.RUNAWAY)
EVER = 2**63


def held_back(record):
    """[from, to) in nanoseconds of every stretch in which only reductions are allowed."""
    begins, stretches = 0, []
    for event in record.breaker_events:
        if event.after is TradingState.ACTIVE:
            stretches.append((begins, event.time))
        elif event.before is TradingState.ACTIVE:
            begins = event.time
    ongoing = record.breaker_events and record.breaker_events[-1].after is not TradingState.ACTIVE
    return stretches + [(begins, EVER)] * bool(ongoing)


@given(scenarios())
def test_nothing_increases_while_the_breaker_holds_back(scenario: Scenario):
    record = Watched(scenario).record
    runaway = {event.time for event in record.breaker_events if event.cause is BreakerCause.RUNAWAY}
    for begins, ends in held_back(record):
        for order in record.orders:
            if not order.order.reduces and begins <= order.order.decided_at < ends and order.verdict.quantity:
                # What the same close had allowed before an order too many is taken back before it can fill.
                assert order.order.decided_at in runaway
                assert (order.state, order.filled) == (OrderState.CANCELLED, 0)
        for booked in record.settlements:
            assert booked.reduces or not begins <= booked.fill.time < ends


@given(scenarios())
def test_every_change_of_state_follows_the_one_before_and_each_trip_is_told(scenario: Scenario):
    record = Watched(scenario).record
    state, time = TradingState.ACTIVE, 0
    for event in record.breaker_events:
        assert (state, True) == (event.before, event.time >= time)
        assert event.before is not event.after
        assert event.cause not in TRIPS or event.value >= event.limit
        state, time = event.after, event.time
    trips = [(event.time, str(event.cause)) for event in record.breaker_events if event.cause in TRIPS]
    causes = {str(cause) for cause in TRIPS}
    assert trips == [(notice.time, notice.code) for notice in record.notices if notice.code in causes]


@given(scenarios(styles=("signals", "allocate")))
def test_the_first_drawdown_that_halts_is_the_first_there_is(scenario: Scenario):
    settings = scenario.settings
    limit = settings.limits.max_drawdown
    record = Watched(scenario).record
    halts = [event for event in record.breaker_events if event.after is TradingState.HALTED]
    other = bool(halts) and halts[0].cause is not BreakerCause.DRAWDOWN
    if limit is None or other or settings.fill_at == "same_close":  # its fills come after the close was judged
        return
    peak = np.maximum(np.maximum.accumulate(record.equity_paise), settings.capital_paise).tolist()
    allowed = [
        (Fraction(limit.amount) * (high if limit.percent else 100) * 2 + 1) // 2 for high in peak
    ]  # paise, half up  # fmt: skip
    fell = [high - now for high, now in zip(peak, record.equity_paise.tolist(), strict=True)]
    reached = [row for row, (by, most) in enumerate(zip(fell, allowed, strict=True)) if by >= most]
    first = [int(record.panel.close_time[record.first_row + row]) for row in reached[:1]]
    assert first == [event.time for event in halts[:1]]


@given(scenarios())
def test_no_more_instruments_and_orders_than_are_allowed(scenario: Scenario):
    limits = scenario.settings.limits
    record = Watched(scenario).record
    panel, placed = record.panel, {}
    for order in record.orders:
        if order.verdict.quantity and not order.order.protective and not order.order.reduces:
            assert limits.max_order_quantity is None or abs(order.verdict.quantity) <= limits.max_order_quantity
            row = int(np.searchsorted(panel.close_time, order.order.decided_at))
            key = (order.order.instrument, int(panel.session[row]))
            placed[key] = placed.get(key, 0) + 1
            assert panel.symbols[order.order.instrument] not in limits.restricted
    if limits.max_orders_per_day is not None:
        assert max(placed.values(), default=0) <= limits.max_orders_per_day
    if limits.max_positions is not None:
        held = set()
        for booked in record.settlements:
            (held.add if booked.position else held.discard)(booked.fill.instrument)
            # With reuse_proceeds an exit that has not filled has made room already.
            assert len(held) <= limits.max_positions or scenario.settings.reuse_proceeds is not False
