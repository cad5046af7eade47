"""The account as a strategy sees it, in rupees and in paise."""

from framework.types import Instrument, Portfolio, Position, TradingState


def test_money_is_told_in_rupees_too():
    # Short 10 at 101.00, now at 102.50: cash 1,00,000 + 1,010, less 1,025 for the way back.
    short = Position(-10, 101_000, 0, -102_500)
    book = Portfolio(
        0, TradingState.ACTIVE, 10_101_000, 9_998_500, 10_000_000, 8_966_050, (Instrument("A"),), (short,), (102.5,)
    )
    assert (101_010.0, 99_985.0, 89_660.5) == (book.cash, book.equity, book.buying_power)
    assert (-1025.0, 101.0) == (short.value, short.average_price)
