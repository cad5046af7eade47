"""Checks of prices, the watch over silence, and what is kept of a bar that arrived."""

import pytest

from framework.live.arrivals import arrived
from framework.live.bar_checks import MissingBars, PriceBounds, PriceChecks, fault_of, price_fault
from framework.live.barrier import Barrier, StrayBar, StrayCause
from framework.live.feed_watch import FeedHealth, FeedState, FeedWatch
from framework.live.hours import SessionHours
from tests.live.rows import MINUTE_NS, bar, ist, ordinary

OPENS = ist("2015-01-05 09:15")
NAN, INF = float("nan"), float("inf")
SECOND_NS = 10**9


@pytest.mark.parametrize(
    ("prices", "fault"),
    [
        ((10.0, 12.0, 9.0, 11.0), ""),
        ((10.0, 10.0, 10.0, 10.0), ""),
        ((0.0, 12.0, 0.0, 11.0), "its open 0 is no finite price above 0"),
        ((10.0, 12.0, -9.0, 11.0), "its low -9 is no finite price above 0"),
        ((10.0, NAN, 9.0, 11.0), "its high nan is no finite price above 0"),
        ((10.0, 12.0, 9.0, INF), "its close inf is no finite price above 0"),
        ((10.0, 9.0, 12.0, 10.0), "its high 9 is below its low 12"),
        ((13.0, 12.0, 9.0, 11.0), "its open 13 or close 11 is outside 9 … 12"),
        ((10.0, 12.0, 9.0, 8.0), "its open 10 or close 8 is outside 9 … 12"),
        ((10.0, 12.0, 9.0, 11.02), "its close 11.02 is not on the tick of 0.05"),
        ((10.05, 12.0, 9.0, 11.1), ""),
    ],
)
def test_a_bar_that_is_none_says_why(prices, fault):
    assert fault == fault_of(bar("NSE:A", OPENS, prices), 0.05)


@pytest.mark.parametrize(("volume", "sound"), [(0.0, True), (NAN, True), (-1.0, False), (INF, False)])
def test_a_volume_is_not_stated_or_a_number_from_0_on(volume, sound):
    assert sound == (fault_of(bar("NSE:A", OPENS, volume=volume)) == "")


def test_every_price_of_two_decimals_lies_on_its_tick():
    off = [paise for paise in range(5, 3_000_000, 5) if price_fault(paise / 100, 0.05)]
    assert [] == off
    assert price_fault(24_999.98, 0.05)


def test_a_price_far_from_the_last_is_held_until_three_agree():
    checks = PriceChecks({"NSE:A": PriceBounds(max_jump_percent=20.0)}, {"NSE:A": 100.0})
    assert "" == checks.hold_price("NSE:A", 120.0)
    assert "its price 145 is more than 20 % away from 120" == checks.hold_price("NSE:A", 145.0)
    assert "" == checks.hold_price("NSE:A", 121.0)  # it was a single wrong print
    for price in (50.0, 50.5):
        assert checks.hold_price("NSE:A", price)
    assert "" == checks.hold_price("NSE:A", 50.0)  # a split of one into two
    assert "" == checks.hold_price("NSE:A", 51.0)
    assert {"NSE:A": 3} == checks.counted


def test_wrong_prints_that_do_not_agree_are_never_taken_for_a_gap():
    checks = PriceChecks({"NSE:A": PriceBounds(max_jump_percent=20.0)}, {"NSE:A": 100.0})
    assert all(checks.hold_price("NSE:A", price) for price in (200.0, 50.0, 400.0, 10.0, 1_000.0))


def test_a_bar_is_judged_by_all_its_prices_and_others_have_bounds_of_their_own():
    checks = PriceChecks({"NSE:A": PriceBounds(0.05, 20.0)}, {"NSE:A": 100.0, "NSE:B": 100.0})
    spike = bar("NSE:A", OPENS, (100.0, 180.0, 100.0, 101.0))
    assert "its price 180 is more than 20 % away from 100" == checks.hold_bar(spike)
    assert "" == checks.hold_bar(bar("NSE:B", OPENS, (100.0, 180.0, 100.0, 101.0)))
    assert "" == checks.hold_bar(bar("NSE:A", OPENS, (100.0, 102.0, 100.0, 101.0)))
    assert "" == checks.hold_bar(bar("NSE:C", OPENS, (1.0, 2.0, 1.0, 2.0)))
    assert "its low nan is no finite price above 0" == checks.hold_bar(bar("NSE:A", OPENS, (1.0, 1.0, NAN, 1.0)))


