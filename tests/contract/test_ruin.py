"""docs/execution.md §4, ruin: equity at a close of nothing or less ends the run, and no figure makes it good."""

import math
from dataclasses import replace

import numpy as np
import pytest

from framework import Signals, Strategy, backtest, sweep
from framework.engines.rows import DecisionArrays
from framework.engines.summary import SummaryRunner
from framework.session import Session
from framework.sweeps.figures import OBJECTIVES
from framework.types import Bars, BreakerCause, BreakerEvent, Instrument, TradingState
from framework.types.deadlines import NEVER, Deadlines
from framework.types.events import PersonSays, Wish
from framework.types.signals import EntryExit
from tests.contract.market import (
    DAY_NS,
    HOUR_NS,
    MONDAY,
    NAN,
    ask,
    at,
    fills,
    fills_by_symbol,
    in_both_engines,
    panel_of,
    play,
    refusals,
    states,
    still,
)

SIDES = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
MARGIN = {"capital": 1000, "sizing": "fixed:50", "long_margin": 0.2, "short_margin": 0.2}
"""Fifty units of 100 on ₹1,000: a move of 20 against them is all of it."""


def walk(side, *prices):
    """Flat bars; for the short side reflected about 100."""
    return [(at(side, price),) * 4 for price in prices]


def ruins(record):
    """(row, equity in paise) of every ruin that was told."""
    return [
        (record.panel.close_time.tolist().index(event.time), event.value)
        for event in record.breaker_events
        if event.cause is BreakerCause.RUIN
    ]


@SIDES
@pytest.mark.parametrize("style", ["signals", "allocate", "on_bar"])
def test_ruin_leaves_what_is_held_at_the_next_open_and_nothing_is_entered_after(side, style):
    prices = walk(side, 100, 100, 90, 75, 70, 95, 100, 100, 100)
    asked = [side, NAN, NAN, NAN, NAN, -side, 0, side, side]
    if style == "signals":
        record = in_both_engines(play(prices, asked, **MARGIN))
    elif style == "allocate":
        weights = [5 * x for x in asked]
        record = in_both_engines(play(prices, weights=weights, leverage=5, **MARGIN), "allocate")
    else:
        orders = {0: [ask(50 * side)], 5: [ask(-50 * side)], 7: [ask(50 * side)], 8: [ask(50 * side)]}
        record = play(prices, orders=orders, **MARGIN)
    # ₹1,000 − 50 × 25 = −₹250 at the close of row 3; left at the open of row 4, 30 below: −₹500 for good.
    assert [(1, 50 * side, 100.0), (4, -50 * side, at(side, 70))] == [fill[:3] for fill in fills(record)]
    assert "risk" == fills(record)[1][3]
    assert [100_000, 50_000, -25_000, *[-50_000] * 5] == record.equity_paise[1:].tolist()
    assert [(3, -25_000)] == ruins(record)
    (event,) = record.breaker_events
    assert (TradingState.ACTIVE, TradingState.HALTED) == (event.before, event.after)
    # An unchanged target is not asked twice, a weight that is given again is.
    assert ["ruin"] * (2 if style == "signals" else 3) == [why for _, why in refusals(record)]
    assert "ruin, equity of −₹250.00 at a close: what is held is left, and nothing is entered any more" in [
        notice.text for notice in record.notices
    ]


@SIDES
@pytest.mark.parametrize(("price", "ruined"), [(80.0, True), (80.01, False), (79.99, True)])
def test_equity_of_exactly_nothing_is_ruin_and_a_paisa_is_not(side, price, ruined):
    record = in_both_engines(play(walk(side, 100, 100, price, 90, 90), [side], **MARGIN))
    assert ruined == bool(ruins(record))
    assert ([(3, -50 * side, at(side, 90), "risk")] if ruined else []) == fills(record)[1:]


