"""A base install: the main job is done without any optional library, and what needs one says so."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPTIONAL = (
    "arch", "backtrader", "cloudpickle", "dask", "distributed", "llvmlite", "matplotlib", "numba", "optuna",
    "quantstats", "scipy", "statsmodels",
)  # fmt: skip
BASE = f"""
import sys
for name in {OPTIONAL!r}:
    sys.modules[name] = None
from framework.cli import main
main()
"""
RUN = ["backtest", "rsi", "--symbols", "SP500", "--sizing", "fixed:10", "--charges", "percent:0.1"]


@pytest.fixture
def base(home):
    """The command line in a process in which no optional library can be imported."""

    def run(*words):
        command = [sys.executable, "-c", BASE, *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)

    return run


def facts(text):
    """A run's numbers: all of its JSON but what tells one run from another."""
    found = json.loads(text)
    return {name: found[name] for name in ("final_equity", "stats", "round_trips_closed", "causality", "fill_rule")}


def test_a_backtest_has_the_same_numbers_and_a_tearsheet(base, tulya, home):
    done = base(*RUN, "--out", "reports/rsi", "--quantstats", "--json")
    assert (0, "") == (done.returncode, done.stderr)
    assert facts(tulya(*RUN, "--json").out) == facts(done.stdout)
    page = (home / "reports" / "rsi" / "tearsheet.html").read_text("utf-8")
    assert "No quantstats page: it needs quantstats, which is not installed: pip install" in page
    assert not (home / "reports" / "rsi" / "quantstats.html").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([*RUN, "--engine", "compiled"], r"--engine compiled needs numba, .*pip install 'tulya\[research\]'"),
        ([*RUN, "--engine", "backtrader"], r"needs backtrader, .*pip install 'tulya\[backtrader\]'"),
        (
            ["sweep", "rsi", "--symbols", "SP500", "--set", "period=5:20:5"],
            r"a sweep needs numba, .*'tulya\[research\]'",
        ),
        (["warmup"], r"needs numba, .*pip install 'tulya\[research\]'"),
        (["data", "sample"], r"package arch, which is not installed: pip install --no-deps arch"),
    ],
)
def test_what_needs_an_optional_library_names_it_and_its_extra(base, words, sentence):
    done = base(*words)
    assert 1 == done.returncode
    assert re.search(sentence, " ".join(done.stderr.split()))


def test_a_verification_says_which_engines_are_not_there(base):
    done = base(*RUN, "--verify")
    assert 0 == done.returncode
    assert "compiled not run: --engine compiled needs numba, which is not installed" in done.stdout
    assert "backtrader not run: the backtrader engine needs backtrader, which is not installed" in done.stdout
