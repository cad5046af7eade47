"""Orders of a run through backtrader, and their ends. This file does not import backtrader.

What to order is our decision, by the rulebook: targets, sizes, prices of entries and exits, and how much of an order
cash allows. Sizes use an account in whole paise, tallied from the fills that backtrader reports, so they never differ
because the two ledgers round differently. Fills, commissions, cash and equity of the record are backtrader's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.engines.backtrader_book import InstrumentMirror, Sent, Venue
from framework.engines.backtrader_cash import Purse
from framework.errors import ConfigError
from framework.rules import reasons, targets
from framework.rules.breaker import is_ruin
from framework.rules.sizing import can_order, refused_units, scaled
from framework.session.order_prices import (
    EntryPrices,
    Levels,
    at_row,
    entry_distances,
    entry_prices,
    protective_levels,
)
from framework.session.sizer import Sizer
from framework.session.trip_stats import TripStats
from framework.session.wording import cash_text, refused_fill_text
from framework.types.orders import (
    NAN,
    BarRow,
    Decisions,
    ExitDistances,
    Order,
    OrderType,
    Reason,
    Validity,
    Verdict,
)
from framework.types.record import Notice, OrderState

if TYPE_CHECKING:
    from framework.types import Instrument, Panel, Settings
    from framework.types.record import OrderRecord

USE_EVENT = "use --engine event"


class Desk:
    """Decides at every close, as docs/execution.md says, and keeps every order's record."""

    def __init__(self, panel: Panel, settings: Settings, venue: Venue) -> None:
        self._instruments: tuple[Instrument, ...] = panel.instruments
        self._symbols = panel.symbols
        self._settings = settings
        self._sizer = Sizer(settings, panel.instruments, TripStats(len(panel.instruments)))
        self._venue = venue
        self._orders: list[Sent] = []
        self._events: list[tuple[Sent, int]] = []
        """Orders served in the running bar, with the buying power each needed, in paise."""
        self._power_before = settings.capital_paise
        self.books = [InstrumentMirror() for _ in panel.instruments]
        self._purse = Purse(settings, self.books)
        self.notices: list[Notice] = []

    def records(self) -> tuple[OrderRecord, ...]:
        """Every order by its id."""
        return tuple(sent.record() for sent in self._orders)

    # ------------------------------------------------------------------ what backtrader reports

    def filled(self, sent: Sent, price: float, average: float, now: int) -> None:
        """The whole order was executed at ``price``; ``average`` is the position's average price after it."""
        order, book = sent.order, self.books[sent.order.instrument]
        if not order.reduces:
            self._still_covered(sent, price)
        above = self._purse.cash_paise >= 0
        self._purse.book(order.quantity, price)
        if above and self._purse.cash_paise < 0:
            self.notices.append(Notice(now, "cash_below_zero", cash_text(self._purse.cash_paise, self._instruments)))
        before, book.position, book.average = book.position, book.position + order.quantity, average
        book.mark(price)
        sent.filled = order.quantity
        sent.end(OrderState.FILLED, now)
        if order.reduces:
            self._reduced(book, sent)
            self._events.append((sent, 0))
            return
        book.entry = None
        if before == 0:
            book.distances = book.entry_distances
        book.protect_due = True

    def refused(self, sent: Sent, now: int) -> None:
        """Cash did not cover the order at its fill: it is refused whole, and not wanted any more (M6)."""
        order = sent.order
        self._events.append((sent, self._power_before + 1))
        if any(book.position < 0 for book in self.books) or order.quantity < 0:
            self._cannot(order.instrument, "cash does not cover an order while a short is held", now)
        sent.end(OrderState.REFUSED, now, "cash")
        self._unwant(self.books[order.instrument])
        text = refused_fill_text(order.quantity, self._instruments[order.instrument], "cash")
        self.notices.append(Notice(now, "refused_fill", text))

    def cancelled(self, sent: Sent, now: int) -> None:
        """Backtrader took it back: its sibling had filled."""
        if sent.state is OrderState.WORKING:
            sent.end(OrderState.CANCELLED, now)

    def _reduced(self, book: InstrumentMirror, sent: Sent) -> None:
        if sent is book.leave:
            book.leave = None
        if sent in book.exits:
            book.exits = []
            book.intent, book.desired = 0.0, 0  # S12
        if book.position == 0:
            book.distances, book.protect_due = ExitDistances(), False

    # ------------------------------------------------------------------ the close of a bar

    def close_bar(self, row: BarRow, decisions: Decisions) -> None:
        """Expire, protect, mark, decide; reductions before increases, each by instrument."""
        self._look_at_sequence(row.time)
        now = row.close_time
        for i in range(len(self.books)):
            self._look_after(i, row)
        equity = self._purse.equity_paise
        if is_ruin(equity):
            self._cannot(0, "equity at a close is 0 or less, and ruin is not told to backtrader", now)
        increases = []
        for i, close in enumerate(row.close):
            if close > 0.0 and targets.is_new(decisions.target[i], self.books[i].intent):
                increases.append(self._decide(i, close, equity, decisions, now))
        for i, close in enumerate(row.close):
            if close > 0.0:
                self._reduce(i, now)
        for i, quantity, prices in increases:
            self._increase(i, quantity, prices, now)
        self._events.clear()
        self._purse.withdrawn_paise = 0
        self._power_before = self._purse.buying_power()

    def _look_after(self, i: int, row: BarRow) -> None:
        """Steps before any decision: DAY orders expire, exits of a new position are placed, it is marked."""
        book = self.books[i]
        if row.ends_session:
            self._expire(i, row.close_time)
        if book.protect_due:
            book.protect_due = False
            self._place_exits(i, book.position, row.close_time)
        if book.position and row.close[i] > 0.0:
            book.mark(row.close[i])

    def _expire(self, i: int, now: int) -> None:
        """Row 8: DAY orders end with their session; a reversal whose close did not fill is not wanted any more."""
        book = self.books[i]
        if book.leave is not None:  # the instrument had no bar: what was given up for it comes back
            self._end(book.leave, OrderState.EXPIRED, now)
            book.leave = None
            self._withdraw_exits(book, now)
            self._place_exits(i, book.position, now)
            if book.entry is not None:
                self._end(book.entry, OrderState.CANCELLED, now, "close_not_filled")
                book.entry, book.intent, book.desired = None, 0.0, 0
        entry = book.entry
        if entry is not None and entry.order.validity is Validity.DAY:
            self._end(entry, OrderState.EXPIRED, now)
            self._unwant(book)

    @staticmethod
    def _unwant(book: InstrumentMirror) -> None:
        """An entry came to nothing: the intent is what it was while a position was held, or 0."""
        book.entry = None
        if book.position:
            book.intent, book.desired = book.intent_before, book.position
        else:
            book.intent, book.desired = 0.0, 0

    def _decide(
        self, i: int, close: float, equity_paise: int, decisions: Decisions, now: int
    ) -> tuple[int, int, EntryPrices]:
        """Take in a new target: what it means in units, and what it adds to the position at which prices."""
        book, lot, target = self.books[i], self._instruments[i].lot, decisions.target[i]
        towards_zero = abs(target) < abs(book.intent) and target * book.intent >= 0.0
        book.intent_before, book.intent = book.intent, target
        book.desired = 0
        if target != 0.0:
            if book.position == 0 or (book.position > 0) != (target > 0.0):
                book.entry_distances = entry_distances(decisions, i)
                distances, side = book.entry_distances, 1 if target > 0.0 else -1
                book.full_units = self._sizer.full_units(decisions, i, side, close, equity_paise, distances)
            book.desired = scaled(book.full_units, target, lot)
            if book.desired == 0:
                why = self._sizer.why_none(decisions, i, equity_paise, book.full_units)
                if why == reasons.NO_VOLATILITY:
                    book.intent = 0.0
                asked = refused_units(why, lot)
                self._refuse(self._market(i, asked if target > 0.0 else -asked, now, reduces=False), reasons.NAMES[why])
        if book.position * book.desired < 0:
            delta = book.desired
        elif abs(book.desired) <= abs(book.position):
            delta = 0
        else:
            delta = targets.change(book.position, book.desired, towards_zero)
        side = 1 if delta > 0 else -1
        limit, trigger = at_row(decisions.limit, i), at_row(decisions.trigger, i)
        return i, delta, entry_prices(self._settings, self._instruments[i], side, close, limit, trigger)

    def _reduce(self, i: int, now: int) -> None:
        """Order what is to be given back; the exits are taken back before it, else backtrader would fill both."""
        book = self.books[i]
        needed = targets.outstanding_reduction(book.position, book.desired)
        if not needed or book.leave is not None:
            return
        self._withdraw_exits(book, now)
        book.leave = self._send(Sent(self._market(i, needed, now, reduces=True), needed, Verdict(needed)))
        self._place_exits(i, book.position + needed, now)

    def _increase(self, i: int, quantity: int, prices: EntryPrices, now: int) -> None:
        """Replace a working entry by this one, as large as cash allows."""
        book = self.books[i]
        freed_paise = 0
        if book.entry is not None:
            freed_paise = book.entry.reserved_paise
            self._end(book.entry, OrderState.CANCELLED, now)
            book.entry = None
            self._purse.withdrawn_paise += freed_paise
        if quantity == 0:
            return
        if prices.type is OrderType.STOP_LIMIT and quantity * (prices.limit - prices.trigger) < 0.0:
            self._cannot(i, "a stop-limit with its limit short of its trigger fills by other rules in backtrader", now)
        levels = self._levels(i)
        if book.position * quantity > 0 and (levels.stop > 0.0 or levels.target > 0.0):
            self._cannot(i, "an order adds to a position that has a stop or a target", now)
        reverses = book.position * quantity < 0
        validity = Validity.DAY if prices.type is OrderType.MARKET else Validity(self._settings.validity)
        order = self._market(i, quantity, now, reduces=False)._replace(
            type=prices.type, limit=prices.limit, trigger=prices.trigger, validity=validity
        )
        if not can_order(abs(quantity), 0 if reverses else abs(book.position), prices.worst):
            self._refuse(order, reasons.NAMES[reasons.SIZE_BEYOND_LIMIT])
            return
        power = self._purse.power_for(i, reverses=reverses) + freed_paise
        units = self._purse.allowed(quantity, prices.worst, power, self._instruments[i].lot)
        if units == 0:
            self._refuse(order, "cash")
            return
        side = 1 if quantity > 0 else -1
        verdict = Verdict(side * units, "" if units == abs(quantity) else "cash")
        sent = Sent(order._replace(quantity=side * units), quantity, verdict)
        sent.needs_flat = reverses
        sent.reserved_paise = self._purse.needed(side * units, prices.worst)
        book.entry = self._send(sent)

    # ------------------------------------------------------------------ protective exits

    def _levels(self, i: int, quantity: int | None = None) -> Levels:
        book = self.books[i]
        side = 1 if (book.position if quantity is None else quantity) > 0 else -1
        return protective_levels(
            self._settings.exits, book.distances, side, book.average, NAN, self._instruments[i].tick
        )

    def _place_exits(self, i: int, quantity: int, now: int) -> None:
        """A stop and a target for so many units, one cancelling the other; the one that wins a bar is sent first."""
        if quantity == 0:
            return
        levels = self._levels(i, quantity)
        stop = Order(
            0, i, -quantity, OrderType.STOP, levels.stop_reason, reduces=True, decided_at=now, trigger=levels.stop,
            validity=Validity.GTC, protective=True,
        )  # fmt: skip
        target = stop._replace(type=OrderType.LIMIT, reason=Reason.TAKE_PROFIT, limit=levels.target, trigger=NAN)
        wanted = [stop] if levels.stop > 0.0 else []
        wanted += [target] if levels.target > 0.0 else []
        if self._settings.exits.both == "target":
            wanted.reverse()
        exits: list[Sent] = []
        for order in wanted:
            sibling = exits[0] if exits else None
            exits.append(self._send(Sent(order, order.quantity, Verdict(order.quantity)), sibling))
        self.books[i].exits = exits

    def _withdraw_exits(self, book: InstrumentMirror, now: int) -> None:
        exits, book.exits = book.exits, []
        for sent in exits:
            if sent.state is OrderState.WORKING:
                self._end(sent, OrderState.CANCELLED, now)

    # ------------------------------------------------------------------ orders

    @staticmethod
    def _market(i: int, quantity: int, now: int, *, reduces: bool) -> Order:
        return Order(0, i, quantity, OrderType.MARKET, Reason.SIGNAL, reduces=reduces, decided_at=now)

    def _number(self, sent: Sent) -> Sent:
        sent.order = sent.order._replace(order_id=len(self._orders) + 1)
        self._orders.append(sent)
        return sent

    def _send(self, sent: Sent, sibling: Sent | None = None) -> Sent:
        self._venue.send(self._number(sent), sibling)
        return sent

    def _refuse(self, order: Order, reason: str) -> None:
        sent = self._number(Sent(order, order.quantity, Verdict(0, reason)))
        sent.end(OrderState.REFUSED, order.decided_at, reason)

    def _end(self, sent: Sent, state: OrderState, now: int, why: str = "") -> None:
        sent.end(state, now, why)
        self._venue.take_back(sent)

    # ------------------------------------------------------------------ what turns out not to be the same

    def _still_covered(self, sent: Sent, price: float) -> None:
        """Ours refuses a fill that buying power does not cover; backtrader looks at cash, which shorts have filled."""
        needed = self._purse.needed(sent.order.quantity, price)
        self._events.append((sent, needed))
        if needed > self._purse.buying_power():
            now = sent.order.decided_at
            self._cannot(sent.order.instrument, "what shorts block leaves too little for an order at its fill", now)

    def _look_at_sequence(self, now: int) -> None:
        """Backtrader serves orders as they were sent, ours by the bar's course: that matters when cash is short."""
        increases = [(sent, needed) for sent, needed in self._events if needed]
        if len(self._events) < 2 or sum(needed for _, needed in increases) <= self._power_before:  # noqa: PLR2004 - one order has no sequence
            return
        if not increases or all(sent.order.type is OrderType.MARKET for sent, _ in self._events):
            return  # sent at one close, reductions first, each by instrument: the same sequence
        self._cannot(increases[0][0].order.instrument, "cash is too short for all orders of one bar", now)

    def _cannot(self, i: int, what: str, now: int) -> None:
        from numpy import datetime64

        at = datetime64(now, "ns").astype("datetime64[m]")
        msg = f"the backtrader engine cannot express this run: {what} ({self._symbols[i]}, {at}); {USE_EVENT}"
        raise ConfigError(msg)
