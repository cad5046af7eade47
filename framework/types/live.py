"""Live limits, on what may be sent to a broker. None has a default: a live start needs each of them set."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from framework.types.plain_model import PlainModel


class LiveLimits(PlainModel):
    """``live:`` in the configuration; ``config.settings_file.live_limits`` demands every one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_order_value: float | None = Field(None, gt=0, description="rupees of one order at its worst price")
    max_order_quantity: int | None = Field(None, ge=1, description="units of one order")
    price_band_percent: float | None = Field(None, gt=0, le=100, description="% an order's price may be from the last")
    reference_age_s: float | None = Field(None, gt=0, le=60, description="seconds the last price may be old")
    max_jump_percent: float | None = Field(None, gt=0, le=100, description="% the price may move at once")
    max_open_value: float | None = Field(None, gt=0, description="rupees of all open and unconfirmed orders")
    max_position_value: float | None = Field(None, gt=0, description="rupees of one symbol, should its orders fill")
    max_gross_value: float | None = Field(None, gt=0, description="rupees of all positions, should all orders fill")
    funds_age_s: float | None = Field(None, gt=0, le=600, description="seconds the broker's funds may be old")
    duplicate_s: float | None = Field(None, gt=0, le=60, description="seconds until the same order may go out again")
    orders_per_second: int | None = Field(None, ge=1, description="orders and changes a second")
    cancels_per_second: int | None = Field(None, ge=1, description="cancels a second, in reserve beside the orders")
    orders_per_minute: int | None = Field(None, ge=1, description="orders and changes of one symbol a minute")
    orders_per_day: int | None = Field(None, ge=1, description="orders and changes of one symbol a day")
