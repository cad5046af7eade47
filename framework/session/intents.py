"""From targets to units: when a target is new, how much it means, and what increase it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules import reasons, sizing, targets
from framework.session.order_prices import EntryPrices, at_row, entry_distances, entry_prices
from framework.session.sizer import Sizer
from framework.types.made import made
from framework.types.orders import MARKET, NAN, REBALANCE, SIGNAL, Decisions, ExitDistances, Order, Reason, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.session.account import Account
    from framework.session.instrument_state import InstrumentState
    from framework.session.orders import Orders
    from framework.types import BarRow, Instrument, Settings


REBALANCES = {"on_signal": targets.ON_SIGNAL, "on_change": targets.ON_CHANGE, "every_bar": targets.EVERY_BAR}
"""Codes of ``Settings.rebalance``; all others are bands."""
UNPRICED = EntryPrices(MARKET, NAN, NAN, NAN)


def rebalance_code(settings: Settings, *, weights: bool) -> int:
    """Code of when a position is brought to its weight; of targets that are no weights it is when they change."""
    return REBALANCES.get(settings.rebalance, targets.BAND) if weights else targets.ON_CHANGE


class Increase(NamedTuple):
    """An addition that a decision wants; quantity 0 only withdraws the entries that are working."""

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
        self._sizer = Sizer(settings, self._instruments, account.trips, weights=weights)
        self._account = account
        self._books = books
        self._orders = orders
        self._weights = weights
        self._rebalance = rebalance_code(settings, weights=weights)
        self._repeats = self._rebalance == targets.ON_SIGNAL
        """A repeated target means something."""
        self._band, self._limit_follow = settings.band_points, settings.limit_follow
        at_any_bar = self._rebalance in {targets.EVERY_BAR, targets.BAND}
        self._looks_again = settings.reenter == "new_signal" or settings.limit_follow or at_any_bar
        """A bar without a target may mean something too."""

    def decide(self, row: BarRow, decisions: Decisions, equity_paise: int) -> list[Increase]:
        """Take in a row of targets, NaN among them; returns the increases they ask for, by instrument."""
        increases: list[Increase] = []
        books, every_bar, repeats = self._books, self._looks_again, self._repeats
        for i, target in enumerate(decisions.target):
            intent = books[i].intent
            if not (every_bar or target < intent or target > intent or repeats):
                continue  # only for speed: most bars keep the intent, and this asks it without a call
            if row.close[i] > 0.0 and (every_bar or targets.is_asked(target, intent, repeats)):
                increases += self._decide(i, target, row.close[i], equity_paise, decisions, row.close_time)
        return increases

    def _decide(
        self, i: int, target: float, close: float, equity_paise: int, decisions: Decisions, now: int
    ) -> list[Increase]:
        book = self._books[i]
        ignored = book.ignored_target = targets.still_ignored(target, book.ignored_target)
        marked = self._account.mark_paise[i]
        meaning = targets.meaning(
            target, book.intent, ignored, book.leaving, self._rebalance, marked, equity_paise, self._band
        )
        if meaning < targets.RESIZES:
            return self._follow_limit(i, close, decisions) if meaning == targets.KEEPS else []
        wanted = target if meaning == targets.CHANGES else book.intent
        towards_zero = not self._weights and targets.moves_towards_zero(wanted, book.intent)
        book.intent_before, book.intent = book.intent, wanted
        book.desired = self._desired(i, wanted, close, equity_paise, decisions)
        if wanted != 0.0 and book.desired == 0:
            self._without_size(i, wanted, equity_paise, decisions, now)
        delta = targets.increase(self._account.quantity[i], book.desired, towards_zero)
        rebalances = targets.is_rebalance(self._weights, self._account.quantity[i] != 0, wanted)
        reason = REBALANCE if rebalances else SIGNAL
        prices = self._prices(i, delta, close, decisions) if delta else UNPRICED
        return [made(Increase, (i, delta, prices, reason))]

    def _desired(self, i: int, wanted: float, close: float, equity_paise: int, decisions: Decisions) -> int:
        """Signed units that a target means; a full quantity is fixed at the opening decision."""
        book, position, lot = self._books[i], self._account.quantity[i], self._instruments[i].lot
        if wanted == 0.0:
            return 0
        opening = targets.opens(position, wanted)
        if self._weights:
            book.entry_distances = ExitDistances() if opening else book.entry_distances
            units = sizing.weight_units(wanted, equity_paise, close, lot)
            book.full_units = abs(units)
            return sizing.scaled(book.full_units, 1.0 if wanted > 0.0 else -1.0, lot)
        if opening:
            book.entry_distances = entry_distances(decisions, i)
            side = 1 if wanted > 0.0 else -1
            book.full_units = self._sizer.full_units(decisions, i, side, close, equity_paise, book.entry_distances)
        return sizing.scaled(book.full_units, wanted, lot)

    def _follow_limit(self, i: int, close: float, decisions: Decisions) -> list[Increase]:
        """``limit_follow``: a resting entry is replaced when the strategy's limit price has moved."""
        if not self._limit_follow:
            return []
        for working in self._orders.entries(i):
            prices = self._prices(i, working.remaining, close, decisions)
            if prices.limit > 0.0 and prices.limit != working.order.limit:
                return [Increase(i, working.remaining, prices, working.order.reason)]
        return []

    def _prices(self, i: int, quantity: int, close: float, decisions: Decisions) -> EntryPrices:
        side = 1 if quantity > 0 else -1
        limit, trigger = at_row(decisions.limit, i), at_row(decisions.trigger, i)
        return entry_prices(self._settings, self._instruments[i], side, close, limit, trigger)

    def _without_size(self, i: int, wanted: float, equity_paise: int, decisions: Decisions, now: int) -> None:
        """Keep the verdict on a target without a size; where that is not known yet, it may ask again."""
        book, lot = self._books[i], self._instruments[i].lot
        why = self._sizer.why_none(decisions, i, equity_paise, book.full_units)
        if why == reasons.NO_VOLATILITY:
            book.forget_intent("any_bar")
        asked = sizing.refused_units(why, lot)
        quantity = asked if wanted > 0.0 else -asked
        order = Order(0, i, quantity, MARKET, SIGNAL, reduces=False, decided_at=now)
        self._orders.refuse(order, quantity, Verdict(0, reasons.NAMES[why]))
