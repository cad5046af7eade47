"""Outbox: the one way to a broker. Each command of a session waits here until it may leave, and leaves once.

Theory of operation
-------------------
A command arrives when the input that it follows from is noted in the journal. Then, for each:

1. The *gate* is asked. It allows, denies (the session hears a refusal), or makes it wait its turn.
2. ``sending`` is noted and the journal flushed *durably*. If that fails nothing leaves, now or later: the runner halts.
3. The request leaves. There is no second try: what comes back is accepted, refused with proof, or unknown.
4. ``returned`` and the session's answer are noted in one transaction.

*Patience* for an answer begins at 2. While a request waits here, for the gate or for an older request of its order, its
session is told so (``Waited``): it is wished for, and neither missed nor in doubt.

A death before 2 leaves a command without ``sending``: provably never sent (void). A death after it leaves a ``sending``
without ``returned``: unknown, looked up by its tag. Nothing in between exists.

*Taken back.* The cancel of an order that still waits here, for the open or for its turn, takes it out: nothing leaves,
and the session hears that it is cancelled. The cancel of an order of which nobody knows what became is looked up once,
and kept as a wish: it leaves as soon as the order is found.

What races: requests of different orders may be under way together, requests of one order go one after the other (a
cancel needs the broker's id, which the acceptance brings). Cancels go first, then reductions, then protection, then
what is new. Under a broker in *lockstep* there is no race: commands go one by one, each with what follows from it
before the next, as in a backtest.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from framework.broker.port import (
    TRIGGER_PASSED,
    OrderAccepted,
    OrderRefused,
    OrderUnknown,
    OutgoingCancel,
    OutgoingChange,
    OutgoingOrder,
)
from framework.errors import BrokerError
from framework.journal.account_entries import Denied, OrderDropped, RequestDeferred, RequestName, Returned, Sending
from framework.journal.account_fold import as_text, key_of
from framework.journal.errors import JournalError
from framework.live.failpoints import failpoint
from framework.live.traded_strategy import product_of
from framework.pretrade.answers import Deny, Wait
from framework.types import events
from framework.types.record import OrderState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from framework.broker.port import Broker, SendOutcome
    from framework.journal.held_back import HeldBack
    from framework.live.clock import Clock
    from framework.live.order_names import OrderNames
    from framework.live.runner_journal import RunnerJournal
    from framework.live.schedule import ScheduleMoment
    from framework.live.traded_strategy import KnownPrice, TradedStrategy
    from framework.pretrade.answers import Answer as GateAnswer
    from framework.session.instrument_state import WorkingOrder
    from framework.types.events import Answer, Command, Waited
    from framework.types.orders import Order

LONG_WAIT_NS = 60_000_000_000
"""Who waits longer than that waits for the market to open, and is put aside."""
PATIENCE_S = 30.0
"""Seconds that a request may be under way; then nobody knows. A broker's own adapter gives up sooner."""
WHEN_FOUND = 0
"""``RequestDeferred.until`` of a cancel whose order nobody has found yet."""
LAST_S = 8.0
"""Seconds that an ending runner waits for what is under way; what has not come back then is unknown."""
WAITED_NS = 1_000_000_000
"""A shorter wait is not told to the session."""
UNSENT = "unsent"
"""Code of a refusal by this machine: no byte has left."""


class OutboxItem(NamedTuple):
    """A command on its way."""

    traded: TradedStrategy
    command: Command
    order_id: int
    request: RequestName
    tag: str
    reduces: bool
    protective: bool

    @property
    def rank(self) -> int:
        """Place in the queue: cancels, reductions, protection, new orders."""
        if self.request is RequestName.CANCEL:
            return 0
        if self.protective:
            return 2
        return 1 if self.reduces else 3


