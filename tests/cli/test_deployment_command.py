"""``tulya new deployment``, ``tulya deployments`` and ``tulya backtest DEPLOYMENT``."""

import json

import pytest
import yaml

NEW = "new deployment morning --strategy rsi --symbols SP500,NASDAQ --set period=7 --charges percent:0.1".split()
FILE = "deployments/morning.yaml"
AHEAD = """\
import numpy as np
from framework import Signals, Strategy


class Ahead(Strategy):
    def signals(self, bars):
        later = np.roll(bars.close, -1)
        return Signals.long_flat(enter=later > bars.close, leave=later < bars.close)
"""
TREND = """\
  - name: trend
    strategy: macd
    symbols: [SP500]
    timeframe: 1d
    when_feed_lost: hold
    when_halted: flatten
    run: {capital: 50000}
"""


@pytest.fixture
def morning(tulya, home):
    """A new deployment's file."""
    assert 0 == tulya(*NEW).code
    return home / FILE


@pytest.fixture
def two(morning):
    """A deployment with a second strategy."""
    text = morning.read_text("utf-8")
    morning.write_text(text.replace("\nfeed:", f"{TREND}\nfeed:"), encoding="utf-8")
    return morning


def printed(done):
    assert 0 == done.code, done.err
    return json.loads(done.out)


def test_a_new_deployment_holds_what_was_asked_for_and_every_other_key(morning):
    content = yaml.safe_load(morning.read_text("utf-8"))
    (strategy,) = content["strategies"]
    assert ("morning", "paper", "paper") == (content["name"], content["stage"], content["account"])
    assert ({"period": 7, "oversold": 30, "overbought": 70}, ["SP500", "NASDAQ"], "1d") == (
        strategy["parameters"], strategy["symbols"], strategy["timeframe"],
    )  # fmt: skip
    assert (100_000, "percent:0.1", "equity:95%", None) == (
        strategy["run"]["capital"], strategy["run"]["charges"], strategy["run"]["sizing"],
        strategy["run"]["exits"]["stop_loss"],
    )  # fmt: skip
    assert None not in content["send"].values()
    assert 14 == len(content["send"])


def test_every_key_of_a_new_deployment_has_its_text_behind_it(morning):
    lines = [line for line in morning.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    bare = [line.strip() for line in lines if "# " not in line]
    assert ["- SP500", "- NASDAQ"] == bare
    assert 80 < len(lines)


def test_no_line_of_a_new_deployment_is_longer_than_a_screen(morning):
    assert max(map(len, morning.read_text("utf-8").splitlines())) <= 160


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        ("--capital 250000.5", "capital", 250_000.5),
        ("--square-off 15:15 --product MIS", "square_off", "15:15"),
        ("--stop-loss 5%", "exits", "5%"),
        ("--restricted SBIN,NSE:INFY", "limits", ["SBIN", "NSE:INFY"]),
        ("--limit-follow", "limit_follow", True),
        ("--sizing fixed:10", "sizing", "fixed:10"),
        ("--allotment 0.25", "allotment", 0.25),
        ("--charges upstox:MIS", "charges", "upstox:MIS"),
    ],
)
def test_an_option_of_a_setting_is_written(tulya, home, options, key, value):
    assert 0 == tulya(*NEW[:-2], *options.split()).code
    run = yaml.safe_load((home / FILE).read_text("utf-8"))["strategies"][0]["run"]
    inner = {"exits": "stop_loss", "limits": "restricted"}
    assert value == (run[key][inner[key]] if key in inner else run[key])
    assert 0 == tulya("deployments").code


def test_an_existing_file_is_left_as_it_is(tulya, morning):
    before = morning.read_bytes()
    done = tulya(*NEW)
    assert (1, f"tulya: {FILE} exists already and is left as it is; choose another --out\n") == (done.code, done.err)
    assert before == morning.read_bytes()


RSI = "--strategy rsi --symbols A"
REFUSED = [
    (f"a.b {RSI}", "'a.b' cannot be a name"),
    ("m --strategy rsj --symbols A", "no strategy is called 'rsj'; did you mean rsi?"),
    (f"m {RSI} --set perid=7", "did you mean 'period'?"),
    (f"m {RSI} --timeframe soon", "timeframe 'soon' is not understood"),
    (f"m {RSI} --when-halted stop", "when_halted = 'stop': input should be 'hold'"),
    (f"m {RSI} --rebalance band:5", "rebalance is only for strategies that write allocate()"),
    (f"m {RSI},A:*", "matches none of the"),
]


@pytest.mark.parametrize(("words", "sentence"), REFUSED)
def test_what_could_not_be_read_is_not_written(tulya, home, words, sentence):
    done = tulya("new", "deployment", *words.split())
    assert 1 == done.code
    assert sentence in done.err
    assert not (home / "deployments").exists()


