"""Fills, round trips and equity as rows, CSV and pandas. pandas is imported only for a frame."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.report.round_trips import RoundTrip
from framework.report.wording import is_daily, time_text, time_texts
from framework.types.csv_cell import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from framework.types.panel import Panel
    from framework.types.record import Record


class FillRow(NamedTuple):
    """One line of ``fills.csv``."""

    time: str
    """``YYYY-MM-DD`` for daily bars, else ISO 8601 with the exchange's offset."""
    symbol: str
    side: str
    """BUY or SELL."""
    quantity: int
    """Units, > 0."""
    price: float
    """Rupees, slippage included."""
    charges: str
    """Rupees with two decimals."""
    reason: str


def plain_rupees(paise: int) -> str:
    """Exact rupees for files: -12345 → ``-123.45``."""
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def fill_rows(record: Record) -> list[FillRow]:
    """Every fill in the order it was booked."""
    panel = record.panel
    return [
        FillRow(
            time=time_text(panel, one.fill.instrument, one.fill.time),
            symbol=panel.symbols[one.fill.instrument],
            side="BUY" if one.fill.quantity > 0 else "SELL",
            quantity=abs(one.fill.quantity),
            price=one.fill.price,
            charges=plain_rupees(one.charges_paise),
            reason=str(one.reason),
        )
        for one in record.settlements
    ]


def order_rows(record: Record) -> list[dict[str, Any]]:
    """Every order as plain JSON values, by id: signed units, rupees and None where the type has no such price."""
    panel = record.panel
    return [
        {
            "order_id": one.order.order_id,
            "decided_at": time_text(panel, one.order.instrument, one.order.decided_at),
            "symbol": panel.symbols[one.order.instrument],
            "requested": one.requested,
            "quantity": one.verdict.quantity,
            "verdict": one.verdict.reason,
            "type": one.order.type.name.lower(),
            "limit": _price(one.order.limit),
            "trigger": _price(one.order.trigger),
            "reason": str(one.order.reason),
            "protective": one.order.protective,
            "state": str(one.state),
            "filled": one.filled,
            "why": one.why,
        }
        for one in record.orders
    ]


def _price(price: float) -> float | None:
    return price if price > 0 else None


TRIP_HEADER = (
    "symbol",
    "side",
    "quantity",
    "entry_time",
    "exit_time",
    "entry_price",
    "exit_price",
    "gross",
    "charges",
    "net",
    "return_percent",
    "mae_percent",
    "mfe_percent",
    "bars_held",
    "entry_reason",
    "exit_reason",
    "open",
    "dividends",
    "shares_factor",
)


def trip_row(panel: Panel, trip: RoundTrip) -> tuple[Any, ...]:
    """One line of ``round_trips.csv``: times as in ``fills.csv``, money in rupees with two decimals."""
    values = trip._asdict() | {
        "entry_time": time_text(panel, trip.instrument, trip.entry_time),
        "exit_time": time_text(panel, trip.instrument, trip.exit_time),
        "gross": plain_rupees(trip.gross_paise),
        "charges": plain_rupees(trip.charges_paise),
        "net": plain_rupees(trip.net_paise),
        "open": str(trip.open).lower(),
        "dividends": plain_rupees(trip.dividends_paise),
    }
    return tuple(values[name] for name in TRIP_HEADER)


def csv_text(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV with line feeds; floats in their shortest form that reads back the same."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(_written, rows))
    return out.getvalue()


def _written(row: Iterable[Any]) -> list[Any]:
    return [
        repr(float(cell)) if isinstance(cell, float) else harmless(cell) if isinstance(cell, str) else cell
        for cell in row
    ]


def fills_csv(record: Record) -> str:
    """The text of ``fills.csv``: time,symbol,side,quantity,price,charges,reason."""
    return csv_text(FillRow._fields, fill_rows(record))


def round_trips_csv(panel: Panel, trips: Iterable[RoundTrip]) -> str:
    """The text of ``round_trips.csv``."""
    return csv_text(TRIP_HEADER, (trip_row(panel, trip) for trip in trips))


def equity_csv(record: Record) -> str:
    """The text of ``equity.csv``: time,equity,cash,exposure at each close, rupees with two decimals."""
    times = record.panel.time[record.first_row :].tolist()
    series = (record.equity_paise, record.cash_paise, record.exposure_paise)
    columns = [[plain_rupees(value) for value in values.tolist()] for values in series]
    stamps = time_texts(record.panel, 0, times)
    return csv_text(("time", "equity", "cash", "exposure"), zip(stamps, *columns, strict=True))


def index(panel: Panel, time: NDArray[np.int64]) -> pd.DatetimeIndex:
    """Bar times as pandas wants them: naive dates for daily bars, else the first instrument's zone."""
    import pandas as pd

    stamps = pd.DatetimeIndex(time.astype("datetime64[ns]"), name="time")
    return stamps if is_daily(panel) else stamps.tz_localize("UTC").tz_convert(panel.instruments[0].timezone)


def series(record: Record, values: NDArray[np.float64], name: str) -> pd.Series[float]:
    """A value per accounted bar as a Series."""
    import pandas as pd

    return pd.Series(values, index=index(record.panel, record.panel.time[record.first_row :]), name=name)


def fills_frame(record: Record) -> pd.DataFrame:
    """Fills with times as timestamps and charges as rupees."""
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(fill_rows(record), columns=list(FillRow._fields))
    frame["charges"] = [one.charges_paise / 100 for one in record.settlements]
    times = np.array([one.fill.time for one in record.settlements], dtype=np.int64)
    frame["time"] = index(record.panel, times)
    return frame


def round_trips_frame(panel: Panel, trips: Iterable[RoundTrip]) -> pd.DataFrame:
    """Round trips with times as timestamps and money in rupees."""
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(list(trips), columns=list(RoundTrip._fields))
    for name in ("entry_time", "exit_time"):
        frame[name] = index(panel, frame[name].to_numpy(dtype=np.int64))
    for name in ("gross", "charges", "net", "dividends"):
        frame[name] = frame[f"{name}_paise"] / 100
    return frame[list(TRIP_HEADER)]
