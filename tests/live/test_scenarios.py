"""Acceptance scenarios of the runner, by their numbers: each is a report of money lost with another system."""

import pytest

from adapters.paper.door import answer
from framework.broker.feed import FeedTick
from framework.errors import ConfigError
from framework.live.journal_log import line_of
from framework.live.kill_switch import kill
from framework.live.ledger import gather
from framework.live.protection_time import unprotected_seconds
from framework.types.orders import GTC, LIMIT, CancelRequest, OrderRequest
from framework.types.settings import Settings
from tests.live.scenario import AAA, BBB, NAN, Plan, play
from tests.live.scenario_days import SHORT_DAYS
from tests.simulation.kinds import MINUTE
from tests.simulation.process import LIMITS

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


@pytest.mark.parametrize(("name", "word"), [("product", "MTF"), ("validity", "IOC"), ("both", "iceberg")])
def test_5_a_word_that_we_do_not_know_is_refused_before_anything_could_leave(name, word):
    with pytest.raises(ConfigError, match=f"{name} = '{word}': input should be"):
        Settings.of(**{name: word})


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
        facts = [name for body in stand.entries("input") for one in body["facts"] for name in one]
        assert 1 == facts.count("Settlement")
        assert "cancelled" not in {str(one.state) for one in stand.session().known_orders()}

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


def test_20_a_stop_of_the_process_before_is_changed_in_place():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        (before,) = [one for one in stand.paper.resting() if one.trigger > 0]
        await stand.crash()
        stand.start()
        await stand.wait(1)
        sent = len(stand.left)
        await stand.minute(110.0)
        await stand.minute(110.0)
        (after,) = [one for one in stand.paper.resting() if one.trigger > 0]
        assert (before.tag, before.broker_id, 98.0, 107.8) == (
            after.tag,
            after.broker_id,
            before.trigger,
            after.trigger,
        )
        assert {"OutgoingChange"} == {type(one).__name__ for _, one in stand.left[sent:]}

    play(scenario, {"alpha": {0: (BUY,)}}, trail="2%")


