"""Runs the measured processes, one at a time, and keeps what they say."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.venvs import ROOT, python_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers.measuring import Job

REPEATED_SECONDS = 2.0
"""Rows that take longer are measured in the first round only."""
LONGEST = 1_800
"""Seconds that a process may take."""


@dataclass(frozen=True)
class Measured:
    """One row of a table."""

    workload: str
    who: str
    """The peer and its variant as the table shows it."""
    role: str
    """``ours``, ``peer`` or ``limit``."""
    seconds: float = float("nan")
    """Median."""
    least: float = float("nan")
    peak_mb: float = float("nan")
    times: int = 0
    version: str = ""
    answer: dict[str, float] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    note: str = ""
    """Note on a shortened or different row, or the reason why there is none."""
    compared: bool = True
    """True if the row is compared with the peers; False for a part of the work, or more than theirs."""

    @property
    def same(self) -> bool | None:
        """True if the answer is the expected one; None where nothing was expected."""
        shared = self.answer.keys() & self.expected.keys()
        return all(_close(self.answer[name], self.expected[name]) for name in shared) if shared else None

    @property
    def ran(self) -> bool:
        """True if there is a time."""
        return not math.isnan(self.seconds)

    def to_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        told = asdict(self)
        if not self.ran:  # JSON knows no NaN
            told |= {"seconds": None, "least": None, "peak_mb": None}
        elif math.isnan(self.peak_mb):
            told["peak_mb"] = None
        return {**told, "same": self.same}


def _close(found: float, expected: float) -> bool:
    """Equal but for the last digits of sums of floats; a difference of half a paisa is one."""
    return abs(found - expected) <= max(0.004, 1e-9 * abs(expected))


@dataclass(frozen=True)
class Entry:
    """A process to be measured."""

    who: str
    peer: str
    job: Job
    role: str = "peer"
    expected: dict[str, float] = field(default_factory=dict)
    scale: float = 1.0
    """Factor of the time, when only a part was run."""
    note: str = ""
    compared: bool = True


def environment() -> dict[str, str]:
    """Without what slows the start of processes, and without the caller's Python path."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def run_entries(entries: Sequence[Entry], rounds: int = 1) -> list[Measured]:
    """Every entry in turn, the repeatable ones ``rounds`` times over; the median of a row's rounds is kept."""
    found: dict[int, list[Measured]] = {}
    for turn in range(rounds):
        for at, entry in enumerate(entries):
            if turn and not found[at][0].seconds < REPEATED_SECONDS:  # NaN, where nothing ran, is not either
                continue
            _tell(f"{entry.job.workload}: {entry.who}" + (f", round {turn + 1}" if turn else ""))
            found.setdefault(at, []).append(run_one(entry))
    return [_middle(rows) for _, rows in sorted(found.items())]


def _middle(rows: list[Measured]) -> Measured:
    return replace(
        rows[0],
        seconds=median(row.seconds for row in rows),
        least=min(row.least for row in rows),
        peak_mb=median(row.peak_mb for row in rows),
        times=sum(row.times for row in rows),
    )


def run_one(entry: Entry) -> Measured:
    """One process; whatever goes wrong is said in its row."""
    nothing = Measured(entry.job.workload, entry.who, entry.role, compared=entry.compared)
    python = python_of(entry.peer)
    if isinstance(python, str):
        return replace(nothing, note=python)
    command = [str(python), "-m", f"bench.peers.with_{entry.peer}", json.dumps(asdict(entry.job))]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=environment(), timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return replace(nothing, note=f"not done after {LONGEST} s")
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()
        return replace(nothing, note=f"failed: {said[-1] if said else f'exit {done.returncode}'}")
    told = json.loads(lines[-1])
    return replace(
        nothing,
        seconds=told["seconds"] * entry.scale,
        least=told["least"] * entry.scale,
        peak_mb=told["peak_mb"],
        times=told["times"],
        version=told["version"],
        answer=told["answer"],
        expected=entry.expected,
        note=entry.note,
    )


def _tell(text: str) -> None:
    print(f"  {text} …", file=sys.stderr, flush=True)


def folder_of(workload: str) -> Path:
    """Folder of a workload's arrays; another definition of the workloads gets another folder."""
    import hashlib

    definition = Path(__file__).with_name("workloads.py").read_bytes()
    return ROOT / ".bench" / "data" / hashlib.sha256(definition).hexdigest()[:12] / workload
