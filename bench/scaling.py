"""Scaling from the measured slopes: a minute and an hour of one machine, and an estimate of a hundred workers."""

from __future__ import annotations

from typing import Any

WORKERS = 100
TASK_SECONDS = 0.5
"""That a task of a sweep on a cluster is made to take (framework/sweeps/cluster.py)."""
NETWORK_BYTES = 125e6
"""A second: one gigabit."""
BARS, BYTES_PER_BAR = 100_000, 9 * 8
PLAIN, STOPS = "parameter sets on 100,000 bars", "parameter sets on 100,000 bars, stop-loss"
CLIENT = "parameter sets on 400 bars, two Dask workers"
ON_DASK = f"{STOPS}, two Dask workers"


def parts_of(growth: dict[str, Any]) -> dict[str, str]:
    """Parts of docs/scaling.md by name."""
    series = {one["axis"]: one for one in growth["series"] if "each_seconds" in one}
    parts = {"slopes": slopes(growth["series"])}
    if PLAIN in series and STOPS in series:
        parts["one-machine"] = one_machine(series)
    needed = (f"{PLAIN}, one thread", f"{STOPS}, one thread", CLIENT, ON_DASK, STOPS)
    if all(name in series for name in needed) and growth["task_seconds"]:
        parts["cluster"] = cluster(series, growth["task_seconds"])
    return parts


def slopes(found: list[dict[str, Any]]) -> str:
    """One line for each axis."""
    lines = ["| against | from | to | one more takes | one more holds | grows as |", "|---|---|---|---|---|---|"]
    for one in found:
        if "each_seconds" not in one:
            lines.append(f"| {one['axis']} | – | – | – | – | {'; '.join(one['failed'])} |")
            continue
        ends = [
            f"{at['size']:,}: {spelt(at['seconds'])}, {at['peak_mb']:,.0f} MB"
            for at in (one["points"][0], one["points"][-1])
        ]
        holds = (
            f"{one['each_bytes'] / 1000:,.3g} kB" if abs(one["each_bytes"]) >= 1_000 else f"{one['each_bytes']:,.0f} B"
        )
        power = f"n^{one['exponent']:.2f}"
        lines.append(f"| {one['axis']} | {ends[0]} | {ends[1]} | {spelt(one['each_seconds'])} | {holds} | {power} |")
    return "\n".join(lines)


def one_machine(series: dict[str, Any]) -> str:
    """So much in a minute and in an hour."""
    kinds = {
        "parameter sets × 100,000 bars": series[PLAIN],
        "the same with a stop-loss": series[STOPS],
        "bars of one instrument, whole rulebook": series.get("bars, one instrument, whole rulebook"),
        "instruments of 2,500 days, guards": series.get("instruments of 2,500 days, guards"),
    }
    lines = ["| | a minute | an hour |", "|---|---|---|"]
    for what, one in kinds.items():
        if one:
            rate = 1 / one["each_seconds"]
            lines.append(f"| {what} | {rounded(60 * rate)} | {rounded(3_600 * rate)} |")
    return "\n".join(lines)


def cluster(series: dict[str, Any], task: float) -> str:
    """Estimate of a hundred workers: the least that they, the client and the scheduler can do."""
    client = series[CLIENT]["each_seconds"]
    on_dask, on_threads = (spelt(series[name]["each_seconds"]) for name in (ON_DASK, STOPS))
    measured = (
        f"Measured: a task that does nothing costs the scheduler and the client {spelt(task)}; a parameter set costs "
        f"the client {spelt(client)} (handing over, taking back, recording), whatever the workers do with it. Two Dask "
        f"workers take {on_dask} for a set with a stop-loss, two threads {on_threads}."
    )
    headings = (
        "one worker",
        f"× {WORKERS}",
        "client's and scheduler's limit",
        "so, a second",
        "an hour",
        "÷ this machine",
    )
    lines = [f"| estimate, sets a second | {' | '.join(headings)} |", f"|{'---|' * (len(headings) + 1)}"]
    for name, what in ((PLAIN, "100,000 bars"), (STOPS, "100,000 bars, stop-loss")):
        one = 1 / series[f"{name}, one thread"]["each_seconds"]
        handed = max(one * TASK_SECONDS, 1) / task  # sets a second, in tasks of so many
        limit = min(1 / client, handed)
        rate = min(WORKERS * one, limit)
        values = map(rounded, (one, WORKERS * one, limit, rate, 3_600 * rate))
        lines.append(f"| {what} | {' | '.join(values)} | {rate * series[name]['each_seconds']:.3g} |")
    sent = BARS * BYTES_PER_BAR
    data = (
        f"The prices are sent once: {BARS:,} bars are {sent / 1e6:.1f} MB, to {WORKERS} workers over one gigabit "
        f"{sent * WORKERS / NETWORK_BYTES:.0f} s at most (Dask passes them on from worker to worker)."
    )
    return "\n".join([measured, "", *lines, "", data])


def spelt(seconds: float) -> str:
    """A time in a unit that suits it, down to nanoseconds."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def rounded(value: float) -> str:
    """Two digits are all that an estimate has."""
    digits = float(f"{value:.2g}")
    for word, size in (("billion", 1e9), ("million", 1e6)):
        if digits >= size:
            return f"{digits / size:,g} {word}"
    return f"{digits:,.0f}"
