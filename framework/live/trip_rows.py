"""Rows of ``trade_journal``: round trips of a session, from flat to flat in one instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.report.position_spans import PositionSpans
from framework.store.account_rows import TradeJournalRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.live.ledger import SessionLedger


def trip_rows(session: SessionLedger) -> list[TradeJournalRow]:
    """Closed round trips by their exits, then those still held by their entries; of these what is realised so far."""
    records = session.folded.records
    if records is None or not records.settlements:
        return []
    spans = PositionSpans.of(records.settlements, records.actions)
    legs, reduces = spans.legs, spans.legs["reduces"]
    entry, final = legs[spans.first], legs[spans.last]
    units, worth = np.abs(legs["quantity"]), np.abs(legs["quantity"]) * legs["price"]
    entry_price = _mean(spans, units, worth, ~reduces)
    exit_price = _mean(spans, units, worth, reduces)
    most = spans.gathered(np.maximum, np.maximum(np.abs(legs["position"]), np.abs(legs["quantity"])))
    order = np.arange(len(spans))[spans.order].tolist()
    found = []
    for trip, span in enumerate(order):
        closed = int(final["position"][span]) == 0
        first, last = (int(spans.places[place[span]]) for place in (spans.first, spans.last))
        gross, charges = int(spans.realised_paise[span]), int(spans.charges_paise[span])
        dividends = int(spans.dividends_paise[span])
        found.append(
            TradeJournalRow(
                session.fills[last][0].seq, trip, session.name, session.strategy,
                session.symbols[int(entry["instrument"][span])], "long" if entry["position"][span] > 0 else "short",
                int(most[span]), int(entry["time"][span]), int(final["time"][span]) if closed else None,
                float(entry_price[span]), float(exit_price[span]) if closed else None, gross, charges, dividends,
                gross + dividends - charges, str(records.settlements[first].reason),
                str(records.settlements[last].reason) if closed else "",
            )
        )  # fmt: skip
    return found


def _mean(
    spans: PositionSpans, units: NDArray[np.int64], worth: NDArray[np.float64], of: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Mean price of these legs of each span, rupees; NaN of none."""
    total = spans.gathered(np.add, np.where(of, units, 0))
    paid = spans.gathered(np.add, np.where(of, worth, 0.0))
    mean: NDArray[np.float64] = np.divide(paid, total, out=np.full(total.shape, np.nan), where=total > 0)
    return mean
