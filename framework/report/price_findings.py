"""Prices that a run rests on and that nobody could have traded at, or that are not what they look like."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framework.report.finding import Finding, Severity
from framework.report.wording import minute_text, percent
from framework.types.currency import money_text
from framework.types.intake.spikes import spikes
from framework.types.timeframe import DAY_NS, SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from framework.types.record import Record

STALE_SESSIONS = 5
"""Sessions of the others without a bar of its own, from which a last close is no mark any more: a trading week."""
CLOSES_ONLY_SHARE = 0.9
"""Bars without a range, as a share of all, from which a series is one of closes."""
FEW_BARS = 10
"""Bars below which a series without ranges tells nothing: a share of many may not move for some days."""
YEAR_NS = 366 * DAY_NS
"""A series that does not go on within it did not begin at the epoch: its first stamps are no times."""
NO_SHARES = ("index", "future", "option")


def price_findings(record: Record, fills: NDArray[np.void], created: str = "") -> Iterator[Finding]:
    """Findings about the prices behind the fills and the marks; ``created`` is when the run was made (ISO, UTC)."""
    if record.first_row >= len(record.panel):
        return
    yield from _out_of_time(record, created)
    yield from _stale_marks(record)
    yield from _without_volume(record, fills)
    yield from _filled_in_spikes(record, fills)
    yield from _closes_only(record, fills)
    yield from _short_over_night(record, fills)


def _out_of_time(record: Record, created: str) -> Iterator[Finding]:
    """Bars that cannot be: at the beginning of computers' time, or later than the run itself."""
    time = record.panel.time
    first, early = np.searchsorted(time, (-DAY_NS, 2 * DAY_NS)).tolist()
    early = early if early == len(time) or int(time[early]) > YEAR_NS else 0
    if early > first:
        yield Finding(
            Severity.ERROR,
            f"{early - first:,} bar{'s are' if early - first > 1 else ' is'} stamped 1970-01-01 and the next one comes "
            "years later, if any: an empty or unread time becomes that day. Leave such rows out.",
        )
    made = int(datetime.fromisoformat(created).timestamp()) * SECOND_NS if created else 0
    late = len(time) - int(np.searchsorted(time, made, side="right")) if made else 0
    if late:
        last = minute_text(record.panel, 0, int(time[-1]))
        yield Finding(
            Severity.ERROR,
            f"{late:,} bar{'s open' if late > 1 else ' opens'} later than the run was made ({created[:10]}), the last "
            f"one {last}: nobody knew these prices. A time zone or a date is wrong.",
        )


def _stale_marks(record: Record) -> Iterator[Finding]:
    """Positions at the end whose instrument has had no bar for a trading week or more."""
    panel, sessions = record.panel, np.unique(record.panel.session)
    equity = int(record.equity_paise[-1])
    for column, quantity in enumerate(record.positions):
        rows = panel.rows_of(column)
        if not quantity or not rows.shape[0]:
            continue
        last = int(rows[-1])
        missed = sessions.shape[0] - int(np.searchsorted(sessions, panel.session[last], side="right"))
        if missed < STALE_SESSIONS:
            continue
        close = float(panel.close[last, column])
        worth = quantity * close
        part = f", {percent(100 * 100 * worth / equity, 0)} of the equity" if equity > 0 else ""
        yield Finding(
            Severity.WARNING,
            f"{panel.symbols[column]} has no bar after {minute_text(panel, column, int(panel.time[last]))}, "
            f"{missed:,} sessions before the end, and {quantity:+,} are held: they count with that last close, "
            f"{money_text(close, panel.currency)}, in all {money_text(worth, panel.currency)}{part}. Delisted, "
            "suspended, or the data end there.",
        )


def _without_volume(record: Record, fills: NDArray[np.void]) -> Iterator[Finding]:
    """Fills on bars on which nothing traded, of instruments that have volumes."""
    panel = record.panel
    traded = np.array([bool(np.nanmax(_or_nothing(bars.volume), initial=0.0) > 0) for bars in panel.bars()])
    rows = np.searchsorted(panel.time, fills["time"], side="right") - 1
    column = fills["instrument"]
    empty = np.flatnonzero((panel.volume[rows, column] == 0) & traded[column])
    if empty.shape[0]:
        first = int(fills["instrument"][empty[0]])
        where = f"{panel.symbols[first]} on {minute_text(panel, first, int(fills['time'][empty[0]]))}"
        yield Finding(
            Severity.WARNING,
            f"{empty.shape[0]:,} of {fills.shape[0]:,} fills are on bars with a volume of 0, the first in {where}: "
            "nothing traded then, a share was suspended or its price locked. --volume-cap 10% lets orders wait for "
            "somebody to trade with.",
        )


