"""Round trips worked out by hand; every number in the comments is the working."""

import pytest

from framework.report.round_trips import round_trips
from framework.types import Instrument, OrderType, Reason
from tests.report.records import DAY, Trade, bars, make_record


def only(record):
    trips = round_trips(record)
    assert len(trips) == 1
    return trips[0]


RISING = [100, 102, 104, 106, 108, 106, 104, 102, 104, 106]
"""Opens are the closes before; highs and lows lie 1 beyond."""


def test_a_long_round_trip_from_open_to_open():
    trip = only(
        make_record(
            [bars(RISING)],
            [Trade(0, 1, 10, 100.0, 1.0), Trade(0, 4, -10, 106.0, 1.06, Reason.TAKE_PROFIT)],
        )
    )
    assert trip.symbol == "ABC"
    assert trip.side == "long"
    assert trip.quantity == 10
    assert trip.exit_time - trip.entry_time == 3 * DAY
    assert trip.bars_held == 3
    assert (trip.entry_price, trip.exit_price) == (100.0, 106.0)
    assert trip.gross_paise == 6_000
    assert trip.charges_paise == 206
    assert trip.net_paise == 5_794
    assert trip.return_percent == pytest.approx(5.794)  # 57.94 of 1,000.00
    assert trip.mae_percent == pytest.approx(1.0)  # low 99 of the entry's bar
    assert trip.mfe_percent == pytest.approx(7.0)  # high 107 of the bar before the exit's
    assert trip.entry_reason == "signal"
    assert trip.exit_reason == "take_profit"
    assert not trip.open


def test_a_short_gains_when_the_price_falls_and_its_excursions_change_sides():
    trip = only(make_record([bars(RISING)], [Trade(0, 5, -10, 108.0), Trade(0, 8, 10, 102.0)]))
    assert trip.side == "short"
    assert trip.quantity == 10
    assert trip.gross_paise == 6_000
    assert trip.return_percent == pytest.approx(100 * 60 / 1080)
    assert trip.mae_percent == pytest.approx(100 * 1 / 108)  # high 109
    assert trip.mfe_percent == pytest.approx(100 * 7 / 108)  # low 101


def test_a_position_built_and_reduced_in_parts_is_one_round_trip_at_average_prices():
    trip = only(
        make_record(
            [bars(RISING)],
            [
                Trade(0, 1, 10, 100.0),
                Trade(0, 2, 30, 102.0),
                Trade(0, 3, -20, 104.0),
                Trade(0, 4, 5, 106.0),
                Trade(0, 5, -25, 108.0),
            ],
        )
    )
    assert trip.quantity == 40  # most at one time: 10, 40, 20, 25
    assert trip.entry_price == pytest.approx((1000 + 3060 + 530) / 45)
    assert trip.exit_price == pytest.approx((2080 + 2700) / 45)
    assert trip.gross_paise == (208_000 + 270_000) - (100_000 + 306_000 + 53_000)


def test_an_open_position_is_marked_at_the_last_close_and_comes_last():
    record = make_record([bars(RISING)], [Trade(0, 1, 10, 100.0), Trade(0, 2, -10, 102.0), Trade(0, 6, 10, 106.0, 2.0)])
    closed, still = round_trips(record)
    assert not closed.open
    assert still.open
    assert still.exit_reason == "open"
    assert still.exit_price == 106.0
    assert still.gross_paise == 0
    assert still.net_paise == -200
    assert still.bars_held == 3
    assert still.mae_percent == pytest.approx(100 * 5 / 106)  # low 101


def test_an_open_short_is_marked_on_its_own_side():
    still = only(make_record([bars(RISING)], [Trade(0, 5, -10, 108.0)]))
    assert still.gross_paise == 2_000  # 108 → 106


def test_a_half_closed_position_counts_what_is_realised_and_what_is_not():
    still = only(make_record([bars(RISING)], [Trade(0, 1, 10, 100.0), Trade(0, 4, -4, 106.0)]))
    assert still.gross_paise == 4 * 600 + 6 * 600
    assert still.exit_price == 106.0


def test_an_order_through_zero_ends_one_round_trip_and_starts_another():
    long, short = round_trips(
        make_record([bars(RISING)], [Trade(0, 1, 10, 100.0), Trade(0, 5, -15, 108.0, 3.0), Trade(0, 8, 5, 102.0)])
    )
    assert (long.side, long.gross_paise, long.charges_paise) == ("long", 8_000, 200)  # 10 of 15 units bear 2 of ₹3
    assert (short.side, short.quantity, short.gross_paise, short.charges_paise) == ("short", 5, 3_000, 100)
    assert short.entry_time == long.exit_time


def test_net_profits_of_all_round_trips_are_what_the_equity_gained():
    record = make_record(
        [bars(RISING, "AAA"), bars([50, 49, 48, 47, 46, 45, 44, 43, 42, 41], "BBB")],
        [
            Trade(0, 1, 10, 100.0, 1.11),
            Trade(1, 2, -7, 49.0, 0.33),
            Trade(0, 3, -10, 104.0, 1.13),
            Trade(1, 5, 12, 46.0, 0.57),
            Trade(0, 7, 3, 104.0, 0.2),
        ],
    )
    gained = int(record.equity_paise[-1]) - record.settings.capital_paise
    assert sum(trip.net_paise for trip in round_trips(record)) == gained


def test_an_exit_inside_a_bar_saw_its_open_and_its_own_price_only():
    """The bar of the exit: open 106, low 103, stopped at 104: what the rest of the bar did is not the position's."""
    trip = only(
        make_record(
            [bars([100, 102, 106, 104, 90])],
            [Trade(0, 1, 10, 100.0), Trade(0, 3, -10, 104.0, reason=Reason.STOP_LOSS, at_open=False)],
        )
    )
    assert trip.mae_percent == pytest.approx(1.0)  # low 99 of the first bar
    assert trip.mfe_percent == pytest.approx(7.0)  # high 107 of the second


def test_an_entry_inside_a_bar_did_not_see_the_range_before_it():
    """Limit 99 in a bar 99 … 103 that closes at 102: the low may have come before, the close has not."""
    trip = only(
        make_record(
            [bars([100, 102, 101, 101])],
            [Trade(0, 1, 10, 99.5, at_open=False, type=OrderType.LIMIT), Trade(0, 2, -10, 102.0)],
        )
    )
    assert trip.mae_percent == 0.0
    assert trip.mfe_percent == pytest.approx(100 * (102 / 99.5 - 1))


def test_in_and_out_within_one_bar_saw_its_two_fills():
    trip = only(
        make_record(
            [bars([100, 102, 104])],
            [Trade(0, 1, 10, 100.0), Trade(0, 1, -10, 99.5, reason=Reason.STOP_LOSS, at_open=False)],
        )
    )
    assert trip.bars_held == 0
    assert trip.mae_percent == pytest.approx(0.5)
    assert trip.mfe_percent == 0.0


def test_missing_bars_are_not_bars_held():
    whole, gaps = bars([10, 11, 12, 13, 14, 15], "WHOLE"), bars([20, 21, 22], "GAPS", step=2 * DAY)
    trip = only(make_record([whole, gaps], [Trade(0, 2, 1, 20.0), Trade(0, 4, -1, 21.0)]))
    assert trip.symbol == "GAPS"
    assert trip.bars_held == 1


def test_of_nothing_there_are_none():
    assert round_trips(make_record([bars(RISING, Instrument("M&M", "NSE"))])) == ()
