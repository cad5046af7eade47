"""How a run is executed: every choice that changes a number, as frozen, printable, typed settings.

Texts like ``fixed:10`` or ``5%`` are what people type (``framework.types.setting_values``); ``str(x)`` gives them back.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from framework.errors import ConfigError
from framework.types.explain import explain, unknown_name
from framework.types.limits import Limits
from framework.types.setting_values import (
    Charges,
    ChargesText,
    DistanceText,
    FractionText,
    Sizing,
    SizingText,
    Slippage,
    SlippageText,
    SquareOffText,
)

Frozen = ConfigDict(frozen=True, extra="forbid")
Band = Annotated[str, Field(pattern=r"^band:\d+(\.\d+)?$")]


class Exits(BaseModel):
    """Protective exits that the configuration adds to every position; the strategy's own nearer one wins."""

    model_config = Frozen

    stop_loss: DistanceText = Field(None, description="distance from the average fill: 5% or rupees; none by default")
    take_profit: DistanceText = Field(None, description="distance from the average fill: 5% or rupees; none by default")
    trail: DistanceText = Field(None, description="distance from the best price since entry: 5% or rupees")
    time_exit: int | None = Field(None, ge=1, description="leave at the open of the n-th bar after the entry; bars")
    active_from: Literal["entry_bar", "next_bar"] = Field("entry_bar", description="first bar in which exits can fill")
    both: Literal["stop", "target"] = Field("stop", description="which one fills when a bar reaches both")