class Gatekeeper(Protocol):
    """Pre-trade gate with the facts of now."""

    def begin(self, session: int, prices: Mapping[str, KnownPrice]) -> None:
        """A run begins on a day (days since 1970-01-01); ``prices``: the last ones known, by symbol."""
        ...

    def recall(self, held: HeldBack) -> None:
        """Halted symbols, absent orders and refused requests of the journal hold on in this process."""
        ...

    def see_price(self, symbol: str, price: float, now: int) -> None:
        """The last price of a symbol, rupees."""
        ...

    def see_complete(self, now: int) -> None:
        """The feed itself says that it has told every trade up to now."""
        ...

    def row(self, session: str) -> AbstractContextManager[None]:
        """A row of this session is traded, for as long as the block lasts."""
        ...

    def last_price(self, symbol: str) -> float:
        """The last price of a symbol that was seen, rupees; NaN where there is none."""
        ...

    def is_open(self, now: int) -> bool:
        """True within today's trading hours; outside them requests wait."""
        ...

    def distrust_symbol(self, symbol: str, why: str) -> None:
        """Nothing new in a symbol, until it is trusted again."""
        ...

    def trust_symbol(self, symbol: str) -> None:
        """Trust in a symbol is back."""
        ...

    def see_moment(self, moment: ScheduleMoment) -> None:
        """A moment of the schedule has passed."""
        ...

    def see_funds(self, available_paise: int, now: int, shown: Iterable[str] | None) -> None:
        """The broker's figure of cash or margin, and the tags of open orders in its book, if it was read."""
        ...

    def review(self, item: OutboxItem, working: WorkingOrder, now: int) -> GateAnswer:
        """Allow, wait or deny."""
        ...

    def went_out(self, item: OutboxItem, working: WorkingOrder, now: int) -> None:
        """Count a request that leaves."""
        ...

    def stays(self, item: OutboxItem) -> None:
        """A request will not leave, whatever it was told: its place is free."""
        ...

    def came_back(self, item: OutboxItem, working: WorkingOrder, outcome: SendOutcome, now: int) -> None:
        """Note an outcome: what is refused again and again is denied here."""
        ...


