"""The rows about one thing in the order of their days: no day has two, no day between two has none."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from framework.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framework.market.charge_rows import ChargeRow

DAY = timedelta(days=1)


class RatePeriod(NamedTuple):
    """The days on which a row is in force: its own, less those that another file overrides."""

    first: date
    last: date
    """Included; ``date.max`` is open."""
    row: ChargeRow


def timeline(about: str, rows: Sequence[ChargeRow], overriding: Sequence[ChargeRow]) -> tuple[RatePeriod, ...]:
    """Spans in the order of their days. Rows that overlap, and days between rows without one, are a ConfigError."""
    under, over = _spans(about, rows), _spans(about, overriding)
    for cutter in over:
        under = [piece for span in under for piece in _without(span, cutter)]
    spans = sorted(under + over)
    for before, after in pairwise(spans):
        if after.first > before.last + DAY:
            raise ConfigError(
                f"charges of {about}: no row from {before.last + DAY} to {after.first - DAY}, between {before.row} and "
                f"{after.row}; lengthen one of them or add a row"
            )
    return tuple(spans)


def _spans(about: str, rows: Sequence[ChargeRow]) -> list[RatePeriod]:
    periods = (RatePeriod(row.valid_from, row.valid_to or date.max, row) for row in rows)
    spans = sorted(periods, key=lambda period: period[:2])
    for before, after in pairwise(spans):
        if after.first <= before.last:
            raise ConfigError(
                f"charges of {about}: {before.row} and {after.row} overlap on {after.first}; end one before the other, "
                "or put yours into a file that begins with overrides: true"
            )
    return spans


def _without(span: RatePeriod, cutter: RatePeriod) -> list[RatePeriod]:
    if cutter.last < span.first or cutter.first > span.last:
        return [span]
    pieces = []
    if span.first < cutter.first:
        pieces.append(span._replace(last=cutter.first - DAY))
    if cutter.last < span.last:
        pieces.append(span._replace(first=cutter.last + DAY))
    return pieces
