"""Early fills: what is decided at a bar's close fills in no bar that opened before that close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.errors import InvariantError

if TYPE_CHECKING:
    from framework.types.orders import Fill, Order


def refuse_early(fill: Fill, order: Order) -> None:
    """``InvariantError`` for a fill in a bar that opened before its order's decision; nothing is booked then.

    Not early are ``same_close`` and what is closed out at a session's last close (``at_close``). Nor is a protective
    exit in its entry's own bar: it is decided by the entry's fill, at that bar's open.
    """
    if fill.time < order.decided_at and not fill.at_close:
        msg = (
            f"order {order.order_id} was decided at {order.decided_at} and would fill at {fill.time}, in a bar that "
            f"opened {(order.decided_at - fill.time) / 1e9:g} s before; nothing was booked"
        )
        raise InvariantError(msg)
