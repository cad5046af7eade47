"""Local time: UTC to an exchange's wall clock and back, for whole arrays; one look-up per hour that occurs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from framework.errors import ConfigError

HOUR, DAY = 3_600, 86_400
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock's reading has no zone
Seconds = NDArray[np.int64]


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name; ``ConfigError`` where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError, see below
        raise ConfigError(f"time zone {name!r} is unknown; write an IANA name such as Asia/Kolkata or UTC") from error
    except KeyError as error:
        raise ConfigError(f"time zone {name!r} is unknown; write an IANA name such as Asia/Kolkata or UTC") from error


def to_local(utc: Seconds, name: str) -> Seconds:
    """Wall-clock seconds since 1970 in a zone, of UTC seconds; int64[n] → int64[n]."""
    if name == "UTC":
        return utc
    days, position = distinct(np.floor_divide(utc, DAY))
    start, end = (_offsets_at(name, days + later) for later in (0, 1))
    local: Seconds = utc + start[position]
    changes = start != end
    if changes.any():  # a clock change on that day: hour by hour
        zone, rows = zone_named(name), np.flatnonzero(changes[position])
        hours, at = distinct(np.floor_divide(utc[rows], HOUR))
        offsets = [_offset(datetime.fromtimestamp(hour * HOUR, UTC).astimezone(zone)) for hour in hours.tolist()]
        local[rows] = utc[rows] + np.array(offsets, dtype=np.int64)[at]
    return local


def to_utc(local: Seconds, name: str) -> tuple[Seconds, NDArray[np.bool_]]:
    """UTC seconds of wall-clock seconds, and which of them name exactly one moment, bool[n].

    The hour that a clock change leaves out names none, the one that it repeats names two.
    """
    once = np.ones(local.shape, dtype=bool)
    if name == "UTC":
        return local, once
    days, position = distinct(np.floor_divide(local, DAY))
    around = np.stack([_offsets_at(name, days + later) for later in (-1, 0, 1, 2)])  # the wall's day, whatever the zone
    utc: Seconds = local - around[0][position]
    changes = (around != around[0]).any(axis=0)
    if changes.any():
        zone, rows = zone_named(name), np.flatnonzero(changes[position])
        hours, at = distinct(np.floor_divide(local[rows], HOUR))
        offsets = np.empty((2, hours.shape[0]), dtype=np.int64)
        for index, hour in enumerate(hours.tolist()):
            wall = EPOCH + timedelta(seconds=hour * HOUR)
            for fold in (0, 1):
                offsets[fold, index] = _offset(wall.replace(tzinfo=zone, fold=fold))
        utc[rows], once[rows] = local[rows] - offsets[0][at], (offsets[0] == offsets[1])[at]
    return utc, once


def distinct(values: Seconds) -> tuple[Seconds, Seconds]:
    """Distinct values, rising, and the index of each row's among them; quick where equal ones lie together."""
    heads = np.flatnonzero(np.append(True, values[1:] != values[:-1])[: values.shape[0]])
    found, position = np.unique(values[heads], return_inverse=True)
    return found, np.repeat(position, np.diff(np.append(heads, values.shape[0])))


def _offsets_at(name: str, days: Seconds) -> Seconds:
    """Seconds east of UTC at 00:00 UTC of each day."""
    return np.array([_offset_at(name, day) for day in days.tolist()], dtype=np.int64)


@lru_cache(maxsize=1 << 16)
def _offset_at(name: str, day: int) -> int:
    return _offset(datetime.fromtimestamp(day * DAY, UTC).astimezone(zone_named(name)))


def _offset(moment: datetime) -> int:
    offset = moment.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def day_text(day: int) -> str:
    """``2020-03-23`` of days since 1970-01-01."""
    return str(np.datetime64(int(day), "D"))


def second_text(second_of_day: int) -> str:
    """``09:52:37`` of seconds since midnight, ``09:15`` of a whole minute."""
    second = second_of_day % 60
    return time_text(second_of_day) + (f":{second:02d}" if second else "")


def time_text(second_of_day: int) -> str:
    """``09:15`` of seconds since midnight."""
    return f"{second_of_day // HOUR:02d}:{second_of_day % HOUR // 60:02d}"
