"""The table of an order's life, and corners of answers that its page has no row for."""

import pytest

from framework.errors import InvariantError
from framework.session import lifecycle, state
from framework.session.lifecycle import after, cell
from framework.types import OrderType
from framework.types.actions import Action, Due
from framework.types.codec import UnknownFormatError
from framework.types.deadlines import NEVER, Deadline
from framework.types.events import Accepted, ActionKnown, BarCloses, BarOpens, Cancel, Cancelled, Filled, Refused
from framework.types.orders import BarRow, Validity
from framework.types.record import OrderState
from tests.contract.desk import Desk, cancels, changes, in_doubt, submitted
from tests.contract.market import DAY_NS, HOUR_NS, NAN, ask

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


def protected(side):
    """Ten units with a stop (order 2) and a target (order 3), both accepted."""
    desk = Desk(stop_loss="5%", take_profit="5%")
    desk.close(100, side)
    desk.accept(1)
    desk.open()
    desk.fill(1, side * 10)
    desk.accept(2)
    desk.accept(3)
    return desk


def test_evidence_of_any_two_states_is_the_same_in_either_order():
    states = [state for state in OrderState if state is not OrderState.PARKED]
    for one in states:
        for other in states:
            for third in states:
                assert after(after(one, other), third) is after(after(one, third), other)


def test_what_was_never_sent_stays_parked_and_every_answer_about_it_surprises():
    for answer in (Accepted, Filled, Refused, Cancelled):
        assert (OrderState.PARKED, True) == cell(OrderState.PARKED, answer)


def test_the_printed_table_has_a_line_for_each_answer_and_a_column_for_each_state():
    head, rule, *lines = lifecycle.printed().splitlines()
    assert len(lines) == len(lifecycle.HEARD)
    assert {line.count("|") for line in (head, rule, *lines)} == {len(lifecycle.COLUMNS) + 3}
    assert "| a fill | working | working | · | working ! | · ! |" in lifecycle.printed()


@SIDES
def test_a_fill_that_the_book_had_announced_is_no_surprise_after_the_end(side):
    desk = Desk()
    desk.close(100, side)
    desk.accept(1)
    desk.find(1, OrderState.CANCELLED, side * 4)
    assert ["fills_missing"] == desk.surprises
    desk.fill(1, side * 4)
    assert (side * 4, ["fills_missing"]) == (desk.position, desk.surprises)


@SIDES
def test_a_fill_of_an_order_that_was_proved_absent_takes_it_on_again(side):
    desk = in_doubt(side)
    desk.find(1, OrderState.ABSENT)
    desk.fill(1, side * 4)
    assert (side * 4, "working") == (desk.position, desk.outcomes()[0][1])


@SIDES
def test_an_order_proved_absent_that_the_book_shows_later_is_taken_on_again(side):
    desk = in_doubt(side)
    desk.find(1, OrderState.ABSENT)
    desk.find(1)
    assert "working" == desk.outcomes()[0][1]


@SIDES
def test_a_book_that_is_behind_what_was_told_settles_nothing(side):
    desk = Desk()
    desk.close(100, side)
    desk.fill(1, side * 4)
    desk.find(1, OrderState.WORKING, side * 2)
    assert (side * 4, []) == (desk.position, desk.surprises)


@SIDES
def test_a_stop_that_filled_before_it_grew_ends_when_its_change_is_refused(side):
    desk = protected(side)
    desk.fill(0, side * 5, 100.0, fill_id="hand")
    desk.fill(2, -side * 10, 95.0)
    desk.change_refused(2)
    assert (side * 5, "filled") == (desk.position, desk.outcomes()[1][1])


@SIDES
def test_a_stop_that_filled_before_it_grew_ends_when_its_cancel_is_refused(side):
    desk = protected(side)
    desk.fill(0, -side * 4, 100.0, fill_id="a")
    assert [2] == cancels(desk.change_refused(2))
    desk.fill(0, side * 9, 100.0, fill_id="b")
    desk.fill(2, -side * 10, 95.0)
    desk.cancel_refused(2)
    assert (side * 5, "filled") == (desk.position, desk.outcomes()[1][1])


@SIDES
def test_an_entry_that_a_split_could_not_reach_is_taken_back(side):
    desk = Desk(validity="GTC")
    desk.close(100, side, limit=100 - side)
    desk.accept(1)
    desk.take(ActionKnown(desk.moment, Due(2, 0, Action(2, "split", 2.0))))
    assert [(1, side * 20)] == [(c.order_id, c.quantity) for c in changes(desk.open())]
    assert [Cancel(1)] == desk.change_refused(1)


@SIDES
def test_a_consolidation_leaves_an_order_whose_cancel_is_under_way_alone(side):
    desk = Desk(validity="GTC", sizing="fixed:5")
    desk.close(100, side, limit=100 - side)
    desk.accept(1)
    desk.close(100, 0)
    desk.take(ActionKnown(desk.moment, Due(3, 0, Action(3, "consolidation", 0.1))))
    assert [] == desk.open()


@SIDES
def test_exits_that_begin_with_the_next_bar_are_not_restored_before(side):
    desk = Desk(validity="GTC", stop_loss="5%", active_from="next_bar")
    desk.close(100, side, limit=100 - side)
    desk.accept(1)
    desk.close(100, 0)
    desk.open()
    desk.fill(1, side * 4, 100 - side)
    desk.cancel_refused(1)
    assert [Cancel(1)] == desk.wait()


