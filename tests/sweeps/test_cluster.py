"""A sweep on a Dask cluster of two processes: the numbers of threads, every set once, whoever dies on the way."""

import os
import signal
import sqlite3
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from framework import Signals, Strategy, sweep
from framework.errors import ConfigError, StrategyError
from framework.sweeps import dask_client, environment_match, task
from framework.sweeps.cluster import Cluster, Task
from framework.sweeps.grid import ParameterSet
from framework.sweeps.task import SweepTask
from framework.sweeps.workload import Workload
from framework.types import Panel, Settings
from strategies.momentum import Momentum
from strategies.rsi import RSI

pytestmark = pytest.mark.xdist_group("cluster")  # one cluster for all tests of this file
MANY = {"period": range(5, 305)}


class Slow(Strategy):
    """Above the average of the last closes, and in no hurry."""

    period: int = 20
    thirteen: bool = True

    def signals(self, bars):
        time.sleep(0.004)
        if self.period == 13 and not self.thirteen:
            raise ValueError("thirteen")
        average = np.convolve(bars.close, np.ones(self.period) / self.period)[: len(bars)]
        return Signals(target=np.where(bars.close > average, 1.0, -1.0))


@pytest.fixture(scope="module")
def local():
    with ExitStack() as closing:
        yield dask_client.connected("local:2", closing)


@pytest.fixture
def client(local):
    local.wait_for_workers(2, timeout=30)
    return local


@pytest.fixture
def bars(db):
    from framework.store import open_store

    with open_store(db) as store:
        return store.load_bars("SP500")


@pytest.fixture(scope="module")
def by_threads(sample_store):
    from framework.store import open_store

    with open_store(sample_store) as store:
        return sweep(Slow, store.load_bars("SP500"), MANY, causality="off")


def same(one, other):
    """Whether two sweeps have the same statistics to the last bit, NaN and all."""
    return repr(one.stats) == repr(other.stats)


def kept(db):
    with sqlite3.connect(db) as connection:
        return connection.execute("SELECT count(*), count(DISTINCT parameters) FROM sweep_results").fetchone()


@pytest.mark.parametrize(
    ("strategy", "symbols", "grid", "choices"),
    [
        (RSI, "SP500", {"period": range(2, 40), "oversold": [10, 20, 30]}, {"charges": "percent:0.1"}),
        (RSI, ["SP500", "NASDAQ"], {"period": [5, 14]}, {"stop_loss": "5%", "sizing": "value:40000"}),
        (Momentum, ["SP500", "NASDAQ"], {next(iter(Momentum.model_fields)): [20, 60]}, {}),
    ],
)
def test_the_numbers_are_those_of_threads(client, db, strategy, symbols, grid, choices):
    given = {"db": db, "causality": "off", "start": "1995-01-01", "risk_free": 0.03, **choices}
    assert same(sweep(strategy, symbols, grid, **given), sweep(strategy, symbols, grid, cluster=client, **given))


def test_optuna_asks_the_cluster(client, bars):
    grid = {"period": range(5, 10), "oversold": [20, 30]}
    whole = sweep(RSI, bars, grid, causality="off")
    known = dict(zip(whole.positions, whole.stats, strict=True))
    chosen = sweep(RSI, bars, grid, mode="optuna", samples=6, seed=1, cluster=client, causality="off")
    assert 6 == chosen.tried
    assert repr([known[position] for position in chosen.positions]) == repr(chosen.stats)


def test_a_strategy_of_a_file_goes_to_the_workers_with_what_lies_beside_it(client, db, tmp_path):
    (tmp_path / "cluster_ideas.py").write_text("def mean(x):\n    return x.mean()\n", "utf-8")
    (tmp_path / "mine.py").write_text(
        "import cluster_ideas\nfrom framework import Signals, Strategy\n\n\nclass Mine(Strategy):\n"
        "    share: float = 1.0\n\n    def signals(self, bars):\n"
        "        level = self.share * cluster_ideas.mean(bars.close)\n"
        "        return Signals.long_flat(enter=bars.close > level, leave=bars.close < level)\n",
        "utf-8",
    )
    grid = {"share": [0.5, 1.0, 1.5]}
    file = f"{tmp_path / 'mine.py'}:Mine"
    on_cluster = sweep(file, "SP500", grid, db=db, cluster=client, causality="off")
    assert same(sweep(file, "SP500", grid, db=db, causality="off"), on_cluster)


def test_a_strategy_that_breaks_is_the_same_sentence(client, bars):
    with pytest.raises(StrategyError) as here:
        sweep(Slow, bars, {"period": range(10, 20), "thirteen": [False]})
    with pytest.raises(StrategyError) as there:
        sweep(Slow, bars, {"period": range(10, 20), "thirteen": [False]}, cluster=client)
    assert str(here.value) == str(there.value)
    assert "Slow.signals raised ValueError: thirteen" in str(there.value)


def test_a_worker_of_another_kernel_is_refused(client, bars):
    def other():
        import framework.engines.numba_cache as module

        module.kept = module.source_hash
        module.source_hash = lambda: "another"

    def mended():
        import framework.engines.numba_cache as module

        module.source_hash = module.kept

    worker = sorted(client.nthreads())[1]
    client.run(other, workers=[worker])
    try:
        with pytest.raises(ConfigError, match=rf"^worker {worker} would come to other numbers \(kernel another there"):
            sweep(RSI, bars, {"period": [5]}, cluster=client)
    finally:
        client.run(mended, workers=[worker])


