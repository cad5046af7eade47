"""The tearsheet's tables as plain texts: monthly returns, costs, orders that were held back, round trips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from framework.report.breaker import STATES, WORDS, holds, row_of, when, why
from framework.report.charge_breakdown import NAMES, UNEXPLAINED, charges_by_year, reconciled
from framework.report.held_back_orders import decided, tallies
from framework.report.metrics import total_return
from framework.report.observations import session_rows
from framework.report.payload import own_rows
from framework.report.wording import minute_text, number, percent, reason_text
from framework.types.currency import money_text
from framework.types.rupees import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from framework.report.facts import RunFacts

MOST_TRIPS = 200
"""Rows of a table that are shown at a time."""
MOST_SORTED = 20_000
"""Round trips that the page can sort: some 4 MB of it."""
MOST_INTERVENTIONS = 100
FULL_HEAT = 10.0
"""A month of ± 10 % has the full colour."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Cell(NamedTuple):
    """A number in the monthly table: its text, and its heat in −100..100."""

    text: str
    heat: int


class YearReturns(NamedTuple):
    """A calendar year: twelve months, the year, and the benchmark's year."""

    year: int
    months: tuple[Cell, ...]
    total: Cell
    benchmark: Cell


def monthly(result: RunFacts) -> list[YearReturns]:
    """Returns by calendar month of the session closes, in percent; a month without a session is a dash."""
    rows = session_rows(result.record)
    if rows.shape[0] < 2:  # noqa: PLR2004 - the deposit and one close
        return []
    seen = result.observations
    months = seen.sessions.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    equity = np.concatenate([[seen.capital], seen.equity[rows[1:]]])
    benchmark = np.concatenate([[seen.capital], seen.benchmark[rows[1:]]])
    by_month = _by_period(months, equity)
    by_year, of_benchmark = _by_period(months // 12, equity), _by_period(months // 12, benchmark)
    return [
        YearReturns(
            year=1970 + year,
            months=tuple(_cell(by_month.get(year * 12 + month), FULL_HEAT) for month in range(12)),
            total=_cell(by_year[year], 3 * FULL_HEAT),
            benchmark=_cell(of_benchmark[year], 3 * FULL_HEAT),
        )
        for year in sorted(by_year)
    ]


def _by_period(periods: NDArray[np.int64], values: NDArray[np.float64]) -> dict[int, float]:
    """Period → return in percent from the last value before it to its own last value."""
    ends = np.flatnonzero(np.append(np.diff(periods) != 0, [True]))
    starts = np.concatenate([[0], ends[:-1]])
    pairs = zip(starts.tolist(), ends.tolist(), strict=True)
    return {int(periods[end]): 100 * total_return(values[[start, end]]) for start, end in pairs}


def _cell(value: float | None, full: float) -> Cell:
    if value is None or not np.isfinite(value):
        return Cell(NONE, 0)
    return Cell(number(value, 1 if abs(value) < 1000 else 0), round(max(-1.0, min(1.0, value / full)) * 100))  # noqa: PLR2004 - five digits fit


def yearly_costs(result: RunFacts) -> list[tuple[str, ...]]:
    """Year, each component, their sum, and the sum by contract notes; nothing without a broker's plan."""
    if not result.settings.charges.plan:
        return []
    found = list(zip(charges_by_year(result.record), reconciled(result.record), strict=True))
    rows = [(str(one.year), [*one.components, both.exact_paise, both.note_paise]) for one, both in found]
    if len(rows) > 1:
        rows.append(("All", [sum(column) for column in zip(*(amounts for _, amounts in rows), strict=True)]))
    return [(year, *(money_text(paise / 100, result.currency) for paise in amounts)) for year, amounts in rows]


def costs(result: RunFacts) -> list[tuple[str, str, str]]:
    """Component, rupees, and share of the gross profit (the profit there would have been without costs)."""
    seen, settings = result.observations, result.settings
    executed = len({one.fill.order_id for one in result.record.settlements})
    flat = settings.charges.flat_paise * executed / 100
    flat = min(flat, seen.charges)
    net = sum(one.net_paise for one in result.trips) / 100
    gross = net + seen.charges + seen.slippage

    def row(name: str, amount: float) -> tuple[str, str, str]:
        return name, money_text(amount, result.currency), percent(100 * amount / gross, 1) if gross > 0 else NONE

    rows = [row("Gross profit", gross)]
    if settings.charges.plan:
        years = charges_by_year(result.record)
        totals = [sum(parts) for parts in zip(*(one.components for one in years), strict=True)]
        rows += [row(name, -paise / 100) for name, paise in zip(NAMES.values(), totals, strict=False)]
        beyond = sum(one.unexplained for one in years)
        rows += [row(UNEXPLAINED, -beyond / 100)] if beyond else []
    elif settings.charges.rate_e8:
        rows.append(row(f"Charges, {settings.charges.rate_e8 / 1e6:g} % of value", flat - seen.charges))
    if settings.charges.flat_paise:
        rows.append(
            row(
                f"Charges, {money_text(settings.charges.flat_paise / 100, result.currency)} on {executed:,} orders",
                -flat,
            )
        )
    if not any((settings.charges.plan, settings.charges.rate_e8, settings.charges.flat_paise)):
        rows.append(row("Charges, none modelled", -seen.charges))
    rows.append(row(f"Slippage, {settings.slippage}", -seen.slippage))
    rows.append(row("Net profit, open positions included", net))
    return rows


def held_back(result: RunFacts) -> list[tuple[str, ...]]:
    """Reason, orders shrunk, refused and expired, units, rupees, and the first and last day."""
    return [
        (
            reason_text(one.reason),
            *(f"{count:,}" if count else NONE for count in (one.shrunk, one.refused, one.expired)),
            f"{one.units:,}",
            money_text(one.rupees, result.currency, 0),
            decided(result.record, 0, one.first_row)[:10],
            decided(result.record, 0, one.last_row)[:10],
        )
        for one in tallies(result.held_back)
    ]


def breaker_rows(result: RunFacts) -> list[tuple[str, ...]]:
    """State, cause, the bar that tripped it, how many closes were under it, and what ended it; the latest ones."""
    record = result.record
    return [
        (
            STATES[one.state],
            why(record, one.tripped),
            when(record, one.first_row),
            f"{one.last_row - one.first_row + 1:,}",
            "still holds"
            if one.ended is None
            else f"{WORDS[one.ended.cause]}, {when(record, row_of(record, one.ended))}",
        )
        for one in holds(record)
    ]


def intervention_rows(result: RunFacts) -> list[tuple[str, ...]]:
    """The interventions that held back the most rupees, in the order of their decisions."""
    largest = sorted(result.held_back, key=lambda one: -one.rupees)[:MOST_INTERVENTIONS]
    return [
        (
            decided(result.record, one.instrument, one.decided_row)[:16].replace("T", " "),
            result.symbols[one.instrument],
            "buy" if one.asked > 0 else "sell",
            one.outcome,
            reason_text(one.reason),
            f"{abs(one.asked):,}",
            f"{abs(one.got):,}",
            money_text(one.rupees, result.currency, 0),
        )
        for one in sorted(largest, key=lambda one: (one.decided_row, one.order_id))
    ]


def trip_rows(result: RunFacts) -> list[dict[str, Any]]:
    """The round trips by entry, at most ``MOST_SORTED``, as texts with the numbers to sort by."""
    panel = result.record.panel
    first = sorted(result.trips, key=lambda one: (one.entry_time, one.instrument))[:MOST_SORTED]

    def cell(text: str, value: float, sign: float = 0) -> dict[str, Any]:
        value = value if np.isfinite(value) else -1e18
        return {"text": text, "value": repr(value), "tone": "gain" if sign > 0 else "loss" if sign < 0 else ""}

    return [
        {
            "instrument": one.instrument,
            "rows": ",".join(map(str, own_rows(result.record, one))),
            "symbol": one.symbol,
            "side": one.side,
            "open": one.open,
            "entry_time": minute_text(panel, one.instrument, one.entry_time),
            "exit_time": minute_text(panel, one.instrument, one.exit_time),
            "exit_value": repr(one.exit_time),
            "entry_value": repr(one.entry_time),
            "why": f"{one.entry_reason} → {one.exit_reason}".replace("_", " "),
            "numbers": [
                cell(f"{one.quantity:,}", one.quantity),
                cell(money_text(one.entry_price, result.currency), one.entry_price),
                cell(money_text(one.exit_price, result.currency), one.exit_price),
                cell(f"{one.bars_held:,}", one.bars_held),
                cell(money_text(one.net_paise / 100, result.currency), one.net_paise, one.net_paise),
                cell(number(one.return_percent), one.return_percent, one.net_paise),
                cell(number(one.mae_percent), one.mae_percent),
                cell(number(one.mfe_percent), one.mfe_percent),
                cell(money_text(one.charges_paise / 100, result.currency), one.charges_paise),
            ],
        }
        for one in first
    ]


def sortable(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """The table's rows for the page to sort: instrument, its bars, and each cell as text or [text, value, tone]."""
    return [
        [
            one["instrument"],
            one["rows"],
            [
                one["symbol"],
                one["side"],
                [one["entry_time"], float(one["entry_value"]), ""],
                ["open" if one["open"] else one["exit_time"], float(one["exit_value"]), ""],
                *([cell["text"], float(cell["value"]), cell["tone"]] for cell in one["numbers"]),
                one["why"],
            ],
        ]
        for one in rows
    ]