class Outbox:
    """Outbox of an account."""

    def __init__(  # noqa: PLR0913 - its neighbours, by name
        self,
        *,
        broker: Broker,
        journal: RunnerJournal,
        clock: Clock,
        names: OrderNames,
        gate: Gatekeeper,
        answer: Callable[[TradedStrategy, Answer | Waited], object],
        broken: Callable[[str], None],
        settled: Callable[[], None],
        killed: Callable[[], str] = str,
    ) -> None:
        """``answer`` hands a session what came of its command, ``settled`` is called after that.

        ``broken`` is called when the journal cannot write. ``killed`` is asked before each request: why nothing but
        cancels may leave from now on, empty while it may.
        """
        self._broker = broker
        self._journal = journal
        self._clock = clock
        self._names = names
        self._gate = gate
        self._answer = answer
        self._broken = broken
        self._settled = settled
        self._killed = killed
        self._queue: list[OutboxItem] = []
        self._lockstep = broker.capabilities.lockstep
        self._arrived = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        """Of a request under way: a mistake of ours, which ``run`` raises."""
        self._deferred: list[tuple[int, OutboxItem]] = []
        """Requests that wait for the market to open, with the moment."""
        self._wished: dict[str, OutboxItem] = {}
        """Cancels by tag that leave when the broker's id of their order is known."""
        self._order_busy: set[str] = set()
        """Tags of which a request is under way, or waits for its turn."""
        self._unsent: dict[str, OutboxItem] = {}
        """Requests by tag that wait for their turn."""
        self._taken_back: set[str] = set()
        """Tags of orders that wait for their turn and are cancelled meanwhile."""
        self.closed = ""
        """Why nothing may leave any more; empty: it may."""

    def __len__(self) -> int:
        return len(self._queue) + len(self._under_way)

    def put(self, traded: TradedStrategy, commands: Sequence[Command]) -> None:
        """Take commands; in lockstep what follows from an answer goes before what waited already."""
        items = [_item(traded, command) for command in commands]
        for item in items:
            if item.request is RequestName.CANCEL:
                self._wished.pop(item.tag, None)  # it is asked for anew
                if item.tag in self._unsent and _is_place_of(self._unsent[item.tag], item.tag):
                    self._taken_back.add(item.tag)  # whoever waits with it gives it up when it wakes
        if self._lockstep:
            self._queue[:0] = items
        else:
            self._queue += items
            self._queue.sort(key=lambda item: item.rank)  # stable: among equals the older one first
        self._arrived.set()

    def _defer(self, item: OutboxItem, until: int) -> None:
        self._put_aside(item, until)
        failpoint("deferred")
        self._journal.note(RequestDeferred(item.traded.name, item.tag, item.order_id, item.request, until))

    def _put_aside(self, item: OutboxItem, until: int) -> None:
        if until == WHEN_FOUND:
            self._wished[item.tag] = item
        else:
            self._deferred.append((until, item))

    def release(self, now: int) -> None:
        """Take up what has waited until now."""
        due = [item for until, item in self._deferred if until <= now]
        self._deferred = [(until, item) for until, item in self._deferred if until > now]
        self._queue += due
        if not self._lockstep:
            self._queue.sort(key=lambda item: item.rank)
        self._arrived.set()

    def send_wished(self) -> None:
        """Take up the cancels whose order has been found, or is over."""
        for tag, item in list(self._wished.items()):
            if self._names.broker_id(tag) or item.traded.session.order(item.order_id) is None:
                del self._wished[tag]
                self._queue.insert(0, item)
                self._arrived.set()

    def waits(self, tag: str) -> bool:
        """True while a request about an order waits here and has not left."""
        waiting = [*self._queue, *self._wished.values(), *(item for _, item in self._deferred)]
        return tag in self._unsent or any(item.tag == tag for item in waiting)

    def waiting(self, traded: TradedStrategy, moment: int) -> list[int]:
        """Orders of a strategy of which a request has waited for its turn until a moment, and none is under way."""
        waiting = [*self._unsent.values(), *self._queue, *(item for _, item in self._deferred)]
        under_way = self._order_busy - self._unsent.keys()
        mine = dict.fromkeys(one.order_id for one in waiting if one.traded is traded and one.tag not in under_way)
        return [order_id for order_id in mine if _has_waited(traded.session.order(order_id), moment)]

    def waits_for_open(self, traded: TradedStrategy, now: int) -> bool:
        """True while a request of this strategy waits here for the market to open: no broker can have answered it."""
        return any(item.traded is traded for _, item in self._deferred) and not self._gate.is_open(now)

    def resume(self, traded: TradedStrategy, command: Command, until: int) -> None:
        """Put aside once more what the process before this one had put aside."""
        self._put_aside(_item(traded, command), until)

    async def drain(self) -> None:
        """Send everything, one by one, and what follows from it; for a broker in lockstep."""
        while self._queue:
            await self._send(self._queue.pop(0))

    async def run(self) -> None:
        """Send what arrives, for ever; for a broker that takes its time."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if self._failure is not None:
                raise self._failure
            queued, self._queue = self._queue, []
            for item in queued:
                if item.tag in self._order_busy:  # an older request of the same order comes first
                    self._queue.append(item)
                    continue
                self._order_busy.add(item.tag)
                self._unsent[item.tag] = item
                task = asyncio.create_task(self._send_and_free(item))
                self._under_way.add(task)
                task.add_done_callback(self._came_to_an_end)

    async def _send_and_free(self, item: OutboxItem) -> None:
        try:
            await self._send(item)
            with suppress(JournalError):
                await self._journal.flush()  # readers see what came of it, whenever the runner takes its next thing
        finally:
            self._unsent.pop(item.tag, None)
            self._taken_back.discard(item.tag)
            self._order_busy.discard(item.tag)
            self._arrived.set()

    def _came_to_an_end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()
            self._arrived.set()

    async def stop(self) -> None:
        """Nothing new leaves; what is under way is waited for, but not for ever: the next start finds it unknown."""
        self.closed = self.closed or "the runner stops"
        if self._under_way:
            _, hanging = await asyncio.wait(self._under_way, timeout=LAST_S)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)

    # ------------------------------------------------------------------ one request

    async def _send(self, item: OutboxItem) -> None:
        working = item.traded.session.order(item.order_id)
        if working is None:
            self._give_up(item, "not_open", "the order is not open any more", "an open order")
            return
        if self._drop(item) or not await self._may_leave(item, working):
            return
        outgoing = await self._outgoing(item, working)
        if outgoing is None:
            if item.request is RequestName.CANCEL and working.state is OrderState.UNKNOWN:
                self._defer(item, WHEN_FOUND)
            else:
                self._give_up(item, "no_broker_id", "the broker's id of the order is not known", "an id")
            return
        self._begin_patience(item, working)
        self._journal.note(
            Sending(
                item.traded.name,
                item.tag,
                item.order_id,
                item.request,
                item.traded.symbols[working.order.instrument],
                0 if item.request is RequestName.CANCEL else outgoing_quantity(outgoing),
            )
        )
        failpoint("sending_noted")
        try:
            await self._journal.flush(durable=True)
        except JournalError as error:
            self._broken(str(error))
            return
        failpoint("sending_durable")
        if self._is_closed_for(item):  # somebody closed it while the disk was waited for
            self._settle(item, working, OrderRefused(UNSENT, self.closed))
            return
        self._gate.went_out(item, working, self._clock.now())
        failpoint("request_counted")
        outcome = await self._leave(outgoing)
        failpoint("request_left")
        self._settle(item, working, outcome)

    def _drop(self, cancel: OutboxItem) -> bool:
        """Take an order out that waits here; False when it does not, so that its cancel is for the broker.

        In lockstep what waits in the queue is about to leave, in the order of a backtest.
        """
        if cancel.request is not RequestName.CANCEL:
            return False
        deferred = [one for one in self._deferred if not _is_place_of(one[1], cancel.tag)]
        queued = self._queue if self._lockstep else [one for one in self._queue if not _is_place_of(one, cancel.tag)]
        if len(deferred) == len(self._deferred) and len(queued) == len(self._queue):
            return False
        self._deferred, self._queue = deferred, queued
        self._tell_dropped(cancel)
        return True

    def _give_back(self, place: OutboxItem) -> bool:
        """Give an order up that was taken back while it waited for its turn, and its cancel with it."""
        if place.tag not in self._taken_back:
            return False
        self._taken_back.discard(place.tag)
        self._queue = [one for one in self._queue if (one.tag, one.request) != (place.tag, RequestName.CANCEL)]
        self._gate.stays(place)
        self._tell_dropped(place)
        return True

    def _tell_dropped(self, item: OutboxItem) -> None:
        self._journal.note(OrderDropped(item.traded.name, item.tag, item.order_id))
        failpoint("order_dropped")
        self._answer(item.traded, events.Cancelled(self._moment(item.traded), item.order_id))
        self._settled()

    def _begin_patience(self, item: OutboxItem, working: WorkingOrder) -> None:
        """It leaves: what it has waited so far is no silence of the broker's, which in lockstep has none."""
        self._unsent.pop(item.tag, None)
        moment = self._moment(item.traded)
        if not self._lockstep and _has_waited(working, moment):
            self._answer(item.traded, events.Waited(moment, item.order_id))

    def _is_closed_for(self, item: OutboxItem) -> bool:
        """True when this request may not leave any more; cancels always may."""
        self.closed = self.closed or self._killed()
        return bool(self.closed) and item.request is not RequestName.CANCEL

    async def _may_leave(self, item: OutboxItem, working: WorkingOrder) -> bool:
        """Ask the gate until it allows or denies."""
        while True:
            if self._journal.failed or self._give_back(item):
                return False
            if self._is_closed_for(item):
                self._give_up(item, "closed", self.closed, "an open outbox")
                return False
            now = self._clock.now()
            verdict = self._gate.review(item, working, now)
            failpoint("gate_asked")
            if isinstance(verdict, Deny):
                self._give_up(item, verdict.code, as_text(verdict.value), as_text(verdict.bound))
                return False
            if not isinstance(verdict, Wait):
                return True
            if verdict.wait_ns > LONG_WAIT_NS:
                self._defer(item, now + verdict.wait_ns)
                return False
            await self._clock.sleep_until(now + verdict.wait_ns)
            if item.traded.session.order(item.order_id) is not working:
                self._give_up(item, "not_open", "the order ended while it waited", "an open order")
                return False

    async def _outgoing(
        self, item: OutboxItem, working: WorkingOrder
    ) -> OutgoingOrder | OutgoingChange | OutgoingCancel | None:
        """Request as the broker takes it; None when its order has no name there."""
        command = item.command
        if isinstance(command, events.Submit):
            order = command.approved.order
            instrument = item.traded.session.instruments[order.instrument]
            product = product_of(item.traded.settings)
            return OutgoingOrder(command.approved, instrument, product, item.traded.deployed.name)
        broker_id = self._names.broker_id(working.tag) or await self._look_up(working.tag)
        if not broker_id:
            return None
        if isinstance(command, events.Cancel):
            return OutgoingCancel(working.tag, broker_id)
        return OutgoingChange(working.tag, broker_id, command.quantity, command.trigger, command.limit)

    async def _look_up(self, tag: str) -> str:
        """The broker's id of an order, by its tag; empty when there is none, or two, or nobody answers."""
        try:
            found = await self._broker.find(tag)
        except BrokerError:
            return ""
        if len(found) != 1:
            return ""
        self._names.learn(tag, found[0].broker_id)
        return found[0].broker_id

    async def _leave(self, outgoing: OutgoingOrder | OutgoingChange | OutgoingCancel) -> SendOutcome:
        """Send it, once. Whatever goes wrong on the way leaves the outcome unknown."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                if isinstance(outgoing, OutgoingOrder):
                    return await self._broker.place(outgoing)
                if isinstance(outgoing, OutgoingCancel):
                    return await self._broker.cancel(outgoing)
                return await self._broker.change(outgoing)
        except TimeoutError:
            return OrderUnknown(f"no answer in {PATIENCE_S:g} s")
        except Exception as error:  # noqa: BLE001 - it may have arrived all the same
            return OrderUnknown(f"{type(error).__name__}: {error}")

    # ------------------------------------------------------------------ what came of it

    def _settle(self, item: OutboxItem, working: WorkingOrder, outcome: SendOutcome) -> None:
        broker_id = outcome.broker_id if isinstance(outcome, OrderAccepted) else ""
        code, reason = "", ""
        if isinstance(outcome, OrderRefused):
            code, reason = outcome
        elif isinstance(outcome, OrderUnknown):
            reason = outcome.cause
        self._names.learn(item.tag, broker_id)
        self._gate.came_back(item, working, outcome, self._clock.now())
        self._journal.note(
            Returned(
                item.traded.name, item.tag, item.order_id, item.request, NAMES[type(outcome)], broker_id, code, reason
            )
        )
        answer = answer_of(item, outcome, self._moment(item.traded))
        if code == TRIGGER_PASSED and isinstance(answer, events.Refused):
            answer = answer._replace(passed=self._passed(item, working.order))
        failpoint("outcome_noted")
        if answer is not None:
            self._answer(item.traded, answer)
        failpoint("outcome_answered")
        self._settled()

    def _passed(self, item: OutboxItem, order: Order) -> float:
        """Price in rupees to which the market has gone past a stop: the last one seen, else the trigger itself."""
        price = self._gate.last_price(item.traded.symbols[order.instrument])
        return price if price > 0.0 else order.trigger

    def _give_up(self, item: OutboxItem, code: str, value: str, bound: str) -> None:
        """It does not leave: the session hears a refusal."""
        self._gate.stays(item)
        self._journal.note(Denied(item.traded.name, item.tag, item.order_id, item.request, code, value, bound))
        failpoint("gate_denied")
        refusal = OrderRefused(code, f"{code}: {value}, bound {bound}")
        answer = answer_of(item, refusal, self._moment(item.traded))
        if answer is not None:
            self._answer(item.traded, answer)

    def _moment(self, traded: TradedStrategy) -> int:
        return max(self._clock.now(), traded.session.moment)


NAMES: dict[type, str] = {OrderAccepted: "accepted", OrderRefused: "refused", OrderUnknown: "unknown"}


def _item(traded: TradedStrategy, command: Command) -> OutboxItem:
    _, order_id, request = key_of(traded.name, command)
    if isinstance(command, events.Submit):
        order, tag = command.approved.order, command.approved.tag
        return OutboxItem(traded, command, order_id, request, tag, order.reduces, order.protective)
    working = traded.session.order(order_id)
    if working is None:
        return OutboxItem(traded, command, order_id, request, "", reduces=True, protective=False)
    return OutboxItem(traded, command, order_id, request, working.tag, working.order.reduces, working.order.protective)


def _has_waited(working: WorkingOrder | None, moment: int) -> bool:
    """True of an order that was asked about a while ago."""
    return working is not None and working.asked_at > 0 and moment - working.silent_since > WAITED_NS


def _is_place_of(item: OutboxItem, tag: str) -> bool:
    return item.tag == tag and item.request is RequestName.PLACE


def outgoing_quantity(outgoing: OutgoingOrder | OutgoingChange | OutgoingCancel) -> int:
    """Signed units of the whole order that a request is for; 0 of a cancel."""
    if isinstance(outgoing, OutgoingOrder):
        return outgoing.approved.order.quantity
    return outgoing.quantity if isinstance(outgoing, OutgoingChange) else 0


def answer_of(item: OutboxItem, outcome: SendOutcome, moment: int) -> Answer | None:
    """Input of the session that an outcome is; None where the broker's news bring it.

    That a cancel or a change was accepted proves nothing: the order's own news say what became of it.
    """
    if isinstance(outcome, OrderUnknown):
        return events.Unknown(moment, item.order_id, outcome.cause)
    if item.request is RequestName.PLACE:
        if isinstance(outcome, OrderRefused):
            return events.Refused(moment, item.order_id, outcome.reason)
        return events.Accepted(moment, item.order_id)
    if isinstance(outcome, OrderAccepted):
        return None
    kind = events.CancelRefused if item.request is RequestName.CANCEL else events.ChangeRefused
    return kind(moment, item.order_id, outcome.reason)