def test_symbols_by_pattern_are_written_out(tulya, home):
    assert 0 == tulya(*"new deployment all --strategy rsi --symbols SP*,NASDAQ".split()).code
    content = yaml.safe_load((home / "deployments/all.yaml").read_text("utf-8"))
    assert ["SP500", "NASDAQ"] == content["strategies"][0]["symbols"]


def test_the_numbers_are_those_of_the_backtest_command(tulya, morning):
    words = "--from 2012-01-01 --to 2013-12-31 --json".split()
    account = printed(tulya("backtest", FILE, *words))
    alone = printed(tulya(*"backtest rsi --symbols SP500,NASDAQ --set period=7 --charges percent:0.1".split(), *words))
    (strategy,) = account["strategies"]
    assert (alone["final_equity"], alone["stats"], alone["causality"]) == (
        account["final_equity"], strategy["stats"], strategy["causality"],
    )  # fmt: skip
    assert account["fills"] == strategy["fills"] == len(strategy["fill_rows"]) > 0
    assert account["orders"] == len([row for row in strategy["order_rows"] if row["quantity"]])


def test_the_account_is_the_sum_of_its_strategies(tulya, two):
    account = printed(tulya("backtest", FILE, *"--from 2012-01-01 --to 2013-12-31 --json".split()))
    rsi, trend = account["strategies"]
    alone = printed(
        tulya(*"backtest macd --symbols SP500 --capital 50000 --from 2012-01-01 --to 2013-12-31 --json".split())
    )
    assert ("rsi", "trend", alone["final_equity"]) == (rsi["name"], trend["name"], trend["final_equity"])
    for key in ("orders", "fills", "capital"):
        assert rsi[key] + trend[key] == account[key]
    assert round(rsi["final_equity"] + trend["final_equity"], 2) == account["final_equity"]
    assert round(rsi["charges"] + trend["charges"], 2) == account["charges"]
    assert 150_000.0 == account["capital"]


def test_the_configuration_and_the_environment_change_nothing_of_a_deployment(tulya, morning, home, monkeypatch):
    words = ("backtest", FILE, "--from", "2012-01-01", "--to", "2012-12-31", "--json")
    before = printed(tulya(*words))["final_equity"]
    (home / "config").mkdir()
    (home / "config" / "trading.yaml").write_text("run: {sizing: 'fixed:1', slippage: 'bps:50'}", encoding="utf-8")
    monkeypatch.setenv("TULYA_RUN_CAPITAL", "5000")
    assert before == printed(tulya(*words))["final_equity"]


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ("--symbols A", "--symbols"),
        ("--timeframe 1d", "--timeframe"),
        ("--set period=7", "--set"),
        ("--risk-rule a.py:b", "--risk-rule"),
        ("--capital 5", "--capital"),
        ("--no-limit-follow --sizing fixed:1", "--sizing and --limit-follow"),
    ],
)
def test_an_option_that_the_file_answers_is_refused(tulya, morning, options, flags):
    done = tulya("backtest", FILE, *options.split())
    said = f"tulya: {FILE} says itself what {flags} would; leave out the option, or edit the file\n"
    assert (1, said) == (done.code, done.err)


@pytest.mark.parametrize("option", ["--fills", "--journal"])
def test_a_file_of_one_run_is_refused(tulya, morning, option):
    done = tulya("backtest", FILE, option, "x")
    assert 1 == done.code
    assert f"tulya: {option} would be of one run" in done.err


@pytest.mark.slow
def test_the_pages_are_a_tearsheet_for_each_strategy_and_an_index_with_the_sum(tulya, two, home):
    words = ("backtest", FILE, *"--from 2012-01-01 --to 2013-12-31".split())
    done = tulya(*words, "--out", "pages")
    assert 0 == done.code, done.err
    folder = home / "pages"
    page = (folder / "index.html").read_text("utf-8")
    for name in ("rsi", "trend"):
        assert f'<a href="{name}/tearsheet.html">{name}</a>' in page
        assert (folder / name / "tearsheet.html").is_file()
        assert (folder / name / "fills.csv").is_file()
    rows = (folder / "equity.csv").read_text("utf-8").splitlines()
    assert "time,equity" == rows[0]
    assert f"Pages       {folder / 'index.html'}" in done.out
    total = printed(tulya(*words, "--json"))["final_equity"]
    assert f"{total:.2f}" == rows[-1].rpartition(",")[2]
    assert page.count("<script") == 0


