"""The reconciler carries out what comparing comes to: answers, findings, states, symbols, and what is nobody's."""

import asyncio
from types import SimpleNamespace

import pytest

from framework.broker.book import (
    BrokerFill,
    BrokerOrder,
    BrokerOrderState,
    BrokerPosition,
    BrokerSnapshot,
    FillAnnulled,
)
from framework.errors import BrokerError
from framework.journal.account_entries import ExternalFill, RunnerState
from framework.live.reconciler import AccountView, Reconciler
from framework.live.runner_state import RunnerStates
from framework.types.events import Accepted, PersonSays, Unknown, Wish
from tests.live.account import INFY, NAN, SECOND
from tests.live.test_account_book import BookStand

OPEN = BrokerOrderState.OPEN


class ReconcilerStand:
    """An account whose broker is a snapshot that the test writes."""

    def __init__(self, names=("t",)):
        self.stand = stand = BookStand(names)
        self.notes, self.given, self.distrusted = [], [], []
        self.snapshot = BrokerSnapshot(0)
        self.now = stand.now
        self.states = RunnerStates(self.notes.append)
        self.states.settle("test")
        self.reconciler = Reconciler(
            broker=SimpleNamespace(snapshot=self.read),
            account=AccountView(stand.world._account.members, stand.book, stand.world, stand.book._names),
            clock=SimpleNamespace(now=lambda: self.now),
            journal=SimpleNamespace(note=self.notes.append),
            states=self.states,
            gate=SimpleNamespace(
                see_funds=stand.world.note_funds,
                distrust_symbol=lambda symbol, why: self.distrusted.append(symbol),
            ),
            give=self.give,
        )

    async def read(self):
        if isinstance(self.snapshot, BrokerError):
            raise self.snapshot
        return self.snapshot

    def give(self, name, answer):
        """As the runner: the session hears it, and the books are checked at every entry."""
        self.given.append((name, answer))
        self.stand.desks[name].take(answer)
        self.reconciler.check_books()

    def run(self, snapshot):
        self.snapshot = snapshot
        asyncio.run(self.reconciler.run())
        return [note.code for note in self.notes if hasattr(note, "code")]


def executed(fill_id, quantity, tag="", time=0):
    return BrokerFill(fill_id, "B", tag, INFY, "CNC", quantity, 100.0, time)


def test_an_execution_that_two_sessions_share_leaves_no_doubt_about_the_books():
    stand = ReconcilerStand(("t", "u"))
    for k, name in enumerate(("t", "u")):
        stand.stand.tell(executed(f"x{k}", 50, stand.stand.sends(50, name)))
    time = max(desk.moment for desk in stand.stand.desks.values())
    stand.reconciler.take_fill(executed("x9", -80, time=time))
    assert ["t", "u"] == [name for name, _ in stand.given]
    assert (0, 20) == (stand.stand.held("t"), stand.stand.held("u"))
    assert RunnerState.ACTIVE is stand.states.state


def test_scenario_1_an_order_whose_answer_was_lost_is_adopted_by_its_tag_and_nothing_is_sent():
    stand = ReconcilerStand()
    command, working = stand.stand.asks()
    stand.stand.world.note_leaving(stand.stand.request(command, working), stand.now - SECOND)
    desk = stand.stand.desks["t"]
    desk.take(Unknown(desk.moment, working.order.order_id, "timeout"))
    row = BrokerOrder("B1", working.tag, INFY, "CNC", 50, 0, OPEN, 100.0)
    stand.run(BrokerSnapshot(desk.moment + SECOND, (row,), (), ()))
    assert working.is_known_open
    assert 1 == len(stand.given)


def test_an_absent_order_stays_reserved_and_its_strategy_is_blocked_in_its_symbol():
    stand = ReconcilerStand()
    command, working = stand.stand.asks()
    stand.stand.world.note_leaving(stand.stand.request(command, working), stand.now - 10 * SECOND)
    desk = stand.stand.desks["t"]
    desk.take(Unknown(desk.moment, working.order.order_id, "timeout"))
    for second in (1, 31, 61):
        codes = stand.run(BrokerSnapshot(desk.moment + second * SECOND, (), (), ()))
    assert ["absent"] == codes[-1:]
    assert (working.tag,) == stand.stand.world.absent
    assert "restricted" == stand.stand.code(*stand.stand.asks(7))


