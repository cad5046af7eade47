"""Corporate actions, and the adjusted view of printed prices that a strategy sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from framework.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Basis = Literal["none", "splits", "total"]
"""What is taken out of the prices: nothing, splits and bonuses, or these and cash dividends."""


class Action(NamedTuple):
    """What a company does to its shares on an ex-date: a split, a bonus, a dividend, or several of them."""

    ex_day: int
    """The ex-date, days since 1970-01-01: the first session without the right."""
    kind: str = ""
    """split, bonus, dividend, …, as the list calls it."""
    factor: float = 1.0
    """Shares after ÷ shares before, > 0."""
    dividend: float = 0.0
    """Rupees for each share held before the ex-date, ≥ 0."""


class Due(NamedTuple):
    """An action and whose it is."""

    ex_day: int
    instrument: int
    """Index into the panel's instruments."""
    action: Action


class Adjustment(NamedTuple):
    """What turns printed prices and volumes into adjusted ones."""

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


def in_force(actions: Sequence[Sequence[Action]], first_session: int, last_session: int) -> list[Due]:
    """Those with an ex-date in (first_session, last_session], in the order they take effect.

    A dividend comes before a split of the same day: it is paid for shares as they were.
    """
    found = [
        Due(action.ex_day, column, action)
        for column, listed in enumerate(actions)
        for action in listed
        if first_session < action.ex_day <= last_session
    ]
    return sorted(found, key=lambda due: (due.ex_day, due.instrument, due.action.factor != 1.0, due.action.kind))
