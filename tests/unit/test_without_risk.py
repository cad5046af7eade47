"""The second run without limits: the same decisions, no limit and no rule, the same cash."""

import copy
import pickle

import numpy as np
import pytest

from framework import Bars, Rule, Signals, Strategy, Verdict, backtest
from framework.engines import without_limits
from framework.report.limits import compared
from framework.report.result import Result
from framework.report.tearsheet import render
from framework.types import Panel
from framework.types.columns import CLOCKS, VALUES

DAY = 86_400_000_000_000
CHOICES = {"capital": 10_000.0, "sizing": "fixed:50", "causality": "off"}


class Holds(Strategy):
    """Long from the first close on."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(np.ones(len(bars)))


class Weights(Strategy):
    """All in one."""

    def allocate(self, panel):
        return np.ones(panel.close.shape)


class Acts(Strategy):
    """Buys fifty at the first bar."""

    def on_bar(self, ctx):
        if ctx.row == 0:
            ctx.buy(50)


class Never(Rule):
    """Refuses everything."""

    def pre_order(self, order, state):
        return Verdict(0, "never")


def series(*closes):
    price = np.array(closes, dtype=float)
    return Bars.from_arrays("AAA", "1d", np.arange(len(closes)) * DAY, price, price, price, price)


RISES = series(100, 100, 110, 120)


def test_what_a_limit_held_back_is_bought_in_the_second_run():
    # Ten units for ₹1,000 against fifty: a rise from 100 to 120 is ₹200 against ₹1,000.
    result = backtest(Holds(), RISES, max_order_value=1_000, **CHOICES)
    assert 10_200.0 == result.final_equity
    assert [1_000_000, 1_000_000, 1_050_000, 1_100_000] == result.without_risk.equity_paise.tolist()
    assert (1, 0, "event", "") == (
        result.without_risk.fills,
        result.without_risk.charges_paise,
        result.without_risk.engine,
        result.without_risk.left_out,
    )


def test_without_limits_and_rules_there_is_no_second_run():
    assert None is backtest(Holds(), RISES, **CHOICES).without_risk


def ran_later(monkeypatch, panel=RISES):
    """What the second run was asked for by the time its result is looked at, and the result."""
    asked = []
    again = without_limits.run_again
    monkeypatch.setattr(without_limits, "run_again", lambda *given: asked.append("again") or again(*given))
    return asked, backtest(Holds(), panel, max_order_value=1_000, **CHOICES)


def test_the_second_run_waits_until_somebody_looks_and_is_made_once(monkeypatch):
    asked, result = ran_later(monkeypatch)
    assert 10_200.0 == result.stats["Final equity [₹]"]
    assert result.without_risk is not None
    assert [] == asked
    assert (1, 0, "event") == (result.without_risk.fills, result.without_risk.charges_paise, result.without_risk.engine)
    assert ["again"] == asked
    assert result.without_risk is result.without_risk.made()
    with pytest.raises(AttributeError, match="no attribute 'filled'"):
        _ = result.without_risk.filled


def test_a_second_run_is_not_put_off_where_prices_could_change_until_then(monkeypatch):
    given = Panel.from_bars([RISES])
    arrays = {name: getattr(given, name).copy() for name in (*VALUES, *CLOCKS)}
    loose = Panel(instruments=given.instruments, timeframe="1d", **arrays)
    asked, result = ran_later(monkeypatch, loose)
    assert ["again"] == asked
    loose.close[:] = 1.0
    assert 1_100_000 == result.without_risk.equity_paise[-1]


def test_a_second_run_that_waits_is_copied_and_pickled_with_what_it_comes_to(monkeypatch):
    asked, result = ran_later(monkeypatch)
    again = pickle.loads(pickle.dumps(result.without_risk))  # noqa: S301 - its own
    assert ["again"] == asked
    assert ([1_000_000, 1_000_000, 1_050_000, 1_100_000], 1) == (again.equity_paise.tolist(), again.fills)
    assert 1 == copy.copy(result.without_risk).fills


def test_cash_is_no_limit_that_can_be_left_out():
    result = backtest(Holds(), RISES, **(CHOICES | {"sizing": "fixed:500", "max_order_value": 1_000}))
    # A hundred units are all that ₹10,000 pays for: 20 × 100 more.
    assert 1_200_000 == result.without_risk.equity_paise[-1]


def test_a_rule_of_the_users_own_is_not_asked_the_second_time():
    result = backtest(Holds(), RISES, rules=[Never()], **CHOICES)
    assert (10_000.0, 1_100_000) == (result.final_equity, result.without_risk.equity_paise[-1])


def test_weights_and_on_bar_are_run_again_too():
    limited = {"max_order_value": 1_000, "rebalance": "on_change"}
    weights = backtest(Weights(), RISES, capital=10_000.0, causality="off", **limited)
    assert (10_200.0, 1_200_000) == (weights.final_equity, weights.without_risk.equity_paise[-1])
    acts = backtest(Acts(), RISES, capital=10_000.0, max_order_value=1_000, causality="off")
    assert (10_200.0, 1_100_000) == (acts.final_equity, acts.without_risk.equity_paise[-1])


def test_decisions_before_the_accounted_range_stay_out_of_both():
    result = backtest(Holds(), RISES, start="1970-01-02", max_order_value=1_000, **CHOICES)
    assert result.record.equity_paise.shape == result.without_risk.equity_paise.shape
    # Decided on the second day, bought at 110: fifty units gain ₹500.
    assert 1_050_000 == result.without_risk.equity_paise[-1]


def test_a_long_run_of_on_bar_is_left_out_and_says_so(monkeypatch):
    monkeypatch.setattr(without_limits, "MOST_ON_BAR", 3)
    result = backtest(Acts(), RISES, capital=10_000.0, max_order_value=1_000, causality="off")
    assert "on_bar() would have to be asked again at 4 bars, more than 3" == result.without_risk.left_out
    assert [] == compared(result)
    assert "no second run: on_bar() would" in str(result)
    assert "There was no second run: on_bar() would" in render(result)


def test_a_long_run_without_machine_code_is_left_out_and_says_so(monkeypatch):
    monkeypatch.setattr(without_limits, "MOST_INTERPRETED", 3)
    result = backtest(Holds(), RISES, max_order_value=1_000, **CHOICES)
    assert "4 bars take too long a second time before `tulya warmup` has compiled" in result.without_risk.left_out


def test_a_second_run_that_breaks_is_told_and_the_first_one_stands():
    class Breaks(Strategy):
        """Fails when it holds more than ten units."""

        def on_bar(self, ctx):
            if ctx.row == 0:
                ctx.buy(50)
            if ctx.position("AAA") > 10:
                msg = "too much"
                raise ValueError(msg)

    result = backtest(Breaks(), RISES, capital=10_000.0, max_order_value=1_000, causality="off")
    assert 10_200.0 == result.final_equity
    assert "without them the run ends in an error" in result.without_risk.left_out


def test_both_runs_stand_side_by_side_in_print_json_page_and_chart():
    result = backtest(Holds(), RISES, max_order_value=1_000, charges="flat:5", **CHOICES)
    rows = [one.texts("INR") for one in compared(result)]
    assert [
        ("Final equity", "₹10,195.00", "₹10,995.00", "−₹800.00"),
        ("Total return", "1.95 %", "9.95 %", "−8.00 points"),
        ("Max. drawdown", "0.05 %", "0.05 %", "0.00 points"),
        ("Fills", "1", "1", "0"),
        ("Charges", "₹5.00", "₹5.00", "₹0.00"),
    ] == [row for row in rows if row[0] != "CAGR"]
    told = result.to_dict()["without_risk"]
    assert {"as_run": 10_195.0, "without": 10_995.0, "difference": -800.0} == told["final_equity"]
    assert ("event", "") == (told["engine"], told["left_out"])
    assert "Charges ₹5.00 ₹5.00 ₹0.00" in " ".join(str(result).split())
    assert "With and without limits" in render(result)
    assert "With and without limits" not in render(backtest(Holds(), RISES, **CHOICES))


@pytest.mark.parametrize("given", [{"max_order_value": 1_000}, {}])
def test_the_second_run_is_kept_with_the_first(given, tmp_path):
    result = backtest(Holds(), RISES, **given, **CHOICES)
    loaded = Result.load(result.save(tmp_path / "run"))
    assert result == loaded
    assert str(result) == str(loaded)


def test_runs_that_differ_only_without_limits_are_not_equal():
    result = backtest(Holds(), RISES, max_order_value=1_000, **CHOICES)
    from dataclasses import replace

    other = replace(result.without_risk, equity_paise=result.without_risk.equity_paise + 1)
    assert result != replace(result, without_risk=other)
