"""Acceptance scenarios about whole processes, by their numbers; see ``test_scenarios.py``."""

import json
import os
import subprocess
import sys
import time

import pytest

from adapters.paper.control import PaperControl
from tests.live.runner_process import DAY, ROOT, STRATEGY, RunnerProcess, made_market, wait_for

RESTING = 40
BREAKING = '''

import asyncio
import time
from pathlib import Path

from adapters.paper.broker import PaperBroker
from framework.session.account import Account

PLACE, PLACED = PaperBroker.place, []
MONEY = ("mark", "equity_paise", "spendable_paise")


def raising(*_):
    raise ZeroDivisionError("profit and loss cannot be counted")


async def place(self, order):
    """The 42nd order is at the broker when the loop hangs, with more to come, and money cannot be counted meanwhile."""
    outcome = await PLACE(self, order)
    PLACED.append(order)
    if len(PLACED) == 42:
        whole = {name: getattr(Account, name) for name in MONEY}
        for name in MONEY:
            setattr(Account, name, raising)
        Path("HANGS").touch()
        began = time.monotonic()
        while time.monotonic() < began + 60 and not Path("WAKES").exists():
            time.sleep(0.02)
        self.clock._began += time.monotonic() - began  # the replayed day stands meanwhile: no price becomes old
        for name in MONEY:
            setattr(Account, name, whole[name])
    return outcome


PaperBroker.place = place
'''


def placed(runner):
    """Orders that the runner has let out."""
    return sum(one["request"] == "place" for one in runner.entries("sending"))


def test_30_a_kill_passes_a_loop_that_hangs_amid_its_orders_and_a_profit_that_raises(tmp_path):
    sooner = STRATEGY.replace("n == 2", "n == 1").replace("n == 3", "n == 2").replace("int = 40", "int = 60")
    database = made_market(tmp_path, sooner + BREAKING)
    with RunnerProcess(tmp_path, database) as runner:
        door = PaperControl(runner.run_folder / "broker.sock")
        wait_for((tmp_path / "HANGS").exists, 60, runner.process)
        assert (RESTING, 2) == (len(door.orders()), len(door.positions()))
        before = placed(runner)
        began = time.monotonic()
        code, said = runner.tulya("kill", "--yes", "--flatten")
        assert time.monotonic() - began <= 10.0
        assert (0, True, RESTING) == (code, said["flat"], len(said["cancelled"])), said
        assert ([], []) == (door.orders(), list(door.positions()))
        (tmp_path / "WAKES").touch()
        wait_for(lambda: any(one["cause"] == "kill" and one["after"] == "halted" for one in runner.entries("state")))
        time.sleep(1.0)
        assert before == placed(runner) == 2 + RESTING  # nor when it wakes
        assert [] == door.orders()


def test_30_a_kill_amid_orders_that_still_leave_stops_them_within_a_second(tmp_path):
    database = made_market(tmp_path, STRATEGY.replace("n == 3", "n == 1").replace("int = 40", "int = 55"), orders_per_second=1)
    with RunnerProcess(tmp_path, database, speed=10) as runner:
        wait_for(lambda: placed(runner) > 10, 60, runner.process)
        killing = subprocess.Popen(
            [sys.executable, "-m", "framework", "kill", "--yes", "--account", runner.account, "--json"],
            cwd=tmp_path, env=runner.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        file = runner.run_folder / "KILL"
        wait_for(file.exists)
        time.sleep(max(file.stat().st_mtime + 1.0 - time.time(), 0.0))
        after_a_second = placed(runner)
        out, _ = killing.communicate(timeout=60)
        said = json.loads(out)
        assert (0, True) == (killing.returncode, said["flat"]), said
        assert said["seconds"] <= 10.0
        time.sleep(1.0)
        assert after_a_second == placed(runner) < 55
        assert [] == PaperControl(runner.run_folder / "broker.sock").orders()
