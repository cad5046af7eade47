"""``tulya backtest``: the lines that scripts and cron jobs rely on, and sentences for every mistake."""

import csv
import json
import webbrowser
from importlib import import_module

import pytest

GOOG = """Date,Open,High,Low,Close,Volume
2004-08-19,100,104.06,95.96,100.34,22351900
2004-08-20,101.01,109.08,100.5,108.31,11428600
2004-08-23,110.75,113.48,109.05,109.4,9137200
"""

MINE = '''"""Two strategies of a user's own."""

import numpy as np

from framework import Bars, Signals, Strategy


class MyStrategy(Strategy):
    """Long above yesterday's close."""

    def signals(self, bars: Bars) -> Signals:
        before = np.r_[np.nan, bars.close[:-1]]
        return Signals.long_flat(enter=bars.close > before, leave=bars.close < before)


class Peeks(Strategy):
    """Looks at tomorrow's close."""

    def signals(self, bars: Bars) -> Signals:
        after = np.r_[bars.close[1:], np.nan]
        return Signals.long_flat(enter=after > bars.close, leave=after < bars.close)
'''

PROMISED = {
    "run_id",
    "engine",
    "final_equity",
    "round_trips_closed",
    "round_trips_open",
    "causality",
    "stats",
}


def test_importing_a_csv_under_a_symbol(tulya, home):
    (home / "goog.csv").write_text(GOOG)
    done = tulya("data", "import", "goog.csv", "--symbol", "GOOG", "--timeframe", "1d")
    assert (0, True) == (done.code, "GOOG" in done.out)


def test_rsi_prints_one_json_object_with_the_promised_keys(tulya, home):
    done = tulya(
        *"backtest rsi --symbols SP500 --sizing fixed:10 --charges percent:0.1 --capital 100000 --json".split()
    )
    facts = json.loads(done.out)
    assert 0 == done.code
    assert facts.keys() >= PROMISED
    assert ("event", "passed", 16, 1) == (
        facts["engine"],
        facts["causality"],
        facts["round_trips_closed"],
        facts["round_trips_open"],
    )
    # The independent backtrader script of tests/oracle ends with the same sum.
    assert 108430.13 == facts["final_equity"]


def test_macd_writes_its_fills_as_csv(tulya, home):
    done = tulya(
        *"backtest macd --symbols NASDAQ --sizing fixed:10 --charges percent:0.1 --slippage bps:5 --capital 100000 "
        "--fills fills.csv --json".split()
    )
    rows = list(csv.reader((home / "fills.csv").open()))
    assert 0 == done.code
    assert ["time", "symbol", "side", "quantity", "price", "charges", "reason"] == rows[0]
    assert 2 * json.loads(done.out)["round_trips_closed"] == len(rows) - 1
    assert ["1999-03-09", "NASDAQ", "BUY", "10"] == rows[1][:4]


def test_exits_parameters_and_a_range(tulya, home):
    done = tulya(
        *"backtest rsi --symbols SP500,NASDAQ --set period=10 --stop-loss 5% --take-profit 10% --exits-from next_bar "
        "--from 2005-01-01 --to 2015-12-31".split()
    )
    assert 0 == done.code
    assert "2005-01-03 to 2015-12-31" in done.out
    assert "period=10" in done.out


def test_a_strategy_in_a_file_of_the_users_own_with_a_tearsheet(tulya, home):
    (home / "my_strategy.py").write_text(MINE)
    done = tulya(
        "backtest",
        "./my_strategy.py:MyStrategy",
        "--symbols",
        "SP500",
        "--sizing",
        "equity:95%",
        "--out",
        "reports/mine",
    )
    assert 0 == done.code, done.err
    written = {path.name for path in (home / "reports" / "mine").iterdir()}
    assert written >= {"tearsheet.html", "fills.csv", "result.json"}
    assert "quantstats.html" not in written
    assert "            --open shows it in the browser\n" in done.out


@pytest.mark.parametrize("flag", ["--quantstats", "--open"])
def test_a_page_without_a_folder_is_refused_before_the_run(tulya, home, flag):
    done = tulya("backtest", "rsi", "--symbols", "SP500", flag)
    assert 2 == done.code
    assert "needs a folder for the page: add --out" in " ".join(done.err.replace("│", " ").split())


