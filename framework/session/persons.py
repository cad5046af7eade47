"""Persons: what one may say to a running session, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import RefusedInputError
from framework.rules.money import LARGEST_PAISE, LARGEST_QUANTITY, fits
from framework.session.order_prices import NO_DISTANCES
from framework.types.events import PersonSays, Wish
from framework.types.orders import Reason
from framework.types.portfolio import TradingState
from framework.types.record import Notice
from framework.types.rupees import rupees

if TYPE_CHECKING:
    from framework.session.account import Account
    from framework.session.breaker import Breaker
    from framework.session.desk import SessionDesk
    from framework.session.product import Product
    from framework.session.protection import Protection
    from framework.session.surprises import Surprises
    from framework.types.events import Command

STATES = {Wish.HALT: TradingState.HALTED, Wish.REDUCE_ONLY: TradingState.REDUCE_ONLY}


def refuse_impossible(said: PersonSays, account: Account) -> None:
    """Raise ``RefusedInputError`` for what cannot be carried out, before anything changes."""
    count, i, wish = len(account.instruments), said.instrument, said.wish
    why = ""
    if wish in {Wish.DEPOSIT, Wish.WITHDRAW} and not (type(said.paise) is int and 0 < said.paise <= LARGEST_PAISE):
        why = f"needs whole paise above 0, at most {LARGEST_PAISE}, not {said.paise}"
    elif wish is Wish.FLATTEN and not -1 <= i < count:
        why = f"names instrument {i} of {count}; −1 means all of them"
    elif wish is Wish.ADOPT and not 0 <= i < count:
        why = f"names instrument {i} of {count}"
    elif wish is Wish.ADOPT and not _is_holding(said, abs(account.quantity[i])):
        why = f"needs whole units and a price above 0, not {said.quantity} at {said.price}"
    elif wish is Wish.ADOPT and account.quantity[i] * said.quantity < 0:
        why = f"is of the other side than the {account.quantity[i]:+d} that are held; net the two first"
    if why:
        msg = f"a person's {wish} {why}"
        raise RefusedInputError(msg)


def _is_holding(said: PersonSays, held: int) -> bool:
    """Units and a price that the account can hold beside the ``held`` ones; what is not a number passes no check."""
    units = abs(said.quantity) + held
    return (
        type(said.quantity) is int
        and held < units <= LARGEST_QUANTITY
        and said.price > 0.0
        and fits(said.price * units)
    )


class Persons:
    """Carries out a person's wishes."""

    def __init__(
        self, desk: SessionDesk, breaker: Breaker, product: Product, protection: Protection, surprises: Surprises
    ) -> None:
        _, self._account, self._books, self._orders, self._tell = desk
        self._breaker = breaker
        self._product = product
        self._protection = protection
        self._surprises = surprises

    def say(self, said: PersonSays, equity_paise: int) -> list[Command]:
        """Carry out one wish; ``refuse_impossible`` was asked before."""
        now, wish = said.moment, said.wish
        if wish in STATES:
            self._breaker.obey(STATES[wish], now)
            return self._take_entries_back(now)
        if wish is Wish.RESUME:
            self._surprises.doubts.clear()
            self._breaker.resume(now, equity_paise)
            self._orders.count_anew()
            return []
        if wish is Wish.FLATTEN:
            return self._flatten(said)
        if wish is Wish.ADOPT:
            return self._adopt(said)
        paise = said.paise if wish is Wish.DEPOSIT else -said.paise
        self._account.move_capital(paise)
        self._breaker.move_capital(paise)
        if wish is Wish.DEPOSIT:
            self._breaker.refunded(now, self._account.equity_paise())
        self._tell(Notice(now, str(wish), f"{rupees(said.paise / 100)}: cash {rupees(self._account.cash_paise / 100)}"))
        return []

    def _take_entries_back(self, now: int) -> list[Command]:
        return [
            command
            for i in self._orders.instruments()
            for entry in self._orders.entries(i)
            for command in self._orders.withdraw(entry, now)
        ]

    def _flatten(self, said: PersonSays) -> list[Command]:
        every = range(len(self._books)) if said.instrument < 0 else [said.instrument]
        return [command for i in every for command in self._product.leave(i, Reason.PERSON, said.moment)]

    def _adopt(self, said: PersonSays) -> list[Command]:
        """Hold it like our own: it counts as deposited, and is kept until a target says otherwise."""
        i, book, before = said.instrument, self._books[said.instrument], self._account.quantity[said.instrument]
        marked = self._account.mark_paise[i]
        self._account.adopt(i, said.quantity, said.price)
        self._breaker.move_capital(self._account.mark_paise[i] - marked)
        book.desired = (book.desired if before else 0) + said.quantity
        if not before:
            book.entry_distances = NO_DISTANCES
        named = self._account.instruments[i]
        self._tell(Notice(said.moment, str(said.wish), f"{said.quantity:+d} {named} at {said.price:g} were taken over"))
        return self._protection.entered(i, said.moment, opened=not before, within_bar=True)
