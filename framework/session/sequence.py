"""Sequence of inputs: which may follow which, the table, and the guard that asks it before anything changes.

Rows are the barrier: all bars of one moment come in one ``BarCloses``, and what comes later than that is late. Answers,
ticks, persons and corporate actions may come at any time. Moments never go backwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

from framework.errors import RefusedInputError
from framework.types.events import BarCloses, BarOpens, Decided, Revalue, SessionEnds

if TYPE_CHECKING:
    from framework.types.events import Input

BEGUN, OPEN, CLOSED, DECIDED, ENDED = 1, 2, 4, 8, 16
"""Phases of a session: where it stands within a bar. Plain bits, because every bar asks three times."""
PHASES = {
    BEGUN: "no bar has opened",
    OPEN: "a bar is open",
    CLOSED: "a bar has closed",
    DECIDED: "it was decided at a close",
    ENDED: "the session is over",
}


class InputPlace(NamedTuple):
    """Phases in which an input may come, and the one it leads to."""

    after: int
    """Phases, as bits."""
    leads_to: int
    """The phase then; 0 = it stays."""


PLACES: dict[type, InputPlace] = {
    # After OPEN: nothing traded in the bar that was open, so it never closed.
    BarOpens: InputPlace(BEGUN | OPEN | CLOSED | DECIDED | ENDED, OPEN),
    BarCloses: InputPlace(OPEN, CLOSED),
    Decided: InputPlace(CLOSED, DECIDED),
    SessionEnds: InputPlace(CLOSED | DECIDED, ENDED),
    Revalue: InputPlace(CLOSED | DECIDED | ENDED, 0),
}
"""Inputs with a place; all others may come at any time."""
BEFORE_ALL = -(2**62)
"""UTC nanoseconds before every price there is: the S&P 500 began decades before 1970."""
BEFORE_BARS = BarOpens(-1, BEFORE_ALL, BEFORE_ALL, ends_session=False)
AFTER_CLOSE = PLACES[Decided].after


class Sequence:
    """The guard of one session."""

    __slots__ = ("bar", "began", "began_before", "instruments", "moment", "now", "phase")

    def __init__(self, instruments: int) -> None:
        self.instruments = instruments
        self.phase = BEGUN
        self.moment = BEFORE_ALL
        """Of the latest input, UTC nanoseconds."""
        self.now = BEFORE_ALL
        """Date of notes: the moment, or the time of a fill that came at that moment."""
        self.bar = BEFORE_BARS
        """The bar that opened last."""
        self.began = self.began_before = BEFORE_ALL
        """First opens of this session and of the one before, UTC nanoseconds."""

    # Each method notes an input, or raises RefusedInputError and changes nothing. Session asks what a bar must be in
    # line: three calls for every bar of a backtest would be felt.

    def refuse_opening(self, bar: BarOpens) -> NoReturn:
        """A bar that cannot open now."""
        if bar.moment < self.bar.close_time:
            _refuse(bar, f"came after one at {self.bar.close_time} ns; inputs come in the order of time")
        if bar.close_time <= bar.moment:
            _refuse(bar, f"closes at {bar.close_time} ns, not after it opens")
        last = self.bar
        _refuse(bar, f"does not come after the bar of {last.moment} ns, session {last.session}, that opened last")

    def refuse_closing(self, event: BarCloses) -> NoReturn:
        """A row that is not the bar that opened last, complete."""
        row, bar = event.row, self.bar
        if self.phase != OPEN or event.moment < self.moment:
            self._refuse_out_of_turn(event, PLACES[BarCloses])
        if row[:3] != bar[:3]:
            _refuse(event, f"is not the bar of {bar.moment} ns that opened last: one row brings all bars of a moment")
        if len(row.close) != self.instruments:
            _refuse(event, f"has {len(row.close)} closes of {self.instruments} instruments; NaN says there is none")
        _refuse(event, f"is told before the bar closes at {row.close_time} ns")

    def passes(self, event: Decided | SessionEnds | Revalue) -> None:
        """An input that follows a close."""
        place, moment = PLACES[type(event)], event.moment
        if not (self.phase & place.after and moment >= self.moment):
            self._refuse_out_of_turn(event, place)
        if type(event) is SessionEnds and not self.bar.ends_session:
            _refuse(event, "came after a bar that does not end its session; see BarOpens.ends_session")
        self.phase = place.leads_to or self.phase
        self.moment = self.now = moment

    def admit(self, event: Input) -> None:
        """An input that may come at any time."""
        if event.moment < self.moment:
            self._refuse_out_of_turn(event, None)
        if event.moment > self.moment:
            self.moment = self.now = event.moment

    def _refuse_out_of_turn(self, event: Input, place: InputPlace | None) -> NoReturn:
        if event.moment < self.moment or place is None:
            _refuse(event, f"came after one at {self.moment} ns; inputs come in the order of time")
        self._refuse_phase(event, place)

    def _refuse_phase(self, event: Input, place: InputPlace) -> NoReturn:
        allowed = "; ".join(text for phase, text in PHASES.items() if phase & place.after)
        _refuse(event, f"cannot come now, when {PHASES[self.phase]}; it comes when: {allowed}")


def _refuse(event: Input, why: str) -> NoReturn:
    msg = f"input {type(event).__name__} at {event.moment} ns {why}"
    raise RefusedInputError(msg)
