"""Acceptance scenarios of the runner, by their numbers: each is a report of money lost with another system."""

import pytest

from framework.broker.feed import FeedTick
from framework.live.ledger import gather
from framework.live.protection_time import unprotected_seconds
from framework.types.orders import GTC, LIMIT, CancelRequest, OrderRequest
from tests.live.scenario import AAA, NAN, play

BUY = OrderRequest(0, 100)
STOP = {"stop_loss": "5%"}


def test_1_a_place_whose_answer_is_lost_leaves_one_order_adopted_by_its_tag_and_no_second_request():
    async def scenario(stand):
        stand.fault("lost_reply")
        await stand.minute(100.0)
        await stand.minute(99.5)
        await stand.minute(99.5)
        assert [100] == [one.approved.order.quantity for one in stand.places()]
        assert [(100, True)] == [(one[0], one[2] > 0) for one in stand.resting()]
        working = stand.session().order(1)
        assert "working" == str(working.state)

    play(scenario, {"alpha": {0: (OrderRequest(0, 100, limit=95.0),)}})


@pytest.mark.parametrize(
    ("fault", "soon", "later"),
    [
        ("server_error_accepted", "working", "working"),
        ("server_error_refused", "unknown", "absent"),
        ("rate_limited", "refused", "refused"),
    ],
)
def test_2_an_error_of_the_server_is_unknown_and_not_retried_and_one_with_proof_is_refused(fault, soon, later):
    async def scenario(stand):
        stand.fault(fault)
        stand.fault("lost_news")
        await stand.minute(100.0)
        found = []
        for minutes in (1, 3):
            for _ in range(minutes):
                await stand.minute(100.0)
            (working,) = stand.session().known_orders()
            found.append(str(working.state))
        assert [soon, later] == found
        assert 1 == len(stand.places())

    play(scenario, {"alpha": {0: (OrderRequest(0, 10, limit=95.5, validity=GTC),)}})


def test_3_an_answer_without_an_order_id_survives_a_restart_and_blocks_the_symbol():
    async def scenario(stand):
        for fault in ("garbled_reply", "hidden_order", "lost_news"):
            stand.fault(fault)
        stand.behave(hidden_ns=(200 * 10**9, 200 * 10**9))
        await stand.minute(100.0)
        assert "unknown" == str(stand.session().order(1).state)
        await stand.crash()
        stand.start()
        await stand.minute(100.0)
        assert "unknown" == str(stand.session().order(1).state)
        await stand.minute(100.0)
        assert [1] == [one.approved.order.order_id for one in stand.places()]
        assert not stand.task.done()

    plans = {0: (OrderRequest(0, 10, limit=96.0, validity=GTC),), 1: (OrderRequest(0, 10, limit=97.0, validity=GTC),)}
    play(scenario, {"alpha": plans})


def test_4_a_position_that_cannot_be_read_is_not_flat_and_nothing_is_sent():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert 100 == stand.held()
        stand.fault("failed_read", 10)
        sent = len(stand.left)
        for _ in range(3):
            await stand.minute(100.0)
        assert (100, sent) == (stand.held(), len(stand.left))

    play(scenario, {"alpha": {0: (BUY,)}})


def test_5_a_state_word_that_we_do_not_know_is_unknown_and_never_a_default():
    async def scenario(stand):
        stand.fault("unknown_word")
        await stand.minute(100.0)
        assert "filled" != str(stand.session().order(1).state)
        await stand.minute(100.0)
        assert "working" == str(stand.session().order(1).state)

    play(scenario, {"alpha": {0: (OrderRequest(0, 10, limit=95.0),)}})


def test_6_a_journal_that_cannot_commit_lets_no_byte_leave_and_halts():
    async def scenario(stand):
        await stand.minute(100.0)
        stand.disk.fail("the disk is full")
        await stand.minute(100.0)
        assert ([], "halted") == (stand.left, stand.state)
        stand.say("resume", by="a person")
        await stand.minute(100.0)
        assert [] == stand.left

    play(scenario, {"alpha": {1: (BUY,), 2: (BUY,)}})


def test_7_the_fourth_identical_request_is_denied_here_after_three_identical_refusals():
    async def scenario(stand):
        stand.fault("refused", 10)
        stand.dice.refusal = lambda: ("margin", "not enough funds")
        for _ in range(5):
            await stand.minute(100.0)
        assert 3 <= len(stand.places()) <= 4  # the fourth may be the probe that a minute allows
        assert 1 == stand.findings().count("repeated_refusal")

    play(scenario, {"alpha": {k: (OrderRequest(0, 10, limit=95.0),) for k in range(5)}})


