"""What a run risked, session by session: by hand, and against the ledger's own buying power."""

from dataclasses import replace

import numpy as np

from framework.report.risk_days import breaker_rows, buying_power, risk_days
from framework.rules import ledger
from framework.store.records import BreakerRow, RiskRow
from framework.types import BreakerCause, BreakerEvent, TradingState
from tests.report.records import DAY, MINUTE, Trade, bars, make_record

ACTIVE, REDUCE_ONLY, HALTED = TradingState.ACTIVE, TradingState.REDUCE_ONLY, TradingState.HALTED


def tripped(record, *changes):
    """The record with breaker events: (row, after)."""
    before, events = ACTIVE, []
    for row, after in changes:
        close = int(record.panel.close_time[record.first_row + row])
        events.append(BreakerEvent(close, before, after, BreakerCause.DAILY_LOSS, 5, 4, 0))
        before = after
    return replace(record, breaker_events=tuple(events))


def test_four_days_by_hand():
    # Of ₹1,000 10 are bought at 20 on the second day. At closes 20, 22, 18, 23 the equity is 1000, 1020, 980, 1030.
    record = make_record([bars([20, 22, 18, 23])], [Trade(0, 1, 10, 20.0)], capital=1000)
    record = tripped(record, (2, REDUCE_ONLY), (3, ACTIVE))
    assert [
        RiskRow("2024-01-01", 100_000, 0, 0, 0, 0.0, 100_000, ACTIVE),
        RiskRow("2024-01-02", 102_000, 22_000, 2_000, 0, 0.0, 80_000, ACTIVE),
        # 40 below the highest close of 1,020: 3.92 %
        RiskRow("2024-01-03", 98_000, 18_000, -4_000, 4_000, 100 * 40 / 1020, 80_000, REDUCE_ONLY),
        RiskRow("2024-01-04", 103_000, 23_000, 5_000, 0, 0.0, 80_000, ACTIVE),
    ] == risk_days(record)


def test_the_deposit_is_the_first_peak_and_the_first_days_profit_is_since_it():
    # Bought at 20 on the first day, it closes at 15: 1,000 → 950.
    record = make_record([bars([15, 15])], [Trade(0, 0, 10, 20.0)], capital=1000)
    assert [(95_000, -5_000, 5_000, 5.0), (95_000, 0, 5_000, 5.0)] == [row[1:2] + row[3:6] for row in risk_days(record)]


def test_a_short_blocks_its_proceeds_and_its_margin():
    # 10 sold short at 20, marked at 25: cash 1,200, value 250. At 40 % margin 1200 − 250 − 100 are left.
    record = make_record([bars([25])], [Trade(0, 0, -10, 20.0)], capital=1000, short_margin=0.4)
    (row,) = risk_days(record)
    assert (95_000, 25_000, 85_000) == (row.equity_paise, row.exposure_paise, row.buying_power_paise)


def test_the_buying_power_is_the_ledgers():
    panel = [bars([100, 97, 104, 111], "LONG"), bars([50, 53, 49, 47], "SHORT")]
    trades = [Trade(0, 0, 30, 100.0), Trade(1, 1, -41, 50.0), Trade(0, 2, -30, 97.0), Trade(1, 3, -7, 49.0)]
    record = make_record(panel, trades, long_margin=0.23, short_margin=0.37)
    longs, shorts = [30 * 10_000, 30 * 9_700, 0, 0], [0, 41 * 5300, 41 * 4900, 48 * 4700]
    expected = [
        ledger.buying_power(cash, long, short, 0.23, 0.37, 0)
        for cash, long, short in zip(record.cash_paise.tolist(), longs, shorts, strict=True)
    ]
    assert expected == buying_power(record).tolist()


def test_a_session_of_many_bars_is_one_row_with_its_last_close():
    record = make_record([bars([20, 21, 22, 23], timeframe="1m", step=MINUTE)], [Trade(0, 1, 10, 20.0)], capital=1000)
    (row,) = risk_days(tripped(record, (1, HALTED)))
    assert ("2024-01-01", 103_000, 3_000, HALTED) == (row.session, row.equity_paise, row.daily_pnl_paise, row.state)


def test_rows_before_the_accounted_range_are_left_out():
    record = make_record([bars([20, 22, 18, 23])], first_row=2, capital=1000)
    assert ["2024-01-03", "2024-01-04"] == [row.session for row in risk_days(record)]
    assert [REDUCE_ONLY, ACTIVE] == [row.state for row in risk_days(tripped(record, (0, REDUCE_ONLY), (1, ACTIVE)))]


def test_events_name_their_instrument():
    record = make_record([bars([20, 22])])
    event = BreakerEvent(DAY, ACTIVE, HALTED, BreakerCause.RUNAWAY, 11, 10, 0)
    every = event._replace(cause=BreakerCause.DRAWDOWN, instrument=-1)
    assert [BreakerRow(event, "ABC"), BreakerRow(every)] == breaker_rows(replace(record, breaker_events=(event, every)))
    assert [] == breaker_rows(record)


def test_a_record_without_rows_has_no_days():
    record = make_record([bars([20, 22])])
    nothing = {name: getattr(record, name)[:0] for name in ("equity_paise", "cash_paise", "exposure_paise")}
    assert [] == risk_days(replace(record, first_row=2, **nothing))
    assert 0 == np.size(buying_power(replace(record, first_row=2, **nothing)))
