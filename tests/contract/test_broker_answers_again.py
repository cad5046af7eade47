"""docs/execution.md §5, rows B4 and B7: what a broker says again and again, and what comes of it; longs and shorts."""

import pytest

from framework.types.events import PersonSays, Wish
from framework.types.record import OrderState
from tests.contract.desk import MINUTE_NS, Desk, in_doubt, submitted

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


@SIDES
def test_b7_an_order_proved_absent_that_shows_up_holds_its_buying_power_again(side):
    desk = in_doubt(side, charges="none", capital=10_000)
    assert 9_000 == desk.session.portfolio().buying_power
    desk.find(1, OrderState.ABSENT)
    assert 10_000 == desk.session.portfolio().buying_power
    desk.accept(1)
    assert 9_000 == desk.session.portfolio().buying_power
    desk.expire(1)
    assert 10_000 == desk.session.portfolio().buying_power


@SIDES
def test_b7_an_order_proved_absent_that_fills_in_part_holds_what_is_left_of_it(side):
    desk = in_doubt(side, charges="none", capital=10_000)
    desk.find(1, OrderState.ABSENT)
    desk.fill(1, side * 4)
    assert 9_000 == desk.session.portfolio().buying_power
    desk.expire(1)
    assert 9_600 == desk.session.portfolio().buying_power


@SIDES
@pytest.mark.parametrize(("says", "stands"), [(OrderState.CANCELLED, "cancelled"), (OrderState.EXPIRED, "expired")])
def test_b7_a_book_read_after_the_end_corrects_how_an_order_ended(side, says, stands):
    desk = Desk()
    desk.close(100, side)
    desk.accept(1)
    desk.expire(1)
    assert [] == desk.find(1, says)
    assert ((side * 10, stands, ""), []) == (desk.outcomes()[0], desk.surprises)


def refused(desk, times):
    """The stop of a position that has just been entered is refused so often, and tried again each time."""
    for refusals in range(1, times + 1):
        desk.refuse(desk.records()[-1].order.order_id, "band")
        if refusals > 1:  # the first is tried again at once
            assert 1 == len(submitted(desk.wait(MINUTE_NS)))
        yield refusals


def with_stop(side):
    desk = Desk(stop_loss="5%")
    desk.close(100, side)
    desk.accept(1)
    desk.open()
    desk.fill(1, side * 10)
    return desk


@SIDES
def test_b4_a_stop_that_is_refused_every_minute_is_told_at_growing_distance(side):
    desk = with_stop(side)
    for refusals in refused(desk, 200):
        told = len([one for one in (1, 2, 4, 8, 16, 32, 64, 128, 192) if one <= refusals])
        assert ["unprotected"] * told == desk.surprises
        assert ["refused_fill"] * told == [one.code for one in desk.notices]
    assert 200 == desk.outcomes().count((-side * 10, "refused", "band"))


@SIDES
def test_b4_once_a_stop_is_accepted_its_next_refusal_is_told_again(side):
    desk = with_stop(side)
    list(refused(desk, 3))
    assert ["unprotected"] * 2 == desk.surprises
    last = desk.records()[-1].order.order_id
    desk.accept(last)
    desk.refuse(last, "band")
    assert ["unprotected"] * 3 == desk.surprises


@SIDES
def test_b4_the_refusals_of_one_position_are_not_counted_against_the_next(side):
    desk = with_stop(side)
    list(refused(desk, 2))
    desk.fill(0, -side * 10, fill_id="hand")
    assert 0 == desk.position
    desk.find(4, OrderState.CANCELLED)  # the stop that was tried last
    desk.take(PersonSays(desk.moment, Wish.RESUME))
    assert [(5, side * 10)] == submitted(desk.shut(100, target=side))
    desk.open()
    assert [(6, -side * 10)] == submitted(desk.fill(5, side * 10))
    before = desk.surprises.count("unprotected")
    assert [(7, -side * 10)] == submitted(desk.refuse(6, "band"))  # at once
    assert before + 1 == desk.surprises.count("unprotected")
