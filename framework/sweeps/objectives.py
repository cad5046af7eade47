"""Objectives: the statistic, or the several, by which sets are ranked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framework.errors import ConfigError
from framework.sweeps.figures import FALLING_IS_BETTER, objective_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOST = -100.0
"""Total return of a ruined account in per cent, and of no other: money is whole paise."""


def objectives_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """The statistics that one name or several mean, each once, in their order."""
    found = tuple(dict.fromkeys(objective_of(name) for name in ([names] if isinstance(names, str) else names)))
    if not found:
        msg = "a sweep without an objective has no best set; name one, such as Sharpe"
        raise ConfigError(msg)
    return found


def is_ruined(stats: Mapping[str, float]) -> bool:
    """True of a set whose equity at some close was 0 or less."""
    return stats["Total return [%]"] <= LOST


def rising(stats: Mapping[str, float], objectives: Iterable[str]) -> tuple[float, ...]:
    """The objectives of one set, their signs turned so that more is better; NaN if it never traded or was ruined.

    Who does nothing loses nothing: without that, such sets would be the best by drawdown, and half of every front.
    """
    if is_ruined(stats) or not (stats["Round trips"] or stats["Total return [%]"] or stats["Max. drawdown [%]"]):
        return tuple(math.nan for _ in objectives)
    return tuple(-stats[key] if key in FALLING_IS_BETTER else stats[key] for key in objectives)
