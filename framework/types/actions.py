"""Corporate actions: splits, bonuses and dividends, and those that a stretch of sessions goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Action(NamedTuple):
    """Corporate action on an ex-date: a split, a bonus, a dividend, or several of them."""

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
