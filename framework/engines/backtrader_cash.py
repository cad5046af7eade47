"""The account in whole paise, tallied from backtrader's fills: for what an order may need, never for the record.

It exists so that a size can not differ by the paisa that two ledgers differ. Imports no backtrader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import ledger, money, risk
from framework.rules.charges import charges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.engines.backtrader_book import InstrumentMirror
    from framework.types import Settings


class Purse:
    """Cash, marks and buying power; all amounts in paise."""

    def __init__(self, settings: Settings, books: Sequence[InstrumentMirror]) -> None:
        self.cash_paise = settings.capital_paise
        self.withdrawn_paise = 0
        """Reserves of the entries that this close takes back: free only when the exchange has answered."""
        self._books = books
        self._tariff = settings.charges.tables[0].rates[0]
        self._short_margin = settings.short_share
        self._reuse_proceeds = bool(settings.reuse_proceeds)

    @property
    def equity_paise(self) -> int:
        """Cash plus signed marks: what sizes are a share of."""
        return self.cash_paise + sum(book.mark_paise for book in self._books)

    def book(self, quantity: int, price: float) -> None:
        """Move cash by a fill of signed units."""
        worth = money.value(price, quantity)
        side = 1 if quantity > 0 else -1
        self.cash_paise = ledger.cash_after(self.cash_paise, side, worth, self._charged(worth, side))

    def needed(self, quantity: int, price: float) -> int:
        """Buying power that an increase of signed units takes at this price."""
        side, share = self._share(quantity)
        return risk.needed(abs(quantity), price, share, side, self._tariff)

    def allowed(self, quantity: int, price: float, power_paise: int, lot: int) -> int:
        """R3: units (≥ 0) of an increase that the buying power covers, whole lots."""
        side, share = self._share(quantity)
        return risk.within_buying_power(abs(quantity), price, share, power_paise, side, self._tariff, lot)

    def buying_power(self, reserved_paise: int = 0) -> int:
        """Cash less what shorts block and less reserves (M5, M8)."""
        shorts = -sum(book.mark_paise for book in self._books if book.position < 0)
        return ledger.buying_power(self.cash_paise, 0, shorts, 1.0, self._short_margin, reserved_paise)

    def power_for(self, i: int, *, reverses: bool) -> int:
        """Buying power for one more entry (M7): a reversal may use what its own closing leg gives back."""
        reserved = sum(book.entry.reserved_paise for book in self._books if book.entry is not None)
        power = self.buying_power(reserved + self.withdrawn_paise)
        for j, book in enumerate(self._books):
            if book.leave is None:
                continue
            worth = money.share(abs(book.mark_paise), abs(book.leave.order.quantity), abs(book.position))
            given_back = worth if book.position > 0 else int(worth * self._short_margin)
            released = given_back - self._charged(worth, -1 if book.position > 0 else 1)
            if self._reuse_proceeds or (reverses and i == j):
                power += released
            elif book.entry is not None and book.entry.needs_flat:
                power += min(released, book.entry.reserved_paise)
        return power

    def _share(self, quantity: int) -> tuple[int, float]:
        return (1, 1.0) if quantity > 0 else (-1, self._short_margin)

    def _charged(self, worth: int, side: int) -> int:
        return charges(worth, side, 0, False, self._tariff)
