"""Tariff: every rate that one fill is charged by, as it was in force on one day."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Tariff(NamedTuple):
    """Rates are whole numbers of 1e-8 of the value, sums are whole paise; what does not apply is 0.

    One tariff is of one broker's plan, exchange, segment, product and kind of instrument, on one day.
    ``framework.rules.charges`` says how a fill is charged by it.
    """

    brokerage_e8: int = 0
    """Of an executed order's value, up to ``brokerage_cap_paise``."""
    brokerage_cap_paise: int = 0
    """Most brokerage by rate for one executed order, however many fills it has; 0 = no cap."""
    flat_paise: int = 0
    """Brokerage per executed order beside the rate: ₹20 is 2,000."""
    stt_buy_e8: int = 0
    """Securities transaction tax on buys."""
    stt_sell_e8: int = 0
    """Securities transaction tax on sells."""
    exchange_e8: int = 0
    """The exchange's transaction charge with the investor protection fund's share (IPFT) in it."""
    sebi_e8: int = 0
    """SEBI turnover fee."""
    stamp_e8: int = 0
    """Stamp duty; buys only."""
    gst_e8: int = 0
    """Goods and services tax (before 2017-07-01 service tax) on brokerage and exchange charge, and on the DP charge."""
    gst_on_sebi: int = 0
    """1 where the SEBI fee is taxed too, as from 2022-07-18."""
    dp_paise: int = 0
    """Depository charge before tax, once per instrument and day on which delivery shares are sold."""


class Tariffs(NamedTuple):
    """The tariffs of a run, each from its first day on; the first one holds for every day before it too."""

    days: tuple[int, ...]
    """First day of each, days since 1970-01-01, rising."""
    rates: tuple[Tariff, ...]

    @classmethod
    def of(cls, regimes: Sequence[tuple[int, Tariff]]) -> Tariffs:
        """From pairs of a first day and its tariff."""
        return cls(tuple(day for day, _ in regimes), tuple(tariff for _, tariff in regimes))

    def on(self, time: int) -> Tariff:
        """The tariff of a moment, UTC nanoseconds. The day is taken in UTC: India's sessions lie within it."""
        if len(self.days) == 1:
            return self.rates[0]
        return self.rates[max(bisect_right(self.days, time // DAY_NS) - 1, 0)]
