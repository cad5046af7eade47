"""Prices × 1/5, as an adjustment for a split would show them: a strategy of ratios decides the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from framework.types.columns import PRICES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from framework.types import Bars, Panel

    Answer = Mapping[str, NDArray[np.float64]]

SCALE = 0.2
EXACT_SCALE = 0.25
"""A power of two changes no digit of a price, so what differs at 1/5 but not here was a last bit's rounding."""
ROUNDING = 1e-6
"""Relative difference of a rescaled distance that is put down to floating point."""


def rescaled_bars(bars: Bars, scale: float) -> Bars:
    """The same history with prices × scale and volume ÷ scale; the raw prices behind it stay what they are."""
    return replace(bars, **_rescaled(bars, scale))


def rescaled_panel(panel: Panel, scale: float) -> Panel:
    """See ``rescaled_bars``."""
    return replace(panel, **_rescaled(panel, scale))


def _rescaled(source: Bars | Panel, scale: float) -> dict[str, Any]:
    values = {name: getattr(source, name) * scale for name in PRICES}
    values |= {name: getattr(source, name) / scale for name in ("volume", "factor")}
    for array in values.values():
        array.setflags(write=False)
    return values


def scale_changes(known: Answer, rescaled: Callable[[float], Answer], first_row: int) -> int:
    """Bars whose decision differs at a fifth of the prices, or whose distances are not a fifth of what they were.

    All bars with a decision when the strategy raises at such prices.
    """
    try:
        changed = _differing(known, rescaled(SCALE), SCALE, first_row)
        if changed and not _differing(known, rescaled(EXACT_SCALE), EXACT_SCALE, first_row):
            return 0
    except Exception:  # noqa: BLE001 - a strategy that cannot take other prices is what this is about
        return int(np.isfinite(known["target"][first_row:]).any(axis=1).sum())
    return changed


def _differing(known: Answer, scaled: Answer, scale: float, first_row: int) -> int:
    decided = np.isfinite(known["target"])
    differs = ~((known["target"] == scaled["target"]) | (np.isnan(known["target"]) & np.isnan(scaled["target"])))
    missing = np.full(decided.shape, np.nan)
    for name in (known.keys() | scaled.keys()) - {"target"}:
        one, other = known.get(name, missing), scaled.get(name, missing) / scale
        alike = (np.abs(one - other) <= ROUNDING * np.abs(one)) | (np.isnan(one) & np.isnan(other))
        differs |= decided & ~alike
    return int(differs[first_row:].any(axis=1).sum())
