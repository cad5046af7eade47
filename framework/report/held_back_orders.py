"""Held-back orders: shrunk or refused by risk, refused at their fill, or expired."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.report.frames import csv_text
from framework.report.wording import time_text
from framework.types.record import OrderState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from framework.types.record import OrderRecord, Record

SHRUNK, REFUSED, EXPIRED = OUTCOMES = ("shrunk", "refused", "expired")
UNKNOWN = "unknown"


class Intervention(NamedTuple):
    """One order that was held back, wholly or in part."""

    order_id: int
    instrument: int
    decided_row: int
    """Row of the panel at whose close it was decided."""
    outcome: str
    reason: str
    """Reason code of the refusal or of what shrank it; of an expired order why it existed."""
    asked: int
    """Signed units: what was requested, or what risk had left of it when its fill was refused or it ran out."""
    got: int
    """Signed units: what risk left, or what had filled."""
    price: float
    """Last close at the decision, rupees."""

    @property
    def units(self) -> int:
        """Units held back, ≥ 0."""
        return abs(self.asked - self.got)

    @property
    def rupees(self) -> float:
        """Rupees held back, at the decision's close."""
        return self.units * self.price


class Tally(NamedTuple):
    """Sums of the orders that one reason held back."""

    reason: str
    shrunk: int
    """Orders."""
    refused: int
    expired: int
    units: int
    """≥ 0, of all instruments."""
    rupees: float
    """At the decisions' closes."""
    first_row: int
    last_row: int


def interventions(record: Record) -> tuple[Intervention, ...]:
    """In the order of the orders; one that risk shrank and that then was refused or ran out stands there twice.

    A protective exit that went with its position was not held back, and neither was what the strategy took back itself.
    """
    return tuple(_interventions(record))


def tallies(found: Iterable[Intervention]) -> list[Tally]:
    """A row for each reason: those of risk with the most orders first, entries that ran out last."""
    groups: dict[tuple[bool, str], list[Intervention]] = {}
    for one in found:
        groups.setdefault((one.outcome == EXPIRED, one.reason), []).append(one)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))
    return [_tally(reason, members) for (_, reason), members in ordered]


def interventions_csv(record: Record, found: Iterable[Intervention]) -> str:
    """The text of ``interventions.csv``; times are those of the bar that decided, rupees at its close."""
    header = ("time", "order_id", "symbol", "side", "outcome", "reason", "asked", "got", "units", "close", "rupees")
    rows = (
        (
            decided(record, one.instrument, one.decided_row),
            one.order_id,
            record.panel.symbols[one.instrument],
            "BUY" if one.asked > 0 else "SELL",
            one.outcome,
            one.reason,
            abs(one.asked),
            abs(one.got),
            one.units,
            one.price,
            f"{one.rupees:.2f}",
        )
        for one in found
    )
    return csv_text(header, rows)


def facts(record: Record, found: Iterable[Intervention]) -> list[dict[str, Any]]:
    """The tallies as JSON values."""
    return [
        {
            **{name: value for name, value in one._asdict().items() if not name.endswith("_row")},
            "rupees": round(one.rupees, 2),
            "first": decided(record, 0, one.first_row),
            "last": decided(record, 0, one.last_row),
        }
        for one in tallies(found)
    ]


def decided(record: Record, instrument: int, row: int) -> str:
    """Time of the decision, as the other files write it."""
    return time_text(record.panel, instrument, int(record.panel.time[row]))


def _interventions(record: Record) -> Iterator[Intervention]:
    close_time, last = record.panel.close_time, len(record.panel) - 1
    for one in record.orders:
        for outcome, reason, asked, got in _steps(one):
            row = min(int(np.searchsorted(close_time, one.order.decided_at)), last)
            price = _last_close(record, one.order.instrument, row)
            yield Intervention(one.order.order_id, one.order.instrument, row, outcome, reason, asked, got, price)


def _steps(one: OrderRecord) -> Iterator[tuple[str, str, int, int]]:
    """Outcome, reason, signed units requested and received: first by the risk review, then at the order's end."""
    if one.order.protective:
        return
    left = one.verdict.quantity
    if left != one.requested:
        yield (SHRUNK if left else REFUSED, one.verdict.reason or one.why or UNKNOWN, one.requested, left)
    if one.state is OrderState.REFUSED and left:
        yield REFUSED, one.why or UNKNOWN, left, one.filled
    elif one.state is OrderState.EXPIRED and not one.order.reduces:
        yield EXPIRED, one.why or str(one.order.reason), left, one.filled


def _last_close(record: Record, i: int, row: int) -> float:
    """Close of the bar, or of the instrument's last one before it; 0 when it never had one."""
    close: float = record.panel.close[row, i]
    if close > 0:
        return close
    known = np.flatnonzero(record.panel.close[: row + 1, i] > 0)
    return float(record.panel.close[known[-1], i]) if known.shape[0] else 0.0


def _tally(reason: str, members: list[Intervention]) -> Tally:
    counts = Counter(one.outcome for one in members)
    rows = [one.decided_row for one in members]
    units, rupees = sum(one.units for one in members), sum(one.rupees for one in members)
    return Tally(reason, counts[SHRUNK], counts[REFUSED], counts[EXPIRED], units, rupees, min(rows), max(rows))
