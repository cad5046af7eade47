"""The trading session as a state machine: ``handle(input) -> Outcome(commands, facts)``. Nothing else changes it.

Theory of operation
===================

A session is one account trading one strategy over some instruments. It has no clock, no I/O and no randomness: the same
inputs in the same order give the same commands and facts, in a backtest, on paper and live, and a crash is repaired by
handling the journal's inputs again. It does not know which host it runs in. Everything that decides what to order, when
and how much is here and in the rulebook that it calls; hosts carry commands to a broker and answers back.

Five small machines run side by side, and each input moves some of them.

The **session day** (``sequence``, ``product``) goes BarOpens → BarCloses → Decided, bar by bar, and SessionEnds after
the last. The first bar's open begins a session: counts begin anew, corporate actions are applied, square-offs come due.
It sees bars and ticks, never the prices of a bar that has not closed. ``sequence`` is the guard at the door: an input
that cannot come now raises before anything has changed.

An **order** (``orders``, ``lifecycle``, ``answers``, ``fills``) goes PARKED → SENT → WORKING → done, with UNKNOWN
beside it. It sees answers, and moves by evidence only. A cancel or a change under way is noted beside the state: until
it is answered, the order may be in either state, and counts as the worse one.

An **intent** (``intents``, ``increases``, ``reductions``) is the wish for an instrument: a target, the units it means,
or *leaving*. It moves at decisions, and when an order comes to nothing or an exit was forced. Increases are
reviewed (``review``); reductions are ordered until they are done.

A **protection** (``protection``) is the pair of stop and target of a position. It follows every fill, close and split:
its size is the position's, it is changed in place, and a stop that ended without filling is due again at once.

The **breaker** (``breaker``, ``surprises``, ``persons``) says whether increases are allowed. It moves at closes, by an
order too many, by a surprise, and by a person.

What couples them is the position, and only ``aftermath`` couples: a fill (order) changes the position; that moves the
protection, may force the intent to 0, and may free an order that was parked behind another. A trip of the breaker
withdraws entries and may make intents leave. Everything else goes through the next decision.

What can race
-------------
Between a command and its answer the world goes on. The rules that make every race end well:

- A cancel and a fill: the fill counts. A parked order waits for the cancel's answer, and is dropped when a fill
  overtakes it or the cancel is refused.
- A change and a fill: quantities of a change are of the whole order, what has filled included, so either order of the
  two events ends alike. One change is under way at a time; the next one aims at what is wanted by then.
- Answers among each other: ``lifecycle`` gives states a rank, so that any order of the same answers ends alike.
- Stop and target: both may fill. That is booked; the position that came of it is an accident, and is closed at once.
- A silence: a command that is not answered in time is told. An order whose placing is not answered is
  UNKNOWN: it keeps its reserve, counts in full in every limit and is never sent again. Only evidence ends it.
- Somebody else in the account: a fill that no order explains is booked and told; increases wait until somebody has
  reconciled the account.

``upkeep`` is the safety net: at every close and tick it looks again at whatever was refused or is missing. In a
simulation it has nothing to do, because there everything is answered at once and nothing is refused. What only a real
broker can do is in ``answers``, ``fills``, ``surprises``, ``upkeep`` and ``persons``; of all that the compiled engine
mirrors the plain way of a fill alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.errors import InvariantError, RefusedInputError
from framework.rules.breaker import is_ruin
from framework.session.account import Account
from framework.session.aftermath import Aftermath
from framework.session.annulments import Annulments
from framework.session.answer_shape import KINDS, is_understood
from framework.session.answers import BrokerAnswers
from framework.session.approval import LONGEST_NAME
from framework.session.breaker import Breaker
from framework.session.corporate_actions import CorporateActions
from framework.session.desk import SessionDesk
from framework.session.explicit_orders import ExplicitOrders
from framework.session.exposure import Exposure
from framework.session.fills import BrokerFills, Hooks
from framework.session.funding import Funding
from framework.session.increases import Increases
from framework.session.instrument_state import InstrumentState, WorkingOrder
from framework.session.intents import Intents
from framework.session.orders import Orders
from framework.session.persons import Persons, refuse_impossible
from framework.session.product import Product
from framework.session.protection import Protection
from framework.session.reductions import Reductions
from framework.session.review import Review, ReviewContext
from framework.session.sequence import CLOSED, DECIDED, OPEN, Sequence
from framework.session.staleness import Staleness
from framework.session.surprises import Surprises
from framework.session.upkeep import Upkeep
from framework.session.wording import trip_text
from framework.types import events
from framework.types.breaker import BreakerCause
from framework.types.events import NOTHING, Outcome
from framework.types.made import made
from framework.types.orders import BarRow, Reason
from framework.types.record import Notice
from framework.types.rupees import rupees

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence as Many

    from framework.types import BreakerEvent, Fill, Instrument, Portfolio, RiskRule, Settings, TradingState
    from framework.types.actions import Due
    from framework.types.events import Command, Fact, Input
    from framework.types.record import OrderRecord, Settlement


NO_ROW = BarRow(0, 0, 0, False, (), (), (), (), ())


class Session:
    """One account trading one strategy over some instruments. ``instruments`` must be sorted by (exchange, symbol)."""

    def __init__(
        self,
        instruments: Many[Instrument],
        settings: Settings,
        *,
        style: str = "signals",
        rules: Many[RiskRule] = (),
        actions: Many[Due] = (),
        name: str = "t",
    ) -> None:
        """``actions``: corporate actions in the order they take effect, none of them before the first session.

        ``name`` begins the tag of every order: letters and digits, one name for each session of an account.
        """
        if not (name.isascii() and name.isalnum() and len(name) <= LONGEST_NAME):
            msg = f"the session's name {name!r} must be 1 to {LONGEST_NAME} letters and digits: it begins every tag"
            raise InvariantError(msg)
        self.instruments = tuple(instruments)
        self.settings = settings
        self.account = account = Account(instruments, settings)
        self._facts: list[Fact] = []
        tell = self._facts.append
        self._weights = style == "allocate"
        by_target = style != "on_bar"
        self._rules = tuple(rules)
        self.inputs = inputs = Sequence(len(self.instruments))
        self._books = books = [InstrumentState() for _ in self.instruments]
        self.breaker = breaker = Breaker(settings, account.trips, tell)
        self._orders = orders = Orders(account, books, inputs, breaker, tell, name)
        self._surprises = surprises = Surprises(instruments, breaker, tell)
        reuse_proceeds = self._weights if settings.reuse_proceeds is None else settings.reuse_proceeds
        exposure = Exposure(account, orders, reuse_proceeds=reuse_proceeds, by_target=by_target)
        self._last_bars = Staleness(len(self.instruments))
        self._reductions = Reductions(
            account, books, orders, by_target=by_target, weights=self._weights, protection_bps=settings.protection_bps
        )
        self._product = Product(settings, SessionDesk(inputs, account, books, orders, tell), self._reductions)
        self.seen = ReviewContext(self._product, breaker, orders, exposure, self._last_bars)
        self.review = review = Review(settings, rules, account, self.seen, self.portfolio)
        funding = Funding(account, orders, reuse_proceeds=reuse_proceeds)
        self.increases = Increases(settings, account, orders, review, funding, by_target=by_target)
        self._explicit = ExplicitOrders(settings, account, books, orders, self.increases)
        self._protection = Protection(instruments, settings, account, books, orders, surprises)
        desk = SessionDesk(inputs, account, books, orders, tell)
        self._corporate_actions = CorporateActions(actions, desk, self._protection, self._last_bars)
        self._intents = Intents(instruments, settings, account, books, orders, weights=self._weights)
        self._aftermath = Aftermath(
            desk, self._protection, self._reductions, reenter=settings.reenter, by_target=by_target
        )
        self._upkeep = Upkeep(desk, self._protection, self._reductions)
        hooks = Hooks(self._rules, self.portfolio)
        self._fills = BrokerFills(desk, self._aftermath, surprises, hooks)
        annulments = Annulments(desk, self._fills, self._aftermath, surprises, hooks)
        self._answers = answers = BrokerAnswers(desk, self._protection, self._aftermath, surprises, self._upkeep)
        self._persons = Persons(desk, breaker, self._product, self._protection, surprises)
        self.equity_paise = settings.capital_paise
        """Cash plus marked positions at the last close."""
        self._unanswered, self._to_look_at = orders.unanswered, self._protection.to_look_at
        self._awaits_fills = self._protection.awaits_fills
        """Where any of these three is not empty, ``upkeep`` is due."""
        self.broken = ""
        """Why no further input is taken: an exception left the session half changed; empty while it is whole."""
        self._row = NO_ROW
        """The bar that closed last."""
        self._bars: dict[type, Callable[[Any], list[Command]]] = {
            events.BarOpens: self._open_bar,
            events.BarCloses: self._close_bar,
            events.Decided: self._decide,
            events.SessionEnds: self._end_session,
            events.Revalue: self._revalue,
        }
        """Each lets its input in itself: a bar asks three times."""
        self._others: dict[type, Callable[[Any], list[Command]]] = {
            events.Filled: self._fills.filled,
            events.Annulled: annulments.annulled,
            events.Accepted: answers.accepted,
            events.Refused: answers.refused,
            events.Cancelled: answers.cancelled,
            events.CancelRefused: answers.cancel_refused,
            events.Changed: answers.changed,
            events.ChangeRefused: answers.change_refused,
            events.Expired: answers.expired,
            events.Unknown: answers.unknown,
            events.Found: answers.found,
            events.Tick: self._tick,
            events.Waited: self._upkeep.waited,
            events.PersonSays: self._hear_person,
            events.ActionKnown: self._learn_action,
        }

    def __repr__(self) -> str:
        held = ", ".join(f"{self.instruments[i]} {self.account.quantity[i]:+d}" for i in self.account.held)
        return f"Session({self.state.value}, equity {rupees(self.equity_paise / 100)}, {held or 'flat'})"

    # ------------------------------------------------------------------ the one entrance

    def handle(self, event: Input) -> Outcome:
        """Take one input and say what follows from it.

        Raises ``RefusedInputError`` (an ``InvariantError``) for an input that cannot come now; then nothing has
        changed. Any other exception, of a user's rule above all, leaves the session half changed: it is ``broken``
        then, and refuses every further input.
        """
        carry_out, facts = self._bars.get(type(event)) or self._admitted(event), self._facts
        try:
            commands = carry_out(event)
        except RefusedInputError:
            raise
        except BaseException as error:
            self._break_off(event, error)
            raise
        if not (commands or facts):
            return NOTHING
        outcome = made(Outcome, (tuple(commands), tuple(facts)))
        facts.clear()
        return outcome

    def _break_off(self, event: Input, error: BaseException) -> None:
        """An input was carried out in part: no further one is let in, for nothing is sure any more."""
        self.broken = (
            f"this session stopped in the middle of input {type(event).__name__} at {event.moment} ns, by "
            f"{type(error).__name__}: {error}; mend that, and make a new session from its journal, which ends before it"
        )
        self._bars.clear()
        self._others.clear()

    def _admitted(self, event: Input) -> Callable[[Any], list[Command]]:
        """The part that carries out an input that may come at any time, once it was let in."""
        carry_out = self._others.get(type(event))
        if carry_out is None:
            msg = self.broken or f"{type(event).__name__} is no input of a session; see framework.types.events.Input"
            raise RefusedInputError(msg)
        if type(event) is events.PersonSays:
            refuse_impossible(event, self.account)
        self.inputs.admit(event)
        if type(event) in KINDS and not is_understood(event):
            return self._answers.not_understood
        return carry_out

    # ------------------------------------------------------------------ what hosts read

    @property
    def state(self) -> TradingState:
        """Trading state: what is allowed now."""
        return self.breaker.state

    @property
    def now(self) -> int:
        """Date of what is noted now, UTC nanoseconds."""
        return self.inputs.now

    @property
    def moment(self) -> int:
        """The moment of the latest input, UTC nanoseconds."""
        return self.inputs.moment

    @property
    def session_day(self) -> int:
        """Session of the bar that opened last, days since 1970-01-01; far in the past before the first."""
        return self.inputs.bar.session

    def is_open(self, open_time: int) -> bool:
        """True while the bar that opened at this moment (UTC nanoseconds) is the latest and has not closed."""
        return self.inputs.phase == OPEN and self.inputs.bar.moment == open_time

    @property
    def last_row(self) -> BarRow:
        """The bar that closed last; one of no instrument before the first."""
        return self._row

    @property
    def is_in_bar(self) -> bool:
        """True between a bar's open and its close."""
        return self.inputs.phase == OPEN

    @property
    def awaits_decision(self) -> bool:
        """True between a bar's close and the decision at it."""
        return self.inputs.phase == CLOSED

    @property
    def awaits_end(self) -> bool:
        """True after the decision at a session's last bar, until the session has ended."""
        return self.inputs.phase == DECIDED and self._row.ends_session

    def portfolio(self) -> Portfolio:
        """The account at this moment, frozen."""
        reserved = self._orders.reserved_paise
        return self.account.snapshot(self.inputs.now, self.state, self.breaker.session_start_paise, reserved)

    def open_orders(self) -> tuple[OrderRecord, ...]:
        """Every open order, by order id."""
        return self._orders.records()

    def working(self, i: int) -> list[WorkingOrder]:
        """Open orders of one instrument, oldest first."""
        return self._orders.of(i)

    def order(self, order_id: int) -> WorkingOrder | None:
        """The open order of this id, or None; to be read only."""
        return self._orders.get(order_id)

    def known_orders(self) -> list[WorkingOrder]:
        """Open orders and those that ended in this session or the one before, by id; to be read only."""
        return self._orders.open_or_lately_done()

    @property
    def next_order_id(self) -> int:
        """No order has this number yet, nor any above it."""
        return self._orders.next_id

    def booked_fill(self, fill_id: str) -> Fill | None:
        """The execution of this id that was booked in this session or the one before, and not annulled."""
        return self._fills.booked(fill_id)

    def book(self, i: int) -> InstrumentState:
        """Memory of one instrument; to be read only."""
        return self._books[i]

    # ------------------------------------------------------------------ before the open of a bar

    def _open_bar(self, bar: events.BarOpens) -> list[Command]:
        """Before anything of this bar fills: a new session begins, square-offs are due. Only its times may be seen."""
        inputs = self.inputs
        last, moment, session = inputs.bar, bar.moment, bar.session
        session_before = last.session
        if not (last.close_time <= moment < bar.close_time and session >= session_before):
            inputs.refuse_opening(bar)
        inputs.phase, inputs.bar = OPEN, bar
        # Its moment is its open, however late it is reported. Only for speed without ``max``.
        inputs.moment = inputs.now = moment if moment > inputs.moment else inputs.moment  # noqa: FURB136
        commands = self._begin_session(session, moment) if session != session_before else []
        if bar.deadline is None and self._product.deadline is None:
            return commands
        return commands + self._product.before_open(bar)

    def _begin_session(self, session: int, now: int) -> list[Command]:
        """Counts begin anew, what only lasts for a session is over, and ex-dates are gone through."""
        inputs, breaker = self.inputs, self.breaker
        inputs.began_before, inputs.began = inputs.began, now
        if self._orders.remembers():
            self._orders.begin_session()
            self._fills.begin_session()
        breaker.session_start_paise = self.equity_paise
        if breaker.is_tripped():
            breaker.begin_session(now, self.equity_paise)
        actions = self._corporate_actions
        commands = self._go_through_actions(session, now) if actions.due and actions.is_due(session) else []
        if self._unanswered or self._to_look_at or self._awaits_fills:
            commands += self._upkeep.at_open()
        return commands

    def _go_through_actions(self, session: int, now: int) -> list[Command]:
        commands = self._corporate_actions.begin_session(session, now, self._paid_out, self._aftermath.give_up)
        self._fills.watch_cash()
        return commands

    def _paid_out(self, settlement: Settlement) -> list[Command]:
        """A consolidation left less than one share of a position: it is gone, like after a forced exit."""
        self._facts.append(settlement)
        return self._aftermath.went_flat(settlement.fill.instrument, settlement.fill.order_id, forced=True)

    # ------------------------------------------------------------------ the close of a bar

    def _close_bar(self, event: events.BarCloses) -> list[Command]:
        """Mark at this bar's close, look at the breaker, tell the hooks, look after the exits."""
        inputs, moment, row = self.inputs, event.moment, event.row
        bar, close_time, closes = inputs.bar, row.close_time, row.close
        if not (
            inputs.phase == OPEN
            and row.time == bar.moment
            and close_time == bar.close_time
            and row.session == bar.session
            and inputs.moment <= moment >= close_time
            and len(closes) == inputs.instruments
        ):
            inputs.refuse_closing(event)
        inputs.phase, inputs.moment, inputs.now = CLOSED, moment, close_time
        self._row = row
        equity_paise = self.equity_paise = self.account.mark(closes)
        if self.review.looks_at_bars:
            self._last_bars.note(row)
        commands: list[Command] = []
        if self.breaker.watches_closes or equity_paise <= 0:  # ``is_ruin``, asked without a call at every bar
            tripped = self.breaker.judge(close_time, equity_paise)
            if tripped:
                commands = self._tripped(tripped)
        for rule in self._rules:
            rule.on_state(self.portfolio())
        if self.account.held:
            commands += self._protection.look_after(row)
        if self._unanswered or self._to_look_at or self._awaits_fills:
            commands += self._upkeep.at_close(self._answers.doubt)
        return commands

    def _revalue(self, event: events.Revalue) -> list[Command]:
        """After fills at the close: value the account once more at that close; they may have ruined it."""
        self.inputs.passes(event)
        self.equity_paise = self.account.mark(self._row.close)
        if not is_ruin(self.equity_paise):
            return []
        tripped = self.breaker.judge(self.inputs.now, self.equity_paise)
        return self._tripped(tripped) + self._reductions.at_close(self._row) if tripped else []

    def _decide(self, event: events.Decided) -> list[Command]:
        """Decide at the close just marked. Reductions come before increases, each by instrument."""
        inputs, row, moment = self.inputs, self._row, event.moment
        if not (inputs.phase == CLOSED and moment >= inputs.moment):
            inputs.passes(event)
        inputs.phase = DECIDED
        inputs.moment = inputs.now = moment
        decisions, requests, fresh = event.decisions, event.requests, self.breaker.fresh
        increases = [] if decisions is None else self._intents.decide(row, decisions, self.equity_paise)
        commands = self._reductions.at_close(row) if self.account.held else []
        if fresh:
            fresh.clear()
        if not (increases or requests):
            return commands
        now = row.close_time
        for increase in increases:
            commands += self.increases.decided(increase, self.equity_paise, now)
        for request in requests:
            commands += self._explicit.carry_out(request, self.equity_paise, now)
        if fresh:  # a runaway: what is to be left is left at the next open
            commands += self._tripped(fresh) + self._reductions.at_close(row)
        return commands

    def _end_session(self, event: events.SessionEnds) -> list[Command]:
        """After the decisions of a session's last bar: what must not last longer is given up at that close."""
        self.inputs.passes(event)
        return self._product.end_session(self._row)

    # ------------------------------------------------------------------ the circuit breaker

    def _tripped(self, tripped: Many[BreakerEvent]) -> list[Command]:
        """Tell it, withdraw what would still increase; after ruin and with ``on_trip: flatten`` leave what is held."""
        commands: list[Command] = []
        now = self.inputs.now
        for event in tripped:
            text = trip_text(event, self.settings.limits, self.instruments)
            self._facts.append(Notice(now, str(event.cause), text))
            for i in self._orders.instruments():
                for entry in self._orders.entries(i):
                    commands += self._orders.withdraw(entry, now)
            if self.settings.limits.on_trip == "flatten" or event.cause is BreakerCause.RUIN:
                for i in self._orders.instruments():
                    self._orders.leave_late_fills(i, Reason.RISK)
                for i in self.account.held:
                    if not self._books[i].leaving:
                        self._books[i].leave(Reason.RISK, self.settings.reenter)
        return commands

    # ------------------------------------------------------------------ time, persons, corporate actions

    def _tick(self, event: events.Tick) -> list[Command]:
        """No bar need come for what is due by now."""
        return self._product.square_off(event.moment) + self._upkeep.at_tick(self._answers.doubt)

    def _hear_person(self, said: events.PersonSays) -> list[Command]:
        commands = self._persons.say(said, self.equity_paise)
        self.equity_paise = self.account.equity_paise()
        self._fills.watch_cash()
        return commands

    def _learn_action(self, known: events.ActionKnown) -> list[Command]:
        """An action is gone through with the first bar on or after its ex-date, or now, if that has come already.

        What was traded since then was bought without the right, and nobody here can tell the two apart.
        """
        (ex_day, i, _), session = known.due, self.inputs.bar.session
        if ex_day <= session and self._fills.last_traded.get(i, -1) >= ex_day:
            said = f"ex-date {ex_day} days since 1970-01-01"
            self._surprises.tell("late_action", known.moment, 0, i, said=said)
            return []
        self._corporate_actions.learn(known.due)
        return self._go_through_actions(session, known.moment) if ex_day <= session else []
