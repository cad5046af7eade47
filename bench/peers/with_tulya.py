"""Ours: ``backtest()`` and its statistics, ``sweep``, or ``load_bars``.

After a colon, ``engine`` in the variant stands for the compiled engine alone, up to its Record.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.peers.measuring import Answer, Job, Work, measure
from bench.workloads import HIGHS, LOWS, OVERBOUGHT, OVERSOLD, PERIODS, RULES
from framework import Bars, Settings, Signals, Strategy, backtest, sweep
from framework.types import Panel
from framework.version import __version__

if TYPE_CHECKING:
    from framework.report.result import Result

GIVEN: dict[str, np.ndarray] = {}
"""RSI by symbol: every peer is handed the same."""


class Given(Strategy):
    """The RSI rule with the RSI as given."""

    def signals(self, bars: Bars) -> Signals:
        """Long from below 30 until above 70."""
        rsi = GIVEN[bars.symbol]
        return Signals.long_flat(enter=rsi < OVERSOLD, leave=rsi > OVERBOUGHT)


def panel_of(job: Job) -> Panel:
    """The workload's bars, and ``GIVEN`` filled."""
    names = ("open", "high", "low", "close", "volume")
    columns = [np.atleast_2d(job.array(name).T) for name in names]
    rsi = np.atleast_2d(job.array("rsi").T)
    timeframe = "1d" if job.workload in {"a", "c"} else "1m"
    time = job.array("time")
    series = []
    for at in range(columns[0].shape[0]):
        symbol = f"S{at:03}"
        GIVEN[symbol] = np.ascontiguousarray(rsi[at])
        series.append(Bars.from_arrays(symbol, timeframe, time, *(column[at] for column in columns)))
    return Panel.from_bars(series)


def prepare(job: Job) -> Work:
    """The work of a job."""
    if job.workload == "e":
        return loading(job)
    rules_name, _, part = job.variant.partition(":")
    choices = RULES[job.workload, rules_name].choices()
    panel = panel_of(job)
    if job.workload == "d":
        return sweeping(job, panel, choices)
    if part == "engine":
        return engine(panel, Settings.of(**choices))

    def work() -> Answer:
        result = backtest(Given(), panel, engine="compiled", causality="off", **choices)
        stats = result.stats
        return {
            "round trips": closed(result),
            "fills": len(result.record.settlements),
            "final equity": stats["Final equity [₹]"],
        }

    return work


def closed(result: Result) -> int:
    """Round trips that have an exit."""
    return int(result.stats["Round trips"])


def engine(panel: Panel, settings: Settings) -> Work:
    """The compiled engine over decisions that are made already."""
    from framework.engines.compiled import run
    from framework.engines.decisions import decide_signals
    from framework.types.settings import RunSettings

    decisions = decide_signals(Given(), panel).arrays

    def work() -> Answer:
        record = run(panel, RunSettings(settings), decisions=decisions)
        return {"fills": len(record.settlements), "final equity": record.equity_paise[-1] / 100}

    return work


def sweeping(job: Job, panel: Panel, choices: dict[str, Any], cluster: object = None) -> Work:
    """``sweep`` over the grid, the RSI computed by the strategy itself."""
    from strategies.rsi import RSI

    grid = grid_of(job.grid)
    workers = job.workers if cluster is None else None
    expected = math.prod(len(values) for values in grid.values())

    def work() -> Answer:
        result = sweep(RSI, panel, grid, causality="off", workers=workers, cluster=cluster, **choices)
        if len(result.stats) != expected:
            raise SystemExit(f"{len(result.stats)} sets were tried, {expected} were asked for")

        def total(name: str) -> float:
            return float(np.nansum([stats[name] for stats in result.stats]))

        return {
            "round trips": total("Round trips"),
            "final equity": total("Final equity [₹]"),
            "win rate": total("Win rate [%]") / 100,
            "drawdown": total("Max. drawdown [%]") / 100,
            "sharpe": total("Sharpe"),
        }

    return work


def grid_of(sets: int | None) -> dict[str, Any]:
    """The usual grid, or one of 10, 100 or 10,000 sets: a tenth of them share an RSI."""
    if sets is None:
        return {"period": list(PERIODS), "oversold": list(LOWS), "overbought": list(HIGHS)}
    side = max(round(math.sqrt(sets / 10)), 1)
    return {
        "period": list(PERIODS),
        "oversold": np.linspace(16, 34, side).tolist(),
        "overbought": np.linspace(66, 84, sets // 10 // side).tolist(),
    }


def loading(job: Job) -> Work:
    """``load_bars``: the first time (its snapshot forgotten), repeatedly, or repeatedly with every value read."""
    from framework.store import open_store
    from framework.types.columns import ARRAYS

    opened = open_store(Path(job.folder, "market.sqlite"))

    def work() -> Answer:
        if job.variant == "first":
            opened.connection.execute("DELETE FROM series_revisions")
        bars = opened.load_bars("WALK", "1m")
        if job.variant == "read":
            sum(float(getattr(bars, name).sum()) for name in ARRAYS)
        return {"rows": len(bars), "last close": float(bars.close[-1])}

    return work


if __name__ == "__main__":
    measure(prepare, __version__)
