"""Products and their deadlines: delivery without shorts, intraday without a night, contracts that expire (P2 to P5)."""

from framework.rules.reasons import AFTER_SQUARE_OFF, EXPIRED, NONE, SHORT_IN_DELIVERY
from framework.types.deadlines import NEVER

OPEN_END, SQUARE_OFF, EXPIRY = 0, 1, 2
"""Codes of what ends with a session."""


def refusal(delivery: bool, quantity: int, last_session: int, over: int, square_off: int, now: int) -> int:
    """Reason why the product does not allow an increase of ``quantity`` signed units decided ``now``.

    ``over`` is the latest session that is over when this bar closes; ``last_session`` is a contract's last, and
    ``square_off`` the moment of this session's square-off, each ``NEVER`` without one.
    """
    if delivery and quantity < 0:
        return SHORT_IN_DELIVERY
    if last_session <= over:
        return EXPIRED
    return AFTER_SQUARE_OFF if square_off <= now else NONE


def ends_with(session: int, last_session: int, square_off: int) -> int:
    """Code of what ends with a session for an instrument: the contract itself, an intraday position, or nothing."""
    if last_session <= session:
        return EXPIRY
    return SQUARE_OFF if square_off < NEVER else OPEN_END
