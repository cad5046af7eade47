"""Workload A as a person runs it: a command or a script that reads prices, computes the RSI and says how it went."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from bench.children import Measured, environment, folder_of
from bench.venvs import ROOT, python_of
from bench.workloads import UNITS

if TYPE_CHECKING:
    from pathlib import Path

    from bench.workloads import Arrays

TIMES = 7
OURS, THEIRS = "shell: tulya backtest rsi", "shell: backtesting.py script"


def in_shell(prices: Arrays, expected: dict[str, float]) -> list[Measured]:
    """Both processes in turn, so that they see the same machine."""
    folder = folder_of("a") / "shell"
    csv, db = prices_as_files(folder, prices)
    tulya = [sys.executable, "-m", "framework", "backtest", "rsi", "--symbols", "WALK", "--db", str(db), "--json"]
    tulya += ["--capital", "1000000", "--sizing", f"fixed:{UNITS}"]
    rows = {
        OURS: Measured("a shell", OURS, "ours", expected=expected),
        f"{OURS}, --causality off": Measured("a shell", f"{OURS}, --causality off", "ours", expected=expected),
        THEIRS: Measured("a shell", THEIRS, "peer", expected=expected),
    }
    commands = {OURS: tulya, f"{OURS}, --causality off": [*tulya, "--causality", "off"]}
    python = python_of("backtesting")
    if isinstance(python, str):
        rows[THEIRS] = Measured("a shell", THEIRS, "peer", note=python)
    else:
        commands[THEIRS] = [str(python), str(ROOT / "bench" / "peers" / "script_backtesting.py"), str(csv)]
    runs: dict[str, list[tuple[float, subprocess.CompletedProcess[str]]]] = {who: [] for who in commands}
    print("  a: whole processes …", file=sys.stderr, flush=True)
    for _ in range(TIMES + 1):
        for who, command in commands.items():
            begin = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment(), check=False)
            runs[who].append((time.perf_counter() - begin, done))
    return [_row(row, runs.get(who, [])) for who, row in rows.items()]


def _row(row: Measured, runs: list[tuple[float, subprocess.CompletedProcess[str]]]) -> Measured:
    """The median of all but the first run, which writes .pyc files; what a failed one said instead."""
    if not runs:
        return row
    failed = next((done for _, done in runs if done.returncode), None)
    if failed is not None:
        return replace(row, note=f"failed: {(failed.stderr.strip().splitlines() or ['without a word'])[-1]}")
    taken = [seconds for seconds, _ in runs[1:]]
    answer = _answer(runs[-1][1].stdout)
    return replace(row, seconds=median(taken), least=min(taken), times=len(taken), answer=answer)


def prices_as_files(folder: Path, prices: Arrays) -> tuple[Path, Path]:
    """A CSV file, and a store into which it was imported just now: runs and tables of former versions are gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    csv, db = folder / "WALK.csv", folder / "market.sqlite"
    dates = prices["time"].astype("datetime64[ns]").astype("datetime64[D]")
    columns = (prices[name].tolist() for name in ("open", "high", "low", "close"))
    lines = ["date,open,high,low,close,volume"]
    lines += [f"{day},{o},{h},{low},{close},1000000" for day, o, h, low, close in zip(dates, *columns, strict=True)]
    csv.write_text("\n".join(lines) + "\n", encoding="utf-8")
    importing = [sys.executable, "-m", "framework", "data", "import", str(csv), "--symbol", "WALK", "--db", str(db)]
    subprocess.run(importing, check=True, capture_output=True, cwd=ROOT, env=environment())
    return csv, db


def _answer(text: str) -> dict[str, float]:
    """Round trips and final equity out of our JSON, or out of what backtesting.py prints."""
    if text.startswith("{"):
        stats = json.loads(text)["stats"]
        return {"round trips": stats["Round trips"], "final equity": stats["Final equity [₹]"]}
    found = {name: re.search(rf"^{re.escape(name)}\s+([\d.]+)", text, re.MULTILINE) for name in PRINTED}
    return {ours: float(found[name][1]) for name, ours in PRINTED.items() if found[name]}  # type: ignore[index]


PRINTED = {"# Trades": "round trips", "Equity Final [$]": "final equity"}
