"""What a broker says against a session that is busy with something else; longs and shorts."""

import math

import pytest

from framework.errors import InvariantError
from framework.types import Approved, TradingState
from framework.types.actions import Action, Due
from framework.types.deadlines import NEVER, Deadline
from framework.types.events import (
    Accepted,
    ActionKnown,
    BarCloses,
    BarOpens,
    Cancelled,
    Decided,
    Filled,
    Found,
    PersonSays,
    Refused,
    Tick,
    Unknown,
    Wish,
)
from framework.types.orders import BarRow, CancelRequest, Decisions, Fill, OrderRequest
from framework.types.record import OrderState
from tests.contract.desk import MINUTE_NS, Desk, cancels, changes, submitted
from tests.contract.market import DAY_NS, HOUR_NS, NAN

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
SECOND_NS = 10**9


def say(desk, wish, **others):
    return desk.take(PersonSays(desk.moment, wish, **others))


def held(side, **choices):
    """Ten units that are held; order 1 brought them."""
    desk = Desk(**choices)
    desk.close(100, side)
    desk.accept(1)
    desk.open()
    desk.fill(1, side * 10)
    for record in desk.session.open_orders():
        desk.accept(record.order.order_id)
    return desk


# ---------------------------------------------------------------------- what was taken back and fills all the same


@SIDES
@pytest.mark.parametrize("style", ["signals", "on_bar"])
def test_a_fill_that_wins_against_a_persons_flatten_is_left_at_once(side, style):
    desk = Desk(style)
    desk.open()
    if style == "on_bar":
        desk.shut(100, requests=[OrderRequest(0, side * 10)])
    else:
        desk.shut(100, target=side)
    desk.unknown(1)
    assert cancels(say(desk, Wish.FLATTEN)) == [1]
    assert submitted(desk.fill(1, side * 4)) == [(2, -side * 4)]
    desk.fill(2, -side * 4)
    assert submitted(desk.fill(1, side * 6)) == [(3, -side * 6)]


@SIDES
def test_a_fill_after_the_square_off_is_left_at_once_though_no_bar_comes(side):
    desk = Desk()
    square_off = 2 * DAY_NS - HOUR_NS
    deadline = Deadline((square_off,), (NEVER,))
    row = desk.row(100, day=1)
    half = DAY_NS + 12 * HOUR_NS
    desk.take(BarOpens(DAY_NS, half, 1, ends_session=False, deadline=deadline))
    desk.take(BarCloses(half, row._replace(time=DAY_NS, close_time=half, ends_session=False, deadline=deadline)))
    desk.take(Decided(half, Decisions([side])))
    desk.accept(1)
    assert cancels(desk.take(Tick(square_off))) == [1]
    assert submitted(desk.fill(1, side * 10)) == [(2, -side * 10)]


@SIDES
def test_a_halt_keeps_what_filled_before_it_was_heard(side):
    desk = Desk(stop_loss="5%")
    desk.close(100, side)
    assert cancels(say(desk, Wish.HALT)) == [1]
    assert submitted(desk.fill(1, side * 10)) == [(2, -side * 10)], "its stop, and no way out"


# ---------------------------------------------------------------------- increases that wait


@SIDES
def test_the_opening_leg_of_a_reversal_is_not_sent_when_a_surprise_came_meanwhile(side):
    desk = held(side, instruments=("A", "B"))
    assert submitted(desk.shut(100, target=[-side, NAN])) == [(3, -side * 10)]
    desk.fill(99, side * 5, instrument=1)  # nobody's
    assert desk.session.state is TradingState.REDUCE_ONLY
    assert submitted(desk.fill(3, -side * 10)) == []
    assert desk.outcomes()[3] == (-side * 10, "cancelled", "reduce_only")
    say(desk, Wish.RESUME)
    desk.open()
    assert submitted(desk.shut(100, target=[-side, NAN])) == [(5, -side * 10)], "the target asks again"


