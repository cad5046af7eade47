"""Orders that wait in the outbox, or of which nobody knows what became, and are taken back meanwhile."""

import pytest

from framework.types.orders import GTC, CancelRequest, OrderRequest
from tests.live.scenario import play
from tests.simulation.kinds import MINUTE
from tests.simulation.market import MINUTES, OPENS

LAST = MINUTES[0] - 1
"""Minute of the first day's last bar: what is decided at its close waits for the next open."""


async def decide_at_the_close(stand):
    """The first day's bars, the last one too; what was decided on it waits."""
    for _ in range(MINUTES[0]):
        await stand.minute(100.0)
    await stand.until(OPENS[0] + MINUTES[0] * MINUTE + 5 * 10**9)
    assert [] == stand.places()
    assert 1 == len(stand.entries("deferred"))


async def next_morning(stand):
    await stand.until(OPENS[1] - 10 * 10**9)
    stand.mark()
    await stand.wait(1)
    for second in (15, 60):
        await stand.until(OPENS[1] + second * 10**9)
        stand.mark()
        await stand.wait(1)


@pytest.mark.parametrize("restart", ["", "before", "after"])
def test_an_order_that_is_taken_back_while_it_waits_for_the_open_never_leaves(restart):
    async def scenario(stand):
        await decide_at_the_close(stand)
        if restart == "before":
            await stand.crash()
            stand.start()
            await stand.wait(1)
        stand.say("reduce", by="a person")
        await stand.wait(1)
        if restart == "after":
            await stand.crash()
            stand.start()
            await stand.wait(1)
        await next_morning(stand)
        assert [] == stand.left
        (order,) = stand.session().known_orders()
        assert "cancelled" == str(order.state)
        assert [] == stand.entries("denied")
        assert "cancel_refused" not in stand.findings()

    play(scenario, {"alpha": {LAST: (OrderRequest(0, 10, limit=99.0, validity=GTC),)}})


def test_an_order_that_waits_and_is_not_taken_back_leaves_at_the_open():
    async def scenario(stand):
        await decide_at_the_close(stand)
        await next_morning(stand)
        assert ([], 1) == (stand.entries("denied"), len(stand.places()))

    play(scenario, {"alpha": {LAST: (OrderRequest(0, 10, limit=99.0, validity=GTC),)}})


def counted_finds(stand):
    """Moments at which the broker was asked for an order by its tag."""
    asked, find = [], stand.line.find

    async def watched(tag):
        asked.append(stand.clock.now())
        return await find(tag)

    stand.line.find = watched
    return asked


def hidden(stand, seconds):
    """The next order's answers are lost, and the book does not show it for so long."""
    for fault in ("lost_reply", "hidden_order", "lost_news"):
        stand.fault(fault)
    stand.behave(hidden_ns=(seconds * 10**9, seconds * 10**9))


@pytest.mark.parametrize("seconds", [90, 10_000])
def test_the_cancel_of_an_unknown_order_is_asked_once_and_leaves_when_the_order_is_found(seconds):
    async def scenario(stand):
        asked = counted_finds(stand)
        hidden(stand, seconds)
        for _ in range(6):
            await stand.minute(100.0)
        cancels = [one for _, one in stand.left if not hasattr(one, "approved")]
        (order,) = stand.session().known_orders()
        found = seconds == 90
        assert 1 + found == len(asked)  # once more when the book has shown it
        assert "cancel_refused" not in stand.findings()
        assert (found, "cancelled" if found else "absent") == (len(cancels) == 1, str(order.state))
        assert [] == stand.runner.outbox._queue
        assert {} == stand.runner.outbox._wished

    plans = {0: (OrderRequest(0, 10, limit=95.5, validity=GTC),), 1: (CancelRequest(0),)}
    play(scenario, {"alpha": plans})


@pytest.mark.parametrize("restart", [False, True])
def test_the_wished_cancel_of_an_order_that_its_news_show_leaves_with_them(restart):
    async def scenario(stand):
        hidden(stand, 10_000)
        await stand.minute(100.0)
        await stand.minute(100.0)
        await stand.wait(1)
        if restart:
            await stand.crash()
            stand.start()
            await stand.wait(1)
        (resting,) = stand.paper.resting()
        stand.paper.tell(resting)
        await stand.wait(1)
        assert [] == stand.paper.resting()
        (order,) = stand.session().known_orders()
        assert ("cancelled", 0) == (str(order.state), stand.findings().count("cancel_refused"))

    plans = {0: (OrderRequest(0, 10, limit=95.5, validity=GTC),), 1: (CancelRequest(0),)}
    play(scenario, {"alpha": plans})
