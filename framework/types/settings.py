"""Settings of a run: every choice that changes a number, frozen, typed, printable, each declared once.

A field's description, unit, group and option (``SettingOption``) are what help, ``config/trading.yaml`` and
``docs/configuration.md`` show. Texts like ``fixed:10`` or ``5%`` are parsed by ``framework.types.setting_values``;
``str(x)`` gives them back.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, NewType, Self

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from framework.errors import ConfigError
from framework.types.explain import explain, unknown_name
from framework.types.foreign_words import in_our_words
from framework.types.limits import Limits
from framework.types.plain_model import PlainModel
from framework.types.setting_option import EXITS, MONEY, ORDERS, SettingOption
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
    known_rebalance,
)

Frozen = ConfigDict(frozen=True, extra="forbid")

SIZING_FORMS = (
    "fixed:10 (units) | value:50000 (rupees) | equity:95% (of the allotment) | risk:1% (of equity, lost at the stop) | "
    "volatility:15% (of the allotment, moved in a year) | kelly:50% (of the growth-optimal fraction) | "
    "equal_risk:95% (of equity, divided by volatility) | margin:90% (of the allotment, blocked)"
)
CHARGES_FORMS = (
    "none | percent:0.1 (% of value) | flat:20 (rupees per order) | percent:0.1+flat:20 | "
    "upstox:CNC (a plan of config/charges and a product)"
)
PRODUCT_FORMS = (
    "CNC (delivery: sells only what is held) | MIS (intraday, closed each session) | NRML (futures and options)"
)


class Exits(PlainModel):
    """Protective exits that the configuration adds to every position; the strategy's own nearer one wins."""

    model_config = Frozen

    stop_loss: Annotated[DistanceText, SettingOption("5% or rupees", EXITS)] = Field(
        None, description="distance from the average fill"
    )
    take_profit: Annotated[DistanceText, SettingOption("10% or rupees", EXITS)] = Field(
        None, description="distance from the average fill"
    )
    trail: Annotated[DistanceText, SettingOption("3% or rupees", EXITS)] = Field(
        None, description="distance from the best price since the entry"
    )
    time_exit: Annotated[int | None, SettingOption("bars", EXITS, none="never")] = Field(
        None, ge=1, description="leave at the open of the n-th bar after the entry"
    )
    active_from: Annotated[
        Literal["entry_bar", "next_bar"], SettingOption("entry_bar | next_bar", EXITS, flag="--exits-from")
    ] = Field("entry_bar", description="first bar in which exits can fill")
    both: Annotated[Literal["stop", "target"], SettingOption("stop | target", EXITS)] = Field(
        "stop", description="exit that fills when a bar reaches stop and target"
    )


