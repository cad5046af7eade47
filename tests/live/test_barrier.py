"""Barrier: whatever the order, lateness and doubling of bars, each is in the one row of its moment or a stray one."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.broker.feed import FeedReaches
from framework.errors import ConfigError
from framework.live.barrier import Barrier, StrayCause, opening_of
from framework.live.hours import MarketClass, SessionHours, hours_of, session_of
from framework.market.calendar import Calendar
from framework.types.deadlines import Deadline
from framework.types.events import BarOpens
from tests.live.rows import MINUTE_NS, MONDAY, bar, ist, ordinary, plain, told, with_marks

SYMBOLS = ("NSE:A", "NSE:B", "NSE:C")
OPENS = ist("2015-01-05 09:15")
NSE = Calendar.load("NSE")
DAY_NS = 86_400 * 10**9


def nse(*classes):
    return hours_of([NSE], [MarketClass("NSE", klass) for klass in classes])


def short(session):
    """Eight minutes, two of them a break: 09:15–09:18 and 09:20–09:23, on two days."""
    if session not in {MONDAY, MONDAY + 1}:
        return None
    begin = OPENS + (session - MONDAY) * DAY_NS
    return SessionHours(
        session,
        ((begin, begin + 3 * MINUTE_NS), (begin + 5 * MINUTE_NS, begin + 8 * MINUTE_NS)),
    )


TRADING = [OPENS + day * DAY_NS + k * MINUTE_NS for day in (0, 1) for k in (0, 1, 2, 5, 6, 7)]


def named(symbol, opens, variant=0):
    """A bar whose prices tell which one it is."""
    number = SYMBOLS.index(symbol) * 10_000 + TRADING.index(opens) * 100 + variant + 1.0
    return bar(symbol, opens, (number, number + 0.5, number - 0.5, number), number)


bars = st.builds(named, st.sampled_from(SYMBOLS), st.sampled_from(TRADING), st.integers(0, 1))
strange = st.sampled_from(
    [
        bar("NSE:A", OPENS + MINUTE_NS // 2),
        bar("NSE:A", OPENS + 3 * MINUTE_NS),
        bar("NSE:B", OPENS, (10.0, 9.0, 11.0, 10.0)),
        bar("NSE:C", OPENS + DAY_NS, (float("nan"),) * 4),
        bar("NSE:B", OPENS - DAY_NS),
        bar("NSE:B", OPENS, length=2 * MINUTE_NS),
    ]
)
marks = st.builds(FeedReaches, st.sampled_from([opens + MINUTE_NS for opens in TRADING]))
events_in_any_order = st.lists(bars | strange | marks, max_size=60)


def closes_of(row):
    return {symbol: close for symbol, close in zip(SYMBOLS, row.close, strict=True) if isfinite(close)}


@given(events_in_any_order)
def test_a_bar_is_in_the_row_of_its_moment_or_a_stray_one_and_never_twice(events):
    barrier = Barrier(SYMBOLS, "1m", short)

    rows, strays = told(barrier, [*events, FeedReaches(TRADING[-1] + MINUTE_NS)])

    assert sorted({row.time for row in rows}) == [row.time for row in rows]
    assert all(closes_of(row) for row in rows)
    in_rows = Counter((symbol, row.time, close) for row in rows for symbol, close in closes_of(row).items())
    astray = Counter((stray.bar.symbol, stray.bar.open_time, stray.bar.close) for stray in strays)
    given_bars = [event for event in events if not isinstance(event, FeedReaches)]
    assert len(given_bars) == in_rows.total() + astray.total()
    sound = Counter((one.symbol, one.open_time, one.close) for one in given_bars if isfinite(one.close))
    assert sound == Counter({key: n for key, n in (in_rows + astray).items() if isfinite(key[2])})
    assert {} == barrier.waits_for


@given(st.lists(bars, unique_by=lambda one: one[:3], max_size=36), st.randoms(use_true_random=False), st.booleans())
def test_between_two_marks_the_order_of_bars_does_not_matter(given_bars, random, asks_at_once):
    """Nor does it matter that a row which is complete is taken before its mark."""
    in_order = sorted(given_bars, key=lambda one: one.close_time)
    expected, none = told(Barrier(SYMBOLS, "1m", short), with_marks(in_order))
    assert [] == none

    shuffled, at = [], 0
    while at < len(in_order):
        size = random.randint(1, 9)
        some = in_order[at : at + size]
        at += size
        while at < len(in_order) and in_order[at].close_time == some[-1].close_time:
            some.append(in_order[at])
            at += 1
        mark = some[-1].close_time
        random.shuffle(some)
        shuffled += [*some, FeedReaches(mark)]
    barrier = Barrier(SYMBOLS, "1m", short)
    rows = []
    for event in shuffled:
        if isinstance(event, FeedReaches):
            rows += barrier.reach(event.time)
        else:
            assert barrier.take(event) is None
            rows += barrier.complete(2**62) if asks_at_once else []

    assert [plain(row) for row in expected] == [plain(row) for row in rows]


@given(st.lists(bars, unique_by=lambda one: one[:3], max_size=36), st.randoms(use_true_random=False))
def test_gathered_rows_do_not_depend_on_the_order_either(given_bars, random):
    in_order = sorted(given_bars, key=lambda one: one.close_time)
    end = FeedReaches(TRADING[-1] + 3 * MINUTE_NS)
    expected, none = told(Barrier(SYMBOLS, "3m", short, base="1m"), [*with_marks(in_order), end])
    assert [] == none
    shuffled = list(given_bars)
    random.shuffle(shuffled)
    rows, none = told(Barrier(SYMBOLS, "3m", short, base="1m"), [*shuffled, end])
    assert [] == none
    assert [plain(row) for row in expected] == [plain(row) for row in rows]


def test_a_complete_row_need_not_wait_for_its_mark_but_for_the_rows_before_it():
    barrier = Barrier(SYMBOLS[:2], "1m", ordinary)
    first, second = OPENS + MINUTE_NS, OPENS + 2 * MINUTE_NS
    barrier.reach(OPENS)
    for symbol in SYMBOLS[:2]:
        assert barrier.take(bar(symbol, OPENS)) is None
    assert [] == barrier.complete(first - 1)
    assert [OPENS] == [row.time for row in barrier.complete(first)]
    barrier.take(bar("NSE:A", OPENS + MINUTE_NS))
    for symbol in SYMBOLS[:2]:
        barrier.take(bar(symbol, OPENS + 2 * MINUTE_NS))
    assert {first: ("NSE:B",), second: ()} == barrier.waits_for
    assert [] == barrier.complete(2**62)
    assert [first] == [row.time for row in barrier.reach(second)]
    assert [second] == [row.time for row in barrier.complete(2**62)]


@pytest.mark.parametrize(
    ("stray", "why"),
    [
        (bar("NSE:A", "2015-01-05 09:15"), StrayCause.DUPLICATE),
        (bar("NSE:A", "2015-01-05 09:15", (10.0, 12.0, 9.0, 11.5)), StrayCause.REVISED),
        (bar("NSE:B", "2015-01-05 09:15"), StrayCause.LATE),
        (bar("NSE:A", "2015-01-05 09:20"), StrayCause.FUTURE),
        (bar("NSE:A", ist("2015-01-05 09:16") + 1), StrayCause.OFF_GRID),
        (bar("NSE:A", "2015-01-05 09:16", length=MINUTE_NS - 1), StrayCause.OFF_GRID),
        (bar("NSE:A", "2015-01-05 09:14"), StrayCause.OUTSIDE),
        (bar("NSE:A", "2015-01-05 15:30"), StrayCause.OUTSIDE),
        (bar("NSE:A", "2015-01-04 09:16"), StrayCause.OUTSIDE),
        (bar("NSE:A", "2015-01-05 09:16", (10.0, 9.0, 12.0, 11.0)), StrayCause.INSANE),
        (bar("NSE:A", "2015-01-05 09:16", (0.0, 12.0, 0.0, 11.0)), StrayCause.INSANE),
        (bar("NSE:A", "2015-01-05 09:16", (10.0, 12.0, 9.0, float("nan"))), StrayCause.INSANE),
        (bar("NSE:A", "2015-01-05 09:16", volume=-1.0), StrayCause.INSANE),
    ],
)
def test_a_stray_bar_says_why(stray, why):
    barrier = Barrier(SYMBOLS, "1m", ordinary)
    assert barrier.take(bar("NSE:A", "2015-01-05 09:15")) is None
    assert 1 == len(barrier.reach(ist("2015-01-05 09:16")))

    found = barrier.take(stray, ist("2015-01-05 09:17"))

    assert (stray, why) == found[:2]
    assert [] == barrier.reach(ist("2015-01-05 09:30"))


def test_a_bar_is_of_the_future_from_two_seconds_on():
    barrier, over = Barrier(SYMBOLS, "1m", ordinary), ist("2015-01-05 09:16")
    early = bar("NSE:A", OPENS)
    assert StrayCause.FUTURE == barrier.take(early, over - 2 * 10**9 - 1).why
    assert barrier.take(early, over - 2 * 10**9) is None


def test_bars_of_others_are_none_of_its_business():
    barrier = Barrier(SYMBOLS, "5m", ordinary, base="1m")
    assert barrier.take(bar("NSE:Z", OPENS)) is None
    assert barrier.take(bar("NSE:A", OPENS, timeframe="5m", length=5 * MINUTE_NS)) is None
    assert [] == barrier.reach(2**62)


def test_rows_that_no_whole_number_of_bars_makes_are_refused():
    with pytest.raises(ConfigError, match="timeframe 5m is no whole multiple of the feed's 3m"):
        Barrier(SYMBOLS, "5m", ordinary, base="3m")


def test_bars_without_a_volume_are_equal_to_themselves():
    barrier = Barrier(SYMBOLS, "1m", ordinary)
    index = bar("NSE:A", OPENS, volume=float("nan"))
    assert barrier.take(index) is None
    assert StrayCause.DUPLICATE == barrier.take(bar("NSE:A", OPENS, volume=float("nan"))).why


def test_muhurat_is_a_session_of_sixty_minutes():
    barrier = Barrier(SYMBOLS[:1], "1m", nse("cas"))
    start = ist("2025-10-21 13:45")
    minutes = [bar("NSE:A", start + k * MINUTE_NS) for k in range(60)]
    rows, strays = told(barrier, with_marks([*minutes, bar("NSE:A", start + 60 * MINUTE_NS)]))
    assert 60 == len(rows)
    assert [StrayCause.OUTSIDE] == [stray.why for stray in strays]
    assert [59] == [k for k, row in enumerate(rows) if row.ends_session]
    hour, _ = told(Barrier(SYMBOLS[:1], "1h", nse("cas"), base="1m"), with_marks(minutes))
    assert [(start, start + 60 * MINUTE_NS, True, (6000.0,))] == [
        (row.time, row.close_time, row.ends_session, row.volume) for row in hour
    ]


def test_no_bar_lies_in_a_break_and_the_grid_goes_on_behind_it():
    barrier = Barrier(SYMBOLS[:1], "1h", nse("other"), base="1m")
    day = "2024-03-02"  # a Saturday: 09:15–10:00 and 11:30–12:30
    minutes = [bar("NSE:A", f"{day} {at}") for at in ("09:15", "09:59", "10:00", "11:29", "11:30", "12:29", "12:30")]
    rows, strays = told(barrier, [*minutes, FeedReaches(ist(f"{day} 13:15"))])
    assert [f"{day} {at}" for at in ("10:00", "11:29", "12:30")] == [
        next(text for text in (f"{day} 10:00", f"{day} 11:29", f"{day} 12:30") if ist(text) == stray.bar.open_time)
        for stray in strays
    ]
    assert [(ist(f"{day} 09:15"), 200.0), (ist(f"{day} 11:15"), 100.0), (ist(f"{day} 12:15"), 100.0)] == [
        (row.time, row.volume[0]) for row in rows
    ]
    assert [False, False, True] == [row.ends_session for row in rows]


def test_a_share_of_the_closing_auction_ends_its_session_at_a_quarter_past_three():
    last = [bar("NSE:A", "2026-08-04 15:14"), bar("NSE:A", "2026-08-04 15:15")]
    rows, strays = told(Barrier(SYMBOLS[:1], "1m", nse("cas")), with_marks(last))
    assert [True] == [row.ends_session for row in rows]
    assert [StrayCause.OUTSIDE] == [stray.why for stray in strays]
    rows, strays = told(Barrier(SYMBOLS[:1], "1m", nse("cas", "other")), with_marks(last))
    assert [False, False] == [row.ends_session for row in rows]
    assert [] == strays


def test_the_last_bar_of_a_session_may_say_that_it_closed_with_it():
    whole = bar("NSE:A", "2015-01-05 15:15", timeframe="1h", length=60 * MINUTE_NS)
    cut = whole._replace(close_time=ist("2015-01-05 15:30"))
    for told_as in (whole, cut):
        barrier = Barrier(SYMBOLS[:1], "1h", ordinary)
        assert barrier.take(told_as, ist("2015-01-05 15:30")) is None
        assert [] == barrier.complete(ist("2015-01-05 15:30"))
        [row] = barrier.reach(ist("2015-01-05 16:15"))
        assert (ist("2015-01-05 15:15"), ist("2015-01-05 16:15"), True) == (row.time, row.close_time, row.ends_session)


def test_the_first_bar_of_a_session_is_known_before_any_price():
    due = Deadline((ist("2015-01-05 15:10"),) * 3, (2**62,) * 3)
    barrier = Barrier(SYMBOLS, "5m", ordinary, base="1m", deadline={MONDAY: due}.get)

    opening = barrier.session_opening(MONDAY)

    expected = BarOpens(OPENS, OPENS + 5 * MINUTE_NS, MONDAY, ends_session=False, deadline=due)
    assert expected == opening
    assert barrier.session_opening(MONDAY - 1) is None
    barrier.take(bar("NSE:B", "2015-01-05 09:17"))
    [row] = barrier.reach(opening.close_time)
    assert expected == opening_of(row)
    nothing = barrier.empty_row(opening)
    assert expected == opening_of(nothing)
    assert not any(isfinite(value) for values in nothing[4:9] for value in values)
    daily = Barrier(SYMBOLS, "1d", ordinary).session_opening(MONDAY)
    assert (MONDAY * DAY_NS, (MONDAY + 1) * DAY_NS, True) == (daily.moment, daily.close_time, daily.ends_session)


SCRIPT = """
from tests.live.rows import bar, ist, told, with_marks, MINUTE_NS
from tests.live.test_barrier import nse
from framework.live.barrier import Barrier
start = ist("2026-03-06 09:15")
minutes = [bar("NSE:A", start + day * 86_400 * 10**9 + k * MINUTE_NS) for day in (0, 3) for k in range(375)]
for timeframe in ("1m", "1h", "1d"):
    print(told(Barrier(["NSE:A"], timeframe, nse("other"), base="1m"), with_marks(minutes)))
"""


def test_five_time_zones_of_the_machine_give_the_same_rows():
    """New York changes its clocks within these days."""
    found = {
        zone: subprocess.run(
            [sys.executable, "-c", SCRIPT], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True
        ).stdout
        for zone in ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Auckland", "Europe/London")
    }
    assert 1 == len(set(found.values()))
    assert session_of(date(2026, 3, 6)) * DAY_NS == ist("2026-03-06 05:30")
    assert str(ist("2026-03-06 05:30")) in found["UTC"]


def test_a_moment_lies_within_a_bar_between_its_open_and_its_close():
    barrier = Barrier(SYMBOLS, "15m", ordinary)
    moments = ("09:00", "09:15", "09:16", "09:30", "15:10", "15:15", "15:29", "15:30")
    found = [barrier.is_within_a_bar(ist(f"2015-01-05 {at}")) for at in moments]
    assert [False, False, True, False, True, False, True, False] == found