class Settings(BaseModel):
    """Every choice of a run that changes a number; printed with the result and kept in its bundle."""

    model_config = Frozen

    capital: float = Field(100_000.0, gt=0, le=1e12, description="rupees deposited at the start")
    sizing: SizingText = Field(
        Sizing("equity", 0.95),
        description="fixed:10 | value:50000 | equity:95% | risk:1% | volatility:15% | kelly:50% | equal_risk:95% | "
        "margin:90%",
    )
    volatility_bars: int = Field(20, ge=2, le=10_000, description="sizing volatility, equal_risk: log returns measured")
    kelly_cap: FractionText = Field(0.25, gt=0, le=1, description="sizing kelly: greatest fraction of the allotment")
    kelly_after: int = Field(20, ge=1, description="sizing kelly: closed round trips before the fraction is believed")
    kelly_start: FractionText = Field(0.1, gt=0, le=1, description="sizing kelly: fraction of the allotment until then")
    allotment: float | None = Field(
        None, gt=0, le=1, description="share of equity an instrument may use; default 1 / number of instruments"
    )
    charges: ChargesText = Field(Charges(), description="none | percent:0.1 | flat:20 | upstox:CNC (a plan)")
    product: Literal["CNC", "MIS", "NRML"] | None = Field(
        None, description="CNC delivery | MIS intraday | NRML contracts, carried; default: the product of charges"
    )
    square_off: SquareOffText = Field(
        None, description="MIS: 15:15 local time | 20m before the close; default by the exchange's calendar"
    )
    slippage: SlippageText = Field(Slippage(), description="none | bps:5 | ticks:1; market and stop fills, against us")
    protection_bps: float = Field(
        0.0, ge=0, lt=10_000, description="market orders become limits this far off; 0 = none"
    )
    fill_at: Literal["next_open", "same_close"] = Field("next_open", description="when market orders fill")
    reenter: Literal["any_bar", "new_signal"] = Field("any_bar", description="when a finite target may re-enter")
    reuse_proceeds: bool | None = Field(
        None, description="unfilled sales may fund buys; default: only for strategies with allocate()"
    )
    rebalance: Literal["on_signal", "on_change", "every_bar"] | Band = Field(
        "on_signal", description="allocate(): on_signal | on_change | every_bar | band:P (percentage points)"
    )
    leverage: float = Field(1.0, gt=0, le=10, description="allocate(): greatest sum of |weights|")
    long_margin: float | None = Field(
        None,
        gt=0,
        le=1,
        description="share of a long's value taken of the equity; default: the product's, or 1",
    )
    short_margin: float | None = Field(
        None,
        ge=0,
        le=10,
        description="share of a short's value blocked beside its proceeds; default: the same",
    )
    volume_cap: float | None = Field(
        None, gt=0, le=1, description="greatest share of a bar's volume one order may fill"
    )
    adjust: Literal["none", "splits", "total"] = Field(
        "splits",
        description="what the strategy's prices are adjusted for: none (the account ignores corporate actions too) | "
        "splits | total (dividends as well)",
    )
    validity: Literal["DAY", "GTC"] = Field("DAY", description="how long a strategy's limit and stop entries rest")
    limit_follow: bool = Field(default=False, description="resting entries take each new bar's limit price")
    exits: Exits = Field(default_factory=Exits)
    limits: Limits = Field(default_factory=Limits)

    @model_validator(mode="after")
    def _band_is_a_percentage(self) -> Self:
        if self.band_points > 100:  # noqa: PLR2004 - percentage points
            msg = f"rebalance {self.rebalance!r}: a band is in percentage points, at most 100"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_product(self) -> Self:
        if self.product is not None and self.charges.product not in {"", self.product}:
            msg = f"product {self.product} and charges {self.charges} are two products; give the same, or one of them"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _sizing_has_what_it_divides(self) -> Self:
        if self.sizing.kind == "equal_risk" and self.allotment is not None:
            msg = (
                f"sizing {self.sizing} divides the equity by itself, and allotment {self.allotment:g} says another "
                "share; leave out the allotment"
            )
            raise ValueError(msg)
        if self.sizing.kind == "margin" and self.short_margin == 0:
            msg = (
                f"sizing {self.sizing} divides by the margin, and short_margin is 0; give the margin of a short, or "
                "another sizing"
            )
            raise ValueError(msg)
        return self

    @classmethod
    def of(cls, **choices: Any) -> Self:
        """Settings from flat names: those of Settings, Exits and Limits in one; ``ConfigError`` says what is wrong."""
        known = [*(name for name in cls.model_fields if name not in NESTED), *NESTED["exits"], *NESTED["limits"]]
        nested: dict[str, Any] = {}
        for name, value in choices.items():
            if name in NESTED and not isinstance(value, BaseModel):
                nested.setdefault(name, {}).update(value)
                continue
            if name not in known and name not in NESTED:
                raise ConfigError(unknown_name("there is no setting", name, known))
            group = next((group for group, fields in NESTED.items() if name in fields), None)
            if group is None:
                nested[name] = value
            else:
                nested.setdefault(group, {})[name] = value
        try:
            return cls(**nested)
        except ValidationError as error:
            raise ConfigError(explain("settings", error)) from None

    @property
    def capital_paise(self) -> int:
        """Deposit in paise."""
        return round(self.capital * 100)

    @property
    def long_share(self) -> float:
        """What a long takes of the equity, as a share of its value: ``long_margin``, 1 where nobody said."""
        return 1.0 if self.long_margin is None else self.long_margin

    @property
    def short_share(self) -> float:
        """What a short blocks beside its proceeds, as a share of its value: ``short_margin``, 1 where nobody said."""
        return 1.0 if self.short_margin is None else self.short_margin

    @property
    def band_points(self) -> float:
        """Rebalancing band in percentage points; NaN when there is none."""
        return float(self.rebalance[5:]) if self.rebalance.startswith("band:") else math.nan

    @property
    def fill_rule(self) -> str:
        """One line that says how orders fill, printed with every result."""
        where = "next bar's open" if self.fill_at == "next_open" else "same bar's close"
        parts = [f"market orders fill at the {where}"]
        parts.append(f"slippage {self.slippage}")
        parts.append(f"charges {self.charges}")
        if self.protection_bps:
            parts.append(f"protection {self.protection_bps:g} bps")
        parts.append(f"exits from the {self.exits.active_from.replace('_', ' ')}, {self.exits.both} first")
        return "; ".join(parts)


NESTED = {"exits": tuple(Exits.model_fields), "limits": tuple(Limits.model_fields)}
"""Field of Settings → the names inside it."""
