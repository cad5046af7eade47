"""The rows of ``config/charges/*.yaml``: one dated fact each, with its source."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import product as every
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Segment = Literal["equity", "futures", "options"]
Treatment = Literal["delivery", "intraday"]
Kind = Literal["stock", "etf", "other_etf"]
Exchange = Literal["NSE", "BSE"]
ANY = ""
"""In a key: the row holds for every product of futures and options, or every group that no row names."""
ASSUMED = "assumption:"
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(%|per crore)")
_PER = {"%": Decimal(1_000_000), "per crore": Decimal(10)}


def _rate(text: Any) -> Decimal:
    """``0.1%`` or ``10 per crore`` as an exact number of 1e-8."""
    match = _RATE.fullmatch(str(text).strip())
    if match is None:
        msg = f"{text!r} is not a rate; write 0.1% or 10 per crore (rupees)"
        raise ValueError(msg)
    rate = Decimal(match[1]) * _PER[match[2]]
    if rate > 100 * _PER["%"]:
        msg = f"{text!r} is more than the whole value"
        raise ValueError(msg)
    return rate


def _whole(rate: Decimal, what: str) -> int:
    if rate != int(rate):
        msg = (
            f"{what} is {rate.normalize():f} times 1e-8; a rate is a whole number of 1e-8 (0.000001 %, ₹0.1 per crore)"
        )
        raise ValueError(msg)
    return int(rate)


def _exact_rate(text: Any) -> int:
    return _whole(_rate(text), repr(text))


def _paise(text: Any) -> int:
    """Rupees as whole paise."""
    plain = str(text).strip()
    if not re.fullmatch(r"\d+(\.\d{1,2})?", plain):
        msg = f"{text!r} is not a sum in rupees with at most two decimals, such as 18.5"
        raise ValueError(msg)
    return int(Decimal(plain) * 100)


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


RawRate = Annotated[Decimal, BeforeValidator(_rate)]
Rate = Annotated[int, BeforeValidator(_exact_rate)]
Paise = Annotated[int, BeforeValidator(_paise)]
Cap = Annotated[int, BeforeValidator(_paise), Field(gt=0)]
Segments = Annotated[tuple[Segment, ...], BeforeValidator(_several), Field(min_length=1)]
Treatments = Annotated[tuple[Treatment, ...], BeforeValidator(_several)]
PlanName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", description="as in --charges NAME:CNC")]
Plans = Annotated[tuple[PlanName, ...], BeforeValidator(_several), Field(min_length=1)]


class ChargeRow(BaseModel):
    """A fact, the days on which it is in force, and its source."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    SECTION: ClassVar[str]

    where: str = Field("", description="file and line; written by the reader")
    valid_from: date = Field(description="first day")
    valid_to: date | None = Field(None, description="last day; null = open")
    source: str = Field(min_length=3, description="circular or law in own words")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            msg = f"valid_to {self.valid_to} lies before valid_from {self.valid_from}"
            raise ValueError(msg)
        return self

    @property
    def assumed(self) -> bool:
        """True if nobody has checked the row."""
        return self.source.lower().startswith(ASSUMED)

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Keys of the row, one for each charge it sets: a key has one row on one day."""
        return ((),)

    @property
    def terms(self) -> str:
        """The rate as people write it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.SECTION} {self.valid_from} to {self.valid_to or '…'} ({self.where or 'no file'})"


class _OfProducts(ChargeRow):
    """A row by segment, in equity also by delivery or intraday."""

    segment: Segments
    product: Treatments = ()

    @model_validator(mode="after")
    def _equity_names_its_product(self) -> Self:
        if ("equity" in self.segment) != bool(self.product):
            msg = "segment equity needs product: delivery or intraday, and futures and options take none"
            raise ValueError(msg)
        return self

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """(segment, treatment) pairs."""
        pairs = [every((segment,), self.product if segment == "equity" else (ANY,)) for segment in self.segment]
        return tuple(pair for some in pairs for pair in some)


class SttRow(_OfProducts):
    """Securities transaction tax."""

    SECTION: ClassVar[str] = "stt"

    kinds: tuple[Kind, ...] = ()
    buy: Rate
    sell: Rate

    @model_validator(mode="after")
    def _equity_names_its_kinds(self) -> Self:
        if ("equity" in self.segment) != bool(self.kinds):
            msg = (
                "segment equity needs kinds: [stock, etf, other_etf] or some of them, and futures and options take none"
            )
            raise ValueError(msg)
        return self

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """See ``Row.keys``."""
        return tuple((*part, kind) for part in self.parts for kind in (self.kinds if part[1] else (ANY,)))

    @property
    def terms(self) -> str:
        """See ``Row.terms``."""
        return f"buy {percent(self.buy)}, sell {percent(self.sell)}"


