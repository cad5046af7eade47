"""The desk: what every part of a session works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from framework.session.account import Account
    from framework.session.instrument_state import InstrumentState
    from framework.session.orders import Orders
    from framework.session.sequence import Sequence as Inputs
    from framework.types.events import Fact


class SessionDesk(NamedTuple):
    """The shared records of one session; its parts change them, one input at a time."""

    inputs: Inputs
    """Guard of the inputs, with the latest one's phase and moment."""
    account: Account
    books: Sequence[InstrumentState]
    """Intent, orders and exits, by instrument."""
    orders: Orders
    tell: Callable[[Fact], None]
    """Called with each new fact."""
