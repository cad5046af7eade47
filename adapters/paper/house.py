"""House of the paper broker: its books, its dice and its line of news, and what happens there without a request.

Whoever reads or changes the books does so under ``lock``, from whatever thread.
"""

from __future__ import annotations

from contextlib import suppress
from heapq import heappop, heappush
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any

from adapters.paper.behaviour import Dice
from adapters.paper.books import BrokerBooks
from adapters.paper.entries import (
    HandTraded,
    PaperActionCarried,
    PaperAnnulled,
    PaperCapitalMoved,
    PaperEnded,
    PaperRenamed,
)
from adapters.paper.news_line import NewsLine
from framework.broker.book import BrokerFill, BrokerOrder, BrokerOrderState, FillAnnulled
from framework.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapters.paper.behaviour import PaperBehaviour
    from adapters.paper.clock import PaperClock
    from adapters.paper.ledger import PaperBook
    from adapters.paper.storage import PaperStorage
    from framework.broker.book import BrokerNews, BrokerPosition
    from framework.types.actions import Due

CANCELLED = BrokerOrderState.CANCELLED
MOST_SHOWN = 1_000
"""Orders whose news before are remembered."""


class PaperHouse:
    """House of one account; ``PaperBroker`` is it with the port in front."""

    def __init__(
        self,
        books: Sequence[PaperBook],
        clock: PaperClock,
        behaviour: PaperBehaviour,
        *,
        lockstep: bool,
        random: Random | None,
        storage: PaperStorage | None,
    ) -> None:
        """See ``PaperBroker``."""
        self.lock = RLock()
        pairs = lockstep or behaviour.one_cancels_other
        self.books = BrokerBooks(books, storage, lockstep=lockstep, one_cancels_other=pairs)
        self._storage = storage
        self.clock = clock
        self.behaviour = behaviour
        self.dice = Dice(behaviour, random or Random(0))  # noqa: S311 - faults need no cryptography
        self._line = NewsLine(clock, behaviour, self.dice)
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        """What happens later on: (moment, number, what)."""
        self._count = 0
        self._empty_until = self._latest = 0
        self.late_fills: set[str] = set()
        """Executions that the trade book does not show yet, though order and position have them."""
        self._shown_before: dict[str, BrokerOrder] = {}
        """Broker id → its news before."""

    def use_dice(self, dice: Dice) -> None:
        """Draw every fault from now on with these: a simulation's script, say."""
        self.dice = dice
        self._line.use_dice(dice)

    # ------------------------------------------------------------------ what happens in an account

    def annul(self, fill_id: str) -> None:
        """The exchange cancels an execution afterwards."""
        with self.lock:
            self.books.write(PaperAnnulled(fill_id))
            self.tell(FillAnnulled(fill_id, "trade cancelled by the exchange"))

    def trade_by_hand(self, symbol: str, product: str, quantity: int, price: float, who: str = "HAND") -> BrokerFill:
        """Somebody trades in the account past us: its owner in the broker's app, or the broker's risk desk."""
        with self.lock:
            number = f"{who}-{len(self.books.hand) + 1}-{self.now()}"
            fill = BrokerFill(f"F-{number}", f"P-{number}", "", symbol, product, quantity, price, self.now())
            told: BrokerFill = self.books.write(HandTraded(fill))
            self.tell(told)
            return told

    def square_off(self, symbol: str, product: str, price: float, quantity: int | None = None) -> None:
        """The broker's risk desk takes a position back, or ``quantity`` units ≥ 0 of it, and its orders first."""
        with self.lock:
            for order in list(self.books.orders(self.now())):
                if not order.state.is_final and (order.symbol, order.product) == (symbol, product):
                    name = self.books.book_of_tag(order.tag)
                    if name is not None:
                        self._end(name, order.broker_id, CANCELLED, "squared off by the broker")
            held = self.books.net().get((symbol, product), 0)
            units = held if quantity is None else min(quantity, abs(held)) * (1 if held > 0 else -1)
            if units:
                self.trade_by_hand(symbol, product, -units, price, "RMS")

    def drop_connection(self, length_ns: int) -> None:
        """The stream of news breaks for so long."""
        self._line.drop(self.now(), length_ns)

    def empty_book(self, length_ns: int) -> None:
        """The broker restarts: for so long its book shows nothing."""
        self._empty_until = self.now() + length_ns

    def rename_orders(self) -> None:
        """The broker restarts, and its resting orders come back under other names."""
        with self.lock:
            for name, book in self.books.by_name.items():
                for order in list(book.ledger.resting()):
                    self.books.write(PaperRenamed(name, order.broker_id, f"{order.broker_id}R"))

    def move_capital(self, book: str, paise: int) -> None:
        """Cash comes into a strategy's book (> 0) or leaves it."""
        with self.lock:
            self.books.write(PaperCapitalMoved(book, paise))

    def carry_action(self, book: str, due: Due) -> None:
        """A corporate action, before the first open without the right; the session changes its orders itself."""
        with self.lock:
            self.books.write(PaperActionCarried(book, due, self.now()))

    def _end(self, name: str, broker_id: str, state: BrokerOrderState, reason: str) -> None:
        order = self.books.by_name[name].ledger.get(broker_id)
        if order is not None and not order.state.is_final:
            self.tell(self.books.write(PaperEnded(name, broker_id, state, reason, self.now())))

    # ------------------------------------------------------------------ the second door: from any thread

    def resting(self) -> list[BrokerOrder]:
        """Orders that may still fill, oldest first."""
        with self.lock:
            return [order.shown() for order in self.books.orders(self.now()) if not order.state.is_final]

    def positions(self) -> tuple[BrokerPosition, ...]:
        """Positions that are not flat."""
        with self.lock:
            return self.books.positions()

    def cancel_by_hand(self, broker_id: str) -> bool:
        """Take an order out of the book; False when it is not open any more."""
        with self.lock:
            found = self.books.find_id(broker_id)
            if found is None or found[1].state.is_final:
                return False
            self._end(found[0].ledger.name, broker_id, CANCELLED, "cancelled by hand")
            return True

    def flatten(self) -> list[BrokerFill]:
        """Leave every position at its last price; one of which none is known stays. The fills are nobody's order's."""
        with self.lock:
            held = [(position, self.books.last_price(position.symbol)) for position in self.books.positions()]
            return [
                self.trade_by_hand(symbol, product, -units, price, "KILL")
                for (symbol, product, units), price in held
                if price > 0.0
            ]

    # ------------------------------------------------------------------ time

    def tell(self, news: Any) -> None:
        """Put news on their way, with all that may become of them."""
        now = self.now()
        if isinstance(news, BrokerOrder):
            before = self._shown_before.pop(news.broker_id, None)
            self._shown_before[news.broker_id] = news
            if len(self._shown_before) > MOST_SHOWN:
                del self._shown_before[next(iter(self._shown_before))]
            if before is not None and self.dice.happens("repeated_state"):
                self.later(now + 1, lambda: self._line.tell(before, self.now()))
            if self.dice.happens("unknown_word"):
                news = news._replace(state=BrokerOrderState.UNKNOWN)
        elif isinstance(news, BrokerFill) and self.dice.happens("late_trade"):
            self.late_fills.add(news.fill_id)
            self.later(now + self.dice.time("late_trade_ns"), lambda: self._tell_late(news))
            return
        self._line.tell(news, now)

    def _tell_late(self, fill: BrokerFill) -> None:
        self.late_fills.discard(fill.fill_id)
        self._line.tell(fill, self.now())

    def _after(self, news: BrokerNews) -> None:
        """A fill may be annulled, or have somebody trade by hand."""
        if not isinstance(news, BrokerFill):
            return
        now = self.now()
        if self.dice.happens("annulled_fill"):
            self.later(now + self.dice.time("annulled_ns"), lambda: self._annul_if_there(news.fill_id))
        if self.dice.happens("hand_trade"):
            self.trade_by_hand(news.symbol, news.product, -news.quantity, news.price)
        if self.dice.happens("squared_off"):
            self.later(now + 1, lambda: self.square_off(news.symbol, news.product, news.price))

    def _annul_if_there(self, fill_id: str) -> None:
        if any(fill_id in book.ledger.fills for book in self.books.by_name.values()):
            self.annul(fill_id)

    def later(self, moment: int, happen: Callable[[], None]) -> None:
        """Have something happen at a moment, or when time is looked at next after it."""
        self._count += 1
        heappush(self._agenda, (moment, self._count, happen))

    def catch_up(self) -> None:
        """Agenda up to now: it happens, before anything else is looked at."""
        if self.books.broken:
            raise BrokerError(f"the paper broker stopped: {self.books.broken}; start it again")
        while self._agenda and self._agenda[0][0] <= self.now():
            heappop(self._agenda)[2]()

    def now(self) -> int:
        """Time; from a thread that cannot read the loop's clock, the latest that was read."""
        with suppress(RuntimeError):
            self._latest = self.clock.now()
        return self._latest
