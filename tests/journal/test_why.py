"""Why an order, and why none: small markets by hand, each answer with the numbers that it rests on."""

from dataclasses import replace

import numpy as np
import pytest

from framework.engines.rows import DecisionArrays
from framework.engines.select import run_engine
from framework.errors import DataError
from framework.journal.file import JournalFile
from framework.journal.writer import JournalRecorder
from framework.report.result import Result
from framework.run.explanation import why
from framework.run.missing_order import why_not
from framework.types import Causality, CausalityVerdict, Rule, Verdict
from framework.types.deadlines import NEVER, Deadlines
from framework.types.setting_values import Charges
from framework.types.tariff import Tariff
from tests.contract.market import DAY_NS, HOUR_NS, NAN, ask, grid, panel_of, settings_of, still, time_of
from tests.journal.sessions import ORIGIN

FLAT = [(100, 101, 99, 100)] * 6


def result_of(prices, targets=None, *, orders=None, weights=None, rules=(), journal=None, **given):
    """The result of a run, as a bundle would give it back."""
    panel = given.pop("panel", None) or panel_of(
        prices, per_session=given.pop("per_session", 0), lot=given.pop("lot", 1), tick=given.pop("tick", 0.0)
    )
    beside = {name: grid(panel, given.pop(name)) for name in ("limit", "trigger") if name in given}
    asked = targets if weights is None else weights
    recorder = None if journal is None else JournalRecorder(JournalFile(journal), ORIGIN)
    record = run_engine(
        "event",
        panel,
        settings_of(**given),
        decisions=None if asked is None else DecisionArrays(grid(panel, asked), **beside),
        on_bar=None if orders is None else lambda _session, row: orders.get(row, ()),
        style="on_bar" if orders is not None else "signals" if weights is None else "allocate",
        rules=rules,
        recorder=recorder,
        columns={symbol: {"mood": np.arange(len(panel)) / 2} for symbol in panel.symbols},
    )
    facts = {} if recorder is None else {"journal": str(journal), "journal_head": recorder.writer.head}
    return Result("run-1", "by hand", {}, record, Causality(CausalityVerdict.NOT_CHECKED), facts)


def texts(explanation, what):
    """Texts of the links of one kind."""
    return [link.text for link in explanation.links if link.what == what]


# ---------------------------------------------------------------------- why


def test_an_order_is_told_from_its_bar_to_its_charges():
    result = result_of(FLAT, [NAN, 1.0], charges="percent:0.1", slippage="bps:100")
    told = why(result, 1)
    assert "order 1: buy 10 A (signal)" == told.subject
    assert "a new target asked for it; it ended filled" == told.answer
    assert ["A, bar of 2024-01-02: open 100, high 101, low 99, close 100"] == texts(told, "bar")
    assert ["mood 0.5"] == texts(told, "columns")
    assert ["1 (before 0)"] == texts(told, "target")
    assert ["target +1 × 10 units (sizing fixed:10, whole units) → +10 units; 0 held, so +10"] == texts(told, "size")
    assert ["4 rules were asked about 10 units: all pass"] == texts(told, "rules")
    assert ["order 1: buy 10 A @ ₹101.00"] == texts(told, "fill")
    assert ["₹1,010.00, charges ₹1.01, A +10, cash ₹98,988.99"] == texts(told, "charges")
    assert ["filled"] == texts(told, "end")
    cash = told.rules[-1]
    assert ("cash", 10, 10, 1011.01, 100_000.0) == (cash.rule, cash.asked, cash.units, cash.value, cash.bound)


def test_the_links_carry_the_numbers_of_their_entries():
    """Row 0: header 0, opens 1, closes 2, decides 3; row 1: 4, 5, 6, accepted 7; row 2: opens 8, fills 9."""
    told = why(result_of(FLAT, [NAN, 1.0]), 1)
    numbers = [(link.what, link.entry) for link in told.links]
    assert [("bar", 5), ("columns", None), ("target", 6), ("size", 6), ("rules", 6), ("order", 6)] == numbers[:6]
    assert [("answer", 7), ("fill", 9), ("charges", 9), ("end", 9)] == numbers[6:]


