"""Paper by ticks: latency, prices by the rulebook, funds, the end of a session. Figures are worked by hand."""

import pytest

from adapters.paper.behaviour import PaperBehaviour
from framework.broker.book import BrokerFill, BrokerOrder, BrokerOrderState
from framework.broker.feed import FeedTick
from framework.broker.port import OrderRefused
from framework.live.virtual_loop import run_virtual
from framework.types.orders import GTC, LIMIT, MARKET, NAN, STOP, STOP_LIMIT
from tests.broker.driver import A
from tests.broker.paper_driver import PaperDriver

SECOND_NS = 10**9
EXPIRED, OPEN, REFUSED, CANCELLED = (
    BrokerOrderState.EXPIRED, BrokerOrderState.OPEN, BrokerOrderState.REFUSED, BrokerOrderState.CANCELLED,
)  # fmt: skip


def play(story, behaviour=PaperBehaviour(), **settings):  # noqa: B008 - it cannot be changed
    async def whole():
        async with PaperDriver(lockstep=False, behaviour=behaviour, **settings).opened() as d:
            await story(d)

    run_virtual(whole())


async def prices(d):
    return [(fill.quantity, fill.price) for fill in await d.fills()]


def test_a_request_takes_effect_after_its_latency_and_its_reply_takes_as_long_again():
    async def story(d):
        sent = d.clock.now()
        names = await d.rest(10, MARKET)
        assert 2 * 150_000_000 == d.clock.now() - sent
        assert sent + 150_000_000 == (await d.found(names.tag)).time

    play(story, PaperBehaviour(request_ns=(150_000_000, 150_000_000)))


def test_news_take_their_time_too():
    async def story(d):
        await d.rest(10, MARKET)
        await d.news()
        d.paper.see_tick(d.tick(100.0))
        await d.wait(0.4)
        assert [] == d.heard
        await d.wait(0.2)
        assert [BrokerFill, BrokerOrder] == [type(one) for one in d.heard]

    play(story, PaperBehaviour(news_ns=(500_000_000, 500_000_000)))


def test_an_order_does_not_fill_at_a_price_from_before_it_arrived():
    async def story(d):
        await d.trade(100.0)
        await d.rest(10, MARKET)
        assert [] == await prices(d)
        await d.trade(101.0)
        assert [(10, 101.0)] == await prices(d)

    play(story)


def test_a_repeated_tick_after_a_reconnect_fills_nothing_and_is_the_last_price():
    async def story(d):
        await d.rest(10, MARKET)
        d.paper.see_tick(FeedTick("NSE:A", d.clock.now(), 100.0, NAN, snapshot=True))
        assert [] == await prices(d)
        assert 100.0 == d.paper.books.last_price("NSE:A")

    play(story)


@pytest.mark.parametrize("price", [NAN, 0.0, -1.0])
def test_a_price_that_is_none_is_passed_over(price):
    async def story(d):
        await d.rest(10, MARKET)
        d.paper.see_tick(d.tick(price))
        assert [] == await prices(d)

    play(story)


@pytest.mark.parametrize(("quantity", "price"), [(10, 100.1), (-10, 99.9)])
def test_market_orders_slip(quantity, price):
    """10 bps of 100 are 0.10; the grid is 0.05."""

    async def story(d):
        await d.rest(quantity, MARKET)
        await d.trade(100.0)
        assert [(quantity, price)] == await prices(d)

    play(story, slippage="bps:10")


def test_a_stop_slips_and_a_limit_does_not():
    """112 × 1.001 = 112.112, on the grid 112.15."""

    async def story(d):
        await d.rest(10, STOP, trigger=110.0)
        await d.rest(20, LIMIT, limit=115.0)
        await d.trade(112.0)
        assert [(10, 112.15), (20, 112.0)] == sorted(await prices(d))

    play(story, slippage="bps:10")


def test_a_market_order_that_would_slip_beyond_its_protection_rests_as_a_limit():
    """Protection 5 bps of 100: 100.05. Slippage 10 bps: 100.10, beyond it."""

    async def story(d):
        names = await d.rest(10, MARKET)
        await d.trade(100.0)
        order = await d.found(names.tag)
        assert (OPEN, 100.05) == (order.state, order.limit)
        await d.trade(100.1)
        assert [] == await prices(d)
        await d.trade(100.05)
        assert [(10, 100.05)] == await prices(d)

    play(story, slippage="bps:10", protection_bps=5)


def test_a_stop_limit_triggers_once_and_is_a_limit_from_then_on():
    async def story(d):
        await d.rest(10, STOP_LIMIT, trigger=110.0, limit=111.0)
        await d.trade(113.0)
        await d.trade(100.0)
        assert [(10, 100.0)] == await prices(d)

    play(story)


def test_reductions_fill_before_increases_and_a_stop_before_a_target():
    async def story(d):
        await d.rest(10, MARKET)
        await d.trade(100.0)
        entry = await d.rest(7, LIMIT, limit=105.0)
        target = await d.rest(-5, LIMIT, limit=90.0, reduces=True, protective=True)
        stop = await d.rest(-5, STOP, trigger=105.0, reduces=True, protective=True)
        await d.trade(100.0)
        assert [stop.tag, target.tag, entry.tag] == [fill.tag for fill in (await d.fills())[1:]]

    play(story)


