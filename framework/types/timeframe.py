"""Timeframes: ``1m`` … ``1d``, their length and the session a bar belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
UNIT_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


class Timeframe(NamedTuple):
    """Length of a bar. Days are trading dates, so daily bars are stamped 00:00 UTC of their date."""

    name: str
    nanoseconds: int

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """``15m`` → Timeframe; ``day``, ``1D``, ``daily`` and ``60min`` are understood; else ``ConfigError``."""
        plain = {"day": "1d", "daily": "1d", "d": "1d", "hour": "1h", "minute": "1m"}.get(text.lower(), text.lower())
        match = re.fullmatch(r"(\d+)\s*(m|min|minute|minutes|t|h|hour|hours|d|day|days)", plain)
        if not match or int(match[1]) == 0:
            msg = f"timeframe {text!r} is not understood; write a number and m, h or d, such as 1m, 15m, 1h, 1d"
            raise ConfigError(msg)
        unit = {"t": "m"}.get(match[2], match[2][0])
        seconds = int(match[1]) * UNIT_SECONDS[unit]
        if unit == "d" and seconds != UNIT_SECONDS["d"]:
            msg = f"timeframe {text!r}: bars longer than a day are not supported; use 1d"
            raise ConfigError(msg)
        return cls.of_seconds(seconds)

    @classmethod
    def of_seconds(cls, seconds: int) -> Timeframe:
        """The timeframe of this many seconds under its shortest name (60 minutes is ``1h``)."""
        for unit in ("d", "h", "m"):
            if seconds % UNIT_SECONDS[unit] == 0:
                return cls(f"{seconds // UNIT_SECONDS[unit]}{unit}", seconds * SECOND_NS)
        msg = f"a timeframe of {seconds} s is not a whole number of minutes"
        raise ConfigError(msg)

    @property
    def daily(self) -> bool:
        """True for bars of a whole day."""
        return self.nanoseconds == DAY_NS

    def sessions(self, time: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
        """Local trading date of each open, int64[n] days since 1970-01-01; a daily bar's stamp is its date."""
        if self.daily or timezone == "UTC":
            return time // DAY_NS
        from framework.types.localtime import DAY, to_local  # numpy: a process that only knows lengths does without

        days: NDArray[np.int64] = to_local(time // SECOND_NS, timezone) // DAY
        return days
