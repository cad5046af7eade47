"""Pairs for a broker that holds none: one exit at the broker at a time, and Session does not know."""

from random import Random
from types import SimpleNamespace

import pytest

from adapters.paper.behaviour import Dice, PaperBehaviour
from framework.broker.book import BrokerFill, BrokerOrder, BrokerOrderState
from framework.broker.port import (
    OrderAccepted,
    OrderRefused,
    OrderUnknown,
    OutgoingCancel,
    OutgoingChange,
    OutgoingOrder,
)
from framework.live.news import order_answer
from framework.live.one_cancels_other import OneCancelsOther
from framework.live.virtual_loop import run_virtual
from framework.session import Session
from framework.types import Settings
from framework.types.events import BarCloses, BarOpens, Cancel, Decided, Filled, Refused, Submit, Surprise
from framework.types.orders import GTC, LIMIT, MARKET, NAN, STOP, BarRow, Decisions, Fill, Reason
from tests.broker.driver import INSTRUMENTS
from tests.broker.paper_driver import MINUTE_NS, OPENS_NS, PaperDriver

OPEN, FILLED, CANCELLED, REFUSED = (
    BrokerOrderState.OPEN, BrokerOrderState.FILLED, BrokerOrderState.CANCELLED, BrokerOrderState.REFUSED,
)  # fmt: skip
GROUP = "alpha00000002"


class PairDriver(PaperDriver):
    """Ten units long at 100, a stop at 95, a target at 105, at a broker that holds no pairs."""

    def __init__(self, **behaviour):
        super().__init__(lockstep=False, behaviour=PaperBehaviour(one_cancels_other=False, **behaviour))

    def connect(self):
        super().connect()
        self.broker = OneCancelsOther(self.paper, self.clock)

    def exit(self, kind, price):
        prices = {"limit": price} if kind is LIMIT else {"trigger": price}
        reason = Reason.TAKE_PROFIT if kind is LIMIT else Reason.STOP_LOSS
        return self.outgoing(
            -10, kind, reduces=True, protective=True, validity=GTC, group=GROUP, reason=reason, **prices
        )

    async def put(self, order):
        outcome = await self.broker.place(order)
        assert isinstance(outcome, OrderAccepted)
        return OutgoingCancel(order.approved.tag, outcome.broker_id)

    async def hold(self):
        """The position with its pair: names of stop and target."""
        await self.rest(10, MARKET)
        await self.trade(100.0)
        stop, target = await self.put(self.exit(STOP, 95.0)), await self.put(self.exit(LIMIT, 105.0))
        await self.news()
        return stop, target

    async def at_broker(self):
        """(type, state) of the exits in the inner broker's book."""
        orders = (await self.paper.snapshot()).orders
        return [("stop" if one.trigger > 0 else "target", one.state) for one in orders if one.quantity < 0]

    async def told_states(self):
        """(stop or target or fill, state, reason) as they were told."""
        return [
            ("fill", "", "") if isinstance(one, BrokerFill)
            else ("stop" if one.trigger > 0 else "target", one.state, one.reason)
            for one in await self.news() if isinstance(one, BrokerFill | BrokerOrder)
        ]  # fmt: skip


def play(story, **behaviour):
    async def whole():
        async with PairDriver(**behaviour).opened() as d:
            await story(d)

    run_virtual(whole())


def reach(d, price=105.0):
    """A price that is seen, before the broker's market trades at it."""
    d.broker.see_price("NSE:A", price, price)


def test_the_stop_rests_at_the_broker_and_the_target_is_shown_as_if_it_did():
    async def story(d):
        stop, target = await d.hold()
        assert [("stop", OPEN)] == await d.at_broker()
        assert d.broker.capabilities.one_cancels_other
        assert f"watched-{target.tag}" == target.broker_id
        assert [stop.tag, target.tag] == [one.tag for one in (await d.snapshot()).orders if one.state is OPEN]
        assert (-10, 105.0, OPEN) == ((await d.found(target.tag)).quantity, (await d.found(target.tag)).limit, OPEN)

    play(story)


def test_a_price_short_of_the_target_does_nothing():
    async def story(d):
        await d.hold()
        reach(d, 104.95)
        await d.wait()
        assert [("stop", OPEN)] == await d.at_broker()

    play(story)


def test_at_no_moment_are_both_at_the_broker():
    """Polled every tenth of a second while everything takes its time."""

    async def story(d):
        await d.hold()
        reach(d)
        seen = set()
        for _ in range(40):
            await d.wait(0.1)
            seen.add(tuple(sorted(name for name, state in await d.at_broker() if state is OPEN)))
        assert {("stop",), (), ("target",)} == seen

    play(story, request_ns=(300_000_000, 300_000_000))


