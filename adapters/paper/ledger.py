"""Ledger of one paper book: its orders, its fills, its account. + is buy/long."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.broker.book import BrokerFill, BrokerOrder, BrokerOrderState
from framework.errors import InvariantError
from framework.rules.actions import shares_after
from framework.session.account import Account
from framework.types.orders import Fill, Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adapters.paper.entries import PaperActionCarried, PaperChanged, PaperPlaced
    from framework.types import Instrument, Settings

OPEN, FILLED, CANCELLED = BrokerOrderState.OPEN, BrokerOrderState.FILLED, BrokerOrderState.CANCELLED
INDIA_NS = 19_800 * 10**9
"""India's clock is this far ahead of UTC."""
DAY_NS = 86_400 * 10**9
DOUBLED = 1_000_000_000
"""Added to the number of an order whose number is in its book already."""


def day_start(moment: int) -> int:
    """Midnight in India before this moment, both UTC nanoseconds: a broker's book is of one day."""
    return moment - (moment + INDIA_NS) % DAY_NS


class PaperBook(NamedTuple):
    """Book of one strategy: its simulated exchange and its account."""

    name: str
    """The session's name: the beginning of its orders' tags."""
    instruments: Sequence[Instrument]
    """In the session's order."""
    settings: Settings


ANNULLED = "the exchange annulled a trade of it"


class PaperOrder:
    """Order in the ledger."""

    __slots__ = (
        "annulled", "before_paise", "broker_id", "filled", "group", "heard_at", "limit", "order", "product", "quantity",
        "reason", "reserve_paise", "shown_from", "state", "symbol", "tag", "time", "trigger", "triggered",
    )  # fmt: skip

    def __init__(self, placed: PaperPlaced, order: Order, symbol: str) -> None:
        """``order``: as placed, under the number that it has in this ledger."""
        self.order = order
        self.broker_id, self.tag, self.group, self.product = placed.broker_id, placed.tag, placed.group, placed.product
        self.symbol = symbol
        self.quantity, self.limit, self.trigger = order.quantity, order.limit, order.trigger
        self.filled = 0
        """Signed units."""
        self.annulled = 0
        """Signed units that had filled before the exchange took the execution back: they never rest again."""
        self.before_paise = 0
        """Value that it has filled."""
        self.reserve_paise = placed.reserve_paise
        self.state, self.reason, self.time = OPEN, "", placed.time
        self.heard_at = placed.time
        """Moment of the latest change of it in this book; by bars a bar's close, when ``time`` may be its open."""
        self.shown_from = 0
        """Reads do not show it before this moment."""
        self.triggered = False

    @property
    def remaining(self) -> int:
        """Signed units that may still fill."""
        return self.quantity - self.executed

    @property
    def executed(self) -> int:
        """Signed units that have filled, those that were annulled afterwards too."""
        return self.filled + self.annulled

    def shown(self) -> BrokerOrder:
        """As a broker shows it."""
        return BrokerOrder(
            self.broker_id,
            self.tag,
            self.symbol,
            self.product,
            self.quantity,
            self.filled,
            self.state,
            self.limit,
            self.trigger,
            self.reason,
            self.time,
        )


class BookedPaperFill(NamedTuple):
    """Fill with what it moved, so that it can be annulled."""

    fill: BrokerFill
    order: Order
    cash_paise: int
    """Signed: what the cash changed by."""
    heard_at: int
    """See ``PaperOrder.heard_at``."""


