"""A drill is a real kill: another process, a loop that hangs, and a time that status shows."""

import json
import subprocess
import sys

from framework.store.account_files import accounts, chosen_account
from tests.live.runner_process import DAY, RunnerProcess, made_market


def test_a_drill_kills_its_own_account_flat_and_status_shows_it(tmp_path):
    database = made_market(tmp_path)
    with RunnerProcess(tmp_path, database, "paper", speed="max") as runner:
        runner.ended(90)
        before = runner.tulya("status")[1]
        done = subprocess.run(
            [sys.executable, "-m", "framework", "drill", "morning", "--json"],
            cwd=tmp_path, env=runner.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert 0 == done.returncode, done.stderr
        report = json.loads(done.stdout)
        assert (True, True, DAY, 2) == tuple(report[name] for name in ("flat", "stored", "day", "positions"))
        assert 0 < report["seconds"] <= 10.0
        after = runner.tulya("status")[1]
    assert (None, report["seconds"], "drill-paper") == (
        before["drill"], after["drill"]["seconds"], after["drill"]["account"],
    )  # fmt: skip
    assert before["entries"] == after["entries"], "the deployment's own account was not touched"
    assert ["drill-paper", "paper"] == accounts(database)
    assert "paper" == chosen_account(database, None)
    assert not (tmp_path / "m-drill-paper.run" / "KILL").exists()


def test_a_day_that_brings_nothing_is_an_error_and_no_measure(tmp_path):
    database = made_market(tmp_path)
    (tmp_path / "resting.py").write_text(
        '"""Nothing."""\nfrom framework import Strategy\n\n\n'
        'class Resting(Strategy):\n    """Does nothing."""\n\n    def on_bar(self, ctx):\n        pass\n'
    )
    with RunnerProcess(tmp_path, database, "paper", speed="max") as runner:
        runner.ended(90)
        done = subprocess.run(
            [sys.executable, "-m", "framework", "drill", "morning", "--speed", "20000"],
            cwd=tmp_path, env=runner.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert 1 == done.returncode
    assert f"{DAY} brought no order and no position" in done.stderr
