"""Sizing: units that a full target (±1) means, decided once at the opening decision. Whole lots ≥ 0.

``allotment`` is the instrument's share of equity, ``volatility`` its annualised standard deviation of log returns at
the decision close (NaN before there are enough bars). What cash allows is the review's question, not asked here.
"""

import math

from framework.rules.breaker import is_ruin
from framework.rules.money import LARGEST_QUANTITY, fits
from framework.rules.reasons import NO_EDGE, NO_VOLATILITY, RUIN, SIZE_BELOW_ONE_LOT, SIZE_BEYOND_LIMIT

INFINITY = float("inf")
BEYOND = LARGEST_QUANTITY + 1
"""A size that no rule can hold: it is refused, never traded."""


def whole_lots(units: float, lot: int) -> int:
    """Units rounded down to whole lots; 0 for NaN, anything below one lot, and anything beyond LARGEST_QUANTITY."""
    if not (lot <= units <= LARGEST_QUANTITY):
        return 0
    return math.floor(units / lot + 1e-9) * lot


def sized(units: float, lot: int) -> int:
    """A size in whole lots: 0 for NaN and anything below one lot, ``BEYOND`` for more than LARGEST_QUANTITY."""
    return BEYOND if units > LARGEST_QUANTITY else whole_lots(units, lot)


def can_hold(units: int) -> bool:
    """True of signed units that a rule can hold: |units| ≤ LARGEST_QUANTITY."""
    return abs(units) <= LARGEST_QUANTITY


def can_order(quantity: int, held: int, price: float) -> bool:
    """True when ``held`` + ``quantity`` units (≥ 0) at a price can be held and told in whole paise."""
    return can_hold(held + quantity) and fits(price * (held + quantity))


def fixed_units(units: float, lot: int) -> int:
    """``fixed:10``: that many units."""
    return sized(units, lot)


def value_units(rupees: float, price: float, lot: int) -> int:
    """``value:50000``: rupees / price."""
    return sized(rupees / price, lot)


def equity_units(fraction: float, equity_paise: int, allotment: float, price: float, lot: int) -> int:
    """``equity:95%``: fraction × allotment × equity / price, where allotment is the instrument's share of equity."""
    return sized(fraction * allotment * equity_paise / 100.0 / price, lot)


def risk_units(fraction: float, equity_paise: int, stop_distance: float, lot: int) -> int:
    """``risk:1%``: units whose loss at the stop is that fraction of equity; 0 without a stop distance (rupees)."""
    if not (stop_distance > 0.0):
        return 0
    return sized(fraction * equity_paise / 100.0 / stop_distance, lot)


def volatility_units(
    fraction: float, equity_paise: int, allotment: float, price: float, volatility: float, lot: int
) -> int:
    """``volatility:15%``: units whose standard deviation a year is that fraction of the allotment's equity.

    units = fraction × allotment × equity / (price × volatility); 0 without a finite volatility above 0.
    """
    if not is_measured(volatility):
        return 0
    return sized(fraction * allotment * equity_paise / 100.0 / (price * volatility), lot)


def margin_units(fraction: float, equity_paise: int, allotment: float, price: float, margin: float, lot: int) -> int:
    """``margin:90%``: units that block that fraction of the allotment's equity: … / (price × margin of the side)."""
    if not (margin > 0.0):
        return 0
    return sized(fraction * allotment * equity_paise / 100.0 / (price * margin), lot)


def is_measured(volatility: float) -> bool:
    """True for a volatility that can be divided by: above 0 and finite."""
    return 0.0 < volatility < INFINITY


def inverse(volatility: float) -> float:
    """1 / volatility: the size of an instrument among others of equal risk; 0 where it is not measured."""
    return 1.0 / volatility if is_measured(volatility) else 0.0


def equal_risk_allotment(volatility: float, inverses: float) -> float:
    """``equal_risk:95%``: the share of equity in inverse proportion to volatility; ``inverses`` is the sum of all."""
    if not (inverses > 0.0):
        return 0.0
    return inverse(volatility) / inverses


