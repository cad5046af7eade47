"""Market of a simulated session: two short days, minute bars made of ticks, and what a faulty feed makes of them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from framework.broker.feed import FeedBar, FeedConnection, FeedEnds, FeedEvent, FeedReaches, FeedTick
from framework.live.hours import MarketClass, hours_of, session_of
from framework.live.schedule import DayPlan, Schedule
from framework.market.calendar import TradingDay, Window
from framework.types import Instrument
from tests.simulation.kinds import MINUTE, SECOND, FaultKind, FaultScript

K = FaultKind
INDIA = ZoneInfo("Asia/Kolkata")
DAYS = (date(2015, 1, 5), date(2015, 1, 6))
SYMBOLS = ("NSE:AAA", "NSE:BBB")
INSTRUMENTS = (Instrument("AAA", "NSE", tick=0.05), Instrument("BBB", "NSE", tick=0.05))
CLASSES = {symbol: (MarketClass("NSE", "other"),) for symbol in SYMBOLS}
MINUTES = (13, 16)
"""Length of continuous trading on each day."""
FAULTY = (9, 7)
"""Minutes of each day in which something may go wrong: a broker's book is of one day, so each ends quietly."""
TICKS = 6
"""A minute, of each symbol."""
GRACE = 2 * SECOND
NAN = float("nan")


def at(day: date, hour: int, minute: int) -> int:
    return round(datetime.combine(day, time(hour, minute), INDIA).timestamp()) * SECOND


OPENS = tuple(at(day, 9, 15) for day in DAYS)
BEGIN = OPENS[0] - MINUTE
QUIET = OPENS[1] + FAULTY[1] * MINUTE
END = OPENS[1] + (MINUTES[1] - 1) * MINUTE
"""The quiet is over, and the market still open: what is wrong now stays wrong."""


def is_faulty_at(moment: int) -> bool:
    """Something may go wrong at this moment."""
    return any(moment < opens + minutes * MINUTE and moment > opens - 10 * MINUTE
               for opens, minutes in zip(OPENS, FAULTY, strict=True))  # fmt: skip


class ShortCalendar:
    """Calendar of an exchange that trades for a few minutes a day."""

    exchange = "NSE"
    timezone = "Asia/Kolkata"

    def is_session(self, day: date) -> bool:
        return day in DAYS

    def session(self, day: date, klass: str = "other") -> TradingDay:
        opens = at(day, 9, 15)
        closes = opens + MINUTES[DAYS.index(day)] * MINUTE
        window = Window("continuous", time(9, 15), time(9, 15), opens, closes)
        return TradingDay("NSE", day, klass, "regular", (window,), ())


CALENDAR = ShortCalendar()
HOURS = hours_of([CALENDAR], [MarketClass("NSE", "other")])


def schedule() -> Schedule:
    return Schedule([CALENDAR], DayPlan(CLASSES, ("1m",)))


SCHEDULE = schedule()
"""One for all seeds: it only remembers days."""


@dataclass(slots=True)
class MarketTape:
    """Tape of a seed's market: what trades, and what the feed says of it, each with its moment."""

    ticks: list[tuple[int, FeedTick]]
    told: list[tuple[int, FeedEvent]]
    bars: dict[tuple[str, int], FeedBar]
    """As they truly were, by symbol and open."""
    seen: dict[FaultKind, int]


