"""The trading session as a state machine: events in, commands out.

Rule 1: everything that decides what to order, when and how much lives in this package and in the rulebook it calls.
Rule 2: this package does not know which host it runs in. Backtest, paper and live hand it the same events.

A host calls, bar by bar::

    commands = session.open_bar(row)             # a new session begins: what is due before the bar's open
    for event in exchange or broker: commands = session.receive(event)
    commands = session.close_bar(row)            # mark → breaker → hooks → upkeep of exits
    commands = session.decide(row, decisions)    # intents → reductions → increases (size → review → order)
    commands = session.end_session(row)          # of a session's last bar: what must not last longer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import InvariantError
from framework.session.account import Account
from framework.session.breaker import Breaker
from framework.session.corporate_actions import CorporateActions
from framework.session.early_fill import refuse_early
from framework.session.exposure import Exposure
from framework.session.funding import Funding
from framework.session.increases import Increases
from framework.session.instrument_state import InstrumentState, WorkingOrder
from framework.session.intents import Intents
from framework.session.order_prices import entry_prices
from framework.session.orders import Orders
from framework.session.product import Product
from framework.session.protection import Protection
from framework.session.reductions import Reductions
from framework.session.review import Review, ReviewContext
from framework.session.staleness import Staleness
from framework.session.wording import cash_text, refused_fill_text, trip_text
from framework.types.orders import (
    BarRow,
    Cancelled,
    CancelRequest,
    Command,
    Decisions,
    Event,
    ExitDistances,
    Expired,
    Fill,
    Order,
    OrderRequest,
    Reason,
)
from framework.types.record import Notice, OrderRecord, OrderState, Settlement
from framework.types.rupees import rupees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.types import BreakerEvent, Instrument, Portfolio, RiskRule, Settings, TradingState
    from framework.types.actions import Due
    from framework.types.record import AppliedAction

CANCELLED, FILLED = OrderState.CANCELLED, OrderState.FILLED
FORCED = frozenset(
    {
        Reason.STOP_LOSS,
        Reason.TAKE_PROFIT,
        Reason.TRAILING_STOP,
        Reason.TIME_EXIT,
        Reason.SQUARE_OFF,
        Reason.EXPIRY,
        Reason.RISK,
    }
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
        actions: Sequence[Due] = (),
    ) -> None:
        """``actions``: corporate actions in the order they take effect, none of them before the first session."""
        self.instruments = tuple(instruments)
        self.settings = settings
        self.account = account = Account(instruments, settings)
        self.settlements: list[Settlement] = []
        self.notices: list[Notice] = []
        self._weights = style == "allocate"
        self._by_target = style != "on_bar"
        self._rules = tuple(rules)
        self._books = books = [InstrumentState() for _ in self.instruments]
        self._orders = orders = Orders(account, books)
        self.breaker = breaker = Breaker(settings, account.trips)
        reuse_proceeds = self._weights if settings.reuse_proceeds is None else settings.reuse_proceeds
        exposure = Exposure(account, orders, reuse_proceeds=reuse_proceeds)
        self._last_bars = Staleness(len(self.instruments))
        self._reductions = Reductions(account, books, orders, by_target=self._by_target, weights=self._weights)
        self._product = Product(settings, account, books, orders, self._reductions, self.notices.append)
        self.seen = ReviewContext(self._product, breaker, orders, exposure, self._last_bars)
        self.review = review = Review(settings, rules, account, self.seen, self.portfolio)
        funding = Funding(account, orders, reuse_proceeds=reuse_proceeds)
        self.increases = Increases(settings, account, orders, review, funding, by_target=self._by_target)
        self._protection = Protection(instruments, settings, account, books, orders)
        self._exdates = CorporateActions(actions, account, books, orders, self._protection, self._last_bars)
        self._intents = Intents(instruments, settings, account, books, orders, weights=self._weights)
        self.equity_paise = settings.capital_paise
        """Cash plus marked positions at the last close."""
        self._session = 0
        self._now = 0
        self._below_zero = False

    def __repr__(self) -> str:
        held = ", ".join(f"{self.instruments[i]} {self.account.quantity[i]:+d}" for i in self.account.held)
        return f"Session({self.state.value}, equity {rupees(self.equity_paise / 100)}, {held or 'flat'})"

    # ------------------------------------------------------------------ what hosts read

    @property
    def state(self) -> TradingState:
        """What the circuit breaker allows now."""
        return self.breaker.state

    @property
    def now(self) -> int:
        """The moment of what came last, UTC nanoseconds."""
        return self._now

    def portfolio(self) -> Portfolio:
        """The account at this moment, frozen."""
        reserved = self._orders.reserved_paise
        return self.account.snapshot(self._now, self.state, self.breaker.session_start_paise, reserved)

    def order_records(self) -> tuple[OrderRecord, ...]:
        """Every order so far, refused ones included, by order id."""
        return self._orders.records()

    def working(self, i: int) -> list[WorkingOrder]:
        """Open orders of one instrument, oldest first."""
        return self._orders.of(i)

    @property
    def applied_actions(self) -> tuple[AppliedAction, ...]:
        """Corporate actions that positions went through so far."""
        return tuple(self._exdates.applied)

    # ------------------------------------------------------------------ events of the broker

    def receive(self, event: Event) -> list[Command]:
        """Book what happened and answer with what follows from it. A fill of an unknown order is an InvariantError."""
        if isinstance(event, Fill):
            return self._filled(event)
        working = self._orders.get(event.order_id)
        if working is None:
            return []
        if isinstance(event, Cancelled):
            return self._orders.end(working, CANCELLED, self._now)
        self._now = event.time or self._now
        if isinstance(event, Expired):
            self._give_up(working)
            return self._orders.end(working, OrderState.EXPIRED, self._now)
        order = working.order
        text = refused_fill_text(order.quantity, self.instruments[order.instrument], event.reason)
        self._notice("refused_fill", text)
        self._give_up(working)
        return self._orders.end(working, OrderState.REFUSED, self._now, event.reason)

    def _filled(self, fill: Fill) -> list[Command]:
        working = self._orders.get(fill.order_id)
        if working is None:
            msg = f"a fill of {fill.quantity:+d} came for order {fill.order_id}, which is not open"
            raise InvariantError(msg)
        refuse_early(fill, working.order)
        self._now = fill.time
        before = self.account.quantity[fill.instrument]
        settlement = self.account.settle(fill, working.order, before_paise=working.filled_paise)
        self.settlements.append(settlement)
        asked = abs(working.remaining)
        working.filled += fill.quantity
        working.filled_paise += settlement.value_paise
        self._orders.reserve(working, working.reserved_paise * abs(working.remaining) // asked)
        commands = self._position_changed(fill, working.order, before, settlement.position)
        if working.remaining * fill.quantity <= 0:  # below 0: it filled before it heard that it was shortened
            commands += self._orders.end(working, FILLED, self._now)
        self._watch_cash()
        for rule in self._rules:
            rule.post_fill(settlement, self.portfolio())
        return commands

    def _position_changed(self, fill: Fill, order: Order, before: int, position: int) -> list[Command]:
        i, crossed = fill.instrument, before * position < 0
        commands = self._went_flat(i, order.order_id, forced=order.reason in FORCED) if not position or crossed else []
        if position == 0:
            return commands
        if before == 0 or crossed or abs(position) > abs(before):
            self._orders.drop_overtaken(i, self._now)
            within_bar, opened = not fill.at_open and not fill.at_close, before == 0 or crossed
            return commands + self._protection.entered(
                i, fill.unslipped, self._now, opened=opened, within_bar=within_bar
            )
        commands = self._protection.shrank(i, order, self._now)
        for working in self._orders.plain_exits(i):
            # An explicit order that was to increase may find something to reduce: what it took, others must not.
            if abs(working.remaining) > abs(position):
                commands += self._orders.shorten(working, -position)
        return commands

    def _went_flat(self, i: int, by: int, *, forced: bool) -> list[Command]:
        """Order ``by`` took the position: its exits are cancelled, and a forced exit takes the intent with it."""
        book = self._books[i]
        if forced:
            book.forget_intent(self.settings.reenter)
        book.forget_position()
        commands: list[Command] = []
        for working in self._orders.of(i):
            unwanted = working.order.reduces or (forced and self._by_target)
            if unwanted and not working.cancelling and working.order.order_id != by:
                commands += self._orders.withdraw(working, self._now)
        return commands

    def _give_up(self, working: WorkingOrder) -> None:
        """An entry that ended unfilled sets the intent to 0, or to what it was while a position was held."""
        order = working.order
        book, position = self._books[order.instrument], self.account.quantity[order.instrument]
        if self._by_target and not order.reduces and working.filled == 0 and not book.leaving:
            if position:
                book.intent, book.desired = book.intent_before, position
            else:
                book.forget_intent(self.settings.reenter)

    # ------------------------------------------------------------------ before the open of a bar

    def open_bar(self, row: BarRow) -> list[Command]:
        """Before anything of this bar fills: a new session begins, square-offs are due. Only its times may be seen."""
        self._now = row.time
        commands: list[Command] = []
        if row.session != self._session:
            self._session = row.session
            self._orders.count_anew()
            self.breaker.begin_session(self._now, self.equity_paise)
            if self._exdates.is_due(row.session):
                commands = self._exdates.begin_session(row.session, row.time, self._paid_out, self._give_up)
                self._watch_cash()
        return commands + self._product.before_open(row)

    def _paid_out(self, settlement: Settlement) -> list[Command]:
        """A consolidation left less than one share of a position: it is gone, like after a forced exit."""
        self.settlements.append(settlement)
        return self._went_flat(settlement.fill.instrument, settlement.fill.order_id, forced=True)

    # ------------------------------------------------------------------ the close of a bar

    def close_bar(self, row: BarRow) -> list[Command]:
        """Mark at this bar's close, look at the breaker, tell the hooks, look after the exits."""
        self._now = row.close_time
        self.remark(row)
        if self.review.looks_at_bars:
            self._last_bars.note(row)
        commands: list[Command] = []
        if self.breaker.watches_closes:
            commands = self._tripped(self.breaker.judge(self._now, self.equity_paise))
        for rule in self._rules:
            rule.on_state(self.portfolio())
        return commands + self._protection.look_after(row) if self.account.held else commands

    def remark(self, row: BarRow) -> None:
        """Value the account at this bar's close."""
        self.account.mark(row.close)
        self.equity_paise = self.account.equity_paise()

    def decide(
        self,
        row: BarRow,
        decisions: Decisions | None = None,
        requests: Sequence[OrderRequest | CancelRequest] = (),
    ) -> list[Command]:
        """Decide at the close just marked. Reductions come before increases, each by instrument."""
        increases = [] if decisions is None else self._intents.decide(row, decisions, self.equity_paise)
        commands = self._reductions.at_close(row) if self.account.held else []
        tripped_before = len(self.breaker.events)
        for increase in increases:
            commands += self.increases.decided(increase, self.equity_paise, self._now)
        for request in requests:
            commands += self._carry_out(request)
        if len(self.breaker.events) > tripped_before:  # a runaway: what is to be left is left at the next open
            commands += self._tripped(self.breaker.events[tripped_before:]) + self._reductions.at_close(row)
        return commands

    def end_session(self, row: BarRow) -> list[Command]:
        """After the decisions of a session's last bar: what must not last longer is given up at that close."""
        self._now = row.close_time
        return self._product.end_session(row)

    # ------------------------------------------------------------------ the circuit breaker

    def reset_breaker(self) -> None:
        """A person's command: what tripped the breaker is over, and losses count from here."""
        self.breaker.reset(self._now, self.equity_paise)
        self._orders.count_anew()

    def _tripped(self, events: Sequence[BreakerEvent]) -> list[Command]:
        """Tell it, withdraw what would still increase, and with ``on_trip: flatten`` leave what is held."""
        commands: list[Command] = []
        for event in events:
            self._notice(str(event.cause), trip_text(event, self.settings.limits, self.instruments))
            for i in self._orders.instruments():
                for entry in self._orders.entries(i):
                    commands += self._orders.withdraw(entry, self._now)
            if self.settings.limits.on_trip == "flatten":
                for i in self.account.held:
                    if not self._books[i].leaving:
                        self._books[i].leave(Reason.RISK, self.settings.reenter)
        return commands

    # ------------------------------------------------------------------ explicit orders of on_bar

    def _carry_out(self, request: OrderRequest | CancelRequest) -> list[Command]:
        """Carry out what ``on_bar`` asked for: what reduces passes, what increases is reviewed."""
        i = request.instrument
        if isinstance(request, CancelRequest):
            taken_back: list[Command] = []
            for working in [*self._orders.entries(i), *self._orders.plain_exits(i)]:
                if request.label in {"", working.order.label}:
                    taken_back += self._orders.withdraw(working, self._now)
            return taken_back
        side = 1 if request.quantity > 0 else -1
        prices = entry_prices(
            self.settings, self.instruments[i], side, self.account.close[i], request.limit, request.trigger
        )
        position = self.account.quantity[i]
        going = sum(abs(working.remaining) for working in self._orders.plain_exits(i))
        room = max(abs(position) - going, 0) if position * side < 0 else 0
        reducing = min(room, abs(request.quantity))
        order = Order(
            0,
            i,
            side * reducing,
            prices.type,
            Reason.ORDER,
            reduces=True,
            decided_at=self._now,
            limit=prices.limit,
            trigger=prices.trigger,
            validity=request.validity,
            label=request.label,
        )
        commands: list[Command] = []
        if reducing:
            commands.append(self._orders.submit(order._replace(order_id=self._orders.take_id())))
        increasing = abs(request.quantity) - reducing
        if increasing:
            self._books[i].entry_distances = ExitDistances()
            entry = order._replace(quantity=side * increasing, reduces=False)
            coming = sum(abs(w.remaining) for w in self._orders.entries(i) if w.order.quantity * side > 0)
            held = (abs(position) if position * side > 0 else 0) + coming
            commands += self.increases.reviewed(entry, prices.worst, held, self.equity_paise, 0, set())
        return commands

    # ------------------------------------------------------------------ notices

    def _watch_cash(self) -> None:
        below = self.account.spendable_paise() < 0
        if below and not self._below_zero:
            self._notice("cash_below_zero", cash_text(self.account.cash_paise))
        self._below_zero = below

    def _notice(self, code: str, text: str) -> None:
        self.notices.append(Notice(self._now, code, text))