@SIDES
def test_ruin_at_the_last_close_is_told_and_nothing_fills(side):
    record = in_both_engines(play(walk(side, 100, 100, 75), [side], **MARGIN))
    assert [(2, -25_000)] == ruins(record)
    assert (50 * side,) == record.positions
    assert ([(1, 50 * side, 100.0, "signal")], [(50 * side, "filled"), (-50 * side, "working")]) == (
        fills(record),
        states(record),
    )


@SIDES
def test_where_orders_fill_at_the_close_that_decides_ruin_is_left_there(side):
    prices = walk(side, 100, 100, 75, 60, 100, 100)
    record = in_both_engines(play(prices, [side, NAN, NAN, side, side], fill_at="same_close", **MARGIN))
    assert [(0, 50 * side, 100.0, "signal"), (2, -50 * side, at(side, 75), "risk")] == fills(record)
    assert [-25_000] * 4 == record.equity_paise[2:].tolist()


@SIDES
def test_a_fill_at_the_close_that_ruins_is_left_at_the_next_open(side):
    # ₹1,000 and ₹600 of charges an order: what is bought at the close of row 1 is added to at that of row 2.
    costs = {**MARGIN, "sizing": "fixed:2", "charges": "flat:600", "fill_at": "same_close"}
    orders = {1: [ask(side)], 2: [ask(-side)], 4: [ask(side)]}
    record = play(walk(side, *[100] * 6), orders=orders, **costs)
    assert [(1, side, "order"), (2, -side, "order")] == [(row, units, why) for row, units, _, why in fills(record)]
    assert [(2, -20_000)] == ruins(record)
    assert [(side, "ruin")] == refusals(record)
    by_target = in_both_engines(play(walk(side, *[100] * 6), [NAN, side, side / 2, NAN, side], **costs))
    assert [(1, 2 * side, "signal"), (2, -side, "signal"), (3, -side, "risk")] == [
        (row, units, why) for row, units, _, why in fills(by_target)
    ]
    assert [(2, -20_000)] == ruins(by_target)


@SIDES
def test_a_square_off_at_the_sessions_last_close_that_ruins_enters_nothing_in_the_next_session(side):
    # Three hours a session; a square-off after the last of them is carried out at its close and costs ₹600.
    panel = panel_of(walk(side, *[100] * 9), per_session=3)
    days = np.unique(panel.session)
    late = (days * DAY_NS + 23 * HOUR_NS)[:, None]
    deadlines = Deadlines(days, late, np.array([NEVER]), late[:, 0])
    given = {**MARGIN, "charges": "flat:600", "sizing": "fixed:2"}
    record = in_both_engines(play(replace(panel, deadlines=deadlines), [side, NAN, NAN, side, NAN, NAN, side], **given))
    assert [(1, 2 * side), (2, -2 * side)] == [(row, units) for row, units, *_ in fills(record)]
    assert [(2, -20_000)] == ruins(record)
    assert [(2 * side, "ruin")] * 2 == refusals(record)


@SIDES
def test_resting_entries_and_exits_are_taken_back_and_every_position_is_left(side):
    prices = {"A": walk(side, 100, 100, 90, 75, 76, 76), "B": still(50, 6), "C": still(20, 6)}
    wanted, resting = {"A": [side], "B": [0.2], "C": [NAN, 0.2]}, {"limit": {"C": [NAN, 10]}}
    given = {**MARGIN, "sizing": "fixed:45", "take_profit": "50%", "validity": "GTC"}
    record = in_both_engines(play(prices, wanted, **resting, **given), **resting)
    # A loses 45 × 25 = ₹1,125 by the close of row 3.
    assert [(3, -12_500)] == ruins(record)
    assert [(1, "A", 45 * side), (1, "B", 9), (4, "A", -45 * side), (4, "B", -9)] == fills_by_symbol(record)
    assert (5, "cancelled") in states(record)  # all that ₹10 a share left room for
    assert {"cancelled"} == {str(one.state) for one in record.orders if one.order.protective}
    assert (0, 0, 0) == record.positions


