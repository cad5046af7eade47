"""Bar checks of imported rows. A row that is no bar is named; conditions are in their positive form, so NaN fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.types.intake.faults import Faults
from framework.types.intake.noise import mend_noise
from framework.types.intake.numbers import Numbers, decimal_comma, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

PRICES = ("open", "high", "low", "close")


class Checked(NamedTuple):
    """Prices of the rows, and what is wrong with which."""

    values: NDArray[np.float64]
    """open, high, low, close, volume: float64[5, n]; volume NaN where the source has none."""
    sound: NDArray[np.bool_]
    faults: Faults
    """Faults of the rows that are not sound."""
    mended: NDArray[np.bool_]
    """Rows whose range failed by rounding noise alone, and now holds, bool[n]."""


def check(columns: Mapping[str, pa.ChunkedArray], rows: int) -> Checked:
    """Check the prices and the volume of every row; ``DataError`` where columns mix two ways of writing numbers."""
    there = [name for name in (*PRICES, "volume") if name in columns]
    comma = decimal_comma((name, columns[name]) for name in there)
    read = {name: numbers(columns[name], comma=comma) for name in there}
    volume = read.pop("volume") if "volume" in columns else None
    values = np.empty((5, rows))
    for index, name in enumerate(PRICES):
        values[index] = read[name].values
    values[4] = np.nan if volume is None else volume.values
    mended = np.zeros(rows, dtype=bool)
    if _all_sound(values, volume):
        return Checked(values, np.ones(rows, dtype=bool), Faults(rows), mended)
    mended = mend_noise(values[:4])
    opened, high, low, close = prices = values[:4]
    finite = np.isfinite(prices) & (prices > 0)
    ordered = (low <= opened) & (opened <= high) & (low <= close) & (close <= high)
    countable: NDArray[np.bool_] = np.ones(rows, dtype=bool)
    if volume is not None:
        countable = volume.empty | (np.isfinite(volume.values) & (volume.values >= 0))
    priced: NDArray[np.bool_] = np.logical_and.reduce(finite)
    sound = priced & ordered & countable
    faults = Faults(rows)
    faults.add(
        ~countable,
        "bad_volume",
        lambda row: f"volume {_shown(columns['volume'], row)} is not a number ≥ 0",
    )
    faults.add(~ordered, "bad_range", lambda row: _order_fault(prices[:, row]))
    faults.add(~priced, "bad_price", lambda row: _price_fault(columns, read, finite, row))
    return Checked(values, sound, faults, mended)


def _all_sound(values: NDArray[np.float64], volume: Numbers | None) -> bool:
    """True if every row is a bar, in few passes; NaN fails every comparison."""
    opened, high, low, close, units = values
    return bool(
        (low > 0).all()
        and (high < np.inf).all()
        and all((low <= price).all() and (price <= high).all() for price in (opened, close))
        and (volume is None or not volume.broken.any())
        and not ((units < 0) | np.isinf(units)).any()
    )


def _price_fault(
    columns: Mapping[str, pa.ChunkedArray], read: Mapping[str, Numbers], finite: NDArray[np.bool_], row: int
) -> str:
    for index, name in enumerate(PRICES):
        if finite[index, row]:
            continue
        if read[name].empty[row]:
            return f"{name} is empty or NaN"
        if read[name].broken[row]:
            return f"{name} {_shown(columns[name], row)} is not a number"
        value = read[name].values[row]
        return f"{name} {value:g} is {'not above 0' if value <= 0 else 'not finite'}"
    return ""


def _order_fault(prices: NDArray[np.float64]) -> str:
    opened, high, low, close = (float(price) for price in prices)
    if not low <= high:
        return f"high {high!r} is below low {low!r}"
    for name, price in (("open", opened), ("close", close)):
        if not low <= price <= high:
            return f"{name} {price!r} lies outside low {low!r} … high {high!r}"
    return ""


def _shown(column: pa.ChunkedArray, row: int) -> str:
    return repr(column[row].as_py())
