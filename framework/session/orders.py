"""Session's mirror of its own orders: numbered, sent, parked, reserved for, changed, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.rules.orders import is_dropped, reserve_left, waits_for
from framework.session.approval import approved
from framework.session.instrument_state import InstrumentState, WorkingOrder
from framework.types.deadlines import NEVER
from framework.types.events import Cancel, Change, Command, Submit
from framework.types.made import made
from framework.types.orders import Order, Verdict
from framework.types.record import OrderRecord, OrderState

if TYPE_CHECKING:
    from collections.abc import Callable

    from framework.session.account import Account
    from framework.session.breaker import Breaker
    from framework.session.sequence import Sequence
    from framework.types.events import Fact
    from framework.types.orders import Reason

NAN = float("nan")
PARKED, SENT, CANCELLED = OrderState.PARKED, OrderState.SENT, OrderState.CANCELLED
UNKNOWN = OrderState.UNKNOWN


class PlacingTerms(NamedTuple):
    """Terms that an increase is placed on; a reduction has none."""

    worst: float = NAN
    """Worst price in rupees that it can reasonably fill at."""
    reserve_paise: int = 0
    """Buying power that it holds at that price."""
    expires_at: int = NEVER
    """Not to be sent from then on, UTC nanoseconds."""
    needs_flat: bool = False
    """It opens the other side: not before the position is closed."""


NO_TERMS = PlacingTerms()


class Orders:
    """Orders of a session: open ones by id and in their instrument's book, done ones for a while."""

    def __init__(
        self,
        account: Account,
        books: list[InstrumentState],
        inputs: Sequence,
        breaker: Breaker,
        tell: Callable[[Fact], None],
        name: str,
    ) -> None:
        """``name`` begins every tag; ``tell`` takes the record of an order that ends."""
        self._breaker = breaker
        self._account = account
        self._books = books
        self._inputs = inputs
        self._tell = tell
        self._name = name
        self._open: dict[int, WorkingOrder] = {}
        self._done: dict[int, WorkingOrder] = {}
        self._done_before: dict[int, WorkingOrder] = {}
        """Done in this session and in the one before: their answers may still come."""
        self.unanswered: dict[int, WorkingOrder] = {}
        """Orders with a request that the broker has not answered."""
        self.next_id = 1
        self._placed = False
        """Some order was placed in this session."""
        self.in_session = [0] * len(books)
        """Orders placed in this session by instrument, protective exits apart."""
        self.reserved_paise = 0
        """Buying power that open increases hold."""

    def __getitem__(self, order_id: int) -> WorkingOrder:
        return self._open[order_id]

    def get(self, order_id: int) -> WorkingOrder | None:
        """The open order of this id, or None when there is none."""
        return self._open.get(order_id)

    def lately_done(self, order_id: int) -> WorkingOrder | None:
        """The order of this id that ended in this session or the one before, or None."""
        return self._done.get(order_id) or self._done_before.get(order_id)

    def open_or_lately_done(self) -> list[WorkingOrder]:
        """Open orders and those that are lately done, by id."""
        found = {**self._done_before, **self._done, **self._open}
        return [found[order_id] for order_id in sorted(found)]

    def known(self, order_id: int) -> WorkingOrder | None:
        """The order of this id, open or lately done, or None."""
        return self._open.get(order_id) or self._done.get(order_id) or self._done_before.get(order_id)

    def records(self) -> tuple[OrderRecord, ...]:
        """Every open order, by id."""
        return tuple(self._open[order_id].record() for order_id in sorted(self._open))

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

    def may_still_increase(self, i: int) -> list[WorkingOrder]:
        """The same, and what was asked back before this input without an answer: it may fill all the same."""
        return [
            working
            for working in self._books[i].open_orders
            if not working.order.reduces and (not working.cancelling or self._is_overdue(working))
        ]

    def exits_in_doubt(self, i: int) -> set[int]:
        """Ids of plain exits that were asked back before this input without an answer."""
        return {
            working.order.order_id
            for working in self._books[i].open_orders
            if working.order.reduces and not working.order.protective and self._is_overdue(working)
        }

    def _is_overdue(self, working: WorkingOrder) -> bool:
        return working.cancelling and (working.state is UNKNOWN or working.asked_at < self._inputs.moment)

    def plain_exits(self, i: int) -> list[WorkingOrder]:
        """Open reductions of one instrument that are no protective exits."""
        return [
            working
            for working in self._books[i].open_orders
            if working.order.reduces and not working.order.protective and not working.cancelling
        ]

    def before(self, i: int, *, reduces: bool, needs_flat: bool = False) -> set[int]:
        """Ids of what a new order waits for: what may still fill, orders whose cancel is under way included."""
        return {
            working.order.order_id
            for working in self._books[i].open_orders
            if waits_for(reduces, needs_flat, working.order.reduces, working.order.protective)
        }

    def units_leaving(self, i: int) -> int:
        """Units ≥ 0 that the plain exits of one instrument have still to fill; one in doubt may never."""
        return sum([abs(working.remaining) for working in self.plain_exits(i) if working.state is not UNKNOWN])

    def reserved_behind_exits(self, i: int) -> int:
        """Paise that the entries of one instrument reserve which open the other side, once its position is closed."""
        return sum([entry.reserved_paise for entry in self.entries(i) if entry.needs_flat])

    # ------------------------------------------------------------------ placing, changing and cancelling

    def remembers(self) -> bool:
        """Something is counted or kept that a new session ends."""
        return bool(self._placed or self._done or self._done_before)

    def begin_session(self) -> None:
        """A new session: its orders are counted from here, and the session before the last is forgotten."""
        if self._placed:
            self.count_anew()
        if self._done or self._done_before:
            self._done, self._done_before = {}, self._done

    def count_anew(self) -> None:
        """Orders of the session are counted from here."""
        self._placed = False
        self.in_session = [0] * len(self._books)

    def take_id(self) -> int:
        """The next order id, from 1."""
        self.next_id += 1
        return self.next_id - 1

    def submit(self, order: Order, group: str = "") -> Submit:
        """Place a reduction, numbered by ``take_id``; it needs no review."""
        working = self._open_up(order, order.quantity, made(Verdict, (order.quantity, "")))
        working.group = group
        return self._send(working)

    def tag_of(self, order_id: int) -> str:
        """Our name of an order at the broker."""
        return f"{self._name}{order_id:08d}"

    def place(
        self,
        order: Order,
        requested: int,
        verdict: Verdict,
        blocked: set[int],
        terms: PlacingTerms = NO_TERMS,
    ) -> list[Command]:
        """Submit now, or park until the orders in ``blocked`` are done (and the position is flat)."""
        working = self._open_up(order, requested, verdict)
        if terms is not NO_TERMS:
            working.worst, reserve_paise, working.expires_at, working.needs_flat = terms
            self.reserve(working, reserve_paise)
        waits = blocked & self._open.keys() if blocked else blocked
        if not waits:
            return [self._send(working)]
        working.state, working.waits_for = PARKED, waits
        return []

    def _open_up(self, order: Order, requested: int, verdict: Verdict) -> WorkingOrder:
        i, order_id = order.instrument, order.order_id
        if not order.protective:
            self._placed = True
            self.in_session[i] += 1
        working = self._open[order_id] = WorkingOrder(order, requested, verdict, self.tag_of(order_id))
        self._books[i].open_orders.append(working)
        return working

    def _send(self, working: WorkingOrder) -> Submit:
        working.state, working.asked_at = SENT, self._inputs.moment
        self.unanswered[working.order.order_id] = working
        return made(Submit, (approved(working),))

    def _asked(self, working: WorkingOrder) -> None:
        working.asked_at = self._inputs.moment
        self.unanswered[working.order.order_id] = working

    def heard(self, working: WorkingOrder) -> None:
        """The broker answered: it may owe no further answer about this order."""
        if not (working.state is SENT or working.cancelling or working.was is not None):
            working.asked_at = 0
            self.unanswered.pop(working.order.order_id, None)

    def withdraw(self, working: WorkingOrder, at: int) -> list[Command]:
        """Take an order back: a parked one ends here and now, a sent one stays open until the answer comes."""
        if working.state is PARKED:
            return self.end(working, CANCELLED, at, "replaced")
        if working.cancelling or working.has_ended:
            return []
        working.cancelling = working.withdrawn = True
        self._asked(working)
        return [made(Cancel, (working.order.order_id,))]

    def leave_late_fills(self, i: int, reason: Reason) -> None:
        """The entries of one instrument were taken back so that nothing is held: what fills all the same is left."""
        for working in self._books[i].open_orders:
            if not working.order.reduces:
                working.left_for = reason

    def shorten(self, working: WorkingOrder, remaining: int) -> list[Command]:
        """Leave only ``remaining`` signed units of a reduction to fill."""
        return self.change(working, working.order._replace(quantity=working.filled + remaining))

    def change(self, working: WorkingOrder, wanted: Order) -> list[Command]:
        """Give an order another quantity and other prices, in place. One change is under way at a time."""
        before, working.order = working.order, wanted
        if working.state is PARKED or working.was is not None:
            return []  # what is under way is answered first
        working.was, working.sent = before, None
        if working.cancelling:
            return []
        working.sent = wanted
        self._asked(working)
        return [Change(wanted.order_id, wanted.quantity, wanted.trigger, wanted.limit)]

    def changed(self, working: WorkingOrder) -> list[Command]:
        """The change that was under way is made; if the order has moved on meanwhile, the next one follows."""
        confirmed, working.was = working.sent, None
        if confirmed is None or _same(confirmed, working.order):
            return []
        wanted, working.order = working.order, confirmed
        return self.change(working, wanted)

    def change_refused(self, working: WorkingOrder) -> None:
        """The order is what it was."""
        if working.was is not None:
            working.order, working.was = working.was, None

    def cancel_refused(self, working: WorkingOrder) -> list[Command]:
        """The order works on; a change that waited for its end is made now."""
        working.cancelling = False
        if working.was is None or working.sent is not None:
            return []
        wanted, working.order, working.was = working.order, working.was, None
        is_over = working.is_whole or abs(wanted.quantity) <= abs(working.filled)
        return [] if is_over else self.change(working, wanted)

    def reserve(self, working: WorkingOrder, paise: int) -> None:
        """Set what an order holds of the buying power."""
        self.reserved_paise += paise - working.reserved_paise
        working.reserved_paise = paise

    # ------------------------------------------------------------------ ends

    def refuse(self, order: Order, requested: int, verdict: Verdict) -> None:
        """Keep an order that risk refused."""
        numbered = order._replace(order_id=self.take_id())
        ended_at, state = order.decided_at, OrderState.REFUSED
        self._tell(OrderRecord(numbered, requested, verdict, state, 0, ended_at, verdict.reason))

    def end(self, working: WorkingOrder, state: OrderState, at: int, why: str = "") -> list[Command]:
        """Close an order's books and submit what waited for its end."""
        order = working.order
        book = self._books[order.instrument]
        working.state, working.cancelling, working.was = state, False, None
        working.freed_paise = working.reserved_paise
        if working.reserved_paise:
            self.reserve(working, 0)
        del self._open[order.order_id]
        self.unanswered.pop(order.order_id, None)
        self._done[order.order_id] = working
        book.open_orders.remove(working)
        if order.protective:
            book.forget_exit(order.order_id)
        self._tell(working.record(at, why))
        commands: list[Command] = []
        for parked in list(book.open_orders):
            if order.order_id in parked.waits_for:
                parked.waits_for.discard(order.order_id)
                if not parked.waits_for:
                    commands += self._unpark(parked, at)
        return commands

    def heard_after_the_end(self, working: WorkingOrder, state: OrderState, at: int) -> None:
        """An order that is done got another answer: its record is issued anew."""
        working.state = state
        self._tell(working.record(at))

    def take_on_again(self, working: WorkingOrder, state: OrderState) -> None:
        """An order that was proved absent shows up after all: what it has still to fill holds buying power again."""
        order = working.order
        left = max(abs(order.quantity) - abs(working.filled), 0)
        self.reserve(working, reserve_left(working.freed_paise, left, abs(order.quantity)))
        working.state = state
        self._done.pop(order.order_id, None)
        self._done_before.pop(order.order_id, None)
        self._open[order.order_id] = working
        self._books[order.instrument].open_orders.append(working)

    def _unpark(self, parked: WorkingOrder, at: int) -> list[Command]:
        if is_dropped(parked.needs_flat, self._account.quantity[parked.order.instrument]):
            # The close did not fill in its time: like an expired entry, so that a finite target asks again.
            self._books[parked.order.instrument].forget_intent("any_bar")
            return self.end(parked, CANCELLED, at, "close_not_filled")
        if not parked.order.reduces and (refusal := self._breaker.refusal):
            # It was reviewed before a surprise or a halt: not any more, and a finite target asks again.
            self._books[parked.order.instrument].forget_intent("any_bar")
            return self.end(parked, CANCELLED, at, refusal)
        return [self._send(parked)]

    def drop_overtaken(self, i: int, at: int) -> None:
        """A fill won the race against the cancel that a parked entry waited for: that entry is not wanted any more."""
        for working in [one for one in self._books[i].open_orders if one.state is PARKED and not one.needs_flat]:
            self.end(working, CANCELLED, at, "overtaken_by_a_fill")


def _same(one: Order, other: Order) -> bool:
    """The same to the broker; a price that is not there is NaN."""
    return (
        one.quantity == other.quantity
        and (one.limit == other.limit or one.limit != one.limit)
        and (one.trigger == other.trigger or one.trigger != one.trigger)
    )
