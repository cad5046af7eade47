"""What tests of the feed share: bars as a feed tells them, rows of a barrier that was told them, ordinary hours."""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from framework.broker.feed import FeedBar, FeedReaches
from framework.live.hours import SessionHours, session_of

INDIA = ZoneInfo("Asia/Kolkata")
MINUTE_NS = 60 * 10**9
MONDAY = session_of(date(2015, 1, 5))


def ist(text):
    """``2015-01-05 09:15`` on India's clock → UTC nanoseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=INDIA).timestamp()) * 10**9


@cache
def ordinary(session):
    """09:15–15:30 on weekdays."""
    day = date.fromordinal(session + date(1970, 1, 1).toordinal())
    if day.weekday() > 4:
        return None
    return SessionHours(session, ((ist(f"{day} 09:15"), ist(f"{day} 15:30")),))


def bar(symbol, opens, prices=(10.0, 12.0, 9.0, 11.0), volume=100.0, *, timeframe="1m", length=MINUTE_NS, source=""):
    """A bar that opens at ``2015-01-05 09:15`` or at UTC nanoseconds."""
    start = ist(opens) if isinstance(opens, str) else opens
    return FeedBar(symbol, timeframe, start, start + length, *prices, volume, source)


def feed_bars(series):
    """``Bars`` as a feed tells them: by close, each moment followed by its mark."""
    told = []
    for bars in series:
        columns = (bars.time, bars.close_time, bars.open, bars.high, bars.low, bars.close, bars.volume)
        told += [
            FeedBar(str(bars.instrument), bars.timeframe, *values)
            for values in zip(*(column.tolist() for column in columns), strict=True)
        ]
    told.sort(key=lambda each: each.close_time)
    return told


def with_marks(bars):
    """Bars by close time, and behind those of each moment that the feed has told everything up to it."""
    events = []
    for at, each in enumerate(bars):
        events.append(each)
        if at + 1 == len(bars) or bars[at + 1].close_time != each.close_time:
            events.append(FeedReaches(each.close_time))
    return events


def told(barrier, events):
    """(rows, strays) of a barrier that is told events."""
    rows, strays = [], []
    for event in events:
        if isinstance(event, FeedReaches):
            rows += barrier.reach(event.time)
        elif (stray := barrier.take(event)) is not None:
            strays.append(stray)
    return rows, strays


def plain(row):
    """A row as something that equals itself: NaN as text."""
    return tuple(str(part) if isinstance(part, tuple) else part for part in row)
