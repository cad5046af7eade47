"""What holds part of an account back holds it back after a restart too, until a person says otherwise."""

import pytest

from framework.errors import StrategyError
from framework.live.account_status import StatusFold
from framework.types.orders import GTC, OrderRequest
from tests.live.scenario import play
from tests.simulation.kinds import MINUTE
from tests.simulation.market import OPENS

BUY = OrderRequest(0, 10)
REST = OrderRequest(0, 10, limit=95.0, validity=GTC)


async def restarted(stand):
    await stand.crash()
    stand.start()
    await stand.wait(1)


async def resumed(stand):
    stand.say("resume", by="a person")
    await stand.wait(1)


def broken(_session):
    msg = "on_bar divides by nothing"
    raise StrategyError(msg)


# ---------------------------------------------------------------------- F58: a strategy whose code failed


def test_a_strategy_whose_code_failed_decides_no_more_after_a_restart_until_a_person_resumes():
    async def scenario(stand):
        await stand.minute(100.0)
        (alpha,) = stand.runner.traded.values()
        assert "on_bar divides by nothing" == alpha.stopped
        await restarted(stand)
        await stand.minute(100.0)
        (alpha,) = stand.runner.traded.values()
        assert ([], "on_bar divides by nothing") == (alpha.decider.asked, alpha.stopped)
        await resumed(stand)
        await restarted(stand)
        await stand.minute(100.0)
        (alpha,) = stand.runner.traded.values()
        assert ([2], "") == (alpha.decider.asked, alpha.stopped)

    play(scenario, {"alpha": {0: broken}})


def test_a_person_who_resumes_lets_it_decide_in_the_same_process_too():
    async def scenario(stand):
        await stand.minute(100.0)
        await resumed(stand)
        await stand.minute(100.0)
        assert 1 == len(stand.places())

    play(scenario, {"alpha": {0: broken, 1: (REST,)}})


# ---------------------------------------------------------------------- F85: refused again and again


@pytest.mark.parametrize("restarts", [False, True])
def test_three_identical_refusals_deny_the_fourth_request_after_a_restart_too(restarts):
    async def scenario(stand):
        stand.fault("refused", 3)
        stand.dice.refusal = lambda: ("margin", "not enough funds")
        for _ in range(2):
            await stand.minute(100.0)
        stand.behave(request_ns=(5 * 10**9, 5 * 10**9))
        await stand.minute(100.0)
        await stand.wait(12)
        assert 3 == len(stand.places())
        if restarts:
            await restarted(stand)
        await stand.minute(100.0)  # less than 60 s after the third refusal: no probe is due
        denied = [(one["code"], one["value"], one["bound"]) for one in stand.entries("denied")]
        assert (3, [("repeated", "3", "margin")]) == (len(stand.places()), denied)
        assert 1 == stand.findings().count("repeated_refusal")

    play(scenario, {"alpha": dict.fromkeys(range(4), (REST,))})


def test_what_was_accepted_since_begins_anew_after_a_restart():
    async def scenario(stand):
        stand.dice.refusal = lambda: ("margin", "not enough funds")
        for faults in (1, 1, 0):
            stand.fault("refused", faults)
            await stand.minute(100.0)
        await restarted(stand)
        stand.fault("refused", 1)
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert ([], 5) == (stand.entries("denied"), len(stand.places()))

    play(scenario, {"alpha": dict.fromkeys(range(5), (REST,))})


# ---------------------------------------------------------------------- a symbol that is halted


def annulled_then(restarts, resumes, denied):
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        (fill,) = stand.paper.books.fills(stand.clock.now())
        stand.paper.annul(fill.fill_id)
        await stand.wait(1)
        if restarts:
            await restarted(stand)
        if resumes:
            await resumed(stand)
            await restarted(stand)
        await stand.minute(100.0)
        assert denied == [(one["session"], one["code"]) for one in stand.entries("denied")]

    return scenario


@pytest.mark.parametrize(
    ("restarts", "resumes", "denied"),
    [
        (False, False, [("beta", "restricted")]),
        (True, False, [("beta", "restricted")]),
        (True, True, []),
    ],
)
def test_a_symbol_whose_execution_was_annulled_is_halted_for_every_strategy_until_a_person_resumes(
    restarts, resumes, denied
):
    play(annulled_then(restarts, resumes, denied), {"alpha": {0: (BUY,)}, "beta": {2: (BUY,)}})


