"""Risk rules that are one function of the user's."""

from __future__ import annotations

import inspect
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from framework.errors import ConfigError, StrategyError
from framework.types.hooks import Rule
from framework.types.orders import Verdict
from framework.usercode.load import error_text, place_of

if TYPE_CHECKING:
    from types import FunctionType

    from framework.types.orders import Order
    from framework.types.portfolio import Portfolio


class FunctionRule(Rule):
    """A rule that is one function."""

    function: FunctionType

    def pre_order(self, order: Order, state: Portfolio) -> Verdict:
        """Call the function; an exception, or an answer that is no Verdict over whole units, is a ``StrategyError``."""
        try:
            verdict: object = self.function(order, state)
        except Exception as error:
            place = place_of(error, Path(self.function.__code__.co_filename))
            raise StrategyError(f"{place}: risk rule {type(self).__name__} raised {error_text(error)}") from error
        units: object = verdict.quantity if isinstance(verdict, Verdict) else None
        if isinstance(verdict, Verdict) and isinstance(units, Integral):
            return verdict._replace(quantity=int(units))
        raise StrategyError(
            f"risk rule {type(self).__name__} answered {verdict!r} to an order of {order.quantity:+d}; it must return "
            "Verdict(order.quantity) to approve, Verdict of fewer units to shrink, or Verdict(0, 'reason') to refuse"
        )


def function_rule(function: FunctionType, source: str) -> type[FunctionRule]:
    """A function of (order, state) as a rule of its name; ``ConfigError`` for another signature."""
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
