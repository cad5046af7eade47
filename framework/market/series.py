"""Series and groups that settle trade by trade, by date: what they sell is delivered, so nothing is intraday."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framework.market.tables import check_ranges, current_table

STRICT = ConfigDict(frozen=True, extra="forbid")


class SeriesRow(BaseModel):
    """One series of an exchange that settles trade by trade from one day to another; null is open."""

    model_config = STRICT

    exchange: str
    series: str
    valid_from: date | None
    valid_to: date | None
    source: str = Field(min_length=1)


class SeriesTable(BaseModel):
    """Every row of ``config/market/series.yaml``."""

    model_config = STRICT

    trade_by_trade_series: tuple[SeriesRow, ...] = Field(alias="trade_by_trade")

    @model_validator(mode="after")
    def _no_day_has_two_rows(self) -> Self:
        for key in dict.fromkeys((row.exchange, row.series) for row in self.trade_by_trade_series):
            rows = [row for row in self.trade_by_trade_series if (row.exchange, row.series) == key]
            check_ranges(f"trade by trade in {' '.join(key)}", rows, gaps=True)
        return self

    def trade_by_trade(self, exchange: str, series: str, first: date, last: date) -> bool:
        """True if a series settles trade by trade on any day from ``first`` to ``last``."""
        return any(
            (row.exchange, row.series) == (exchange, series)
            and (row.valid_from or date.min) <= last
            and first <= (row.valid_to or date.max)
            for row in self.trade_by_trade_series
        )


def series_table() -> SeriesTable:
    """The table in force here: ``./config/market/series.yaml``, else the shipped one."""
    return current_table("market/series.yaml", SeriesTable)
