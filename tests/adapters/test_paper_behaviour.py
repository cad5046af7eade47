"""What goes wrong at the paper broker: by shares, by one seed, the same every time."""

from collections import Counter
from contextlib import suppress
from dataclasses import fields
from random import Random

import pytest

from adapters.paper.behaviour import PERFECT, Dice, PaperBehaviour
from adapters.paper.broker import PaperBroker
from adapters.paper.ledger import PaperBook
from framework.broker.port import OrderAccepted, OutgoingCancel
from framework.errors import BrokerError, ConfigError
from framework.live.clock import ReplayClock
from framework.live.virtual_loop import run_virtual
from framework.types import Settings
from framework.types.orders import LIMIT, MARKET
from tests.broker.driver import INSTRUMENTS, STRATEGIES, B
from tests.broker.paper_driver import OPENS_NS, ListStorage, PaperDriver

SHARES = [field.name for field in fields(PaperBehaviour) if field.type == "float"]
FAULTY = PaperBehaviour(
    **dict.fromkeys(SHARES, 0.12)
    | {"lost_while_down": 0.5, "logged_out": 0.03, "address_refused": 0.03, "lost_request": 0.05, "late_arrival": 0.05},
    logged_out_ns=(10**9, 10**9),
    address_refused_ns=(10**9, 10**9),
)


class FaultyDriver(PaperDriver):
    """It rolls real dice."""

    def __init__(self, seed, behaviour=FAULTY, *, lockstep=False):
        super().__init__(lockstep=lockstep, behaviour=behaviour)
        self.seed = seed

    def connect(self):
        books = [PaperBook(name, INSTRUMENTS, self.settings) for name in STRATEGIES]
        self.broker = self.paper = PaperBroker(
            books, self.clock, self.behaviour, lockstep=self.lockstep, random=Random(self.seed), storage=self.storage
        )


async def wild_day(d):
    """Orders of every kind and what became of each, all news, and the book at the end."""
    chooser, outcomes = Random(d.seed + 1), []
    for number in range(40):
        quantity = chooser.choice([10, 20, -10, -20])
        kind = chooser.choice([MARKET, LIMIT])
        far = 50.0 if quantity > 0 else 150.0
        limit = chooser.choice([100.0, far])
        tag, outcome = await d.send(quantity, kind, limit=limit, instrument=number % 2, strategy=STRATEGIES[number % 2])
        outcomes.append((tag, outcome))
        await d.trade(chooser.choice([99.0, 100.0, 101.0]), INSTRUMENTS[number % 2])
        if isinstance(outcome, OrderAccepted):
            names = OutgoingCancel(tag, outcome.broker_id)
            outcomes.append(await d.change(names, 2 * quantity, limit=far))
            outcomes.append(await d.broker.cancel(names))
        with suppress(BrokerError):
            outcomes.append(await d.broker.snapshot())
    await d.wait(600)
    d.behaviour = PERFECT
    d.paper.use_dice(Dice(PERFECT, Random(0)))
    await d.trade(100.0, B)
    await d.wait(600)
    return outcomes, d.heard, await d.snapshot()


def played(seed, **how):
    """(what came of it, faults that happened) of a wild day."""
    d, kept = FaultyDriver(seed, **how), {}

    async def whole():
        async with d.opened():
            kept["dice"] = d.paper.dice
            kept["said"] = repr(await wild_day(d))

    run_virtual(whole())
    return kept["said"], kept["dice"].seen, d


def test_the_same_seed_is_the_same_day_and_another_one_is_not():
    assert played(1)[0] == played(1)[0]
    assert played(1)[0] != played(2)[0]


@pytest.mark.parametrize("lockstep", [True, False])
def test_every_fault_happens(lockstep):
    seen = Counter()
    for seed in range(10):
        seen += played(seed, lockstep=lockstep)[1]
    by_ticks_only = {"partial_fill", "over_fill"} if lockstep else set()
    assert set(SHARES) == set(seen) | by_ticks_only


@pytest.mark.parametrize("lockstep", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_whatever_goes_wrong_the_book_adds_up_and_outlives_its_process(seed, lockstep):
    """Fills make positions; a broker that is made anew from what was kept shows the very same."""
    _, _, d = played(seed, lockstep=lockstep)
    first = shown(d.paper)
    books = [PaperBook(name, INSTRUMENTS, d.settings) for name in STRATEGIES]
    again = PaperBroker(books, ReplayClock(OPENS_NS), lockstep=lockstep, storage=copy_of(d.storage))
    assert first == shown(again)
    net = Counter()
    for fill in d.paper.books.fills(0):
        net[fill.symbol, fill.product] += fill.quantity
    assert {place: units for place, units in net.items() if units} == {
        (one.symbol, one.product): one.quantity for one in d.paper.positions()
    }


def shown(broker):
    books = broker.books
    return (
        sorted(repr(order.shown()) for order in books.orders(0)),
        sorted(map(repr, books.fills(0))),
        books.positions(),
        books.available_paise(),
    )


def copy_of(storage):
    copied = ListStorage()
    copied.texts = list(storage.texts)
    return copied


def test_a_perfect_broker_draws_nothing():
    class NoRandom(Random):
        def random(self):
            pytest.fail("a share of 0 was drawn for")

    dice = Dice(PERFECT, NoRandom())
    assert not any(dice.happens(name) for name in SHARES if name != "lost_while_down")
    assert 0 == dice.time("request_ns")
    assert Counter() == dice.seen


def test_a_share_is_a_share():
    dice = Dice(PaperBehaviour(refused=0.25), Random(5))
    happened = sum(dice.happens("refused") for _ in range(10_000))
    assert 2_300 < happened < 2_700
    assert happened == dice.seen["refused"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("refused", -0.1),
        ("lost_news", 1.5),
        ("lost_reply", float("nan")),
        ("request_ns", (5, 1)),
        ("news_ns", (-1, 1)),
        ("timeout_ns", -1),
    ],
)
def test_a_behaviour_that_cannot_be_is_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=f"paper behaviour {field}="):
        PaperBehaviour(**{field: value})


def test_two_books_of_one_name_are_refused():
    book = PaperBook("t", INSTRUMENTS, Settings())
    with pytest.raises(ConfigError, match="two paper books are named 't'"):
        PaperBroker([book, book], ReplayClock(0))


def test_a_tag_of_no_book_is_refused():
    async def story():
        async with PaperDriver(lockstep=True).opened() as d:
            _, outcome = await d.send(10, MARKET, strategy="gamma")
            assert "tag" == outcome.code
            _, outcome = await d.send(10, MARKET, strategy="alph")
            assert "tag" == outcome.code

    run_virtual(story())


def test_a_failing_read_is_a_fault_of_its_share():
    async def story():
        d = FaultyDriver(0, PaperBehaviour(failed_read=1.0))
        async with d.opened():
            for _ in range(3):
                with pytest.raises(BrokerError, match="503"):
                    await d.broker.snapshot()
            assert 3 == d.paper.dice.seen["failed_read"]

    run_virtual(story())
