"""Two examples whose answers no program made: one worked by hand to the paisa, one printed in a table."""

import numpy as np
import pytest

from framework import Bars, Strategy, backtest
from strategies.rsi import RSI

DAY_NS = 86_400 * 10**9

# The ledger, worked by hand. Deposit 100,000.00; charges 20.00 an order and 0.03 % of its value, half a paisa up.
#
# day  fill              price      value    0.03 %  charges       cash  what it did
#  1   buy   7 INFY   1,500.35  10,502.45  3.150735   23.15   89,474.40  cost 10,502.45
#  1   sell  3 TCS    3,201.05   9,603.15  2.880945   22.88   99,054.67  received 9,603.15
#  2   buy   4 INFY   1,537.50   6,150.00  1.845      21.85   92,882.82  cost 10,502.45 + 6,150.00 = 16,652.45 for 11;
#                                                                        1.845 is half a paisa: up to 1.85
#  3   sell  5 INFY   1,530.55   7,652.75  2.295825   22.30  100,513.27  takes 5/11 of 16,652.45 = 7,569.2954… along,
#                                                                        floored: 7,569.29; gross 83.46; 9,083.16 left
#  4   buy   1 TCS    3,150.45   3,150.45  0.945135   20.95   97,341.87  1/3 of 9,603.15 = 3,201.05; gross 50.60
#  5   buy   2 TCS    3,260.20   6,520.40  1.95612    21.96   90,799.51  the rest, 6,402.10; gross −118.30
#
# At the last close, 1,540.25, the 6 INFY are worth 9,241.50: equity 90,799.51 + 9,241.50 = 100,041.01.
# The other way round: gross 83.46 + 50.60 − 118.30 = 15.76, charges 133.09, not realised 9,241.50 − 9,083.16 = 158.34:
# 100,000.00 + 15.76 − 133.09 + 158.34 = 100,041.01.
#
# day, symbol, quantity, price, charges, cash after it, cost taken out, gross
LEDGER = [
    (1, "INFY", 7, 1500.35, 23.15, 89_474.40, 0.00, 0.00),
    (1, "TCS", -3, 3201.05, 22.88, 99_054.67, 0.00, 0.00),
    (2, "INFY", 4, 1537.50, 21.85, 92_882.82, 0.00, 0.00),
    (3, "INFY", -5, 1530.55, 22.30, 100_513.27, 7569.29, 83.46),
    (4, "TCS", 1, 3150.45, 20.95, 97_341.87, 3201.05, 50.60),
    (5, "TCS", 2, 3260.20, 21.96, 90_799.51, 6402.10, -118.30),
]
OPENS = {
    "INFY": [1498.00, 1500.35, 1537.50, 1530.55, 1528.00, 1540.25],
    "TCS": [3190.00, 3201.05, 3195.00, 3180.00, 3150.45, 3260.20],
}


class AsWritten(Strategy):
    """Orders each line of the ledger one day before it fills."""

    def on_bar(self, ctx):
        for day, symbol, quantity, *_ in LEDGER:
            if day == ctx.row + 1:
                (ctx.buy if quantity > 0 else ctx.sell)(abs(quantity), symbol)


@pytest.fixture(scope="module")
def worked():
    days = (np.arange(6) + 19_000) * DAY_NS
    series = [Bars.from_arrays(symbol, "1d", days, price, price, price, price) for symbol, price in OPENS.items()]
    return backtest(AsWritten(), series, capital=100_000, charges="percent:0.03+flat:20", causality="off")


def paise(rupees):
    return round(rupees * 100)


def test_six_fills_long_and_short_come_to_the_hand_worked_paise(worked):
    booked = [
        (
            (line.fill.time // DAY_NS) - 19_000,
            worked.symbols[line.fill.instrument],
            line.fill.quantity,
            line.fill.price,
            line.charges_paise,
            line.cash_paise,
            line.cost_out_paise,
            line.gross_paise,
        )
        for line in worked.record.settlements
    ]
    assert [(*line[:4], *map(paise, line[4:])) for line in LEDGER] == booked


def test_equity_after_them_is_the_hand_worked_one(worked):
    # Closes of days 1 to 4, with the holdings marked:
    #   89,474.40 and 99,054.67: 99,054.67 + 7 × 1,500.35 − 3 × 3,201.05 = 99,953.97 (the charges: 46.03)
    #   92,882.82 + 11 × 1,537.50 − 3 × 3,195.00 = 100,210.32
    #   100,513.27 + 6 × 1,530.55 − 3 × 3,180.00 = 100,156.57
    #   97,341.87 + 6 × 1,528.00 − 2 × 3,150.45 = 100,208.97
    expected = [100_000.00, 99_953.97, 100_210.32, 100_156.57, 100_208.97, 100_041.01]
    assert [paise(rupees) for rupees in expected] == worked.record.equity_paise.tolist()
    assert worked.record.positions == (6, 0)
    assert worked.final_equity == 100_041.01


def test_the_short_that_was_closed_is_one_round_trip_with_the_hand_worked_profit(worked):
    # Gross 50.60 − 118.30 = −67.70; charges 22.88 + 20.95 + 21.96 = 65.79; net −133.49.
    (short,) = [trip for trip in worked.trips if not trip.open]
    assert (short.symbol, short.side, short.quantity) == ("TCS", "short", 3)
    assert (paise(-67.70), paise(65.79), paise(-133.49)) == (short.gross_paise, short.charges_paise, short.net_paise)
    assert short.entry_price == pytest.approx(3201.05)
    assert short.exit_price == pytest.approx((3150.45 + 2 * 3260.20) / 3)


# Wilder's RSI(14) of QQQQ, December 2009 to February 2010, in the worksheet of StockCharts' ChartSchool. It prints the
# closes to four decimals and the RSI to two.
CLOSES = """
44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 46.2820 46.2820
46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 45.7835 45.3548 44.0288 44.1783 44.2181 44.5672
43.4205 42.6628 43.1314
"""
PRINTED = """
70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 37.30 33.08 37.77
"""


def test_rsi_is_the_one_in_the_published_table():
    closes = np.array(CLOSES.split(), dtype=float)
    time = (np.arange(closes.size) + 14_592) * DAY_NS
    bars = Bars.from_arrays("QQQQ", "1d", time, closes, closes, closes, closes)
    column = RSI(period=14).signals(bars).columns["rsi"]
    assert [float(text) for text in PRINTED.split()] == [round(value, 2) for value in column[14:].tolist()]
    assert np.isnan(column[:14]).all()


def test_rsi_of_the_backtrader_script_is_the_one_in_the_published_table():
    pytest.importorskip("backtrader", reason="backtrader, the independent check, is an extra that is not installed")
    from tests.oracle import backtrader_script

    values = backtrader_script.rsi([float(text) for text in CLOSES.split()])
    assert [float(text) for text in PRINTED.split()] == [round(value, 2) for value in values[14:]]
