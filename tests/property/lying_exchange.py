"""An exchange that lies: late, doubled, reordered, refusing, forgetting; and a host that hears it. By a seed alone."""

from dataclasses import dataclass
from random import Random

from framework.session import Session
from framework.types import BarRow, Decisions, Fill, Instrument, OrderType
from framework.types.deadlines import NEVER, Deadline
from framework.types.events import (
    Accepted,
    BarCloses,
    BarOpens,
    Cancel,
    Cancelled,
    CancelRefused,
    Changed,
    ChangeRefused,
    Decided,
    Expired,
    Filled,
    Found,
    Refused,
    SessionEnds,
    Submit,
    Surprise,
    Tick,
    Unknown,
)
from framework.types.record import OrderState
from tests.contract.market import DAY_NS, HOUR_NS, NAN, settings_of

MINUTE_NS = 60 * 10**9
INSTRUMENTS = (Instrument("A"), Instrument("B"))
ALARMS = {"unprotected", "unanswered", "unknown", "change_refused", "accident", "fills_missing", "lost", "sign_of_life"}
"""Surprises after which a person knows that something may be without its stop."""


@dataclass
class Resting:
    """An order in the exchange's book."""

    order: object
    filled: int = 0
    state: OrderState = OrderState.WORKING

    @property
    def remaining(self):
        return self.order.quantity - self.filled


