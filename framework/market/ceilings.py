"""Legal ceilings of an order, by day: ``config/market/orders.yaml``."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framework.errors import ConfigError
from framework.market.tables import check_ranges, current_table, in_force
from framework.pretrade.facts import Ceilings

STRICT = ConfigDict(frozen=True, extra="forbid")


class ValueRow(BaseModel):
    """The greatest value of one order from one day to another."""

    model_config = STRICT

    valid_from: date | None
    valid_to: date | None
    rupees: float = Field(gt=0, allow_inf_nan=False)
    source: str = Field(min_length=1)


class RateRow(BaseModel):
    """Orders a second from one day to another."""

    model_config = STRICT

    valid_from: date | None
    valid_to: date | None
    count: int = Field(ge=1)
    source: str = Field(min_length=1)


class OrderTable(BaseModel):
    """Every row of ``config/market/orders.yaml``."""

    model_config = STRICT

    order_value: tuple[ValueRow, ...]
    orders_per_second: tuple[RateRow, ...]

    @model_validator(mode="after")
    def _no_day_has_two_rows(self) -> Self:
        check_ranges("order_value", self.order_value, gaps=True)
        check_ranges("orders_per_second", self.orders_per_second, gaps=True)
        return self


def ceilings_on(day: date, table: OrderTable | None = None) -> Ceilings:
    """The ceilings of a day; ``ConfigError`` on a day that a table does not cover."""
    known = table or current_table("market/orders.yaml", OrderTable)
    value, rate = in_force(known.order_value, day), in_force(known.orders_per_second, day)
    if value is None or rate is None:
        name = "order_value" if value is None else "orders_per_second"
        raise ConfigError(f"config/market/orders.yaml has no {name} for {day}; add a row with its source")
    return Ceilings(value.rupees, rate.count)


def first_ceilings(day: date, table: OrderTable | None = None) -> Ceilings:
    """The ceilings of a day, or of the first one after it that has any: for the replay of a day before there were."""
    known = table or current_table("market/orders.yaml", OrderTable)
    values = min((row.valid_from or day for row in known.order_value), default=day)
    rates = min((row.valid_from or day for row in known.orders_per_second), default=day)
    return ceilings_on(max(day, values, rates), known)
