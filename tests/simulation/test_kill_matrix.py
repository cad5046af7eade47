"""A few places of the kill matrix: a run that is killed there goes on, and journal and exchange agree."""

import subprocess
import sys

import pytest

pytest.importorskip("apsw", reason="apsw, the journal's SQLite, is an extra that is not installed")

PLACES = "started,input_handled,gate_asked,sending_noted,sending_durable,request_left,outcome_noted,bar_news"


def test_25_a_run_that_is_killed_at_eight_places_goes_on_and_nothing_is_lost_or_doubled():
    command = [sys.executable, "-m", "tests.simulation.kill_matrix"]
    command += ["--names", PLACES, "--hits", "3", "--plain", "--random", "0"]
    run = subprocess.run(command, capture_output=True, check=False, text=True)
    assert 0 == run.returncode, run.stdout + run.stderr
    assert "7 cases, 0 bad, 1 never reached" in run.stdout, run.stdout
