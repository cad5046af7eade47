"""Records made by hand: a few bars, a few fills, and the ledger worked out here, independently of the framework's."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from framework.report.result import Result
from framework.types import (
    Bars,
    Causality,
    CausalityVerdict,
    Fill,
    Instrument,
    Order,
    OrderRecord,
    OrderState,
    OrderType,
    Panel,
    Reason,
    Record,
    Settings,
    Settlement,
    Verdict,
)
from framework.types.record import SimulatedFill

DAY = 86_400_000_000_000
MINUTE = 60_000_000_000
PASSED = Causality(CausalityVerdict.PASSED, checked_decisions=4, decisions=4, cuts=9)


class Trade(NamedTuple):
    """A fill as a test writes it down."""

    column: int
    row: int
    quantity: int
    price: float
    charges: float = 0.0
    """Rupees."""
    reason: Reason = Reason.SIGNAL
    at_open: bool = True
    unslipped: float | None = None
    type: OrderType = OrderType.MARKET


def half_up(value: Fraction) -> int:
    return int((value + Fraction(1, 2)) // 1)


def bars(
    closes: Sequence[float],
    symbol: str | Instrument = "ABC",
    timeframe: str = "1d",
    start: str = "2024-01-01",
    spread: float = 1.0,
    opens: Sequence[float] | None = None,
    step: int = DAY,
) -> Bars:
    """Bars on consecutive days (or steps) from start; open = the close before, high and low ± spread."""
    close = np.asarray(closes, dtype=np.float64)
    open_ = np.concatenate([close[:1], close[:-1]]) if opens is None else np.asarray(opens, dtype=np.float64)
    first = int(np.datetime64(start, "ns").astype(np.int64))
    time = first + np.arange(close.shape[0]) * step
    high, low = np.maximum(open_, close) + spread, np.minimum(open_, close) - spread
    return Bars.from_arrays(symbol, timeframe, time, open_, high, low, close, np.full(close.shape, 1000.0))


def ledger(panel: Panel, trades: Sequence[Trade], settings: Settings) -> tuple[list[Settlement], dict[str, Any]]:
    """Book the trades with exact fractions, and value the account at every close."""
    cash = Fraction(settings.capital_paise)
    held = [0] * len(panel.instruments)
    cost = [Fraction(0)] * len(panel.instruments)
    settlements: list[Settlement] = []
    equity, cashes, exposure = [], [], []
    last = [np.nan] * len(panel.instruments)
    queue = sorted(enumerate(trades, start=1), key=lambda pair: pair[1].row)
    for row in range(len(panel)):
        while queue and queue[0][1].row == row:
            number, trade = queue.pop(0)
            i, q = trade.column, trade.quantity
            value = half_up(Fraction(trade.price * abs(q)) * 100)
            charges = round(trade.charges * 100)
            before, after = held[i], held[i] + q
            reduces = before * q < 0
            cost_out = gross = Fraction(0)
            if reduces:
                closed = min(abs(q), abs(before))
                cost_out = (cost[i] * closed / abs(before)) // 1 if closed < abs(before) else cost[i]
                part = Fraction(value * closed, abs(q)) // 1 if closed < abs(q) else Fraction(value)
                gross = (part - cost_out) * (1 if before > 0 else -1)
                cost[i] -= cost_out
                if closed < abs(q):
                    cost[i] = value - part
            else:
                cost[i] += value
            held[i] = after
            cash += -value - charges if q > 0 else value - charges
            fill = Fill(number, i, q, trade.price, int(panel.time[row]))
            seen = SimulatedFill(trade.unslipped or trade.price, trade.at_open)
            settlements.append(
                Settlement(
                    fill, trade.reason, reduces, value, charges, int(cost_out), int(gross), after, int(cash), "", seen
                )
            )
        for i, close in enumerate(panel.close[row]):
            if np.isfinite(close):
                last[i] = float(close)
        marks = [
            half_up(Fraction(last[i] * abs(q)) * 100) * (1 if q > 0 else -1) if q else 0 for i, q in enumerate(held)
        ]
        equity.append(int(cash) + sum(marks))
        cashes.append(int(cash))
        exposure.append(sum(map(abs, marks)))
    account = {
        "equity_paise": np.array(equity, dtype=np.int64),
        "cash_paise": np.array(cashes, dtype=np.int64),
        "exposure_paise": np.array(exposure, dtype=np.int64),
    }
    return settlements, account | {"positions": tuple(held)}


def make_record(
    series: Sequence[Bars],
    trades: Sequence[Trade] = (),
    first_row: int = 0,
    orders: Sequence[OrderRecord] | None = None,
    notices: Sequence[Any] = (),
    breaker_events: Sequence[Any] = (),
    columns: dict[str, dict[str, np.ndarray]] | None = None,
    targets: np.ndarray | None = None,
    **settings: Any,
) -> Record:
    """A record of these trades over these bars."""
    panel = Panel.from_bars(series)
    chosen = Settings(**{"capital": 100_000.0} | settings)
    settlements, account = ledger(panel, trades, chosen)
    for name in ("equity_paise", "cash_paise", "exposure_paise"):
        account[name] = account[name][first_row:]
    if orders is None:
        orders = [
            OrderRecord(
                Order(number, t.column, t.quantity, t.type, t.reason, False, int(panel.close_time[max(t.row - 1, 0)])),
                t.quantity,
                Verdict(t.quantity),
                OrderState.FILLED,
                t.quantity,
                int(panel.time[t.row]),
            )
            for number, t in enumerate(trades, start=1)
        ]
    return Record(
        engine="event",
        panel=panel,
        settings=chosen,
        first_row=first_row,
        settlements=tuple(settlements),
        orders=tuple(orders),
        notices=tuple(notices),
        breaker_events=tuple(breaker_events),
        targets=targets,
        columns=columns or {},
        **account,
    )


def make_result(record: Record, **changes: Any) -> Result:
    """A result around a record."""
    plain = {
        "run_id": "20240101-0000-test-0000",
        "strategy": "test",
        "parameters": {"period": 14, "level": 30.0},
        "record": record,
        "causality": PASSED,
        "provenance": {"tulya": "0.1.0", "python": "3.11", "created": "2026-01-01T00:00:00+00:00"},
    }
    return Result(**plain | changes)


def small_result(**changes: Any) -> Result:
    """Ten days: a winner, a loser, and a position that is still open."""
    record = make_record(
        [bars([100, 102, 104, 106, 108, 106, 104, 102, 104, 106])],
        [
            Trade(0, 1, 10, 100.0, 1.0),
            Trade(0, 4, -10, 106.0, 1.06, Reason.TAKE_PROFIT),
            Trade(0, 5, 10, 108.0, 1.08),
            Trade(0, 7, -10, 104.0, 1.04, Reason.STOP_LOSS),
            Trade(0, 8, 10, 102.0, 1.02),
        ],
        charges="percent:0.1",
    )
    return make_result(record, **changes)
