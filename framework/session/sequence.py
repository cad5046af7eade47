"""Which input may follow which: the table, and the guard that asks it before anything changes.

Rows are the barrier: all bars of one moment come in one ``BarCloses``, and what comes later than that is late. Answers,
ticks, persons and corporate actions may come at any time. Moments never go backwards.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from framework.errors import InvariantError
from framework.types.events import BarCloses, BarOpens, Decided, Revalue, SessionEnds

if TYPE_CHECKING:
    from framework.types.events import Input
    from framework.types.orders import BarRow


class Phase(StrEnum):
    """Where a session stands within a bar."""

    BEGUN = "no bar has opened"
    OPEN = "a bar is open"
    CLOSED = "a bar has closed"
    DECIDED = "it was decided at a close"
    ENDED = "the session is over"


BEGUN, OPEN, CLOSED, DECIDED, ENDED = Phase


class Place(NamedTuple):
    """Where an input may come, and what it leads to."""

    after: frozenset[Phase]
    leads_to: Phase | None
    """None: it stays."""


PLACES: dict[type, Place] = {
    BarOpens: Place(frozenset({BEGUN, CLOSED, DECIDED, ENDED}), OPEN),
    BarCloses: Place(frozenset({OPEN}), CLOSED),
    Decided: Place(frozenset({CLOSED}), DECIDED),
    SessionEnds: Place(frozenset({CLOSED, DECIDED}), ENDED),
    Revalue: Place(frozenset({CLOSED, DECIDED, ENDED}), None),
}
"""Inputs with a place; all others may come at any time."""
NOT_YET = BarOpens(0, 0, 0, ends_session=False)


class Sequence:
    """The guard of one session."""

    __slots__ = ("_instruments", "bar", "moment", "now", "phase")

    def __init__(self, instruments: int) -> None:
        self._instruments = instruments
        self.phase = BEGUN
        self.moment = 0
        """Of the latest input, UTC nanoseconds."""
        self.now = 0
        """What is noted now is dated by it: the moment, or the time of a fill that was told at that moment."""
        self.bar = NOT_YET
        """The bar that opened last."""

    def admit(self, event: Input) -> None:
        """Note the input, or raise ``InvariantError`` and change nothing."""
        if event.moment < self.moment:
            _refuse(event, f"is of {event.moment} ns, and {self.moment} ns has been; inputs come in the order of time")
        place = PLACES.get(type(event))
        if place is not None:
            if self.phase not in place.after:
                _refuse(event, f"cannot come now: {self.phase}; it comes after: {', '.join(sorted(place.after))}")
            if type(event) is BarOpens:
                self._opens(event)
                self.bar = event
            elif type(event) is BarCloses:
                self._closes(event.row, event)
            elif type(event) is SessionEnds and not self.bar.ends_session:
                _refuse(event, "came after a bar that does not end its session; see BarOpens.ends_session")
            if place.leads_to is not None:
                self.phase = place.leads_to
            self.now = event.moment if type(event) is not BarCloses else event.row.close_time
        elif event.moment > self.moment:
            self.now = event.moment
        self.moment = event.moment

    def _opens(self, event: BarOpens) -> None:
        bar = self.bar
        if event.close_time <= event.moment:
            _refuse(event, f"closes at {event.close_time} ns, not after it opens")
        if bar is not NOT_YET and (event.moment <= bar.moment or event.session < bar.session):
            _refuse(event, f"does not come after the bar of {bar.moment} ns, session {bar.session}, that opened last")

    def _closes(self, row: BarRow, event: BarCloses) -> None:
        bar = self.bar
        if row.time != bar.moment or row.close_time != bar.close_time or row.session != bar.session:
            _refuse(event, f"is not the bar of {bar.moment} ns that opened last: one row brings all bars of a moment")
        if event.moment < row.close_time:
            _refuse(event, f"is told before the bar closes at {row.close_time} ns")
        if len(row.close) != self._instruments:
            _refuse(event, f"has {len(row.close)} closes of {self._instruments} instruments; NaN says there is none")


def _refuse(event: Input, why: str) -> NoReturn:
    msg = f"input {type(event).__name__} at {event.moment} ns {why}"
    raise InvariantError(msg)
