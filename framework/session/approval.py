"""The approval of orders: the one place that makes an ``Approved``, from an order that Session has taken on.

An increase is taken on after the risk review, a reduction needs none. A test looks that nothing else makes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.types.orders import Approved

if TYPE_CHECKING:
    from framework.session.instrument_state import WorkingOrder

LONGEST_NAME = 12
"""Characters of a session's name; brokers take tags of 20 letters and digits, and the order id has 8 of them."""


def approved(working: WorkingOrder) -> Approved:
    """The order as it may be sent."""
    return tuple.__new__(
        Approved,
        (
            working.order,
            working.requested,
            working.verdict,
            working.tag,
            working.group,
            working.worst,
            working.reserved_paise,
            working.expires_at,
        ),
    )
