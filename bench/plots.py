"""docs/images/growth.png: time and peak memory against each size, both axes in powers of ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    "bar": ("bars", "one instrument, whole rulebook"),
    "instrument": ("instruments", "2,500 days, guards"),
    "set": ("parameter sets", "by bars, exits and workers"),
}


def plot(growth: dict[str, Any], to: Path) -> None:
    """Two rows (time, memory), a column for each kind of size."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(KINDS), figsize=(12, 7), sharex="col", layout="constrained")
    for column, (unit, (size, how)) in enumerate(KINDS.items()):
        above, below = axes[0][column], axes[1][column]
        for series in growth["series"]:
            if series["unit"] != unit or not series["points"]:
                continue
            sizes = [point["size"] for point in series["points"]]
            shown = series["axis"].removeprefix("parameter sets on ")
            above.plot(sizes, [point["seconds"] for point in series["points"]], marker="o")
            below.plot(sizes, [point["peak_mb"] for point in series["points"]], marker="o", label=shown)
        above.set(title=f"{size}: {how}", xscale="log", yscale="log")
        below.set(xlabel=size, xscale="log", ylim=(0, None))
        if unit == "set":
            below.legend(fontsize=7, frameon=False, loc="lower right")
        for one in (above, below):
            one.grid(alpha=0.3)
            one.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("seconds")
    axes[1][0].set_ylabel("peak memory of the process, MB")
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to, dpi=110)
    plt.close(figure)
