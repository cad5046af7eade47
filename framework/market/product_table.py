"""Product table, dated: minutes before the close at which intraday positions go, and margins."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framework.market.tables import check_ranges, current_table, in_force

if TYPE_CHECKING:
    from collections.abc import Iterable

STRICT = ConfigDict(frozen=True, extra="forbid")
ANY = "any"


class SquareOffRow(BaseModel):
    """Minutes before the end of continuous trading, from one day to another."""

    model_config = STRICT

    broker: str
    classes: tuple[str, ...] = Field(min_length=1)
    minutes: int = Field(ge=0, le=600)
    valid_from: date | None
    valid_to: date | None
    source: str = Field(min_length=1)


class MarginRow(BaseModel):
    """Shares of a position's value, from one day to another."""

    model_config = STRICT

    broker: str
    product: Literal["CNC", "MIS", "NRML"]
    kinds: tuple[str, ...] = Field(min_length=1)
    long: float = Field(gt=0, le=1)
    short: float | None = Field(ge=0, le=10)
    valid_from: date | None
    valid_to: date | None
    source: str = Field(min_length=1)


class ProductTable(BaseModel):
    """Every row of ``config/market/products.yaml``."""

    model_config = STRICT

    square_off: tuple[SquareOffRow, ...]
    margins: tuple[MarginRow, ...]

    @model_validator(mode="after")
    def _no_day_has_two_rows(self) -> Self:
        for broker, name in dict.fromkeys((row.broker, each) for row in self.square_off for each in row.classes):
            rows = [row for row in self.square_off if row.broker == broker and name in row.classes]
            check_ranges(f"square_off of {broker} {name}", rows, gaps=True)
        for key in dict.fromkeys((row.broker, row.product, each) for row in self.margins for each in row.kinds):
            kept = [row for row in self.margins if (row.broker, row.product) == key[:2] and key[2] in row.kinds]
            check_ranges(f"margins of {' '.join(key)}", kept, gaps=True)
        return self

    def minutes(self, broker: str, klass: str, day: date) -> int | None:
        """Minutes before the close at which a class of instruments is squared off on a day; None = no row."""
        for name in _names(broker):
            row = in_force((row for row in self.square_off if row.broker == name and klass in row.classes), day)
            if row is not None:
                return row.minutes
        return None

    def margin_rows(self, broker: str, product: str, kind: str, first: date, last: date) -> list[MarginRow]:
        """The rows in force on some day from ``first`` to ``last``."""
        for name in _names(broker):
            rows = [
                row
                for row in self.margins
                if (row.broker, row.product) == (name, product)
                and kind in row.kinds
                and (row.valid_from is None or row.valid_from <= last)
                and (row.valid_to is None or first <= row.valid_to)
            ]
            if rows:
                return rows
        return []


def product_table() -> ProductTable:
    """The table in force here: ``./config/market/products.yaml``, else the shipped one."""
    return current_table("market/products.yaml", ProductTable)


def _names(broker: str) -> Iterable[str]:
    """Names under which a broker's rows are found: ``upstox_api`` is upstox too, and everyone is any."""
    return dict.fromkeys((broker, broker.partition("_")[0], ANY))
