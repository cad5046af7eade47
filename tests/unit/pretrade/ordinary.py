"""An ordinary moment of an ordinary day, in which an ordinary order may go out. Tests change one fact of it."""

import math

from framework.pretrade.facts import (
    Authority,
    Ceilings,
    Funds,
    Holding,
    OpenOrder,
    PretradeContext,
    Quote,
    Request,
    RequestKind,
    Send,
    SendLimits,
    Sends,
    Tradable,
    TradingHours,
)
from framework.types import OrderType, TradingState

NAN, INF = math.nan, math.inf
SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 20_000
"""2024-10-04, a Friday."""
MIDNIGHT = DAY * 24 * HOUR
NOW = MIDNIGHT + 5 * HOUR
"""10:30 in India."""
INFY, TCS = "NSE:INFY", "NSE:TCS"

LIMITS = SendLimits(
    max_order_value=100_000.0,
    max_order_quantity=80,
    price_band_percent=5.0,
    reference_age_s=5.0,
    max_jump_percent=10.0,
    max_open_value=200_000.0,
    max_position_value=300_000.0,
    max_gross_value=400_000.0,
    funds_age_s=60.0,
    duplicate_s=2.0,
    orders_per_second=5,
    cancels_per_second=3,
    orders_per_minute=10,
    orders_per_day=100,
)
WORLD = PretradeContext(
    limits=LIMITS,
    ceilings=Ceilings(100_000_000.0, 10),
    instrument=Tradable(tick=0.05, lot=1, freeze_quantity=10_000),
    restricted="",
    quote=Quote(1500.0, NOW - SECOND, 1490.0, lower=1350.0, upper=1650.0, bid=1499.95, ask=1500.05),
    holdings={},
    open_orders=(),
    funds=Funds(20_000_000, NOW - 10 * SECOND),
    sends=Sends(day=DAY),
    hours=TradingHours(DAY, MIDNIGHT + 4 * HOUR, MIDNIGHT + 10 * HOUR, MIDNIGHT + 9 * HOUR, broker_open=True),
    state=TradingState.ACTIVE,
    configured=Authority("AB1234", "app", "tulya-rsi", "203.0.113.7"),
    found=Authority("AB1234", "app", "tulya-rsi", "203.0.113.7"),
)
BUY = Request(
    RequestKind.PLACE, "T1", "rsi", INFY, 50, OrderType.LIMIT, 1500.0, NAN, 7_500_000, expires_ns=NOW + 30 * SECOND
)
"""50 at 1500: ₹75,000."""
LEAVE = BUY._replace(quantity=-50, needed_paise=0)
"""Sells the 50 that LONG holds."""
LONG = WORLD._replace(holdings={INFY: Holding(50, 1500.0)})


def but(given, **changes):
    """The same with other values; ``quote__price=1`` changes a part of a part."""
    for name, value in changes.items():
        part, _, inner = name.partition("__")
        given = given._replace(**{part: but(getattr(given, part), **{inner: value}) if inner else value})
    return given


def resting(quantity, limit=1500.0, *, tag="R1", symbol=INFY, price=None, **facts):
    """An open order of ours."""
    worth = limit if price is None else price
    return OpenOrder(tag, symbol, quantity, 0, worth, 0, limit=limit, **facts)


def sent(count, *, ago_s=0.5, action=RequestKind.PLACE, symbol=INFY, quantity=7):
    """So many requests of another quantity, all at once."""
    return (Send(NOW - int(ago_s * SECOND), action, "rsi", symbol, quantity),) * count