class PaperLedger:
    """Orders by number, fills by id, account, and net units by symbol and product."""

    def __init__(self, book: PaperBook) -> None:
        self.name = book.name
        self.instruments = tuple(book.instruments)
        self.settings = book.settings
        self.account = Account(self.instruments, book.settings)
        self.orders: dict[int, PaperOrder] = {}
        self.fills: dict[str, BookedPaperFill] = {}
        self.net: dict[tuple[str, str], int] = {}
        self._open: list[dict[int, PaperOrder]] = [{} for _ in self.instruments]
        """Resting orders by instrument and number."""
        self._numbers: dict[str, int] = {}
        """Broker id → number."""
        self._placed = self._filled = 0
        self.now = 0
        """Moment of the latest entry, UTC nanoseconds."""

    def __repr__(self) -> str:
        resting = sum(map(len, self._open))
        return f"PaperLedger({self.name}: cash ₹{self.account.cash_paise / 100:,.2f}, {resting} resting orders)"

    # ------------------------------------------------------------------ orders

    def next_broker_id(self) -> str:
        """Broker's name of the order that is placed next: the same in every replay."""
        return f"P-{self.name}-{self._placed + 1}"

    def place(self, placed: PaperPlaced) -> PaperOrder:
        """Take an order. One of a number that is there already is another order: nothing here knows tags."""
        number = placed.order.order_id
        while number in self.orders:
            number += DOUBLED
        self._placed += 1
        symbol = str(self.instruments[placed.order.instrument])
        order = self.orders[number] = PaperOrder(placed, placed.order._replace(order_id=number), symbol)
        self._numbers[order.broker_id] = number
        self._open[placed.order.instrument][number] = order
        return order

    def _leave(self, order: PaperOrder) -> None:
        """It rests no more."""
        self._open[order.order.instrument].pop(order.order.order_id, None)

    def get(self, broker_id: str) -> PaperOrder | None:
        """The order of this broker id, or None."""
        number = self._numbers.get(broker_id)
        return None if number is None else self.orders[number]

    def resting(self) -> Iterator[PaperOrder]:
        """Orders that may still fill, by instrument, oldest first."""
        return (order for some in self._open for order in some.values())

    def resting_in(self, i: int) -> list[PaperOrder]:
        """Those of one instrument."""
        return list(self._open[i].values())

    def rename(self, order: PaperOrder, broker_id: str) -> None:
        """The broker calls it otherwise from now on; fills of before keep the old name."""
        self._numbers[broker_id] = self._numbers.pop(order.broker_id)
        order.broker_id = broker_id

    def change(self, order: PaperOrder, changed: PaperChanged) -> BrokerOrder:
        """Give it another form; a price that is NaN stays."""
        order.quantity, order.time, order.heard_at = changed.quantity, changed.time, self.now
        order.trigger = changed.trigger if changed.trigger > 0.0 else order.trigger
        order.limit = changed.limit if changed.limit > 0.0 else order.limit
        return order.shown()

    def end(self, order: PaperOrder, state: BrokerOrderState, reason: str, time: int) -> BrokerOrder:
        """It is out of the book."""
        order.state, order.reason, order.time, order.heard_at = state, reason, time, self.now
        self._leave(order)
        return order.shown()

    def reach(self, moment: int) -> None:
        """Time has come to this moment: on a new day what ended before it is dropped, orders and fills."""
        today = day_start(moment)
        if today > day_start(self.now):
            for number, order in list(self.orders.items()):
                if order.state.is_final and order.heard_at < today:
                    del self.orders[number], self._numbers[order.broker_id]
            for fill_id, booked in list(self.fills.items()):
                if booked.heard_at < today:
                    del self.fills[fill_id]
        self.now = max(self.now, moment)

    # ------------------------------------------------------------------ money

    def fill(self, order: PaperOrder, quantity: int, price: float, time: int, *, at_open: bool) -> BrokerFill:
        """Book an execution, before anybody hears of it."""
        if not quantity * order.remaining > 0:
            msg = f"paper order {order.broker_id} of {order.quantity} cannot fill {quantity} after {order.executed}"
            raise InvariantError(msg)
        self._filled += 1
        executed = Fill(order.order.order_id, order.order.instrument, quantity, price, time)
        cash_paise = self.account.cash_paise
        booked = self.account.settle(executed, order.order, before_paise=order.before_paise)
        order.before_paise += booked.value_paise
        order.filled += quantity
        order.time, order.heard_at = time, self.now
        if abs(order.executed) >= abs(order.quantity):
            order.state = FILLED
            self._leave(order)
            if order.annulled:
                order.state, order.reason = CANCELLED, ANNULLED
        fill_id = f"F-{self.name}-{self._filled}"
        fill = BrokerFill(
            fill_id, order.broker_id, order.tag, order.symbol, order.product, quantity, price, time, at_open
        )
        self.fills[fill_id] = BookedPaperFill(fill, order.order, self.account.cash_paise - cash_paise, self.now)
        self._move(fill.symbol, fill.product, quantity)
        return fill

    def annul(self, fill_id: str) -> None:
        """Take an execution back: units and cash as if it had not been; its order does not come to life again."""
        fill, placed, cash_paise, _ = self.fills.pop(fill_id)
        before = self.account.cash_paise
        back = Fill(placed.order_id, placed.instrument, -fill.quantity, fill.price, fill.time)
        self.account.settle(back, placed._replace(quantity=-fill.quantity), before_paise=0)
        self.account.move_capital(before - cash_paise - self.account.cash_paise)
        self._move(fill.symbol, fill.product, -fill.quantity)
        order = self.orders.get(placed.order_id)
        if order is not None:
            order.filled -= fill.quantity
            order.annulled += fill.quantity
            if order.state is FILLED:
                order.state, order.reason = CANCELLED, ANNULLED

    def carry(self, carried: PaperActionCarried) -> None:
        """Go through a corporate action as the session does: the dividend first, then other units."""
        _, i, action = carried.due
        before = self.account.quantity[i]
        if before:
            self.account.receive_dividend(i, action.dividend)
            if not shares_after(before, action.factor):
                self.account.pay_out(i, carried.time)
            elif action.factor != 1.0:
                self.account.carry(i, action.factor)
            symbol = str(self.instruments[i])
            products = [key for key, units in self.net.items() if key[0] == symbol and units]
            if products:  # a strategy has one product
                self._move(*products[0], self.account.quantity[i] - before)
        if action.factor != 1.0:
            self.account.close[i] /= action.factor

    def available_paise(self) -> int:
        """Cash or margin for new orders: what resting increases may take is taken off."""
        reserved = 0
        for order in self.resting():
            reserved += order.reserve_paise * abs(order.remaining) // max(abs(order.quantity), 1)
        return self.account.buying_power_paise(reserved)

    def _move(self, symbol: str, product: str, units: int) -> None:
        self.net[symbol, product] = self.net.get((symbol, product), 0) + units
