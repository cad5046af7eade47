"""Result of a run. Prints as a table; keeps everything needed for a rerun with the same numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from framework.draft import drafted
from framework.report import bundle, console, frames
from framework.report.document import document_of
from framework.report.facts import RunFacts
from framework.report.metrics import drawdowns

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from framework.report.frames import FillRow


@dataclass(frozen=True, eq=False, repr=False)
class Result(RunFacts):
    """A finished run with its tables, pictures and files; two are equal when what they were computed from is."""

    # Tables: pandas is imported when one is asked for.

    @property
    def fills(self) -> pd.DataFrame:
        """DataFrame time, symbol, side, quantity, price, charges, reason; rupees."""
        return frames.fills_frame(self.record)

    def fills_rows(self) -> list[FillRow]:
        """The same without pandas: times as text, charges as text with two decimals."""
        return frames.fill_rows(self.record)

    def save_fills(self, path: str | Path) -> Path:
        """Write the fills as CSV with the header time,symbol,side,quantity,price,charges,reason."""
        target = Path(path)
        with drafted(target) as draft:
            draft.write_text(frames.fills_csv(self.record), encoding="utf-8")
        return target

    @property
    def round_trips(self) -> pd.DataFrame:
        """DataFrame of round trips, the open ones last and marked at the last close; rupees and percent."""
        return frames.round_trips_frame(self.record.panel, self.trips)

    @property
    def equity(self) -> pd.Series[float]:
        """Rupees at each bar's close, by the bar's time."""
        return frames.series(self.record, self.observations.equity, "equity")

    @property
    def drawdown(self) -> pd.Series[float]:
        """Percent below the highest equity so far (the deposit counts), 0..100, by the bar's time."""
        import numpy as np

        values = np.concatenate([[self.observations.capital], self.observations.equity])
        return frames.series(self.record, 100 * drawdowns(values)[1:], "drawdown")

    @property
    def benchmark(self) -> pd.Series[float]:
        """Rupees at each close of holding all instruments in equal parts.

        Each gets 1/N of the capital and is bought at its first open after the first bar, in fractional units, without
        costs; it is marked at its closes and its part is cash until then.
        """
        return frames.series(self.record, self.observations.benchmark, self.benchmark_name)

    # Pictures and files.

    def plot(self, symbol: str | None = None) -> go.Figure:
        """Interactive figure: equity with benchmark, drawdown, and the candles of one symbol with its fills."""
        from framework.report.figure import figure

        return figure(self, symbol)

    def report(self, path: str | Path, *, quantstats: bool = False) -> Path:
        """Write the tearsheet to ``path`` and ``round_trips.csv`` beside it.

        ``interventions.csv`` joins them when orders were held back, and ``quantstats.html``, which takes ten seconds,
        when it is asked for.
        """
        from framework.report.tearsheet import write

        return write(self, Path(path), quantstats=quantstats)

    def save(self, folder: str | Path) -> Path:
        """Write the bundle: JSON, CSV and arrays from which ``Result.load`` makes an equal result."""
        return bundle.save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a bundle; ``DataError`` says what is wrong with it."""
        return cls(**bundle.load(Path(folder)))

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values; NaN and inf are None."""
        return document_of(self)

    def to_json(self, indent: int | None = None) -> str:
        """``to_dict`` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    def __eq__(self, other: object) -> bool:
        return bundle.same(self, other) if isinstance(other, Result) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.run_id)

    def __str__(self) -> str:
        return console.text(self)

    def __repr__(self) -> str:
        return console.text(self)

    def _repr_html_(self) -> str:
        return console.html(self)
