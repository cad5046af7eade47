"""Unprotected time: seconds that a strategy with stops held a position without enough of a resting stop.

A position begins when it was filled, and ends so. A market of bars dates a fill at its bar's open and lets the stop
work within that very bar, so there a position begins when the fill was told. A stop counts from the broker's word that
it rests, with the units it has left: a stop for fewer units than are held is none for this figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.live.ledger import SessionLedger

NS = 1_000_000_000


def has_stops(ledger: SessionLedger) -> bool:
    """True for a session that ever protected a position by a stop, or whose settings do."""
    exits = ledger.folded.header.settings.exits
    return bool(ledger.stops) or exits.stop_loss is not None or exits.trail is not None


def unprotected_seconds(ledger: SessionLedger, first_ns: int, last_ns: int) -> float:
    """Seconds between two moments (UTC nanoseconds), summed over the instruments; 0 for a session without stops."""
    if not has_stops(ledger):
        return 0.0
    total = sum(_of_instrument(ledger, i, first_ns, last_ns) for i in range(len(ledger.symbols)))
    return total / NS


def _of_instrument(ledger: SessionLedger, instrument: int, first_ns: int, last_ns: int) -> int:
    marks: list[tuple[int, int, int]] = []  # moment, order id (0 = the position), units
    latest = 0
    for noted, _ in ledger.fills:
        fill = noted.body.fill
        if fill.instrument == instrument:
            late = noted.seq in ledger.by_bars and not noted.body.reduces
            latest = max(latest, noted.at if late else fill.time)  # an exit within its entry's bar comes after it
            marks.append((latest, 0, noted.body.position))
    marks += [(one.at, one.order_id, one.units) for one in ledger.stops if one.instrument == instrument]
    marks.sort(key=lambda mark: mark[0])
    bare, since, held = 0, first_ns, 0
    resting: dict[int, int] = {}
    for at, order_id, units in [*marks, (last_ns, -1, 0)]:
        until = min(max(at, first_ns), last_ns)
        if held and sum(resting.values()) < abs(held):
            bare += until - since
        since = until
        if order_id > 0:
            resting[order_id] = units
        elif order_id == 0:
            held = units
    return bare
