"""Units of a full target, and why there are none. Mirrors ``framework.session.sizer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.rules import exits, sizing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from framework.engines.kernel.layout import Bar, Params, State

NAN = float("nan")


def full_units(s: State, p: Params, bar: Bar, t: int, i: int, side: int) -> int:
    """Units of a full target of instrument ``i`` on one side at the decision close."""
    book, close = s.books[i], bar.close[t, i]
    distance = exits.stop_distance(
        book.entry_stop,
        book.entry_trail,
        exits.rupees_of(p.stop_amount, p.stop_percent, close),
        exits.rupees_of(p.trail_amount, p.trail_percent, close),
    )
    margin = p.long_margin if side > 0 else p.short_margin
    volatility, share = at_row(bar.volatility, t, i), allotment(s, p, bar, t, i)
    return sizing.full_units(
        p.sizing_kind, amount(s, p), share, s.account[0].equity_paise, close, distance, volatility, margin, book.lot
    )


def amount(s: State, p: Params) -> float:
    """The sizing's amount: of Kelly, what the round trips so far make of it."""
    if p.sizing_kind != sizing.KELLY:
        plain: float = p.sizing_amount
        return plain
    account = s.account[0]
    return sizing.kelly_amount(
        p.sizing_amount, p.kelly_cap, p.kelly_after, p.kelly_start,
        account.closed, account.won, account.won_paise, account.lost_paise,
    )  # fmt: skip


def allotment(s: State, p: Params, bar: Bar, t: int, i: int) -> float:
    """The instrument's share of equity; of equal risk, among those that have a volatility at this close."""
    if p.sizing_kind != sizing.EQUAL_RISK:
        equal: float = p.allotment
        return equal
    total = 0.0
    for j in range(s.books.shape[0]):
        total += sizing.inverse(at_row(bar.volatility, t, j))
    return sizing.equal_risk_allotment(at_row(bar.volatility, t, i), total)


def why_none(s: State, p: Params, bar: Bar, t: int, i: int) -> int:
    """Reason why a target means no unit."""
    volatility, equity, units = at_row(bar.volatility, t, i), s.account[0].equity_paise, s.books[i].full_units
    return sizing.why_none(p.sizing_kind, amount(s, p), volatility, equity, units)


def at_row(values: NDArray[np.float64], t: int, i: int) -> float:
    """One optional price; NaN where the strategy never gives it."""
    return values[t, i] if values.shape[0] > 0 else NAN
