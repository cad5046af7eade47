"""Risk of a run by session, and its breaker events: rows for the store, from a finished Record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from framework.store.records import BreakerRow, RiskRow
from framework.types import TradingState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from framework.types import Record


def risk_days(record: Record) -> list[RiskRow]:
    """One row for each session, with the figures of its last close."""
    sessions = record.panel.session[record.first_row :]
    if not sessions.size:
        return []
    ends = np.flatnonzero(np.diff(sessions, append=sessions[-1] + 1))
    equity = record.equity_paise
    peak = np.maximum.accumulate(np.maximum(equity, record.settings.capital_paise))[ends]
    last = equity[ends]
    drawdown = peak - last
    columns = (
        np.datetime_as_string(sessions[ends].astype("datetime64[D]")),
        last,
        record.exposure_paise[ends],
        np.diff(last, prepend=record.settings.capital_paise),
        drawdown,
        100.0 * drawdown / peak,
        buying_power(record)[ends],
    )
    return list(map(RiskRow, *(column.tolist() for column in columns), _states(record, ends)))


def breaker_rows(record: Record) -> list[BreakerRow]:
    """The run's breaker events, instruments by their names."""
    names = record.panel.instruments
    return [
        BreakerRow(event, str(names[event.instrument]) if event.instrument >= 0 else "")
        for event in record.breaker_events
    ]


def buying_power(record: Record) -> NDArray[np.int64]:
    """int64[R]: what new exposure may use at each close, before what working orders keep back (``rules.ledger``)."""
    settings, net = record.settings, record.equity_paise - record.cash_paise
    longs: NDArray[np.int64] = (record.exposure_paise + net) // 2
    shorts = longs - net
    lent = (longs * (1.0 - settings.long_share)).astype(np.int64)
    left: NDArray[np.int64] = record.cash_paise + lent - shorts - (shorts * settings.short_share).astype(np.int64)
    return left


def _states(record: Record, ends: NDArray[np.int64]) -> Iterator[TradingState]:
    """The state at the close of each of these rows."""
    state, events = TradingState.ACTIVE, iter((*record.breaker_events, None))
    event = next(events)
    for close in record.panel.close_time[record.first_row :][ends].tolist():
        while event is not None and event.time <= close:
            state, event = event.after, next(events)
        yield state
