"""Optuna as the one who says what is tried next: the same numbers, the same count, and nothing lost on the way."""

import json
import logging
import math
import os
import sqlite3
import subprocess
import sys
from itertools import product
from pathlib import Path

import optuna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from optuna.trial import TrialState

from framework import backtest, sweep
from framework.errors import ConfigError
from framework.sweeps.figures import OBJECTIVES
from framework.sweeps.optuna_space import OptunaSpace
from framework.sweeps.optuna_storage import hidden
from strategies.macd import MACD
from strategies.rsi import RSI

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"period": range(5, 20, 5), "oversold": [20, 25, 30, 35]}
LARGE = {"period": range(2, 61), "oversold": range(10, 46), "overbought": range(55, 91)}


def optuna_sweep(db, grid=SMALL, samples=12, strategy=RSI, **options):
    return sweep(
        strategy, "SP500", grid, mode="optuna", samples=samples, db=db, **{"causality": "off", "workers": 1, **options}
    )


def by_parameters(result):
    return {json.dumps(result.parameters(row)): str(result.stats[row]) for row in range(result.tried)}


def journal(db, name):
    """The storage of a study beside the database."""
    path = db.parent / f"{db.name}.studies" / f"{name}.journal"
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))


def study_of(db, name):
    return optuna.load_study(study_name=name, storage=journal(db, name))


def recorded(db):
    """Parameters as JSON → statistics as the record has them."""
    with sqlite3.connect(db) as connection:
        rows = connection.execute("SELECT parameters, stats FROM sweep_results").fetchall()
    return {parameters: json.loads(stats)["Final equity [₹]"] for parameters, stats in rows}


def told(study):
    """The final equities that the study knows, of trials that were run."""
    return sorted(
        trial.user_attrs["stats"]["Final equity [₹]"] for trial in study.trials if "stats" in trial.user_attrs
    )


def test_as_many_sets_as_there_are_find_what_the_grid_finds(db):
    grid = sweep(RSI, "SP500", SMALL, db=db, charges="percent:0.1", causality="off")
    found = optuna_sweep(db, charges="percent:0.1")
    assert by_parameters(grid) == by_parameters(found)
    assert (grid.best, grid.warnings[0]) == (found.best, found.warnings[0])
    run = backtest(RSI(**found.best), "SP500", db=db, charges="percent:0.1", engine="event", causality="off")
    best = found.stats[found.order[0]]
    assert {name: run.stats[name] for name in OBJECTIVES} == {name: best[name] for name in OBJECTIVES}


def test_a_study_ends_where_there_is_nothing_left_to_try_and_counts_nothing_twice(db):
    result = optuna_sweep(db, samples=50)
    assert (12, 12) == (result.tried, result.tried_ever)
    assert 12 == len(recorded(db))
    trials = study_of(db, result.sweep_id).trials
    assert 12 < len(trials)  # some were asked for again, and answered from what was known
    assert 12 == sum("stats" in trial.user_attrs for trial in trials)
    assert {TrialState.COMPLETE} == {trial.state for trial in trials}


def test_the_same_seed_takes_the_same_sets_and_another_takes_others(db):
    one, again, other = (optuna_sweep(db, LARGE, 15, seed=seed) for seed in (1, 1, 2))
    assert one.positions == again.positions
    assert set(one.positions) != set(other.positions)
    assert 15 == len(set(one.positions))


def test_after_ctrl_c_study_and_record_agree_and_it_goes_on_to_its_number(db):
    begun = []

    def stops(what, done, total):
        if what == "sweeping" and done >= 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optuna_sweep(db, LARGE, 30, progress=stops, announce=begun.append)
    kept = recorded(db)
    assert 7 == len(kept)
    assert sorted(kept.values()) == told(study_of(db, begun[0]))
    assert not [trial for trial in study_of(db, begun[0]).trials if trial.state == TrialState.RUNNING]
    result = optuna_sweep(db, LARGE, 30, resume=begun[0])
    assert (begun[0], 30, 30, 7) == (result.sweep_id, result.tried, result.tried_ever, result.resumed)
    assert sorted(recorded(db).values()) == told(study_of(db, begun[0]))