@SIDES
@pytest.mark.parametrize("reset", [1, 3])
def test_no_reset_and_no_command_ends_ruin(side, reset):
    def command(session: Session, row: int):
        if row >= 3:
            session.handle(PersonSays(session.moment, Wish.RESUME))
            assert (TradingState.HALTED, "ruin") == (session.state, session.breaker.refusal)
        return {0: [ask(50 * side)]}.get(row, [ask(side)] if row > 4 else [])

    prices = walk(side, 100, 100, 90, 75, 60, 100, 100, 100)
    record = play(prices, orders=command, breaker_reset=reset, **MARGIN)
    assert 2 == len(record.settlements)
    by_target = in_both_engines(play(prices, [side, *[NAN] * 4, side, 0, side], breaker_reset=reset, **MARGIN))
    assert 2 == len(by_target.settlements)
    assert 1 == len(by_target.breaker_events)


@SIDES
def test_only_money_that_brings_equity_above_nothing_makes_ruin_a_halt_that_a_command_ends(side):
    seen, causes = {}, []

    def say(session: Session, row: int, wish: Wish, paise: int = 0):
        outcome = session.handle(PersonSays(session.moment, wish, paise=paise))
        causes.extend(str(fact.cause) for fact in outcome.facts if isinstance(fact, BreakerEvent))
        seen[row, wish] = session.breaker.refusal

    def act(session: Session, row: int):
        if row in {5, 6}:  # ₹500 are owed: ₹500 bring it to nothing, and a paisa more above it
            say(session, row, Wish.DEPOSIT, 50_000 if row == 5 else 1)
            say(session, row, Wish.RESUME)
        if row == 7:
            say(session, row, Wish.DEPOSIT, 100_000)
        return {0: [ask(50 * side)], 5: [ask(side)], 7: [ask(5 * side)]}.get(row, [])

    record = play(walk(side, 100, 100, 90, 75, 70, 100, 100, 100, 100, 100), orders=act, **MARGIN)
    assert {(5, Wish.DEPOSIT): "ruin", (5, Wish.RESUME): "ruin"} == {key: seen[key] for key in list(seen)[:2]}
    assert {(6, Wish.DEPOSIT): "halted", (6, Wish.RESUME): ""} == {key: seen[key] for key in list(seen)[2:4]}
    assert [(side, "ruin")] == refusals(record)
    assert (8, 5 * side, 100.0, "order") == fills(record)[-1]
    assert ["deposit", "command"] == causes


@SIDES
def test_a_halt_that_holds_becomes_ruin_and_is_left(side):
    record = in_both_engines(play(walk(side, 100, 100, 90, 75, 76), [side], max_drawdown="20%", **MARGIN))
    assert ["drawdown", "ruin"] == [str(event.cause) for event in record.breaker_events]
    assert (4, -50 * side, at(side, 76), "risk") == fills(record)[-1]


def test_what_volume_does_not_take_is_asked_for_until_it_is_gone():
    bars = [(p, p, p, p, 1000) for p in (100, 100, 75)] + [(76, 76, 76, 76, 200)] * 4
    record = in_both_engines(play(bars, [1], volume_cap=0.1, **MARGIN))
    assert [20, 20, 10] == [-units for _, units, *_ in fills(record)[1:]]
    assert {"risk"} == {reason for *_, reason in fills(record)[1:]}


@SIDES
def test_a_quiet_stretch_is_walked_up_to_its_ruin(side):
    prices = walk(side, *[100] * 80, 90, 85, 75, *[110] * 80)
    record = in_both_engines(play(prices, [side], **MARGIN))
    assert [(82, -25_000)] == ruins(record)
    assert [1, 83] == [row for row, *_ in fills(record)]


