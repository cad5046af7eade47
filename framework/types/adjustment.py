"""Adjustment: the printed prices of bars in terms of later shares, as a strategy sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from framework.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from framework.types.actions import Action

Basis = Literal["none", "splits", "total"]
"""Kinds of adjustment: none, splits and bonuses, or these and cash dividends."""


class Adjustment(NamedTuple):
    """Factors that turn printed prices and volumes into adjusted ones."""

    factor: NDArray[np.float64]
    """float64[n]: printed price = adjusted price × factor."""
    shares: NDArray[np.float64]
    """float64[n]: adjusted volume = printed volume × shares."""


def adjustment(
    actions: Sequence[Action], session: NDArray[np.int64], close: NDArray[np.float64], basis: Basis
) -> Adjustment | None:
    """The adjustment of bars to the shares of their last session; None where there is nothing to adjust.

    Only actions up to that last session count, so that a shorter history never knows of a later one: its adjusted
    prices are those of the longer one, all multiplied by the same number. A split of factor f divides the prices before
    its ex-date by f; ``total`` also multiplies those before a dividend d by 1 − d ÷ the close before it.
    """
    if basis == "none" or not session.size:
        return None
    factor, shares = np.ones(session.shape[0]), np.ones(session.shape[0])
    first, last = int(session[0]), int(session[-1])
    changed = False
    for action in sorted(actions, key=lambda one: -one.ex_day):
        if not first < action.ex_day <= last:
            continue
        before = int(np.searchsorted(session, action.ex_day))
        if action.factor != 1.0:
            factor[:before] *= action.factor
            shares[:before] *= action.factor
            changed = True
        if basis == "total" and action.dividend > 0.0:
            factor[:before] /= _left_by(action, float(close[before - 1]))
            changed = True
    return Adjustment(factor, shares) if changed else None


def _left_by(action: Action, close: float) -> float:
    """The part of a price that a dividend leaves: 1 − dividend ÷ the close before the ex-date."""
    if not action.dividend < close:
        day = np.datetime64(action.ex_day, "D")
        msg = (
            f"the dividend of {action.dividend:g} rupees on {day} is not below the close of {close:g} before it; "
            "correct the list of corporate actions, or use --adjust splits"
        )
        raise DataError(msg)
    return 1.0 - action.dividend / close
