"""Round trips in columns against a ledger that is walked through by hand, one fill after the other."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.report.observations import observe
from framework.report.position_spans import FILL, PositionSpans, fills_of
from framework.report.round_trips import round_trips
from framework.types import Panel, Reason
from framework.types.deferred import Deferred
from tests.report.records import DAY, Trade, bars, make_record

FEWER = settings(max_examples=50)
"""A record by exact fractions takes a while."""


def walked(record):
    """Every stay as (instrument, entry, exit, first value, profit, charges, units × price in and out, open, saw).

    Money of a fill that goes through zero belongs to both stays in proportion to its units, rounded down for the first.
    """
    held, done = {}, []
    for one in record.settlements:
        fill, column = one.fill, one.fill.instrument
        before = held[column]["position"] if column in held else 0
        parts = [fill.quantity]
        if before and before * one.position < 0:
            parts = [-before, fill.quantity + before]
        left = {"value": one.value_paise, "charges": one.charges_paise}
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            money = {}
            for name, whole in (("value", one.value_paise), ("charges", one.charges_paise)):
                money[name] = left[name] if last else whole * abs(part) // abs(fill.quantity)
                left[name] -= money[name]
            stay = held.setdefault(
                column,
                {"position": 0, "in": 0, "profit": 0, "charges": 0, "most": 0, "value_in": Fraction(0),
                 "value_out": Fraction(0), "entry": fill, "saw": [], "why": one.reason},
            )  # fmt: skip
            closes = stay["position"] * part < 0
            stay["position"] += part
            stay["most"] = max(stay["most"], abs(stay["position"]))
            stay["charges"] += money["charges"]
            stay["saw"].append(one.simulated.unslipped)
            stay["value_out" if closes else "value_in"] += Fraction(fill.price) * abs(part)
            if closes:
                stay["profit"] += one.gross_paise
            else:
                stay["in"] += money["value"]
            if stay["position"] == 0:
                done.append(held.pop(column) | {"column": column, "exit": fill, "left": one.reason})
    assert sum(abs(stay["position"]) for stay in held.values()) == sum(map(abs, record.positions))
    return done, held


@st.composite
def records(draw):
    """A few instruments with gaps, fills that build, reduce, end and turn positions."""
    count = draw(st.integers(1, 3))
    series = [
        bars(
            draw(st.lists(st.integers(20, 90), min_size=3, max_size=12)),
            f"S{i}",
            start=f"2024-01-0{draw(st.integers(1, 3))}",
            step=DAY * draw(st.integers(1, 2)),
        )
        for i in range(count)
    ]
    panel, trades = Panel.from_bars(series), []
    for row in range(len(panel)):
        for column in np.flatnonzero(np.isfinite(panel.close[row])).tolist():
            for quantity in draw(st.lists(st.integers(-9, 9).filter(bool), max_size=2)):
                low, high = int(panel.low[row, column]), int(panel.high[row, column])
                price = float(draw(st.integers(low, high)))
                at_open, reason = draw(st.booleans()), draw(st.sampled_from(list(Reason)))
                charges = draw(st.integers(0, 300)) / 100
                trades.append(Trade(column, row, quantity, price, charges, reason, at_open))
    return make_record(series, trades)


@FEWER
@given(records())
def test_round_trips_are_those_of_a_ledger_walked_by_hand(record):
    done, held = walked(record)
    trips = round_trips(record)
    closed = [trip for trip in trips if not trip.open]
    assert [
        (one["column"], "long" if one["value_in"] and one["exit"].quantity < 0 else "short", one["most"],
         one["entry"].time, one["exit"].time, one["profit"], one["charges"], one["profit"] - one["charges"],
         str(one["why"]), str(one["left"]))
        for one in done
    ] == [
        (trip.instrument, trip.side, trip.quantity, trip.entry_time, trip.exit_time, trip.gross_paise,
         trip.charges_paise, trip.net_paise, trip.entry_reason, trip.exit_reason)
        for trip in closed
    ]  # fmt: skip
    for one, trip in zip(done, closed, strict=True):
        assert abs(100 * Fraction(trip.net_paise, one["in"]) - Fraction(trip.return_percent)) < Fraction(1, 10**9)
    assert list(held) == [trip.instrument for trip in trips[len(closed) :]]
    assert [trip.charges_paise for trip in trips[len(closed) :]] == [one["charges"] for one in held.values()]


@FEWER
@given(records())
def test_a_round_trip_certainly_saw_its_own_fills_and_never_more_than_its_bars(record):
    done, _ = walked(record)
    panel = record.panel
    for one, trip in zip(done, round_trips(record), strict=False):
        rows = (panel.time >= trip.entry_time) & (panel.time <= trip.exit_time)
        column = trip.instrument
        lowest, highest = np.nanmin(panel.low[rows, column]), np.nanmax(panel.high[rows, column])
        down, up = (
            100 * (1 - np.array([min(one["saw"]), lowest]) / trip.entry_price),
            100 * (np.array([max(one["saw"]), highest]) / trip.entry_price - 1),
        )
        adverse, favourable = (down, up) if trip.side == "long" else (up, down)
        for (least, most), told in ((adverse, trip.mae_percent), (favourable, trip.mfe_percent)):
            assert max(least, 0) - 1e-9 <= told <= max(most, 0) + 1e-9


@FEWER
@given(records())
def test_statistics_see_the_same_round_trips_and_add_up_fill_by_fill(record):
    closed = [trip for trip in round_trips(record) if not trip.open]
    seen = observe(record)
    assert [trip.net_paise / 100 for trip in closed] == seen.profits.tolist()
    assert [trip.return_percent / 100 for trip in closed] == seen.profit_returns.tolist()
    assert [(trip.exit_time - trip.entry_time) / 86_400e9 for trip in closed] == seen.spans.days.tolist()
    assert (len(seen.round_trips), len(seen.open_round_trips)) == (seen.spans.closed, len(seen.spans) - len(closed))
    bought = sold = slippage = 0.0
    for one in record.settlements:
        bought += one.value_paise / 100 if one.fill.quantity > 0 else 0.0
        sold += one.value_paise / 100 if one.fill.quantity < 0 else 0.0
        slippage += (one.fill.price - one.simulated.unslipped) * one.fill.quantity
    assert (bought, sold, slippage) == (seen.bought, seen.sold, seen.slippage)
    assert sum(one.charges_paise for one in record.settlements) == round(100 * seen.charges)


def test_rows_of_an_array_and_the_objects_made_of_them_give_the_same():
    record = make_record(
        [bars([100, 102, 104, 106, 108])],
        [Trade(0, 1, 10, 100.0, 1.0), Trade(0, 2, -4, 104.0), Trade(0, 3, -6, 106.0, 0.5), Trade(0, 4, -3, 108.0)],
    )
    rows = fills_of(record.settlements)
    later = replace(record, settlements=Deferred(rows, lambda _: tuple(record.settlements)))
    assert FILL == rows.dtype
    assert round_trips(record) == round_trips(later)
    assert (
        PositionSpans.of(record.settlements).nets_paise.tolist()
        == PositionSpans.of(later.settlements).nets_paise.tolist()
    )
