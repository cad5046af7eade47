"""Reasons why an order is refused, made smaller or ended: their codes, and the names that records keep."""

NAMES = (
    "",
    "short_in_delivery", "expired", "after_square_off",
    "reduce_only", "halted", "ruin",
    "no_price", "size_below_one_lot", "size_beyond_limit", "no_volatility", "no_edge",
    "restricted", "max_age", "max_jump", "price_band", "max_orders_per_day", "max_positions", "max_order_quantity",
    "max_order_value", "max_position_value", "max_sector_value", "max_gross_exposure", "max_strategy_value", "cash",
    "replaced", "close_not_filled",
)  # fmt: skip
"""Names by code; an order as it was asked for has none."""
(
    NONE,
    SHORT_IN_DELIVERY, EXPIRED, AFTER_SQUARE_OFF,
    REDUCE_ONLY, HALTED, RUIN,
    NO_PRICE, SIZE_BELOW_ONE_LOT, SIZE_BEYOND_LIMIT, NO_VOLATILITY, NO_EDGE,
    RESTRICTED, MAX_AGE, MAX_JUMP, PRICE_BAND, MAX_ORDERS_PER_DAY, MAX_POSITIONS, MAX_ORDER_QUANTITY,
    MAX_ORDER_VALUE, MAX_POSITION_VALUE, MAX_SECTOR_VALUE, MAX_GROSS_EXPOSURE, MAX_STRATEGY_VALUE, CASH,
    REPLACED, CLOSE_NOT_FILLED,
) = range(len(NAMES))  # fmt: skip
LIMITS = NAMES[RESTRICTED : CASH + 1]
"""The limits in the order in which they are asked: the strictest decides, the first of equals is named."""