def _or_nothing(volume: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(volume), 0.0, volume)


def _filled_in_spikes(record: Record, fills: NDArray[np.void]) -> Iterator[Finding]:
    """Bars with a high or a low far outside everything around them: a target there was met by one bad tick."""
    panel = record.panel
    found: list[tuple[int, int, float, int]] = []
    for column, bars in enumerate(panel.bars()):
        spiked = spikes(bars.open, bars.high, bars.low, bars.close)
        own = fills["time"][fills["instrument"] == column]
        within = np.searchsorted(own, bars.close_time[spiked.rows]) - np.searchsorted(own, bars.time[spiked.rows])
        times = bars.time[spiked.rows].tolist()
        found += zip([column] * len(times), times, spiked.size.tolist(), within.tolist(), strict=True)
    if not found:
        return
    filled = sum(count for *_, count in found)
    column, time, size, _ = max(found, key=lambda one: (one[3] > 0, abs(one[2])))
    bars_are = f"{len(found):,} bars stand" if len(found) > 1 else "1 bar stands"
    fills_are = f"{filled:,} fill{'s are' if filled != 1 else ' is'} within {'them' if len(found) > 1 else 'it'}"
    yield Finding(
        Severity.WARNING if filled else Severity.NOTE,
        f"{bars_are} far outside everything around, as a bad tick does: the {'high' if size > 0 else 'low'} of "
        f"{panel.symbols[column]} on {minute_text(panel, column, time)} by {percent(100 * math.expm1(abs(size)), 0)}; "
        f"{fills_are}.",
    )


def _closes_only(record: Record, fills: NDArray[np.void]) -> Iterator[Finding]:
    """Series of closes: every bar has one price, so that nothing inside a bar can be seen."""
    panel = record.panel
    flat = [
        panel.symbols[column]
        for column, bars in enumerate(panel.bars())
        if len(bars) >= FEW_BARS and float(np.mean(bars.high == bars.low)) >= CLOSES_ONLY_SHARE
    ]
    if not flat or not fills.shape[0]:
        return
    exits = record.settings.exits
    waits = any((exits.stop_loss, exits.take_profit, exits.trail)) or any(
        name in record.prices for name in ("stop", "take_profit", "trail", "limit", "trigger")
    )
    names = ", ".join(flat[:3]) + (f" and {len(flat) - 3:,} more" if len(flat) > 3 else "")  # noqa: PLR2004 - a line's worth
    what = (
        "stops, targets and limits meet no price inside a bar and fill at a later one, worse or better than in truth"
        if waits
        else "fills are at closes that are called opens, and drawdowns inside a bar are not seen"
    )
    yield Finding(
        Severity.WARNING if waits else Severity.NOTE,
        f"The bars of {names} have one price each (open = high = low = close): {what}.",
    )


class Nights(NamedTuple):
    """Shorts of one instrument that lasted beyond their session."""

    column: int
    first: int
    """UTC nanoseconds of the first sale."""
    times: int


def _short_over_night(record: Record, fills: NDArray[np.void]) -> Iterator[Finding]:
    """Shares sold short and kept over night, where no product says how."""
    panel = record.panel
    if record.settings.product is not None or not fills.shape[0]:
        return
    found = [one for column in range(len(panel.instruments)) if (one := _nights(record, fills, column)).times]
    if found:
        first = min(found, key=lambda one: one.first)
        names = ", ".join(panel.symbols[one.column] for one in found[:3])
        more = f" and {len(found) - 3:,} more" if len(found) > 3 else ""  # noqa: PLR2004 - a line's worth
        times = sum(one.times for one in found)
        yield Finding(
            Severity.WARNING,
            f"Shares were held short over night {times:,} time{'s' if times > 1 else ''} ({names}{more}; first "
            f"{minute_text(panel, first.column, first.first)}), and no fee for borrowing them was paid. In India a "
            "share can be sold short within a session only: --product MIS closes it that day, a future may stay.",
        )


def _nights(record: Record, fills: NDArray[np.void], column: int) -> Nights:
    panel, instrument = record.panel, record.panel.instruments[column]
    if instrument.expiry or any(word in instrument.kind for word in NO_SHARES):
        return Nights(column, 0, 0)
    own = fills[fills["instrument"] == column]
    session = panel.session[np.searchsorted(panel.time, own["time"], side="right") - 1]
    until = np.append(session[1:], panel.session[-1])
    kept = np.flatnonzero((own["position"] < 0) & (until > session))
    return Nights(column, int(own["time"][kept[0]]) if kept.shape[0] else 0, int(kept.shape[0]))