def test_a_target_that_fills_ends_the_pair_and_tells_the_stop_as_taken_away_by_it():
    async def story(d):
        await d.hold()
        reach(d)
        await d.wait(1.0)
        d.paper.see_tick(d.tick(105.0))
        told = await d.told_states()
        assert ("stop", CANCELLED, "one_cancels_other") == told[0]
        assert ("fill", "", "") in told
        assert {} == await d.positions()

    play(story, request_ns=(1, 1))


def test_a_target_that_does_not_fill_is_taken_back_and_told_so_that_the_pair_is_put_up_anew():
    async def story(d):
        await d.hold()
        reach(d)
        await d.wait(20.0)
        assert [("stop", CANCELLED), ("target", CANCELLED)] == await d.at_broker()
        told = await d.told_states()
        assert ("stop", CANCELLED, "one_cancels_other") in told
        assert ("target", CANCELLED, "") == told[-1]
        stop = await d.put(d.exit(STOP, 95.0))
        await d.put(d.exit(LIMIT, 105.0))
        assert OPEN is (await d.found(stop.tag)).state
        await d.trade(94.0)
        assert {} == await d.positions()

    play(story)


def test_a_stop_that_fills_while_it_is_being_taken_back_wins():
    async def story(d):
        _, target = await d.hold()
        reach(d)
        await d.wait(0.05)  # the cancel is on its way
        d.paper.see_tick(d.tick(94.0))
        await d.wait(0.3)
        told = await d.told_states()
        assert told.index(("target", CANCELLED, "one_cancels_other")) < told.index(("fill", "", ""))
        assert ("stop", CANCELLED) not in [one[:2] for one in told]
        assert {} == await d.positions()
        assert [("stop", FILLED)] == await d.at_broker()
        await d.trade(106.0)
        assert {} == await d.positions()
        assert CANCELLED is (await d.found(target.tag)).state

    play(story, request_ns=(100_000_000, 100_000_000))


def test_a_stop_that_fills_sends_the_target_away_first():
    async def story(d):
        await d.hold()
        await d.trade(94.0)
        told = await d.told_states()
        assert [("target", CANCELLED, "one_cancels_other"), ("fill", "", "")] == told[:2]
        await d.trade(106.0)
        assert {} == await d.positions()

    play(story)


@pytest.mark.parametrize("fault", ["cancel_refused", "lost_request"])
def test_while_the_stop_may_still_rest_no_target_is_placed_and_the_next_price_tries_again(fault):
    async def story(d):
        await d.hold()
        d.fault(fault)
        reach(d)
        await d.wait(20.0)
        assert [("stop", OPEN)] == await d.at_broker()
        assert [] == await d.told_states()
        reach(d)
        await d.wait(1.0)
        assert [("stop", CANCELLED), ("target", OPEN)] == await d.at_broker()

    play(story)


def test_a_cancel_whose_reply_is_lost_is_looked_up():
    async def story(d):
        await d.hold()
        d.fault("lost_reply")
        reach(d)
        await d.wait(7.0)  # longer than the time-out
        assert [("stop", CANCELLED), ("target", OPEN)] == await d.at_broker()

    play(story)


def test_while_the_book_cannot_be_read_nothing_is_placed():
    async def story(d):
        await d.hold()
        for _ in range(3):
            d.fault("failed_read")
        reach(d)
        await d.wait(2.5)
        d.dice.due.clear()
        assert [("stop", OPEN)] == await d.at_broker()
        await d.wait(1.0)
        assert [("stop", CANCELLED), ("target", OPEN)] == await d.at_broker()

    play(story)


def test_a_target_that_is_cancelled_while_the_stop_goes_is_not_placed_and_the_stop_is_told_as_gone():
    async def story(d):
        _, target = await d.hold()
        reach(d)
        await d.wait(0.05)
        assert isinstance(await d.broker.cancel(target), OrderAccepted)
        await d.wait()
        assert [("stop", CANCELLED)] == await d.at_broker()
        assert [("target", CANCELLED, ""), ("stop", CANCELLED, "")] == await d.told_states()

    play(story, request_ns=(100_000_000, 100_000_000))


def test_a_watched_target_can_be_cancelled_once():
    async def story(d):
        _, target = await d.hold()
        assert isinstance(await d.broker.cancel(target), OrderAccepted)
        assert isinstance(await d.broker.cancel(target), OrderRefused)
        assert [("target", CANCELLED, "")] == await d.told_states()
        reach(d)
        await d.wait()
        assert [("stop", OPEN)] == await d.at_broker()

    play(story)


