"""What a person must know, in sentences, the worst first."""

from dataclasses import replace

import numpy as np
import pytest

from framework import Signals, Strategy, backtest
from framework.report.finding import Severity
from framework.types import (
    Bars,
    Causality,
    CausalityVerdict,
    Notice,
    Order,
    OrderRecord,
    OrderState,
    OrderType,
    Reason,
    Verdict,
)
from tests.report.records import DAY, Trade, bars, make_record, make_result, small_result


def texts(result, severity=None):
    return [one.text for one in result.findings if severity in (None, one.severity)]


def about(result, word):
    return [one for one in result.findings if word in one.text]


def test_a_leak_stands_before_everything_else():
    leak = Causality(CausalityVerdict.LEAK, finding="ABC 2024-01-03: 1 with the future, 0 without.")
    result = small_result(causality=leak)
    assert result.findings[0] == (
        Severity.ERROR,
        "The strategy looks into the future: ABC 2024-01-03: 1 with the future, 0 without.",
    )


def test_an_unchecked_strategy_is_a_warning():
    unchecked = Causality(CausalityVerdict.NOT_CHECKED, finding="it was switched off.")
    assert "Causality was not checked: it was switched off." in texts(small_result(causality=unchecked))


def test_a_check_of_very_few_decisions_is_a_warning():
    told = "Causality was checked at only 1 of 5,306 decisions, as many as a second allows here; "
    few = Causality(CausalityVerdict.PASSED, checked_decisions=1, decisions=5306, cuts=1)
    assert told + "--causality all-decisions checks them all." in texts(small_result(causality=few), Severity.WARNING)


@pytest.mark.parametrize(("checked", "decisions"), [(30, 5306), (5, 100), (1, 20), (0, 0)])
def test_thirty_decisions_or_a_twentieth_of_them_are_enough(checked, decisions):
    some = Causality(CausalityVerdict.PASSED, checked_decisions=checked, decisions=decisions, cuts=64)
    assert not about(small_result(causality=some), "Causality was")


def test_the_coverage_is_told_with_separators_and_in_the_singular():
    assert "passed (1 of 5,306 decisions, 1 cut)" == str(Causality(CausalityVerdict.PASSED, 1, 5306, 1))
    assert "passed (1 of 1 decision, 2,000 cuts)" == str(Causality(CausalityVerdict.PASSED, 1, 1, 2000))


def test_decisions_that_depend_on_the_price_level_are_noted():
    passed = Causality(CausalityVerdict.PASSED, scale_changes=3)
    assert "3 decisions change" in about(small_result(causality=passed), "divided by 5")[0].text


def test_two_round_trips_are_too_few():
    assert "Only 2 round trips were closed" in about(small_result(), "round trips were closed")[0].text


def test_thirty_round_trips_are_not_too_few():
    trades = [Trade(0, row, 10 if row % 2 else -10, 100.0) for row in range(1, 61)]
    assert not about(make_result(make_record([bars([100.0] * 70)], trades)), "round trips were closed")


def test_a_run_without_a_fill_says_so_and_nothing_of_costs():
    result = make_result(make_record([bars([100, 101, 102])]))
    assert about(result, "Nothing was ever filled")
    assert not about(result, "charges")


def test_costs_are_a_share_of_the_gross_profit():
    """Net 57.94 − 42.12 + 38.98 = 54.80; charges 5.20: gross 60."""
    (finding,) = about(small_result(), "Costs took")
    assert finding == (Severity.NOTE, "Costs took 8.7 % of the gross profit: ₹5.20 charges of ₹60.00.")


def test_costs_beyond_thirty_percent_are_a_warning():
    trades = [Trade(0, 1, 10, 100.0, 20.0), Trade(0, 2, -10, 104.0, 10.0, unslipped=105.0)]
    (finding,) = about(make_result(make_record([bars([100, 105, 104])], trades, charges="flat:15")), "Costs took")
    assert finding.severity is Severity.WARNING
    assert "80.0 %" in finding.text  # 30 + 10 of 50
    assert "₹30.00 charges and ₹10.00 slippage of ₹50.00" in finding.text


def test_a_loss_before_costs_is_told_apart():
    trades = [Trade(0, 1, 10, 100.0, 1.0), Trade(0, 2, -10, 99.0, 1.0)]
    assert about(make_result(make_record([bars([100, 99, 98])], trades)), "lost ₹10.00 before costs")


def test_free_fills_are_a_warning():
    result = make_result(make_record([bars([100, 99, 98])], [Trade(0, 1, 10, 100.0)]))
    assert about(result, "No charges are modelled")
    assert about(result, "No slippage is modelled")


