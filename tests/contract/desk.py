"""A Session over a few instruments, driven by hand: bars are a close, the broker is the test."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from framework.session import Session
from framework.types import BarRow, Decisions, Fill, Instrument
from framework.types.breaker import BreakerEvent
from framework.types.events import (
    Accepted,
    BarCloses,
    BarOpens,
    Cancel,
    Cancelled,
    CancelRefused,
    Change,
    Changed,
    ChangeRefused,
    Command,
    Decided,
    Expired,
    Filled,
    Found,
    Outcome,
    Refused,
    SessionEnds,
    Submit,
    Surprise,
    Tick,
    Unknown,
)
from framework.types.record import AppliedAction, Notice, OrderRecord, OrderState, Settlement
from tests.contract.market import DAY_NS, NAN, settings_of

MINUTE_NS = 60 * 10**9


class Desk:
    """One Session with every fact it told; each answer is a moment after what came before it."""

    def __init__(self, style="signals", *, instruments=("A",), actions=(), rules=(), name="t", **choices: Any):
        named = [one if isinstance(one, Instrument) else Instrument(one) for one in instruments]
        self.session = Session(named, settings_of(**choices), style=style, actions=actions, rules=rules, name=name)
        self.facts: list[Any] = []
        self.commands: list[Command] = []
        self.day = 0
        self.fills = Counter()

    # ------------------------------------------------------------------ inputs

    def take(self, event: Any) -> list[Command]:
        """Hand an input over and keep what follows."""
        outcome: Outcome = self.session.handle(event)
        self.facts += outcome.facts
        self.commands += outcome.commands
        return list(outcome.commands)

    def row(self, *closes: float, day: int | None = None) -> BarRow:
        """A bar of one day that does not move."""
        count = len(self.session.instruments)
        prices = list(closes) if len(closes) == count else [closes[0]] * count
        day = self.day if day is None else day
        return BarRow(day * DAY_NS, (day + 1) * DAY_NS, day, True, *[prices] * 4, [NAN] * count)

    def open(self) -> list[Command]:
        """The next day opens."""
        self.day += 1
        return self.take(BarOpens(self.day * DAY_NS, (self.day + 1) * DAY_NS, self.day, ends_session=True))

    def shut(self, *closes: float, target: Any = None, requests: Sequence[Any] = (), **prices: float) -> list[Command]:
        """It closes, and what was decided is handed over."""
        row = self.row(*closes)
        commands = self.take(BarCloses(row.close_time, row))
        targets = target if isinstance(target, list) else [target] * len(self.session.instruments)
        beside = {name: [value] * len(targets) for name, value in prices.items()}
        decisions = None if target is None else Decisions(targets, **beside)
        return commands + self.take(Decided(row.close_time, decisions, tuple(requests)))

    def close(self, price, target=None, requests=(), **prices) -> list[Command]:
        """A whole day."""
        return self.open() + self.shut(price, target=target, requests=requests, **prices)

    def end_session(self) -> list[Command]:
        return self.take(SessionEnds(self.moment))

    def wait(self, ns: int = MINUTE_NS) -> list[Command]:
        """Time passes without a bar."""
        return self.take(Tick(self.moment + ns))

    @property
    def moment(self) -> int:
        return self.session.moment

    # ------------------------------------------------------------------ answers

    def fill(self, order_id, quantity, price=100.0, *, at_open=True, fill_id="", instrument=0, time=None):
        """A fill; its id is its number unless said."""
        self.fills[order_id] += 1
        fill_id = fill_id or f"{order_id}-{self.fills[order_id]}"
        moment = self.moment
        fill = Fill(order_id, instrument, quantity, price, moment if time is None else time)
        return self.take(Filled(moment, fill_id, fill, at_open))

    def accept(self, order_id):
        return self.take(Accepted(self.moment, order_id))

    def refuse(self, order_id, reason="no", *, proof=True, passed=NAN):
        return self.take(Refused(self.moment, order_id, reason, proof, 0, passed))

    def cancelled(self, order_id, reason=""):
        return self.take(Cancelled(self.moment, order_id, reason))

    def cancel_refused(self, order_id, reason="no"):
        return self.take(CancelRefused(self.moment, order_id, reason))

    def changed(self, order_id):
        return self.take(Changed(self.moment, order_id))

    def change_refused(self, order_id, reason="no"):
        return self.take(ChangeRefused(self.moment, order_id, reason))

    def expire(self, order_id):
        return self.take(Expired(self.moment, order_id))

    def unknown(self, order_id, cause="timeout"):
        return self.take(Unknown(self.moment, order_id, cause))

    def find(self, order_id, state=OrderState.WORKING, filled=0, **others):
        return self.take(Found(self.moment, order_id, state, filled, **others))

    # ------------------------------------------------------------------ what is to be seen

    @property
    def position(self) -> int:
        return self.session.account.quantity[0]

    @property
    def settlements(self) -> list[Settlement]:
        return [fact for fact in self.facts if isinstance(fact, Settlement)]

    @property
    def notices(self) -> list[Notice]:
        return [fact for fact in self.facts if isinstance(fact, Notice)]

    @property
    def surprises(self) -> list[str]:
        """Their codes, as they came."""
        return [fact.code for fact in self.facts if isinstance(fact, Surprise)]

    @property
    def breaker_events(self) -> list[BreakerEvent]:
        return [fact for fact in self.facts if isinstance(fact, BreakerEvent)]

    @property
    def actions(self) -> list[AppliedAction]:
        return [fact for fact in self.facts if isinstance(fact, AppliedAction)]

    def records(self) -> list[OrderRecord]:
        """Every order so far, by id, as it was told last."""
        ended = {fact.order.order_id: fact for fact in self.facts if isinstance(fact, OrderRecord)}
        working = {record.order.order_id: record for record in self.session.open_orders()}
        return [record for _, record in sorted((ended | working).items())]

    def outcomes(self) -> list[tuple[int, str, str]]:
        """(signed units of the order, state, why) of every order, by id."""
        return [(o.order.quantity, str(o.state), o.why) for o in self.records()]


def in_doubt(side: int, **choices: Any) -> Desk:
    """A desk of which nobody knows what became of its entry, order 1."""
    desk = Desk(**choices)
    desk.close(100, side)
    desk.unknown(1)
    return desk


def submitted(commands: Sequence[Command]) -> list[tuple[int, int]]:
    """(order id, signed units) of what is to be placed."""
    return [(c.approved.order.order_id, c.approved.order.quantity) for c in commands if isinstance(c, Submit)]


def cancels(commands: Sequence[Command]) -> list[int]:
    return [c.order_id for c in commands if isinstance(c, Cancel)]


def changes(commands: Sequence[Command]) -> list[Change]:
    return [c for c in commands if isinstance(c, Change)]
