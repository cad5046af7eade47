"""The program that compares twenty deployments with their backtests: what it finds, and what it could not finish."""

import signal

import pytest

from scripts import parity_days
from tests.live.market import DAYS, SYMBOLS, fill_store

ENDING = '''
"""Has its own process asked to end, at the fifth bar."""
import os
import signal

from framework import Strategy


class Ending(Strategy):
    """As a timeout around the program does."""

    def on_bar(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
        if n == 5:
            os.kill(os.getpid(), signal.SIGTERM)
'''


def run(tmp_path, cases):
    db = fill_store(tmp_path / "prices.sqlite")
    given = ["--days", "1", "--from", f"{DAYS[1]}", "--symbols", ",".join(SYMBOLS), "--cases", cases]
    return parity_days.main([f"{db}", *given])


def test_a_case_that_is_its_backtest_has_no_difference(tmp_path, capsys):
    assert 0 == run(tmp_path, "on_bar 1m")
    line = capsys.readouterr().out
    assert line.startswith("on_bar 1m                  1 days ")
    assert "event           0 differences" in line


@pytest.fixture
def unharmed():
    """A signal that nobody takes must not end the tests."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("unharmed")
def test_a_replay_that_was_ended_early_is_told_as_not_finished(tmp_path, capsys, monkeypatch):
    (tmp_path / "ending.py").write_text(ENDING)
    monkeypatch.setitem(parity_days.CASES, "ending", [(f"{tmp_path}/ending.py:Ending", "1m", {})])
    assert parity_days.NOT_FINISHED == run(tmp_path, "ending,on_bar 1m")
    (line,) = capsys.readouterr().out.splitlines()
    told = "not finished: the replay was ended early (signal SIGTERM), nothing was compared"
    assert line.startswith(f"ending                     1 days {told}")


def test_a_case_that_there_is_not_is_refused_by_its_name(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, "rsi 2m")
    assert "--cases rsi 2m: no such case; there are rsi 1m, rsi 1m stops," in capsys.readouterr().err
