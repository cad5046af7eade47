"""Pre-trade facts of a whole account, from which ``pretrade.facts`` of one order are made at the moment it may leave.

Theory of operation
-------------------
*Sessions are read, not mirrored.* Positions and orders are those of the sessions as they are when an order is reviewed,
so that no second copy can drift. What a session cannot know is noted here: prices and bands, the broker's funds,
trading hours, what belongs to nobody, what went out.

*Left or waiting.* An order that its session has sent may still wait in the outbox: it counts, and its tag is taken,
from the moment the gate let it go. An order in doubt counts in full, and one that the book proved absent counts on
until a person releases it: it may still arrive.

*Whose reduction.* Several strategies may hold one symbol, one long and one short, and the broker shows their sum.
Whether an order reduces is asked of what its own strategy holds, together with every strategy on the same side, less
what somebody outside has taken from them: an exit of one strategy is an exit whatever the others hold, and an exit of
what a person has sold by hand would open a position, and is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.live.account_orders import AccountOrders
from framework.live.exposure import RestingOrder
from framework.live.promised_funds import PromisedFunds
from framework.pretrade import rate
from framework.pretrade.facts import (
    NAN,
    Authority,
    Ceilings,
    Holding,
    OpenOrder,
    OwnPosition,
    PretradeContext,
    Quote,
    Request,
    RequestKind,
    Send,
    SendLimits,
    Sends,
    Tradable,
    TradingHours,
)
from framework.types.events import Cancel, Change
from framework.types.orders import MARKET, STOP, STOP_LIMIT
from framework.types.portfolio import TradingState
from framework.types.record import OrderRecord, OrderState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from framework.journal.held_back import HeldBack
    from framework.live.account_orders import AccountMember, PositionKey
    from framework.session.instrument_state import WorkingOrder
    from framework.types.events import Command, Fact

NO_BAND = (0.0, float("inf"))
"""Price band of an exchange that has none, such as the paper one."""
BAND_NOT_KNOWN = (NAN, NAN)
CLOSED = TradingHours(0, 0, 0, 0, broker_open=False)
NO_CEILINGS = Ceilings(NAN, 0)
STRICTEST = (TradingState.HALTED, TradingState.REDUCE_ONLY, TradingState.ACTIVE)
NOT_CHECKED = "no restricted list was read"


class MemberOrder(NamedTuple):
    """An open order with the session that it belongs to."""

    member: str
    order: OpenOrder
    protective: bool
    """It is the stop or target of a position."""
    in_doubt: bool
    """Nobody knows what became of it."""


class PretradeWorld:
    """Facts of one account, noted as they become known; what is not noted is unknown, and refuses."""

    def __init__(
        self,
        limits: SendLimits,
        members: Mapping[str, AccountMember],
        *,
        configured: Authority,
        found: Authority,
        band: tuple[float, float] = BAND_NOT_KNOWN,
    ) -> None:
        """``members`` by the name of their session; ``band``: of a symbol of which none was noted."""
        self.limits = limits
        self.ceilings = NO_CEILINGS
        """Of today; set by the runner at the start of each day."""
        self.configured, self.found = configured, found
        self.state = TradingState.REDUCE_ONLY
        """Of the account; a session's own may be stricter."""
        self.sends = Sends()
        """What went out, counted here and nowhere else."""
        self._account = AccountOrders(members)
        self._band = band
        self._bands: dict[str, tuple[float, float]] = {}
        self._tradable: dict[str, Tradable] = {}
        self._quotes: dict[str, Quote] = {}
        self._complete_ns = 0
        """Moment at which every last price was known to be the last one."""
        self._hours: dict[tuple[str, str], TradingHours] = {}
        self._restricted: Mapping[str, str] | None = None
        self._halted: dict[str, dict[str, str]] = {}
        """Symbol → cause → reason."""
        self._funds = PromisedFunds()
        self._let_go: dict[tuple[str, RequestKind], int] = {}
        """Requests that were let go and have not left, with the moment."""
        self._absent: dict[str, MemberOrder] = {}
        self._external: dict[PositionKey, int] = {}
        self._external_orders: tuple[OpenOrder, ...] = ()

    # ------------------------------------------------------------------ what is noted

    def note_instrument(self, symbol: str, tradable: Tradable) -> None:
        """The newest list of instruments has it."""
        self._tradable[symbol] = tradable

    def note_price(
        self, symbol: str, price: float, time_ns: int, *, bid: float | None = None, ask: float | None = None
    ) -> None:
        """A last price and when it reached us, by the runner's clock; the one before it is kept beside it."""
        known = self._quotes.get(symbol)
        before, missing = (price, 0) if known is None else (known.price, known.missing_bars)
        self._quotes[symbol] = Quote(price, time_ns, before, *self._band_of(symbol), bid, ask, missing)

    def note_complete(self, time_ns: int) -> None:
        """By the runner's clock every trade up to now has been told: a price is as old as this, however long ago."""
        self._complete_ns = max(self._complete_ns, time_ns)

    def note_band(self, symbol: str, lower: float, upper: float) -> None:
        """The exchange's price band of today, rupees."""
        self._bands[symbol] = (lower, upper)
        if (known := self._quotes.get(symbol)) is not None:
            self._quotes[symbol] = known._replace(lower=lower, upper=upper)

    def note_missing_bars(self, symbol: str, count: int) -> None:
        """Bars that should have come since the history that is decided on, and did not."""
        if (known := self._quotes.get(symbol)) is not None:
            self._quotes[symbol] = known._replace(missing_bars=count)

    def note_split(self, symbol: str, factor: float) -> None:
        """A split before the open: the price before the next one is in terms of the new shares."""
        if (known := self._quotes.get(symbol)) is not None:
            self._quotes[symbol] = known._replace(price=known.price / factor)

    def note_hours(self, hours: TradingHours, *, member: str = "", symbol: str = "") -> None:
        """Today's hours; of one session, of one symbol, of both or of all: the most particular ones count."""
        self._hours[member, symbol] = hours

    def note_restricted(self, reasons: Mapping[str, str]) -> None:
        """The restricted list as it was read: symbol → reason; may be empty."""
        self._restricted = dict(reasons)

    def halt_symbol(self, symbol: str, why: str, cause: str = "") -> None:
        """Nothing new in it, until the cause is over or a person says so."""
        self._halted.setdefault(symbol, {})[cause] = why

    def resume_symbol(self, symbol: str, cause: str = "") -> None:
        """The cause is over; other ones stand."""
        self._halted.get(symbol, {}).pop(cause, None)

    def resume_symbols(self) -> None:
        """A person has looked: whatever halted a symbol is over."""
        self._halted.clear()

    def note_funds(self, available_paise: int, time_ns: int, shown: Iterable[str] | None = None) -> None:
        """The broker's figure, when it was asked for, and the tags that its book showed as open in the same read.

        ``shown`` None: the book was not read, what was counted before still is.
        """
        self._funds.note_figure(available_paise, time_ns, shown)

    def note_fact(self, fact: Fact, tag: str) -> None:
        """A fact that a session told; ``tag``: of its order. Of an order that ended without a fill nothing is taken."""
        if not isinstance(fact, OrderRecord):
            return
        if fact.state is not OrderState.ABSENT:
            self.release(tag)  # more was heard of it: it is not absent
        if fact.ended_at:
            self._funds.note_end(tag, fact)

    def note_external(self, positions: Mapping[PositionKey, int], orders: Iterable[OpenOrder] = ()) -> None:
        """Positions of nobody: (symbol, product) → signed units, and orders of others in the account."""
        self._external = {key: units for key, units in positions.items() if units}
        self._external_orders = tuple(orders)

    def reserve_absent(self, member: str, working: WorkingOrder) -> None:
        """An order that the book proved absent: it counts on, and blocks its strategy in its symbol."""
        one = self._member_order(member, working)
        self._absent[working.tag] = one._replace(order=one.order._replace(confirmed=False), in_doubt=True)

    def release(self, tag: str) -> str:
        """A person gives an absent order up; which one it was, in words: empty where none has that tag."""
        one = self._absent.pop(tag, None)
        return "" if one is None else f"{one.order.symbol} {one.order.units:+,}"

    def recall(self, held: HeldBack) -> None:
        """Symbols and absent orders as the journal has them from before this process."""
        for symbol, causes in held.halted.items():
            for cause, why in causes.items():
                self.halt_symbol(symbol, why, cause)
        for name, member in self.members.items():
            for working in member.session.known_orders():
                if working.state is OrderState.ABSENT and working.tag not in held.released:
                    self.reserve_absent(name, working)

    @property
    def members(self) -> Mapping[str, AccountMember]:
        """Sessions of the account by name."""
        return self._account.members

    @property
    def absent(self) -> tuple[str, ...]:
        """Tags of absent orders that still count."""
        return tuple(self._absent)

    def note_leaving(self, request: Request, now_ns: int) -> None:
        """The gate let a request go: it is counted from here on."""
        hours = self._hours_of(request)
        self.sends = rate.noted(self.sends, request, now_ns, hours.day)
        self._let_go[request.tag, request.action] = now_ns
        if request.action is RequestKind.CANCEL:
            return
        self._account.left.add(request.tag)
        self._funds.promise(request.tag, request.needed_paise)

    def note_left(self, request: Request, now_ns: int) -> None:
        """It left after all that had to be done before; its second counts from now."""
        let_go_ns = self._let_go.pop((request.tag, request.action), None)
        send = Send(-1, request.action, request.strategy, request.symbol, request.quantity)
        if let_go_ns is not None and (was := send._replace(time_ns=let_go_ns)) in self.sends.recent:
            recent = list(self.sends.recent)
            recent.remove(was)
            self.sends = self.sends._replace(recent=(*recent, send._replace(time_ns=now_ns)))

    def note_refused(self, tag: str) -> None:
        """It was refused with proof, or never left: it takes nothing."""
        self._funds.forget(tag)
        self._account.left.discard(tag)

    # ------------------------------------------------------------------ what is asked

    def request_of(self, member: str, command: Command, working: WorkingOrder) -> Request:
        """A session's command about its open order as the request that would leave."""
        order = working.order
        quantity, limit, trigger = order.quantity, order.limit, order.trigger
        kind = RequestKind.PLACE
        if isinstance(command, Cancel):
            kind = RequestKind.CANCEL
        elif isinstance(command, Change):
            kind, quantity = RequestKind.MODIFY, command.quantity - working.filled
            limit = command.limit if command.limit > 0.0 else limit
            trigger = command.trigger if command.trigger > 0.0 else trigger
        return Request(
            action=kind,
            tag=working.tag,
            strategy=member,
            symbol=self._account.members[member].symbols[order.instrument],
            quantity=quantity,
            type=order.type,
            limit=limit,
            trigger=trigger,
            needed_paise=working.reserved_paise,
            expires_ns=working.expires_at + self._account.members[member].told_late_ns,
            group=working.group,
        )

    def context(self, request: Request) -> PretradeContext:
        """Facts for the rules about one request, as they are now."""
        orders = list(self._orders())
        return PretradeContext(
            limits=self.limits,
            ceilings=self.ceilings,
            instrument=self._tradable.get(request.symbol),
            restricted=self._restriction(request, orders),
            quote=self.quote(request.symbol),
            holdings=self._holdings(),
            open_orders=(*(one.order for one in orders), *self._external_orders),
            funds=self._funds.left(),
            sends=self.sends,
            hours=self._hours_of(request),
            state=self._state_of(request.strategy),
            configured=self.configured,
            found=self.found,
            own=self._own_position(request, orders),
        )

    def quote(self, symbol: str) -> Quote:
        """The last price with its time; NaN where none was noted."""
        known = self._quotes.get(symbol)
        if known is None:
            return Quote(NAN, 0, NAN, *self._band_of(symbol))
        return known if known.time_ns >= self._complete_ns else known._replace(time_ns=self._complete_ns)

    def positions(self) -> dict[PositionKey, int]:
        """(symbol, product) → signed units, of every session and of nobody."""
        return self._account.positions(self._external)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Every order that may still fill, of the sessions and of nobody."""
        return (*(one.order for one in self._orders()), *self._external_orders)

    def resting_orders(self) -> tuple[RestingOrder, ...]:
        """The sessions' orders as they may rest at the broker, for ``exposure_if_orphaned``."""
        return tuple(
            RestingOrder(
                one.symbol,
                self._account.members[name].product,
                one.units,
                working.order.type,
                working.order.limit,
                working.order.trigger,
                one.confirmed,
            )
            for name, working in self._account.there()
            for one in [self._member_order(name, working).order]
        )

    def may_be_there(self, working: WorkingOrder) -> bool:
        """See ``AccountOrders.may_be_there``."""
        return self._account.may_be_there(working)

    # ------------------------------------------------------------------ how they are made

    def _band_of(self, symbol: str) -> tuple[float, float]:
        return self._bands.get(symbol, self._band)

    def _hours_of(self, request: Request) -> TradingHours:
        of, symbol = request.strategy, request.symbol
        for key in ((of, symbol), ("", symbol), (of, ""), ("", "")):
            if key in self._hours:
                return self._hours[key]
        return CLOSED

    def _state_of(self, name: str) -> TradingState:
        member = self._account.members.get(name)
        states = {self.state, TradingState.HALTED if member is None else member.session.state}
        return next(state for state in STRICTEST if state in states)

    def _holdings(self) -> dict[str, Holding]:
        units: dict[str, int] = {}
        for (symbol, _), held in self.positions().items():
            units[symbol] = units.get(symbol, 0) + held
        return {symbol: Holding(held, self.quote(symbol).price) for symbol, held in units.items()}

    def _orders(self) -> Iterator[MemberOrder]:
        """Every order of ours that may be at the broker."""
        shown = set()
        for name, working in self._account.there():
            shown.add(working.tag)
            yield self._member_order(name, working)
        yield from (one for tag, one in self._absent.items() if tag not in shown)

    def _member_order(self, name: str, working: WorkingOrder) -> MemberOrder:
        order, symbol = working.order, self._account.members[name].symbols[working.order.instrument]
        before = working.was or order
        limit: float | None = order.limit
        if order.type in (STOP, STOP_LIMIT):
            limit = None
        elif order.type is MARKET:
            limit = NAN
        shown = OpenOrder(
            tag=working.tag,
            symbol=symbol,
            quantity=max(order.quantity, before.quantity, key=abs),
            filled=working.filled,
            price=self._worst_price(working, symbol),
            needed_paise=max(self._funds.of(working.tag), working.reserved_paise),
            limit=limit,
            confirmed=working.state is OrderState.WORKING,
            counted=self._funds.is_counted(working.tag),
            group=working.group,
        )
        return MemberOrder(name, shown, order.protective, working.state is OrderState.UNKNOWN)

    def _worst_price(self, working: WorkingOrder, symbol: str) -> float:
        """Rupees; of a reduction, which carries none: its limit, else trigger or last price, a buy's with the band."""
        order = working.order
        if working.worst > 0.0:
            return working.worst
        if order.limit > 0.0:
            return order.limit
        price = order.trigger if order.trigger > 0.0 else self.quote(symbol).price
        return price * (1.0 + self.limits.price_band_percent / 100.0) if order.quantity > 0 else price

    def _own_position(self, request: Request, orders: Sequence[MemberOrder]) -> OwnPosition:
        """Units that the request's strategy may reduce, and the orders that a reduction by it competes with."""
        account, symbol = self._account, request.symbol
        own = account.held(request.strategy, symbol)
        if abs(request.quantity) > abs(own):
            return OwnPosition(0, ())  # what goes beyond its own opens something, whatever others hold on its side
        product = account.members[request.strategy].product
        side = 1 if own > 0 else -1
        alike = {
            name
            for name, other in account.members.items()
            if other.product == product and account.held(name, symbol) * side > 0
        }
        units = sum(abs(account.held(name, symbol)) for name in alike)
        taken = max(0, -side * self._external.get((symbol, product), 0))
        # A plain exit and the protective pair are for the same units: what is left of the one when the other has filled
        # is taken back by the session. So each is measured against its own kind.
        asked = account.order(request.strategy, symbol, request.tag)
        protective = asked is not None and asked.order.protective
        competing = [one.order for one in orders if one.member in alike and one.protective == protective]
        return OwnPosition(side * max(0, units - taken), tuple(competing))

    def _restriction(self, request: Request, orders: Sequence[MemberOrder]) -> str:
        """Reason why nothing new may be opened in the symbol by this strategy; empty: none."""
        if self._restricted is None:
            return NOT_CHECKED
        halts = self._halted.get(request.symbol, {})
        if why := self._restricted.get(request.symbol) or next(iter(halts.values()), ""):
            return why
        for one in orders:
            ours = one.member == request.strategy and one.order.symbol == request.symbol
            if ours and one.order.tag != request.tag and one.in_doubt:
                return f"nobody knows what became of order {one.order.tag}"
        asked = self._account.order(request.strategy, request.symbol, request.tag)
        if asked is not None and asked.order.reduces:
            return "the account does not hold what this order was to reduce, so that it would open a position"
        return ""
