"""framework/session/trip_stats.py by way of the account: round trips net of charges, however they are built."""

from framework.engines.event import run
from framework.session import Session
from framework.types import OrderRequest
from tests.contract.market import NAN, panel_of, play, settings_of, still


def trips_after(prices, orders, **choices):
    """(closed, won, won paise, lost paise) at the end of a run of explicit orders."""
    seen = {}

    def on_bar(session: Session, row: int):
        seen["trips"] = session.account.trips
        return [OrderRequest(0, quantity) for quantity in orders.get(row, ())]

    run(panel_of(prices), settings_of(**choices), on_bar=on_bar, style="on_bar")
    trips = seen["trips"]
    return trips.closed, trips.won, trips.won_paise, trips.lost_paise


def at(*closes):
    return [(close, close, close, close) for close in closes]


def test_what_is_open_counts_when_it_is_closed():
    assert (0, 0, 0, 0) == trips_after(at(100, 100, 120), {0: [10]})
    # 10 × 20 less two flat charges of ₹5.
    assert (1, 1, 19_000, 0) == trips_after(at(100, 100, 120), {0: [10], 1: [-10]}, charges="flat:5")


def test_parts_of_a_round_trip_are_one():
    # In at 100 and 110, 4 out at 120, 6 at 90: 480 + 540 − 500 − 550 = −30.
    assert (1, 0, 0, 3_000) == trips_after(at(100, 100, 110, 120, 90), {0: [5], 1: [5], 2: [-4], 3: [-6]})


def test_breaking_even_is_not_won():
    assert (1, 0, 0, 0) == trips_after(at(100, 100, 100), {0: [10], 1: [-10]})
    assert (1, 0, 0, 200) == trips_after(at(100, 100, 100), {0: [10], 1: [-10]}, charges="flat:1")


def test_a_resting_order_through_zero_ends_one_trip_and_begins_another():
    # A resting sale of 10 is sent while flat, so it is no reduction; by its fill 4 are held: it closes 4 and opens −6.
    # 4 × ₹2 less charges of 0.1 % : 40 paise in, 4/10 of 102 paise out. The other 61.2 belong to the short.
    def on_bar(session: Session, row: int):
        seen.append(session.account.trips)
        return {0: [OrderRequest(0, -10, limit=102.0)], 1: [OrderRequest(0, 4)], 4: [OrderRequest(0, 6)]}.get(row, [])

    seen: list = []
    prices = [*still(100, 3), (100, 103, 100, 102), *at(102, 102, 102)]
    record = run(panel_of(prices, per_session=9), settings_of(charges="percent:0.1"), on_bar=on_bar, style="on_bar")
    assert [4, -10, 6] == [booked.fill.quantity for booked in record.settlements]
    trips = seen[-1]
    paid = [booked.charges_paise for booked in record.settlements]
    out = paid[1] * 4 // 10
    assert (2, 1) == (trips.closed, trips.won)
    assert 800 - paid[0] - out == trips.won_paise
    assert (paid[1] - out) + paid[2] == trips.lost_paise


def test_two_instruments_have_trips_of_their_own_and_one_count():
    prices = {"A": at(100, 100, 120, 120), "B": at(100, 100, 90, 80)}
    record = play(prices, {"A": [1, 0, NAN], "B": [1, NAN, 0]}, sizing="kelly:50%", kelly_start=0.1, kelly_after=2)
    # The allotment is half of ₹1,00,000: 50 units of each.
    assert [50, 50, -50, -50] == [booked.fill.quantity for booked in record.settlements]