@pytest.mark.parametrize(
    "exits",
    [{}, {"stop_loss": "24.5%"}, {"take_profit": "60%"}, {"stop_loss": "24.5%", "exits": {"active_from": "next_bar"}}],
    ids=["none", "stop", "target", "later"],
)
@pytest.mark.parametrize("left", [3, 82, 83, 84, 90, 200])
def test_the_sparse_run_of_a_long_position_sees_ruin(exits, left):
    prices = walk(1, *[100] * 80, 90, 85, 75, 74, *[110] * 80)
    target = [1.0] + [NAN] * (len(prices) - 1)
    if left < len(prices):
        target[left], target[left + 2 :: 9] = 0.0, [1.0] * len(target[left + 2 :: 9])
    record = in_both_engines(play(prices, target, **MARGIN, **exits))
    ticks = np.array(target)
    runner = SummaryRunner(record.panel, record.settings, np.arange(len(prices)), compiled=False)
    flags = runner.flags()
    flags.add(EntryExit.of(ticks == 1.0, ticks == 0.0))
    seen = runner.run_long_flat(flags)
    assert record.equity_paise.tolist() == seen.equity_paise[0].tolist()
    assert int(record.equity_paise[-1]) == seen.final_paise[0]
    whole = runner.run(DecisionArrays(ticks[:, None]))
    assert (whole.depth[0], whole.trips[0]) == (seen.depth[0], seen.trips[0])


class Leveraged(Strategy):
    """Fifty units at the first close, through to ``leave``; then in again."""

    leave: int = 2

    def signals(self, bars: Bars) -> Signals:
        target = np.full(len(bars), np.nan)
        target[0], target[self.leave], target[self.leave + 1] = 1, 0, 1
        return Signals(target)


def leveraged_bars(days: int = 300) -> Bars:
    """Up to 110, down to 75, up for good: who leaves at the top gains, who stays is ruined, and ends higher."""
    prices = np.r_[100.0, 100, 110, 105, 75, 130, np.full(days - 6, 150.0)]
    times = (MONDAY + np.arange(days)) * DAY_NS
    return Bars.from_arrays(Instrument("A"), "1d", times, prices, prices, prices, prices, np.full(days, 1000.0))


def test_growth_after_ruin_is_minus_a_hundred_per_cent_and_drawdown_a_hundred():
    result = backtest(Leveraged(leave=9), leveraged_bars(), causality="off", **MARGIN)
    # Left at 130 with a profit: the ledger says so, growth does not.
    assert (2500.0, -100.0, -100.0, 100.0, -1.0) == tuple(
        result.stats[key] for key in ("Final equity [₹]", "Total return [%]", "CAGR [%]", "Max. drawdown [%]", "Calmar")
    )
    assert math.isnan(result.stats["Sharpe"])
    assert result.findings[0].severity == "error"
    assert result.findings[0].text.startswith("Ruin: equity fell to or below zero at 2024-01-05 (lowest −₹250.00). ")
    assert 1 == sum("ruin" in finding.text.lower() for finding in result.findings if "refused" not in finding.text)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_sweep_ranks_what_was_ruined_last_and_says_how_many(objective):
    bars = leveraged_bars()
    result = sweep(Leveraged, bars, {"leave": [1, 2, 3, 4, 9]}, objective=objective, causality="off", **MARGIN)
    ruined = [row for row in range(5) if result.stats[row]["Total return [%]"] == -100.0]
    assert ruined == sorted(result.order[-len(ruined) :])
    assert 0 < len(ruined) == result.ruined < 5
    said = f"{len(ruined)} of 5 sets lost the whole account (ruin) and rank last, whatever the objective"
    assert said in result.warnings
    assert len(ruined) == result.to_dict()["ruined"]
    assert not set(result.front_rows) & set(ruined)
    for row in range(5):
        alone = backtest(Leveraged(**result.parameters(row)), bars, causality="off", **MARGIN).stats
        for key in OBJECTIVES:
            assert result.stats[row][key] == alone[key] or math.isnan(alone[key])