@SIDES
def test_an_entry_in_doubt_counts_in_every_limit_also_when_it_was_asked_back(side):
    desk = Desk(instruments=("A", "B"), max_gross_exposure="1500")
    desk.open()
    desk.shut(100, target=[side, NAN])
    desk.unknown(1)
    say(desk, Wish.HALT)
    desk.unknown(1, "the cancel timed out")
    say(desk, Wish.RESUME)
    desk.open()
    desk.shut(100, target=[NAN, side])
    assert [(o.order.instrument, o.order.quantity) for o in desk.records()][1] == (1, side * 5)


def test_an_exit_in_doubt_pays_for_nothing():
    desk = Desk("allocate", instruments=("A", "B"), capital=1_000)
    desk.open()
    desk.shut(100, target=[1.0, 0.0])
    desk.open()
    desk.fill(1, 10)
    desk.shut(100, target=[0.0, NAN])
    desk.unknown(2)
    desk.open()
    desk.shut(100, target=[NAN, 1.0])
    assert [o.why for o in desk.records() if o.order.instrument == 1] == ["cash"]


def test_an_explicit_exit_waits_for_the_one_whose_cancel_nobody_has_answered():
    desk = Desk("on_bar")
    desk.open()
    desk.shut(100, requests=[OrderRequest(0, 10)])
    desk.open()
    desk.fill(1, 10)
    assert submitted(desk.shut(100, requests=[OrderRequest(0, -10, limit=110.0)])) == [(2, -10)]
    desk.open()
    assert cancels(desk.shut(100, requests=[CancelRequest(0)])) == [2]
    desk.open()
    assert submitted(desk.shut(100, requests=[OrderRequest(0, -10)])) == [], "both would sell what is held once"
    desk.fill(2, -4, price=110.0)
    assert submitted(desk.cancelled(2)) == [(3, -6)]


# ---------------------------------------------------------------------- a stop that the market has passed


@SIDES
def test_a_refused_stop_that_the_market_has_passed_is_left_by_a_bounded_limit(side):
    desk = held(side, stop_loss="5%")
    price = 100 - side * 7
    assert submitted(desk.shut(price, target=side)) == []
    desk.cancelled(2)  # by the broker; a new one goes out
    assert submitted(desk.refuse(3, "trigger beyond the market")) == [(4, -side * 10)]
    exit_ = desk.session.working(0)[-1].order
    # bounded by 3 % beyond the close of 93 (107 of a short): 93 × 0.97, 107 × 1.03
    assert (exit_.type, str(exit_.reason)) == (1, "stop_loss")
    assert exit_.limit == pytest.approx(90.21 if side > 0 else 110.21)
    desk.fill(4, -side * 10, price)
    assert desk.position == 0


@SIDES
def test_a_refused_stop_is_left_at_the_close_that_shows_that_the_market_has_passed_it(side):
    desk = held(side, stop_loss="5%")
    desk.refuse(2, "trigger beyond the market")
    desk.refuse(3, "trigger beyond the market")
    assert [quantity for _, quantity in submitted(desk.shut(100 - side * 7, target=side))] == [-side * 10]
    assert desk.session.working(0)[-1].order.type == 1


def bounded_exit(desk):
    """Quantity, type and limit of the newest open order."""
    order = desk.session.working(0)[-1].order
    return order.quantity, order.type, order.limit


@SIDES
def test_a_stop_refused_because_the_market_has_passed_it_is_left_at_once_by_a_bounded_limit(side):
    desk = held(side, stop_loss="5%")
    assert submitted(desk.refuse(2, "trigger", passed=100 - side * 20)) == [(3, -side * 10)]
    # 3 % beyond 80 (120 of a short): 80 × 0.97, 120 × 1.03
    assert bounded_exit(desk) == (-side * 10, 1, pytest.approx(77.6 if side > 0 else 123.6))
    assert desk.surprises == ["unprotected"]
    desk.fill(3, -side * 10, 100 - side * 20)
    assert (desk.position, desk.session.working(0)) == (0, [])


@SIDES
def test_its_bound_is_measured_from_the_trigger_where_no_worse_price_is_known(side):
    desk = held(side, stop_loss="5%", protection_bps=200)
    desk.refuse(2, "trigger", passed=100)
    # 2 % beyond 95 (105 of a short)
    assert bounded_exit(desk) == (-side * 10, 1, pytest.approx(93.1 if side > 0 else 107.1))


