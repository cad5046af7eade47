"""Projections of an account's journal: the rows of every table that follows from it, out of the ledger. Pure.

The journal is the truth; these tables are for SQL, notebooks and reports, and are written anew from it
(``tulya journal rebuild``). The same ledger gives the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framework.journal.account_entries import ExternalFill, Sending
from framework.live.log_rows import ERRORS, log_rows
from framework.live.performance_rows import daily_rows, monthly_rows, risk_rows
from framework.live.state_rows import breaker_rows
from framework.live.system_rows import system_rows
from framework.live.trip_rows import trip_rows
from framework.rules.money import value
from framework.store.account_rows import (
    MarketQuoteRow,
    PaperExecutionRow,
    PaperOrderRow,
    PaperPositionRow,
    StopLossOrderRow,
    TradingSignalRow,
)
from framework.types.orders import CancelRequest, OrderRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from framework.live.ledger import AccountLedger, Noted, SessionLedger

NO_SESSION = ""
"""Session of what belongs to no strategy."""
EXTERNAL = "external"


def projections(ledger: AccountLedger) -> dict[str, list[Any]]:
    """Rows by table; see ``framework.store.account_rows``."""
    sessions = list(ledger.sessions.values())
    return {
        "paper_orders": [row for one in sessions for row in order_rows(ledger, one)],
        "paper_executions": [*(row for one in sessions for row in execution_rows(one)), *external_rows(ledger)],
        "paper_positions": [*(row for one in sessions for row in position_rows(one)), *external_positions(ledger)],
        "trading_signals": [row for one in sessions for row in signal_rows(one)],
        "stop_loss_orders": [row for one in sessions for row in stop_rows(one)],
        "trade_journal": [row for one in sessions for row in trip_rows(one)],
        "daily_performance": daily_rows(ledger),
        "monthly_performance": monthly_rows(ledger),
        "risk_metrics": risk_rows(ledger),
        "circuit_breaker_events": breaker_rows(ledger),
        "market_quotes": quote_rows(sessions),
        "system_metrics": system_rows(ledger),
        "application_logs": log_rows(ledger),
        "error_logs": [row for row in log_rows(ledger) if row.level in ERRORS],
    }


def order_rows(ledger: AccountLedger, session: SessionLedger) -> Iterator[PaperOrderRow]:
    """Every order of a session, those that the review refused among them."""
    records, symbols = session.folded.records, session.symbols
    sent: dict[str, int] = {}
    for noted in ledger.entries[Sending]:
        sent.setdefault(noted.body.tag, noted.at)
    for record in records.every_order(session.folded.session) if records is not None else ():
        order = record.order
        submitted = session.submitted.get(order.order_id)
        tag = submitted.tag if submitted else ""
        yield PaperOrderRow(
            session.heard.get(order.order_id, 0), session.name, order.order_id, session.strategy, tag,
            ledger.folded.broker_ids.get(tag, ""), symbols[order.instrument], _side(record.requested),
            abs(record.requested), abs(record.verdict.quantity), order.type.name, _price(order.limit),
            _price(order.trigger), submitted.product if submitted else "", str(order.validity), str(order.reason),
            str(record.state), abs(record.filled), record.why or record.verdict.reason, order.decided_at,
            sent.get(tag), record.ended_at or None,
        )  # fmt: skip


def execution_rows(session: SessionLedger) -> Iterator[PaperExecutionRow]:
    """Every booked fill of a session."""
    for step, (noted, fill_id) in _numbered(session.fills):
        booked = noted.body
        fill = booked.fill
        yield PaperExecutionRow(
            noted.seq, step, session.name, fill_id, fill.order_id, session.symbols[fill.instrument],
            _side(fill.quantity), abs(fill.quantity), fill.price, booked.value_paise, booked.charges_paise,
            booked.gross_paise, booked.position, str(booked.reason), fill.time,
        )  # fmt: skip


def external_rows(ledger: AccountLedger) -> Iterator[PaperExecutionRow]:
    """Executions of no strategy."""
    units: dict[tuple[str, str], int] = {}
    for noted in ledger.entries[ExternalFill]:
        fill = noted.body
        held = units[fill.symbol, fill.product] = units.get((fill.symbol, fill.product), 0) + fill.quantity
        price = _price(fill.price)
        if fill.quantity:
            worth = value(price, abs(fill.quantity)) if price is not None else 0
            yield PaperExecutionRow(
                noted.seq, 0, NO_SESSION, fill.fill_id, 0, fill.symbol, _side(fill.quantity), abs(fill.quantity),
                price, worth, 0, 0, held, EXTERNAL, fill.time,
            )  # fmt: skip


def position_rows(session: SessionLedger) -> Iterator[PaperPositionRow]:
    """Positions that a session holds at the end of the journal."""
    account, settings = session.folded.session.account, session.folded.header.settings
    latest = max((one.seq for one in session.days.values()), default=0)
    for i in account.held:
        cost, marked = account.cost_paise[i], account.mark_paise[i]
        side = 1 if account.quantity[i] > 0 else -1
        yield PaperPositionRow(
            max(latest, session.fills[-1][0].seq if session.fills else 0), session.name, session.symbols[i],
            str(settings.product or settings.charges.product or ""), account.quantity[i], _price(account.average[i]),
            _price(account.close[i]), cost, marked, marked - side * cost,
        )  # fmt: skip


def external_positions(ledger: AccountLedger) -> Iterator[PaperPositionRow]:
    """Units of no strategy; what they cost, nobody knows."""
    seq = {(one.body.symbol, one.body.product): one.seq for one in ledger.entries[ExternalFill]}
    for (symbol, product), units in ledger.folded.external.items():
        if units:
            yield PaperPositionRow(
                seq.get((symbol, product), 0), NO_SESSION, symbol, product, units, None, None, 0, 0, 0
            )


def signal_rows(session: SessionLedger) -> Iterator[TradingSignalRow]:
    """Every decision that says something: targets, and the requests of ``on_bar``."""
    for noted, bar in session.decided:
        step = 0
        decisions = noted.body.decisions
        for i, target in enumerate(decisions.target if decisions is not None else ()):
            if target == target:  # noqa: PLR0124 - NaN keeps
                yield TradingSignalRow(
                    noted.seq, step, session.name, session.strategy, bar, session.symbols[i], "target",
                    float(target), None, _at(decisions.stop, i), _at(decisions.take_profit, i),
                    _at(decisions.trail, i), _at(decisions.limit, i), _at(decisions.trigger, i), "",
                )  # fmt: skip
                step += 1
        for request in noted.body.requests:
            yield _request_row(noted, step, session, bar, request)
            step += 1


def _request_row(
    noted: Noted, step: int, session: SessionLedger, bar: int, request: OrderRequest | CancelRequest
) -> TradingSignalRow:
    symbol = session.symbols[request.instrument]
    start = (noted.seq, step, session.name, session.strategy, bar, symbol)
    if isinstance(request, CancelRequest):
        return TradingSignalRow(*start, "cancel", None, None, None, None, None, None, None, request.label)
    prices = (_price(request.limit), _price(request.trigger))
    return TradingSignalRow(*start, "order", None, request.quantity, None, None, None, *prices, request.label)


def stop_rows(session: SessionLedger) -> Iterator[StopLossOrderRow]:
    """Every protective stop of a session."""
    records = session.folded.records
    for record in records.every_order(session.folded.session) if records is not None else ():
        order, submitted = record.order, session.submitted.get(record.order.order_id)
        if order.protective and order.trigger > 0.0 and submitted is not None:
            yield StopLossOrderRow(
                session.heard[order.order_id], session.name, order.order_id, session.symbols[order.instrument],
                _side(order.quantity), abs(order.quantity), order.trigger, _price(order.limit), str(order.reason),
                str(record.state), abs(record.filled), session.changes.get(order.order_id, 0), submitted.at,
                record.ended_at or None,
            )  # fmt: skip


def quote_rows(sessions: Sequence[SessionLedger]) -> list[MarketQuoteRow]:
    """The latest bar of each symbol and timeframe, as it was known."""
    found: dict[tuple[str, str], MarketQuoteRow] = {}
    for session in sessions:
        records = session.folded.records
        for row in records.rows if records is not None else ():
            for i, symbol in enumerate(session.symbols):
                if row.close[i] > 0.0:
                    key = (symbol, session.folded.header.timeframe)
                    if key not in found or found[key].bar_ns <= row.time:
                        seq = session.rows[row.time]
                        found[key] = MarketQuoteRow(
                            seq, *key, row.open[i], row.high[i], row.low[i], row.close[i],
                            row.volume[i] if row.volume[i] >= 0.0 else None, row.time, row.close_time,
                        )  # fmt: skip
    return list(found.values())


def _numbered(fills: Sequence[tuple[Noted, str]]) -> Iterator[tuple[int, tuple[Noted, str]]]:
    """Each with its place among those of its entry."""
    latest, step = -1, 0
    for one in fills:
        step = step + 1 if one[0].seq == latest else 0
        latest = one[0].seq
        yield step, one


def _side(units: int) -> str:
    return "BUY" if units > 0 else "SELL"


def _at(prices: Sequence[float] | None, i: int) -> float | None:
    return None if prices is None else _price(prices[i])


def _price(price: float) -> float | None:
    return float(price) if price > 0.0 else None
