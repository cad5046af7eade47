"""Time zone of a file's times, and the reason, which is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.errors import DataError
from framework.types.intake.words import COMMAND_LINE, OptionWords
from framework.types.localtime import DAY, second_text, to_local, to_utc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.intake.times import Times

ZONES = {"NSE": "Asia/Kolkata", "BSE": "Asia/Kolkata", "MCX": "Asia/Kolkata", "NYSE": "America/New_York"}
"""Exchange → its time zone, where that is a matter of fact."""
NOT_GIVEN = "no zone given"
"""Beginning of the reason for a zone that is a guess."""
UTC_NAMES = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", "+00:00", "-00:00"})
MIDNIGHTS = {66_600: "Asia/Kolkata"}
"""Second of the UTC day that is midnight in one zone of exchanges alone."""
LATE = 11 * 3_600
"""Second of the day from which a stamp may be a midnight further east: it is 11:00 UTC in New Zealand's summer."""
FRIDAY, SUNDAY = 4, 6
OFFSET_ZONES = {19_800.0: "Asia/Kolkata", 0.0: "UTC", 32_400.0: "Asia/Tokyo", 28_800.0: "Asia/Shanghai"}
"""Offset east of UTC, seconds → the zone it is taken for, where no clock change makes it doubtful."""


class Zone(NamedTuple):
    """A time zone and why."""

    name: str
    reason: str
    known: bool
    """True if it was given, so that it is worth remembering for the instrument."""


def zone_of(  # noqa: PLR0911 - one return per source, in the order in which they count
    times: Times, named: str | None, exchange: str, remembered: str | None, words: OptionWords = COMMAND_LINE
) -> Zone:
    """The exchange's zone: as named, typed in the data, the exchange's own, remembered, by the offset, else UTC."""
    stated = times.valid & ~np.isnan(times.offset)
    aware = bool(stated.any())
    where = "the data's own offsets count, sessions are cut in it" if aware else "for times without an offset"
    if named:
        return Zone(named, f"{_option(words)}, {where}", known=True)
    if times.zone and times.zone not in UTC_NAMES and not times.zone.startswith(("+", "-")):
        return Zone(times.zone, "the column's type", known=True)
    if exchange in ZONES:
        return Zone(ZONES[exchange], f"zone of {exchange}; {where}", known=True)
    if remembered:
        return Zone(remembered, f"remembered for the symbol; {where}", known=True)
    if aware:
        offsets = np.unique(times.offset[stated])
        clocks = np.unique(times.local[stated] % DAY)
        if not offsets.any() and clocks.shape[0] == 1 and (here := MIDNIGHTS.get(int(clocks[0]))):
            return Zone(here, "every bar's time is midnight there", known=True)
        found = _by_offset(offsets, words)
        if not found.known and not stated[times.valid].all():
            raise DataError(
                "some times have an offset from UTC and some have none; say whose wall clock those are, as in "
                f"{words.timezone.format('Asia/Kolkata')}"
            )
        return found
    if not (times.local[times.valid] % DAY).any():
        return Zone("UTC", f"{NOT_GIVEN}, and dates need none", known=False)
    return Zone("UTC", f"{NOT_GIVEN}, and no exchange", known=False)


def _by_offset(offsets: NDArray[np.float64], words: OptionWords) -> Zone:
    if offsets.size == 1 and offsets[0] in OFFSET_ZONES and offsets[0]:
        return Zone(OFFSET_ZONES[float(offsets[0])], f"offset {_offset_text(offsets[0])} in the data", known=True)
    shown = " and ".join(_offset_text(offset) for offset in offsets[:2])
    return Zone(
        "UTC", f"offset {shown} in the data; sessions are cut by UTC dates unless {_option(words)}", known=False
    )


def moments(times: Times, zone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """UTC seconds of every row, and which are valid: a wall-clock time that a clock change repeats or skips is not."""
    stated = np.isfinite(times.offset)
    if stated.all():
        return times.local - times.offset.astype(np.int64), times.valid
    plain = times.valid & ~stated
    if plain.all():
        return to_utc(times.local, zone)
    valid = times.valid.copy()
    utc = times.local - np.where(stated, times.offset, 0.0).astype(np.int64)
    if plain.any():
        utc[plain], valid[plain] = to_utc(times.local[plain], zone)
    return utc, valid


def dates(times: Times, zone: str) -> NDArray[np.int64]:
    """Trading date of every row as 00:00 UTC seconds.

    A date is a date. A moment is put on the exchange's wall clock, unless all of them are midnights as they stand.
    """
    stated, local = np.isfinite(times.offset), times.local
    if (stated & times.valid).any() and (local[times.valid] % DAY).any():
        utc = times.local - np.where(stated, times.offset, 0.0).astype(np.int64)
        local = np.where(stated, to_local(utc, zone), times.local)
    return np.floor_divide(local, DAY) * DAY


def check_midnights(times: Times, rows: Any, zone: Zone, symbol: str, words: OptionWords) -> None:
    """``DataError`` where daily bars stamped with a time of day may belong to the date after the one that they show.

    A midnight of another zone, read in UTC or without its zone, lies in the afternoon or evening of the day before.
    """
    local, stated = times.local[rows][times.valid[rows]], np.isfinite(times.offset[rows]).any()
    clocks = np.unique(local % DAY)
    if not clocks.size or clocks[-1] < LATE:
        return
    weekdays = set(((local // DAY + 3) % 7).tolist())
    if zone.known and (stated or SUNDAY not in weekdays or FRIDAY in weekdays):
        return
    shown = " and ".join(second_text(int(clock)) for clock in clocks[-2:])
    stamped = f"the daily bars of {symbol} are stamped {shown}"
    if zone.known:
        raise DataError(
            f"{stamped} in {zone.name}, Mondays' on Sundays and none on a Friday: these are midnights of another zone; "
            "give the times with their offset, or their dates alone"
        )
    raise DataError(
        f"{stamped}, and no time zone is given: that may be midnight of the next day elsewhere, as "
        f"18:30 UTC is in India; say the exchange's zone, as in {words.timezone.format('Asia/Tokyo')}, or "
        f"{words.timezone.format('UTC')} if the dates are right as they stand"
    )


def _option(words: OptionWords) -> str:
    return words.timezone.partition(" ")[0].partition("=")[0]


def _offset_text(offset: float) -> str:
    sign, size = ("−" if offset < 0 else "+"), int(abs(offset))
    return f"{sign}{size // 3_600:02d}:{size % 3_600 // 60:02d}"