def test_an_interruption_amid_a_batch_leaves_no_trial_open(db, monkeypatch):
    from framework.sweeps.workload import Workload

    def stops(workload, strategies):
        raise KeyboardInterrupt

    monkeypatch.setattr(Workload, "run_many", stops)
    begun = []
    with pytest.raises(KeyboardInterrupt):
        optuna_sweep(db, LARGE, 30, workers=3, announce=begun.append)
    assert [TrialState.FAIL] * 3 == [trial.state for trial in study_of(db, begun[0]).trials]
    assert {} == recorded(db)


def test_a_study_by_name_goes_on_and_has_one_record(db):
    first = optuna_sweep(db, LARGE, 10, study="oversold")
    more = optuna_sweep(db, LARGE, 15, study="oversold")
    same = optuna_sweep(db, LARGE, 15, study="oversold")
    assert [(first.sweep_id, 0, 10), (first.sweep_id, 10, 15), (first.sweep_id, 15, 15)] == [
        (one.sweep_id, one.resumed, one.tried) for one in (first, more, same)
    ]
    assert first.positions == more.positions[:10]
    assert 15 == same.tried_ever


def test_a_study_that_was_lost_is_made_anew_from_the_record(db, tmp_path):
    first = optuna_sweep(db, LARGE, 10, study="lost", storage=tmp_path / "one.journal")
    again = optuna_sweep(db, LARGE, 12, study="lost", storage=tmp_path / "two.journal")
    assert (first.sweep_id, 10, 12) == (again.sweep_id, again.resumed, again.tried)
    assert set(first.positions) < set(again.positions)


def test_a_grid_that_was_swept_can_be_gone_on_with_by_a_study(db):
    grid = sweep(RSI, "SP500", {"period": range(5, 60, 5), "oversold": [30]}, db=db, causality="off")
    more = optuna_sweep(db, {"period": range(5, 56), "oversold": [30]}, 15, resume=grid.sweep_id)
    assert (grid.sweep_id, 11, 15, 15) == (more.sweep_id, more.resumed, more.tried, more.tried_ever)


def test_what_was_run_elsewhere_is_known_and_recorded_here(db, tmp_path):
    other = tmp_path / "other.sqlite"
    other.write_bytes(db.read_bytes())
    storage = f"sqlite:///{tmp_path}/studies.sqlite"
    there = optuna_sweep(other, LARGE, 8, study="shared", storage=storage)
    here = optuna_sweep(db, LARGE, 10, study="shared", storage=storage)
    assert (8, 10) == (here.resumed, here.tried)
    assert there.positions == here.positions[:8]
    assert (8, 10) == (len(recorded(other)), len(recorded(db)))


def test_two_processes_at_one_study_lose_nothing(db):
    program = (
        "import sys; from pathlib import Path; from framework import sweep; from strategies.rsi import RSI\n"
        "grid = {'period': range(2, 61), 'oversold': range(10, 46)}\n"
        "sweep(RSI, 'SP500', grid, mode='optuna', samples=40, study='two', db=Path(sys.argv[1]), causality='off')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", program, str(db)]
    both = [subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [("", 0), ("", 0)] == [(process.communicate(timeout=120)[1], process.returncode) for process in both]
    with sqlite3.connect(db) as connection:
        assert (1,) == connection.execute("SELECT count(*) FROM sweeps").fetchone()
    study = study_of(db, "two")
    kept = recorded(db)
    assert 40 <= len(kept) <= 44  # each may have had a batch of two under way
    assert set(kept.values()) == set(told(study))
    assert not [trial for trial in study.trials if trial.state == TrialState.RUNNING]


def test_sets_that_are_left_out_are_pruned_and_not_counted(db):
    grid = {"fast": range(5, 30), "slow": range(10, 60)}
    result = optuna_sweep(db, grid, 30, strategy=MACD, constraint="slow - fast >= 10", seed=3)
    assert all(one["slow"] - one["fast"] >= 10 for one in map(result.parameters, range(30)))
    assert (30, 30) == (result.tried, len(recorded(db)))
    trials = study_of(db, result.sweep_id).trials
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED]
    assert result.excluded == len({(trial.params["fast"], trial.params["slow"]) for trial in pruned}) > 0
    assert all(trial.params["slow"] - trial.params["fast"] < 10 for trial in pruned)
    assert {"left out": 1.0} == pruned[0].constraints