# ---------------------------------------------------------------------- an order proved absent


async def absent(stand):
    """An order whose answers are lost, and which the book does not show for long enough."""
    for fault in ("lost_reply", "hidden_order", "lost_news"):
        stand.fault(fault)
    stand.behave(hidden_ns=(10_000 * 10**9, 10_000 * 10**9))
    for _ in range(4):
        await stand.minute(100.0)
    (order,) = stand.session().known_orders()
    assert "absent" == str(order.state)
    return order.tag


ENTRIES = {0: (REST,), 5: (OrderRequest(0, 5, limit=96.0, validity=GTC),)}


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("releases", [False, True])
def test_an_absent_order_blocks_its_strategy_in_its_symbol_until_a_person_releases_it(restarts, releases):
    async def scenario(stand):
        tag = await absent(stand)
        if releases:
            stand.say("release", tag=tag, by="a person")
            await stand.wait(1)
            (said,) = stand.entries("command")
            assert f"{tag} (NSE:AAA +10) counts no more" in said["answer"]
        if restarts:
            await restarted(stand)
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert ([] if releases else ["restricted"]) == [one["code"] for one in stand.entries("denied")]

    play(scenario, {"alpha": ENTRIES})


def test_only_an_absent_order_can_be_released():
    async def scenario(stand):
        stand.fault("lost_reply")
        stand.fault("hidden_order")
        stand.fault("lost_news")
        stand.behave(hidden_ns=(10_000 * 10**9, 10_000 * 10**9))
        await stand.minute(100.0)
        (order,) = stand.session().known_orders()
        for tag in (order.tag, "alpha00000077", ""):
            stand.say("release", tag=tag)
            await stand.wait(1)
        answers = [one["answer"] for one in stand.entries("command")]
        assert answers[0].startswith("refused: nobody knows yet what became of order alpha00000001")
        assert answers[1] == "refused: no order alpha00000077 is absent; absent and not released: none"
        assert answers[2] == "refused: tag is missing"

    play(scenario, {"alpha": {0: (REST,)}})


def test_an_absent_stop_that_was_released_is_placed_anew():
    async def scenario(stand):
        await stand.minute(100.0)
        for fault in ("lost_reply", "hidden_order"):
            stand.fault(fault)
        stand.behave(hidden_ns=(10_000 * 10**9, 10_000 * 10**9))
        stand.trade(95.0)
        stand.fault("lost_news", 1)
        for _ in range(5):
            await stand.minute(95.0)
        assert 10 == stand.held()
        stop = next(one for one in stand.session().known_orders() if one.order.protective)
        assert "absent" == str(stop.state)
        sent = len(stand.places())
        stand.say("release", tag=stop.tag)
        for _ in range(2):
            await stand.minute(95.0)
        assert sent < len(stand.places())
        assert any(one.order.protective for one in stand.session().working(0))

    play(scenario, {"alpha": {0: (REST,)}}, stop_loss="5%")


def status_of(stand):
    fold = StatusFold()
    for text in stand._texts():
        fold.take(text)
    return fold.status()


def test_the_status_has_absent_orders_until_they_are_released_and_strategies_that_failed_until_a_resume():
    async def scenario(stand):
        tag = await absent(stand)
        await stand.minute(100.0)
        status = status_of(stand)
        assert ([tag], ["on_bar divides by nothing"]) == (
            [one.tag for one in status.absent],
            [one.stopped for one in status.strategies],
        )
        stand.say("release", tag=tag)
        await resumed(stand)
        status = status_of(stand)
        assert ((), [""]) == (status.absent, [one.stopped for one in status.strategies])

    play(scenario, {"alpha": {0: (REST,), 4: broken}})


def test_the_status_has_the_age_of_each_symbols_last_bar():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0, symbols=(stand.deployed[0].symbols[1],))
        first, second = (OPENS[0] + k * MINUTE for k in (1, 2))
        assert [("NSE:AAA", first), ("NSE:BBB", second)] == list(map(tuple, status_of(stand).symbols))

    play(scenario, {"alpha": {}, "beta": {}})


def test_a_symbol_without_a_bar_has_no_age():
    async def scenario(stand):
        await stand.wait(1)
        assert [("NSE:AAA", 0), ("NSE:BBB", 0)] == list(map(tuple, status_of(stand).symbols))

    play(scenario, {"alpha": {}})
