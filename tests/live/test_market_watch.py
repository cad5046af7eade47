"""Market watch: silence, mute symbols, held prices and doubtful days, as a runner asks for them."""

from datetime import date

from framework.live.agreement import DayOpinion
from framework.live.bar_checks import PriceBounds, PriceChecks
from framework.live.barrier import Barrier, StrayBar, StrayCause
from framework.live.feed_watch import FeedWatch
from framework.live.hours import MarketClass, hours_of, session_of
from framework.live.market_watch import MarketWatch
from framework.live.schedule import DayPlan, Schedule
from framework.market.calendar import Calendar
from tests.live.rows import MINUTE_NS, bar, ist, ordinary

OPENS = ist("2015-01-05 09:15")
SECOND_NS = 10**9
NSE = Calendar.load("NSE")
OTHER = (MarketClass("NSE", "other"),)


def says(opinion):
    return lambda day: opinion


def codes(worries):
    return [worry.code for worry in worries]


def watched(symbols=("NSE:A", "NSE:B"), table=DayOpinion.TRADES, broker=DayOpinion.TRADES, **options):
    return MarketWatch(ordinary, says(table), FeedWatch(symbols, every_ns=MINUTE_NS), broker=says(broker), **options)


def test_a_sound_day_worries_nobody():
    watch = watched()
    for minute in range(376):
        now = OPENS + minute * MINUTE_NS
        if minute:
            for symbol in ("NSE:A", "NSE:B"):
                assert watch.take(bar(symbol, now - MINUTE_NS), now) is None
        assert () == watch.look(now)
    assert () == watch.look(ist("2015-01-05 23:00"))
    assert () == watch.look(ist("2015-01-06 04:00"))


def test_a_silent_feed_worries_more_the_longer_it_lasts():
    watch = watched(("NSE:A",))
    watch.take(bar("NSE:A", OPENS), OPENS + MINUTE_NS)
    found = {
        second: [(worry.code, worry.no_new_risk, worry.reconnect) for worry in watch.look(OPENS + second * SECOND_NS)]
        for second in (124, 125, 130, 150)
    }
    expected = {
        124: [],
        125: [("feed_slow", False, False)],
        130: [("feed_silent", True, False)],
        150: [("feed_silent", True, True)],
    }
    assert expected == found


def test_marks_are_life_where_the_feed_makes_them_and_never_a_price():
    """Of a replay a minute without a trade is nothing to worry about; a timer's marks say nothing."""
    for of_the_feed, expected in ((True, []), (False, ["feed_silent"])):
        watch = watched((), marks_are_life=of_the_feed)
        for minute in range(30):
            watch.hear_mark(OPENS + minute * MINUTE_NS)
        assert expected == codes(watch.look(OPENS + 29 * MINUTE_NS))
    watch = watched((), table=DayOpinion.CLOSED, broker=DayOpinion.CLOSED, marks_are_life=True)
    watch.hear_mark(ist("2015-01-04 10:00"))
    assert () == watch.look(ist("2015-01-04 10:00"))


def test_a_single_mute_symbol_is_named():
    watch = watched()
    for minute in (1, 2):
        watch.take(bar("NSE:A", OPENS + (minute - 1) * MINUTE_NS), OPENS + minute * MINUTE_NS)
    [worry] = watch.look(OPENS + 2 * MINUTE_NS)
    assert ("symbol_mute", "NSE:B") == (worry.code, worry.symbol)


def test_a_price_out_of_bounds_is_held_back_and_still_heard():
    checks = PriceChecks({"NSE:A": PriceBounds(max_jump_percent=20.0)}, {"NSE:A": 100.0})
    watch = watched(("NSE:A",), checks=checks)
    stray = watch.take(bar("NSE:A", OPENS, (10.0, 12.0, 9.0, 11.0)), OPENS + MINUTE_NS)
    assert (StrayCause.HELD, "its price 9 is more than 20 % away from 100") == stray[1:]
    assert () == watch.look(OPENS + MINUTE_NS)