def test_a_changed_target_is_told_as_out_of_the_book_and_placed_in_its_new_form():
    async def story(d):
        _, target = await d.hold()
        change = OutgoingChange(target.tag, target.broker_id, -5, NAN, 106.0)
        assert isinstance(await d.broker.change(change), OrderAccepted)
        assert [("target", CANCELLED, "it is to be placed in its new form")] == await d.told_states()
        await d.put(d.exit(LIMIT, 106.0))
        reach(d, 105.5)
        await d.wait()
        assert [("stop", OPEN)] == await d.at_broker()
        assert isinstance(await d.broker.change(change), OrderRefused)

    play(story)


def test_a_changed_stop_goes_through():
    async def story(d):
        stop, _ = await d.hold()
        assert isinstance(await d.change(stop, -10, trigger=97.0), OrderAccepted)
        assert 97.0 == (await d.found(stop.tag)).trigger

    play(story)


def test_a_target_that_the_broker_refuses_is_told_and_the_pair_is_gone():
    async def story(d):
        await d.hold()
        d.fault("refused")
        reach(d)
        told = await d.told_states()
        assert [("stop", CANCELLED, "one_cancels_other"), ("target", REFUSED)] == [told[0], told[1][:2]]
        assert [("stop", CANCELLED)] == await d.at_broker()

    play(story)


def test_a_target_that_never_arrived_is_told_as_gone_after_a_minute():
    async def story(d):
        await d.hold()
        reach(d)
        await d.wait(0.15)  # the stop's cancel has arrived; the target is sent next
        d.fault("lost_request")
        await d.wait(50.0)
        assert [("stop", CANCELLED)] == await d.at_broker()
        assert ["one_cancels_other"] == [one.reason for one in d.heard]
        assert ("target", CANCELLED, "it never reached the broker") == (await d.told_states())[-1]

    play(story, request_ns=(100_000_000, 100_000_000))


def test_a_stop_placed_while_the_target_is_at_the_broker_waits_until_that_is_taken_back():
    async def story(d):
        await d.hold()
        reach(d)
        await d.wait(1.0)
        assert [("stop", CANCELLED), ("target", OPEN)] == await d.at_broker()
        await d.put(d.exit(STOP, 96.0))
        assert [("stop", CANCELLED), ("target", CANCELLED), ("stop", OPEN)] == await d.at_broker()

    play(story)


def test_a_target_at_the_broker_can_be_cancelled_by_the_name_it_was_accepted_under():
    async def story(d):
        _, target = await d.hold()
        reach(d)
        await d.wait(1.0)
        assert isinstance(await d.broker.cancel(target), OrderAccepted)
        assert [("stop", CANCELLED), ("target", CANCELLED)] == await d.at_broker()

    play(story)


def test_a_stop_that_the_broker_refuses_is_refused():
    async def story(d):
        d.fault("refused")
        assert isinstance(await d.broker.place(d.exit(STOP, 95.0)), OrderRefused)
        d.fault("lost_request")
        assert isinstance(await d.broker.place(d.exit(STOP, 95.0)), OrderUnknown)

    play(story)


def test_after_a_start_the_pair_is_remembered():
    async def story(d):
        await d.rest(10, MARKET)
        await d.trade(100.0)
        stop, target = d.exit(STOP, 95.0), d.exit(LIMIT, 105.0)
        names = [await d.put(stop), await d.put(target)]
        await d.reopen()
        assert () == await d.broker.find(names[1].tag)
        d.broker.remember(stop, names[0].broker_id)
        d.broker.remember(target, names[1].broker_id)
        assert OPEN is (await d.found(names[1].tag)).state
        reach(d)
        await d.wait(1.0)
        assert [("stop", CANCELLED), ("target", OPEN)] == await d.at_broker()

    play(story)


FAULTS = dict.fromkeys(
    ("lost_request", "lost_reply", "late_arrival", "server_error_accepted", "cancel_refused", "refused", "failed_read",
     "hidden_order", "doubled_news", "lost_news", "reordered_news", "late_trade"), 0.2,
)  # fmt: skip