def kelly_fraction(closed: int, won: int, won_paise: int, lost_paise: int) -> float:
    """The growth-optimal fraction f* = W − (1 − W) / R of equity; 0 where there is no edge.

    ``closed`` round trips so far, ``won`` of them with a net profit, ``won_paise`` in sum; ``lost_paise`` ≥ 0 is the
    sum of what the others lost. W = won / closed, R = average win / average loss; nothing lost makes R infinite.
    Source: Kelly, A New Interpretation of Information Rate, Bell System Technical Journal 35 (1956), for even odds;
    with odds R: Thorp, The Kelly Criterion in Blackjack, Sports Betting and the Stock Market (1997), §2.
    """
    if not (won > 0):
        return 0.0
    share = won / closed
    if not (lost_paise > 0):
        return share
    ratio = float(won_paise) / won / (float(lost_paise) / (closed - won))
    return max(share - (1.0 - share) / ratio, 0.0)


def kelly_amount(
    fraction: float, cap: float, after: int, start: float, closed: int, won: int, won_paise: int, lost_paise: int
) -> float:
    """``kelly:50%``: the fraction of the allotment to use: that part of f*, at most ``cap``.

    ``start`` until ``after`` round trips have closed.
    """
    if closed < after:
        return start
    return min(fraction * kelly_fraction(closed, won, won_paise, lost_paise), cap)


FIXED, VALUE, EQUITY, RISK, VOLATILITY, KELLY, EQUAL_RISK, MARGIN, WEIGHT = 0, 1, 2, 3, 4, 5, 6, 7, 8
"""Codes of the sizing kinds; ``WEIGHT`` is that of ``allocate``, which says its sizes itself."""


def full_units(
    kind: int,
    amount: float,
    allotment: float,
    equity_paise: int,
    price: float,
    stop_distance: float,
    volatility: float,
    margin: float,
    lot: int,
) -> int:
    """Units of a full target at the decision close, by the kind of sizing.

    ``margin`` is the share of a position's value that its side blocks. Of KELLY, ``amount`` is ``kelly_amount``; of
    EQUAL_RISK, ``allotment`` is ``equal_risk_allotment``: both are then shares of equity.
    """
    if kind == FIXED:
        return fixed_units(amount, lot)
    if kind == VALUE:
        return value_units(amount, price, lot)
    if kind == RISK:
        return risk_units(amount, equity_paise, stop_distance, lot)
    if kind == VOLATILITY:
        return volatility_units(amount, equity_paise, allotment, price, volatility, lot)
    if kind == MARGIN:
        return margin_units(amount, equity_paise, allotment, price, margin, lot)
    return equity_units(amount, equity_paise, allotment, price, lot)


def why_none(kind: int, amount: float, volatility: float, equity_paise: int, units: int) -> int:
    """Reason why a size comes to nothing: no equity, beyond any limit, no volatility, no edge, or less than a lot.

    ``units`` ≥ 0 is what ``full_units`` said; a weight says ``WEIGHT`` as its kind.
    """
    if is_ruin(equity_paise):
        return RUIN
    if not can_hold(units):
        return SIZE_BEYOND_LIMIT
    if units > 0:  # a part of it is less than a lot
        return SIZE_BELOW_ONE_LOT
    if (kind == VOLATILITY or kind == EQUAL_RISK) and not is_measured(volatility):  # noqa: PLR1714, SIM109 - numba keeps no set here
        return NO_VOLATILITY
    if kind == KELLY and not (amount > 0.0):
        return NO_EDGE
    return SIZE_BELOW_ONE_LOT


def refused_units(why: int, lot: int) -> int:
    """Units > 0 that the record of a size that came to nothing shows: a lot, or what is beyond every limit."""
    return whole_lots(LARGEST_QUANTITY, lot) if why == SIZE_BEYOND_LIMIT else lot


def scaled(full_units: int, target: float, lot: int) -> int:
    """Signed units of a partial target (−1..+1) of a full quantity: sign × floor(|target| × full), whole lots.

    0 of a full quantity that no rule can hold.
    """
    if not can_hold(full_units):
        return 0
    units = whole_lots(abs(target) * full_units, lot)
    return units if target > 0.0 else -units


def weight_units(weight: float, equity_paise: int, price: float, lot: int) -> int:
    """``allocate``: signed units of a weight of portfolio equity: sign × floor(|w| × equity / price), whole lots."""
    units = sized(abs(weight) * equity_paise / 100.0 / price, lot)
    return units if weight > 0.0 else -units
