"""Agreement on a day: the session table, the broker's timings and the feed say whether there is a session, two to one.

Holidays are announced days before, sessions are held on Sundays and at Diwali in the evening. Until two of the three
say the same there is no new risk, and where they contradict each other a person is asked, once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from framework.live.hours import SessionHours

SILENT_NS = 300 * SECOND_NS
"""Feed without a price for so long after the open: it says that there is no session."""
ENOUGH = 2


class DayOpinion(StrEnum):
    """Opinion of one source about a day."""

    TRADES = "trades"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """Not asked, no answer, or too early to say."""


class DayVerdict(StrEnum):
    """Verdict of all three about a day."""

    TRADE = "trade"
    CLOSED = "closed"
    DOUBTFUL = "doubtful"
    """No new risk; positions may be reduced."""


class SessionAgreement(NamedTuple):
    """Verdict about a day, and what a person is asked."""

    verdict: DayVerdict
    question: str = ""
    """For a person; empty where nobody contradicts, be it that the others have not been heard yet."""


def agree(table: DayOpinion, broker: DayOpinion, feed: DayOpinion) -> SessionAgreement:
    """Verdict of three opinions. The table's ``closed`` is enough where nobody contradicts: no risk comes of it."""
    said = {"the session table": table, "the broker": broker, "the feed": feed}
    trades, closed = ([name for name, one in said.items() if one is value] for value in (TRADES, CLOSED))
    if len(trades) >= ENOUGH:
        return SessionAgreement(DayVerdict.TRADE)
    if len(closed) >= ENOUGH or (table is CLOSED and not trades):
        return SessionAgreement(DayVerdict.CLOSED)
    if trades and closed:
        return SessionAgreement(
            DayVerdict.DOUBTFUL,
            f"{trades[0]} says that there is a session today, {closed[0]} that there is none; no new risk until you "
            "answer: is there one?",
        )
    return SessionAgreement(DayVerdict.DOUBTFUL)


def feed_opinion(hours: SessionHours | None, last_heard: int, now: int) -> DayOpinion:
    """Opinion of a feed on a day, by what it sends; moments in UTC nanoseconds, ``last_heard`` of a price.

    ``hours``: those by the table; without them a price of today is enough, and silence says nothing.
    """
    if hours is None:
        return TRADES if 0 <= now - last_heard < SILENT_NS else UNKNOWN
    if last_heard >= hours.open_ns:
        return TRADES
    return CLOSED if now >= hours.open_ns + SILENT_NS else UNKNOWN


TRADES, CLOSED, UNKNOWN = DayOpinion