def test_a_journal_and_a_run_again_give_the_same_links(tmp_path):
    path = tmp_path / "run.journal"
    prices = [*FLAT[:3], (100, 101, 90, 92), *still(92.0, 4)]
    result = result_of(prices, [1.0], stop_loss="5%", journal=path)
    again = replace(result, provenance={})
    for order in (1, 2):
        assert f"journal {path}" == why(result, order).source
        assert "the event engine, which ran the kept run again" == why(again, order).source
        assert why(result, order).links == why(again, order).links
    assert why_not(result, "A", time_of(4)).links == why_not(again, "A", time_of(4)).links


def test_a_journal_that_is_another_one_by_now_is_not_believed(tmp_path):
    path = tmp_path / "run.journal"
    result = result_of(FLAT, [NAN, 1.0], journal=path)
    result_of(FLAT, [NAN, NAN, 1.0], journal=path)
    told = why(result, 1)
    assert ["A, bar of 2024-01-02: open 100, high 101, low 99, close 100"] == texts(told, "bar")
    assert f"again: {path} is gone, or the journal of another run by now" in told.source


def test_the_rule_that_shrank_an_order_is_told_with_its_value_and_bound():
    told = why(result_of(FLAT, [1.0], max_order_value=450.0), 1)
    assert "a new target asked for it; max order value left 4 of 10 units; it ended filled" == told.answer
    limit = next(one for one in told.rules if one.rule == "max_order_value")
    assert (10, 4, 1000.0, 450.0) == (limit.asked, limit.units, limit.value, limit.bound)
    assert ["5 rules were asked about 10 units: max_order_value leaves 4"] == texts(told, "rules")


def test_a_refused_order_has_its_rules_too():
    told = why(result_of(FLAT, [1.0], max_order_value=50.0), 1)
    assert (
        "a new target asked for it; max order value left 0 of 10 units; it ended refused (max order value)"
        == told.answer
    )
    assert ["refused: max order value"] == texts(told, "end")


def test_a_stop_is_told_by_what_placed_it_and_how_far_it_is():
    told = why(result_of([*FLAT[:2], (100, 101, 90, 92), *still(92.0, 3)], [1.0], stop_loss="5%"), 2)
    assert "it protects the position: the stop; it ended filled" == told.answer
    assert ["Filled order 1: buy 10 A @ ₹100.00"] == texts(told, "cause")[:1]
    assert ["95: -5 (-5.00%) from the average fill of 100"] == texts(told, "level")
    assert ["order 2: sell 10 A @ ₹95.00"] == texts(told, "fill")
    assert [] == texts(told, "target")


def test_a_trailing_stop_tells_each_of_its_changes():
    prices = [
        (100, 101, 99, 100),
        (100, 110, 100, 110),
        (110, 120, 110, 120),
        (120, 120, 100, 100),
        (100, 100, 100, 100),
    ]
    told = why(result_of(prices, [1.0], trail="rs:10"), 2)
    assert ["order 2 to -10 stop 100.00", "order 2 to -10 stop 110.00"] == texts(told, "change")
    assert "110: +10 (+10.00%) from the average fill of 100" == texts(told, "level")[-1]


def test_an_order_of_on_bar_shows_its_request(tmp_path):
    result = result_of(FLAT, orders={1: [ask(7, limit=95.0)]}, journal=tmp_path / "run.journal")
    told = why(result, 1)
    assert ["buy 7 A limit 95.00"] == texts(told, "request")
    assert "on_bar asked for it; it ended expired" == told.answer
    assert "on_bar asked for nothing of it" == reason(result, 3)


def test_charges_of_a_plan_are_told_levy_by_levy():
    """Of ₹1,000: brokerage 0.5 %, STT 0.1 %, exchange 0.01 %, GST 18 % of brokerage and exchange charge."""
    tariff = Tariff(brokerage_e8=500_000, stt_buy_e8=100_000, exchange_e8=10_000, gst_e8=18_000_000)
    plan = Charges(plan="made_up:CNC", regimes=((0, tariff),))
    told = why(result_of(FLAT, [1.0], charges=plan), 1)
    assert ["Brokerage ₹5.00, STT ₹1.00, Exchange, with IPFT ₹0.10, GST ₹0.92"] == texts(told, "levies")
    assert "charges ₹7.02" in texts(told, "charges")[0]


