"""Local time: UTC to an exchange's wall clock and back, for whole arrays; one look-up per hour that occurs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
    zone = zone_named(name)
    hours, position = np.unique(np.floor_divide(utc, HOUR), return_inverse=True)
    offsets = [_offset(datetime.fromtimestamp(hour * HOUR, UTC).astimezone(zone)) for hour in hours.tolist()]
    return utc + np.array(offsets, dtype=np.int64)[position]


def to_utc(local: Seconds, name: str) -> tuple[Seconds, NDArray[np.bool_]]:
    """UTC seconds of wall-clock seconds, and which of them name exactly one moment, bool[n].

    The hour that a clock change leaves out names none, the one that it repeats names two.
    """
    if name == "UTC":
        return local, np.ones(local.shape, dtype=bool)
    zone = zone_named(name)
    hours, position = np.unique(np.floor_divide(local, HOUR), return_inverse=True)
    offsets = np.empty((2, hours.shape[0]), dtype=np.int64)
    for index, hour in enumerate(hours.tolist()):
        wall = EPOCH + timedelta(seconds=hour * HOUR)
        for fold in (0, 1):
            offsets[fold, index] = _offset(wall.replace(tzinfo=zone, fold=fold))
    return local - offsets[0][position], (offsets[0] == offsets[1])[position]


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
