"""Requests that wait for a place in the broker's windows: nobody misses an answer to what has not left."""

import pytest

from framework.pretrade.facts import RequestWindow
from framework.types.orders import GTC, CancelRequest, OrderRequest
from tests.live.scenario import play
from tests.simulation.kinds import SECOND

ONE_IN_150_S = (RequestWindow(150 * SECOND, 2, 1, 0),)
"""Beside the place of the cancels there is one for all else."""
BUY = {0: (OrderRequest(0, 10),)}


async def minutes(stand, count):
    for _ in range(count):
        await stand.minute(100.0)


def sent(stand):
    """Order ids by the journal's requests that left, in order."""
    return [(one["order_id"], one["request"]) for one in stand.entries("sending")]


def test_a_stop_that_waits_longer_for_its_turn_than_for_an_answer_leaves_once_and_works():
    async def scenario(stand):
        await minutes(stand, 5)
        assert [(1, "place"), (2, "place")] == sent(stand)
        (buy_left, _), (stop_left, _) = stand.left
        assert 150 * SECOND <= stop_left - buy_left < 152 * SECOND
        assert [(-10, 98.0)] == [one[:2] for one in stand.resting()]
        assert ([], []) == (stand.entries("denied"), stand.findings())

    play(scenario, {"alpha": BUY}, windows=ONE_IN_150_S, stop_loss="2%")


def test_the_patience_for_an_answer_begins_when_the_request_leaves():
    async def scenario(stand):
        stand.behave(news_ns=(25 * SECOND, 25 * SECOND), request_ns=(25 * SECOND, 25 * SECOND))
        await minutes(stand, 6)
        assert 2 == len(stand.left)
        assert [(-10, 98.0)] == [one[:2] for one in stand.resting()]
        assert "unanswered" not in stand.findings()

    play(scenario, {"alpha": BUY}, windows=ONE_IN_150_S, stop_loss="2%")


def test_an_answer_to_what_waited_and_left_is_missed_in_the_end():
    async def scenario(stand):
        await minutes(stand, 2)
        for fault in ("lost_reply", "hidden_order", "lost_news"):
            stand.fault(fault)
        stand.behave(hidden_ns=(10**15, 10**15))
        await minutes(stand, 3)
        assert [(1, "place"), (2, "place")] == sent(stand)
        (stop,) = [one for one in stand.session().known_orders() if one.order.protective and one.order.order_id == 2]
        assert str(stop.state) in {"unknown", "absent"}
        assert [] == [one for one in stand.entries("denied") if one["order_id"] == 2]

    play(scenario, {"alpha": BUY}, windows=ONE_IN_150_S, stop_loss="2%")


def test_an_order_that_is_taken_back_while_it_waits_for_its_turn_never_leaves():
    async def scenario(stand):
        await minutes(stand, 5)
        assert [(1, "place")] == sent(stand)
        assert [2] == [one["order_id"] for one in stand.entries("dropped")]
        assert [] == stand.entries("denied")
        exit_order = next(one for one in stand.session().known_orders() if one.order.order_id == 2)
        assert "cancelled" == str(exit_order.state)

    plans = {
        0: (OrderRequest(0, 10),),
        1: (OrderRequest(0, -10, limit=150.0, validity=GTC, label="out"),),
        2: (CancelRequest(0, "out"),),
    }
    play(scenario, {"alpha": plans}, windows=(RequestWindow(600 * SECOND, 2, 1, 0),))


def test_a_cancel_that_waits_longer_for_its_turn_than_for_an_answer_leaves_once():
    async def scenario(stand):
        await minutes(stand, 3)
        assert [(1, "place"), (2, "place"), (1, "cancel")] == sent(stand)
        assert 1 == len(stand.resting())
        await minutes(stand, 3)
        assert [(1, "place"), (2, "place"), (1, "cancel"), (2, "cancel")] == sent(stand)
        assert ([], [], []) == (stand.resting(), stand.entries("denied"), stand.findings())

    resting = [OrderRequest(0, 10 * (1 + k), limit=98.0, validity=GTC, label=f"{k}") for k in (0, 1)]
    plans = {0: resting, 1: (CancelRequest(0, "0"), CancelRequest(0, "1"))}
    play(scenario, {"alpha": plans}, windows=(RequestWindow(200 * SECOND, 3, 1, 0),))


def test_the_cancel_of_an_order_whose_own_answer_is_slow_has_its_patience_from_when_it_leaves():
    async def scenario(stand):
        stand.behave(request_ns=(14 * SECOND, 14 * SECOND))
        await minutes(stand, 1)
        stand.say("reduce", by="a person")  # takes back what the place is still under way of
        await minutes(stand, 3)
        assert [(1, "place"), (1, "cancel")] == sent(stand)
        assert ([], []) == (stand.resting(), stand.findings())
        (told,) = [one["input"]["Waited"] for one in stand.entries("input") if "Waited" in one["input"]]
        (_, _), (cancel_left, _) = stand.left
        assert (1, cancel_left) == (told["order_id"], told["moment"])

    play(scenario, {"alpha": {0: (OrderRequest(0, 10, limit=98.0, validity=GTC),)}})


@pytest.mark.parametrize("after_s", [20, 80])
def test_a_process_that_dies_while_a_request_waits_for_its_turn_has_never_sent_it(after_s):
    async def scenario(stand):
        await minutes(stand, 1)
        await stand.until(stand.opens + (60 + after_s) * SECOND)
        stand.trade(100.0)
        await stand.wait(3)
        await stand.crash()
        stand.start()
        await stand.wait(1)
        stand.minutes = max(stand.minutes, 3)
        await minutes(stand, 3)
        tags = [one.approved.tag for one in stand.places()]
        assert 2 == len(tags) == len(set(tags))
        assert [(-10, 98.0)] == [one[:2] for one in stand.resting()]

    play(scenario, {"alpha": BUY}, windows=ONE_IN_150_S, stop_loss="2%")
