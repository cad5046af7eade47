"""Gap before a closing auction: continuous trading is over, resting stops with it, and the auction has no price yet.

What an intraday strategy still holds then is protected by nothing until the auction is matched, so it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from framework.live.schedule import MomentKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from framework.live.schedule import Schedule, ScheduleMoment
    from framework.live.traded_strategy import TradedStrategy

UNPROTECTED = "unprotected"
LONGEST_GAP_NS = 3_600_000_000_000
"""No auction takes longer from the end of continuous trading to its price."""
PRICED = (MomentKind.AUCTION_MATCHES, MomentKind.AUCTION_ENDS)


class BarePosition(NamedTuple):
    """Intraday position that has no protection within the gap."""

    session: str
    symbol: str
    text: str


def bare_positions(
    closing: ScheduleMoment, schedule: Schedule, traded: Iterable[TradedStrategy]
) -> tuple[BarePosition, ...]:
    """Intraday positions in instruments whose continuous trading has just ended and that have an auction to come."""
    later = [one for one in schedule.between(closing.time, closing.time + LONGEST_GAP_NS) if one.kind in PRICED]
    until = {symbol: one.time for one in reversed(later) for symbol in one.symbols if symbol in closing.symbols}
    return tuple(
        BarePosition(
            one.name,
            symbol,
            f"{one.deployed.name} holds {units:+,} {symbol} beyond {schedule.wall_clock(closing.time)}, the end of "
            f"continuous trading: unprotected until {schedule.wall_clock(until[symbol])}; its stop does not rest any "
            "more, and an order can only leave it in the auction",
        )
        for one in traded
        if one.settings.product == "MIS"
        for symbol, units in zip(one.symbols, one.session.account.quantity, strict=True)
        if units and symbol in until
    )
