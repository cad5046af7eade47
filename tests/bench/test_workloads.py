"""The benchmarks measure the same thing every time, and their answers come from somewhere else than the engines."""

import json

import numpy as np
import pytest

from bench import reference, venvs
from bench.children import Entry, Measured, run_one
from bench.peers import with_c, with_tulya
from bench.peers.measuring import Job
from bench.ratios import agreement, beside
from bench.targets import judged
from bench.workloads import OVERBOUGHT, OVERSOLD, PERIODS, RULES, SETS, UNITS, write

HAS_COMPILER = pytest.mark.skipif(with_c.compiler() is None, reason="there is no C compiler on this machine")
SMALL = {"a": (600, 1), "b": (4_000, 1), "c": (400, 7), "d": (3_000, 1)}


def small(workload, variant, folder, **others):
    rows, columns = SMALL[workload]
    place = write(workload, folder / workload, rows, columns)
    capital = float(RULES[workload, variant.partition(":")[0]].capital)
    return Job(workload, str(place), variant, capital, **others)


def by_hand(open_, close, rsi, capital, low=OVERSOLD, high=OVERBOUGHT):
    """Bar by bar, with nothing but a position and some cash."""
    cash, held, trips, fills, equity = capital, 0, 0, 0, capital
    for row in range(len(open_)):
        if row and not held and rsi[row - 1] < low:
            held, cash, fills = UNITS, cash - UNITS * open_[row], fills + 1
        elif row and held and rsi[row - 1] > high:
            held, cash, fills, trips = 0, cash + UNITS * open_[row], fills + 1, trips + 1
        equity = cash + held * close[row]
    return {"round trips": trips, "fills": fills, "final equity": equity}


@pytest.mark.parametrize("workload", SMALL)
def test_a_workload_is_the_same_every_time_it_is_made(workload, tmp_path):
    rows, columns = SMALL[workload]
    first, second = (write(workload, tmp_path / name, rows, columns) for name in ("first", "second"))
    names = sorted(path.name for path in first.glob("*.npy"))
    assert ["close.npy", "high.npy", "low.npy", "open.npy", "rsi.npy", "time.npy", "volume.npy"] == names
    for name in names:
        np.testing.assert_array_equal(np.load(first / name), np.load(second / name), err_msg=name)


def test_the_thousand_sets_are_a_thousand_different_ones():
    assert (1_000, 1_000) == (len(SETS), len(set(SETS)))


def test_the_reference_answers_as_a_loop_bar_by_bar(tmp_path):
    job = small("b", "plain", tmp_path)
    prices = {name: job.array(name) for name in ("open", "close", "rsi")}
    expected = by_hand(prices["open"], prices["close"], prices["rsi"], 1_000_000)
    assert expected["round trips"] > 5
    assert pytest.approx(expected) == reference.answer(prices, 1_000_000)


@pytest.mark.parametrize("workload", ["a", "c"])
@pytest.mark.parametrize("part", ["plain", "plain:engine"])
def test_our_rows_answer_as_the_loop(workload, part, tmp_path):
    job = small(workload, part, tmp_path)
    open_, close, rsi = (np.atleast_2d(job.array(name).T) for name in ("open", "close", "rsi"))
    each = [by_hand(*columns, 0.0) for columns in zip(open_, close, rsi, strict=True)]
    expected = {name: sum(one[name] for one in each) for name in each[0]}
    expected["final equity"] += job.capital
    found = with_tulya.prepare(job)()
    assert pytest.approx({name: expected[name] for name in found}) == found
    assert expected["round trips"] > 0


def test_the_reference_of_a_sweep_answers_as_the_loop(tmp_path):
    job = small("d", "plain", tmp_path)
    prices = {name: job.array(name) for name in ("open", "close", "rsi", "time")}
    sets = SETS[300:320]
    each = [
        by_hand(prices["open"], prices["close"], prices["rsi"][:, PERIODS.index(one.period)], 1e6, one.low, one.high)
        for one in sets
    ]
    found = reference.sweep_answer(prices, sets, PERIODS, 1e6)
    assert sum(one["round trips"] for one in each) == found["round trips"] > 0
    assert pytest.approx(sum(one["final equity"] for one in each)) == found["final equity"]


