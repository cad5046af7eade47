"""The price grid: which tick holds for a kind of instrument, on a day, at a price."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framework.errors import ConfigError, DataError
from framework.market.tables import check_ranges, current_table, in_force

STRICT = ConfigDict(frozen=True, extra="forbid")


class Slab(BaseModel):
    """Prices up to a bound, and their tick in rupees."""

    model_config = STRICT

    below: float | None = Field(None, gt=0)
    """Rupees, not included."""
    up_to: float | None = Field(None, gt=0)
    """Rupees, included."""
    tick: float = Field(gt=0)

    @property
    def bound(self) -> float:
        """Upper end in rupees; infinite for the last slab."""
        return next((end for end in (self.below, self.up_to) if end is not None), math.inf)

    def holds(self, price: float) -> bool:
        """True if a price lies under this slab's end."""
        return price < self.below if self.below is not None else price <= self.bound

    def __str__(self) -> str:
        if self.below is not None:
            return f"below {self.below:,g}"
        return f"up to {self.up_to:,g}" if self.up_to is not None else "above"


class TickRow(BaseModel):
    """The ticks of one kind of instrument from one day to another."""

    model_config = STRICT

    kind: str
    of: str
    """Kind whose price chooses the slab: share, fund or index."""
    valid_from: date | None
    valid_to: date | None
    slabs: tuple[Slab, ...] = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _slabs_ascend_and_cover_every_price(self) -> Self:
        if any(slab.below is not None and slab.up_to is not None for slab in self.slabs):
            raise ValueError("a slab has below or up_to, not both")
        if math.inf != self.slabs[-1].bound or any(not a.bound < b.bound for a, b in pairwise(self.slabs)):
            raise ValueError("slabs must ascend, and only the last has no bound")
        return self


class TickTable(BaseModel):
    """Every row of ``config/market/ticks.yaml``."""

    model_config = STRICT

    rows: tuple[TickRow, ...]

    @model_validator(mode="after")
    def _every_day_has_one_row(self) -> Self:
        for kind in self.kinds:
            check_ranges(f"ticks of {kind}", [row for row in self.rows if row.kind == kind])
        return self

    @property
    def kinds(self) -> list[str]:
        """The kinds of instrument there are ticks for."""
        return list(dict.fromkeys(row.kind for row in self.rows))


def row_of(on: date, kind: str, table: TickTable) -> TickRow:
    """The row in force; ``ConfigError`` where none is known."""
    row = in_force((row for row in table.rows if row.kind == kind), on)
    if row is None:
        known = f"for {kind} on {on}" if kind in table.kinds else f"{kind!r}; there are {', '.join(table.kinds)}"
        raise ConfigError(f"config/market/ticks.yaml has no tick {known}; add a row with its dates and source")
    return row


def slab_of(price: float, on: date, kind: str, table: TickTable | None = None) -> Slab:
    """The slab a price lies in; the price is the close that the rule uses, in rupees above 0."""
    if not (math.isfinite(price) and price > 0):
        raise DataError(f"price {price!r} is no price; a tick is known for finite prices above 0")
    row = row_of(on, kind, table or tick_table())
    return next(slab for slab in row.slabs if slab.holds(price))


def tick_of(price: float, on: date, kind: str = "share", table: TickTable | None = None) -> float:
    """Smallest price step in rupees.

    kind: share, fund, share_future, index_future, share_option or index_option; price: the close that chooses the slab.
    """
    return slab_of(price, on, kind, table).tick


def tick_table() -> TickTable:
    """The table in force here: ``./config/market/ticks.yaml``, else the shipped one."""
    return current_table("market/ticks.yaml", TickTable)