@SIDES
def test_a_bound_that_the_market_has_passed_too_moves_on_at_the_close_and_no_other_one_does(side):
    desk = held(side, stop_loss="5%")
    desk.refuse(2, "trigger", passed=100 - side * 20)
    assert [] == desk.shut(100 - side * 19, target=side)
    desk.open()
    commands = desk.shut(100 - side * 30)
    assert cancels(commands) == [3]
    assert submitted(desk.cancelled(3)) == [(4, -side * 10)]
    # 3 % beyond 70 (130 of a short)
    assert bounded_exit(desk) == (-side * 10, 1, pytest.approx(67.9 if side > 0 else 133.9))
    assert [] == desk.wait()


@SIDES
def test_what_the_refused_stop_of_a_position_that_is_gone_says_of_the_market_is_no_exit(side):
    desk = held(side, stop_loss="5%")
    desk.fill(2, -side * 10, 95)
    assert [] == desk.refuse(2, "trigger", passed=90)
    assert desk.position == 0


@SIDES
def test_an_entry_refused_because_the_market_has_passed_it_leaves_nothing(side):
    desk = Desk(stop_loss="5%")
    desk.close(100, side)
    assert [] == desk.refuse(1, "trigger", passed=100 + side * 5)
    assert (desk.position, desk.surprises) == (0, [])


@SIDES
def test_an_exit_at_market_that_is_under_way_is_not_taken_back_for_a_bounded_one(side):
    desk = held(side, stop_loss="5%")
    assert submitted(say(desk, Wish.FLATTEN)) == [(3, -side * 10)]
    assert [] == submitted(desk.refuse(2, "trigger", passed=100 - side * 20))
    assert bounded_exit(desk)[:2] == (-side * 10, 0)


@SIDES
def test_a_new_position_is_left_at_market_as_ever(side):
    desk = held(side, stop_loss="5%")
    desk.refuse(2, "trigger", passed=100 - side * 20)
    desk.fill(3, -side * 10, 100 - side * 20)
    desk.shut(100, target=0)
    desk.close(100, side)
    desk.open()
    entry = desk.session.working(0)[-1].order
    desk.fill(entry.order_id, side * entry.quantity * side)
    say(desk, Wish.FLATTEN)
    assert 0 == desk.session.working(0)[-1].order.type


@SIDES
def test_a_stop_that_expired_overnight_is_placed_before_the_next_sessions_first_bar(side):
    desk = held(side, stop_loss="5%")
    desk.shut(100)
    assert submitted(desk.expire(2)) == [(3, -side * 10)]
    assert submitted(desk.refuse(3, "closed")) == [(4, -side * 10)]
    assert submitted(desk.refuse(4, "closed")) == []
    assert submitted(desk.open()) == [(5, -side * 10)]


@SIDES
def test_an_exit_refused_after_the_stop_is_gone_is_told_as_unprotected(side):
    desk = held(side, stop_loss="5%")
    desk.cancelled(2)
    desk.refuse(3)
    desk.refuse(4)
    desk.surprises.clear()
    told = len(desk.surprises)
    exit_ = submitted(say(desk, Wish.FLATTEN))[-1][0]
    desk.refuse(exit_)
    assert desk.surprises[told:].count("unprotected") > 0


@SIDES
def test_what_a_target_left_is_left_by_time_when_the_pairs_rule_took_the_stop_away(side):
    desk = held(side, stop_loss="5%", take_profit="5%")
    desk.fill(3, -side * 6, 105)
    desk.cancelled(2, "one_cancels_other")
    assert submitted(desk.wait()) == [(4, -side * 4)]


@SIDES
def test_an_exit_proved_absent_after_its_cancel_was_asked_for_is_ordered_anew_by_time(side):
    desk = held(side, stop_loss="5%")
    say(desk, Wish.FLATTEN)
    desk.unknown(3)
    desk.session._orders.withdraw(desk.session._orders[3], desk.moment)
    desk.cancelled(2)
    desk.find(3, OrderState.ABSENT)
    assert desk.surprises.count("unprotected") == 2
    assert submitted(desk.wait()) == [(4, -side * 10)]


