"""The risk hooks: what a rule of the user's own looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from framework.types.orders import Order, Verdict
    from framework.types.portfolio import Portfolio
    from framework.types.record import Settlement


class RiskRule(Protocol):
    """Risk rule of a user's own, called by Session in every host: backtest, paper and live.

    It must be a pure function of its arguments and its own memory: no clock, no I/O. It may approve, shrink or
    refuse; it never enlarges, flips or postpones. It is asked about increases only: reductions always pass.
    """

    def pre_order(self, order: Order, state: Portfolio) -> Verdict:
        """Verdict on an order that increases a position; called once for each, after the built-in rules."""
        ...

    def post_fill(self, settlement: Settlement, state: Portfolio) -> None:
        """Called with each fill right after it was booked."""
        ...

    def on_state(self, state: Portfolio) -> None:
        """Called with the account at each bar's close, before decisions."""
        ...


class Rule:
    """A rule that allows everything; inherit and override the hook you need."""

    def pre_order(self, order: Order, state: Portfolio) -> Verdict:  # noqa: ARG002, D102
        from framework.types.orders import Verdict

        return Verdict(order.quantity)

    def post_fill(self, settlement: Settlement, state: Portfolio) -> None:
        """See ``RiskRule.post_fill``."""

    def on_state(self, state: Portfolio) -> None:
        """See ``RiskRule.on_state``."""
