"""docs/execution.md §4, the circuit breaker: what trips it, what it holds back or leaves, and what ends it."""

import pytest

from framework.session import Session
from framework.types import BreakerCause, BreakerEvent, TradingState
from framework.types.events import PersonSays, Wish
from tests.contract.desk import Desk, submitted
from tests.contract.market import NAN, ask, fills, fills_by_symbol, play, refusals, states, still

ACTIVE, REDUCE_ONLY, HALTED = TradingState
FALLING = [*still(100, 2), *still(110), *still(104, 6)]
"""A hundred units from the open of row 1 at 100: equity ₹1,01,000 at the close of row 2, ₹1,00,400 at that of row 3."""
TARGETS = {"A": [1, NAN, NAN, NAN, NAN, NAN, 0], "B": [NAN, NAN, NAN, 0.1, 0.2, 0.3]}


def events(record):
    return [
        (record.panel.close_time.tolist().index(e.time) if e.after > e.before or e.after != ACTIVE
         else record.panel.time.tolist().index(e.time), str(e.before), str(e.after), str(e.cause), e.value, e.limit)
        for e in record.breaker_events
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "paise"),
    # Per cent are of the peak, ₹1,01,000: 0.594 % is ₹599.94, 0.595 % ₹600.95.
    [("rs:600", 60_000), ("rs:600.01", None), ("0.594%", 59_994), ("0.595%", None)],
)
def test_a_drawdown_halts_the_run(limit, paise):
    record = play({"A": FALLING, "B": still(10, 9)}, TARGETS, sizing="fixed:100", max_drawdown=limit)
    if paise is None:
        assert ([], ()) == (refusals(record), record.breaker_events)
        return
    close = int(record.panel.close_time[3])
    assert (BreakerEvent(close, ACTIVE, HALTED, BreakerCause.DRAWDOWN, 60_000, paise),) == record.breaker_events
    # New sessions end nothing; A is left at row 7 as the strategy wants it.
    assert [(10, "halted"), (20, "halted"), (30, "halted")] == refusals(record)
    assert [(1, "A", 100), (7, "A", -100)] == fills_by_symbol(record)
    told = f"a drawdown of ₹600.00 reached {limit.removeprefix('rs:')}: halted until a command"
    assert [(close, "drawdown", told)] == [*record.notices]


@pytest.mark.parametrize(("sessions", "refused"), [(1, 1), (2, 2), (3, 3)])
def test_breaker_reset_ends_a_halt_after_so_many_sessions(sessions, refused):
    record = play(
        {"A": FALLING, "B": still(10, 9)}, TARGETS, sizing="fixed:100", max_drawdown="rs:600", breaker_reset=sessions
    )
    # Halted at the close of row 3; row 4 is the first session after it.
    assert [(10 * n, "halted") for n in range(1, refused + 1)] == refusals(record)
    assert [
        (3, "active", "halted", "drawdown", 60_000, 60_000),
        (3 + sessions, "halted", "active", "reset_due", sessions, sessions),
    ] == events(record)
    # The peak begins anew: ₹600 below the old one do not halt it again.
    plural = "s" if sessions > 1 else ""
    assert f"halted until {sessions} session{plural} have begun" in record.notices[0].text


