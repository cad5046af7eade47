"""Charges of a run by component and by year: each fill charged once more by the tariff of its day."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.market.contract_note import Components, NoteFill, contract_note, fill_charges
from framework.types.orders import Reason
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


UNEXPLAINED = "Not by these rates"
"""Name of what the ledger booked beyond the components; 0 in every run of this program."""


class YearCharges(NamedTuple):
    """Charges of one year in paise."""

    year: int
    components: Components
    unexplained: int = 0
    """Booked charges less the components: not 0 where a record was made with other rates than it names."""


class Reconciled(NamedTuple):
    """Charges of one year in paise: as the run booked them fill by fill, and as contract notes would round them."""

    year: int
    exact_paise: int
    note_paise: int

    @property
    def difference_paise(self) -> int:
        """Notes less the run; + where notes would have cost more."""
        return self.note_paise - self.exact_paise


def charges_by_year(record: Record) -> list[YearCharges]:
    """A row for each year with fills; together they are the charges that the ledger booked, to the paisa."""
    years: dict[int, YearCharges] = {}
    for settlement, components in charged(record):
        year = year_of(settlement.fill.time // DAY_NS)
        before = years.get(year, YearCharges(year, Components()))
        sums = Components(*(sum(pair) for pair in zip(before.components, components, strict=True)))
        beyond = settlement.charges_paise - components.total
        years[year] = YearCharges(year, sums, before.unexplained + beyond)
    return [years[year] for year in sorted(years)]


def reconciled(record: Record) -> list[Reconciled]:
    """A row for each year with fills; empty without a broker's plan.

    A note gathers a day's fills on one exchange and in one segment. What was bought and sold again on one day is not
    netted: a run keeps the rates of its own product only.
    """
    if not record.settings.charges.plan:
        return []
    tariffs: tuple[Tariffs, ...] = record.settings.charges.tariffs(record.panel.instruments)
    notes: dict[tuple[int, str, bool], list[NoteFill]] = {}
    for one in record.settlements:
        if not traded(one):
            continue
        fill, instrument = one.fill, record.panel.instruments[one.fill.instrument]
        note = NoteFill(
            fill.order_id, str(instrument), fill.quantity, one.value_paise, tariffs[fill.instrument].on(fill.time)
        )
        notes.setdefault((fill.time // DAY_NS, instrument.exchange, bool(instrument.expiry)), []).append(note)
    by_note: Counter[int] = Counter()
    for (day, _, _), fills in notes.items():
        by_note[year_of(day)] += contract_note(fills).total
    return [
        Reconciled(one.year, one.components.total + one.unexplained, by_note[one.year])
        for one in charges_by_year(record)
    ]


def facts(record: Record) -> list[dict[str, float]]:
    """Each year's components with their sum, and the sum by contract notes, in rupees."""
    return [
        {
            "year": one.year,
            **{name: paise / 100 for name, paise in one.components._asdict().items()},
            "unexplained": one.unexplained / 100,
            "exact": both.exact_paise / 100,
            "contract_note": both.note_paise / 100,
            "difference": both.difference_paise / 100,
        }
        for one, both in zip(charges_by_year(record), reconciled(record), strict=True)
    ]


def year_of(day: int) -> int:
    """Of a day since 1970-01-01."""
    return int(np.datetime64(day, "D").astype("datetime64[Y]").astype(int)) + 1970


def traded(settlement: Settlement) -> bool:
    """True for a fill on an exchange; what a company pays out (docs/execution.md, A2) is none, and costs nothing."""
    return settlement.reason is not Reason.CORPORATE_ACTION


def charged(record: Record) -> Iterator[tuple[Settlement, Components]]:
    """Each settlement with the components of its charges, as the tariff of its day makes them."""
    tariffs: tuple[Tariffs, ...] = record.settings.charges.tariffs(record.panel.instruments)
    filled: dict[int, int] = {}
    delivered: set[tuple[int, int]] = set()
    for one in record.settlements:
        if not traded(one):
            yield one, Components()
            continue
        i, day, order = one.fill.instrument, one.fill.time // DAY_NS, one.fill.order_id
        delivers = one.fill.quantity < 0 < one.position - one.fill.quantity
        due = delivers and (i, day) not in delivered
        side, before = (1 if one.fill.quantity > 0 else -1), filled.get(order, 0)
        tariff = tariffs[i].on(one.fill.time)
        yield one, fill_charges(one.value_paise, side, tariff, before_paise=before, dp_due=due)
        filled[order] = before + one.value_paise
        if delivers:
            delivered.add((i, day))
