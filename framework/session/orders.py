"""Session's mirror of its own orders: numbered, placed, parked, reserved for, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.session.instrument_state import InstrumentState, WorkingOrder
from framework.types.orders import Approved, Cancel, Command, Modify, Order, Submit, Verdict
from framework.types.record import OrderRecord, OrderState

if TYPE_CHECKING:
    from framework.session.account import Account

NAN = float("nan")
PARKED, WORKING = OrderState.PARKED, OrderState.WORKING


class Orders:
    """Every order of the run. Open ones by id and in their instrument's book, done ones as records."""

    def __init__(self, account: Account, books: list[InstrumentState]) -> None:
        self._account = account
        self._books = books
        self._open: dict[int, WorkingOrder] = {}
        self._done: list[OrderRecord] = []
        self._next_id = 1
        self.in_session = [0] * len(books)
        """Orders placed in this session by instrument, protective exits apart."""
        self.reserved_paise = 0
        """Buying power that open increases hold."""

    def __getitem__(self, order_id: int) -> WorkingOrder:
        return self._open[order_id]

    def get(self, order_id: int) -> WorkingOrder | None:
        """The open order of this id, or None when there is none."""
        return self._open.get(order_id)

    def records(self) -> tuple[OrderRecord, ...]:
        """Every order so far, refused ones included, by id."""
        open_ones = [working.record() for working in self._open.values()]
        return tuple(sorted(self._done + open_ones, key=lambda record: record.order.order_id))

    # ------------------------------------------------------------------ views

    def of(self, i: int) -> list[WorkingOrder]:
        """Open orders of one instrument, oldest first."""
        return list(self._books[i].open_orders)

    def instruments(self) -> list[int]:
        """Instruments with an open order, in their order."""
        return sorted({working.order.instrument for working in self._open.values()})

    def entries(self, i: int) -> list[WorkingOrder]:
        """Open orders of one instrument that would increase its position."""
        open_orders = self._books[i].open_orders
        return [working for working in open_orders if not working.order.reduces and not working.cancelling]

    def plain_exits(self, i: int) -> list[WorkingOrder]:
        """Open reductions of one instrument that are no protective exits."""
        return [
            working
            for working in self._books[i].open_orders
            if working.order.reduces and not working.order.protective and not working.cancelling
        ]

    def not_yet_done(self, i: int, *, reduces: bool) -> set[int]:
        """Ids of what may still fill, orders whose cancel is under way included: what replaces them waits for them."""
        return {
            working.order.order_id
            for working in self._books[i].open_orders
            if working.order.reduces == reduces and not working.order.protective
        }

    def units_leaving(self, i: int) -> int:
        """Units ≥ 0 that the plain exits of one instrument have still to fill."""
        return sum([abs(working.remaining) for working in self.plain_exits(i)])

    def reserved_behind_exits(self, i: int) -> int:
        """Paise that the entries of one instrument reserve which open the other side, once its position is closed."""
        return sum([entry.reserved_paise for entry in self.entries(i) if entry.needs_flat])

    # ------------------------------------------------------------------ placing and cancelling

    def count_anew(self) -> None:
        """A new session: its orders are counted from here."""
        self.in_session = [0] * len(self._books)

    def take_id(self) -> int:
        """The next order id, from 1."""
        self._next_id += 1
        return self._next_id - 1

    def submit(self, order: Order) -> Submit:
        """Place a reduction, numbered by ``take_id``; it needs no review."""
        approved = Approved(order, order.quantity, Verdict(order.quantity))
        self._open_up(approved)
        return Submit(approved)

    def place(
        self,
        approved: Approved,
        reserve_paise: int,
        blocked: set[int],
        *,
        worst: float = NAN,
        needs_flat: bool = False,
    ) -> list[Command]:
        """Submit now, or park until the orders in ``blocked`` are done (and the position is flat).

        ``worst``: worst price in rupees that an entry can reasonably fill at.
        """
        working = self._open_up(approved)
        working.worst, working.needs_flat = worst, needs_flat
        self.reserve(working, reserve_paise)
        waits = {order_id for order_id in blocked if order_id in self._open}
        if not waits:
            return [Submit(approved)]
        working.state, working.waits_for = PARKED, waits
        return []

    def _open_up(self, approved: Approved) -> WorkingOrder:
        order = approved.order
        if not order.protective:
            self.in_session[order.instrument] += 1
        working = self._open[order.order_id] = WorkingOrder(approved)
        self._books[order.instrument].open_orders.append(working)
        return working

    def withdraw(self, working: WorkingOrder, at: int) -> list[Command]:
        """Take an order back: a parked one ends here and now, a working one stays open until the answer comes."""
        if working.state is PARKED:
            return self.end(working, OrderState.CANCELLED, at, "replaced")
        if working.cancelling:
            return []
        working.cancelling = True
        return [Cancel(working.order.order_id)]

    @staticmethod
    def shorten(working: WorkingOrder, remaining: int) -> list[Command]:
        """Leave only ``remaining`` signed units of a reduction to fill."""
        order = working.order = working.order._replace(quantity=working.filled + remaining)
        if working.state is PARKED:
            return []
        return [Modify(order.order_id, remaining, order.trigger, order.limit)]

    def reserve(self, working: WorkingOrder, paise: int) -> None:
        """Set what an order holds of the buying power."""
        self.reserved_paise += paise - working.reserved_paise
        working.reserved_paise = paise

    # ------------------------------------------------------------------ ends

    def refuse(self, order: Order, requested: int, verdict: Verdict) -> None:
        """Keep an order that risk refused."""
        numbered = order._replace(order_id=self.take_id())
        ended_at = order.decided_at
        self._done.append(OrderRecord(numbered, requested, verdict, OrderState.REFUSED, 0, ended_at, verdict.reason))

    def end(self, working: WorkingOrder, state: OrderState, at: int, why: str = "") -> list[Command]:
        """Close an order's books and submit what waited for its end."""
        order = working.order
        book = self._books[order.instrument]
        working.state = state
        self.reserve(working, 0)
        del self._open[order.order_id]
        book.open_orders.remove(working)
        book.forget_exit(order.order_id)
        self._done.append(working.record(at, why))
        commands: list[Command] = []
        for parked in self.of(order.instrument):
            if order.order_id in parked.waits_for:
                parked.waits_for.discard(order.order_id)
                if not parked.waits_for:
                    commands += self._unpark(parked, at)
        return commands

    def _unpark(self, parked: WorkingOrder, at: int) -> list[Command]:
        if parked.needs_flat and self._account.quantity[parked.order.instrument]:
            # The close did not fill in its time: like an expired entry, so that a finite target asks again.
            self._books[parked.order.instrument].forget_intent("any_bar")
            return self.end(parked, OrderState.CANCELLED, at, "close_not_filled")
        parked.state = WORKING
        return [Submit(Approved(parked.order, parked.requested, parked.verdict))]

    def drop_overtaken(self, i: int, at: int) -> None:
        """A fill won the race against the cancel that a parked entry waited for: that entry is not wanted any more."""
        for working in self.of(i):
            if working.state is PARKED and not working.needs_flat:
                self.end(working, OrderState.CANCELLED, at, "overtaken_by_a_fill")
