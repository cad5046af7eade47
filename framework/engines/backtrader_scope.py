"""Scope of the backtrader engine: runs it cannot express are refused in a sentence. This file does not import it.

Prefer a refusal to a run that differs in silence: every sentence names the setting and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.errors import ConfigError
from framework.types.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from framework.engines.rows import DecisionArrays
    from framework.types import Panel, Settings
    from framework.types.actions import Due

OTHERWISE = "or use --engine event"


def refuse_actions(actions: Sequence[Due], panel: Panel) -> None:
    """Raise ``ConfigError`` when the run goes through a corporate action."""
    if actions:
        first = actions[0]
        what = f"{first.action.kind or 'split'} of {panel.symbols[first.instrument]}"
        msg = (
            f"the backtrader engine does not carry positions through corporate actions, and the {what} on "
            f"{np.datetime64(first.ex_day, 'D')} lies in the run; use --engine event"
        )
        raise ConfigError(msg)


def refuse(settings: Settings, decisions: DecisionArrays, style: str) -> None:
    """Raise ``ConfigError`` with the first thing that backtrader's broker has no words for."""
    for sentence in _sentences(settings, decisions, style):
        msg = f"the backtrader engine {sentence}"
        raise ConfigError(msg)


def _sentences(settings: Settings, decisions: DecisionArrays, style: str) -> Iterator[str]:
    if style != "signals":
        yield f"runs strategies that write signals(), and this one writes {style}(); use --engine event"
    yield from _orders(settings)
    yield from _exits(settings, decisions)
    none = Limits()
    for name, value in settings.limits:
        if value != getattr(none, name):
            yield f"asks no risk limits, but {name} is {value}; leave out limits.{name} {OTHERWISE}"


def _orders(settings: Settings) -> Iterator[str]:
    if settings.sizing.kind == "kelly":
        yield f"does not size by what round trips came to; leave out --sizing {settings.sizing} {OTHERWISE}"
    if settings.charges.plan:
        instead = f"use --charges percent:0.1 {OTHERWISE}"
        yield f"charges a rate and a flat sum, not a plan such as {settings.charges}; {instead}"
    if settings.product is not None:
        yield f"knows no products, but product is {settings.product}; leave out --product {OTHERWISE}"
    if settings.long_share != 1:
        yield f"buys for its own cash, but long_margin is {settings.long_share:g}; leave out --long-margin {OTHERWISE}"
    if settings.fill_at == "same_close":
        yield f"decides at a close and fills at the next open; leave out --fill-at same_close {OTHERWISE}"
    if settings.volume_cap is not None:
        yield f"fills whole orders, but volume_cap is {settings.volume_cap:g}; leave out --volume-cap {OTHERWISE}"
    if settings.protection_bps:
        yield (
            f"has no market protection, but protection_bps is {settings.protection_bps:g}; "
            f"leave out --protection-bps {OTHERWISE}"
        )
    if settings.limit_follow:
        yield f"does not move resting entries; leave out --limit-follow {OTHERWISE}"
    if settings.reenter == "new_signal":
        yield f"re-enters at any target; leave out --reenter new_signal {OTHERWISE}"


def _exits(settings: Settings, decisions: DecisionArrays) -> Iterator[str]:
    exits = settings.exits
    if exits.trail is not None or _given(decisions.trail):
        yield (
            "measures a trailing stop from the price at which it is sent, not from the best price since the fill; "
            f"leave out --trail (a strategy: trail) {OTHERWISE}"
        )
    if exits.time_exit is not None:
        yield f"has no time exits, but time_exit is {exits.time_exit}; leave out --time-exit {OTHERWISE}"
    protected = (exits.stop_loss, exits.take_profit)
    either = any(one is not None for one in protected) or _given(decisions.stop) or _given(decisions.take_profit)
    if either and exits.active_from == "entry_bar":
        yield (
            "learns of an entry when its bar is over, so stops and targets can not fill in that bar; "
            f"add --exits-from next_bar {OTHERWISE}"
        )


def _given(prices: NDArray[np.float64] | None) -> bool:
    return prices is not None and bool(np.isfinite(prices).any())
