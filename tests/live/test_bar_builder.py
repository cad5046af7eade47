"""Bars from ticks, and ticks from bars: the same bars come again; what is no trade of now is counted, not taken."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.broker.feed import FeedBar, FeedConnection, FeedEnds, FeedReaches, FeedTick
from framework.live.bar_builder import BarBuilder, TickFate
from framework.live.hours import SessionHours
from framework.live.replay_feed import ReplayFeed
from framework.live.tick_bars import GraceMarks, TickBars
from tests.live.rows import MINUTE_NS, MONDAY, bar, ist, ordinary

OPENS = ist("2015-01-05 09:15")
SECOND_NS = 10**9


def tick(second, price, volume=float("nan"), *, symbol="NSE:A", snapshot=False):
    """A tick so many seconds after 09:15."""
    return FeedTick(symbol, OPENS + round(second * SECOND_NS), price, volume, snapshot)


def built(ticks, builder=None, until=3_600):
    builder = builder or BarBuilder(["NSE:A", "NSE:B"], "1m", ordinary)
    done = [made for one in ticks for made in builder.take(one, one.time)]
    return done + builder.reach(OPENS + until * SECOND_NS)


def test_a_bar_is_made_of_its_trades_and_of_what_the_days_volume_rose_by():
    ticks = [tick(0, 10.0, 5), tick(20, 12.0, 25), tick(40, 9.0, 25), tick(59.9, 11.0, 30), tick(60, 11.5, 31)]
    expected = [
        bar("NSE:A", OPENS, (10.0, 12.0, 9.0, 11.0), 30.0, source="ticks"),
        bar("NSE:A", OPENS + MINUTE_NS, (11.5, 11.5, 11.5, 11.5), 1.0, source="ticks"),
    ]
    assert expected == built(ticks)


def test_a_bar_is_told_when_the_feed_has_told_all_of_it_or_by_the_next_trade():
    builder = BarBuilder(["NSE:A", "NSE:B"], "1m", ordinary)
    for one in (tick(1, 10.0, 1), tick(2, 20.0, 1, symbol="NSE:B")):
        assert [] == builder.take(one, one.time)
    assert [] == builder.reach(OPENS + MINUTE_NS - 1)
    assert ["NSE:A"] == [made.symbol for made in builder.take(tick(60, 10.0, 2), OPENS + MINUTE_NS)]
    assert ["NSE:B"] == [made.symbol for made in builder.reach(OPENS + MINUTE_NS)]


def test_volume_that_falls_adds_nothing_and_is_counted():
    builder = BarBuilder(["NSE:A"], "1m", ordinary)
    [made] = built([tick(0, 10.0, 100), tick(10, 10.0, 40), tick(20, 10.0, 110)], builder)
    assert 110.0 == made.volume
    assert {"NSE:A": 1} == builder.volume_fell


def test_a_snapshot_after_a_reconnect_is_no_trade():
    builder = BarBuilder(["NSE:A"], "1m", ordinary)
    [made] = built([tick(0, 10.0, 100), tick(30, 99.0, 5_000, snapshot=True), tick(40, 11.0, 5_010)], builder)
    assert ((10.0, 11.0, 10.0, 11.0), 110.0) == (made[4:8], made.volume)
    assert 1 == builder.fates[TickFate.SNAPSHOT]


def test_a_builder_that_began_within_the_session_does_not_take_the_days_volume_for_its_first_bars():
    builder = BarBuilder(["NSE:A"], "1m", ordinary, began=OPENS + 1)
    [made] = built([tick(10, 10.0, 7_000), tick(20, 10.0, 7_003)], builder)
    assert 3.0 == made.volume


def test_a_new_day_counts_its_volume_from_nothing():
    day = 24 * 3_600
    made = built([tick(0, 10.0, 500), tick(day, 10.0, 20), tick(day + 1, 10.0, 30)], until=day + 60)
    assert [500.0, 30.0] == [one.volume for one in made]


@pytest.mark.parametrize(
    ("one", "fate"),
    [
        (tick(61, 10.0, 2), TickFate.DUPLICATE),
        (tick(60.5, 10.0, 3), TickFate.OUT_OF_ORDER),
        (tick(59, 10.0, 3), TickFate.LATE),
        (tick(64.1, 10.0, 3), TickFate.FUTURE),
        (tick(64, 10.0, 3), TickFate.TAKEN),
        (tick(62, 0.0, 3), TickFate.INSANE),
        (tick(62, float("nan"), 3), TickFate.INSANE),
        (tick(62, -1.0, 3), TickFate.INSANE),
        (tick(-1, 10.0, 3), TickFate.OUTSIDE),
        (tick(-24 * 3_600, 10.0, 3), TickFate.OUTSIDE),
        (tick(62, 10.0, 3), TickFate.TAKEN),
    ],
)
def test_a_tick_that_is_no_trade_of_now_is_counted(one, fate):
    builder = BarBuilder(["NSE:A"], "1m", ordinary)
    now = OPENS + 62 * SECOND_NS
    for before in (tick(0, 9.0, 1), tick(61, 10.0, 2)):
        builder.take(before, now)
    counted = builder.fates.copy()
    builder.take(one, now)
    assert {fate: 1} == builder.fates - counted
    assert (fate is TickFate.LATE) == bool(builder.revised["NSE:A"])


def test_a_tick_at_the_close_is_outside_and_one_in_a_break_too():
    windows = ((OPENS, OPENS + MINUTE_NS), (OPENS + 2 * MINUTE_NS, OPENS + 3 * MINUTE_NS))
    hours = SessionHours(MONDAY, windows)
    builder = BarBuilder(["NSE:A"], "5m", {MONDAY: hours}.get)
    [made] = built([tick(59, 10.0, 1), tick(60, 99.0, 2), tick(120, 11.0, 3), tick(180, 99.0, 4)], builder)
    assert (OPENS, OPENS + 5 * MINUTE_NS, 11.0, 3.0) == (made.open_time, made.close_time, made.high, made.volume)
    assert 2 == builder.fates[TickFate.OUTSIDE]


def test_ticks_of_symbols_that_nobody_asked_for_are_left_alone():
    builder = BarBuilder(["NSE:A"], "1m", ordinary)
    assert [] == built([tick(0, 10.0, 1, symbol="NSE:Z")], builder)
    assert not builder.fates


class ClockOfAReplay:
    """A clock that is as late as what is waited for."""

    def __init__(self):
        self.moment = 0

    def now(self):
        return self.moment

    async def sleep_until(self, moment):
        self.moment = max(self.moment, moment)


prices = st.tuples(st.integers(1, 400), st.integers(1, 400), st.integers(1, 400), st.integers(1, 400))
volumes = st.integers(0, 10**9).map(float) | st.just(float("nan"))


def stored(numbers):
    """Bars of two symbols in minutes of their own, such that open and close lie between low and high."""
    bars = []
    for (symbol, minute), (four, volume) in numbers.items():
        low, one, other, high = (price / 4 for price in sorted(four))
        ends = (one, other) if four[0] < four[1] else (other, one)
        opens = OPENS + minute * MINUTE_NS
        bars.append(FeedBar(symbol, "1m", opens, opens + MINUTE_NS, ends[0], high, low, ends[1], volume, "ticks"))
    return sorted(bars, key=lambda each: (each.close_time, each.symbol))


async def everything(feed):
    return [event async for event in feed.events()]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["NSE:A", "NSE:B"]), st.integers(0, 374)), st.tuples(prices, volumes), max_size=12
    ),
    st.integers(0, 2**32),
)
def test_the_bars_built_from_made_ticks_are_the_stored_ones(numbers, seed):
    bars, clock = stored(numbers), ClockOfAReplay()
    feed = ReplayFeed(bars, clock, ticks_seed=seed)
    builder = BarBuilder(["NSE:A", "NSE:B"], "1m", ordinary)

    events = asyncio.run(everything(TickBars(feed, builder, clock)))

    assert [str(one) for one in bars] == [str(one) for one in events if isinstance(one, FeedBar)]
    ticks = [one for one in events if isinstance(one, FeedTick)]
    assert sorted(one.time for one in ticks) == [one.time for one in ticks]
    assert not set(builder.fates) - {TickFate.TAKEN}
    by_minute = {(one.symbol, one.open_time): one for one in bars}
    for one in ticks:
        inside = by_minute[one.symbol, one.time - (one.time - OPENS) % MINUTE_NS]
        assert inside.low <= one.price <= inside.high


def test_another_seed_makes_other_ticks_and_the_same_seed_the_same():
    bars = [bar("NSE:A", OPENS + k * MINUTE_NS) for k in range(20)]

    def ticks(seed):
        return asyncio.run(everything(ReplayFeed(bars, ClockOfAReplay(), ticks_seed=seed)))

    assert ticks(1) == ticks(1)
    assert ticks(1) != ticks(2)
    ways = {tuple(one.price for one in ticks(1)[1 + 5 * k : 5 + 5 * k]) for k in range(20)}
    assert {(10.0, 12.0, 9.0, 11.0), (10.0, 9.0, 12.0, 11.0)} == ways


def test_a_replay_tells_bars_by_close_then_its_mark_and_ends():
    late, early, other = (
        bar(symbol, OPENS + k * MINUTE_NS) for symbol, k in (("NSE:A", 1), ("NSE:B", 0), ("NSE:A", 0))
    )
    clock = ClockOfAReplay()
    events = asyncio.run(everything(ReplayFeed([late, early, other, early], clock, until=OPENS + 9 * MINUTE_NS)))
    expected = [
        FeedConnection(up=True, why="replay"),
        other,
        early,
        FeedReaches(OPENS + MINUTE_NS),
        late,
        FeedReaches(OPENS + 2 * MINUTE_NS),
        FeedReaches(OPENS + 9 * MINUTE_NS),
        FeedEnds(),
    ]
    assert expected == events
    assert OPENS + 9 * MINUTE_NS == clock.now()


def test_a_replay_that_is_closed_ends_there():
    feed = ReplayFeed([bar("NSE:A", OPENS + k * MINUTE_NS) for k in range(20)], ClockOfAReplay())

    async def two():
        found = []
        async for event in feed.events():
            found.append(event)
            if isinstance(event, FeedReaches):
                await feed.close()
        return found

    events = asyncio.run(two())
    assert OPENS + MINUTE_NS == events[-1].time


class SlowFeed:
    """Three bars, one in every 50 ms, without a mark."""

    def __init__(self, fails=False):
        self.closed = False
        self.fails = fails

    async def events(self):
        for k in range(3):
            await asyncio.sleep(0.05)
            yield bar("NSE:A", OPENS + k * MINUTE_NS)
        if self.fails:
            raise OSError("the line is dead")

    async def close(self):
        self.closed = True


class LoopClock:
    """The event loop's own time."""

    def now(self):
        return OPENS + round(asyncio.get_running_loop().time() * SECOND_NS)

    async def sleep_until(self, moment):
        await asyncio.sleep(max((moment - self.now()) / SECOND_NS, 0))


def test_a_live_feed_is_given_marks_that_follow_the_clock_by_the_grace():
    async def run():
        clock, feed = LoopClock(), SlowFeed()
        marked = GraceMarks(feed, clock, 2 * SECOND_NS, SECOND_NS // 50)
        behind = []
        bars = 0
        async for event in marked.events():
            if isinstance(event, FeedReaches):
                behind.append(clock.now() - event.time)
            else:
                bars += 1
        await marked.close()
        return bars, behind, feed.closed, len(asyncio.all_tasks())

    bars, behind, closed, tasks = asyncio.run(run())
    assert (3, True, 1) == (bars, closed, tasks)
    assert len(behind) >= 5
    assert min(behind) >= 2 * SECOND_NS


def test_what_goes_wrong_in_a_feed_comes_out_of_the_one_around_it():
    with pytest.raises(OSError, match="the line is dead"):
        asyncio.run(everything(GraceMarks(SlowFeed(fails=True), LoopClock(), SECOND_NS)))
