"""A run's product: its margins, and the deadlines of its days, read once before it begins."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from framework.errors import ConfigError
from framework.market.calendar import Calendar, NoSessionError, UnknownSessionError
from framework.market.product_table import ProductTable, product_table
from framework.types.deadlines import NEVER, Deadlines
from framework.types.timeframe import SECOND_NS, Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def with_product(settings: Settings, panel: Panel, first_row: int = 0) -> tuple[Settings, Panel]:
    """The settings with the product and its margins, the panel with its deadlines; without a product both as they are.

    The product of a charges plan (``upstox:MIS``) is the run's; days before ``first_row`` are not asked about. Raises
    ``ConfigError`` where a product and the prices do not go together, and where a square-off time cannot be known.
    """
    product = settings.product or settings.charges.product
    if product != "MIS" and settings.square_off is not None:
        msg = f"square_off {settings.square_off} is only for product MIS; leave it out, or add --product MIS"
        raise ConfigError(msg)
    if not product:
        return settings, panel
    table = product_table()
    _refuse_strangers(product, panel)
    margins = _margins(settings, product, panel, first_row, table)
    chosen = settings.model_copy(update={"product": product, **margins})
    if product == "CNC":
        return chosen, panel
    return chosen, panel.with_deadlines(_deadlines(chosen, panel, first_row, table))


def _refuse_strangers(product: str, panel: Panel) -> None:
    """What the product is not for."""
    if product == "MIS" and Timeframe.parse(panel.timeframe).daily:
        raise ConfigError(
            f"product MIS keeps nothing overnight, and {panel.timeframe} bars have no time of day to close at; use "
            "--timeframe 1m, 5m or 1h, or product CNC"
        )
    for instrument in panel.instruments:
        contract = instrument.kind.endswith(CONTRACTS)
        if product == "CNC" and contract:
            raise ConfigError(
                f"product CNC delivers shares, and {instrument} is a contract ({instrument.kind}): use NRML"
            )
        if product == "NRML" and instrument.kind and not contract:
            raise ConfigError(
                f"product NRML carries futures and options, and {instrument} is a {instrument.kind}: use CNC"
            )


def _margins(settings: Settings, product: str, panel: Panel, first_row: int, table: ProductTable) -> dict[str, float]:
    """``long_margin`` and ``short_margin``: as they were given, else the highest that the table asks for in the run."""
    if settings.long_margin is not None and settings.short_margin is not None:
        return {}
    first, last = (EPOCH + timedelta(days=int(panel.session[row])) for row in (first_row, -1))
    broker = settings.charges.plan.partition(":")[0]
    longs, shorts = [0.0], [0.0]
    for kind in sorted({instrument.kind or "other" for instrument in panel.instruments}):
        rows = table.margin_rows(broker, product, kind, first, last)
        longs += [row.long for row in rows]
        if any(row.short is None for row in rows) and settings.short_margin is None:
            raise ConfigError(
                f"product {product}: the margin of a short {kind} is no share of its premium; give --short-margin (a "
                "share of the premium, beside it), or 10 for the most cautious"
            )
        shorts += [row.short or 0.0 for row in rows]
    found = {"long_margin": max(longs) or 1.0, "short_margin": max(shorts) or 1.0}
    return {name: value for name, value in found.items() if getattr(settings, name) is None}


def _deadlines(settings: Settings, panel: Panel, first_row: int, table: ProductTable) -> Deadlines:
    days = np.unique(panel.session)
    calendars = {name: _calendar(name) for name in {_exchange(instrument) for instrument in panel.instruments}}
    last = [_last_session(one, days, calendars[_exchange(one)]) for one in panel.instruments]
    square_off = np.full((days.shape[0], len(panel.instruments)), NEVER, dtype=np.int64)
    if settings.product == "MIS":
        asked = int(np.searchsorted(days, panel.session[first_row]))
        broker = settings.charges.plan.partition(":")[0]
        columns = dict[tuple[str, ...], list[int]]()
        for i, one in enumerate(panel.instruments):
            key = (_exchange(one), one.timezone, *_classes(one))
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
        for klass in _classes(self.instrument):
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


def _classes(instrument: Instrument) -> tuple[str, ...]:
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
