"""Contract of every broker behind the port, as an abstract class: subclass it with ``make_driver`` and it runs.

Its cases are those of LEAN's brokerage tests, Hummingbot's connector tests and NautilusTrader's adapter cards, as far
as they concern this port, and faults of brokers beside them. A broker that cannot do something says so with a named
skip in its driver; the suite never asks which broker it has.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import Signature, signature
from itertools import pairwise

import pytest

from framework.broker.book import BrokerConnection, BrokerFill, BrokerOrder, BrokerOrderState, FillAnnulled
from framework.broker.port import OrderAccepted, OrderRefused, OrderUnknown, OutgoingCancel
from framework.errors import BrokerError
from framework.types.orders import GTC, LIMIT, MARKET, NAN, STOP, STOP_LIMIT, Reason
from tests.broker.driver import A, B, BrokerDriver

OPEN, FILLED, CANCELLED, REFUSED = (
    BrokerOrderState.OPEN, BrokerOrderState.FILLED, BrokerOrderState.CANCELLED, BrokerOrderState.REFUSED,
)  # fmt: skip
MIS, CNC = "MIS", "CNC"
both_sides = pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])


def story(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test of ``async def (self, d, …)``: ``d`` is the driver, connected; the broker is closed afterwards."""

    @wraps(test)
    def run(self: "BrokerContract", **arguments: object) -> None:
        async def whole() -> None:
            async with self.make_driver().opened() as driver:
                await test(self, driver, **arguments)

        self.run(whole())

    del run.__wrapped__  # or pytest would ask for a fixture ``d``
    run.__signature__ = _without_driver(test)
    return run


def _without_driver(test: Callable[..., Awaitable[None]]) -> Signature:
    whole = signature(test)
    return whole.replace(parameters=[one for name, one in whole.parameters.items() if name != "d"])


def ends(side: int, price: float) -> float:
    """The price for a buy, its reflection about 100 for a sell."""
    return price if side > 0 else 200 - price