def test_sets_that_the_strategy_refuses_are_left_out_too(db):
    result = optuna_sweep(db, {"fast": [5, 10, 20], "slow": [10, 20]}, 10, strategy=MACD)
    assert (3, 3) == (result.tried, result.excluded)


def test_a_set_without_an_answer_is_counted_and_not_told_as_one(db):
    result = optuna_sweep(db, {"period": [14, 100], "oversold": [10, 30]}, 4, objective="Win rate")
    silent = [row for row, stats in enumerate(result.stats) if math.isnan(stats["Win rate [%]"])]
    trials = [trial for trial in study_of(db, result.sweep_id).trials if "stats" in trial.user_attrs]
    assert (4, 4, 4) == (result.tried, len(recorded(db)), len(trials))
    assert len(silent) == sum(trial.state == TrialState.PRUNED for trial in trials) > 0


def test_a_ruined_set_is_counted_and_told_as_one_to_keep_away_from(db):
    # A short of all the money and nine times it: of 20 years of a rising index nothing is left of the second.
    choices = {"sizing": "margin:90%", "long_margin": 0.1, "short_margin": 0.1, "objective": "Final equity"}
    result = optuna_sweep(db, {"period": [14, 100], "oversold": [10, 45]}, 4, **choices)
    trials = [trial for trial in study_of(db, result.sweep_id).trials if "stats" in trial.user_attrs]
    lost = [trial for trial in trials if trial.user_attrs["stats"]["Total return [%]"] == -100.0]
    assert 0 < len(lost) == result.ruined
    assert {TrialState.PRUNED} == {trial.state for trial in lost}


def test_several_objectives_are_a_study_of_several_and_have_the_grids_front(db):
    goals = ["Sharpe", "Max. drawdown", "Profit factor"]
    grid = sweep(RSI, "SP500", SMALL, db=db, objective=goals, causality="off")
    found = optuna_sweep(db, objective=goals)
    fronts = [{json.dumps(one.parameters(row)) for row in one.front_rows} for one in (grid, found)]
    assert fronts[0] == fronts[1]
    assert grid.best == found.best
    directions = optuna.study.StudyDirection
    expected = [directions.MAXIMIZE, directions.MINIMIZE, directions.MAXIMIZE]
    assert expected == study_of(db, found.sweep_id).directions


def test_prices_of_ones_own_need_no_file(db, tmp_path):
    from framework.store import open_store

    with open_store(db) as store:
        bars = store.load_bars("SP500")
    before = sorted(tmp_path.rglob("*"))
    result = sweep(RSI, bars, LARGE, mode="optuna", samples=5, causality="off")
    assert 5 == result.tried
    assert before == sorted(tmp_path.rglob("*"))


def test_optuna_says_nothing_and_is_left_as_it_was(db, capsys, caplog):
    before = optuna.logging.get_verbosity()
    with caplog.at_level(logging.INFO):
        optuna_sweep(db, samples=3)
    assert ("", "") == capsys.readouterr()
    assert before == optuna.logging.get_verbosity()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"grid": {"period": range(5, 20), "oversold": [20, 25, 30, 35]}}, "is of other values: period = 5 … 15 (3)"),
        ({"objective": ["Sharpe", "CAGR"]}, "is of another objective, Sharpe; give this sweep another --study"),
        ({"charges": "flat:20"}, "is of other prices, settings or another version of the strategy"),
        ({"study": "../up"}, "names a file beside the database: write letters"),
        ({"study": "foreign"}, "is of something else than a sweep"),
        (
            {"storage": "sqlite:////no/such/folder/studies.sqlite"},
            "cannot be opened: (sqlite3.OperationalError) unable",
        ),
        ({"storage": "nonsense://here"}, "cannot be opened: Can't load plugin"),
        ({"storage": "/no/such/folder/studies.journal"}, "as a journal of studies: No such file or directory"),
        ({"samples": 0}, "tries nothing"),
        ({"grid": {"period": [1, 5]}}, "RSI.period = 1: "),
        ({"constraint": "period > 50"}, "none can be tried: the constraint"),
    ],
)
def test_a_mistake_is_a_sentence(db, options, sentence):
    optuna_sweep(db, samples=3, study="there")
    foreign = optuna.create_study(study_name="foreign", storage=journal(db, "foreign"))
    foreign.tell(foreign.ask(), 1.0)
    with pytest.raises(ConfigError) as caught:
        optuna_sweep(db, **{"study": "there", "samples": 5, **options})
    assert sentence in str(caught.value)