def tape_of(script: FaultScript) -> MarketTape:
    """Prices by a random walk on whole ticks, then the feed's faults on top of them."""
    walk = script.random("prices")
    tape = MarketTape([], [], {}, {})
    price = dict.fromkeys(SYMBOLS, 2000)  # ticks of 5 paise
    for opens, minutes in zip(OPENS, MINUTES, strict=True):
        for minute in range(minutes):
            start = opens + minute * MINUTE
            for symbol in SYMBOLS:
                prices = []
                for k in range(TICKS):
                    price[symbol] = max(price[symbol] + walk.choice((-9, -5, -2, 0, 2, 5, 9)), 100)
                    prices.append(round(price[symbol] * 0.05, 2))
                    moment = start + k * (MINUTE // TICKS) + walk.randrange(MINUTE // TICKS - SECOND)
                    tape.ticks.append((moment, FeedTick(symbol, moment, prices[-1], NAN)))
                tape.bars[symbol, start] = FeedBar(
                    symbol, "1m", start, start + MINUTE, prices[0], max(prices), min(prices), prices[-1], 100.0, "sim"
                )
    tape.ticks.sort(key=lambda one: one[0])
    _tell(tape, script)
    return tape


def quiet_after(moment: int) -> int:
    """The moment of this day from which on nothing goes wrong."""
    return next(opens + minutes * MINUTE for opens, minutes in zip(OPENS, FAULTY, strict=True)
                if moment < opens + 1000 * MINUTE)  # fmt: skip


def _tell(tape: MarketTape, script: FaultScript) -> None:  # noqa: C901, PLR0912 - one branch for each fault
    """What the feed makes of the bars."""
    random = script.random("feed")
    told = tape.told

    def happens(kind: FaultKind, share: float) -> bool:
        if kind not in script.on or random.random() >= share:
            return False
        tape.seen[kind] = tape.seen.get(kind, 0) + 1
        return True

    mute_until = dict.fromkeys(SYMBOLS, 0)
    silent_until = down_until = 0
    for start in sorted({start for _, start in tape.bars}):
        close, faulty = start + MINUTE, is_faulty_at(start + MINUTE)
        if faulty and happens(K.SILENT_FEED, 0.06):
            silent_until = close + random.randint(40, 100) * SECOND
        if faulty and start >= down_until and happens(K.FEED_DROP, 0.08):
            down_until = min(close + random.randint(5, 90) * SECOND, quiet_after(close))
            told += [(close, FeedConnection(up=False, why="reset")), (down_until, FeedConnection(up=True, why="back"))]
        if faulty and happens(K.SNAPSHOT, 0.12):
            told += [
                (close, FeedTick(symbol, close, tape.bars[symbol, start].close, NAN, snapshot=True))
                for symbol in SYMBOLS
            ]
        for symbol in SYMBOLS:
            bar = tape.bars[symbol, start]
            moment = close + random.randint(10, 1500) * 10**6
            if not faulty:
                told.append((moment, bar))
                continue
            if happens(K.MUTE_SYMBOL, 0.04):
                mute_until[symbol] = close + random.randint(1, 4) * MINUTE
            gone = close < max(mute_until[symbol], silent_until) or close < down_until
            if gone or happens(K.MISSING_BAR, 0.06):
                continue
            if happens(K.LATE_BAR, 0.06):
                told.append((close + random.randint(3, 50) * SECOND, bar))
                continue
            if happens(K.INSANE_BAR, 0.06):
                insane = random.choice(
                    (
                        bar._replace(close=NAN),
                        bar._replace(low=0.0),
                        bar._replace(high=bar.low / 2),
                        bar._replace(open=-1.0),
                    )
                )
                told.append((moment, insane))
                continue
            told.append((moment, bar))
            if happens(K.DUPLICATE_BAR, 0.08):
                told.append((moment + random.randint(0, 3000) * 10**6, bar))
            if happens(K.REVISED_BAR, 0.06):
                told.append((moment + random.randint(0, 3000) * 10**6, bar._replace(close=bar.high)))
        for reaches in (close + GRACE, close + GRACE + 30 * SECOND):
            if not (faulty and reaches < silent_until) and not close <= reaches < down_until:
                told.append((reaches, FeedReaches(reaches - GRACE)))
    told.append((END, FeedEnds()))
    told.sort(key=lambda one: one[0])


def first_session() -> int:
    return session_of(DAYS[0])
