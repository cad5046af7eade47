"""The account identity, after every fill and every corporate action.

cash + positions at cost = deposits + gross realised P&L + dividends − charges; cash for fractions is a dividend here.
"""

from framework.rules.money import nearest_paise, share, value

NAN = float("nan")


def closed_part(quantity_held: int, fill_quantity: int) -> int:
    """Units (≥ 0) of a signed fill that close a signed position; the rest of the fill opens."""
    if quantity_held == 0 or (quantity_held > 0) == (fill_quantity > 0):
        return 0
    return min(abs(quantity_held), abs(fill_quantity))


def cost_closed(cost_paise: int, quantity_held: int, closed: int) -> int:
    """Cost (or entry charges) that closing ``closed`` units takes along, in paise: floor pro rata, then the rest."""
    return share(cost_paise, closed, abs(quantity_held))


def gross_realised(position_side: int, value_paise: int, cost_out_paise: int) -> int:
    """Gross profit of a close in paise: what came in less what it had cost (a short: the other way round)."""
    return position_side * (value_paise - cost_out_paise)


def average_after(average: float, quantity_held: int, price: float, fill_quantity: int) -> float:
    """Average fill price of the position after a signed fill, in rupees: a close keeps it, NaN when flat.

    Not cost / quantity: cost is whole paise, and a stop 5 % below the fill lies exactly 5 % below the fill.
    """
    after = quantity_held + fill_quantity
    if after == 0:
        return NAN
    closed = closed_part(quantity_held, fill_quantity)
    if closed == 0 and quantity_held != 0:
        return (average * quantity_held + price * fill_quantity) / after
    return average if abs(fill_quantity) == closed else price


def cash_after(cash_paise: int, side: int, value_paise: int, charges_paise: int) -> int:
    """Cash after a fill in paise: a buy pays its value, a sell receives it, both pay charges."""
    return cash_paise - side * value_paise - charges_paise


def marked(quantity: int, price: float) -> int:
    """Signed value of a position at a price, in paise: negative for a short, 0 when flat."""
    if quantity == 0:
        return 0
    worth = value(price, quantity)
    return worth if quantity > 0 else -worth


def marked_within(quantity: int, price: float) -> int:
    """``marked`` where price × |quantity| ``fits``: without the question, so that many are marked at once."""
    worth = nearest_paise(price * abs(quantity))
    return worth if quantity > 0 else -worth


def spendable(cash_paise: int, long_value_paise: int, long_margin: float) -> int:
    """Cash and what the broker lends on longs, in paise: 1 − ``long_margin`` of their marked value, which is ≥ 0."""
    return cash_paise + int(long_value_paise * (1.0 - long_margin))


def buying_power(
    cash_paise: int,
    long_value_paise: int,
    short_value_paise: int,
    long_margin: float,
    short_margin: float,
    reserved_paise: int,
) -> int:
    """Buying power for new exposure, in paise: equity less the margins of longs and shorts, and less reserves.

    Both marked values are ≥ 0, equity is cash + longs − shorts. So it is what is spendable, less what buying the shorts
    back takes, less their margin.
    """
    blocked_paise = short_value_paise + int(short_value_paise * short_margin)
    return spendable(cash_paise, long_value_paise, long_margin) - blocked_paise - reserved_paise
