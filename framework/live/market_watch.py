"""Watch over the market of a runner: prices that are held back, a feed or a symbol that is silent, a doubtful day.

It decides nothing: it says what is worrying now, and the runner makes states and findings of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from framework.live.agreement import DayOpinion, DayVerdict, agree, feed_opinion
from framework.live.bar_checks import PriceChecks
from framework.live.barrier import StrayBar, StrayCause
from framework.live.clock_lag import QUESTION, ClockLag
from framework.live.feed_watch import FeedState
from framework.live.hours import INDIA, day_of, local_day
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.broker.feed import FeedBar
    from framework.live.feed_watch import FeedWatch
    from framework.live.hours import HoursOf

    OpinionOf = Callable[[int], DayOpinion]
    """Opinion of a day, days since 1970-01-01."""

FEED_SILENT, FEED_SLOW, SYMBOL_MUTE, DAY_DOUBTFUL = "feed_silent", "feed_slow", "symbol_mute", "day_doubtful"
CLOCK_BEHIND = "clock_behind"

NO_HOURS = "the broker and the feed say that there is a session today: are its hours to be added to config/sessions?"


class Worry(NamedTuple):
    """Something that is worrying for as long as it is told."""

    code: str
    text: str
    symbol: str = ""
    """Instrument that alone is meant; empty: all of them."""
    no_new_risk: bool = True
    reconnect: bool = False
    """The feed should be left and taken up again."""
    question: str = ""
    """For a person."""


def _unknown(_day: int) -> DayOpinion:
    return DayOpinion.UNKNOWN


class MarketWatch:
    """Watch over one feed and the days it is told on."""

    def __init__(  # noqa: PLR0913 - options by name
        self,
        hours: HoursOf,
        table: OpinionOf,
        watch: FeedWatch,
        *,
        broker: OpinionOf = _unknown,
        checks: PriceChecks | None = None,
        marks_are_life: bool = False,
        timezone: str = INDIA,
    ) -> None:
        """``table``: ``Schedule.opinion_on``; ``broker``: what the broker's timings say, where it has any.

        ``marks_are_life``: the feed's own marks say that it lives, as those of a replay do; a timer's do not.
        """
        self._hours = hours
        self._table = table
        self._broker = broker
        self._watch = watch
        self.marks_are_life = marks_are_life
        self.checks = checks or PriceChecks()
        self._zone = ZoneInfo(timezone)
        self.lag = ClockLag()

    def take(self, bar: FeedBar, now: int) -> StrayBar | None:
        """Hear a bar; one that is to be held back comes back with the reason. ``now``: the clock, UTC nanoseconds."""
        self._watch.hear(bar.symbol, now)
        fault = self.checks.hold_bar(bar)
        return StrayBar(bar, StrayCause.HELD, fault) if fault else None

    def hear_mark(self, now: int) -> None:
        """Hear that the feed has told everything so far; ``now``: the clock, UTC nanoseconds."""
        if self.marks_are_life:
            self._watch.hear_mark(now)

    def hear_judged(self, judged: Sequence[StrayBar | None]) -> None:
        """Hear how the barriers judged a bar; see ``ClockLag.hear``."""
        self.lag.hear(judged)

    def look(self, now: int) -> tuple[Worry, ...]:
        """Worries of a moment, UTC nanoseconds."""
        day = local_day(now, self._zone)
        hours = self._hours(day)
        health = self._watch.look(hours, now)
        seconds = health.age_ns / SECOND_NS
        found = []
        if self.lag.is_there:
            found.append(Worry(CLOCK_BEHIND, self.lag.text, question=QUESTION))
        if health.state >= FeedState.REDUCE_ONLY:
            again = health.state is FeedState.RECONNECT
            found.append(Worry(FEED_SILENT, f"no price of any symbol for {seconds:.0f} s", reconnect=again))
        elif health.state is FeedState.WARN:
            found.append(Worry(FEED_SLOW, f"no price of any symbol for {seconds:.0f} s", no_new_risk=False))
        found += [Worry(SYMBOL_MUTE, f"no price of {symbol} while others have one", symbol) for symbol in health.mute]
        if hours is None or hours.open_ns <= now < hours.close_ns:
            heard = feed_opinion(hours, self._watch.last_heard, now)
            agreed = agree(self._table(day), self._broker(day), heard)
            if agreed.verdict is DayVerdict.DOUBTFUL:
                text = f"{day_of(day)}: it is not sure that there is a session"
                found.append(Worry(DAY_DOUBTFUL, text, question=agreed.question))
            elif agreed.verdict is DayVerdict.TRADE and hours is None:
                text = f"{day_of(day)}: there is a session, and the session table has no hours of it"
                found.append(Worry(DAY_DOUBTFUL, text, question=NO_HOURS))
        return tuple(found)