def faulty_day(seed, seen):
    """Prices around a pair for some minutes, while requests, reads and news go wrong."""
    chooser = Random(seed)

    async def story(d):
        await d.rest(10, MARKET)
        await d.trade(100.0)
        d.paper.use_dice(Dice(d.behaviour, Random(seed)))
        for kind, price in ((STOP, 95.0), (LIMIT, 105.0)):
            await d.broker.place(d.exit(kind, price))
        for _ in range(120):
            price = chooser.choice([94.0, 100.0, 104.0, 105.0, 106.0])
            reach(d, price)
            await d.wait(chooser.choice([0.01, 0.3, 2.0]))
            d.paper.see_tick(d.tick(price if chooser.random() < 0.3 else 100.0))
            assert 1 >= sum(order.quantity < 0 for order in d.paper.resting()), f"seed {seed}"
            assert d.paper.books.net()["NSE:A", "MIS"] in {0, 10}, f"seed {seed}"
        seen.update(d.paper.dice.seen)

    play(story, request_ns=(0, 400_000_000), **FAULTS)


def test_whatever_goes_wrong_a_position_is_never_left_twice():
    """Stop and target are never both open at the broker, and ten units are sold at most once."""
    seen = set()
    for seed in range(60):
        faulty_day(seed, seen)
    assert set(FAULTS) == seen


class SessionHost:
    """Session over the pair's broker by ticks: news become answers as the runner makes them."""

    def __init__(self, d, settings):
        self.d = d
        self.session = Session(INSTRUMENTS, settings, name="alpha")
        self.traded = SimpleNamespace(session=self.session, column={str(one): i for i, one in enumerate(INSTRUMENTS)})
        self.surprises = []

    async def take(self, event):
        outcome = self.session.handle(event)
        self.surprises += [fact for fact in outcome.facts if isinstance(fact, Surprise)]
        for command in outcome.commands:
            if isinstance(command, Submit):
                order = command.approved.order
                outcome = await self.d.broker.place(
                    OutgoingOrder(command.approved, INSTRUMENTS[order.instrument], "MIS", "deployed")
                )
                if isinstance(outcome, OrderRefused):
                    await self.take(Refused(self.moment, order.order_id, outcome.reason))
            else:
                tag = f"alpha{command.order_id:08d}"
                found = [one for one in await self.d.broker.find(tag) if not one.state.is_final]
                names = OutgoingCancel(tag, found[0].broker_id if found else "")
                if isinstance(command, Cancel):
                    await self.d.broker.cancel(names)
                else:
                    await self.d.broker.change(OutgoingChange(*names, command.quantity, command.trigger, command.limit))

    @property
    def moment(self):
        return max(self.d.clock.now(), self.session.moment)

    async def hear(self):
        for _ in range(4):
            for news in await self.d.news():
                order_id = int(news.tag[-8:])
                if isinstance(news, BrokerFill):
                    column = self.traded.column[news.symbol]
                    booked = Fill(order_id, column, news.quantity, news.price, news.time)
                    answer = Filled(self.moment, news.fill_id, booked, news.at_open)
                else:
                    answer = order_answer(news, self.traded, order_id, self.moment)
                if answer is not None:
                    await self.take(answer)

    async def bar(self, price, target=None):
        start = OPENS_NS + (self.d.clock.now() - OPENS_NS) // MINUTE_NS * MINUTE_NS + MINUTE_NS
        end, day = start + MINUTE_NS, start // (1440 * MINUTE_NS)
        await self.take(BarOpens(max(start, self.session.inputs.bar.close_time), end, day, ends_session=False))
        await self.d.clock.sleep_until(end)
        row = BarRow(self.session.inputs.bar.moment, end, day, False, *[[price, NAN]] * 4, [NAN, NAN])
        await self.take(BarCloses(self.moment, row))
        await self.take(Decided(self.moment, None if target is None else Decisions([target, NAN])))
        await self.hear()


def test_session_does_not_know():
    """Entry, pair, a target that is touched and left, the pair anew, a target that fills: no surprise, and flat."""

    async def story(d):
        host = SessionHost(d, Settings.of(sizing="fixed:10", capital=100_000, stop_loss="5%", take_profit="5%"))
        await host.bar(100.0, target=1.0)
        await d.trade(100.0)
        await host.hear()
        assert 10 == host.session.account.quantity[0]
        assert [("stop", OPEN)] == await d.at_broker()
        reach(d)
        await host.hear()
        assert [("stop", CANCELLED), ("target", CANCELLED), ("stop", OPEN)] == sorted(
            await d.at_broker(), key=lambda one: one[1] is OPEN
        )
        assert 2 == len(host.session.open_orders())
        reach(d)
        await d.wait(0.5)
        d.paper.see_tick(d.tick(105.0))
        await host.hear()
        assert 0 == host.session.account.quantity[0]
        assert () == host.session.open_orders()
        assert {} == await d.positions()
        assert [] == host.surprises

    play(story)
