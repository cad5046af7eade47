"""The trading session as a state machine: events in, commands out.

Rule 1: everything that decides what to order, when and how much lives here and in the rulebook it calls.
Rule 2: this file does not know which host it runs in. Backtest, paper and live hand it the same events.

A host calls, bar by bar::

    for event in exchange or broker: commands = session.receive(event)
    commands = session.close_bar(row)                    # mark → breaker → hooks → exits' upkeep
    commands = session.decide(row, decisions)            # intents → reductions → increases (size → review → order)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.account import Account
from framework.book import OPEN_STATES, Book, WorkingOrder, refused
from framework.errors import InvariantError
from framework.planning import EntryPrices, at_row, entry_distances, entry_prices, full_units, protective_levels
from framework.review import Review
from framework.rules import exits as exit_rules
from framework.rules import sizing, targets
from framework.rules.risk import daily_loss_tripped
from framework.types.orders import (
    NAN,
    Approved,
    BarRow,
    Cancel,
    CancelRequest,
    Cancelled,
    Command,
    Decisions,
    Event,
    ExitDistances,
    Expired,
    Fill,
    Modify,
    Order,
    OrderRequest,
    OrderType,
    Reason,
    Submit,
    Validity,
    Verdict,
)
from framework.types.portfolio import Portfolio, TradingState
from framework.types.record import Notice, OrderRecord, OrderState, Settlement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framework.types import Instrument, RiskRule, Settings

FORCED = frozenset(
    {Reason.STOP_LOSS, Reason.TAKE_PROFIT, Reason.TRAILING_STOP, Reason.TIME_EXIT, Reason.SQUARE_OFF}
)
"""Exits that set the intent to 0 by themselves."""


class Session:
    """One account trading one strategy over some instruments. ``instruments`` must be sorted by (exchange, symbol)."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        settings: Settings,
        *,
        style: str = "signals",
        rules: Sequence[RiskRule] = (),
    ) -> None:
        self.instruments = tuple(instruments)
        self.settings = settings
        self.account = Account(instruments, settings)
        self.state = TradingState.ACTIVE
        self.settlements: list[Settlement] = []
        self.notices: list[Notice] = []
        self._weights = style == "allocate"
        self._by_target = style != "on_bar"
        self._reuse_proceeds = self._weights if settings.reuse_proceeds is None else settings.reuse_proceeds
        self._share = settings.allotment or 1.0 / len(self.instruments)
        self._rules = tuple(rules)
        self._review = Review(instruments, settings, rules)
        self._books = [Book() for _ in self.instruments]
        self._orders: dict[int, WorkingOrder] = {}
        self._done: list[OrderRecord] = []
        self._next_id = 1
        self._reserved_paise = 0
        self._session = 0
        self._session_start_paise = self._equity_paise = settings.capital_paise
        self._closes = [NAN] * len(self.instruments)
        self._now = 0
        self._below_zero = False

    def __repr__(self) -> str:
        held = ", ".join(f"{self.instruments[i]} {self.account.quantity[i]:+d}" for i in sorted(self.account.held))
        return f"Session({self.state.value}, equity ₹{self._equity_paise / 100:,.2f}, {held or 'flat'})"

    # ------------------------------------------------------------------ what hosts read

    def portfolio(self) -> Portfolio:
        """The account at this moment, frozen."""
        portfolio = self.account.snapshot(self._now, self.state, self._session_start_paise, self._reserved_paise)
        return portfolio._replace(closes=tuple(self._closes))

    def order_records(self) -> tuple[OrderRecord, ...]:
        """Every order so far, refused ones included, by order id."""
        open_ones = [working.record() for working in self._orders.values()]
        return tuple(sorted(self._done + open_ones, key=lambda record: record.order.order_id))

    def working(self, i: int) -> list[WorkingOrder]:
        """Open orders of one instrument, oldest first."""
        return [self._orders[order_id] for order_id in self._books[i].open_orders]

    # ------------------------------------------------------------------ events of the broker

    def receive(self, event: Event) -> list[Command]:
        """Book what happened and answer with what follows from it. A fill of an unknown order is an InvariantError."""
        if isinstance(event, Fill):
            return self._filled(event)
        working = self._orders.get(event.order_id)
        if working is None:
            return []
        if isinstance(event, Cancelled):
            return self._ended(working, OrderState.CANCELLED)
        if isinstance(event, Expired):
            return self._expired(working)
        self._notice("refused_fill", f"order {event.order_id} for {self._name(working)} was refused: {event.reason}")
        return self._ended(working, OrderState.REFUSED, event.reason)

    def _filled(self, fill: Fill) -> list[Command]:
        working = self._orders.get(fill.order_id)
        if working is None:
            msg = f"a fill of {fill.quantity:+d} came for order {fill.order_id}, which is not open"
            raise InvariantError(msg)
        i, order = fill.instrument, working.order
        before = self.account.quantity[i]
        self._now = fill.time
        settlement = self.account.settle(fill, order, first_fill=working.filled == 0)
        self.settlements.append(settlement)
        working.filled += fill.quantity
        position = settlement.position
        if position == 0:
            commands = self._went_flat(i, order)
        elif before == 0 or (before > 0) != (position > 0) or abs(position) > abs(before):
            commands = self._grew(i, fill, opened=before == 0 or (before > 0) != (position > 0))
        else:
            commands = self._shrank(i, order)
        if working.remaining == 0:
            commands += self._ended(working, OrderState.FILLED)
        else:
            self._reserve(working, working.reserved_paise * abs(working.remaining) // abs(working.remaining + fill.quantity))
        self._watch_cash()
        for rule in self._rules:
            rule.post_fill(settlement, self.portfolio())
        return commands

    def _went_flat(self, i: int, order: Order) -> list[Command]:
        """The position is gone: its exits are cancelled, and a forced exit takes the intent with it."""
        book = self._books[i]
        if order.reason in FORCED:
            self._forget_intent(book)
        book.leaving = book.protect_due = False
        book.distances, book.extreme, book.bars_held = ExitDistances(), NAN, 0
        return [
            self._cancel(self._orders[order_id])
            for order_id in book.open_orders
            if order_id != order.order_id and self._orders[order_id].order.reduces
        ]

    def _grew(self, i: int, fill: Fill, *, opened: bool) -> list[Command]:
        """An entry filled: (new) protective exits, measured from the average fill."""
        book = self._books[i]
        commands = self._drop_parked(i)
        within = not fill.at_open and not fill.at_close
        if opened:
            book.distances, book.bars_held = book.entry_distances, 0
            book.extreme, book.within_bar = self.account.average_price(i), within
        if self.settings.exits.active_from == "next_bar":
            book.protect_due = True
            return commands
        return commands + self._protect(i, fill.unslipped if within else NAN)

    def _shrank(self, i: int, order: Order) -> list[Command]:
        """Part of the position is gone: its exits shrink with it; a partial forced exit is completed at the open."""
        book = self._books[i]
        if order.protective:
            self._forget_intent(book)
            book.leaving = True
            return [self._cancel(self._orders[exit_id]) for exit_id in (book.stop_id, book.target_id) if exit_id]
        return self._modify_exits(i)

    def _expired(self, working: WorkingOrder) -> list[Command]:
        """An entry that expired unfilled sets the intent to 0, or to what it was while a position was held."""
        book, order = self._books[working.order.instrument], working.order
        if self._by_target and not order.reduces and working.filled == 0:
            position = self.account.quantity[order.instrument]
            book.intent = book.intent_before if position else 0.0
            book.desired = position
        return self._ended(working, OrderState.EXPIRED)

    def _ended(self, working: WorkingOrder, state: OrderState, why: str = "") -> list[Command]:
        """Close an order's books and submit what waited for its end."""
        order = working.order
        book = self._books[order.instrument]
        working.state, working.why, working.ended_at = state, why, self._now
        self._reserve(working, 0)
        del self._orders[order.order_id]
        book.open_orders.remove(order.order_id)
        if order.order_id == book.stop_id:
            book.stop_id = 0
        elif order.order_id == book.target_id:
            book.target_id = 0
        self._done.append(working.record())
        commands: list[Command] = []
        for parked in [self._orders[order_id] for order_id in book.open_orders]:
            if parked.state is OrderState.PARKED and order.order_id in parked.waits_for:
                parked.waits_for.discard(order.order_id)
                if not parked.waits_for:
                    commands += self._unpark(parked)
        return commands

    def _unpark(self, parked: WorkingOrder) -> list[Command]:
        if parked.needs_flat and self.account.quantity[parked.order.instrument]:
            return self._ended(parked, OrderState.CANCELLED, "close_not_filled")
        parked.state = OrderState.WORKING
        return [Submit(parked.approved)]

    def _drop_parked(self, i: int) -> list[Command]:
        """A fill won the race against the cancel that an entry waited for: that entry is not wanted any more."""
        commands: list[Command] = []
        for order in self.working(i):
            if order.state is OrderState.PARKED and not order.needs_flat:
                commands += self._ended(order, OrderState.CANCELLED, "overtaken_by_a_fill")
        return commands

    # ------------------------------------------------------------------ the close of a bar

    def close_bar(self, row: BarRow) -> list[Command]:
        """Mark at this bar's close, look at the breaker, tell the hooks, look after the exits."""
        self._now = row.close_time
        if row.session != self._session:
            self._open_session(row.session)
        self.remark(row)
        self._trip_breaker()
        for rule in self._rules:
            rule.on_state(self.portfolio())
        return self._look_after_exits(row) if self.account.held else []

    def decide(
        self,
        row: BarRow,
        decisions: Decisions | None = None,
        requests: Sequence[OrderRequest | CancelRequest] = (),
    ) -> list[Command]:
        """Decide at the close just marked. Reductions come before increases, each by instrument."""
        increases: list[tuple[int, int, EntryPrices, Reason]] = []
        if decisions is not None:
            for i, target in enumerate(decisions.target):
                if row.close[i] > 0.0 and (target == target or self._books[i].intent != 0.0):  # noqa: PLR0124 - not NaN
                    increases += self._decide(i, target, row.close[i], decisions)
        commands = self._reduce(row) if self.account.held else []
        for increase in increases:
            commands += self._increase(*increase)
        for request in requests:
            commands += self._carry_out(request)
        return commands

    def remark(self, row: BarRow) -> None:
        """Value the account at this bar's close."""
        for i, close in enumerate(row.close):
            if close > 0.0:
                self._closes[i] = close
        self.account.mark(row.close)
        self._equity_paise = self.account.equity_paise

    @property
    def equity_paise(self) -> int:
        """Equity at the last close."""
        return self._equity_paise

    def _open_session(self, session: int) -> None:
        self._session, self._session_start_paise = session, self._equity_paise
        if self.state is TradingState.REDUCE_ONLY:
            self.state = TradingState.ACTIVE

    def _trip_breaker(self) -> None:
        limit = self.settings.limits.max_daily_loss
        if limit is None or self.state is not TradingState.ACTIVE:
            return
        rupees = limit.rupees(self._session_start_paise / 100)
        if daily_loss_tripped(self._equity_paise, self._session_start_paise, round(rupees * 100)):
            self.state = TradingState.REDUCE_ONLY
            loss = (self._session_start_paise - self._equity_paise) / 100
            self._notice("daily_loss", f"daily loss of ₹{loss:,.2f} reached the limit {limit}: reduce only until the next session")

    def _look_after_exits(self, row: BarRow) -> list[Command]:
        """Row 15: ratchet trailing stops; row 16: time exits; place exits that start with the next bar."""
        commands: list[Command] = []
        rule = self.settings.exits
        for i in sorted(self.account.held):
            close, book = row.close[i], self._books[i]
            if not close > 0.0:
                continue
            book.bars_held += 1
            side = 1 if self.account.quantity[i] > 0 else -1
            high, low = (close, close) if book.within_bar else (row.high[i], row.low[i])
            book.extreme = exit_rules.extreme_after_bar(side, book.extreme, high, low)
            book.within_bar = False
            if book.protect_due:
                book.protect_due = False
                commands += self._protect(i, NAN)
            elif book.stop_id:
                commands += self._modify_exits(i)
            if rule.time_exit is not None and book.bars_held >= rule.time_exit and not book.leaving:
                self._forget_intent(book)
                book.leaving = True
        return commands

    # ------------------------------------------------------------------ protective exits

    def _protect(self, i: int, within_bar_from: float) -> list[Command]:
        """Replace the position's protective exits by new ones on its average fill."""
        book, position = self._books[i], self.account.quantity[i]
        commands: list[Command] = [
            self._cancel(self._orders[exit_id]) for exit_id in (book.stop_id, book.target_id) if exit_id
        ]
        side = 1 if position > 0 else -1
        average = self.account.average_price(i)
        tick = self.instruments[i].tick
        levels = protective_levels(self.settings.exits, book.distances, side, average, book.extreme, tick)
        exit_order = Order(
            0, i, -position, OrderType.STOP, levels.stop_reason, reduces=True, decided_at=self._now,
            trigger=levels.stop, validity=Validity.GTC, protective=True, within_bar_from=within_bar_from,
        )  # fmt: skip
        if levels.stop > 0.0:
            book.stop_id = self._next_id
            commands.append(self._submit(exit_order))
        if levels.target > 0.0:
            book.target_id = self._next_id
            commands.append(
                self._submit(
                    exit_order._replace(
                        type=OrderType.LIMIT, reason=Reason.TAKE_PROFIT, limit=levels.target, trigger=NAN
                    )
                )
            )
        return commands

    def _modify_exits(self, i: int) -> list[Command]:
        """Bring the protective exits to the position's size and to their present levels."""
        book, position = self._books[i], self.account.quantity[i]
        side = 1 if position > 0 else -1
        average, tick = self.account.average_price(i), self.instruments[i].tick
        levels = protective_levels(self.settings.exits, book.distances, side, average, book.extreme, tick)
        commands: list[Command] = []
        for exit_id, trigger, limit, reason in (
            (book.stop_id, levels.stop, NAN, levels.stop_reason),
            (book.target_id, NAN, levels.target, Reason.TAKE_PROFIT),
        ):
            if not exit_id:
                continue
            working = self._orders[exit_id]
            order = working.order
            price, new_price = (order.trigger, trigger) if exit_id == book.stop_id else (order.limit, limit)
            if working.remaining != -position or price != new_price:
                changed = order._replace(
                    quantity=working.filled - position, trigger=trigger, limit=limit, reason=reason
                )
                working.approved = Approved(changed, changed.quantity, Verdict(changed.quantity))
                commands.append(Modify(exit_id, -position, trigger, limit))
        return commands

    # ------------------------------------------------------------------ intents

    def _decide(
        self, i: int, target: float, close: float, decisions: Decisions
    ) -> list[tuple[int, int, EntryPrices, Reason]]:
        """Turn a target into the units it means; returns the increase it asks for, if any."""
        book, position = self._books[i], self.account.quantity[i]
        if book.leaving:
            return []
        if book.ignored_target == book.ignored_target:  # noqa: PLR0124 - not NaN: reenter new_signal
            if target != target or target == book.ignored_target:  # noqa: PLR0124
                return []
            book.ignored_target = NAN
        is_new = targets.is_new(target, book.intent)
        if not is_new and not self._wants_rebalance(i, target):
            return self._follow_limit(i, close, decisions)
        wanted = target if target == target else book.intent  # noqa: PLR0124
        towards_zero = not self._weights and abs(wanted) < abs(book.intent) and wanted * book.intent >= 0.0
        if is_new:
            book.intent_before, book.intent = book.intent, wanted
        lot = self.instruments[i].lot
        if self._weights:
            desired = sizing.weight_units(wanted, self._equity_paise, close, lot)
        elif wanted == 0.0:
            desired = 0
        else:
            if position == 0 or (position > 0) != (wanted > 0.0):
                book.entry_distances = entry_distances(decisions, i)
                book.full_units = full_units(
                    self.settings, self._share, self._equity_paise, close, book.entry_distances, lot
                )
            desired = sizing.scaled(book.full_units, wanted, lot)
        if self._weights and position == 0:
            book.entry_distances = ExitDistances()
        book.desired = desired
        reversal = position * desired < 0
        delta = desired if reversal else targets.change(position, desired, towards_zero)
        if wanted != 0.0 and desired == 0:
            self._too_small(i, wanted)
        if delta == 0 or (not reversal and abs(desired) < abs(position)):
            delta = 0
        prices = entry_prices(
            self.settings, self.instruments[i], 1 if delta > 0 else -1, close,
            at_row(decisions, "limit", i), at_row(decisions, "trigger", i),
        )  # fmt: skip
        return [(i, delta, prices, Reason.REBALANCE if self._weights and position else Reason.SIGNAL)]

    def _wants_rebalance(self, i: int, target: float) -> bool:
        """``allocate`` with ``rebalance: every_bar`` or ``band:P``: an unchanged weight is brought back to its size."""
        if not self._weights:
            return False
        book = self._books[i]
        if self.settings.rebalance == "every_bar":
            return target == target or book.intent != 0.0  # noqa: PLR0124
        return book.intent != 0.0 and targets.drifted(
            book.intent, self.account.mark_paise[i], self._equity_paise, self.settings.band_points
        )

    def _follow_limit(self, i: int, close: float, decisions: Decisions) -> list[tuple[int, int, EntryPrices, Reason]]:
        """``limit_follow``: a resting entry is replaced when the strategy's limit price has moved."""
        if not self.settings.limit_follow:
            return []
        for working in self._entries(i):
            order = working.order
            side = 1 if order.quantity > 0 else -1
            prices = entry_prices(
                self.settings, self.instruments[i], side, close,
                at_row(decisions, "limit", i), at_row(decisions, "trigger", i),
            )  # fmt: skip
            if prices.limit > 0.0 and prices.limit != order.limit:
                return [(i, working.remaining, prices, order.reason)]
        return []

    def _forget_intent(self, book: Book) -> None:
        """A forced exit sets the intent to 0; with ``reenter: new_signal`` the old target must first leave."""
        if self.settings.reenter == "new_signal" and book.intent != 0.0:
            book.ignored_target = book.intent
        book.intent = 0.0
        book.desired = 0

    # ------------------------------------------------------------------ reductions

    def _reduce(self, row: BarRow) -> list[Command]:
        """Order what is still to be given back, by instrument; an exit that is already working is left alone."""
        commands: list[Command] = []
        for i in sorted(self.account.held):
            book = self._books[i]
            if not row.close[i] > 0.0 or not (self._by_target or book.leaving):
                continue
            needed = targets.outstanding_reduction(self.account.quantity[i], book.desired)
            exit_order = self._market_exit(i)
            if exit_order is not None and exit_order.remaining == needed:
                continue
            blocked: set[int] = set()
            if exit_order is not None:
                commands.append(self._cancel(exit_order))
                blocked.add(exit_order.order.order_id)
            if needed:
                order = Order(
                    0, i, needed, OrderType.MARKET, self._exit_reason(book), reduces=True, decided_at=self._now
                )
                commands += self._place(Approved(order, needed, Verdict(needed)), 0, blocked)
        return commands

    def _exit_reason(self, book: Book) -> Reason:
        if not book.leaving:
            return Reason.REBALANCE if self._weights and book.intent != 0.0 else Reason.SIGNAL
        return Reason.TIME_EXIT if self.settings.exits.time_exit is not None else Reason.STOP_LOSS

    def _market_exit(self, i: int) -> WorkingOrder | None:
        for working in self.working(i):
            if working.order.reduces and not working.order.protective and not working.cancelling:
                return working
        return None

    # ------------------------------------------------------------------ increases

    def _increase(self, i: int, quantity: int, prices: EntryPrices, reason: Reason) -> list[Command]:
        """Replace working entries by this one: review it, and park it until what it replaces or follows is done."""
        commands: list[Command] = []
        blocked: set[int] = set()
        replaced_paise = 0
        for working in self._entries(i):
            commands.append(self._cancel(working))
            blocked.add(working.order.order_id)
            replaced_paise += working.reserved_paise
            if working.state is OrderState.PARKED:
                blocked.discard(working.order.order_id)
                commands.pop()
                self._ended(working, OrderState.CANCELLED, "replaced")
                replaced_paise = max(0, replaced_paise - working.reserved_paise)
        if quantity == 0:
            return commands
        position = self.account.quantity[i]
        reverses = position * quantity < 0
        exit_order = self._market_exit(i) if reverses else None
        if exit_order is not None:
            blocked.add(exit_order.order.order_id)
        order = Order(
            0, i, quantity, prices.type, reason, reduces=False, decided_at=self._now,
            limit=prices.limit, trigger=prices.trigger, validity=self._entry_validity(prices.type),
        )  # fmt: skip
        approved = self._approve(order, prices.worst, 0 if reverses else abs(position), replaced_paise)
        if approved is None:
            return commands
        reserve = self._review.reserve_paise(approved.order.quantity, prices.worst)
        return commands + self._place(approved, reserve, blocked, needs_flat=reverses)

    def _entry_validity(self, kind: OrderType) -> Validity:
        return Validity.DAY if kind is OrderType.MARKET else Validity(self.settings.validity)

    def _approve(self, order: Order, worst: float, held: int, replaced_paise: int) -> Approved | None:
        """Ask the review; a refusal is recorded with its reason."""
        power = self._power(order.instrument, reverses=self.account.quantity[order.instrument] * order.quantity < 0)
        verdict = self._review.increase(order, worst, held, power + replaced_paise, self.state, self.portfolio)
        requested = order.quantity
        if verdict.quantity == 0:
            self._done.append(refused(order._replace(order_id=self._take_id()), requested, verdict, self._now))
            return None
        return Approved(order._replace(quantity=verdict.quantity), requested, verdict)

    def _power(self, i: int, *, reverses: bool) -> int:
        """Buying power for one more entry, in paise.

        A reversal may use what its own closing leg gives back; with ``reuse_proceeds`` every working exit counts.
        """
        releasing = {i} if reverses else set()
        for j in self.account.held:
            for working in self.working(j):
                if (working.needs_flat and working.state is OrderState.PARKED) or (
                    self._reuse_proceeds and working.order.reduces and not working.order.protective
                ):
                    releasing.add(j)
        power = self.account.buying_power_paise(self._reserved_paise)
        for j in releasing:
            part = self._leaving_part(j)
            power += int(self.account.released_by_closing(j) * part)
        return power

    def _leaving_part(self, i: int) -> float:
        exit_order = self._market_exit(i)
        return 1.0 if exit_order is None else abs(exit_order.remaining) / abs(self.account.quantity[i])

    def _too_small(self, i: int, wanted: float) -> None:
        """Keep the verdict on a target that does not buy one lot."""
        side = 1 if wanted > 0.0 else -1
        lot = self.instruments[i].lot
        order = Order(
            self._take_id(), i, side * lot, OrderType.MARKET, Reason.SIGNAL, reduces=False, decided_at=self._now
        )
        self._done.append(refused(order, side * lot, Verdict(0, "size_below_one_lot"), self._now))

    def _entries(self, i: int) -> list[WorkingOrder]:
        return [working for working in self.working(i) if not working.order.reduces and not working.cancelling]

    # ------------------------------------------------------------------ explicit orders of on_bar

    def _carry_out(self, request: OrderRequest | CancelRequest) -> list[Command]:
        if isinstance(request, OrderRequest):
            return self._carry_out_order(request, self._closes[request.instrument])
        return [
            self._cancel(working)
            for working in self.working(request.instrument)
            if not working.order.protective and not working.cancelling and request.label in {"", working.order.label}
        ]

    def _carry_out_order(self, request: OrderRequest, close: float) -> list[Command]:
        """Split an explicit order into what reduces (passes) and what increases (is reviewed)."""
        i, side = request.instrument, 1 if request.quantity > 0 else -1
        prices = entry_prices(self.settings, self.instruments[i], side, close, request.limit, request.trigger)
        position = self.account.quantity[i]
        already = sum(
            abs(working.remaining)
            for working in self.working(i)
            if working.order.reduces and not working.order.protective and not working.cancelling
        )
        room = max(abs(position) - already, 0) if position * side < 0 else 0
        reducing = min(room, abs(request.quantity))
        increasing = abs(request.quantity) - reducing
        order = Order(
            0, i, side * reducing, prices.type, Reason.ORDER, reduces=True, decided_at=self._now, limit=prices.limit,
            trigger=prices.trigger, validity=request.validity, label=request.label,
        )  # fmt: skip
        commands: list[Command] = []
        if reducing:
            commands += self._place(Approved(order, order.quantity, Verdict(order.quantity)), 0, set())
        if increasing:
            self._books[i].entry_distances = ExitDistances()
            entry = order._replace(quantity=side * increasing, reduces=False)
            same_side = [w for w in self._entries(i) if w.order.quantity * side > 0]
            held = (abs(position) if position * side > 0 else 0) + sum(abs(w.remaining) for w in same_side)
            approved = self._approve(entry, prices.worst, held, 0)
            if approved is not None:
                reserve = self._review.reserve_paise(approved.order.quantity, prices.worst)
                commands += self._place(approved, reserve, set())
        return commands

    # ------------------------------------------------------------------ small bookkeeping

    def _place(
        self, approved: Approved, reserve_paise: int, blocked: set[int], *, needs_flat: bool = False
    ) -> list[Command]:
        """Submit now, or park until the orders in ``blocked`` are done."""
        command = self._submit(approved.order, approved)
        working = self._orders[command.approved.order.order_id]
        working.needs_flat = needs_flat
        self._reserve(working, reserve_paise)
        waits = {order_id for order_id in blocked if order_id in self._orders}
        if waits:
            working.state, working.waits_for = OrderState.PARKED, waits
            return []
        return [command]

    def _submit(self, order: Order, approved: Approved | None = None) -> Submit:
        numbered = order._replace(order_id=self._take_id())
        if approved is None:
            approved = Approved(numbered, order.quantity, Verdict(order.quantity))
        else:
            approved = approved._replace(order=numbered)
        self._orders[numbered.order_id] = WorkingOrder(approved, 0)
        self._books[order.instrument].open_orders.append(numbered.order_id)
        return Submit(approved)

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    @staticmethod
    def _cancel(working: WorkingOrder) -> Cancel:
        working.cancelling = True
        return Cancel(working.order.order_id)

    def _reserve(self, working: WorkingOrder, paise: int) -> None:
        self._reserved_paise += paise - working.reserved_paise
        working.reserved_paise = paise

    def _watch_cash(self) -> None:
        below = self.account.cash_paise < 0
        if below and not self._below_zero:
            self._notice("cash_below_zero", f"cash fell to ₹{self.account.cash_paise / 100:,.2f}")
        self._below_zero = below

    def _notice(self, code: str, text: str) -> None:
        self.notices.append(Notice(self._now, code, text))

    def _name(self, working: WorkingOrder) -> str:
        return f"{working.order.quantity:+d} {self.instruments[working.order.instrument]}"
