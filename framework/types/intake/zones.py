"""Time zone of a file's times, and the reason, which is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.types.localtime import DAY, to_local, to_utc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.types.intake.times import Times

ZONES = {"NSE": "Asia/Kolkata", "BSE": "Asia/Kolkata", "MCX": "Asia/Kolkata", "NYSE": "America/New_York"}
"""Exchange → its time zone, where that is a matter of fact."""
OFFSET_ZONES = {19_800.0: "Asia/Kolkata", 0.0: "UTC", 32_400.0: "Asia/Tokyo", 28_800.0: "Asia/Shanghai"}
"""Offset east of UTC, seconds → the zone it is taken for, where no clock change makes it doubtful."""


class Zone(NamedTuple):
    """A time zone and why."""

    name: str
    reason: str
    known: bool
    """True if it was given, so that it is worth remembering for the instrument."""


def zone_of(  # noqa: PLR0911 - one return per source, in the order in which they count
    times: Times, named: str | None, exchange: str, remembered: str | None
) -> Zone:
    """The exchange's zone: as named, typed in the data, the exchange's own, remembered, by the offset, else UTC."""
    stated = times.valid & np.isfinite(times.offset)
    aware = bool(stated.any())
    where = "the data's own offsets count, sessions are cut in it" if aware else "for times without an offset"
    if named:
        return Zone(named, f"--timezone, {where}", known=True)
    if times.zone and times.zone not in {"UTC", "Etc/UTC", "+00:00"} and not times.zone.startswith(("+", "-")):
        return Zone(times.zone, "the column's type", known=True)
    if exchange in ZONES:
        return Zone(ZONES[exchange], f"zone of {exchange}; {where}", known=True)
    if remembered:
        return Zone(remembered, f"remembered for the symbol; {where}", known=True)
    if aware and not times.zone.startswith(("+", "-")):
        return _by_offset(np.unique(times.offset[stated]))
    if not (times.local[times.valid] % DAY).any():
        return Zone("UTC", "no zone given, and dates need none", known=False)
    return Zone("UTC", "no zone given, neither --timezone nor --exchange", known=False)


def _by_offset(offsets: NDArray[np.float64]) -> Zone:
    if offsets.size == 1 and offsets[0] in OFFSET_ZONES and offsets[0]:
        return Zone(OFFSET_ZONES[float(offsets[0])], f"offset {_offset_text(offsets[0])} in the data", known=True)
    shown = " and ".join(_offset_text(offset) for offset in offsets[:2])
    return Zone("UTC", f"offset {shown} in the data; sessions are cut by UTC dates unless --timezone", known=False)


def moments(times: Times, zone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """UTC seconds of every row, and which are valid: a wall-clock time that a clock change repeats or skips is not."""
    stated = np.isfinite(times.offset)
    utc = times.local - np.where(stated, times.offset, 0.0).astype(np.int64)
    valid = times.valid.copy()
    plain = valid & ~stated
    if plain.any():
        utc[plain], valid[plain] = to_utc(times.local[plain], zone)
    return utc, valid


def dates(times: Times, zone: str) -> NDArray[np.int64]:
    """Trading date of every row as 00:00 UTC seconds.

    A date is a date. A moment is put on the exchange's wall clock, unless all of them are midnights as they stand.
    """
    stated = np.isfinite(times.offset)
    local = times.local.copy()
    if ((stated & times.valid).any() and (local[times.valid] % DAY).any()) or (stated.any() and times.zone):
        utc = times.local - np.where(stated, times.offset, 0.0).astype(np.int64)
        local = np.where(stated, to_local(utc, zone), times.local)
    return np.floor_divide(local, DAY) * DAY


def _offset_text(offset: float) -> str:
    sign, size = ("−" if offset < 0 else "+"), int(abs(offset))
    return f"{sign}{size // 3_600:02d}:{size % 3_600 // 60:02d}"
