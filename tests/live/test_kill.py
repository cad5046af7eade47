"""The kill switch works past a runner that hangs: nothing new leaves, orders are cancelled, flat is seen twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

from adapters.paper.control import PaperControl
from framework.cli.kill import light_database_path
from framework.config.settings_file import database_path
from framework.errors import BrokerError, ConfigError
from framework.live.control import CommandName, kill_wanted, write_command
from framework.live.kill_switch import forbid_sending, kill
from tests.live.runner_process import ROOT, RunnerProcess, made_market, wait_for

HEAVY = ("numpy", "pandas", "numba", "talib", "rich.table", "framework.session", "framework.rules",
         "framework.exchange", "framework.engines", "framework.report", "sqlite3", "apsw")  # fmt: skip


def order(tag, symbol="NSE:AAA", quantity=1):
    return {"tag": tag, "symbol": symbol, "quantity": quantity}


class FakeBroker:
    """A book that a test writes; ``script`` are errors or None, one a read."""

    def __init__(self, orders=(), positions=(), script=()):
        self.resting, self.held, self.script = list(orders), list(positions), list(script)
        self.calls = []

    def orders(self):
        if self.script and (error := self.script.pop(0)):
            raise BrokerError(error)
        self.calls.append("orders")
        return list(self.resting)

    def positions(self):
        return list(self.held)

    def cancel(self, tag):
        self.calls.append(f"cancel {tag}")
        self.resting = [one for one in self.resting if one["tag"] != tag]
        return [tag]

    def flatten(self):
        self.calls.append("flatten")
        fills, self.held = [dict(one) for one in self.held], []
        return fills


def killed(broker, **how):
    """The report, in a time that sleeping alone moves."""
    clock = [0.0]

    def sleep(seconds):
        clock[0] += seconds

    how = {"flatten": False, **how}
    return kill(broker, "ty", now=lambda: clock[0], sleep=sleep, **how)


def test_orders_of_ours_are_cancelled_and_those_of_others_stay():
    broker = FakeBroker([order("tyabc00000001"), order("HAND1"), order("")])
    report = killed(broker)
    assert (True, ("tyabc00000001",)) == (report.flat, report.cancelled)
    assert ["HAND1", ""] == [one["tag"] for one in report.orders]


def test_positions_are_left_only_where_that_was_asked_for():
    held = [{"symbol": "NSE:AAA", "product": "MIS", "quantity": 10}]
    kept = killed(FakeBroker(positions=held))
    assert (True, 1, ()) == (kept.flat, len(kept.positions), kept.fills)
    left = killed(FakeBroker(positions=held), flatten=True)
    assert (True, (), 1) == (left.flat, left.positions, len(left.fills))


def test_flat_is_said_after_two_reads_in_a_row_that_show_nothing():
    broker = FakeBroker(script=[None, "503", None, None])
    assert killed(broker, flatten=True).flat
    assert 3 == broker.calls.count("orders"), "the read that failed broke the row: one before it, two after it"


def test_a_book_that_is_never_empty_is_never_called_flat():
    class Refilled(FakeBroker):
        def cancel(self, tag):
            return [tag]

    report = killed(Refilled([order("ty1")]), seconds=3.0)
    assert (False, 1) == (report.flat, len(report.orders))


def test_a_broker_that_does_not_answer_is_reported_as_such():
    report = killed(FakeBroker(script=["nobody there"] * 1000), seconds=2.0)
    assert (False, "nobody there") == (report.flat, report.problem)


def test_cancels_keep_a_pace_of_eight_a_second():
    report = killed(FakeBroker([order(f"ty{n:08d}") for n in range(40)]))
    assert 40 == len(report.cancelled)
    assert 4.0 <= report.seconds <= 6.0, "8 at once, 32 at 8 a second, and two reads"


def test_the_file_is_there_whole_and_private_under_any_umask(tmp_path):
    before = os.umask(0)
    try:
        forbid_sending(tmp_path / "m-paper.run", "kill")
    finally:
        os.umask(before)
    file = tmp_path / "m-paper.run" / "KILL"
    assert (0o600, 0o700) == (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777)
    assert ["KILL"] == [one.name for one in file.parent.iterdir()]
    assert kill_wanted(file.parent)


def test_a_folder_that_cannot_be_looked_at_counts_as_killed(tmp_path):
    assert not kill_wanted(tmp_path / "not there")
    (tmp_path / "file").write_text("")
    assert kill_wanted(tmp_path / "file")


def test_the_switch_loads_no_prices_no_session_and_no_profit_and_loss(tmp_path):
    program = (
        "import sys; sys.argv = ['tulya', 'kill', '--yes', '--account', 'nobody', '--db', sys.argv[1]]\n"
        "from framework.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "import adapters.paper.control, framework.live.kill_switch\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "m.sqlite"], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path,
    )  # fmt: skip
    assert "[]" == done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    return folder, made_market(folder)


def test_a_runner_that_hangs_sends_nothing_more_and_its_forty_orders_are_cancelled(market):
    folder, database = market
    with RunnerProcess(folder, database, "drill-hangs") as runner:
        door = PaperControl(runner.run_folder / "broker.sock")
        wait_for((runner.run_folder / "broker.sock").exists)
        wait_for(lambda: len(door.orders()) == 40 and len(door.positions()) == 2)
        ident = write_command(
            runner.run_folder, CommandName.BLOCK_LOOP, {"seconds": "60"}, now=time.time_ns(), unique="test"
        )
        wait_for(lambda: any(one["arguments"]["id"] == ident for one in runner.entries("command")))
        sent = len(runner.entries("sending"))
        began = time.monotonic()
        code, said = runner.tulya("kill", "--yes", "--flatten")
        took = time.monotonic() - began
        assert (0, True, 40) == (code, said["flat"], len(said["cancelled"])), said
        assert took <= 10.0
        assert ([], []) == (door.orders(), list(door.positions()))
        assert sent == len(runner.entries("sending"))
        (runner.run_folder / "UNBLOCK").touch()
        wait_for(lambda: [one for one in runner.entries("command") if one["name"] == "kill"])
        wait_for(lambda: any(one["cause"] == "kill" and one["after"] == "halted" for one in runner.entries("state")))
        time.sleep(1.0)
        assert sent == len([one for one in runner.entries("sending") if one["request"] != "cancel"]), (
            "nor when it wakes"
        )
        runner.process.send_signal(signal.SIGTERM)
        code, report = runner.ended()
        assert (5, "halted", "signal SIGTERM") == (code, report["state"], report["ended"])


def test_a_kill_without_a_runner_is_obeyed_by_the_next_start(market):
    folder, database = market
    forbid_sending(database.with_name("m-drill-later.run"), "kill")
    with RunnerProcess(folder, database, "drill-later", speed="max") as runner:
        code, report = runner.ended(60)
        assert (5, "halted") == (code, report["state"])
        assert [] == runner.entries("sending")
        assert ["kill"] == [one["name"] for one in runner.entries("command")]


@pytest.mark.parametrize(
    ("config", "environment"),
    [
        (None, {}),
        ("database: other/prices.sqlite\n", {}),
        ("run:\n  capital: 5000\n", {}),
        ("", {}),
        ("database: ${HERE}/prices.sqlite\n", {"HERE": "/srv/trades"}),
        ("database: other/prices.sqlite\n", {"TULYA_DB": "named.sqlite"}),
    ],
)
def test_the_switch_finds_the_database_where_every_command_finds_it(config, environment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("TULYA_DB", "TULYA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if config is not None:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "trading.yaml").write_text(config)
    assert database_path() == light_database_path(None)
    assert tmp_path / "flag.sqlite" == light_database_path(tmp_path / "flag.sqlite")


def test_a_configuration_that_cannot_be_read_is_no_reason_to_kill_another_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TULYA_DB", raising=False)
    monkeypatch.delenv("TULYA_CONFIG", raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "trading.yaml").write_text("database: [\n")
    with pytest.raises(ConfigError, match="name the database: tulya kill --yes --db FILE"):
        light_database_path(None)


def test_after_a_kill_to_flat_the_strategies_hold_nothing_and_a_resume_lets_them_trade(market):
    folder, database = market
    with RunnerProcess(folder, database, "drill-again") as runner:
        wait_for(lambda: len(runner.entries("returned")) >= 42, 60)
        code, said = runner.tulya("kill", "--yes", "--flatten")
        assert (0, True) == (code, said["flat"])
        wait_for(lambda: [one for one in runner.entries("command") if one["name"] == "kill"])
        code, refused = runner.tulya("flatten")
        assert 5 == code
        assert "the file KILL is there" in refused["answer"]
        held = wait_for(lambda: (status := runner.tulya("status")[1])["positions"] == [] and status)
        assert (["KILL"], {"kill": "halted"}) == (held["switches"], held["causes"])
        assert 0 == runner.tulya("resume", "--yes")[0]
        after = runner.tulya("status")[1]
        assert ([], "active", {}) == (after["switches"], after["state"], after["causes"])
