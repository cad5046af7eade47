"""Timeframes: ``1m`` … ``1d``, ``1w`` and ``1M``, their length and the session a bar belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
WEEK_DAYS, LONGEST_MONTH_DAYS = 7, 31
UNIT_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}
DAY, WEEK, MONTH = "1d", "1w", "1M"
DATED = frozenset({DAY, WEEK, MONTH})
"""Names of the timeframes whose bars are stamped by a date."""
WORDS = {"day": DAY, "daily": DAY, "d": DAY, "hour": "1h", "minute": "1m", "week": WEEK, "weekly": WEEK, "w": WEEK,
         "month": MONTH, "monthly": MONTH}  # fmt: skip
WRITTEN = re.compile(r"(\d+)\s*(m|min|minute|minutes|t|h|hour|hours|d|day|days|w|wk|week|weeks|mo|mon|month|months)")


class Timeframe(NamedTuple):
    """Length of a bar. Days are trading dates, so bars of a day or longer are stamped 00:00 UTC of a date."""

    name: str
    """``1m`` is a minute, ``1M`` a month."""
    nanoseconds: int
    """Length of a bar; months have none of their own, so it is that of the longest."""

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """``15m`` → Timeframe; ``day``, ``1D``, ``60min``, ``1W`` and ``monthly`` are understood; else ``ConfigError``.

        A large ``M`` is a month, so that ``5M`` is refused and not taken for five minutes.
        """
        plain = text.strip()
        plain = MONTH if re.fullmatch(r"\d+\s*M", plain) and int(plain[:-1]) == 1 else plain
        plain = WORDS.get(plain.lower(), plain)
        if plain == MONTH:
            return cls(MONTH, LONGEST_MONTH_DAYS * DAY_NS)
        match = WRITTEN.fullmatch(plain.lower())
        if not match or int(match[1]) == 0:
            msg = (
                f"timeframe {text!r} is not understood; write a number and m, h or d, such as 1m, 15m, 1h, 1d, or 1w "
                "for weeks and 1M for months"
            )
            raise ConfigError(msg)
        count, unit = int(match[1]), match[2]
        if plain.endswith("M"):
            raise ConfigError(f"timeframe {text!r} is {count} months: months are 1M; {count}m is {count} minutes")
        if unit.startswith("w") or unit in {"mo", "mon", "month", "months"}:
            longer = WEEK if unit.startswith("w") else MONTH
            if count != 1:
                raise ConfigError(
                    f"timeframe {text!r}: bars of several weeks or months are not supported; use {longer}"
                )
            return cls.parse(longer) if longer == MONTH else cls(WEEK, WEEK_DAYS * DAY_NS)
        unit = {"t": "m"}.get(unit, unit[0])
        seconds = count * UNIT_SECONDS[unit]
        if unit == "d" and seconds != UNIT_SECONDS["d"]:
            msg = f"timeframe {text!r}: bars of several days are not supported; use 1d, 1w or 1M"
            raise ConfigError(msg)
        return cls.of_seconds(seconds)

    @classmethod
    def of_seconds(cls, seconds: int) -> Timeframe:
        """The timeframe of this many seconds under its shortest name (60 minutes is ``1h``)."""
        if seconds * SECOND_NS == WEEK_DAYS * DAY_NS:
            return cls(WEEK, WEEK_DAYS * DAY_NS)
        for unit in ("d", "h", "m"):
            if seconds % UNIT_SECONDS[unit] == 0:
                return cls(f"{seconds // UNIT_SECONDS[unit]}{unit}", seconds * SECOND_NS)
        msg = f"a timeframe of {seconds} s is not a whole number of minutes"
        raise ConfigError(msg)

    @property
    def daily(self) -> bool:
        """True for bars of one whole day."""
        return self.nanoseconds == DAY_NS

    @property
    def dated(self) -> bool:
        """True for bars of a day, a week or a month: their stamps are dates, and each is a session of its own."""
        return self.name in DATED

    def sessions(self, time: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
        """Local trading date of each open, int64[n] days since 1970-01-01; a dated bar's stamp is its date."""
        if self.dated or timezone == "UTC":
            return time // DAY_NS
        from framework.types.localtime import DAY, to_local  # numpy: a process that only knows lengths does without

        days: NDArray[np.int64] = to_local(time // SECOND_NS, timezone) // DAY
        return days
