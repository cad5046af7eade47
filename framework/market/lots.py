"""Lots and freeze quantities of index contracts, by date."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framework.market.tables import check_ranges, current_table, in_force

STRICT = ConfigDict(frozen=True, extra="forbid")


class LotRow(BaseModel):
    """Units in one contract listed from one day to another."""

    model_config = STRICT

    symbol: str
    valid_from: date | None
    valid_to: date | None
    lot: int = Field(ge=1)
    source: str = Field(min_length=1)


class FreezeRow(BaseModel):
    """The largest order in units from one day to another."""

    model_config = STRICT

    symbol: str
    valid_from: date | None
    valid_to: date | None
    quantity: int = Field(ge=1)
    source: str = Field(min_length=1)


class LotTable(BaseModel):
    """Every row of ``config/market/lots.yaml``."""

    model_config = STRICT

    lots: tuple[LotRow, ...]
    freezes: tuple[FreezeRow, ...] = ()

    @model_validator(mode="after")
    def _no_day_has_two_rows(self) -> Self:
        for symbol in dict.fromkeys(row.symbol for row in self.lots):
            check_ranges(f"lots of {symbol}", [row for row in self.lots if row.symbol == symbol], gaps=True)
        for symbol in dict.fromkeys(row.symbol for row in self.freezes):
            check_ranges(f"freezes of {symbol}", [row for row in self.freezes if row.symbol == symbol], gaps=True)
        return self


def lot_of(symbol: str, listed: date, table: LotTable | None = None) -> int | None:
    """Units in one contract of an index (``NIFTY``) that was listed on a day; None where that is not known."""
    row = in_force((row for row in (table or lot_table()).lots if row.symbol == symbol), listed)
    return None if row is None else row.lot


def freeze_of(symbol: str, on: date, table: LotTable | None = None) -> int | None:
    """The largest order in units of an index contract; None where that is not known."""
    row = in_force((row for row in (table or lot_table()).freezes if row.symbol == symbol), on)
    return None if row is None else row.quantity


def lot_table() -> LotTable:
    """The table in force here: ``./config/market/lots.yaml``, else the shipped one."""
    return current_table("market/lots.yaml", LotTable)