class LyingExchange:
    """Its book and its fills are the truth; what it says of them is another matter."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.book: dict[int, Resting] = {}
        self.fills: list[Fill] = []
        self.mail: list = []
        self.lies = True
        self.forgot = False
        """Something that happened was never said: nobody can know of it before the book is read."""

    def chance(self, share: float) -> bool:
        return self.lies and self.random.random() < share

    def say(self, answer) -> None:
        """An answer goes out: perhaps twice, perhaps never."""
        if self.chance(0.06):
            self.forgot = True
        else:
            self.mail += [answer] * (2 if self.chance(0.15) else 1)

    def execute(self, command) -> None:
        order_id = command.approved.order.order_id if isinstance(command, Submit) else command.order_id
        if self.chance(0.05):  # lost on the way; the line may notice
            if self.chance(0.5):
                self.mail.append(Unknown(0, order_id, "timeout"))
            return
        if isinstance(command, Submit):
            if self.chance(0.08):
                self.say(Refused(0, order_id, "band"))
                return
            self.book[order_id] = Resting(command.approved.order)
            self.say(Unknown(0, order_id, "timeout") if self.chance(0.05) else Accepted(0, order_id))
            return
        resting = self.book.get(order_id)
        alive = resting is not None and resting.state is OrderState.WORKING
        if isinstance(command, Cancel):
            if alive and not self.chance(0.1):
                resting.state = OrderState.CANCELLED
                self.say(Cancelled(0, order_id))
            else:
                self.say(CancelRefused(0, order_id, "not now"))
        elif alive and abs(command.quantity) > abs(resting.filled) and not self.chance(0.1):
            others = {"trigger": command.trigger, "limit": command.limit}
            given = {name: price for name, price in others.items() if price > 0}
            resting.order = resting.order._replace(quantity=command.quantity, **given)
            self.say(Changed(0, order_id))
        else:
            self.say(ChangeRefused(0, order_id, "not now"))

    def trade(self, moment: int) -> None:
        """Something happens in the book: fills, whole or in part, and orders that the broker ends by himself."""
        for order_id, resting in list(self.book.items()):
            if resting.state is not OrderState.WORKING:
                continue
            order, market = resting.order, resting.order.type is OrderType.MARKET
            if self.random.random() < (0.7 if market else 0.12):
                units = abs(resting.remaining)
                part = units if self.random.random() < 0.6 else self.random.randint(1, units)
                self.fill(order_id, part if order.quantity > 0 else -part, moment)
            elif self.chance(0.03):
                ways = [(OrderState.CANCELLED, Cancelled(0, order_id)), (OrderState.EXPIRED, Expired(0, order_id))]
                resting.state, answer = self.random.choice([*ways, (OrderState.REFUSED, Refused(0, order_id, "later"))])
                self.say(answer)

    def fill(self, order_id: int, units: int, moment: int) -> None:
        resting = self.book[order_id]
        resting.filled += units
        if resting.remaining == 0:
            resting.state = OrderState.FILLED
        fill = Fill(order_id, resting.order.instrument, units, float(self.random.randint(90, 110)), moment)
        self.fills.append(fill)
        self.say(Filled(0, str(len(self.fills)), fill))

    def position(self, i: int) -> int:
        return sum(fill.quantity for fill in self.fills if fill.instrument == i)

    def stops(self, i: int) -> int:
        """Signed units of live protective stops."""
        live = [one for one in self.book.values() if one.state is OrderState.WORKING and one.order.protective]
        return sum(one.remaining for one in live if one.order.instrument == i and one.order.type is OrderType.STOP)


class LiedTo:
    """A session that hears such an exchange for some days."""

    def __init__(self, seed: int, days: int = 8) -> None:
        self.random = Random(seed)
        exits = {"stop_loss": "5%"} | ({"take_profit": "5%"} if seed % 2 else {})
        choices = {"validity": "GTC", "product": "MIS" if seed % 3 == 0 else None, "sizing": "fixed:10"}
        self.session = Session(INSTRUMENTS, settings_of(**choices, **exits))
        self.exchange = LyingExchange(self.random)
        self.told: list[str] = []
        self.inputs: list = []
        for day in range(1, days + 1):
            self.live(day)
        self.settle(days + 1)

    def take(self, event) -> None:
        self.inputs.append(event)
        outcome = self.session.handle(event)
        self.told += [fact.code for fact in outcome.facts if isinstance(fact, Surprise)]
        for command in outcome.commands:
            self.exchange.execute(command)

    def hear(self, moment: int) -> None:
        """Some of the mail arrives, in any order."""
        mail = self.exchange.mail
        for _ in range(self.random.randint(0, len(mail)) if self.exchange.lies else len(mail)):
            answer = mail.pop(self.random.randrange(len(mail)) if self.exchange.lies else 0)
            self.take(answer._replace(moment=moment))
        self.look()

    def look(self) -> None:
        """Where nothing is under way, what Session holds rests under a stop, or somebody was told."""
        session = self.session
        if self.exchange.forgot or self.exchange.mail or session._orders.unanswered or session._upkeep.is_due():
            return
        for i, book in enumerate(session._books):
            held = session.account.quantity[i]
            if held and not book.leaving and not ALARMS & set(self.told):
                assert -self.exchange.stops(i) == held, f"{held:+d} held, stops for {self.exchange.stops(i):+d}"

    def live(self, day: int) -> None:
        start, hours, price = day * DAY_NS, 4, 100.0
        deadline = Deadline([start + 12 * HOUR_NS] * 2, [NEVER] * 2) if self.session.settings.product else None
        for hour in range(9, 9 + hours):
            opens, closes, last = start + hour * HOUR_NS, start + (hour + 1) * HOUR_NS, hour == 8 + hours
            self.take(BarOpens(opens, closes, day, last, deadline))
            for minute in range(1, 5):
                self.exchange.trade(opens + minute * MINUTE_NS)
                self.hear(opens + minute * MINUTE_NS)
                if self.random.random() < 0.5:
                    self.take(Tick(opens + minute * MINUTE_NS))
            price = float(self.random.randint(96, 104))
            closes_at = [price if self.random.random() < 0.9 else NAN for _ in INSTRUMENTS]
            self.take(BarCloses(closes, BarRow(opens, closes, day, last, *[closes_at] * 5, deadline)))
            self.hear(closes)
            targets = [self.random.choice([NAN, NAN, 0.0, 1.0, 0.5, -1.0]) for _ in INSTRUMENTS]
            limits = [self.random.choice([NAN, price - 2, price + 2]) for _ in INSTRUMENTS]
            self.take(Decided(closes, Decisions(targets, limit=limits)))
            self.hear(closes)
        evening = start + (9 + hours) * HOUR_NS
        self.take(SessionEnds(evening))
        self.hear(evening)
        self.pull(evening, start)

    def pull(self, moment: int, since: int) -> None:
        """The day's trades are read from the broker's book, whatever the stream had told."""
        for number, fill in enumerate(self.exchange.fills, start=1):
            if fill.time >= since:
                self.take(Filled(moment, str(number), fill))

    def settle(self, day: int) -> None:
        """The truth comes out: every fill is pulled, the book is read, and nothing lies or trades any more."""
        self.exchange.lies = False
        moment = day * DAY_NS
        self.hear(moment)
        self.pull(moment, moment - DAY_NS)
        self.hear(moment)
        for _ in range(3):
            moment += 2 * MINUTE_NS
            for record in self.session.open_orders():
                order = record.order
                resting = self.exchange.book.get(order.order_id)
                if record.state is OrderState.PARKED:
                    continue
                if resting is None:
                    self.take(Found(moment, order.order_id, OrderState.ABSENT, 0))
                else:
                    now = resting.order
                    asked = (resting.state, resting.filled, now.quantity, now.limit, now.trigger)
                    self.take(Found(moment, order.order_id, *asked))
                self.hear(moment)
            self.take(Tick(moment))
            self.hear(moment)