@pytest.mark.parametrize(
    ("closes", "charges", "tripped_at"),
    [
        # Bought at rows 1, 3, 5 and sold at rows 2, 4, 6, one unit each.
        ([100, 100, 99, 99, 98, 98, 97, 97], "none", [4]),
        ([100, 100, 99, 99, 100, 98, 97, 97], "none", []),
        ([100, 100, 99, 99, 99, 98, 97, 97], "none", []),  # exactly nothing is no loss
        ([100, 100, 99, 99, 99, 98, 97, 97], "flat:0.01", [4]),  # a paisa of charges makes it one
        ([100, 100, 101, 99, 98, 98, 97, 97], "none", [6]),
    ],
)
def test_losses_in_a_row_reduce_only_until_the_next_session(closes, charges, tripped_at):
    prices = {"A": [(c, c, c, c) for c in closes], "B": still(10, 8)}
    wanted = {"A": [1, 0, 1, 0, 1, 0], "B": [NAN] * 4 + [0.1, NAN, 0.2, 0.3]}
    # Two losses in a row; what is asked for at that close is refused, at the next it is not.
    record = play(prices, wanted, sizing="fixed:10", charges=charges, max_consecutive_losses=2)
    tripped = [(row, "active", "reduce_only", "consecutive_losses", 2, 2) for row in tripped_at]
    ended = [(row + 1, "reduce_only", "active", "new_session", 0, 0) for row in tripped_at]
    assert sorted([*tripped, *ended]) == sorted(events(record))
    expected = {4: [(10, "reduce_only"), (1, "reduce_only")], 6: [(1, "reduce_only")]}
    assert [refusal for row in tripped_at for refusal in expected[row]] == refusals(record)
    if tripped_at:
        said = "2 losing round trips in a row reached 2: reduce only until the next session"
        assert [said] == [notice.text for notice in record.notices]


def test_a_round_trip_of_several_fills_is_one_loss_and_a_turn_ends_one():
    # on_bar: ten bought at 100, turned to five short at 98 by one order each way: the ten lost ₹20.
    seen = []

    def act(session: Session, row: int):
        seen.append(session.account.trips.losses)
        return {0: [ask(6)], 1: [ask(4)], 2: [ask(-3)], 3: [ask(-12)], 5: [ask(5)]}.get(row, ())

    closes = [100, 100, 100, 99, 98, 98, 99, 99]
    play([(c, c, c, c) for c in closes], orders=act, max_consecutive_losses=9)
    # 3 sold at 99 (row 3) close nothing; the other 7 at 98 (row 4) do; five short from 98 come back at 99 (row 6).
    assert [0, 0, 0, 0, 1, 1, 2, 2] == seen


@pytest.mark.parametrize(("limit", "refused"), [(1, 2), (2, 1), (3, 1), (4, 0)])
def test_too_many_orders_in_a_session_halt_the_run(limit, refused):
    # Six bars a session: bought, sold, bought, sold. Orders 1 and 3 increase, 2 and 4 reduce and always pass.
    prices = {"A": still(100, 12), "B": still(10, 12)}
    wanted = {"A": [1, 0, 1, 0, NAN, NAN, 0.5], "B": [NAN] * 4 + [0.1]}
    record = play(prices, wanted, per_session=6, max_orders_per_day=limit)
    # With 3 the two of A's second pair make it four, but only an increase is refused: there is none beyond it.
    if limit < 3:
        assert [(10, "max_orders_per_day"), (1, "halted"), (5, "halted")] == refusals(record)
        assert [(2, "active", "halted", "runaway", 3, limit)] == events(record)
        assert 0 == record.breaker_events[0].instrument
        said = f"order 3 of A in a session is beyond {limit}: halted until a command"
        assert [said] == [notice.text for notice in record.notices]
    else:
        assert ([], []) == (refusals(record), events(record))
    assert record.positions == ((5, 1) if limit > 2 else (0, 0))


def test_a_new_session_counts_its_orders_afresh():
    record = play(still(100, 6), [0.1, 0.2, NAN, 0.3, 0.4], per_session=3, max_orders_per_day=2)
    assert ([], (4,)) == (refusals(record), record.positions)


@pytest.mark.parametrize("reenter", ["any_bar", "new_signal"])
def test_a_trip_that_flattens_leaves_what_is_held_at_the_next_open(reenter):
    prices = {"A": FALLING, "B": still(10, 9)}
    # The target of A stands, and is said again at rows 4 and 6; B rests and is taken back.
    wanted = {"A": [1, NAN, NAN, NAN, 1, NAN, 0, 1], "B": [NAN, NAN, 1]}
    record = play(
        prices, wanted, limit={"B": [NAN, NAN, 5]}, sizing="fixed:100", max_drawdown="rs:600", on_trip="flatten",
        validity="GTC", reenter=reenter, breaker_reset=3,
    )  # fmt: skip
    sold = [(1, 100, 100.0, "signal"), (4, -100, 104.0, "risk")]
    again = [(8, 100, 104.0, "signal")]
    assert sold + again == fills(record)
    assert (100, "cancelled") in states(record)
    # Asked for at the close of row 4 it is refused; an unchanged target then asks for nothing more.
    assert ([(100, "halted")] if reenter == "any_bar" else []) == refusals(record)
    assert record.notices[0].text.endswith("halted until 3 sessions have begun, and leave what is held")


