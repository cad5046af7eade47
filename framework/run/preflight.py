"""Preflight checks: choices refused before the run, because they would be ignored or mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.engines.rows import DecisionArrays
    from framework.strategy import Strategy
    from framework.types import Panel, Settings


def refuse_risk_without_stop(strategy: Strategy, settings: Settings, arrays: DecisionArrays) -> None:
    """``risk:1%`` needs a distance to divide by: from the strategy or from the exits."""
    exits = settings.exits
    given = (exits.stop_loss, exits.trail, arrays.stop, arrays.trail)
    if settings.sizing.kind == "risk" and all(distance is None for distance in given):
        msg = (
            f"sizing {settings.sizing} divides by the distance to the stop, but {type(strategy).__name__} gives none; "
            "add --stop-loss 5% (stop_loss='5%')"
        )
        raise ConfigError(msg)


def refuse_ticks_without_tick(panel: Panel, settings: Settings) -> None:
    """``slippage ticks:1`` of an instrument without a stated tick would be nothing, and look like something."""
    if not settings.slippage.ticks:
        return
    without = [str(instrument) for instrument in panel.instruments if not instrument.tick > 0]
    if without:
        more = f" and {len(without) - 1} more" if len(without) > 1 else ""
        msg = f"slippage {settings.slippage}: {without[0]}{more} has no stated tick, so it would be nothing; use bps:5"
        raise ConfigError(msg)


def refuse_ignored(strategy: Strategy, names: Iterable[str], settings: Settings) -> None:
    """Refuse, instead of ignoring, a choice (by its name) that this strategy or this sizing has no use for."""
    style, name, kind = strategy.style(), type(strategy).__name__, settings.sizing.kind
    sizes = {
        "volatility_bars": ("volatility", "equal_risk"),
        **dict.fromkeys(("kelly_cap", "kelly_after", "kelly_start"), ("kelly",)),
    }
    uses = {
        **dict.fromkeys(("sizing", "allotment", *sizes), "signals"),
        "rebalance": "allocate",
        "leverage": "allocate",
    }
    for choice in names:
        if uses.get(choice, style) != style:
            msg = f"{choice} is only for strategies that write {uses[choice]}(); {name} writes {style}(): leave it out"
            raise ConfigError(msg)
        if kind not in sizes.get(choice, (kind,)):
            kinds = " and ".join(sizes[choice])
            msg = f"{choice} is only for sizing {kinds}, and sizing is {settings.sizing}: leave it out"
            raise ConfigError(msg)
