"""Account book: whose each execution is, once; what the sessions hold and what is nobody's is what the broker holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.broker.book import BrokerFill
from framework.journal.account_entries import ExternalFill
from framework.live.account_book import AccountBook, BookDifference, FillShare, compare, stranger_shares
from framework.live.order_names import OrderNames
from framework.types.actions import Action, Due
from framework.types.events import ActionKnown, Submit, Surprise
from framework.types.orders import OrderRequest, Reason
from framework.types.record import AppliedAction, Settlement
from tests.live.account import INFY, NAN, TCS, AccountStand

FOUR = ("t", "u", "v", "w")


def fill(fill_id, quantity, tag="", *, symbol=INFY, product="CNC", price=100.0, time=0):
    return BrokerFill(fill_id, f"B{tag}", tag, symbol, product, quantity, price, time)


class BookStand(AccountStand):
    """An account with its book; executions go through the book to the sessions."""

    def __init__(self, names=("t",), products=("CNC",), **more):
        super().__init__(names, products)
        members = self.world._account.members
        self.book = AccountBook(members, OrderNames(names), **more)

    def tell(self, one):
        """An execution of just now, unless it says when."""
        latest = max(desk.moment for desk in self.desks.values())
        taken = self.book.take(one if one.time else one._replace(time=latest), 0)
        for name, answer in taken.answers:
            self.desks[name].take(answer)
        return taken

    def sends(self, quantity, name="t", instrument=0):
        """A market order that is on its way; its tag."""
        ((tag, _),) = self.sends_all(quantity, name, instrument)
        return tag

    def sends_all(self, quantity, name, instrument):
        """The orders that a wish comes to: one that crosses zero is an exit, and an entry after it."""
        wanted = OrderRequest(instrument, quantity)
        commands = self.desks[name].close(100.0, requests=[wanted])
        orders = [command.approved for command in commands if isinstance(command, Submit)]
        for one in orders:
            self.desks[name].accept(one.order.order_id)
        return [(one.tag, one.order.quantity) for one in orders]

    def held(self, name="t", instrument=0):
        return self.desks[name].session.account.quantity[instrument]


# ---------------------------------------------------------------------- by tag, once


def test_an_execution_belongs_to_the_order_whose_tag_it_carries_and_is_booked_once():
    stand = BookStand(("t", "u"))
    tag = stand.sends(50, "u")
    assert [1, 0, 0] == [len(stand.tell(fill("x1", 50, tag)).answers) for _ in range(3)]
    assert (0, 50, {}) == (stand.held("t"), stand.held("u"), stand.book.external)
    assert [] == stand.book.differences()


def test_an_execution_that_a_journal_has_is_not_booked_again_after_a_restart():
    stand = BookStand(seen=["x1"])
    assert ((), None) == stand.tell(fill("x1", 50, stand.sends(50)))[:2]


def test_an_execution_under_our_tag_of_an_order_that_was_never_decided_is_booked_and_told_as_not_owned():
    stand = BookStand()
    taken = stand.tell(fill("x1", 50, "t00000099"))
    assert (False, 50) == (taken.owned, stand.held())
    assert "nobodys_fill" in [fact.code for fact in stand.desks["t"].facts if isinstance(fact, Surprise)]


def test_an_execution_under_our_tag_in_a_symbol_that_the_session_does_not_trade_is_external_and_not_owned():
    stand = BookStand()
    taken = stand.tell(fill("x1", 50, "t00000001", symbol="NSE:SBIN"))
    assert (False, {("NSE:SBIN", "CNC"): 50}) == (taken.owned, stand.book.external)


# ---------------------------------------------------------------------- somebody else's


@pytest.mark.parametrize(
    ("quantity", "external", "held", "expected"),
    [
        # nothing is held: it is all nobody's
        (30, 0, {}, [("", 30)]),
        (-30, 0, {}, [("", -30)]),
        # what adds to a session's position is not the session's
        (30, 0, {"t": 50}, [("", 30)]),
        # what takes away is first taken from nobody's, then from the sessions by name
        (-30, 40, {"t": 50}, [("", -30)]),
        (-60, 40, {"t": 50}, [("t", -20), ("", -40)]),
        (-60, 0, {"u": 50, "t": 20}, [("t", -20), ("u", -40)]),
        (-90, 0, {"u": 50, "t": 20}, [("t", -20), ("u", -50), ("", -20)]),
        # a session on the other side hears nothing
        (-30, 0, {"t": -50, "u": 10}, [("u", -10), ("", -20)]),
        (30, -10, {"t": -50}, [("t", 20), ("", 10)]),
    ],
)
def test_a_strangers_execution_is_shared_out(quantity, external, held, expected):
    assert [FillShare(name, 0, units) for name, units in expected] == stranger_shares(quantity, external, held)


@given(
    st.integers(-200, 200).filter(bool),
    st.integers(-100, 100),
    st.dictionaries(st.sampled_from(FOUR), st.integers(-90, 90)),
)
def test_shares_add_up_and_no_session_is_taken_beyond_zero(quantity, external, held):
    shares = stranger_shares(quantity, external, held)
    assert quantity == sum(share.quantity for share in shares)
    for share in shares:
        if share.session:
            after = held[share.session] + share.quantity
            assert after * held[share.session] >= 0
            assert abs(after) < abs(held[share.session])


def test_scenario_22_a_position_that_a_person_closed_by_hand_is_gone_from_its_session_as_external():
    stand = BookStand()
    stand.tell(fill("x1", 50, stand.sends(50)))
    taken = stand.tell(fill("x2", -50))
    assert (0, None, {}) == (stand.held(), taken.external, stand.book.external)
    last = [fact for fact in stand.desks["t"].facts if isinstance(fact, Settlement)][-1]
    assert Reason.EXTERNAL == last.reason
    assert [] == stand.book.differences()


def test_a_square_off_by_the_broker_takes_from_the_sessions_of_its_product_alone():
    stand = BookStand(("t", "u"), ("CNC", "MIS"))
    stand.tell(fill("x1", 50, stand.sends(50)))
    stand.tell(fill("x2", 30, stand.sends(30, "u"), product="MIS"))
    stand.tell(fill("x3", -30, product="MIS"))
    assert (50, 0) == (stand.held("t"), stand.held("u"))


def test_what_a_person_buys_is_external_and_is_kept_as_an_entry():
    stand = BookStand()
    taken = stand.tell(fill("x1", 40, price=99.5, time=7))
    assert ExternalFill("x1", INFY, "CNC", 40, 99.5, 7) == taken.external
    assert ({(INFY, "CNC"): 40}, {(INFY, "CNC"): 40}) == (stand.book.external, stand.book.positions())
    stand.tell(fill("x2", -40))
    assert {} == stand.book.external


def test_a_person_answers_what_is_to_become_of_nobodys_units():
    stand = BookStand()
    noted = stand.book.note_external(INFY, "CNC", 100, 7)  # ignore: it is the account's, and no strategy's
    assert ("", INFY, "CNC", 100, 7) == (*noted[:4], noted.time)
    assert [] == stand.book.differences()
    assert [-100] == [one.quantity for one in stand.book.adopt(INFY, "CNC", 100, 8)]  # a session must hear it too
    assert [BookDifference(INFY, "CNC", 0, 100)] == stand.book.differences()


# ---------------------------------------------------------------------- the balance


@given(
    st.lists(
        st.tuples(st.sampled_from((*FOUR, "")), st.integers(-40, 40).filter(bool), st.booleans(), st.booleans()),
        max_size=25,
    )
)
def test_scenario_43_four_strategies_in_one_symbol_and_nobody_are_the_brokers_net_at_every_entry(trades):
    stand = BookStand(FOUR)
    broker, told = {}, []
    for name, quantity, other, again in trades:
        symbol = TCS if other else INFY
        for tag, units in stand.sends_all(quantity, name, int(other)) if name else [("", quantity)]:
            told.append(fill(f"x{len(told)}", units, tag, symbol=symbol))
            stand.tell(told[-1])
            broker[symbol, "CNC"] = broker.get((symbol, "CNC"), 0) + units
        if again and told:
            stand.tell(told[len(told) // 2])
        assert [] == compare(stand.book.positions(), broker)
        assert [] == stand.book.differences()


def test_an_execution_that_a_session_drops_is_found_at_once():
    stand = BookStand()
    stand.tell(fill("x1", 50, stand.sends(50), price=NAN))  # not bookable: no price
    assert [BookDifference(INFY, "CNC", 0, 50)] == stand.book.differences()


def test_a_split_changes_what_is_held_here_and_at_the_broker_alike():
    stand = BookStand()
    stand.tell(fill("x1", 50, stand.sends(50)))
    desk = stand.desks["t"]
    desk.take(ActionKnown(desk.moment, Due(desk.day + 1, 0, Action(desk.day + 1, "split", 5.0))))
    told = len(desk.facts)
    desk.open()
    assert 250 == stand.held()
    assert [BookDifference(INFY, "CNC", 250, 50)] == stand.book.differences()
    for fact in desk.facts[told:]:
        stand.book.note_fact("t", fact)
    assert 1 == sum(isinstance(fact, AppliedAction) for fact in desk.facts[told:])
    assert [] == stand.book.differences()
