"""Rows that follow from an account's journal: a class for each table, a field for each column (schema/0012, 0013).

``account``, the first column of each table, is not in a row: rows are written for one account. ``seq`` is the entry of
the journal that tells of the row last. Money in paise, times in UTC nanoseconds, quantities as the schema says.
"""

from __future__ import annotations

from typing import NamedTuple


class PaperOrderRow(NamedTuple):
    """Row of ``paper_orders``."""

    seq: int
    session_name: str
    order_id: int
    strategy: str
    tag: str
    broker_id: str
    symbol: str
    side: str
    requested: int
    quantity: int
    order_type: str
    limit_price: float | None
    trigger_price: float | None
    product: str
    validity: str
    reason: str
    state: str
    filled: int
    why: str
    decided_ns: int
    sent_ns: int | None
    ended_ns: int | None


class PaperExecutionRow(NamedTuple):
    """Row of ``paper_executions``."""

    seq: int
    step: int
    session_name: str
    fill_id: str
    order_id: int
    symbol: str
    side: str
    quantity: int
    price: float | None
    value_paise: int
    charges_paise: int
    gross_paise: int
    position: int
    reason: str
    time_ns: int


class PaperPositionRow(NamedTuple):
    """Row of ``paper_positions``."""

    seq: int
    session_name: str
    symbol: str
    product: str
    quantity: int
    average_price: float | None
    last_price: float | None
    cost_paise: int
    value_paise: int
    unrealised_paise: int


class TradingSignalRow(NamedTuple):
    """Row of ``trading_signals``."""

    seq: int
    step: int
    session_name: str
    strategy: str
    bar_ns: int
    symbol: str
    kind: str
    target: float | None
    quantity: int | None
    stop_price: float | None
    take_profit: float | None
    trail: float | None
    limit_price: float | None
    trigger_price: float | None
    label: str


class StopLossOrderRow(NamedTuple):
    """Row of ``stop_loss_orders``."""

    seq: int
    session_name: str
    order_id: int
    symbol: str
    side: str
    quantity: int
    trigger_price: float
    limit_price: float | None
    reason: str
    state: str
    filled: int
    changes: int
    placed_ns: int
    ended_ns: int | None


class TradeJournalRow(NamedTuple):
    """Row of ``trade_journal``."""

    seq: int
    trip: int
    session_name: str
    strategy: str
    symbol: str
    side: str
    quantity: int
    entry_ns: int
    exit_ns: int | None
    entry_price: float
    exit_price: float | None
    gross_paise: int
    charges_paise: int
    dividends_paise: int
    net_paise: int
    entry_reason: str
    exit_reason: str


class DailyPerformanceRow(NamedTuple):
    """Row of ``daily_performance``; ``session_name`` and ``strategy`` are empty of the whole account."""

    seq: int
    session_name: str
    day: str
    strategy: str
    orders: int
    fills: int
    refused: int
    changes: int
    trips: int
    wins: int
    gross_paise: int
    charges_paise: int
    net_paise: int
    begins_paise: int
    equity_paise: int
    fall_paise: int
    order_to_trade: float | None
    unprotected_s: float
    rows_decided: int


class MonthlyPerformanceRow(NamedTuple):
    """Row of ``monthly_performance``."""

    seq: int
    session_name: str
    month: str
    strategy: str
    days: int
    orders: int
    fills: int
    refused: int
    changes: int
    trips: int
    wins: int
    gross_paise: int
    charges_paise: int
    net_paise: int
    begins_paise: int
    equity_paise: int
    fall_paise: int


class MarketQuoteRow(NamedTuple):
    """Row of ``market_quotes``."""

    seq: int
    symbol: str
    timeframe: str
    open: float
    high: float
    low: float
    close: float
    volume: float | None
    bar_ns: int
    close_ns: int


class SystemMetricRow(NamedTuple):
    """Row of ``system_metrics``."""

    seq: int
    day: str
    metric: str
    value: float
    unit: str


class ApplicationLogRow(NamedTuple):
    """Row of ``application_logs``, and of ``error_logs``."""

    seq: int
    time_ns: int
    level: str
    kind: str
    run: str
    session_name: str
    tag: str
    symbol: str
    text: str


class AccountRiskRow(NamedTuple):
    """Row of ``risk_metrics`` of an account."""

    seq: int
    session: str
    equity_paise: int
    exposure_paise: int
    daily_pnl_paise: int
    drawdown_paise: int
    drawdown_percent: float
    buying_power_paise: int
    state: str


class AccountBreakerRow(NamedTuple):
    """Row of ``circuit_breaker_events`` that a journal tells of."""

    seq: int
    step: int
    session_name: str
    time_ns: int
    state_before: str
    state_after: str
    cause: str
    value: int
    bound: int
    symbol: str
    who: str
    why: str


AccountRow = (
    PaperOrderRow | PaperExecutionRow | PaperPositionRow | TradingSignalRow | StopLossOrderRow | TradeJournalRow
    | DailyPerformanceRow | MonthlyPerformanceRow | MarketQuoteRow | SystemMetricRow | AccountRiskRow
    | AccountBreakerRow | ApplicationLogRow
)  # fmt: skip
TABLES: dict[str, type] = {
    "paper_orders": PaperOrderRow,
    "paper_executions": PaperExecutionRow,
    "paper_positions": PaperPositionRow,
    "trading_signals": TradingSignalRow,
    "stop_loss_orders": StopLossOrderRow,
    "trade_journal": TradeJournalRow,
    "daily_performance": DailyPerformanceRow,
    "monthly_performance": MonthlyPerformanceRow,
    "risk_metrics": AccountRiskRow,
    "circuit_breaker_events": AccountBreakerRow,
    "market_quotes": MarketQuoteRow,
    "system_metrics": SystemMetricRow,
    "application_logs": ApplicationLogRow,
    "error_logs": ApplicationLogRow,
}
"""Table → class of its rows."""
