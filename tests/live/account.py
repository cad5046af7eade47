"""An account of a few sessions, driven by hand, and the pre-trade facts of an ordinary moment for it."""

from framework.live.account_orders import AccountMember
from framework.live.pretrade_world import NO_BAND, PretradeWorld
from framework.pretrade import gate
from framework.pretrade.answers import Deny
from framework.pretrade.facts import Authority, Ceilings, SendLimits, Tradable, TradingHours
from framework.types import Instrument, OrderRequest, TradingState
from tests.contract.desk import Desk

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY_NS = 24 * HOUR
NAN = float("nan")
INFY, TCS = "NSE:INFY", "NSE:TCS"
LIMITS = SendLimits(
    max_order_value=10_000.0,
    max_order_quantity=80,
    price_band_percent=5.0,
    reference_age_s=5.0,
    max_jump_percent=10.0,
    max_open_value=20_000.0,
    max_position_value=30_000.0,
    max_gross_value=40_000.0,
    funds_age_s=60.0,
    duplicate_s=2.0,
    orders_per_second=5,
    cancels_per_second=3,
    orders_per_minute=10,
    orders_per_day=100,
)
WHO = Authority("AB1234", "app", "tulya", "203.0.113.7")


class AccountStand:
    """Sessions ``t``, ``u``, … over INFY and TCS at 100 rupees, and the world of their account."""

    def __init__(self, names=("t",), products=("CNC",), *, band=NO_BAND, found=WHO, **choices):
        nse = [Instrument("INFY", "NSE", tick=0.05), Instrument("TCS", "NSE", tick=0.05)]
        self.desks = {name: Desk("on_bar", instruments=nse, name=name, product="MIS", **choices) for name in names}
        products = [*products, *[products[-1]] * (len(names) - len(products))]
        members = {
            name: AccountMember(self.desks[name].session, (INFY, TCS), product)
            for name, product in zip(names, products, strict=True)
        }
        self.world = world = PretradeWorld(LIMITS, members, configured=WHO, found=found, band=band)
        for desk in self.desks.values():
            desk.close(100.0)
        self.now = now = max(desk.moment for desk in self.desks.values())
        day = now // DAY_NS
        self.hours = TradingHours(day, now - HOUR, now + HOUR, now + HOUR // 2, broker_open=True)
        world.ceilings = Ceilings(100_000_000.0, 10)
        world.state = TradingState.ACTIVE
        world.note_hours(self.hours)
        world.note_restricted({})
        world.note_funds(20_000_000, now - SECOND)
        for symbol in (INFY, TCS):
            world.note_instrument(symbol, Tradable(0.05, 1, 10_000))
            world.note_price(symbol, 99.0, now - 2 * SECOND)
            world.note_price(symbol, 100.0, now - SECOND)

    def asks(self, quantity=50, limit=100.0, *, name="t", instrument=0, trigger=NAN):
        """A session decides on an order at the next close; its command and the order itself."""
        desk = self.desks[name]
        wanted = OrderRequest(instrument, quantity, limit=limit, trigger=trigger)
        (command,) = desk.close(100.0, requests=[wanted])
        return command, desk.session.order(command.approved.order.order_id)

    def holds(self, quantity, *, name="t", instrument=0):
        """A session comes to hold so many units, bought or sold at 100."""
        command, working = self.asks(quantity, NAN, name=name, instrument=instrument)
        order_id = working.order.order_id
        self.desks[name].accept(order_id)
        self.desks[name].fill(order_id, quantity, instrument=instrument)
        assert quantity == self.desks[name].session.account.quantity[instrument]
        return command

    def rests(self, quantity, limit=100.0, *, name="t", instrument=0):
        """An order of a session rests at the broker."""
        command, working = self.asks(quantity, limit, name=name, instrument=instrument)
        self.world.note_leaving(self.world.request_of(name, command, working), self.now - 30 * SECOND)
        self.desks[name].accept(working.order.order_id)
        return working

    def request(self, command, working, name="t"):
        return self.world.request_of(name, command, working)

    def review(self, command, working, name="t", now=None):
        request = self.world.request_of(name, command, working)
        return gate.review(request, self.world.context(request), self.now if now is None else now)

    def code(self, command, working, name="t", now=None):
        """Code of the denial; empty: it is allowed, or waits."""
        answer = self.review(command, working, name, now)
        return answer.code if isinstance(answer, Deny) else ""
