"""docs/execution.md §6, What a broker says: one test for each row and its siblings, for longs and for shorts."""

from itertools import permutations

import pytest

from framework.errors import InvariantError
from framework.types import TradingState
from framework.types.actions import Action, Due
from framework.types.deadlines import NEVER, Deadline
from framework.types.events import (
    ActionKnown,
    BarCloses,
    BarOpens,
    Cancel,
    Change,
    Decided,
    PersonSays,
    SessionEnds,
    Tick,
    Waited,
    Wish,
)
from framework.types.orders import GTC, BarRow, CancelRequest, Decisions, OrderRequest
from framework.types.record import OrderState
from tests.contract.desk import MINUTE_NS, Desk, cancels, changes, in_doubt, submitted
from tests.contract.market import DAY_NS, HOUR_NS, NAN

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
REDUCE_ONLY, ACTIVE = TradingState.REDUCE_ONLY, TradingState.ACTIVE
UNKNOWN, WORKING, FILLED = OrderState.UNKNOWN, OrderState.WORKING, OrderState.FILLED


def entered(side, units=10, price=100.0, **choices):
    """A desk whose order 1 was accepted and has filled; with exits, 2 is the stop and 3 the target, both accepted."""
    desk = Desk(**{"sizing": f"fixed:{units}", **choices})
    desk.close(100, side)
    desk.accept(1)
    desk.open()
    desk.fill(1, side * units, price)
    for order in [record.order.order_id for record in desk.session.open_orders()]:
        desk.accept(order)
    return desk


def protected(side, **choices):
    """The same with a stop 5 % away (order 2) and a target 5 % away (order 3)."""
    return entered(side, stop_loss="5%", take_profit="5%", **choices)


def live_exits(desk):
    """Signed units that the protective orders of A would still fill: stops, then targets."""
    working = [w for w in desk.session.working(0) if w.order.protective and not w.cancelling]
    return [[w.remaining for w in working if (w.order.type == 2) is stop] for stop in (True, False)]


# ---------------------------------------------------------------------- B1, B2: fills, told twice or late


@SIDES
@pytest.mark.parametrize("parts", [(10,), (4, 6), (3, 3, 4)])
def test_b1_a_fill_is_booked_once_however_often_it_is_told(side, parts):
    desk = Desk()
    desk.close(100, side)
    for number, units in enumerate(parts):
        for _ in range(3):
            desk.fill(1, side * units, fill_id=f"x{number}")
    assert (side * 10, len(parts), []) == (desk.position, len(desk.settlements), desk.surprises)


@SIDES
def test_b1_the_same_fill_with_other_numbers_is_a_surprise_and_the_first_counts(side):
    desk = Desk()
    desk.close(100, side)
    desk.fill(1, side * 4, 100.0, fill_id="x")
    desk.fill(1, side * 6, 100.0, fill_id="x")
    assert (side * 4, ["told_differently"], REDUCE_ONLY) == (desk.position, desk.surprises, desk.session.state)


@SIDES
def test_b1_a_fill_told_again_the_next_day_is_still_the_same_one(side):
    desk = entered(side)
    desk.shut(100)
    desk.open()
    desk.fill(1, side * 10, 100.0, fill_id="1-1", time=2 * DAY_NS)
    assert side * 10 == desk.position


@SIDES
def test_b1_a_fill_of_long_ago_is_kept_apart_for_nobody_knows_whether_it_was_booked(side):
    desk = entered(side)
    for _ in range(4):
        desk.shut(100)
        desk.open()
    desk.fill(1, side * 10, 100.0, fill_id="1-1", time=2 * DAY_NS)
    assert (side * 10, ["too_old"], REDUCE_ONLY) == (desk.position, desk.surprises, desk.session.state)


@SIDES
def test_b1_a_fill_of_an_order_that_still_works_is_remembered_as_long_as_it_does(side):
    desk = Desk(validity="GTC")
    desk.close(100, side, limit=100 - side)
    desk.accept(1)
    desk.open()
    desk.fill(1, side * 4, 99.0)
    for _ in range(5):
        desk.shut(100)
        desk.open()
    desk.fill(1, side * 4, 99.0, fill_id="1-1", time=2 * DAY_NS)
    desk.fill(1, side * 6, 99.0, fill_id="late", time=2 * DAY_NS)  # told days after it happened
    assert (side * 10, []) == (desk.position, desk.surprises)


@SIDES
def test_b2_a_fill_after_the_cancels_confirmation_is_booked_protected_and_told(side):
    desk = Desk(stop_loss="5%", validity="GTC")
    desk.close(100, side, limit=100 - side)
    desk.accept(1)
    desk.close(100, 0)
    desk.cancelled(1)
    assert [] == desk.surprises
    assert [(2, -side * 10)] == submitted(desk.fill(1, side * 10, 100 - side))
    assert (side * 10, ["fill_after_end"], REDUCE_ONLY) == (desk.position, desk.surprises, desk.session.state)
    # The target is 0: what came all the same is given back at the next close.
    assert [(3, -side * 10)] == submitted(desk.close(100, 0))


