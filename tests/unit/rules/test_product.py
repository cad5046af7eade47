"""framework/rules/product.py: what a product allows, and what ends with a session."""

import pytest

from framework.rules import product, reasons
from framework.types.deadlines import NEVER


@pytest.mark.parametrize(
    ("delivery", "quantity", "last_session", "square_off", "expected"),
    [
        # Session 7 is over when this bar closes, and it is 1000.
        (True, -1, NEVER, NEVER, reasons.SHORT_IN_DELIVERY),
        (True, -1, 7, 1000, reasons.SHORT_IN_DELIVERY),
        (True, 1, NEVER, NEVER, reasons.NONE),
        (False, -1, NEVER, NEVER, reasons.NONE),
        (False, 1, 7, NEVER, reasons.EXPIRED),
        (False, 1, 6, 1000, reasons.EXPIRED),
        (False, 1, 8, NEVER, reasons.NONE),
        (False, 1, 8, 1000, reasons.AFTER_SQUARE_OFF),
        (False, -1, NEVER, 999, reasons.AFTER_SQUARE_OFF),
        (False, 1, NEVER, 1001, reasons.NONE),
    ],
)
def test_what_a_product_does_not_allow(delivery, quantity, last_session, square_off, expected):
    assert product.refusal(delivery, quantity, last_session, 7, square_off, 1000) == expected


@pytest.mark.parametrize(
    ("last_session", "square_off", "expected"),
    [
        (NEVER, NEVER, product.OPEN_END),
        (8, NEVER, product.OPEN_END),
        (7, NEVER, product.EXPIRY),
        (6, 1000, product.EXPIRY),
        (NEVER, 1000, product.SQUARE_OFF),
        (8, 1000, product.SQUARE_OFF),
    ],
)
def test_what_ends_with_a_session(last_session, square_off, expected):
    assert product.ends_with(7, last_session, square_off) == expected
