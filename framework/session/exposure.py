"""Exposure if every working entry filled: the worst case that limits on the whole account look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules import limits
from framework.rules.money import share, value

if TYPE_CHECKING:
    from collections.abc import Container

    from framework.session.account import Account
    from framework.session.instrument_state import WorkingOrder
    from framework.session.orders import Orders


class Used(NamedTuple):
    """Room that is taken before the order in hand."""

    paise: int
    """Positions at their marks and working entries at their worst prices, ≥ 0."""
    others: int
    """Other instruments that are held or have an entry working."""


class Exposure:
    """Sums over instruments; an exit that has not filled counts as gone only with ``reuse_proceeds`` (row M7)."""

    def __init__(self, account: Account, orders: Orders, *, reuse_proceeds: bool, by_target: bool) -> None:
        self._account = account
        self._orders = orders
        self._reuse_proceeds = reuse_proceeds
        self._by_target = by_target

    def used_excluding(self, i: int, within: Container[int] | None = None, *, reversing: bool) -> Used:
        """Exposure used without an order of instrument ``i``; ``within`` these instruments only.

        ``reversing``: the order opens the other side once the position of ``i`` is closed, so that does not count.
        """
        paise = others = 0
        for j in sorted({*self._account.held, *self._orders.instruments()}):
            if within is not None and j not in within:
                continue
            held_paise, is_held = self._held(j)
            entries = self._entries(j) if j == i else self._orders.may_still_increase(j)
            if j == i and reversing:
                held_paise = 0
            entries_paise = sum([value(entry.worst, entry.remaining) for entry in entries])
            behind = any(entry.needs_flat for entry in entries)
            paise += limits.worst_case(held_paise, entries_paise, behind)
            others += j != i and (is_held or bool(entries))
        return Used(paise, others)

    def is_open(self, i: int) -> bool:
        """True when instrument ``i`` is held or has an entry working, so that it is counted already."""
        return self._account.quantity[i] != 0 or bool(self._orders.entries(i))

    def _entries(self, i: int) -> list[WorkingOrder]:
        """Of the instrument in hand: an order by target waits for what it replaces, an explicit one does not."""
        return self._orders.entries(i) if self._by_target else self._orders.may_still_increase(i)

    def _held(self, j: int) -> tuple[int, bool]:
        """Value in paise of the rest of a position, and whether there is any."""
        held = self._account.quantity[j]
        staying = limits.stays(held, self._orders.units_leaving(j), self._reuse_proceeds)
        return (share(abs(self._account.mark_paise[j]), staying, abs(held)), True) if staying else (0, False)
