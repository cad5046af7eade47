"""What a run paid, by component and by year: each fill charged once more by the tariff of its day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.errors import InvariantError
from framework.rules.note import Components, fill_charges
from framework.types.timeframe import DAY_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from framework.types.record import Record, Settlement
    from framework.types.tariff import Tariffs

NAMES = {
    "brokerage": "Brokerage",
    "stt": "STT",
    "exchange": "Exchange, with IPFT",
    "sebi": "SEBI fee",
    "stamp": "Stamp duty",
    "gst": "GST",
    "dp": "Depository",
}
"""Field of Components → its name on paper."""


class Levies(NamedTuple):
    """Charges of one year in paise."""

    year: int
    components: Components


def levies(record: Record) -> list[Levies]:
    """A row for each year with fills; together they are the charges that the ledger booked, to the paisa."""
    years: dict[int, Components] = {}
    for settlement, components in _charged(record):
        year = int(np.datetime64(settlement.fill.time // DAY_NS, "D").astype("datetime64[Y]").astype(int)) + 1970
        years[year] = Components(*(sum(pair) for pair in zip(years.get(year, Components()), components, strict=True)))
    return [Levies(year, years[year]) for year in sorted(years)]


def _charged(record: Record) -> Iterator[tuple[Settlement, Components]]:
    tariffs: tuple[Tariffs, ...] = record.settings.charges.tariffs(record.panel.instruments)
    filled: dict[int, int] = {}
    delivered: set[tuple[int, int]] = set()
    for one in record.settlements:
        i, day, order = one.fill.instrument, one.fill.time // DAY_NS, one.fill.order_id
        delivers = one.fill.quantity < 0 < one.position - one.fill.quantity
        due = delivers and (i, day) not in delivered
        side, before = (1 if one.fill.quantity > 0 else -1), filled.get(order, 0)
        tariff = tariffs[i].on(one.fill.time)
        components = fill_charges(one.value_paise, side, tariff, before_paise=before, dp_due=due)
        if components.total != one.charges_paise:
            msg = f"order {order} paid {one.charges_paise} paise, and its components come to {components.total}"
            raise InvariantError(msg)
        filled[order] = before + one.value_paise
        if delivers:
            delivered.add((i, day))
        yield one, components