def test_a_name_that_no_broker_takes_as_a_tag_is_refused():
    for name in ("", "two words", "thirteenchars", "ü"):
        with pytest.raises(InvariantError, match="begins every tag"):
            Desk(name=name)
    desk = Desk(name="abc")
    assert "abc00000001" == desk.close(100, 1)[0].approved.tag


def test_an_order_id_that_is_an_enum_is_the_number_it_is():
    desk = Desk()
    desk.close(100, 1)
    desk.take(Accepted(desk.moment, OrderType.LIMIT))
    assert "working" == desk.outcomes()[0][1]


def test_deadlines_that_end_ask_nothing_any_more():
    desk = Desk(product="MIS")
    deadline = Deadline([DAY_NS + HOUR_NS], [NEVER])
    row = BarRow(DAY_NS, DAY_NS + HOUR_NS, 1, False, *[[100.0]] * 4, [NAN], deadline)
    desk.take(BarOpens(*row[:4], deadline))
    desk.take(BarCloses(row.close_time, row))
    desk.take(BarOpens(2 * DAY_NS, 3 * DAY_NS, 2, ends_session=True))
    assert [] == submitted(desk.wait())


def with_exit_through_a_split():
    """Twenty of what were ten, with a limit exit (order 2) of ten that was to become one of twenty."""
    desk = Desk(style="on_bar")
    desk.close(100, requests=[ask(10)])
    desk.open()
    desk.fill(1, 10)
    desk.shut(100, requests=[ask(-10, limit=120.0, validity=Validity.GTC)])
    desk.accept(2)
    desk.take(ActionKnown(desk.moment, Due(3, 0, Action(3, "split", 2.0))))
    assert [(2, -20)] == [(c.order_id, c.quantity) for c in changes(desk.open())]
    return desk


def test_an_exit_that_filled_before_a_split_reached_it_is_done():
    desk = with_exit_through_a_split()
    desk.fill(2, -10, 120.0)
    desk.change_refused(2)
    assert (10, "filled") == (desk.position, desk.outcomes()[1][1])


def test_an_exit_that_a_split_did_not_reach_rests_on_while_it_is_no_larger_than_the_position():
    desk = with_exit_through_a_split()
    assert [] == desk.change_refused(2)
    assert (-10, "working") == desk.outcomes()[1][:2]


def test_a_checkpoint_of_what_it_cannot_hold_or_does_not_know_is_refused():
    desk = Desk()
    kept = state.dump(desk.session)
    kept["parts"]["account"]["cash_paise"] = {"Nonsense": 1}
    with pytest.raises(UnknownFormatError, match="holds a 'Nonsense'"):
        state.load(Desk().session, kept)
    desk.session.equity_paise = object()
    with pytest.raises(TypeError, match="a checkpoint cannot hold"):
        state.dump(desk.session)


@SIDES
@pytest.mark.parametrize("made", [True, False], ids=["changed", "refused"])
def test_a_stop_that_fills_while_it_is_made_smaller_is_done_only_if_it_was_made_so(side, made):
    desk = protected(side)
    assert (2, -side * 6) == changes(desk.fill(0, -side * 4, 100.0, fill_id="hand"))[0][:2]
    # Ten or six may have rested there; what is left has nothing to reduce.
    assert {2, 3} == set(cancels(desk.fill(2, -side * 6, 95.0)))
    assert "working" == desk.outcomes()[1][1]
    if made:
        desk.changed(2)
        assert "filled" == desk.outcomes()[1][1]
    else:
        desk.change_refused(2)
        desk.cancelled(2)
        assert (-side * 10, "cancelled") == desk.outcomes()[1][:2]
    assert 0 == desk.position


@SIDES
@pytest.mark.parametrize("made", [True, False], ids=["changed", "refused"])
def test_a_refused_cancel_ends_no_order_of_which_the_larger_one_may_rest_there(side, made):
    """Seeds 962 and 1689 of the simulation: its rest filled later, as a stranger's."""
    desk = protected(side)
    assert (2, -side * 6) == changes(desk.fill(0, -side * 4, 100.0, fill_id="hand"))[0][:2]
    assert {2, 3} == set(cancels(desk.fill(2, -side * 6, 95.0)))
    desk.cancel_refused(2)
    assert "working" == desk.outcomes()[1][1]
    if made:
        desk.changed(2)
        assert (0, "filled") == (desk.position, desk.outcomes()[1][1])
    else:
        desk.change_refused(2)
        desk.fill(2, -side * 4, 95.0)
        assert (-side * 4, "filled") == (desk.position, desk.outcomes()[1][1])
        assert "fill_after_end" not in desk.surprises


@SIDES
def test_what_only_an_exit_in_doubt_would_leave_is_told_as_unprotected(side):
    """Seed 889 of the simulation: the rest of a stop was taken by its pair's rule, and the exit got no answer."""
    desk = protected(side)
    desk.fill(2, -side * 4, 95.0)
    desk.cancelled(3)
    desk.cancelled(2, "one_cancels_other")
    assert [(4, -side * 6)] == submitted(desk.close(96, side))
    desk.unknown(4)
    assert ["unknown", "unprotected"] == desk.surprises


@SIDES
def test_an_exit_in_doubt_beside_the_stop_leaves_nothing_unprotected(side):
    desk = protected(side)
    assert [(4, -side * 10)] == submitted(desk.close(96, 0))
    desk.unknown(4)
    assert ["unknown"] == desk.surprises