def test_a_weight_tells_its_own_formula():
    told = why(result_of(FLAT, weights=[0.5]), 1)
    assert ["weight 0.5 × equity ₹1,00,000.00 ÷ close 100 → +500 units; 0 held, so +500"] == texts(told, "size")


def test_an_order_that_the_run_does_not_have_is_a_sentence():
    with pytest.raises(DataError, match=r"run run-1 has no order 9; it has 1 to 1, listed in orders\.csv"):
        why(result_of(FLAT, [1.0]), 9)
    with pytest.raises(DataError, match="run run-1 has no order 1; it has none"):
        why(result_of(FLAT, [NAN]), 1)


def test_a_run_of_an_earlier_version_cannot_be_run_again():
    result = result_of(FLAT, [1.0])
    old = replace(result, record=replace(result.record, style=""))
    with pytest.raises(DataError, match="was kept by an earlier version without all its decisions"):
        why(old, 1)


def test_a_strategy_that_changed_since_is_not_asked_again():
    result = result_of(FLAT, orders={1: [ask(7)]})
    asked = replace(result, strategy="rsi", parameters={"period": 14}, provenance={"strategy_sha256": "0" * 64})
    with pytest.raises(DataError, match="rsi has changed since run run-1, so on_bar"):
        why(asked, 1)


# ---------------------------------------------------------------------- why not


def reason(result, row, symbol="A", per_session=0):
    return why_not(result, symbol, time_of(row, per_session)).answer


def test_nothing_said_keeps_what_there_is():
    assert "the strategy gave no target (NaN), which keeps what there is" == reason(result_of(FLAT, [1.0]), 2)


def test_an_unchanged_target_is_not_topped_up():
    told = why_not(result_of(FLAT, [1.0, 1.0, 1.0], max_order_value=450.0), "A", time_of(2))
    assert "the target 1 is not new: +4 units are held for it, and nothing is topped up" == told.answer
    assert "intent 0 → 1, 2024-01-01" == texts(told, "earlier")[0]
    assert "order 1: buy 4 A (signal) filled" == texts(told, "earlier")[1]
    assert "+4 held; intent 1 (+10 units); active" == texts(told, "stands")[0]


def test_a_stop_that_rests_is_not_what_stands_in_the_way():
    told = reason(result_of(FLAT, [1.0, 1.0, 1.0], stop_loss="5%"), 2)
    assert "the target 1 is not new: +10 units are held for it, and nothing is topped up" == told


def test_an_unchanged_target_that_was_refused_does_not_ask_again():
    told = why_not(result_of(FLAT, [1.0, 1.0], max_order_value=50.0), "A", time_of(1))
    assert "so it does not ask again: what it asked for came to nothing before" in told.answer
    assert "order 1: buy 10 A (signal) refused: max order value" == texts(told, "earlier")[-1]


def test_a_refusal_names_its_rule_and_shows_all_of_them():
    told = why_not(result_of(FLAT, [1.0], max_order_value=50.0), "A", time_of(0))
    assert "refused: max order value" == told.answer
    assert (0, 1000.0, 50.0) == next((r.units, r.value, r.bound) for r in told.rules if r.rule == "max_order_value")


def test_a_size_that_is_no_lot_is_told():
    assert "refused: the size is below one lot" == reason(result_of(FLAT, [1.0], sizing="value:50"), 0)


def test_delivery_holds_no_shorts():
    assert "refused: a delivery product holds no shorts" == reason(result_of(FLAT, [-1.0], product="CNC"), 0)


def test_a_rule_of_the_users_own_is_named():
    class NoMondays(Rule):
        def pre_order(self, order, state):
            return Verdict(0, "monday")

    rules = [NoMondays()]
    told = why_not(result_of(FLAT, [1.0], rules=rules), "A", time_of(0), rules)
    assert "refused: monday" == told.answer
    assert ("monday", 10, 0) == told.rules[-1][:3]
    with pytest.raises(DataError, match="was run under risk rules of your own: NoMondays; hand over the same"):
        why_not(result_of(FLAT, [1.0], rules=rules), "A", time_of(0))