@SIDES
def test_b2_a_hand_sale_by_the_owner_is_booked_and_takes_the_exits_along(side):
    desk = protected(side)
    assert [2, 3] == cancels(desk.fill(0, -side * 10, 101.0, fill_id="hand"))
    assert (0, ["nobodys_fill"], REDUCE_ONLY) == (desk.position, desk.surprises, desk.session.state)
    assert "external" == desk.settlements[-1].reason
    desk.cancelled(2)
    desk.cancelled(3)
    assert [] == submitted(desk.shut(100) + desk.close(100))


@SIDES
def test_b2_a_part_sold_by_hand_shrinks_the_exits_in_place(side):
    desk = protected(side)
    told = desk.fill(0, -side * 4, 101.0, fill_id="hand")
    assert [(2, -side * 6), (3, -side * 6)] == [(c.order_id, c.quantity) for c in changes(told)]
    assert side * 6 == desk.position


@SIDES
def test_b2_what_a_hand_bought_more_is_protected_and_not_sold_as_too_much(side):
    desk = protected(side)
    told = desk.fill(0, side * 5, 100.0, fill_id="hand")
    assert [(2, -side * 15), (3, -side * 15)] == [(c.order_id, c.quantity) for c in changes(told)]
    for order in (2, 3):
        desk.changed(order)
    assert [] == submitted(desk.shut(100, target=side))


@SIDES
def test_b2_what_a_hand_opened_on_the_other_side_is_held_with_exits_of_its_own(side):
    desk = protected(side)
    told = desk.fill(0, -side * 15, 100.0, fill_id="hand")
    assert ([2, 3], [(4, side * 5), (5, side * 5)]) == (cancels(told), submitted(told))
    assert -side * 5 == desk.position


def test_b2_fills_that_cannot_be_booked_are_kept_apart():
    desk = entered(1)
    for number, (instrument, units, price) in enumerate(
        [(7, 1, 9.0), (-1, 1, 9.0), (0, 0, 9.0), (0, 1, NAN), (0, 1, -1.0), (0, 1, 1e300), (0, 10**18, 1.0)]
    ):
        desk.fill(1, units, price, instrument=instrument, fill_id=f"odd{number}")
    assert (10, 1, ["not_bookable"] * 7) == (desk.position, len(desk.settlements), desk.surprises)


# ---------------------------------------------------------------------- B3: both exits


@SIDES
@pytest.mark.parametrize("first", [2, 3], ids=["stop first", "target first"])
def test_b3_stop_and_target_both_filled_is_booked_and_the_accident_is_closed_not_protected(side, first):
    desk = protected(side)
    second = 5 - first
    assert [second] == cancels(desk.fill(first, -side * 10, 95.0 if first == 2 else 105.0))
    told = desk.fill(second, -side * 10, 105.0)
    assert (-side * 10, ["accident"], REDUCE_ONLY) == (desk.position, desk.surprises, desk.session.state)
    assert [(4, side * 10)] == submitted(told)
    assert [[], []] == live_exits(desk)
    desk.cancel_refused(second, "already filled")  # no news
    desk.accept(4)
    desk.fill(4, side * 10, 100.0)
    assert (0, "accident") == (desk.position, desk.settlements[-1].reason)
    assert [] == submitted(desk.shut(100, target=side))  # reduce only, until somebody has looked


@SIDES
def test_b3_a_market_exit_and_a_stop_that_both_fill_are_an_accident_too(side):
    desk = protected(side)
    assert [(4, -side * 10)] == submitted(desk.shut(100, target=0))
    desk.open()
    desk.fill(4, -side * 10, 100.0)
    assert [(5, side * 10)] == submitted(desk.fill(2, -side * 10, 95.0))
    assert ["accident"] == desk.surprises


@SIDES
def test_b3_an_accident_whose_way_out_is_refused_is_ordered_again_by_time(side):
    desk = protected(side)
    desk.fill(2, -side * 10, 95.0)
    desk.fill(3, -side * 10, 105.0)
    desk.refuse(4, "margin")
    assert [(5, side * 10)] == submitted(desk.wait())


# ---------------------------------------------------------------------- B4: a stop that ends unfilled


@SIDES
@pytest.mark.parametrize("way", [Desk.cancelled, Desk.expire, Desk.refuse])
def test_b4_a_stop_that_ends_unfilled_is_due_again_at_once_and_told(side, way):
    desk = protected(side)
    told = way(desk, 2)
    assert [(4, -side * 10)] == submitted(told)
    assert (95 if side > 0 else 105) == told[0].approved.order.trigger
    assert (["unprotected"], ACTIVE) == (desk.surprises, desk.session.state)


@SIDES
def test_b4_a_target_that_ends_unfilled_is_due_again_without_alarm(side):
    desk = protected(side)
    assert [(4, -side * 10)] == submitted(desk.cancelled(3))
    assert [] == desk.surprises


