"""Deployment's first file: every key with its value and its text, ready to run and to be changed."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.config.setting_texts import commented, settings_lines, yaml_value
from framework.deployments.deployment_file import parse_deployment
from framework.deployments.entries import DeploymentEntry, FeedEntry, PaperEntry, ReportEntry, StrategyEntry
from framework.errors import ConfigError
from framework.live.deployment import FeedSettings, PaperSettings, ReportSettings
from framework.types.live import LiveLimits
from framework.types.timeframe import Timeframe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from framework.pretrade.facts import Ceilings
    from framework.strategy import Strategy
    from framework.types.settings import Settings

INTRADAY_BUYING_POWER = 5
"""Times its margin that an intraday product may buy at most."""
HEAD = """# Deployment: strategies on one account. tulya backtest takes this very file, and so does whatever trades it.
# Every key is written out; nothing comes from config/trading.yaml or the environment. See docs/deployments.md.
"""


class StrategyChoice(NamedTuple):
    """Choices for the first strategy of a new deployment."""

    given: str
    """As the command line takes it."""
    strategy: Strategy
    symbols: Sequence[str]
    timeframe: str
    settings: Settings
    when_feed_lost: str
    when_halted: str
    risk_rules: Sequence[str] = ()


def write_deployment(file: Path, name: str, account: str, choice: StrategyChoice, ceilings: Ceilings) -> None:
    """Write a new file; ``ConfigError`` rather than overwrite one, or write one that could not be read.

    ``ceilings``: the law's, above which no limit of it is.
    """
    if file.exists():
        raise ConfigError(f"{file} exists already and is left as it is; choose another --out")
    text = deployment_text(name, account, choice, ceilings)
    parse_deployment(text, file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as opened:
        opened.write(text)


def deployment_text(name: str, account: str, choice: StrategyChoice, ceilings: Ceilings) -> str:
    """Text of a deployment's file; see ``write_deployment``."""
    top = {"name": name, "stage": "paper", "account": account}
    lines = [HEAD.rstrip("\n"), "", *_entries(DeploymentEntry, top, ""), "", *_group("strategies")]
    lines += _strategy(choice)
    lines += ["", *_group("feed"), *_entries(FeedEntry, FeedSettings()._asdict(), "  ")]
    lines += ["", *_group("send"), *_entries(LiveLimits, sensible_limits(choice, ceilings), "  ")]
    lines += ["", *_group("paper"), *_entries(PaperEntry, PaperSettings()._asdict(), "  ")]
    lines += ["", *_group("report"), *_entries(ReportEntry, ReportSettings()._asdict(), "  ")]
    return "\n".join(lines) + "\n"


def sensible_limits(choice: StrategyChoice, ceilings: Ceilings) -> dict[str, float]:
    """Limits to begin with: what one strategy with this capital can need, and not much more."""
    settings, daily = choice.settings, Timeframe.parse(choice.timeframe).dated
    intraday = "MIS" in {settings.product, settings.charges.product}
    power = max(settings.leverage, 1 / settings.long_share, INTRADAY_BUYING_POWER if intraday else 1)
    most = ceil(settings.capital * power)
    rate = max(ceilings.orders_per_second // 2, 1)
    return {
        "max_order_value": min(2 * most, floor(ceilings.order_value)),  # a position that is turned round
        "max_order_quantity": max(2 * most, 100),  # at a price of ₹1
        "price_band_percent": 20 if daily else 5,
        "reference_age_s": 60,
        "max_jump_percent": 20 if daily else 10,
        "max_open_value": 4 * most,
        "max_position_value": 2 * most,
        "max_gross_value": 3 * most,
        "funds_age_s": 120,
        "duplicate_s": 2,
        "orders_per_second": rate,
        "cancels_per_second": max(ceilings.orders_per_second - rate, 1),
        "orders_per_minute": 10,
        "orders_per_day": 100 if daily else 500,
    }


def _group(key: str) -> Iterator[str]:
    yield f"{key}:  # {DeploymentEntry.model_fields[key].description}"


def _entries(model: type[BaseModel], values: Mapping[str, Any], indent: str) -> Iterator[str]:
    """A line for each value, with the text of its field."""
    for name, value in values.items():
        yield from commented(f"{indent}{name}: {yaml_value(value)}", model.model_fields[name].description or "", indent)


def _strategy(choice: StrategyChoice) -> Iterator[str]:
    """One strategy as a member of the list."""
    fields, strategy = StrategyEntry.model_fields, choice.strategy
    lines = list(_entries(StrategyEntry, {"name": _name_of(choice), "strategy": choice.given}, "    "))
    yield lines[0].replace("    name", "  - name", 1)
    yield from lines[1:]
    parameters = strategy.model_dump(mode="json")
    yield f"    parameters:{'' if parameters else ' {}'}  # {fields['parameters'].description}"
    for name, value in parameters.items():
        yield from commented(f"      {name}: {yaml_value(value)}", _parameter_text(strategy, name), "    ")
    yield f"    symbols:  # {fields['symbols'].description}"
    yield from (f"      - {yaml_value(symbol)}" for symbol in choice.symbols)
    reactions = {"when_feed_lost": choice.when_feed_lost, "when_halted": choice.when_halted}
    rest = {"timeframe": choice.timeframe, **reactions, "risk_rules": list(choice.risk_rules)}
    yield from _entries(StrategyEntry, rest, "    ")
    yield f"    run:  # {fields['run'].description}"
    yield from settings_lines(choice.settings, "      ")


def _parameter_text(strategy: Strategy, name: str) -> str:
    """Text and bounds of a parameter."""
    from framework.usercode.find import parameter_info

    info = parameter_info(type(strategy), name)
    return "; ".join(filter(None, (info.description, info.bounds))) or f"default {info.default}"


def _name_of(choice: StrategyChoice) -> str:
    """Name of the strategy in the deployment: the file's or the class's, as letters, digits, - and _."""
    last = choice.given.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    plain = last.rpartition(":")[2].lower()
    return (
        "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter in "-_"))[:30] or "one"
    )