class Settings(PlainModel):
    """Every choice of a run that changes a number; printed with the result and kept in its bundle."""

    model_config = Frozen

    capital: Annotated[float, SettingOption("rupees", MONEY)] = Field(
        100_000.0, gt=0, le=1e12, description="deposit at the start"
    )
    sizing: Annotated[SizingText, SettingOption(SIZING_FORMS, MONEY)] = Field(
        Sizing("equity", 0.95), description="units at a full target"
    )
    volatility_bars: Annotated[int, SettingOption("bars", MONEY)] = Field(
        20, ge=2, le=10_000, description="log returns measured, for sizing volatility and equal_risk"
    )
    kelly_cap: Annotated[FractionText, SettingOption("25% or 0.25", MONEY)] = Field(
        0.25, gt=0, le=1, description="greatest fraction of the allotment, for sizing kelly"
    )
    kelly_after: Annotated[int, SettingOption("round trips", MONEY)] = Field(
        20, ge=1, description="closed round trips before the fraction is believed, for sizing kelly"
    )
    kelly_start: Annotated[FractionText, SettingOption("10% or 0.1", MONEY)] = Field(
        0.1, gt=0, le=1, description="fraction of the allotment until then, for sizing kelly"
    )
    allotment: Annotated[float | None, SettingOption("fraction", MONEY, none="1 / number of instruments")] = Field(
        None, gt=0, le=1, description="share of equity that one instrument may use, 0–1"
    )
    charges: Annotated[ChargesText, SettingOption(CHARGES_FORMS, MONEY)] = Field(
        Charges(), description="cost of every fill"
    )
    slippage: Annotated[
        SlippageText, SettingOption("none | bps:5 (1/100 % of the price) | ticks:1 (of the instrument)", MONEY)
    ] = Field(Slippage(), description="against you, on market and stop fills")
    reuse_proceeds: Annotated[
        bool | None, SettingOption("true | false", MONEY, none="only for strategies with allocate()")
    ] = Field(None, description="unfilled sales may fund buys")
    leverage: Annotated[float, SettingOption("multiple", MONEY)] = Field(
        1.0, gt=0, le=10, description="greatest sum of the absolute weights of allocate(), as a multiple of equity"
    )
    long_margin: Annotated[float | None, SettingOption("fraction", MONEY, none="the product's, or 1")] = Field(
        None, gt=0, le=1, description="margin of a long as a share of its value, 0.2 buys five times as much"
    )
    short_margin: Annotated[float | None, SettingOption("fraction", MONEY, none="the product's, or 1")] = Field(
        None, ge=0, le=10, description="margin of a short beside its proceeds, as a share of its value"
    )
    adjust: Annotated[
        Literal["none", "splits", "total"],
        SettingOption("none (the account ignores corporate actions too) | splits | total (dividends as well)", ORDERS),
    ] = Field("splits", description="adjustment of the prices that the strategy sees")
    product: Annotated[
        Literal["CNC", "MIS", "NRML"] | None,
        SettingOption(PRODUCT_FORMS, ORDERS, none="the product of charges, or no product rules"),
    ] = Field(None, description="product of every order")
    square_off: Annotated[
        SquareOffText,
        SettingOption("15:15 (local time) | 20m (before the close)", ORDERS, none="by the exchange's calendar"),
    ] = Field(None, description="end of the day's positions, for product MIS")
    fill_at: Annotated[
        Literal["next_open", "same_close"], SettingOption("next_open | same_close (with a warning)", ORDERS)
    ] = Field("next_open", description="moment at which market orders fill")
    protection_bps: Annotated[float, SettingOption("bps", ORDERS)] = Field(
        0.0,
        ge=0,
        lt=10_000,
        description="market orders become limit orders this far away, 1/100 %; 0 = plain market orders",
    )
    validity: Annotated[
        Literal["DAY", "GTC"], SettingOption("DAY (until the session ends) | GTC (until cancelled)", ORDERS)
    ] = Field("DAY", description="life of a strategy's limit and stop entries")
    limit_follow: Annotated[bool, SettingOption("true | false", ORDERS)] = Field(
        default=False, description="resting entries take each new bar's limit price"
    )
    volume_cap: Annotated[float | None, SettingOption("fraction", ORDERS, none="no cap")] = Field(
        None, gt=0, le=1, description="greatest share of a bar's volume that one order may fill, 0–1"
    )
    rebalance: Annotated[
        Literal["on_signal", "on_change", "every_bar"] | Annotated[str, Field(pattern=r"^band:\d+(\.\d+)?$")],
        BeforeValidator(known_rebalance),
        SettingOption("on_signal | on_change | every_bar | band:5 (percentage points)", ORDERS),
    ] = Field("on_signal", description="bars at which positions are brought to the weights of allocate()")
    reenter: Annotated[Literal["any_bar", "new_signal"], SettingOption("any_bar | new_signal", ORDERS)] = Field(
        "any_bar", description="entry again after an exit, while the target stands"
    )
    exits: Exits = Field(default_factory=Exits)
    limits: Limits = Field(default_factory=Limits)

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
            if name in NESTED and not isinstance(value, PlainModel):
                nested.setdefault(name, {}).update(value)
                continue
            if name not in known and name not in NESTED:
                if ours := in_our_words(name):
                    raise ConfigError(f"there is no setting {name!r}; here that is {ours}")
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
        """Margin of a long, as a share of its value: ``long_margin``, else 1."""
        return 1.0 if self.long_margin is None else self.long_margin

    @property
    def short_share(self) -> float:
        """Margin of a short beside its proceeds, as a share of its value: ``short_margin``, else 1."""
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


RunSettings = NewType("RunSettings", Settings)
"""Settings of a run, with the rates of a broker's plan and the margins of a product; made by ``run.preparation``."""
NESTED = {"exits": tuple(Exits.model_fields), "limits": tuple(Limits.model_fields)}
"""Field of Settings → the names inside it."""
