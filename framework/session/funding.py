"""Funding: what one more entry may spend, the account's buying power, and what working exits are about to give back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import risk

if TYPE_CHECKING:
    from framework.session.account import Account
    from framework.session.orders import Orders
    from framework.types import Order


class Funding:
    """Buying power of entries; contract row M7."""

    def __init__(self, account: Account, orders: Orders, *, reuse_proceeds: bool) -> None:
        """``reuse_proceeds``: exits that have not filled fund entries, whoever's."""
        self._account = account
        self._orders = orders
        self._reuse_proceeds = reuse_proceeds

    def of_entry(self, order: Order, *, reverses: bool) -> int:
        """Buying power for one more entry, in paise.

        A reversal may use what its own closing leg gives back, and no other order may; with ``reuse_proceeds`` every
        working exit counts.
        """
        power = self._account.buying_power_paise(self._orders.reserved_paise)
        for j in self._account.held:
            leaving = self._orders.units_leaving(j)
            if not leaving:
                continue
            released = self._account.released_by_closing(j, leaving, order.decided_at)
            following = self._orders.reserved_behind_exits(j)
            power += risk.lends(released, following, self._reuse_proceeds, reverses and order.instrument == j)
        return power
