"""Settings in plain words: those that a person chose, and all of them for the tearsheet's box."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.report.wording import minute_text, percent
from framework.types.currency import INR, money_text
from framework.types.rupees import NONE
from framework.types.setting_option import declared
from framework.types.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.report.facts import RunFacts
    from framework.types.limits import Limits
    from framework.types.setting_values import Distance
    from framework.types.settings import Exits

RUPEES = frozenset(setting.key for setting in declared(Settings) if setting.option.unit == "rupees")

LIMIT_WORDS = {
    "max_age": "no entry with a last bar older than {} session{s}",
    "max_jump": "no entry after a jump of more than {}",
    "price_band": "entries within {} of the close",
    "max_orders_per_day": "halted after {} order{s} per instrument and session",
    "max_positions": "at most {} instrument{s} at a time",
    "max_order_quantity": "at most {} unit{s} per order",
    "max_order_value": "at most {} per order",
    "max_position_value": "at most {} per instrument",
    "max_sector_value": "at most {} per sector",
    "max_gross_exposure": "gross exposure at most {}",
    "max_strategy_value": "at most {} in the strategy",
    "max_daily_loss": "reduce only after a daily loss of {}",
    "max_consecutive_losses": "reduce only after {} losing round trip{s} in a row",
    "max_drawdown": "halted after a drawdown of {}",
}
"""Limit → what it means, with its value in the place of {}."""


def chosen(result: RunFacts) -> list[str]:
    """Capital, sizing, and every other setting that is not the default, except those in ``fill_rule``."""
    settings = result.settings
    return [
        f"capital {money(settings.capital, result.currency)}",
        *_sizing(result),
        *_exits(settings.exits, result.currency),
        *_orders(settings),
        *_limits(settings.limits, result.currency),
        *_reading(result),
    ]


def every_setting(settings: Settings, currency: str = INR) -> list[tuple[str, str]]:
    """Every setting by its name, its value as people write it."""
    rows: list[tuple[str, str]] = []

    def add(prefix: str, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if isinstance(value, dict):
                add(f"{prefix}{name}.", value)
            else:
                label = f"{prefix}{name}".replace("_", " ").replace(".", ": ")
                rows.append((label, _value(f"{prefix}{name}", value, currency)))

    # A plan's rates have their own table; its name is what was chosen.
    add("", {**settings.model_dump(mode="json"), "charges": str(settings.charges)})
    return rows


def money(amount: float, currency: str) -> str:
    """An amount without a fraction that is zero: ``₹1,00,000``, ``$100,000``."""
    return money_text(amount, currency, 0 if float(amount).is_integer() else 2)


def share(fraction: float) -> str:
    """A fraction as ``5 %`` or ``0.5 %``."""
    return f"{100 * fraction:.10g} %"


def _value(name: str, value: Any, currency: str) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or NONE
    if name in RUPEES:
        return money(value, currency)
    return f"{value:.10g}" if isinstance(value, float) else str(value).replace("_", " ")


def _distance(distance: Distance, currency: str) -> str:
    return share(distance.amount) if distance.percent else money_text(distance.amount, currency)


def _sizing(result: RunFacts) -> Iterator[str]:
    settings, count, style = result.settings, len(result.symbols), result.provenance.get("style", "signals")
    if style == "allocate":
        yield f"weights by allocate(), rebalanced {_rebalance(settings)}"
        if settings.leverage != 1:
            yield f"leverage {settings.leverage:g}"
    elif style == "signals":
        kind, amount = settings.sizing
        part = f"1/{count} of equity each" if settings.allotment is None else f"{share(settings.allotment)} of equity"
        alone = count == 1 and settings.allotment is None
        allotted = "equity" if alone else f"an instrument's part ({part})"
        yield {
            "fixed": f"sizing {amount:,.10g} unit{'s' if amount != 1 else ''}",
            "value": f"sizing {money(amount, result.currency)} a position",
            "equity": f"sizing {share(amount)} of {allotted}",
            "risk": f"sizing by risk, {share(amount)} of equity lost at the stop",
            "volatility": f"sizing {share(amount)} volatility a year of {allotted}",
            "kelly": f"sizing {share(amount)} of the Kelly fraction of {allotted}",
            "equal_risk": f"sizing {share(amount)} of equity, divided by volatility",
            "margin": f"sizing {share(amount)} of {allotted} as margin",
        }[kind]
        if kind in {"volatility", "equal_risk"}:
            yield f"volatility of {settings.volatility_bars:,} bars"
        if kind == "kelly":
            trips = f"{settings.kelly_after:,} round trip{'s' if settings.kelly_after > 1 else ''}"
            yield f"Kelly at most {share(settings.kelly_cap)}, before {trips} {share(settings.kelly_start)}"
        if settings.allotment is not None and kind in {"fixed", "value", "risk"}:
            yield f"the allotment of {share(settings.allotment)} plays no part in this sizing"


def _rebalance(settings: Settings) -> str:
    if settings.rebalance.startswith("band:"):
        return f"beyond {settings.band_points:g} percentage points"
    return {
        "on_signal": "where a row gives one",
        "on_change": "when they change",
        "every_bar": "at every bar",
    }[settings.rebalance]


def _exits(exits: Exits, currency: str) -> Iterator[str]:
    for name, distance in (("stop-loss", exits.stop_loss), ("take-profit", exits.take_profit), ("trail", exits.trail)):
        if distance is not None:
            yield f"{name} {_distance(distance, currency)}"
    if exits.time_exit is not None:
        yield f"time exit after {exits.time_exit:,} bar{'s' if exits.time_exit > 1 else ''}"


def _orders(settings: Settings) -> Iterator[str]:
    if settings.product is not None:
        yield f"product {settings.product}"
    if settings.square_off is not None:
        yield f"square-off at {settings.square_off}"
    if settings.reenter == "new_signal":
        yield "re-entry after an exit only on a new signal"
    if settings.reuse_proceeds is not None:
        yield f"unfilled sales {'may' if settings.reuse_proceeds else 'may not'} fund buys"
    if settings.long_share != 1:
        yield f"long margin {share(settings.long_share)}"
    if settings.short_share != 1:
        yield f"short margin {share(settings.short_share)}"
    if settings.volume_cap is not None:
        yield f"at most {share(settings.volume_cap)} of a bar's volume"
    if settings.validity == "GTC":
        yield "entries rest until cancelled (GTC)"
    if settings.limit_follow:
        yield "resting entries follow the limit"


def _limits(limits: Limits, currency: str) -> Iterator[str]:
    for name, words in LIMIT_WORDS.items():
        limit = getattr(limits, name)
        if limit is not None:
            if isinstance(limit, int):
                shown = str(limit)
            else:
                shown = money(limit, currency) if isinstance(limit, float) else _distance(limit, currency)
            yield words.format(shown, s="" if limit == 1 else "s")
    if limits.restricted:
        yield f"not entered: {', '.join(limits.restricted)}"
    if limits.breaker_reset is not None:
        yield f"a halt ends after {limits.breaker_reset} session{'s' if limits.breaker_reset > 1 else ''}"
    if limits.on_trip == "flatten":
        yield "what is held is left when the breaker trips"


def _reading(result: RunFacts) -> Iterator[str]:
    first = result.record.first_row
    if 0 < first < len(result.record.panel):
        when = minute_text(result.record.panel, 0, int(result.record.panel.time[first]))
        earlier = "bar before it only feeds" if first == 1 else "bars before it only feed"
        yield f"decisions from {when} on ({first:,} {earlier} the indicators)"
    if result.risk_free:
        yield f"risk-free rate {percent(100 * result.risk_free)} a year"
