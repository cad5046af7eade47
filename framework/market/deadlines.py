"""Deadlines of a run: when its positions must be closed by force, by calendar, product and expiry."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from framework.errors import ConfigError
from framework.market.calendar import Calendar, NoSessionError, UnknownSessionError
from framework.types.deadlines import NEVER, Deadlines
from framework.types.timeframe import SECOND_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.market.product_table import ProductTable
    from framework.types import Instrument, Panel, Settings
    from framework.types.setting_values import SquareOff

EPOCH = date(1970, 1, 1)
MINUTE_NS = 60 * SECOND_NS
INDIA, USUAL_EXCHANGE = "Asia/Kolkata", "NSE"
KNOWN = ("NSE", "BSE")
HOW = "--square-off 15:15 (square_off='15:15') says the time yourself"
CONTRACTS = ("_future", "_option")


class ContinuousHours(NamedTuple):
    """Continuous trading of one session, UTC nanoseconds."""

    open_ns: int
    close_ns: int


def deadlines_of(settings: Settings, panel: Panel, first_row: int, table: ProductTable) -> Deadlines:
    """The deadlines of a panel under a product: square-offs from ``first_row``'s session on, and expiries.

    Raises ``ConfigError`` where a square-off is asked for at a time that cannot be known.
    """
    days = np.unique(panel.session)
    calendars = {name: _calendar(name) for name in {_exchange(instrument) for instrument in panel.instruments}}
    last = [_last_session(one, days, calendars[_exchange(one)]) for one in panel.instruments]
    square_off = np.full((days.shape[0], len(panel.instruments)), NEVER, dtype=np.int64)
    if settings.product == "MIS":
        asked = int(np.searchsorted(days, panel.session[first_row]))
        broker = settings.charges.plan.partition(":")[0]
        columns = dict[tuple[str, ...], list[int]]()
        for i, one in enumerate(panel.instruments):
            key = (_exchange(one), one.timezone, *classes_of(one))
            if key not in columns:
                ask = _Moments(settings.square_off, broker, table, calendars[key[0]], one)
                columns[key] = [ask.on(EPOCH + timedelta(days=int(day))) for day in days[asked:]]
            square_off[asked:, i] = columns[key]
    over = square_off.max(axis=1)  # a bar that closes after that has nothing left to wait for
    arrays = (days, square_off, np.array(last, dtype=np.int64), over)
    for array in arrays:
        array.setflags(write=False)
    return Deadlines(*arrays)


class _Moments:
    """The square-off moment of one instrument, day by day."""

    def __init__(
        self, given: SquareOff | None, broker: str, table: ProductTable, calendar: Calendar | None, one: Instrument
    ) -> None:
        self.given, self.broker, self.table, self.calendar, self.instrument = given, broker, table, calendar, one
        self.zone = ZoneInfo(one.timezone)
        self.by_clock = given is not None and given.of_day >= 0
        if calendar is None and not self.by_clock:
            exchange = _exchange(one) or "no stated exchange"
            raise ConfigError(f"product MIS: the sessions of {one} ({exchange}) are not known here; {HOW}")

    def on(self, day: date) -> int:
        """UTC nanoseconds; of several possible classes of hours the earliest."""
        said = self._clock(day) if self.by_clock else NEVER
        found = []
        for klass in classes_of(self.instrument):
            try:
                hours = self._hours(day, klass)
            except (UnknownSessionError, NoSessionError) as error:
                if not self.by_clock:
                    raise ConfigError(f"product MIS: {error}; or {HOW}") from error
                hours = None
            found.append(self._within(hours, said, klass, day))
        return min(found)

    def _hours(self, day: date, klass: str) -> ContinuousHours | None:
        if self.calendar is None:
            return None
        session = self.calendar.session(day, klass)
        return ContinuousHours(session.open_ns, session.close_ns)

    def _within(self, hours: ContinuousHours | None, said: int, klass: str, day: date) -> int:
        """The time that was given where it lies within the session, else so many minutes before its close."""
        if hours is None or hours.open_ns < said <= hours.close_ns:
            return said
        if self.given is not None and self.given.before_close >= 0:
            minutes: int | None = self.given.before_close
        else:
            minutes = self.table.minutes(self.broker, klass, day)
        if minutes is None:
            if self.by_clock:
                return said
            raise ConfigError(
                f"product MIS: config/market/products.yaml has no square_off row of {klass} on {day}; {HOW}"
            )
        return hours.close_ns - minutes * MINUTE_NS

    def _clock(self, day: date) -> int:
        minute = self.given.of_day if self.given is not None else 0
        moment = datetime.combine(day, time(minute // 60, minute % 60), self.zone)
        return round(moment.timestamp()) * SECOND_NS


def _exchange(instrument: Instrument) -> str:
    """Nobody said one: where the clock is India's it is taken for NSE."""
    return instrument.exchange or (USUAL_EXCHANGE if instrument.timezone == INDIA else "")


def _calendar(exchange: str) -> Calendar | None:
    return Calendar.load(exchange) if exchange in KNOWN else None


def classes_of(instrument: Instrument) -> tuple[str, ...]:
    """Classes of hours that an instrument can be of; a share of which nobody said it can be of two."""
    if instrument.kind.endswith(CONTRACTS):
        return ("fno",)
    return (instrument.hours,) if instrument.hours in {"cas", "other", "fno"} else ("cas", "other")


def _last_session(instrument: Instrument, days: NDArray[np.int64], calendar: Calendar | None) -> int:
    """Day of the last session on or before the expiry, ``NEVER`` without one.

    By the calendar; where it is not known, and where the panel misses that day, by the panel's own sessions.
    """
    if not instrument.expiry:
        return NEVER
    try:
        last = date.fromisoformat(instrument.expiry)
    except ValueError:
        msg = f"{instrument}: expiry {instrument.expiry!r} is not a date; write 2026-11-24"
        raise ConfigError(msg) from None
    try:
        if calendar is not None and not calendar.is_session(last):
            last = calendar.previous_session(last)
    except UnknownSessionError:
        pass  # beyond the table: the panel has to say it
    number = (last - EPOCH).days
    before = days[days <= number]
    if number > days[-1] or not before.shape[0]:
        return number
    return int(before[-1])
