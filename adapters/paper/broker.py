"""PaperBroker: the paper books behind the broker's port, with everything that can happen on the way there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.paper.behaviour import PERFECT, PaperBehaviour
from adapters.paper.entries import BarStep, PaperChanged, PaperFilled, PaperPlaced
from adapters.paper.gateway import PaperGateway
from adapters.paper.house import PaperHouse
from framework.broker.book import BrokerOrder, BrokerOrderState, BrokerSnapshot
from framework.broker.port import TRIGGER_PASSED, Capabilities, OrderAccepted, OrderRefused
from framework.types.orders import STOP, STOP_LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence
    from random import Random

    from adapters.paper.clock import PaperClock
    from adapters.paper.ledger import PaperBook, PaperOrder
    from adapters.paper.storage import PaperStorage
    from framework.broker.book import BrokerNews
    from framework.broker.feed import FeedTick
    from framework.broker.port import OutgoingCancel, OutgoingChange, OutgoingOrder, SendOutcome
    from framework.types import BarRow

NOT_OPEN = "the order is not open"
CANCELLED, REFUSED = BrokerOrderState.CANCELLED, BrokerOrderState.REFUSED
LONGEST_TAG = 20
PARTS = ("orders", "fills", "positions", "available_paise")
"""Parts of a snapshot, each a read of its own at a real broker."""


class PaperBroker(PaperHouse):
    """Broker for one account of several strategies; see the package for how it works.

    ``lockstep``: it fills against bars that it is shown (``trade_bar``); else against ticks (``see_tick``).
    """

    def __init__(
        self,
        books: Sequence[PaperBook],
        clock: PaperClock,
        behaviour: PaperBehaviour = PERFECT,
        *,
        lockstep: bool = True,
        random: Random | None = None,
        storage: PaperStorage | None = None,
    ) -> None:
        """``random`` draws every fault. With a ``storage`` the books are those that it holds."""
        super().__init__(books, clock, behaviour, lockstep=lockstep, random=random, storage=storage)
        self._gateway = PaperGateway(self)
        self._cached: BrokerSnapshot | None = None
        """Last read, which a broker may show again."""
        pairs = lockstep or behaviour.one_cancels_other
        self.capabilities = Capabilities("paper", one_cancels_other=pairs, lockstep=lockstep, longest_tag=LONGEST_TAG)

    def __repr__(self) -> str:
        how = "by bars" if self.capabilities.lockstep else "by ticks"
        return f"PaperBroker({how}, {', '.join(repr(book.ledger) for book in self.books.by_name.values())})"

    # ------------------------------------------------------------------ the port: requests

    async def place(self, order: OutgoingOrder) -> SendOutcome:
        """See ``Broker.place``."""
        return await self._request("place", lambda: self._take(order))

    async def change(self, change: OutgoingChange) -> SendOutcome:
        """See ``Broker.change``."""
        return await self._request("change", lambda: self._change(change))

    async def cancel(self, cancel: OutgoingCancel) -> SendOutcome:
        """See ``Broker.cancel``. The news say that it is out of the book."""
        return await self._request("cancel", lambda: self._cancel(cancel.broker_id))

    async def _request(self, kind: str, carry_out: Callable[[], SendOutcome]) -> SendOutcome:
        outcome = await self._gateway.request(kind, carry_out)
        if self.capabilities.lockstep:
            await self._pass_until(self._line.last_due)
        return outcome

    async def _pass_until(self, moment: int) -> None:
        """By bars nothing is heard between two rows, so what is on its way within one is waited for."""
        if moment > self.now():
            await self.clock.sleep_until(moment)

    # ------------------------------------------------------------------ the port: reads

    async def find(self, tag: str) -> tuple[BrokerOrder, ...]:
        """See ``Broker.find``."""
        await self._gateway.read()
        with self.lock:
            return tuple(order.shown() for order in self._visible() if order.tag == tag)

    async def snapshot(self) -> BrokerSnapshot:
        """See ``Broker.snapshot``. Its parts are of one moment."""
        as_of = self.now()
        await self._gateway.read()
        with self.lock:
            if self._cached is not None and self.dice.happens("stale_read"):
                return self._cached._replace(as_of=as_of)
            read = self._cached = self._snapshot(as_of)
            if self.dice.happens("missing_part"):
                lacks: dict[str, Any] = {PARTS[self.dice.part(len(PARTS)) - 1]: None}
                return read._replace(**lacks)
            return read

    def _snapshot(self, as_of: int) -> BrokerSnapshot:
        if self._is_empty():
            return BrokerSnapshot(as_of, (), (), (), self.books.available_paise())
        return BrokerSnapshot(
            as_of,
            tuple(order.shown() for order in self._visible()),
            tuple(fill for fill in self.books.fills(self.now()) if fill.fill_id not in self.late_fills),
            self.books.positions(),
            self.books.available_paise(),
        )

    def _is_empty(self) -> bool:
        return self.now() < self._empty_until

    def _visible(self) -> list[PaperOrder]:
        if self._is_empty():
            return []
        now = self.now()
        return [order for order in self.books.orders(now) if order.shown_from <= now]

    def news(self) -> AsyncIterator[BrokerNews]:
        """See ``Broker.news``. By bars ``trade_bar`` and ``drain`` take from the same line: each is told once."""
        return self._line.listen()

    def drain(self) -> list[BrokerNews]:
        """News that have arrived by now, without waiting: by bars, read after each request."""
        with self.lock:
            self.catch_up()
        return self._line.due(self.now())

    async def close(self) -> None:
        """See ``Broker.close``."""
        self._line.close()
        with self.lock:
            if self._storage is not None:
                self._storage.close()

    # ------------------------------------------------------------------ requests as they arrive

    def _take(self, outgoing: OutgoingOrder) -> SendOutcome:
        order, tag = outgoing.approved.order, outgoing.approved.tag
        name = self.books.book_of_tag(tag)
        if name is None or len(tag) > LONGEST_TAG or not tag.isalnum():
            return OrderRefused("tag", f"the tag {tag!r} is of no strategy of this account")
        ledger = self.books.by_name[name].ledger
        instrument = ledger.instruments[order.instrument] if order.instrument < len(ledger.instruments) else None
        if instrument != outgoing.instrument:
            return OrderRefused("symbol", f"{outgoing.instrument} is not traded in the book {name!r}")
        if order.quantity % max(instrument.lot, 1) or not order.quantity:
            return OrderRefused("lot", f"{order.quantity} units are no whole lots of {instrument.lot}")
        if self.dice.happens("refused"):
            return OrderRefused(*self.dice.refusal())
        if self._is_crossed(name, outgoing):
            return OrderRefused(TRIGGER_PASSED, "the market has gone past the trigger price")
        placed = self._place(name, outgoing)
        if self.dice.happens("doubled_order"):
            self._place(name, outgoing)
        return OrderAccepted(placed.broker_id)

    def _is_crossed(self, name: str, outgoing: OutgoingOrder) -> bool:
        order, ticks = outgoing.approved.order, self.books.by_name[name].ticks
        if ticks is None or not self.behaviour.refuses_crossed_stops or order.type not in {STOP, STOP_LIMIT}:
            return False
        return ticks.is_crossed(order.instrument, order.quantity, order.trigger)

    def _place(self, name: str, outgoing: OutgoingOrder) -> PaperOrder:
        approved, now = outgoing.approved, self.now()
        broker_id = self.books.by_name[name].ledger.next_broker_id()
        reserve = (approved.tag, approved.group, outgoing.product, approved.reserve_paise)
        placed: PaperOrder = self.books.write(PaperPlaced(name, broker_id, approved.order, *reserve, now))
        if self.dice.happens("hidden_order"):
            placed.shown_from = now + self.dice.time("hidden_ns")
        if self.dice.happens("refused_later"):
            reason = self.dice.refusal()[1]
            self.later(now + 1, lambda: self._end(name, broker_id, REFUSED, reason))
        elif not self.capabilities.lockstep:
            self.tell(placed.shown())
        return placed

    def _change(self, change: OutgoingChange) -> SendOutcome:
        found = self.books.find_id(change.broker_id)
        if found is None or found[1].state.is_final or abs(change.quantity) <= abs(found[1].executed):
            return OrderRefused("not_open", NOT_OPEN)
        if change.quantity * found[1].quantity < 0:
            return OrderRefused("side", "a change cannot turn an order round")
        if self.dice.happens("change_refused"):
            return OrderRefused("modify", "the order is being processed")
        name, order = found[0].ledger.name, found[1]
        form = (change.quantity, change.trigger, change.limit)
        self.tell(self.books.write(PaperChanged(name, order.broker_id, *form, self.now())))
        return OrderAccepted(order.broker_id)

    def _cancel(self, broker_id: str) -> SendOutcome:
        found = self.books.find_id(broker_id)
        if found is None or found[1].state.is_final:
            return OrderRefused("not_open", NOT_OPEN)
        if self.dice.happens("cancel_refused"):
            return OrderRefused("cancel", "the order is being processed")
        self._end(found[0].ledger.name, broker_id, CANCELLED, "")
        return OrderAccepted(broker_id)

    # ------------------------------------------------------------------ the market by bars

    def trade_bar(self, book: str, row: BarRow) -> AsyncIterator[BrokerNews]:
        """News of a bar, each before the next one is decided: carry out what follows from it before asking for more.

        Shown again (after a crash, say) the same bar tells again what it told, and goes on. ``InvariantError`` on a
        bar from before the latest one.
        """
        return self._serve(book, row, BarStep.BAR)

    def fill_at_close(self, book: str, row: BarRow) -> AsyncIterator[BrokerNews]:
        """``fill_at: same_close``: news of market orders that were just decided, at the close that decided them."""
        return self._serve(book, row, BarStep.SAME_CLOSE)

    def close_out(self, book: str, row: BarRow) -> AsyncIterator[BrokerNews]:
        """The session is over with this bar: news of square-offs that are still open, at the last close."""
        return self._serve(book, row, BarStep.CLOSE_OUT)

    async def _serve(self, book: str, row: BarRow, step: BarStep) -> AsyncIterator[BrokerNews]:
        with self.lock:
            self.catch_up()
            market = self.books.bars(book)
            if step is not BarStep.BAR and market.row is not None and row.time < market.row.time:
                return  # a host that died asks once more; it was served before the later bar was shown
            while not market.is_served and market.place_of(row, step) > 0:  # its host went away: the market did not
                self._decide(book)
            for told in self.books.show(book, step, row):
                self.tell(told)
        going_on = True
        while going_on:
            await self._pass_until(self._line.ordinary_due)
            for news in self._line.due(self.now()):
                yield news
            with self.lock:
                going_on = self._decide(book)
        await self._pass_until(self._line.last_due)
        for news in self._line.due(self.now()):
            yield news

    def _decide(self, book: str) -> bool:
        """Have the next event of the bar in hand, and tell it; False when there is none."""
        news = self.books.decide(book)
        if news is None:
            return False
        self.tell(news)
        self._after(news)
        return True

    # ------------------------------------------------------------------ the market by ticks

    def see_tick(self, tick: FeedTick) -> None:
        """A trade at the exchange: everything that it fills is told by the news."""
        with self.lock:
            if self.books.broken:
                return  # requests and reads say so
            self.catch_up()
            for book in self.books.by_name.values():
                if book.ticks is None or not book.ticks.knows(tick.symbol) or not tick.price > 0.0:
                    continue
                if tick.snapshot:
                    book.ticks.see(tick.symbol, tick.price)
                    continue
                for effect in book.ticks.meet(tick.symbol, tick.price, tick.time, self._lots):
                    told = self.books.write(effect)
                    if isinstance(effect, PaperFilled):
                        order = book.ledger.get(effect.broker_id)
                        self.tell(told)
                        if order is not None:
                            self.tell(order.shown())
                        self._after(told)
                    elif told is not None:
                        self.tell(told)

    def end_session(self, symbols: Collection[str], *, every: bool = False) -> None:
        """By ticks, after the close of some instruments: their DAY orders expire; ``every``: and all others of theirs.

        The latter is a broker without GTC.
        """
        with self.lock:
            self.catch_up()
            for book in self.books.by_name.values():
                if book.ticks is not None:
                    for ended in list(book.ticks.expire(symbols, self.now(), every=every)):
                        self.tell(self.books.write(ended))

    def _lots(self, lots: int) -> int:
        """Lots of a fill, of an order with so many left."""
        if self.dice.happens("over_fill"):
            return lots + 1
        return self.dice.part(lots) if lots > 1 and self.dice.happens("partial_fill") else lots