def test_a_runaway_that_flattens_leaves_at_the_next_open():
    prices = {"A": still(100, 8), "B": still(10, 8)}
    wanted = {"A": [0.1, 0.2, 0.3], "B": [0.5, NAN, NAN, 0.7]}
    record = play(prices, wanted, per_session=8, max_orders_per_day=2, on_trip="flatten")
    assert [(1, "A", 1), (1, "B", 5), (2, "A", 1), (3, "A", -2), (3, "B", -5)] == fills_by_symbol(record)
    assert [(1, "max_orders_per_day"), (7, "halted")] == refusals(record)


def test_what_is_to_be_left_is_asked_for_until_it_is_gone():
    # Ten shares a bar: a hundred take ten bars; a day's rest expires and is sent again.
    bars = [*[(100, 100, 100, 100, 1000)] * 2, (110, 110, 110, 110, 1000), *[(104, 104, 104, 104, 1000)] * 4]
    thin = [bar if k < 4 else (*bar[:4], 400) for k, bar in enumerate(bars)]
    limits = {"max_drawdown": "rs:600", "on_trip": "flatten", "breaker_reset": 1}
    record = play(thin, [1], sizing="fixed:100", volume_cap=0.1, **limits)
    assert [(4, -40, 104.0, "risk"), (5, -40, 104.0, "risk"), (6, -20, 104.0, "risk")] == fills(record)[1:]


@pytest.mark.parametrize(
    "limits", [{"max_daily_loss": "rs:600"}, {"max_drawdown": "rs:600"}, {"max_consecutive_losses": 1}]
)
def test_a_trip_takes_back_entries_that_rest(limits):
    # B rests far below; the close of row 3 trips the breaker, and what reaches its price at row 4 finds nothing.
    prices = {"A": FALLING, "B": [*still(50, 4), *still(20, 5)]}
    record = play(
        prices, {"A": [1, NAN, 0] if "max_consecutive_losses" in limits else [1], "B": [0.1]}, limit={"B": [30]},
        sizing="fixed:100", validity="GTC", charges="flat:1500", **limits,
    )  # fmt: skip
    assert (10, "cancelled") in states(record)
    assert 0 == record.positions[1]


def test_a_daily_loss_and_a_drawdown_at_one_close_are_two_events():
    record = play(
        {"A": FALLING, "B": still(10, 9)}, TARGETS, sizing="fixed:100", max_drawdown="rs:600", max_daily_loss="rs:500"
    )
    assert [
        (3, "active", "reduce_only", "daily_loss", 60_000, 50_000),
        (3, "reduce_only", "halted", "drawdown", 60_000, 60_000),
    ] == events(record)
    assert ["daily_loss", "drawdown"] == [notice.code for notice in record.notices]


def test_a_command_ends_what_was_tripped():
    desk = Desk(style="on_bar", max_drawdown="rs:600")
    desk.close(100, requests=[ask(100)])
    desk.open()
    desk.fill(1, 100)
    desk.shut(100)
    desk.close(110)
    assert [] == desk.close(104, requests=[ask(1)])  # 600 below the peak
    assert HALTED is desk.session.state
    assert (1, "refused", "halted") == desk.outcomes()[-1]
    for _ in range(2):  # the second has nothing more to end
        desk.take(PersonSays(desk.moment, Wish.RESUME))
    assert ACTIVE is desk.session.state
    assert [(3, 2)] == submitted(desk.close(104, requests=[ask(2)]))
    assert [HALTED, ACTIVE] == [event.after for event in desk.breaker_events]
    last = desk.breaker_events[-1]
    assert (desk.breaker_events[0].time, HALTED, ACTIVE, BreakerCause.COMMAND, 0, 0, -1) == last
