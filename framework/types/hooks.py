"""The risk hooks: what a rule of the user's own looks like."""

from __future__ import annotations

import inspect
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from framework.errors import ConfigError, StrategyError

if TYPE_CHECKING:
    from types import FunctionType

    from framework.types.orders import Order, Verdict
    from framework.types.portfolio import Portfolio
    from framework.types.record import Settlement


class RiskRule(Protocol):
    """A rule that Session asks in every host: backtest, paper and live.

    It must be a pure function of its arguments and its own memory: no clock, no I/O. It may approve, shrink or
    refuse; it never enlarges, flips or postpones. It is asked about increases only: reductions always pass.
    """

    def pre_order(self, order: Order, state: Portfolio) -> Verdict:
        """Asked once for each order that increases a position, after the built-in rules."""
        ...

    def post_fill(self, settlement: Settlement, state: Portfolio) -> None:
        """Told of each fill right after it was booked."""
        ...

    def on_state(self, state: Portfolio) -> None:
        """Told the account at each bar's close, before decisions."""
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


class FunctionRule(Rule):
    """A rule that is one function."""

    function: FunctionType

    def pre_order(self, order: Order, state: Portfolio) -> Verdict:
        """Ask the function; what it raises, and what is no Verdict over whole units, is a ``StrategyError``."""
        from framework.types.orders import Verdict

        try:
            verdict: object = self.function(order, state)
        except Exception as error:
            from framework.loading import place_of, said

            place = place_of(error, Path(self.function.__code__.co_filename))
            raise StrategyError(f"{place}: risk rule {type(self).__name__} raised {said(error)}") from error
        units: object = verdict.quantity if isinstance(verdict, Verdict) else None
        if isinstance(verdict, Verdict) and isinstance(units, Integral):
            return verdict._replace(quantity=int(units))
        raise StrategyError(
            f"risk rule {type(self).__name__} answered {verdict!r} to an order of {order.quantity:+d}; it must return "
            "Verdict(order.quantity) to approve, Verdict of fewer units to shrink, or Verdict(0, 'reason') to refuse"
        )


def function_rule(function: FunctionType, source: str) -> type[FunctionRule]:
    """A function of (order, state) as a rule of its name; ``ConfigError`` where it cannot be asked so."""
    name = function.__name__
    try:
        inspect.signature(function).bind(None, None)
        late = inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function)
        reason = "it must answer at once, without async or yield" if late else ""
    except TypeError as error:
        reason = str(error)
    if reason:
        raise ConfigError(
            f"{source}: {name}{inspect.signature(function)} is no risk rule: {reason}; write it as "
            f"def {name}(order, state) with a Verdict as its answer"
        )
    return type(name, (FunctionRule,), {"function": staticmethod(function), "__module__": function.__module__})
