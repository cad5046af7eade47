"""From targets to units: when a target is new, how much it means, and what increase it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules import sizing, targets
from framework.session.order_prices import EntryPrices, at_row, entry_distances, entry_prices
from framework.session.sizer import BELOW_ONE_LOT, NO_VOLATILITY, Sizer
from framework.types.orders import MARKET, NAN, Decisions, ExitDistances, Order, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.account import Account
    from framework.session.instrument_state import InstrumentState
    from framework.session.orders import Orders
    from framework.types import BarRow, Instrument, Settings


UNPRICED = EntryPrices(MARKET, NAN, NAN, NAN)


class Increase(NamedTuple):
    """What a decision wants to add; quantity 0 only withdraws the entries that are working."""

    instrument: int
    quantity: int
    """Signed units."""
    prices: EntryPrices
    reason: Reason


class Intents:
    """Keeps each instrument's intent and the units it means."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        settings: Settings,
        account: Account,
        books: Sequence[InstrumentState],
        orders: Orders,
        *,
        weights: bool,
    ) -> None:
        """``weights``: targets are weights of portfolio equity (``allocate``), not shares of an allotment."""
        self._instruments = tuple(instruments)
        self._settings = settings
        self._sizer = Sizer(settings, self._instruments, account.trips)
        self._account = account
        self._books = books
        self._orders = orders
        self._weights = weights
        self._looks_again = (
            settings.reenter == "new_signal" or settings.limit_follow or (weights and settings.rebalance != "on_change")
        )
        """An unchanged target may mean something too."""

    def decide(self, row: BarRow, decisions: Decisions, equity_paise: int) -> list[Increase]:
        """Take in a row of targets, NaN among them; returns the increases they ask for, by instrument."""
        increases: list[Increase] = []
        for i, target in enumerate(decisions.target):
            if row.close[i] > 0.0 and (targets.is_new(target, self._books[i].intent) or self._looks_again):
                increases += self._decide(i, target, row.close[i], equity_paise, decisions, row.close_time)
        return increases

    def _decide(
        self, i: int, target: float, close: float, equity_paise: int, decisions: Decisions, now: int
    ) -> list[Increase]:
        book = self._books[i]
        if self._ignored(book, target) or book.leaving:
            return []
        is_new = targets.is_new(target, book.intent)
        if not is_new and not self._wants_rebalance(i, equity_paise):
            return self._follow_limit(i, close, decisions)
        wanted = target if is_new else book.intent
        towards_zero = not self._weights and abs(wanted) < abs(book.intent) and wanted * book.intent >= 0.0
        if is_new:
            book.intent_before, book.intent = book.intent, wanted
        book.desired = self._desired(i, wanted, close, equity_paise, decisions)
        if wanted != 0.0 and book.desired == 0:
            self._too_small(i, wanted, decisions, now)
        delta = self._delta(self._account.quantity[i], book.desired, towards_zero=towards_zero)
        reason = Reason.REBALANCE if self._weights and self._account.quantity[i] else Reason.SIGNAL
        prices = self._prices(i, delta, close, decisions) if delta else UNPRICED
        return [Increase(i, delta, prices, reason)]

    @staticmethod
    def _delta(position: int, desired: int, *, towards_zero: bool) -> int:
        """Signed units to add: all of ``desired`` after a reversal, the missing part on the same side, else 0."""
        if position * desired < 0:
            return desired
        if abs(desired) <= abs(position):
            return 0
        return targets.change(position, desired, towards_zero)

    @staticmethod
    def _ignored(book: InstrumentState, target: float) -> bool:
        """``reenter: new_signal``: True until a finite target other than the ignored one comes."""
        if book.ignored_target != book.ignored_target:
            return False
        if targets.is_new(target, book.ignored_target):
            book.ignored_target = float("nan")
            return False
        return True

    def _desired(self, i: int, wanted: float, close: float, equity_paise: int, decisions: Decisions) -> int:
        """Signed units that a target means; a full quantity is fixed at the opening decision."""
        book, position, lot = self._books[i], self._account.quantity[i], self._instruments[i].lot
        if wanted == 0.0:
            return 0
        opening = position == 0 or (position > 0) != (wanted > 0.0)
        if self._weights:
            book.entry_distances = ExitDistances() if opening else book.entry_distances
            return sizing.weight_units(wanted, equity_paise, close, lot)
        if opening:
            book.entry_distances = entry_distances(decisions, i)
            side = 1 if wanted > 0.0 else -1
            book.full_units = self._sizer.full_units(decisions, i, side, close, equity_paise, book.entry_distances)
        return sizing.scaled(book.full_units, wanted, lot)

    def _wants_rebalance(self, i: int, equity_paise: int) -> bool:
        """``allocate`` with ``every_bar`` or ``band:P``: an unchanged weight is brought back to its size."""
        intent = self._books[i].intent
        if not self._weights or intent == 0.0:
            return False
        if self._settings.rebalance == "every_bar":
            return True
        return targets.drifted(intent, self._account.mark_paise[i], equity_paise, self._settings.band_points)

    def _follow_limit(self, i: int, close: float, decisions: Decisions) -> list[Increase]:
        """``limit_follow``: a resting entry is replaced when the strategy's limit price has moved."""
        if not self._settings.limit_follow:
            return []
        for working in self._orders.entries(i):
            prices = self._prices(i, working.remaining, close, decisions)
            if prices.limit > 0.0 and prices.limit != working.order.limit:
                return [Increase(i, working.remaining, prices, working.order.reason)]
        return []

    def _prices(self, i: int, quantity: int, close: float, decisions: Decisions) -> EntryPrices:
        side = 1 if quantity > 0 else -1
        limit, trigger = at_row(decisions, "limit", i), at_row(decisions, "trigger", i)
        return entry_prices(self._settings, self._instruments[i], side, close, limit, trigger)

    def _too_small(self, i: int, wanted: float, decisions: Decisions, now: int) -> None:
        """Keep the verdict on a target that does not buy one lot; where that is not known yet, it may ask again."""
        book = self._books[i]
        why = BELOW_ONE_LOT if self._weights or book.full_units else self._sizer.why_none(decisions, i)
        if why == NO_VOLATILITY:
            book.forget_intent("any_bar")
        quantity = self._instruments[i].lot if wanted > 0.0 else -self._instruments[i].lot
        order = Order(0, i, quantity, MARKET, Reason.SIGNAL, reduces=False, decided_at=now)
        self._orders.refuse(order, quantity, Verdict(0, why))
