"""Reconciliation beyond the matrix: parts not read, executions that are missing, positions, two orders of one tag."""

import pytest

from framework.broker.book import BrokerOrder, BrokerOrderState, BrokerPosition, BrokerSnapshot
from framework.journal.account_entries import RunnerState
from framework.live.belief import Belief, BelievedOrder, LocalState
from framework.live.order_names import OrderNames
from framework.live.reconcile import reconcile
from framework.live.reconcile_memory import FRESH
from framework.types.events import Accepted, Cancelled, Expired, Found
from framework.types.record import OrderState

SECOND = 1_000_000_000
T0 = 1_000 * SECOND
INFY, TCS = "NSE:INFY", "NSE:TCS"
NAMES = OrderNames(["t", "u"])
TAG, OTHER = "t00000007", "t00000003"
OPEN, FILLED, CANCELLED = BrokerOrderState.OPEN, BrokerOrderState.FILLED, BrokerOrderState.CANCELLED
HALTED, REDUCE_ONLY = RunnerState.HALTED, RunnerState.REDUCE_ONLY


def ours(state=LocalState.WORKING, *, quantity=50, filled=0, tag=TAG, **more):
    return BelievedOrder("t", int(tag[-8:]), tag, INFY, state, quantity, filled, 100.0, **more)


def theirs(state=OPEN, *, quantity=50, filled=0, tag=TAG, broker_id="B7", symbol=INFY, limit=100.0):
    return BrokerOrder(broker_id, tag, symbol, "CNC", quantity, filled, state, limit)


def believed(*orders, positions=None, moment=T0):
    return Belief({one.tag: one for one in orders}, {"t": 8, "u": 1}, {"t": moment, "u": moment}, positions or {})


def shown(*orders, as_of=T0, fills=(), positions=None):
    held = None if positions is None else tuple(BrokerPosition(*key, units) for key, units in positions.items())
    return BrokerSnapshot(as_of, orders, fills, held)


class Reader:
    """Reads one after the other, each with the memory of those before."""

    def __init__(self):
        self.memory = FRESH

    def read(self, belief, snapshot, now=None):
        outcome = reconcile(belief, snapshot, snapshot.as_of if now is None else now, names=NAMES, memory=self.memory)
        self.memory = outcome.memory
        return outcome

    def codes(self, belief, snapshot, now=None):
        return [one.finding.code for one in self.read(belief, snapshot, now).findings]


def at(seconds):
    return T0 + seconds * SECOND


# ---------------------------------------------------------------------- parts that were not read


def test_a_part_that_was_not_read_is_skipped_and_what_was_counted_stands():
    reader, belief = Reader(), believed(ours(LocalState.SENT, asked_at=T0), positions={(INFY, "CNC"): 50})
    for second in (1, 31):
        assert reader.read(belief, shown(as_of=at(second), positions={})).writes_nothing
    nothing = BrokerSnapshot(at(45))
    assert reader.read(belief, nothing).writes_nothing
    outcome = reader.read(belief, shown(as_of=at(61), positions={}))
    assert [OrderState.ABSENT] == [answer.state for _, answer in outcome.answers]
    assert ["absent", "position"] == [one.finding.code for one in outcome.findings]


def test_an_empty_book_while_orders_are_known_to_work_is_no_data_and_no_flat_account():
    reader = Reader()
    belief = believed(ours(), ours(LocalState.SENT, tag=OTHER, asked_at=T0), positions={(INFY, "CNC"): 50})
    first = reader.read(belief, shown(as_of=at(1), positions={}))
    assert ["book_empty"] == [one.finding.code for one in first.findings]
    assert [None] == [one.demand for one in first.findings]
    for second in range(11, 200, 10):
        assert reader.read(belief, shown(as_of=at(second), positions={})).writes_nothing


def test_an_order_of_somebody_else_makes_no_empty_book_full():
    belief = believed(ours(), positions={})
    outcome = Reader().read(belief, shown(theirs(tag="manual"), positions={(INFY, "CNC"): -50}))
    assert ["book_empty"] == [one.finding.code for one in outcome.findings]


# ---------------------------------------------------------------------- absent


@pytest.mark.parametrize(
    ("seconds", "absent"),
    [((1, 31, 61), True), ((1, 31, 60), False), ((1, 61), False), ((1, 2, 3, 61), True), ((0, 31, 61), False)],
)
def test_absent_takes_three_reads_over_a_minute_that_began_after_it_was_sent(seconds, absent):
    reader, belief = Reader(), believed(ours(LocalState.UNKNOWN, asked_at=T0))
    answers = [answer for second in seconds for _, answer in reader.read(belief, shown(as_of=at(second))).answers]
    assert ([Found(at(61), 7, OrderState.ABSENT, 0)] if absent else []) == answers