class BrokerContract:
    """Contract; a subclass says which broker."""

    def make_driver(self) -> BrokerDriver:
        raise NotImplementedError

    def run(self, whole: Awaitable[None]) -> None:
        """Run a story to its end; in virtual time where the broker allows it."""
        asyncio.run(whole)

    # ------------------------------------------------------------------ placing

    @story
    async def test_it_has_a_name_and_takes_tags_of_twenty_letters(self, d):
        assert d.broker.capabilities.name
        assert d.broker.capabilities.longest_tag >= 20

    @story
    async def test_an_accepted_order_has_the_brokers_own_name(self, d):
        _, outcome = await d.send(10, LIMIT, limit=90.0)
        assert isinstance(outcome, OrderAccepted)
        assert outcome.broker_id

    @story
    async def test_an_acceptance_is_no_fill(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        order = await d.found(names.tag)
        assert (0, OPEN) == (order.filled, order.state)
        assert [] == await d.fills()

    @both_sides
    @pytest.mark.parametrize(
        ("kind", "limit", "trigger"),
        [(LIMIT, 90.0, NAN), (STOP, NAN, 110.0), (STOP_LIMIT, 111.0, 110.0)],
        ids=["limit", "stop", "stop_limit"],
    )
    @story
    async def test_an_order_is_shown_as_it_was_sent(self, d, side, kind, limit, trigger):
        names = await d.rest(side * 10, kind, limit=ends(side, limit), trigger=ends(side, trigger))
        order = await d.found(names.tag)
        assert (names.broker_id, names.tag, "NSE:A", MIS, side * 10) == order[:5]
        assert ends(side, limit) == order.limit or not limit > 0
        assert ends(side, trigger) == order.trigger or not trigger > 0

    @story
    async def test_every_order_has_a_name_of_its_own(self, d):
        names = [await d.rest(10, LIMIT, limit=90.0) for _ in range(20)]
        assert 20 == len({one.broker_id for one in names})

    @story
    async def test_a_name_is_not_used_again_after_its_order_ended(self, d):
        first = await d.rest(10, LIMIT, limit=90.0)
        await d.broker.cancel(first)
        second = await d.rest(10, LIMIT, limit=90.0)
        assert first.broker_id != second.broker_id

    @story
    async def test_a_tag_that_no_order_has_finds_nothing(self, d):
        await d.rest(10, LIMIT, limit=90.0)
        assert () == await d.broker.find("alpha99999999")

    @story
    async def test_a_tag_is_looked_up_whole(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait()
        assert () == await d.broker.find(names.tag[:-1])

    @story
    async def test_units_that_are_no_whole_lots_are_refused_and_not_in_the_book(self, d):
        tag, outcome = await d.send(15, LIMIT, limit=90.0, instrument=1)
        assert isinstance(outcome, OrderRefused)
        await d.wait()
        assert [] == [order for order in await d.broker.find(tag) if not order.state.is_final]

    @story
    async def test_a_refusal_has_code_and_words_and_leaves_nothing_that_could_fill(self, d):
        d.fault("refused")
        tag, outcome = await d.send(10, MARKET)
        assert isinstance(outcome, OrderRefused)
        assert outcome.code
        assert outcome.reason
        await d.trade(100.0)
        assert {} == await d.positions()
        assert [] == [order for order in await d.broker.find(tag) if not order.state.is_final]

    @story
    async def test_an_order_may_be_refused_after_it_was_accepted_and_the_news_say_so(self, d):
        d.fault("refused_later")
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait()
        order = await d.found(names.tag)
        assert REFUSED is order.state
        assert order.reason
        assert REFUSED in [news.state for news in await d.told(BrokerOrder) if news.tag == names.tag]

    @story
    async def test_what_was_refused_after_all_does_not_fill(self, d):
        d.fault("refused_later")
        await d.rest(10, LIMIT, limit=110.0)
        await d.wait()
        await d.broker.snapshot()
        await d.trade(100.0)
        assert {} == await d.positions()

    @story
    async def test_two_orders_of_one_symbol_are_two(self, d):
        first, second = await d.rest(10, LIMIT, limit=90.0), await d.rest(20, LIMIT, limit=80.0)
        assert [10, 20] == [(await d.found(names.tag)).quantity for names in (first, second)]

    @story
    async def test_an_accepted_order_is_refused_or_shown_within_thirty_seconds(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait(30.0)
        assert 1 == len(await d.broker.find(names.tag))

    # ------------------------------------------------------------------ fills and positions

    @both_sides
    @story
    async def test_a_market_order_opens_a_position_from_zero(self, d, side):
        names = await d.rest(side * 10, MARKET)
        await d.trade(100.0)
        assert {("NSE:A", MIS): side * 10} == await d.positions()
        order = await d.found(names.tag)
        assert (FILLED, side * 10) == (order.state, order.filled)

    @both_sides
    @story
    async def test_an_opposite_order_closes_a_position(self, d, side):
        await d.rest(side * 10, MARKET)
        await d.trade(100.0)
        await d.rest(-side * 10, MARKET, reduces=True)
        await d.trade(101.0)
        assert {} == await d.positions()

    @both_sides
    @story
    async def test_an_order_beyond_a_position_turns_it_round(self, d, side):
        await d.rest(side * 10, MARKET)
        await d.trade(100.0)
        await d.rest(-side * 25, MARKET)
        await d.trade(100.0)
        assert {("NSE:A", MIS): -side * 15} == await d.positions()

    @both_sides
    @story
    async def test_more_of_the_same_side_adds_up(self, d, side):
        for _ in range(3):
            await d.rest(side * 10, MARKET)
            await d.trade(100.0)
        assert {("NSE:A", MIS): side * 30} == await d.positions()

    @story
    async def test_a_fill_says_whose_it_is(self, d):
        names = await d.rest(-10, MARKET)
        await d.trade(100.0)
        (fill,) = await d.told(BrokerFill)
        assert (names.broker_id, names.tag, "NSE:A", MIS, -10, 100.0) == fill[1:7]
        assert 0 < fill.time <= d.clock.now()

    @story
    async def test_every_fill_has_an_id_of_its_own(self, d):
        for instrument, which in ((A, 0), (B, 1)):
            for strategy in ("alpha", "beta"):
                await d.rest(10, MARKET, instrument=which, strategy=strategy)
                await d.rest(-10, MARKET, instrument=which, strategy=strategy)
                await d.trade(100.0, instrument)
        fills = await d.fills()
        assert 8 == len(fills) == len({fill.fill_id for fill in fills})

    @story
    async def test_the_news_and_the_book_tell_the_same_fills(self, d):
        for quantity in (10, 20, -30):
            await d.rest(quantity, MARKET)
            await d.trade(100.0)
        assert sorted(await d.told(BrokerFill)) == sorted(await d.fills())

    @both_sides
    @story
    async def test_a_limit_waits_while_the_market_is_worse(self, d, side):
        await d.rest(side * 10, LIMIT, limit=ends(side, 90.0))
        await d.trade(ends(side, 90.05))
        assert {} == await d.positions()

    @both_sides
    @story
    async def test_a_limit_fills_at_its_price(self, d, side):
        await d.rest(side * 10, LIMIT, limit=ends(side, 90.0))
        await d.trade(ends(side, 90.0))
        assert {("NSE:A", MIS): side * 10} == await d.positions()

    @both_sides
    @story
    async def test_a_limit_never_fills_worse(self, d, side):
        await d.rest(side * 10, LIMIT, limit=ends(side, 90.0))
        await d.trade(ends(side, 85.0))
        (fill,) = await d.fills()
        assert side * (fill.price - ends(side, 90.0)) <= 0.0

    @both_sides
    @story
    async def test_a_stop_waits_for_its_trigger(self, d, side):
        await d.rest(side * 10, STOP, trigger=ends(side, 110.0))
        await d.trade(ends(side, 109.95))
        assert {} == await d.positions()

    @both_sides
    @story
    async def test_a_stop_fills_when_its_trigger_is_reached(self, d, side):
        await d.rest(side * 10, STOP, trigger=ends(side, 110.0))
        await d.trade(ends(side, 112.0))
        assert {("NSE:A", MIS): side * 10} == await d.positions()
        (fill,) = await d.fills()
        assert side * (fill.price - ends(side, 110.0)) >= 0.0

    @both_sides
    @story
    async def test_a_stop_limit_that_triggers_within_its_limit_fills(self, d, side):
        await d.rest(side * 10, STOP_LIMIT, trigger=ends(side, 110.0), limit=ends(side, 112.0))
        await d.trade(ends(side, 111.0))
        assert {("NSE:A", MIS): side * 10} == await d.positions()

    @both_sides
    @story
    async def test_a_stop_limit_that_triggers_beyond_its_limit_rests_until_the_market_comes_back(self, d, side):
        await d.rest(side * 10, STOP_LIMIT, trigger=ends(side, 110.0), limit=ends(side, 112.0))
        await d.trade(ends(side, 115.0))
        assert {} == await d.positions()
        await d.trade(ends(side, 105.0))
        assert {("NSE:A", MIS): side * 10} == await d.positions()

    @story
    async def test_a_trade_of_another_symbol_fills_nothing(self, d):
        await d.rest(10, MARKET)
        await d.trade(100.0, B)
        assert {} == await d.positions()

    # ------------------------------------------------------------------ partial fills

    @story
    async def test_part_of_an_order_fills_and_the_rest_works_on(self, d):
        names = await d.rest(100, LIMIT, limit=100.0)
        await d.trade(100.0, units=30)
        order = await d.found(names.tag)
        assert (30, 100, OPEN) == (order.filled, order.quantity, order.state)
        assert {("NSE:A", MIS): 30} == await d.positions()

    @story
    async def test_the_parts_of_an_order_are_fills_of_their_own_and_add_up(self, d):
        names = await d.rest(100, LIMIT, limit=100.0)
        for units in (30, 50, None):
            await d.trade(100.0, units=units)
        fills = await d.fills()
        assert [30, 50, 20] == [fill.quantity for fill in fills]
        assert 3 == len({fill.fill_id for fill in fills})
        assert FILLED is (await d.found(names.tag)).state

    @story
    async def test_cancelling_the_rest_keeps_what_has_filled(self, d):
        names = await d.rest(100, LIMIT, limit=100.0)
        await d.trade(100.0, units=30)
        assert isinstance(await d.broker.cancel(names), OrderAccepted)
        await d.trade(100.0)
        order = await d.found(names.tag)
        assert (30, CANCELLED) == (order.filled, order.state)
        assert {("NSE:A", MIS): 30} == await d.positions()

    @story
    async def test_a_part_of_a_short_is_signed(self, d):
        names = await d.rest(-100, LIMIT, limit=100.0)
        await d.trade(100.0, units=40)
        assert -40 == (await d.found(names.tag)).filled

    @story
    async def test_an_order_is_not_made_smaller_than_what_has_filled(self, d):
        names = await d.rest(100, LIMIT, limit=100.0)
        await d.trade(100.0, units=30)
        assert isinstance(await d.change(names, 20, limit=100.0), OrderRefused)
        assert 100 == (await d.found(names.tag)).quantity

    @story
    async def test_a_change_keeps_what_has_filled(self, d):
        names = await d.rest(100, LIMIT, limit=100.0)
        await d.trade(100.0, units=30)
        assert isinstance(await d.change(names, 50, limit=101.0), OrderAccepted)
        order = await d.found(names.tag)
        assert (30, 50, 101.0) == (order.filled, order.quantity, order.limit)
        await d.trade(100.0)
        assert {("NSE:A", MIS): 50} == await d.positions()

    # ------------------------------------------------------------------ cancels

    @story
    async def test_a_cancelled_order_is_out_of_the_book_and_the_news_say_so(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        assert isinstance(await d.broker.cancel(names), OrderAccepted)
        assert CANCELLED in [news.state for news in await d.told(BrokerOrder) if news.tag == names.tag]
        assert CANCELLED is (await d.found(names.tag)).state

    @story
    async def test_a_second_cancel_is_refused(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.broker.cancel(names)
        await d.wait()
        second = await d.broker.cancel(names)
        assert isinstance(second, OrderRefused)
        assert second.code

    @story
    async def test_a_cancel_of_a_filled_order_is_refused_and_the_fill_counts(self, d):
        names = await d.rest(10, MARKET)
        await d.trade(100.0)
        assert isinstance(await d.broker.cancel(names), OrderRefused)
        assert {("NSE:A", MIS): 10} == await d.positions()
        assert FILLED is (await d.found(names.tag)).state

    @story
    async def test_a_cancel_of_an_order_that_nobody_knows_is_refused(self, d):
        assert isinstance(await d.broker.cancel(OutgoingCancel("alpha00000077", "240000000000077")), OrderRefused)

    @story
    async def test_a_cancelled_order_fills_no_more(self, d):
        names = await d.rest(10, LIMIT, limit=100.0)
        await d.broker.cancel(names)
        await d.trade(95.0)
        assert {} == await d.positions()

    @story
    async def test_a_cancel_leaves_other_orders_alone(self, d):
        first, second = await d.rest(10, LIMIT, limit=90.0), await d.rest(20, LIMIT, limit=90.0)
        await d.broker.cancel(first)
        assert OPEN is (await d.found(second.tag)).state
        await d.trade(90.0)
        assert {("NSE:A", MIS): 20} == await d.positions()

    @story
    async def test_an_order_whose_cancel_is_refused_works_on(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        d.fault("cancel_refused")
        assert isinstance(await d.broker.cancel(names), OrderRefused)
        assert OPEN is (await d.found(names.tag)).state
        await d.trade(90.0)
        assert {("NSE:A", MIS): 10} == await d.positions()

    @story
    async def test_a_cancel_that_is_lost_leaves_the_order_working(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        d.fault("lost_request")
        assert isinstance(await d.broker.cancel(names), OrderUnknown)
        assert OPEN is (await d.found(names.tag)).state

    @story
    async def test_a_cancel_whose_reply_is_lost_is_seen_in_the_book(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        d.fault("lost_reply")
        assert isinstance(await d.broker.cancel(names), OrderUnknown)
        assert CANCELLED is (await d.found(names.tag)).state

    # ------------------------------------------------------------------ changes

    @both_sides
    @story
    async def test_a_changed_limit_counts_and_the_order_keeps_its_name(self, d, side):
        names = await d.rest(side * 10, LIMIT, limit=ends(side, 90.0))
        outcome = await d.change(names, side * 10, limit=ends(side, 95.0))
        assert isinstance(outcome, OrderAccepted)
        order = await d.found(names.tag)
        assert (names.broker_id, ends(side, 95.0)) == (order.broker_id, order.limit)
        await d.trade(ends(side, 95.0))
        assert {("NSE:A", MIS): side * 10} == await d.positions()

    @both_sides
    @story
    async def test_a_changed_trigger_counts(self, d, side):
        names = await d.rest(side * 10, STOP, trigger=ends(side, 110.0))
        await d.change(names, side * 10, trigger=ends(side, 105.0))
        assert ends(side, 105.0) == (await d.found(names.tag)).trigger
        await d.trade(ends(side, 106.0))
        assert {("NSE:A", MIS): side * 10} == await d.positions()

    @pytest.mark.parametrize("quantity", [5, 40])
    @story
    async def test_a_changed_quantity_counts(self, d, quantity):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.change(names, quantity, limit=90.0)
        assert quantity == (await d.found(names.tag)).quantity
        await d.trade(90.0)
        assert {("NSE:A", MIS): quantity} == await d.positions()

    @story
    async def test_a_price_that_a_change_does_not_name_stays(self, d):
        names = await d.rest(10, STOP_LIMIT, trigger=110.0, limit=112.0)
        await d.change(names, 20)
        order = await d.found(names.tag)
        assert (20, 110.0, 112.0) == (order.quantity, order.trigger, order.limit)

    @story
    async def test_the_news_tell_a_change(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.news()
        await d.change(names, 20, limit=91.0)
        assert (20, 91.0) in [(news.quantity, news.limit) for news in await d.told(BrokerOrder)]

    @story
    async def test_a_change_of_a_filled_order_is_refused(self, d):
        names = await d.rest(10, MARKET)
        await d.trade(100.0)
        assert isinstance(await d.change(names, 20), OrderRefused)
        assert {("NSE:A", MIS): 10} == await d.positions()

    @story
    async def test_a_change_of_a_cancelled_order_is_refused(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.broker.cancel(names)
        assert isinstance(await d.change(names, 10, limit=95.0), OrderRefused)
        assert CANCELLED is (await d.found(names.tag)).state

    @story
    async def test_a_change_of_an_order_that_nobody_knows_is_refused(self, d):
        assert isinstance(await d.change(OutgoingCancel("alpha00000077", "240000000000077"), 10), OrderRefused)

    @story
    async def test_an_order_whose_change_is_refused_stays_as_it_was(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        d.fault("change_refused")
        assert isinstance(await d.change(names, 20, limit=95.0), OrderRefused)
        order = await d.found(names.tag)
        assert (10, 90.0, OPEN) == (order.quantity, order.limit, order.state)

    @story
    async def test_a_change_whose_reply_is_lost_is_seen_in_the_book(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        d.fault("lost_reply")
        assert isinstance(await d.change(names, 10, limit=95.0), OrderUnknown)
        assert 95.0 == (await d.found(names.tag)).limit

    # ------------------------------------------------------------------ unknown outcomes

    @story
    async def test_a_request_that_was_lost_is_unknown_and_no_tag_finds_it(self, d):
        d.fault("lost_request")
        tag, outcome = await d.send(10, LIMIT, limit=90.0)
        assert isinstance(outcome, OrderUnknown)
        assert outcome.cause
        await d.wait()
        assert () == await d.broker.find(tag)

    @story
    async def test_an_order_whose_reply_was_lost_is_found_by_its_tag_once(self, d):
        d.fault("lost_reply")
        tag, outcome = await d.send(10, LIMIT, limit=90.0)
        assert isinstance(outcome, OrderUnknown)
        assert OPEN is (await d.found(tag)).state

    @story
    async def test_what_fills_of_an_order_whose_reply_was_lost_is_its_own_and_once(self, d):
        d.fault("lost_reply")
        tag, _ = await d.send(10, MARKET)
        await d.trade(100.0)
        assert [(tag, 10)] == [(fill.tag, fill.quantity) for fill in await d.fills()]
        assert {("NSE:A", MIS): 10} == await d.positions()

    @story
    async def test_a_request_may_arrive_long_after_it_was_given_up(self, d):
        d.fault("late_arrival")
        tag, outcome = await d.send(10, LIMIT, limit=90.0)
        assert isinstance(outcome, OrderUnknown)
        assert () == await d.broker.find(tag)
        assert OPEN is (await d.found(tag)).state

    @story
    async def test_an_order_found_by_its_tag_can_be_cancelled(self, d):
        d.fault("lost_reply")
        tag, _ = await d.send(10, LIMIT, limit=90.0)
        found = await d.found(tag)
        assert isinstance(await d.broker.cancel(OutgoingCancel(tag, found.broker_id)), OrderAccepted)
        assert CANCELLED is (await d.found(tag)).state

    @story
    async def test_a_new_order_may_be_missing_from_the_book_for_a_while(self, d):
        d.fault("hidden_order")
        names = await d.rest(10, LIMIT, limit=90.0)
        assert () == await d.broker.find(names.tag)
        assert names.tag not in [order.tag for order in (await d.snapshot()).orders]
        assert names.broker_id == (await d.found(names.tag)).broker_id

    @story
    async def test_two_orders_of_one_tag_are_both_shown(self, d):
        d.fault("doubled_order")
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait()
        found = await d.broker.find(names.tag)
        assert 2 == len(found) == len({order.broker_id for order in found})
        await d.trade(90.0)
        assert {("NSE:A", MIS): 20} == await d.positions()

    @pytest.mark.parametrize("fault", ["server_error_accepted", "garbled_reply"])
    @story
    async def test_an_answer_that_proves_nothing_is_unknown_though_the_order_is_there(self, d, fault):
        d.fault(fault)
        tag, outcome = await d.send(10, LIMIT, limit=90.0)
        assert isinstance(outcome, OrderUnknown)
        assert OPEN is (await d.found(tag)).state

    @story
    async def test_an_error_of_the_server_is_unknown_though_the_order_is_not_there(self, d):
        d.fault("server_error_refused")
        tag, outcome = await d.send(10, LIMIT, limit=90.0)
        assert isinstance(outcome, OrderUnknown)
        await d.wait()
        assert () == await d.broker.find(tag)

    @story
    async def test_too_many_requests_with_the_brokers_own_code_are_refused(self, d):
        d.fault("rate_limited")
        tag, outcome = await d.send(10, LIMIT, limit=90.0)
        assert isinstance(outcome, OrderRefused)
        await d.wait()
        assert () == await d.broker.find(tag)

    @story
    async def test_a_token_that_died_refuses_requests_and_reads_until_the_next_login(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait()
        d.fault("logged_out")
        for _ in range(2):
            assert isinstance((await d.send(10, LIMIT, limit=90.0))[1], OrderRefused)
        with pytest.raises(BrokerError):
            await d.broker.snapshot()
        await d.wait(200.0)
        assert OPEN is (await d.found(names.tag)).state

    @story
    async def test_an_address_that_may_not_order_may_read(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait()
        d.fault("address_refused")
        for _ in range(2):
            assert isinstance(await d.broker.cancel(names), OrderRefused)
        assert [names.tag] == [order.tag for order in (await d.snapshot()).orders]

    # ------------------------------------------------------------------ news

    @story
    async def test_a_word_for_a_state_that_nobody_knows_is_no_other_state(self, d):
        d.fault("unknown_word")
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.broker.cancel(names)
        assert BrokerOrderState.UNKNOWN in [news.state for news in await d.told(BrokerOrder)]
        assert CANCELLED is (await d.found(names.tag)).state

    @story
    async def test_an_old_state_may_be_told_again_and_the_book_has_the_new_one(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.change(names, 20, limit=91.0)
        d.fault("repeated_state")
        await d.change(names, 30, limit=92.0)
        await d.wait(1.0)
        assert 30 == (await d.found(names.tag)).quantity
        assert 20 == [news.quantity for news in await d.told(BrokerOrder)][-1]

    @story
    async def test_an_order_may_be_complete_before_its_trade_is_shown(self, d):
        names = await d.rest(10, MARKET)
        await d.news()
        d.fault("late_trade")
        await d.trade(100.0)
        assert (FILLED, 10) == (await d.broker.find(names.tag))[0][6:4:-1]
        assert () == (await d.snapshot()).fills
        await d.wait()
        assert [names.tag] == [fill.tag for fill in await d.fills()]
        assert [names.tag] == [fill.tag for fill in await d.told(BrokerFill)]

    @story
    async def test_more_may_fill_than_was_ordered_and_it_is_shown_as_it_is(self, d):
        names = await d.rest(10, MARKET)
        d.fault("over_fill")
        await d.trade(100.0)
        assert {("NSE:A", MIS): 11} == await d.positions()
        assert (FILLED, 10, 11) == ((await d.found(names.tag)).state, *(await d.found(names.tag))[4:6])

    @story
    async def test_a_fill_that_is_told_twice_has_one_id_and_is_in_the_book_once(self, d):
        await d.rest(10, MARKET)
        await d.news()
        d.fault("doubled_news")
        await d.trade(100.0)
        first, second = await d.told(BrokerFill)
        assert first == second
        assert [first] == await d.fills()

    @story
    async def test_news_may_overtake_each_other_and_none_is_lost(self, d):
        for _ in range(2):
            await d.rest(10, MARKET)
        await d.news()
        d.fault("reordered_news")
        await d.trade(100.0)
        told = await d.told(BrokerFill)
        assert Counter(await d.fills()) == Counter(told)
        assert any(one.fill_id > two.fill_id for one, two in pairwise(told))

    @story
    async def test_a_fill_that_is_not_told_is_in_the_book(self, d):
        names = await d.rest(10, MARKET)
        await d.news()
        d.fault("lost_news")
        await d.trade(100.0)
        assert [] == await d.told(BrokerFill)
        assert [names.tag] == [fill.tag for fill in await d.fills()]
        assert {("NSE:A", MIS): 10} == await d.positions()

    @story
    async def test_a_broken_stream_is_told_and_what_it_missed_is_in_the_book(self, d):
        await d.rest(10, MARKET)
        await d.news()
        d.drop_connection(20.0)
        await d.trade(100.0)
        told = await d.news()
        assert [False, True] == [one.up for one in told if isinstance(one, BrokerConnection)]
        assert 1 == len(await d.fills())

    @story
    async def test_news_after_a_broken_stream_come_again(self, d):
        d.drop_connection(5.0)
        await d.news()
        await d.rest(10, MARKET)
        await d.trade(100.0)
        assert 1 == len(await d.told(BrokerFill))

    @story
    async def test_an_annulled_fill_is_told_and_out_of_the_book(self, d):
        await d.rest(10, MARKET)
        await d.rest(20, MARKET)
        await d.trade(100.0)
        first, second = await d.fills()
        before = (await d.snapshot()).available_paise
        d.annul(first.fill_id)
        (told,) = await d.told(FillAnnulled)
        assert first.fill_id == told.fill_id
        assert [second] == await d.fills()
        assert {("NSE:A", MIS): 20} == await d.positions()
        assert before < (await d.snapshot()).available_paise

    @story
    async def test_the_news_end_when_the_broker_is_closed(self, d):
        await d.broker.close()
        await asyncio.wait_for(d.listener, 60)
        assert d.listener.done()

    @story
    async def test_it_can_be_closed_twice(self, d):
        await d.broker.close()
        await d.broker.close()
        assert d.listener is not None

    # ------------------------------------------------------------------ others in the account

    @story
    async def test_a_trade_of_the_owner_has_no_tag_and_counts_in_the_position(self, d):
        await d.rest(10, MARKET)
        await d.trade(100.0)
        d.trade_by_hand(A, MIS, -4, 101.0)
        assert {("NSE:A", MIS): 6} == await d.positions()
        assert [-4] == [fill.quantity for fill in await d.fills() if not fill.tag]

    @story
    async def test_a_trade_of_the_owner_is_told(self, d):
        d.trade_by_hand(B, CNC, 50, 20.0)
        (fill,) = await d.told(BrokerFill)
        assert ("", "NSE:B", CNC, 50, 20.0) == (fill.tag, fill.symbol, fill.product, fill.quantity, fill.price)

    @story
    async def test_a_square_off_by_the_broker_leaves_no_position_and_no_order_of_it(self, d):
        await d.rest(10, MARKET)
        await d.trade(100.0)
        resting = await d.rest(-10, STOP, trigger=90.0, reduces=True)
        other = await d.rest(10, LIMIT, limit=50.0, instrument=1)
        d.square_off(A, MIS, 99.0)
        assert {} == await d.positions()
        assert [-10] == [fill.quantity for fill in await d.fills() if not fill.tag]
        assert CANCELLED is (await d.found(resting.tag)).state
        assert OPEN is (await d.found(other.tag)).state

    # ------------------------------------------------------------------ reads

    @story
    async def test_a_fresh_account_is_empty_and_has_its_funds(self, d):
        snapshot = await d.snapshot()
        assert ((), (), ()) == snapshot[1:4]
        assert 2 * 10**9 == snapshot.available_paise

    @story
    async def test_a_snapshot_holds_every_order_of_today(self, d):
        resting, filled = await d.rest(10, LIMIT, limit=90.0), await d.rest(10, MARKET)
        cancelled = await d.rest(10, LIMIT, limit=80.0)
        await d.broker.cancel(cancelled)
        await d.trade(100.0)
        await d.wait()
        shown = {order.tag: order.state for order in (await d.snapshot()).orders}
        assert {resting.tag: OPEN, filled.tag: FILLED, cancelled.tag: CANCELLED} == shown

    @story
    async def test_a_read_and_the_book_agree(self, d):
        for quantity in (10, -5, 30):
            await d.rest(quantity, MARKET)
        await d.trade(100.0)
        await d.wait()
        for order in (await d.snapshot()).orders:
            assert [repr(order)] == [repr(found) for found in await d.broker.find(order.tag)]

    @story
    async def test_a_read_says_as_of_when(self, d):
        before = d.clock.now()
        as_of = (await d.snapshot()).as_of
        assert before <= as_of <= d.clock.now()

    @story
    async def test_reading_changes_nothing(self, d):
        await d.rest(10, LIMIT, limit=90.0)
        await d.rest(10, MARKET)
        await d.trade(100.0)
        await d.wait()
        first, second = await d.snapshot(), await d.snapshot()
        assert repr(first[1:]) == repr(second[1:])

    @story
    async def test_strategies_are_summed_by_symbol_and_product(self, d):
        await d.rest(30, MARKET, strategy="alpha")
        await d.rest(-10, MARKET, strategy="beta")
        await d.rest(5, MARKET, strategy="beta", product=CNC)
        await d.trade(100.0)
        assert {("NSE:A", MIS): 20, ("NSE:A", CNC): 5} == await d.positions()

    @story
    async def test_strategies_that_hold_against_each_other_are_flat(self, d):
        await d.rest(30, MARKET, strategy="alpha")
        await d.rest(-30, MARKET, strategy="beta")
        await d.trade(100.0)
        assert {} == await d.positions()
        assert 2 == len(await d.fills())

    @pytest.mark.parametrize("read", ["find", "snapshot"])
    @story
    async def test_a_read_that_fails_raises_and_is_no_empty_book(self, d, read):
        names = await d.rest(10, LIMIT, limit=90.0)
        d.fault("failed_read")
        with pytest.raises(BrokerError):
            await (d.broker.find(names.tag) if read == "find" else d.broker.snapshot())
        assert OPEN is (await d.found(names.tag)).state

    @story
    async def test_orders_that_come_back_under_other_names_are_found_by_their_tags(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait()
        d.fault("renamed_orders")
        await d.snapshot()
        order = await d.found(names.tag)
        assert names.broker_id != order.broker_id
        assert isinstance(await d.broker.cancel(names), OrderRefused)
        assert isinstance(await d.broker.cancel(OutgoingCancel(names.tag, order.broker_id)), OrderAccepted)

    @story
    async def test_a_read_may_lack_a_part_and_then_it_is_none_and_not_empty(self, d):
        await d.rest(10, LIMIT, limit=90.0)
        d.fault("missing_part")
        assert [None] == [part for part in await d.broker.snapshot() if part is None]

    @story
    async def test_a_read_may_show_what_was_before(self, d):
        before = await d.snapshot()
        await d.rest(10, MARKET)
        await d.trade(100.0)
        d.fault("stale_read")
        stale = await d.snapshot()
        assert before[1:] == stale[1:]
        assert {("NSE:A", MIS): 10} == await d.positions()

    @story
    async def test_a_purchase_takes_funds_and_its_sale_gives_them_back(self, d):
        fresh = (await d.snapshot()).available_paise
        await d.rest(100, MARKET, product=CNC)
        await d.trade(100.0)
        assert fresh - 100 * 100_00 == (await d.snapshot()).available_paise
        await d.rest(-100, MARKET, product=CNC, reduces=True)
        await d.trade(110.0)
        assert fresh + 100 * 10_00 == (await d.snapshot()).available_paise

    @story
    async def test_what_a_resting_order_may_take_is_not_available(self, d):
        fresh = (await d.snapshot()).available_paise
        names = await d.rest(100, LIMIT, limit=90.0, reserve_paise=900_000)
        assert fresh - 900_000 == (await d.snapshot()).available_paise
        await d.broker.cancel(names)
        assert fresh == (await d.snapshot()).available_paise

    @story
    async def test_a_broker_that_restarts_shows_an_empty_book_and_then_all_of_it_again(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.wait()
        d.fault("empty_book")
        assert () == (await d.snapshot()).orders
        assert () == await d.broker.find(names.tag)
        assert OPEN is (await d.found(names.tag)).state

    # ------------------------------------------------------------------ groups

    async def pair(self, d, side=1):
        """A position of ten with stop and target."""
        if not d.broker.capabilities.one_cancels_other:
            pytest.skip("one_cancels_other: this broker holds no pairs; live/one_cancels_other.py does")
        await d.rest(side * 10, MARKET)
        await d.trade(100.0)
        exits = {"reduces": True, "protective": True, "validity": GTC, "group": "alpha00000002"}
        stop = await d.rest(-side * 10, STOP, trigger=ends(side, 95.0), reason=Reason.STOP_LOSS, **exits)
        target = await d.rest(-side * 10, LIMIT, limit=ends(side, 105.0), reason=Reason.TAKE_PROFIT, **exits)
        await d.news()
        return stop, target

    @both_sides
    @pytest.mark.parametrize("which", ["stop", "target"])
    @story
    async def test_the_exit_that_fills_takes_its_sibling_out_of_the_book(self, d, side, which):
        stop, target = await self.pair(d, side)
        hit, sibling = (stop, target) if which == "stop" else (target, stop)
        await d.trade(ends(side, 95.0 if which == "stop" else 105.0))
        assert (FILLED, CANCELLED) == ((await d.found(hit.tag)).state, (await d.found(sibling.tag)).state)
        assert {} == await d.positions()
        told = [news for news in await d.told(BrokerOrder) if news.tag == sibling.tag]
        assert (CANCELLED, "one_cancels_other") == (told[-1].state, told[-1].reason)

    @story
    async def test_a_sibling_that_was_taken_out_never_fills(self, d):
        await self.pair(d)
        await d.trade(95.0)
        await d.trade(105.0)
        assert {} == await d.positions()

    @story
    async def test_cancelling_one_of_a_pair_leaves_the_other(self, d):
        stop, target = await self.pair(d)
        await d.broker.cancel(target)
        assert OPEN is (await d.found(stop.tag)).state
        await d.trade(94.0)
        assert {} == await d.positions()

    @story
    async def test_a_pair_is_changed_one_by_one(self, d):
        stop, target = await self.pair(d)
        await d.change(stop, -5, trigger=96.0)
        await d.change(target, -5, limit=104.0)
        await d.trade(96.0)
        assert {("NSE:A", MIS): 5} == await d.positions()
        assert CANCELLED is (await d.found(target.tag)).state

    @story
    async def test_orders_of_no_group_leave_each_other_alone(self, d):
        await d.rest(10, LIMIT, limit=100.0)
        other = await d.rest(10, LIMIT, limit=90.0)
        await d.trade(100.0)
        assert OPEN is (await d.found(other.tag)).state

    # ------------------------------------------------------------------ after our own death

    @story
    async def test_orders_rest_while_we_are_gone_and_can_be_changed_and_cancelled_afterwards(self, d):
        first, second = await d.rest(10, LIMIT, limit=90.0), await d.rest(20, LIMIT, limit=80.0)
        await d.reopen()
        assert [first.broker_id, second.broker_id] == [(await d.found(one.tag)).broker_id for one in (first, second)]
        assert isinstance(await d.change(first, 30, limit=91.0), OrderAccepted)
        assert isinstance(await d.broker.cancel(second), OrderAccepted)
        await d.trade(91.0)
        assert {("NSE:A", MIS): 30} == await d.positions()

    @story
    async def test_fills_positions_and_funds_are_what_they_were(self, d):
        await d.rest(100, MARKET)
        await d.trade(100.0, units=60)
        await d.wait()
        before = await d.snapshot()
        await d.reopen()
        await d.wait()
        assert repr(before[1:]) == repr((await d.snapshot())[1:])

    @story
    async def test_names_and_fill_ids_go_on(self, d):
        first = await d.rest(10, MARKET)
        await d.trade(100.0)
        await d.reopen()
        second = await d.rest(10, MARKET)
        await d.trade(100.0)
        assert first.broker_id != second.broker_id
        assert 2 == len({fill.fill_id for fill in await d.fills()})

    @story
    async def test_the_news_of_after_our_death_come_to_the_new_listener(self, d):
        names = await d.rest(10, LIMIT, limit=90.0)
        await d.reopen()
        await d.trade(90.0)
        assert names.tag in [fill.tag for fill in await d.told(BrokerFill)]
