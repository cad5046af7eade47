"""Risk limits: bounds on orders that increase a position, and the circuit breaker that watches the account."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from framework.types.plain_model import PlainModel
from framework.types.setting_option import RISK, SettingOption
from framework.types.setting_values import DistanceText


def _names(given: Any) -> Any:
    """A text ``A,B`` as a list of names: what an environment variable or an option holds."""
    return [name.strip() for name in given.split(",") if name.strip()] if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Limits(PlainModel):
    """Risk limits. None = no limit; they only ever hold back orders that increase a position.

    They are checked in the order of the fields. An instrument is named by its symbol or by exchange and symbol.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    restricted: Annotated[Names, SettingOption("[SBIN, NSE:INFY], as an option SBIN,NSE:INFY", RISK)] = Field(
        (), description="symbols that are not entered"
    )
    max_age: Annotated[int | None, SettingOption("sessions", RISK, none="no limit")] = Field(
        None, ge=0, description="age of the instrument's last bar, 0 = of this session"
    )
    max_jump: Annotated[DistanceText, SettingOption("20% of that close, or rupees", RISK, none="no limit")] = Field(
        None, description="move of the close since the instrument's bar before"
    )
    price_band: Annotated[DistanceText, SettingOption("5% of it, or rupees", RISK, none="no limit")] = Field(
        None, description="distance of an entry's limit and trigger from the deciding close"
    )
    max_orders_per_day: Annotated[int | None, SettingOption("orders", RISK, none="no limit")] = Field(
        None, ge=1, description="orders per instrument and session, protective exits apart; one more halts the run"
    )
    max_positions: Annotated[int | None, SettingOption("instruments", RISK, none="no limit")] = Field(
        None, ge=1, description="instruments held or with an entry working"
    )
    max_order_quantity: Annotated[int | None, SettingOption("units", RISK, none="no limit")] = Field(
        None, ge=1, description="size of one order"
    )
    max_order_value: Annotated[float | None, SettingOption("rupees", RISK, none="no limit")] = Field(
        None, gt=0, description="value of one order"
    )
    max_position_value: Annotated[float | None, SettingOption("rupees", RISK, none="no limit")] = Field(
        None, gt=0, description="value of one instrument's position, at the reference price"
    )
    sectors: Annotated[
        dict[str, Names],
        SettingOption(
            "{BANK: [HDFCBANK, SBIN], IT: [INFY, TCS]}",
            RISK,
            file_only="a table of names is written in a file or in Python, not in one word of a command",
        ),
    ] = Field({}, description="symbols of each sector")
    max_sector_value: Annotated[DistanceText, SettingOption("30% of equity, or rupees", RISK, none="no limit")] = Field(
        None, description="positions and working entries of one sector"
    )
    max_gross_exposure: Annotated[DistanceText, SettingOption("150% of equity, or rupees", RISK, none="no limit")] = (
        Field(None, description="all positions and working entries of the account")
    )
    max_strategy_value: Annotated[DistanceText, SettingOption("50% of equity, or rupees", RISK, none="no limit")] = (
        Field(None, description="all positions and working entries of one strategy")
    )
    max_daily_loss: Annotated[DistanceText, SettingOption("2% of it, or rupees", RISK, none="no limit")] = Field(
        None, description="loss since the last session's close; then reduce only until the next session"
    )
    max_consecutive_losses: Annotated[int | None, SettingOption("round trips", RISK, none="no limit")] = Field(
        None, ge=1, description="closed round trips in a row with a net loss; then reduce only until the next session"
    )
    max_drawdown: Annotated[DistanceText, SettingOption("20% of it, or rupees", RISK, none="no limit")] = Field(
        None, description="fall from the highest equity at a close; then halted"
    )
    breaker_reset: Annotated[int | None, SettingOption("sessions", RISK, none="only by a command")] = Field(
        None, ge=1, description="sessions after which a halted run goes on"
    )
    on_trip: Annotated[
        Literal["hold", "flatten"],
        SettingOption("hold (nothing increases) | flatten (positions are closed, too)", RISK),
    ] = Field("hold", description="action when a daily loss, losses in a row, a drawdown or a number of orders trips")

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