def test_22_a_position_that_its_owner_closed_by_hand_has_no_stop_any_more_and_is_never_turned_round():
    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (100, -100) == (stand.held(), stand.stops())
        stand.paper.trade_by_hand(AAA, "CNC", -100, 100.0)
        for _ in range(3):
            await stand.minute(100.0)
        assert (0, 0, 0) == (stand.held(), stand.net(), stand.stops())
        assert "nobodys_fill" in stand.findings()
        settled = [one["Settlement"] for body in stand.entries("input") for one in body["facts"] if "Settlement" in one]
        assert [("order", 100), ("external", 0)] == [(one["reason"], one["position"]) for one in settled]
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
        stand.say("resume", by="a person")  # who has seen what the broker did
        await stand.minute(100.0)  # all that is spendable, and not what it was with 314
        assert [314, 9_917] == [one.approved.order.quantity for one in stand.places()]

    def all_of_it(session):
        return (OrderRequest(1, session.account.spendable_paise() // 100_00),)

    limits = LIMITS._replace(max_order_value=1e7, max_order_quantity=10**5, max_open_value=1e7, max_position_value=1e7,
                             max_gross_value=1e7)  # fmt: skip
    play(scenario, {"alpha": {0: (OrderRequest(0, 314),), 2: all_of_it}}, limits=limits)


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


class DoorTo:
    """The paper broker as the kill switch sees it, with what each read showed."""

    def __init__(self, paper):
        self.paper, self.read = paper, []

    def orders(self):
        found = answer(self.paper, {"do": "orders"})["orders"]
        self.read.append([len(found)])
        return found

    def positions(self):
        found = answer(self.paper, {"do": "positions"})["positions"]
        self.read[-1].append(len(found))
        return found

    def cancel(self, tag):
        return answer(self.paper, {"do": "cancel", "tag": tag})["cancelled"]

    def flatten(self):
        return answer(self.paper, {"do": "flatten"})["fills"]


def test_29_flat_is_said_after_two_reads_with_no_order_and_no_position_and_nothing_new_leaves():
    """Entries rest on a symbol without a position, beside a position with its stop in another one."""

    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(100.0)
        assert (100, 0, [10, 20]) == (stand.net(), stand.net(BBB), [one[0] for one in stand.resting(symbol=BBB)])
        sent = len(stand.places())
        stand.say("kill", by="a person")
        await stand.wait(1)
        door = DoorTo(stand.paper)
        report = kill(door, "alpha", flatten=True, now=stand.clock.now, sleep=lambda _: None)
        assert (True, 3, ()) == (report.flat, len(report.cancelled), report.orders + report.positions)
        assert [[3, 1], [0, 0], [0, 0]] == door.read
        for _ in range(3):
            await stand.minute(100.0)
        assert ("halted", sent, 0, 0) == (stand.state, len(stand.places()), stand.held(), stand.net())
        assert [] == stand.resting() + stand.resting(symbol=BBB)

    entries = tuple(OrderRequest(1, units, limit=95.0, validity=GTC) for units in (10, 20))
    play(scenario, {"alpha": {0: (BUY, *entries), 2: (BUY,), 3: (BUY,)}}, stop_loss="5%")


class Remembering(Plan):
    """Plan that keeps the opens of all rows that it was shown, as an indicator would."""

    def __init__(self, orders, opens):
        super().__init__(orders, opens)
        self.rows = []

    def see(self, row):
        self.rows.append(((row.time - self.opens) // MINUTE, *row.close))

    def at(self, row, session):
        self.see(row)
        return super().at(row, session)


def test_37_minutes_that_do_not_come_leave_the_last_state_and_the_strategy_is_marked_blind():
    plan = Remembering({k: (OrderRequest(0, 10),) for k in (5, 6)}, SHORT_DAYS.opens)

    async def scenario(stand):
        await stand.minute(100.0)
        await stand.minute(101.0)
        for _ in range(3):
            await stand.minute(102.0, symbols=())
        assert ("reduce_only", True) == (stand.state, "feed_silent" in stand.findings())
        known = [(0, 100.0, 100.0), (1, 101.0, 101.0)]
        assert (known, []) == (plan.rows, stand.places())
        await stand.minute(103.0)
        await stand.minute(104.0)
        await stand.minute(104.0)
        assert [*known, (5, 103.0, 103.0), (6, 104.0, 104.0), (7, 104.0, 104.0)] == plan.rows
        assert "active" == stand.state

    play(scenario, {"alpha": plan})


def test_37_a_symbol_that_alone_does_not_come_is_blind_and_the_others_are_not():
    async def scenario(stand):
        await stand.minute(100.0)
        for _ in range(8):
            await stand.minute(100.0, symbols=(AAA,))
        assert [BBB] == [one["symbol"] for one in stand.entries("finding") if one["code"] == "symbol_mute"]
        assert [AAA] == [str(one.instrument) for one in stand.places()]
        assert 1 == len(stand.entries("denied"))

    orders = {8: (OrderRequest(0, 10), OrderRequest(1, 10, limit=99.0))}
    play(scenario, {"alpha": orders})


def test_40_each_line_about_an_order_is_an_entry_of_the_journal_and_a_refused_one_is_nowhere_executed():
    async def scenario(stand):
        stand.fault("refused")
        for _ in range(3):
            await stand.minute(100.0)
        assert (0, 100) == (stand.held(instrument=1), stand.held())
        entries = stand.journal_entries()
        about = [(seq, line) for seq, body in stand.told if (line := line_of(body)) is not None and line.tag]
        assert [(seq, line.kind, line.tag) for seq, line in about] == [
            (one["seq"], one["kind"], one["body"]["tag"])
            for one in entries
            if one["kind"] in {"sending", "returned", "denied"}
        ]
        refused = next(one for one in stand.entries("returned") if one["outcome"] == "refused")
        lines = [line.text for _, line in about if line.tag == refused["tag"]]
        assert 2 == len(lines)
        assert "refused" in lines[1]
        assert not any(word in text for text in lines for word in ("executed", "filled", "accepted"))
        settled = [fact for body in stand.entries("input") for one in body["facts"] for fact in one]
        assert 1 == settled.count("Settlement")

    play(scenario, {"alpha": {0: (OrderRequest(1, 50),), 1: (BUY,)}})


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
