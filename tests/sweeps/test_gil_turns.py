"""The gate before the strategies: one thread at a time, until asking takes long."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from framework import Signals, Strategy, sweep
from framework.sweeps.gil_turns import BRIEFLY, Gate
from strategies.rsi import RSI

THREADS = 4


def run_in_threads(work):
    """What each of four threads comes to; they begin together."""
    together = threading.Barrier(THREADS)

    def begin():
        together.wait()
        return work()

    with ThreadPoolExecutor(THREADS) as pool:
        return [one.result() for one in [pool.submit(begin) for _ in range(THREADS)]]


def test_a_gate_lets_one_thread_through_at_a_time():
    gate, inside = Gate(), []

    def ask():
        with gate.passed(1):
            inside.append(1)
            time.sleep(0.005)
            found = len(inside)
            inside.pop()
        return found

    assert [1] * THREADS == run_in_threads(ask)


def test_an_open_gate_lets_all_of_them_through():
    gate, all_inside = Gate(), threading.Barrier(THREADS)
    gate.open()

    def ask():
        with gate.passed(1):
            all_inside.wait(timeout=60)  # breaks, and fails the test, where one is kept outside
        return True

    assert [True] * THREADS == run_in_threads(ask)


def test_a_gate_opens_when_a_set_took_long():
    gate = Gate()
    with gate.passed(1):
        spend(3 * BRIEFLY)
    assert gate.is_open


def test_a_gate_stays_closed_when_many_sets_took_as_long_together():
    gate = Gate()
    with gate.passed(10_000):
        spend(3 * BRIEFLY)
    assert not gate.is_open


def test_waiting_is_not_taken_for_work():
    gate = Gate()
    with gate.passed(1):
        time.sleep(3 * BRIEFLY)
    assert not gate.is_open


def test_an_error_behind_the_gate_leaves_it_to_the_next():
    gate = Gate()
    with pytest.raises(ValueError, match="no answer"), gate.passed(1):
        raise ValueError("no answer")
    assert not gate._one.locked()


def test_sets_come_to_the_same_with_the_gate_closed_and_open(db, monkeypatch):
    closed = sweep(RSI, "SP500", {"period": range(2, 42)}, causality="off", workers=2, db=db)
    monkeypatch.setattr("framework.sweeps.gil_turns.BRIEFLY", 0.0)
    opened = sweep(RSI, "SP500", {"period": range(2, 42)}, causality="off", workers=2, db=db)
    assert closed.stats == opened.stats


class Flips(Strategy):
    """Long, short, long …: it is gone through bar by bar."""

    every: int = 5

    def signals(self, bars):
        """Another side every so many bars."""
        return Signals(np.where(np.arange(len(bars)) // self.every % 2, 1.0, -1.0))


def test_the_gate_opens_for_sets_that_are_gone_through_bar_by_bar(db, monkeypatch):
    gates = []

    def made():
        gates.append(Gate())
        return gates[-1]

    monkeypatch.setattr("framework.sweeps.workload.Gate", made)
    sweep(Flips, "SP500", {"every": [3, 4, 5]}, causality="off", workers=2, db=db)
    assert [True] == [gate.is_open for gate in gates]


def spend(seconds: float) -> None:
    """Keep this thread's processor busy."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