@SIDES
def test_b4_a_stop_refused_again_and_again_is_tried_at_every_close_and_once_a_minute(side):
    desk = protected(side)
    assert [(4, -side * 10)] == submitted(desk.refuse(2, "band"))
    assert [] == submitted(desk.refuse(4, "band"))
    assert [(5, -side * 10)] == submitted(desk.wait())
    desk.refuse(5, "band")
    assert [] == submitted(desk.wait(MINUTE_NS // 2))
    assert [(6, -side * 10)] == submitted(desk.wait(MINUTE_NS // 2))
    desk.refuse(6, "band")
    assert [(7, -side * 10)] == submitted(desk.shut(100))
    assert ["unprotected"] * 4 == desk.surprises  # of a pair, which may be refused by turns; a stop alone: 3


@SIDES
def test_b4_a_stop_that_is_refused_by_turns_with_its_target_is_told_of(side):
    desk = protected(side)
    for target in (3, 4):
        desk.refuse(target, "band")  # two refusals in a row, so that the stop's are the 3rd, the 5th, the 7th …
    for _ in range(4):
        for order in [one.order for one in desk.records() if one.order.protective]:
            desk.refuse(order.order_id, "band")
        desk.wait(MINUTE_NS)
    assert ["unprotected"] * 3 == desk.surprises  # the 3rd, the 5th and the 9th


@SIDES
def test_b4_a_stop_that_is_accepted_ends_the_count_of_refusals(side):
    desk = protected(side)
    for order in (2, 4):
        desk.refuse(order)
        if order == 2:
            desk.accept(4)
    assert [(4, -side * 10), (5, -side * 10)] == submitted(desk.commands)[-2:]


@SIDES
def test_b4_a_sibling_cancelled_by_the_rule_of_the_pair_waits_for_the_fill(side):
    desk = protected(side)
    assert [] == desk.cancelled(3, "one_cancels_other")
    desk.fill(2, -side * 10, 95.0)
    assert (0, []) == (desk.position, desk.surprises)


@SIDES
def test_b4_and_is_due_again_when_that_fill_never_comes(side):
    desk = protected(side)
    desk.cancelled(2, "one_cancels_other")
    assert [(4, -side * 10)] == submitted(desk.wait())


# ---------------------------------------------------------------------- B5: refused cancels and changes


@SIDES
def test_b5_a_refused_cancel_drops_what_waited_for_it_and_is_asked_for_again(side):
    desk = Desk(validity="GTC")
    desk.close(100, side, limit=100 - side)
    desk.accept(1)
    assert [Cancel(1)] == desk.close(100, -side)
    desk.cancel_refused(1)
    assert [(side * 10, "working", ""), (-side * 10, "cancelled", "cancel_refused")] == desk.outcomes()
    assert ["cancel_refused"] == desk.surprises
    assert [Cancel(1)] == desk.wait()
    desk.cancelled(1)
    # Nothing is held and nothing works: the target asks anew.
    desk.day += 1
    assert [(3, -side * 10)] == submitted(desk.close(100, -side))


@SIDES
def test_b5_a_cancel_refused_because_it_filled_leaves_the_fill(side):
    desk = Desk(validity="GTC")
    desk.close(100, side, limit=100 - side)
    desk.close(100, 0)
    desk.cancel_refused(1, "not open")
    desk.fill(1, side * 10, 100 - side)
    assert side * 10 == desk.position
    assert [(2, -side * 10)] == submitted(desk.close(100, 0))


@SIDES
def test_b5_a_reversal_waits_on_when_the_cancel_of_an_exit_is_refused(side):
    desk = entered(side)
    desk.shut(100, target=side / 2)
    assert [Cancel(2)] == desk.close(100, -side)  # five were to go, now all ten: the close and the opening wait
    assert ["parked", "parked"] == [state for _, state, _ in desk.outcomes()[2:]]
    desk.cancel_refused(2)
    assert ["cancelled", "parked"] == [state for _, state, _ in desk.outcomes()[2:]]
    desk.fill(2, -side * 5, 100.0)
    assert "close_not_filled" == desk.outcomes()[3][2]


@SIDES
def test_b5_a_refused_change_leaves_the_old_price_and_is_tried_again(side):
    desk = entered(side, trail="5%")
    old = desk.records()[1].order.trigger
    (change,) = changes(desk.shut(100 + 10 * side))
    assert change.trigger != old
    desk.change_refused(2)
    assert old == desk.records()[1].order.trigger
    assert [change.trigger] == [c.trigger for c in changes(desk.wait())]
    desk.changed(2)
    assert change.trigger == desk.records()[1].order.trigger


@SIDES
def test_b5_a_stop_that_may_not_shrink_is_taken_back_and_placed_anew(side):
    desk = protected(side)
    desk.fill(0, -side * 4, 101.0, fill_id="hand")
    assert [2] == cancels(desk.change_refused(2))
    assert [(4, -side * 6)] == submitted(desk.cancelled(2))
    assert "unprotected" not in desk.surprises


@SIDES
def test_b5_a_stop_that_may_not_grow_is_told_as_what_it_leaves_unprotected(side):
    desk = protected(side)
    desk.fill(0, side * 5, 100.0, fill_id="hand")
    desk.change_refused(2)
    assert "unprotected" in desk.surprises
    assert [[-side * 10], [-side * 15]] == live_exits(desk)
    assert [(2, -side * 15)] == [(c.order_id, c.quantity) for c in changes(desk.wait())]


@SIDES
def test_b5_one_change_is_under_way_at_a_time_and_the_next_is_of_what_is_wanted_then(side):
    desk = protected(side)
    desk.fill(0, -side, 101.0, fill_id="a")
    for fill_id in "bc":
        assert [] == desk.fill(0, -side, 101.0, fill_id=fill_id)
    assert [Change(2, -side * 7, 95 if side > 0 else 105, NAN)[:2]] == [c[:2] for c in desk.changed(2)]
    assert [] == desk.changed(2)


# ---------------------------------------------------------------------- B6: partial fills, answers late


@SIDES
def test_b6_five_partial_fills_with_late_answers_never_rest_more_exits_than_are_held(side):
    desk = Desk(stop_loss="5%", take_profit="5%")
    desk.close(100, side)
    for _ in range(5):
        desk.fill(1, side * 2, 100.0)
        stops, targets = live_exits(desk)
        assert [-desk.position] == stops == targets
    # On the wire: a pair of two units, and one change of each under way.
    assert [(2, -side * 2), (3, -side * 2)] == submitted(desk.commands)[1:]
    assert [(2, -side * 4), (3, -side * 4)] == [(c.order_id, c.quantity) for c in changes(desk.commands)]
    for order in (2, 3):
        assert [(order, -side * 10)] == [(c.order_id, c.quantity) for c in desk.changed(order)]
    assert len({record.order.order_id for record in desk.session.open_orders()}) == 2


@SIDES
def test_b6_the_pair_is_one_group_with_tags_of_its_own(side):
    desk = protected(side)
    entry, stop, target = [c.approved for c in desk.commands if hasattr(c, "approved")]
    assert ("", "t00000002", "t00000002") == (entry.group, stop.group, target.group)
    assert ["t00000001", "t00000002", "t00000003"] == [one.tag for one in (entry, stop, target)]


@SIDES
def test_b6_a_target_filled_in_part_takes_the_stop_down_in_place(side):
    desk = protected(side)
    assert [(2, -side * 6)] == [(c.order_id, c.quantity) for c in changes(desk.fill(3, -side * 4, 105.0))]
    desk.changed(2)
    assert [[-side * 6], [-side * 6]] == live_exits(desk)
    assert [2] == cancels(desk.fill(3, -side * 6, 105.0))


@SIDES
def test_b6_a_stop_filled_in_part_works_on_and_sends_the_target_away(side):
    desk = protected(side)
    assert [3] == cancels(desk.fill(2, -side * 4, 95.0))
    desk.cancelled(3)
    desk.fill(2, -side * 6, 95.0)
    assert (0, []) == (desk.position, desk.surprises)


# ---------------------------------------------------------------------- B7: nobody knows


@SIDES
def test_b7_an_unknown_entry_keeps_its_reserve_counts_in_full_and_is_never_sent_again(side):
    desk = Desk(capital=1500)
    desk.close(100, side)
    reserved = desk.session.account.buying_power_paise() - desk.session.portfolio().buying_power_paise
    desk.unknown(1)
    assert (["unknown"], "unknown") == (desk.surprises, desk.outcomes()[0][1])
    assert reserved == desk.session.account.buying_power_paise() - desk.session.portfolio().buying_power_paise > 0
    for _ in range(3):
        assert [] == desk.close(100, side)
    assert [] == desk.wait()


@SIDES
@pytest.mark.parametrize("state", [OrderState.ABSENT, OrderState.REFUSED, OrderState.EXPIRED, OrderState.CANCELLED])
def test_b7_only_evidence_ends_it_and_then_the_target_asks_again(side, state):
    desk = in_doubt(side)
    desk.find(1, state)
    assert str(state) == desk.outcomes()[0][1]
    assert [(2, side * 10)] == submitted(desk.close(100, side))


@SIDES
@pytest.mark.parametrize("way", [Desk.accept, Desk.find])
def test_b7_an_unknown_order_that_is_found_works_on(side, way):
    desk = in_doubt(side)
    way(desk, 1)
    assert "working" == desk.outcomes()[0][1]
    desk.fill(1, side * 10)
    assert (side * 10, "filled") == (desk.position, desk.outcomes()[0][1])


@SIDES
def test_b7_a_refusal_without_proof_is_no_more_than_unknown(side):
    desk = Desk()
    desk.close(100, side)
    desk.refuse(1, "503", proof=False)
    assert "unknown" == desk.outcomes()[0][1]


@SIDES
def test_b7_an_unknown_stop_is_told_as_unprotected_and_not_placed_twice(side):
    desk = protected(side)
    desk.cancelled(2)
    assert [] == desk.unknown(4)
    assert ["unprotected", "unknown", "unprotected"] == desk.surprises
    assert [] == submitted(desk.wait() + desk.shut(100))
    assert [(5, -side * 10)] == submitted(desk.find(4, OrderState.ABSENT))


@SIDES
def test_b7_silence_is_told_and_makes_an_order_unknown(side):
    desk = Desk()
    desk.close(100, side)
    desk.wait(20 * 10**9)
    assert [] == desk.surprises
    desk.wait(20 * 10**9)
    assert (["unanswered"], "unknown") == (desk.surprises, desk.outcomes()[0][1])
    desk.wait()
    assert ["unanswered"] == desk.surprises


@SIDES
def test_b7_a_night_is_no_silence_for_what_waits_for_the_next_open(side):
    desk = Desk()
    desk.close(100, side)
    desk.day += 3  # a weekend
    desk.open()
    desk.wait(20 * 10**9)
    assert [] == desk.surprises
    desk.wait(20 * 10**9)
    assert (["unanswered"], "unknown") == (desk.surprises, desk.outcomes()[0][1])


@SIDES
def test_b7_patience_begins_when_the_request_leaves_and_not_while_it_waits_for_its_turn(side):
    desk = Desk()
    desk.close(100, side)
    for _ in range(3):  # the host says before each tick that it waits still, and at last when it leaves
        assert [] == desk.take(Waited(desk.moment + MINUTE_NS, 1))
        desk.wait(0)
    desk.wait(30 * 10**9)
    assert ([], "sent") == (desk.surprises, desk.outcomes()[0][1])
    desk.wait(10**9)
    assert (["unanswered"], "unknown") == (desk.surprises, desk.outcomes()[0][1])


@SIDES
def test_b7_a_cancel_that_waits_for_its_turn_is_not_missed_and_the_order_may_fill_meanwhile(side):
    desk = Desk()
    desk.close(100, requests=[OrderRequest(0, side * 10, limit=100.0 - side, validity=GTC)])
    desk.accept(1)
    desk.open()
    assert [1] == cancels(desk.shut(100, requests=[CancelRequest(0)]))
    desk.take(Waited(desk.moment + MINUTE_NS, 1))
    desk.wait(0)
    assert [] == desk.surprises
    desk.fill(1, side * 10)
    desk.take(Waited(desk.moment + MINUTE_NS, 1))  # it is done; that its cancel waits says nothing more
    desk.wait(MINUTE_NS)
    assert ([], side * 10) == (desk.surprises, desk.session.account.quantity[0])


@SIDES
def test_b7_an_order_proved_absent_that_shows_up_after_all_is_taken_on_again(side):
    desk = in_doubt(side)
    desk.find(1, OrderState.ABSENT)
    desk.accept(1)
    assert (["unknown", "sign_of_life"], "working", REDUCE_ONLY) == (
        desk.surprises,
        desk.outcomes()[0][1],
        desk.session.state,
    )
    desk.fill(1, side * 10)
    assert side * 10 == desk.position


@SIDES
def test_b7_a_stop_proved_absent_that_shows_up_is_one_too_many(side):
    desk = protected(side)
    desk.cancelled(2)
    desk.unknown(4)
    desk.find(4, OrderState.ABSENT)
    desk.accept(5)
    assert [Cancel(4)] == desk.accept(4)


@SIDES
def test_b7_the_book_that_knows_of_more_fills_than_were_told_stops_increases_until_they_come(side):
    desk = Desk()
    desk.close(100, side)
    desk.find(1, FILLED, side * 10)
    assert (["fills_missing"], REDUCE_ONLY, "working") == (desk.surprises, desk.session.state, desk.outcomes()[0][1])
    desk.fill(1, side * 10)
    assert (side * 10, ACTIVE, "filled") == (desk.position, desk.session.state, desk.outcomes()[0][1])


@SIDES
def test_b7_a_working_order_that_the_book_does_not_have_is_told_and_kept(side):
    desk = Desk()
    desk.close(100, side)
    desk.accept(1)
    desk.find(1, OrderState.ABSENT)
    assert (["lost"], "working", REDUCE_ONLY) == (desk.surprises, desk.outcomes()[0][1], desk.session.state)


# ---------------------------------------------------------------------- B8: order of answers


@SIDES
def test_b8_accepted_and_later_refused_ends_refused_and_the_target_asks_again(side):
    desk = Desk()
    desk.close(100, side)
    desk.accept(1)
    desk.refuse(1, "band")
    assert [(side * 10, "refused", "band")] == desk.outcomes()
    assert [(2, side * 10)] == submitted(desk.close(100, side))


@SIDES
def test_b8_filled_before_accepted_is_no_surprise(side):
    desk = Desk(stop_loss="5%")
    desk.close(100, side)
    assert [(2, -side * 4)] == submitted(desk.fill(1, side * 4))
    desk.accept(1)
    desk.fill(1, side * 6)
    assert (side * 10, [], "filled") == (desk.position, desk.surprises, desk.outcomes()[0][1])


ANSWERS = {
    "accept": Desk.accept,
    "refuse": Desk.refuse,
    "cancelled": Desk.cancelled,
    "cancel refused": Desk.cancel_refused,
    "expire": Desk.expire,
    "unknown": Desk.unknown,
    "changed": Desk.changed,
    "change refused": Desk.change_refused,
}
STORIES = [
    ("accept", 4, 6),
    ("accept", 4, 6, "cancel refused"),
    ("accept", 4, 6, "unknown", "cancel refused"),
    ("accept", 4, "cancelled"),
    ("accept", 4, "cancelled", "expire"),
    ("accept", 4, "refuse"),
    ("accept", "refuse", "expire", "cancelled"),
    ("accept", 4, 3, "cancelled", "cancel refused", "expire"),
    ("accept", 4, 6, "cancelled", "cancel refused", "expire"),
    ("accept", 4, 6, "refuse", "unknown", "expire"),
    ("accept", "unknown", "expire", 10),
    (4, 6, "changed", "change refused"),
]


def end_of(side, story, *, cancel):
    """Everything about the order and its position that must not depend on the order of the answers."""
    desk = Desk(validity="GTC", stop_loss="5%", take_profit="5%")
    desk.close(100, side, limit=100 - side)
    if cancel:
        desk.close(100, 0)
    for answer in story:
        if isinstance(answer, int):
            desk.fill(1, side * answer, 99.0, fill_id=f"f{answer}")
        else:
            ANSWERS[answer](desk, 1)
    book, record = desk.session._books[0], desk.records()[0]
    exits = sorted(w.remaining for w in desk.session.working(0) if w.order.protective and not w.cancelling)
    cash = desk.session.account.cash_paise
    return desk.position, cash, str(record.state), record.filled, tuple(exits), book.intent, book.desired


@SIDES
@pytest.mark.parametrize("cancel", [False, True], ids=["left alone", "cancel asked for"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: ", ".join(map(str, story)))
def test_b8_all_orders_of_the_same_answers_end_in_one_state(side, story, cancel):
    ends = {end_of(side, one, cancel=cancel) for one in permutations(story)}
    assert 1 == len(ends)
    position, _, _, filled, exits, *_ = ends.pop()
    assert side * sum(one for one in story if isinstance(one, int)) == position == filled
    assert (-position, -position) == exits if position else () == exits


# ---------------------------------------------------------------------- B9: what cannot be


@SIDES
def test_b9_a_fill_of_another_instrument_is_booked_there_and_told(side):
    desk = Desk(instruments=("A", "B"))
    desk.close(100, [side, NAN])
    desk.fill(1, side * 10, 100.0, instrument=1)
    assert ([0, side * 10], ["wrong_instrument"]) == (desk.session.account.quantity, desk.surprises)
    assert "sent" == desk.outcomes()[0][1]


@SIDES
def test_b9_a_fill_of_the_other_side_is_booked_as_a_strangers_and_told(side):
    desk = Desk()
    desk.close(100, side)
    desk.fill(1, -side * 5, 100.0)
    assert (-side * 5, ["wrong_side"], REDUCE_ONLY) == (desk.position, desk.surprises, desk.session.state)


@SIDES
def test_b9_more_than_was_ordered_is_booked_protected_and_given_back(side):
    desk = Desk(stop_loss="5%", sizing="fixed:500")
    desk.close(100, side)
    assert [(2, -side * 550)] == submitted(desk.fill(1, side * 550))
    assert (side * 550, ["overfilled"], "filled") == (desk.position, desk.surprises, desk.outcomes()[0][1])
    assert [(3, -side * 50)] == submitted(desk.close(100, side))


@SIDES
def test_b9_a_fill_of_what_was_never_sent_is_booked_and_told(side):
    desk = entered(side)
    desk.shut(100, target=-side)  # 2 closes, 3 is parked behind it
    desk.fill(3, -side * 4)
    assert (side * 6, ["fill_not_sent"]) == (desk.position, desk.surprises)


@SIDES
@pytest.mark.parametrize("way", list(ANSWERS.values()), ids=list(ANSWERS))
def test_b9_other_answers_about_what_was_never_sent_are_told_and_change_nothing(side, way):
    desk = entered(side)
    desk.shut(100, target=-side)
    before = desk.outcomes()
    way(desk, 3)
    assert (before, ["answer_to_unsent"]) == (desk.outcomes(), desk.surprises)
    desk.find(3)
    assert ["answer_to_unsent"] * 2 == desk.surprises


@pytest.mark.parametrize("way", [*ANSWERS.values(), Desk.find], ids=[*ANSWERS, "find"])
def test_b9_answers_about_an_order_that_nobody_knows_are_told(way):
    desk = Desk()
    desk.close(100, NAN)
    way(desk, 7)
    assert ([], ["nobodys_order"]) == (desk.outcomes(), desk.surprises)


def opened(day=1, session=None):
    return BarOpens(day * DAY_NS, (day + 1) * DAY_NS, session or day, ends_session=True)


def closed(day=1, count=1, **others):
    row = BarRow(day * DAY_NS, (day + 1) * DAY_NS, day, True, *[[100.0] * count] * 5)
    return BarCloses(others.pop("moment", row.close_time), row._replace(**others))


OURS = {
    "a decision before any close": ([], Decided(5)),
    "a close before any open": ([], closed()),
    "an end before any bar": ([], SessionEnds(5)),
    "a bar that ends before it begins": ([], BarOpens(5, 5, 0, ends_session=False)),
    "an open before the one before it has closed": ([opened(2)], opened(1)),
    "a decision while a bar is open": ([opened(1)], Decided(2 * DAY_NS)),
    "the same bar twice": ([opened(1), closed(1)], closed(1)),
    "the same bar opened twice": ([opened(1), closed(1)], opened(1)),
    "an older bar after a newer one": ([opened(2), closed(2)], opened(1)),
    "an older session after a newer one": ([opened(2), closed(2)], opened(3, session=1)),
    "two decisions at one close": ([opened(1), closed(1), Decided(2 * DAY_NS)], Decided(2 * DAY_NS)),
    "another bar than the one that opened": ([opened(1)], closed(2)),
    "a close of another session": ([opened(1)], closed(1, session=7)),
    "a close before its time": ([opened(1)], closed(1, moment=DAY_NS + 5)),
    "bars of one moment one after the other": ([opened(1)], closed(1, count=2)),
    "an end after an open": ([opened(1)], SessionEnds(2 * DAY_NS)),
    "a tick that goes back": ([opened(1)], Tick(DAY_NS - 1)),
    "no input at all": ([], Cancel(1)),
}


@pytest.mark.parametrize(("before", "impossible"), OURS.values(), ids=list(OURS))
def test_b9_what_is_ours_to_get_wrong_raises_and_changes_nothing(before, impossible):
    desk = Desk()
    for event in before:
        desk.take(event)
    session = desk.session

    def seen():
        inputs = session.inputs
        return session.moment, session.now, inputs.phase, inputs.bar, repr(session.portfolio()), desk.facts[:]

    as_it_was = seen()
    with pytest.raises(InvariantError):
        desk.take(impossible)
    assert as_it_was == seen()


def test_b9_a_session_ends_only_after_a_bar_that_ends_it():
    desk = Desk()
    desk.take(BarOpens(DAY_NS, 2 * DAY_NS, 1, ends_session=False))
    desk.take(closed(1, ends_session=False))
    with pytest.raises(InvariantError, match="does not end its session"):
        desk.take(SessionEnds(2 * DAY_NS))


# ---------------------------------------------------------------------- B10: time without bars


def intraday(side, *, square_off_hour=15, **choices):
    """Ten units of A, entered at 10:00 of day 1; the feed dies when the bar of 11:00 is open."""
    desk = Desk(product="MIS", stop_loss="5%", **choices)
    deadline = Deadline([DAY_NS + square_off_hour * HOUR_NS], [NEVER])
    for hour, target in ((9, side), (10, NAN)):
        row = BarRow(DAY_NS + hour * HOUR_NS, DAY_NS + (hour + 1) * HOUR_NS, 1, False, *[[100.0]] * 4, [NAN], deadline)
        desk.take(BarOpens(*row[:4], deadline))
        if hour == 10:
            desk.fill(1, side * 10)
            desk.accept(2)
        desk.take(BarCloses(row.close_time, row))
        desk.take(Decided(row.close_time, Decisions([target])))
    desk.take(BarOpens(DAY_NS + 11 * HOUR_NS, DAY_NS + 12 * HOUR_NS, 1, ends_session=False, deadline=deadline))
    return desk


@SIDES
def test_b10_the_square_off_goes_out_at_its_time_though_the_feed_is_dead(side):
    desk = intraday(side)
    assert [] == desk.take(Tick(DAY_NS + 15 * HOUR_NS - 1))
    told = desk.take(Tick(DAY_NS + 15 * HOUR_NS))
    assert [(3, -side * 10)] == submitted(told)
    assert "square_off" == told[0].approved.order.reason
    assert [] == desk.take(Tick(DAY_NS + 16 * HOUR_NS))


@SIDES
def test_b10_entries_that_rest_are_taken_back_at_that_time_too(side):
    desk = Desk(product="MIS", validity="GTC")
    deadline = Deadline([DAY_NS + 15 * HOUR_NS], [NEVER])
    row = BarRow(DAY_NS + 9 * HOUR_NS, DAY_NS + 10 * HOUR_NS, 1, False, *[[100.0]] * 4, [NAN], deadline)
    desk.take(BarOpens(*row[:4], deadline))
    desk.take(BarCloses(row.close_time, row))
    told = desk.take(Decided(row.close_time, Decisions([side], limit=[100.0 - side])))
    assert DAY_NS + 11 * HOUR_NS == told[0].approved.expires_at  # one bar's time
    assert [Cancel(1)] == desk.take(Tick(DAY_NS + 15 * HOUR_NS))


@SIDES
def test_b10_a_way_out_that_expired_is_ordered_again_a_minute_later(side):
    desk = intraday(side)
    desk.take(Tick(DAY_NS + 15 * HOUR_NS))
    desk.expire(3)
    assert [(4, -side * 10)] == submitted(desk.wait())


# ---------------------------------------------------------------------- B11: persons and corporate actions, at any time


def says(desk, wish, **others):
    return desk.take(PersonSays(desk.moment, wish, **others))


@SIDES
@pytest.mark.parametrize(("wish", "state"), [(Wish.HALT, "halted"), (Wish.REDUCE_ONLY, "reduce_only")])
def test_b11_a_person_halts_takes_entries_back_and_resumes(side, wish, state):
    desk = Desk(validity="GTC")
    desk.close(100, side, limit=100 - side)
    desk.accept(1)
    assert ([Cancel(1)], state) == (says(desk, wish), desk.session.state)
    desk.cancelled(1)
    assert [] == desk.close(100, -side)
    assert (state, -side * 10) == (desk.outcomes()[-1][2], desk.outcomes()[-1][0])
    says(desk, Wish.RESUME)
    assert ACTIVE is desk.session.state
    assert [(3, side * 10)] == submitted(desk.close(100, side))


def test_b11_a_person_ends_what_a_surprise_began():
    desk = protected(1)
    desk.fill(0, -10, 101.0, fill_id="hand")
    assert REDUCE_ONLY is desk.session.state
    desk.close_of = desk.shut(100)
    desk.open()
    assert REDUCE_ONLY is desk.session.state  # a new session does not
    says(desk, Wish.RESUME)
    assert ["surprise", "command"] == [event.cause for event in desk.breaker_events]


@SIDES
@pytest.mark.parametrize("instrument", [-1, 0])
def test_b11_a_person_flattens_at_once(side, instrument):
    desk = protected(side)
    told = says(desk, Wish.FLATTEN, instrument=instrument)
    assert [(4, -side * 10)] == submitted(told)
    assert [2, 3] == cancels(desk.fill(4, -side * 10))
    assert "person" == desk.settlements[-1].reason


def test_b11_deposits_and_withdrawals_are_neither_profit_nor_loss():
    desk = entered(1, max_daily_loss="1%", max_drawdown="1%")
    says(desk, Wish.WITHDRAW, paise=5_000_000)
    assert (9_900_000 - 5_000_000, 5_000_000) == (desk.session.account.cash_paise, desk.session.equity_paise)
    says(desk, Wish.DEPOSIT, paise=1_000)
    desk.shut(100)
    assert (ACTIVE, ["withdraw", "deposit"]) == (desk.session.state, [notice.code for notice in desk.notices])
    account = desk.session.account
    assert account.cash_paise + account.at_cost_paise() == account.deposit_paise


@SIDES
def test_b11_an_adopted_holding_is_protected_and_kept(side):
    desk = Desk(stop_loss="5%")
    desk.close(100, NAN)
    assert [(1, -side * 7)] == submitted(says(desk, Wish.ADOPT, instrument=0, quantity=side * 7, price=100.0))
    assert [(1, -side * 9)] == [
        (c.order_id, c.quantity)
        for c in changes(desk.accept(1) + says(desk, Wish.ADOPT, instrument=0, quantity=side * 2, price=100.0))
    ]
    assert [] == submitted(desk.close(100, NAN))
    assert (side * 9, 10_000_000 + side * 90_000) == (desk.position, desk.session.account.deposit_paise)


@pytest.mark.parametrize(
    "wish",
    [
        {"wish": Wish.DEPOSIT},
        {"wish": Wish.WITHDRAW, "paise": -5},
        {"wish": Wish.FLATTEN, "instrument": 1},
        {"wish": Wish.ADOPT, "quantity": 5, "price": 9.0},
        {"wish": Wish.ADOPT, "instrument": 0, "quantity": 0, "price": 9.0},
        {"wish": Wish.ADOPT, "instrument": 0, "quantity": 5},
        {"wish": Wish.ADOPT, "instrument": 0, "quantity": -5, "price": 9.0},
    ],
)
def test_b11_what_a_person_cannot_have_raises_and_changes_nothing(wish):
    desk = entered(1)
    before = repr(desk.session.portfolio())
    with pytest.raises(InvariantError, match="a person's"):
        says(desk, **wish)
    assert before == repr(desk.session.portfolio())


@SIDES
def test_b11_a_split_that_is_learned_of_the_day_before_is_gone_through_at_its_session(side):
    desk = protected(side)
    desk.shut(100)
    desk.take(ActionKnown(desk.moment, Due(3, 0, Action(3, "split", 2.0))))
    assert [] == desk.actions
    told = desk.open()
    assert [(2, -side * 20), (3, -side * 20)] == [(c.order_id, c.quantity) for c in changes(told)]
    assert (side * 20, 1) == (desk.position, len(desk.actions))


@SIDES
def test_b11_a_dividend_that_is_learned_of_at_noon_is_booked_then(side):
    desk = entered(side)
    desk.shut(100)
    desk.open()
    cash = desk.session.account.cash_paise
    desk.take(ActionKnown(desk.moment + HOUR_NS, Due(3, 0, Action(3, "dividend", 1.0, 2.5))))
    assert cash + side * 2_500 == desk.session.account.cash_paise


@SIDES
def test_b11_an_action_learned_of_after_its_instrument_was_traded_without_the_right_is_for_a_person(side):
    desk = entered(side)
    desk.take(ActionKnown(desk.moment + HOUR_NS, Due(2, 0, Action(2, "split", 2.0))))
    assert (side * 10, ["late_action"], REDUCE_ONLY) == (desk.position, desk.surprises, desk.session.state)


# ---------------------------------------------------------------------- B12: the barrier


def test_b12_bars_of_one_moment_come_together_or_not_at_all():
    """450 / 450 together; one after the other the first would have taken the money of both."""
    desk = Desk(instruments=("A", "B"), sizing="equity:90%")
    told = desk.close(100, [1, 1])
    assert [(1, 450), (2, 450)] == submitted(told)
    alone = Desk(instruments=("A", "B"), sizing="equity:90%")
    alone.open()
    half = alone.row(100, NAN)
    alone.take(BarCloses(half.close_time, half))
    with pytest.raises(InvariantError, match="cannot come now"):
        alone.take(BarCloses(half.close_time, half))
    assert [(1, 450)] == submitted(alone.take(Decided(half.close_time, Decisions([1.0, 1.0]))))