def test_an_increase_that_the_account_cannot_pay_is_refused_when_it_would_fill():
    """A crore buys 1,00,000 units of 100, and not one more."""

    async def story(d):
        await d.rest(100_000, MARKET)
        await d.trade(100.0)
        names = await d.rest(1, MARKET)
        await d.trade(100.0)
        order = await d.found(names.tag)
        assert (REFUSED, "cash") == (order.state, order.reason)
        assert [(100_000, 100.0)] == await prices(d)

    play(story)


def test_a_short_that_rose_ties_up_more_money():
    """Short 50,000 at 100: at 150 they block 75 lakh beside what buying them back takes, and nothing is left."""

    async def story(d):
        await d.rest(-50_000, MARKET)
        await d.trade(100.0)
        d.paper.see_tick(d.tick(150.0))
        names = await d.rest(-60_000, MARKET)
        await d.trade(150.0)
        assert REFUSED is (await d.found(names.tag)).state

    play(story)


def test_a_stop_that_the_market_has_passed_is_refused_where_the_broker_does_so():
    async def story(d):
        await d.trade(100.0)
        for quantity, trigger in ((-10, 101.0), (-10, 100.0), (10, 99.0)):
            _, outcome = await d.send(quantity, STOP, trigger=trigger)
            assert isinstance(outcome, OrderRefused)
            assert "trigger" == outcome.code
        await d.rest(-10, STOP, trigger=99.0)
        await d.rest(10, STOP, trigger=101.0)

    play(story, PaperBehaviour(refuses_crossed_stops=True))


def test_a_stop_that_the_market_has_passed_fills_at_the_next_tick_elsewhere():
    async def story(d):
        await d.trade(100.0)
        await d.rest(-10, STOP, trigger=101.0)
        await d.trade(99.0)
        assert [(-10, 99.0)] == await prices(d)

    play(story)


@pytest.mark.parametrize(("every", "left"), [(False, OPEN), (True, EXPIRED)])
def test_day_orders_expire_with_the_session_and_others_where_the_broker_knows_no_longer_validity(every, left):
    async def story(d):
        day, longer = await d.rest(10, LIMIT, limit=90.0), await d.rest(10, LIMIT, limit=90.0, validity=GTC)
        elsewhere = await d.rest(10, LIMIT, limit=90.0, instrument=1)
        d.paper.end_session([str(A)], every=every)
        assert OPEN == (await d.found(elsewhere.tag)).state  # its trading goes on
        assert (EXPIRED, left) == ((await d.found(day.tag)).state, (await d.found(longer.tag)).state)
        assert EXPIRED in [one.state for one in await d.told(BrokerOrder)]

    play(story)


def test_a_stop_that_filled_in_part_works_on_and_its_sibling_is_gone():
    async def story(d):
        await d.rest(100, MARKET)
        await d.trade(100.0)
        exits = {"reduces": True, "protective": True, "group": "g", "validity": GTC}
        stop = await d.rest(-100, STOP, trigger=95.0, **exits)
        target = await d.rest(-100, LIMIT, limit=105.0, **exits)
        await d.trade(94.0, units=30)
        assert (OPEN, -30) == ((await d.found(stop.tag)).state, (await d.found(stop.tag)).filled)
        assert CANCELLED is (await d.found(target.tag)).state
        await d.trade(93.0)
        assert {} == await d.positions()

    play(story)


def test_where_the_broker_holds_no_pairs_both_may_fill():
    async def story(d):
        await d.rest(10, MARKET)
        await d.trade(100.0)
        exits = {"reduces": True, "protective": True, "group": "g", "validity": GTC}
        await d.rest(-10, STOP, trigger=95.0, **exits)
        await d.rest(-10, LIMIT, limit=105.0, **exits)
        await d.trade(94.0)
        await d.trade(106.0)
        assert {("NSE:A", "MIS"): -10} == await d.positions()

    play(story, PaperBehaviour(one_cancels_other=False))


def test_yesterdays_orders_are_not_shown_today_and_those_that_rest_are():
    async def story(d):
        done, resting = await d.rest(10, MARKET), await d.rest(10, LIMIT, limit=50.0, validity=GTC)
        await d.trade(100.0)
        assert 2 == len((await d.snapshot()).orders)
        await d.wait(86_400)
        snapshot = await d.snapshot()
        assert [resting.tag] == [order.tag for order in snapshot.orders]
        assert () == snapshot.fills
        assert {("NSE:A", "MIS"): 10} == await d.positions()
        await d.rest(10, LIMIT, limit=50.0)
        assert done.broker_id not in [one.broker_id for one in d.paper.books.by_name["alpha"].ledger.orders.values()]

    play(story)


def test_a_symbol_of_no_book_is_passed_over():
    async def story(d):
        d.paper.see_tick(FeedTick("NSE:ELSEWHERE", d.clock.now(), 100.0, NAN))
        assert () == (await d.snapshot()).positions

    play(story)


def test_what_the_exchange_annulled_of_an_order_that_filled_in_part_does_not_rest_again():
    """Seed 309 of the simulation: of 41 there were 34 annulled, and 41 rested again beside what else had filled."""

    async def story(d):
        names = await d.rest(10, MARKET)
        await d.trade(100.0, units=6)
        (first,) = await d.fills()
        d.annul(first.fill_id)
        assert (OPEN, 0) == ((await d.found(names.tag)).state, (await d.found(names.tag)).filled)
        assert isinstance(await d.change(names, 6), OrderRefused)
        await d.trade(101.0)
        assert [(4, 101.0)] == await prices(d)
        found = await d.found(names.tag)
        assert (CANCELLED, 4, "the exchange annulled a trade of it") == (found.state, found.filled, found.reason)

    play(story)