def test_a_read_that_shows_none_of_our_other_orders_proves_no_absence():
    reader = Reader()
    belief = believed(ours(LocalState.SENT, asked_at=T0), ours(tag=OTHER), ours(tag="t00000004"))
    old = theirs(CANCELLED, tag="t00000001")  # of a day so long ago that nothing is remembered: makes no void book
    for second in (1, 31, 61, 91):
        assert () == reader.read(belief, shown(old, as_of=at(second))).answers
    one = theirs(tag=OTHER)
    answers = [reader.read(belief, shown(one, as_of=at(second))).answers for second in (101, 131, 161)]
    assert [0, 0, 1] == [len([one for one in each if one[1].order_id == 7]) for each in answers]


def test_an_order_whose_validity_is_over_has_expired_where_the_book_has_it_no_more():
    reader = Reader()
    belief = believed(ours(filled=20, valid_until=at(61)), ours(tag=OTHER))
    answers = [reader.read(belief, shown(theirs(tag=OTHER), as_of=at(second))).answers for second in (1, 31, 61)]
    assert [(), (), (("t", Found(at(61), 7, OrderState.EXPIRED, 20)),)] == answers


# ---------------------------------------------------------------------- tags


def test_two_orders_of_one_tag_halt_with_both_listed_and_nothing_is_answered():
    belief = believed(ours(LocalState.SENT, asked_at=T0))
    outcome = Reader().read(belief, shown(theirs(), theirs(broker_id="B8"), as_of=at(1)))
    (one,) = outcome.findings
    assert ((), "two_of_one_tag", HALTED) == (outcome.answers, one.finding.code, one.demand)
    assert "B7 +50 NSE:INFY limit 100, open, filled +0; B8 +50" in one.finding.theirs


def test_one_order_told_in_two_rows_is_one_order_and_the_further_row_counts():
    belief = believed(ours())
    outcome = Reader().read(belief, shown(theirs(CANCELLED), theirs(OPEN)))
    assert (("t", Cancelled(T0, 7, "")),) == outcome.answers


@pytest.mark.parametrize("wrong", [{"symbol": TCS}, {"quantity": -50}])
def test_an_order_under_our_tag_that_is_not_as_we_asked_halts(wrong):
    outcome = Reader().read(believed(ours(LocalState.SENT)), shown(theirs(**wrong), as_of=at(1)))
    assert [("not_as_asked", HALTED)] == [(one.finding.code, one.demand) for one in outcome.findings]
    assert () == outcome.answers


def test_an_order_of_another_session_with_the_same_number_is_another_order():
    outcome = Reader().read(believed(ours()), shown(theirs(), theirs(tag="u00000000", broker_id="B1"), as_of=at(1)))
    assert outcome.writes_nothing  # number 0 was given long ago and is not remembered: its row says how it ended
    foreign = shown(theirs(), theirs(tag="u00000001", broker_id="B1"), as_of=at(2))
    assert ["no_intent"] == Reader().codes(believed(ours()), foreign)


def test_an_order_without_a_tag_of_ours_is_told_once_and_never_ours():
    reader, belief = Reader(), believed(ours())
    snapshot = shown(theirs(), theirs(tag="", broker_id="M1"))
    assert [["external_order"], []] == [reader.codes(belief, snapshot), reader.codes(belief, snapshot)]
    assert [] == Reader().codes(belief, shown(theirs(), theirs(CANCELLED, tag="", broker_id="M1")))


# ---------------------------------------------------------------------- executions


def test_an_order_that_has_filled_without_its_executions_is_waited_for_five_seconds_and_then_told():
    reader, belief = Reader(), believed(ours())
    snapshot = shown(theirs(FILLED, filled=50), as_of=at(1))
    assert reader.read(belief, snapshot).writes_nothing
    assert reader.read(belief, snapshot, at(6) - 1).writes_nothing
    outcome = reader.read(belief, snapshot, at(6))
    assert [("missing_rows", REDUCE_ONLY)] == [(one.finding.code, one.demand) for one in outcome.findings]
    assert (("t", Found(at(6), 7, OrderState.FILLED, 50, 50, 100.0)),) == (
        tuple(
            (name, answer._replace(trigger=Found(0, 0, OrderState.FILLED, 0).trigger))
            for name, answer in outcome.answers
        )
    )
    assert reader.read(belief, snapshot, at(7)).writes_nothing
    booked = believed(ours(LocalState.FILLED, filled=50))
    assert ("order:missing_rows:t00000007:50",) == reader.read(booked, snapshot, at(8)).lifted


