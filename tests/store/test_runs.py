"""Backtests as the store remembers them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from framework.errors import DataError
from framework.store import RunRow

RUN = RunRow(
    "20260101-rsi-a1", "rsi", {"period": 14}, {"capital": 1e5, "sizing": "fixed:10"}, ("NSE:M&M", "SP500"), "1d",
    86_400_000_000_000, 172_800_000_000_000, "session", 10_000_000, 10_012_345, 7, 1, "passed",
    {"cagr_pct": 1.5, "sqn": float("nan")}, {"version": "0.1"}, "runs/20260101-rsi-a1", 1_700_000_000,
)  # fmt: skip


def test_a_run_comes_back_as_it_was_saved_and_what_json_cannot_say_is_null(store):
    store.save_run(RUN)
    assert RUN._replace(stats={"cagr_pct": 1.5, "sqn": None}) == store.run(RUN.run_id)


def test_a_run_is_found_by_a_beginning_that_no_other_has_or_as_last(store):
    store.save_run(RUN)
    later = RUN._replace(run_id="20260102-macd-b2", created_at=1_700_000_001)
    store.save_run(later)
    assert "20260102-macd-b2" == store.run("20260102").run_id
    assert "20260102-macd-b2" == store.run("last").run_id
    assert ["20260102-macd-b2", "20260101-rsi-a1"] == [run.run_id for run in store.runs()]
    assert 1 == len(store.runs(1))
    with pytest.raises(DataError, match="begins 2 run ids"):
        store.run("2026")
    with pytest.raises(DataError, match="no run '20260101-rsi-a9'; the nearest: 20260101-rsi-a1"):
        store.run("20260101-rsi-a9")


def test_no_run_at_all_is_said(store):
    with pytest.raises(DataError, match="holds none yet"):
        store.run("last")


def test_a_run_of_the_same_id_is_replaced(store):
    store.save_run(RUN)
    store.save_run(RUN._replace(strategy="macd", created_at=0))
    assert ["macd"] == [run.strategy for run in store.runs()]
    assert store.run("last").created_at > 1_700_000_000


def test_numpy_numbers_and_infinities_are_no_obstacle(store):
    stats = {"a": np.float64(2.5), "b": np.int64(3), "c": float("inf"), "d": [np.float64("nan")]}
    store.save_run(RUN._replace(stats=stats))
    raw = store.connection.execute("SELECT stats FROM backtest_runs").fetchone()[0]
    assert {"a": 2.5, "b": 3, "c": None, "d": [None]} == json.loads(raw)