@pytest.mark.parametrize(("found", "said"), [(True, ""), (False, "No browser was found here; open the file yourself")])
def test_open_shows_the_page_or_says_which_file_it_is(tulya, home, monkeypatch, found, said):
    shown = []
    monkeypatch.setattr(webbrowser, "open", lambda page: shown.append(page) or found)
    done = tulya("backtest", "rsi", "--symbols", "SP500", "--out", "reports/rsi", "--open")
    assert [(home / "reports" / "rsi" / "tearsheet.html").as_uri()] == shown
    assert done.err.startswith(said)


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("notes.txt", "notes.txt is a file; give the bundle a folder of its own"),
        ("mine", "mine holds other files and no bundle; give the bundle a folder of its own"),
        ("notes.txt/mine", "notes.txt/mine cannot be made: "),
    ],
)
def test_a_folder_that_cannot_take_the_result_is_refused_before_the_run(tulya, home, out, sentence, monkeypatch):
    (home / "notes.txt").write_text("mine")
    (home / "mine").mkdir()
    (home / "mine" / "notes.txt").write_text("mine")
    monkeypatch.setattr(import_module("framework.backtest"), "backtest", None)  # nothing is run
    done = tulya("backtest", "rsi", "--symbols", "SP500", "--out", out)
    assert (1, True) == (done.code, done.err.startswith(f"tulya: {sentence}")), done.err


def test_a_leak_is_told_and_exits_with_3(tulya, home):
    (home / "my_strategy.py").write_text(MINE)
    done = tulya("backtest", "./my_strategy.py:Peeks", "--symbols", "SP500", "--json")
    facts = json.loads(done.out)
    assert (3, "leak") == (done.code, facts["causality"])
    assert "target 1 with the later bars" in facts["causality_detail"]["finding"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("backtest rsi --symbols SP50", "no symbol 'SP50' in the store; the nearest: SP500"),
        ("backtest rsj --symbols SP500", "no strategy is called 'rsj'; did you mean rsi?"),
        ("backtest rsi --symbols SP500 --set perod=3", "RSI has no parameter 'perod'; did you mean 'period'?"),
        ("backtest rsi --symbols SP500 --set period=1", "RSI.period = '1': input should be greater than or equal to 2"),
        ("backtest rsi --symbols SP500 --set period", "--set 'period' is not understood"),
        ("backtest rsi --symbols SP500 --sizing many", "sizing 'many' is not understood; write fixed:10"),
        ("backtest rsi --symbols SP500 --sizing equity:9500", "write equity:9500% for a percentage"),
        ("backtest rsi --symbols SP500 --sizing risk:1%", "divides by the distance to the stop, but RSI gives none"),
        ("backtest rsi --symbols SP500 --charges 0.1", "charges '0.1' are not understood; write none, percent:0.1"),
        ("backtest rsi --symbols SP500 --slippage 5", "slippage '5' is not understood; write none, bps:5 or ticks:1"),
        ("backtest rsi --symbols SP500 --stop-loss 0%", "amount '0%' must be above 0"),
        ("backtest rsi --symbols SP500 --capital nan", "settings.capital = nan"),
        (
            "backtest rsi --symbols SP500 --from 2030-01-01",
            "there are no bars from 2030-01-01; the bars of SP500 run from 1999-01-04 to 2018-12-31",
        ),
        ("backtest rsi --symbols SP500 --from 31-12-2015", "'31-12-2015' is not a date; write it as 2015-12-31"),
        ("backtest rsi --symbols SP500 --timeframe 1h", "SP500 has no 1h bars; it has 1d"),
        ("backtest rsi --symbols SP500 --timeframe soon", "timeframe 'soon' is not understood"),
        ("backtest rsi --symbols ,", "--symbols is empty"),
        ("backtest rsi --symbols XYZ*", "matches none of the 2 series"),
        (
            "backtest rsi --symbols SP500 --sizing fixed:3 --volatility-bars 30",
            "volatility_bars is only for sizing volatility and equal_risk, and sizing is fixed:3: leave it out",
        ),
        ("backtest rsi --symbols SP500 --sizing kelly:900%", "write at most kelly:100%"),
        ("backtest momentum --symbols SP500 --sizing fixed:3", "sizing is only for strategies that write signals()"),
        (
            "backtest rsi --symbols SP500 --rebalance every_bar",
            "rebalance is only for strategies that write allocate()",
        ),
        ("backtest rsi --symbols SP500 --causality sure", "causality 'sure' is not one of default"),
        ("backtest rsi --symbols SP500 --risk-rule mine.py", "there is no file mine.py"),
        ("backtest rsi --symbols SP500,SP500,NASDAQ --reenter never", "settings.reenter = 'never'"),
        ("backtest rsi --symbols SP500 --risk-free 6.5", "--risk-free '6.5' is not understood; write a rate a year"),
        ("report nope", "no run 'nope'"),
        ("runs show nope", "no run 'nope'"),
    ],
)
def test_a_mistake_is_answered_by_one_sentence_and_exit_code_1(tulya, home, words, sentence):
    done = tulya(*words.split())
    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("tulya: ")
    assert sentence in done.err
    assert 1 == done.err.count("\n")