def test_rates_that_nobody_has_checked_are_named_once():
    rows = ["stt 2004-10-01 to 2005-05-31 (stt.yaml:10)", "stamp 2000-01-01 to 2020-06-30 (statutory.yaml:12)"]
    rates = {"plan": "upstox:CNC", "regimes": [[0, [0] * 11]]}
    trades = [Trade(0, 1, 10, 100.0)]
    both = make_result(make_record([bars([100, 99])], trades, charges=rates | {"assumed": rows}))
    assert (
        "The charges rest on 2 rates that nobody has checked: stt 2004-10-01 to 2005-05-31 (stt.yaml:10), stamp "
        "2000-01-01 to 2020-06-30 (statutory.yaml:12). Rows of your own go before them, see docs/charges.md."
    ) in texts(both, Severity.WARNING)
    one = make_result(make_record([bars([100, 99])], trades, charges=rates | {"assumed": rows[:1]}))
    assert about(one, "The charges rest on a rate that nobody has checked: stt 2004")
    assert not about(make_result(make_record([bars([100, 99])], trades, charges=rates)), "nobody has checked")


def test_unchecked_rates_that_charged_nothing_are_not_told():
    rates = {"plan": "upstox:CNC", "regimes": [[0, [0] * 11]], "assumed": ["stt 2004 (stt.yaml:10)"]}
    assert not about(make_result(make_record([bars([100, 99])], charges=rates)), "nobody has checked")


def test_fills_at_the_close_that_decided_flatter():
    assert about(make_result(make_record([bars([100, 99])], fill_at="same_close")), "flatters")


def test_data_issues_are_told_and_counted_beyond_five():
    result = small_result(data_issues=tuple(f"ABC: issue {number}" for number in range(8)))
    assert "Data: ABC: issue 4" in texts(result)
    assert "Data: 3 more issues in the range." in texts(result)


def order(number, state, requested, allowed, verdict="", why=""):
    asked = Order(number, 0, requested, OrderType.MARKET, Reason.SIGNAL, False, 0)
    return OrderRecord(asked, requested, Verdict(allowed, verdict), state, 0, 0, why)


def test_orders_held_back_are_counted_by_reason():
    orders = [
        order(1, OrderState.REFUSED, 10, 0, "cash", "cash"),
        order(2, OrderState.REFUSED, 10, 0, "max_order_value"),
        order(3, OrderState.REFUSED, 10, 10, why="cash"),
        order(4, OrderState.FILLED, 10, 4, "cash"),
    ]
    result = make_result(make_record([bars([100, 99])], orders=orders))
    assert "3 orders were refused by reason: cash 2, max_order_value 1." in texts(result)
    assert "1 order was shrunk by reason: cash 1." in texts(result)


def refused_at_the_fill():
    """Two refusals at the open of 2 January, for want of cash, with the notice of each."""
    when = int(np.datetime64("2024-01-02", "ns").astype(np.int64))
    orders = [order(one, OrderState.REFUSED, 1250, 1250, why="cash")._replace(ended_at=when) for one in (1, 2)]
    notice = Notice(when, "refused_fill", "the order for +1250 ABC was refused at its fill: cash")
    return {"orders": orders, "notices": [notice, notice]}


def test_cash_refusals_at_the_fill_are_told_once_with_what_helps():
    (finding,) = about(make_result(make_record([bars([100, 99])], **refused_at_the_fill())), "refused")
    assert (
        "2 orders were refused by reason: cash 2; the first at its fill on 2024-01-02, +1,250 ABC: --protection-bps "
        "300 keeps a buffer for the opening gap, or size below 100 %." == finding.text
    )


def test_with_a_protection_already_the_hint_is_the_size():
    record = make_record([bars([100, 99])], protection_bps=100, **refused_at_the_fill())
    assert about(make_result(record), "+1,250 ABC: size below 100 %.")


def test_free_fills_that_cost_nothing_say_nothing_of_costs_taken():
    trades = [Trade(0, 1, 10, 100.0), Trade(0, 2, -10, 104.0)]
    assert not about(make_result(make_record([bars([100, 105, 104])], trades)), "Costs took")


def test_a_breaker_is_told_once_with_its_first_date():
    first = int(np.datetime64("2024-01-03", "ns").astype(np.int64))  # when the bar of the 2nd closes
    notices = [Notice(first, "daily_loss", "daily loss of 3 % reached."), Notice(first + DAY, "daily_loss", "again")]
    result = make_result(make_record([bars([100, 99, 98])], notices=notices))
    assert "2024-01-02: daily loss of 3 % reached (the first of 2)." in texts(result, Severity.WARNING)


def test_cash_below_zero_never_goes_unnoticed():
    result = make_result(make_record([bars([100, 100, 100])], [Trade(0, 1, 10, 100.0)], capital=900.0))
    assert about(result, "Cash fell below zero, to −₹100.00 at 2024-01-02")


def test_ruin_is_an_error():
    result = make_result(make_record([bars([100, 100, 40, 60])], [Trade(0, 1, 20, 100.0)], capital=1000.0))
    (finding,) = about(result, "Ruin")
    assert finding.severity is Severity.ERROR
    assert "2024-01-03 (lowest −₹200.00)" in finding.text


