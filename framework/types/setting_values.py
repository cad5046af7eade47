"""Choices of a run that people type as texts: ``fixed:10``, ``5%``, ``percent:0.1``. ``str(x)`` gives them back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, PlainSerializer

from framework.errors import ConfigError
from framework.types.tariff import Tariff, Tariffs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types.instrument import Instrument

RATE_SCALE = 100_000_000
"""Rates are whole numbers of 1e-8: 0.1 % is 100,000."""
PLAN = re.compile(r"[a-z][a-z0-9_]*:[A-Z]+")
"""A broker's plan and a product."""
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|(\d{1,3})m")
"""A time of day, or minutes."""
REBALANCE = re.compile(r"on_signal|on_change|every_bar|band:\d+(\.\d+)?")
"""Modes of rebalancing; a band's width is in percentage points."""


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        msg = f"{what}: {text!r} is not a number ≥ 0"
        raise ValueError(msg)
    return value


def _plain(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def known_rebalance(text: Any) -> Any:
    """The mode of rebalancing as it is; ``ValueError`` names the modes, or the bound of a band."""
    if not isinstance(text, str) or REBALANCE.fullmatch(text) is None:
        msg = "not understood; write on_signal, on_change, every_bar, or band:5 for a band of 5 percentage points"
        raise ValueError(msg)
    if text.startswith("band:") and not float(text[5:]) <= 100:  # noqa: PLR2004 - percentage points
        msg = "a band is in percentage points, at most 100, such as band:5"
        raise ValueError(msg)
    return text


Regime = tuple[int, Tariff]
"""First day, days since 1970-01-01, and what holds from it on."""


SIZING_KINDS = ("fixed", "value", "equity", "risk", "volatility", "kelly", "equal_risk", "margin")
DOUBTFUL = 1_000.0
"""A bare number up to it may be meant as percent, as of a stop (5) or of an exposure (150): nobody stops a loss at
₹1,000 by chance, and an account's limits in rupees are larger."""
COUNTED = frozenset({"fixed", "value"})
"""Those whose amount is units or rupees; the others are fractions."""


class Sizing(NamedTuple):
    """Sizing: units that a full target (±1) means; ``kind:amount``. docs/sizing.md has the formulas."""

    kind: Literal["fixed", "value", "equity", "risk", "volatility", "kelly", "equal_risk", "margin"]
    """fixed: units · value: rupees; the others a fraction · equity: of the allotment · risk: of equity, lost at the
    stop · volatility: of the allotment, moved in a year · kelly: of the growth-optimal fraction · equal_risk: of
    equity, divided by volatility · margin: of the allotment, blocked."""
    amount: float

    @classmethod
    def parse(cls, text: str) -> Sizing:
        """``fixed:10``, ``value:50000``, ``equity:95%``, ``risk:1%``, ``volatility:15%``, ``kelly:50%``, …."""
        kind, _, amount = str(text).partition(":")
        if kind not in SIZING_KINDS or not amount:
            forms = (
                "fixed:10, value:50000, equity:95%, risk:1%, volatility:15%, kelly:50%, equal_risk:95% or margin:90%"
            )
            msg = f"sizing {text!r} is not understood; write {forms}"
            raise ValueError(msg)
        value = _number(amount.rstrip("%"), f"sizing {text!r}")
        value = value / 100 if amount.endswith("%") else value
        if value <= 0:
            msg = f"sizing {text!r} must be above 0"
            raise ValueError(msg)
        if kind not in COUNTED and value > 10:  # noqa: PLR2004 - ten times the equity is a typing slip
            msg = f"sizing {text!r} is {value:.0%} of equity; write {kind}:{amount.rstrip('%')}% for a percentage"
            raise ValueError(msg)
        if kind == "kelly" and value > 1:
            msg = f"sizing {text!r} is beyond the fraction that grows fastest; write at most kelly:100%"
            raise ValueError(msg)
        return cls(kind, value)  # type: ignore[arg-type]

    def __str__(self) -> str:
        if self.kind in COUNTED:
            return f"{self.kind}:{_plain(self.amount)}"
        return f"{self.kind}:{_plain(self.amount * 100)}%"


class Distance(NamedTuple):
    """A distance from a price, or an amount of an account: ``5%`` of it, or ``rs:12.5``, rupees."""

    amount: float
    percent: bool

    @classmethod
    def parse(cls, text: str) -> Distance:
        """``5%``, ``rs:12.5`` or ``20000`` (rupees); above 0.

        A bare number of 1,000 or less is refused: is ``5`` meant as 5 % or as ₹5?
        """
        plain = str(text).strip()
        number = plain.removeprefix("rs:").removesuffix("%")
        value = _number(number, f"amount {plain!r}")
        if value <= 0:
            msg = f"amount {plain!r} must be above 0; leave it out for none"
            raise ValueError(msg)
        if value <= DOUBTFUL and number == plain:
            percent = _plain(value * 100 if value < 1 else value)
            msg = f"amount {plain!r} could be {percent}% or rs:{_plain(value)} (rupees); write one of them"
            raise ValueError(msg)
        return cls(value / 100 if plain.endswith("%") else value, plain.endswith("%"))

    def rupees(self, price: float) -> float:
        """The distance in rupees at this price."""
        return price * self.amount if self.percent else self.amount

    def __str__(self) -> str:
        if self.percent:
            return f"{_plain(self.amount * 100)}%"
        return _plain(self.amount) if self.amount > DOUBTFUL else f"rs:{_plain(self.amount)}"

    @property
    def in_words(self) -> str:
        """The amount within a sentence about money, where nobody takes it for percent: ``5%`` or ``600``."""
        return str(self) if self.percent or self.amount < 1 else _plain(self.amount)


class Charges(NamedTuple):
    """Charges per fill: a rate on its value plus a flat sum per order, or a broker's plan with all that is levied."""

    rate_e8: int = 0
    """Fraction of value in 1e-8."""
    flat_paise: int = 0
    """Paise per executed order."""
    plan: str = ""
    """A broker's plan with its product, such as ``upstox:CNC``; empty for a rate and a flat sum."""
    regimes: tuple[Regime, ...] = ()
    """The plan's tariffs and the day each begins with, days since 1970-01-01 rising; empty until they are read."""
    others: tuple[tuple[Regime, ...], ...] = ()
    """The same of instruments that are charged otherwise: funds, another exchange, a group with its own rate."""
    of: tuple[tuple[str, int], ...] = ()
    """Instrument, such as ``NSE:INFY``, and by which it is charged: 0 = ``regimes``, n = ``others[n − 1]``.

    Empty: all of them by ``regimes``.
    """
    assumed: tuple[str, ...] = ()
    """Unconfirmed rows of the table among these rates, as a person finds them."""

    @classmethod
    def parse(cls, given: str | Mapping[str, Any]) -> Charges:
        """``none``, ``percent:0.1``, ``flat:20`` (rupees per order), both joined by ``+``, or a plan ``upstox:CNC``."""
        if isinstance(given, Mapping):
            tables = given["tables"] if "tables" in given else [given["regimes"]]
            regimes, *others = (tuple((day, Tariff(*rates)) for day, rates in table) for table in tables)
            of, assumed = tuple(given.get("of", {}).items()), tuple(given.get("assumed", ()))
            return cls(plan=given["plan"], regimes=regimes, others=tuple(others), of=of, assumed=assumed)
        text = str(given).strip()
        if PLAN.fullmatch(text):
            return cls(plan=text)
        rate, flat = 0.0, 0.0
        for part in str(text).split("+"):
            kind, _, amount = part.strip().partition(":")
            if kind == "none" and not amount:
                continue
            if kind not in {"percent", "flat"} or not amount:
                forms = "none, percent:0.1, flat:20, percent:0.1+flat:20 or a plan such as upstox:CNC"
                msg = f"charges {text!r} are not understood; write {forms}"
                raise ValueError(msg)
            value = _number(amount.rstrip("%"), f"charges {text!r}")
            rate, flat = (rate + value, flat) if kind == "percent" else (rate, flat + value)
        if rate >= 100:  # noqa: PLR2004 - the whole value
            msg = f"charges {text!r}: {rate:g} % of the value is not below 100 %"
            raise ValueError(msg)
        return cls(round(rate * RATE_SCALE / 100), round(flat * 100))

    @property
    def product(self) -> str:
        """The product that a plan names, such as ``CNC``; empty without a plan."""
        return self.plan.partition(":")[2]

    @property
    def tables(self) -> tuple[Tariffs, ...]:
        """Tariffs of fills, day by day, one for each number in ``of``.

        ``ConfigError`` when a plan's rates were not read.
        """
        if not self.plan:
            return (Tariffs((0,), (Tariff(brokerage_e8=self.rate_e8, flat_paise=self.flat_paise),)),)
        if not self.regimes:
            msg = f"the rates of charges {self} are not read; framework.market.rates.with_rates(settings, panel) does"
            raise ConfigError(msg)
        return tuple(map(Tariffs.of, (self.regimes, *self.others)))

    def numbers(self, instruments: Sequence[Instrument]) -> list[int]:
        """Of each instrument the number of its table in ``tables``; ``ConfigError`` when its rates were not read."""
        if not self.of:
            return [0] * len(instruments)
        known = dict(self.of)
        missing = [str(one) for one in instruments if str(one) not in known]
        if missing:
            msg = f"the rates of charges {self} were read for other instruments than {missing[0]}; write {self} again"
            raise ConfigError(msg)
        return [known[str(one)] for one in instruments]

    def tariffs(self, instruments: Sequence[Instrument]) -> tuple[Tariffs, ...]:
        """Tariffs of each instrument's fills."""
        tables = self.tables
        return tuple(tables[number] for number in self.numbers(instruments))

    def as_json(self) -> str | dict[str, Any]:
        """The text, and of a plan the rates that were read: a run is repeated with them, whatever a file says later."""
        if not self.regimes:
            return str(self)
        tables = [[[day, list(tariff)] for day, tariff in table] for table in (self.regimes, *self.others)]
        # An older version reads ``regimes`` for all instruments: where that would be wrong it must not find them.
        rates: dict[str, Any] = {"tables": tables, "of": dict(self.of)} if self.of else {"regimes": tables[0]}
        return {"plan": self.plan, **rates} | ({"assumed": list(self.assumed)} if self.assumed else {})

    def __str__(self) -> str:
        if self.plan:
            return self.plan
        parts = []
        if self.rate_e8:
            parts.append(f"percent:{_plain(self.rate_e8 * 100 / RATE_SCALE)}")
        if self.flat_paise:
            parts.append(f"flat:{_plain(self.flat_paise / 100)}")
        return "+".join(parts) or "none"


class Slippage(NamedTuple):
    """Slippage: the loss of market and stop fills against the bar's price."""

    bps: float = 0.0
    """Hundredths of a percent of the price."""
    ticks: float = 0.0
    """Multiples of the instrument's tick."""

    @classmethod
    def parse(cls, text: str) -> Slippage:
        """``none``, ``bps:5`` or ``ticks:1``."""
        kind, _, amount = str(text).partition(":")
        if kind == "none" and not amount:
            return cls()
        if kind not in {"bps", "ticks"} or not amount:
            msg = f"slippage {text!r} is not understood; write none, bps:5 or ticks:1"
            raise ValueError(msg)
        value = _number(amount, f"slippage {text!r}")
        if kind == "bps" and value >= 10_000:  # noqa: PLR2004 - the whole price
            msg = f"slippage {text!r} is not below 10,000 bps, the whole price"
            raise ValueError(msg)
        return cls(bps=value) if kind == "bps" else cls(ticks=value)

    def __str__(self) -> str:
        if self.bps:
            return f"bps:{_plain(self.bps)}"
        return f"ticks:{_plain(self.ticks)}" if self.ticks else "none"


class SquareOff(NamedTuple):
    """Square-off of intraday positions: a time of day at the exchange, or minutes before a session's close."""

    of_day: int = -1
    """Minutes after midnight; −1 = by ``before_close``."""
    before_close: int = -1
    """Minutes before the close; −1 = by ``of_day``."""

    @classmethod
    def parse(cls, text: str) -> SquareOff:
        """``15:15`` or ``20m`` (twenty minutes before the close)."""
        found = CLOCK.fullmatch(str(text).strip())
        if found is None:
            msg = f"square_off {text!r} is not understood; write a time such as 15:15, or 20m before the close"
            raise ValueError(msg)
        hour, minute, before = found.groups()
        if before is not None:
            return cls(before_close=int(before))
        return cls(of_day=int(hour) * 60 + int(minute))

    def __str__(self) -> str:
        if self.of_day < 0:
            return f"{self.before_close}m"
        return f"{self.of_day // 60:02}:{self.of_day % 60:02}"


def _parsed(kind: type[Any]) -> tuple[BeforeValidator, PlainSerializer]:
    def validate(value: Any) -> Any:
        if isinstance(value, kind) or value is None:
            return value
        return kind.parse(value)

    def serialize(value: Any) -> str | None:
        return None if value is None else str(value)

    return BeforeValidator(validate), PlainSerializer(serialize, return_type=str | None)


def _fraction(value: Any) -> Any:
    """``25%`` as 0.25; a number as it is."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return _number(value.strip().removesuffix("%"), f"share {value!r}") / 100
    return value


FractionText = Annotated[float, BeforeValidator(_fraction, json_schema_input_type=float | str)]
SizingText = Annotated[Any, *_parsed(Sizing)]
DistanceText = Annotated[Any, *_parsed(Distance)]
ChargesText = Annotated[Any, _parsed(Charges)[0], PlainSerializer(Charges.as_json, return_type=str | dict[str, Any])]
SlippageText = Annotated[Any, *_parsed(Slippage)]
SquareOffText = Annotated[Any, *_parsed(SquareOff)]
