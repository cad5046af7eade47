"""Books of the paper broker: every strategy's, and what belongs to none. They are what their entries add up to.

``write`` keeps an entry and carries it out; a start carries out those that were kept. By bars an event is decided by
the simulated exchange: it is kept too, and a start compares, so that another version's rules cannot quietly tell
another past.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapters.paper.bar_market import BarMarket
from adapters.paper.entries import (
    BarPassed,
    BarShown,
    BarStep,
    HandTraded,
    NewsDecided,
    PaperActionCarried,
    PaperAnnulled,
    PaperCapitalMoved,
    PaperChanged,
    PaperEnded,
    PaperEntry,
    PaperFilled,
    PaperPlaced,
    PaperRenamed,
    PaperTriggered,
)
from adapters.paper.ledger import PaperBook, PaperLedger, PaperOrder, day_start
from adapters.paper.tick_market import TickMarket
from framework.broker.book import BrokerFill, BrokerOrder, BrokerPosition
from framework.errors import ConfigError, DataError, InvariantError
from framework.types.codec import decode, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adapters.paper.storage import PaperStorage
    from framework.types.orders import BarRow

FLEETING = (BarPassed, BarShown)
"""Entries that survive our process, and need not survive a loss of power: nobody was told anything of them."""
DAY_SHOWN = "the paper account has seen later bars than the one of {time} ns; give this run an account of its own"


class StrategyBook:
    """One strategy's book with its market: by bars or by ticks."""

    def __init__(self, book: PaperBook, *, lockstep: bool, one_cancels_other: bool) -> None:
        self.ledger = PaperLedger(book)
        self.bars = BarMarket(self.ledger) if lockstep else None
        self.ticks = None if lockstep else TickMarket(self.ledger, one_cancels_other=one_cancels_other)