def test_a_symbol_without_a_bar_in_a_row_is_counted():
    symbols = ("NSE:A", "NSE:B")
    barrier, missing = Barrier(symbols, "1m", ordinary), MissingBars(symbols)
    for symbol, minute in (("NSE:A", 0), ("NSE:B", 0), ("NSE:A", 1), ("NSE:A", 2)):
        barrier.take(bar(symbol, OPENS + minute * MINUTE_NS))
    rows = barrier.reach(2**62)
    assert [(), ("NSE:B",), ("NSE:B",)] == [missing.take(row) for row in rows]
    assert (3, {"NSE:B": 2}) == (missing.rows, missing.counted)
    missing.begin_day()
    assert (0, {}) == (missing.rows, missing.counted)


HOURS = SessionHours(0, ((1_000 * SECOND_NS, 2_000 * SECOND_NS), (3_000 * SECOND_NS, 4_000 * SECOND_NS)))


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (999, FeedState.FINE),
        (1_004, FeedState.FINE),
        (1_005, FeedState.WARN),
        (1_010, FeedState.REDUCE_ONLY),
        (1_029, FeedState.REDUCE_ONLY),
        (1_030, FeedState.RECONNECT),
        (1_999, FeedState.RECONNECT),
        (2_000, FeedState.FINE),
        (3_004, FeedState.FINE),
        (3_005, FeedState.WARN),
        (4_000, FeedState.FINE),
    ],
)
def test_a_feed_that_says_nothing_gets_worse_within_the_session_only(second, state):
    watch = FeedWatch(["NSE:A"])
    watch.hear("NSE:A", 500 * SECOND_NS)
    assert state == watch.look(HOURS, second * SECOND_NS).state
    assert FeedHealth(FeedState.FINE, 0) == watch.look(None, second * SECOND_NS)


def test_a_single_mute_symbol_is_told_while_the_feed_is_fine():
    watch = FeedWatch(["NSE:A", "NSE:B"], symbol_ns=60 * SECOND_NS)
    for second in range(1_000, 1_200):
        watch.hear("NSE:A", second * SECOND_NS)
        assert () == watch.look(HOURS, second * SECOND_NS).mute or second >= 1_070
    assert FeedHealth(FeedState.FINE, 0, ("NSE:B",)) == watch.look(HOURS, 1_199 * SECOND_NS)
    assert 199 * SECOND_NS == watch.age_ns("NSE:B", HOURS, 1_199 * SECOND_NS)
    watch.hear("NSE:B", 1_199 * SECOND_NS)
    assert () == watch.look(HOURS, 1_199 * SECOND_NS).mute
    assert 0 == watch.age_ns("NSE:B", HOURS, 2_500 * SECOND_NS)
    assert 1_199 * SECOND_NS == watch.last_heard


def test_a_feed_of_minute_bars_is_not_silent_within_a_minute():
    watch = FeedWatch(["NSE:A"], every_ns=MINUTE_NS)
    watch.hear("NSE:A", 1_060 * SECOND_NS)
    states = [watch.look(HOURS, second * SECOND_NS).state for second in (1_120, 1_125, 1_130, 1_150)]
    assert [FeedState.FINE, FeedState.WARN, FeedState.REDUCE_ONLY, FeedState.RECONNECT] == states


def test_what_was_before_it_began_is_no_silence():
    watch = FeedWatch(["NSE:A"], began=1_500 * SECOND_NS)
    seconds = (1_504, 1_505, 1_510, 3_004, 3_005)
    states = [watch.look(HOURS, second * SECOND_NS).state for second in seconds]
    assert [FeedState.FINE, FeedState.WARN, FeedState.REDUCE_ONLY, FeedState.FINE, FeedState.WARN] == states
    assert 10 * SECOND_NS == watch.age_ns("NSE:A", HOURS, 1_510 * SECOND_NS)


def test_what_arrived_is_kept_with_its_source_and_its_fate():
    one = bar("NSE:A", OPENS, source="replay")
    row = arrived(one, OPENS + MINUTE_NS)
    assert ("NSE:A", 11.0, "replay", "taken") == (row.symbol, row.close, row.source, row.fate)
    stray = arrived(one, OPENS + MINUTE_NS, StrayBar(one, StrayCause.LATE, "too late"))
    assert (OPENS + MINUTE_NS, "late", "too late") == (stray.arrived_at, stray.fate, stray.detail)
