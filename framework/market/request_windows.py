"""Request windows of brokers, by day: ``config/market/windows.yaml``."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from framework.errors import ConfigError
from framework.market.tables import check_ranges, current_table, in_force
from framework.pretrade.facts import SECOND_NS, RequestWindow

STRICT = ConfigDict(frozen=True, extra="forbid")


class WindowRow(BaseModel):
    """One window of a broker from one day to another."""

    model_config = STRICT

    seconds: int = Field(ge=1)
    valid_from: date | None
    valid_to: date | None
    count: int = Field(ge=1)
    use: int = Field(ge=1)
    for_cancels: int = Field(ge=1)
    for_exits: int = Field(ge=0)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _something_is_left_for_what_is_new(self) -> Self:
        if not (self.for_cancels + self.for_exits < self.use <= self.count):
            raise ConfigError(
                f"the window of {self.seconds} s: for_cancels {self.for_cancels} + for_exits {self.for_exits} < use "
                f"{self.use} ≤ count {self.count} does not hold; lower the shares, or use"
            )
        return self


class WindowTable(RootModel[dict[str, tuple[WindowRow, ...]]]):
    """Every row of ``config/market/windows.yaml``, by broker."""

    @model_validator(mode="after")
    def _no_day_has_two_rows(self) -> Self:
        for broker, rows in self.root.items():
            for seconds, of_one in _by_length(rows):
                check_ranges(f"{broker}, {seconds} s", of_one, gaps=True)
        return self


def request_windows_on(day: date, broker: str, table: WindowTable | None = None) -> tuple[RequestWindow, ...]:
    """The windows of a broker on a day, shortest first; ``ConfigError`` on a broker or day that the table lacks."""
    known = (table or current_table("market/windows.yaml", WindowTable)).root.get(broker)
    if known is None:
        raise ConfigError(f"config/market/windows.yaml has no broker {broker!r}; add its rows with their source")
    rows = [row for _, of_one in _by_length(known) if (row := in_force(of_one, day)) is not None]
    if not rows:
        raise ConfigError(f"config/market/windows.yaml has no window of {broker} for {day}; add a row with its source")
    return tuple(RequestWindow(row.seconds * SECOND_NS, row.use, row.for_cancels, row.for_exits) for row in rows)


def _by_length(rows: tuple[WindowRow, ...]) -> list[tuple[int, list[WindowRow]]]:
    ordered = sorted(rows, key=lambda row: row.seconds)
    return [(seconds, list(same)) for seconds, same in groupby(ordered, key=lambda row: row.seconds)]
