"""Schedule: each kind of day as moments, written by hand on India's clock; a week is lived through; two TZ agree."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from framework.live.agreement import DayOpinion, DayVerdict, agree, feed_opinion
from framework.live.hours import MarketClass, SessionHours, hours_of, session_of
from framework.live.schedule import DayPlan, MomentKind, Schedule, day_moments
from framework.market.calendar import Calendar
from framework.types.deadlines import NEVER
from tests.live.rows import INDIA, ist

CAS, OTHER, FNO = (MarketClass("NSE", klass) for klass in ("cas", "other", "fno"))
CALENDARS = {"NSE": Calendar.load("NSE")}
ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Auckland", "Europe/London")


def local(moment):
    return datetime.fromtimestamp(moment.time // 10**9, UTC).astimezone(INDIA)


def moments_of(day, classes, square_offs=(), **plan):
    found = day_moments(CALENDARS, session_of(date.fromisoformat(day)), DayPlan(classes, **plan), square_offs)
    return [
        (f"{local(moment):%H:%M}", moment.kind.value, moment.symbols)
        for moment in found
        if moment.kind is not MomentKind.MINUTE
    ]


def test_an_ordinary_day_has_its_moments_in_order():
    both = ("NSE:INFY", "NSE:TCS")
    square_offs = [("NSE:INFY", ist("2015-01-05 15:10")), ("NSE:TCS", NEVER)]
    expected = [
        ("00:00", "new_day", ()),
        ("09:00", "pre_open", both),
        ("09:15", "open", both),
        ("15:05", "cut_off", ("NSE:INFY",)),
        ("15:10", "square_off", ("NSE:INFY",)),
        ("15:30", "close", both),
        ("15:35", "end_of_day", ()),
    ]
    classes = dict.fromkeys(both, (OTHER,))
    assert expected == moments_of("2015-01-05", classes, square_offs, cut_off_ns=5 * 60 * 10**9)


def test_the_closing_auction_ends_continuous_trading_of_its_shares_alone():
    classes = {"NSE:INFY": (CAS,), "NSE:SMALL": (OTHER,), "NSE:NIFTY-FUT": (FNO,)}
    expected = [
        ("00:00", "new_day", ()),
        ("09:00", "pre_open", ("NSE:INFY", "NSE:SMALL", "NSE:NIFTY-FUT")),
        ("09:15", "open", ("NSE:INFY", "NSE:SMALL", "NSE:NIFTY-FUT")),
        ("15:15", "close", ("NSE:INFY",)),
        ("15:20", "auction", ("NSE:INFY",)),
        ("15:30", "close", ("NSE:SMALL",)),
        ("15:30", "auction_matches", ("NSE:INFY",)),
        ("15:35", "auction_ends", ("NSE:INFY",)),
        ("15:40", "close", ("NSE:NIFTY-FUT",)),
        ("15:45", "end_of_day", ()),
    ]
    assert expected == moments_of("2026-08-04", classes)


def test_a_share_of_which_nobody_knows_the_class_closes_with_the_earlier_one():
    found = moments_of("2026-08-04", {"NSE:INFY": (CAS, OTHER)})
    assert [("15:15", "close", ("NSE:INFY",))] == [each for each in found if each[1] == "close"]


def test_muhurat_is_an_hour_in_the_evening_or_in_the_afternoon():
    classes = {"NSE:INFY": (CAS,)}
    evening = [("18:00", "pre_open"), ("18:15", "open"), ("19:15", "close"), ("19:20", "end_of_day")]
    assert evening == [each[:2] for each in moments_of("2023-11-12", classes)][1:]
    afternoon = [("13:30", "pre_open"), ("13:45", "open"), ("14:45", "close"), ("14:50", "end_of_day")]
    assert afternoon == [each[:2] for each in moments_of("2025-10-21", classes)][1:]


def test_a_session_with_a_break_stops_and_resumes():
    expected = [
        ("09:00", "pre_open"),
        ("09:15", "open"),
        ("10:00", "break"),
        ("11:30", "resumes"),
        ("12:30", "close"),
        ("12:35", "end_of_day"),
    ]
    assert expected == [each[:2] for each in moments_of("2024-03-02", {"NSE:INFY": (OTHER,)})][1:]


def test_a_day_without_a_session_is_a_new_day_and_nothing_else():
    for day in ("2015-01-04", "2015-01-26", "2024-01-22"):
        assert [("00:00", "new_day", ())] == moments_of(day, {"NSE:INFY": (OTHER,)})


def test_the_day_does_not_end_before_the_last_bar_of_every_timeframe():
    classes = {"NSE:INFY": (OTHER,)}
    assert "16:20" == moments_of("2015-01-05", classes, timeframes=("1m", "1h"))[-1][0]
    assert "05:35" == moments_of("2015-01-05", classes, timeframes=("1d",))[-1][0]


def test_there_is_a_moment_in_every_minute_of_trading():
    plan = DayPlan({"NSE:INFY": (OTHER,)})
    times = {moment.time for moment in day_moments(CALENDARS, session_of(date(2015, 1, 5)), plan)}
    minute = 60 * 10**9
    assert not [t for t in range(ist("2015-01-05 09:00"), ist("2015-01-05 15:31"), minute) if t not in times]


def test_doubt_about_a_day_is_noted_and_a_day_beyond_the_table_is_never_guessed():
    plan = DayPlan({"NSE:INFY": (OTHER,)})
    muhurat = day_moments(CALENDARS, session_of(date(2026, 11, 8)), plan)
    assert MomentKind.OPEN in {moment.kind for moment in muhurat}
    assert muhurat[0].note
    beyond = day_moments(CALENDARS, session_of(date(2027, 1, 4)), plan)
    assert [MomentKind.NEW_DAY] == [moment.kind for moment in beyond]
    assert "2027-01-04 is unknown" in beyond[0].note


@pytest.fixture(scope="module")
def schedule():
    plan = DayPlan({"NSE:INFY": (OTHER,)}, ("1m", "1d"))
    return Schedule(CALENDARS.values(), plan, lambda session: [("NSE:INFY", (session * 86_400 + 9 * 3600) * 10**9)])


def test_a_process_lives_through_a_week_with_its_weekend(schedule):
    found = list(schedule.between(ist("2015-01-22 23:59"), ist("2015-01-28 00:00")))
    assert sorted(found, key=lambda moment: moment.time) == found
    days = [f"{local(moment):%a %d}" for moment in found if moment.kind is MomentKind.NEW_DAY]
    assert ["Fri 23", "Sat 24", "Sun 25", "Mon 26", "Tue 27", "Wed 28"] == days
    opens = [f"{local(moment):%d %H:%M}" for moment in found if moment.kind is MomentKind.OPEN]
    assert ["23 09:15", "27 09:15"] == opens  # the 26th is Republic Day
    ends = [f"{local(moment):%d %H:%M}" for moment in found if moment.kind is MomentKind.END_OF_DAY]
    assert ["23 05:35", "24 05:35"] == ends  # daily bars close at midnight UTC


def test_moments_are_the_same_in_one_piece_or_in_many(schedule):
    first, last = ist("2015-01-05 08:00"), ist("2015-01-06 10:00")
    whole = list(schedule.between(first, last))
    at, parts = first, []
    while at < last:
        upto = min(at + 37 * 10**9 * 60, last)
        parts += schedule.between(at, upto)
        at = upto
    assert whole == parts
    at, one_by_one = first, []
    while (following := schedule.next_after(at)).time <= last:
        same = list(schedule.between(at, following.time))
        assert same[0] == following
        one_by_one += same
        at = following.time
    assert whole == one_by_one


def test_what_the_table_says_of_a_day_is_an_opinion(schedule):
    said = {
        day: schedule.opinion_on(session_of(date.fromisoformat(day)))
        for day in ("2015-01-05", "2015-01-26", "2015-02-28", "2027-03-01")
    }
    expected = {
        "2015-01-05": DayOpinion.TRADES,
        "2015-01-26": DayOpinion.CLOSED,
        "2015-02-28": DayOpinion.TRADES,
        "2027-03-01": DayOpinion.UNKNOWN,
    }
    assert expected == said


T, C, U = DayOpinion.TRADES, DayOpinion.CLOSED, DayOpinion.UNKNOWN


@pytest.mark.parametrize(
    ("table", "broker", "feed", "verdict", "asked"),
    [
        (T, T, T, "trade", False),
        (T, T, U, "trade", False),
        (T, U, T, "trade", False),
        (C, T, T, "trade", False),
        (T, C, T, "trade", False),
        (T, C, C, "closed", False),
        (C, C, T, "closed", False),
        (C, U, U, "closed", False),
        (C, U, C, "closed", False),
        (T, U, U, "doubtful", False),
        (U, U, U, "doubtful", False),
        (T, C, U, "doubtful", True),
        (C, T, U, "doubtful", True),
        (T, U, C, "doubtful", True),
        (C, U, T, "doubtful", True),
        (U, C, T, "doubtful", True),
    ],
)
def test_a_day_is_traded_when_two_of_three_say_so(table, broker, feed, verdict, asked):
    found = agree(table, broker, feed)
    assert (DayVerdict(verdict), asked) == (found.verdict, bool(found.question))


def test_a_feed_speaks_by_its_prices_and_after_five_minutes_by_its_silence():
    hours = SessionHours(0, ((1_000 * 10**9, 20_000 * 10**9),))
    assert DayOpinion.UNKNOWN == feed_opinion(hours, 0, 1_299 * 10**9)
    assert DayOpinion.CLOSED == feed_opinion(hours, 999 * 10**9, 1_300 * 10**9)
    assert DayOpinion.TRADES == feed_opinion(hours, 1_000 * 10**9, 1_300 * 10**9)
    assert DayOpinion.TRADES == feed_opinion(None, 5_000 * 10**9, 5_100 * 10**9)
    assert DayOpinion.UNKNOWN == feed_opinion(None, 0, 5_100 * 10**9)


def test_sessions_of_several_classes_last_until_the_last_one_closes():
    session = session_of(date(2026, 8, 4))
    hours = hours_of(CALENDARS.values(), [CAS, OTHER])(session)
    assert ((ist("2026-08-04 09:15"), ist("2026-08-04 15:30")),) == hours.windows
    assert hours_of(CALENDARS.values(), [OTHER])(session_of(date(2026, 8, 2))) is None
    assert hours_of(CALENDARS.values(), [OTHER])(session_of(date(2027, 8, 2))) is None
    broken = hours_of(CALENDARS.values(), [OTHER])(session_of(date(2024, 3, 2)))
    assert [True, False, True, False] == [
        broken.trades_at(ist(f"2024-03-02 {at}")) for at in ("09:59", "10:00", "11:30", "12:30")
    ]


SCRIPT = """
from datetime import date
from framework.live.hours import MarketClass, session_of
from framework.live.schedule import DayPlan, Schedule
from framework.market.calendar import Calendar
from tests.live.rows import ist
plan = DayPlan({"NSE:INFY": (MarketClass("NSE", "cas"),)}, ("1m", "1h"))
moments = Schedule([Calendar.load("NSE")], plan).between(ist("2026-03-06 00:00"), ist("2026-03-10 00:00"))
print(hash(tuple((moment.time, list(type(moment.kind)).index(moment.kind)) for moment in moments)))
"""


def test_five_time_zones_of_the_machine_give_one_schedule():
    """New York changes its clocks within these days."""
    found = {
        zone: subprocess.run(
            [sys.executable, "-c", SCRIPT], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True
        ).stdout
        for zone in ZONES
    }
    assert 1 == len(set(found.values())), found
