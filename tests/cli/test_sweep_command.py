"""``tulya sweep``: value syntax, what it prints and writes, going on after Ctrl-C, and a sentence for every mistake."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.cli.sweep import parse_values

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5:20:5", [5, 10, 15, 20]),
        ("5:8", [5, 6, 7, 8]),
        ("5:12:5", [5, 10]),
        ("0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        ("20,25.5,30", [20, 25.5, 30]),
        ("14", [14]),
        ("true,false", [True, False]),
        ("ema,sma", ["ema", "sma"]),
    ],
)
def test_values_are_read_as_they_are_written(text, values):
    assert values == parse_values("period", text)


@given(st.integers(-1000, 1000), st.integers(0, 200), st.integers(1, 50))
def test_a_range_of_whole_numbers_is_pythons_with_its_end(first, length, step):
    assert list(range(first, first + length + 1, step)) == parse_values("x", f"{first}:{first + length}:{step}")


def test_the_result_names_the_best_counts_the_sets_and_is_written(tulya, home):
    done = tulya(*"sweep rsi --symbols SP500 --set period=5:15:5 --set oversold=20,25,30 --out reports/sweep".split())
    assert 0 == done.code
    assert "9 parameter sets tried" in done.out
    assert "Tried       9 sets, 9 in all sweeps" in done.out
    assert 10 == len((home / "reports/sweep/results.csv").read_text().splitlines())
    for name in ("heatmap.html", "slices.html"):
        page = (home / "reports/sweep" / name).read_text("utf-8")
        assert "Plotly.newPlot" in page
        assert 'src="http' not in page


def test_the_same_folder_takes_a_second_sweep(tulya, home):
    words = "sweep rsi --symbols SP500 --set period=5:15:5 --out reports/sweep".split()
    assert [0, 0] == [tulya(*words).code, tulya(*words).code]


def test_the_numbers_are_those_of_the_backtest_command(tulya, home):
    swept = tulya(*"sweep rsi --symbols SP500 --set period=10 --charges percent:0.1 --stop-loss 5% --json".split())
    ran = tulya(*"backtest rsi --symbols SP500 --set period=10 --charges percent:0.1 --stop-loss 5% --json".split())
    best = json.loads(swept.out)["best"]
    stats = json.loads(ran.out)["stats"]
    assert {"period": 10} == best["parameters"]
    assert {name: stats[name] for name in best["stats"]} == best["stats"]


def test_several_objectives_print_and_draw_the_sets_that_none_beats(tulya, home):
    words = "sweep rsi --symbols SP500 --set period=5:30:5 --set oversold=20,25,30 --objective Sharpe --out sweep"
    done = tulya(*words.split(), "--objective", "Max. drawdown")
    assert 0 == done.code
    assert "best by Sharpe, then Max. drawdown [%]" in done.out
    assert "Pareto front: " in done.out
    assert "Plotly.newPlot" in (home / "sweep/front.html").read_text("utf-8")
    with sqlite3.connect(home / "data/market.sqlite") as connection:
        assert ("Sharpe, Max. drawdown [%]",) == connection.execute("SELECT objective FROM sweeps").fetchone()


def test_a_constraint_and_a_random_sample_are_heard(tulya, home):
    words = "sweep macd --symbols SP500 --set fast=5:20:5 --set slow=10:40:10 --random 6 --seed 1 --json --constraint"
    facts = json.loads(tulya(*words.split(), "slow - fast >= 10").out)
    assert 6 == facts["tried"]
    assert all(one["parameters"]["slow"] - one["parameters"]["fast"] >= 10 for one in facts["top"])


def test_an_optuna_study_goes_on_to_its_number(tulya, home):
    words = "sweep rsi --symbols SP500 --set period=5:50 --set oversold=20:40 --study oversold --json --optuna"
    first, more = (json.loads(tulya(*words.split(), number).out) for number in ("5", "8"))
    assert [(5, 0), (8, 5)] == [(one["tried"], one["resumed"]) for one in (first, more)]
    assert first["sweep_id"] == more["sweep_id"]
    assert (home / "data/market.sqlite.studies/oversold.journal").is_file()


def test_an_interrupted_sweep_says_how_to_go_on_and_loses_nothing(tulya, home):
    grid = "--symbols SP500 --set period=5:100 --set oversold=15:40 --set overbought=55:90".split()
    words = [sys.executable, "-m", "framework", "sweep", "rsi", *grid]
    with subprocess.Popen(
        words, cwd=home, env={"PATH": "", "HOME": str(home), "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 300  # a first run compiles, and other tests may want the processors
        while kept(home) < 1_000 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    before = kept(home)
    assert 130 == process.returncode, said
    assert "--resume 2" in said
    assert 1_000 <= before < 96 * 26 * 36
    small = "--symbols SP500 --set period=5 --set oversold=15:20 --set overbought=55:90:5".split()
    facts = json.loads(tulya("sweep", "rsi", *small, "--resume", "last", "--json").out)
    assert (48, 48) == (facts["tried"], facts["resumed"])
    assert before == facts["tried_ever"]


def kept(home):
    with sqlite3.connect(home / "data/market.sqlite") as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sweep_results'").fetchone():
            return 0
        return connection.execute("SELECT count(*) FROM sweep_results").fetchone()[0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--set period=5:50:0", "write first:last:step with a step above 0"),
        ("--set period=50:5", "write first:last:step"),
        ("--set period=1:2:3:4", "write first:last:step"),
        ("--set period=a:b", "write first:last:step"),
        ("--set period=0:1:0.000001", "1,000,001 values"),
        ("--set perid=5", "did you mean 'period'"),
        ("--set period=500", "RSI.period = 500"),
        ("", "at least one parameter"),
        ("--set period=5 --setting sizng=1", "there is no setting 'sizng'"),
        ("--set period=5:50 --set period=3", "--set period is given twice, as 5:50 and as 3; give it once"),
        ("--set period=5 --setting kelly_cap=30%", "kelly_cap is only for sizing kelly, and sizing is equity:95%"),
        ("--set period=5 --setting leverage=2", "leverage is only for strategies that write allocate()"),
        ("--set period=5 --resume nothing", "no sweep 'nothing'"),
        ("--set period=5 --random 0", "tries nothing"),
        ("--set period=5 --random 5 --optuna 5", "two ways to choose the sets"),
        ("--set period=5 --study oversold", "use them with --optuna"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(tulya, home, words, sentence):
    done = tulya("sweep", "rsi", "--symbols", "SP500", *words.split())
    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("tulya: ")
    assert sentence in done.err


def test_a_cluster_that_does_not_answer_is_a_sentence(tulya, home, monkeypatch):
    from framework.sweeps import dask_client

    monkeypatch.setattr(dask_client, "CONNECT_SECONDS", 1)
    done = tulya(*"sweep rsi --symbols SP500 --set period=5 --cluster tcp://127.0.0.1:9".split())
    assert (1, "") == (done.code, done.out)
    assert "tulya: no Dask scheduler answers at tcp://127.0.0.1:9" in done.err
    assert "start one with: dask scheduler" in done.err
    assert 0 == kept(home)