def test_8_two_orders_of_one_tag_halt_and_both_are_listed():
    async def scenario(stand):
        stand.fault("doubled_order")
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert "halted" == stand.state
        (found,) = [one for one in stand.entries("finding") if one["code"] == "two_of_one_tag"]
        ids = [one.broker_id for one in stand.paper.resting()]
        assert 2 == len(ids)
        assert all(one in found["theirs"] for one in ids)

    play(scenario, {"alpha": {0: (OrderRequest(0, 10, limit=95.0),)}})


def test_9_a_fill_that_the_stream_swallows_is_booked_from_the_book_and_no_exit_is_repeated():
    async def scenario(stand):
        await stand.minute(100.0)
        stand.fault("lost_news", 2)
        await stand.minute(100.0)
        await stand.wait(30)
        stand.mark()
        await stand.wait(1)
        assert (100, 100) == (stand.held(), stand.net())
        assert 1 == len(stand.places())

    play(scenario, {"alpha": {0: (BUY,)}})


def test_10_fills_that_arrive_after_the_connection_was_marked_down_are_booked_once():
    async def scenario(stand):
        stand.behave(lost_while_down=0.0)
        await stand.minute(100.0)
        stand.paper.drop_connection(15 * 10**9)
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (100, 100, "active") == (stand.held(), stand.net(), stand.state)

    play(scenario, {"alpha": {0: (BUY,)}})


def test_11_one_fill_from_stream_book_and_restart_counts_once():
    async def scenario(stand):
        stand.fault("doubled_news", 4)
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert 100 == stand.held()
        cash = stand.session().account.cash_paise
        for _ in range(2):
            await stand.crash()
            stand.start()
            await stand.wait(35)
            stand.mark()
            await stand.wait(1)
        assert (100, cash) == (stand.held(), stand.session().account.cash_paise)

    play(scenario, {"alpha": {0: (BUY,)}})


def test_12_a_cancel_that_loses_against_a_fill_is_followed_by_position_and_stop():
    async def scenario(stand):
        await stand.minute(100.0)
        assert [10] == [one[0] for one in stand.resting()]
        stand.fault("lost_news", 2)
        stand.trade(94.0)  # it fills, and nobody hears so
        stand.price = 94.5
        await stand.minute(94.5)
        await stand.minute(94.5)
        assert (10, 10) == (stand.held(), stand.net())
        assert -10 == stand.stops()

    plans = {0: (OrderRequest(0, 10, limit=95.0, validity=GTC),), 1: (CancelRequest(0),)}
    play(scenario, {"alpha": plans}, stop_loss="5%")


def test_13_an_entry_that_times_out_is_cancelled_and_yet_fills_has_a_position_with_a_stop():
    async def scenario(stand):
        stand.fault("lost_reply")
        await stand.minute(100.0)
        stand.fault("lost_reply")  # of the cancel, too
        stand.trade(94.0)
        await stand.minute(94.5)
        await stand.minute(94.5)
        assert (10, 10, -10) == (stand.held(), stand.net(), stand.stops())

    plans = {0: (OrderRequest(0, 10, limit=95.0, validity=GTC),), 1: (CancelRequest(0),)}
    play(scenario, {"alpha": plans}, stop_loss="5%")


def test_15_the_stop_has_what_has_filled_never_what_was_asked_for_and_charges_are_of_that():
    async def scenario(stand):
        await stand.minute(100.0)
        seen = []
        for part in (30, 50):
            stand.fault("partial_fill")
            stand.dice.parts.append(part)
            stand.trade(99.0)
            await stand.wait(1)
            seen.append(-stand.stops())
        assert [30, 80] == seen
        stand.paper.cancel_by_hand(next(one.broker_id for one in stand.paper.resting() if not one.trigger > 0))
        await stand.minute(99.5)
        assert (80, -80) == (stand.held(), stand.stops())
        spent = 100_000_000 - stand.session().account.cash_paise
        assert 80 * 99_00 + 80 * 99_00 // 100 == spent  # 1 % of the value

    play(
        scenario, {"alpha": {0: (OrderRequest(0, 100, limit=99.0, validity=GTC),)}}, stop_loss="5%", charges="percent:1"
    )


