"""Keys of a deployment's file: types, bounds and texts, each declared once. A run's settings are ``Settings``' own."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from framework.errors import ConfigError
from framework.live.deployment import FeedSettings, PaperSettings, Reaction, ReportSettings, Stage
from framework.types.limits import Names
from framework.types.live import LiveLimits
from framework.types.plain_model import PlainModel
from framework.types.settings import Settings
from framework.types.timeframe import Timeframe

Strict = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
PERFECT, REPLAY, REPORT = PaperSettings(), FeedSettings(), ReportSettings()
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}")
PATTERN_LETTERS = "*?[]"


def _name(given: str) -> str:
    if NAME.fullmatch(given) is None:
        msg = f"{given!r} cannot be a name; use at most 30 letters, digits, - and _, such as morning"
        raise ValueError(msg)
    return given


def _timeframe(given: str) -> str:
    try:
        frame = Timeframe.parse(given)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    if frame.dated and not frame.daily:
        msg = f"{frame.name} bars can be backtested only; trade daily ones and gather them with bars.to({frame.name!r})"
        raise ValueError(msg)
    return frame.name


def _empty(given: Any) -> Any:
    """An empty key that holds keys: nothing is given."""
    return {} if given is None else given


Name = Annotated[str, AfterValidator(_name)]
Share = Annotated[float, Field(ge=0, le=1)]


class StrategyEntry(PlainModel):
    """One of ``strategies:``."""

    model_config = Strict

    name: Name = Field(description="one of its kind in this deployment; its orders are found by it after a restart")
    strategy: str = Field(description="rsi, module:Class, ./file.py or ./file.py:Class, from the folder of the start")
    parameters: Annotated[dict[str, Any], BeforeValidator(_empty)] = Field({}, description="of the strategy")
    symbols: Names = Field(min_length=1, description="EXCHANGE:SYMBOL of each instrument")
    timeframe: Annotated[str, AfterValidator(_timeframe)] = Field(description="length of a bar: 1m, 5m, 15m, 1h, 1d")
    when_feed_lost: Reaction = Field(
        description="no prices come: hold (nothing changes) | cancel_entries (positions and their protection stay) | "
        "flatten (positions are closed)"
    )
    when_halted: Reaction = Field(description="the account is halted: hold | cancel_entries | flatten")
    risk_rules: Names = Field((), description="further risk rules, each path.py:function, path.py:Class or module:…")
    run: Annotated[Settings, BeforeValidator(_empty)] = Field(
        description="money, orders, exits and limits of this strategy, as of tulya backtest; this file alone counts"
    )

    @field_validator("symbols")
    @classmethod
    def _each_once(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        for symbol in symbols:
            plain = symbol and symbol.isprintable() and symbol == symbol.strip()
            if not plain or any(letter in PATTERN_LETTERS for letter in symbol):
                msg = f"{symbol!r} is no symbol; write each one out, such as NSE:INFY"
                raise ValueError(msg)
            if symbols.count(symbol) > 1:
                msg = f"{symbol} is in the list more than once"
                raise ValueError(msg)
        return symbols

    @field_validator("run")
    @classmethod
    def _capital_is_given(cls, run: Settings) -> Settings:
        if "capital" not in run.model_fields_set:
            msg = "capital is missing: a deployment has no default for it, write capital: 100000 (rupees)"
            raise ValueError(msg)
        return run


class FeedEntry(PlainModel):
    """``feed:``."""

    model_config = Strict

    kind: Literal["replay"] = Field(description="replay: days of the market database")
    grace_s: float = Field(
        REPLAY.grace_s, ge=0, le=60, description="seconds that a bar may be late before its row goes on without it"
    )


class PaperEntry(PlainModel):
    """``paper:``."""

    model_config = Strict

    broker: Literal["bars", "ticks"] = Field(
        "bars", description="bars: fills as a backtest has them | ticks: at prices within the bars"
    )
    latency_ms: float = Field(PERFECT.latency_ms, ge=0, le=60_000, description="milliseconds until an answer comes")
    jitter_ms: float = Field(PERFECT.jitter_ms, ge=0, le=60_000, description="milliseconds at most beyond the latency")
    partial_fills: Share = Field(PERFECT.partial_fills, description="share of fills that come in parts, 0–1")
    rejects: Share = Field(PERFECT.rejects, description="share of orders that are refused, 0–1")
    lost_answers: Share = Field(PERFECT.lost_answers, description="share of requests carried out, never answered, 0–1")
    doubled_answers: Share = Field(PERFECT.doubled_answers, description="share of answers that come twice, 0–1")
    reordered_answers: Share = Field(
        PERFECT.reordered_answers, description="share of answers that come behind the next one, 0–1"
    )
    seed: int = Field(PERFECT.seed, ge=0, le=2**63 - 1, description="of all these shares: the same seed, the same day")


class ReportEntry(PlainModel):
    """``report:``."""

    model_config = Strict

    order_to_trade: float = Field(
        REPORT.order_to_trade, gt=0, le=1000, description="changes and cancels per fill of a day that it warns of"
    )
    silent_share: Share = Field(REPORT.silent_share, description="share of usual days that may be called silent, 0–1")


class DeploymentEntry(PlainModel):
    """The whole file."""

    model_config = Strict

    name: Name = Field(description="name of the deployment")
    stage: Stage = Field(description="paper: orders go to the paper broker and nowhere else")
    account: Name = Field(description="name of the account; its journal lies beside the market database")
    strategies: tuple[StrategyEntry, ...] = Field(min_length=1, description="each on its own capital")
    feed: FeedEntry = Field(description="prices")
    send: LiveLimits = Field(
        description="limits of what may be sent, for all strategies together; a backtest does not ask them"
    )
    paper: Annotated[PaperEntry, BeforeValidator(_empty)] = Field(
        PaperEntry(), description="the paper broker; as it stands, a perfect one"
    )
    report: Annotated[ReportEntry, BeforeValidator(_empty)] = Field(ReportEntry(), description="the report of the day")

    @field_validator("send")
    @classmethod
    def _every_limit_is_set(cls, send: LiveLimits) -> LiveLimits:
        if missing := [name for name in LiveLimits.model_fields if getattr(send, name) is None]:
            msg = f"{', '.join(missing)} missing: they have no defaults, set each of them"
            raise ValueError(msg)
        return send

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [strategy.name for strategy in self.strategies]
        if twice := [name for name in names if names.count(name) > 1]:
            msg = f"two strategies are called {twice[0]}; give each a name of its own"
            raise ValueError(msg)
        return self
