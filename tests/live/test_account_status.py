"""The status screen says what the journal says: also of a runner that died, and while one writes."""

import contextlib
import fcntl
import json
import math
import os
import pty
import signal
import struct
import subprocess
import sys
import termios

import pytest

from framework.live.account_status import StatusFold
from framework.store.account_files import journal_path
from framework.store.journal_reader import JournalReader
from framework.types.record import OrderState
from tests.live.runner_process import DAY, ROOT, RunnerProcess, made_market, wait_for


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    return folder, made_market(folder)


@pytest.fixture(scope="module")
def finished(market):
    """A run that came to its end: (its own report, status as JSON, texts of the journal)."""
    folder, database = market
    with RunnerProcess(folder, database, "paper", speed="max") as runner:
        _, report = runner.ended(90)
        _, status = runner.tulya("status")
    with JournalReader(journal_path(database, "paper")) as reader:
        texts = [entry.text for entry in reader.follow().new(1_000_000)]
    return report, status, texts


def test_a_finished_run_is_shown_with_what_it_holds_and_earned(finished):
    report, status, _ = finished
    assert ("paper", "morning", "active", "the feed ended", False) == tuple(
        status[name] for name in ("account", "deployment", "state", "ended", "alive")
    )
    assert [("NSE:AAA", 10, "resting"), ("NSE:BBB", 10, "resting")] == [
        (one["symbol"], one["quantity"], one["strategy"]) for one in status["positions"]
    ]
    assert report["final_equity"] == status["strategies"][0]["equity"]
    assert report["journal_entries"] == status["entries"]
    assert (report["orders"], report["fills"]) == (status["today"]["orders"], status["today"]["fills"])
    assert (DAY, []) == (status["today"]["day"], status["orders"]), "DAY orders expired with the day"


def test_exposure_is_what_both_positions_lose_at_the_shock(finished):
    _, status, _ = finished
    lost = sum(one["quantity"] * one["close"] * 0.1 for one in status["positions"])
    assert math.isclose(lost, status["exposure"]["rupees"], abs_tol=0.02)


def test_entries_one_by_one_come_to_the_same_status_as_all_at_once(finished):
    *_, texts = finished
    fold = StatusFold()
    shown = []
    for text in texts:
        fold.take(text)
        shown.append(fold.status())
    again = StatusFold()
    for text in texts:
        again.take(text)
    assert str(again.status()) == str(shown[-1])
    assert list(range(1, len(texts) + 1)) == [one.entries for one in shown]
    most = next(one for one in shown if [OrderState.WORKING] * 40 == [order.state for order in one.orders])
    assert ["place: handed to the broker", "place: accepted"] == [step.text for step in most.orders[0].steps]


def test_a_journal_that_this_program_reads_otherwise_still_shows_its_state(finished):
    *_, texts = finished
    fold = StatusFold()
    for text in texts:
        said = json.loads(text)
        if said["kind"] == "input" and said["body"]["facts"]:
            said["body"]["facts"] = []
        fold.take(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())
    status = fold.status()
    assert "differs" in status.problem
    assert ("active", "the feed ended", len(texts)) == (status.state, status.ended, status.entries)


def test_an_order_whose_answer_never_came_is_unknown_with_what_was_tried(market):
    folder, database = market
    account = "drill-unknown"
    with RunnerProcess(folder, database, account, speed="max", TULYA_FAILPOINT="sending_durable:5") as dies:
        dies.process.wait(60)
        code, status = dies.tulya("status")
        assert (0, False, None) == (code, status["alive"], status["ended"])
    with RunnerProcess(folder, database, account, speed="max", TULYA_FAILPOINT="flushed:1") as again:
        again.process.wait(60)
        code, listed = again.tulya("unknown")
        words = subprocess.run(
            [sys.executable, "-m", "framework", "unknown", "--account", account],
            cwd=folder, env=again.environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    (one,) = listed["unknown"]
    assert (0, "unknown", "place: handed to the broker") == (code, one["state"], one["steps"][0]["text"])
    assert one["symbol"] in one["blocks"]
    assert one["tag"] in one["can_do"]
    assert one["tag"] in words
    assert "you can: " in words


def test_the_screen_follows_a_runner_that_writes_and_says_that_it_lives(market):
    folder, database = market
    with RunnerProcess(folder, database, "drill-follows") as runner:
        wait_for(lambda: runner.entries("returned"), 60)
        code, first = runner.tulya("status")
        wait_for(lambda: len(runner.entries("returned")) > 10)
        code, second = runner.tulya("status")
        assert (0, True, True) == (code, first["alive"], second["entries"] > first["entries"])


def test_a_screen_without_a_terminal_is_as_wide_as_its_tables(market, finished):
    folder, database = market
    done = subprocess.run(
        [sys.executable, "-m", "framework", "status", "--account", "paper"], cwd=folder, text=True,
        capture_output=True, env={**os.environ, "TULYA_DB": str(database), "PYTHONPATH": str(ROOT), "COLUMNS": "60"},
        check=True,
    )  # fmt: skip
    assert "…" not in done.stdout
    assert "exposure if this process dies now: " in done.stdout


def test_an_account_without_a_journal_is_named_with_the_way_to_one(market):
    folder, database = market
    done = subprocess.run(
        [sys.executable, "-m", "framework", "status", "--account", "nobody"], cwd=folder, text=True,
        capture_output=True, env={**os.environ, "TULYA_DB": str(database), "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert 1 == done.returncode
    assert "tulya run DEPLOYMENT writes one" in done.stderr


def test_watch_stays_on_the_terminal_until_it_is_interrupted(market, finished):
    folder, database = market
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "framework", "status", "--watch", "--account", "paper"], cwd=folder, stdin=theirs,
        stdout=theirs, stderr=theirs, env={**os.environ, "TULYA_DB": str(database), "PYTHONPATH": str(ROOT)},
    ) as watching:  # fmt: skip
        os.close(theirs)
        shown = b""
        while b"last drill: " not in shown:
            shown += os.read(ours, 65_536)
        assert watching.poll() is None
        watching.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while os.read(ours, 65_536):
                pass
        assert 130 == watching.wait(20)
    os.close(ours)
    assert b"exposure if this process dies now: " in shown