def test_after_a_forced_exit_the_old_target_must_change_first():
    prices = [*FLAT[:2], (100, 101, 90, 92), *still(92.0, 3)]
    result = result_of(prices, [1.0] * 6, stop_loss="5%", reenter="new_signal")
    told = why_not(result, "A", time_of(3))
    assert "reenter is new_signal: after a forced exit the target 1 must first change" == told.answer
    assert "order 2: sell 10 A stop 95.00 (stop loss) filled" in texts(told, "earlier")


def test_a_forced_exit_that_is_under_way_holds_targets_back():
    thin = [(100, 101, 99, 100, 1000.0), (100, 101, 99, 100, 1000.0)] + [(100, 101, 99, 100, 40.0)] * 5
    result = result_of(thin, [1.0, NAN, 1.0, 1.0], time_exit=1, volume_cap=0.1, per_session=6)
    assert "a forced exit (time exit) is under way: targets wait until the position is flat" == reason(
        result, 3, "A", 6
    )


def test_an_instrument_without_a_bar_takes_no_target_in():
    prices = {"A": FLAT, "B": [FLAT[0], None, *FLAT[2:]]}
    told = why_not(result_of(prices, {"B": [NAN, 1.0]}), "B", time_of(1))
    assert "it has no bar then: a target is only taken in on a bar that is there" == told.answer
    assert ["none of B in the bar of 2024-01-02"] == texts(told, "bar")


def test_an_entry_that_rests_is_told():
    result = result_of(FLAT, [1.0, 1.0, 1.0], limit=[90.0] * 3, validity="GTC")
    told = reason(result, 2)
    assert "the target 1 is not new, and an order is still open: order 1: buy 10 A limit 90.00 (signal) working" == told


def test_an_entry_that_expired_is_told_earlier():
    result = result_of(FLAT, [1.0, NAN, NAN], limit=[90.0] * 3)
    assert "order 1: buy 10 A limit 90.00 (signal) expired" in texts(why_not(result, "A", time_of(2)), "earlier")


def test_a_target_of_zero_with_nothing_held():
    assert "the target is 0, and nothing is held" == reason(result_of(FLAT, [0.0, 0.0]), 1)


def test_a_target_that_means_the_same_units():
    result = result_of(FLAT, weights=[0.5, NAN, 0.5004])
    assert "the target 0.5004 means +500 units, which are held already" == reason(result, 2)


def test_a_halted_run_says_so():
    prices = [*FLAT[:2], (100, 101, 70, 70), *still(70.0, 3)]
    result = result_of(prices, [1.0, NAN, NAN, 0.0, 1.0], sizing="fixed:500", max_drawdown="5%")
    told = why_not(result, "A", time_of(4))
    assert "refused: the circuit breaker has halted the run" == told.answer
    assert "halted" in texts(told, "stands")[0]


def test_after_the_square_off_nothing_is_entered():
    panel = panel_of(FLAT, per_session=3)
    days = np.unique(panel.session)
    square_off = (days * DAY_NS + 6 * HOUR_NS)[:, None]
    over = np.array([int(panel.close_time[panel.session == day].max()) for day in days])
    deadlines = Deadlines(days, square_off, np.array([NEVER]), over)
    result = result_of(None, [NAN, 1.0], panel=panel.with_deadlines(deadlines), product="MIS")
    assert "refused: the square-off time has come: nothing is entered until the next session" == reason(
        result, 1, "A", 3
    )


def test_an_order_there_was_is_not_denied():
    assert "it did: order 1: buy 10 A (signal); see tulya why run-1 1" == reason(result_of(FLAT, [1.0]), 0)


def test_a_moment_without_a_bar_and_an_unknown_instrument_are_sentences():
    result = result_of(FLAT, [1.0])
    with pytest.raises(DataError, match="run run-1 has no bar at 2024-01-09; the nearest open at 2024-01-06"):
        why_not(result, "A", time_of(8))
    with pytest.raises(DataError, match="the run has no Z; it has A"):
        why_not(result, "Z", time_of(1))
    early = replace(result, record=replace(result.record, first_row=2))
    with pytest.raises(DataError, match="2024-01-01 only fed the indicators: the run decides from 2024-01-03"):
        why_not(early, "A", time_of(0))