def test_a_file_of_something_else_is_no_journal(db, tmp_path):
    other = tmp_path / "prices.csv"
    other.write_text("open,high\n1,2\n")
    with pytest.raises(ConfigError, match="cannot be opened as a journal of studies"):
        optuna_sweep(db, storage=other)
    assert "open,high\n1,2\n" == other.read_text()


def test_without_optuna_a_sentence_says_what_to_install(db, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install 'tulya\[optuna\]'"):
        optuna_sweep(db)


def test_a_study_is_not_asked_for_by_another_mode_or_by_two_names(db):
    with pytest.raises(ConfigError, match="a study and its storage are Optuna's"):
        sweep(RSI, "SP500", SMALL, db=db, study="oversold")
    first = optuna_sweep(db, samples=2, study="one")
    with pytest.raises(ConfigError, match="is of study 'one', not 'two'"):
        optuna_sweep(db, samples=2, study="two", resume=first.sweep_id)


def test_a_password_is_not_repeated():
    assert "postgresql://me:***@host/db" == hidden("postgresql://me:s3cret@host/db")
    assert "sqlite:///studies.sqlite" == hidden("sqlite:///studies.sqlite")


NUMBERS = st.one_of(
    st.lists(st.integers(-50, 50), unique=True, min_size=1, max_size=6),
    st.lists(st.floats(-1e6, 1e6, allow_nan=False), unique=True, min_size=1, max_size=6),
    st.builds(
        lambda first, step, count: [first + at * step for at in range(count)],
        st.integers(-20, 20),
        st.sampled_from([1, 5, 0.1, 0.25, 1e-7]),
        st.integers(1, 7),
    ),
    st.lists(st.sampled_from(["ema", "sma", "wma"]), unique=True, min_size=1),
    st.just([True, False]),
)


@given(st.dictionaries(st.sampled_from("abc"), NUMBERS, min_size=1))
@example({"a": [16.0, 16.0000001]})
@example({"a": [1.2355609328951687, 66.14589036093093]})
def test_every_place_in_a_grid_is_one_that_optuna_can_say(axes):
    scales = OptunaSpace(axes)
    for position in product(*(range(len(values)) for values in axes.values())):
        said = scales.parameters(position)
        optuna.trial.create_trial(
            params=said, distributions=scales.distributions, value=0.0
        )  # refuses what does not fit
        assert position == scales.position(said)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    assert scales.position(study.ask(scales.distributions).params) is not None


def test_even_numbers_keep_their_steps_and_others_their_order():
    scales = OptunaSpace({"a": range(5, 51, 5), "b": [0.3, 0.1, 0.2], "c": [1, 10, 100], "d": ["x", "y"], "e": [14]})
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    assert {
        "a": IntDistribution(5, 50, step=5),
        "b": FloatDistribution(0.1, 0.3, step=0.1),
        "c (rank)": IntDistribution(0, 2),
        "d": CategoricalDistribution(["x", "y"]),
    } == scales.distributions
    assert (2, 0, 1, 1, 0) == scales.position({"a": 15, "b": 0.3, "c (rank)": 1, "d": "y"})
    assert scales.position({"a": 15, "b": 0.3, "d": "y"}) is None
    assert scales.position({"a": 16, "b": 0.3, "c (rank)": 1, "d": "y"}) is None