def test_an_order_in_doubt_that_works_and_whose_executions_are_missing_is_accepted_at_once():
    outcome = Reader().read(believed(ours(LocalState.UNKNOWN, asked_at=T0)), shown(theirs(filled=20), as_of=at(1)))
    assert (("t", Accepted(at(1), 7)),) == outcome.answers


def test_executions_that_were_not_read_are_not_missing():
    reader, belief = Reader(), believed(ours())
    for second in (1, 31, 61):
        assert reader.read(belief, shown(theirs(FILLED, filled=50), as_of=at(second), fills=None)).writes_nothing


def test_a_figure_below_ours_is_older_until_three_reads_say_so():
    reader, belief = Reader(), believed(ours(filled=30))
    codes = [reader.read(belief, shown(theirs(filled=20), as_of=at(second))) for second in (1, 31, 61)]
    assert [[], [], ["booked_beyond"]] == [[one.finding.code for one in each.findings] for each in codes]
    assert [(REDUCE_ONLY, INFY)] == [(one.demand, one.halts) for one in codes[-1].findings]


def test_more_than_an_order_is_for_halts_its_symbol():
    outcome = Reader().read(believed(ours(LocalState.FILLED, filled=60)), shown(theirs(FILLED, filled=60)))
    assert [("overfilled", REDUCE_ONLY, INFY)] == [
        (one.finding.code, one.demand, one.halts) for one in outcome.findings
    ]


def test_a_cancel_that_left_a_second_ago_is_not_taken_for_failed():
    reader, belief = Reader(), believed(ours(LocalState.REQUESTED, asked_at=T0))
    assert [0, 0, 1] == [len(reader.read(belief, shown(theirs(), as_of=at(s))).answers) for s in (1, 4, 5)]


def test_an_order_that_a_person_changed_is_followed_after_two_reads():
    reader, belief = Reader(), believed(ours())
    changed = theirs(limit=101.0)
    assert reader.read(belief, shown(changed, as_of=at(1))).writes_nothing
    outcome = reader.read(belief, shown(changed, as_of=at(31)))
    assert ["changed_elsewhere"] == [one.finding.code for one in outcome.findings]
    assert [(OrderState.WORKING, 101.0)] == [(answer.state, answer.limit) for _, answer in outcome.answers]


def test_a_limit_that_the_broker_gave_a_market_order_is_no_change():
    order = ours()._replace(limit=float("nan"))
    assert Reader().read(believed(order), shown(theirs(limit=103.0))).writes_nothing


# ---------------------------------------------------------------------- positions


def test_a_position_that_differs_in_three_reads_reduces_only_and_asks_one_question():
    reader, belief = Reader(), believed(positions={(INFY, "CNC"): 50})
    outcomes = [reader.read(belief, shown(as_of=at(s), positions={(INFY, "CNC"): 30})) for s in (1, 2, 3, 4)]
    assert [[], [], ["position"], []] == [[one.finding.code for one in each.findings] for each in outcomes]
    (one,) = outcomes[2].findings
    assert (REDUCE_ONLY, "+50", "+30") == (one.demand, one.finding.ours, one.finding.theirs)
    assert "adopt (a strategy takes it over), ignore (it stays nobody's) or close?" == one.finding.question
    assert () == sum((each.answers for each in outcomes), ())


def test_the_same_read_does_not_count_twice():
    reader, belief = Reader(), believed(positions={(INFY, "CNC"): 50})
    snapshot = shown(positions={})
    assert [[], [], [], []] == [reader.codes(belief, snapshot) for _ in range(4)]


def test_a_difference_that_heals_is_lifted_and_one_that_changes_is_not():
    reader, belief = Reader(), believed(positions={(INFY, "CNC"): 50})
    for second in (1, 2, 3):
        reader.read(belief, shown(as_of=at(second), positions={}))
    other = reader.read(belief, shown(as_of=at(4), positions={(INFY, "CNC"): 30}))
    assert other.writes_nothing
    healed = reader.read(belief, shown(as_of=at(5), positions={(INFY, "CNC"): 50}))
    assert ("position:NSE:INFY:CNC:-50",) == healed.lifted


def test_a_position_of_one_product_is_not_the_same_as_one_of_another():
    reader, belief = Reader(), believed(positions={(INFY, "CNC"): 50})
    outcomes = [reader.codes(belief, shown(as_of=at(s), positions={(INFY, "MIS"): 50})) for s in (1, 2, 3)]
    assert ["position", "position"] == outcomes[-1]


def test_an_answer_is_never_before_what_its_session_has_heard():
    belief = believed(ours(), moment=at(100))
    outcome = Reader().read(belief, shown(theirs(BrokerOrderState.EXPIRED), as_of=at(1)))
    assert (("t", Expired(at(100), 7)),) == outcome.answers