class BrokerBooks:
    """Every book of the account."""

    def __init__(
        self, books: Sequence[PaperBook], storage: PaperStorage | None, *, lockstep: bool, one_cancels_other: bool
    ) -> None:
        """``ConfigError`` on two books of one name; ``DataError`` when the kept entries are of other books or rules."""
        self.by_name: dict[str, StrategyBook] = {}
        for book in books:
            if book.name in self.by_name:
                raise ConfigError(f"two paper books are named {book.name!r}; a session's name is its own")
            self.by_name[book.name] = StrategyBook(book, lockstep=lockstep, one_cancels_other=one_cancels_other)
        self.hand: dict[str, BrokerFill] = {}
        """Executions of nobody's order, by id."""
        self._hand_net: dict[tuple[str, str], int] = {}
        self._hand_paise = 0
        self._storage = storage
        self.broken = ""
        """Cause after which nothing more can be kept, and so nothing is done."""
        if storage is not None:
            self._replay(storage)

    # ------------------------------------------------------------------ entries

    def _replay(self, storage: PaperStorage) -> None:
        for number, text in enumerate(storage.entries(), start=1):
            entry = decode(PaperEntry, json.loads(text))
            name = getattr(entry, "book", None)
            if name is not None and name not in self.by_name:
                raise DataError(
                    f"entry {number} of the paper broker's file is of book {name!r}, which is not traded now"
                )
            told = self.carry_out(entry)
            if isinstance(entry, NewsDecided) and write(PaperEntry, NewsDecided(entry.book, told)) != text:
                raise DataError(
                    f"entry {number} of the paper broker's file says {entry.news!r}, and this program's rules say "
                    f"{told!r}: it was written by another version; give this run an account of its own"
                )

    def write(self, entry: Any) -> Any:
        """Keep an entry, then carry it out; ``BrokerError`` when it cannot be kept, and nothing has happened then."""
        self._keep(entry)
        return self.carry_out(entry)

    def decide(self, name: str) -> BrokerOrder | BrokerFill | None:
        """Next event of the bar that a book was shown, kept; None when there is none."""
        market = self.bars(name)
        if market.is_served:
            return None
        news = market.take()
        try:
            self._keep(NewsDecided(name, news))
        except Exception as error:
            self.broken = str(error)  # the books are one event ahead of the file
            raise
        return news

    def _keep(self, entry: Any) -> None:
        if self._storage is not None:
            durable = not isinstance(entry, FLEETING) and not (isinstance(entry, NewsDecided) and entry.news is None)
            self._storage.append(write(PaperEntry, entry), durable=durable)

    def carry_out(self, entry: Any) -> Any:
        """Change the books; the answer is the news of it, if there are any."""
        return CARRY_OUT[type(entry)](self, entry)

    def _ledger(self, name: str, moment: int) -> PaperLedger:
        ledger = self.by_name[name].ledger
        ledger.reach(moment)
        return ledger

    def _order(self, name: str, broker_id: str, moment: int) -> PaperOrder:
        order = self._ledger(name, moment).get(broker_id)
        if order is None:
            msg = f"the paper book {name!r} has no order {broker_id!r}"
            raise InvariantError(msg)
        return order

    def _place(self, entry: PaperPlaced) -> PaperOrder:
        book = self.by_name[entry.book]
        order = self._ledger(entry.book, entry.time).place(entry)
        if book.bars is not None:
            book.bars.place(order, entry.time)
        return order

    def _change(self, entry: PaperChanged) -> BrokerOrder:
        order = self._order(entry.book, entry.broker_id, entry.time)
        book = self.by_name[entry.book]
        if book.bars is not None:
            book.bars.change(order, entry)
        return book.ledger.change(order, entry)

    def _end(self, entry: PaperEnded) -> BrokerOrder:
        order = self._order(entry.book, entry.broker_id, entry.time)
        book = self.by_name[entry.book]
        if book.bars is not None:
            book.bars.cancel(order, entry.time)
        return book.ledger.end(order, entry.state, entry.reason, entry.time)

    def _rename(self, entry: PaperRenamed) -> None:
        order = self._order(entry.book, entry.broker_id, 0)
        self.by_name[entry.book].ledger.rename(order, entry.becomes)

    def _fill(self, entry: PaperFilled) -> BrokerFill:
        order = self._order(entry.book, entry.broker_id, entry.time)
        return self.by_name[entry.book].ledger.fill(order, entry.quantity, entry.price, entry.time, at_open=False)

    def _trigger(self, entry: PaperTriggered) -> None:
        order = self._order(entry.book, entry.broker_id, 0)
        order.triggered = True
        order.limit = entry.limit if entry.limit > 0.0 else order.limit

    def _pass(self, entry: BarPassed) -> None:
        self._ledger(entry.book, entry.close_time)
        self.bars(entry.book).skip(entry)

    def _show(self, entry: BarShown) -> None:
        self._ledger(entry.book, entry.row.close_time)
        self.bars(entry.book).show(entry.row, entry.step)

    def _take(self, entry: NewsDecided) -> BrokerOrder | BrokerFill | None:
        return self.bars(entry.book).take()

    def _annul(self, entry: PaperAnnulled) -> None:
        if entry.fill_id in self.hand:
            self._move_by_hand(self.hand.pop(entry.fill_id), -1)
            return
        for book in self.by_name.values():
            if entry.fill_id in book.ledger.fills:
                book.ledger.annul(entry.fill_id)

    def _trade_by_hand(self, entry: HandTraded) -> BrokerFill:
        self.hand[entry.fill.fill_id] = entry.fill
        self._move_by_hand(entry.fill, 1)
        return entry.fill

    def _move_by_hand(self, fill: BrokerFill, way: int) -> None:
        place = (fill.symbol, fill.product)
        self._hand_net[place] = self._hand_net.get(place, 0) + way * fill.quantity
        self._hand_paise -= way * round(fill.price * 100 * fill.quantity)

    def _move_capital(self, entry: PaperCapitalMoved) -> None:
        self.by_name[entry.book].ledger.account.move_capital(entry.paise)

    def _carry(self, entry: PaperActionCarried) -> None:
        self._ledger(entry.book, entry.time).carry(entry)

    # ------------------------------------------------------------------ reads

    def bars(self, name: str) -> BarMarket:
        """Market by bars of this book; ``InvariantError`` when there is none."""
        book = self.by_name.get(name)
        if book is None or book.bars is None:
            msg = f"there is no paper book {name!r} by bars; there are {', '.join(self.by_name) or 'none'}"
            raise InvariantError(msg)
        return book.bars

    def book_of_tag(self, tag: str) -> str | None:
        """Name of the book whose orders begin their tags so: a tag is a name and 8 digits."""
        return tag[:-8] if tag[:-8] in self.by_name else None

    def find_id(self, broker_id: str) -> tuple[StrategyBook, PaperOrder] | None:
        """Book and order of a broker id, or None."""
        for book in self.by_name.values():
            order = book.ledger.get(broker_id)
            if order is not None:
                return book, order
        return None

    def orders(self, now: int) -> Iterator[PaperOrder]:
        """Orders that rest, and those of today."""
        today = day_start(now)
        for book in self.by_name.values():
            for order in book.ledger.orders.values():
                if not order.state.is_final or order.heard_at >= today:
                    yield order

    def fills(self, now: int) -> Iterator[BrokerFill]:
        """Executions of today, of nobody's orders too."""
        today = day_start(now)
        for book in self.by_name.values():
            yield from (one.fill for one in book.ledger.fills.values() if one.heard_at >= today)
        yield from (fill for fill in self.hand.values() if fill.time >= today)

    def net(self) -> dict[tuple[str, str], int]:
        """Signed units by symbol and product, summed over all of it."""
        total = dict(self._hand_net)
        for book in self.by_name.values():
            for place, units in book.ledger.net.items():
                total[place] = total.get(place, 0) + units
        return total

    def positions(self) -> tuple[BrokerPosition, ...]:
        """Those that are not flat, in the order of their names."""
        return tuple(BrokerPosition(*place, units) for place, units in sorted(self.net().items()) if units)

    def available_paise(self) -> int:
        """Cash or margin that new orders may use."""
        return self._hand_paise + sum(book.ledger.available_paise() for book in self.by_name.values())

    def last_price(self, symbol: str) -> float:
        """Latest price of a symbol that any book has seen, rupees; NaN = none."""
        for book in self.by_name.values():
            for i, instrument in enumerate(book.ledger.instruments):
                if str(instrument) == symbol:
                    price = book.ledger.account.close[i] if book.ticks is None else book.ticks.last[i]
                    if price > 0.0:
                        return price
        return float("nan")

    def show(self, name: str, step: BarStep, row: BarRow) -> list[BrokerOrder | BrokerFill]:
        """Show a book a step of a bar; the answer is what was told of it before, by a process that is gone maybe."""
        market = self.bars(name)
        place = market.place_of(row, step)
        if place < 0 and (market.row is None or row.time < market.row.time):
            raise InvariantError(DAY_SHOWN.format(time=row.time))
        if place <= 0:
            return list(market.told.get(step, ()))
        if step is BarStep.BAR and market.passes(row):
            self.write(BarPassed(name, row.time, row.close_time, tuple(row.close)))
        else:
            self.write(BarShown(name, step, row))
        return []


CARRY_OUT: dict[type, Any] = {
    PaperPlaced: BrokerBooks._place,  # noqa: SLF001 - the class's own table
    PaperChanged: BrokerBooks._change,  # noqa: SLF001
    PaperEnded: BrokerBooks._end,  # noqa: SLF001
    PaperRenamed: BrokerBooks._rename,  # noqa: SLF001
    PaperFilled: BrokerBooks._fill,  # noqa: SLF001
    PaperTriggered: BrokerBooks._trigger,  # noqa: SLF001
    BarPassed: BrokerBooks._pass,  # noqa: SLF001
    BarShown: BrokerBooks._show,  # noqa: SLF001
    NewsDecided: BrokerBooks._take,  # noqa: SLF001
    PaperAnnulled: BrokerBooks._annul,  # noqa: SLF001
    HandTraded: BrokerBooks._trade_by_hand,  # noqa: SLF001
    PaperCapitalMoved: BrokerBooks._move_capital,  # noqa: SLF001
    PaperActionCarried: BrokerBooks._carry,  # noqa: SLF001
}