# ---------------------------------------------------------------------- changes that are refused


@SIDES
def test_the_rest_of_a_position_whose_stop_filled_before_it_grew_is_left_at_once_and_told(side):
    desk = Desk(stop_loss="5%")
    desk.close(100, side)
    desk.open()
    desk.fill(1, side * 4)
    desk.accept(2)
    assert [order.quantity for order in changes(desk.fill(1, side * 6))] == [-side * 10]
    desk.fill(2, -side * 4, 95)
    assert submitted(desk.change_refused(2, "not open")) == [(3, -side * 6)]
    assert (desk.position, desk.surprises) == (side * 6, ["unprotected"])
    assert desk.session.working(0)[-1].order.type == 0


@SIDES
def test_a_late_fill_of_a_target_that_had_ended_shrinks_the_one_that_took_its_place(side):
    desk = held(side, stop_loss="5%", take_profit="5%")
    assert submitted(desk.expire(3)) == [(4, -side * 10)]
    desk.accept(4)
    resized = {change.order_id: change.quantity for change in changes(desk.fill(3, -side * 6, 105))}
    assert resized == {2: -side * 4, 4: -side * 4}


@SIDES
def test_a_resting_entry_that_a_split_does_not_reach_is_taken_back(side):
    desk = Desk(validity="GTC")
    price = 100.0 - side * 10
    desk.open()
    desk.shut(100, target=side, limit=price)
    desk.accept(1)
    split = Due(desk.day, 0, Action(desk.day, "split", 2.0))
    assert changes(desk.take(ActionKnown(desk.moment, split)))[0].limit == price / 2
    assert cancels(desk.change_refused(1, "GTT orders do not go through a split")) == [1]
    desk.cancelled(1)
    desk.open()
    assert submitted(desk.shut(50, target=side)) == [(2, side * 10)], "the target asks again"


# ---------------------------------------------------------------------- what is no answer at all


@pytest.mark.parametrize(
    "answer",
    [
        Filled(0, "x", Fill(1, 0, "10", 100.0, 0)),
        Filled(0, "x", Fill(1, 0, 10, "100", 0)),
        Filled(0, "x", Fill(1, "A", 10, 100.0, 0)),
        Filled(0, "x", Fill(1, 0, 2.5, 100.0, 0)),
        Filled(0, "x", Fill(1, 0, 10, 100.0, "2024-01-01")),
        Filled(0, None, Fill(1, 0, 10, 100.0, 0)),
        Filled(0, ["x"], Fill(1, 0, 10, 100.0, 0)),
        Filled(0, "x", None),
        Accepted(0, "1"),
        Accepted(0, None),
        Cancelled(0, [1]),
        Refused(0, 1, None),
        Refused(0, 1, "no", True, "noon"),
        Unknown(0, 1, 504),
        Found(0, 1, "open", 0),
        Found(0, 1, OrderState.WORKING, "0"),
        Found(0, 1, OrderState.WORKING, 0, 10, "100"),
    ],
    ids=repr,
)
def test_what_is_no_answer_is_told_and_changes_nothing(answer):
    desk = Desk()
    desk.close(100, 1)
    before = repr((desk.session.portfolio(), desk.session.open_orders()))
    assert desk.take(answer._replace(moment=desk.moment)) == []
    assert desk.surprises == ["not_understood"]
    after = repr((desk.session.portfolio(), desk.session.open_orders())).replace("reduce_only", "active")
    assert after.replace("REDUCE_ONLY", "ACTIVE") == before


@pytest.mark.parametrize("price", [NAN, math.inf, -math.inf, -1.0, 0.0, 1e300])
@pytest.mark.parametrize("quantity", [10, 0])
def test_a_fill_at_no_price_is_kept_apart(price, quantity):
    desk = Desk()
    desk.close(100, 1)
    desk.fill(1, quantity, price)
    assert (desk.position, desk.surprises) == (0, ["not_bookable"])