def test_pages_are_not_written_among_other_files(tulya, morning, home):
    (home / "full").mkdir()
    (home / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    done = tulya("backtest", FILE, "--out", "full")
    assert (1, "tulya: full holds other files and no pages of an account; give them a folder of their own\n") == (
        done.code, done.err,
    )  # fmt: skip


def test_each_run_is_kept_and_can_be_looked_up(tulya, two):
    account = printed(tulya("backtest", FILE, *"--from 2012-01-01 --to 2012-12-31 --json".split()))
    kept = tulya("runs", "list").out
    for strategy in account["strategies"]:
        assert strategy["run_id"] in kept


def test_the_other_engines_verify_each_strategy(tulya, two):
    done = tulya("backtest", FILE, *"--from 2013-01-01 --to 2013-06-30 --verify".split())
    assert 0 == done.code, done.err
    assert [True, True] == [f"{name}: verified " in done.out for name in ("rsi", "trend")]


def test_a_strategy_that_sees_the_future_makes_the_exit_code_3(tulya, two, home):
    (home / "ahead.py").write_text(AHEAD, encoding="utf-8")
    two.write_text(two.read_text("utf-8").replace("strategy: macd", "strategy: ./ahead.py:Ahead"), encoding="utf-8")
    done = tulya("backtest", FILE, *"--from 2012-01-01 --to 2013-12-31".split())
    assert 3 == done.code, done.err
    assert "trend: causality leak" in done.out.lower()


def test_an_error_names_file_and_strategy(tulya, two):
    two.write_text(two.read_text("utf-8").replace("symbols: [SP500]", "symbols: [NOWHERE]"), encoding="utf-8")
    done = tulya("backtest", FILE)
    assert 1 == done.code
    assert done.err.startswith(f"tulya: {FILE}, trend: ")
    assert "NOWHERE" in done.err


def test_a_file_that_is_not_there_is_named_with_the_nearest(tulya, morning):
    done = tulya("backtest", "deployments/mornin.yaml")
    said = "tulya: there is no deployment deployments/mornin.yaml; did you mean deployments/morning.yaml?\n"
    assert (1, said) == (done.code, done.err)


def test_a_strategy_without_symbols_is_a_usage_error(tulya, home):
    done = tulya("backtest", "rsi")
    assert 2 == done.code
    assert "--symbols" in done.err


def test_the_list_shows_stage_strategies_symbols_and_state(tulya, two):
    done = tulya("deployments")
    assert 0 == done.code
    row = " ".join(done.out.splitlines()[1].split())
    assert f"morning paper paper rsi 1d, trend 1d SP500, NASDAQ never run {FILE}" == row
    (one,) = printed(tulya("deployments", "--json"))["deployments"]
    assert ("morning", "never run", 150_000.0, ["SP500", "NASDAQ"]) == (
        one["name"], one["state"], one["capital"], one["symbols"],
    )  # fmt: skip
    assert [12, 12] == [len(strategy["session"]) for strategy in one["strategies"]]


def test_a_broken_file_is_named_beside_the_others(tulya, morning, home):
    (home / "deployments" / "half.yaml").write_text("name: half", encoding="utf-8")
    done = tulya("deployments")
    assert 1 == done.code
    assert "morning" in done.out
    assert "deployments/half.yaml: stage is missing; write stage: paper" in done.err
    document = json.loads(tulya("deployments", "--json").out)
    assert ["deployments/half.yaml"] == [one["file"] for one in document["broken"]]


@pytest.mark.parametrize("file", ["half.yaml", "other.yaml"])
def test_a_name_whose_file_is_broken_says_what_is_wrong_with_it(tulya, home, file):
    folder = home / "deployments"
    folder.mkdir(exist_ok=True)
    (folder / file).write_text("name: half  # mine\n", encoding="utf-8")
    done = tulya("run", "half")
    assert 1 == done.code
    assert f"deployments/{file}: stage is missing; write stage: paper" in done.err
    assert "is called" not in done.err


def test_a_name_that_no_file_has_is_an_error_that_names_the_broken_files(tulya, home):
    folder = home / "deployments"
    folder.mkdir(exist_ok=True)
    (folder / "half.yaml").write_text("name: half\nstage: [", encoding="utf-8")
    done = tulya("run", "whole")
    said = "broken: deployments/half.yaml (tulya deployments says why)"
    assert (1, f"tulya: no deployment in deployments is called 'whole'; there are none; {said}\n") == (
        done.code, done.err,
    )  # fmt: skip
    assert "deployments/half.yaml" in tulya("run", "half").err.partition("line")[0]


def test_a_folder_that_is_not_there_is_a_sentence(tulya, home):
    done = tulya("deployments", "--dir", "nowhere")
    said = "tulya: there is no folder nowhere; tulya new deployment NAME … writes the first file in it\n"
    assert (1, said) == (done.code, done.err)


@pytest.mark.parametrize("words", ["new deployment", "deployments", "backtest"])
def test_the_help_has_examples(tulya, words):
    done = tulya(*words.split(), "--help")
    assert 0 == done.code
    assert "Examples:" in done.out