def test_17_of_two_strategies_in_one_symbol_the_one_whose_stop_filled_while_we_were_down_is_closed():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (100, 50) == (stand.held("alpha"), stand.held("beta"))
        first = next(one for one in stand.paper.resting() if one.trigger > 0 and one.quantity == -100)
        await stand.crash()
        stand.paper.cancel_by_hand(next(one.broker_id for one in stand.paper.resting() if one.quantity == -50))
        stand.trade(94.9)
        assert first.broker_id not in {one.broker_id for one in stand.paper.resting()}
        stand.start()
        await stand.wait(2)
        assert (0, 50) == (stand.held("alpha"), stand.held("beta"))
        assert 50 == stand.net()

    play(scenario, {"alpha": {0: (BUY,)}, "beta": {0: (OrderRequest(0, 50),)}}, stop_loss="5%")


def test_18_an_entry_that_filled_while_we_were_down_has_its_stop_before_any_strategy_decides():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.crash()
        stand.trade(94.9)
        assert 100 == stand.net()
        stand.start()
        await stand.wait(2)
        assert [] == stand.runner.traded[stand.deployed[0].session].decider.asked
        assert (100, -100) == (stand.held(), stand.stops())

    play(scenario, {"alpha": {0: (OrderRequest(0, 100, limit=95.0, validity=GTC),)}}, stop_loss="5%")


def test_19_working_orders_stay_managed_and_an_unexplained_position_is_a_finding():
    async def scenario(stand):
        for _ in range(7):
            await stand.minute(100.0)
        tags = {one.tag for one in stand.paper.resting()}
        assert 14 == len(tags)
        await stand.crash()
        net = stand.paper.books.net
        stand.paper.books.net = lambda: {**net(), (AAA, "CNC"): 7}
        stand.start()
        for _ in range(4):
            await stand.wait(31)
            stand.mark()
        await stand.wait(1)
        known = {one.tag for one in stand.session().known_orders() if str(one.state) == "working"}
        assert (tags, tags) == (known, {one.tag for one in stand.paper.resting()})
        assert "position" in stand.findings()
        assert 14 == len(stand.places())

    def two(k):
        return tuple(OrderRequest(i, 5 + k, limit=97.0 - k / 10, validity=GTC) for i in range(2))

    play(scenario, {"alpha": {k: two(k) for k in range(7)}})


def test_20_orders_of_the_process_before_can_be_cancelled_and_their_events_reach_their_strategy():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.crash()
        stand.start()
        await stand.wait(1)
        stand.trade(96.0)
        await stand.wait(1)
        assert [10] == [one[0] for one in stand.resting()]
        assert (0, 20) == (stand.held(), stand.held(instrument=1))
        await stand.minute(100.0)
        await stand.wait(1)
        assert [] == stand.resting()

    plans = {0: (OrderRequest(0, 10, limit=95.0, validity=GTC), OrderRequest(1, 20, limit=97.0, validity=GTC)),
             1: (CancelRequest(0),)}  # fmt: skip
    play(scenario, {"alpha": plans})


def test_22_a_position_that_its_owner_closed_by_hand_has_no_stop_any_more_and_is_never_turned_round():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (100, -100) == (stand.held(), stand.stops())
        stand.paper.trade_by_hand(AAA, "CNC", -100, 100.0)
        for _ in range(3):
            await stand.minute(100.0)
        assert (0, 0, 0) == (stand.held(), stand.net(), stand.stops())
        stand.trade(90.0)
        await stand.wait(1)
        assert 0 == stand.net()

    play(scenario, {"alpha": {0: (BUY,)}}, stop_loss="5%")


def test_23_units_that_the_broker_squared_off_are_gone_from_position_and_funds_within_a_minute():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        stand.paper.square_off(AAA, "CNC", 100.0, 231)
        await stand.wait(30)
        stand.mark()
        await stand.wait(1)
        assert (83, 83) == (stand.held(), stand.net())
        assert 100_000_000 - 83 * 100_00 == stand.session().account.cash_paise

    play(scenario, {"alpha": {0: (OrderRequest(0, 314),)}})


