"""The C limit: one pass over the same arrays, called through ctypes, compiled here with the machine's own compiler.

``variant``: plain, or the guards of the workload's rules.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers.measuring import Answer, Job, Work, measure
from bench.workloads import OVERBOUGHT, OVERSOLD, PERIODS, RULES, SETS, UNITS, Rules

SOURCES = Path(__file__).resolve().parents[1] / "limit"
FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")
"""Without fused multiply-add: the same bits as the engines."""


class RulesStruct(ctypes.Structure):
    """``Rules`` of rules.h."""

    _fields_ = (
        *((name, ctypes.c_double) for name in ("low", "high", "units", "bps", "stop", "target", "daily_loss")),
        *((name, ctypes.c_double) for name in ("max_order_value", "max_position_value")),
        ("rate_e8", ctypes.c_int64),
        ("capital_paise", ctypes.c_int64),
    )

    @classmethod
    def of(cls, rules: Rules) -> RulesStruct:
        """The numbers the loops read."""
        percents = (rules.stop_percent, rules.target_percent, rules.daily_loss_percent)
        return cls(
            OVERSOLD,
            OVERBOUGHT,
            UNITS,
            rules.slippage_bps,
            *(percent / 100 if percent else math.nan for percent in percents),
            rules.max_order_value or math.inf,
            rules.max_position_value or math.inf,
            round(rules.charges_percent * 1_000_000),
            rules.capital * 100,
        )


def compiler() -> str | None:
    """The machine's C compiler."""
    return os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def library(name: str) -> Any:
    """A function of ``bench/limit/NAME.c``."""
    text = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]")))
    kept = SOURCES.parents[1] / ".bench" / "limit" / hashlib.sha256(text + repr(FLAGS).encode()).hexdigest()[:16]
    kept.mkdir(parents=True, exist_ok=True)
    target = kept / f"{name}.so"
    if not target.exists():
        partly = kept / f"{name}-{os.getpid()}.so"
        subprocess.run([compiler() or "cc", *FLAGS, str(SOURCES / f"{name}.c"), "-o", str(partly), "-lm"], check=True)
        partly.replace(target)
    function = getattr(ctypes.CDLL(str(target)), name)
    function.restype = None
    return function


def pointer(array: np.ndarray) -> Any:
    """Address of an array's values; it keeps the array alive."""
    return array.ctypes.data_as(ctypes.c_void_p)


def prepare(job: Job) -> Work:
    """The work of a job."""
    if job.workload == "d":
        return sweep(job)
    names = ("open", "high", "low", "close", "rsi")
    open_, high, low, close, rsi = (np.ascontiguousarray(job.array(name)) for name in names)
    rows, columns = close.shape[0], close.size // close.shape[0]
    session = job.array("time") // 86_400_000_000_000
    rules = RulesStruct.of(RULES[job.workload, job.variant])
    equity, answer = np.empty(rows, dtype=np.int64), np.empty(3, dtype=np.int64)
    thresholds = [ctypes.c_double(value) for value in (OVERSOLD, OVERBOUGHT, UNITS)]
    sizes = [ctypes.c_int64(rows), ctypes.c_int64(columns)]
    plain = [*sizes, *map(pointer, (open_, close, rsi)), *thresholds, ctypes.c_int64(rules.capital_paise)]
    calls = {
        "plain": plain,
        "rulebook": [sizes[0], *map(pointer, (open_, high, low, close, rsi, session)), ctypes.byref(rules)],
        "guards": [*sizes, *map(pointer, (open_, close, rsi)), ctypes.byref(rules)],
    }
    function, given = library(job.variant), [*calls[job.variant], pointer(equity), pointer(answer)]

    def work() -> Answer:
        function(*given)
        return {"round trips": int(answer[0]), "fills": int(answer[1]), "final equity": equity[-1] / 100}

    return work


def sweep(job: Job) -> Work:
    """Every set over every bar."""
    open_, close = job.array("open"), job.array("close")
    rsi = np.ascontiguousarray(job.array("rsi").T)
    days = job.array("time") // 86_400_000_000_000
    ends = np.append(np.diff(days) != 0, True).astype(np.int8)
    sets = [SETS[at] for at in job.sets] or list(SETS)
    period = np.array([PERIODS.index(one.period) for one in sets])
    low, high = np.array([one.low for one in sets]), np.array([one.high for one in sets])
    out = np.empty((len(sets), 5))
    function = library("sweep")
    given = [
        ctypes.c_int64(close.shape[0]),
        ctypes.c_int64(len(sets)),
        *map(pointer, (open_, close, rsi, period, ends, low, high)),
        ctypes.c_double(UNITS),
        ctypes.c_int64(int(job.capital) * 100),
        pointer(out),
    ]

    def work() -> Answer:
        function(*given)
        return dict(
            zip(("round trips", "final equity", "win rate", "drawdown", "sharpe"), out.sum(axis=0), strict=True)
        )

    return work


if __name__ == "__main__":
    told = subprocess.run([compiler() or "cc", "--version"], capture_output=True, text=True, check=False).stdout
    measure(prepare, told.partition("\n")[0])
