"""Rows of ``daily_performance``, ``monthly_performance`` and ``risk_metrics``: each strategy, and their sum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from framework.live.day_facts import SessionDay, is_whole, session_days
from framework.live.hours import day_of
from framework.store.account_rows import AccountRiskRow, DailyPerformanceRow, MonthlyPerformanceRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from framework.live.ledger import AccountLedger, DayEnd

WHOLE = ""
"""Session and strategy of the account's sum."""
STRICTNESS = ("active", "reduce_only", "halted")
SUMMED = (
    "orders", "fills", "refused", "changes", "trips", "wins", "gross_paise", "charges_paise", "net_paise",
)  # fmt: skip


def daily_rows(ledger: AccountLedger) -> list[DailyPerformanceRow]:
    """A row for each strategy and day, and for the account and day: a strategy without a bar that day stands still.

    A day has its rows once it is over.
    """
    found, by_session = [], {}
    whole = [day for day in ledger.days if is_whole(ledger, day)]
    for session in ledger.sessions.values():
        by_session[session.name] = {one.day: one for one in session_days(ledger, session) if one.day in whole}
        found += [_row(one, session.strategy) for one in by_session[session.name].values()]
    for day in whole:
        there = [days[day] for days in by_session.values() if day in days]
        elsewhere = [_latest(ledger, name, day) for name, days in by_session.items() if day not in days]
        found.append(_row(_sum(there, sum(elsewhere)), WHOLE))
    return found


def _row(one: SessionDay, strategy: str) -> DailyPerformanceRow:
    return DailyPerformanceRow(
        one.seq, one.session, day_of(one.day).isoformat(), strategy, one.orders, one.fills, one.refused, one.changes,
        one.trips, one.wins, one.gross_paise, one.charges_paise, one.net_paise, one.begins_paise, one.equity_paise,
        one.fall_paise, one.ratio if math.isfinite(one.ratio) else None, one.unprotected_s, one.rows,
    )  # fmt: skip


def _latest(ledger: AccountLedger, name: str, day: int) -> int:
    """Equity of a session that has no bar on a day: that of its day before, or its capital."""
    session = ledger.sessions[name]
    earlier = [one for one in session.days if one < day]
    return session.days[max(earlier)].equity_paise if earlier else session.folded.header.settings.capital_paise


def _sum(days: Sequence[SessionDay], elsewhere_paise: int) -> SessionDay:
    """The account's day: falls of its strategies add up to the most that it can have fallen."""
    total = {name: sum(getattr(one, name) for one in days) for name in SUMMED}
    return SessionDay(
        session=WHOLE,
        day=days[0].day,
        seq=max(one.seq for one in days),
        filled_orders=sum(one.filled_orders for one in days),
        ratio=total["changes"] / total["fills"] if total["fills"] else math.nan,
        equity_paise=sum(one.equity_paise for one in days) + elsewhere_paise,
        begins_paise=sum(one.begins_paise for one in days) + elsewhere_paise,
        fall_paise=sum(one.fall_paise for one in days),
        unprotected_s=sum(one.unprotected_s for one in days),
        rows=sum(one.rows for one in days),
        **total,
    )


def monthly_rows(ledger: AccountLedger) -> list[MonthlyPerformanceRow]:
    """Sums of the days of each month; its fall is that of its worst day."""
    months: dict[tuple[str, str], list[DailyPerformanceRow]] = {}
    for row in daily_rows(ledger):
        months.setdefault((row.session_name, row.day[:7]), []).append(row)
    return [
        MonthlyPerformanceRow(
            seq=max(row.seq for row in rows),
            session_name=name,
            month=month,
            strategy=rows[0].strategy,
            days=len(rows),
            begins_paise=rows[0].begins_paise,
            equity_paise=rows[-1].equity_paise,
            fall_paise=max(row.fall_paise for row in rows),
            **{each: sum(getattr(row, each) for row in rows) for each in SUMMED},
        )
        for (name, month), rows in months.items()
    ]


def risk_rows(ledger: AccountLedger) -> list[AccountRiskRow]:
    """The account's risk at the last close of each day: the sum of its strategies, in the strictest of their states."""
    capital = sum(one.folded.header.settings.capital_paise for one in ledger.sessions.values())
    found, before, highest = list[AccountRiskRow](), capital, capital
    deposits = capital
    for day in ledger.days:
        ends = [end for end in (_end(one.days, day) for one in ledger.sessions.values()) if end is not None]
        idle = sum(
            one.folded.header.settings.capital_paise for one in ledger.sessions.values() if _end(one.days, day) is None
        )
        equity, paid = sum(end.equity_paise for end in ends) + idle, sum(end.deposit_paise for end in ends) + idle
        begins = before + paid - deposits
        highest = max(highest + paid - deposits, equity)
        found.append(
            AccountRiskRow(
                max(end.seq for end in ends), day_of(day).isoformat(), equity,
                sum(end.exposure_paise for end in ends), equity - begins, highest - equity,
                100.0 * (highest - equity) / highest if highest > 0 else 0.0,
                sum(end.buying_power_paise for end in ends) + idle, _strictest(end.state for end in ends),
            )
        )  # fmt: skip
        before, deposits = equity, paid
    return found


def _end(days: dict[int, DayEnd], day: int) -> DayEnd | None:
    """End of a day, or of the latest one before it."""
    known = [one for one in days if one <= day]
    return days[max(known)] if known else None


def _strictest(states: Iterable[str]) -> str:
    return max(states, key=STRICTNESS.index)