@pytest.mark.parametrize(
    ("closes", "exits", "choices", "said"),
    [
        (
            [100, 100, 40],
            [],
            {},
            "What is held could not be left any more before the end, nothing was entered",
        ),
        ([100, 100, 40, 60], [Trade(0, 3, -20, 60.0)], {}, "What was held was left at the next open, nothing was"),
        (
            [100, 100, 40, 60],
            [Trade(0, 2, -20, 40.0)],
            {"fill_at": "same_close"},
            "What was held was left at that close",
        ),
    ],
)
def test_ruin_says_when_what_was_held_was_left(closes, exits, choices, said):
    trades = [Trade(0, 1, 20, 100.0), *exits]
    record = make_record([bars(closes)], trades, capital=1000.0)
    record = replace(record, settings=record.settings.model_copy(update=choices))
    (finding,) = about(make_result(record), "Ruin")
    assert said in finding.text


def test_open_positions_are_noted_with_what_they_are_worth():
    assert about(small_result(), "1 position is still open at the end (ABC)")[0].severity is Severity.NOTE
    assert about(small_result(), "₹38.98 so far")


def test_less_than_a_year_is_extrapolated():
    assert about(small_result(), "covers 9 days")


@pytest.mark.parametrize("closes", [[100], [100, 101]])
def test_a_run_too_short_for_statistics_says_so(closes):
    assert about(make_result(make_record([bars(closes)])), "fewer than two session returns")


class Weighted(Strategy):
    """Weights of two instruments at every ``every``-th bar, NaN between them."""

    every: int = 1
    share: float = 0.45

    def allocate(self, panel):
        weights = np.full(panel.close.shape, np.nan)
        weights[:: self.every] = self.share
        return weights


def two_walks(rows=120):
    """Prices that part by a hundredth now and then."""
    rng = np.random.default_rng(7)
    closes = [np.round(1000 * np.cumprod(1 + rng.integers(-1, 2, rows) / 100), 2) for _ in range(2)]
    times = (19_723 + np.arange(rows)) * DAY
    return [
        Bars.from_arrays(name, "1d", times, close, close, close, close)
        for name, close in zip("AB", closes, strict=True)
    ]


def weighed(**given):
    choices = {"causality": "off", "engine": "event", "capital": 1_000_000} | given
    return backtest(Weighted(every=choices.pop("every", 1), share=choices.pop("share", 0.45)), two_walks(), **choices)


def test_many_small_rebalances_are_told_with_what_helps():
    result = weighed(charges="flat:20")
    (finding,) = about(result, "rebalances")
    assert finding.severity is Severity.WARNING
    equity = dict(zip(result.record.panel.time.tolist(), result.record.equity_paise.tolist(), strict=True))
    by = [one for one in result.record.settlements if str(one.reason) == "rebalance"]
    small = sum(one.value_paise < 0.005 * equity[one.fill.time] for one in by)
    told = f"{small} of {len(result.fills)} fills are rebalances of less than 0.5 % of equity each, and paid "
    helps = (
        f"₹{small * 20:,}.00 of charges: a row that is to keep gives NaN, or --rebalance band:2 moves only what is far "
    )
    assert finding.text == told + helps + "from its weight."
    (of_every_bar,) = about(weighed(every=120, rebalance="every_bar"), "rebalances")
    assert "each: --rebalance on_signal, or --rebalance band:2 moves" in of_every_bar.text


@pytest.mark.parametrize("fewer", [{"every": 21}, {"rebalance": "band:2"}, {"rebalance": "on_change"}], ids=str)
def test_few_rebalances_are_not_worth_a_word(fewer):
    assert not about(weighed(**fewer), "rebalances of less")


def test_where_only_changes_count_the_winners_that_were_kept_are_told_with_refusals_for_cash():
    # A doubles while its weight is kept; what B is to have then is more than the cash that is left.
    closes = {"A": [100.0, 100, 200, 200, 200], "B": [100.0] * 5}
    series = [
        Bars.from_arrays(name, "1d", (19_723 + np.arange(5)) * DAY, *[np.array(c)] * 4) for name, c in closes.items()
    ]

    class Later(Strategy):
        def allocate(self, panel):
            weights = np.full(panel.close.shape, np.nan)
            weights[0], weights[2] = (0.6, 0.0), (0.6, 0.4)
            return weights

    choices = {"causality": "off", "engine": "event", "capital": 100_000}
    told = about(backtest(Later(), series, rebalance="on_change", **choices), "by reason: cash 1")
    assert told[0].text.endswith(
        "Winners that are kept beyond their weights hold the cash: --rebalance on_signal brings them back."
    )
    assert not about(backtest(Later(), series, **choices), "by reason")


def test_a_size_beyond_the_limit_is_told_with_what_to_look_at():
    closes = np.full(3, 0.00001)
    series = Bars.from_arrays("A", "1d", (19_723 + np.arange(3)) * DAY, closes, closes, closes, closes)

    class Holds(Strategy):
        def signals(self, bars):
            return Signals(np.ones(len(bars)))

    (finding,) = about(backtest(Holds(), series, causality="off", engine="event"), "refused")
    assert finding.text == (
        "1 order was refused by reason: size_beyond_limit 1. size_beyond_limit is more than 2,000,000,000 units or "
        "₹40 lakh crore: a price, a stop distance or a volatility is almost 0."
    )
