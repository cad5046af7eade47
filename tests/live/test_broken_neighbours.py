"""What the runner stands between may hang, end or fail: it is told, nothing is lost in silence, and the run ends."""

import asyncio

import pytest

from framework.live import outbox, reconciler
from framework.types.orders import OrderRequest
from tests.live.scenario import SECOND, play

ENTRY = {0: (OrderRequest(0, 100, limit=95.0),)}


async def ended(stand):
    report = await asyncio.wait_for(asyncio.shield(stand.task), 60)
    assert "halted" == str(report.state)
    return report.cause


def test_a_feed_that_comes_to_its_end_halts_the_run():
    async def scenario(stand):
        stand.ends = True
        await stand.minute(100.0)
        assert "came to an end" in await ended(stand)

    play(scenario, {"alpha": {}})


def test_a_mistake_on_the_way_to_the_broker_halts_the_run_and_loses_no_command_in_silence():
    async def scenario(stand):
        def mistaken(*_):
            raise KeyError("a price that nobody knows")

        stand.runner.outbox._gate.review = mistaken
        await stand.minute(100.0)
        assert "KeyError" in await ended(stand)
        assert ["task_failed"] == stand.findings()

    play(scenario, {"alpha": ENTRY})


def test_a_request_that_never_comes_back_is_unknown_after_the_patience():
    async def scenario(stand):
        async def hangs(_order):
            await asyncio.Event().wait()

        stand.paper.place = hangs
        await stand.minute(100.0)
        await stand.wait(outbox.PATIENCE_S + 1)
        assert "unknown" == str(stand.session().order(1).state)

    play(scenario, {"alpha": ENTRY})


def test_an_ending_runner_does_not_wait_for_a_request_that_hangs():
    async def scenario(stand):
        async def hangs(_order):
            await asyncio.Event().wait()

        stand.paper.place = hangs
        await stand.minute(100.0)
        began = stand.clock.now()
        await stand.stop()
        assert stand.clock.now() - began <= 10 * SECOND

    play(scenario, {"alpha": ENTRY})


def test_a_book_that_hangs_does_not_hang_the_loop():
    async def scenario(stand):
        async def hangs():
            await asyncio.Event().wait()

        await stand.minute(100.0)
        stand.paper.snapshot = hangs
        await stand.minute(100.0)
        await stand.minute(100.0)
        await stand.wait(reconciler.PATIENCE_S)
        assert "book_unread" in stand.findings()
        stand.say("halt", by="a person")
        await stand.wait(reconciler.PATIENCE_S + 1)
        assert "halted" == stand.state

    play(scenario, {"alpha": {}})


@pytest.mark.parametrize("cause", ["feed_down", "broker_down"])
def test_a_person_does_not_resume_a_connection_that_is_down(cause):
    async def scenario(stand):
        await stand.minute(100.0)
        stand.runner.states.demand(cause, stand.runner.states.state.__class__.REDUCE_ONLY, "reset")
        stand.say("halt", by="a person")
        await stand.wait(1)
        stand.say("resume", by="a person")
        await stand.wait(1)
        assert "reduce_only" == stand.state

    play(scenario, {"alpha": {}})


def test_a_process_that_died_while_the_news_were_down_comes_up_with_a_connection_of_its_own():
    async def scenario(stand):
        await stand.minute(100.0)
        stand.paper.drop_connection(3 * SECOND)
        await stand.wait(1)
        assert "reduce_only" == stand.state
        await stand.crash()
        await stand.wait(10)
        stand.start()
        await stand.wait(1)
        assert "active" == stand.state

    play(scenario, {"alpha": {}})
