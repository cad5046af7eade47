"""Numbers as people read them: rupees in Indian grouping, percentages, times in the exchange's zone."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from framework.types.currency import INR, money_text
from framework.types.rupees import MINUS, NONE
from framework.types.timeframe import SECOND_NS, Timeframe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.report.stats import Stat
    from framework.types.panel import Panel

COUNTS = ("Round trips", "Open round trips")


def number(value: float, decimals: int = 2) -> str:
    """A plain number with a real minus; – for NaN, ∞ for inf."""
    if math.isnan(value):
        return NONE
    if math.isinf(value):
        return f"{MINUS}∞" if value < 0 else "∞"
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) != 0 else text


def percent(value: float, decimals: int = 2) -> str:
    """``12.34 %`` of a value in percent."""
    return NONE if math.isnan(value) else f"{number(value, decimals)} %"


def stat_value(stat: Stat, value: float, currency: str = INR) -> str:
    """A statistic's number without its unit (money carries its sign)."""
    if stat.unit == "₹":
        return money_text(value, currency)
    if stat.key in COUNTS:
        return number(value, 0)
    if stat.unit == "days":
        return number(value, 0 if value.is_integer() else 1) if math.isfinite(value) else number(value)
    return number(value)


def reason_text(code: str) -> str:
    """A reason code as words: ``max_order_value`` → ``max order value``."""
    return code.replace("_", " ")


def is_daily(panel: Panel) -> bool:
    """True when the panel's bars are of whole days."""
    return Timeframe.parse(panel.timeframe).dated


def time_texts(panel: Panel, column: int, times: Iterable[int]) -> list[str]:
    """Bar times as text: ``YYYY-MM-DD`` for daily bars, else ISO 8601 with the exchange's offset."""
    if is_daily(panel):
        days = np.array(list(times), dtype="datetime64[ns]").astype("datetime64[D]")
        return [str(day) for day in days]
    zone = ZoneInfo(panel.instruments[column].timezone)
    return [datetime.fromtimestamp(time // SECOND_NS, zone).isoformat() for time in times]


def time_text(panel: Panel, column: int, time: int) -> str:
    """One bar's time; see ``time_texts``."""
    return time_texts(panel, column, [time])[0]


def minute_text(panel: Panel, column: int, time: int) -> str:
    """One bar's time for people: the day, and to the minute where bars have a time of day, at the exchange."""
    return time_text(panel, column, time)[:16].replace("T", " ")