def test_a_worker_that_cannot_load_tulya_is_refused(client, bars, monkeypatch):
    def absent(_strategy):
        raise ModuleNotFoundError("No module named 'framework'")

    monkeypatch.setattr(environment_match, "facts", absent)
    with pytest.raises(ConfigError, match="cannot load Tulya"):
        Cluster._refuse_others(SimpleNamespace(client=client, shared=SimpleNamespace(installed="", facts={})))


def test_ctrl_c_keeps_what_is_done_and_the_cluster_goes_on_with_it(client, db, by_threads):
    begun = []

    def interrupt(what, done, total):
        if what == "sweeping" and done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(Slow, "SP500", MANY, db=db, cluster=client, announce=begun.append, progress=interrupt)
    before, _ = kept(db)
    assert 50 <= before < 300
    until = time.monotonic() + 5
    while any(client.processing().values()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(client.processing().values())  # what was pending is cancelled
    result = sweep(Slow, "SP500", MANY, db=db, cluster=client, resume=begun[0], causality="off")
    assert (300, before, 300) == (result.tried, result.resumed, result.tried_ever)
    assert same(by_threads, result)


def test_killed_workers_lose_nothing_and_no_set_is_counted_twice(client, db, by_threads):
    """First one of the two dies, then the other, and with it perhaps the last copy of the prices."""
    alive = sorted(client.run(os.getpid).values())

    def kill(what, done, total):
        if what == "sweeping" and done >= 300 - 100 * len(alive) and alive:
            os.kill(alive.pop(), signal.SIGKILL)

    result = sweep(Slow, "SP500", MANY, db=db, cluster=client, causality="off", progress=kill)
    assert [] == alive
    assert (300, 300) == kept(db)
    assert (300, 300) == (result.tried, result.tried_ever)
    assert same(by_threads, result)


def test_sets_that_kill_every_worker_end_the_sweep(bars):
    from distributed import KilledWorker

    sets = [ParameterSet.of(RSI(period=period), (0,)) for period in (5, 6)]
    dead = SimpleNamespace(status="error")
    outcome = (KilledWorker, KilledWorker("run", "tcp://127.0.0.1:1", 3), None)
    cluster = SimpleNamespace(client=None, data=None)
    assert Cluster._answer(cluster, dead, outcome, Task(sets, 1)) is None  # it is handed over once more
    with pytest.raises(ConfigError, match=r"died again and again while they ran RSI\(period=5.* or one of the 1 sets"):
        Cluster._answer(cluster, dead, outcome, Task(sets, 2))


def test_a_worker_that_came_later_looks_at_itself(bars):
    workload = Workload(Panel.from_bars([bars]), Settings.of(), "signals", 0, 0.0)
    packed = SweepTask.of(workload, RSI)
    other = replace(packed, facts={**packed.facts, "numba": "0.1"})
    with pytest.raises(ConfigError, match=r"would come to other numbers \(numba .* there, 0.1 here\)"):
        other.run(task.packed_sets([RSI()]))
    assert workload.run(RSI()) == task.run(packed, task.packed_sets([RSI()])).stats[0]


def test_an_installed_strategy_is_sent_by_its_name_and_its_source_is_compared(monkeypatch):
    assert environment_match.name_of(RSI) == ""
    monkeypatch.setattr(environment_match, "_lies_with_libraries", lambda _file: True)
    assert "strategies.rsi:RSI" == environment_match.name_of(RSI)
    assert b"oversold" not in task.packed(RSI)
    here, there = environment_match.facts("strategies.rsi:RSI"), environment_match.facts("strategies.nothing:RSI")
    assert environment_match.differences(here, there)[0].startswith(
        "strategy without strategies.nothing:RSI there, strategies.rsi"
    )


@pytest.mark.parametrize(
    ("cluster", "options", "sentence"),
    [
        ("tcp://127.0.0.1:9", {}, "no Dask scheduler answers at tcp://127.0.0.1:9"),
        ("nowhere", {}, "cluster 'nowhere' is not understood; write tcp://host:8786"),
        ("ftp://somewhere:1", {}, "no Dask scheduler answers at ftp://somewhere:1"),
        ("local:0", {}, "'local:0' has no number of processes"),
        (4, {}, "cluster 4 is neither a text nor a dask.distributed.Client"),
        ("local:2", {"workers": 2}, "workers=2 are threads of this machine"),
    ],
)
def test_a_cluster_that_is_none_is_a_sentence(bars, monkeypatch, cluster, options, sentence):
    monkeypatch.setattr(dask_client, "CONNECT_SECONDS", 1)
    with pytest.raises(ConfigError) as caught:
        sweep(RSI, bars, {"period": [5]}, cluster=cluster, **options)
    assert sentence in str(caught.value)


def test_a_client_that_is_closed_is_a_sentence(client, bars):
    from distributed import Client

    other = Client(client.scheduler.address, set_as_default=False)
    other.close()
    with pytest.raises(ConfigError, match="is closed, or asynchronous; give one that is open"):
        sweep(RSI, bars, {"period": [5]}, cluster=other)


def test_without_dask_it_is_said_what_to_install(bars, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'tulya\[cluster\]'"):
        sweep(RSI, bars, {"period": [5]}, cluster="local:2")
