"""What risk allows: limits on what increases a position, and the circuit breaker that watches the account."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from framework.types.setting_values import DistanceText


def _names(given: Any) -> Any:
    """A text ``A,B`` as a list of names: what an environment variable or an option holds."""
    return [name.strip() for name in given.split(",") if name.strip()] if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Limits(BaseModel):
    """Risk limits. None = no limit; they only ever hold back orders that increase a position.

    In the order in which they are asked. Where a text is wanted, ``20%`` or rupees. An instrument is named by its
    symbol or by exchange and symbol.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    restricted: Names = Field((), description="symbols that are not entered: SBIN or NSE:SBIN")
    max_age: int | None = Field(None, ge=0, description="sessions since the instrument's last bar")
    max_jump: DistanceText = Field(
        None, description="move of the close since the instrument's bar before, 20% of that close or rupees"
    )
    price_band: DistanceText = Field(
        None, description="distance of an entry's limit and trigger from the deciding close, 5% of it or rupees"
    )
    max_orders_per_day: int | None = Field(
        None, ge=1, description="orders per instrument and session, protective exits apart; one more halts the run"
    )
    max_positions: int | None = Field(None, ge=1, description="instruments held or with an entry working")
    max_order_quantity: int | None = Field(None, ge=1, description="units per order")
    max_order_value: float | None = Field(None, gt=0, description="rupees per order")
    max_position_value: float | None = Field(None, gt=0, description="rupees per instrument, at the reference price")
    sectors: dict[str, Names] = Field({}, description="sector → its symbols")
    max_sector_value: DistanceText = Field(
        None, description="positions and working entries of one sector, 30% of equity or rupees"
    )
    max_gross_exposure: DistanceText = Field(
        None, description="all positions and working entries of the account, 150% of equity or rupees"
    )
    max_strategy_value: DistanceText = Field(
        None, description="all positions and working entries of one strategy, 50% of equity or rupees"
    )
    max_daily_loss: DistanceText = Field(
        None, description="loss since the last session's close, 2% of it or rupees; then reduce only until the next"
    )
    max_consecutive_losses: int | None = Field(
        None, ge=1, description="closed round trips in a row with a net loss; then reduce only until the next session"
    )
    max_drawdown: DistanceText = Field(
        None, description="fall from the highest equity at a close, 20% of it or rupees; then halted"
    )
    breaker_reset: int | None = Field(
        None, ge=1, description="sessions after which a halted run goes on; none = until a command"
    )
    on_trip: Literal["hold", "flatten"] = Field(
        "hold", description="when the breaker trips: hold back what increases, or flatten what is held too"
    )

    @model_validator(mode="after")
    def _sectors_say_one_thing(self) -> Self:
        if self.max_sector_value is not None and not self.sectors:
            msg = "max_sector_value needs sectors; write sectors: {BANK: [HDFCBANK, SBIN]}"
            raise ValueError(msg)
        times = Counter(symbol for symbols in self.sectors.values() for symbol in symbols)
        twice = [symbol for symbol, count in times.items() if count > 1]
        if twice:
            msg = f"sectors name {twice[0]} more than once; an instrument belongs to one sector"
            raise ValueError(msg)
        return self
