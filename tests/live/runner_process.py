"""A real runner in a process of its own, on a made-up market day at a speed, for tests of what people do around it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import yaml

from framework.cli.app import app  # noqa: F401 - the child's modules are compiled before a test waits for it
from framework.journal.errors import JournalError
from framework.store import open_store
from framework.store.account_files import journal_path, run_folder
from framework.store.journal_reader import JournalReader
from framework.types import Bars, Instrument

ROOT = Path(__file__).resolve().parents[2]
DAY = "2015-01-05"
OPEN_NS = 1420429500_000_000_000  # 2015-01-05 09:15 IST
SYMBOLS = ("NSE:AAA", "NSE:BBB")
STRATEGY = '''
"""Holds 10 of each symbol from its second bar on, and rests further buys far below the market."""
from framework import Strategy


class Resting(Strategy):
    """Rests orders that never fill."""

    resting: int = 40

    def on_bar(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
        if n == 2:
            for symbol in ctx.symbols:
                ctx.buy(10, symbol)
        if n == 3:
            for k in range(self.resting):
                symbol = ctx.symbols[k % 2]
                ctx.buy(1 + k, symbol, limit=round(ctx.bars(symbol).close[-1] * 0.6, 1))
'''
SEND = {
    "max_order_value": 1_000_000, "max_order_quantity": 100_000, "price_band_percent": 100, "reference_age_s": 60,
    "max_jump_percent": 20, "max_open_value": 10_000_000, "max_position_value": 10_000_000,
    "max_gross_value": 10_000_000,
    "funds_age_s": 600, "duplicate_s": 2, "orders_per_second": 5, "cancels_per_second": 5, "orders_per_minute": 1000,
    "orders_per_day": 10_000,
}  # fmt: skip


def made_market(folder, strategy_file=STRATEGY, **send):
    """Database, strategy ``Resting`` and deployment ``morning`` in a folder; the database's path.

    ``send``: limits that differ from ``SEND``.
    """
    generator = np.random.default_rng(3)
    opens = OPEN_NS + np.arange(375, dtype=np.int64) * 60_000_000_000
    database = folder / "m.sqlite"
    with open_store(database) as store:
        for symbol in SYMBOLS:
            exchange, name = symbol.split(":")
            close = np.round((100 + np.cumsum(generator.integers(-2, 3, 375)) * 0.05) * 20) / 20
            opened = np.r_[close[0], close[:-1]]
            high, low = np.maximum(opened, close) + 0.05, np.minimum(opened, close) - 0.05
            share = Instrument(name, exchange, tick=0.05, timezone="Asia/Kolkata")
            store.save_bars(Bars.from_arrays(share, "1m", opens, opened, high, low, close, np.full(375, 10_000.0)))
    (folder / "resting.py").write_text(strategy_file)
    (folder / "deployments").mkdir()
    strategy = {
        "name": "resting", "strategy": "./resting.py:Resting", "parameters": {}, "symbols": list(SYMBOLS),
        "timeframe": "1m", "when_feed_lost": "hold", "when_halted": "hold", "run": {"capital": 1_000_000},
    }  # fmt: skip
    document = {
        "name": "morning", "stage": "paper", "account": "paper", "strategies": [strategy],
        "feed": {"kind": "replay", "grace_s": 2}, "send": {**SEND, **send},
    }  # fmt: skip
    (folder / "deployments" / "morning.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return database


class RunnerProcess:
    """``tulya run`` in a folder with a made market; use it in a with block."""

    def __init__(self, folder, database, account="drill-paper", speed=30, **environment):
        self.folder, self.database, self.account = folder, database, account
        self.run_folder = run_folder(database, account)
        self.environment = {**os.environ, "TULYA_DB": str(database), "PYTHONPATH": str(ROOT), **environment}
        words = ["run", "morning", "--replay", DAY, "--speed", str(speed), "--account", account, "--json"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "framework", *words],
            cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def tulya(self, *words):
        """A further command for the same account, and the JSON it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "framework", *words, "--account", self.account, "--json"],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def entries(self, kind):
        """Bodies of a kind in the journal so far."""
        try:
            with JournalReader(journal_path(self.database, self.account)) as reader:
                found = [json.loads(line) for line in reader.lines()]
        except JournalError:  # there is none yet
            return []
        return [one["body"] for one in found if one["kind"] == kind]

    def ended(self, timeout=30):
        """Exit code and report of the run, which ends by itself."""
        out, err = self.process.communicate(timeout=timeout)
        assert not err, err
        return self.process.returncode, json.loads(out)


def wait_for(what, seconds=30.0, process=None):
    """Look until something is there; ``process``: one that brings it, and must live until then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("it did not come in time")