def test_what_a_person_traded_is_noted_told_and_in_risk():
    stand = ReconcilerStand()
    snapshot = BrokerSnapshot(
        stand.now,
        (BrokerOrder("M1", "", INFY, "CNC", -10, 0, OPEN, 101.0),),
        (executed("m1", 40),),
        (BrokerPosition(INFY, "CNC", 40),),
    )
    codes = stand.run(snapshot)
    assert ["external", "external_order"] == codes
    assert [ExternalFill("m1", INFY, "CNC", 40, 100.0, 0)] == [
        note._replace(time=0) for note in stand.notes if isinstance(note, ExternalFill)
    ]
    assert {(INFY, "CNC"): 40} == stand.stand.world.positions()
    assert [(INFY, -10, 101.0)] == [(one.symbol, one.units, one.limit) for one in stand.stand.world.open_orders()]
    assert "own_cross" == stand.stand.code(*stand.stand.asks(5, 101.0))
    assert codes == stand.run(snapshot)  # the same again writes nothing


def test_a_position_that_differs_reduces_only_until_it_agrees():
    stand = ReconcilerStand()
    for second in (1, 2, 3):
        stand.run(BrokerSnapshot(second * SECOND, (), (), (BrokerPosition(INFY, "CNC", 5),)))
    assert RunnerState.REDUCE_ONLY is stand.states.state
    stand.run(BrokerSnapshot(4 * SECOND, (), (), ()))
    assert RunnerState.ACTIVE is stand.states.state


def test_a_session_that_drops_an_execution_is_found_at_once():
    stand = ReconcilerStand()
    tag = stand.stand.sends(50)
    stand.reconciler.take_fill(executed("x1", 50, tag)._replace(price=NAN))
    assert RunnerState.REDUCE_ONLY is stand.states.state


def test_an_execution_under_our_tag_that_nobody_decided_halts():
    stand = ReconcilerStand()
    stand.reconciler.take_fill(executed("x1", 50, "t00000099"))
    assert RunnerState.HALTED is stand.states.state


def test_a_book_that_cannot_be_read_for_a_moment_is_told_once_and_changes_nothing():
    stand = ReconcilerStand()
    stand.run(BrokerSnapshot(stand.now, (), (), ()))
    assert ["book_unread"] == stand.run(BrokerError("503"))
    assert ["book_unread"] == stand.run(BrokerError("503"))
    assert ([], RunnerState.ACTIVE) == (stand.given, stand.states.state)


def test_a_book_that_was_read_two_periods_ago_or_never_supports_no_new_risk():
    stand = ReconcilerStand()
    stand.run(BrokerError("503"))
    assert RunnerState.REDUCE_ONLY is stand.states.state
    stand.run(BrokerSnapshot(stand.now, (), (), ()))
    assert RunnerState.ACTIVE is stand.states.state
    stand.now += 61 * SECOND
    stand.run(BrokerError("503"))
    assert RunnerState.REDUCE_ONLY is stand.states.state


def test_an_order_that_our_own_acceptance_told_already_is_not_told_again():
    stand = ReconcilerStand()
    working = stand.stand.rests(50)
    desk = stand.stand.desks["t"]
    desk.take(Accepted(desk.moment, working.order.order_id))
    row = BrokerOrder("B1", working.tag, INFY, "CNC", 50, 0, OPEN, 100.0)
    stand.run(BrokerSnapshot(desk.moment, (row,), (), ()))
    assert [] == stand.given


# ---------------------------------------------------------------------- F81: an execution is annulled


def test_an_annulled_execution_is_taken_from_its_session_and_its_symbol_is_halted():
    stand = ReconcilerStand(("t", "u"))
    tag = stand.stand.sends(50)
    stand.reconciler.take_fill(executed("x1", 50, tag, stand.stand.desks["t"].moment))
    stand.reconciler.take_back(FillAnnulled("x1", "reversal trade"))
    assert (0, {}, RunnerState.ACTIVE) == (stand.stand.held(), stand.stand.book.positions(), stand.states.state)
    order = stand.stand.asks(7, name="u")
    answer = stand.stand.review(*order, name="u")
    assert ("restricted", "execution x1 was annulled by the exchange: reversal trade") == answer[:2]
    stand.stand.world.resume_symbols()
    assert "" == stand.stand.code(*order, name="u")