@pytest.mark.parametrize(
    ("seen", "bound"),
    [
        (True, 77.6),  # 3 % below the last price that the runner has seen: 80 × 0.97
        (False, 87.5),  # of none it takes the trigger: 90.25 × 0.97 = 87.54, and waits there
    ],
)
def test_26_a_stop_that_the_market_has_crossed_already_is_replaced_by_a_bounded_exit(seen, bound):
    async def scenario(stand):
        stand.behave(refuses_crossed_stops=True)
        await stand.minute(100.0)
        at = stand.clock.now()
        stand.behave(news_ns=(500 * 10**6, 500 * 10**6))
        stand.trade(95.0)
        stand.trade(80.0)
        if seen:
            stand.feed.put_nowait(FeedTick(AAA, stand.clock.now(), 80.0, NAN))
        await stand.wait(3)
        stop, *exits = [(moment, one) for moment, one in stand.left if one.approved.order.quantity < 0]
        assert stop[1].approved.order.trigger == 90.25  # 5 % below the entry at 95
        assert [LIMIT] == [one.approved.order.type for _, one in exits]
        assert exits[0][0] - stop[0] <= 2 * 10**9
        assert bound == exits[0][1].approved.order.limit
        stand.trade(80.0)
        stand.trade(bound)
        await stand.wait(2)
        assert (0, 0) == (stand.held(), stand.net())
        (ledger,) = gather(stand.disk.lines()).sessions.values()
        assert 3.0 == unprotected_seconds(ledger, at, stand.clock.now())  # from the entry's fill to the exit's

    play(scenario, {"alpha": {0: (OrderRequest(0, 100, limit=95.0, validity=GTC),)}}, stop_loss="5%")


def test_27_a_stop_that_trails_is_never_gone_and_never_there_twice():
    seen = set()

    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0, 101.0)

        def look(_name=None):
            if stand.net():
                seen.add(stand.stops())

        send = stand.line._send

        async def watched(outgoing, carry_out):
            look()
            outcome = await send(outgoing, carry_out)
            look()
            return outcome

        stand.line._send = watched
        for price in (102.0, 104.0, 107.0, 111.0):
            await stand.minute(price, price + 1)
        assert 100 == stand.held()
        assert {-100} == seen

    play(scenario, {"alpha": {0: (BUY,)}}, trail="2%")


def test_29_after_a_kill_resting_entries_of_symbols_without_a_position_are_gone_and_nothing_new_leaves():
    async def scenario(stand):
        await stand.minute(100.0)
        stand.say("kill", by="a person")
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert "halted" == stand.state
        assert 2 == len(stand.places())

    orders = (OrderRequest(0, 10, limit=95.0, validity=GTC), OrderRequest(1, 10, limit=95.0, validity=GTC))
    play(scenario, {"alpha": {0: orders, 1: (BUY,), 2: (BUY,)}})


def test_37_a_missing_bar_leaves_the_last_state_and_is_never_decided_on():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0, symbols=())
        await stand.minute(100.0)
        assert [0, 2] == stand.runner.traded[stand.deployed[0].session].decider.asked

    play(scenario, {"alpha": {}})


def test_40_each_refused_order_is_in_the_journal_and_none_of_it_says_that_it_was_executed():
    async def scenario(stand):
        stand.fault("refused")
        await stand.minute(100.0)
        await stand.minute(100.0)
        (outcome,) = stand.entries("returned")
        assert "refused" == outcome["outcome"]
        assert 0 == stand.held()

    play(scenario, {"alpha": {0: (BUY,)}})


def test_43_the_books_of_four_strategies_and_external_are_the_brokers_position_at_every_entry():
    async def scenario(stand):
        handled, compared = stand.journal.handled, []

        def watched(name, event, outcome):
            handled(name, event, outcome)
            if not stand.runner.reconciler._is_booking:
                compared.append(stand.book.differences())

        stand.journal.handled = watched
        for k, price in enumerate((100.0, 101.0, 99.0, 98.0, 102.0, 95.0)):
            if k == 3:
                stand.paper.trade_by_hand(AAA, "CNC", 7, price)
            await stand.minute(price, price + 0.5)
        await stand.wait(31)
        stand.mark()
        await stand.wait(1)
        ours = sum(stand.held(name) for name in stand.plans) + stand.book.external.get((AAA, "CNC"), 0)
        assert ours == stand.net() != 0
        assert len(compared) > 40
        assert [] == [one for one in compared if one]

    plans = {name: {k: (OrderRequest(0, 10 * (k + 1)),)} for k, name in enumerate(("one", "two", "three", "four"))}
    play(scenario, plans, stop_loss="3%")