class ExerciseRow(ChargeRow):
    """STT on the intrinsic value of an exercised option."""

    SECTION: ClassVar[str] = "exercise"

    rate: Rate

    @property
    def terms(self) -> str:
        """See ``Row.terms``."""
        return percent(self.rate)


class ExchangeRow(ChargeRow):
    """Exchange transaction charge and the investor protection fund's share; only their sum must be exact."""

    SECTION: ClassVar[str] = "exchange"

    exchange: Exchange
    segment: Segment
    groups: tuple[str, ...] = Field((), description="BSE groups; none = every group that no other row names")
    transaction: RawRate
    ipft: RawRate

    @model_validator(mode="after")
    def _sum_is_exact(self) -> Self:
        _whole(self.transaction + self.ipft, "transaction and ipft together")
        return self

    @property
    def rate(self) -> int:
        """The exact sum in 1e-8."""
        return int(self.transaction + self.ipft)

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """See ``Row.keys``."""
        return tuple((self.exchange, self.segment, group) for group in (self.groups or (ANY,)))

    @property
    def terms(self) -> str:
        """See ``Row.terms``."""
        split = f"{percent(self.transaction)} and IPFT {percent(self.ipft)}"
        return f"{percent(self.rate)} ({split})" if self.ipft else percent(self.rate)


class SebiRow(ExerciseRow):
    """SEBI's turnover fee."""

    SECTION: ClassVar[str] = "sebi"


class StampRow(_OfProducts):
    """Stamp duty, on buys."""

    SECTION: ClassVar[str] = "stamp"

    rate: Rate

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """See ``Row.keys``."""
        return self.parts

    @property
    def terms(self) -> str:
        """See ``Row.terms``."""
        return f"buy {percent(self.rate)}"


class TaxRow(ChargeRow):
    """Service tax, later GST."""

    SECTION: ClassVar[str] = "tax"

    rate: Rate
    on_sebi: Rate

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if self.on_sebi not in {0, self.rate}:
            msg = "on_sebi is 0% or the rate itself: the note has one line for the tax"
            raise ValueError(msg)
        return self

    @property
    def terms(self) -> str:
        """See ``Row.terms``."""
        return f"{percent(self.rate)}, on the SEBI fee {percent(self.on_sebi)}"


class BrokerageRow(_OfProducts):
    """A plan's brokerage for one executed order."""

    SECTION: ClassVar[str] = "brokerage"

    plan: Plans
    rate: Rate = 0
    cap: Cap | None = Field(None, description="rupees; most by rate an order")
    flat: Paise = Field(0, description="rupees an order, beside the rate")

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """See ``Row.keys``."""
        return tuple((plan, *part) for plan in self.plan for part in self.parts)

    @property
    def terms(self) -> str:
        """See ``Row.terms``."""
        parts = []
        if self.rate or not self.flat:
            parts.append(percent(self.rate) + (f", at most ₹{rupees(self.cap)}" if self.cap is not None else ""))
        if self.flat:
            parts.append(f"₹{rupees(self.flat)}")
        return " + ".join(parts)


class DepositoryRow(ChargeRow):
    """A plan's charge for delivery shares sold, per instrument and day, before tax."""

    SECTION: ClassVar[str] = "depository"

    plan: Plans
    charge: Paise

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """See ``Row.keys``."""
        return tuple((plan,) for plan in self.plan)

    @property
    def terms(self) -> str:
        """See ``Row.terms``."""
        return f"₹{rupees(self.charge)}"


SECTIONS: dict[str, type[ChargeRow]] = {
    model.SECTION: model
    for model in (SttRow, ExerciseRow, ExchangeRow, SebiRow, StampRow, TaxRow, BrokerageRow, DepositoryRow)
}


def percent(rate: Decimal | int) -> str:
    """A rate in 1e-8 as a percentage without needless zeros."""
    text = f"{Decimal(rate) / 1_000_000:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def rupees(paise: int) -> str:
    """Rupees without needless paise: 2000 is 20, 1850 is 18.50."""
    return str(paise // 100) if paise % 100 == 0 else f"{paise / 100:.2f}"
