"""A session that an exception left half changed: it says so, and takes no further input."""

import pytest

from framework import Rule
from framework.errors import DataError, InvariantError
from framework.session import state
from framework.types.events import BarCloses, PersonSays, Tick, Wish
from tests.contract.desk import Desk


class Fails(Rule):
    """A user's rule with a mistake in one of its hooks."""

    def __init__(self, hook):
        setattr(self, hook, self.fail)

    def fail(self, *given):
        raise ZeroDivisionError("the rule's own mistake")


def buy_ten(desk):
    desk.close(100, 1)
    desk.open()
    desk.fill(1, 10)


@pytest.mark.parametrize("hook", ["on_state", "pre_order", "post_fill"])
def test_after_an_exception_of_a_users_rule_every_further_input_is_refused_with_its_cause(hook):
    desk = Desk(rules=[Fails(hook)])
    with pytest.raises(ZeroDivisionError, match="own mistake"):
        buy_ten(desk)
    with pytest.raises(InvariantError, match=r"stopped in the middle of input \w+ .*own mistake.*from its journal"):
        desk.wait()
    with pytest.raises(InvariantError, match="stopped in the middle"):
        desk.open()
    with pytest.raises(InvariantError, match="stopped in the middle"):
        desk.take(PersonSays(desk.moment, Wish.HALT))


def test_a_mark_that_no_account_can_hold_stops_the_session_as_well():
    desk = Desk(sizing="fixed:1000000", capital=10**9, long_margin=0.01)
    desk.close(100, 1)
    desk.open()
    desk.fill(1, 1_000_000)
    with pytest.raises(OverflowError):
        desk.shut(1e12)
    with pytest.raises(InvariantError, match="stopped in the middle of input BarCloses"):
        desk.wait()


def test_an_input_that_cannot_come_now_changes_nothing_and_the_session_goes_on():
    desk = Desk()
    desk.close(100, 1)
    before = state.dump(desk.session)
    for wrong in (
        BarCloses(desk.moment, desk.row(100)),
        Tick(0),
        object(),
        PersonSays(desk.moment, Wish.DEPOSIT, paise=-1),
    ):
        with pytest.raises(InvariantError):
            desk.take(wrong)
    assert before == state.dump(desk.session)
    desk.open()
    desk.fill(1, 10)
    assert 10 == desk.position


def test_a_half_changed_session_is_not_kept_as_a_checkpoint():
    desk = Desk(rules=[Fails("on_state")])
    with pytest.raises(ZeroDivisionError):
        desk.close(100)
    with pytest.raises(DataError, match="stopped in the middle"):
        state.dump(desk.session)