def test_an_annulled_execution_of_nobody_is_taken_off_what_is_nobodys():
    stand = ReconcilerStand()
    stand.reconciler.take_fill(executed("m1", 40))
    stand.reconciler.take_back(FillAnnulled("m1"))
    assert ({}, {}) == (stand.stand.book.external, stand.stand.world.positions())
    entries = [note for note in stand.notes if isinstance(note, ExternalFill)]
    assert [("m1", 40), ("annulled:m1", -40)] == [(one.fill_id, one.quantity) for one in entries]


def test_an_execution_that_sessions_shared_is_taken_from_each():
    stand = ReconcilerStand(("t", "u"))
    for k, name in enumerate(("t", "u")):
        stand.stand.tell(executed(f"x{k}", 50, stand.stand.sends(50, name)))
    time = max(desk.moment for desk in stand.stand.desks.values())
    stand.reconciler.take_fill(executed("x9", -80, time=time))
    stand.reconciler.take_back(FillAnnulled("x9"))
    assert (50, 50, RunnerState.ACTIVE) == (stand.stand.held("t"), stand.stand.held("u"), stand.states.state)
    assert [] == stand.stand.book.differences()


def test_an_annulment_told_twice_is_one_and_one_of_an_execution_that_nobody_remembers_halts():
    stand = ReconcilerStand()
    tag = stand.stand.sends(50)
    stand.reconciler.take_fill(executed("x1", 50, tag, stand.stand.desks["t"].moment))
    for _ in range(2):
        stand.reconciler.take_back(FillAnnulled("x1"))
    assert RunnerState.ACTIVE is stand.states.state
    stand.reconciler.take_back(FillAnnulled("x9"))
    assert RunnerState.HALTED is stand.states.state


def test_a_snapshot_that_still_shows_the_annulled_execution_books_it_no_more():
    stand = ReconcilerStand()
    tag = stand.stand.sends(50)
    fill = executed("x1", 50, tag, stand.stand.desks["t"].moment)
    stand.reconciler.take_fill(fill)
    stand.reconciler.take_back(FillAnnulled("x1"))
    stand.run(BrokerSnapshot(stand.stand.desks["t"].moment, None, (fill,), ()))
    assert (0, RunnerState.ACTIVE) == (stand.stand.held(), stand.states.state)


# ---------------------------------------------------------------------- a person's answers


@pytest.mark.parametrize(
    ("nobodys", "expected"), [(0, [100, -100]), (60, [40, -100]), (100, [-100]), (150, [-100]), (-20, [100, -100])]
)
def test_what_a_strategy_adopts_is_first_noted_as_nobodys_as_far_as_it_was_not(nobodys, expected):
    stand = ReconcilerStand()
    if nobodys:
        stand.stand.book.note_external(INFY, "CNC", nobodys, 1)
    stand.reconciler.adopt("t", INFY, 100)
    desk = stand.stand.desks["t"]
    desk.take(PersonSays(desk.moment, Wish.ADOPT, 0, 100, 100.0))
    assert expected == [note.quantity for note in stand.notes if isinstance(note, ExternalFill)]
    assert [] == stand.stand.book.differences()
    assert 100 + max(nobodys - 100, 0) + min(nobodys, 0) == stand.stand.book.positions()[INFY, "CNC"]


def test_what_is_ignored_stays_nobodys_and_the_account_may_go_on():
    stand = ReconcilerStand()
    for second in (1, 2, 3):
        stand.run(BrokerSnapshot(second * SECOND, (), (), (BrokerPosition(INFY, "CNC", 5),)))
    assert RunnerState.REDUCE_ONLY is stand.states.state
    assert 5 == stand.reconciler.ignore(INFY)
    stand.run(BrokerSnapshot(4 * SECOND, (), (), (BrokerPosition(INFY, "CNC", 5),)))
    assert (RunnerState.ACTIVE, {(INFY, "CNC"): 5}) == (stand.states.state, stand.stand.world.positions())


def test_before_any_read_there_is_nothing_to_ignore():
    assert 0 == ReconcilerStand().reconciler.ignore(INFY)