def test_our_sweep_answers_as_the_reference(tmp_path):
    job = small("d", "plain", tmp_path)
    prices = {name: job.array(name) for name in ("open", "close", "rsi", "time")}
    expected = reference.sweep_answer(prices, SETS, PERIODS, job.capital)
    assert pytest.approx(expected, rel=1e-9) == with_tulya.prepare(job)()


@HAS_COMPILER
@pytest.mark.parametrize(
    ("workload", "variant"),
    [("a", "plain"), ("a", "rulebook"), ("b", "plain"), ("b", "rulebook"), ("c", "plain"), ("c", "guards")],
)
def test_the_c_limit_answers_as_our_engine(workload, variant, tmp_path):
    job = small(workload, variant, tmp_path)
    expected = with_tulya.prepare(job)()
    assert expected == with_c.prepare(job)()
    assert expected["fills"] > 0


@HAS_COMPILER
def test_the_c_sweep_answers_as_the_reference(tmp_path):
    job = small("d", "plain", tmp_path)
    prices = {name: job.array(name) for name in ("open", "close", "rsi", "time")}
    expected = reference.sweep_answer(prices, SETS, PERIODS, job.capital)
    assert pytest.approx(expected, rel=1e-9) == with_c.prepare(job)()


def row(who, seconds, **others):
    return Measured("b", who, "peer", seconds, seconds, 100.0, **others).to_dict()


def test_ratios_are_to_our_row_and_a_wrong_answer_is_marked():
    rows = [
        row("tulya, plain", 0.01, answer={"fills": 2}, expected={"fills": 2}),
        row("tulya, whole rulebook", 0.02),
        row("vectorbt (numba)", 0.1, answer={"fills": 3}, expected={"fills": 2}),
        row("backtesting", float("nan"), note="not installed: no such package"),
    ]
    assert (10.0, 5.0) == beside(rows[2], rows)
    assert ["same", "not compared", "DIFFERS", "not installed: no such package"] == [agreement(one) for one in rows]
    json.dumps(rows, allow_nan=False)


def test_half_a_paisa_is_a_difference_and_the_last_digit_of_a_sum_is_none():
    def measured(found):
        return Measured("b", "x", "peer", 1.0, answer={"final equity": found}, expected={"final equity": 1e6})

    assert [True, False] == [measured(1e6 + 1e-4).same, measured(1e6 + 0.005).same]


def test_a_figure_to_reach_is_met_missed_or_not_measured():
    rows = [row("tulya, whole rulebook", 0.02), row("vectorbt (numba)", 0.1), row("backtrader", 200.0)]
    met = {target.what: target.met for target in judged({"b": {"rows": rows}})}
    assert False is met["vectorbt ÷ ours, whole rulebook"]
    assert True is met["backtrader ÷ ours, whole rulebook"]
    assert None is met["backtesting.py ÷ ours, whole rulebook"]


def test_without_a_compiler_the_limit_has_a_row_that_says_so(monkeypatch, tmp_path):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = run_one(Entry("C, one pass", "c", small("a", "plain", tmp_path), "limit"))
    assert (False, "no C compiler") == (found.ran, found.note)


def test_a_peer_that_cannot_be_installed_has_a_row_that_says_why(monkeypatch, tmp_path):
    (tmp_path / "peerless.txt").write_text("no such requirement!\n", encoding="utf-8")
    monkeypatch.setattr(venvs, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(venvs, "FOLDER", tmp_path / "venvs")
    found = run_one(Entry("peerless", "peerless", small("a", "plain", tmp_path)))
    assert found.note.startswith("not installed: ")
    assert not found.ran