def test_a_holiday_that_the_table_does_not_know_is_asked_about_once_it_shows():
    """The broker says closed, the table open: no new risk; then the feed stays silent, two to one."""
    watch = watched(broker=DayOpinion.CLOSED)
    [worry] = watch.look(OPENS)
    assert ("day_doubtful", True) == (worry.code, worry.no_new_risk)
    assert worry.question.startswith("the session table says that there is a session today, the broker that there is")
    assert ["feed_silent", "day_doubtful"] == codes(watch.look(OPENS + 299 * SECOND_NS))
    assert ["feed_silent"] == codes(watch.look(OPENS + 300 * SECOND_NS))


def test_a_sunday_session_and_a_muhurat_evening_are_traded_when_two_say_so():
    schedule = Schedule([NSE], DayPlan({"NSE:A": OTHER}))
    hours = hours_of([NSE], OTHER)
    for day, opens in (("2026-02-01", "09:15"), ("2023-11-12", "18:15")):
        now = ist(f"{day} {opens}")
        assert date.fromisoformat(day).weekday() == 6
        watch = MarketWatch(hours, schedule.opinion_on, FeedWatch(["NSE:A"], every_ns=MINUTE_NS))
        [worry] = watch.look(now)  # nobody but the table has spoken: wait, and ask nobody
        assert ("day_doubtful", "") == (worry.code, worry.question)
        watch.take(bar("NSE:A", now), now + MINUTE_NS)
        assert () == watch.look(now + MINUTE_NS)


def test_prices_on_a_day_that_the_table_calls_closed_are_asked_about():
    schedule = Schedule([NSE], DayPlan({"NSE:A": OTHER}))
    watch = MarketWatch(hours_of([NSE], OTHER), schedule.opinion_on, FeedWatch(["NSE:A"]))
    now = ist("2015-01-26 10:00")
    assert () == watch.look(now)
    watch.take(bar("NSE:A", now - MINUTE_NS), now)
    [worry] = watch.look(now)
    assert worry.question.startswith(
        "the feed says that there is a session today, the session table that there is none"
    )
    assert DayOpinion.CLOSED == schedule.opinion_on(session_of(date(2015, 1, 26)))


def judged_at(*lags_s):
    """How a barrier judges a minute's bar each, told so many seconds before it is over."""
    barrier = Barrier(("NSE:A",), "1m", ordinary)
    for minute, lag in enumerate(lags_s):
        one = bar("NSE:A", OPENS + minute * MINUTE_NS)
        yield barrier.take(one, round(one.close_time - lag * SECOND_NS))


def test_a_clock_that_is_behind_the_feed_is_told_with_the_second_bar_and_over_with_the_second_that_is_taken():
    """F54: at three seconds each bar is one of the future, and nobody would be told but by stray entries."""
    watch, told = watched(("NSE:A",)), []
    for stray in judged_at(0, 3, -1, 3, 3, 3, 0, 3, 0, 0):
        watch.hear_judged([stray])
        told.append(watch.lag.is_there)
    assert [False] * 4 + [True] * 5 + [False] == told
    for stray in judged_at(2.5, 2.5):
        watch.hear_judged([stray])
    worry = watch.look(OPENS - MINUTE_NS)[0]
    assert ("clock_behind", True, "") == (worry.code, worry.no_new_risk, worry.symbol)
    assert "a bar of NSE:A is told too early for this machine's clock: it is over 2.5 s from now" == worry.text
    assert worry.question.startswith("is this machine's clock right?")


def test_a_bar_that_is_in_no_row_for_another_cause_says_nothing_about_the_clock():
    ahead, ahead_again = judged_at(3, 3)
    insane = StrayBar(bar("NSE:A", OPENS), StrayCause.INSANE)
    watch = watched(("NSE:A",))
    for judged in ([ahead], [insane], [None, ahead_again]):
        watch.hear_judged(judged)
    assert watch.lag.is_there
    for _ in range(3):
        watch.hear_judged([insane])
    assert watch.lag.is_there
