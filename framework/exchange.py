"""The simulated exchange: orders and bars in, fills out, by the rulebook. No clock, no I/O.

``serve`` tells a bar's events one by one, so that the host can hand each to ``Session`` and carry out its commands
before the next fill is decided. A bar has three steps:

1. ``open_bar``: what can fill at the open. Reductions first, then increases, each by instrument.
2. ``range_bar``: what the bar's range reaches: protective exits and other reductions, then resting entries, then the
   exits of entries that filled inside this bar.
3. ``end_bar``: on a session's last bar, DAY orders expire.

Row numbers in comments are those of docs/execution.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from framework.errors import InvariantError
from framework.rules import fills, prices, risk
from framework.types.events import (
    Accepted,
    Answer,
    Cancel,
    Cancelled,
    CancelRefused,
    Change,
    Changed,
    ChangeRefused,
    Command,
    Expired,
    Filled,
    Refused,
    Submit,
)
from framework.types.made import made
from framework.types.orders import DAY, LIMIT, MARKET, NAN, STOP_LIMIT, BarRow, Fill, Order, Reason
from framework.types.record import SimulatedFill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from framework.types import Instrument, Settings

INFINITY = float("inf")
AT_LAST_CLOSE = frozenset({Reason.SQUARE_OFF, Reason.EXPIRY})
"""Reasons of forced closes: at the session's last close at the latest."""

NOT_OPEN = "the order is not open"
ONE_CANCELS_OTHER = "one_cancels_other"
"""Reason for cancelling an order whose sibling has filled."""


class _Entered(NamedTuple):
    """Row 14: what entered an instrument inside the bar in hand last."""

    side: int
    """Side of the position that its exits protect."""
    price: float
    """Unslipped, rupees."""
    certain: float
    """The same; NaN of several entries, whose order nobody knows."""
    first_touch: bool
    """Every price beyond it came after it."""


NOTHING = _Entered(0, NAN, NAN, False)


class BuyingPower(Protocol):
    """The account, as the exchange asks about it before it lets an increase fill."""

    def buying_power_paise(self) -> int:
        """Cash less what shorts block, in paise; other orders' reserves do not count."""
        ...


class _Resting:
    """An order at the exchange."""

    __slots__ = ("filled", "from_next_bar", "order", "remaining", "triggered", "wakes_above", "wakes_below", "within")

    def __init__(self, order: Order, within: float = NAN) -> None:
        self.remaining = abs(order.quantity)
        self.filled = 0
        """Units ≥ 0 that have filled."""
        self.within = within
        """Of an exit whose entry filled inside this bar, until it has been served: the entry's unslipped price."""
        self.triggered = False
        """A stop that was reached."""
        self.from_next_bar = False
        """True while the order has done its part in the current bar."""
        self.become(order)

    def become(self, order: Order) -> None:
        """Take this form. A bar between ``wakes_below`` and ``wakes_above`` does not reach it."""
        self.order = order
        self.wakes_below, self.wakes_above = -INFINITY, INFINITY
        is_limit, buys = order.type is LIMIT, order.quantity > 0
        if order.type is MARKET or self.triggered or self.within > 0.0:
            self.wakes_below = INFINITY
        elif is_limit == buys:  # a limit to buy and a stop to sell wait below the market
            self.wakes_below = order.limit if is_limit else order.trigger
        else:
            self.wakes_above = order.limit if is_limit else order.trigger

    def trigger(self) -> None:
        """The stop was reached."""
        self.triggered = True
        self.become(self.order)