def test_the_risk_free_rate_lowers_sharpe_and_is_told(tulya, home):
    without, with_ = (
        json.loads(tulya("backtest", "buy_and_hold", "--symbols", "SP500", "--json", *more).out)["stats"]["Sharpe"]
        for more in ([], ["--risk-free", "6.5%"])
    )
    assert with_ < without
    assert "risk-free rate 6.50 % a year" in tulya("runs", "show", "last").out


def test_a_rule_of_the_users_own_is_asked(tulya, home):
    (home / "rules.py").write_text(
        "from framework import Rule, Verdict\n\n\nclass Never(Rule):\n"
        "    def pre_order(self, order, state):\n        return Verdict(0, 'never')\n"
    )
    done = tulya("backtest", "rsi", "--symbols", "SP500", "--risk-rule", "./rules.py:Never", "--json")
    facts = json.loads(done.out)
    assert (0, 100000.0, 0) == (done.code, facts["final_equity"], facts["round_trips_closed"])


def test_symbols_all_takes_everything_stored(tulya, home):
    facts = json.loads(tulya("backtest", "buy_and_hold", "--symbols", "all", "--json").out)
    assert ["NASDAQ", "SP500"] == facts["symbols"]


def test_the_config_gives_defaults_and_a_flag_goes_first(tulya, home):
    (home / "config").mkdir()
    (home / "config" / "trading.yaml").write_text("run:\n  capital: 250000\n  charges: percent:0.2\n")
    from_file = json.loads(tulya("backtest", "rsi", "--symbols", "SP500", "--json").out)
    from_flag = json.loads(tulya("backtest", "rsi", "--symbols", "SP500", "--capital", "5000", "--json").out)
    assert (250000.0, "percent:0.2") == (from_file["capital"], from_file["settings"]["charges"])
    assert (5000.0, "percent:0.2") == (from_flag["capital"], from_flag["settings"]["charges"])


def test_the_database_is_chosen_by_flag_then_environment(tulya, home, monkeypatch, sample_database):
    (home / "data" / "market.sqlite").unlink()
    assert 1 == tulya("backtest", "rsi", "--symbols", "SP500").code
    monkeypatch.setenv("TULYA_DB", str(home / "other.sqlite"))
    (home / "other.sqlite").write_bytes(sample_database.read_bytes())
    assert 0 == tulya("backtest", "rsi", "--symbols", "SP500").code
    assert 1 == tulya("backtest", "rsi", "--symbols", "SP500", "--db", "empty.sqlite").code


def test_a_symbol_that_holds_a_comma_stands_in_quotes(tmp_path):
    from framework.cli.options import expand_symbols

    assert ["A, B", "C"] == expand_symbols('"A, B",C', tmp_path / "none.sqlite", "1d")
    assert ["A", "B"] == expand_symbols("A, B,A", tmp_path / "none.sqlite", "1d")