def test_fills_that_together_are_more_than_an_account_can_hold_are_kept_apart():
    desk = Desk()
    desk.close(100, 1)
    desk.fill(77, 1_500_000_000, 1.0)
    desk.fill(78, 1_500_000_000, 1.0)
    assert (desk.position, desk.surprises) == (1_500_000_000, ["nobodys_fill", "not_bookable"])
    desk.fill(79, 1, 1e9)
    assert desk.position == 1_500_000_000


def test_a_fill_that_stream_and_poll_date_differently_is_one_fill_and_no_surprise():
    desk = Desk()
    desk.close(100, 1)
    desk.fill(1, 10, fill_id="x")
    desk.fill(1, 10, fill_id="x", time=desk.moment - 5)
    assert (desk.position, desk.surprises) == (10, [])


def test_a_broker_that_cuts_seconds_off_fills_nothing_before_its_decision():
    desk = held(1)
    desk.shut(100)
    desk.open()
    desk.take(Tick(desk.moment + SECOND_NS // 2))
    exit_ = submitted(say(desk, Wish.FLATTEN))[0][0]
    desk.fill(exit_, -10, time=desk.moment - desk.moment % SECOND_NS)
    assert desk.surprises == []


def test_a_brokers_clock_that_is_ahead_dates_nothing_of_ours():
    desk = Desk(stop_loss="5%")
    desk.close(100, 1)
    desk.open()
    desk.fill(1, 10, time=desk.moment + 3_600 * SECOND_NS)
    assert desk.session.working(0)[0].order.decided_at == desk.moment


def test_an_old_answer_about_an_order_done_long_ago_is_no_news():
    desk = held(1)
    desk.shut(100)
    for _ in range(3):
        desk.close(100)
    desk.cancelled(1)
    desk.find(1, OrderState.FILLED, 10)
    assert (desk.surprises, desk.session.state) == ([], TradingState.ACTIVE)
    desk.accept(1)
    assert desk.surprises == ["nobodys_order"]


# ---------------------------------------------------------------------- what is ours to get right


def test_an_approval_is_not_made_of_another():
    desk = Desk()
    approved = desk.close(100, 1)[0].approved
    with pytest.raises(TypeError, match="approved by the session's review"):
        approved._replace(order=approved.order._replace(quantity=1_000))
    with pytest.raises(TypeError, match="approved by the session's review"):
        Approved._make(approved)


def test_a_bar_is_opened_late_where_the_host_waited_for_the_bar_before():
    desk = Desk()
    first = BarRow(0, HOUR_NS, 0, False, *[[100.0]] * 4, [NAN])
    desk.take(BarOpens(*first[:4]))
    late = HOUR_NS + 2 * SECOND_NS
    desk.take(BarCloses(late, first))
    assert submitted(desk.take(Decided(late, Decisions([1.0])))) == [(1, 10)]
    second = first._replace(time=HOUR_NS, close_time=2 * HOUR_NS)
    desk.take(BarOpens(*second[:4]))
    assert desk.moment == late
    desk.fill(1, 10)
    desk.take(BarCloses(2 * HOUR_NS, second))
    assert (desk.position, desk.surprises) == (10, [])


@pytest.mark.parametrize(
    "said",
    [
        {"wish": Wish.ADOPT, "instrument": 0, "quantity": 2.5, "price": 100.0},
        {"wish": Wish.ADOPT, "instrument": 0, "quantity": NAN, "price": 100.0},
        {"wish": Wish.ADOPT, "instrument": 0, "quantity": 10, "price": 1e300},
        {"wish": Wish.ADOPT, "instrument": 0, "quantity": 3_000_000_000, "price": 1.0},
        {"wish": Wish.DEPOSIT, "paise": 0.5},
        {"wish": Wish.WITHDRAW, "paise": math.inf},
    ],
    ids=repr,
)
def test_what_no_account_can_hold_is_refused_before_anything_changes(said):
    desk = held(1)
    before = repr((desk.session.portfolio(), desk.moment))
    with pytest.raises(InvariantError):
        desk.take(PersonSays(desk.moment + MINUTE_NS, **said))
    assert repr((desk.session.portfolio(), desk.moment)) == before