class SimulatedExchange:
    """Fills orders against bars. Give it commands with ``execute``; it never calls back."""

    def __init__(self, instruments: Sequence[Instrument], settings: Settings, funds: BuyingPower) -> None:
        self._instruments = tuple(instruments)
        self._tariffs = settings.charges.tariffs(instruments)
        self._funds = funds
        self._resting: dict[int, _Resting] = {}
        self._arrivals: list[_Resting] = []
        self._done_with_bar: list[_Resting] = []
        self._entered: dict[int, _Entered] = {}
        self.simulated: list[SimulatedFill] = []
        """Simulated facts of every fill; the fill's id is its number, from 1."""
        slippage, self._cap, self._protection_bps = settings.slippage, settings.volume_cap, settings.protection_bps
        self._slippage = slippage.bps, slippage.ticks
        self._long_share, self._short_share = settings.long_share, settings.short_share
        self._both_target_first = settings.exits.both == "target"

    def __repr__(self) -> str:
        return f"SimulatedExchange({len(self._instruments)} instruments, {len(self._resting)} resting orders)"

    def execute(self, command: Command, moment: int) -> Answer:
        """Carry out a command given at ``moment``, and answer at once.

        Of an order that is finished or not known a cancel or a change is refused: the fill had won the race.
        """
        if isinstance(command, Submit):
            order = command.approved.order
            resting = _Resting(order, self._entered_at(order))
            self._resting[order.order_id] = resting
            self._arrivals.append(resting)
            return made(Accepted, (moment, order.order_id))
        order_id = command.order_id
        found = self._resting.get(order_id)
        if isinstance(command, Cancel):
            if found is None:
                return CancelRefused(moment, order_id, NOT_OPEN)
            del self._resting[order_id]
            return made(Cancelled, (moment, order_id, ""))
        if found is None or abs(command.quantity) <= found.filled:
            return ChangeRefused(moment, order_id, NOT_OPEN)
        self._change(found, command)
        return Changed(moment, order_id)

    def _entered_at(self, order: Order) -> float:
        """Row 14: an exit of a position that was entered inside the bar in hand is measured from that entry."""
        entered = self._entered.get(order.instrument, NOTHING)
        return entered.price if order.protective and entered.side * order.quantity < 0 else NAN

    def _change(self, resting: _Resting, command: Change) -> None:
        """Give an order another quantity and other prices. An exit that is enlarged is a new order."""
        order, remaining = resting.order, abs(command.quantity) - resting.filled
        trigger = command.trigger if command.trigger > 0.0 else order.trigger
        limit = command.limit if command.limit > 0.0 else order.limit  # a market order's protective bound stays
        enlarged, resting.remaining = order.protective and remaining > resting.remaining, remaining
        if enlarged:
            resting.from_next_bar = False
            resting.within = self._entered_at(order)
            if resting not in self._arrivals:
                self._arrivals.append(resting)
        resting.become(order._replace(quantity=command.quantity, trigger=trigger, limit=limit))

    # ------------------------------------------------------------------ a bar

    def serve(self, row: BarRow) -> Iterable[Answer]:
        """Answers of a bar, what it fills and ends: its three steps, each event before the next one is decided."""
        if not self._resting or self.is_quiet(row):
            self._arrivals.clear()
            return ()
        return self._steps(row)

    def is_quiet(self, row: BarRow) -> bool:
        """True when this bar reaches and ends no resting order, so that its three steps would do nothing.

        Most bars are quiet. Passing over them is only a matter of speed: False is never wrong.
        """
        if self._done_with_bar:
            return False
        low, high, ends_session = row.low, row.high, row.ends_session
        for resting in self._resting.values():
            order = resting.order
            i = order.instrument
            if low[i] <= resting.wakes_below or high[i] >= resting.wakes_above:
                return False
            if ends_session and order.validity is DAY:
                return False
        return True

    def _steps(self, row: BarRow) -> Iterator[Answer]:
        yield from self.open_bar(row)
        if self._resting:
            yield from self.range_bar(row)
            yield from self.end_bar(row)

    def open_bar(self, row: BarRow) -> Iterator[Answer]:
        """Fills at the open: market orders (row 1), limits already better (3), stops gapped through (5, 7, 11)."""
        for resting in self._done_with_bar:
            resting.from_next_bar = False
        self._done_with_bar.clear()
        self._arrivals.clear()
        for reduces in (True, False):
            if queue := self._queue(reduces, self._price_at_open, row):
                yield from self._at_open(queue, row)
        while self._arrivals:
            arrived = [resting for resting in self._arrivals if resting.order.type is MARKET]
            self._arrivals.clear()
            yield from self._at_open(arrived, row)

    def range_bar(self, row: BarRow) -> Iterator[Answer]:
        """Fills inside the bar's range: rows 4, 6, 7, 11 to 14."""
        for reduces in (True, False):
            if queue := self._queue(reduces, self._price_in_range, row):
                yield from self._in_range(queue, row)
            if reduces:
                self._arrivals.clear()
        while self._arrivals:
            arrived = [resting for resting in self._arrivals if resting.order.protective]
            arrived.sort(key=self._precedence)
            self._arrivals.clear()
            yield from self._in_range(arrived, row)
        self._entered.clear()

    def end_bar(self, row: BarRow) -> Iterator[Answer]:
        """Row 8: DAY orders expire with the session's last bar."""
        if not row.ends_session:
            return
        for resting in [r for r in self._resting.values() if r.order.validity is DAY]:
            if self._resting.pop(resting.order.order_id, None) is not None:
                yield Expired(row.close_time, resting.order.order_id)

    def fill_at_close(self, row: BarRow) -> Iterator[Answer]:
        """``fill_at: same_close``: market orders that were just decided fill at the very close that decided them."""
        for reduces in (True, False):
            for resting in self._queue(reduces, self._price_at_close, row):
                is_over = resting.order.order_id not in self._resting or resting.from_next_bar
                price = row.close[resting.order.instrument]
                if not (is_over or self._is_held_back(resting, price)):
                    yield from self._fill(resting, price, row, at_open=False, slip=True, at_close=True)

    def close_out(self, row: BarRow, closes: Sequence[float]) -> Iterator[Answer]:
        """Row 17: square-offs that are still open when the session is over fill at its last close, whatever traded.

        ``closes`` are the instruments' last closes in rupees.
        """
        left = [resting for resting in self._resting.values() if resting.order.reason in AT_LAST_CLOSE]
        for resting in sorted(left, key=self._precedence):
            price = closes[resting.order.instrument]  # what fills before it is of another instrument
            yield from self._fill(resting, price, row, at_open=False, slip=True, at_close=True)

    # ------------------------------------------------------------------ which orders, and in which order

    def _queue(self, reduces: bool, price: Callable[[_Resting, BarRow], float], row: BarRow) -> list[_Resting]:  # noqa: FBT001 - every call is right above
        """Orders that this step of the bar may fill, in the order they are served."""
        chosen = [
            resting
            for resting in self._resting.values()
            if resting.order.reduces == reduces and price(resting, row) > 0.0
        ]
        if len(chosen) > 1:
            chosen.sort(key=self._precedence)
        return chosen

    def _precedence(self, resting: _Resting) -> tuple[int, int, int]:
        """Row 10: a market exit before protective exits; row 12: the stop before the target (or the other way)."""
        order = resting.order
        rank = fills.precedence(order.type, order.protective, self._both_target_first)
        return (order.instrument, rank, order.order_id)

    # ------------------------------------------------------------------ unslipped prices, NaN = not in this step

    @staticmethod
    def _price_at_open(resting: _Resting, row: BarRow) -> float:
        """The open, for an order that fills at it."""
        order = resting.order
        side, start = 1 if order.quantity > 0 else -1, row.open[order.instrument]
        return fills.price_at_open(order.type, resting.triggered, side, order.limit, order.trigger, start)

    def _price_in_range(self, resting: _Resting, row: BarRow) -> float:
        """Price of a fill inside the range; a stop-limit that only triggers answers with its trigger."""
        order = resting.order
        i = order.instrument
        start, high, low = row.open[i], row.high[i], row.low[i]
        side = 1 if order.quantity > 0 else -1
        if resting.within > 0.0:  # row 14
            if order.type is LIMIT:
                _, _, certain, first_touch = self._entered.get(i, NOTHING)
                return fills.target_after_entry(side, order.limit, certain, first_touch, high, low, row.close[i])
            return fills.stop_fill(side, order.trigger, resting.within, high, low)
        limit, trigger = order.limit, order.trigger
        return fills.price_in_range(order.type, resting.triggered, side, limit, trigger, start, high, low)

    @staticmethod
    def _price_at_close(resting: _Resting, row: BarRow) -> float:
        return row.close[resting.order.instrument] if resting.order.type is MARKET else NAN

    # ------------------------------------------------------------------ one order against one bar

    def _at_open(self, queue: Iterable[_Resting], row: BarRow) -> Iterator[Answer]:
        for resting in queue:
            order = resting.order
            start = self._price_at_open(resting, row)
            if order.order_id not in self._resting or resting.from_next_bar or not start > 0.0:
                continue  # cancelled or changed by what filled before it, or served already when it arrived
            if order.type is MARKET:
                if not self._is_held_back(resting, start):  # row 1: slipped
                    yield from self._fill(resting, start, row, at_open=True, slip=True)
            else:
                slips = fills.slips(order.type, resting.triggered)
                if slips:
                    resting.trigger()
                yield from self._fill(resting, start, row, at_open=True, slip=slips)

    def _is_held_back(self, resting: _Resting, start: float) -> bool:
        """Row 1: with protection a market order is, beyond the bound, a resting limit from the next bar on."""
        if not self._protection_bps:
            return False
        order = resting.order
        side, tick = 1 if order.quantity > 0 else -1, self._instruments[order.instrument].tick
        bound = prices.bound_reached(start, side, self._protection_bps, *self._slippage, tick)
        if not bound > 0.0:
            return False
        resting.become(order._replace(type=LIMIT, limit=bound))
        self._finish_bar(resting)
        return True

    def _in_range(self, queue: Iterable[_Resting], row: BarRow) -> Iterator[Answer]:
        for resting in queue:
            order, price = resting.order, self._price_in_range(resting, row)
            i = order.instrument
            is_within, resting.within = resting.within > 0.0, NAN
            if is_within:
                resting.become(order)  # from the next bar on an ordinary exit
            if order.order_id not in self._resting or resting.from_next_bar or not price > 0.0:
                continue
            slips = fills.slips(order.type, resting.triggered)
            if slips:
                resting.trigger()
            if order.type is STOP_LIMIT and slips:  # row 7
                side = 1 if order.quantity > 0 else -1
                bar = (row.open[i], row.high[i], row.low[i], row.close[i])
                price = fills.stop_limit_fill(side, order.trigger, order.limit, *bar)
                if not price > 0.0:
                    continue
            at_open = price == row.open[i] and not is_within
            yield from self._fill(resting, price, row, at_open=at_open, slip=slips)

    def _slipped(self, order: Order, price: float) -> float:
        side, (bps, ticks) = 1 if order.quantity > 0 else -1, self._slippage
        moved = prices.slipped(price, side, bps, ticks, self._instruments[order.instrument].tick)
        return prices.within_limit(moved, order.limit, side)

    def _fill(
        self, resting: _Resting, unslipped: float, row: BarRow, *, at_open: bool, slip: bool, at_close: bool = False
    ) -> Iterator[Answer]:
        """Fill what the volume allows (row 9), unless cash cannot cover it: then the order is refused whole."""
        order = resting.order
        i, quantity = order.instrument, resting.remaining
        side = 1 if order.quantity > 0 else -1
        if self._cap is not None and not (at_close and row.ends_session and order.reason in AT_LAST_CLOSE):
            quantity = fills.capped_quantity(quantity, row.volume[i], self._cap, self._instruments[i].lot)
            self._finish_bar(resting)
            if quantity == 0:
                return
        price = self._slipped(order, unslipped) if slip else unslipped
        moment = row.close_time if at_close else row.time
        if not order.reduces and not self._covered(i, side, quantity, price, row.time):
            del self._resting[order.order_id]
            yield Refused(moment, order.order_id, "cash", time=row.time)
            return
        resting.remaining -= quantity
        resting.filled += quantity
        if resting.remaining < 0:
            msg = f"order {order.order_id} would be filled beyond its quantity {order.quantity}"
            raise InvariantError(msg)
        if resting.remaining == 0 or order.protective:
            del self._resting[order.order_id]
        if order.protective:
            yield from self._cancel_others(order, moment)
        if not (order.reduces or at_open or at_close):
            self._note_entry(order, side, unslipped, row.open[i])
        self.simulated.append(made(SimulatedFill, (unslipped, at_open, at_close)))
        fill = made(Fill, (order.order_id, i, side * quantity, price, row.time))
        yield made(Filled, (moment, str(len(self.simulated)), fill, at_open))
        if order.protective and resting.remaining:  # what volume left over is completed at the next open (row 9)
            yield Cancelled(moment, order.order_id, ONE_CANCELS_OTHER)

    def _cancel_others(self, order: Order, moment: int) -> Iterator[Answer]:
        """The rule of a protective pair: what fills takes its sibling out of the book, which is told first."""
        i = order.instrument
        others = [n for n, other in self._resting.items() if other.order.protective and other.order.instrument == i]
        for order_id in others:
            del self._resting[order_id]
            yield made(Cancelled, (moment, order_id, ONE_CANCELS_OTHER))

    def _note_entry(self, order: Order, side: int, unslipped: float, start: float) -> None:
        """Row 14: keep what entered inside this bar until the bar is over."""
        several = order.instrument in self._entered
        first_touch = not several and fills.is_first_touch(side, unslipped, order.trigger, start)
        self._entered[order.instrument] = _Entered(side, unslipped, NAN if several else unslipped, first_touch)

    def _finish_bar(self, resting: _Resting) -> None:
        """The order has done its part in this bar."""
        resting.from_next_bar = True
        self._done_with_bar.append(resting)

    def _covered(self, i: int, side: int, quantity: int, price: float, time: int) -> bool:
        """True when buying power covers what this fill takes at its real price."""
        blocked_share = self._long_share if side > 0 else self._short_share
        needed = risk.needed(quantity, price, blocked_share, side, self._tariffs[i].on(time))
        return needed <= self._funds.buying_power_paise()
