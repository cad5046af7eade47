"""A run over 2000 to 2026 pays on each day what was in force: every fill against rates typed here by date."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest

from framework import Bars, Signals, Strategy, backtest

DAY = 86_400_000_000_000
FIRST, LAST = date(2000, 1, 3), date(2026, 10, 30)
STT = {"2000": "0", "2004-10-01": "0.075", "2005-06-01": "0.1", "2006-06-01": "0.125", "2012-07-01": "0.1"}
EXCHANGE = {
    "2000": "0.00325", "2021-01-01": "0.00345", "2023-04-01": "0.00335", "2024-04-01": "0.00332",
    "2024-10-01": "0.00307",
}  # fmt: skip
SEBI = {"2000": "0.00015", "2019-04-01": "0.0001", "2020-06-01": "0.00005", "2021-04-01": "0.0001"}
STAMP = {"2000": "0", "2020-07-01": "0.015"}
BROKERAGE = {"2000": "0", "2021-01-01": "2.5"}
TAX = {
    "2000": "5", "2003-05-14": "8", "2004-09-10": "10.2", "2006-04-18": "12.24", "2007-05-11": "12.36",
    "2009-02-24": "10.3", "2012-04-01": "12.36", "2015-06-01": "14", "2015-11-15": "14.5", "2016-06-01": "15",
    "2017-07-01": "18",
}  # fmt: skip


class InAndOut(Strategy):
    """Long after every other bar, so that every day has a fill."""

    def signals(self, bars: Bars) -> Signals:
        return Signals(np.arange(len(bars)) % 2 * 1.0)


def since(steps, day):
    return next(Decimal(rate) for first, rate in reversed(steps.items()) if day >= first)


def paisa(sum_):
    return sum_.quantize(Decimal("0.01"), ROUND_HALF_UP)


def by_date(day, value, side):
    """Charges of an Upstox delivery fill on NSE, in rupees."""

    def part(steps):
        return paisa(value * since(steps, day) / 100)

    brokerage, exchange, sebi = min(part(BROKERAGE), Decimal(20)), part(EXCHANGE), part(SEBI)
    tax = since(TAX, day) / 100
    base = brokerage + exchange + (sebi if day >= "2022-07-18" else 0)
    total = brokerage + part(STT) + exchange + sebi + paisa(base * tax)
    return total + (part(STAMP) if side == "BUY" else Decimal("18.5") + paisa(Decimal("18.5") * tax))


@pytest.mark.parametrize("engine", ["event", "compiled"])
def test_every_fill_of_27_years_pays_the_rates_of_its_day(engine):
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    time = np.array([(day - date(1970, 1, 1)).days * DAY for day in days])
    close = np.round(500 + 200 * np.sin(np.arange(len(days)) / 97), 2)
    bars = Bars.from_arrays("INFY", "1d", time, close, close, close, close)
    run = backtest(
        InAndOut(), bars, charges="upstox:CNC", sizing="fixed:17", capital=1e8, engine=engine, causality="off"
    )
    fills = run.fills_rows()
    assert len(days) - 2 <= len(fills)
    for fill in fills:
        day, value = fill.time[:10], paisa(Decimal(str(fill.price)) * abs(fill.quantity))
        assert by_date(day, value, fill.side) == Decimal(str(fill.charges)), fill
